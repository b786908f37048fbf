// SPDX-License-Identifier: MIT
#include "code_flow.h"
#include "declared.h"
#include "values_internal.h"
#include "well_known.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

struct value_reader *value_reader_new(struct program *program, const struct value_limits *limits)
{
    struct value_reader *reader = alloc_zeroed(1, sizeof *reader);
    reader->program = program;
    reader->limits = *limits;
    reader->types = type_table_new(program);
    reader->scratch = arena_new();
    reader->queues = table_new();
    return reader;
}

void value_reader_free(struct value_reader *reader)
{
    if (!reader)
        return;
    type_table_free(reader->types);
    frame_uses_free(reader->frame_uses);
    code_flows_free(reader->code_flows);
    table_free(reader->dictionaries);
    arena_free(reader->scratch);
    table_free(reader->queues);
    free(reader->jobs);
    free(reader->origins);
    free(reader);
}

void value_reader_skip_runtime(struct value_reader *reader, bool skip)
{
    reader->skip_runtime = skip;
}

void value_reader_set_now(struct value_reader *reader, int64_t now)
{
    reader->now = now;
}

struct value_limits value_reader_set_limits(struct value_reader *reader,
                                            const struct value_limits *limits)
{
    struct value_limits before = reader->limits;
    reader->limits = *limits;
    return before;
}

struct type_table *value_reader_types(const struct value_reader *reader)
{
    return reader->types;
}

void value_set_error(struct value_reader *reader, struct value *out, struct error *err)
{
    out->unreadable = error_kind(err) == ERROR_UNMAPPED
                          ? not_in_core
                          : arena_string(reader->arena, error_message(err));
    error_free(err);
}

bool value_follow(struct value_reader *reader, const struct value_job *job)
{
    // The outermost value may be as large as was asked for; below it the number is bounded.
    if (job->depth < reader->limits.depth &&
        (job->depth == 0 || reader->job_count < LIMIT_VALUE_PARTS))
        return true;
    job->out->not_followed = true;
    return false;
}

const struct value_node *value_node_new(struct value_reader *reader, const struct value_job *job)
{
    struct value_node *node = ARENA_NEW(reader->scratch, struct value_node);
    *node = (struct value_node){.parent = job->parent,
                                .type = job->type,
                                .address = job->storage.address,
                                .has_address = job->storage.in_memory};
    if (job->type->kind == GO_MAP || job->type->kind == GO_FUNC)
        node->content = job->out->bits;
    if (job->type->kind == GO_SLICE && !storage_word(reader, job->storage, 0, &node->content))
        node->length = job->out->length;
    return node;
}

bool value_holds_itself(const struct value_job *job, target_addr content, uint64_t length)
{
    for (const struct value_node *node = job->parent; node; node = node->parent) {
        if (node->content == content && node->length == length &&
            node->type->kind == job->type->kind)
            return true;
    }
    return false;
}

struct value *value_queue(struct value_reader *reader, const struct value_node *parent,
                          unsigned depth, const char *name, struct go_type *type,
                          struct storage storage)
{
    struct value *out = ARENA_NEW(reader->arena, struct value);
    if (name)
        out->name = arena_string(reader->arena, name);
    struct value_job job = {
        .out = out, .type = type, .storage = storage, .parent = parent, .depth = depth};
    ARRAY_PUSH(reader->jobs, reader->job_count, reader->job_capacity) = job;
    return out;
}

void value_children_reserve(struct value_reader *reader, struct value *out, uint64_t count)
{
    out->children = arena_array(reader->arena, count, sizeof(struct value *));
}

static enum value_kind kind_of(enum go_kind kind)
{
    static const enum value_kind kinds[] = {
        [GO_BOOL] = VALUE_BOOL,         [GO_INT] = VALUE_INT,
        [GO_INT8] = VALUE_INT,          [GO_INT16] = VALUE_INT,
        [GO_INT32] = VALUE_INT,         [GO_INT64] = VALUE_INT,
        [GO_UINT] = VALUE_UINT,         [GO_UINT8] = VALUE_UINT,
        [GO_UINT16] = VALUE_UINT,       [GO_UINT32] = VALUE_UINT,
        [GO_UINT64] = VALUE_UINT,       [GO_UINTPTR] = VALUE_UINT,
        [GO_FLOAT32] = VALUE_FLOAT,     [GO_FLOAT64] = VALUE_FLOAT,
        [GO_COMPLEX64] = VALUE_COMPLEX, [GO_COMPLEX128] = VALUE_COMPLEX,
        [GO_ARRAY] = VALUE_ARRAY,       [GO_CHAN] = VALUE_CHAN,
        [GO_FUNC] = VALUE_FUNC,         [GO_INTERFACE] = VALUE_INTERFACE,
        [GO_MAP] = VALUE_MAP,           [GO_POINTER] = VALUE_POINTER,
        [GO_SLICE] = VALUE_SLICE,       [GO_STRING] = VALUE_STRING,
        [GO_STRUCT] = VALUE_STRUCT,     [GO_UNSAFE_POINTER] = VALUE_UNSAFE_POINTER,
    };
    return kind < COUNT_OF(kinds) ? kinds[kind] : VALUE_UNKNOWN;
}

