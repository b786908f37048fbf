// SPDX-License-Identifier: MIT
#include "declared.h"
#include "variable_storage.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/table.h"
#include "symbols/function_code.h"

#include <stdlib.h>

/** An instruction that reads, writes or takes the address of a place in the frame. */
struct frame_use {
    uint32_t code_offset;
    int32_t slot; ///< from the CFA
};

/** All of one function's, in the order of its code. */
struct function_uses {
    struct frame_use *items;
    size_t count, capacity;
    struct function_uses *next;
};

struct frame_uses {
    struct table *by_entry;
    struct function_uses *all;
};

void frame_uses_free(struct frame_uses *uses)
{
    if (!uses)
        return;
    while (uses->all) {
        struct function_uses *next = uses->all->next;
        free(uses->all->items);
        free(uses->all);
        uses->all = next;
    }
    table_free(uses->by_entry);
    free(uses);
}

static struct frame_uses *uses_of(struct value_reader *reader)
{
    if (!reader->frame_uses) {
        reader->frame_uses = alloc_zeroed(1, sizeof *reader->frame_uses);
        reader->frame_uses->by_entry = table_new();
    }
    return reader->frame_uses;
}

static void find_uses(const struct function_code *code, struct function_uses *out)
{
    for (size_t i = 0; i < code->count; i++) {
        const struct instruction *one = &code->instructions[i];
        int64_t slot;
        bool indexed = one->has_memory && one->index >= 0;
        if (indexed || !function_code_slot(code, i, &slot))
            continue;
        const struct frame_use use = {.code_offset = code->offsets[i], .slot = (int32_t)slot};
        ARRAY_PUSH(out->items, out->count, out->capacity) = use;
    }
}

static const struct function_uses *function_uses(struct value_reader *reader,
                                                 const struct pc_function *function)
{
    struct frame_uses *uses = uses_of(reader);
    bool added = false;
    uint64_t *slot = table_add(uses->by_entry, function->entry, &added);
    if (added) {
        struct function_uses *fresh = alloc_zeroed(1, sizeof *fresh);
        *slot = (uint64_t)(uintptr_t)fresh;
        fresh->next = uses->all;
        uses->all = fresh;
        AUTO(arena) scratch = arena_new();
        const struct function_code *code = function_code_read(reader->program, function, scratch);
        if (code)
            find_uses(code, fresh);
    }
    return (const struct function_uses *)(uintptr_t)*slot;
}

struct error *variable_frame_declared(struct value_reader *reader,
                                      const struct variable_frame *frame, struct dwarf_index *dwarf,
                                      struct arena *arena, struct dwarf_variables *out)
{
    struct pc_function function;
    target_addr place = frame->pc;
    if (pc_function_find(reader->program->modules, frame->pc, &function))
        place = pc_inline_place(&function, frame->pc, frame->inline_depth);
    return dwarf_index_variables_around(dwarf, frame->pc, place, frame->inline_depth,
                                        frame->function, arena, out);
}

int64_t variable_frame_line(const struct variable_frame *frame, const struct pc_function *function)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame logical;
    int32_t lines[LIMIT_INLINE_DEPTH];
    size_t count = 0;
    pc_inline_begin(&walk, function, frame->pc);
    while (count < LIMIT_INLINE_DEPTH && pc_inline_next(&walk, &logical))
        lines[count++] = logical.line;
    return frame->inline_depth < count ? lines[count - 1 - frame->inline_depth] : 0;
}

/** Where an unoptimised variable lies, from the CFA. @return its size, 0 where it is elsewhere */
static uint64_t frame_place(struct value_reader *reader, const struct dwarf_variable *variable,
                            target_addr pc, int64_t *slot)
{
    struct location location;
    if (!variable_place_in_frame(reader, variable, pc, &location) || location.count != 1 ||
        location.pieces[0].kind != PIECE_MEMORY)
        return 0;
    *slot = (int64_t)location.pieces[0].address;
    struct go_type *type = NULL;
    if (variable->escaped)
        return 8;
    struct error *err = type_from_dwarf(reader->types, variable->type_die, &type);
    if (err)
        error_ignore(err);
    return err ? 0 : type->size;
}

/**
 * A variable of the statement that runs: whether the code before pc has used its place. If no code
 * ever does, nothing tells, and it counts as declared.
 */
static bool is_declared(struct value_reader *reader, const struct variable_frame *frame,
                        const struct pc_function *function, const struct dwarf_variable *variable)
{
    int64_t slot = 0;
    uint64_t size = frame_place(reader, variable, frame->pc, &slot);
    if (size == 0)
        return true;
    const struct function_uses *uses = function_uses(reader, function);
    bool later = false;
    for (size_t i = 0; i < uses->count; i++) {
        const struct frame_use *use = &uses->items[i];
        if (use->slot < slot || (uint64_t)(use->slot - slot) >= size)
            continue;
        const char *file;
        int32_t line = 0;
        target_addr pc = function->entry + use->code_offset;
        pc_function_line(function, pc, &file, &line);
        if (line < variable->line) // the function's start clears what holds pointers
            continue;
        if (pc < frame->pc)
            return true;
        later = true;
    }
    return !later;
}

void variables_drop_undeclared(struct value_reader *reader, const struct variable_frame *frame,
                               struct dwarf_variables *variables)
{
    enum { STATEMENT_LINES = 50 }; // further up the statement has ended
    struct pc_function function;
    if (!pc_function_find(reader->program->modules, frame->pc, &function))
        return;
    int64_t line = variable_frame_line(frame, &function);
    if (line <= 0)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < variables->count; i++) {
        const struct dwarf_variable *variable = &variables->items[i];
        bool near = variable->role == VARIABLE_LOCAL && !variable->placed_by_list &&
                    variable->line > 0 && variable->line <= line &&
                    line - variable->line < STATEMENT_LINES && frame->inline_depth == 0;
        if (!near || is_declared(reader, frame, &function, variable))
            variables->items[kept++] = *variable;
    }
    variables->count = kept;
    dwarf_variables_declared_at(variables, line + 1);
}
