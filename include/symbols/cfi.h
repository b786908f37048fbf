// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/native_code.h"

/** How the caller of a frame of C code was found. */
enum cfi_step {
    CFI_STEP_RULES,     ///< by the unwind rules of its module
    CFI_STEP_INFERRED,  ///< without rules, by what the stack holds: frames may be missing
    CFI_STEP_OUTERMOST, ///< the rules say that nothing called it: a thread's start
    CFI_STEP_NO_RULES,  ///< there are none, and the frame pointer leads nowhere
    CFI_STEP_UNMAPPED,  ///< the return address is not in the core
    CFI_STEP_LOOP,      ///< its caller would not lie above it
};

struct cfi_caller {
    struct registers registers; ///< as the caller finds them when the call returns
    target_addr cfa;            ///< sp of the caller there
    bool exact;                 ///< pc is where a signal stopped the caller, not a return address
};

/**
 * Unwinds one frame of C code by DWARF CFI: .eh_frame, else .debug_frame (DWARF 4 and 5, 6.4).
 *
 * Without rules an interrupted frame is believed to be a leaf if the word at sp is the address
 * behind a call. Else the frame pointer is believed if it lies above sp in the same writable
 * mapping and the word above it is an address of executable memory; behind a call, where that can
 * be seen.
 *
 * @param registers  of the frame; pc and sp must be known
 * @param exact      pc is where the frame stopped; else a return address, whose rules are those of
 * the call before it
 * @param out        set for CFI_STEP_RULES and CFI_STEP_INFERRED
 */
enum cfi_step cfi_find_caller(struct native_code *code, const struct registers *registers,
                              bool exact, struct cfi_caller *out);

/** Whether an address is seen to lie behind a call, so that a call can return to it; x86-64 only.
 */
bool cfi_is_behind_call(struct native_code *code, target_addr address);
