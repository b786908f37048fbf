// SPDX-License-Identifier: MIT
#include "instruction_internal.h"

#include <stdio.h>

/* What capstone does not know, read out of the instruction's own bits. */

enum {
    GENERAL = 31, ///< registers x0 to x30
    ZERO = 31,    ///< as what is moved; as a base sp
};

static uint64_t bit_of(unsigned reg)
{
    return (uint64_t)1 << reg;
}

/** The atomic instructions of version 8.1 (Arm Architecture Reference Manual, C4.1). */
static bool read_atomic(uint32_t word, struct instruction *out)
{
    unsigned data = word & 31, base = word >> 5 & 31, other = word >> 16 & 31;
    bool swaps = (word & 0x3b200c00) == 0x38200000;    // swp, ldadd, ldclr, ldeor, ldset …
    bool compares = (word & 0x3fa07c00) == 0x08a07c00; // cas
    if (!swaps && !compares)
        return false;
    out->has_memory = out->reads_memory = out->writes_memory = out->memory_first = true;
    out->base = (int8_t)base;
    out->access_size = (uint8_t)(1 << (word >> 30));
    unsigned old = compares ? other : data;
    out->writes = old == ZERO ? 0 : bit_of(old);
    out->reads = bit_of(base) | (other == ZERO ? 0 : bit_of(other));
    if (compares && data != ZERO)
        out->reads |= bit_of(data);
    return true;
}

bool arm64_read_unknown(struct disassembler *disassembler, struct bytes code,
                        struct instruction *out)
{
    cs_insn *decoded = disassembler->instruction;
    if (code.size < 4)
        return false;
    uint32_t word = load_u32(code.data);
    out->size = 4;
    decoded->id = ARM64_INS_INVALID;
    decoded->detail->groups_count = 0;
    decoded->detail->arm64.cc = ARM64_CC_INVALID;
    snprintf(decoded->mnemonic, sizeof decoded->mnemonic, ".word");
    snprintf(decoded->op_str, sizeof decoded->op_str, "0x%08x", word);
    if (word == 0) // udf: padding
        out->operation = OPERATION_STOP;
    else if (!read_atomic(word, out))
        out->writes = ((uint64_t)1 << GENERAL) - 1; // anything, for all that is known
    return true;
}
