// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "dwarf_index_internal.h"
#include "type_internal.h"

#include <inttypes.h>
#include <string.h>

/** Whether a typedef only names another DIE; of maps, channels and interfaces it is the type
 * itself. */
static bool is_plain_typedef(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    switch (dwarf_tag(die)) {
    case DW_TAG_typedef:
        return !dwarf_attr(die, GO_ATTRIBUTE_KIND, &attribute);
    case DW_TAG_const_type: // of C units
    case DW_TAG_volatile_type:
        return true;
    default:
        return false;
    }
}

/**
 * Follows typedefs to the DIE that says what the type is. Format: cmd/link/internal/ld/dwarf.go.
 * @param dictionary_index  of a typedef `.paramN` on the way, -1: there was none
 */
static struct error *peel(Dwarf_Die *die, int *dictionary_index)
{
    *dictionary_index = -1;
    for (int links = 0; is_plain_typedef(die); links++) {
        uint64_t index;
        if (die_udata(die, GO_ATTRIBUTE_DICT_INDEX, &index) && index < LIMIT_TYPE_FIELDS)
            *dictionary_index = (int)index;
        Dwarf_Die next;
        if (links == LIMIT_TYPE_DEPTH || !die_reference(die, DW_AT_type, &next))
            return error_new(ERROR_CORRUPT, "DWARF: typedef at %#" PRIx64 " leads to no type",
                             dwarf_dieoffset(die));
        *die = next;
    }
    return NULL;
}

/** The kind that a C unit's DIE comes closest to. */
static enum go_kind kind_of_base(Dwarf_Die *die)
{
    uint64_t encoding = 0, size = 0;
    die_udata(die, DW_AT_encoding, &encoding);
    die_udata(die, DW_AT_byte_size, &size);
    bool is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
    if (encoding == DW_ATE_boolean)
        return GO_BOOL;
    if (encoding == DW_ATE_float)
        return size == 4 ? GO_FLOAT32 : size == 8 ? GO_FLOAT64 : GO_INVALID;
    switch (size) {
    case 1:
        return is_signed ? GO_INT8 : GO_UINT8;
    case 2:
        return is_signed ? GO_INT16 : GO_UINT16;
    case 4:
        return is_signed ? GO_INT32 : GO_UINT32;
    case 8:
        return is_signed ? GO_INT64 : GO_UINT64;
    default:
        return GO_INVALID;
    }
}

static enum go_kind kind_of(Dwarf_Die *die)
{
    uint64_t kind = 0;
    Dwarf_Attribute attribute;
    // The linker gives its own composites (hash<K,V>, bucket<K,V>, **T) kind 0.
    if (die_udata(die, GO_ATTRIBUTE_KIND, &kind) && kind > GO_INVALID && kind <= GO_UNSAFE_POINTER)
        return (enum go_kind)kind;
    switch (dwarf_tag(die)) {
    case DW_TAG_pointer_type:
        return dwarf_attr(die, DW_AT_type, &attribute) ? GO_POINTER : GO_UNSAFE_POINTER;
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
        return GO_STRUCT;
    case DW_TAG_array_type:
        return GO_ARRAY;
    case DW_TAG_subroutine_type:
        return GO_FUNC;
    case DW_TAG_base_type:
    case DW_TAG_enumeration_type:
        return kind_of_base(die);
    default:
        return GO_INVALID;
    }
}

/** What every value of a kind takes; 0: it differs. */
static uint64_t fixed_size(enum go_kind kind)
{
    static const uint8_t sizes[] = {
        [GO_BOOL] = 1,    [GO_INT] = 8,     [GO_INT8] = 1,       [GO_INT16] = 2,
        [GO_INT32] = 4,   [GO_INT64] = 8,   [GO_UINT] = 8,       [GO_UINT8] = 1,
        [GO_UINT16] = 2,  [GO_UINT32] = 4,  [GO_UINT64] = 8,     [GO_UINTPTR] = 8,
        [GO_FLOAT32] = 4, [GO_FLOAT64] = 8, [GO_COMPLEX64] = 8,  [GO_COMPLEX128] = 16,
        [GO_CHAN] = 8,    [GO_FUNC] = 8,    [GO_INTERFACE] = 16, [GO_MAP] = 8,
        [GO_POINTER] = 8, [GO_SLICE] = 24,  [GO_STRING] = 16,    [GO_UNSAFE_POINTER] = 8,
        [GO_ARRAY] = 0,   [GO_STRUCT] = 0,
    };
    return sizes[kind];
}

static struct error *read_size(Dwarf_Die *die, enum go_kind kind, uint64_t *out)
{
    uint64_t size = fixed_size(kind);
    if (!size && !die_udata(die, DW_AT_byte_size, &size))
        size = 0; // a C array or an incomplete struct: nothing is read of it
    if (size > LIMIT_TYPE_SIZE)
        return error_new(ERROR_CORRUPT, "DWARF: type at %#" PRIx64 " has %" PRIu64 " bytes",
                         dwarf_dieoffset(die), size);
    *out = size;
    return NULL;
}

