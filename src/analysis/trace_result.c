// SPDX-License-Identifier: MIT
#include "trace.h"

enum { WORD = 8 };

static const struct term unknown = {0};

static const struct term *need_register(struct trace *trace, size_t at, int reg)
{
    return trace_need(trace, (struct trace_query){.kind = QUERY_REGISTER, .what = reg, .at = at});
}

/** Bytes behind the memory operand where a register's part of it lies: of the second of a pair. */
static int64_t part_offset(const struct instruction *one, int reg)
{
    return one->is_pair && reg >= 0 && reg == one->second ? instruction_word_size(one) : 0;
}

/** The address that a memory operand names, and the part of it; false: blocked. */
static bool operand_address(struct trace *trace, size_t at, int64_t part, struct term *out)
{
    const struct instruction *one = &trace->code->instructions[at];
    const struct term *base, *index = NULL;
    *out = unknown;
    if (one->pc_relative || one->base < 0) {
        target_addr address = (target_addr)(one->displacement + part);
        if (one->pc_relative)
            address += function_code_pc(trace->code, at) + one->size;
        if (one->index < 0 && !names_of_global(trace, address, out))
            *out = number_constant((int64_t)address); // of a type, of a text
        return true;
    }
    base = need_register(trace, at, one->base);
    if (!base)
        return false;
    if (one->index >= 0 && !(index = need_register(trace, at, one->index)))
        return false;
    *out = place_address(trace, base, index, one->scale ? one->scale : 1, one->displacement + part);
    struct term whole;
    if (out->kind == TERM_UNKNOWN && base->kind == TERM_UNKNOWN && index && one->scale &&
        one->scale == one->access_size && types_find_indexed(trace, one->access_size, &whole))
        *out = place_address(trace, &whole, index, one->scale, one->displacement + part);
    return true;
}

/** The value of a word that was put aside on the stack and lies there still. */
static void read_slot(struct trace *trace, size_t at, int64_t slot, uint8_t size, struct term *out)
{
    bool whole = out->text && !out->has_value &&
                 ((out->kind == TERM_PART && size == WORD) || out->kind == TERM_NUMBER);
    if (!trace->optimized || !whole || !flow_slot_stays(trace, slot, at))
        return;
    names_load_value(trace, trace->cfa + (uint64_t)slot, size, out);
    trace->used_slot = trace->used_slot || out->has_value;
}

/** What lies in memory where an operand says, for a register; false: blocked. */
bool result_of_memory(struct trace *trace, size_t at, int reg, struct term *out)
{
    const struct instruction *one = &trace->code->instructions[at];
    struct term address;
    int64_t slot, part = part_offset(one, reg);
    uint8_t size = (uint8_t)instruction_word_size(one);
    *out = unknown;
    if (flow_slot(trace, at, &slot)) {
        slot += part;
        if (names_of_place(trace, at, trace->cfa + (uint64_t)slot, size, out))
            return true;
        if (types_of_slot_now(trace, slot, size, out))
            return true;
        const struct term *word = trace_need(
            trace, (struct trace_query){
                       .kind = QUERY_SLOT, .what = slot, .at = at, .size = flow_part(trace, at)});
        if (!word)
            return false;
        struct term made = *word;
        if (!stored_aside(trace, at, slot, &made, out))
            *out = made;
        read_slot(trace, at, slot, size, out);
        return true;
    }
    if (!operand_address(trace, at, part, &address))
        return false;
    if (address.kind != TERM_NUMBER || address.text || size != WORD ||
        !names_of_linked(trace, (target_addr)address.offset, out))
        *out = place_load(trace, &address, size);
    return true;
}

/** The address that a lea of the stack gives: of a variable, or of a nameless place. */
static bool stack_address(struct trace *trace, size_t at, struct term *out)
{
    int64_t slot;
    struct term word;
    if (!flow_slot(trace, at, &slot))
        return false;
    *out = unknown;
    if (names_of_place(trace, at, trace->cfa + (uint64_t)slot, 0, &word) &&
        word.kind == TERM_PART) {
        *out = word;
        out->kind = TERM_ADDRESS;
        out->variable = NULL;
        out->has_value = false;
    } else if (types_of_slot(trace, slot, 0, &word)) {
        *out = word;
        out->kind = TERM_ADDRESS;
        out->variable = NULL;
    } else {
        out->kind = TERM_STACK;
        out->offset = slot;
    }
    return true;
}

/** The second operand of an operation: constant, register or memory. */
static bool right_operand(struct trace *trace, size_t at, struct term *out)
{
    const struct instruction *one = &trace->code->instructions[at];
    if (one->has_constant) {
        *out = number_constant(one->constant);
        return true;
    }
    if (one->has_memory)
        return result_of_memory(trace, at, -1, out);
    const struct term *term = &unknown;
    if (one->source >= 0 && !(term = need_register(trace, at, one->source)))
        return false;
    *out = *term;
    if (one->shift > 0) {
        struct term shift = number_constant(one->shift);
        *out = number_combine(trace, OPERATION_SHIFT_LEFT, term, &shift);
    }
    return true;
}

/** What one operand of arithmetic is by the other: the only argument left that can be it. */
static bool guess_operand(struct trace *trace, const struct instruction *one,
                          const struct term *other, struct term *out)
{
    struct term number = term_number(trace, other);
    bool computes = one->operation == OPERATION_ADD || one->operation == OPERATION_SUBTRACT ||
                    one->operation == OPERATION_MULTIPLY || one->operation == OPERATION_DIVIDE;
    // Of a function that was called the arguments are where they came, or were put aside.
    return computes && trace->scope_count > 1 && number.kind == TERM_NUMBER && number.text &&
           types_find_number_argument(trace, number.text, one->width, out);
}

