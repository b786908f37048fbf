// SPDX-License-Identifier: MIT
#pragma once

#include "image/address_space.h"

#include <stddef.h>
#include <stdint.h>

/** What libFuzzer and the replay driver call with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * An input as a file: its path is good until the next call with the same slot.
 * @param slot  0 or 1: two files can be open at a time; 2 is fuzz_memory()'s
 */
const char *fuzz_file(unsigned slot, const uint8_t *data, size_t size);

enum { FUZZ_MEMORY_AT = 0x10000, FUZZ_MEMORY_MAX = 0x8000, FUZZ_CORE_HEADER = 64 + 56 };

/** Fills in the headers of an x86-64 core of one segment: size bytes at FUZZ_MEMORY_AT, which stand
 * in the file from FUZZ_CORE_HEADER on. */
void fuzz_core_headers(uint8_t *file, uint16_t size);

/** Memory of one page at FUZZ_MEMORY_AT, for what is read from the target; lives as long as the
 * program.
 */
const struct address_space *fuzz_memory(void);
