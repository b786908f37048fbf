// SPDX-License-Identifier: MIT
#include "cause_internal.h"

#include <inttypes.h>
#include <string.h>

bool number_is_guess(const struct trace *trace, const struct term *number)
{
    bool constant =
        number->offset < -1 || number->offset > 1 || (number->scale != 1 && number->scale != -1);
    bool moved = number->level && number->offset; // where in the sum the constant stood is lost
    bool known = number->variable || (number->has_value && !trace->used_slot);
    return constant || moved || (trace->optimized && !known);
}

/**
 * Takes one more of the operands that may be it. Which was met nothing says; first comes what is
 * zero or negative more often: a length, a difference.
 */
static void take_operand(struct trace *trace, const struct term *number, bool divides,
                         struct term *found, const char **others)
{
    const char *sign = divides ? "len(" : "-", *second = NULL;
    if (number->kind != TERM_NUMBER || !number->text)
        second = "a number without a name";
    else if (found->text && strcmp(term_text(trace, found), term_text(trace, number)) == 0)
        return;
    if (!second && (!found->text || (!strstr(term_text(trace, found), sign) &&
                                     strstr(term_text(trace, number), sign)))) {
        second = found->text ? term_text(trace, found) : NULL;
        *found = *number;
    } else if (!second) {
        second = term_text(trace, number);
    }
    if (second)
        *others = arena_printf(trace->arena, "%s or %s", *others, second);
}

/** Division by zero and shifts by a negative number: what the check before the panic tested. */
void cause_of_number(struct cause_finder *finder)
{
    struct trace trace = {0};
    struct guard guards[GUARDS_MAX];
    struct term found = {0};
    bool divides = finder->crash->class == CLASS_DIVIDE_BY_ZERO;
    size_t fitting = 0, count = 0;
    const char *others = "";
    if (cause_trace_begin(finder, &trace))
        count = guards_find(&trace, trace.at, guards);
    for (size_t i = 0; i < count; i++) {
        struct term side = guard_left(&trace, &guards[i]);
        const int64_t zero = 0;
        if (side.kind == TERM_UNKNOWN)
            cause_number_path(finder, &trace, &guards[i], true, divides ? &zero : NULL, &side);
        struct term number = term_number(&trace, &side), other = guard_right(&trace, &guards[i]);
        if (other.kind == TERM_NUMBER && !other.text && other.offset != 0) // x-2 is zero as x is 2
            number = number_combine(&trace, OPERATION_SUBTRACT, &number, &other);
        number_settle(&trace, &number, guards[i].compare);
        bool excluded =
            number.has_value && (divides ? number.value != 0 : (int64_t)number.value >= 0);
        if (excluded)
            continue;
        number.uncertain = number.uncertain || number_is_guess(&trace, &number);
        take_operand(&trace, &number, divides, &found, &others);
        fitting++;
    }
    const char *text = found.kind == TERM_NUMBER && found.text ? term_text(&trace, &found) : NULL;
    found.uncertain = found.uncertain || fitting > 1;
    if (text && fitting > 1) {
        cause_set(finder, &found, text, "%s%s is %s: %s %s by each of them", text, others,
                  divides ? "zero" : "negative", finder->frame->function,
                  divides ? "divided" : "shifted");
        cause_evidence(finder, "the checks of %s%s lead to the same panic", text, others);
    } else if (text && divides) {
        cause_set(finder, &found, text, "%s is zero: %s divided by it", text,
                  finder->frame->function);
        cause_evidence(finder, "the check before the panic tested %s", text);
    } else if (text) {
        const char *value = found.has_value
                                ? arena_printf(finder->arena, "%" PRId64, (int64_t)found.value)
                                : "negative";
        cause_set(finder, &found, text, "%s is %s: %s shifted by it", text, value,
                  finder->frame->function);
        cause_evidence(finder, "the check before the panic tested %s", text);
    }
    trace_end(&trace);
}

static bool is_interface(const struct term *term)
{
    return term->kind == TERM_PART && term->offset == 0 && term->text && term->type &&
           term->type->kind == GO_INTERFACE;
}

/**
 * Of several assertions that lead to one panic the only one whose interface does not hold what its
 * check wants, as far as the core says what it holds.
 */
static bool asserted_of_several(struct trace *trace, struct term *out)
{
    struct guard guards[GUARDS_MAX];
    size_t count = guards_find(trace, trace->at, guards), fitting = 0;
    for (size_t i = 0; i < count; i++) {
        struct term left = guard_left(trace, &guards[i]), right = guard_right(trace, &guards[i]);
        const struct term *held = is_interface(&left) ? &left : &right;
        const struct term *wanted = held == &left ? &right : &left;
        if (!is_interface(held))
            return false;
        if (held->has_value && wanted->kind == TERM_NUMBER && !wanted->text &&
            held->value == (uint64_t)wanted->offset)
            continue;
        *out = *held;
        out->uncertain = out->uncertain || trace->optimized;
        fitting++;
    }
    return count > 1 && fitting == 1;
}

