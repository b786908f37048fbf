// SPDX-License-Identifier: MIT
#include "source_view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/** Whether the file imports a package under a name: what is selected of it is no field. */
static bool is_imported(const struct source_view *view, const char *name, size_t size)
{
    for (size_t i = 0; i < view->scope.line_count; i++) {
        const char *line = view->scope.lines[i].text + strspn(view->scope.lines[i].text, " \t");
        if (strncmp(line, "func ", 5) == 0 || strncmp(line, "type ", 5) == 0)
            return false;
        if (strncmp(line, "import ", 7) == 0)
            line += 7 + strspn(line + 7, " \t");
        const char *quote = strchr(line, '"'), *end = quote ? strchr(quote + 1, '"') : NULL;
        if (!end)
            continue;
        bool renamed = strncmp(line, name, size) == 0 && (line[size] == ' ' || line[size] == '\t');
        const char *last = quote + 1;
        for (const char *p = last; p < end; p++)
            if (*p == '/' && p + 1 < end && !(p[1] == 'v' && isdigit((unsigned char)p[2])))
                last = p + 1;
        size_t left = (size_t)(end - last);
        if (renamed || (left >= size && strncmp(last, name, size) == 0 &&
                        !(isalnum((unsigned char)last[size]) || last[size] == '_')))
            return true;
    }
    return view->scope.line_count == 0 || view->scope.lines[0].line != 1;
}

/** What the newest panic says, after a beginning; "" for another text. */
static const char *panic_behind(const struct cause_finder *finder, const char *start)
{
    const struct report_crash *crash = finder->crash;
    const char *text = crash->panics.count ? crash->panics.items[crash->panics.count - 1].text : "";
    size_t size = strlen(start);
    return strncmp(text, start, size) == 0 ? text + size : "";
}

enum source_bound source_bound_of(const struct cause_finder *finder)
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

/** What an expression is, or was when it was last used: then known is false. */
static const struct value *evaluate(const struct cause_finder *finder, const char *text,
                                    bool *known)
{
    struct expression_result result;
    bool evaluated = cause_evaluate(finder, text, &result) && !result.value->unreadable;
    *known = evaluated && !result.value->provenance;
    return evaluated ? result.value : NULL;
}

static enum verdict weigh(bool fits, bool known)
{
    return known ? (fits ? VERDICT_YES : VERDICT_NO) : fits ? VERDICT_MAYBE : VERDICT_WEAK;
}

/** Whether what an expression selects last is a method: of a type that is known, what is no field.
 */
static bool is_method(struct source_view *view, const char *text)
{
    const char *dot = strrchr(text, '.');
    struct source_field field;
    if (!dot || !view->has_trace)
        return true;
    struct go_type *type =
        source_type(&view->scope, arena_printf(view->trace.arena, "%.*s", (int)(dot - text), text));
    return type && !source_field(&view->trace, type, dot + 1, strlen(dot + 1), &field);
}

/** Whether a type's method takes a pointer to it: then a call does not look at what it points to.
 */
static bool takes_pointer(const struct source_view *view, const struct go_type *type,
                          const char *method)
{
    const struct program *program = view->trace.analysis->program;
    const char *name = type->full_name ? type->full_name : type->name;
    const char *dot = strrchr(name, '.');
    target_addr address;
    if (!dot || strchr(name, '['))
        return false;
    return program_symbol(program,
                          arena_printf(view->trace.arena, "%.*s.(*%s).%s", (int)(dot - name), name,
                                       dot + 1, method),
                          &address) &&
           !program_symbol(program, arena_printf(view->trace.arena, "%s.%s", name, method),
                           &address);
}

