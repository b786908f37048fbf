// SPDX-License-Identifier: MIT
#include "symbols/code_place.h"

#include "base/buffer.h"
#include "symbols/pclntab.h"
#include "symbols/symbol_list.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED = 5 }; ///< of those that a name could mean

/** The functions, or files, that a text can mean. */
struct matches {
    const char *wanted;
    const regex_t *pattern; ///< NULL: wanted is a name
    struct arena *arena;
    const char *names[NAMED];
    size_t count;
    bool exact; ///< the first is of that very name, so the others do not count
    struct pc_function function;
    const char *file; ///< of a line: the only file that counts
    int32_t line;
    struct code_place *found;
};

/** Whether a name ends with wanted, behind one of some characters or as a whole. */
static bool ends_with(const char *name, const char *wanted, const char *parts)
{
    size_t size = strlen(name), wanted_size = strlen(wanted);
    if (size < wanted_size || strcmp(name + size - wanted_size, wanted) != 0)
        return false;
    return size == wanted_size || strchr(parts, name[size - wanted_size - 1]);
}

/** main.(*T).Close as main.T.Close. */
static void without_brackets(const char *name, struct buffer *out)
{
    for (const char *at = name; *at; at++)
        if (!strchr("(*)", *at))
            buffer_putc(out, *at);
}

static bool is_named(const char *name, const char *wanted)
{
    if (ends_with(name, wanted, "./"))
        return true;
    AUTO_TEXT plain = {0};
    AUTO_TEXT plain_wanted = {0};
    without_brackets(name, &plain);
    without_brackets(wanted, &plain_wanted);
    return plain_wanted.size && ends_with(buffer_text(&plain), buffer_text(&plain_wanted), "./");
}

/** @return whether this name is the first that matches, or the very one */
static bool add_match(struct matches *matches, const char *name)
{
    bool exact = strcmp(name, matches->wanted) == 0;
    if (matches->exact && !exact)
        return false;
    for (size_t i = 0; i < matches->count && i < NAMED; i++)
        if (strcmp(matches->names[i], name) == 0)
            return false;
    if (exact && !matches->exact) {
        matches->exact = true;
        matches->count = 0;
    }
    if (matches->count < NAMED)
        matches->names[matches->count] = arena_string(matches->arena, name);
    return matches->count++ == 0;
}

static void see_function(void *context, const struct pc_function *function)
{
    struct matches *matches = context;
    const char *name = pc_function_name(function);
    bool matched = matches->pattern ? regexec(matches->pattern, name, 0, NULL, 0) == 0
                                    : is_named(name, matches->wanted);
    if (matched && add_match(matches, name))
        matches->function = *function;
}

static void see_file(void *context, const char *file)
{
    struct matches *matches = context;
    if (ends_with(file, matches->wanted, "/"))
        add_match(matches, file);
}

static void see_line(void *context, const struct pc_function *function)
{
    struct matches *matches = context;
    struct code_place *found = matches->found;
    target_addr pc;
    if (!found->pc && pc_function_pc_of_line(function, matches->file, matches->line, &pc)) {
        found->pc = pc;
        found->function = arena_string(matches->arena, pc_function_name(function));
    }
}