/** The address of the type's descriptor, in the module whose DWARF says it. */
static target_addr runtime_type_of(const struct type_table *table, Dwarf_Die *die)
{
    uint64_t offset = 0;
    const struct module *module =
        program_module_of_die(table->program, program_die_place(table->program, die));
    if (!die_udata(die, GO_ATTRIBUTE_RUNTIME_TYPE, &offset) || !offset || !module)
        return 0;
    return offset < module->etypes - module->types ? module->types + offset : 0;
}

/** The type's descriptor, if it has one and it agrees. */
static bool read_descriptor(struct type_table *table, struct go_type *type, enum go_kind kind,
                            struct descriptor *out)
{
    if (!type->runtime_type)
        return false;
    struct error *err = descriptor_read(table, type->runtime_type, out);
    bool good = !err && out->kind == kind && out->size == type->size;
    error_ignore(err);
    if (!good)
        type->runtime_type = 0;
    return good;
}

/** Sets the names. The descriptor's text is what %T prints; not every type has one. */
static void set_names(struct type_table *table, struct go_type *type, const char *raw,
                      const struct descriptor *descriptor)
{
    AUTO_TEXT full = {0};
    AUTO_TEXT name = {0};
    // The compiler marks types that need no hash and equality functions; the runtime does not.
    type_name_unescape(strncmp(raw, "noalg.", 6) == 0 ? raw + 6 : raw, &full);
    bool kept;
    type_name_shorten(type_table_packages(table), buffer_text(&full), &name, &kept);
    const char *text = NULL;
    if (!kept && descriptor)
        error_ignore(descriptor_name(table, descriptor, &text));
    type->name = text ? text : arena_string(table->arena, buffer_text(&name));
    if (strcmp(type->name, buffer_text(&full)) != 0)
        type->full_name = arena_string(table->arena, buffer_text(&full));
    type->named = type_name_is_declared(buffer_text(&full)) && type->kind != GO_UNSAFE_POINTER &&
                  strncmp(buffer_text(&full), "go.shape.", 9) != 0;
}

static bool is_direct(enum go_kind kind)
{
    return kind == GO_POINTER || kind == GO_CHAN || kind == GO_FUNC || kind == GO_MAP ||
           kind == GO_UNSAFE_POINTER;
}

static struct error *make_shell(struct type_table *table, Dwarf_Die *die, int dictionary_index,
                                struct type_entry **out)
{
    enum go_kind kind = kind_of(die);
    uint64_t size = 0;
    struct error *err = read_size(die, kind, &size);
    if (err)
        return err;
    const char *raw = dwarf_diename(die);
    if (kind == GO_INVALID && dwarf_tag(die) != DW_TAG_unspecified_type &&
        dwarf_tag(die) != DW_TAG_base_type)
        return error_new(ERROR_CORRUPT, "DWARF: no type at %#" PRIx64, dwarf_dieoffset(die));
    struct type_entry *entry = type_entry_new(table, TYPE_FROM_DWARF);
    entry->die = program_die_place(table->program, die);
    struct go_type *type = &entry->type;
    type->kind = kind;
    type->size = size;
    type->die_offset = entry->die;
    type->dictionary_index = dictionary_index;
    type->runtime_type = runtime_type_of(table, die);
    struct descriptor descriptor;
    bool described = read_descriptor(table, type, kind, &descriptor);
    type->direct_interface = described ? descriptor.direct_interface : is_direct(kind);
    set_names(table, type, raw ? raw : "?", described ? &descriptor : NULL);
    *out = entry;
    return NULL;
}

struct error *type_from_dwarf(struct type_table *table, uint64_t die_offset, struct go_type **out)
{
    const uint64_t *known = table_find(table->by_die, die_offset);
    if (known) {
        *out = (struct go_type *)(uintptr_t)*known;
        return NULL;
    }
    struct dwarf_index *index;
    struct error *err = program_dwarf_of_die(table->program, die_offset, &index);
    if (err)
        return err;
    Dwarf_Die die;
    if (!dwarf_die_at(index, die_offset, &die))
        return dwarf_error("type", die_offset);
    int dictionary_index;
    err = peel(&die, &dictionary_index);
    if (err)
        return err;
    uint64_t peeled = dwarf_die_place(index, &die);
    known = dictionary_index < 0 ? table_find(table->by_die, peeled) : NULL;
    struct type_entry *entry = NULL;
    if (known)
        entry = (struct type_entry *)(uintptr_t)*known;
    else if ((err = make_shell(table, &die, dictionary_index, &entry)))
        return err;
    if (dictionary_index < 0)
        *table_add(table->by_die, peeled, NULL) = (uintptr_t)entry;
    *table_add(table->by_die, die_offset, NULL) = (uintptr_t)entry;
    *out = &entry->type;
    return NULL;
}

