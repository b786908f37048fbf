// SPDX-License-Identifier: MIT
#pragma once

#include "image/instruction.h"

#include <capstone/capstone.h>

struct disassembler {
    csh handle;
    cs_insn *instruction;
    uint16_t machine;
};

/* instruction_arm64.c */

/** DWARF number of a general register in either width, -1 for others. */
int8_t arm64_register(unsigned reg);

bool arm64_is_conditional(const cs_insn *decoded);

/** Fills in what capstone decoded; reads and writes hold what it says of them. */
void arm64_read(const struct disassembler *disassembler, struct instruction *out);

/* instruction_arm64_atomic.c */

/**
 * An instruction that capstone does not know, as those that version 8.1 of the architecture brought
 * (compare and swap, and the like): Go uses them where the processor has them. All have four bytes.
 *
 * @return false where code is shorter
 */
bool arm64_read_unknown(struct disassembler *disassembler, struct bytes code,
                        struct instruction *out);
