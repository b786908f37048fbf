// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "shell_internal.h"
#include "symbols/pclntab.h"
#include "symbols/symbol_list.h"
#include "values/expression.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add(struct completions *all, const char *prefix, const char *word)
{
    if (strncmp(word, prefix, strlen(prefix)) == 0)
        ARRAY_PUSH(all->items, all->count, all->capacity) = arena_string(all->arena, word);
}

void completions_clear(struct completions *completions)
{
    free(completions->items);
    completions->items = NULL;
    completions->count = completions->capacity = 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_size_and_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    size_t x_size = strlen(*x), y_size = strlen(*y);
    return x_size != y_size ? (x_size > y_size) - (x_size < y_size) : strcmp(*x, *y);
}

static void finish(struct completions *all)
{
    size_t kept = 0;
    if (all->count)
        qsort(all->items, all->count, sizeof *all->items,
              all->numeric ? by_size_and_text : by_text);
    for (size_t i = 0; i < all->count; i++)
        if (kept == 0 || strcmp(all->items[i], all->items[kept - 1]) != 0)
            all->items[kept++] = all->items[i];
    all->count = kept;
}

static void add_commands(struct completions *all, const char *prefix)
{
    size_t count;
    const struct shell_command *commands = shell_commands(&count);
    for (size_t i = 0; i < count; i++)
        add(all, prefix, commands[i].name);
    all->closed = true;
}

static void add_options(struct completions *all, const char *prefix,
                        const struct shell_command *command)
{
    const struct command *of_program = command->command ? cli_command(command->command) : NULL;
    const char *name;
    for (size_t i = 0; of_program && (name = option_name(of_program, i)); i++)
        add(all, prefix, arena_printf(all->arena, "--%s", name));
    all->closed = true;
}

static void add_goroutines(struct completions *all, const char *prefix, struct inspector *inspector)
{
    uint64_t *ids;
    size_t count = inspector_ids(inspector, all->arena, &ids);
    for (size_t i = 0; i < count; i++)
        add(all, prefix, arena_printf(all->arena, "%" PRIu64, ids[i]));
    all->closed = all->numeric = true;
}

/** Fields of what an expression gives; a pointer's target's, as Go's selectors take them. */
static void add_fields(struct completions *all, const char *prefix, const struct value *value,
                       const char *before)
{
    for (int links = 0; links < 2 && value->kind != VALUE_STRUCT; links++) {
        if (value->kind != VALUE_POINTER || value->child_count != 1)
            return;
        value = value->children[0];
    }
    for (size_t i = 0; i < value->child_count; i++)
        if (value->children[i]->name)
            add(all, prefix, arena_printf(all->arena, "%s.%s", before, value->children[i]->name));
}

static void add_globals(struct completions *all, const char *prefix, struct inspector *inspector)
{
    AUTO_TEXT pattern = {0};
    struct value_list globals = {0};
    buffer_puts(&pattern, "^");
    for (const char *at = prefix; *at; at++)
        buffer_printf(&pattern, strchr(".[(*^$", *at) ? "\\%c" : "%c", *at);
    struct error *err =
        globals_read(inspector_reader(inspector), all->arena, buffer_text(&pattern), &globals);
    if (err)
        error_ignore(err);
    for (size_t i = 0; i < globals.count; i++)
        add(all, prefix, globals.items[i]->name);
}

static void add_variables(struct completions *all, const char *prefix, struct inspector *inspector,
                          const struct inspected_frame *frame)
{
    struct frame_variables variables = {0};
    struct error *err =
        variables_read(inspector_reader(inspector), all->arena, &frame->variables, &variables);
    if (err)
        error_ignore(err);
    for (size_t i = 0; i < variables.arguments.count; i++)
        add(all, prefix, variables.arguments.items[i]->name);
    for (size_t i = 0; i < variables.locals.count; i++)
        add(all, prefix, variables.locals.items[i]->name);
    add(all, prefix, "len(");
    add(all, prefix, "cap(");
}

struct function_names {
    struct completions *all;
    const char *prefix;
};

static void add_function(void *context, const struct pc_function *function)
{
    const struct function_names *names = context;
    add(names->all, names->prefix, pc_function_name(function));
}

/** Places: functions, for their names can be known. */
static void add_functions(struct completions *all, const char *prefix, const struct shell *shell)
{
    struct function_names names = {all, prefix};
    functions_visit(shell->session->program->modules, add_function, &names);
    all->closed = true;
}