/** All that fits into 16 bytes and holds no address that is followed. */
static void read_scalar(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    enum go_kind kind = job->type->kind;
    uint8_t bytes[16] = {0};
    size_t size = (size_t)job->type->size;
    if (size == 0 || size > sizeof bytes) {
        out->unreadable = "corrupt: a type of a size that its kind cannot have";
        return;
    }
    out->unreadable = storage_load(reader, job->storage, 0, bytes, size);
    if (out->unreadable)
        return;
    out->bits = load_uint(bytes, size);
    if (kind >= GO_INT && kind <= GO_INT64 && size < 8)
        out->bits = (uint64_t)((int64_t)(out->bits << (64 - 8 * size)) >> (64 - 8 * size));
    out->is_hex = kind == GO_UINTPTR;
    out->nil = kind == GO_UNSAFE_POINTER && out->bits == 0;
    out->single = kind == GO_FLOAT32 || kind == GO_COMPLEX64;
    if (kind == GO_FLOAT32 || kind == GO_FLOAT64)
        out->real = load_float(bytes, out->single);
    if (kind == GO_COMPLEX64 || kind == GO_COMPLEX128) {
        out->real = load_float(bytes, out->single);
        out->imaginary = load_float(bytes + (out->single ? 4 : 8), out->single);
    }
}

static value_read_function *reader_of(enum go_kind kind)
{
    switch (kind) {
    case GO_STRING:
        return value_read_string;
    case GO_ARRAY:
        return value_read_array;
    case GO_SLICE:
        return value_read_slice;
    case GO_STRUCT:
        return value_read_struct;
    case GO_POINTER:
        return value_read_pointer;
    case GO_MAP:
        return value_read_map;
    case GO_CHAN:
        return value_read_channel;
    case GO_FUNC:
        return value_read_func;
    case GO_INTERFACE:
        return value_read_any_interface;
    default:
        return read_scalar;
    }
}

/** What a value of a kind occupies, 0 where the type says it. */
static uint64_t fixed_size(enum go_kind kind)
{
    switch (kind) {
    case GO_POINTER:
    case GO_MAP:
    case GO_CHAN:
    case GO_FUNC:
    case GO_UNSAFE_POINTER:
        return 8;
    case GO_STRING:
    case GO_INTERFACE:
        return 16;
    case GO_SLICE:
        return 24;
    default:
        return 0;
    }
}

static void read_job(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    struct go_type *type = job->type;
    out->type = type->name ? arena_string(reader->arena, type->name) : NULL;
    out->has_address = job->storage.in_memory;
    out->address = job->storage.address;
    struct error *err = type_resolve(reader->types, type);
    if (err) {
        value_set_error(reader, out, err);
        return;
    }
    out->kind = kind_of(type->kind);
    if (out->kind == VALUE_UNKNOWN) {
        out->unreadable = "a type that is not known";
        return;
    }
    uint64_t size = fixed_size(type->kind);
    out->unreadable = size && size != type->size
                          ? "corrupt: a type of a size that its kind cannot have"
                          : storage_missing(reader, job->storage, type->size);
    if (out->unreadable)
        return;
    reader_of(type->kind)(reader, job);
    if (out->unreadable)
        return;
    well_known_describe(reader, type, job->storage, out);
    if (type->kind == GO_INTERFACE || !job->parent)
        well_known_wraps(reader, type, job->storage, out);
}

static void read_queue(struct value_reader *reader)
{
    while (reader->next_job < reader->job_count) {
        struct value_job job = reader->jobs[reader->next_job++]; // the array moves while it grows
        read_job(reader, &job);
    }
    reader->job_count = reader->next_job = 0;
    arena_reset(reader->scratch);
}

struct value *value_read(struct value_reader *reader, struct arena *arena, struct go_type *type,
                         struct storage storage)
{
    reader->arena = arena;
    struct value *out = value_queue(reader, NULL, 0, NULL, type, storage);
    if (reader->keeps_origins)
        ARRAY_PUSH(reader->origins, reader->origin_count, reader->origin_capacity) =
            (struct value_origin){.value = out, .type = type, .storage = storage};
    read_queue(reader);
    return out;
}

struct value *value_read_interface(struct value_reader *reader, struct arena *arena,
                                   target_addr type_word, target_addr data_word)
{
    struct go_type empty_interface = {.name = "interface {}",
                                      .kind = GO_INTERFACE,
                                      .size = 16,
                                      .resolved = true,
                                      .dictionary_index = -1};
    return value_read(reader, arena, &empty_interface,
                      storage_of_words(arena, type_word, data_word));
}
