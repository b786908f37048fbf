// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/limits.h"

#include <inttypes.h>
#include <string.h>

struct error *dereference(struct evaluation *eval, size_t offset, struct operand *operand)
{
    uint64_t address = 0;
    struct error *err = operand_need_value(eval, operand);
    if (err)
        return err;
    struct go_type *type = operand->type;
    if (type->kind != GO_POINTER)
        return error_new_at(offset, "a value of type %s is no pointer", type->name);
    if (!type->elem)
        return error_new_at(offset, "what %s points to is not known", type->name);
    err = operand_scalar(eval, operand, &address);
    if (!err && address == 0)
        err = error_new_at(offset, "nil (%s) points to nothing", type->name);
    if (!err)
        err = resolve_at(eval, offset, type->elem);
    if (!err)
        *operand = operand_at(operand->offset, type->elem, address);
    return err;
}

struct error *take_address(struct evaluation *eval, const struct step *step,
                           struct operand *operand)
{
    struct error *err = operand_need_value(eval, operand);
    if (err)
        return err;
    if (operand->has_text || !operand->storage.in_memory)
        return error_new_at(step->offset, "this has no address: it lies in no memory of its own");
    *operand = operand_bits(eval, step->offset, pointer_type(eval, operand->type),
                            operand->storage.address);
    return NULL;
}

/** A struct among those in which a field is looked for, and how it was come to. */
struct embedding {
    struct go_type *type;         // of the struct, resolved
    size_t parent;                // index of the struct it lies in
    const struct go_field *field; // of the parent; NULL for the one asked
};

enum { EMBEDDINGS_MAX = 256 };

struct field_search {
    struct embedding items[EMBEDDINGS_MAX];
    size_t count;
};

/** The struct that a type is or points to, resolved; NULL: neither. */
static struct go_type *struct_of(struct evaluation *eval, struct go_type *type)
{
    struct error *err = type_resolve(eval->reader->types, type);
    if (!err && type->kind == GO_POINTER && type->elem) {
        type = type->elem;
        err = type_resolve(eval->reader->types, type);
    }
    bool is_struct = !err && type->kind == GO_STRUCT;
    error_ignore(err); // then it has no fields that could be meant
    return is_struct ? type : NULL;
}

static void add_embedded(struct evaluation *eval, struct field_search *search, size_t parent)
{
    const struct go_type *type = search->items[parent].type;
    for (size_t i = 0; type && i < type->field_count; i++) {
        const struct go_field *field = &type->fields[i];
        struct go_type *inner = field->embedded ? struct_of(eval, field->type) : NULL;
        if (!inner || search->count == EMBEDDINGS_MAX)
            continue;
        bool seen = false;
        for (size_t k = 0; k < search->count && !seen; k++)
            seen = search->items[k].type == inner;
        if (!seen)
            search->items[search->count++] =
                (struct embedding){.type = inner, .parent = parent, .field = field};
    }
}

/**
 * Looks for a field breadth first, as Go promotes them: of the least depth, and alone there.
 * @param owner  index of the struct that has it
 * @return NULL where there is none; *ambiguous where there are several
 */
static const struct go_field *find_field(struct evaluation *eval, struct field_search *search,
                                         const char *name, size_t *owner, bool *ambiguous)
{
    *ambiguous = false;
    for (size_t begin = 0, end = 1; begin < end; begin = end, end = search->count) {
        const struct go_field *found = NULL;
        for (size_t i = begin; i < end; i++) {
            const struct go_field *field = type_field(search->items[i].type, name);
            *ambiguous |= field && found;
            if (field && !found) {
                found = field;
                *owner = i;
            }
        }
        if (found)
            return *ambiguous ? NULL : found;
        for (size_t i = begin; i < end; i++)
            add_embedded(eval, search, i);
    }
    return NULL;
}

