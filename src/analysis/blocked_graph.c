// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "blocked_internal.h"

#include <stdlib.h>
#include <string.h>

enum { UNNUMBERED = 0 };

/** Who could end one goroutine's wait. */
struct helpers {
    struct blocked_edge *items;
    size_t count, capacity;
    bool open;       ///< somebody may end it who is not known
    bool all_needed; ///< it ends only if each of them acts: a group's, a lock's readers
};

static void add_helper(struct helpers *helpers, uint32_t from, uint32_t to, uint32_t claim,
                       target_addr object)
{
    ARRAY_PUSH(helpers->items, helpers->count, helpers->capacity) =
        (struct blocked_edge){.from = from, .to = to, .claim = claim, .object = object};
}

/** Adds those with a claim of one of two kinds on an object, the last that was made first. */
static void add_claims(const struct blocked *blocked, uint32_t node, target_addr object,
                       enum sync_op op, enum sync_op other, bool self, struct helpers *helpers)
{
    uint32_t at = blocked_claims_on(blocked, object, op),
             other_at = op == other ? 0 : blocked_claims_on(blocked, object, other);
    while (at || other_at) {
        uint32_t *later = at > other_at ? &at : &other_at;
        const struct blocked_claim *claim = &blocked->claims[*later - 1];
        if (self || claim->node != node)
            add_helper(helpers, node, claim->node, *later - 1, object);
        *later = claim->next;
    }
}

static bool mutex_is_locked(const struct blocked *blocked, target_addr mutex)
{
    uint32_t state;
    return address_space_try_u32(blocked->analysis->program->space, mutex, &state) && (state & 1);
}

/** Writers that have the lock's own mutex and wait for readers to leave. */
static void add_pending_writers(const struct blocked *blocked, uint32_t node, target_addr object,
                                struct helpers *helpers)
{
    const uint64_t *slot = table_find(blocked->object_numbers, object);
    if (!slot)
        return;
    for (uint32_t at = blocked->objects[*slot - 1].first; at; at = blocked->waits[at - 1].next) {
        const struct blocked_wait *wait = &blocked->waits[at - 1];
        const uint64_t *other = table_find(blocked->node_by_g, wait->g);
        if (wait->kind == WAIT_RWMUTEX && !wait->reads && !wait->writers_turn && other &&
            *other - 1 != node)
            add_helper(helpers, node, (uint32_t)(*other - 1), CLAIM_NONE, object);
    }
}

/** Channels that the clock sends to: of time.Time. */
static bool is_timers(const struct blocked *blocked, target_addr channel)
{
    const struct program *program = blocked->analysis->program;
    uint64_t type;
    bool added;
    if (!go_field_read(program->release, program->space, channel, FIELD_hchan_elemtype, &type) ||
        !type)
        return false;
    uint64_t *slot = table_add(blocked->known_types, type, &added);
    if (added)
        *slot = type_runtime_is(value_reader_types(blocked->analysis->reader), type, "time.Time");
    return *slot;
}

static void add_channel(struct blocked *blocked, uint32_t node, target_addr channel, bool sends,
                        struct helpers *helpers)
{
    size_t before = helpers->count;
    if (sends)
        add_claims(blocked, node, channel, SYNC_RECEIVE, SYNC_RECEIVE, false, helpers);
    else
        add_claims(blocked, node, channel, SYNC_SEND, SYNC_CLOSE, false, helpers);
    // Without anybody known to serve it, nothing depends on whether the clock does.
    if (helpers->count > before && is_timers(blocked, channel)) {
        helpers->count = before;
        helpers->open = true;
    }
}

enum queue_side blocked_queue_side(struct blocked *blocked, target_addr channel, target_addr sudog)
{
    bool added;
    table_add(blocked->queued, channel | 1, &added); // a sudog's address is even
    if (added)
        channel_queues_read(blocked->analysis->program, channel, blocked->queued,
                            &blocked->queue_budget);
    const uint64_t *side = table_find(blocked->queued, sudog);
    return side ? (enum queue_side) * side : QUEUE_NONE;
}

static bool has_claims(const struct blocked *blocked, target_addr channel)
{
    return blocked_claims_on(blocked, channel, SYNC_SEND) ||
           blocked_claims_on(blocked, channel, SYNC_RECEIVE) ||
           blocked_claims_on(blocked, channel, SYNC_CLOSE);
}

