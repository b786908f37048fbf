// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "runtime_type_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Up to Go 1.16 two bytes, big-endian; from 1.17 a varint. */
static bool read_size(struct type_table *table, target_addr *at, uint64_t *out)
{
    const struct address_space *space = table->program->space;
    uint8_t byte, second;
    *out = 0;
    if (table->program->release->minor <= 16) {
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

/** A length and as many bytes. */
static struct error *read_text(struct type_table *table, target_addr *at, const char **out)
{
    uint64_t size;
    target_addr start = *at;
    if (!read_size(table, at, &size))
        return error_new(ERROR_CORRUPT, "no name at %#" PRIx64, start);
    char *text = arena_alloc(table->arena, size + 1);
    struct error *err = address_space_read(table->program->space, *at, text, size);
    if (err)
        return error_wrap(err, "name at %#" PRIx64, start);
    *at += size;
    *out = text;
    return NULL;
}

struct error *runtime_name_read(struct type_table *table, target_addr address,
                                struct runtime_name *out)
{
    struct runtime_name name = {.tag = ""};
    struct error *err = address_space_read(table->program->space, address, &name.flags, 1);
    target_addr at = address + 1;
    if (!err)
        err = read_text(table, &at, &name.text);
    if (!err && name.flags & NAME_HAS_TAG)
        err = read_text(table, &at, &name.tag);
    if (!err)
        *out = name;
    return err;
}

/**
 * Where a name offset of a descriptor leads; 0: nowhere. In a type that reflect made while the
 * program ran offsets are negative, keys of runtime.reflectOffs: such a type is named by its parts.
 */
static target_addr name_address(const struct module *module, int32_t offset)
{
    if (!module || offset <= 0 || (uint64_t)offset >= module->etypes - module->types)
        return 0;
    return module->types + (uint64_t)offset;
}

/** The text as the runtime has it; ERROR_NOT_FOUND for a type made by reflect. */
static struct error *plain_name(struct type_table *table, const struct descriptor *descriptor,
                                const char **out)
{
    target_addr address = name_address(descriptor->module, descriptor->name_offset);
    struct runtime_name name;
    if (!address)
        return error_new(descriptor->module ? ERROR_CORRUPT : ERROR_NOT_FOUND,
                         "type descriptor at %#" PRIx64 "%s: no name at offset %d",
                         descriptor->address, descriptor->module ? "" : ", made by reflect",
                         descriptor->name_offset);
    struct error *err = runtime_name_read(table, address, &name);
    if (err)
        return error_wrap(err, "type descriptor at %#" PRIx64, descriptor->address);
    if (descriptor->flags & DESCRIPTOR_EXTRA_STAR && *name.text == '*')
        name.text++;
    if (!*name.text)
        return error_new(ERROR_CORRUPT, "type descriptor at %#" PRIx64 " has an empty name",
                         descriptor->address);
    *out = name.text;
    return NULL;
}

target_addr descriptor_package_address(struct type_table *table,
                                       const struct descriptor *descriptor)
{
    uint32_t offset;
    target_addr uncommon = descriptor->address + descriptor_kind_size(table, descriptor->kind);
    if (!(descriptor->flags & DESCRIPTOR_UNCOMMON) ||
        !address_space_try_u32(table->program->space, uncommon, &offset))
        return 0;
    return name_address(descriptor->module, (int32_t)offset);
}

/** Import path of a declared type's package, NULL where there is none. */
static const char *package_path(struct type_table *table, const struct descriptor *descriptor)
{
    target_addr address = descriptor_package_address(table, descriptor);
    struct runtime_name name;
    struct error *err = address ? runtime_name_read(table, address, &name) : NULL;
    error_ignore(err);
    if (!address || err || !*name.text)
        return NULL;
    AUTO_TEXT path = {0};
    type_name_unescape(name.text, &path);
    return arena_string(table->arena, buffer_text(&path));
}

bool descriptor_package(struct type_table *table, const struct descriptor *descriptor,
                        const char **path, const char **name)
{
    const char *text;
    *path = package_path(table, descriptor);
    if (!*path || strcmp(*path, "go.shape") == 0)
        return false;
    struct error *err = plain_name(table, descriptor, &text);
    if (err) {
        error_ignore(err);
        return false;
    }
    size_t size = strcspn(text, ".[");
    *name = text[size] == '.' ? arena_copy(table->arena, text, size) : NULL;
    return true;
}

/** A part of a name that is still to be written: text, or a type. */
struct part {
    const char *text; // NULL: the type
    target_addr type;
};

/** A name being put together with full package paths; the last of the parts is written first. */
struct composition {
    struct type_table *table;
    struct buffer *out;
    struct part *parts;
    size_t count, capacity;
};

static void push_text(struct composition *c, const char *text)
{
    ARRAY_PUSH(c->parts, c->count, c->capacity) = (struct part){text, 0};
}

static void push_type(struct composition *c, target_addr type)
{
    ARRAY_PUSH(c->parts, c->count, c->capacity) = (struct part){NULL, type};
}

/** A struct's tag as reflect writes it, with strconv.Quote. */
static const char *quoted(struct type_table *table, const char *tag)
{
    AUTO_TEXT text = {0};
    buffer_puts(&text, " \"");
    for (; *tag; tag++) {
        if (*tag == '"' || *tag == '\\')
            buffer_putc(&text, '\\');
        buffer_putc(&text, *tag);
    }
    buffer_putc(&text, '"');
    return arena_string(table->arena, buffer_text(&text));
}

/** "struct { A int; main.User }", from the last field to the first. */
static struct error *push_struct(struct composition *c, const struct descriptor *descriptor)
{
    target_addr data;
    uint64_t count;
    struct error *err =
        runtime_list_read(c->table, descriptor->address + LIST_OFFSET, &data, &count);
    if (err)
        return err;
    push_text(c, count ? " }" : "}");
    for (uint64_t i = count; i-- > 0;) {
        struct runtime_field field;
        err = runtime_field_read(c->table, data + i * FIELD_SIZE, &field);
        if (err)
            return err;
        if (i + 1 < count)
            push_text(c, ";");
        if (*field.name.tag)
            push_text(c, quoted(c->table, field.name.tag));
        push_type(c, field.type);
        push_text(c, " ");
        if (!field.embedded) {
            push_text(c, field.name.text);
            push_text(c, " ");
        }
    }
    push_text(c, "struct {");
    return NULL;
}

static struct error *push_function_type(struct composition *c, target_addr address, bool variadic)
{
    target_addr type;
    struct error *err = address_space_u64(c->table->program->space, address, &type);
    if (!err && variadic) // a slice: "...string"
        err = address_space_u64(c->table->program->space, type + ELEM_OFFSET, &type);
    if (!err)
        push_type(c, type);
    if (!err && variadic)
        push_text(c, "...");
    return err;
}

/** "func(int, ...string) (bool, error)", from the last; the types lie behind the descriptor. */
static struct error *push_func(struct composition *c, const struct descriptor *descriptor)
{
    uint8_t counts[4];
    struct error *err = address_space_read(
        c->table->program->space, descriptor->address + DESCRIPTOR_SIZE, counts, sizeof counts);
    if (err)
        return err;
    unsigned in = load_u16(counts), out = load_u16(counts + 2) & 0x7fff;
    bool variadic = load_u16(counts + 2) & 0x8000;
    target_addr types = descriptor->address + descriptor_kind_size(c->table, GO_FUNC) +
                        (descriptor->flags & DESCRIPTOR_UNCOMMON ? UNCOMMON_SIZE : 0);
    if (out > 1)
        push_text(c, ")");
    for (unsigned i = out; i-- > 0 && !err;) {
        err = push_function_type(c, types + 8 * (in + i), false);
        push_text(c, i ? ", " : out > 1 ? " (" : " ");
    }
    push_text(c, ")");
    for (unsigned i = in; i-- > 0 && !err;) {
        err = push_function_type(c, types + 8 * i, variadic && i + 1 == in);
        if (i)
            push_text(c, ", ");
    }
    push_text(c, "func(");
    return err;
}

static const char *chan_prefix(struct type_table *table, target_addr address)
{
    uint8_t direction = 0;
    address_space_try_u8(table->program->space, address + CHAN_DIRECTION_OFFSET, &direction);
    return direction == 1 ? "<-chan " : direction == 2 ? "chan<- " : "chan ";
}

static struct error *push_map(struct composition *c, const struct descriptor *descriptor)
{
    const struct address_space *space = c->table->program->space;
    target_addr key, elem;
    struct error *err = address_space_u64(space, descriptor->address + ELEM_OFFSET, &key);
    if (!err)
        err = address_space_u64(space, descriptor->address + MAP_ELEM_OFFSET, &elem);
    if (err)
        return err;
    push_type(c, elem);
    push_text(c, "]");
    push_type(c, key);
    push_text(c, "map[");
    return NULL;
}

/** A pointer, slice, array or channel: something, then its element. */
static struct error *push_around_elem(struct composition *c, const struct descriptor *descriptor)
{
    const struct address_space *space = c->table->program->space;
    target_addr elem;
    uint64_t length = 0;
    struct error *err = address_space_u64(space, descriptor->address + ELEM_OFFSET, &elem);
    if (!err && descriptor->kind == GO_ARRAY)
        err = address_space_u64(space, descriptor->address + ARRAY_LENGTH_OFFSET, &length);
    if (err)
        return err;
    push_type(c, elem);
    if (descriptor->kind == GO_ARRAY)
        push_text(c, arena_printf(c->table->arena, "[%" PRIu64 "]", length));
    else if (descriptor->kind == GO_CHAN)
        push_text(c, chan_prefix(c->table, descriptor->address));
    else
        push_text(c, descriptor->kind == GO_POINTER ? "*" : "[]");
    return NULL;
}

/** A declared or predeclared type, or a literal interface: "example.com/shop/db.Conn". */
static struct error *push_plain(struct composition *c, const struct descriptor *descriptor)
{
    const char *plain;
    struct error *err = plain_name(c->table, descriptor, &plain);
    if (err)
        return err;
    const char *path =
        descriptor->flags & DESCRIPTOR_NAMED ? package_path(c->table, descriptor) : NULL;
    size_t size = strcspn(plain, ".[");
    // A shape has the whole of its path in the text.
    if (!path || plain[size] != '.' || strncmp(plain, "go.shape.", 9) == 0) {
        push_text(c, plain);
        return NULL;
    }
    push_text(c, plain + size);
    push_text(c, path);
    return NULL;
}

/** "map.group[int]string": a struct that the compiler made for the runtime's maps. */
static bool is_map_part(struct type_table *table, const struct descriptor *descriptor)
{
    const char *plain;
    struct error *err =
        descriptor->kind == GO_STRUCT ? plain_name(table, descriptor, &plain) : NULL;
    bool is_part = descriptor->kind == GO_STRUCT && !err && strncmp(plain, "struct {", 8) != 0;
    error_ignore(err);
    return is_part;
}

static struct error *push_parts(struct composition *c, const struct descriptor *descriptor)
{
    if (descriptor->flags & DESCRIPTOR_NAMED || is_map_part(c->table, descriptor))
        return push_plain(c, descriptor);
    switch (descriptor->kind) {
    case GO_POINTER:
    case GO_SLICE:
    case GO_ARRAY:
    case GO_CHAN:
        return push_around_elem(c, descriptor);
    case GO_MAP:
        return push_map(c, descriptor);
    case GO_STRUCT:
        return push_struct(c, descriptor);
    case GO_FUNC:
        return push_func(c, descriptor);
    default:
        return push_plain(c, descriptor);
    }
}

/** Puts a name with full package paths together out of the names of declared types. */
static struct error *compose(struct composition *c)
{
    for (unsigned steps = 0; c->count; steps++) {
        struct part part = c->parts[--c->count];
        if (part.text) {
            buffer_puts(c->out, part.text);
            continue;
        }
        if (steps == LIMIT_SYMBOL_NAME || c->out->size > LIMIT_SYMBOL_NAME)
            return error_new(ERROR_LIMIT, "a type's name of more than %d bytes", LIMIT_SYMBOL_NAME);
        struct descriptor descriptor;
        struct error *err = descriptor_read(c->table, part.type, &descriptor);
        if (!err)
            err = push_parts(c, &descriptor);
        if (err)
            return err;
    }
    return NULL;
}

static struct error *full_name(struct type_table *table, const struct descriptor *descriptor,
                               struct buffer *out)
{
    AUTO_TEXT text = {0};
    struct composition composition = {.table = table, .out = &text};
    push_type(&composition, descriptor->address);
    struct error *err = compose(&composition);
    free(composition.parts);
    if (!err)
        type_name_unescape(buffer_text(&text), out);
    return err;
}

struct error *descriptor_name(struct type_table *table, const struct descriptor *descriptor,
                              const char **out)
{
    const char *plain;
    AUTO_TEXT name = {0};
    struct error *err = plain_name(table, descriptor, &plain);
    if (!err) {
        type_name_hide_shapes(plain, &name);
    } else if (error_kind(err) == ERROR_NOT_FOUND) {
        AUTO_TEXT full = {0};
        error_ignore(err);
        err = full_name(table, descriptor, &full);
        if (!err)
            type_name_shorten(type_table_packages(table), buffer_text(&full), &name, NULL);
    }
    if (err)
        return err;
    *out = arena_string(table->arena, buffer_text(&name));
    return NULL;
}

bool type_runtime_is(struct type_table *table, target_addr address, const char *name)
{
    struct descriptor descriptor;
    AUTO_TEXT full = {0};
    struct error *err = descriptor_read(table, address, &descriptor);
    if (!err)
        err = full_name(table, &descriptor, &full);
    bool is = !err && strcmp(buffer_text(&full), name) == 0;
    error_ignore(err);
    return is;
}

struct error *descriptor_names(struct type_table *table, const struct descriptor *descriptor,
                               const char **name, const char **full)
{
    *full = NULL;
    struct error *err = descriptor_name(table, descriptor, name);
    if (err)
        return err;
    AUTO_TEXT text = {0};
    err = full_name(table, descriptor, &text);
    if (err || strcmp(buffer_text(&text), *name) == 0) {
        error_ignore(err); // some part of it has no name: the short one stands
        return NULL;
    }
    *full = arena_string(table->arena, buffer_text(&text));
    const struct package_list *packages = type_table_packages(table);
    if (!package_list_ambiguous(packages, *name))
        return NULL;
    AUTO_TEXT longer = {0};
    type_name_shorten(packages, *full, &longer, NULL);
    *name = arena_string(table->arena, buffer_text(&longer));
    if (strcmp(*name, *full) == 0)
        *full = NULL;
    return NULL;
}
