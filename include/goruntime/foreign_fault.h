// SPDX-License-Identifier: MIT
#pragma once

#include "goruntime/native_walk.h"

/**
 * A fault in code that is not Go's but ran on a goroutine's own stack: the vdso, where assembly
 * calls it without leaving that stack. The signal handler made it look as if that code had called
 * runtime.sigpanic (runtime/signal_amd64.go, preparePanic), where Go's own unwinder loses the
 * stack.
 */
struct foreign_fault {
    struct registers registers;   ///< where the signal came, as far as the stack tells
    target_addr call_pc, call_sp; ///< the Go function that had called that code; its own sp
};

/**
 * Looks behind the innermost sigpanic of a goroutine, and unwinds the code at fault by its rules.
 *
 * @param g      g->sigpc is where the signal came
 * @param start  of the stack of g, which died
 * @return false where the fault was in Go, or where nothing leads from that code back to Go
 */
bool foreign_fault_find(const struct program *program, const struct goroutine *g,
                        const struct stack_start *start, struct foreign_fault *out);
