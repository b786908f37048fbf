// SPDX-License-Identifier: MIT
#pragma once

#include "values_internal.h"

/** Where an entry's key and element lie in the target. */
struct map_slot {
    target_addr key, elem;
};

/** What a walk over a map's memory has found. */
struct map_scan {
    const struct value_reader *reader;
    const struct go_type *type; ///< resolved
    uint64_t count;             ///< what the map's header says
    uint64_t wanted;            ///< slots after which the walk ends
    struct map_slot *slots;     ///< owned
    size_t slot_count, slot_capacity;
    uint64_t groups;  ///< visited; bounded by LIMIT_MAP_GROUPS
    uint64_t missing; ///< in a row that are not in the core
    bool incomplete;  ///< part of it was not in the core
};

/** Whether the walk may visit another bucket or group. */
bool map_scan_more(struct map_scan *scan);

/** Notes that a bucket, group or table is not in the core. */
void map_scan_absent(struct map_scan *scan);

/** Adds the entry whose two slots, direct or indirect, are given. */
void map_scan_add(struct map_scan *scan, target_addr key_slot, target_addr elem_slot);

/** Queues the entries that were found as those of job's value, up to the limit of items. */
void map_scan_queue(struct value_reader *reader, const struct value_job *job,
                    const struct map_scan *scan, struct go_type *key, struct go_type *elem);

/** Reads the header's count. @return NULL, or why it cannot be read */
MUST_USE const char *map_header_count(const struct value_reader *reader, const struct go_type *type,
                                      target_addr map, uint64_t *out);

void map_scan_classic(struct map_scan *scan, target_addr map);
void map_scan_swiss(struct map_scan *scan, target_addr map);

/** Sorts slots by key, as fmt prints maps: Go's internal/fmtsort. */
void map_slots_sort(struct value_reader *reader, struct go_type *key, struct map_slot *slots,
                    size_t count);
