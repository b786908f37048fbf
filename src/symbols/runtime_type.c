// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "runtime_type_internal.h"

#include <inttypes.h>
#include <string.h>

enum { KIND_MASK = 0x1f, KIND_DIRECT = 0x20 }; // KIND_DIRECT: up to Go 1.25

static const struct address_space *space_of(const struct type_table *table)
{
    return table->program->space;
}

static int minor_of(const struct type_table *table)
{
    return table->program->release->minor;
}

static bool is_power_of_two(uint8_t value)
{
    return value && !(value & (value - 1));
}

struct error *descriptor_read(struct type_table *table, target_addr address, struct descriptor *out)
{
    uint8_t bytes[DESCRIPTOR_SIZE];
    struct error *err = address_space_read(space_of(table), address, bytes, sizeof bytes);
    if (err)
        return error_wrap(err, "type descriptor at %#" PRIx64, address);
    uint8_t kind = bytes[23], align = bytes[21];
    struct descriptor descriptor = {
        .address = address,
        .module = module_of_type(table->program->modules, address),
        .size = load_u64(bytes),
        .flags = bytes[20],
        .kind = (enum go_kind)(kind & KIND_MASK),
        .name_offset = (int32_t)load_u32(bytes + 40),
        .pointer_offset = (int32_t)load_u32(bytes + 44),
    };
    descriptor.direct_interface =
        minor_of(table) >= 26 ? descriptor.flags & DESCRIPTOR_DIRECT_INTERFACE : kind & KIND_DIRECT;
    if (address % 8 || descriptor.kind == GO_INVALID || descriptor.kind > GO_UNSAFE_POINTER ||
        !is_power_of_two(align) || align > 8 || descriptor.size > LIMIT_TYPE_SIZE)
        return error_new(ERROR_CORRUPT,
                         "no type descriptor at %#" PRIx64 ": kind %u, alignment %u, size %" PRIu64,
                         address, kind, align, descriptor.size);
    *out = descriptor;
    return NULL;
}

uint64_t descriptor_kind_size(const struct type_table *table, enum go_kind kind)
{
    switch (kind) {
    case GO_POINTER:
    case GO_SLICE:
    case GO_FUNC:
        return 56;
    case GO_CHAN:
        return 64;
    case GO_ARRAY:
        return 72;
    case GO_INTERFACE:
    case GO_STRUCT:
        return 80;
    case GO_MAP:
        return !table->program->release->swiss_maps ? 88 : minor_of(table) >= 27 ? 136 : 112;
    default:
        return DESCRIPTOR_SIZE;
    }
}

target_addr descriptor_pointer(const struct type_table *table, const struct descriptor *descriptor)
{
    const struct module *module = descriptor->module;
    int32_t offset = descriptor->pointer_offset;
    (void)table;
    if (!module || offset <= 0 || (uint64_t)offset >= module->etypes - module->types)
        return 0;
    return module->types + (uint64_t)offset;
}

struct error *type_from_runtime(struct type_table *table, target_addr address, struct go_type **out)
{
    const uint64_t *known = table_find(table->by_address, address);
    if (known) {
        *out = (struct go_type *)(uintptr_t)*known;
        return NULL;
    }
    struct descriptor descriptor;
    struct error *err = descriptor_read(table, address, &descriptor);
    if (err)
        return err;
    struct go_type type = {.kind = descriptor.kind,
                           .size = descriptor.size,
                           .runtime_type = address,
                           .direct_interface = descriptor.direct_interface,
                           .dictionary_index = -1};
    err = descriptor_names(table, &descriptor, &type.name, &type.full_name);
    if (err)
        return err;
    const char *full = type.full_name ? type.full_name : type.name;
    type.named = descriptor.flags & DESCRIPTOR_NAMED && strchr(full, '.') &&
                 descriptor.kind != GO_UNSAFE_POINTER && strncmp(full, "go.shape.", 9) != 0;
    struct type_entry *entry = type_entry_new(table, TYPE_FROM_RUNTIME);
    entry->type = type;
    *table_add(table->by_address, address, NULL) = (uintptr_t)entry;
    *out = &entry->type;
    return NULL;
}

static struct error *type_at(struct type_table *table, target_addr pointer, struct go_type **out)
{
    target_addr address;
    struct error *err = address_space_u64(space_of(table), pointer, &address);
    return err ? err : type_from_runtime(table, address, out);
}

struct error *descriptor_map_layout(struct type_table *table, target_addr address,
                                    struct go_map_layout *out)
{
    uint8_t bytes[136] = {0};
    const struct go_release *release = table->program->release;
    struct error *err =
        address_space_read(space_of(table), address, bytes, descriptor_kind_size(table, GO_MAP));
    if (err)
        return error_wrap(err, "map type at %#" PRIx64, address);
    struct go_map_layout map = {.known = true, .swiss = release->swiss_maps};
    if (!map.swiss) {
        uint32_t flags = load_u32(bytes + 84);
        map.bucket_size = load_u16(bytes + 82);
        map.indirect_key = flags & 1;
        map.indirect_elem = flags & 2;
        map.known = map.bucket_size >= 16; // tophash, overflow
        *out = map;
        return NULL;
    }
    bool has_strides = release->minor >= 27; // and either order of keys and elems
    uint32_t flags = load_u32(bytes + (has_strides ? 128 : 104));
    map.indirect_key = flags & 4;
    map.indirect_elem = flags & 8;
    uint64_t words[5];
    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = load_u64(bytes + 80 + 8 * i);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        map.known = map.known && (words[i] < 1 << 20 || (!has_strides && i > 2));
    map.group_size = (uint32_t)words[0];
    map.keys_offset = has_strides ? (uint32_t)words[1] : 8; // behind the control word
    map.key_stride = has_strides ? (uint32_t)words[2] : (uint32_t)words[1];
    map.elems_offset = has_strides ? (uint32_t)words[3] : 8 + (uint32_t)words[2];
    map.elem_stride = has_strides ? (uint32_t)words[4] : (uint32_t)words[1];
    map.slot_size = map.key_stride;
    map.elem_offset = map.elems_offset - map.keys_offset;
    *out = map;
    return NULL;
}

