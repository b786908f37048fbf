// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cause_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 8 };

/** What a bounds panic complained of: a number and what it went beyond. */
struct bad_bound {
    long long number, limit;
    bool has_limit; ///< not where the number is negative
    bool is_index;
    bool is_pair; ///< of two bounds of a slice expression: the limit is the second
};

/** A number behind any of "[:" and where it ends. */
static const char *skip_to_number(const char *text)
{
    return text + strcspn(text, "-0123456789");
}

/** The numbers of "index out of range [5] with length 0", "slice bounds out of range [:9:4]" … */
static bool parse_bound(const char *text, struct bad_bound *out)
{
    static const char index[] = "runtime error: index out of range [";
    static const char slice[] = "runtime error: slice bounds out of range [";
    char *end;
    *out = (struct bad_bound){.is_index = strncmp(text, index, sizeof index - 1) == 0};
    if (!out->is_index && strncmp(text, slice, sizeof slice - 1) != 0)
        return false;
    text = skip_to_number(text + (out->is_index ? sizeof index : sizeof slice) - 1);
    out->number = strtoll(text, &end, 10);
    if (end == text)
        return false;
    out->is_pair = !out->is_index && *end == ':' && (isdigit((unsigned char)end[1]));
    text = skip_to_number(end);
    out->limit = strtoll(text, &end, 10);
    out->has_limit = end != text;
    return true;
}

/** The panic that the crash ends with: the newest, as the runtime worded it. */
static const char *newest_text(const struct report_crash *crash)
{
    return crash->panics.count ? crash->panics.items[crash->panics.count - 1].text : "";
}

/** Which side of the comparison is the number, and which its limit. */
static bool take_sides(struct trace *trace, const struct guard *guard, struct term *number,
                       struct term *limit)
{
    switch (guard->condition) {
    case CONDITION_ABOVE:
    case CONDITION_ABOVE_EQUAL:
    case CONDITION_GREATER:
    case CONDITION_GREATER_EQUAL:
        *number = guard_left(trace, guard);
        *limit = guard_right(trace, guard);
        return true;
    case CONDITION_BELOW:
    case CONDITION_BELOW_EQUAL:
    case CONDITION_LESS_EQUAL:
        *number = guard_right(trace, guard);
        *limit = guard_left(trace, guard);
        return true;
    case CONDITION_LESS: // a number below zero, or one above its limit
        *number = guard_left(trace, guard);
        *limit = guard_right(trace, guard);
        if (limit->kind != TERM_NUMBER || limit->text || limit->offset != 0) {
            struct term other = *number;
            *number = *limit;
            *limit = other;
        }
        return true;
    case CONDITION_EQUAL: // a length of zero: there is no element at all
        *number = number_constant(0);
        *limit = guard_left(trace, guard);
        return true;
    default:
        return false;
    }
}

/** Names a side that the code has no name for by the field that it was read from. */
static void name_sides(const struct cause_finder *finder, struct trace *trace,
                       const struct guard *guard, const struct bad_bound *bad, struct term *number,
                       struct term *limit)
{
    struct term found;
    int64_t value = bad->number, most = bad->limit;
    bool left = guard->condition == CONDITION_ABOVE || guard->condition == CONDITION_ABOVE_EQUAL ||
                guard->condition == CONDITION_GREATER ||
                guard->condition == CONDITION_GREATER_EQUAL;
    bool right = guard->condition == CONDITION_BELOW || guard->condition == CONDITION_BELOW_EQUAL ||
                 guard->condition == CONDITION_LESS_EQUAL;
    if (!left && !right)
        return;
    if (number->kind == TERM_UNKNOWN &&
        cause_number_path(finder, trace, guard, left, &value, &found) && found.offset == 0)
        *number = found;
    if (limit->kind == TERM_UNKNOWN &&
        cause_number_path(finder, trace, guard, right, bad->has_limit ? &most : NULL, &found) &&
        found.offset == WORD)
        *limit = found;
}

/** Whether a term is the length of what the line at fault has yet to make: line[:n], put there. */
static bool is_still_to_come(const struct trace *trace, const struct term *term)
{
    bool counts = term->kind == TERM_PART && term->offset != 0 && term->text;
    const struct dwarf_variables *own = &trace->scopes[0];
    for (size_t i = 0; counts && trace->line > 0 && i < own->count; i++)
        if (own->items[i].line == trace->line && own->items[i].role == VARIABLE_LOCAL &&
            strcmp(own->items[i].name, term->text) == 0)
            return true;
    return false;
}

