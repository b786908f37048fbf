// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "symbols/pclntab.h"

#include <string.h>

/* What a package has under a name: a variable, a constant, a function, a type. */

static size_t last_element(const char *path, size_t size)
{
    size_t start = size;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return start;
}

/** Whether a package of that path may go by that name: its last element, less a version. */
static bool path_has_name(const char *path, size_t size, const char *name)
{
    size_t start = last_element(path, size), name_size = strlen(name);
    if (size - start == name_size && memcmp(path + start, name, name_size) == 0)
        return true;
    if (start > 0 && size - start >= 2 && path[start] == 'v' && path[start + 1] >= '0' &&
        path[start + 1] <= '9') { // example.com/db/v2
        size = start - 1;
        start = last_element(path, size);
        return size - start == name_size && memcmp(path + start, name, name_size) == 0;
    }
    return size - start > name_size && path[start + name_size] == '.' &&
           memcmp(path + start, name, name_size) == 0; // gopkg.in/yaml.v3
}

/** A package variable that is looked for, by its package's path or name. */
struct global_query {
    const char *package, *name;
};

static bool global_matches(void *context, const char *text)
{
    const struct global_query *query = context;
    const char *dot = strrchr(text, '.');
    if (!dot || strcmp(dot + 1, query->name) != 0)
        return false;
    size_t size = (size_t)(dot - text);
    if (strlen(query->package) == size && memcmp(text, query->package, size) == 0)
        return true;
    return !strchr(query->package, '/') && path_has_name(text, size, query->package);
}

/** Of several packages with one name the one whose path that is, else it cannot be told. */
static struct error *choose_global(const struct global_query *query, size_t offset,
                                   const struct dwarf_global *globals, size_t count,
                                   const struct dwarf_global **out)
{
    *out = count ? &globals[0] : NULL;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(query->package);
        if (strncmp(globals[i].name, query->package, size) == 0 && globals[i].name[size] == '.') {
            *out = &globals[i];
            return NULL;
        }
    }
    if (count > 1)
        return error_new_at(offset, "%s.%s may be %s or %s: write the path in quotes",
                            query->package, query->name, globals[0].name, globals[1].name);
    return NULL;
}

struct error *package_global(struct evaluation *eval, size_t offset, const char *package,
                             const char *name, bool *found, struct operand *out)
{
    struct global_query query = {.package = package, .name = name};
    struct dwarf_global *globals = NULL;
    size_t count = 0;
    *found = false;
    if (!eval->reader->program)
        return NULL;
    struct error *err = program_globals(eval->reader->program, global_matches, &query, eval->arena,
                                        &globals, &count);
    if (err) {
        error_ignore(err); // without DWARF there are types at most
        return NULL;
    }
    const struct dwarf_global *global = NULL;
    err = choose_global(&query, offset, globals, count, &global);
    if (err || !global)
        return err;
    struct go_type *type = NULL;
    err = type_from_dwarf(eval->reader->types, global->type_die, &type);
    if (err) {
        struct error *placed = error_new_at(offset, "%s", error_message(err));
        error_free(err);
        return placed;
    }
    err = resolve_at(eval, offset, type);
    if (err)
        return err;
    *out = operand_at(offset, type, global->address);
    *found = true;
    return NULL;
}

/** A constant of a package. An untyped one has the type int in DWARF, and is taken for that. */
static struct error *find_constant(struct evaluation *eval, size_t offset, const char *package,
                                   const char *name, bool *found, struct operand *out)
{
    struct global_query query = {.package = package, .name = name};
    struct dwarf_index *dwarf = NULL;
    struct dwarf_constant *constants = NULL;
    size_t count = 0;
    struct go_type *type = NULL;
    struct error *err = program_dwarf(eval->reader->program, &dwarf);
    if (!err)
        err = dwarf_index_constants(dwarf, global_matches, &query, eval->arena, &constants, &count);
    error_ignore(err); // without DWARF there are none
    if (err || count == 0)
        return NULL;
    size_t chosen = 0;
    for (size_t i = 1; i < count; i++) {
        size_t size = strlen(package);
        if (strncmp(constants[i].name, package, size) == 0 && constants[i].name[size] == '.')
            chosen = i;
        else if (strcmp(constants[i].name, constants[0].name) != 0 && chosen == 0)
            return error_new_at(offset, "%s.%s may be %s or %s: write the path in quotes", package,
                                name, constants[0].name, constants[i].name);
    }
    err = type_from_dwarf(eval->reader->types, constants[chosen].type_die, &type);
    if (!err)
        err = type_resolve(eval->reader->types, type);
    if (err || type->size == 0 || type->size > 8) {
        error_ignore(err);
        return NULL;
    }
    struct constant constant = {.kind = CONSTANT_INT, .integer = (int64_t)constants[chosen].value};
    *out = type->kind == GO_INT && !type->named
               ? operand_constant(offset, &constant)
               : operand_bits(eval, offset, type, constants[chosen].value);
    *found = true;
    return NULL;
}

