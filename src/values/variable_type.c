// SPDX-License-Identifier: MIT
#include "values_internal.h"

#include "symbols/dwarf_index.h"

#include <string.h>

bool variable_is_hidden(const char *name)
{
    return !name || name[0] == '\0' || strchr("~.#", name[0]) || strcmp(name, "_") == 0 ||
           strncmp(name, "autotmp_", 8) == 0;
}

enum { DICTIONARY_WORDS = 256 }; ///< at most looked through where DWARF gives no index

/** A type that the compiler made to stand for all of one memory layout: go.shape.int. */
static bool is_shape(const struct go_type *type)
{
    return strstr(type_full_name(type), "go.shape.") != NULL;
}

/** Whether real can be what a shape stands for: the same memory, of a generic the same one. */
static bool fits_shape(const struct go_type *shape, const struct go_type *real)
{
    const char *name = type_full_name(shape);
    if (real->kind != shape->kind || real->size != shape->size || is_shape(real))
        return false;
    if (shape->elem && real->elem &&
        (shape->elem->kind != real->elem->kind || shape->elem->size != real->elem->size))
        return false;
    if (!shape->named || strncmp(name, "go.shape.", 9) == 0)
        return true;
    size_t size = strcspn(name, "[");
    const char *other = type_full_name(real);
    return strncmp(name, other, size) == 0 && other[size] == '[';
}

MUST_USE static struct error *resolved_entry(struct value_reader *reader, target_addr dictionary,
                                             int index, struct go_type **out)
{
    struct error *err = type_from_dictionary(reader->types, dictionary, index, out);
    return err ? err : type_resolve(reader->types, *out);
}

/** Finds the dictionary's symbol: how many words it has. */
static int dictionary_words(struct value_reader *reader, target_addr dictionary)
{
    if (reader->dictionary != dictionary) {
        const char *name = NULL;
        uint64_t size = 0;
        bool found = program_symbol_at(reader->program, dictionary, &name, &size);
        reader->dictionary = dictionary;
        reader->dictionary_name = found && name && strstr(name, "..dict.") ? name : NULL;
        reader->dictionary_size = found ? size : 0;
    }
    uint64_t words = reader->dictionary_size / 8;
    return words < DICTIONARY_WORDS ? (int)words : DICTIONARY_WORDS;
}

/**
 * The types with which a generic was instantiated, one by one, as its dictionary's symbol names
 * them: main..dict.Tree[main.ID,string]. Others in it are made of these.
 */
struct type_arguments {
    const char *at; ///< behind the bracket or the comma in front of the next; NULL: no more
};

static struct type_arguments type_arguments(const struct value_reader *reader)
{
    const char *bracket = reader->dictionary_name ? strchr(reader->dictionary_name, '[') : NULL;
    return (struct type_arguments){.at = bracket ? bracket + 1 : NULL};
}

/** Where a type's name ends: at a comma or a closing bracket that is not of the type. */
static const char *behind_name(const char *at)
{
    int depth = 0;
    for (; *at && !(depth == 0 && strchr(",])}", *at)); at++)
        depth += strchr("[({", *at) ? 1 : strchr("])}", *at) ? -1 : 0;
    return at;
}

static bool next_argument(struct type_arguments *arguments, const char **name, size_t *size)
{
    if (!arguments->at)
        return false;
    const char *end = behind_name(arguments->at);
    *name = arguments->at;
    *size = (size_t)(end - arguments->at);
    arguments->at = *end == ',' ? end + 1 : NULL;
    return *size > 0;
}

/** Where a shape's name can end so that `next` follows; NULL if nowhere. */
static const char *behind_shape(const char *at, char next)
{
    int depth = 0;
    for (; *at && !(depth == 0 && *at == next); at++) {
        if (depth == 0 && strchr(",])}", *at))
            return NULL;
        depth += strchr("[({", *at) ? 1 : strchr("])}", *at) ? -1 : 0;
    }
    return *at == next ? at : NULL;
}