/** Goes into a field, through a pointer where the operand is one. */
static struct error *enter_field(struct evaluation *eval, size_t offset, struct operand *operand,
                                 const struct go_field *field)
{
    struct error *err = NULL;
    if (operand->type->kind == GO_POINTER) {
        uint64_t address = 0;
        err = operand_scalar(eval, operand, &address);
        if (!err && address == 0)
            err = error_new_at(offset, "a nil %s points to nothing: it has no field %s to read",
                               operand->type->name, field->name);
        if (!err)
            err = dereference(eval, offset, operand);
    }
    if (!err)
        err = resolve_at(eval, offset, field->type);
    if (err)
        return err;
    if (field->offset > operand->type->size ||
        field->type->size > operand->type->size - field->offset)
        return error_new_at(offset, "corrupt: field %s lies outside of %s", field->name,
                            operand->type->name);
    operand->type = field->type;
    operand->storage = storage_part(operand->storage, field->offset);
    return NULL;
}

/** The runtime's own fields of a channel: ch.qcount, ch.recvq. */
static struct error *enter_channel(struct evaluation *eval, const struct step *step,
                                   struct operand *operand)
{
    struct go_type *channel = NULL;
    uint64_t address = 0;
    struct error *err = type_by_name(eval->reader->types, "runtime.hchan", &channel);
    if (!err)
        err = type_resolve(eval->reader->types, channel);
    bool has_field = !err && type_field(channel, step->name);
    error_ignore(err); // then the runtime's type is not known here
    if (!has_field)
        return error_new_at(step->offset, "a value of type %s has no field %s", operand->type->name,
                            step->name);
    err = operand_scalar(eval, operand, &address);
    if (!err && address == 0)
        err = error_new_at(step->offset, "a nil %s has no field %s to read", operand->type->name,
                           step->name);
    if (!err)
        *operand = operand_at(operand->offset, channel, address);
    return err;
}

/** ch.buf with the type that it has in effect: a pointer to an array of the channel's elements. */
static struct error *channel_buffer(struct evaluation *eval, const struct step *step,
                                    struct operand *operand)
{
    const uint64_t size_max = (uint64_t)1 << 47;
    const struct program *program = eval->reader->program;
    struct go_type *elem = operand->type->elem;
    uint64_t channel = 0, buffer = 0, length = 0;
    struct error *err = operand_scalar(eval, operand, &channel);
    if (!err && channel == 0)
        err = error_new_at(step->offset, "a nil %s has no field %s to read", operand->type->name,
                           step->name);
    if (!err)
        err = resolve_at(eval, step->offset, elem);
    if (err)
        return err;
    if (!go_field_read(program->release, program->space, channel, FIELD_hchan_buf, &buffer) ||
        !go_field_read(program->release, program->space, channel, FIELD_hchan_dataqsiz, &length))
        return error_new_at(step->offset, "not in the core: address 0x%" PRIx64, channel);
    if (elem->size && length > size_max / elem->size)
        return error_new_at(step->offset, "corrupt: a channel of %" PRIu64 " elements", length);
    *operand = operand_bits(eval, operand->offset,
                            pointer_type(eval, array_type(eval, elem, length)), buffer);
    return NULL;
}

/**
 * Makes a value that has no fields one that has: of an interface what is in it, though Go would
 * want an assertion: people ask for err.Path.
 */
static struct error *make_struct(struct evaluation *eval, const struct step *step,
                                 struct operand *operand)
{
    if (operand->type->kind == GO_CHAN && eval->reader->program)
        return enter_channel(eval, step, operand);
    if (operand->type->kind == GO_INTERFACE) {
        struct operand inner;
        struct error *err = interface_value(eval, operand, &inner);
        if (err)
            return err;
        if (inner.kind != OPERAND_VALUE)
            return error_new_at(step->offset, "a nil %s holds nothing that has a field %s",
                                operand->type->name, step->name);
        inner.offset = operand->offset;
        *operand = inner;
        if (struct_of(eval, inner.type))
            return NULL;
    }
    return error_new_at(step->offset, "a value of type %s has no field %s", operand->type->name,
                        step->name);
}

