// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "base/limits.h"
#include "cause_internal.h"
#include "source_operands.h"
#include "source_types.h"
#include "values/expression.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND_MAX = 1 << 15 };

/** What the source on this host says of the frame. */
struct source_view {
    const char *line;
    const char *doubt; ///< why it may not be what was built; NULL: nothing speaks against it
    struct trace trace;
    bool has_trace;
    struct source_scope scope; ///< lines: from the first of the file, where that is not too far
    uint64_t fault;            ///< the address that was used
    bool has_fault;            ///< it is what the code of this very line used
    bool fault_calls;          ///< and called what lay there
    bool fault_test; ///< by the compiler's own test for nil, at the beginning of the object
};

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

/** WEAK: not by what it was when it was last used. */
enum verdict { VERDICT_NO, VERDICT_WEAK, VERDICT_MAYBE, VERDICT_YES };

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

/** Whether an index or bound is the one that the runtime names. */
static enum verdict judge_bound(const struct cause_finder *finder, struct source_view *view,
                                const struct source_operand *operand)
{
    const char *text = panic_behind(finder, "runtime error: ");
    text += strcspn(text, "[");
    text += strcspn(text, "-0123456789");
    long long number = strtoll(text, NULL, 10);
    size_t size = strlen(operand->text);
    bool current;
    const struct value *whole = operand->whole ? evaluate(finder, operand->whole, &current) : NULL;
    struct go_type *type =
        view->has_trace && operand->whole ? source_type(&view->scope, operand->whole) : NULL;
    if ((whole && whole->kind == VALUE_MAP) || (type && type->kind == GO_MAP))
        return VERDICT_NO;
    if (finder->whole && operand->whole && strcmp(finder->whole, operand->whole) != 0)
        return VERDICT_NO; // another is what the check compared with
    if (size && operand->text[size - 1] == ']' && operand->whole &&
        strncmp(operand->text, operand->whole, strlen(operand->whole)) == 0) {
        const char *index = operand->text + strlen(operand->whole) + 1;
        return strtoll(index, NULL, 10) == number ? VERDICT_MAYBE : VERDICT_NO;
    }
    return judge_number(finder, operand->text, is_bad, number);
}

static enum verdict judge(const struct cause_finder *finder, struct source_view *view,
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
        return bound_of(finder) == BOUND_LOW ? VERDICT_MAYBE : judge_bound(finder, view, operand);
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
static bool is_constant(const struct cause_finder *finder, const struct source_view *view,
                        const char *text, long long value, size_t *size)
{
    size_t root;
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
    return !root_of(finder, name, &root) && !is_noted(finder, name, *size) &&
           !(view->has_trace && source_type(&view->scope, name));
}

/** Whether an operand is what the code shows, where it shows a constant's value for its name. */
static bool same_value(const struct cause_finder *finder, const struct source_view *view,
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
        view->trace.starts[view->trace.at] != view->trace.pc)
        return;
    view->has_fault = true;
    view->fault = signal->address;
    view->fault_test = cause_fault_tests(&view->trace);
    view->fault_calls = cause_fault_calls(&view->trace);
}

/** The same, or what one of its variables was declared as. */
static bool is_spelled(const struct cause_finder *finder, const struct source_view *view,
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
    source_operands_find(finder->arena, view->line, finder->crash->class, bound_of(finder),
                         &operands);
    if (operands.too_many)
        return NULL;
    for (size_t i = 0; i < operands.count; i++) {
        const char *text = operands.items[i].text;
        enum verdict verdict = judge(finder, view, &operands.items[i]);
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
    return caller && strcmp(caller->function, finder->frame->function) == 0 ? caller : NULL;
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
    if (view.has_trace)
        trace_end(&view.trace);
}
