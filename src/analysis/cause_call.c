// SPDX-License-Identifier: MIT
#include "cause_internal.h"

#include <inttypes.h>
#include <string.h>

/** What a call of the runtime or of package sync works on. */
struct call_rule {
    enum crash_class class;
    const char *callee; ///< part of its name
    unsigned word;      ///< of its arguments
    const char *done;   ///< "%s: main.f …"
};

static const struct call_rule rules[] = {
    {CLASS_NIL_MAP_WRITE, "runtime.mapassign", 1, "%s is a nil map: %s wrote to it"},
    {CLASS_CLOSE_CLOSED_CHANNEL, "runtime.closechan", 0,
     "%s was closed before: %s closed it again"},
    {CLASS_CLOSE_NIL_CHANNEL, "runtime.closechan", 0, "%s is a nil channel: %s closed it"},
    {CLASS_SEND_CLOSED_CHANNEL, "runtime.chansend", 0, "%s is closed: %s sent on it"},
    {CLASS_SEND_CLOSED_CHANNEL, "runtime.selectnbsend", 0, "%s is closed: %s sent on it"},
    {CLASS_NEGATIVE_WAITGROUP, "sync.(*WaitGroup)", 0,
     "%s went below zero: %s called Done, or Add with a negative number, once too often"},
    {CLASS_MUTEX_MISUSE, "sync.(*", 0, "%s was not locked: %s unlocked it"},
    {CLASS_CONCURRENT_MAP, "runtime.mapassign", 1, "%s"},
    {CLASS_CONCURRENT_MAP, "runtime.mapaccess", 1, "%s"},
    {CLASS_CONCURRENT_MAP, "runtime.mapdelete", 1, "%s"},
    {CLASS_CONCURRENT_MAP, "runtime.mapclear", 1, "%s"},
    {CLASS_CONCURRENT_MAP, "runtime.mapiterinit", 1, "%s"},
    {CLASS_CONCURRENT_MAP, "runtime.mapIterStart", 1, "%s"},
    {CLASS_DEADLOCK, "runtime.chansend", 0,
     "nobody is left to receive from %s: %s waits to send, for ever"},
    {CLASS_DEADLOCK, "runtime.chanrecv", 0,
     "nobody is left to send to %s: %s waits to receive, for ever"},
    {CLASS_DEADLOCK, "sync.(*WaitGroup)", 0,
     "nobody is left to call Done on %s: %s waits, for ever"},
    {CLASS_DEADLOCK, "sync.(*Cond)", 0, "nobody is left to wake %s: %s waits, for ever"},
    {CLASS_DEADLOCK, "sync.(*", 0, "nobody is left to unlock %s: %s waits, for ever"},
};

/** The map that a range statement goes over: of the call that has begun with the same iterator. */
static size_t iteration_start(struct trace *trace)
{
    struct pc_function function;
    struct term iterator = trace_argument(trace, trace->at, 0);
    size_t found = trace->code->count;
    for (size_t i = 0; i < trace->code->count && iterator.kind == TERM_STACK; i++) {
        if (trace->code->instructions[i].kind != INSTRUCTION_CALL)
            continue;
        const char *name = function_code_callee(trace->code, i, &function);
        if (!name || (strncmp(name, "runtime.mapiterinit", 19) != 0 &&
                      strncmp(name, "runtime.mapIterStart", 20) != 0))
            continue;
        struct term other = trace_argument(trace, i, 2);
        if (other.kind != TERM_STACK || other.offset != iterator.offset)
            continue;
        if (found != trace->code->count)
            return trace->code->count;
        found = i;
    }
    return found;
}

static void name_map(struct cause_finder *finder, const struct term *map)
{
    struct report_cause *cause = &finder->crash->cause;
    if (!cause->present || map->kind != TERM_PART || !map->text)
        return;
    finder->map = *map;
    if (finder->other) // what the other goroutine calls it is told by cause_map_pair()
        return;
    cause->expression = arena_string(finder->analysis->arena, map->text);
    if (map->uncertain)
        cause->confidence = CONFIDENCE_LIKELY;
    cause_evidence(finder, "the map is %s in %s", map->text, finder->frame->function);
}

