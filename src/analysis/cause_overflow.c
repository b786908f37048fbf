// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cause_internal.h"

#include <string.h>

/** The frame that called the user's innermost one: the latest whole round of the recursion. */
static bool calling_frame(struct cause_finder *finder, struct stack_frame *out)
{
    struct frames_request request;
    struct stack_walk walk;
    const struct stack_frame *last = &finder->frames[finder->count - 1];
    goroutine_request(finder->analysis, finder->site, finder->g, &request);
    stack_walk_begin(&walk, finder->analysis->program, finder->g, false, &request.start);
    for (size_t i = 0; i <= finder->count && i <= LIMIT_DYING_FRAMES; i++)
        if (!stack_walk_next(&walk, out))
            return false;
    // Where the stack grows a function has no frame yet: with a link register not even a word.
    return out->sp >= last->fp;
}

/** An argument that is the same in each of the rounds that are shown; NULL: none, or several. */
static const struct value *unchanged(const struct cause_finder *finder)
{
    enum { ROUNDS = 4 };
    const struct report_frame_list *frames = &finder->crashed->frames;
    const struct value *only = NULL;
    for (size_t a = 0; a < finder->frame->arguments.count; a++) {
        const struct value *value = finder->frame->arguments.items[a];
        unsigned same = 0;
        for (size_t i = finder->index + 1; i < frames->count && same < ROUNDS; i++) {
            const struct report_frame *frame = &frames->items[i];
            if (strcmp(frame->function, finder->frame->function) != 0)
                continue;
            const struct value *other =
                a < frame->arguments.count ? frame->arguments.items[a] : NULL;
            if (!other || other->unreadable || value->unreadable || other->bits != value->bits ||
                value->kind != other->kind || value->kind == VALUE_STRUCT)
                break;
            same++;
        }
        if (same < ROUNDS)
            continue;
        if (only)
            return NULL;
        only = value;
    }
    return only;
}

void cause_of_overflow(struct cause_finder *finder)
{
    struct stack_frame caller;
    struct trace trace = {0};
    const char *text = NULL;
    if (!calling_frame(finder, &caller))
        return;
    if (trace_begin(&trace, finder->analysis, finder->arena, &caller, 0) &&
        trace.code->instructions[trace.at].kind == INSTRUCTION_CALL)
        text = call_whole_text(&trace, trace.at);
    const struct value *same = unchanged(finder);
    const struct term term = {.uncertain = true};
    const char *function = finder->frame->function;
    if (text) {
        cause_set(finder, &term, text, "%s calls itself without end: each round calls %s", function,
                  text);
        if (same && same->name)
            cause_evidence(finder, "%s is the same in every round", same->name);
    } else if (same && same->name) {
        cause_set(finder, &term, same->name,
                  "%s calls itself without end: %s is the same in every round", function,
                  same->name);
    }
    trace_end(&trace);
}
