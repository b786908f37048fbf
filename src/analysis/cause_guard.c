// SPDX-License-Identifier: MIT
#include "cause_internal.h"

#include <elf.h>

static enum instruction_condition opposite(enum instruction_condition condition)
{
    switch (condition) {
    case CONDITION_EQUAL:
        return CONDITION_NOT_EQUAL;
    case CONDITION_NOT_EQUAL:
        return CONDITION_EQUAL;
    case CONDITION_ABOVE:
        return CONDITION_BELOW_EQUAL;
    case CONDITION_ABOVE_EQUAL:
        return CONDITION_BELOW;
    case CONDITION_BELOW:
        return CONDITION_ABOVE_EQUAL;
    case CONDITION_BELOW_EQUAL:
        return CONDITION_ABOVE;
    case CONDITION_LESS:
        return CONDITION_GREATER_EQUAL;
    case CONDITION_GREATER_EQUAL:
        return CONDITION_LESS;
    case CONDITION_GREATER:
        return CONDITION_LESS_EQUAL;
    case CONDITION_LESS_EQUAL:
        return CONDITION_GREATER;
    default:
        return CONDITION_NONE;
    }
}

/** Whether the flags are after an instruction what they were before it. */
static bool leaves_flags(const struct instruction *one)
{
    return one->kind == INSTRUCTION_MOVE || one->kind == INSTRUCTION_LOAD ||
           one->kind == INSTRUCTION_STORE || one->kind == INSTRUCTION_ADDRESS ||
           one->operation == OPERATION_NOTHING || one->kind == INSTRUCTION_JUMP;
}

/** Whether the flags are those of what an operation gives, held against zero. */
static bool sets_flags(const struct instruction *one)
{
    bool computes = one->operation == OPERATION_ADD || one->operation == OPERATION_SUBTRACT ||
                    one->operation == OPERATION_AND || one->operation == OPERATION_DECREMENT;
    return computes && one->kind != INSTRUCTION_COMPARE && one->destination >= 0 &&
           !(one->has_memory && one->memory_first);
}

/**
 * The comparisons that a jump decides by: one for each way that leads to it.
 * @return how many; 0 where on some way there is none
 */
static size_t compares_before(const struct trace *trace, size_t jump, size_t out[GUARDS_MAX])
{
    enum instruction_condition condition = trace->code->instructions[jump].condition;
    // Above and below tell of a carry, not of the result. Arm has other instructions for it.
    bool of_result = trace->analysis->program->arch->machine == EM_X86_64 &&
                     (condition == CONDITION_EQUAL || condition == CONDITION_NOT_EQUAL ||
                      condition == CONDITION_LESS || condition == CONDITION_GREATER_EQUAL);
    enum { STEPS_MAX = 64 };
    if (trace->code->instructions[jump].compares_zero) {
        out[0] = jump;
        return 1;
    }
    size_t pending[GUARDS_MAX] = {jump}, depth = 1, count = 0;
    for (size_t steps = 0; depth > 0; steps++) {
        size_t now = pending[--depth];
        if (now == 0 || steps == STEPS_MAX)
            return 0;
        uint32_t ways = trace->code->source_begin[now + 1] - trace->code->source_begin[now];
        bool falls_in = !trace->code->stops[now - 1];
        if (depth + ways + falls_in > GUARDS_MAX || (!ways && !falls_in))
            return 0;
        for (uint32_t i = trace->code->source_begin[now]; i < trace->code->source_begin[now + 1];
             i++)
            pending[depth++] = trace->code->sources[i];
        bool decides =
            falls_in && (trace->code->instructions[now - 1].kind == INSTRUCTION_COMPARE ||
                         (of_result && sets_flags(&trace->code->instructions[now - 1])));
        if (decides) {
            if (count == GUARDS_MAX)
                return 0;
            out[count++] = now - 1;
        } else if (falls_in && leaves_flags(&trace->code->instructions[now - 1])) {
            pending[depth++] = now - 1;
        } else if (falls_in) {
            return 0;
        }
    }
    return count;
}

/** Adds the way by a jump, taken or not. @return false where it is not understood */
static bool add_guard(const struct trace *trace, size_t jump, bool taken, struct guard *guards,
                      size_t *count)
{
    const struct instruction *one = &trace->code->instructions[jump];
    size_t compares[GUARDS_MAX], found = compares_before(trace, jump, compares);
    if (one->condition == CONDITION_NONE || found == 0 || *count + found > GUARDS_MAX)
        return false;
    for (size_t i = 0; i < found; i++) {
        guards[*count].compare = compares[i];
        guards[(*count)++].condition = taken ? one->condition : opposite(one->condition);
    }
    return true;
}

size_t guards_find(const struct trace *trace, size_t at, struct guard guards[GUARDS_MAX])
{
    size_t pending[GUARDS_MAX] = {at}, depth = 1, count = 0;
    for (size_t steps = 0; depth > 0; steps++) {
        size_t now = pending[--depth];
        if (now == 0 || steps > trace->code->count)
            return 0;
        const struct instruction *before = &trace->code->instructions[now - 1];
        if (!trace->code->stops[now - 1]) {
            bool decides = before->kind == INSTRUCTION_JUMP && before->conditional;
            if (before->kind == INSTRUCTION_CALL ||
                (decides && !add_guard(trace, now - 1, false, guards, &count)))
                return 0;
            if (!decides)
                pending[depth++] = now - 1;
        }
        for (uint32_t i = trace->code->source_begin[now]; i < trace->code->source_begin[now + 1];
             i++) {
            size_t jump = trace->code->sources[i];
            bool decides = trace->code->instructions[jump].conditional;
            if (decides && !add_guard(trace, jump, true, guards, &count))
                return 0;
            if (!decides && depth == GUARDS_MAX)
                return 0;
            if (!decides)
                pending[depth++] = jump;
        }
    }
    return count;
}

struct term guard_left(struct trace *trace, const struct guard *guard)
{
    const struct instruction *one = &trace->code->instructions[guard->compare];
    if (one->has_memory && one->memory_first)
        return trace_memory(trace, guard->compare);
    size_t at = guard->compare + (one->kind != INSTRUCTION_COMPARE && !one->compares_zero);
    return trace_register(trace, at, one->destination);
}

struct term guard_right(struct trace *trace, const struct guard *guard)
{
    const struct instruction *one = &trace->code->instructions[guard->compare];
    if (one->is_test || one->compares_zero || one->kind != INSTRUCTION_COMPARE)
        return number_constant(0);
    if (one->has_constant)
        return number_constant(one->constant);
    if (one->has_memory && !one->memory_first)
        return trace_memory(trace, guard->compare);
    return trace_register(trace, guard->compare, one->source);
}
