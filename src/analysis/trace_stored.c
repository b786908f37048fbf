// SPDX-License-Identifier: MIT
#include "trace.h"

enum { WORD = 8 };

/** Whether an instruction stores all of a register, and how far behind the place that it names. */
static bool stores(const struct instruction *one, int reg, int64_t *behind)
{
    bool is_second = one->is_pair && one->second == reg && one->source != reg;
    *behind = is_second ? WORD : 0;
    return one->kind == INSTRUCTION_STORE && (one->source == reg || is_second) &&
           instruction_word_size(one) == WORD;
}

/** The variable whose place an instruction puts a register into. */
static bool stores_name(struct trace *trace, size_t at, int reg, struct term *out)
{
    const struct instruction *one = &trace->code->instructions[at];
    int64_t slot, behind;
    if (!stores(one, reg, &behind) || !flow_slot(trace, at, &slot))
        return false;
    slot += behind;
    return (names_of_place(trace, at + 1, trace->cfa + (uint64_t)slot, WORD, out) ||
            types_of_slot_now(trace, slot, WORD, out)) &&
           out->kind == TERM_PART;
}

/** The field that an instruction puts a register into; false: blocked. */
static bool stores_field(struct trace *trace, size_t at, int reg, struct term *out)
{
    const struct instruction *one = &trace->code->instructions[at];
    const struct term *base;
    int64_t behind;
    *out = (struct term){0};
    if (!trace->optimized || !stores(one, reg, &behind) || one->base < 0 || one->index >= 0 ||
        one->base == trace->analysis->program->arch->sp)
        return true;
    base = trace_need(trace,
                      (struct trace_query){.kind = QUERY_REGISTER, .what = one->base, .at = at});
    if (!base)
        return false;
    struct term address = place_address(trace, base, NULL, 1, one->displacement + behind);
    if (address.kind == TERM_ADDRESS && address.through && address.type &&
        address.type->kind == GO_STRUCT)
        *out = place_load(trace, &address, WORD);
    return true;
}

bool stored_in_field(struct trace *trace, size_t writer, size_t at, int reg, struct term *out)
{
    *out = (struct term){0};
    for (size_t i = writer + 1; i < at; i++) {
        size_t target = flow_target(trace, i);
        if (target > i && target <= at) { // the two ways around a write barrier meet again
            i = target - 1;
            continue;
        }
        bool goes_on = !trace->code->stops[i] &&
                       !(trace->code->instructions[i].writes >> reg & 1) &&
                       (trace->code->instructions[i].kind != INSTRUCTION_CALL ||
                        (trace->changes[i] && !(trace->changes[i] >> reg & 1)));
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
        if (trace->code->source_begin[i] != trace->code->source_begin[i + 1] ||
            trace->code->stops[i] || (trace->code->instructions[i].writes >> reg & 1) ||
            trace->code->instructions[i].kind == INSTRUCTION_CALL)
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
    for (size_t i = at; i > 0 && !trace->code->stops[i - 1]; i--) {
        if (stores_name(trace, i - 1, reg, out))
            return true;
        if (trace->code->source_begin[i - 1] != trace->code->source_begin[i] ||
            (trace->code->instructions[i - 1].writes >> reg & 1) ||
            trace->code->instructions[i - 1].kind == INSTRUCTION_CALL)
            return false;
    }
    return false;
}

/**
 * What one line of source has made and another uses was put into a variable between the two: into
 * the one that the first line declares.
 */
bool stored_between(struct trace *trace, size_t maker, size_t at)
{
    int32_t line = call_own_line(trace, maker), used = call_own_line(trace, at);
    return trace->optimized && line > 0 && used > 0 && line != used;
}

bool stored_by_line(struct trace *trace, size_t maker, size_t at, const struct term *made,
                    struct term *out)
{
    bool is_variable = made->kind == TERM_PART && made->variable && !made->uncertain;
    if (!trace->optimized || is_variable)
        return false;
    if (!stored_between(trace, maker, at))
        return false;
    int32_t line = call_own_line(trace, maker);
    return types_find_declared(trace, line, made, out) ||
           types_find_changed(trace, line, made, out);
}

bool stored_aside(struct trace *trace, size_t at, int64_t slot, struct term *made, struct term *out)
{
    size_t store, maker;
    struct trace_query query = {
        .kind = QUERY_SLOT, .what = slot, .at = at, .size = flow_part(trace, at)};
    if (!trace->optimized || flow_writer(trace, &query, &store) != FLOW_WRITER)
        return false;
    const struct instruction *one = &trace->code->instructions[store];
    query = (struct trace_query){.kind = QUERY_REGISTER, .what = one->source, .at = store};
    if (one->kind != INSTRUCTION_STORE || one->is_pair || one->source < 0 ||
        flow_writer(trace, &query, &maker) != FLOW_WRITER)
        return false;
    made->uncertain = made->uncertain || (!made->variable && stored_between(trace, maker, at));
    return stored_by_line(trace, maker, at, made, out);
}
