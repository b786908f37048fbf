// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cause_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/** The value in the frame's list that the expression names, NULL where it is a path. */
static const struct value *value_named(const struct report_frame *frame, const char *name)
{
    const struct value_list *lists[] = {&frame->arguments, &frame->locals};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const struct value *value = lists[i]->items[k];
            if (value->name && strcmp(value->name, name) == 0 && !value->shadowed)
                return value;
        }
    return NULL;
}

void cause_set(struct cause_finder *finder, const struct term *term, const char *expression,
               const char *format, ...)
{
    struct report_cause *cause = &finder->crash->cause;
    va_list arguments;
    cause->present = true;
    // A call whose arguments are not known may stand there twice.
    bool sure = !term->uncertain && !strstr(expression, "...");
    cause->confidence = sure ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    cause->expression = arena_string(finder->analysis->arena, expression);
    va_start(arguments, format);
    cause->summary = arena_vprintf(finder->analysis->arena, format, arguments);
    va_end(arguments);
    cause->value = value_named(finder->frame, expression);
    finder->by_type = term->by_type && !term->other;
    if (term->other)
        cause_evidence(finder, "%s would fit as well: what the code shows is true of both",
                       term->other);
}

void cause_evidence(struct cause_finder *finder, const char *format, ...)
{
    struct string_list *list = &finder->crash->cause.evidence;
    size_t capacity = list->count; // grows by copying: there are two or three
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(finder->analysis->arena, format, arguments);
    va_end(arguments);
    string_list_add(finder->analysis->arena, list, &capacity, text);
}

bool cause_evaluate(const struct cause_finder *finder, const char *text,
                    struct expression_result *out)
{
    const struct stack_frame *frame = &finder->frames[finder->count - 1];
    const struct variable_frame place = {.function = finder->frame->function,
                                         .pc = frame->lookup_pc,
                                         .cfa = frame->fp,
                                         .inline_depth = finder->inline_depth};
    const struct expression_scope scope = {.reader = finder->analysis->reader, .frame = &place};
    struct error *err = expression_evaluate(&scope, finder->arena, text, out);
    bool evaluated = !err;
    error_ignore(err); // optimised out, not in the core, or a call: ordinary
    return evaluated;
}

bool cause_trace_begin(struct cause_finder *finder, struct trace *trace)
{
    return trace_begin(trace, finder->analysis, finder->arena, &finder->frames[finder->count - 1],
                       finder->inline_depth);
}

/**
 * Whether code that is not known stands between the death and the frame to look at, as that of a
 * plugin whose file is not here: that frame has only called it, and its line is not at fault.
 */
static bool died_elsewhere(const struct report_frame_list *frames, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (frames->items[i].native)
            return true;
    return false;
}

bool cause_find_frames(struct cause_finder *finder)
{
    const struct report_frame_list *frames = &finder->crashed->frames;
    size_t index = finder->index;
    struct frames_request request;
    struct stack_walk walk;
    struct stack_frame frame;
    finder->frame = &frames->items[index];
    while (index < frames->count && frames->items[index].inlined)
        index++;
    if (index == frames->count || !frames->items[index].has_pc || !frames->items[index].has_stack ||
        died_elsewhere(frames, index))
        return false;
    finder->inline_depth = (unsigned)(index - finder->index);
    finder->frames = arena_array(finder->arena, LIMIT_DYING_FRAMES, sizeof *finder->frames);
    goroutine_request(finder->analysis, finder->site, finder->g, &request);
    stack_walk_begin(&walk, finder->analysis->program, finder->g, false, &request.start);
    while (finder->count < LIMIT_DYING_FRAMES && stack_walk_next(&walk, &frame)) {
        finder->frames[finder->count++] = frame;
        if (frame.pc == frames->items[index].pc && frame.sp == frames->items[index].sp)
            return true;
    }
    return false;
}

/** A signal that was sent: whichever code it met is not at fault. */
static void explain_sent(struct analysis *analysis, struct report_crash *crash)
{
    struct report_cause *cause = &crash->cause;
    const char *name = crash->signal.name;
    int64_t sender = crash->signal.sender_pid;
    cause->present = true;
    cause->confidence = CONFIDENCE_CERTAIN;
    if (sender <= 0) // of another pid namespace
        cause->summary = arena_printf(analysis->arena, "%s was sent from outside", name);
    else if (sender == core_file_pid(analysis->program->core))
        cause->summary = arena_printf(analysis->arena, "the program sent %s to itself", name);
    else
        cause->summary = arena_printf(analysis->arena, "process %" PRId64 " sent %s", sender, name);
    size_t capacity = cause->evidence.count;
    string_list_add(
        analysis->arena, &cause->evidence, &capacity,
        arena_printf(analysis->arena, "its code is %s: no instruction raised it",
                     crash->signal.code_name ? crash->signal.code_name : "that of kill"));
}

