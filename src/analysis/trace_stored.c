// SPDX-License-Identifier: MIT
#include "trace.h"

enum { WORD = 8 };

/** The variable whose place an instruction puts a register into. */
static bool stores_name(struct trace *trace, size_t at, int reg, struct term *out)
{
    const struct instruction *one = &trace->instructions[at];
    int64_t slot;
    if (one->kind != INSTRUCTION_STORE || one->source != reg || one->access_size != WORD ||
        !flow_slot(trace, at, &slot))
        return false;
    return (names_of_place(trace, at + 1, trace->cfa + (uint64_t)slot, WORD, out) ||
            types_of_slot_now(trace, slot, WORD, out)) &&
           out->kind == TERM_PART;
}

/** The field that an instruction puts a register into; false: blocked. */
static bool stores_field(struct trace *trace, size_t at, int reg, struct term *out)
{
    const struct instruction *one = &trace->instructions[at];
    const struct term *base;
    *out = (struct term){0};
    if (!trace->optimized || one->kind != INSTRUCTION_STORE || one->source != reg ||
        one->access_size != WORD || one->base < 0 || one->index >= 0 ||
        one->base == trace->analysis->program->arch->sp)
        return true;
    base = trace_need(trace, (struct trace_query){QUERY_REGISTER, one->base, at});
    if (!base)
        return false;
    struct term address = place_address(trace, base, NULL, 1, one->displacement);
    if (address.kind == TERM_ADDRESS && address.through && address.type &&
        address.type->kind == GO_STRUCT)
        *out = place_load(trace, &address, WORD);
    return true;
}

bool stored_in_field(struct trace *trace, size_t writer, size_t at, int reg, struct term *out)
{
    *out = (struct term){0};
    for (size_t i = writer + 1; i < at; i++) {
        bool goes_on = !trace->stops[i] && !(trace->instructions[i].writes >> reg & 1) &&
                       (trace->instructions[i].kind != INSTRUCTION_CALL || trace->keeps[i]);
        if (!goes_on)
            break;
        if (!stores_field(trace, i, reg, out))
            return false;
        if (out->kind == TERM_PART)
            break;
    }
    return true;
}

bool stored_behind(struct trace *trace, size_t writer, size_t at, int reg, struct term *out)
{
    bool found = false;
    for (size_t i = writer + 1; i < at; i++) {
        struct term named;
        if (trace->way_begin[i] != trace->way_begin[i + 1] || trace->stops[i] ||
            (trace->instructions[i].writes >> reg & 1) ||
            trace->instructions[i].kind == INSTRUCTION_CALL)
            break;
        if (stores_name(trace, i, reg, &named)) {
            *out = named;
            found = true;
        }
    }
    return found;
}

bool stored_before(struct trace *trace, size_t at, int reg, struct term *out)
{
    for (size_t i = at; i > 0 && !trace->stops[i - 1]; i--) {
        if (stores_name(trace, i - 1, reg, out))
            return true;
        if (trace->way_begin[i - 1] != trace->way_begin[i] ||
            (trace->instructions[i - 1].writes >> reg & 1) ||
            trace->instructions[i - 1].kind == INSTRUCTION_CALL)
            return false;
    }
    return false;
}
