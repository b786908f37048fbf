// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "dwarf_index_internal.h"
#include "type_internal.h"

#include <inttypes.h>
#include <string.h>

/** Enters a type under a text; a text may lead to several. */
static void add_name(struct type_table *table, const char *key, const char *full, uint64_t place)
{
    if (table->name_count >= LIMIT_DWARF_NAMES)
        return;
    uint64_t *head = table_add(table->name_heads, type_name_hash(key), NULL);
    struct named_type entry = {.next = *head, .key = key, .full = full, .place = place};
    ARRAY_PUSH(table->names, table->name_count, table->name_capacity) = entry;
    *head = table->name_count;
}

/** The name with every package shortened, those too that share theirs; NULL where nothing changes.
 */
static const char *short_name(struct type_table *table, const char *full)
{
    struct package_list packages = *type_table_packages(table);
    packages.shorten_shared = true;
    AUTO_TEXT text = {0};
    type_name_shorten(&packages, full, &text, NULL);
    return strcmp(buffer_text(&text), full) == 0 ? NULL
                                                 : arena_string(table->arena, buffer_text(&text));
}

/** Full names are found through the index; here are the short ones. */
static struct error *read_dwarf_names(struct type_table *table, struct dwarf_index *index)
{
    struct error *err = dwarf_index_read_names(index);
    for (size_t i = 0; i < index->name_count && !err; i++) {
        const struct dwarf_name *name = &index->names[i];
        if (name->variable || !strchr(name->text, '.'))
            continue;
        AUTO_TEXT full = {0};
        type_name_unescape(name->text, &full);
        const char *key = short_name(table, buffer_text(&full));
        if (key)
            add_name(table, key, arena_string(table->arena, buffer_text(&full)), name->die);
    }
    return err;
}

static void add_runtime_type(struct type_table *table, target_addr address)
{
    struct go_type *type;
    struct error *err = type_from_runtime(table, address, &type);
    if (err) {
        error_ignore(err);
        return;
    }
    const char *full = type->full_name ? type->full_name : type->name;
    const char *key = short_name(table, full);
    add_name(table, full, full, address);
    if (key)
        add_name(table, key, full, address);
}

/** A declared type is not listed, but the pointer to it is. */
static void visit_runtime_type(struct type_table *table, target_addr address)
{
    struct descriptor descriptor;
    uint64_t target;
    struct error *err = descriptor_read(table, address, &descriptor);
    if (err) {
        error_ignore(err);
        return;
    }
    add_runtime_type(table, address);
    if (descriptor.kind == GO_POINTER &&
        address_space_try_u64(table->program->space, address + DESCRIPTOR_SIZE, &target))
        add_runtime_type(table, target);
}

static struct error *read_names(struct type_table *table, struct dwarf_index *index)
{
    if (table->names_read)
        return NULL;
    table->names_read = true;
    table->name_heads = table_new();
    if (index)
        return read_dwarf_names(table, index);
    runtime_types_visit(table, visit_runtime_type);
    return NULL;
}

/** The type that alone has a full or short name. */
static struct error *find_entry(const struct type_table *table, const char *name,
                                const struct named_type **out)
{
    const uint64_t *head = table_find(table->name_heads, type_name_hash(name));
    *out = NULL;
    for (uint64_t i = head ? *head : 0; i; i = table->names[i - 1].next) {
        const struct named_type *entry = &table->names[i - 1];
        if (strcmp(entry->key, name) != 0)
            continue;
        if (strcmp(entry->full, name) == 0) {
            *out = entry;
            return NULL;
        }
        if (*out && strcmp((*out)->full, entry->full) != 0)
            return error_new(ERROR_NOT_FOUND, "%s may be %s or %s", name, entry->full,
                             (*out)->full);
        *out = entry;
    }
    return *out ? NULL : error_new(ERROR_NOT_FOUND, "no type is called %s", name);
}

static struct error *find_type(struct type_table *table, const char *name, struct go_type **out)
{
    struct dwarf_index *index = type_table_dwarf(table);
    uint64_t die;
    if (index) {
        struct error *missing = dwarf_index_type(index, name, &die);
        if (!missing)
            return type_from_dwarf(table, die, out);
        error_ignore(missing);
    }
    struct error *err = read_names(table, index);
    const struct named_type *entry = NULL;
    if (!err)
        err = find_entry(table, name, &entry);
    if (err)
        return err;
    return index ? type_from_dwarf(table, entry->place, out)
                 : type_from_runtime(table, entry->place, out);
}

struct error *type_by_name(struct type_table *table, const char *name, struct go_type **out)
{
    AUTO_TEXT text = {0};
    type_name_canonical(name, &text);
    const char *wanted = buffer_text(&text);
    if (strlen(wanted) > LIMIT_SYMBOL_NAME)
        return error_new(ERROR_LIMIT, "a type's name of %zu bytes", strlen(wanted));
    struct go_type *type;
    struct error *first = find_type(table, wanted, &type);
    unsigned stars = 0; // the pointer itself may be nowhere, what it points to still is
    struct error *err = first;
    while (err && wanted[stars] == '*' && stars < LIMIT_TYPE_DEPTH) {
        if (err != first)
            error_ignore(err);
        stars++;
        err = find_type(table, wanted + stars, &type);
    }
    if (err) {
        if (err != first)
            error_ignore(err);
        return first;
    }
    if (first)
        error_ignore(first);
    for (; stars; stars--)
        type = type_pointer_to(table, type);
    *out = type;
    return NULL;
}
