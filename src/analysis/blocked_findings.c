// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "blocked_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_SHOWN = 64, CAUSE_STEPS = 4, CIRCLE_SHOWN = 6 };

/** The nodes of one component, and the shortest circle through the first of them. */
struct circle {
    uint32_t *members; ///< by goid
    size_t count;
    uint32_t *edges; ///< of the circle, in its order
    size_t edge_count;
    uint32_t component;
};

static const struct blocked_node *nodes_to_sort;

static int by_goid(const void *a, const void *b)
{
    uint64_t x = nodes_to_sort[*(const uint32_t *)a].wait.goid,
             y = nodes_to_sort[*(const uint32_t *)b].wait.goid;
    return (x > y) - (x < y);
}

static bool inside(const struct blocked *blocked, const struct blocked_edge *edge,
                   uint32_t component)
{
    return blocked->nodes[edge->from].component == component &&
           blocked->nodes[edge->to].component == component;
}

/** The shortest way from a member back to itself. */
static void find_way(const struct blocked *blocked, struct circle *circle)
{
    size_t count = blocked->node_count;
    uint32_t first = circle->members[0], end = UINT32_MAX;
    uint32_t *by = alloc_zeroed(count, sizeof *by); // edge + 1 by which a node was reached
    uint32_t *queue = alloc_zeroed(count + 1, sizeof *queue);
    size_t head = 0, tail = 0;
    queue[tail++] = first;
    while (head < tail && end == UINT32_MAX) {
        uint32_t node = queue[head++];
        for (uint32_t i = 0; i < blocked->edge_count && end == UINT32_MAX; i++) {
            const struct blocked_edge *edge = &blocked->edges[i];
            if (edge->from != node || !inside(blocked, edge, circle->component))
                continue;
            if (edge->to == first) {
                end = i;
            } else if (!by[edge->to]) {
                by[edge->to] = i + 1;
                queue[tail++] = edge->to;
            }
        }
    }
    circle->edges = alloc_zeroed(count + 1, sizeof *circle->edges);
    if (end != UINT32_MAX) {
        circle->edges[circle->edge_count++] = end;
        for (uint32_t node = blocked->edges[end].from; node != first;
             node = blocked->edges[by[node] - 1].from)
            circle->edges[circle->edge_count++] = by[node] - 1;
    }
    for (size_t i = 0; i < circle->edge_count / 2; i++) {
        uint32_t swap = circle->edges[i];
        circle->edges[i] = circle->edges[circle->edge_count - 1 - i];
        circle->edges[circle->edge_count - 1 - i] = swap;
    }
    free(by);
    free(queue);
}

static void collect(const struct blocked *blocked, uint32_t component, struct circle *out)
{
    *out = (struct circle){.component = component};
    out->members = alloc_zeroed(blocked->node_count + 1, sizeof *out->members);
    for (uint32_t i = 0; i < blocked->node_count; i++)
        if (blocked->nodes[i].stuck && blocked->nodes[i].component == component)
            out->members[out->count++] = i;
    nodes_to_sort = blocked->nodes;
    if (out->count)
        qsort(out->members, out->count, sizeof *out->members, by_goid);
    if (out->count)
        find_way(blocked, out);
}

static void circle_clear(struct circle *circle)
{
    free(circle->members);
    free(circle->edges);
}

struct report_finding *blocked_new_finding(struct report_tail *tail, enum finding_kind kind)
{
    if (tail->finding_count >= LIMIT_FINDINGS)
        return NULL;
    struct report_finding *finding = &tail->findings[tail->finding_count++];
    *finding = (struct report_finding){.kind = kind, .confidence = CONFIDENCE_LIKELY};
    return finding;
}

static const char *circle_summary(struct blocked *blocked, const struct circle *circle)
{
    struct arena *arena = blocked->arena;
    uint64_t first = blocked->nodes[circle->members[0]].wait.goid;
    if (circle->count == 1)
        return arena_printf(arena, "deadlock: goroutine %" PRIu64 " waits for itself", first);
    if (circle->count == 2)
        return arena_printf(arena,
                            "deadlock: goroutines %" PRIu64 " and %" PRIu64 " wait for each other",
                            first, blocked->nodes[circle->members[1]].wait.goid);
    return arena_printf(arena, "deadlock: %zu goroutines wait for one another in a circle",
                        circle->count);
}

