// SPDX-License-Identifier: MIT
#include "goruntime/stack_shapes.h"
#include "base/alloc.h"
#include "base/table.h"

#include <stdlib.h>

enum { WAYS = 4, SET_BITS = 10, SETS = 1 << SET_BITS };

struct stack_shapes {
    const struct program *program;
    struct stack_shape *sets[SETS][WAYS]; ///< the one that was found last comes first
};

struct stack_shapes *stack_shapes_new(const struct program *program)
{
    struct stack_shapes *shapes = alloc_zeroed(1, sizeof *shapes);
    shapes->program = program;
    return shapes;
}

void stack_shapes_free(struct stack_shapes *shapes)
{
    if (!shapes)
        return;
    for (size_t i = 0; i < SETS; i++)
        for (size_t k = 0; k < WAYS; k++)
            free(shapes->sets[i][k]);
    free(shapes);
}

/** Whether each return address stands where the shape has it: then a walk would find the same. */
static bool fits(const struct stack_shape *shape, struct bytes stack)
{
    if (stack.size < shape->size)
        return false;
    for (uint32_t i = 1; i < shape->count; i++)
        if (load_u64(stack.data + shape->frames[i].sp - 8) != shape->frames[i].site->pc)
            return false;
    return true;
}

/** Whether nothing but the frame's own return address said where the walk goes on. */
static bool is_ordinary(const struct stack_walk *walk, const struct stack_step *step)
{
    return step->site->plain && !step->exact && step->site != &walk->spare[0] &&
           step->site != &walk->spare[1];
}

/** Walks a stack; NULL where others like it cannot be told by their return addresses alone. */
static struct stack_shape *walk_stack(const struct program *program, const struct goroutine *g,
                                      const struct stack_start *start, uint64_t key)
{
    struct shape_frame frames[SHAPE_FRAMES_MAX];
    struct stack_walk walk;
    struct stack_step step = {0};
    uint32_t count = 0;
    uint64_t size = 0;
    bool ordinary = true; // of all before the last
    stack_walk_begin(&walk, program, g, false, start);
    while (ordinary && count < SHAPE_FRAMES_MAX && stack_walk_step(&walk, &step)) {
        uint64_t offset = step.sp - start->sp;
        if (offset > UINT32_MAX || offset < size || (count && offset < size + 8))
            return NULL;
        size = offset;
        ordinary = is_ordinary(&walk, &step);
        frames[count++] = (struct shape_frame){.site = step.site, .sp = (uint32_t)offset};
    }
    // The last starts a stack, which its function alone says; nothing else is left to be seen.
    if (ordinary || walk.end != STACK_END_TOP || step.exact ||
        !pc_memo_known(program->memo, step.pc))
        return NULL;
    struct stack_shape *shape = alloc_zeroed(1, sizeof *shape + count * sizeof frames[0]);
    *shape = (struct stack_shape){
        .count = count, .size = (uint32_t)size, .start_pc = start->pc, .key = key};
    for (uint32_t i = 0; i < count; i++)
        shape->frames[i] = frames[i];
    return shape;
}

/** The one at place i gives way to it. */
static void put_first(struct stack_shape **set, size_t i, struct stack_shape *shape)
{
    for (; i > 0; i--)
        set[i] = set[i - 1];
    set[0] = shape;
}

struct stack_shape *stack_shape_of(struct stack_shapes *shapes, const struct goroutine *g)
{
    const struct program *program = shapes->program;
    const struct stack_start start = goroutine_saved_start(g);
    // A link register says where its function returns to, and does not stand on the stack.
    if (!start.pc || start.link || program->arch->uses_link_register)
        return NULL;
    uint64_t key = table_hash(start.pc ^ g->start_pc << 20 ^ (g->stack_hi - start.sp) << 40 ^
                              (uint64_t)g->wait_reason << 56);
    struct stack_shape **set = shapes->sets[key >> (64 - SET_BITS)];
    struct bytes stack = address_space_view(program->space, start.sp, SIZE_MAX);
    for (size_t i = 0; i < WAYS; i++) {
        struct stack_shape *shape = set[i];
        if (!shape || shape->key != key || shape->start_pc != start.pc || !fits(shape, stack))
            continue;
        put_first(set, i, shape);
        return shape;
    }
    struct stack_shape *shape = walk_stack(program, g, &start, key);
    if (!shape)
        return NULL;
    free(set[WAYS - 1]);
    put_first(set, WAYS - 1, shape);
    return shape;
}
