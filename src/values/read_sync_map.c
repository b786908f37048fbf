// SPDX-License-Identifier: MIT
#include "read_map_internal.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "symbols/known_variables.h"

#include <stdlib.h>
#include <string.h>

/*
 * sync.Map, read as the map that it is. Up to Go 1.23, and in 1.24 without its experiment, two
 * maps of pointers to entries (sync/map.go); then a tree of hash bits
 * (internal/sync/hashtriemap.go) whose keys and values are interfaces.
 */
enum {
    READ_ONLY_AMENDED = 8, ///< readOnly: m, amended
    ENTRY_OVERFLOW = 8,    ///< entry[any, any]: isEntry, overflow, key, value
    ENTRY_KEY = 16,
    ENTRY_VALUE = 32,
    CHILDREN = 16,
    LEVELS = 64 / 4,
};

static bool find_field(struct value_reader *reader, struct go_type *type, struct storage storage,
                       const char *name, struct go_type **field_type, struct storage *field_storage)
{
    const struct go_field *field = type->kind == GO_STRUCT ? type_field(type, name) : NULL;
    if (!field)
        return false;
    struct error *err = type_resolve(reader->types, field->type);
    error_ignore(err);
    *field_type = field->type;
    *field_storage = storage_part(storage, field->offset);
    return !err;
}

/** The address of the readOnly that `read` holds: in an atomic.Value up to Go 1.18. */
static bool read_only_of(struct value_reader *reader, const struct value_job *job, uint64_t *out)
{
    struct go_type *read = NULL, *inner = NULL;
    struct storage storage = {0};
    return find_field(reader, job->type, job->storage, "read", &read, &storage) &&
           find_field(reader, read, storage, "v", &inner, &storage) &&
           !storage_word(reader, storage, inner->kind == GO_INTERFACE ? 8 : 0, out);
}

/** Leaves the entries that hold a value, each with the address of its interface. */
static bool keep_held(struct map_scan *scan)
{
    const struct address_space *space = scan->reader->program->space;
    target_addr variable = 0;
    uint64_t expunged = 0;
    size_t kept = 0;
    if (!program_variable(scan->reader->program, "sync.expunged", &variable) ||
        !address_space_try_u64(space, variable, &expunged))
        return false;
    for (size_t i = 0; i < scan->slot_count; i++) {
        struct map_slot slot = scan->slots[i];
        uint64_t entry = 0, held = 0;
        if (!address_space_try_u64(space, slot.elem, &entry) ||
            !address_space_try_u64(space, entry, &held)) {
            scan->incomplete = true;
        } else if (held != 0 && held != expunged) {
            slot.elem = held;
            scan->slots[kept++] = slot;
        }
    }
    scan->slot_count = kept;
    return true;
}

static bool scan_two_maps(struct value_reader *reader, const struct value_job *job,
                          struct map_scan *scan)
{
    const struct address_space *space = reader->program->space;
    struct go_type *map_type = NULL;
    struct storage dirty = {0};
    uint64_t read_only = 0, map = 0;
    uint8_t amended = 0;
    if (!find_field(reader, job->type, job->storage, "dirty", &map_type, &dirty) ||
        map_type->kind != GO_MAP || !map_type->map.known || !read_only_of(reader, job, &read_only))
        return false;
    // Before anything was promoted there is no readOnly, and all is in dirty.
    if (read_only && (!address_space_try_u64(space, read_only, &map) ||
                      !address_space_try_u8(space, read_only + READ_ONLY_AMENDED, &amended)))
        return false;
    if ((!read_only || amended) && storage_word(reader, dirty, 0, &map))
        return false;
    if (map == 0)
        return true;
    scan->type = map_type;
    if (map_header_count(reader, map_type, map, &scan->count))
        return false;
    if (map_type->map.swiss)
        map_scan_swiss(scan, map);
    else
        map_scan_classic(scan, map);
    return keep_held(scan);
}

