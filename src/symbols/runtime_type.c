// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "type_internal.h"

#include <inttypes.h>
#include <string.h>

// Format: Go's internal/abi/type.go, before 1.21 runtime/type.go. Sizes are those of the structs of
// each kind, behind which an uncommonType may follow.
enum {
    KIND_MASK = 0x1f,
    KIND_DIRECT = 0x20, // up to Go 1.25
    ELEM_OFFSET = 48,   // pointer, slice, array, chan; a map's key
    MAP_ELEM_OFFSET = 56,
    ARRAY_LENGTH_OFFSET = 64,
    LIST_OFFSET = 56, // a struct's fields, an interface's methods: a slice
    FIELD_SIZE = 24,
};

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

/** A name in the target: flags, length, bytes (internal/abi.Name). */
struct name {
    uint8_t flags;
    char *text;
    target_addr end; // of the text: a tag or a package path may follow
};

enum { NAME_EXPORTED = 1, NAME_HAS_TAG = 2, NAME_HAS_PACKAGE = 4, NAME_EMBEDDED = 8 };

/** Up to Go 1.16 two bytes, big-endian; from 1.17 a varint. */
static bool read_name_size(struct type_table *table, target_addr *at, uint64_t *out)
{
    const struct address_space *space = space_of(table);
    uint8_t byte, second;
    *out = 0;
    if (minor_of(table) <= 16) {
        if (!address_space_try_u8(space, *at, &byte) ||
            !address_space_try_u8(space, *at + 1, &second))
            return false;
        *at += 2;
        *out = (uint64_t)byte << 8 | second;
        return true;
    }
    for (unsigned shift = 0; shift < 28; shift += 7) {
        if (!address_space_try_u8(space, (*at)++, &byte))
            return false;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return *out <= LIMIT_SYMBOL_NAME;
    }
    return false;
}

static struct error *read_name(struct type_table *table, target_addr address, struct name *out)
{
    struct name name = {0};
    uint64_t size;
    target_addr at = address + 1;
    if (!address_space_try_u8(space_of(table), address, &name.flags) ||
        !read_name_size(table, &at, &size))
        return error_new(ERROR_CORRUPT, "no name at %#" PRIx64, address);
    name.text = arena_alloc(table->arena, size + 1);
    struct error *err = address_space_read(space_of(table), at, name.text, size);
    if (err)
        return error_wrap(err, "name at %#" PRIx64, address);
    name.end = at + size;
    *out = name;
    return NULL;
}

/** Where a name offset of a descriptor leads; 0: nowhere. */
static target_addr name_address(struct type_table *table, const struct module *module,
                                int32_t offset)
{
    if (offset == 0)
        return 0;
    if (!module || offset < 0)
        return reflect_offset(table, offset);
    target_addr address = module->types + (uint64_t)offset;
    return address < module->etypes ? address : 0;
}

