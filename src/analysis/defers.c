// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "frames_internal.h"
#include "goruntime/traceback_text.h"

#include <string.h>

void pending_defers_begin(struct pending_defers *pending, struct analysis *analysis,
                          struct arena *arena, const struct goroutine *g)
{
    *pending = (struct pending_defers){.analysis = analysis, .arena = arena};
    size_t budget = analysis->defer_budget < LIMIT_DEFERS ? analysis->defer_budget : LIMIT_DEFERS;
    analysis->defer_budget -= budget;
    pending->record_count = defers_read(analysis->scheduler, g, arena, &budget, &pending->records);
    analysis->defer_budget += budget;
}

/** The function that a wrapper of a go or defer statement calls (1.18+); itself where it is none.
 */
static void unwrap(const struct program *program, struct pc_function *function)
{
    uint8_t offset[4];
    struct pc_function wrapped;
    target_addr info = pc_function_funcdata(function, FUNCDATA_WRAP_INFO);
    if (!info || !address_space_try_read(program->space, info, offset, sizeof offset))
        return;
    target_addr entry = function->module->text + load_u32(offset);
    if (pc_function_find(program->modules, entry, &wrapped) && wrapped.entry == entry)
        *function = wrapped;
}

/** Whether a function was written in, or made for, a statement of another: "main.f.func1". */
static bool lies_in(const char *name, const char *outer)
{
    size_t size = strlen(outer);
    return strncmp(name, outer, size) == 0 && name[size] && !strchr(name + size, '/');
}

static struct report_defer *add(struct pending_defers *pending)
{
    if (pending->count == pending->capacity) {
        size_t capacity = pending->capacity ? 2 * pending->capacity : 8;
        struct report_defer *items = arena_array(pending->arena, capacity, sizeof *items);
        if (pending->count)
            memcpy(items, pending->items, pending->count * sizeof *items);
        pending->items = items;
        pending->capacity = capacity;
    }
    struct report_defer *out = &pending->items[pending->count++];
    *out = (struct report_defer){0};
    return out;
}

/**
 * @param statement  an instruction of the defer statement, 0: not known; then a function that was
 * made for the statement tells where it stands
 */
static void describe(struct pending_defers *pending, const struct pc_function *frame,
                     target_addr entry, target_addr statement)
{
    if (pending->count >= LIMIT_DEFERS)
        return;
    const struct program *program = pending->analysis->program;
    struct report_defer *out = add(pending);
    struct pc_function function;
    const char *file = NULL;
    int32_t line = 0;
    bool known = pc_function_find(program->modules, entry, &function);
    if (statement)
        pc_function_line(frame, statement, &file, &line);
    else if (known && lies_in(pc_function_name(&function), pc_function_name(frame)))
        pc_function_line(&function, function.entry, &file, &line);
    if (file) {
        out->file = file;
        out->short_file = short_file_of(pending->analysis, file);
        out->line = line;
    }
    if (!known)
        return;
    unwrap(program, &function);
    AUTO_TEXT name = {0};
    traceback_function_name(&name, program->release->minor, pc_function_name(&function), false);
    out->function = arena_string(pending->arena, buffer_text(&name));
}

void pending_defers_of_frame(struct pending_defers *pending, const struct stack_frame *frame,
                             struct report_frame *out)
{
    struct open_defer open[OPEN_DEFERS_MAX];
    const struct program *program = pending->analysis->program;
    size_t first = pending->count;
    size_t count = open_defers_read(program, frame, open);
    for (size_t i = 0; i < count; i++)
        describe(pending, &frame->function, open[i].function, 0);
    // Frames that are not walked, such as those of the death itself, have deferred nothing of use.
    while (pending->next < pending->record_count && pending->records[pending->next].sp < frame->sp)
        pending->next++;
    while (pending->next < pending->record_count &&
           pending->records[pending->next].sp == frame->sp) {
        const struct defer_record *record = &pending->records[pending->next++];
        bool inside = frame->function.entry < record->pc && record->pc <= frame->function.end;
        describe(pending, &frame->function, record->function,
                 inside ? record->pc - frame->function.module->quantum : 0);
    }
    if (!out || pending->count == first)
        return;
    out->defer_count = pending->count - first;
    out->defers = arena_array(pending->arena, out->defer_count, sizeof *out->defers);
    memcpy(out->defers, &pending->items[first], out->defer_count * sizeof *out->defers);
}
