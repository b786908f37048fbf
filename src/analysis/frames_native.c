// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "frames_internal.h"
#include "symbols/native_code.h"

#include <inttypes.h>
#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/** Whether the frame now due is the one that is asked for, or all are. */
static bool is_wanted(const struct frames_builder *builder)
{
    const struct frames_request *request = builder->request;
    return !request->place || builder->index + builder->native_count == request->number;
}

/** Without a symbol the module and the place in it, as for addr2line. */
static const char *function_text(struct frames_builder *builder, const struct native_place *place,
                                 target_addr pc)
{
    if (place->function) // without what was added: misbehave.cold, time@@GLIBC_2.2.5
        return arena_copy(builder->arena, place->function, 1 + strcspn(place->function + 1, ".@"));
    if (!place->module)
        return NULL;
    return arena_printf(builder->arena, "%s+0x%" PRIx64, base_name(place->module),
                        pc - place->bias);
}

static void add_native(struct frames_builder *builder, const struct native_frame *frame)
{
    if (!is_wanted(builder)) {
        builder->native_count++;
        return;
    }
    builder->native_count++;
    const struct analysis *analysis = builder->analysis;
    struct native_place place;
    native_code_place(analysis->program->native, frame->lookup_pc, &place);
    struct report_frame *out = frames_add(builder);
    *out = (struct report_frame){
        .stack = STACK_C,
        .owner = OWNER_C,
        .native = true,
        .function = function_text(builder, &place, frame->pc),
        .file = place.file,
        .line = place.line,
        .module = place.in_executable ? NULL : place.module,
        .has_pc = true,
        .pc = frame->pc,
        .has_offset = place.function && !strchr(place.function + 1, '.'),
        .offset = frame->pc - place.entry,
        .has_stack = frame->fp != 0,
        .sp = frame->sp,
        .fp = frame->fp,
    };
    if (place.file)
        out->short_file = short_file_of(analysis, place.file);
}

/** What a reader must know about a walk that does not tell all. */
static void warn_about(struct frames_builder *builder, const struct native_walk *walk)
{
    char text[512];
    const char *end = native_walk_end_text(walk, text, sizeof text);
    if (builder->request->quiet)
        return;
    if (end)
        analysis_warn(builder->analysis, "%s: what called it is missing", end);
    if (walk->any_inferred)
        analysis_warn(
            builder->analysis,
            "callers of C code without unwind rules, or of a library that is not here, were "
            "inferred from the stack: some may be missing");
}

/** Appends all frames of a walk, which is left at its end. */
static void add_walk(struct frames_builder *builder, const struct registers *registers, bool exact,
                     struct native_walk *walk)
{
    struct native_frame frame;
    native_walk_begin(walk, builder->analysis->program, registers, exact);
    while (native_walk_next(walk, &frame))
        add_native(builder, &frame);
    warn_about(builder, walk);
}

void frames_add_native(struct frames_builder *builder, const struct registers *registers,
                       bool exact)
{
    struct native_walk walk;
    add_walk(builder, registers, exact, &walk);
}

/** Frames of Go's assembly on the system stack between C and the goroutine: part of a thread's
 * stack, but no goroutine's. */
static void add_switch(struct frames_builder *builder, const struct stack_start *start,
                       size_t count)
{
    struct frames_builder saved = *builder;
    struct stack_walk walk;
    struct stack_frame frame;
    stack_walk_begin(&walk, builder->analysis->program, NULL, true, start);
    builder->stack = STACK_SYSTEM;
    for (size_t i = 0; i < count && stack_walk_next(&walk, &frame); i++)
        if (!callback_is_frame(&frame))
            frames_add_physical(builder, &frame);
    builder->stack = saved.stack;
    builder->index = saved.index;
    builder->callee = saved.callee;
}

/**
 * Begins at the innermost callback. A panic that leaves one lets go of its C code
 * (runtime/cgocall.go, unwindm): what the system stack still has are the outermost.
 */
static void begin_callbacks(struct frames_builder *builder, target_addr pc)
{
    struct stack_start start;
    struct registers registers;
    size_t go_frames;
    uint64_t found = 0;
    struct callback_walk walk;
    callback_walk_begin(&walk, builder->analysis->scheduler, builder->request->g);
    builder->callbacks = walk;
    while (callback_walk_next(&walk, pc, &start) &&
           callback_find_native(builder->analysis->program, &start, &registers, &go_frames))
        found++;
    builder->callbacks_lost = builder->callback_count > found ? builder->callback_count - found : 0;
    builder->callbacks_begun = true;
    if (builder->callbacks_lost && !builder->request->quiet)
        analysis_warn(builder->analysis,
                      "goroutine %" PRIu64 ": the C code below a callback into Go that panicked is "
                      "not shown: the runtime lets go of it and writes over it while it dies",
                      builder->request->g->goid);
}

void frames_add_callback(struct frames_builder *builder, const struct stack_frame *frame)
{
    const struct program *program = builder->analysis->program;
    const struct arch *arch = program->arch;
    struct stack_start start;
    struct registers registers;
    size_t go_frames;
    if (!builder->request->g)
        return;
    if (!builder->callbacks_begun)
        begin_callbacks(builder, frame->pc);
    if (builder->callbacks_lost) {
        struct report_frame_list *frames = &builder->result->frames;
        if (frames->count)
            frames->items[frames->count - 1].missing =
                "frames of C code, which the runtime wrote over while it died";
        builder->callbacks_lost--;
        return;
    }
    if (!callback_walk_next(&builder->callbacks, frame->pc, &start) ||
        !callback_find_native(program, &start, &registers, &go_frames))
        return;
    if (builder->request->whole_thread)
        add_switch(builder, &start, go_frames);
    struct native_walk walk;
    add_walk(builder, &registers, false, &walk);
    if (!builder->request->whole_thread || walk.end != NATIVE_END_GO)
        return;
    start = (struct stack_start){0};
    register_get(&walk.registers, arch->pc, &start.pc);
    register_get(&walk.registers, arch->sp, &start.sp);
    add_switch(builder, &start, 1); // asmcgocall
}
