// SPDX-License-Identifier: MIT
#include "values/variables.h"
#include "values_internal.h"

#include "symbols/dwarf_index.h"

#include <regex.h>

static bool matches(void *context, const char *name)
{
    return regexec(context, name, 0, NULL, 0) == 0;
}

static struct value *read_global(struct value_reader *reader, struct arena *arena,
                                 const struct dwarf_global *global)
{
    struct go_type *type = NULL;
    struct error *err = type_from_dwarf(reader->types, global->type_die, &type);
    struct value *value = NULL;
    if (err) {
        value = ARENA_NEW(arena, struct value);
        reader->arena = arena;
        value_set_error(reader, value, err);
    } else {
        value = value_read(reader, arena, type, storage_at(global->address));
    }
    value->name = arena_string(arena, global->name);
    return value;
}

static struct error *read_matching(struct value_reader *reader, struct arena *arena,
                                   regex_t *pattern, struct value_list *out)
{
    AUTO(arena) scratch = arena_new();
    struct dwarf_global *globals = NULL;
    size_t count = 0;
    struct error *err = program_globals(reader->program, pattern ? matches : NULL, pattern, scratch,
                                        &globals, &count);
    if (err)
        return err;
    out->items = arena_array(arena, count, sizeof(struct value *));
    for (size_t i = 0; i < count; i++)
        out->items[i] = read_global(reader, arena, &globals[i]);
    out->count = count;
    return NULL;
}

struct error *globals_read(struct value_reader *reader, struct arena *arena, const char *pattern,
                           struct value_list *out)
{
    if (!pattern)
        return read_matching(reader, arena, NULL, out);
    regex_t regex;
    int code = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char why[128];
        regerror(code, &regex, why, sizeof why);
        return error_new(ERROR_INPUT, "pattern '%s': %s", pattern, why);
    }
    struct error *err = read_matching(reader, arena, &regex, out);
    regfree(&regex);
    return err;
}