/** The upper half of a product with a constant: how code divides by another constant. */
static bool upper_half(struct trace *trace, size_t at, int reg, struct term *out)
{
    enum { LOW = 0, HIGH = 1 }; // RAX, RDX
    const struct instruction *one = &trace->code->instructions[at];
    const struct term *a = need_register(trace, at, LOW);
    const struct term *b = a ? need_register(trace, at, one->destination) : NULL;
    *out = unknown;
    if (!b)
        return false;
    if (reg == HIGH)
        *out = number_upper_half(trace, a, b);
    return true;
}

/** What an operation leaves in a register; false: blocked. */
static bool operation_result(struct trace *trace, size_t at, int reg, struct term *out)
{
    enum { QUOTIENT = 0, REMAINDER = 1 };
    const struct instruction *one = &trace->code->instructions[at];
    struct term right = unknown;
    int left_register = one->left >= 0 ? one->left : one->destination;
    *out = unknown;
    if (one->is_mask) { // of a variable shift: the bits are there unless it was too far
        *out = number_constant(-1);
        return true;
    }
    if (one->operation == OPERATION_CONSTANT) {
        *out = number_constant(one->constant);
        return true;
    }
    if (one->operation == OPERATION_NONE || one->operation == OPERATION_STOP)
        return true;
    if (one->operation == OPERATION_XOR && one->source == one->destination) {
        *out = number_constant(0);
        return true;
    }
    if (one->operation == OPERATION_MULTIPLY && one->destination >= 0 && one->source < 0 &&
        !one->has_constant && !one->has_memory) // mul r: its upper half, into another register
        return upper_half(trace, at, reg, out);
    if (one->operation == OPERATION_DIVIDE && one->left < 0) {
        if (reg != QUOTIENT && reg != REMAINDER && one->destination < 0)
            return true;
        left_register = QUOTIENT;
        if (one->destination >= 0) { // its only operand is what it divides by
            const struct term *divisor = need_register(trace, at, one->destination);
            if (!divisor)
                return false;
            right = *divisor;
        }
        if (reg != QUOTIENT && reg != REMAINDER)
            return true;
    } else if (left_register < 0 || (one->destination != reg && one->destination >= 0)) {
        return true;
    }
    const struct term *left = need_register(trace, at, left_register);
    if (!left || (right.kind == TERM_UNKNOWN && !right_operand(trace, at, &right)))
        return false;
    bool rest = one->operation == OPERATION_DIVIDE && one->left < 0 && reg == REMAINDER;
    struct term guess, known = *left;
    if (known.kind == TERM_UNKNOWN && right.kind != TERM_UNKNOWN &&
        guess_operand(trace, one, &right, &guess))
        known = guess;
    else if (right.kind == TERM_UNKNOWN && known.kind != TERM_UNKNOWN &&
             guess_operand(trace, one, &known, &guess))
        right = guess;
    left = &known;
    *out = number_combine(trace, rest ? OPERATION_REMAINDER : one->operation, left, &right);
    return true;
}

/** What an instruction left in a register; false: blocked. */
bool result_in_register(struct trace *trace, const struct trace_query *query, size_t at,
                        struct term *out)
{
    const struct instruction *one = &trace->code->instructions[at];
    const struct term *source;
    int reg = (int)query->what;
    *out = unknown;
    if (one->base_step && reg == one->base) // moved on behind the access
        return true;
    switch (one->kind) {
    case INSTRUCTION_MOVE:
        if (one->source < 0) {
            *out = one->has_constant ? number_constant(one->constant) : unknown;
            return true;
        }
        source = trace_need(
            trace, (struct trace_query){.kind = query->kind, .what = one->source, .at = at});
        if (source)
            *out = *source;
        return source != NULL;
    case INSTRUCTION_LOAD:
        return result_of_memory(trace, at, reg, out);
    case INSTRUCTION_ADDRESS:
        return stack_address(trace, at, out) || operand_address(trace, at, 0, out);
    case INSTRUCTION_CALL: {
        const struct term *result =
            trace_need(trace, (struct trace_query){.kind = QUERY_RESULT, .what = reg, .at = at});
        if (result)
            *out = *result;
        return result != NULL;
    }
    case INSTRUCTION_ADD:
    case INSTRUCTION_MULTIPLY:
    case INSTRUCTION_SHIFT_LEFT:
    case INSTRUCTION_OTHER:
        return (!one->has_memory && stack_address(trace, at, out)) ||
               operation_result(trace, at, reg, out);
    default:
        return true;
    }
}

/** What an instruction left in a word of the stack; false: blocked. */
bool result_in_slot(struct trace *trace, size_t at, int64_t slot, struct term *out)
{
    const struct instruction *one = &trace->code->instructions[at];
    int64_t written;
    *out = unknown;
    if (one->kind == INSTRUCTION_CALL)
        return call_received(trace, at, slot, out);
    if (one->kind != INSTRUCTION_STORE || !flow_slot(trace, at, &written))
        return true;
    bool is_second = one->is_pair && slot == written + instruction_word_size(one);
    int from = is_second ? one->second : one->source;
    if (slot != written && !is_second)
        return true;
    if (from < 0) {
        *out = one->has_constant || is_second ? number_constant(one->constant) : unknown;
        return true;
    }
    const struct term *source = need_register(trace, at, from);
    if (source)
        *out = *source;
    return source != NULL;
}
