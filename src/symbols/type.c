// SPDX-License-Identifier: MIT
#include "symbols/type.h"
#include "base/alloc.h"
#include "dwarf_index_internal.h"
#include "type_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct type_table *type_table_new(struct program *program)
{
    struct type_table *table = alloc_zeroed(1, sizeof *table);
    table->program = program;
    table->arena = arena_new();
    table->by_die = table_new();
    table->by_address = table_new();
    table->pointers = table_new();
    table->package_places = table_new();
    return table;
}

void type_table_free(struct type_table *table)
{
    if (!table)
        return;
    table_free(table->by_die);
    table_free(table->by_address);
    table_free(table->pointers);
    table_free(table->package_places);
    table_free(table->name_heads);
    table_free(table->listed);
    package_list_clear(&table->packages);
    free(table->names);
    arena_free(table->arena);
    free(table);
}

struct type_entry *type_entry_new(struct type_table *table, enum type_source source)
{
    struct type_entry *entry = ARENA_NEW(table->arena, struct type_entry);
    entry->source = source;
    entry->type.dictionary_index = -1;
    return entry;
}

struct dwarf_index *type_table_dwarf(struct type_table *table)
{
    struct dwarf_index *index = NULL;
    struct error *err = program_dwarf(table->program, &index);
    if (!err)
        return index;
    error_ignore(err); // the program's own tables are asked instead
    return NULL;
}

static void add_unit_packages(struct type_table *table, struct dwarf_index *index)
{
    for (size_t i = 0; i < index->unit_count; i++) {
        struct unit *unit = &index->units[i];
        const char *path = unit->go ? dwarf_diename(&unit->die) : NULL;
        Dwarf_Attribute attribute;
        if (!path || !*path)
            continue;
        const char *name = dwarf_attr(&unit->die, GO_ATTRIBUTE_PACKAGE_NAME, &attribute)
                               ? dwarf_formstring(&attribute)
                               : NULL;
        package_list_add(&table->packages, path, name && *name ? name : NULL);
    }
}

static void add_type_package(struct type_table *table, target_addr address)
{
    // Declared types are not listed themselves: the pointers to them are, and have their package.
    uint64_t target;
    struct descriptor descriptor;
    struct error *err = descriptor_read(table, address, &descriptor);
    if (!err && descriptor.kind == GO_POINTER &&
        address_space_try_u64(table->program->space, address + DESCRIPTOR_SIZE, &target))
        err = descriptor_read(table, target, &descriptor);
    if (err) {
        error_ignore(err);
        return;
    }
    // The linker keeps one copy of a path, so that where it stands tells packages apart.
    bool added = false;
    target_addr place = descriptor_package_address(table, &descriptor);
    if (place)
        table_add(table->package_places, place, &added);
    const char *path, *name;
    if (added && descriptor_package(table, &descriptor, &path, &name))
        package_list_add(&table->packages, path, name);
}

const struct package_list *type_table_packages(struct type_table *table)
{
    if (table->packages_read)
        return &table->packages;
    table->packages_read = true;
    struct dwarf_index *index = type_table_dwarf(table);
    if (index)
        add_unit_packages(table, index);
    runtime_types_visit(table, add_type_package); // a package without code has no unit
    const struct buildinfo *info = table->program->buildinfo;
    package_list_finish(&table->packages, info ? info->main.path : NULL);
    return &table->packages;
}

bool type_is_any_pointer(const struct go_type *type)
{
    static const char shape[] = "go.shape.*uint8"; // "go.shape.*uint8_0" in 1.18 and 1.19
    const char *name = type->full_name ? type->full_name : type->name;
    size_t size = sizeof shape - 1;
    return type->kind == GO_POINTER && strncmp(name, shape, size) == 0 &&
           (!name[size] || name[size] == '_');
}

struct error *type_resolve(struct type_table *table, struct go_type *type)
{
    if (type->resolved)
        return NULL;
    struct type_entry *entry = (struct type_entry *)type;
    struct error *err = NULL;
    if (entry->source == TYPE_FROM_DWARF)
        err = dwarf_type_resolve(table, entry);
    else if (entry->source == TYPE_FROM_RUNTIME)
        err = runtime_type_resolve(table, entry);
    if (err)
        return error_wrap(err, "type %s", type->name);
    type->resolved = true;
    return NULL;
}

struct error *type_of_interface_word(struct type_table *table, target_addr word, bool has_methods,
                                     struct go_type **out)
{
    if (has_methods) { // an itab, whose second word is the type (runtime/runtime2.go)
        target_addr type;
        struct error *err = address_space_u64(table->program->space, word + 8, &type);
        if (err)
            return error_wrap(err, "itab at %#" PRIx64, word);
        word = type;
    }
    return type_from_runtime(table, word, out);
}

struct error *type_from_dictionary(struct type_table *table, target_addr dictionary, int index,
                                   struct go_type **out)
{
    target_addr address;
    struct error *err = address_space_u64(table->program->space,
                                          dictionary + 8 * (uint64_t)(unsigned)index, &address);
    if (err)
        return error_wrap(err, "dictionary at %#" PRIx64, dictionary);
    return type_from_runtime(table, address, out);
}

static target_addr pointer_descriptor(struct type_table *table, target_addr address)
{
    struct descriptor descriptor;
    struct error *err = address ? descriptor_read(table, address, &descriptor) : NULL;
    if (err)
        error_ignore(err);
    return address && !err ? descriptor_pointer(table, &descriptor) : 0;
}

struct go_type *type_pointer_to(struct type_table *table, struct go_type *type)
{
    bool added;
    uint64_t *slot = table_add(table->pointers, (uintptr_t)type, &added);
    if (!added)
        return (struct go_type *)(uintptr_t)*slot;
    struct go_type *pointer = &type_entry_new(table, TYPE_MADE)->type;
    *slot = (uintptr_t)pointer;
    pointer->name = arena_printf(table->arena, "*%s", type->name);
    if (type->full_name)
        pointer->full_name = arena_printf(table->arena, "*%s", type->full_name);
    pointer->kind = GO_POINTER;
    pointer->size = 8;
    pointer->elem = type;
    pointer->direct_interface = true;
    pointer->runtime_type = pointer_descriptor(table, type->runtime_type);
    pointer->resolved = true;
    return pointer;
}
