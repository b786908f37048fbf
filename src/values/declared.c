// SPDX-License-Identifier: MIT
#include "declared.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/table.h"
#include "image/instruction.h"
#include "symbols/dwarf_location.h"
#include "symbols/pclntab.h"

#include <stdlib.h>
#include <string.h>

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
    struct disassembler *disassembler;
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
    disassembler_free(uses->disassembler);
    free(uses);
}

static struct frame_uses *uses_of(struct value_reader *reader)
{
    if (!reader->frame_uses) {
        reader->frame_uses = alloc_zeroed(1, sizeof *reader->frame_uses);
        reader->frame_uses->by_entry = table_new();
        reader->frame_uses->disassembler = disassembler_new(reader->program->arch);
        disassembler_remember(reader->frame_uses->disassembler);
    }
    return reader->frame_uses;
}

struct disassembler *frame_disassembler(struct value_reader *reader)
{
    return uses_of(reader)->disassembler;
}

/** Whether an instruction names a place relative to sp. arm64 adds to sp for an address. */
static bool names_place(const struct arch *arch, const struct instruction *instruction,
                        int64_t *displacement)
{
    if (instruction->has_memory && instruction->base == arch->sp && instruction->index < 0) {
        *displacement = instruction->displacement;
        return true;
    }
    *displacement = instruction->constant;
    return !instruction->has_memory && instruction->has_constant &&
           instruction->source == arch->sp && instruction->destination != arch->sp &&
           instruction->destination >= 0;
}

static void scan_function(struct value_reader *reader, const struct pc_function *function,
                          struct function_uses *out)
{
    const struct arch *arch = reader->program->arch;
    struct disassembler *disassembler = uses_of(reader)->disassembler;
    uint64_t size = function->end - function->entry;
    if (size > LIMIT_SCANNED_CODE || !disassembler)
        return;
    struct bytes code = address_space_view(reader->program->space, function->entry, (size_t)size);
    for (size_t offset = 0; offset < code.size;) {
        struct instruction instruction;
        int64_t displacement = 0;
        int32_t delta = 0;
        target_addr pc = function->entry + offset;
        if (!instruction_decode(disassembler, bytes_slice(code, offset, code.size - offset), pc,
                                &instruction) ||
            instruction.size == 0)
            return;
        if (names_place(arch, &instruction, &displacement) &&
            pc_function_sp_delta(function, pc, &delta)) {
            int64_t slot = displacement - delta - (arch->uses_link_register ? 0 : 8);
            struct frame_use use = {.code_offset = (uint32_t)offset, .slot = (int32_t)slot};
            ARRAY_PUSH(out->items, out->count, out->capacity) = use;
        }
        offset += instruction.size;
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
        scan_function(reader, function, fresh);
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
    const target_addr cfa = (target_addr)1 << 40; // any: only the distance matters
    const struct location_context context = {
        .pc = pc, .cfa = cfa, .has_cfa = true, .space = reader->program->space};
    struct location location;
    Dwarf_Die die = variable->die;
    struct error *err =
        dwarf_location_find(program_opened_dwarf(reader->program, pc), &die, &context, &location);
    if (err) {
        error_ignore(err);
        return 0;
    }
    if (location.count != 1 || location.pieces[0].kind != PIECE_MEMORY)
        return 0;
    *slot = (int64_t)(location.pieces[0].address - cfa);
    struct go_type *type = NULL;
    if (variable->escaped)
        return 8;
    err = type_from_dwarf(reader->types, variable->type_die, &type);
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
