// SPDX-License-Identifier: MIT
#include "source_operands.h"

#include <ctype.h>
#include <string.h>

/** A scan of one line; its literals and its comment are blanked beforehand. */
struct scan {
    struct arena *arena;
    const char *line; ///< as it is
    char *code;       ///< the same with blanks for what stands in quotes
    enum crash_class class;
    enum source_bound bound;
    struct source_operands *out;
};

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/** Fills what stands between quotes, and comments, with a character that means nothing. */
static void blank_literals(char *code)
{
    char quote = 0;
    for (char *p = code; *p; p++) {
        if (!quote && p[0] == '/' && p[1] == '/') {
            *p = '\0';
            return;
        }
        if (quote) {
            if (*p == quote)
                quote = 0;
            else if (*p == '\\' && quote != '`' && p[1])
                *p++ = '"';
            if (quote)
                *p = '"';
        } else if (*p == '"' || *p == '\'' || *p == '`') {
            quote = *p;
        }
    }
}

/** The place behind the bracket that closes the one at i; 0: the line ends first. */
static size_t behind_bracket(const char *code, size_t i)
{
    int depth = 0;
    for (; code[i]; i++) {
        depth += strchr("([{", code[i]) != NULL;
        depth -= strchr(")]}", code[i]) != NULL;
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

/** The text of [from, to) without blanks around it. */
static const char *piece(const struct scan *scan, size_t from, size_t to)
{
    while (from < to && isspace((unsigned char)scan->line[from]))
        from++;
    while (from < to && isspace((unsigned char)scan->line[to - 1]))
        to--;
    return arena_printf(scan->arena, "%.*s", (int)(to - from), scan->line + from);
}

static void add(struct scan *scan, struct source_operand operand)
{
    struct source_operands *out = scan->out;
    for (size_t i = 0; i < out->count; i++) {
        const struct source_operand *other = &out->items[i];
        bool same_next = !other->next == !operand.next &&
                         (!operand.next || strcmp(other->next, operand.next) == 0);
        if (strcmp(other->text, operand.text) == 0 && same_next)
            return;
    }
    if (!operand.text[0])
        return;
    if (out->count == SOURCE_OPERANDS_MAX)
        out->too_many = true;
    else
        out->items[out->count++] = operand;
}

static bool is_number(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == '\0';
}

/** X[index], X[low:high:max]. */
static void add_bound(struct scan *scan, size_t start, size_t open, size_t close)
{
    size_t parts[4] = {open + 1}, count = 1;
    for (size_t i = open + 1; i < close; i++) {
        if (strchr("([{", scan->code[i])) {
            size_t end = behind_bracket(scan->code, i);
            i = end ? end - 1 : close;
        } else if (scan->code[i] == ':' && count < 3) {
            parts[count++] = i + 1;
        }
    }
    bool slices = scan->class == CLASS_SLICE_BOUNDS;
    const char *whole = piece(scan, start, open);
    if (slices != (count > 1))
        return;
    size_t which = slices ? (size_t)scan->bound : 0;
    if (which >= count)
        return;
    parts[count] = close + 1;
    const char *text = piece(scan, parts[which], parts[which + 1] - 1);
    if (slices && which == BOUND_LOW && is_number(text)) // low is a constant: high is below it
        text = piece(scan, parts[1], parts[2] - 1);
    if (slices && !text[0])
        text = arena_printf(scan->arena, "len(%s)", whole);
    if (!slices && is_number(text))
        text = arena_printf(scan->arena, "%s[%s]", whole, text);
    add(scan, (struct source_operand){.text = text, .whole = whole});
}

/** Whether what follows is an assignment to what stood before. */
static bool is_assigned(const char *code)
{
    code += strspn(code, " \t");
    if (code[0] == '=' && code[1] != '=')
        return true;
    if ((code[0] == '+' && code[1] == '+') || (code[0] == '-' && code[1] == '-'))
        return true;
    return code[0] && strchr("+-*/%&|^", code[0]) && code[1] == '=';
}

static bool is_sync_method(const char *name)
{
    static const char *const names[] = {"Done", "Add",   "Unlock", "RUnlock",
                                        "Lock", "RLock", "Wait",   "Go"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/** A prefix of a chain, with what comes behind it at i. */
static void look_at_prefix(struct scan *scan, size_t start, size_t i)
{
    const char *code = scan->code;
    size_t end = i + 1;
    while (is_name(code[end]))
        end++;
    bool selects = code[i] == '.' && end > i + 1;
    const char *next = selects ? piece(scan, i + 1, end) : NULL;
    struct source_operand operand = {.text = piece(scan, start, i),
                                     .next = next,
                                     .is_call = selects && code[end] == '(',
                                     .is_called = code[i] == '('};
    size_t close = code[i] == '[' ? behind_bracket(code, i) : 0;
    switch (scan->class) {
    case CLASS_NIL_DEREFERENCE:
        operand.is_indexed = close > 0;
        if (selects || (code[i] == '(' && i > start) || close)
            add(scan, operand);
        break;
    case CLASS_INDEX_OUT_OF_RANGE:
    case CLASS_SLICE_BOUNDS:
        if (close)
            add_bound(scan, start, i, close - 1);
        break;
    case CLASS_TYPE_ASSERTION:
        if (code[i] == '.' && code[i + 1] == '(' && strncmp(code + i, ".(type)", 7) != 0)
            add(scan, operand);
        break;
    case CLASS_STACK_OVERFLOW: // the call, and the name of what is called
        if (code[i] == '(' && (close = behind_bracket(code, i)) != 0) {
            size_t name = i;
            while (name > start && is_name(code[name - 1]))
                name--;
            add(scan, (struct source_operand){.text = piece(scan, start, close),
                                              .whole = piece(scan, name, i)});
        }
        break;
    case CLASS_CONCURRENT_MAP:
        if (close)
            add(scan, (struct source_operand){.text = operand.text});
        break;
    case CLASS_NIL_MAP_WRITE:
        if (close && is_assigned(code + close))
            add(scan, operand);
        break;
    case CLASS_NEGATIVE_WAITGROUP:
    case CLASS_MUTEX_MISUSE:
        if (next && operand.is_call && is_sync_method(next))
            add(scan, (struct source_operand){.text = operand.text});
        break;
    default:
        break;
    }
}

static void look_at_end(struct scan *scan, size_t start, size_t end)
{
    const char *code = scan->code;
    const char *behind = code + end + strspn(code + end, " \t");
    bool sends = behind[0] == '<' && behind[1] == '-';
    struct source_operand operand = {.text = piece(scan, start, end)};
    if (scan->class == CLASS_SEND_CLOSED_CHANNEL && sends)
        add(scan, operand);
    operand.is_dereferenced = true;
    bool starred = start > 0 && code[start - 1] == '*' &&
                   (start == 1 || !(is_name(code[start - 2]) || strchr(")] ", code[start - 2])) ||
                    (code[start - 2] == ' ' && start > 2 && !is_name(code[start - 3]) &&
                     !strchr(")]", code[start - 3])));
    if (scan->class == CLASS_NIL_DEREFERENCE && starred)
        add(scan, operand);
}

/** A chain of selections, indices and calls that begins at start. @return where it ends */
static size_t scan_chain(struct scan *scan, size_t start)
{
    const char *code = scan->code;
    size_t i = start;
    while (is_name(code[i]))
        i++;
    while (code[i]) {
        look_at_prefix(scan, start, i);
        if (code[i] == '(' || code[i] == '[' || (code[i] == '.' && code[i + 1] == '(')) {
            size_t end = behind_bracket(code, code[i] == '.' ? i + 1 : i);
            if (!end)
                break;
            i = end;
        } else if (code[i] == '.' && is_name(code[i + 1])) {
            i++;
            while (is_name(code[i]))
                i++;
        } else {
            break;
        }
    }
    look_at_end(scan, start, i);
    return i;
}

/** The operand of an operator or a call whose text begins at i; its end by commas and brackets. */
static const char *argument(const struct scan *scan, size_t i, unsigned number)
{
    for (; scan->code[i]; number--) {
        size_t end = i;
        while (scan->code[end] && !strchr(",)]}", scan->code[end])) {
            size_t behind = strchr("([{", scan->code[end]) ? behind_bracket(scan->code, end) : 0;
            end = behind ? behind : end + 1;
        }
        if (number == 0)
            return piece(scan, i, end);
        if (scan->code[end] != ',')
            break;
        i = end + 1;
    }
    return "";
}

/** What stands behind a division or a shift. */
static const char *right_side(struct scan *scan, size_t i)
{
    const char *code = scan->code;
    i += strspn(code + i, "= \t");
    if (code[i] == '(') {
        size_t end = behind_bracket(code, i);
        return end ? piece(scan, i + 1, end - 1) : "";
    }
    size_t end = i;
    while (is_name(code[end]) || code[end] == '.' || code[end] == '(' || code[end] == '[') {
        size_t behind = code[end] == '(' || code[end] == '[' ? behind_bracket(code, end) : 0;
        end = behind ? behind : end + 1;
    }
    return piece(scan, i, end);
}

static bool calls(const struct scan *scan, size_t i, const char *name)
{
    size_t size = strlen(name);
    return strncmp(scan->code + i, name, size) == 0 && scan->code[i + size] == '(' &&
           (i == 0 || (!is_name(scan->code[i - 1]) && scan->code[i - 1] != '.'));
}

/** "m" of "range m {". */
static const char *ranged_over(struct scan *scan, size_t i)
{
    const char *code = scan->code;
    if (strncmp(code + i, "range ", 6) != 0 || (i > 0 && is_name(code[i - 1])))
        return "";
    size_t end = i + 6 + strcspn(code + i + 6, "{");
    return code[end] == '{' ? piece(scan, i + 6, end) : "";
}

static void look_at_builtin(struct scan *scan, size_t i)
{
    const char *code = scan->code;
    struct source_operand operand = {.text = ""};
    switch (scan->class) {
    case CLASS_CLOSE_CLOSED_CHANNEL:
    case CLASS_CLOSE_NIL_CHANNEL:
        operand.text = calls(scan, i, "close") ? argument(scan, i + 6, 0) : "";
        break;
    case CLASS_EXPLICIT_PANIC:
        operand.text = calls(scan, i, "panic") ? argument(scan, i + 6, 0) : "";
        break;
    case CLASS_MAKE_SIZE:
        operand.text =
            calls(scan, i, "make") ? argument(scan, i + 5, scan->bound == BOUND_MAX ? 2 : 1) : "";
        break;
    case CLASS_DIVIDE_BY_ZERO:
        operand.text = code[i] == '/' || code[i] == '%' ? right_side(scan, i + 1) : "";
        break;
    case CLASS_CONCURRENT_MAP:
        operand.text = calls(scan, i, "delete")  ? argument(scan, i + 7, 0)
                       : calls(scan, i, "clear") ? argument(scan, i + 6, 0)
                                                 : ranged_over(scan, i);
        break;
    case CLASS_NEGATIVE_SHIFT:
        if ((code[i] == '<' || code[i] == '>') && code[i + 1] == code[i])
            operand.text = right_side(scan, i + 2);
        break;
    default:
        break;
    }
    add(scan, operand);
}

void source_operands_find(struct arena *arena, const char *line, enum crash_class class,
                          enum source_bound bound, struct source_operands *out)
{
    struct scan scan = {.arena = arena,
                        .line = line,
                        .code = arena_string(arena, line),
                        .class = class,
                        .bound = bound,
                        .out = out};
    *out = (struct source_operands){0};
    blank_literals(scan.code);
    for (size_t i = 0; scan.code[i]; i++) {
        look_at_builtin(&scan, i);
        bool begins = is_name(scan.code[i]) && !isdigit((unsigned char)scan.code[i]) &&
                      (i == 0 || (!is_name(scan.code[i - 1]) && scan.code[i - 1] != '.'));
        if (begins)
            scan_chain(&scan, i);
    }
}
