// SPDX-License-Identifier: MIT
#include "read_map_internal.h"

/*
 * Maps from Go 1.24: Go's internal/runtime/maps. A group is 8 control bytes and 8 slots. A map of
 * up to 8 entries is one group; a larger one a directory of tables, each an array of groups.
 */
enum {
    MAP_DIR_PTR = 16, // the same offsets in all releases
    MAP_DIR_LEN = 24,
    MAP_SIZE_READ = 32,
    TABLE_GROUPS = 16, // groups.data
    TABLE_MASK = 24,   // groups.lengthMask
    TABLE_SIZE_READ = 32,

    GROUP_SLOTS = 8,
    CONTROL_FREE = 0x80, // empty 0x80, deleted 0xfe
};

static void scan_group(struct map_scan *scan, target_addr group)
{
    const struct go_map_layout *layout = &scan->type->map;
    uint8_t control[GROUP_SLOTS];
    if (!address_space_try_read(scan->reader->program->space, group, control, sizeof control)) {
        map_scan_absent(scan);
        return;
    }
    for (unsigned i = 0; i < GROUP_SLOTS; i++) {
        if (!(control[i] & CONTROL_FREE))
            map_scan_add(scan, group + layout->keys_offset + i * layout->key_stride,
                         group + layout->elems_offset + i * layout->elem_stride);
    }
}

static void scan_table(struct map_scan *scan, target_addr table)
{
    uint8_t header[TABLE_SIZE_READ];
    if (!address_space_try_read(scan->reader->program->space, table, header, sizeof header)) {
        map_scan_absent(scan);
        return;
    }
    target_addr groups = load_u64(header + TABLE_GROUPS);
    uint64_t last = load_u64(header + TABLE_MASK);
    for (uint64_t i = 0; map_scan_more(scan); i++) {
        scan_group(scan, groups + i * scan->type->map.group_size);
        if (i == last)
            return;
    }
}

void map_scan_swiss(struct map_scan *scan, target_addr map)
{
    const struct address_space *space = scan->reader->program->space;
    uint8_t header[MAP_SIZE_READ];
    if (scan->type->map.group_size < GROUP_SLOTS ||
        !address_space_try_read(space, map, header, sizeof header)) {
        map_scan_absent(scan);
        return;
    }
    target_addr directory = load_u64(header + MAP_DIR_PTR);
    uint64_t length = load_u64(header + MAP_DIR_LEN);
    if (length == 0) {
        if (directory && map_scan_more(scan))
            scan_group(scan, directory);
        return;
    }
    // A table that has not split as often as the directory doubled stands in several slots, which
    // follow one another.
    target_addr previous = 0;
    for (uint64_t i = 0; i < length && map_scan_more(scan); i++) {
        target_addr table = 0;
        if (!address_space_try_u64(space, directory + 8 * i, &table))
            map_scan_absent(scan);
        else if (table != previous)
            scan_table(scan, table);
        previous = table;
    }
}
