// SPDX-License-Identifier: MIT
#include "code_memo.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "goruntime/traceback_text.h"

#include <stdlib.h>

struct code_memo {
    struct arena *arena;
    struct table *lines;   // pc → array of struct code_line
    struct table *starts;  // start pc → struct code_start
    struct table *creates; // pc behind a go statement → struct report_created_by
    size_t count;          // of all that is kept
};

struct code_memo *code_memo_new(void)
{
    struct code_memo *memo = alloc_zeroed(1, sizeof *memo);
    memo->arena = arena_new();
    memo->lines = table_new();
    memo->starts = table_new();
    memo->creates = table_new();
    return memo;
}

void code_memo_free(struct code_memo *memo)
{
    if (!memo)
        return;
    table_free(memo->lines);
    table_free(memo->starts);
    table_free(memo->creates);
    arena_free(memo->arena);
    free(memo);
}

/** What is kept under a key, NULL: nothing. */
static void *find(const struct table *table, uint64_t key)
{
    const uint64_t *slot = table_find(table, key);
    return slot ? (void *)(uintptr_t)*slot : NULL;
}

/** Zeroed room for count things, which are kept under key as long as there is room for more. */
static void *make(struct code_memo *memo, struct table *table, uint64_t key, size_t count,
                  size_t size, struct arena **arena)
{
    bool keep = memo->count + count <= LIMIT_PC_MEMO;
    if (keep) {
        memo->count += count;
        *arena = memo->arena;
    }
    void *made = arena_array(*arena, count, size);
    if (keep)
        *table_add(table, key, NULL) = (uint64_t)(uintptr_t)made;
    return made;
}

const struct code_line *code_lines(struct analysis *analysis, struct arena *arena, target_addr pc,
                                   const struct pc_lines *logical)
{
    struct code_memo *memo = analysis->code;
    struct code_line *lines = find(memo->lines, pc);
    if (lines)
        return lines;
    int minor = analysis->program->release->minor;
    lines = make(memo, memo->lines, pc, logical->count, sizeof *lines, &arena);
    for (size_t i = 0; i < logical->count; i++) {
        const struct pc_logical_frame *frame = &logical->items[i];
        AUTO_TEXT name = {0};
        traceback_function_name(&name, minor, frame->name, frame->inlined);
        lines[i] = (struct code_line){
            .function = arena_string(arena, buffer_text(&name)),
            .short_file = short_file_of(analysis, frame->file),
            .owner = frame_owner_of(analysis, frame->name, frame->file),
            .shown = traceback_shows(minor, frame->name, frame->id, FUNC_NORMAL, false),
            .shown_first = traceback_shows(minor, frame->name, frame->id, FUNC_NORMAL, true),
        };
    }
    return lines;
}

const struct code_start *code_start_of(struct analysis *analysis, struct arena *arena,
                                       const struct goroutine *g)
{
    struct code_memo *memo = analysis->code;
    struct code_start *start = find(memo->starts, g->start_pc);
    if (start)
        return start;
    struct pc_function function;
    start = make(memo, memo->starts, g->start_pc, 1, sizeof *start, &arena);
    if (!g->start_pc || !pc_function_find(analysis->program->modules, g->start_pc, &function))
        return start;
    AUTO_TEXT name = {0};
    traceback_function_name(&name, analysis->program->release->minor, pc_function_name(&function),
                            false);
    start->function = arena_string(arena, buffer_text(&name));
    int32_t line;
    pc_function_line(&function, function.entry, &start->file, &line);
    start->line = function.start_line > 0 ? function.start_line : line > 0 ? line : 0;
    start->file = start->line ? start->file : NULL;
    start->short_file = short_file_of(analysis, start->file);
    start->system = goroutine_is_system(analysis->scheduler, g);
    return start;
}

/** The instruction of the go statement lies before the recorded pc. */
static void describe_creation(const struct analysis *analysis, struct arena *arena, target_addr pc,
                              struct report_created_by *out)
{
    struct pc_function function;
    int minor = analysis->program->release->minor;
    if (!pc_function_find(analysis->program->modules, pc, &function))
        return;
    const char *file, *name = pc_function_name(&function);
    int32_t line;
    pc_function_line(&function, pc > function.entry ? pc - function.module->quantum : pc, &file,
                     &line);
    AUTO_TEXT text = {0};
    if (minor >= 21)
        traceback_function_name(&text, minor, name, false);
    else
        buffer_puts(&text, name);
    *out = (struct report_created_by){
        .function = arena_string(arena, buffer_text(&text)),
        .file = file,
        .short_file = short_file_of(analysis, file),
        .line = line,
        .offset = pc - function.entry,
        .runtime = !traceback_shows(minor, name, function.id, FUNC_NORMAL, false),
    };
}

void code_created_by(struct analysis *analysis, struct arena *arena, const struct goroutine *g,
                     struct report_created_by *out)
{
    struct code_memo *memo = analysis->code;
    if (g->goid == 1)
        return;
    struct report_created_by *kept = find(memo->creates, g->go_pc);
    if (!kept) {
        kept = make(memo, memo->creates, g->go_pc, 1, sizeof *kept, &arena);
        describe_creation(analysis, arena, g->go_pc, kept);
    }
    *out = *kept;
    if (kept->function)
        out->goroutine = g->parent_goid;
}
