// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "blocked_internal.h"
#include "goruntime/heap_marks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAK_MIN = 10,     ///< goroutines at one place: fewer are no finding
    ROUNDS_MAX = 1000, ///< in which more goroutines turn out to be in reach
};

/** Whether only another goroutine can end a wait. */
static bool needs_another(const struct blocked_wait *wait)
{
    return wait->kind >= WAIT_CHANNEL && wait->kind <= WAIT_COND && wait->known;
}

/** Whether something that may still run can reach what a goroutine waits for. */
static bool in_reach(struct blocked *blocked, const struct heap_marks *marks,
                     const struct blocked_wait *wait)
{
    // A nil channel, or a select without cases: nobody ever.
    if (!wait->object)
        return wait->kind != WAIT_CHANNEL && wait->kind != WAIT_SELECT;
    return blocked_in_reach(blocked, marks, wait);
}

/** The search for waits that nobody can end. */
struct lost_search {
    struct blocked *blocked;
    struct heap_marks *marks;
    bool *lost;      ///< a mark for each wait
    uint32_t *left;  ///< those with it
    uint32_t *freed; ///< those that lost it: their goroutines' stacks are to be looked at
    size_t left_count, freed_count;
    size_t of_channels; ///< of those left, those that may be told of
};

static bool may_be_told(const struct blocked_wait *wait)
{
    return wait->kind == WAIT_CHANNEL || wait->kind == WAIT_SELECT;
}

/** Sees who is in reach of what has been marked so far. @return false where nothing is known */
static bool free_some(struct lost_search *search)
{
    size_t kept = 0;
    if (!heap_marks_run(search->marks))
        return false;
    for (size_t i = 0; i < search->left_count; i++) {
        uint32_t index = search->left[i];
        const struct blocked_wait *wait = &search->blocked->waits[index];
        if (!in_reach(search->blocked, search->marks, wait)) {
            search->left[kept++] = index;
            continue;
        }
        search->lost[index] = false;
        search->freed[search->freed_count++] = index;
        search->of_channels -= may_be_told(wait);
    }
    search->left_count = kept;
    return true;
}

/**
 * Goes on from the goroutines that may run whatever comes of the others. After the first few, and
 * then ever more of them, it asks whether there is anything left to find: nothing is lost that has
 * been reached once, and mostly main and what it started hold all that is waited for.
 */
static bool free_from_living(struct lost_search *search)
{
    enum { FIRST = 64 };
    const struct roster *roster = search->blocked->roster;
    size_t marked = 0, next = FIRST;
    for (size_t i = 0; i < roster->total && search->of_channels >= LEAK_MIN; i++) {
        const struct roster_entry *entry = &roster->entries[i];
        if (!entry->alive ||
            (entry->wait && needs_another(&search->blocked->waits[entry->wait - 1])))
            continue;
        blocked_mark_from_goroutine(search->blocked, search->marks, entry->address);
        if (++marked == next && !free_some(search))
            return false;
        next = marked == next ? 2 * next : next;
    }
    return free_some(search);
}

/**
 * Marks what can be reached from goroutines that may go on, which those that they can reach may do
 * too, and so on. Who is left waits for ever.
 */
static bool run_search(struct lost_search *search)
{
    heap_marks_from_globals(search->marks);
    blocked_mark_from_threads(search->blocked, search->marks);
    if (!free_some(search) || !free_from_living(search))
        return false;
    size_t done = 0;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        size_t end = search->freed_count;
        if (done == end || search->of_channels < LEAK_MIN)
            return true;
        for (; done < end; done++)
            blocked_mark_from_goroutine(search->blocked, search->marks,
                                        search->blocked->waits[search->freed[done]].g);
        if (!free_some(search))
            return false;
    }
    return false;
}

/**
 * @param lost    a mark for each wait
 * @param enough  whether as many are left as can be told of
 * @return false where nothing is known
 */