/** Whether a nil of a type, used as the source says, faults where the code did. */
static bool faults_there(struct source_view *view, struct go_type *type,
                         const struct source_operand *operand)
{
    enum { ITAB_FUN = 24 };
    struct source_field field;
    uint64_t size;
    if (view->fault_calls && type->kind == GO_POINTER)
        return false;
    switch (type->kind) {
    case GO_POINTER:
        if (!view->has_fault || !type->elem || !place_resolve(&view->trace, type->elem))
            return true;
        if (view->fault_test && view->fault == 0)
            return true;
        size = type->elem->size;
        if (operand->next &&
            source_field(&view->trace, type, operand->next, strlen(operand->next), &field))
            return view->fault >= field.offset && view->fault - field.offset < field.size;
        if (operand->is_call && takes_pointer(view, type->elem, operand->next))
            return false; // it is passed on, nil or not
        return view->fault < size || size == 0;
    case GO_INTERFACE:
        return operand->is_call && (!view->has_fault || view->fault >= ITAB_FUN);
    case GO_FUNC:
        return operand->is_called && (!view->has_fault || view->fault == 0);
    case GO_UNSAFE_POINTER:
        return operand->is_dereferenced;
    default:
        return false;
    }
}

/** Whether an operand can be the nil that was met. */
static enum verdict judge_nil(const struct cause_finder *finder, struct source_view *view,
                              const struct source_operand *operand)
{
    size_t size;
    const struct value *root = root_of(finder, operand->text, &size);
    struct go_type *type = view->has_trace ? source_type(&view->scope, operand->text) : NULL;
    bool is_variable = root || type || is_noted(finder, operand->text, size);
    if (!is_variable && is_imported(view, operand->text, size) &&
        (operand->text[size] == '\0' || (operand->is_called && !strchr(operand->text, '('))))
        return VERDICT_NO;
    // A function, or a package: to look them up needs a list of all names.
    bool is_plain = operand->text[size] == '\0';
    if (!is_variable && is_plain && !operand->is_dereferenced && !operand->next)
        return VERDICT_NO;
    if (operand->is_indexed && !(type && type->kind == GO_POINTER))
        return VERDICT_NO;
    bool calls = operand->is_called || (operand->is_call && view->fault > 0);
    if ((type && !faults_there(view, type, operand)) || (view->fault_calls && !calls))
        return VERDICT_NO;
    bool current;
    const struct value *value = evaluate(finder, operand->text, &current);
    bool is_result = operand->text[strlen(operand->text) - 1] == ')';
    if (value) {
        bool nilable = value->kind == VALUE_POINTER || value->kind == VALUE_INTERFACE ||
                       value->kind == VALUE_FUNC || value->kind == VALUE_UNSAFE_POINTER;
        return weigh(nilable && value->nil, current);
    }
    if (type)
        return VERDICT_MAYBE;
    if (operand->is_called) // a function, hardly ever a variable; a method, sometimes a field
        return !is_plain && view->has_fault && view->fault == 0 && !is_method(view, operand->text)
                   ? VERDICT_MAYBE
                   : VERDICT_NO;
    if (!is_variable && is_imported(view, operand->text, size))
        return is_result ? VERDICT_MAYBE : VERDICT_NO;
    if (root && root->type && operand->text[size] == '\0' && root->type[0] != '*' &&
        root->kind != VALUE_INTERFACE && root->kind != VALUE_UNKNOWN)
        return VERDICT_NO;
    return VERDICT_MAYBE;
}

static enum verdict judge_number(const struct cause_finder *finder, const char *text,
                                 bool (*fits)(const struct value *, long long), long long bad)
{
    bool current;
    const struct value *value = evaluate(finder, text, &current);
    if (!value || (value->kind != VALUE_INT && value->kind != VALUE_UINT))
        return VERDICT_MAYBE;
    return weigh(fits(value, bad), current);
}

static bool is_bad(const struct value *value, long long bad)
{
    return (long long)value->bits == bad;
}

static bool is_negative(const struct value *value, long long bad)
{
    (void)bad;
    return value->kind == VALUE_INT && (int64_t)value->bits < 0;
}

/** The length of "5] with length 3"; -1: none is named. */
static long long text_limit(const char *text)
{
    const char *length = strstr(text, "with length ");
    return length ? strtoll(length + sizeof "with length " - 1, NULL, 10) : -1;
}

