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

/** Memory of one page at 0x10000, for what is read from the target; lives as long as the program.
 */
const struct address_space *fuzz_memory(void);
