// SPDX-License-Identifier: MIT
#pragma once

#include "goruntime/stack_walk.h"

/**
 * Stacks that are alike. Goroutines that wait do so in few places, and stacks that were entered the
 * same way have the same return addresses, equally far apart. Where one was walked, of the next it
 * is enough to see that each of its return addresses stands in its place.
 */
struct stack_shapes;

enum { SHAPE_FRAMES_MAX = 64 };

/** One frame of all stacks of a shape. */
struct shape_frame {
    const struct pc_site *site; ///< lives as long as the memo
    uint32_t sp;                ///< where the frame begins, from the stack's sp on
    uint32_t place_bits;        ///< for goruntime/waits; 0: not known yet
    uint32_t study_bits;        ///< for who asks for shapes; 0: not known yet
};

/** A stack as a walk finds it, whole: up to the function that starts it. */
struct stack_shape {
    uint32_t count, size; ///< frames, innermost first; bytes that they take
    bool noted;           ///< whether hash and cost are set
    uint64_t hash, cost;  ///< for who asks for shapes
    target_addr start_pc;
    uint64_t key;
    struct shape_frame frames[];
};

/** @param program  borrowed; one thread's view, with a memo */
struct stack_shapes *stack_shapes_new(const struct program *program);
void stack_shapes_free(struct stack_shapes *shapes);
DEFINE_AUTO(stack_shapes);

/**
 * The shape of a goroutine's stack, good until the next call; NULL where it has none that is kept:
 * it does not end as stacks do, is too deep, or was stopped by a signal. It says what a walk from
 * goroutine_saved_start() finds, whatever was asked for before.
 */
struct stack_shape *stack_shape_of(struct stack_shapes *shapes, const struct goroutine *g);

/** The i-th step of a walk over a stack of that shape, which begins at sp. */
static inline struct stack_step stack_shape_step(const struct program *program,
                                                 const struct stack_shape *shape, uint32_t i,
                                                 target_addr sp)
{
    const struct shape_frame *frame = &shape->frames[i];
    target_addr from = sp + frame->sp;
    target_addr fp = from + (target_addr)(int64_t)frame->site->sp_delta +
                     (program->arch->uses_link_register ? 0 : 8);
    return (struct stack_step){
        .site = frame->site,
        .pc = frame->site->pc,
        .sp = from,
        .fp = fp,
        .callee = i ? shape->frames[i - 1].site->function.id : FUNC_NORMAL,
    };
}
