// SPDX-License-Identifier: MIT
#include "goruntime/heap_marks.h"
#include "goruntime/stack_walk.h"

enum { BITS_MAX = 1 << 16, FRAMES_MAX = 1 << 12, OBJECTS_MAX = 1 << 12, OBJECT_SIZE_MAX = 1 << 24 };

/**
 * Words of an area that a stack map calls pointers (runtime/symtab.go, stackmap: n, nbit int32,
 * then n bitmaps).
 * @param end  the area ends there (locals), else it begins at start (arguments)
 * @return false where the map cannot be read
 */
static bool mark_by_map(struct heap_marks *marks, const struct address_space *space,
                        target_addr map, int32_t index, target_addr start, target_addr end)
{
    uint32_t count, bits;
    if (!address_space_try_u32(space, map, &count) ||
        !address_space_try_u32(space, map + 4, &bits) || index < 0 || (uint32_t)index >= count ||
        bits > BITS_MAX)
        return false;
    target_addr bitmap = map + 8 + (uint64_t)(uint32_t)index * ((bits + 7) / 8);
    target_addr first = end ? end - 8 * (uint64_t)bits : start;
    for (uint32_t i = 0; i < bits; i++) {
        uint8_t byte;
        uint64_t word;
        if (!address_space_try_u8(space, bitmap + i / 8, &byte))
            return false;
        if ((byte >> i % 8 & 1) && address_space_try_u64(space, first + 8 * (uint64_t)i, &word))
            heap_marks_from_word(marks, word);
    }
    return true;
}

/**
 * Variables whose address was taken, word by word (FUNCDATA_StackObjects: a count, then for each
 * its place from the end of the locals, and its size; up to 1.17 its type's descriptor, which
 * begins with the size).
 * @return false where the list cannot be read
 */
static bool mark_objects(struct heap_marks *marks, const struct program *program,
                         target_addr objects, target_addr top, target_addr arguments)
{
    const struct address_space *space = program->space;
    uint64_t count;
    if (!objects)
        return true;
    if (!address_space_try_u64(space, objects, &count) || count > OBJECTS_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        target_addr record = objects + 8 + 16 * i;
        uint32_t place, half;
        uint64_t size, type;
        if (!address_space_try_u32(space, record, &place) ||
            !address_space_try_u32(space, record + 4, &half) ||
            !address_space_try_u64(space, record + 8, &type))
            return false;
        if (program->release->minor >= 18)
            size = half;
        else if (!address_space_try_u64(space, type, &size))
            return false;
        if (size > OBJECT_SIZE_MAX)
            return false;
        target_addr start = ((int32_t)place < 0 ? top : arguments) + (uint64_t)(int32_t)place;
        heap_marks_from_range(marks, start, start + size);
    }
    return true;
}

/**
 * The pointers of one frame that its function may still use. What a signal stopped, and functions
 * without maps, are taken word by word.
 */
static void mark_frame(struct heap_marks *marks, const struct program *program,
                       const struct stack_frame *frame)
{
    const struct pc_function *function = &frame->function;
    target_addr locals = pc_function_funcdata(function, FUNCDATA_LOCALS_POINTERS),
                arguments = pc_function_funcdata(function, FUNCDATA_ARGS_POINTERS),
                objects = pc_function_funcdata(function, FUNCDATA_STACK_OBJECTS);
    int32_t index = pc_function_pcdata(function, PCDATA_STACK_MAP, frame->lookup_pc);
    target_addr top = frame->fp - (program->arch->uses_link_register ? 0 : 8);
    if (top > frame->sp)
        top -= 8; // where there is a frame, its last word is a saved frame pointer's
    if (index == -1)
        index = 0; // the map of the entry
    if (frame->exact || !locals || !mark_by_map(marks, program->space, locals, index, 0, top) ||
        !mark_objects(marks, program, objects, top, frame->arguments))
        heap_marks_from_range(marks, frame->sp, frame->fp);
    if (arguments && !mark_by_map(marks, program->space, arguments, index, frame->arguments, 0) &&
        function->args > 0)
        heap_marks_from_range(marks, frame->arguments, frame->arguments + (uint64_t)function->args);
}

void heap_marks_from_stack(struct heap_marks *marks, const struct program *program,
                           const struct goroutine *g, const struct stack_start *start)
{
    struct stack_walk walk;
    struct stack_frame frame;
    target_addr at = start->sp;
    if (at < g->stack_lo || at >= g->stack_hi) { // on another stack
        heap_marks_from_range(marks, g->stack_lo, g->stack_hi);
        return;
    }
    stack_walk_begin(&walk, program, g, false, start);
    for (int i = 0; i < FRAMES_MAX && stack_walk_next(&walk, &frame); i++) {
        mark_frame(marks, program, &frame);
        at = frame.fp;
    }
    // Where the walk ends before the stack does, the rest is taken word by word.
    if (walk.end != STACK_END_TOP)
        heap_marks_from_range(marks, at, g->stack_hi);
}