static struct error *check_count(const struct matches *matches, const char *what)
{
    if (matches->count == 0)
        return error_new(ERROR_NOT_FOUND, "the program has no %s '%s'", what, matches->wanted);
    if (matches->count == 1)
        return NULL;
    AUTO_TEXT names = {0};
    size_t named = matches->count < NAMED ? matches->count : NAMED;
    for (size_t i = 0; i < named; i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", matches->names[i]);
    if (matches->count > named)
        buffer_printf(&names, " and %zu more", matches->count - named);
    return error_new(ERROR_NOT_FOUND, "'%s' is more than one %s: %s", matches->wanted, what,
                     buffer_text(&names));
}

/** The code of a line that is known by its file. */
static void find_code(const struct program *program, struct arena *arena, struct code_place *out)
{
    struct matches matches = {
        .arena = arena, .file = out->file, .line = (int32_t)out->line, .found = out};
    out->pc = 0;
    out->function = NULL;
    if (out->line <= INT32_MAX)
        functions_visit(program->modules, see_line, &matches);
}

static void place_of_pc(const struct pc_function *function, target_addr pc, struct arena *arena,
                        struct code_place *out)
{
    const char *file;
    int32_t line;
    pc_function_line(function, pc, &file, &line);
    *out = (struct code_place){.file = line > 0 ? arena_string(arena, file) : NULL,
                               .line = line,
                               .function = arena_string(arena, pc_function_name(function)),
                               .pc = pc};
}

static bool parse_line(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0 && *out <= INT32_MAX;
}

/** 40, +3, -2 */
static struct error *find_near(const struct program *program, const char *text, int64_t line,
                               const struct code_place *here, struct arena *arena,
                               struct code_place *out)
{
    if (!here->file)
        return error_new(ERROR_NOT_FOUND, "'%s': it is not known in which file", text);
    *out = (struct code_place){.file = here->file, .line = line};
    if (*text == '+' || *text == '-')
        out->line = *text == '+' ? here->line + line : here->line - line;
    if (out->line < 1)
        return error_new(ERROR_NOT_FOUND, "%s has no line %" PRId64, here->file, out->line);
    find_code(program, arena, out);
    return NULL;
}

static struct error *find_address(const struct program *program, const char *text,
                                  struct arena *arena, struct code_place *out)
{
    struct pc_function function;
    const char *number = text + (*text == '*');
    char *end;
    errno = 0;
    target_addr address = strtoull(number, &end, 0);
    if (*number < '0' || *number > '9' || *end || errno)
        return error_new_at(*text == '*', "'%s' is no address", number);
    if (!pc_function_find(program->modules, address, &function))
        return error_new(ERROR_NOT_FOUND, "no Go code is known at 0x%" PRIx64, address);
    place_of_pc(&function, address, arena, out);
    return NULL;
}

/** A file by the end of its path. */
static struct error *find_file(const struct program *program, const char *name, int64_t line,
                               struct arena *arena, struct code_place *out)
{
    struct matches matches = {.wanted = name, .arena = arena};
    source_files_visit(program->modules, see_file, &matches);
    struct error *err = check_count(&matches, "source file");
    if (err)
        return err;
    *out = (struct code_place){.file = matches.names[0], .line = line};
    find_code(program, arena, out);
    return NULL;
}

/** @param behind  lines behind that on which the function begins */
static struct error *find_function(const struct program *program, const char *name,
                                   const regex_t *pattern, int64_t behind, struct arena *arena,
                                   struct code_place *out)
{
    struct matches matches = {.wanted = name, .pattern = pattern, .arena = arena};
    functions_visit(program->modules, see_function, &matches);
    struct error *err = check_count(&matches, "function");
    if (err)
        return err;
    place_of_pc(&matches.function, matches.function.entry, arena, out);
    if (matches.function.start_line > 0) // else the entry's line, which is that of its signature
        out->line = matches.function.start_line;
    if (!behind)
        return NULL;
    if (!out->file)
        return error_new(ERROR_NOT_FOUND, "%s: its file is not known", out->function);
    out->line += behind;
    find_code(program, arena, out);
    return NULL;
}

static struct error *find_pattern(const struct program *program, const char *text,
                                  struct arena *arena, struct code_place *out)
{
    size_t size = strlen(text);
    regex_t pattern;
    if (size < 3 || text[size - 1] != '/')
        return error_new_at(0, "a regular expression stands between two slashes");
    const char *inner = arena_copy(arena, text + 1, size - 2);
    int code = regcomp(&pattern, inner, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char why[128];
        regerror(code, &pattern, why, sizeof why);
        return error_new(ERROR_INPUT, "'%s': %s", inner, why);
    }
    struct error *err = find_function(program, text, &pattern, 0, arena, out);
    regfree(&pattern);
    return err;
}

struct error *code_place_find(const struct program *program, const char *text,
                              const struct code_place *here, struct arena *arena,
                              struct code_place *out)
{
    int64_t line;
    const char *number = text + (*text == '+' || *text == '-');
    if (!*text)
        return error_new(ERROR_INPUT, "no place is given");
    if (*text == '*' || strncmp(text, "0x", 2) == 0)
        return find_address(program, text, arena, out);
    if (parse_line(number, &line))
        return find_near(program, text, line, here, arena, out);
    size_t length = strlen(text);
    const char *colon = strrchr(text, ':');
    if (*text == '/' && (!colon || text[length - 1] == '/'))
        return find_pattern(program, text, arena, out);
    if (!colon)
        return find_function(program, text, NULL, 0, arena, out);
    if (!parse_line(colon + 1, &line))
        return error_new_at((size_t)(colon + 1 - text), "'%s' is no line", colon + 1);
    const char *name = arena_copy(arena, text, (size_t)(colon - text));
    size_t size = strlen(name);
    bool is_file = (size > 3 && strcmp(name + size - 3, ".go") == 0) ||
                   (size > 2 && strcmp(name + size - 2, ".s") == 0);
    return is_file ? find_file(program, name, line, arena, out)
                   : find_function(program, name, NULL, line, arena, out);
}