static void explain_make(struct cause_finder *finder, struct trace *trace, const char *name)
{
    const char *panic = finder->crash->panics.count
                            ? finder->crash->panics.items[finder->crash->panics.count - 1].text
                            : "";
    bool is_channel = strncmp(name, "runtime.makechan", 16) == 0;
    bool is_slice = strncmp(name, "runtime.makeslice", 17) == 0;
    if (!is_channel && !is_slice)
        return;
    unsigned word = strstr(panic, "cap out of range") ? 2 : 1;
    // As it was made: DWARF may say that the register is the new slice's length already.
    int reg = abi_register(trace, word);
    struct term term =
        reg >= 0 ? trace_ask(trace,
                             (struct trace_query){.kind = QUERY_MADE, .what = reg, .at = trace->at})
                 : trace_argument(trace, trace->at, word);
    struct term number = term_number(trace, &term);
    number.uncertain = number.uncertain || number_is_guess(trace, &number);
    number_settle(trace, &number, trace->at);
    if (number.kind != TERM_NUMBER || !number.text)
        return;
    const char *text = term_text(trace, &number);
    const char *value = number.has_value
                            ? arena_printf(finder->arena, "%" PRId64, (int64_t)number.value)
                            : "out of range";
    cause_set(finder, &number, text, "%s is %s: %s made a %s of that %s", text, value,
              finder->frame->function, is_channel ? "channel" : "slice",
              word == 2 ? "capacity" : "size");
    cause_evidence(finder, "%s was called with %s", name, text);
}

/** The only case of a select that sends on a channel that is closed. */
static void explain_select(struct cause_finder *finder, struct trace *trace)
{
    enum { CASES_MAX = 64, CASE_SIZE = 16, SENDS = 3, FIRST_RELEASE = 16 };
    const struct program *program = finder->analysis->program;
    struct term cases = trace_argument(trace, trace->at, 0), found = {0};
    struct term sends = trace_argument(trace, trace->at, SENDS);
    size_t closed = 0;
    if (program->release->minor < FIRST_RELEASE || cases.kind != TERM_STACK ||
        sends.kind != TERM_NUMBER || sends.text || sends.offset < 0 || sends.offset > CASES_MAX)
        return;
    for (int64_t i = 0; i < sends.offset; i++) { // they come first
        int64_t slot = cases.offset + i * CASE_SIZE;
        uint64_t channel, is_closed;
        if (!address_space_try_u64(program->space, trace->cfa + (uint64_t)slot, &channel))
            return;
        if (channel == 0 ||
            !go_field_read(program->release, program->space, channel, FIELD_hchan_closed,
                           &is_closed) ||
            !is_closed)
            continue;
        found = trace_ask(trace,
                          (struct trace_query){.kind = QUERY_SLOT, .what = slot, .at = trace->at});
        closed++;
    }
    if (closed != 1 || found.kind != TERM_PART || found.offset != 0 || !found.text)
        return;
    cause_set(finder, &found, found.text, "%s is closed: %s sent on it in a select", found.text,
              finder->frame->function);
    cause_evidence(finder, "of the channels that the select sends on it is the one that is closed");
}

static void explain_call(struct cause_finder *finder, struct trace *trace, const char *name)
{
    size_t at = trace->at;
    enum crash_class class = finder->crash->class;
    if (class == CLASS_CONCURRENT_MAP && strncmp(name, "runtime.map", 11) == 0 &&
        (strstr(name, "iternext") || strstr(name, "IterNext"))) {
        at = iteration_start(trace);
        if (at == trace->code->count)
            return;
        struct term map = trace_argument(trace, at, 1);
        name_map(finder, &map);
        return;
    }
    if (class == CLASS_SEND_CLOSED_CHANNEL && strcmp(name, "runtime.selectgo") == 0)
        explain_select(finder, trace);
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        const struct call_rule *rule = &rules[i];
        if (rule->class != class || !strstr(name, rule->callee))
            continue;
        struct term term = trace_argument(trace, at, rule->word);
        if (term.kind != TERM_PART && class == CLASS_NIL_MAP_WRITE)
            types_find_kind(trace, GO_MAP, &term);
        else if (term.kind != TERM_PART && rule->word == 0 && !strstr(rule->callee, "sync."))
            types_find_kind(trace, GO_CHAN, &term);
        struct go_type *wanted = strstr(rule->callee, "sync.") ? call_receiver(trace, at) : NULL;
        const char *text = wanted ? words_object(trace, &term, wanted)
                           : term.kind == TERM_PART && term.offset == 0 ? term.text
                                                                        : NULL;
        if (class == CLASS_CONCURRENT_MAP) {
            name_map(finder, &term);
        } else if (text && !(class == CLASS_NIL_MAP_WRITE && term.has_value && term.value != 0)) {
            const char *format = rule->done;
            const char *first = strstr(format, "%s"), *second = strstr(first + 2, "%s");
            cause_set(finder, &term, text, "%.*s%s%.*s%s%s", (int)(first - format), format, text,
                      (int)(second - first - 2), first + 2, finder->frame->function, second + 2);
            cause_evidence(finder, "%s was called with %s", name, text);
        }
        return;
    }
}

void cause_of_call(struct cause_finder *finder)
{
    struct trace trace = {0};
    struct pc_function function;
    const char *name = NULL;
    if (cause_trace_begin(finder, &trace))
        name = function_code_callee(trace.code, trace.at, &function);
    if (name && finder->crash->class == CLASS_MAKE_SIZE)
        explain_make(finder, &trace, name);
    else if (name)
        explain_call(finder, &trace, name);
    trace_end(&trace);
}
