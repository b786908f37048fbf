// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "dwarf_index_internal.h"
#include "type_internal.h"

#include <inttypes.h>
#include <stdlib.h>
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

/** Enters a type that neither DWARF nor the runtime has. */
static void add_made(struct type_table *table, const char *name, struct go_type *type)
{
    size_t before = table->name_count;
    add_name(table, name, name, 0);
    if (table->name_count > before)
        table->names[before].made = type;
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
    for (size_t i = 0; i < index->types.count && !err; i++) {
        const struct dwarf_name *name = &index->types.items[i];
        if (!strchr(name->text, '.'))
            continue;
        AUTO_TEXT full = {0};
        type_name_unescape(name->text, &full);
        const char *key = short_name(table, buffer_text(&full));
        if (key)
            add_name(table, key, arena_string(table->arena, buffer_text(&full)), name->die);
    }
    return err;
}

static void add_runtime_type(struct type_table *table, struct go_type *type)
{
    bool added;
    table_add(table->listed, type->runtime_type, &added);
    if (!added)
        return;
    const char *full = type->full_name ? type->full_name : type->name;
    const char *key = short_name(table, full);
    add_name(table, full, full, type->runtime_type);
    if (key)
        add_name(table, key, full, type->runtime_type);
}

static void visit_runtime_type(struct type_table *table, target_addr address)
{
    struct go_type *type;
    struct error *err = type_from_runtime(table, address, &type);
    if (err)
        error_ignore(err);
    else
        add_runtime_type(table, type);
}

/** Declared types are not listed, only what leads to them: all that the listed ones are made of. */
static void add_parts(struct type_table *table, target_addr address)
{
    struct go_type *type;
    struct error *err = type_from_runtime(table, address, &type);
    if (!err)
        err = type_resolve(table, type);
    if (err) {
        error_ignore(err);
        return;
    }
    if (type->elem)
        add_runtime_type(table, type->elem);
    if (type->key)
        add_runtime_type(table, type->key);
    for (size_t i = 0; i < type->field_count; i++)
        add_runtime_type(table, type->fields[i].type);
}

struct error *type_table_read_names(struct type_table *table)
{
    struct dwarf_index *index = type_table_dwarf(table);
    if (table->names_read)
        return NULL;
    table->names_read = true;
    table->name_heads = table_new();
    if (index)
        return read_dwarf_names(table, index);
    table->listed = table_new();
    runtime_types_visit(table, visit_runtime_type);
    for (size_t i = 0; i < table->name_count; i++)
        add_parts(table, table->names[i].place);
    return NULL;
}

static struct error *error_ambiguous(const char *name, const char *a, const char *b)
{
    bool swap = strcmp(a, b) > 0;
    return error_new(ERROR_NOT_FOUND, "%s may be %s or %s", name, swap ? b : a, swap ? a : b);
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
            return error_ambiguous(name, entry->full, (*out)->full);
        *out = entry;
    }
    return *out ? NULL : error_new(ERROR_NOT_FOUND, "no type is called %s", name);
}