static bool search_lost(struct blocked *blocked, struct heap_marks *marks, bool *lost, bool *enough)
{
    struct lost_search search = {
        .blocked = blocked,
        .marks = marks,
        .lost = lost,
        .left = alloc_zeroed(blocked->wait_count + 1, sizeof *search.left),
        .freed = alloc_zeroed(blocked->wait_count + 1, sizeof *search.freed),
    };
    for (uint32_t i = 0; i < blocked->wait_count; i++) {
        lost[i] = needs_another(&blocked->waits[i]);
        if (!lost[i])
            continue;
        search.left[search.left_count++] = i;
        search.of_channels += may_be_told(&blocked->waits[i]);
    }
    bool known = run_search(&search);
    *enough = search.of_channels >= LEAK_MIN;
    free(search.left);
    free(search.freed);
    return known;
}

/** @param lost  a mark for each wait @return false where none is lost that can be told of, too */
static bool find_lost(struct blocked *blocked, bool *lost)
{
    bool enough;
    AUTO(heap_marks) marks = heap_marks_new(blocked->analysis->program);
    if (!marks)
        return false;
    // First with fewer ways to reach anything than there are: what is reached so is reached.
    blocked_exclude_like_queues(blocked, marks);
    if (search_lost(blocked, marks, lost, &enough) && !enough)
        return false;
    heap_marks_restart(marks);
    blocked_exclude_queues(blocked, marks);
    return search_lost(blocked, marks, lost, &enough) && enough;
}

static bool may_be_leak(const struct report_group *group)
{
    return !group->system && group->ids.count >= LEAK_MIN && group->wait_reason &&
           (strncmp(group->wait_reason, "chan ", 5) == 0 ||
            strncmp(group->wait_reason, "select", 6) == 0);
}

static void tell(struct blocked *blocked, const struct report_group *group, const uint64_t *ids,
                 size_t count, struct report_tail *tail)
{
    struct report_finding *finding = blocked_new_finding(tail, FINDING_GOROUTINE_LEAK);
    if (!finding)
        return;
    const char *file = group->where.short_file ? group->where.short_file : "?";
    finding->summary =
        arena_printf(blocked->arena, "leak: %zu goroutines wait for ever [%s] in %s, %s:%" PRId64,
                     count, group->wait_reason, group->where.function ? group->where.function : "?",
                     file, group->where.line);
    uint64_t *kept = arena_array(blocked->arena, count, sizeof *kept);
    memcpy(kept, ids, count * sizeof *kept);
    finding->goroutines = (struct id_list){kept, count};
    size_t capacity = 0;
    string_list_add(blocked->arena, &finding->evidence, &capacity,
                    "nothing that may still run can reach the channels that they wait for");
    if (group->created_by.function)
        string_list_add(
            blocked->arena, &finding->evidence, &capacity,
            arena_printf(blocked->arena, "created by %s, %s:%" PRId64, group->created_by.function,
                         group->created_by.short_file ? group->created_by.short_file : "?",
                         group->created_by.line));
}

/** Whether a goroutine stands in a circle, or behind one: a finding of its own. */
static bool is_told(const struct blocked *blocked, target_addr g)
{
    const uint64_t *slot = table_find(blocked->node_by_g, g);
    return slot && blocked->nodes[*slot - 1].stuck;
}

void blocked_leaks(struct blocked *blocked, struct report_tail *tail)
{
    bool wanted = false;
    for (size_t i = 0; i < tail->group_count; i++)
        wanted |= may_be_leak(&tail->groups[i]);
    if (!wanted || blocked->everything_stands)
        return;
    bool *lost = alloc_zeroed(blocked->wait_count + 1, sizeof *lost);
    AUTO(table) lost_ids = table_new();
    bool known = find_lost(blocked, lost);
    // Of fewer than so many of all the search may have ended before it knew.
    for (size_t i = 0; known && i < blocked->wait_count; i++)
        if (lost[i] && !is_told(blocked, blocked->waits[i].g))
            table_add(lost_ids, blocked->waits[i].goid, NULL);
    for (size_t i = 0; known && i < tail->group_count; i++) {
        const struct report_group *group = &tail->groups[i];
        if (!may_be_leak(group))
            continue;
        uint64_t *ids = alloc_zeroed(group->ids.count, sizeof *ids);
        size_t count = 0;
        for (size_t k = 0; k < group->ids.count; k++)
            if (table_find(lost_ids, group->ids.items[k]))
                ids[count++] = group->ids.items[k];
        if (count >= LEAK_MIN)
            tell(blocked, group, ids, count, tail);
        free(ids);
    }
    free(lost);
}