/** Whether a function's name is that of a package's member: "main.f", "main.(*T).M". */
static bool names_function(const char *function, const char *package, const char *member)
{
    size_t size = strlen(function), member_size = strlen(member);
    if (size <= member_size + 1 || strcmp(function + size - member_size, member) != 0 ||
        function[size - member_size - 1] != '.')
        return false;
    size -= member_size + 1;
    if (strlen(package) == size && memcmp(function, package, size) == 0)
        return true;
    return !strchr(package, '/') && path_has_name(function, size, package) &&
           !memchr(function, '(', size);
}

bool function_find(struct evaluation *eval, size_t offset, const char *package, const char *member,
                   struct operand *out)
{
    const struct module_list *modules =
        eval->reader->program ? eval->reader->program->modules : NULL;
    for (size_t i = 0; modules && i < modules->count; i++) {
        struct pc_function function;
        for (uint64_t k = 0; k < modules->items[i].function_count; k++) {
            if (!pc_function_at(&modules->items[i], k, &function) ||
                !names_function(pc_function_name(&function), package, member))
                continue;
            *out = (struct operand){
                .kind = OPERAND_FUNCTION, .offset = offset, .name = pc_function_name(&function)};
            return true;
        }
    }
    return false;
}

bool method_find(struct evaluation *eval, size_t offset, const struct go_type *type,
                 const char *name, struct operand *out)
{
    if (type->kind == GO_POINTER && type->elem)
        type = type->elem;
    const char *full = type_full_name(type), *dot = full ? strrchr(full, '.') : NULL;
    if (!dot || !type->named || strchr(full, '['))
        return false;
    const char *package = arena_copy(eval->arena, full, (size_t)(dot - full));
    const char *of_pointer = arena_printf(eval->arena, "(*%s).%s", dot + 1, name);
    const char *of_value = arena_printf(eval->arena, "%s.%s", dot + 1, name);
    return function_find(eval, offset, package, of_pointer, out) ||
           function_find(eval, offset, package, of_value, out);
}

struct error *package_value(struct evaluation *eval, size_t offset, const char *package,
                            const char *name, bool *found, struct operand *out)
{
    struct error *err = package_global(eval, offset, package, name, found, out);
    if (!err && !*found && eval->reader->program)
        err = find_constant(eval, offset, package, name, found, out);
    return err;
}

static bool is_of_package(void *context, const char *text)
{
    const struct global_query *query = context;
    const char *dot = strrchr(text, '.');
    return dot && path_has_name(text, (size_t)(dot - text), query->package);
}

/** Whether the program has a package of that name; of some without variables it is not told. */
static bool is_package(struct evaluation *eval, const char *name)
{
    struct global_query query = {.package = name};
    struct dwarf_global *globals = NULL;
    size_t count = 0;
    struct error *err = eval->reader->program
                            ? program_globals(eval->reader->program, is_of_package, &query,
                                              eval->arena, &globals, &count)
                            : NULL;
    error_ignore(err); // the words of an error depend on it, no more
    return count > 0;
}

struct error *package_member(struct evaluation *eval, const struct step *step,
                             struct operand *operand)
{
    bool found = false;
    const char *package = operand->name;
    struct operand result;
    struct error *err = package_value(eval, operand->offset, package, step->name, &found, &result);
    if (err)
        return err;
    if (!found)
        found = function_find(eval, operand->offset, package, step->name, &result);
    if (found) {
        *operand = result;
        return NULL;
    }
    const char *text = strcmp(package, "unsafe") == 0 && strcmp(step->name, "Pointer") == 0
                           ? "unsafe.Pointer"
                           : arena_printf(eval->arena, "%s.%s", package, step->name);
    struct go_type *type = NULL;
    err = type_of_text(eval, operand->offset, text, &type);
    if (!err) {
        *operand = (struct operand){.kind = OPERAND_TYPE, .offset = operand->offset, .type = type};
        return NULL;
    }
    error_ignore(err); // said in words that fit both
    if (eval->frame && eval->frame->function && !strchr(package, '/') && !is_package(eval, package))
        return error_new_at(operand->offset,
                            "there is no variable %s in %s (%s), and no package variable, function "
                            "or type %s.%s",
                            package, eval->frame->function, frame_names_list(eval), package,
                            step->name);
    return error_new_at(step->offset,
                        "there is no package variable, function, type or constant %s.%s; "
                        "constants other than whole numbers leave no trace in a program",
                        package, step->name);
}