static void add_settings(struct completions *all, const char *prefix)
{
    const char *name;
    for (size_t i = 0; (name = shell_setting_name(i)); i++)
        add(all, prefix, name);
    all->closed = true;
}

static void add_threads(struct completions *all, const char *prefix, struct inspector *inspector)
{
    const struct report_thread *threads;
    size_t count;
    inspector_threads(inspector, &threads, &count);
    for (size_t i = 0; i < count; i++)
        add(all, prefix, arena_printf(all->arena, "%" PRIu32, threads[i].tid));
    all->closed = all->numeric = true;
}

/** What `goroutines` takes behind -with, -without and -group. */
static void add_filters(struct completions *all, const char *prefix)
{
    static const char *const words[] = {"userloc", "curloc",  "goloc", "startloc", "user",
                                        "running", "waiting", "label", "chan"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        add(all, prefix, words[i]);
    all->closed = true;
}

/** Where the operand that ends at the cursor begins: names, dots, brackets and what is in them. */
static size_t operand_start(const char *line, size_t first, size_t cursor)
{
    size_t depth = 0, at = cursor;
    while (at > first) {
        char c = line[at - 1];
        if (c == ']' || c == ')')
            depth++;
        else if ((c == '[' || c == '(') && depth == 0)
            break;
        else if (c == '[' || c == '(')
            depth--;
        else if (depth == 0 && !isalnum((unsigned char)c) && c != '_' && c != '.' && c != '/' &&
                 !((unsigned char)c & 0x80))
            break;
        at--;
    }
    return at;
}

static void add_expressions(struct completions *all, struct shell *shell, const char *line,
                            size_t first, size_t cursor)
{
    struct inspector *inspector;
    struct inspected_frame frame;
    struct value_limits limits = {.depth = 2, .items = 1, .string = 1};
    struct error *err = session_inspector(shell->session, &limits, &inspector);
    if (!err)
        err = inspector_frame(inspector, all->arena, &shell->place, &frame);
    if (err) {
        error_ignore(err);
        return;
    }
    all->start = operand_start(line, first, cursor);
    const char *prefix = arena_copy(all->arena, line + all->start, cursor - all->start);
    const char *dot = strrchr(prefix, '.');
    if (!dot) {
        add_variables(all, prefix, inspector, &frame);
        return;
    }
    const char *before = arena_copy(all->arena, prefix, (size_t)(dot - prefix));
    const struct expression_scope scope = {.reader = inspector_reader(inspector),
                                           .frame = &frame.variables};
    struct expression_result result;
    err = expression_evaluate(&scope, all->arena, before, &result);
    if (!err) {
        add_fields(all, prefix, result.value, before);
        return;
    }
    error_ignore(err);
    add_globals(all, prefix, inspector);
}

void shell_complete(struct shell *shell, const char *line, size_t cursor, struct completions *out)
{
    char *head = arena_copy(out->arena, line, cursor);
    size_t first = strspn(head, " \t"), name = strcspn(head + first, " \t");
    out->start = cursor;
    while (out->start > 0 && !strchr(" \t", head[out->start - 1]))
        out->start--;
    const char *word = head + out->start;
    struct inspector *inspector;
    struct error *err = session_inspector(shell->session, &shell->options.limits, &inspector);
    if (err) {
        error_ignore(err);
        return;
    }
    if (first + name == cursor) {
        add_commands(out, word);
        finish(out);
        return;
    }
    const struct shell_command *command =
        shell_command_find(arena_copy(out->arena, head + first, name));
    if (!command)
        return;
    if (strncmp(word, "--", 2) == 0)
        add_options(out, word, command);
    else if (strcmp(command->name, "goroutine") == 0)
        add_goroutines(out, word, inspector);
    else if (strcmp(command->name, "thread") == 0)
        add_threads(out, word, inspector);
    else if (strcmp(command->name, "goroutines") == 0)
        add_filters(out, word);
    else if (strcmp(command->name, "config") == 0)
        add_settings(out, word);
    else if ((strcmp(command->name, "list") == 0 || strcmp(command->name, "disassemble") == 0) &&
             *word)
        add_functions(out, word, shell);
    else if (strcmp(command->name, "help") == 0)
        add_commands(out, word);
    else if (strcmp(command->name, "print") == 0 || strcmp(command->name, "whatis") == 0 ||
             strcmp(command->name, "examinemem") == 0)
        add_expressions(out, shell, head, first + name + 1, cursor);
    else if (strcmp(command->name, "vars") == 0 && *word)
        add_globals(out, word, inspector);
    finish(out);
}
