// SPDX-License-Identifier: MIT
#include "read_map_internal.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <inttypes.h>
#include <stdlib.h>

/** Unreadable groups in a row after which no more are looked for: a pointer that is garbage. */
enum { MISSING_GROUPS = 1024 };

bool map_scan_more(struct map_scan *scan)
{
    // Maps never shrink: once all are found, the rest of a long walk would be for nothing.
    bool all_found = scan->slot_count >= scan->count && scan->groups > MISSING_GROUPS;
    if (scan->slot_count >= scan->wanted || all_found || scan->missing > MISSING_GROUPS ||
        scan->groups >= LIMIT_MAP_GROUPS)
        return false;
    scan->groups++;
    return true;
}

void map_scan_absent(struct map_scan *scan)
{
    scan->incomplete = true;
    scan->missing++;
}

void map_scan_add(struct map_scan *scan, target_addr key_slot, target_addr elem_slot)
{
    const struct go_map_layout *layout = &scan->type->map;
    const struct address_space *space = scan->reader->program->space;
    struct map_slot slot = {.key = key_slot, .elem = elem_slot};
    scan->missing = 0;
    if (scan->slot_count >= scan->wanted)
        return;
    if ((layout->indirect_key && !address_space_try_u64(space, key_slot, &slot.key)) ||
        (layout->indirect_elem && !address_space_try_u64(space, elem_slot, &slot.elem)))
        scan->incomplete = true;
    else
        ARRAY_PUSH(scan->slots, scan->slot_count, scan->slot_capacity) = slot;
}

const char *map_header_count(const struct value_reader *reader, const struct go_type *type,
                             target_addr map, uint64_t *out)
{
    // runtime.hmap.count and internal/runtime/maps.Map.used are both the first word, in all
    // releases.
    (void)type;
    return address_space_try_u64(reader->program->space, map, out) ? NULL : not_in_core;
}

void map_scan_queue(struct value_reader *reader, const struct value_job *job,
                    const struct map_scan *scan, struct go_type *key, struct go_type *elem)
{
    struct value *out = job->out;
    size_t shown = scan->slot_count;
    if (shown > reader->limits.items)
        shown = (size_t)reader->limits.items;
    const struct value_node *node = value_node_new(reader, job);
    out->entries = arena_array(reader->arena, shown, sizeof *out->entries);
    for (size_t i = 0; i < shown; i++) {
        struct value_entry *entry = &out->entries[out->entry_count++];
        entry->key =
            value_queue(reader, node, job->depth + 1, NULL, key, storage_at(scan->slots[i].key));
        entry->value =
            value_queue(reader, node, job->depth + 1, NULL, elem, storage_at(scan->slots[i].elem));
    }
    out->omitted = out->length > shown ? out->length - shown : 0;
}

static void note_mismatch(struct value_reader *reader, struct value *out,
                          const struct map_scan *scan)
{
    if (scan->slot_count == out->length || (out->unordered && scan->slot_count == scan->wanted))
        return;
    out->note = arena_printf(reader->arena, "%zu of the %" PRIu64 " entries that it counts %s",
                             scan->slot_count, out->length,
                             scan->incomplete ? "are in the core" : "were found");
}

static void read_entries(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    struct map_scan scan = {.reader = reader, .type = job->type, .count = out->length};
    out->unordered = out->length > LIMIT_MAP_SCAN;
    // One more than there should be: a map that holds more than it counts is worth a note.
    scan.wanted = out->unordered ? reader->limits.items : (uint64_t)LIMIT_MAP_SCAN + 1;
    if (job->type->map.swiss)
        map_scan_swiss(&scan, out->bits);
    else
        map_scan_classic(&scan, out->bits);
    if (scan.slot_count == 0 && scan.incomplete) {
        out->unreadable = not_in_core;
    } else {
        if (!out->unordered)
            map_slots_sort(reader, job->type->key, scan.slots, scan.slot_count);
        map_scan_queue(reader, job, &scan, job->type->key, job->type->elem);
        note_mismatch(reader, out, &scan);
    }
    free(scan.slots);
}

void value_read_map(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    out->unreadable = storage_word(reader, job->storage, 0, &out->bits);
    out->nil = !out->unreadable && out->bits == 0;
    if (out->unreadable || out->nil)
        return;
    out->unreadable = map_header_count(reader, job->type, out->bits, &out->length);
    if (out->unreadable)
        return;
    if (out->length >> 48) {
        out->unreadable = arena_printf(reader->arena, "corrupt: a map that counts %" PRId64,
                                       (int64_t)out->length);
        return;
    }
    out->cycle = out->length > 0 && value_holds_itself(job, out->bits, 0);
    if (out->length == 0 || out->cycle || !value_follow(reader, job))
        return;
    if (job->type->map.known)
        read_entries(reader, job);
    else
        out->unreadable = "the layout of this map type is not known";
}
