// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "base/table.h"
#include "roster.h"
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** The recipe is in docs/report-format.md: tickets keep what comes out of it. */
static uint64_t hash_text(uint64_t hash, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3;
    return hash;
}

/** Where the number of a closure stands in "main.load.func12": behind ".func"; NULL: none does. */
static const char *closure_number(const char *name)
{
    static const char mark[] = ".func";
    for (const char *at = strstr(name, mark); at; at = strstr(at + 1, mark)) {
        const char *digits = at + sizeof mark - 1;
        size_t size = strspn(digits, "0123456789");
        if (size > 0 && size < 9 && (digits[size] == '\0' || digits[size] == '.'))
            return digits;
    }
    return NULL;
}

/**
 * How many wrappers of go and defer statements were counted before a closure: Go 1.18 to 1.20 give
 * them numbers of the same row ("main.load.func2" may be one), later releases a row of their own.
 */
static unsigned wrappers_before(const struct analysis *analysis, const char *name,
                                const char *digits, unsigned number)
{
    enum { FIRST = 18, LAST = 20 };
    const struct module_list *list = analysis->program ? analysis->program->modules : NULL;
    size_t prefix = (size_t)(digits - name);
    unsigned count = 0;
    if (!list || analysis->program->release->minor < FIRST ||
        analysis->program->release->minor > LAST)
        return 0;
    for (size_t m = 0; m < list->count; m++) {
        struct pc_function function;
        for (uint64_t i = 0; pc_function_at(&list->items[m], i, &function); i++) {
            if (function.id != FUNC_WRAPPER)
                continue;
            const char *other = pc_function_name(&function);
            char *end;
            if (strncmp(other, name, prefix) != 0)
                continue;
            unsigned long theirs = strtoul(other + prefix, &end, 10);
            count += *end == '\0' && theirs > 0 && theirs < number;
        }
    }
    return count;
}

/**
 * Where the name of a method begins whose closure was inlined with it: Go 1.22 to 1.25 put the
 * outer function in front, "main.run.(*T).do.func1" for "main.(*T).do.func1". NULL: nothing is in
 * front.
 */
static const char *inlined_method(const char *name)
{
    const char *found = NULL;
    size_t depth = 0;
    for (const char *at = name; *at; at++) { // type arguments may hold the same
        depth += *at == '[';
        depth -= *at == ']' && depth > 0;
        if (depth == 0 && strncmp(at, ".(", 2) == 0)
            found = at;
    }
    const char *behind = names_behind_package(name);
    return found && found + 1 > behind && closure_number(found) ? found + 1 : NULL;
}

/** The part of a name behind its last dot outside of type arguments, up to end; NULL: no dot. */
static const char *last_part(const char *name, const char *end)
{
    const char *found = NULL;
    size_t depth = 0;
    for (const char *at = name; at < end; at++) {
        depth += *at == '[';
        depth -= *at == ']' && depth > 0;
        if (depth == 0 && *at == '.')
            found = at + 1;
    }
    return found;
}

/** A closure of a function that was inlined into another: "main.run.load.func7". */
struct inlined_closure {
    const char *inner;  ///< "load.func7", in the name
    size_t inner_size;  ///< "load.func"
    size_t outer_size;  ///< "main.run", of the name
    const char *digits; ///< "7"
};

static bool as_inlined(const char *name, struct inlined_closure *out)
{
    const char *behind = names_behind_package(name), *digits = closure_number(behind);
    const char *mark = digits ? digits - strlen(".func") : NULL;
    const char *inner = mark ? last_part(behind, mark) : NULL;
    bool plain = inner && behind[0] != '(' && inner < mark && (inner[0] < '0' || inner[0] > '9') &&
                 inner[0] != '(';
    if (plain)
        *out =
            (struct inlined_closure){.inner = inner,
                                     .inner_size = (size_t)(digits - inner),
                                     .outer_size = strcspn(behind, ".[") + (size_t)(behind - name),
                                     .digits = digits};
    return plain;
}

/** Whether a function has the name of a closure of the same function, wherever that was inlined. */
static bool is_sibling(const char *other, const char *name, const struct inlined_closure *closure)
{
    size_t package = (size_t)(names_behind_package(name) - name);
    const char *found = strstr(other, ".func");
    if (strncmp(other, name, package) != 0 || !found)
        return false;
    const char *digits = found + strlen(".func");
    if ((size_t)(digits - other) < package + closure->inner_size)
        return false;
    const char *inner = digits - closure->inner_size;
    return (inner == other + package || inner[-1] == '.') &&
           memcmp(inner, closure->inner, closure->inner_size) == 0 && *digits &&
           digits[strspn(digits, "0123456789")] == '\0';
}

/**
 * The number that a closure has in its own function: one more than there are others that begin on
 * lines before it. What is inlined is numbered in the row of the outer function.
 */