/** The text as the runtime has it. */
static struct error *plain_name(struct type_table *table, const struct descriptor *descriptor,
                                char **out)
{
    target_addr address = name_address(table, descriptor->module, descriptor->name_offset);
    if (!address)
        return error_new(ERROR_CORRUPT, "type descriptor at %#" PRIx64 "%s: no name at offset %d",
                         descriptor->address, descriptor->module ? "" : ", made by reflect",
                         descriptor->name_offset);
    struct name name;
    struct error *err = read_name(table, address, &name);
    if (err)
        return error_wrap(err, "type descriptor at %#" PRIx64, descriptor->address);
    *out = name.text;
    if (descriptor->flags & DESCRIPTOR_EXTRA_STAR && *name.text == '*')
        (*out)++;
    if (!**out)
        return error_new(ERROR_CORRUPT, "type descriptor at %#" PRIx64 " has an empty name",
                         descriptor->address);
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

const char *descriptor_package(struct type_table *table, const struct descriptor *descriptor)
{
    uint32_t offset;
    target_addr uncommon = descriptor->address + descriptor_kind_size(table, descriptor->kind);
    if (!(descriptor->flags & DESCRIPTOR_UNCOMMON) ||
        !address_space_try_u32(space_of(table), uncommon, &offset))
        return NULL;
    target_addr address = name_address(table, descriptor->module, (int32_t)offset);
    struct name name;
    struct error *err = address ? read_name(table, address, &name) : NULL;
    if (err)
        error_ignore(err);
    if (!address || err || !*name.text)
        return NULL;
    AUTO_TEXT path = {0};
    type_name_unescape(name.text, &path);
    return arena_string(table->arena, buffer_text(&path));
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

/**
 * The name with full package paths, as far as it is put together out of declared types and not of
 * literal functions, structs and interfaces.
 */
static struct error *compose_name(struct type_table *table, target_addr address,
                                  struct buffer *out);

/** "example.com/shop/db.Conn" of "db.Conn". */
static void put_declared(struct type_table *table, const struct descriptor *descriptor,
                         const char *plain, struct buffer *out)
{
    const char *path = descriptor_package(table, descriptor);
    size_t size = strcspn(plain, ".[");
    // A shape, the runtime's own idea of a package, has its whole path in the text.
    if (path && plain[size] == '.' && strncmp(plain, "go.shape.", 9) != 0) {
        buffer_puts(out, strcmp(path, "main") == 0 || !*path ? "main" : path);
        plain += size;
    }
    buffer_puts(out, plain);
}

/** A part of a name that is still to be written: text, or a type. */
struct part {
    const char *text;
    target_addr type;
};

struct parts {
    struct part items[2 * LIMIT_TYPE_DEPTH];
    size_t count; // the last is written first
};

static bool push_part(struct parts *parts, const char *text, target_addr type)
{
    if (parts->count == COUNT_OF(parts->items))
        return false;
    parts->items[parts->count++] = (struct part){text, type};
    return true;
}

static const char *chan_prefix(struct type_table *table, target_addr address)
{
    uint8_t direction = 0;
    address_space_try_u8(space_of(table), address + ELEM_OFFSET + 8, &direction);
    return direction == 1 ? "<-chan " : direction == 2 ? "chan<- " : "chan ";
}

/** Takes a composite apart. @return false where its name is to be taken as it is */
static bool push_composite(struct type_table *table, const struct descriptor *descriptor,
                           struct parts *parts, struct buffer *out)
{
    const struct address_space *space = space_of(table);
    uint64_t elem = 0, key = 0, length = 0;
    bool is_map = descriptor->kind == GO_MAP;
    if (!address_space_try_u64(space, descriptor->address + ELEM_OFFSET, is_map ? &key : &elem) ||
        (is_map && !address_space_try_u64(space, descriptor->address + MAP_ELEM_OFFSET, &elem)))
        return false;
    switch (descriptor->kind) {
    case GO_POINTER:
        buffer_puts(out, "*");
        return push_part(parts, NULL, elem);
    case GO_SLICE:
        buffer_puts(out, "[]");
        return push_part(parts, NULL, elem);
    case GO_CHAN:
        buffer_puts(out, chan_prefix(table, descriptor->address));
        return push_part(parts, NULL, elem);
    case GO_ARRAY:
        if (!address_space_try_u64(space, descriptor->address + ARRAY_LENGTH_OFFSET, &length))
            return false;
        buffer_printf(out, "[%" PRIu64 "]", length);
        return push_part(parts, NULL, elem);
    case GO_MAP:
        buffer_puts(out, "map[");
        return push_part(parts, NULL, elem) && push_part(parts, "]", 0) &&
               push_part(parts, NULL, key);
    default:
        return false;
    }
}

static struct error *compose_name(struct type_table *table, target_addr address, struct buffer *out)
{
    struct parts parts = {.count = 0};
    push_part(&parts, NULL, address);
    for (int steps = 0; parts.count; steps++) {
        struct part part = parts.items[--parts.count];
        if (part.text) {
            buffer_puts(out, part.text);
            continue;
        }
        struct descriptor descriptor;
        struct error *err = descriptor_read(table, part.type, &descriptor);
        if (err)
            return err;
        if (steps > 4 * LIMIT_TYPE_DEPTH)
            return error_new(ERROR_CORRUPT, "type descriptor at %#" PRIx64 " has no end", address);
        bool declared = descriptor.flags & DESCRIPTOR_NAMED;
        if (!declared && push_composite(table, &descriptor, &parts, out))
            continue;
        char *plain;
        err = plain_name(table, &descriptor, &plain);
        if (err)
            return err;
        if (declared)
            put_declared(table, &descriptor, plain, out);
        else
            buffer_puts(out, plain);
    }
    return NULL;
}

struct error *descriptor_name(struct type_table *table, const struct descriptor *descriptor,
                              const char **out)
{
    char *plain;
    AUTO_TEXT name = {0};
    struct error *err = plain_name(table, descriptor, &plain);
    if (err && descriptor->module)
        return err;
    if (err) { // reflect's: its parts may still have names
        struct error *composed = compose_name(table, descriptor->address, &name);
        if (composed) {
            error_ignore(composed);
            return err;
        }
        error_ignore(err);
        plain = arena_string(table->arena, buffer_text(&name));
        buffer_truncate(&name, 0);
    }
    type_name_hide_shapes(plain, &name);
    *out = strcmp(buffer_text(&name), plain) == 0 ? plain
                                                  : arena_string(table->arena, buffer_text(&name));
    return NULL;
}

/** Sets both names; the one with full paths where two packages share a name. */
static struct error *set_names(struct type_table *table, const struct descriptor *descriptor,
                               struct go_type *type)
{
    struct error *err = descriptor_name(table, descriptor, &type->name);
    if (err)
        return err;
    AUTO_TEXT full = {0};
    err = compose_name(table, descriptor->address, &full);
    if (err) {
        error_ignore(err);
        return NULL;
    }
    if (strcmp(buffer_text(&full), type->name) == 0)
        return NULL;
    type->full_name = arena_string(table->arena, buffer_text(&full));
    const struct package_list *packages = type_table_packages(table);
    if (package_list_ambiguous(packages, type->name)) {
        AUTO_TEXT name = {0};
        type_name_shorten(packages, type->full_name, &name, NULL);
        type->name = arena_string(table->arena, buffer_text(&name));
        if (strcmp(type->name, type->full_name) == 0)
            type->full_name = NULL;
    }
    return NULL;
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
    err = set_names(table, &descriptor, &type);
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

static struct error *read_field(struct type_table *table, target_addr address, uint64_t struct_size,
                                struct go_field *out)
{
    uint8_t bytes[FIELD_SIZE];
    struct name name;
    struct error *err = address_space_read(space_of(table), address, bytes, sizeof bytes);
    if (!err)
        err = read_name(table, load_u64(bytes), &name);
    if (!err)
        err = type_from_runtime(table, load_u64(bytes + 8), &out->type);
    if (err)
        return err;
    uint64_t offset = load_u64(bytes + 16);
    bool is_shifted = minor_of(table) <= 18; // the lowest bit says that the field is embedded
    out->name = name.text;
    out->embedded = is_shifted ? offset & 1 : name.flags & NAME_EMBEDDED;
    out->offset = is_shifted ? offset >> 1 : offset;
    if (!range_fits(out->offset, out->type->size, struct_size))
        return error_new(ERROR_CORRUPT, "field %s lies outside", out->name);
    return NULL;
}

/** A slice's address and length, held against what one type may have. */
static struct error *read_list(struct type_table *table, target_addr address, target_addr *data,
                               uint64_t *count)
{
    struct error *err = address_space_u64(space_of(table), address, data);
    if (!err)
        err = address_space_u64(space_of(table), address + 8, count);
    if (!err && *count > LIMIT_TYPE_FIELDS)
        err = error_new(ERROR_LIMIT, "%" PRIu64 " fields or methods", *count);
    return err;
}

static struct error *read_struct(struct type_table *table, struct go_type *type)
{
    target_addr data;
    uint64_t count;
    struct error *err = read_list(table, type->runtime_type + LIST_OFFSET, &data, &count);
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
    struct error *err = read_list(table, type->runtime_type + LIST_OFFSET, &data, &count);
    if (!err)
        type->has_methods = count > 0;
    return err;
}

struct error *runtime_type_resolve(struct type_table *table, struct type_entry *entry)
{
    struct go_type *type = &entry->type;
    switch (type->kind) {
    case GO_POINTER:
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
