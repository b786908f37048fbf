// SPDX-License-Identifier: MIT
#pragma once

#include "goruntime/stack_walk.h"

/** A frame of C code. */
struct native_frame {
    target_addr pc;        ///< where the frame continues
    target_addr lookup_pc; ///< the instruction to look up: inside the call, or pc itself
    target_addr sp, fp;    ///< fp: the CFA; 0 where its caller could not be found
    bool inferred; ///< found through a frame pointer alone: callers may be missing before it
};

enum native_end {
    NATIVE_END_NONE,      ///< not ended yet
    NATIVE_END_GO,        ///< Go code called it: see native_walk.registers
    NATIVE_END_OUTERMOST, ///< a thread starts there
    NATIVE_END_LOST,      ///< nothing says where the caller is
    NATIVE_END_UNMAPPED,  ///< the return address is not in the core
    NATIVE_END_LOOP,
    NATIVE_END_LIMIT,
};

/** A walk over frames of C code by unwind rules (symbols/cfi.h). No allocation. */
struct native_walk {
    const struct program *program;
    struct registers registers; ///< of the next frame; at NATIVE_END_GO of the Go code
    bool exact, inferred;
    bool any_inferred;
    uint64_t count;
    enum native_end end;
    target_addr end_pc; ///< where the walk was lost
};

/** Whether an address is code that is not Go's: executable, and in no function of Go's tables. */
bool native_walk_is_native(const struct program *program, target_addr pc);

/** @param exact  the registers are those of an interrupted frame, not what a call returns to */
void native_walk_begin(struct native_walk *walk, const struct program *program,
                       const struct registers *registers, bool exact);

/** The next frame, innermost first; false once Go code is reached or the walk has ended. */
bool native_walk_next(struct native_walk *walk, struct native_frame *out);

/** Why a walk ended early, in words; NULL where it ended as stacks do. Into a caller's buffer. */
const char *native_walk_end_text(const struct native_walk *walk, char *text, size_t size);

/**
 * The registers with which a Go function returns to the C code that called it, as far as they are
 * known: pc, sp, and what crosscall2 saved for its caller.
 * @param frame  the Go function's
 */
void native_return_registers(const struct program *program, const struct stack_frame *frame,
                             target_addr return_pc, struct registers *out);

/**
 * The return address of crosscall2, by which C calls Go, on machines with a link register: Go's
 * tables do not say where it lies.
 * @return false for other functions, and where the return address lies in its usual place
 */
bool native_calls_go(const struct program *program, const struct stack_frame *frame,
                     target_addr *return_pc);

/**
 * On machines with a link register: the registers before the runtime made the code at fault look as
 * if it had called sigpanic, which it does up to 1.20 to C code too.
 * @param exact  whether pc is the instruction at fault, not what a call of a bad pointer returns to
 * @return false on other machines, and where the stack is not in the core
 */
bool native_before_sigpanic(const struct program *program, const struct stack_frame *sigpanic,
                            struct registers *out, bool *exact);