/** Who explains which death: by the operand that the code at fault used. */
static void find_operand(struct cause_finder *finder)
{
    switch (finder->crash->class) {
    case CLASS_NIL_DEREFERENCE:
        cause_of_nil(finder);
        break;
    case CLASS_INVALID_ADDRESS:
        cause_of_address(finder);
        break;
    case CLASS_INDEX_OUT_OF_RANGE:
    case CLASS_SLICE_BOUNDS:
        cause_of_bounds(finder);
        break;
    case CLASS_TYPE_ASSERTION:
        cause_of_assertion(finder);
        break;
    case CLASS_DIVIDE_BY_ZERO:
    case CLASS_NEGATIVE_SHIFT:
        cause_of_number(finder);
        break;
    case CLASS_STACK_OVERFLOW:
        cause_of_overflow(finder);
        break;
    case CLASS_EXPLICIT_PANIC:
        cause_of_panic(finder);
        break;
    case CLASS_NIL_MAP_WRITE:
    case CLASS_MAKE_SIZE:
    case CLASS_UNHASHABLE_KEY:
    case CLASS_CLOSE_CLOSED_CHANNEL:
    case CLASS_CLOSE_NIL_CHANNEL:
    case CLASS_SEND_CLOSED_CHANNEL:
    case CLASS_NEGATIVE_WAITGROUP:
    case CLASS_MUTEX_MISUSE:
    case CLASS_CONCURRENT_MAP:
    case CLASS_DEADLOCK:
        cause_of_call(finder);
        break;
    default:
        break;
    }
}

/** All goroutines wait, nobody crashed: what main.main waits for keeps the program from ending. */
static void explain_deadlock(struct cause_finder *finder)
{
    struct analysis *analysis = finder->analysis;
    struct report_goroutine main_goroutine;
    struct goroutine g;
    uint64_t hash, count = scheduler_goroutine_count(analysis->scheduler);
    bool found = false;
    for (uint64_t i = 0; i < count && !found; i++)
        found = goroutine_read(analysis->scheduler,
                               scheduler_goroutine_address(analysis->scheduler, i), &g) &&
                g.goid == 1;
    if (!found)
        return;
    goroutine_describe(analysis, finder->arena, finder->site, &g, &main_goroutine, &hash);
    finder->g = &g;
    finder->crashed = &main_goroutine;
    if (!frames_user_frame(&main_goroutine.frames, &finder->index) || !cause_find_frames(finder))
        return;
    find_operand(finder);
    struct report_cause *cause = &finder->crash->cause;
    if (!cause->present)
        return;
    cause->confidence = CONFIDENCE_LIKELY; // another goroutine may have been to end the wait
    cause->goroutines.items = ARENA_NEW(finder->arena, uint64_t);
    cause->goroutines.items[0] = 1;
    cause->goroutines.count = 1;
}

void cause_find(struct analysis *analysis, const struct crash_site *site,
                struct report_goroutine *crashed, struct report_crash *crash)
{
    if (crash->class == CLASS_EXTERNAL_SIGNAL && crash->signal.present)
        explain_sent(analysis, crash);
    if (crash->class == CLASS_CONCURRENT_MAP && site->has_goroutine)
        cause_of_concurrent_map(analysis, site, crashed, crash);
    struct cause_finder finder = {.analysis = analysis,
                                  .arena = analysis->arena,
                                  .site = site,
                                  .g = &site->g,
                                  .crashed = crashed,
                                  .crash = crash,
                                  .index = crash->frame};
    if (site->has_goroutine && crash->has_frame && cause_find_frames(&finder)) {
        find_operand(&finder);
        if (crash->class == CLASS_CONCURRENT_MAP && crash->cause.goroutines.count)
            cause_map_pair(&finder);
        if (crash->cause.present && finder.by_type)
            cause_evidence(&finder, "the name is that of the only variable in scope of its type");
        cause_from_source(&finder);
    } else if (!site->has_goroutine && crash->class == CLASS_DEADLOCK)
        explain_deadlock(&finder);
}