static void add_select(struct blocked *blocked, uint32_t node, struct helpers *helpers)
{
    const struct blocked_wait *wait = &blocked->nodes[node].wait;
    struct goroutine_wait cases_of = {.sudog = wait->sudog, .case_count = SELECT_CASES_KEPT};
    struct select_case cases[SELECT_CASES_KEPT];
    select_cases_read(blocked->analysis->scheduler, &cases_of, cases, SELECT_CASES_KEPT);
    size_t i = 0;
    for (; i < SELECT_CASES_KEPT && cases[i].sudog; i++) {
        enum queue_side side = has_claims(blocked, cases[i].channel)
                                   ? blocked_queue_side(blocked, cases[i].channel, cases[i].sudog)
                                   : QUEUE_NONE;
        size_t before = helpers->count;
        if (side != QUEUE_NONE)
            add_channel(blocked, node, cases[i].channel, side == QUEUE_SENDERS, helpers);
        // Woken already, or a case of which nobody is known.
        if (helpers->count == before)
            helpers->open = true;
    }
    if (i == SELECT_CASES_KEPT)
        helpers->open = true;
}

/**
 * Whether those that are known to serve a channel are all there are. Where others can reach it too
 * (a handler's next request may send to it), only one that holds the very lock which its partner
 * wants before it can serve says so.
 */
static bool is_partner_locked_out(const struct blocked *blocked, const struct helpers *helpers)
{
    for (size_t i = 0; i < helpers->count; i++) {
        const struct blocked_edge *edge = &helpers->items[i];
        const struct blocked_wait *partner = &blocked->nodes[edge->to].wait;
        if ((partner->kind != WAIT_MUTEX && partner->kind != WAIT_RWMUTEX) ||
            (edge->claim != CLAIM_NONE && blocked->claims[edge->claim].op == SYNC_CLOSE))
            return false;
    }
    return helpers->count > 0;
}

/** A channel's waiter is in its queue, unless somebody has just served it. */
static bool is_queued(struct blocked *blocked, const struct blocked_wait *wait)
{
    return blocked_queue_side(blocked, wait->object, wait->sudog) != QUEUE_NONE;
}

static void find_helpers(struct blocked *blocked, uint32_t node, struct helpers *out)
{
    const struct blocked_wait *wait = &blocked->nodes[node].wait;
    target_addr object = wait->object;
    out->count = 0;
    out->open = out->all_needed = false;
    switch ((enum wait_kind)wait->kind) {
    case WAIT_MUTEX:
        if (mutex_is_locked(blocked, object))
            add_claims(blocked, node, object, SYNC_LOCK, SYNC_LOCK, true, out);
        break;
    case WAIT_RWMUTEX:
        if (!wait->reads && !wait->writers_turn) {
            out->all_needed = true;
            add_claims(blocked, node, object, SYNC_READ_LOCK, SYNC_READ_LOCK, true, out);
        } else if (mutex_is_locked(blocked, object)) {
            add_claims(blocked, node, object, SYNC_LOCK, SYNC_LOCK, true, out);
            add_pending_writers(blocked, node, object, out);
        }
        break;
    case WAIT_WAITGROUP:
        out->all_needed = true;
        add_claims(blocked, node, object, SYNC_DONE, SYNC_DONE, true, out);
        break;
    case WAIT_COND:
        add_claims(blocked, node, object, SYNC_WAKE, SYNC_WAKE, false, out);
        break;
    case WAIT_CHANNEL:
        add_channel(blocked, node, object, wait->sends, out);
        if (out->count && !is_queued(blocked, wait))
            out->count = 0;
        break;
    case WAIT_SELECT:
        add_select(blocked, node, out);
        break;
    default:
        break;
    }
    if (blocked->nodes[node].in_reach && !is_partner_locked_out(blocked, out))
        out->open = true;
}

/** Whether a goroutine stands for ever if those that are stuck do. */
static bool is_stuck(const struct blocked *blocked, const struct helpers *helpers)
{
    size_t stuck = 0;
    for (size_t i = 0; i < helpers->count; i++)
        stuck += blocked->nodes[helpers->items[i].to].stuck;
    if (helpers->all_needed)
        return stuck > 0;
    return !helpers->open && helpers->count > 0 && stuck == helpers->count;
}

