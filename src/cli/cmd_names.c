// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "cli_internal.h"
#include "pattern.h"
#include "report/listing.h"
#include "symbols/symbol_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Names that match, to be ordered and printed once each. */
struct names {
    struct pattern pattern;
    struct arena *arena;
    const char **items;
    size_t count, capacity;
};

static void add(void *context, const char *name)
{
    struct names *names = context;
    if (!pattern_matches(&names->pattern, name))
        return;
    ARRAY_PUSH(names->items, names->count, names->capacity) = arena_string(names->arena, name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct error *none_matches(const char *what, const char *pattern)
{
    return pattern ? error_new(ERROR_NOT_FOUND, "no %s matches '%s'", what, pattern)
                   : error_new(ERROR_NOT_FOUND, "the program has no %s", what);
}

/** Ends a command that lists: an error, or nothing to list. */
static int finish(struct listing *listing, struct error *err, const char *what, const char *pattern)
{
    if (!err && !listing->count)
        err = none_matches(what, pattern);
    return err ? complain_error(err) : EXIT_OK;
}

static void list_names(struct names *names, struct listing *listing, const char *member)
{
    if (!names->count)
        return;
    qsort(names->items, names->count, sizeof *names->items, by_name);
    listing_begin(listing, member);
    for (size_t i = 0; i < names->count; i++)
        if (i == 0 || strcmp(names->items[i], names->items[i - 1]) != 0)
            listing_name(listing, names->items[i]);
    listing_end(listing, NULL);
}

int command_types(struct session *session, const struct report_options *options, char **arguments,
                  int count, FILE *out)
{
    AUTO(arena) arena = arena_new();
    struct names names = {.arena = arena};
    struct listing listing = session_listing(session, options, out);
    const char *pattern = count ? arguments[0] : NULL;
    struct inspector *inspector;
    struct error *err = pattern_compile("pattern", pattern, &names.pattern);
    if (!err)
        err = session_inspector(session, &options->limits, &inspector);
    if (!err)
        err = type_names_visit(value_reader_types(inspector_reader(inspector)), add, &names);
    if (!err)
        list_names(&names, &listing, "types");
    free(names.items);
    pattern_clear(&names.pattern);
    return finish(&listing, err, "type's name", pattern);
}

static void visit_sources(struct session *session, struct names *names)
{
    source_files_visit(session->program->modules, add, names);
}

/** Lists the names that a walk over the program's own tables gives. */
static int list_visited(struct session *session, const struct report_options *options,
                        const char *pattern, FILE *out,
                        void (*visit)(struct session *session, struct names *names),
                        const char *title, const char *what)
{
    AUTO(arena) arena = arena_new();
    struct names names = {.arena = arena};
    struct listing listing = session_listing(session, options, out);
    struct error *err = pattern_compile("pattern", pattern, &names.pattern);
    if (!err) {
        visit(session, &names);
        list_names(&names, &listing, title);
    }
    free(names.items);
    pattern_clear(&names.pattern);
    return finish(&listing, err, what, pattern);
}

int command_sources(struct session *session, const struct report_options *options, char **arguments,
                    int count, FILE *out)
{
    return list_visited(session, options, count ? arguments[0] : NULL, out, visit_sources,
                        "sources", "source file");
}

/** The package of a function's name, as its path is imported; false where it has none of its own.
 */
static bool package_of(const char *name, struct buffer *out)
{
    size_t end = strcspn(name, "["), start = end; // behind it stand types, with paths of their own
    while (start > 0 && name[start - 1] != '/')
        start--;
    size_t size = strcspn(name + start, ".[");
    if (start + size >= end || strcspn(name, ":") < start + size)
        return false; // "type:.eq.…", or a symbol of C
    for (size_t i = 0; i < start + size; i++) {
        char digits[3] = {0}, *stop = digits; // a dot of the last part is written as %2e
        bool escaped = name[i] == '%' && i + 2 < start + size;
        if (escaped)
            memcpy(digits, name + i + 1, 2);
        unsigned long code = escaped ? strtoul(digits, &stop, 16) : 0;
        if (escaped && stop == digits + 2) {
            buffer_putc(out, (char)code);
            i += 2;
        } else {
            buffer_putc(out, name[i]);
        }
    }
    return out->size && strncmp(buffer_text(out), "go.", 3) != 0;
}

static void add_package(void *context, const struct pc_function *function)
{
    AUTO_TEXT package = {0};
    if (package_of(pc_function_name(function), &package))
        add(context, buffer_text(&package));
}

static void visit_packages(struct session *session, struct names *names)
{
    functions_visit(session->program->modules, add_package, names);
}

int command_packages(struct session *session, const struct report_options *options,
                     char **arguments, int count, FILE *out)
{
    return list_visited(session, options, count ? arguments[0] : NULL, out, visit_packages,
                        "packages", "package");
}

struct functions {
    struct pattern pattern;
    struct listed_function *items;
    size_t count, capacity;
};

static void add_function(void *context, const struct pc_function *function)
{
    struct functions *functions = context;
    const char *name = pc_function_name(function);
    if (!pattern_matches(&functions->pattern, name))
        return;
    struct listed_function listed = {.name = name, .entry = function->entry, .end = function->end};
    int32_t line;
    pc_function_line(function, function->entry, &listed.file, &line);
    listed.line = line;
    if (line <= 0)
        listed.file = NULL;
    ARRAY_PUSH(functions->items, functions->count, functions->capacity) = listed;
}

static int by_function(const void *a, const void *b)
{
    const struct listed_function *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

int command_funcs(struct session *session, const struct report_options *options, char **arguments,
                  int count, FILE *out)
{
    struct functions functions = {0};
    struct listing listing = session_listing(session, options, out);
    const char *pattern = count ? arguments[0] : NULL;
    struct error *err = pattern_compile("pattern", pattern, &functions.pattern);
    if (!err)
        functions_visit(session->program->modules, add_function, &functions);
    if (functions.count) {
        qsort(functions.items, functions.count, sizeof *functions.items, by_function);
        listing_begin(&listing, "functions");
        for (size_t i = 0; i < functions.count; i++)
            listing_function(&listing, &functions.items[i]);
        listing_end(&listing, NULL);
    }
    free(functions.items);
    pattern_clear(&functions.pattern);
    return finish(&listing, err, "function's name", pattern);
}

/** Mappings of one file that follow one another are one library. */
int command_libraries(struct session *session, const struct report_options *options,
                      char **arguments, int count, FILE *out)
{
    struct listing listing = session_listing(session, options, out);
    const char *text = count ? arguments[0] : NULL;
    AUTO_PATTERN pattern = {0};
    struct error *err = pattern_compile("pattern", text, &pattern);
    if (err)
        return complain_error(err);
    size_t mapping_count;
    const struct core_mapping *mappings =
        core_file_mappings(session->program->core, &mapping_count);
    listing_begin(&listing, "libraries");
    for (size_t i = 0, next; i < mapping_count; i = next) {
        struct listed_library library = {mappings[i].path, mappings[i].start, mappings[i].end};
        for (next = i + 1;
             next < mapping_count && strcmp(mappings[next].path, mappings[i].path) == 0; next++)
            library.end = mappings[next].end > library.end ? mappings[next].end : library.end;
        if (pattern_matches(&pattern, library.path))
            listing_library(&listing, &library);
    }
    listing_end(&listing, NULL);
    return text && !listing.count ? complain_error(none_matches("mapped file", text)) : EXIT_OK;
}
