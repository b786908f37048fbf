// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/search.h"
#include "goruntime/heap_marks.h"
#include "goruntime/stack_walk.h"

#include <stdlib.h>

enum { BITS_MAX = 1 << 16, FRAMES_MAX = 1 << 12, OBJECTS_MAX = 1 << 12, OBJECT_SIZE_MAX = 1 << 24 };
enum { ALL_OBJECTS_MAX = 1 << 16, POINTERS_MAX = 1 << 18, DEFERS_MAX = 1 << 10 };
enum { STACK_BYTES_MAX = 1 << 26 };

/** A variable on the stack whose address was taken. */
struct stack_object {
    target_addr start;
    uint64_t size;
    bool seen;
};

/**
 * One stack. As the collector does it (runtime/mgcstack.go): what the frames' maps call pointers
 * counts, and a variable whose address was taken only if something that counts points to it. What
 * such variables hold in functions that are done with them is of the past.
 */
struct stack_roots {
    struct heap_marks *marks;
    const struct program *program;
    target_addr low, high;
    bool all_live; ///< whatever points to an object on the stack may be in a register, or too much
    struct stack_object *objects;
    size_t object_count, object_capacity;
    target_addr *pointers; ///< into the stack, not followed yet
    size_t pointer_count, pointer_capacity;
    uint64_t budget; ///< bytes of the stack that may still be looked through for those
};

static void take_word(struct stack_roots *pass, uint64_t word)
{
    if (word - pass->low >= pass->high - pass->low)
        heap_marks_from_word(pass->marks, word);
    else if (pass->pointer_count >= POINTERS_MAX)
        pass->all_live = true;
    else
        ARRAY_PUSH(pass->pointers, pass->pointer_count, pass->pointer_capacity) = word;
}

static void take_range(struct stack_roots *pass, target_addr start, target_addr end)
{
    struct memory_scan scan = {
        .space = pass->program->space, .at = start, .end = end, .budget = pass->budget};
    target_addr address;
    struct bytes piece;
    heap_marks_from_range(pass->marks, start, end);
    while (!pass->all_live && memory_scan_next(&scan, &address, &piece))
        for (size_t i = 0; i + 8 <= piece.size; i += 8) {
            uint64_t word = load_u64(piece.data + i);
            if (word - pass->low < pass->high - pass->low)
                take_word(pass, word);
        }
    pass->budget = scan.budget;
    pass->all_live |= scan.exhausted;
}

/**
 * Words of an area that a stack map calls pointers (runtime/symtab.go, stackmap: n, nbit int32,
 * then n bitmaps).
 * @param end  the area ends there (locals), else it begins at start (arguments)
 * @return false where the map cannot be read
 */
static bool take_by_map(struct stack_roots *pass, target_addr map, int32_t index, target_addr start,
                        target_addr end)
{
    const struct address_space *space = pass->program->space;
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
            take_word(pass, word);
    }
    return true;
}

static void add_object(struct stack_roots *pass, target_addr start, uint64_t size)
{
    if (pass->object_count >= ALL_OBJECTS_MAX)
        take_range(pass, start, start + size);
    else
        ARRAY_PUSH(pass->objects, pass->object_count, pass->object_capacity) =
            (struct stack_object){.start = start, .size = size};
}

/**
 * Variables whose address was taken (FUNCDATA_StackObjects: a count, then for each its place from
 * the end of the locals, and its size; up to 1.17 its type's descriptor, which begins with the
 * size).
 * @return false where the list cannot be read
 */
static bool find_objects(struct stack_roots *pass, target_addr objects, target_addr top,
                         target_addr arguments)
{
    const struct address_space *space = pass->program->space;
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
        if (pass->program->release->minor >= 18)
            size = half;
        else if (!address_space_try_u64(space, type, &size))
            return false;
        if (size > OBJECT_SIZE_MAX)
            return false;
        add_object(pass, ((int32_t)place < 0 ? top : arguments) + (uint64_t)(int32_t)place, size);
    }
    return true;
}

/**
 * The pointers of one frame that its function may still use. What a signal stopped, and functions
 * without maps, are taken word by word.
 */
