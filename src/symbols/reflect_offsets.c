// SPDX-License-Identifier: MIT
#include "type_internal.h"

/*
 * A type that reflect makes while the program runs (reflect.StructOf, SliceOf …) lies on the heap.
 * The offsets in it are negative numbers, which runtime.reflectOffs maps to addresses:
 *
 *     struct { lock mutex; next int32; m map[int32]unsafe.Pointer; minv … }    runtime/runtime1.go
 *
 * A map of that one type is all that is read here, whatever the release.
 */
enum { MAP_OFFSET = 16, OFFSETS_MAX = 1 << 20 };

struct reader {
    struct type_table *table;
    const struct address_space *space;
    struct go_map_layout layout;
    unsigned groups; ///< visited so far
};

static void add_entry(struct reader *reader, target_addr key_address, target_addr elem_address)
{
    uint32_t key;
    uint64_t value;
    if (table_count(reader->table->reflect_offsets) < OFFSETS_MAX &&
        address_space_try_u32(reader->space, key_address, &key) &&
        address_space_try_u64(reader->space, elem_address, &value))
        *table_add(reader->table->reflect_offsets, key, NULL) = value;
}

/** Eight slots behind eight control bytes, of which the highest bit marks an empty one. */
static void read_group(struct reader *reader, target_addr group)
{
    uint64_t control;
    if (reader->groups++ >= OFFSETS_MAX || !address_space_try_u64(reader->space, group, &control))
        return;
    const struct go_map_layout *layout = &reader->layout;
    for (unsigned i = 0; i < 8; i++)
        if (!(control >> (8 * i + 7) & 1))
            add_entry(reader, group + layout->keys_offset + (uint64_t)i * layout->key_stride,
                      group + layout->elems_offset + (uint64_t)i * layout->elem_stride);
}

/** internal/runtime/maps/map.go, table.go. */
static void read_swiss(struct reader *reader, target_addr map)
{
    uint64_t directory, length, previous = 0;
    if (!address_space_try_u64(reader->space, map + 16, &directory) ||
        !address_space_try_u64(reader->space, map + 24, &length))
        return;
    if (length == 0)
        read_group(reader, directory);
    for (uint64_t i = 0; i < length && i < OFFSETS_MAX; i++) {
        uint64_t table, groups, mask;
        if (!address_space_try_u64(reader->space, directory + 8 * i, &table) ||
            !address_space_try_u64(reader->space, table + 16, &groups) ||
            !address_space_try_u64(reader->space, table + 24, &mask))
            return;
        if (table == previous) // one table stands in several places in a row
            continue;
        previous = table;
        for (uint64_t k = 0; k <= mask && reader->groups < OFFSETS_MAX; k++)
            read_group(reader, groups + k * reader->layout.group_size);
    }
}

/** A bucket and its overflow buckets: eight marks, eight keys, eight elements, the next bucket. */
static void read_bucket(struct reader *reader, target_addr bucket)
{
    for (unsigned links = 0; bucket && links < 64; links++) {
        uint64_t marks;
        if (reader->groups++ >= OFFSETS_MAX ||
            !address_space_try_u64(reader->space, bucket, &marks))
            return;
        bool evacuated = (marks & 0xff) >= 2 && (marks & 0xff) <= 4;
        for (unsigned i = 0; i < 8 && !evacuated; i++)
            if ((marks >> (8 * i) & 0xff) >= 5)
                add_entry(reader, bucket + 8 + 4 * i, bucket + 40 + 8 * i);
        if (!address_space_try_u64(reader->space, bucket + reader->layout.bucket_size - 8, &bucket))
            return;
    }
}

/** runtime/map.go, hmap. */
static void read_classic(struct reader *reader, target_addr map)
{
    uint8_t flags, log_size;
    uint64_t buckets, old_buckets;
    if (!address_space_try_u8(reader->space, map + 8, &flags) ||
        !address_space_try_u8(reader->space, map + 9, &log_size) || log_size > 20 ||
        !address_space_try_u64(reader->space, map + 16, &buckets) ||
        !address_space_try_u64(reader->space, map + 24, &old_buckets))
        return;
    uint64_t count = (uint64_t)1 << log_size, old_count = flags & 8 ? count : count / 2;
    for (uint64_t i = 0; old_buckets && i < old_count; i++)
        read_bucket(reader, old_buckets + i * reader->layout.bucket_size);
    for (uint64_t i = 0; buckets && i < count; i++)
        read_bucket(reader, buckets + i * reader->layout.bucket_size);
}

static void read_all(struct type_table *table)
{
    table->reflect_read = true;
    table->reflect_offsets = table_new();
    struct reader reader = {.table = table, .space = table->program->space};
    target_addr symbol;
    uint64_t map;
    if (!program_symbol(table->program, "runtime.reflectOffs", &symbol) ||
        !address_space_try_u64(reader.space, symbol + MAP_OFFSET, &map) || !map)
        return;
    // What the compiler makes of int32 keys and pointers; GOEXPERIMENT=mapsplitgroup has its own.
    reader.layout = (struct go_map_layout){.bucket_size = 112,
                                           .keys_offset = 8,
                                           .key_stride = 16,
                                           .elems_offset = 16,
                                           .elem_stride = 16,
                                           .group_size = 136};
    struct go_type *type;
    struct error *err = type_by_name(table, "map[int32]unsafe.Pointer", &type);
    if (!err)
        err = type_resolve(table, type);
    if (!err && type->kind == GO_MAP && type->map.known)
        reader.layout = type->map;
    if (err)
        error_ignore(err);
    if (table->program->release->swiss_maps)
        read_swiss(&reader, map);
    else
        read_classic(&reader, map);
}

target_addr reflect_offset(struct type_table *table, int32_t offset)
{
    if (!table->reflect_read)
        read_all(table);
    const uint64_t *address = table_find(table->reflect_offsets, (uint32_t)offset);
    return address ? *address : 0;
}
