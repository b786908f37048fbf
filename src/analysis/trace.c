// SPDX-License-Identifier: MIT
#include "trace.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWERS_MAX = 1024, WORD = 8 };

bool trace_begin(struct trace *trace, struct analysis *analysis, struct arena *arena,
                 const struct stack_frame *frame, unsigned inline_depth)
{
    *trace = (struct trace){.analysis = analysis,
                            .arena = arena,
                            .function = frame->function,
                            .pc = frame->lookup_pc,
                            .sp = frame->sp,
                            .cfa = frame->fp};
    trace->answers = alloc_zeroed(ANSWERS_MAX, sizeof *trace->answers);
    return flow_read(trace) && names_read(trace, frame, inline_depth);
}

void trace_end(struct trace *trace)
{
    free(trace->answers);
    flow_clear(trace);
}

static const struct term unknown = {0};

static bool same_query(const struct trace_query *a, const struct trace_query *b)
{
    return a->kind == b->kind && a->what == b->what && a->at == b->at && a->size == b->size;
}

const struct term *trace_need(struct trace *trace, struct trace_query query)
{
    for (size_t i = 0; i < trace->answer_count; i++) {
        const struct trace_answer *answer = &trace->answers[i];
        if (same_query(&answer->query, &query)) // one that is being made needs itself: a loop
            return answer->done ? &answer->term : &unknown;
    }
    if (trace->answer_count == ANSWERS_MAX || trace->open_count == COUNT_OF(trace->open))
        return &unknown;
    trace->answers[trace->answer_count].query = query;
    trace->open[trace->open_count++] = trace->answer_count++;
    trace->blocked = true;
    return NULL;
}

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
static bool operand_value(struct trace *trace, size_t at, int reg, struct term *out)
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
        return operand_value(trace, at, -1, out);
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
static bool register_result(struct trace *trace, const struct trace_query *query, size_t at,
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
        return operand_value(trace, at, reg, out);
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
static bool slot_result(struct trace *trace, size_t at, int64_t slot, struct term *out)
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

/** What the caller of an inlined function has made is an argument there: the only one of its type.
 */
static void name_argument(struct trace *trace, size_t writer, size_t at, struct term *out)
{
    struct term named;
    int64_t slot;
    bool reload = trace->code->instructions[writer].kind == INSTRUCTION_MOVE ||
                  flow_slot(trace, writer, &slot);
    if (!out->text || call_is_outside(trace, at))
        return;
    bool counts = out->kind == TERM_NUMBER ||
                  (out->kind == TERM_PART && term_number(trace, out).kind == TERM_NUMBER);
    if (reload && (out->variable || counts)) // it may have been made here, of what came from there
        return;
    size_t maker =
        reload ? flow_origin(trace, writer, trace->code->instructions[writer].destination) : writer;
    if (!call_is_outside(trace, maker) || (reload && maker == writer))
        return;
    bool is_number = out->kind == TERM_NUMBER ||
                     (out->kind == TERM_PART && term_number(trace, out).kind == TERM_NUMBER);
    bool whole = out->kind == TERM_PART && out->offset == 0 && out->type;
    out->uncertain = true;
    if (is_number ? types_find_argument(trace, NULL, &named)
                  : whole && (types_find_argument(trace, out->type, &named) ||
                              types_find_variable(trace, out->type, &named)))
        *out = named;
}

/** What a register was set to, by the name of the variable that it was put into. */
static bool written_register(struct trace *trace, const struct trace_query *query, size_t writer,
                             struct term *out)
{
    struct term named;
    if (!register_result(trace, query, writer, out))
        return false;
    bool copies = trace->code->instructions[writer].kind == INSTRUCTION_MOVE;
    if (query->kind != QUERY_MADE && !copies &&
        stored_by_line(trace, writer, query->at, out, &named)) {
        *out = named;
        return true;
    }
    bool inlined = call_inlined_result(trace, writer, query->at, out, &named);
    if (trace->blocked)
        return false;
    if (inlined)
        *out = named;
    else
        name_argument(trace, writer, query->at, out);
    out->uncertain =
        out->uncertain || (!copies && !out->variable && stored_between(trace, writer, query->at));
    bool is_named = out->kind == TERM_PART && out->source == SOURCE_VARIABLE;
    if (query->kind != QUERY_MADE && trace->optimized && !is_named) {
        if (!stored_in_field(trace, writer, query->at, (int)query->what, &named))
            return false;
        if (named.kind == TERM_PART && (named.offset == 0 || !out->text)) {
            *out = named;
            out->uncertain = true;
            out->has_value = false; // it may have been set anew
            return true;
        }
    }
    if (query->kind == QUERY_MADE ||
        !stored_behind(trace, writer, query->at, (int)query->what, &named))
        return true;
    // A copy of a variable: either may be the one that the source goes on with.
    named.uncertain = named.uncertain || (out->kind == TERM_PART && out->variable);
    *out = named;
    return true;
}

/** Takes one more of several answers for a place. @return false where they contradict each other */
static bool agree(const struct trace *trace, const struct term *one, struct term *out)
{
    if (one->kind == TERM_UNKNOWN || !one->text) {
        if (!trace->optimized)
            return false;
        out->uncertain = true; // another value for the same variable
        return true;
    }
    bool negated =
        one->kind == TERM_NUMBER && one->scale == -1 && out->text && strchr(out->text, '/') != NULL;
    if (negated) // what a division by -1 gives
        return true;
    if (out->kind == TERM_NUMBER && out->scale == -1 && out->text && strchr(one->text, '/'))
        *out = (struct term){.uncertain = out->uncertain};
    bool same = !out->text || (one->kind == out->kind && one->offset == out->offset &&
                               strcmp(one->text, out->text) == 0);
    if (!same)
        return false;
    bool uncertain = out->uncertain;
    *out = *one;
    out->uncertain = out->uncertain || uncertain;
    out->variable = NULL; // it was set in several places
    return true;
}

/**
 * What several instructions have each set a place to, where all that have a name agree: the others
 * then gave a new value to the same variable.
 */
static bool merged(struct trace *trace, const struct trace_query *query, struct term *out)
{
    bool agreed = true, zero = false, entered;
    size_t writers[FLOW_WRITERS_MAX], count = flow_writers(trace, query, writers, &entered);
    if (entered) { // the argument that came in the register is one of them
        struct term argument;
        agreed = trace->optimized && query->kind != QUERY_SLOT &&
                 names_of_argument(trace, (int)query->what, &argument) &&
                 agree(trace, &argument, out);
    }
    for (size_t i = 0; i < count && agreed; i++) {
        struct term one, given;
        bool made = query->kind == QUERY_SLOT ? slot_result(trace, writers[i], query->what, &one)
                                              : register_result(trace, query, writers[i], &one);
        if (!made)
            return false;
        if (stored_by_line(trace, writers[i], query->at, &one, &given) ||
            call_inlined_result(trace, writers[i], query->at, &one, &given))
            one = given;
        if (trace->blocked)
            return false;
        if (query->kind == QUERY_REGISTER && term_is_nilable(&one))
            name_argument(trace, writers[i], query->at, &one);
        if (one.kind == TERM_NUMBER && !one.text && one.offset == 0)
            zero = true;
        else
            agreed = agree(trace, &one, out);
    }
    // 0 is the length of a nil map, and the remainder of a division by -1.
    bool counts =
        out->text && (strncmp(out->text, "len(", 4) == 0 || strchr(out->text, '%') != NULL);
    if (zero && trace->optimized && !counts)
        out->uncertain = true;
    if (agreed && out->text && (!zero || trace->optimized || counts))
        return true;
    struct term given;
    *out = unknown;
    if (!entered && query->kind == QUERY_REGISTER &&
        call_merged_result(trace, writers, count, query->at, (int)query->what, &given))
        *out = given;
    return !trace->blocked;
}

/** Makes one answer; false: another has to be made first. */
static bool make(struct trace *trace, const struct trace_query *query, struct term *out)
{
    size_t writer = 0;
    *out = unknown;
    if (query->kind == QUERY_MEMORY)
        return operand_value(trace, query->at, -1, out);
    if (query->kind == QUERY_RESULT)
        return call_result(trace, query->at, (int)query->what, out);
    if (query->kind == QUERY_REGISTER &&
        names_of_register(trace, function_code_pc(trace->code, query->at), (int)query->what, out))
        return true;
    switch (flow_writer(trace, query, &writer)) {
    case FLOW_WRITER:
        return query->kind == QUERY_SLOT ? slot_result(trace, writer, query->what, out)
                                         : written_register(trace, query, writer, out);
    case FLOW_ENTRY:
        if (query->kind != QUERY_SLOT)
            names_of_argument(trace, (int)query->what, out);
        return true;
    default:
        if (query->kind == QUERY_REGISTER && stored_before(trace, query->at, (int)query->what, out))
            return true;
        return merged(trace, query, out);
    }
}

struct term trace_ask(struct trace *trace, struct trace_query query)
{
    trace->open_count = 0;
    const struct term *answer = trace_need(trace, query);
    for (size_t round = 0; !answer && round < 4 * (size_t)ANSWERS_MAX; round++) {
        struct term term;
        size_t top = trace->open[trace->open_count - 1];
        trace->blocked = false;
        query = trace->answers[top].query;
        bool made = make(trace, &query, &term);
        if (!made && trace->blocked)
            continue;
        trace->answers[top].done = true;
        trace->answers[top].term = made ? term : unknown;
        trace->open_count--;
        if (trace->open_count == 0)
            return trace->answers[top].term;
    }
    return answer ? *answer : unknown;
}

struct term trace_register(struct trace *trace, size_t at, int reg)
{
    return reg < 0 ? unknown
                   : trace_ask(trace,
                               (struct trace_query){.kind = QUERY_REGISTER, .what = reg, .at = at});
}

/** Where the word-th word of a call's arguments is. */
static bool argument_place(struct trace *trace, size_t call, unsigned word, struct trace_query *out)
{
    const struct program *program = trace->analysis->program;
    int reg = abi_register(trace, word);
    if (reg >= 0) {
        *out = (struct trace_query){.kind = QUERY_REGISTER, .what = reg, .at = call};
        return true;
    }
    if (trace->code->deltas[call] == INT32_MIN || abi_register(trace, 0) >= 0)
        return false;
    int64_t sp = -(int64_t)trace->code->deltas[call] - program->arch->call_pushes;
    *out = (struct trace_query){
        .kind = QUERY_SLOT, .what = sp + program->arch->frame_header + word * WORD, .at = call};
    return true;
}

const struct term *trace_need_argument(struct trace *trace, size_t call, unsigned word)
{
    struct trace_query query;
    return argument_place(trace, call, word, &query) ? trace_need(trace, query) : &unknown;
}

struct term trace_argument(struct trace *trace, size_t call, unsigned word)
{
    struct trace_query query;
    return argument_place(trace, call, word, &query) ? trace_ask(trace, query) : unknown;
}

struct term trace_memory(struct trace *trace, size_t at)
{
    if (!trace->code->instructions[at].has_memory)
        return unknown;
    return trace_ask(trace, (struct trace_query){.kind = QUERY_MEMORY, .what = 0, .at = at});
}