/** Predeclared types exist whether the program has a word about them or not. */
static bool find_predeclared(struct type_table *table, const char *name, struct go_type **out)
{
    static const struct {
        const char *name;
        enum go_kind kind;
        uint8_t size;
        bool has_methods;
    } types[] = {
        {"bool", GO_BOOL, 1, false},
        {"int", GO_INT, 8, false},
        {"int8", GO_INT8, 1, false},
        {"int16", GO_INT16, 2, false},
        {"int32", GO_INT32, 4, false},
        {"int64", GO_INT64, 8, false},
        {"uint", GO_UINT, 8, false},
        {"uint8", GO_UINT8, 1, false},
        {"uint16", GO_UINT16, 2, false},
        {"uint32", GO_UINT32, 4, false},
        {"uint64", GO_UINT64, 8, false},
        {"uintptr", GO_UINTPTR, 8, false},
        {"float32", GO_FLOAT32, 4, false},
        {"float64", GO_FLOAT64, 8, false},
        {"complex64", GO_COMPLEX64, 8, false},
        {"complex128", GO_COMPLEX128, 16, false},
        {"string", GO_STRING, 16, false},
        {"unsafe.Pointer", GO_UNSAFE_POINTER, 8, false},
        {"interface {}", GO_INTERFACE, 16, false},
        {"error", GO_INTERFACE, 16, true},
    };
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strcmp(types[i].name, name) != 0)
            continue;
        struct go_type *type = &type_entry_new(table, TYPE_MADE)->type;
        type->name = types[i].name;
        type->kind = types[i].kind;
        type->size = types[i].size;
        type->has_methods = types[i].has_methods;
        type->direct_interface = types[i].kind == GO_UNSAFE_POINTER;
        type->resolved = true;
        add_made(table, type->name, type);
        *out = type;
        return true;
    }
    return false;
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
    const struct named_type *entry = NULL;
    struct error *err = type_table_read_names(table);
    if (!err)
        err = find_entry(table, name, &entry);
    if (!err && entry->made)
        *out = entry->made;
    else if (!err && index)
        return type_from_dwarf(table, entry->place, out);
    else if (!err)
        return type_from_runtime(table, entry->place, out);
    if (!err || !find_predeclared(table, name, out))
        return err;
    error_ignore(err);
    return NULL;
}

static struct go_type *array_of(struct type_table *table, struct go_type *elem, uint64_t length,
                                uint64_t size)
{
    struct go_type *type = &type_entry_new(table, TYPE_MADE)->type;
    type->name = arena_printf(table->arena, "[%" PRIu64 "]%s", length, elem->name);
    type->kind = GO_ARRAY;
    type->size = size;
    type->length = length;
    type->elem = elem;
    type->resolved = true;
    return type;
}

static struct go_type *slice_of(struct type_table *table, struct go_type *elem)
{
    struct go_type *type = &type_entry_new(table, TYPE_MADE)->type;
    type->name = arena_printf(table->arena, "[]%s", elem->name);
    type->kind = GO_SLICE;
    type->size = 24;
    type->elem = elem;
    type->resolved = true;
    return type;
}

/** Size of what stands in front of the element of a pointer, slice or array in a name; 0: nothing.
 */
static size_t wrapper_size(const char *name)
{
    if (*name == '*')
        return 1;
    size_t digits = *name == '[' ? strspn(name + 1, "0123456789") : 0;
    return *name == '[' && name[1 + digits] == ']' && digits < 18 ? digits + 2 : 0;
}

static struct error *wrap(struct type_table *table, const char *wrapper, struct go_type *elem,
                          struct go_type **out)
{
    uint64_t length = strtoull(wrapper + 1, NULL, 10), size;
    if (*wrapper == '*')
        *out = type_pointer_to(table, elem);
    else if (wrapper[1] == ']')
        *out = slice_of(table, elem);
    else if (!checked_multiply(length, elem->size, &size) || size > LIMIT_TYPE_SIZE)
        return error_new(ERROR_LIMIT, "%" PRIu64 " elements of %" PRIu64 " bytes", length,
                         elem->size);
    else
        *out = array_of(table, elem, length, size);
    return NULL;
}

struct error *type_by_name(struct type_table *table, const char *name, struct go_type **out)
{
    AUTO_TEXT text = {0};
    type_name_canonical(name, &text);
    const char *rest = buffer_text(&text);
    if (text.size > LIMIT_SYMBOL_NAME)
        return error_new(ERROR_LIMIT, "a type's name of %zu bytes", text.size);
    const char *wrappers[LIMIT_TYPE_DEPTH];
    size_t count = 0, size;
    struct go_type *type = NULL;
    // What a pointer points to may be known where the pointer itself is nowhere.
    struct error *err = find_type(table, rest, &type);
    while (err && count < LIMIT_TYPE_DEPTH && (size = wrapper_size(rest))) {
        error_ignore(err);
        wrappers[count++] = rest;
        rest += size;
        err = find_type(table, rest, &type);
    }
    bool made = count > 0;
    while (!err && count)
        err = wrap(table, wrappers[--count], type, &type);
    if (err)
        return err;
    if (made)
        add_made(table, arena_string(table->arena, buffer_text(&text)), type);
    *out = type;
    return NULL;
}
