// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "goruntime/stack_walk.h"

/** A deferred call that has not begun to run (runtime/runtime2.go, _defer). */
struct defer_record {
    target_addr function; ///< entry of the deferred function, 0: not readable
    target_addr pc, sp;   ///< of the frame that deferred it; pc lies behind its defer statement
    target_addr closure;  ///< the function value, 0: not readable
    target_addr argument; ///< the first of a call that was deferred as it is (up to 1.17); else 0
};

/**
 * Heap and stack allocated ones, in the order in which they would run, those of a range over a
 * function included; open-coded defers have no record. A link that leads back or out of memory ends
 * the list.
 *
 * @param budget  how many records may be looked at, those that run already included; less what was
 */
size_t defers_read(const struct scheduler *scheduler, const struct goroutine *g,
                   struct arena *arena, size_t *budget, struct defer_record **out);

enum { OPEN_DEFERS_MAX = 8 }; ///< of one frame: the compiler keeps a bit for each in one byte

/** An open-coded deferred call. */
struct open_defer {
    target_addr function, closure, argument; ///< as in struct defer_record
};

/**
 * The open-coded defers of a frame that were reached and have not begun to run
 * (FUNCDATA_OpenCodedDeferInfo, cmd/compile/internal/ssagen), in the order in which they would.
 */
size_t open_defers_read(const struct program *program, const struct stack_frame *frame,
                        struct open_defer out[OPEN_DEFERS_MAX]);
