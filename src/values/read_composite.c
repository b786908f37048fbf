// SPDX-License-Identifier: MIT
#include "text_bytes.h"
#include "values_internal.h"

#include "base/checked.h"

#include <string.h>

/** No slice or string is longer than what a program can address; longer ones are garbage. */
#define LENGTH_MAX ((uint64_t)1 << 47)

/** The two or three words of a string or slice; a capacity of UINT64_MAX is not known. */
struct header {
    uint64_t data, length, capacity;
};

/**
 * Reads a header as far as it is there. Optimised code may keep the length and drop the pointer.
 * @return whether the contents can be read; if not, out says why
 */
static bool read_header(struct value_reader *reader, const struct value_job *job, bool has_capacity,
                        struct header *header)
{
    struct value *out = job->out;
    const char *no_data = storage_word(reader, job->storage, 0, &header->data);
    const char *no_length = storage_word(reader, job->storage, 8, &header->length);
    if (no_length) {
        out->unreadable = no_length;
        return false;
    }
    header->capacity = header->length;
    bool capacity_known =
        has_capacity && !storage_word(reader, job->storage, 16, &header->capacity);
    out->length = header->length;
    out->capacity = has_capacity ? header->capacity : 0;
    if (header->length > LENGTH_MAX) {
        out->unreadable =
            arena_printf(reader->arena, "corrupt: length %lld", (long long)(int64_t)header->length);
    } else if (capacity_known && header->capacity < header->length) {
        out->unreadable =
            arena_printf(reader->arena, "corrupt: length %llu of capacity %lld",
                         (unsigned long long)header->length, (long long)(int64_t)header->capacity);
    } else if (no_data && no_data == optimized_out && header->length > 0) {
        out->content_unknown = true;
    } else if (no_data && !(header->length == 0 && no_data == optimized_out && !has_capacity)) {
        out->unreadable = no_data;
    }
    return !out->unreadable && !out->content_unknown;
}

/** The longest readable start of [address, address + size). */
static uint64_t readable_size(const struct value_reader *reader, target_addr address, uint64_t size)
{
    uint64_t found = 0;
    while (found < size) {
        struct bytes view =
            address_space_view(reader->program->space, address + found, size - found);
        if (view.size == 0)
            break;
        found += view.size;
    }
    return found;
}

/** Reads the start of a text into out->bytes. @return false where not a byte of it is there */
static bool read_bytes(struct value_reader *reader, struct value *out, target_addr address,
                       uint64_t length)
{
    uint64_t wanted = length < reader->limits.string ? length : reader->limits.string;
    uint64_t size = readable_size(reader, address, wanted);
    char *bytes = arena_alloc(reader->arena, (size_t)size + 1);
    if ((size == 0 && wanted > 0) ||
        !address_space_try_read(reader->program->space, address, bytes, (size_t)size))
        return false;
    if (size == wanted && size < length) // a limit cuts between runes
        size = utf8_whole(bytes, (size_t)size);
    out->bytes = bytes;
    out->bytes_size = (size_t)size;
    out->omitted = length - size;
    return true;
}

void value_read_string(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    struct header header = {0};
    if (!read_header(reader, job, false, &header))
        return;
    out->bytes = "";
    if (header.length > 0 && !read_bytes(reader, out, header.data, header.length))
        out->unreadable = not_in_core;
}

/** Queues the first elements of an array that lies at storage; the rest is counted. */
static void queue_elements(struct value_reader *reader, const struct value_job *job,
                           struct storage storage, uint64_t length)
{
    struct value *out = job->out;
    struct go_type *elem = job->type->elem;
    uint64_t shown = length < reader->limits.items ? length : reader->limits.items;
    const struct value_node *node = value_node_new(reader, job);
    value_children_reserve(reader, out, shown);
    for (uint64_t i = 0; i < shown; i++) {
        out->children[out->child_count++] = value_queue(reader, node, job->depth + 1, NULL, elem,
                                                        storage_part(storage, i * elem->size));
    }
    out->omitted = length - shown;
}

void value_read_array(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    uint64_t size = 0;
    out->length = job->type->length;
    if (!checked_multiply(out->length, job->type->elem->size, &size) || size > job->type->size)
        out->unreadable = "corrupt: an array type with more elements than fit";
    else if (out->length > 0 && value_follow(reader, job))
        queue_elements(reader, job, job->storage, out->length);
}

void value_read_slice(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    struct header header = {0};
    if (!read_header(reader, job, true, &header))
        return;
    out->nil = header.data == 0;
    if (header.length == 0)
        return;
    struct go_type *elem = job->type->elem;
    struct storage elements = storage_at(header.data);
    out->unreadable = storage_missing(reader, elements, elem->size);
    if (out->unreadable)
        return;
    if (elem->kind == GO_UINT8 && read_bytes(reader, out, header.data, header.length)) {
        out->is_byte_text = utf8_is_text(out->bytes, out->bytes_size);
        if (out->is_byte_text)
            return;
        out->bytes = NULL;
        out->bytes_size = 0;
        out->omitted = 0;
    }
    out->cycle = value_holds_itself(job, header.data, header.length);
    if (!out->cycle && value_follow(reader, job))
        queue_elements(reader, job, elements, header.length);
}

