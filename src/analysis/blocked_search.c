// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "blocked_internal.h"

#include <stdlib.h>

/** A wait, and how many wait for the same: rare ones first, for in them a circle shows. */
struct candidate {
    uint32_t wait, others;
};

static int by_others(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->others != y->others)
        return x->others < y->others ? -1 : 1;
    return (x->wait > y->wait) - (x->wait < y->wait);
}

static void add_node(struct blocked *blocked, const struct goroutine *g,
                     const struct blocked_wait *wait)
{
    if (blocked->node_count == blocked->node_capacity) {
        size_t capacity = blocked->node_capacity;
        blocked->nodes =
            alloc_grow(blocked->nodes, blocked->node_count, &capacity, sizeof *blocked->nodes);
        blocked->node_capacity = capacity;
    }
    struct blocked_node *node = &blocked->nodes[blocked->node_count++];
    *node = (struct blocked_node){.g = *g, .lives = !wait};
    node->wait.g = g->address;
    node->wait.goid = g->goid;
    if (wait)
        node->wait = *wait;
    *table_add(blocked->node_by_g, g->address, NULL) = blocked->node_count;
}

/** Those that wait for a lock, a channel, a group or a condition. */
static void add_waiting(struct blocked *blocked)
{
    struct candidate *candidates = alloc_zeroed(blocked->wait_count + 1, sizeof *candidates);
    size_t count = 0;
    for (uint32_t i = 0; i < blocked->wait_count; i++) {
        const struct blocked_wait *wait = &blocked->waits[i];
        const uint64_t *slot =
            wait->known && wait->object ? table_find(blocked->object_numbers, wait->object) : NULL;
        if (slot)
            candidates[count++] = (struct candidate){i, blocked->objects[*slot - 1].count};
    }
    if (count)
        qsort(candidates, count, sizeof *candidates, by_others);
    for (size_t i = 0; i < count && i < LIMIT_BLOCKED_STUDIED; i++) {
        const struct blocked_wait *wait = &blocked->waits[candidates[i].wait];
        struct goroutine g;
        if (goroutine_read(blocked->analysis->scheduler, wait->g, &g))
            add_node(blocked, &g, wait);
    }
    free(candidates);
}

/** All others: they might free those that seem to be stuck. */
static void add_living(struct blocked *blocked)
{
    const struct scheduler *scheduler = blocked->analysis->scheduler;
    uint64_t total = scheduler_goroutine_count(scheduler);
    size_t most = blocked->node_count + LIMIT_BLOCKED_STUDIED;
    for (uint64_t i = 0; i < total && blocked->node_count < most; i++) {
        struct goroutine g;
        target_addr address = scheduler_goroutine_address(scheduler, i);
        if (!table_find(blocked->node_by_g, address) && goroutine_read(scheduler, address, &g) &&
            goroutine_is_alive(&g) && !goroutine_is_system(scheduler, &g))
            add_node(blocked, &g, NULL);
    }
}

static void study_new(struct blocked *blocked)
{
    for (uint32_t i = 0; i < blocked->node_count; i++)
        if (!blocked->nodes[i].studied)
            blocked_study(blocked, i);
}

static bool any_stuck(const struct blocked *blocked)
{
    for (size_t i = 0; i < blocked->node_count; i++)
        if (blocked->nodes[i].stuck)
            return true;
    return false;
}

/** Whether somebody waits for a lock: who holds it, if he runs, is worth to know. */
static bool any_lock(const struct blocked *blocked)
{
    for (size_t i = 0; i < blocked->node_count; i++)
        if (blocked->nodes[i].wait.kind == WAIT_MUTEX ||
            blocked->nodes[i].wait.kind == WAIT_RWMUTEX)
            return true;
    return false;
}

void blocked_look_for_circles(struct blocked *blocked)
{
    add_waiting(blocked);
    if (!blocked->node_count)
        return;
    study_new(blocked);
    blocked_graph_build(blocked);
    if (!any_stuck(blocked) && !any_lock(blocked))
        return;
    if (!blocked->everything_stands) {
        add_living(blocked);
        study_new(blocked);
        blocked_graph_build(blocked);
        blocked_check_reach(blocked);
    }
    blocked_circles(blocked);
}
