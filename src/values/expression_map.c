// SPDX-License-Identifier: MIT
#include "expression_internal.h"
#include "read_map_internal.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * A map is searched, not hashed: the hash depends on the processor, and a core whose map is broken
 * or cut still gives what is there.
 */

struct error *map_length(struct evaluation *eval, const struct operand *map, uint64_t *out)
{
    uint64_t address = 0, length = 0;
    struct error *err = operand_scalar(eval, map, &address);
    if (err)
        return err;
    const char *missing =
        address ? map_header_count(eval->reader, map->type, address, &length) : NULL;
    if (missing)
        return error_new_at(map->offset, "%s: the map at 0x%" PRIx64, missing, address);
    if (length >> 48)
        return error_new_at(map->offset, "corrupt: a map that counts %" PRId64, (int64_t)length);
    *out = length;
    return NULL;
}

/** What a search has come to. */
struct key_search {
    bool found;
    target_addr elem;
    const char *unsure; // why a key that was passed over might have been the one
};

/** Whether a slot's key equals; of interfaces the one in the map may be compared with a value. */
static const char *key_equals(struct evaluation *eval, const struct operand *key,
                              struct go_type *type, target_addr slot, bool *out)
{
    struct operand there = operand_at(key->offset, type, slot);
    *out = false;
    if (type->kind == GO_INTERFACE && key->type->kind != GO_INTERFACE) {
        struct operand inner;
        struct error *err = interface_value(eval, &there, &inner);
        if (err) {
            const char *why = arena_string(eval->arena, error_message(err));
            error_free(err);
            return why;
        }
        if (inner.kind != OPERAND_VALUE || !type_identical(inner.type, key->type))
            return NULL;
        there = inner;
    }
    return values_equal(eval, &there, key, out);
}

static void search_slots(struct evaluation *eval, const struct map_scan *scan,
                         const struct operand *key, struct key_search *out)
{
    for (size_t i = 0; i < scan->slot_count && !out->found; i++) {
        const char *why = key_equals(eval, key, scan->type->key, scan->slots[i].key, &out->found);
        if (why)
            out->unsure = why;
        out->elem = scan->slots[i].elem;
    }
    if (!out->found && scan->slot_count < scan->count)
        out->unsure = scan->incomplete ? "part of the map is not in the core"
                                       : "fewer entries were found than the map counts";
}

static struct error *search_map(struct evaluation *eval, const struct operand *map, uint64_t length,
                                const struct operand *key, struct key_search *out)
{
    uint64_t address = 0;
    struct error *err = operand_scalar(eval, map, &address);
    if (err)
        return err;
    struct map_scan scan = {
        .reader = eval->reader, .type = map->type, .count = length, .wanted = length};
    if (map->type->map.swiss)
        map_scan_swiss(&scan, address);
    else
        map_scan_classic(&scan, address);
    search_slots(eval, &scan, key, out);
    free(scan.slots);
    return NULL;
}

struct error *index_map(struct evaluation *eval, const struct step *step, struct operand *operand,
                        const struct operand *key)
{
    uint64_t length = 0;
    struct go_type *type = operand->type;
    struct operand typed_key;
    if (!type->key || !type->elem)
        return error_new_at(step->offset, "the keys of a %s are not known", type->name);
    struct error *err = operand_assign(eval, key, type->key, "the keys", &typed_key);
    if (!err)
        err = map_length(eval, operand, &length);
    if (!err)
        err = resolve_at(eval, step->offset, type->elem);
    if (!err && length && !type->map.known)
        err = error_new_at(step->offset, "the layout of %s is not known", type->name);
    struct key_search search = {0};
    if (!err && length)
        err = search_map(eval, operand, length, &typed_key, &search);
    if (err)
        return err;
    if (search.found) {
        *operand = operand_at(operand->offset, type->elem, search.elem);
        return NULL;
    }
    if (search.unsure)
        return error_new_at(key->offset, "the key was not found, but %s", search.unsure);
    err = operand_zero(eval, operand->offset, type->elem, operand);
    operand->missing_key = !err;
    return err;
}