static struct error *referred_type(struct type_table *table, Dwarf_Die *die, unsigned attribute,
                                   struct go_type **out)
{
    Dwarf_Die target;
    if (!die_reference(die, attribute, &target))
        return error_new(ERROR_CORRUPT, "DWARF: DIE at %#" PRIx64 " says no type",
                         dwarf_dieoffset(die));
    return type_from_dwarf(table, program_die_place(table->program, &target), out);
}

static struct error *read_array(struct type_table *table, Dwarf_Die *die, struct go_type *type)
{
    struct error *err = referred_type(table, die, DW_AT_type, &type->elem);
    if (err)
        return err;
    uint64_t count = 0, size;
    Dwarf_Die child;
    for (int status = die_child(die, &child); status == 0; status = die_sibling(&child, &child)) {
        if (dwarf_tag(&child) != DW_TAG_subrange_type)
            continue;
        if (die_udata(&child, DW_AT_count, &count) || !die_udata(&child, DW_AT_upper_bound, &count))
            break;
        count++;
        break;
    }
    if (!checked_multiply(count, type->elem->size, &size) || size != type->size)
        return error_new(ERROR_CORRUPT,
                         "DWARF: %" PRIu64 " elements of %" PRIu64 " bytes in %" PRIu64, count,
                         type->elem->size, type->size);
    type->length = count;
    return NULL;
}

static struct error *read_field(struct type_table *table, Dwarf_Die *die, uint64_t struct_size,
                                struct go_field *out)
{
    struct error *err = referred_type(table, die, DW_AT_type, &out->type);
    if (err)
        return err;
    const char *name = dwarf_diename(die);
    out->name = arena_string(table->arena, name ? name : "_");
    out->embedded = die_flag(die, GO_ATTRIBUTE_EMBEDDED);
    if (!die_udata(die, DW_AT_data_member_location, &out->offset))
        out->offset = 0; // a union's
    if (!range_fits(out->offset, out->type->size, struct_size))
        return error_new(ERROR_CORRUPT, "DWARF: field %s lies outside", out->name);
    return NULL;
}

static struct error *read_struct(struct type_table *table, Dwarf_Die *die, struct go_type *type)
{
    AUTO_BUFFER struct go_field *fields = NULL;
    size_t count = 0, capacity = 0;
    Dwarf_Die child;
    for (int status = die_child(die, &child); status == 0; status = die_sibling(&child, &child)) {
        if (dwarf_tag(&child) != DW_TAG_member)
            continue;
        if (count == LIMIT_TYPE_FIELDS)
            return error_new(ERROR_LIMIT, "more than %d fields", LIMIT_TYPE_FIELDS);
        struct go_field field = {0};
        struct error *err = read_field(table, &child, type->size, &field);
        if (err)
            return err;
        ARRAY_PUSH(fields, count, capacity) = field;
    }
    type->fields = arena_array(table->arena, count, sizeof *type->fields);
    if (count)
        memcpy(type->fields, fields, count * sizeof *fields);
    type->field_count = count;
    return NULL;
}

/** The layout stands in the descriptor alone: DWARF names the runtime's types by release. */
static struct error *read_map(struct type_table *table, Dwarf_Die *die, struct go_type *type)
{
    struct error *err = referred_type(table, die, GO_ATTRIBUTE_KEY, &type->key);
    if (!err)
        err = referred_type(table, die, GO_ATTRIBUTE_ELEM, &type->elem);
    if (err || !type->runtime_type)
        return err;
    err = descriptor_map_layout(table, type->runtime_type, &type->map);
    if (err)
        error_ignore(err); // map.known stays false
    return NULL;
}

/** A typedef of runtime.iface, whose first word is an itab, or of runtime.eface. */
static void read_interface(Dwarf_Die *die, struct go_type *type)
{
    Dwarf_Die target;
    int dictionary_index;
    if (!die_reference(die, DW_AT_type, &target))
        return;
    struct error *err = peel(&target, &dictionary_index);
    if (err) {
        error_ignore(err);
        return;
    }
    const char *name = dwarf_diename(&target);
    type->has_methods = name && strcmp(name, "runtime.iface") == 0;
}

struct error *dwarf_type_resolve(struct type_table *table, struct type_entry *entry)
{
    struct go_type *type = &entry->type;
    struct dwarf_index *index;
    Dwarf_Die die;
    struct error *err = program_dwarf_of_die(table->program, entry->die, &index);
    if (err)
        return err;
    if (!dwarf_die_at(index, entry->die, &die))
        return dwarf_error("type", entry->die);
    switch (type->kind) {
    case GO_POINTER:
        return type_is_any_pointer(type) ? NULL
                                         : referred_type(table, &die, DW_AT_type, &type->elem);
    case GO_SLICE:
    case GO_CHAN:
        return referred_type(table, &die, GO_ATTRIBUTE_ELEM, &type->elem);
    case GO_ARRAY:
        return read_array(table, &die, type);
    case GO_STRUCT:
        return read_struct(table, &die, type);
    case GO_MAP:
        return read_map(table, &die, type);
    case GO_INTERFACE:
        read_interface(&die, type);
        return NULL;
    default:
        return NULL;
    }
}