/** Makes a value that has a method of that name the method; a promoted one is not looked for. */
static bool method_of_operand(struct evaluation *eval, const struct step *step,
                              struct operand *operand)
{
    struct operand value = *operand;
    if (value.type->kind == GO_INTERFACE) {
        struct error *err = interface_value(eval, operand, &value);
        error_ignore(err); // then it is not known what it holds
        if (err || value.kind != OPERAND_VALUE)
            return false;
    }
    return method_find(eval, operand->offset, value.type, step->name, operand);
}

struct error *select_field(struct evaluation *eval, const struct step *step,
                           struct operand *operand)
{
    if (operand->kind == OPERAND_PACKAGE)
        return package_member(eval, step, operand);
    if (operand->kind == OPERAND_TYPE &&
        method_find(eval, operand->offset, operand->type, step->name, operand))
        return NULL;
    struct error *err = operand_need_value(eval, operand);
    if (err)
        return err;
    if (operand->type->kind == GO_CHAN && operand->type->elem && eval->reader->program &&
        strcmp(step->name, "buf") == 0)
        return channel_buffer(eval, step, operand);
    struct go_type *outer = struct_of(eval, operand->type);
    if (!outer && method_of_operand(eval, step, operand))
        return NULL;
    if (!outer) {
        err = make_struct(eval, step, operand);
        if (err)
            return err;
        outer = struct_of(eval, operand->type);
    }
    struct field_search search = {.items = {{.type = outer}}, .count = 1};
    size_t owner = 0;
    bool ambiguous;
    const struct go_field *field = find_field(eval, &search, step->name, &owner, &ambiguous);
    if (!field && !ambiguous && method_of_operand(eval, step, operand))
        return NULL;
    if (!field)
        return error_new_at(step->offset,
                            ambiguous ? "%s: several embedded structs of %s have this field"
                                      : "there is no field %s in %s",
                            step->name, outer->name);
    const struct go_field *path[EMBEDDINGS_MAX + 1];
    size_t count = 0;
    path[count++] = field;
    for (; search.items[owner].field; owner = search.items[owner].parent)
        path[count++] = search.items[owner].field;
    while (count-- > 0 && !err)
        err = enter_field(eval, step->offset, operand, path[count]);
    return err;
}

/** Makes a pointer to an array the array: indexing, slicing, len and cap take it for that. */
static struct error *through_array_pointer(struct evaluation *eval, size_t offset,
                                           struct operand *operand)
{
    if (operand->type->kind != GO_POINTER || !operand->type->elem)
        return NULL;
    struct error *err = resolve_at(eval, offset, operand->type->elem);
    if (!err && operand->type->elem->kind == GO_ARRAY)
        err = dereference(eval, offset, operand);
    return err;
}

/** Where the elements of a string, slice or array are. */
struct elements {
    struct go_type *type;
    uint64_t length, capacity;
    struct storage storage; // of the first
    bool has_text;
};

static struct error *find_elements(struct evaluation *eval, const struct step *step,
                                   const struct operand *operand, struct elements *out)
{
    struct go_type *type = operand->type;
    *out = (struct elements){.type = type->kind == GO_STRING ? basic_type(GO_UINT8) : type->elem};
    if (type->kind != GO_STRING && type->kind != GO_SLICE && type->kind != GO_ARRAY)
        return error_new_at(step->offset, "a value of type %s has no elements", type->name);
    if (!out->type)
        return error_new_at(step->offset, "the elements of %s are not known", type->name);
    struct error *err = resolve_at(eval, step->offset, out->type);
    if (err)
        return err;
    if (operand->has_text) {
        out->has_text = true;
        out->length = out->capacity = operand->text_size;
        out->storage.bytes = (const uint8_t *)operand->text;
        return NULL;
    }
    if (type->kind == GO_ARRAY) {
        out->length = out->capacity = type->length;
        out->storage = operand->storage;
        return NULL;
    }
    target_addr data = 0;
    err = operand_header(eval, operand, &data, &out->length, &out->capacity);
    out->storage = storage_at(data);
    return err;
}

