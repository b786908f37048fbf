// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "dwarf_scan_internal.h"
#include "type_name_internal.h"

#include <inttypes.h>
#include <string.h>

/** The text with its escapes undone; scratch holds it where it had any. */
static const char *unescaped(const char *text, struct buffer *scratch)
{
    if (!strchr(text, '%'))
        return text;
    buffer_truncate(scratch, 0);
    type_name_unescape(text, scratch);
    return buffer_text(scratch);
}

static bool is_type(int tag)
{
    switch (tag) {
    case DW_TAG_array_type:
    case DW_TAG_base_type:
    case DW_TAG_pointer_type:
    case DW_TAG_structure_type:
    case DW_TAG_subroutine_type:
    case DW_TAG_typedef:
        return true;
    default:
        return false;
    }
}

static struct error *add_name(struct dwarf_index *index, const struct die_scan *scan,
                              const struct scanned_die *die)
{
    struct dwarf_name_list *to = die->tag == DW_TAG_variable   ? &index->globals
                                 : die->tag == DW_TAG_constant ? &index->constants
                                 : is_type(die->tag)           ? &index->types
                                                               : NULL;
    const char *text = to ? die_scan_name(scan, die) : NULL;
    if (!text)
        return NULL;
    if (to->count >= LIMIT_DWARF_NAMES)
        return error_new(ERROR_LIMIT, "DWARF: more than %d names", LIMIT_DWARF_NAMES);
    ARRAY_PUSH(to->items, to->count, to->capacity) = (struct dwarf_name){text, die->offset};
    return NULL;
}

struct error *dwarf_index_read_names(struct dwarf_index *index)
{
    if (index->names_read)
        return NULL;
    index->types.count = index->globals.count = index->constants.count = 0;
    for (size_t i = 0; i < index->unit_count; i++) {
        struct die_scan scan;
        struct scanned_die die;
        if (!index->units[i].go) // a C unit has another idea of "int"
            continue;
        die_scan_begin(&scan, index, &index->units[i]);
        while (die_scan_next(&scan, &die)) {
            struct error *err = add_name(index, &scan, &die);
            if (err)
                return err;
        }
    }
    index->names_read = true;
    return NULL;
}

/** Types by name: made for who asks for one, since there may be a million. */
static void index_types(struct dwarf_index *index)
{
    AUTO_TEXT scratch = {0};
    const struct dwarf_name_list *types = &index->types;
    index->type_heads = table_new();
    index->type_nexts = alloc_zeroed(types->count, sizeof *index->type_nexts);
    for (size_t i = 0; i < types->count; i++) {
        const char *text = unescaped(types->items[i].text, &scratch);
        uint64_t *head = table_add(index->type_heads, type_name_hash(text), NULL);
        index->type_nexts[i] = (uint32_t)*head;
        *head = i + 1;
    }
}

struct error *dwarf_index_type(struct dwarf_index *index, const char *name, uint64_t *out)
{
    struct error *err = dwarf_index_read_names(index);
    if (err)
        return err;
    if (!index->type_heads)
        index_types(index);
    AUTO_TEXT scratch = {0};
    const uint64_t *head = table_find(index->type_heads, type_name_hash(name));
    for (uint64_t i = head ? *head : 0; i; i = index->type_nexts[i - 1]) {
        const struct dwarf_name *entry = &index->types.items[i - 1];
        if (strcmp(unescaped(entry->text, &scratch), name) != 0)
            continue;
        *out = entry->die;
        return NULL;
    }
    return error_new(ERROR_NOT_FOUND, "no type is called %s", name);
}

/** Where a package variable is: DW_OP_addr alone, in DWARF 5 too; thread-local ones are C's. */
static bool read_address(Dwarf_Die *die, target_addr *out)
{
    Dwarf_Attribute attribute;
    Dwarf_Block block;
    if (!dwarf_attr(die, DW_AT_location, &attribute) || dwarf_formblock(&attribute, &block) != 0 ||
        block.length != 9 || block.data[0] != DW_OP_addr)
        return false;
    *out = load_u64(block.data + 1);
    return true;
}

/** What the compiler and the linker added: "main..inittask", "go:main.inittasks", "main..stmp_3".
 */
static bool is_made_up(const char *name)
{
    return strstr(name, "..") || strchr(name, ':') || !strchr(name, '.');
}

static bool read_global(struct dwarf_index *index, const struct dwarf_name *entry,
                        struct dwarf_global *out)
{
    Dwarf_Die die, type;
    if (!dwarf_offdie(index->dwarf, entry->die, &die) || !read_address(&die, &out->address) ||
        !die_reference(&die, DW_AT_type, &type))
        return false;
    out->address += index->bias;
    out->type_die = dwarf_die_place(index, &type);
    return true;
}

struct error *dwarf_index_globals(struct dwarf_index *index,
                                  bool (*keep)(void *context, const char *name), void *context,
                                  struct arena *arena, struct dwarf_global **out, size_t *count)
{
    struct error *err = dwarf_index_read_names(index);
    if (err)
        return err;
    AUTO_BUFFER struct dwarf_global *found = NULL;
    size_t found_count = 0, capacity = 0;
    AUTO_TEXT scratch = {0};
    for (size_t i = 0; i < index->globals.count; i++) {
        const char *name = unescaped(index->globals.items[i].text, &scratch);
        struct dwarf_global global;
        if (is_made_up(name) || (keep && !keep(context, name)) ||
            !read_global(index, &index->globals.items[i], &global))
            continue;
        global.name = arena_string(arena, name);
        ARRAY_PUSH(found, found_count, capacity) = global;
    }
    *out = arena_array(arena, found_count, sizeof **out);
    if (found_count)
        memcpy(*out, found, found_count * sizeof **out);
    *count = found_count;
    return NULL;
}

static bool read_constant(struct dwarf_index *index, const struct dwarf_name *entry,
                          struct dwarf_constant *out)
{
    Dwarf_Die die, type;
    Dwarf_Attribute attribute;
    Dwarf_Sword value;
    if (!dwarf_offdie(index->dwarf, entry->die, &die) ||
        !dwarf_attr(&die, DW_AT_const_value, &attribute) ||
        dwarf_formsdata(&attribute, &value) != 0 || !die_reference(&die, DW_AT_type, &type))
        return false;
    out->value = (uint64_t)value;
    out->type_die = dwarf_die_place(index, &type);
    return true;
}

struct error *dwarf_index_constants(struct dwarf_index *index,
                                    bool (*keep)(void *context, const char *name), void *context,
                                    struct arena *arena, struct dwarf_constant **out, size_t *count)
{
    struct error *err = dwarf_index_read_names(index);
    if (err)
        return err;
    AUTO_BUFFER struct dwarf_constant *found = NULL;
    size_t found_count = 0, capacity = 0;
    AUTO_TEXT scratch = {0};
    for (size_t i = 0; i < index->constants.count; i++) {
        const char *name = unescaped(index->constants.items[i].text, &scratch);
        struct dwarf_constant constant;
        if (!keep(context, name) || !read_constant(index, &index->constants.items[i], &constant))
            continue;
        constant.name = arena_string(arena, name);
        ARRAY_PUSH(found, found_count, capacity) = constant;
    }
    *out = arena_array(arena, found_count, sizeof **out);
    if (found_count)
        memcpy(*out, found, found_count * sizeof **out);
    *count = found_count;
    return NULL;
}
