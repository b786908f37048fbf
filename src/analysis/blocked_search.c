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

/** The last candidate on top: none below another that comes later. */
static void sink_down(struct candidate *heap, size_t count, size_t at)
{
    for (size_t child = 2 * at + 1; child < count; at = child, child = 2 * at + 1) {
        if (child + 1 < count && by_others(&heap[child], &heap[child + 1]) < 0)
            child++;
        if (by_others(&heap[at], &heap[child]) >= 0)
            return;
        struct candidate swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

/** The first so many in the order of by_others(), sorted: there may be a million of them. */
static size_t choose(const struct blocked *blocked, struct candidate *out, size_t most)
{
    size_t count = 0;
    for (uint32_t i = 0; i < blocked->wait_count; i++) {
        const struct blocked_wait *wait = &blocked->waits[i];
        if (!wait->object_number)
            continue;
        const struct candidate one = {i, blocked->objects[wait->object_number - 1].count};
        if (count < most) {
            out[count++] = one;
            for (size_t k = count == most ? most / 2 : 0; k-- > 0;)
                sink_down(out, most, k);
        } else if (by_others(&one, &out[0]) < 0) {
            out[0] = one;
            sink_down(out, most, 0);
        }
    }
    if (count)
        qsort(out, count, sizeof *out, by_others);
    return count;
}

/** Those that wait for a lock, a channel, a group or a condition. */
static void add_waiting(struct blocked *blocked)
{
    enum { AHEAD = 8, G_BYTES = 448 };
    struct candidate *candidates = alloc_zeroed(LIMIT_BLOCKED_STUDIED, sizeof *candidates);
    size_t count = choose(blocked, candidates, LIMIT_BLOCKED_STUDIED);
    for (size_t i = 0; i < count; i++) {
        const struct blocked_wait *wait = &blocked->waits[candidates[i].wait];
        struct goroutine g;
        if (i + AHEAD < count)
            address_space_prefetch(blocked->analysis->program->space,
                                   blocked->waits[candidates[i + AHEAD].wait].g, G_BYTES);
        if (goroutine_read(blocked->analysis->scheduler, wait->g, &g))
            add_node(blocked, &g, wait);
    }
    free(candidates);
}

/** All others: they might free those that seem to be stuck. */
static void add_living(struct blocked *blocked)
{
    const struct roster *roster = blocked->roster;
    size_t most = blocked->node_count + LIMIT_BLOCKED_STUDIED;
    for (size_t i = 0; i < roster->total && blocked->node_count < most; i++) {
        const struct roster_entry *entry = &roster->entries[i];
        struct goroutine g;
        if (entry->alive && !entry->system && !table_find(blocked->node_by_g, entry->address) &&
            goroutine_read(blocked->analysis->scheduler, entry->address, &g))
            add_node(blocked, &g, NULL);
    }
}

static void study_new(struct blocked *blocked)
{
    enum { AHEAD = 4, STACK_BYTES = 1024 };
    AUTO(arena) scratch = arena_new();
    const struct address_space *space = blocked->analysis->program->space;
    for (uint32_t i = 0; i < blocked->node_count; i++)
        if (!blocked->nodes[i].studied) {
            if (i + AHEAD < blocked->node_count)
                address_space_prefetch(
                    space, goroutine_saved_start(&blocked->nodes[i + AHEAD].g).sp, STACK_BYTES);
            blocked_study(blocked, i, scratch);
            arena_reset(scratch);
        }
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
