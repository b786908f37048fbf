// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "base/limits.h"
#include "cause_internal.h"
#include "source_operands.h"
#include "values/expression.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_SIZE = 500, PATH_STEPS = 12 };

/** The line of the frame's source on this host, as the recorded path names it; NULL: not there. */
static const char *read_line(const struct cause_finder *finder)
{
    char line[LINE_MAX_SIZE + 2];
    const struct report_frame *frame = finder->frame;
    if (finder->analysis->options->stable || !frame->file || frame->line <= 0)
        return NULL;
    FILE *file = fopen(frame->file, "re");
    if (!file)
        return NULL;
    bool found = false;
    for (int64_t number = 1; number <= frame->line && fgets(line, sizeof line, file); number++) {
        bool whole = strchr(line, '\n') != NULL;
        for (int c = 0; !whole && c != '\n' && c != EOF;)
            c = fgetc(file);
        found = number == frame->line && whole;
    }
    fclose(file);
    return found ? arena_string(finder->arena, line) : NULL;
}

/** What the newest panic says, after a beginning; "" for another text. */
static const char *panic_behind(const struct cause_finder *finder, const char *start)
{
    const struct report_crash *crash = finder->crash;
    const char *text = crash->panics.count ? crash->panics.items[crash->panics.count - 1].text : "";
    size_t size = strlen(start);
    return strncmp(text, start, size) == 0 ? text + size : "";
}

/** Which bound the runtime complained of: [:h], [l:h], [::m], [:h:m], [l:h:]. */
static enum source_bound bound_of(const struct cause_finder *finder)
{
    const char *text = panic_behind(finder, "runtime error: slice bounds out of range [");
    if (strstr(panic_behind(finder, "runtime error: makeslice: "), "cap out of range"))
        return BOUND_MAX;
    if (text[0] == ':' && text[1] == ':')
        return BOUND_MAX;
    return text[0] == ':' ? BOUND_HIGH : BOUND_LOW;
}

/** The variable of the frame that a text begins with; NULL: none, a package perhaps. */
static const struct value *root_of(const struct cause_finder *finder, const char *text,
                                   size_t *size)
{
    const struct value_list *lists[] = {&finder->frame->arguments, &finder->frame->locals};
    const struct value *found = NULL;
    *size = 0;
    while (isalnum((unsigned char)text[*size]) || text[*size] == '_')
        ++*size;
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const struct value *value = lists[i]->items[k];
            if (value->name && strlen(value->name) == *size &&
                strncmp(value->name, text, *size) == 0 && (!found || !value->shadowed))
                found = value;
        }
    return found;
}

/** A variable that optimised code has no place for: its name stands in the frame's note. */
static bool is_noted(const struct cause_finder *finder, const char *name, size_t size)
{
    const char *note = finder->frame->variables_note;
    for (; note && *note; note++) {
        bool begins = note == finder->frame->variables_note || note[-1] == ' ';
        if (begins && strncmp(note, name, size) == 0 && (note[size] == ',' || note[size] == '\0'))
            return true;
    }
    return false;
}

enum verdict { VERDICT_NO, VERDICT_MAYBE, VERDICT_YES };

static const struct value *evaluate(const struct cause_finder *finder, const char *text)
{
    struct expression_result result;
    bool known = cause_evaluate(finder, text, &result) && !result.value->unreadable &&
                 !result.value->provenance;
    return known ? result.value : NULL;
}

/** Whether an operand can be the nil that was met. */
static enum verdict judge_nil(const struct cause_finder *finder,
                              const struct source_operand *operand)
{
    size_t size;
    const struct value *root = root_of(finder, operand->text, &size);
    bool is_variable = root || is_noted(finder, operand->text, size);
    // A function, or a package: to look them up needs a list of all names.
    bool is_exported = operand->next && isupper((unsigned char)operand->next[0]);
    bool is_plain = operand->text[size] == '\0';
    if (!is_variable && is_plain && !operand->is_dereferenced && (!operand->next || is_exported))
        return VERDICT_NO;
    const struct value *value = evaluate(finder, operand->text);
    bool is_call = operand->text[strlen(operand->text) - 1] == ')';
    if (value) {
        bool nilable = value->kind == VALUE_POINTER || value->kind == VALUE_INTERFACE ||
                       value->kind == VALUE_FUNC || value->kind == VALUE_UNSAFE_POINTER;
        return nilable && value->nil && !value->unreadable ? VERDICT_YES : VERDICT_NO;
    }
    if (!operand->next && !operand->is_dereferenced)
        return VERDICT_NO; // a function that is called: hardly ever a variable
    if (!is_variable)
        return is_call ? VERDICT_MAYBE : VERDICT_NO; // a package
    if (root && root->type && operand->text[size] == '\0' && root->type[0] != '*' &&
        root->kind != VALUE_INTERFACE && root->kind != VALUE_UNKNOWN)
        return VERDICT_NO;
    return VERDICT_MAYBE;
}

