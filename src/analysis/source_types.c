// SPDX-License-Identifier: MIT
#include "source_types.h"

#include <ctype.h>
#include <string.h>

enum { STEPS_MAX = 16, EMBEDDED_MAX = 32 };

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t name_size(const char *text)
{
    size_t size = 0;
    while (is_name(text[size]))
        size++;
    return size;
}

static bool same_name(const char *name, const char *text, size_t size)
{
    return name && strlen(name) == size && strncmp(name, text, size) == 0;
}

/** The type of a variable in scope, or of the package: the innermost of the name. */
static struct go_type *root_type(struct trace *trace, const char *text, size_t size)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    const struct dwarf_variable *found = NULL;
    struct go_type *type = NULL, *candidate;
    for (size_t i = 0; i < own->count; i++) {
        const struct dwarf_variable *variable = &own->items[i];
        bool later = trace->line > 0 && variable->line > trace->line;
        if (later || !same_name(variable->name, text, size) ||
            (found && (variable->shadowed || found->scope_depth > variable->scope_depth)) ||
            !names_type(trace, variable, &candidate))
            continue;
        found = variable;
        type = candidate;
    }
    if (found)
        return type;
    const char *package = trace->logical;
    const char *behind = names_behind_package(package);
    uint64_t die;
    if (behind == package)
        return NULL;
    const char *name =
        arena_printf(trace->arena, "%.*s%.*s", (int)(behind - package), package, (int)size, text);
    struct error *err = dwarf_index_variable_type(trace->dwarf, trace->pc, name, &die);
    if (!err)
        err = type_from_dwarf(value_reader_types(trace->analysis->reader), die, &type);
    bool known = !err;
    error_ignore(err); // a function, a type, a package: no variable
    return known && place_resolve(trace, type) ? type : NULL;
}

bool source_field(struct trace *trace, struct go_type *type, const char *name, size_t size,
                  struct source_field *out)
{
    // Breadth first, as Go looks for promoted fields: the shallowest of the name is meant.
    struct {
        struct go_type *type;
        struct source_field place;
    } pending[EMBEDDED_MAX] = {{.type = type}};
    size_t count = 1;
    for (size_t i = 0; i < count; i++) {
        struct go_type *now = pending[i].type;
        struct source_field place = pending[i].place;
        if (!place_resolve(trace, now))
            return false;
        if (now->kind == GO_POINTER) {
            if (i > 0 && !place.crosses) { // the embedded pointer itself is read first
                place.crosses = true;
                place.size = sizeof(uint64_t);
            }
            now = now->elem;
            if (!place_resolve(trace, now))
                return false;
        }
        for (size_t k = 0; now->kind == GO_STRUCT && k < now->field_count; k++) {
            const struct go_field *field = &now->fields[k];
            struct source_field inner = place;
            if (!inner.crosses) {
                inner.offset += field->offset;
                inner.size = field->type->size;
            }
            inner.type = field->type;
            if (same_name(field->name, name, size)) {
                *out = inner;
                return true;
            }
            if (field->embedded && count < EMBEDDED_MAX) {
                pending[count].type = field->type;
                pending[count++].place = inner;
            }
        }
    }
    return false;
}

/** The place behind the bracket that closes the one that text begins with; NULL: none does. */
static const char *behind_bracket(const char *text)
{
    int depth = 0;
    for (; *text; text++) {
        if (*text == '"' || *text == '\'' || *text == '`')
            return NULL; // a literal may hold brackets
        depth += strchr("([{", *text) != NULL;
        depth -= strchr(")]}", *text) != NULL;
        if (depth == 0)
            return text + 1;
    }
    return NULL;
}

/** The type of what is selected and indexed of a value whose type is known. */
static struct go_type *selected_type(struct trace *trace, struct go_type *type, const char *text)
{
    for (int step = 0; type && *text && step < STEPS_MAX; step++) {
        struct source_field field;
        size_t size;
        if (!place_resolve(trace, type))
            return NULL;
        if (text[0] == '.' && (size = name_size(text + 1)) > 0) {
            if (!source_field(trace, type, text + 1, size, &field))
                return NULL;
            type = field.type;
            text += 1 + size;
        } else if (text[0] == '[') {
            const char *behind = behind_bracket(text);
            if (type->kind == GO_POINTER && type->elem && place_resolve(trace, type->elem))
                type = type->elem;
            bool holds = type->kind == GO_SLICE || type->kind == GO_ARRAY || type->kind == GO_MAP;
            if (!behind || !holds || memchr(text, ':', (size_t)(behind - text)))
                return NULL;
            type = type->elem;
            text = behind;
        } else {
            return NULL;
        }
    }
    return type && !*text && place_resolve(trace, type) ? type : NULL;
}

/** "readings[0]" for name in "for _, name := range readings {", "c.timers[0]" in "name :=
 * c.timers[0]". */
static const char *declared_as(struct arena *arena, const char *line, const char *name, size_t size)
{
    line += strspn(line, " \t");
    const char *declares = strstr(line, ":=");
    bool in_for = strncmp(line, "for ", 4) == 0, second = false;
    const char *at = in_for ? line + 4 : line;
    const char *comma = memchr(line, ',', declares ? (size_t)(declares - line) : 0);
    if (!declares)
        return NULL;
    if (comma) {
        second = true;
        at = comma + 1 + strspn(comma + 1, " \t");
    }
    if (strncmp(at, name, size) != 0 || is_name(at[size]) ||
        at + size + strspn(at + size, " \t") != declares)
        return NULL;
    const char *value = declares + 2 + strspn(declares + 2, " \t");
    bool ranges = in_for && strncmp(value, "range ", 6) == 0;
    if (ranges ? !second : in_for || second)
        return NULL;
    value += ranges ? 6 : 0;
    size_t end = strcspn(value, ranges ? " {" : " /;");
    return arena_printf(arena, "%.*s%s", (int)end, value, ranges ? "[0]" : "");
}

/** What the lines above say of a variable of which DWARF says nothing; NULL: nothing. */
static const char *find_declaration(const struct source_scope *scope, const char *name, size_t size)
{
    for (size_t i = scope->line_count; i-- > 0;) {
        if (scope->lines[i].line > scope->line)
            continue;
        const char *found = declared_as(scope->trace->arena, scope->lines[i].text, name, size);
        if (found || strncmp(scope->lines[i].text, "func ", 5) == 0)
            return found;
    }
    return NULL;
}

const char *source_expand(const struct source_scope *scope, const char *text)
{
    size_t size = name_size(text);
    const char *declaration = size ? find_declaration(scope, text, size) : NULL;
    return declaration ? arena_printf(scope->trace->arena, "%s%s", declaration, text + size) : NULL;
}

struct go_type *source_type(const struct source_scope *scope, const char *text)
{
    enum { DECLARATIONS_MAX = 4 };
    for (int i = 0; i < DECLARATIONS_MAX; i++) {
        size_t size = name_size(text);
        struct go_type *type = size ? root_type(scope->trace, text, size) : NULL;
        if (type)
            return selected_type(scope->trace, type, text + size);
        const char *declaration = size ? find_declaration(scope, text, size) : NULL;
        if (!declaration)
            return NULL;
        text = arena_printf(scope->trace->arena, "%s%s", declaration, text + size);
    }
    return NULL;
}
