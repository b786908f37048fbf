// SPDX-License-Identifier: MIT
#include "source_view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND_MAX = 1 << 15 };

static bool read_source(const struct cause_finder *finder, const struct report_frame *at,
                        struct source_view *out)
{
    struct analysis *analysis = finder->analysis;
    struct report_frame frame = *at;
    if (analysis->options->stable || !frame.file || frame.line <= 0)
        return false;
    int64_t around = frame.line > AROUND_MAX ? 0 : frame.line - 1;
    if (!source_read(analysis, finder->arena, &analysis->options->source, around, &frame))
        return false;
    for (size_t i = 0; i < frame.source_count; i++)
        if (frame.source[i].line == frame.line)
            out->line = frame.source[i].text;
    out->scope = (struct source_scope){&out->trace, frame.source, frame.source_count, frame.line};
    out->doubt = frame.source_note;
    return out->line != NULL;
}

static bool same_code(const char *a, const char *b)
{
    while (*a || *b) {
        if (*a == ' ')
            a++;
        else if (*b == ' ')
            b++;
        else if (*a++ != *b++)
            return false;
    }
    return true;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/** Whether an expression stands on a line, as it is or with more behind it. */
static bool stands_on(const char *line, const char *text)
{
    size_t size = strlen(text);
    for (const char *at = line; (at = strstr(at, text)) != NULL; at++) {
        bool begins = at == line || !(is_word(at[-1]) || at[-1] == '.');
        if (begins && !(is_word(text[size - 1]) && is_word(at[size])))
            return true;
    }
    return false;
}

/** A constant of the source by its value: 'x', or a name that no variable has; and where it ends.
 */
static bool is_constant(const struct cause_finder *finder, struct source_view *view,
                        const char *text, long long value, size_t *size)
{
    if (text[0] == '\'' && text[1] && text[1] != '\\' && text[2] == '\'') {
        *size = 3;
        return (unsigned char)text[1] == value;
    }
    *size = 0;
    while (is_word(text[*size]))
        ++*size;
    if (*size == 0 || isdigit((unsigned char)text[0]) || text[*size] == '.' || text[*size] == '(' ||
        text[*size] == '[')
        return false;
    const char *name = arena_printf(finder->arena, "%.*s", (int)*size, text);
    return !source_is_variable(finder, view, name);
}

/** Whether an operand is what the code shows, where it shows a constant's value for its name. */
static bool same_value(const struct cause_finder *finder, struct source_view *view,
                       const char *operand, const char *shown)
{
    bool before = false; // a word goes on
    while (*operand || *shown) {
        size_t size;
        char *end;
        if (*operand == ' ' || *shown == ' ') {
            operand += *operand == ' ';
            shown += *shown == ' ';
            continue;
        }
        if (*operand == *shown) {
            before = is_word(*operand);
            operand++;
            shown++;
            continue;
        }
        if (before || !isdigit((unsigned char)*shown))
            return false;
        long long value = strtoll(shown, &end, 10);
        if (!is_constant(finder, view, operand, value, &size))
            return false;
        operand += size;
        shown = end;
    }
    return true;
}

/** What is known of the fault itself, for an operand that would fault elsewhere is not the one. */
static void read_fault(struct cause_finder *finder, struct source_view *view)
{
    enum { PAGE = 4096 }; // of nil itself: behind it the runtime tells of no nil
    const struct report_signal *signal = &finder->crash->signal;
    size_t fault;
    view->has_trace = cause_trace_begin(finder, &view->trace);
    if (!view->has_trace || finder->crash->class != CLASS_NIL_DEREFERENCE ||
        !cause_faulting_frame(finder, &fault) || fault + 1 != finder->count ||
        !signal->has_address || signal->address >= PAGE ||
        function_code_pc(view->trace.code, view->trace.at) != view->trace.pc)
        return;
    view->has_fault = true;
    view->fault = signal->address;
    view->fault_test = cause_fault_tests(&view->trace);
    view->fault_calls = cause_fault_calls(&view->trace);
}

/** The same, or what one of its variables was declared as. */
static bool is_spelled(const struct cause_finder *finder, struct source_view *view,
                       const char *operand, const char *shown)
{
    const char *expanded = view->has_trace ? source_expand(&view->scope, operand) : NULL;
    return same_value(finder, view, operand, shown) || (expanded && same_code(expanded, shown));
}

/** The one operand that is left; NULL: none, or several. @param listed  the cause is among them */
static const char *find_only(struct cause_finder *finder, struct source_view *view, bool *listed)
{
    const struct report_cause *cause = &finder->crash->cause;
    const char *named = cause->present ? cause->expression : NULL;
    struct source_operands operands;
    const char *only = NULL, *spelled = NULL;
    enum verdict best = VERDICT_NO;
    size_t count = 0, spellings = 0;
    source_operands_find(finder->arena, view->line, finder->crash->class, source_bound_of(finder),
                         &operands);
    if (operands.too_many)
        return NULL;
    for (size_t i = 0; i < operands.count; i++) {
        const char *text = operands.items[i].text;
        enum verdict verdict = source_judge(finder, view, &operands.items[i]);
        if (named && same_code(text, named) && (verdict > VERDICT_NO || !finder->by_type))
            *listed = true;
        else if (named && !(spelled && same_code(spelled, text)) &&
                 is_spelled(finder, view, text, named)) {
            spelled = text;
            spellings++;
        }
        if (verdict == VERDICT_NO || verdict < best || (only && same_code(only, text)))
            continue;
        if (verdict > best)
            count = 0;
        best = verdict;
        count++;
        only = text;
    }
    if (spellings == 1 && !*listed)
        return spelled;
    if (named && !finder->by_type && stands_on(view->line, named))
        *listed = true;
    return count == 1 ? only : NULL;
}

/** The frame whose line is looked at: of a stack overflow the one that called the same again. */
static const struct report_frame *frame_of(const struct cause_finder *finder)
{
    const struct report_frame_list *frames = &finder->crashed->frames;
    if (finder->crash->class != CLASS_STACK_OVERFLOW)
        return finder->frame;
    const struct report_frame *caller =
        finder->index + 1 < frames->count ? &frames->items[finder->index + 1] : NULL;
    bool same = caller && caller->function && finder->frame->function &&
                strcmp(caller->function, finder->frame->function) == 0;
    return same ? caller : NULL;
}

static void take_operand(struct cause_finder *finder, const char *text)
{
    struct report_cause *cause = &finder->crash->cause;
    const struct term term = {.uncertain = true};
    const char *function = finder->frame->function;
    switch (finder->crash->class) {
    case CLASS_CONCURRENT_MAP:
        cause->expression = text;
        cause->confidence = CONFIDENCE_LIKELY;
        cause_evidence(finder, "the source line of %s has no other map than %s", function, text);
        return;
    case CLASS_STACK_OVERFLOW:
        cause_set(finder, &term, text, "%s calls itself without end: each round calls %s", function,
                  text);
        cause_evidence(finder, "the source line has no other call of it");
        return;
    case CLASS_EXPLICIT_PANIC:
        cause->evidence.count = 0;
        cause_set(finder, &term, text, "%s called panic with %s", function, text);
        cause_evidence(finder, "the source line calls panic with nothing else");
        return;
    default:
        cause->evidence.count = 0;
        cause->origin = NULL; // of what the code alone had named
        cause->whole = finder->whole;
        cause_set(finder, &term, text, "%s is at fault: nothing else on the line of %s can be",
                  text, function);
        cause_evidence(finder, "the source line has no other operand that this can happen to");
        return;
    }
}

void cause_from_source(struct cause_finder *finder)
{
    struct report_cause *cause = &finder->crash->cause;
    struct source_view view = {0};
    bool listed = false;
    bool known = cause->present && cause->confidence == CONFIDENCE_CERTAIN &&
                 (cause->expression || finder->crash->class != CLASS_CONCURRENT_MAP);
    const struct report_frame *frame = frame_of(finder);
    if (known || !frame || !read_source(finder, frame, &view))
        return;
    read_fault(finder, &view);
    const char *only = find_only(finder, &view, &listed);
    if (only && !listed) {
        take_operand(finder, only);
        if (view.doubt)
            cause_evidence(finder, "%s", view.doubt);
    }
    trace_end(&view.trace); // also of one that was not to be had
}