static enum verdict judge_number(const struct value *value, bool fits)
{
    if (!value || (value->kind != VALUE_INT && value->kind != VALUE_UINT))
        return VERDICT_MAYBE;
    return fits ? VERDICT_YES : VERDICT_NO;
}

/** Whether an index or bound is the one that the runtime names. */
static enum verdict judge_bound(const struct cause_finder *finder,
                                const struct source_operand *operand)
{
    const char *text = panic_behind(finder, "runtime error: ");
    text += strcspn(text, "[");
    text += strcspn(text, "-0123456789");
    long long number = strtoll(text, NULL, 10);
    size_t size = strlen(operand->text);
    const struct value *whole = operand->whole ? evaluate(finder, operand->whole) : NULL;
    if (whole && whole->kind == VALUE_MAP)
        return VERDICT_NO;
    const struct value *value = evaluate(finder, operand->text);
    if (size && operand->text[size - 1] == ']' && operand->whole &&
        strncmp(operand->text, operand->whole, strlen(operand->whole)) == 0) {
        const char *index = operand->text + strlen(operand->whole) + 1;
        return strtoll(index, NULL, 10) == number ? VERDICT_MAYBE : VERDICT_NO;
    }
    return judge_number(value, value && (long long)value->bits == number);
}

static enum verdict judge(const struct cause_finder *finder, const struct source_operand *operand)
{
    const struct value *value;
    switch (finder->crash->class) {
    case CLASS_NIL_DEREFERENCE:
        return judge_nil(finder, operand);
    case CLASS_INDEX_OUT_OF_RANGE:
        return judge_bound(finder, operand);
    case CLASS_SLICE_BOUNDS: {
        value = evaluate(finder, operand->text);
        return bound_of(finder) == BOUND_LOW ? judge_number(value, true)
                                             : judge_bound(finder, operand);
    }
    case CLASS_DIVIDE_BY_ZERO:
        if (strspn(operand->text, "0123456789") == strlen(operand->text))
            return VERDICT_NO;
        value = evaluate(finder, operand->text);
        return judge_number(value, value && value->bits == 0);
    case CLASS_NEGATIVE_SHIFT:
        if (strspn(operand->text, "0123456789") == strlen(operand->text))
            return VERDICT_NO;
        value = evaluate(finder, operand->text);
        return judge_number(value, value && (int64_t)value->bits < 0);
    case CLASS_NIL_MAP_WRITE:
    case CLASS_CLOSE_NIL_CHANNEL:
        value = evaluate(finder, operand->text);
        return !value ? VERDICT_MAYBE : value->nil ? VERDICT_YES : VERDICT_NO;
    case CLASS_EXPLICIT_PANIC:
        return operand->text[0] == '"' || strncmp(operand->text, "fmt.", 4) == 0 ? VERDICT_NO
                                                                                 : VERDICT_MAYBE;
    default:
        return VERDICT_MAYBE;
    }
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

void cause_from_source(struct cause_finder *finder)
{
    struct report_cause *cause = &finder->crash->cause;
    const char *line = read_line(finder);
    struct source_operands operands;
    const char *only = NULL;
    bool sure = false, listed = false;
    size_t count = 0;
    if (!line || finder->crash->class == CLASS_STACK_OVERFLOW ||
        (cause->present && cause->confidence == CONFIDENCE_CERTAIN))
        return;
    source_operands_find(finder->arena, line, finder->crash->class, bound_of(finder), &operands);
    if (operands.too_many)
        return;
    for (size_t i = 0; i < operands.count; i++) {
        const char *text = operands.items[i].text;
        listed =
            listed || (cause->present && cause->expression && same_code(text, cause->expression));
        enum verdict verdict = judge(finder, &operands.items[i]);
        if (verdict == VERDICT_NO || (only && same_code(only, text)))
            continue;
        if (verdict == VERDICT_YES && !sure)
            count = 0;
        if (sure && verdict == VERDICT_MAYBE)
            continue;
        sure = sure || verdict == VERDICT_YES;
        count++;
        only = text;
    }
    if (count != 1 || listed)
        return;
    const struct term term = {.uncertain = true};
    cause->evidence.count = 0;
    if (finder->crash->class == CLASS_EXPLICIT_PANIC) {
        cause_set(finder, &term, only, "%s called panic with %s", finder->frame->function, only);
        cause_evidence(finder, "the source line calls panic with nothing else");
        return;
    }
    cause_set(finder, &term, only, "%s is at fault: nothing else on the line of %s can be", only,
              finder->frame->function);
    cause_evidence(finder, "the source line has no other operand that this can happen to");
}
