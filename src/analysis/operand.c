// SPDX-License-Identifier: MIT
#include "operand.h"
#include "base/alloc.h"
#include "base/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FUNCTION_MAX = 1 << 16, // bytes of one function that are decoded
    STEPS_MAX = 16,         // loads and moves followed back from the fault
    SELECT_MAX = 16,        // nested fields that one offset can name
    WORD = 8,
};

/** Decodes the whole function, so that every jump's target is known. Go's text holds no data. */
static bool decode_function(struct operand_trace *trace)
{
    const struct pc_function *function = &trace->function;
    uint64_t size = function->end - function->entry;
    if (size == 0 || size > FUNCTION_MAX)
        return false;
    struct bytes code = address_space_view(trace->analysis->program->space, function->entry, size);
    if (code.size < size)
        return false;
    trace->starts = alloc_zeroed(size, sizeof *trace->starts);
    trace->instructions = alloc_zeroed(size, sizeof *trace->instructions);
    trace->targets = alloc_zeroed(size, sizeof *trace->targets);
    for (uint64_t at = 0; at < size;) {
        struct instruction decoded;
        target_addr pc = function->entry + at;
        if (!instruction_decode(trace->disassembler, bytes_slice(code, at, size - at), pc,
                                &decoded))
            break; // padding behind the last instruction
        if (decoded.kind == INSTRUCTION_JUMP && decoded.has_constant)
            trace->targets[trace->target_count++] = (target_addr)decoded.constant;
        if (pc <= trace->fault_pc) {
            trace->starts[trace->count] = pc;
            trace->instructions[trace->count++] = decoded;
        }
        at += decoded.size;
    }
    if (!trace->count)
        return false;
    size_t last = trace->count - 1;
    return trace->fault_pc - trace->starts[last] < trace->instructions[last].size;
}

bool operand_trace_begin(struct operand_trace *trace, struct analysis *analysis,
                         struct arena *arena, const struct stack_frame *frame,
                         const struct registers *registers)
{
    *trace = (struct operand_trace){.analysis = analysis,
                                    .arena = arena,
                                    .function = frame->function,
                                    .fault_pc = frame->lookup_pc,
                                    .sp = frame->sp,
                                    .cfa = frame->fp,
                                    .registers = registers};
    struct error *err = program_dwarf(analysis->program, &trace->dwarf);
    if (!err) {
        struct pc_inline_walk walk;
        struct pc_logical_frame logical;
        unsigned depth = 0; // of the innermost call inlined there: its variables are the nearest
        pc_inline_begin(&walk, &frame->function, frame->lookup_pc);
        while (pc_inline_next(&walk, &logical) && logical.inlined)
            depth++;
        err = dwarf_index_variables(trace->dwarf, frame->lookup_pc, depth, NULL, arena,
                                    &trace->variables);
    }
    bool known = !err;
    error_ignore(err); // no cause is given without names
    trace->disassembler = known ? disassembler_new(analysis->program->arch) : NULL;
    return trace->disassembler && decode_function(trace);
}

void operand_trace_end(struct operand_trace *trace)
{
    disassembler_free(trace->disassembler);
    free(trace->starts);
    free(trace->instructions);
    free(trace->targets);
}

/** Whether another path than the one straight down reaches (from, to]. */
static bool is_entered_between(const struct operand_trace *trace, target_addr from, target_addr to)
{
    for (size_t i = 0; i < trace->target_count; i++)
        if (trace->targets[i] > from && trace->targets[i] <= to)
            return true;
    return false;
}

static bool variable_type(struct operand_trace *trace, const struct dwarf_variable *variable,
                          struct go_type **out)
{
    struct type_table *types = value_reader_types(trace->analysis->reader);
    struct error *err = type_from_dwarf(types, variable->type_die, out);
    if (!err && variable->escaped && variable->type_is_pointer) {
        err = type_resolve(types, *out);
        *out = err ? NULL : (*out)->elem;
    }
    bool known = !err && *out;
    error_ignore(err); // a variable without a type names nothing
    return known;
}