static struct error *out_of_range(size_t offset, wide_int index, uint64_t length)
{
    bool small = index >= INT64_MIN && index <= INT64_MAX;
    return error_new_at(offset, "index %s%" PRId64 " is out of range: the length is %" PRIu64,
                        small ? "" : "beyond ", small ? (int64_t)index : INT64_MAX, length);
}

struct error *index_operand(struct evaluation *eval, const struct step *step,
                            struct operand *operand, const struct operand *index)
{
    struct error *err = operand_need_value(eval, operand);
    if (!err)
        err = through_array_pointer(eval, step->offset, operand);
    if (err)
        return err;
    if (operand->type->kind == GO_MAP)
        return index_map(eval, step, operand, index);
    struct elements elements;
    wide_int at = 0;
    err = find_elements(eval, step, operand, &elements);
    if (!err)
        err = operand_integer(eval, index, &at);
    if (!err && (at < 0 || at >= (wide_int)elements.length))
        err = out_of_range(index->offset, at, elements.length);
    if (err)
        return err;
    size_t offset = operand->offset;
    *operand = (struct operand){
        .kind = OPERAND_VALUE,
        .offset = offset,
        .type = elements.type,
        .storage = storage_part(elements.storage, (uint64_t)at * elements.type->size)};
    return NULL;
}

/** The bounds of a slice, the ones left out filled in. */
static struct error *read_bounds(struct evaluation *eval, const struct step *step,
                                 const struct operand *given, uint64_t length, uint64_t capacity,
                                 uint64_t bounds[3])
{
    bounds[0] = 0;
    bounds[1] = length;
    bounds[2] = capacity;
    for (size_t i = 0; i < step->count; i++) {
        wide_int bound = 0;
        if (given[i].kind == OPERAND_ABSENT)
            continue;
        struct error *err = operand_integer(eval, &given[i], &bound);
        if (err)
            return err;
        if (bound < 0 || bound > (wide_int)capacity)
            return out_of_range(given[i].offset, bound, capacity);
        bounds[i] = (uint64_t)bound;
    }
    for (size_t i = 1; i < 3; i++)
        if (bounds[i] < bounds[i - 1])
            return error_new_at(step->offset, "slice bounds out of order: %" PRIu64 " > %" PRIu64,
                                bounds[i - 1], bounds[i]);
    return NULL;
}

static void put_word(uint8_t *bytes, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(word >> (8 * i));
}

struct error *slice_operand(struct evaluation *eval, const struct step *step,
                            struct operand *operand, const struct operand *bounds)
{
    struct error *err = operand_need_value(eval, operand);
    if (!err)
        err = through_array_pointer(eval, step->offset, operand);
    struct elements elements;
    if (!err)
        err = find_elements(eval, step, operand, &elements);
    if (err)
        return err;
    struct go_type *type = operand->type;
    bool is_string = type->kind == GO_STRING;
    uint64_t b[3], capacity = is_string ? elements.length : elements.capacity;
    if (is_string && step->count == 3)
        return error_new_at(step->offset, "a string has no capacity: two bounds at most");
    if (type->kind == GO_ARRAY && !elements.storage.in_memory)
        return error_new_at(step->offset, "an array that lies in no memory cannot be sliced");
    err = read_bounds(eval, step, bounds, elements.length, capacity, b);
    if (err)
        return err;
    if (elements.has_text) {
        *operand = operand_text(operand->offset, type, operand->text + b[0], b[1] - b[0]);
        return NULL;
    }
    uint8_t header[24];
    // Go leaves the pointer alone where nothing is left behind it.
    uint64_t skipped = b[2] == b[0] ? 0 : b[0] * elements.type->size;
    put_word(header, elements.storage.address + skipped);
    put_word(header + 8, b[1] - b[0]);
    put_word(header + 16, b[2] - b[0]);
    if (type->kind == GO_ARRAY)
        type = slice_type(eval, elements.type);
    *operand = operand_bytes(eval, operand->offset, type, header, is_string ? 16 : 24);
    return NULL;
}