/** *T of a generic called prefix that holds an unsafe.Pointer: a blank field [0]*T names it. */
static struct go_type *blank_pointer_type(struct value_reader *reader, const struct go_type *type,
                                          const char *prefix)
{
    if (strncmp(type_full_name(type), prefix, strlen(prefix)) != 0)
        return NULL;
    for (size_t i = 0; i < type->field_count; i++) {
        struct go_type *array = type->fields[i].type;
        if (array->kind != GO_ARRAY || array->size != 0)
            continue;
        struct error *err = type_resolve(reader->types, array);
        bool found = !err && array->elem && array->elem->kind == GO_POINTER;
        error_ignore(err);
        if (found)
            return array->elem;
    }
    return NULL;
}

struct go_type *atomic_pointer_type(struct value_reader *reader, const struct go_type *type)
{
    return blank_pointer_type(reader, type, "sync/atomic.Pointer[");
}

/** Where and as what a field is read: v of an atomic.Pointer[T] is an unsafe.Pointer. */
static struct go_type *field_value(struct value_reader *reader, const struct go_type *type,
                                   const struct go_field *field, struct storage *storage)
{
    uint64_t word = 0;
    if (field->type->kind != GO_UNSAFE_POINTER)
        return field->type;
    struct go_type *pointer = atomic_pointer_type(reader, type);
    if (pointer)
        return pointer;
    pointer = blank_pointer_type(reader, type, "weak.Pointer[");
    if (!pointer || storage_word(reader, *storage, 0, &word))
        return field->type;
    // u leads to the word that the collector clears with the object: runtime/mheap.go, weak handle.
    if (word)
        *storage = storage_at(word);
    return pointer;
}

/** What an atomic type holds, in its own place: nobody thinks of its field. */
static bool read_atomic(struct value_reader *reader, const struct value_job *job)
{
    struct value_job held = *job;
    const struct go_field *v = type_field(job->type, "v");
    const char *name = type_full_name(job->type);
    if (!v || strncmp(name, "sync/atomic.", 12) != 0 ||
        !range_fits(v->offset, v->type->size, job->type->size))
        return false;
    struct error *err = type_resolve(reader->types, v->type);
    error_ignore(err);
    if (err)
        return false;
    held.storage = storage_part(job->storage, v->offset);
    held.type = field_value(reader, job->type, v, &held.storage);
    err = type_resolve(reader->types, held.type);
    error_ignore(err);
    if (err || held.type->size != v->type->size)
        return false;
    if (held.type->kind == GO_INTERFACE) {
        job->out->kind = VALUE_INTERFACE;
        value_read_any_interface(reader, &held);
    } else if (held.type->kind == GO_POINTER) {
        job->out->kind = VALUE_POINTER;
        value_read_pointer(reader, &held);
    } else if (held.type->kind == GO_UINTPTR) {
        job->out->kind = VALUE_UINT;
        job->out->is_hex = true;
        job->out->unreadable = storage_word(reader, held.storage, 0, &job->out->bits);
    } else {
        return false;
    }
    return true;
}

void value_read_struct(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    const struct go_type *type = job->type;
    if (reader->skip_runtime && strncmp(type_full_name(type), "runtime.", 8) == 0) {
        out->not_followed = true;
        return;
    }
    if (type->field_count == 0 || value_read_sync_map(reader, job) || read_atomic(reader, job) ||
        !value_follow(reader, job))
        return;
    const struct value_node *node = value_node_new(reader, job);
    value_children_reserve(reader, out, type->field_count);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct go_field *field = &type->fields[i];
        if (strcmp(field->name, "_") == 0 ||
            !range_fits(field->offset, field->type->size, type->size))
            continue;
        struct storage storage = storage_part(job->storage, field->offset);
        struct go_type *its_type = field_value(reader, type, field, &storage);
        out->children[out->child_count++] =
            value_queue(reader, node, job->depth + 1, field->name, its_type, storage);
    }
}

static bool same_type(const struct go_type *a, const struct go_type *b)
{
    return a == b || (a->kind == b->kind && a->size == b->size &&
                      strcmp(type_full_name(a), type_full_name(b)) == 0);
}

/** Whether the value at address is one of those that job's lies in. */
static bool leads_back(const struct value_job *job, target_addr address, const struct go_type *type)
{
    if (job->storage.in_memory && job->storage.address == address && same_type(job->type, type))
        return true;
    for (const struct value_node *node = job->parent; node; node = node->parent) {
        if (node->has_address && node->address == address && same_type(node->type, type))
            return true;
    }
    return false;
}

void value_read_pointer(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    struct go_type *elem = job->type->elem;
    out->unreadable = storage_word(reader, job->storage, 0, &out->bits);
    out->nil = !out->unreadable && out->bits == 0;
    if (out->unreadable || out->nil)
        return;
    if (!elem) { // *T of which only the name is known
        out->not_followed = true;
        return;
    }
    out->cycle = leads_back(job, out->bits, elem);
    if (out->cycle || !value_follow(reader, job))
        return;
    // Its target stands where the pointer does; only what may go on without end costs a level.
    bool endless = elem->kind == GO_POINTER || elem->kind == GO_INTERFACE;
    const struct value_node *node = value_node_new(reader, job);
    value_children_reserve(reader, out, 1);
    out->children[out->child_count++] =
        value_queue(reader, node, job->depth + endless, NULL, elem, storage_at(out->bits));
}

const struct go_field *type_field(const struct go_type *type, const char *name)
{
    for (size_t i = 0; i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    }
    return NULL;
}