/** Whether a node waits, step by step, for a component. */
static size_t count_behind(const struct blocked *blocked, uint32_t component)
{
    size_t count = 0;
    bool *behind = alloc_zeroed(blocked->node_count + 1, sizeof *behind);
    for (size_t round = 0, changes = 1; changes && round <= blocked->node_count; round++) {
        changes = 0;
        for (size_t i = 0; i < blocked->edge_count; i++) {
            const struct blocked_edge *edge = &blocked->edges[i];
            bool leads = behind[edge->to] || blocked->nodes[edge->to].component == component;
            if (leads && !behind[edge->from] && blocked->nodes[edge->from].component != component) {
                behind[edge->from] = true;
                changes++;
                count++;
            }
        }
    }
    free(behind);
    return count;
}

static void describe_circle(struct blocked *blocked, const struct circle *circle, size_t steps,
                            struct report_finding *out)
{
    size_t capacity = 0;
    out->summary = circle_summary(blocked, circle);
    uint64_t *ids = arena_array(blocked->arena, circle->count, sizeof *ids);
    for (size_t i = 0; i < circle->count; i++)
        ids[i] = blocked->nodes[circle->members[i]].wait.goid;
    out->goroutines = (struct id_list){ids, circle->count};
    for (size_t i = 0; i < circle->edge_count && i < steps; i++)
        string_list_add(blocked->arena, &out->evidence, &capacity,
                        blocked_step_text(blocked, &blocked->edges[circle->edges[i]]));
    if (circle->edge_count > steps)
        string_list_add(
            blocked->arena, &out->evidence, &capacity,
            arena_printf(blocked->arena, "… %zu more steps", circle->edge_count - steps));
    size_t behind = count_behind(blocked, circle->component);
    if (behind)
        string_list_add(blocked->arena, &out->evidence, &capacity,
                        arena_printf(blocked->arena, "%zu more goroutine%s behind them", behind,
                                     behind == 1 ? " waits" : "s wait"));
}

/** Locks that several want, and whose holder waits for something that is no circle. */
static void find_holders(struct blocked *blocked, struct report_tail *tail)
{
    enum { WAITERS_TO_TELL = 3 };
    for (size_t i = 0; i < blocked->object_count; i++) {
        const struct blocked_object *object = &blocked->objects[i];
        bool locks = object->kind == WAIT_MUTEX || object->kind == WAIT_RWMUTEX;
        const struct blocked_claim *holder = locks && object->count >= WAITERS_TO_TELL
                                                 ? blocked_holder(blocked, object->address)
                                                 : NULL;
        const struct blocked_node *node = holder ? &blocked->nodes[holder->node] : NULL;
        const struct blocked_wait *other = node ? blocked_wait_of(blocked, node->g.address) : NULL;
        // One that runs, or sleeps for a moment, will let go of it.
        if (!other || node->stuck || other->kind == WAIT_TIMER)
            continue;
        const struct blocked_wait *held = &blocked->waits[object->first - 1];
        struct report_waiting_on on;
        blocked_describe(blocked, blocked->arena, &node->g, true, &on);
        struct report_finding *finding = blocked_new_finding(tail, FINDING_LOCK_HOLDER);
        if (!finding)
            return;
        finding->summary = arena_printf(
            blocked->arena,
            "%" PRIu32 " goroutines want %s, held (likely) by goroutine %" PRIu64 ", which %s",
            object->count, blocked_object_text(blocked, held, object->address), other->goid,
            on.summary ? on.summary : "is in a system call");
        uint64_t *id = ARENA_NEW(blocked->arena, uint64_t);
        *id = other->goid;
        finding->goroutines = (struct id_list){id, 1};
    }
}

static uint32_t count_components(const struct blocked *blocked)
{
    uint32_t count = 0;
    for (size_t i = 0; i < blocked->node_count; i++)
        if (blocked->nodes[i].stuck && blocked->nodes[i].component > count)
            count = blocked->nodes[i].component;
    return count;
}

void blocked_findings(struct blocked *blocked, struct report_tail *tail)
{
    uint32_t components = count_components(blocked);
    for (uint32_t component = 1; component <= components; component++) {
        struct circle circle;
        collect(blocked, component, &circle);
        struct report_finding *finding =
            circle.edge_count ? blocked_new_finding(tail, FINDING_DEADLOCK) : NULL;
        if (finding)
            describe_circle(blocked, &circle, STEPS_SHOWN, finding);
        circle_clear(&circle);
    }
    find_holders(blocked, tail);
    blocked_find_peers(blocked, tail);
}

/** The goroutine whose wait explains that the program stands: main, else the first of them. */
static const struct blocked_wait *who_matters(const struct blocked *blocked)
{
    const struct blocked_wait *found = NULL;
    for (size_t i = 0; i < blocked->wait_count; i++)
        if (!found || blocked->waits[i].goid < found->goid)
            found = &blocked->waits[i];
    return found;
}