/** Keeps the edges of one node in a row: edge_first[node] … edge_first[node + 1]. */
void blocked_graph_build(struct blocked *blocked)
{
    size_t count = blocked->node_count;
    struct helpers *all = alloc_zeroed(count + 1, sizeof *all);
    for (uint32_t i = 0; i < count; i++) {
        if (!blocked->nodes[i].lives)
            find_helpers(blocked, i, &all[i]);
        blocked->nodes[i].stuck = !blocked->nodes[i].lives && all[i].count > 0 && !all[i].open;
    }
    // What is not stuck frees those that wait for it: at most once each.
    for (size_t round = 0, changes = 1; changes && round <= count; round++) {
        changes = 0;
        for (size_t i = 0; i < count; i++)
            if (blocked->nodes[i].stuck && !is_stuck(blocked, &all[i])) {
                blocked->nodes[i].stuck = false;
                changes++;
            }
    }
    blocked->edge_count = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; blocked->nodes[i].stuck && k < all[i].count; k++)
            if (blocked->nodes[all[i].items[k].to].stuck)
                ARRAY_PUSH(blocked->edges, blocked->edge_count, blocked->edge_capacity) =
                    all[i].items[k];
        free(all[i].items);
    }
    free(all);
}

/** Where each node's edges begin; edges are in the order of their nodes. */
static uint32_t *edge_starts(const struct blocked *blocked)
{
    uint32_t *starts = alloc_zeroed(blocked->node_count + 2, sizeof *starts);
    for (size_t i = 0; i < blocked->edge_count; i++)
        starts[blocked->edges[i].from + 1]++;
    for (size_t i = 0; i <= blocked->node_count; i++)
        starts[i + 1] += starts[i];
    return starts;
}

/** One search for strongly connected nodes (Tarjan's, without recursion). */
struct search {
    struct blocked *blocked;
    uint32_t *starts, *at;    ///< at: the edge to look at next
    uint32_t *path, *members; ///< the nodes on the way here; those without a component
    size_t path_count, member_count;
    uint32_t numbers, components;
};

static void enter(struct search *search, uint32_t node)
{
    struct blocked_node *n = &search->blocked->nodes[node];
    n->number = n->low = ++search->numbers;
    n->on_stack = true;
    search->at[node] = search->starts[node];
    search->path[search->path_count++] = node;
    search->members[search->member_count++] = node;
}

static void leave(struct search *search, uint32_t node)
{
    struct blocked_node *nodes = search->blocked->nodes;
    search->path_count--;
    if (search->path_count > 0) {
        struct blocked_node *parent = &nodes[search->path[search->path_count - 1]];
        parent->low = nodes[node].low < parent->low ? nodes[node].low : parent->low;
    }
    if (nodes[node].low != nodes[node].number)
        return;
    search->components++;
    uint32_t member;
    do {
        member = search->members[--search->member_count];
        nodes[member].on_stack = false;
        nodes[member].component = search->components;
    } while (member != node);
}

static void search_from(struct search *search, uint32_t first)
{
    struct blocked *blocked = search->blocked;
    enter(search, first);
    while (search->path_count > 0) {
        uint32_t node = search->path[search->path_count - 1];
        if (search->at[node] == search->starts[node + 1]) {
            leave(search, node);
            continue;
        }
        uint32_t to = blocked->edges[search->at[node]++].to;
        struct blocked_node *from = &blocked->nodes[node], *next = &blocked->nodes[to];
        if (next->number == UNNUMBERED)
            enter(search, to);
        else if (next->on_stack && next->number < from->low)
            from->low = next->number;
    }
}

uint32_t blocked_circles(struct blocked *blocked)
{
    size_t count = blocked->node_count;
    struct search search = {.blocked = blocked, .starts = edge_starts(blocked)};
    search.at = alloc_zeroed(count + 1, sizeof *search.at);
    search.path = alloc_zeroed(count + 1, sizeof *search.path);
    search.members = alloc_zeroed(count + 1, sizeof *search.members);
    for (uint32_t i = 0; i < count; i++)
        if (blocked->nodes[i].stuck && blocked->nodes[i].number == UNNUMBERED)
            search_from(&search, i);
    free(search.starts);
    free(search.at);
    free(search.path);
    free(search.members);
    return search.components;
}

const struct blocked_claim *blocked_holder(const struct blocked *blocked, target_addr object)
{
    const struct blocked_claim *found = NULL;
    if (!mutex_is_locked(blocked, object)) // it is being handed on
        return NULL;
    for (uint32_t at = blocked_claims_on(blocked, object, SYNC_LOCK); at;
         at = blocked->claims[at - 1].next) {
        const struct blocked_claim *claim = &blocked->claims[at - 1];
        if (found && found->node != claim->node)
            return NULL;
        found = claim;
    }
    return found;
}