/** What the number is instead: as it was made. */
static void as_made(struct trace *trace, const struct guard *guard, struct term *number)
{
    const struct instruction *one = &trace->code->instructions[guard->compare];
    bool left = guard->condition == CONDITION_ABOVE || guard->condition == CONDITION_ABOVE_EQUAL ||
                guard->condition == CONDITION_GREATER ||
                guard->condition == CONDITION_GREATER_EQUAL;
    int reg = left ? one->destination : one->source;
    if (reg < 0 || !is_still_to_come(trace, number))
        return;
    *number = trace_ask(
        trace, (struct trace_query){.kind = QUERY_MADE, .what = reg, .at = guard->compare});
    number->uncertain = true;
}

/** Whether what memory holds now is what the runtime complained of. */
static bool agrees(const struct term *term, long long value)
{
    return term->kind != TERM_NUMBER || !term->has_value || (long long)term->value == value;
}

/** "it has length 3", of the slice whose length was compared with. */
static const char *limit_text(struct cause_finder *finder, const struct term *limit,
                              const struct bad_bound *bad)
{
    const char *noun = bad->is_index || (limit->kind == TERM_PART && limit->offset == WORD)
                           ? "length"
                           : "capacity";
    bool known = limit->kind == TERM_PART && limit->offset > 0 && limit->text;
    if (!bad->has_limit)
        return "";
    if (known)
        return arena_printf(finder->arena, ", but %s has %s %lld", limit->text, noun, bad->limit);
    return arena_printf(finder->arena, ", beyond %lld", bad->limit);
}

static bool has_length(const struct value *value)
{
    return !value->unreadable && (value->kind == VALUE_SLICE || value->kind == VALUE_STRING ||
                                  value->kind == VALUE_ARRAY);
}

/** The slice or string that a bound was held against before: by its length or capacity. */
static const char *whole_before(struct trace *trace, size_t at, const char *bound)
{
    enum { BACK = 32 };
    for (size_t i = at; i-- > 0 && at - i < BACK;) {
        const struct guard guard = {.compare = i};
        if (trace->code->instructions[i].kind != INSTRUCTION_COMPARE)
            continue;
        struct term sides[] = {guard_left(trace, &guard), guard_right(trace, &guard)};
        for (size_t k = 0; k < COUNT_OF(sides); k++) {
            struct term other = term_number(trace, &sides[1 - k]);
            const struct term *counted = &sides[k];
            bool counts = counted->kind == TERM_PART && counted->offset > 0 && counted->text &&
                          counted->type &&
                          (counted->type->kind == GO_SLICE || counted->type->kind == GO_STRING);
            number_settle(trace, &other, i);
            if (counts && other.kind == TERM_NUMBER && strcmp(term_text(trace, &other), bound) == 0)
                return counted->text;
        }
    }
    return NULL;
}

/** One bound is above the next: which of the two is wrong nothing says. False: not both are known.
 */
static bool explain_pair(struct cause_finder *finder, struct trace *trace, size_t at,
                         const struct term *low, const struct term *high,
                         const struct bad_bound *bad)
{
    const char *texts[2] = {NULL}, *whole;
    const struct term *sides[] = {low, high};
    struct term both = {0};
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        if (sides[i]->kind != TERM_NUMBER)
            return false;
        bool guess = sides[i]->text && number_is_guess(trace, sides[i]);
        both.uncertain = both.uncertain || sides[i]->uncertain || guess;
        texts[i] = term_text(trace, sides[i]);
    }
    if (strcmp(texts[0], texts[1]) == 0)
        return false;
    whole = whole_before(trace, at, texts[1]);
    struct expression_result now;
    bool beyond = whole && low->text && cause_evaluate(finder, whole, &now) &&
                  has_length(now.value) && !now.value->provenance &&
                  (long long)now.value->length == bad->limit;
    if (beyond || (!whole && (!low->text || !high->text)))
        return false; // beyond: the upper bound is the length, the lower one alone is too large
    const char *text = whole ? arena_printf(finder->arena, "%s[%s:%s]", whole, texts[0], texts[1])
                             : arena_printf(finder->arena, "%s:%s", texts[0], texts[1]);
    cause_set(finder, &both, text, "in %s the lower bound is %lld, above %lld: %s sliced with them",
              text, bad->number, bad->limit, finder->frame->function);
    cause_evidence(finder, "the bounds check before the panic compared %s with %s", texts[0],
                   texts[1]);
    finder->whole = whole;
    return true;
}

