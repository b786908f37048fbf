// SPDX-License-Identifier: MIT
#include "analysis/blocked.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "blocked_internal.h"

#include <stdlib.h>
#include <string.h>

/** Objects that many wait for come again soon. */
enum { RECENT_OBJECTS = 64 };
struct recent_object {
    target_addr address; // 0: none
    uint32_t number;
};

static uint32_t object_number(struct blocked *blocked, struct recent_object *recent,
                              target_addr address, unsigned kind)
{
    struct recent_object *known = &recent[table_hash(address) % RECENT_OBJECTS];
    if (address && known->address == address)
        return known->number;
    uint64_t *slot = table_add(blocked->object_numbers, address, NULL);
    if (!*slot) {
        ARRAY_PUSH(blocked->objects, blocked->object_count, blocked->object_capacity) =
            (struct blocked_object){.address = address,
                                    .kind = kind == WAIT_SELECT ? WAIT_CHANNEL : (uint8_t)kind};
        *slot = blocked->object_count;
    }
    *known = (struct recent_object){address, (uint32_t)(*slot - 1)};
    return known->number;
}

static bool is_sync(enum wait_kind kind)
{
    return kind >= WAIT_CHANNEL && kind <= WAIT_COND;
}

/** Enters a wait with each object that it waits for: the channels of a select's cases. */
static void add_objects(struct blocked *blocked, struct recent_object *recent,
                        struct blocked_wait *out, uint32_t number)
{
    struct select_case cases[SELECT_CASES_KEPT]; // not set where one or two do
    size_t count = 1;
    if (out->kind == WAIT_SELECT && out->case_count > 2) {
        const struct goroutine_wait wait = {.sudog = out->sudog, .case_count = out->case_count};
        count = select_cases_read(blocked->analysis->scheduler, &wait, cases, SELECT_CASES_KEPT);
    } else {
        cases[0].channel = out->object;
        cases[1].channel = out->second;
        count += out->kind == WAIT_SELECT && out->case_count == 2;
    }
    for (size_t i = 0; i < count && i < SELECT_CASES_KEPT; i++) {
        // Others that wait for the same stand next to each other, mostly.
        uint32_t index =
            object_number(blocked, recent, cases[i].channel, out->kind); // may move them
        struct blocked_object *object = &blocked->objects[index];
        object->count++;
        if (i == 0) {
            out->object_number = index + 1;
            out->next = object->first;
            object->first = number;
        }
    }
}

/** Takes the waits over, those of goroutines that do wait for something. */
static void take_waits(struct blocked *blocked, struct roster *roster)
{
    struct recent_object recent[RECENT_OBJECTS] = {0};
    blocked->waits = roster->waits;
    roster->waits = NULL;
    for (size_t i = 0; i < roster->total && blocked->wait_count < UINT32_MAX - 1; i++) {
        const struct blocked_wait *wait = &blocked->waits[i];
        if (wait->kind == WAIT_NONE)
            continue;
        struct blocked_wait *out = &blocked->waits[blocked->wait_count++];
        *out = *wait;
        roster->entries[i].wait = (uint32_t)blocked->wait_count;
        if (is_sync((enum wait_kind)out->kind) && out->known && out->object)
            add_objects(blocked, recent, out, roster->entries[i].wait);
    }
}

const struct blocked_wait *blocked_wait_of(struct blocked *blocked, target_addr g)
{
    enum { ASKED_SINGLY = 16 };
    if (!blocked->wait_by_g && blocked->asked++ < ASKED_SINGLY) {
        for (size_t i = 0; i < blocked->wait_count; i++)
            if (blocked->waits[i].g == g)
                return &blocked->waits[i];
        return NULL;
    }
    if (!blocked->wait_by_g) { // who asks for many may ask for all
        blocked->wait_by_g = table_new();
        for (size_t i = 0; i < blocked->wait_count; i++)
            *table_add(blocked->wait_by_g, blocked->waits[i].g, NULL) = i + 1;
    }
    const uint64_t *slot = table_find(blocked->wait_by_g, g);
    return slot ? &blocked->waits[*slot - 1] : NULL;
}

struct blocked *blocked_new(struct analysis *analysis, const struct crash_site *site,
                            struct roster *roster, bool everything_stands)
{
    struct blocked *blocked = alloc_zeroed(1, sizeof *blocked);
    blocked->analysis = analysis;
    blocked->site = site;
    blocked->arena = analysis->arena;
    blocked->everything_stands = everything_stands;
    blocked->roster = roster;
    blocked->object_numbers = table_new();
    blocked->node_by_g = table_new();
    blocked->claims_by_object = table_new();
    blocked->queued = table_new();
    blocked->known_types = table_new();
    blocked->study_sites = table_new();
    blocked->names = table_new();
    blocked->names_left = LIMIT_BLOCKED_NAMES;
    blocked->queue_budget = LIMIT_WAITERS;
    blocked->sync = sync_reader_new(analysis->program);
    blocked->shapes = stack_shapes_new(analysis->program);
    take_waits(blocked, roster);
    blocked_look_for_circles(blocked);
    return blocked;
}

void blocked_free(struct blocked *blocked)
{
    if (!blocked)
        return;
    table_free(blocked->wait_by_g);
    table_free(blocked->object_numbers);
    table_free(blocked->node_by_g);
    table_free(blocked->claims_by_object);
    table_free(blocked->queued);
    table_free(blocked->known_types);
    table_free(blocked->study_sites);
    table_free(blocked->names);
    sync_reader_free(blocked->sync);
    stack_shapes_free(blocked->shapes);
    free(blocked->waits);
    free(blocked->objects);
    free(blocked->nodes);
    free(blocked->claims);
    free(blocked->edges);
    free(blocked);
}
