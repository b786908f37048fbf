// SPDX-License-Identifier: MIT
#include "values_internal.h"

#include "symbols/dwarf_index.h"

#include <string.h>

bool variable_is_hidden(const char *name)
{
    return !name || name[0] == '\0' || strchr("~.#", name[0]) || strcmp(name, "_") == 0 ||
           strncmp(name, "autotmp_", 8) == 0;
}

enum { DICTIONARY_WORDS = 256 }; ///< looked through where DWARF gives no index

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

/**
 * The one type of a dictionary that a shape can stand for, NULL where there are several: a variable
 * on the heap is a pointer to the shape, for which DWARF gives no index.
 */
static struct go_type *only_fitting(struct value_reader *reader, target_addr dictionary,
                                    const struct go_type *shape)
{
    struct go_type *found = NULL;
    for (int i = 0; i < DICTIONARY_WORDS; i++) {
        uint64_t word = 0;
        struct go_type *real = NULL;
        if (!address_space_try_u64(reader->program->space, dictionary + 8 * (uint64_t)i, &word))
            break;
        if (!module_of_type(reader->program->modules, word))
            continue;
        struct error *err = resolved_entry(reader, dictionary, i, &real);
        if (err || !fits_shape(shape, real)) {
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