static bool explain(struct cause_finder *finder, struct trace *trace, size_t at,
                    const struct term *number, const struct term *limit,
                    const struct bad_bound *bad)
{
    const char *verb = bad->is_index ? "indexed with it" : "sliced with it";
    const char *function = finder->frame->function;
    struct term index = term_number(trace, number), length = term_number(trace, limit);
    bool has_slice = limit->kind == TERM_PART && limit->offset > 0 && limit->text;
    finder->whole = has_slice ? limit->text : NULL;
    number_settle(trace, &index, at);
    if (!agrees(&index, bad->number) || (bad->has_limit && !agrees(&length, bad->limit)))
        return false;
    if (bad->is_pair && !has_slice && explain_pair(finder, trace, at, &index, &length, bad)) {
        finder->crash->cause.whole = finder->whole;
        return true;
    }
    if (!bad->is_index && index.kind == TERM_NUMBER && !index.text && !has_slice &&
        length.kind == TERM_NUMBER && length.text) { // word[1:end]: end is below the constant
        index = length;
        number = limit;
    }
    if (index.kind == TERM_NUMBER && index.text) {
        index.uncertain = index.uncertain || number_is_guess(trace, &index);
        const char *text = term_text(trace, &index);
        cause_set(finder, &index, text, "%s is %lld%s: %s %s", text,
                  number == limit ? bad->limit : bad->number,
                  number == limit ? "" : limit_text(finder, limit, bad), function, verb);
        cause_evidence(finder, "the bounds check before the panic compared %s", text);
        if (number->variable)
            cause_origin(finder, trace, trace->at, number);
    } else if (has_slice && bad->is_index) {
        struct term guess = *limit;
        guess.uncertain = guess.uncertain || index.kind != TERM_NUMBER;
        const char *text = arena_printf(finder->arena, "%s[%lld]", limit->text, bad->number);
        if (bad->has_limit)
            cause_set(finder, &guess, text,
                      "%s is not there: %s has length %lld (%s), and %s took it", text, limit->text,
                      bad->limit, limit->type->name, function);
        else
            cause_set(finder, &guess, text, "%s is below the first element: %s took it", text,
                      function);
        cause_evidence(finder, "the bounds check before the panic compared with len(%s)",
                       limit->text);
    } else if (has_slice && !bad->has_limit) {
        struct term guess = *limit;
        guess.uncertain = true;
        cause_set(finder, &guess, limit->text, "%s was %s %lld, below its first element: %s did it",
                  limit->text, bad->is_index ? "indexed with" : "sliced at", bad->number, function);
        cause_evidence(finder, "the bounds check before the panic compared with len(%s)",
                       limit->text);
    } else if (has_slice) {
        struct term guess = *limit;
        guess.uncertain = true;
        cause_set(finder, &guess, limit->text, "%s has length %lld (%s): %s %s %lld", limit->text,
                  bad->limit, limit->type->name, function,
                  bad->is_index ? "took its element" : "sliced it at", bad->number);
        cause_evidence(finder, "the bounds check before the panic compared with len(%s)",
                       limit->text);
    }
    finder->crash->cause.whole = finder->whole;
    return finder->crash->cause.present;
}

/** The only slice, string or array in scope of the length that the runtime complained of. */
static void guess_indexed(struct cause_finder *finder, const struct bad_bound *bad)
{
    const struct report_frame *frame = finder->frame;
    const struct value_list *lists[] = {&frame->arguments, &frame->locals};
    const struct value *only = NULL;
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const struct value *value = lists[i]->items[k];
            bool fits = has_length(value) && (long long)value->length == bad->limit;
            if (value->unreadable || value->provenance || (fits && only))
                return; // what cannot be read might be the one; two might be either
            if (fits)
                only = value;
        }
    if (!only || !only->name || frame->variables_note)
        return;
    const struct term term = {.uncertain = true};
    const char *text = arena_printf(finder->arena, "%s[%lld]", only->name, bad->number);
    cause_set(finder, &term, text, "%s has length %lld (%s%s): %s took its element %lld",
              only->name, bad->limit, only->nil ? "a nil " : "", only->type, frame->function,
              bad->number);
    finder->crash->cause.value = only;
    finder->crash->cause.whole = only->name;
    cause_evidence(finder, "%s is the only variable in scope of the length that the panic names",
                   only->name);
}