static unsigned number_of(const struct module_list *list, const char *name,
                          const struct inlined_closure *closure)
{
    enum { LINES_MAX = 64 };
    int32_t lines[LINES_MAX], own = 0;
    size_t count = 0,
           size = (size_t)(closure->digits - name) + strspn(closure->digits, "0123456789");
    unsigned before = 0;
    for (size_t m = 0; m < list->count; m++) {
        struct pc_function function;
        for (uint64_t i = 0; pc_function_at(&list->items[m], i, &function); i++) {
            const char *other = pc_function_name(&function);
            if (!is_sibling(other, name, closure))
                continue;
            if (strncmp(other, name, size) == 0 && !other[size])
                own = function.start_line;
            size_t k = 0;
            while (k < count && lines[k] != function.start_line)
                k++;
            if (k == count && count < LINES_MAX)
                lines[count++] = function.start_line;
        }
    }
    for (size_t k = 0; k < count; k++)
        before += lines[k] < own;
    return before + 1;
}

/** Whether the release numbers closures of what is inlined in the row of the outer function. */
static bool numbers_by_outer(const struct analysis *analysis)
{
    enum { FIRST = 22, LAST = 25 };
    return analysis->program && analysis->program->modules &&
           analysis->program->release->minor >= FIRST && analysis->program->release->minor <= LAST;
}

/**
 * The name that a closure of an inlined function has where it is not inlined: Go 1.22 to 1.25 put
 * the outer function in front, "main.run.load.func7" for "main.load.func1".
 * @return false where it is none, or a method's of a type (main.T.load.func1)
 */
static bool without_outer(const struct analysis *analysis, const char *name, struct buffer *out)
{
    struct inlined_closure closure;
    bool is_function = false;
    if (!numbers_by_outer(analysis) || !as_inlined(name, &closure))
        return false;
    const struct module_list *list = analysis->program->modules;
    for (size_t m = 0; m < list->count && !is_function; m++) {
        struct pc_function function;
        for (uint64_t i = 0; !is_function && pc_function_at(&list->items[m], i, &function); i++) {
            const char *other = pc_function_name(&function);
            is_function = strncmp(other, name, closure.outer_size) == 0 &&
                          (!other[closure.outer_size] || other[closure.outer_size] == '[');
        }
    }
    if (!is_function)
        return false;
    buffer_append(out, name, (size_t)(names_behind_package(name) - name));
    buffer_append(out, closure.inner, closure.inner_size);
    buffer_printf(out, "%u%s", number_of(list, name, &closure),
                  closure.digits + strspn(closure.digits, "0123456789"));
    return true;
}

/** The same of a method's: "(*T).load.func1" of "main.run.(*T).load.func7". */
static void put_method(const struct analysis *analysis, struct buffer *out, const char *name,
                       const char *method)
{
    const char *digits = closure_number(method);
    if (!digits || !numbers_by_outer(analysis)) {
        buffer_puts(out, method);
        return;
    }
    const struct inlined_closure closure = {
        .inner = method, .inner_size = (size_t)(digits - method), .digits = digits};
    buffer_append(out, method, closure.inner_size);
    buffer_printf(out, "%u%s", number_of(analysis->program->modules, name, &closure),
                  digits + strspn(digits, "0123456789"));
}

/**
 * Drops what marks the bodies of loops over functions, "-range1": they are the function's own, and
 * each release numbers nested ones in its own way.
 */
static void drop_ranges(struct buffer *name)
{
    static const char mark[] = "-range";
    size_t from = 0;
    for (const char *at; (at = strstr(buffer_text(name) + from, mark)) != NULL;) {
        size_t digits = strspn(at + sizeof mark - 1, "0123456789");
        const char *end = at + sizeof mark - 1 + digits;
        from = (size_t)(at - buffer_text(name));
        if (digits == 0 || (*end && *end != '-' && *end != '.')) {
            from++;
            continue;
        }
        AUTO_TEXT rest = {0};
        buffer_puts(&rest, end);
        buffer_truncate(name, from);
        buffer_append(name, rest.data, rest.size);
    }
}

/**
 * Appends a function's name without its type arguments, a closure's number without the wrappers
 * before it: "main.load.func1".
 */
static void put_name(const struct analysis *analysis, struct buffer *out, const char *name)
{
    AUTO_TEXT own = {0};
    const char *method = inlined_method(name);
    if (method) {
        buffer_append(&own, name, (size_t)(names_behind_package(name) - name));
        put_method(analysis, &own, name, method);
        name = buffer_text(&own);
    }
    AUTO_TEXT inner = {0};
    if (!method && without_outer(analysis, name, &inner))
        name = buffer_text(&inner);
    const char *digits = closure_number(name);
    AUTO_TEXT numbered = {0};
    if (digits) {
        char *rest;
        unsigned number = (unsigned)strtoul(digits, &rest, 10);
        unsigned wrappers = wrappers_before(analysis, name, digits, number);
        if (wrappers > 0) {
            buffer_append(&numbered, name, (size_t)(digits - name));
            buffer_printf(&numbered, "%u%s", number - wrappers, rest);
            name = buffer_text(&numbered);
        }
    }
    const char *open = strchr(name, '['), *close = open ? strrchr(name, ']') : NULL;
    AUTO_TEXT bare = {0};
    buffer_append(&bare, name, close ? (size_t)(open - name) : strlen(name));
    if (close)
        buffer_puts(&bare, close + 1);
    drop_ranges(&bare);
    buffer_append(out, bare.data, bare.size);
}