/** The interface whose type a failed assertion complained of, by the call that panics. */
static bool asserted(struct trace *trace, struct term *out)
{
    struct pc_function function;
    struct guard guards[GUARDS_MAX];
    const char *name = function_code_callee(trace->code, trace->at, &function);
    unsigned described = 0; // the argument that says the interface's type
    if (!name)
        return false;
    if (strstr(name, "panicdottype")) {
        *out = trace_argument(trace, trace->at, 0);
        described = 2;
    } else if (strstr(name, "assertE2I") || strstr(name, "assertI2I") ||
               strstr(name, "typeAssert")) {
        *out = trace_argument(trace, trace->at, 1);
        if (!is_interface(out))
            return cause_interface_path(trace, trace->at, abi_register(trace, 1), NULL, out);
    } else if (strstr(name, "panicnildottype")) {
        size_t count = guards_find(trace, trace->at, guards);
        for (size_t i = 0; i < count; i++) {
            *out = guard_left(trace, &guards[i]);
            if (!is_interface(out))
                *out = guard_right(trace, &guards[i]);
            if (is_interface(out))
                return count == 1;
        }
        const struct instruction *tested = &trace->code->instructions[guards[0].compare];
        return count == 1 && tested->is_test &&
               cause_interface_path(trace, guards[0].compare, tested->destination, NULL, out);
    }
    if (!is_interface(out) && described && asserted_of_several(trace, out))
        return true;
    if (!is_interface(out) && described) {
        struct term descriptor = trace_argument(trace, trace->at, described);
        struct go_type *type = types_described(trace, &descriptor);
        return type && (cause_interface_path(trace, trace->at, abi_register(trace, 0), type, out) ||
                        types_find_path(trace, type, out));
    }
    return is_interface(out);
}

/** "interface conversion: " taken off, what Go says of what was held and what was wanted. */
static const char *conversion_text(const struct report_crash *crash)
{
    static const char start[] = "interface conversion: ";
    const char *text = crash->panics.count ? crash->panics.items[crash->panics.count - 1].text : "";
    return strncmp(text, start, sizeof start - 1) == 0 ? text + sizeof start - 1 : text;
}

void cause_of_assertion(struct cause_finder *finder)
{
    struct trace trace = {0};
    struct term term = {0};
    if (cause_trace_begin(finder, &trace) && asserted(&trace, &term)) {
        cause_set(finder, &term, term.text, "%s did not hold what %s asserted: %s", term.text,
                  finder->frame->function, conversion_text(finder->crash));
        cause_evidence(finder, "the type assertion that failed looked at %s", term.text);
        cause_origin(finder, &trace, trace.at, &term);
    }
    trace_end(&trace);
}

/** panic(fmt.Errorf("…", err)): the one error in scope is what it was made of. */
static void name_wrapped(struct cause_finder *finder, struct trace *trace)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    const char *only = NULL;
    for (size_t i = 0; i < own->count; i++) {
        struct go_type *type;
        struct expression_result now;
        const char *name = own->items[i].name;
        if (!types_is_in_scope(trace, &own->items[i], &type) || strcmp(type->name, "error") != 0 ||
            (cause_evaluate(finder, name, &now) && !now.value->unreadable && now.value->nil))
            continue;
        if (only)
            return;
        only = name;
    }
    if (!only)
        return;
    const struct term term = {.uncertain = true};
    cause_set(finder, &term, only, "%s called panic with an error that says more of %s",
              finder->frame->function, only);
    cause_evidence(finder, "%s is the only error in scope", only);
}

/**
 * Whether a variable that its type alone named holds something else than panic was called with.
 * @param given  set to the type in panic's argument, where it does
 */
static bool holds_another(const struct cause_finder *finder, const char *name, const char **given)
{
    const struct report_panic_list *panics = &finder->crash->panics;
    const struct value *value = panics->count ? panics->items[panics->count - 1].value : NULL;
    struct expression_result now;
    // The dying runtime may have put the text of an error in its place.
    if (!value || !value->dynamic_type || strcmp(value->dynamic_type, "string") == 0 ||
        !cause_evaluate(finder, name, &now) || now.value->unreadable || !now.value->dynamic_type)
        return false;
    *given = value->dynamic_type;
    if (strcmp(value->dynamic_type, now.value->dynamic_type) != 0)
        return true;
    return value->child_count && now.value->child_count &&
           value->children[0]->kind == VALUE_POINTER &&
           now.value->children[0]->kind == VALUE_POINTER &&
           value->children[0]->bits != now.value->children[0]->bits;
}

/** The value that panic was called with. */
void cause_of_panic(struct cause_finder *finder)
{
    struct trace trace = {0};
    struct pc_function function;
    const char *name = NULL, *text = NULL;
    if (cause_trace_begin(finder, &trace))
        name = function_code_callee(trace.code, trace.at, &function);
    if (name && strcmp(name, "runtime.gopanic") == 0) {
        struct go_type any = {
            .name = "interface {}", .kind = GO_INTERFACE, .size = 16, .resolved = true};
        struct term type = trace_argument(&trace, trace.at, 0);
        text = call_argument_text(&trace, trace.at, 0, &any);
        const char *given = NULL;
        if (text && type.by_type && holds_another(finder, text, &given))
            text = strncmp(given, "*fmt.wrapError", 14) == 0 ? "fmt.Errorf(" : NULL;
        if (text &&
            (strncmp(text, "fmt.Errorf(", 11) == 0 || strncmp(text, "fmt.errorf(", 11) == 0)) {
            name_wrapped(finder, &trace);
        } else if (text && strcmp(text, "nil") != 0) {
            cause_set(finder, &type, text, "%s called panic with %s", finder->frame->function,
                      text);
            cause_origin(finder, &trace, trace.at, &type);
        }
    }
    trace_end(&trace);
}
