// SPDX-License-Identifier: MIT
#include "analysis/blocked.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "blocked_internal.h"

#include <stdlib.h>
#include <string.h>

static uint32_t object_number(struct blocked *blocked, target_addr address, enum wait_kind kind)
{
    uint64_t *slot = table_add(blocked->object_numbers, address, NULL);
    if (!*slot) {
        ARRAY_PUSH(blocked->objects, blocked->object_count, blocked->object_capacity) =
            (struct blocked_object){.address = address,
                                    .kind = kind == WAIT_SELECT ? WAIT_CHANNEL : (uint8_t)kind};
        *slot = blocked->object_count;
    }
    return (uint32_t)(*slot - 1);
}

static bool is_sync(enum wait_kind kind)
{
    return kind >= WAIT_CHANNEL && kind <= WAIT_COND;
}

static void add_wait(struct blocked *blocked, const struct goroutine *g)
{
    struct goroutine_wait wait;
    goroutine_wait_read(blocked->analysis->scheduler, g, &wait);
    if (wait.kind == WAIT_NONE || blocked->wait_count >= UINT32_MAX - 1)
        return;
    struct blocked_wait *out =
        &(ARRAY_PUSH(blocked->waits, blocked->wait_count, blocked->wait_capacity));
    *out = (struct blocked_wait){
        .g = g->address,
        .object = wait.object,
        .goid = g->goid,
        .sudog = wait.sudog,
        .since = g->wait_since,
        .kind = (uint8_t)wait.kind,
        .sends = wait.sends,
        .reads = wait.reads,
        .writers_turn = wait.writers_turn,
        .is_socket = wait.is_socket,
        .known = wait.known,
    };
    uint32_t number = (uint32_t)blocked->wait_count;
    *table_add(blocked->wait_by_g, g->address, NULL) = number;
    if (!is_sync(wait.kind) || !wait.known || !wait.object)
        return;
    struct select_case cases[SELECT_CASES_KEPT];
    size_t count = 1;
    if (wait.kind == WAIT_SELECT)
        count = select_cases_read(blocked->analysis->scheduler, &wait, cases, SELECT_CASES_KEPT);
    else
        cases[0].channel = wait.object;
    for (size_t i = 0; i < count && i < SELECT_CASES_KEPT; i++) {
        uint32_t index = object_number(blocked, cases[i].channel, wait.kind); // may move them
        struct blocked_object *object = &blocked->objects[index];
        object->count++;
        if (i == 0) {
            out->next = object->first;
            object->first = number;
        }
    }
}

static void read_waits(struct blocked *blocked)
{
    const struct scheduler *scheduler = blocked->analysis->scheduler;
    uint64_t total = scheduler_goroutine_count(scheduler);
    for (uint64_t i = 0; i < total; i++) {
        struct goroutine g;
        if (goroutine_read(scheduler, scheduler_goroutine_address(scheduler, i), &g) &&
            goroutine_is_alive(&g) &&
            (g.status == G_WAITING || g.status == G_LEAKED || g.status == G_SYSCALL) &&
            !goroutine_is_system(scheduler, &g))
            add_wait(blocked, &g);
    }
}

struct blocked *blocked_new(struct analysis *analysis, const struct crash_site *site,
                            bool everything_stands)
{
    struct blocked *blocked = alloc_zeroed(1, sizeof *blocked);
    blocked->analysis = analysis;
    blocked->site = site;
    blocked->arena = analysis->arena;
    blocked->everything_stands = everything_stands;
    blocked->wait_by_g = table_new();
    blocked->object_numbers = table_new();
    blocked->node_by_g = table_new();
    blocked->claims_by_object = table_new();
    blocked->names = table_new();
    blocked->names_left = LIMIT_BLOCKED_NAMES;
    blocked->queue_budget = LIMIT_WAITERS;
    blocked->sync = sync_reader_new(analysis->program);
    read_waits(blocked);
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
    table_free(blocked->names);
    sync_reader_free(blocked->sync);
    free(blocked->waits);
    free(blocked->objects);
    free(blocked->nodes);
    free(blocked->claims);
    free(blocked->edges);
    free(blocked);
}