/** Adds a frame's function unless it is there already: recursion ends at another depth each time.
 */
static void put_once(const struct analysis *analysis, struct buffer *names, const char *function)
{
    AUTO_TEXT line = {0};
    buffer_putc(&line, '\n');
    put_name(analysis, &line, function);
    buffer_putc(&line, '\n');
    if (strstr(buffer_text(names), buffer_text(&line)))
        return;
    if (names->size)
        buffer_truncate(names, names->size - 1); // one line feed between two names
    buffer_append(names, line.data, line.size);
}

/** Each name of a stack behind a line feed; the library's only where there is none of the user's.
 */
static void put_stack(const struct analysis *analysis, const struct report_frame_list *frames,
                      struct buffer *names)
{
    size_t user;
    enum frame_owner last =
        frames_user_frame(frames, &user) ? OWNER_OTHER_MODULE : OWNER_STANDARD_LIBRARY;
    for (size_t i = 0; i < frames->count; i++)
        if (frames->items[i].owner <= last && !frames->items[i].runtime)
            put_once(analysis, names, frames->items[i].function);
    buffer_truncate(names, names->size ? names->size - 1 : 0); // the last line feed
}

static void set_signature(struct analysis *analysis, struct report_crash *crash,
                          const struct buffer *names)
{
    const char *class = crash_class_name(crash->class);
    uint64_t hash = hash_text(0xcbf29ce484222325, class, strlen(class));
    hash = hash_text(hash, names->data, names->size);
    crash->signature = arena_printf(analysis->arena, "%016" PRIx64, table_hash(hash));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** Sorts names that have a line feed in front of each: which of a recursion's is the innermost
 * hangs on where the stack ended. */
static void sort_names(struct buffer *names)
{
    AUTO(arena) arena = arena_new();
    char *text = arena_string(arena, buffer_text(names)), *rest = text;
    const char **lines = arena_array(arena, names->size + 1, sizeof *lines);
    size_t count = 0;
    for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;)
        lines[count++] = line;
    qsort(lines, count, sizeof *lines, compare_texts);
    buffer_truncate(names, 0);
    for (size_t i = 0; i < count; i++)
        buffer_printf(names, "\n%s", lines[i]);
}

void crash_signature(struct analysis *analysis, const struct report_frame_list *frames,
                     struct report_crash *crash)
{
    AUTO_TEXT names = {0};
    if (crash->class == CLASS_EXTERNAL_SIGNAL && crash->signal.name)
        buffer_printf(&names, "\n%s", crash->signal.name); // whichever thread it came upon
    else
        put_stack(analysis, frames, &names);
    if (crash->class == CLASS_STACK_OVERFLOW)
        sort_names(&names);
    set_signature(analysis, crash, &names);
}

void deadlock_signature_of(struct analysis *analysis, const char **stacks, size_t count,
                           struct report_crash *crash)
{
    AUTO_TEXT names = {0};
    qsort(stacks, count, sizeof *stacks, compare_texts);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(stacks[i], stacks[i - 1]) != 0)
            buffer_puts(&names, stacks[i]); // each begins with a line feed
    set_signature(analysis, crash, &names);
}

/** The user's functions of one goroutine's stack; NULL: there are none. */
static const char *stack_names(struct analysis *analysis, const struct crash_site *site,
                               target_addr address, struct arena *arena)
{
    struct goroutine g;
    struct frames_request request;
    struct frames_result result;
    size_t user;
    if (!goroutine_read(analysis->scheduler, address, &g))
        return NULL;
    goroutine_request(analysis, site, &g, &request);
    request.variables = VARIABLES_NONE;
    request.quiet = true;
    AUTO(arena) scratch = arena_new();
    frames_read(analysis, scratch, &request, &result);
    if (!frames_user_frame(&result.frames, &user))
        return NULL;
    AUTO_TEXT names = {0};
    put_stack(analysis, &result.frames, &names);
    return arena_string(arena, buffer_text(&names));
}

void deadlock_signature(struct analysis *analysis, const struct crash_site *site,
                        const struct roster *roster, struct report_crash *crash)
{
    AUTO(arena) arena = arena_new();
    AUTO(table) seen = table_new();
    const char **stacks = arena_array(arena, LIMIT_SIGNATURE_STACKS, sizeof *stacks);
    size_t count = 0, walked = 0;
    for (size_t i = 0; i < roster->count && walked < LIMIT_SIGNATURE_STACKS; i++) {
        const struct roster_entry *entry = &roster->entries[roster->order[i]];
        bool added = true;
        if (entry->stack_hash)
            table_add(seen, entry->stack_hash, &added);
        if (entry->system || !added)
            continue;
        walked++;
        const char *names = stack_names(analysis, site, entry->address, arena);
        if (names)
            stacks[count++] = names;
    }
    deadlock_signature_of(analysis, stacks, count, crash);
    analysis_refill(analysis);
}