/** Whether a type's name is that of a shape with a type argument in the place of each go.shape. */
static bool is_instance(const struct value_reader *reader, const char *shape, const char *real)
{
    static const char mark[] = "go.shape.";
    while (*shape) {
        if (strncmp(shape, mark, sizeof mark - 1) != 0) {
            if (*shape++ != *real++)
                return false;
            continue;
        }
        struct type_arguments arguments = type_arguments(reader);
        const char *name, *end = NULL;
        size_t size = 0;
        while (!end && next_argument(&arguments, &name, &size))
            if (strncmp(real, name, size) == 0)
                end = behind_shape(shape + sizeof mark - 1, real[size]);
        if (!end)
            return false;
        shape = end;
        real += size;
    }
    return *real == '\0';
}

/**
 * The one type of a dictionary that a shape can stand for, NULL where there are several: for a
 * variable on the heap, which is a pointer to the shape, and for a captured one DWARF gives no
 * index. The dictionary of another generic lies right behind it.
 */
static struct go_type *only_fitting(struct value_reader *reader, target_addr dictionary,
                                    const struct go_type *shape)
{
    struct go_type *found = NULL;
    int words = dictionary_words(reader, dictionary);
    for (int i = 0; i < words; i++) {
        uint64_t word = 0;
        struct go_type *real = NULL;
        if (!address_space_try_u64(reader->program->space, dictionary + 8 * (uint64_t)i, &word))
            break;
        if (!module_of_type(reader->program->modules, word))
            continue;
        struct error *err = resolved_entry(reader, dictionary, i, &real);
        if (err || !fits_shape(shape, real) ||
            !is_instance(reader, type_full_name(shape), type_full_name(real))) {
            error_ignore(err);
            continue;
        }
        if (found && found->runtime_type != real->runtime_type)
            return NULL;
        found = real;
    }
    return found;
}

/** Puts the type that a dictionary gives in the place of a type parameter. */
static void instantiate(struct value_reader *reader, target_addr dictionary, struct go_type **type)
{
    struct go_type *real = NULL;
    if (dictionary == 0)
        return;
    if ((*type)->dictionary_index >= 0) {
        struct error *err = resolved_entry(reader, dictionary, (*type)->dictionary_index, &real);
        bool fits = !err && real->kind == (*type)->kind && real->size == (*type)->size;
        error_ignore(err);
        if (!fits) // a word that is no dictionary
            real = NULL;
    } else if (is_shape(*type)) {
        real = only_fitting(reader, dictionary, *type);
    }
    if (real)
        *type = real;
}

bool variable_fits_dictionary(struct value_reader *reader, const struct dwarf_variable *variable,
                              target_addr dictionary)
{
    struct go_type *shape = NULL, *real = NULL;
    struct error *err = type_from_dwarf(reader->types, variable->type_die, &shape);
    if (!err)
        err = type_resolve(reader->types, shape);
    if (err || shape->dictionary_index < 0) {
        error_ignore(err);
        return true; // it says nothing of the dictionary
    }
    err = resolved_entry(reader, dictionary, shape->dictionary_index, &real);
    bool fits = !err && real->kind == shape->kind && real->size == shape->size;
    error_ignore(err);
    return fits;
}

struct error *variable_type_find(struct value_reader *reader, const struct dwarf_variable *variable,
                                 target_addr dictionary, struct go_type **out)
{
    struct go_type *type = NULL;
    struct error *err = type_from_dwarf(reader->types, variable->type_die, &type);
    if (!err)
        err = type_resolve(reader->types, type);
    if (err)
        return err;
    instantiate(reader, dictionary, &type);
    if (variable->type_is_pointer) {
        if (type->kind != GO_POINTER || !type->elem)
            return error_new(ERROR_CORRUPT, "an escaped variable of type %s", type->name);
        type = type->elem;
        err = type_resolve(reader->types, type);
        if (err)
            return err;
        instantiate(reader, dictionary, &type);
    }
    *out = type;
    return NULL;
}