/** Whether an index or bound is the one that the runtime names. */
static enum verdict judge_bound(const struct cause_finder *finder, struct source_view *view,
                                const struct source_operand *operand)
{
    const char *text = panic_behind(finder, "runtime error: ");
    text += strcspn(text, "[");
    text += strcspn(text, "-0123456789");
    long long number = strtoll(text, NULL, 10);
    size_t size = strlen(operand->text);
    bool current = false;
    const struct value *whole = operand->whole ? evaluate(finder, operand->whole, &current) : NULL;
    struct go_type *type =
        view->has_trace && operand->whole ? source_type(&view->scope, operand->whole) : NULL;
    if ((whole && whole->kind == VALUE_MAP) || (type && type->kind == GO_MAP))
        return VERDICT_NO;
    if (finder->whole && operand->whole && strcmp(finder->whole, operand->whole) != 0)
        return VERDICT_NO; // another is what the check compared with
    long long limit = text_limit(text);
    if (finder->crash->class == CLASS_INDEX_OUT_OF_RANGE && limit >= 0 && operand->whole) {
        if (type && type->kind == GO_ARRAY && (long long)type->length != limit)
            return VERDICT_NO;
        bool has_length = whole && (whole->kind == VALUE_SLICE || whole->kind == VALUE_STRING);
        if (has_length && (long long)whole->length != limit)
            return current ? VERDICT_NO : VERDICT_WEAK;
    }
    if (size && operand->text[size - 1] == ']' && operand->whole &&
        strncmp(operand->text, operand->whole, strlen(operand->whole)) == 0) {
        const char *index = operand->text + strlen(operand->whole) + 1;
        return strtoll(index, NULL, 10) == number ? VERDICT_MAYBE : VERDICT_NO;
    }
    return judge_number(finder, operand->text, is_bad, number);
}

enum verdict source_judge(const struct cause_finder *finder, struct source_view *view,
                          const struct source_operand *operand)
{
    const struct value *value;
    bool current;
    switch (finder->crash->class) {
    case CLASS_NIL_DEREFERENCE:
        return judge_nil(finder, view, operand);
    case CLASS_INDEX_OUT_OF_RANGE:
        return judge_bound(finder, view, operand);
    case CLASS_SLICE_BOUNDS:
        return source_bound_of(finder) == BOUND_LOW ? VERDICT_MAYBE
                                                    : judge_bound(finder, view, operand);
    case CLASS_DIVIDE_BY_ZERO:
    case CLASS_NEGATIVE_SHIFT:
        if (strspn(operand->text, "0123456789") == strlen(operand->text))
            return VERDICT_NO;
        return finder->crash->class == CLASS_DIVIDE_BY_ZERO
                   ? judge_number(finder, operand->text, is_bad, 0)
                   : judge_number(finder, operand->text, is_negative, 0);
    case CLASS_NIL_MAP_WRITE:
    case CLASS_CLOSE_NIL_CHANNEL:
        value = evaluate(finder, operand->text, &current);
        return !value ? VERDICT_MAYBE : weigh(value->nil, current);
    case CLASS_EXPLICIT_PANIC:
        return operand->text[0] == '"' || strncmp(operand->text, "fmt.", 4) == 0 ? VERDICT_NO
                                                                                 : VERDICT_MAYBE;
    case CLASS_STACK_OVERFLOW: {
        const char *name = strrchr(names_behind_package(finder->frame->function), '.');
        name = name ? name + 1 : names_behind_package(finder->frame->function);
        return strcmp(operand->whole, name) == 0 ? VERDICT_YES : VERDICT_NO;
    }
    case CLASS_CONCURRENT_MAP: {
        struct go_type *type = view->has_trace ? source_type(&view->scope, operand->text) : NULL;
        return !type ? VERDICT_MAYBE : type->kind == GO_MAP ? VERDICT_YES : VERDICT_NO;
    }
    default:
        return VERDICT_MAYBE;
    }
}

bool source_is_variable(const struct cause_finder *finder, struct source_view *view,
                        const char *name)
{
    size_t size;
    return root_of(finder, name, &size) || is_noted(finder, name, size) ||
           (view->has_trace && source_type(&view->scope, name));
}
