// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/function_code.h"

/** What an instruction says of its program by address. */
struct code_reference {
    enum code_reference_kind {
        CODE_ADDRESS, ///< an address is made: a variable's, to be passed on
        CODE_ACCESS,  ///< memory is read, written, or both
        CODE_CALL,    ///< of the function at an address
    } kind;
    target_addr address;
    uint8_t size; ///< CODE_ACCESS: bytes, 0: not known
    bool reads, writes;
};

/**
 * Goes through one function's code for the addresses that it names, in the order of the code:
 *
 *     struct code_references walk = {.code = code};
 *     while (code_references_next(&walk, &reference))
 *
 * Where an address takes several instructions (arm64: adrp, add) registers are followed, jumps are
 * not: hold what is found against the memory.
 */
struct code_references {
    const struct function_code *code;
    size_t at;                       ///< the next instruction
    uint64_t values[REGISTER_COUNT]; ///< addresses that code has put together in registers
    uint64_t known;                  ///< bit n: values[n] is one
};

/** false at the end of the code, or of what of it can be read. */
bool code_references_next(struct code_references *walk, struct code_reference *out);
