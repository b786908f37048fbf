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
    return wait->kind >= WAIT_CHANNEL && wait->kind <= WAIT_COND &&
           (wait->known || wait->kind == WAIT_SELECT);
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

/**
 * Marks what can be reached from goroutines that may go on, which those that they can reach may do
 * too, and so on. Who is left waits for ever.
 * @param lost  a mark for each wait
 */
static bool find_lost(struct blocked *blocked, bool *lost)
{
    AUTO(heap_marks) marks = heap_marks_new(blocked->analysis->program);
    if (!marks)
        return false;
    blocked_exclude_queues(blocked, marks);
    heap_marks_from_globals(marks);
    for (size_t i = 0; i < blocked->wait_count; i++)
        lost[i] = needs_another(&blocked->waits[i]);
    blocked_mark_from_living(blocked, marks, lost);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        size_t changes = 0;
        if (!heap_marks_run(marks))
            return false;
        for (size_t i = 0; i < blocked->wait_count; i++) {
            struct goroutine g;
            if (!lost[i] || !in_reach(blocked, marks, &blocked->waits[i]))
                continue;
            lost[i] = false;
            changes++;
            if (goroutine_read(blocked->analysis->scheduler, blocked->waits[i].g, &g))
                blocked_mark_from_goroutine(blocked, marks, &g);
        }
        if (!changes)
            return true;
    }
    return false;
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