/** An entry and those with the same hash. */
static void add_entries(struct map_scan *scan, target_addr entry)
{
    while (entry != 0 && map_scan_more(scan)) {
        struct map_slot slot = {entry + ENTRY_KEY, entry + ENTRY_VALUE};
        ARRAY_PUSH(scan->slots, scan->slot_count, scan->slot_capacity) = slot;
        if (!address_space_try_u64(scan->reader->program->space, entry + ENTRY_OVERFLOW, &entry)) {
            scan->incomplete = true;
            return;
        }
    }
}

/** @return false for what cannot be such a tree: more nodes than the entries wanted can need */
static bool scan_tree(struct map_scan *scan, target_addr root, uint64_t children)
{
    enum { NODES_MAX = LEVELS * (LIMIT_MAP_SCAN + 1) };
    const struct address_space *space = scan->reader->program->space;
    target_addr stack[CHILDREN * (LEVELS + 1)] = {root};
    size_t depth = 1;
    while (depth > 0 && scan->groups < NODES_MAX && map_scan_more(scan)) {
        target_addr node = stack[--depth];
        uint8_t is_entry = 0;
        if (!address_space_try_u8(space, node, &is_entry)) {
            map_scan_absent(scan);
            continue;
        }
        if (is_entry) {
            add_entries(scan, node);
            continue;
        }
        for (unsigned i = 0; i < CHILDREN; i++) {
            uint64_t child = 0;
            if (!address_space_try_u64(space, node + children + 8 * i, &child))
                scan->incomplete = true;
            else if (child != 0 && depth < COUNT_OF(stack))
                stack[depth++] = child;
        }
    }
    return depth == 0 || scan->groups < NODES_MAX;
}

/** The offset of an inner node's children: `root` is an atomic.Pointer, whose [0]*T says T. */
static bool offset_of_children(struct value_reader *reader, const struct go_type *root,
                               uint64_t *out)
{
    struct go_type *pointer = atomic_pointer_type(reader, root);
    struct error *err = pointer ? type_resolve(reader->types, pointer) : NULL;
    if (!err && pointer && pointer->elem)
        err = type_resolve(reader->types, pointer->elem);
    error_ignore(err);
    if (err || !pointer || !pointer->elem)
        return false;
    const struct go_field *field = type_field(pointer->elem, "children");
    if (!field || field->type->size != 8 * CHILDREN)
        return false;
    *out = field->offset;
    return true;
}

static bool scan_hash_tree(struct value_reader *reader, const struct value_job *job,
                           struct map_scan *scan)
{
    struct go_type *tree = NULL, *root_type = NULL;
    struct storage storage = {0};
    uint64_t root = 0, children = 0;
    if (!find_field(reader, job->type, job->storage, "m", &tree, &storage) ||
        !find_field(reader, tree, storage, "root", &root_type, &storage) ||
        storage_word(reader, storage, 0, &root))
        return false;
    if (root == 0)
        return true;
    if (!offset_of_children(reader, root_type, &children))
        return false;
    return scan_tree(scan, root, children);
}

bool value_read_sync_map(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    struct map_scan scan = {.reader = reader, .count = UINT64_MAX, .wanted = LIMIT_MAP_SCAN + 1};
    if (strcmp(type_full_name(job->type), "sync.Map") != 0)
        return false;
    bool known = type_field(job->type, "dirty") ? scan_two_maps(reader, job, &scan)
                                                : scan_hash_tree(reader, job, &scan);
    if (known) {
        struct go_type *any = ARENA_NEW(reader->scratch, struct go_type);
        *any = (struct go_type){.name = "interface {}",
                                .kind = GO_INTERFACE,
                                .size = 16,
                                .resolved = true,
                                .dictionary_index = -1};
        out->kind = VALUE_MAP;
        out->length = scan.slot_count;
        out->unordered = scan.slot_count > LIMIT_MAP_SCAN;
        if (!out->unordered)
            map_slots_sort(reader, any, scan.slots, scan.slot_count);
        if (scan.incomplete || out->unordered)
            out->note = scan.incomplete ? "part of it is not in the core" : "there may be more";
        if (scan.slot_count > 0 && value_follow(reader, job))
            map_scan_queue(reader, job, &scan, any, any);
    }
    free(scan.slots);
    return known;
}