/** The largest circle there is; edge_count 0: none. */
static void largest_circle(const struct blocked *blocked, struct circle *out)
{
    *out = (struct circle){0};
    uint32_t components = count_components(blocked);
    for (uint32_t component = 1; component <= components; component++) {
        struct circle circle;
        collect(blocked, component, &circle);
        if (circle.edge_count && circle.count > out->count) {
            struct circle smaller = *out;
            *out = circle;
            circle = smaller;
        }
        circle_clear(&circle);
    }
}

/** What the first step of a circle that has a name wants: "s.mu"; NULL: none has. */
static const char *circle_object(struct blocked *blocked, const struct circle *circle)
{
    for (size_t i = 0; i < circle->edge_count && i < CIRCLE_SHOWN; i++) {
        const struct blocked_edge *edge = &blocked->edges[circle->edges[i]];
        const struct blocked_wait *wait = &blocked->nodes[edge->from].wait;
        const char *name = blocked_object_name(blocked, wait, edge->object);
        if (name)
            return name;
    }
    return NULL;
}

/** The circle is what keeps the program from going on; main may only wait behind it. */
static void circle_cause(struct blocked *blocked, const struct circle *circle,
                         const struct blocked_wait *first, struct report_cause *cause)
{
    struct report_finding finding = {0};
    bool is_member = false;
    describe_circle(blocked, circle, CAUSE_STEPS, &finding);
    for (size_t i = 0; i < circle->count; i++)
        is_member = is_member || blocked->nodes[circle->members[i]].wait.goid == first->goid;
    size_t capacity = finding.evidence.count;
    if (!is_member)
        string_list_add(blocked->arena, &finding.evidence, &capacity,
                        arena_printf(blocked->arena, "goroutine %" PRIu64 " %s", first->goid,
                                     blocked_wait_text(blocked, first)));
    *cause = (struct report_cause){
        .present = true,
        .confidence = CONFIDENCE_LIKELY, // who could end a wait is inferred
        .expression = circle_object(blocked, circle),
        .summary = arena_printf(blocked->arena, "%s: %s", finding.summary + strlen("deadlock: "),
                                blocked_step_text(blocked, &blocked->edges[circle->edges[0]])),
        .evidence = finding.evidence,
        .goroutines = finding.goroutines};
    if (cause->goroutines.count > CIRCLE_SHOWN) // shown in full, so not all of a large circle
        cause->goroutines.count = CIRCLE_SHOWN;
}

/** Nothing crashed and nothing is known to stand for ever: what main waits for, in one line. */
static void live_cause(struct blocked *blocked, const struct blocked_wait *first,
                       struct report_cause *cause)
{
    if (first->goid != 1)
        return;
    cause->present = true;
    cause->confidence = CONFIDENCE_CERTAIN;
    cause->summary =
        arena_printf(blocked->arena, "goroutine 1 (main) %s", blocked_wait_text(blocked, first));
    uint64_t *id = ARENA_NEW(blocked->arena, uint64_t);
    *id = first->goid;
    cause->goroutines = (struct id_list){id, 1};
}

void blocked_cause(struct blocked *blocked, struct report_crash *crash)
{
    bool live = crash->class == CLASS_LIVE;
    const struct blocked_wait *wait =
        blocked->everything_stands || live ? who_matters(blocked) : NULL;
    struct report_cause *cause = &crash->cause;
    struct circle circle;
    if (!wait)
        return;
    largest_circle(blocked, &circle);
    if (circle.edge_count) {
        circle_cause(blocked, &circle, wait, cause);
    } else if (live) {
        live_cause(blocked, wait, cause);
    } else if (!cause->present) {
        size_t capacity = 0;
        cause->present = true;
        // That it waits, and for what, the runtime's own queues say.
        cause->confidence = CONFIDENCE_CERTAIN;
        cause->expression = wait->object ? blocked_object_name(blocked, wait, wait->object) : NULL;
        cause->summary = arena_printf(
            blocked->arena, "goroutine %" PRIu64 " %s, and no goroutine is left that could go on",
            wait->goid, blocked_wait_text(blocked, wait));
        uint64_t *id = ARENA_NEW(blocked->arena, uint64_t);
        *id = wait->goid;
        cause->goroutines = (struct id_list){id, 1};
        string_list_add(blocked->arena, &cause->evidence, &capacity,
                        "the runtime itself found that no goroutine could run");
    }
    circle_clear(&circle);
}