static void take_frame(struct stack_roots *pass, const struct stack_frame *frame)
{
    const struct pc_function *function = &frame->function;
    target_addr locals = pc_function_funcdata(function, FUNCDATA_LOCALS_POINTERS),
                arguments = pc_function_funcdata(function, FUNCDATA_ARGS_POINTERS),
                objects = pc_function_funcdata(function, FUNCDATA_STACK_OBJECTS);
    int32_t index = pc_function_pcdata(function, PCDATA_STACK_MAP, frame->lookup_pc);
    target_addr top = frame->fp - pass->program->arch->call_pushes;
    if (top > frame->sp)
        top -= 8; // where there is a frame, its last word is a saved frame pointer's
    if (index == -1)
        index = 0; // the map of the entry
    if (frame->exact || !locals || !take_by_map(pass, locals, index, 0, top) ||
        !find_objects(pass, objects, top, frame->arguments))
        take_range(pass, frame->sp, frame->fp);
    if (arguments && !take_by_map(pass, arguments, index, frame->arguments, 0) &&
        function->args > 0)
        take_range(pass, frame->arguments, frame->arguments + (uint64_t)function->args);
}

/** What the calls that are still to run will use: their records may lie on the stack, in no map. */
static void take_defers(struct stack_roots *pass, target_addr defer)
{
    const struct program *program = pass->program;
    for (int i = 0; defer && i < DEFERS_MAX; i++) {
        uint64_t function = 0, next = 0;
        take_word(pass, defer);
        if (go_field_read(program->release, program->space, defer, FIELD_defer_fn, &function))
            take_word(pass, function);
        go_field_read(program->release, program->space, defer, FIELD_defer_link, &next);
        defer = next;
    }
}

static int by_start(const void *a, const void *b)
{
    const struct stack_object *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/** The object that holds an address; NULL: none. */
static struct stack_object *object_at(const struct stack_roots *pass, target_addr address)
{
    size_t begun = COUNT_WHILE(i, pass->object_count, pass->objects[i].start <= address);
    struct stack_object *object = begun ? &pass->objects[begun - 1] : NULL;
    return object && address - object->start < object->size ? object : NULL;
}

/** Follows the pointers into the stack from object to object. */
static void follow(struct stack_roots *pass)
{
    if (pass->object_count)
        qsort(pass->objects, pass->object_count, sizeof *pass->objects, by_start);
    while (pass->pointer_count && pass->object_count && !pass->all_live) {
        struct stack_object *object = object_at(pass, pass->pointers[--pass->pointer_count]);
        if (!object || object->seen)
            continue;
        object->seen = true;
        take_range(pass, object->start, object->start + object->size);
    }
    for (size_t i = 0; pass->all_live && i < pass->object_count; i++)
        heap_marks_from_range(pass->marks, pass->objects[i].start,
                              pass->objects[i].start + pass->objects[i].size);
}

void heap_marks_from_stack(struct heap_marks *marks, const struct program *program,
                           const struct goroutine *g, const struct stack_start *start)
{
    struct stack_roots pass = {.marks = marks,
                               .program = program,
                               .low = g->stack_lo,
                               .high = g->stack_hi,
                               .budget = STACK_BYTES_MAX};
    struct stack_walk walk;
    struct stack_frame frame;
    target_addr at = start->sp;
    if (at < g->stack_lo || at >= g->stack_hi) { // on another stack
        heap_marks_from_word(marks, g->defer);
        heap_marks_from_word(marks, g->panic);
        heap_marks_from_range(marks, g->stack_lo, g->stack_hi);
        return;
    }
    stack_walk_begin(&walk, program, g, false, start);
    for (int i = 0; i < FRAMES_MAX && stack_walk_next(&walk, &frame); i++) {
        // Stopped anywhere: registers count too. Code that panicked never goes on.
        pass.all_live |= i == 0 && frame.exact;
        take_frame(&pass, &frame);
        at = frame.fp;
    }
    // Where the walk ends before the stack does, the rest is taken word by word.
    if (walk.end != STACK_END_TOP)
        take_range(&pass, at, g->stack_hi);
    take_defers(&pass, g->defer);
    take_word(&pass, g->panic);
    follow(&pass);
    free(pass.objects);
    free(pass.pointers);
}
