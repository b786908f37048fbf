// SPDX-License-Identifier: MIT
#pragma once

#include "analysis/blocked.h"
#include "analysis_internal.h"
#include "goruntime/sync_sites.h"
#include "goruntime/waits.h"
#include "roster.h"

/** What is waited for. */
struct blocked_object {
    target_addr address;
    uint32_t first, count; ///< waits, first + 1
    uint8_t kind;
};

/** A goroutine that was looked at closely. */
struct blocked_node {
    struct blocked_wait wait;
    bool lives;   ///< runs, or will be woken by the clock, the network or the system
    bool studied; ///< its stack was read
    bool stuck;
    bool in_reach; ///< others too can reach the channel or condition that it waits for
    struct goroutine g;
    uint32_t number, low, component; ///< of the search for circles
    bool on_stack;
};

/** Why a goroutine is thought to hold an object, or to be going to act on it. */
enum claim_why {
    CLAIM_DEFERRED, ///< a deferred call is pending
    CLAIM_LOCKED,   ///< a live frame has locked it and not unlocked it
    CLAIM_FUTURE,   ///< a live frame's code leads there
};

struct blocked_claim {
    target_addr object;
    enum sync_op op; ///< SYNC_LOCK, SYNC_READ_LOCK: holds it; else what it is going to do
    enum claim_why why;
    uint32_t node;
    target_addr pc;       ///< of the call, 0: not known
    const char *function; ///< of the frame
    uint32_t next;        ///< + 1: the next of the same kind on the same object
};

struct blocked_edge {
    uint32_t from, to;
    uint32_t claim; ///< index, CLAIM_NONE: a writer that waits for its turn
    target_addr object;
};

struct blocked {
    struct analysis *analysis;
    const struct crash_site *site;
    struct arena *arena;
    const struct roster *roster;
    struct blocked_wait *waits; ///< in the roster's order
    size_t wait_count;
    struct table *wait_by_g;      ///< → index + 1; NULL: see blocked_wait_of()
    unsigned asked;               ///< how often, until that is made
    struct table *object_numbers; ///< address → index + 1
    struct blocked_object *objects;
    size_t object_count, object_capacity;

    struct sync_reader *sync;
    struct stack_shapes *shapes;
    struct table *known_types; ///< of channels' elements, and tables of interfaces → what they are
    struct table *study_sites; ///< pc → see blocked_claims.c
    struct table *queued;      ///< sudog → enum queue_side; channel → 1: its queues are in here
    struct blocked_node *nodes;
    size_t node_count, node_capacity;
    struct table *node_by_g; ///< → index + 1
    struct blocked_claim *claims;
    size_t claim_count, claim_capacity;
    struct table *claims_by_object; ///< see blocked_claims_on()
    struct blocked_edge *edges;
    size_t edge_count, edge_capacity;
    size_t queue_budget;
    bool everything_stands; ///< the runtime found all goroutines asleep
    bool lacks_files;       ///< an error of the death says that too many files are open

    struct table *names; ///< object → const char *
    size_t names_left;
};

enum { CLAIM_NONE = UINT32_MAX, SELECT_CASES_KEPT = 64 };

/* blocked.c */

/** What a goroutine waits for; NULL: nothing. */
const struct blocked_wait *blocked_wait_of(struct blocked *blocked, target_addr g);

/* blocked_search.c */

/** Studies those that wait, and if some seem to be stuck, all others too. */
void blocked_look_for_circles(struct blocked *blocked);

/* blocked_claims.c */

/** Reads a goroutine's stack and notes what it holds and what it is going to do; scratch for the
 * time of the call. */
void blocked_study(struct blocked *blocked, uint32_t node, struct arena *scratch);

/** The first claim of a kind on an object, + 1; the last that was made comes first. 0: none */
uint32_t blocked_claims_on(const struct blocked *blocked, target_addr object, enum sync_op op);

/* blocked_graph.c */

/** Which of a channel's queues a sudog stands in. */
enum queue_side blocked_queue_side(struct blocked *blocked, target_addr channel, target_addr sudog);

/** Finds who waits for whom among the nodes; sets stuck and edges. */
void blocked_graph_build(struct blocked *blocked);

/** Numbers the circles: nodes of one have the same component. @return their number */
uint32_t blocked_circles(struct blocked *blocked);

/** A lock's holder, if one goroutine and no other is thought to hold it; NULL. */
const struct blocked_claim *blocked_holder(const struct blocked *blocked, target_addr object);

/* blocked_reach.c */

struct heap_marks;

/** Goroutines and queues, which lead from everything to everything, lead nowhere. */
void blocked_exclude_queues(struct blocked *blocked, struct heap_marks *marks);

/** Nor does anything as large as those: soon done, for a million too, and more than is true. */
void blocked_exclude_like_queues(struct blocked *blocked, struct heap_marks *marks);

/** What a goroutine that may go on can reach. */
void blocked_mark_from_goroutine(struct blocked *blocked, struct heap_marks *marks,
                                 target_addr address);

/** What the threads' registers lead to. */
void blocked_mark_from_threads(const struct blocked *blocked, struct heap_marks *marks);

/** Whether anybody else can reach what a goroutine waits for; of a select any of its channels. */
bool blocked_in_reach(struct blocked *blocked, const struct heap_marks *marks,
                      const struct blocked_wait *wait);

/** Frees those that wait for a channel or condition which somebody unknown might serve. */
void blocked_check_reach(struct blocked *blocked);

/* blocked_name.c */

/** What the goroutine that waits calls the object, in the words of the innermost of its frames that
 * has a name for it; NULL: none has. */
const char *blocked_object_name(struct blocked *blocked, const struct blocked_wait *wait,
                                target_addr object);

/** The name of the type that lies at an object's address, NULL for channels. */
const char *blocked_object_type(enum wait_kind kind);

/* blocked_text.c */

/** "s.mu (*main.service at 0xc000012345)" as the goroutine that waits knows it. */
const char *blocked_object_text(struct blocked *blocked, const struct blocked_wait *wait,
                                target_addr object);
/** "goroutine 7 wants the lock s.mu" */
const char *blocked_step_text(struct blocked *blocked, const struct blocked_edge *edge);
/** "receives from results (chan int 0/0 at 0xc000012345)" */
const char *blocked_wait_text(struct blocked *blocked, const struct blocked_wait *wait);
const char *blocked_place_text(struct blocked *blocked, target_addr pc);

/* blocked_peers.c */

/** "reads from 10.0.0.1:5432 (local 10.0.0.2:41234)"; NULL: the structures do not say. */
const char *blocked_peer_text(struct blocked *blocked, struct arena *arena,
                              const struct blocked_wait *wait);

/** Appends a finding for each remote address that several goroutines of the program wait for. */
void blocked_find_peers(struct blocked *blocked, struct report_tail *tail);

/* blocked_findings.c */

/* and blocked_leaks.c, whose entry is in analysis/blocked.h */

/** Room for one finding more; NULL: there are too many. */
struct report_finding *blocked_new_finding(struct report_tail *tail, enum finding_kind kind);
