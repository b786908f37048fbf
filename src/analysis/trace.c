// SPDX-License-Identifier: MIT
#include "trace.h"
#include "base/alloc.h"

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
    if (!result_in_register(trace, query, writer, out))
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
        bool made = query->kind == QUERY_SLOT ? result_in_slot(trace, writers[i], query->what, &one)
                                              : result_in_register(trace, query, writers[i], &one);
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
        return result_of_memory(trace, query->at, -1, out);
    if (query->kind == QUERY_RESULT)
        return call_result(trace, query->at, (int)query->what, out);
    if (query->kind == QUERY_REGISTER &&
        names_of_register(trace, function_code_pc(trace->code, query->at), (int)query->what, out))
        return true;
    switch (flow_writer(trace, query, &writer)) {
    case FLOW_WRITER:
        return query->kind == QUERY_SLOT ? result_in_slot(trace, writer, query->what, out)
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