bool operand_select(struct operand_trace *trace, const char *expression, struct go_type *type,
                    uint64_t offset, struct operand *out)
{
    struct type_table *types = value_reader_types(trace->analysis->reader);
    const char *text = expression;
    for (size_t i = 0; i < SELECT_MAX; i++) {
        struct error *err = type_resolve(types, type);
        if (err) {
            error_ignore(err); // its fields are not known: nothing can be named
            return false;
        }
        if (type->kind == GO_ARRAY && type->elem && type->elem->size &&
            offset < type->elem->size * type->length) {
            text = arena_printf(trace->arena, "%s[%" PRIu64 "]", text, offset / type->elem->size);
            offset %= type->elem->size;
            type = type->elem;
            continue;
        }
        const struct go_field *inside = NULL;
        for (size_t k = 0; type->kind == GO_STRUCT && k < type->field_count; k++) {
            const struct go_field *field = &type->fields[k];
            if (field->offset <= offset && offset < field->offset + field->type->size)
                inside = field;
        }
        if (inside) {
            text = arena_printf(trace->arena, "%s.%s", text, inside->name);
            offset -= inside->offset;
            type = inside->type;
            continue;
        }
        *out = (struct operand){.expression = text, .type = type};
        out->length_word = (type->kind == GO_SLICE || type->kind == GO_STRING) && offset == WORD;
        if (out->length_word)
            return true;
        out->interface_word = type->kind == GO_INTERFACE && offset == 0;
        return type->kind != GO_STRUCT && offset == 0;
    }
    return false;
}

static bool locate(struct operand_trace *trace, const struct dwarf_variable *variable,
                   struct location *out)
{
    Dwarf_Die die = variable->die;
    const struct location_context context = {.pc = trace->fault_pc,
                                             .cfa = trace->cfa,
                                             .has_cfa = true,
                                             .registers = trace->registers,
                                             .space = trace->analysis->program->space};
    struct error *err = dwarf_location_find(trace->dwarf, &die, &context, out);
    bool found = !err && out->count > 0;
    error_ignore(err); // a variable without a place is not the one
    return found;
}

/** The variable, or part of one, whose memory lies at a place on the stack. */
bool operand_of_place(struct operand_trace *trace, target_addr place, struct operand *out)
{
    for (size_t i = 0; i < trace->variables.count; i++) {
        const struct dwarf_variable *variable = &trace->variables.items[i];
        struct location location;
        struct go_type *type;
        if (variable->shadowed || !locate(trace, variable, &location) || location.count != 1 ||
            location.pieces[0].kind != PIECE_MEMORY || !variable_type(trace, variable, &type))
            continue;
        target_addr start = location.pieces[0].address;
        uint64_t size = variable->escaped ? WORD : type->size;
        if (place < start || place - start >= size)
            continue;
        if (variable->escaped) {
            *out = (struct operand){
                .expression = variable->name, .type = type, .address_of = true, .place = place};
            return true;
        }
        if (!operand_select(trace, variable->name, type, place - start, out))
            return false;
        out->place = place;
        return true;
    }
    return false;
}

/** A pointer variable that DWARF says is in the register at the fault. */
static bool operand_by_location(struct operand_trace *trace, int reg, struct operand *out)
{
    for (size_t i = 0; i < trace->variables.count; i++) {
        const struct dwarf_variable *variable = &trace->variables.items[i];
        struct location location;
        struct go_type *type;
        if (variable->shadowed || !locate(trace, variable, &location) ||
            !variable_type(trace, variable, &type))
            continue;
        uint64_t offset = 0;
        for (size_t k = 0; k < location.count; k++) {
            const struct location_piece *piece = &location.pieces[k];
            if (piece->kind == PIECE_REGISTER && piece->reg == (unsigned)reg) {
                if (!variable->escaped)
                    return operand_select(trace, variable->name, type, offset, out);
                *out = (struct operand){
                    .expression = variable->name, .type = type, .address_of = true};
                return true;
            }
            offset += piece->size;
        }
    }
    return false;
}

/** What a load through the pointer `base` gives: base.field. */
static bool load_through(struct operand_trace *trace, const struct operand *base,
                         int64_t displacement, struct operand *out)
{
    if (displacement < 0 || base->interface_word || base->length_word)
        return false;
    uint64_t offset = (uint64_t)displacement;
    if (base->address_of)
        return operand_select(trace, base->expression, base->type, offset, out);
    struct error *err = type_resolve(value_reader_types(trace->analysis->reader), base->type);
    bool resolved = !err;
    error_ignore(err); // its target is not known: nothing can be named
    if (!resolved || base->type->kind != GO_POINTER || !base->type->elem)
        return false;
    bool is_struct = base->type->elem->kind == GO_STRUCT;
    const char *text =
        is_struct ? base->expression : arena_printf(trace->arena, "(*%s)", base->expression);
    return operand_select(trace, text, base->type->elem, offset, out);
}