/** What was indexed, where the code has no name for it: by the length that the panic names. */
static void guess_only(struct cause_finder *finder, struct trace *trace,
                       const struct bad_bound *bad)
{
    struct term term;
    bool exact;
    if (!cause_length_path(finder, trace, bad->limit, &term, &exact))
        return;
    const char *text = arena_printf(finder->arena, "%s[%lld]", term.text, bad->number);
    cause_set(finder, &term, text, "%s is not there: %s has length %lld (%s), and %s took it", text,
              term.text, bad->limit, term.type->name, finder->frame->function);
    finder->crash->cause.whole = arena_string(finder->analysis->arena, term.text);
    cause_evidence(finder,
                   exact ? "nothing else that the line may name has the length that the panic names"
                         : "nothing else that the line may name can have that length");
}

/** What two comparisons have in common: the same words, or words that only one of them has. */
static bool same_side(struct term *kept, const struct term *other)
{
    if (!other->text || other->kind == TERM_UNKNOWN)
        return true;
    if (kept->text && (strcmp(kept->text, other->text) != 0 || kept->kind != other->kind ||
                       kept->offset != other->offset || kept->scale != other->scale))
        return false;
    *kept = *other;
    return true;
}

/** The sides of all the comparisons by which the panic is reached: of a loop there are several. */
static bool take_all_sides(struct trace *trace, const struct guard *guards, size_t count,
                           struct term *number, struct term *limit)
{
    if (count == 0 || !take_sides(trace, &guards[0], number, limit))
        return false;
    for (size_t i = 1; i < count; i++) {
        struct term other_number, other_limit;
        if (!take_sides(trace, &guards[i], &other_number, &other_limit) ||
            !same_side(number, &other_number) || !same_side(limit, &other_limit))
            return false;
    }
    number->uncertain = number->uncertain || count > 1;
    limit->uncertain = limit->uncertain || count > 1;
    return true;
}

/**
 * In a call that is inlined, a constant stands for the argument that it was called with: alone, or
 * as what is added to something else.
 */
static void name_constant(struct trace *trace, struct term *number)
{
    enum { LEAST = 2 }; // one more or one less is more often meant as such
    struct term found, sum;
    bool folded = number->kind == TERM_NUMBER && (!number->text || number->offset >= LEAST);
    if (!folded || trace->scope_count < 2)
        return;
    if (!number->text) {
        types_find_number(trace, number);
        return;
    }
    if (!types_find_number_argument(trace, number->text, 0, &found))
        return;
    sum = *number;
    sum.offset = 0;
    sum = number_combine(trace, OPERATION_ADD, &sum, &found);
    if (sum.kind != TERM_NUMBER || !sum.text)
        return;
    sum.has_value = false;
    sum.uncertain = sum.by_type = true;
    *number = sum;
}

void cause_of_bounds(struct cause_finder *finder)
{
    struct trace trace = {0};
    struct bad_bound bad;
    struct guard guards[GUARDS_MAX];
    struct term number, limit;
    if (!parse_bound(newest_text(finder->crash), &bad))
        return;
    if (cause_trace_begin(finder, &trace)) {
        size_t count = guards_find(&trace, trace.at, guards);
        bool told = take_all_sides(&trace, guards, count, &number, &limit);
        if (told && count == 1)
            as_made(&trace, &guards[0], &number);
        if (told)
            name_sides(finder, &trace, &guards[0], &bad, &number, &limit);
        if (told && !bad.is_index)
            name_constant(&trace, &number);
        told = told && explain(finder, &trace, guards[0].compare, &number, &limit, &bad);
        // Where the compiler knew that the check fails there is none: what is in scope must do.
        if (!told && bad.is_index && bad.has_limit)
            guess_indexed(finder, &bad);
        if (!finder->crash->cause.present && bad.is_index && bad.has_limit)
            guess_only(finder, &trace, &bad);
    }
    trace_end(&trace);
}
