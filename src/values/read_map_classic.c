// SPDX-License-Identifier: MIT
#include "read_map_internal.h"

/*
 * Maps up to Go 1.23, and with GOEXPERIMENT=noswissmap: Go's runtime/map.go. A bucket is 8 tophash
 * bytes, 8 keys, 8 elements, and in its last word a pointer to the next of its chain.
 */
enum {
    HMAP_FLAGS = 8, // the same offsets in all releases
    HMAP_B = 9,
    HMAP_BUCKETS = 16,
    HMAP_OLDBUCKETS = 24,
    HMAP_SIZE_READ = 32,

    FLAG_SAME_SIZE_GROW = 8,
    BUCKET_SLOTS = 8,
    EVACUATED_FIRST = 2, // evacuatedX, evacuatedY, evacuatedEmpty
    MIN_TOP_HASH = 5,
    B_MAX = 40,
};

struct bucket_layout {
    uint64_t size, key_stride, elem_stride;
};

/** @param skip_evacuated  an old bucket: its entries may have moved */
static void scan_chain(struct map_scan *scan, const struct bucket_layout *layout,
                       target_addr bucket, bool skip_evacuated)
{
    const struct address_space *space = scan->reader->program->space;
    while (bucket && map_scan_more(scan)) {
        uint8_t top[BUCKET_SLOTS];
        if (!address_space_try_read(space, bucket, top, sizeof top)) {
            map_scan_absent(scan);
            return;
        }
        if (skip_evacuated && top[0] >= EVACUATED_FIRST && top[0] < MIN_TOP_HASH)
            return;
        target_addr keys = bucket + BUCKET_SLOTS;
        target_addr elems = keys + BUCKET_SLOTS * layout->key_stride;
        for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
            if (top[i] >= MIN_TOP_HASH)
                map_scan_add(scan, keys + i * layout->key_stride, elems + i * layout->elem_stride);
        }
        if (!address_space_try_u64(space, bucket + layout->size - 8, &bucket)) {
            map_scan_absent(scan);
            return;
        }
        skip_evacuated = false; // the chain moves with its first bucket
    }
}

static void scan_buckets(struct map_scan *scan, const struct bucket_layout *layout,
                         target_addr buckets, uint64_t count, bool old)
{
    for (uint64_t i = 0; i < count && buckets; i++) {
        uint64_t visited = scan->groups;
        scan_chain(scan, layout, buckets + i * layout->size, old);
        if (scan->groups == visited) // nothing more is wanted
            return;
    }
}

void map_scan_classic(struct map_scan *scan, target_addr map)
{
    const struct go_type *type = scan->type;
    uint8_t header[HMAP_SIZE_READ];
    struct bucket_layout layout = {
        .size = type->map.bucket_size,
        .key_stride = type->map.indirect_key ? 8 : type->key->size,
        .elem_stride = type->map.indirect_elem ? 8 : type->elem->size,
    };
    if (layout.size < BUCKET_SLOTS + 8 ||
        !address_space_try_read(scan->reader->program->space, map, header, sizeof header) ||
        header[HMAP_B] > B_MAX) {
        map_scan_absent(scan);
        return;
    }
    uint64_t count = (uint64_t)1 << header[HMAP_B];
    bool same_size = header[HMAP_FLAGS] & FLAG_SAME_SIZE_GROW;
    uint64_t old_count = same_size || count == 1 ? count : count / 2;
    scan_buckets(scan, &layout, load_u64(header + HMAP_OLDBUCKETS), old_count, true);
    scan_buckets(scan, &layout, load_u64(header + HMAP_BUCKETS), count, false);
}