static struct error *read_map(struct type_table *table, struct go_type *type)
{
    struct error *err = type_at(table, type->runtime_type + ELEM_OFFSET, &type->key);
    if (!err)
        err = type_at(table, type->runtime_type + MAP_ELEM_OFFSET, &type->elem);
    return err ? err : descriptor_map_layout(table, type->runtime_type, &type->map);
}

static struct error *read_array(struct type_table *table, struct go_type *type)
{
    uint64_t length, size;
    struct error *err = type_at(table, type->runtime_type + ELEM_OFFSET, &type->elem);
    if (!err)
        err = address_space_u64(space_of(table), type->runtime_type + ARRAY_LENGTH_OFFSET, &length);
    if (err)
        return err;
    if (!checked_multiply(length, type->elem->size, &size) || size != type->size)
        return error_new(ERROR_CORRUPT, "%" PRIu64 " elements of %" PRIu64 " bytes in %" PRIu64,
                         length, type->elem->size, type->size);
    type->length = length;
    return NULL;
}

struct error *runtime_field_read(struct type_table *table, target_addr address,
                                 struct runtime_field *out)
{
    uint8_t bytes[FIELD_SIZE];
    struct runtime_field field = {0};
    struct error *err = address_space_read(space_of(table), address, bytes, sizeof bytes);
    if (!err)
        err = runtime_name_read(table, load_u64(bytes), &field.name);
    if (err)
        return err;
    uint64_t offset = load_u64(bytes + 16);
    bool is_shifted = minor_of(table) <= 18; // the lowest bit says that the field is embedded
    field.type = load_u64(bytes + 8);
    field.embedded = is_shifted ? offset & 1 : field.name.flags & NAME_EMBEDDED;
    field.offset = is_shifted ? offset >> 1 : offset;
    *out = field;
    return NULL;
}

struct error *runtime_list_read(struct type_table *table, target_addr address, target_addr *data,
                                uint64_t *count)
{
    struct error *err = address_space_u64(space_of(table), address, data);
    if (!err)
        err = address_space_u64(space_of(table), address + 8, count);
    if (!err && *count > LIMIT_TYPE_FIELDS)
        err = error_new(ERROR_LIMIT, "%" PRIu64 " fields or methods", *count);
    return err;
}

static struct error *read_field(struct type_table *table, target_addr address, uint64_t struct_size,
                                struct go_field *out)
{
    struct runtime_field field;
    struct error *err = runtime_field_read(table, address, &field);
    if (!err)
        err = type_from_runtime(table, field.type, &out->type);
    if (err)
        return err;
    out->name = field.name.text;
    out->embedded = field.embedded;
    out->offset = field.offset;
    if (!range_fits(out->offset, out->type->size, struct_size))
        return error_new(ERROR_CORRUPT, "field %s lies outside", out->name);
    return NULL;
}

static struct error *read_struct(struct type_table *table, struct go_type *type)
{
    target_addr data;
    uint64_t count;
    struct error *err = runtime_list_read(table, type->runtime_type + LIST_OFFSET, &data, &count);
    if (err)
        return err;
    AUTO_BUFFER struct go_field *fields = alloc_zeroed(count, sizeof *fields);
    for (uint64_t i = 0; i < count; i++) {
        err = read_field(table, data + i * FIELD_SIZE, type->size, &fields[i]);
        if (err)
            return error_wrap(err, "field %" PRIu64, i);
    }
    type->fields = arena_array(table->arena, count, sizeof *fields);
    if (count)
        memcpy(type->fields, fields, count * sizeof *fields);
    type->field_count = count;
    return NULL;
}

static struct error *read_interface(struct type_table *table, struct go_type *type)
{
    target_addr data;
    uint64_t count;
    struct error *err = runtime_list_read(table, type->runtime_type + LIST_OFFSET, &data, &count);
    if (!err)
        type->has_methods = count > 0;
    return err;
}

struct error *runtime_type_resolve(struct type_table *table, struct type_entry *entry)
{
    struct go_type *type = &entry->type;
    switch (type->kind) {
    case GO_POINTER:
        if (type_is_any_pointer(type))
            return NULL;
        return type_at(table, type->runtime_type + ELEM_OFFSET, &type->elem);
    case GO_SLICE:
    case GO_CHAN:
        return type_at(table, type->runtime_type + ELEM_OFFSET, &type->elem);
    case GO_ARRAY:
        return read_array(table, type);
    case GO_MAP:
        return read_map(table, type);
    case GO_STRUCT:
        return read_struct(table, type);
    case GO_INTERFACE:
        return read_interface(table, type);
    default:
        return NULL;
    }
}