/** A load or move on the way back, to be undone from the variable forwards. */
struct step {
    int64_t displacement;
};

/**
 * The instruction that wrote reg last before the at-th, SIZE_MAX where that is not sure. On the way
 * there a store of reg into a variable's place tells as much as a load from it: *stored is then
 * set.
 */
static size_t find_definition(struct operand_trace *trace, int reg, size_t at, struct operand *out,
                              bool *stored)
{
    const struct arch *arch = trace->analysis->program->arch;
    for (size_t i = at; i-- > 0;) {
        const struct instruction *instruction = &trace->instructions[i];
        if (is_entered_between(trace, trace->starts[i], trace->starts[at]))
            return SIZE_MAX;
        if (instruction->kind == INSTRUCTION_STORE && instruction->source == reg &&
            instruction->base == arch->sp && instruction->index < 0 &&
            instruction->access_size == WORD &&
            operand_of_place(trace, trace->sp + (uint64_t)instruction->displacement, out)) {
            *stored = true;
            return i;
        }
        if (instruction->kind == INSTRUCTION_CALL)
            return SIZE_MAX;
        if (instruction->writes >> reg & 1)
            return instruction->destination == reg ? i : SIZE_MAX;
    }
    return SIZE_MAX;
}

bool operand_of_register(struct operand_trace *trace, size_t at, int reg, struct operand *out)
{
    struct step steps[STEPS_MAX];
    size_t step_count = 0;
    const struct arch *arch = trace->analysis->program->arch;
    bool found = at == trace->count - 1 && operand_by_location(trace, reg, out);
    while (!found && step_count < STEPS_MAX) {
        size_t def = find_definition(trace, reg, at, out, &found);
        if (found)
            break;
        if (def == SIZE_MAX)
            return false;
        const struct instruction *instruction = &trace->instructions[def];
        at = def;
        if (instruction->kind == INSTRUCTION_MOVE && instruction->source >= 0) {
            reg = instruction->source;
            continue;
        }
        if (instruction->kind != INSTRUCTION_LOAD || instruction->index >= 0 ||
            instruction->base < 0 || instruction->pc_relative)
            return false;
        if (instruction->base == arch->sp) {
            found = operand_of_place(trace, trace->sp + (uint64_t)instruction->displacement, out);
            if (!found)
                return false;
        } else {
            steps[step_count++] = (struct step){instruction->displacement};
            reg = instruction->base;
        }
    }
    while (found && step_count > 0) {
        struct operand base = *out;
        found = load_through(trace, &base, steps[--step_count].displacement, out);
    }
    return found;
}

enum check_kind operand_find_check(const struct operand_trace *trace, size_t *compare)
{
    size_t call = trace->count - 1, start = call;
    // The block that makes the call: back to what does not run on into it.
    while (start > 0 && trace->instructions[start - 1].kind != INSTRUCTION_CALL &&
           trace->instructions[start - 1].kind != INSTRUCTION_JUMP)
        start--;
    size_t jump = 0, ways = 0;
    for (size_t i = 0; i < trace->count; i++) {
        const struct instruction *one = &trace->instructions[i];
        target_addr target = (target_addr)one->constant;
        if (one->kind == INSTRUCTION_JUMP && one->has_constant && target >= trace->starts[start] &&
            target <= trace->starts[call]) {
            jump = i;
            ways++;
        }
    }
    if (ways != 1 || jump < 2)
        return CHECK_UNKNOWN;
    // Unoptimised code passes over a jump to the panic while the check holds: ja +2; jmp panic.
    const struct instruction *before = &trace->instructions[jump - 1];
    if (!trace->instructions[jump].conditional && before->kind == INSTRUCTION_JUMP &&
        before->conditional &&
        (target_addr)before->constant == trace->starts[jump] + trace->instructions[jump].size)
        jump--;
    if (!trace->instructions[jump].conditional)
        return CHECK_CONSTANT;
    if (trace->instructions[jump - 1].kind != INSTRUCTION_COMPARE ||
        is_entered_between(trace, trace->starts[jump - 1], trace->starts[jump]))
        return CHECK_UNKNOWN;
    *compare = jump - 1;
    return CHECK_COMPARED;
}
