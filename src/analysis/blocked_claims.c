// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "blocked_internal.h"

#include <string.h>

enum {
    FRAMES_STUDIED = 64,  ///< the innermost of a stack
    COND_LOCKER_DATA = 8, ///< sync.Cond: L Locker, whose second word is the lock
    DEFERS_STUDIED = 256,
};

/** What one stack says, innermost frame first. */
struct study {
    struct blocked *blocked;
    struct arena *arena;
    uint32_t node;
    struct defer_record *records;
    size_t record_count, next_record;
    target_addr last_pc; ///< whose enum site_bits are in bits
    unsigned bits;
    struct sync_site_list given_up; ///< locks that a frame further in has unlocked meanwhile
};

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/** The methods of locks themselves: what they do inside is not what a program does with them. */
static bool is_lock_method(const char *name)
{
    if (starts(name, "internal/sync."))
        name += strlen("internal/");
    return starts(name, "sync.(*Mutex).") || starts(name, "sync.(*RWMutex).") ||
           starts(name, "sync.(*WaitGroup).") || starts(name, "sync.(*Cond).");
}

static bool holds(const struct sync_site_list *list, target_addr object)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].object == object)
            return true;
    return false;
}

static void give_up(struct study *study, const struct sync_site *site)
{
    struct sync_site_list *list = &study->given_up;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 8;
        struct sync_site *items = arena_array(study->arena, capacity, sizeof *items);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *site;
}

/** Addresses leave the top bits free. */
static uint64_t claim_key(target_addr object, enum sync_op op)
{
    return object ^ (uint64_t)op << 58;
}

uint32_t blocked_claims_on(const struct blocked *blocked, target_addr object, enum sync_op op)
{
    const uint64_t *slot = table_find(blocked->claims_by_object, claim_key(object, op));
    return slot ? (uint32_t)*slot : 0;
}

static void claim(struct study *study, target_addr object, enum sync_op op, enum claim_why why,
                  target_addr pc, const char *function)
{
    struct blocked *blocked = study->blocked;
    if (!object || !table_find(blocked->object_numbers, object)) // nobody waits for it
        return;
    uint64_t *slot = table_add(blocked->claims_by_object, claim_key(object, op), NULL);
    // A goroutine's own come last, and one after the other.
    if (*slot && blocked->claims[*slot - 1].node == study->node)
        return;
    ARRAY_PUSH(blocked->claims, blocked->claim_count, blocked->claim_capacity) =
        (struct blocked_claim){.object = object,
                               .op = op,
                               .why = why,
                               .node = study->node,
                               .pc = pc,
                               .function = function,
                               .next = (uint32_t)*slot};
    *slot = blocked->claim_count;
}

/**
 * What deferred calls will do. An Unlock that is pending says that the lock is held, unless the
 * function also unlocks by hand: then its own code says where.
 */
static void study_deferred(struct study *study, const struct sync_site_list *deferred,
                           bool unlocks_by_hand, const char *function)
{
    for (size_t i = 0; i < deferred->count; i++) {
        const struct sync_site *site = &deferred->items[i];
        bool exclusive = site->op == SYNC_UNLOCK;
        if (site->op == SYNC_LOCK || site->op == SYNC_READ_LOCK) {
            give_up(study, site); // it was unlocked for the time being
        } else if (exclusive || site->op == SYNC_READ_UNLOCK) {
            if (!unlocks_by_hand && !holds(&study->given_up, site->object))
                claim(study, site->object, exclusive ? SYNC_LOCK : SYNC_READ_LOCK, CLAIM_DEFERRED,
                      0, function);
        } else {
            claim(study, site->object, site->op, CLAIM_DEFERRED, 0, function);
        }
    }
}

static void read_deferred(struct study *study, const struct stack_frame *frame,
                          struct sync_site_list *out)
{
    struct blocked *blocked = study->blocked;
    struct open_defer open[OPEN_DEFERS_MAX];
    size_t count = open_defers_read(blocked->analysis->program, frame, open);
    for (size_t i = 0; i < count; i++)
        sync_closure_read(blocked->sync, open[i].closure, open[i].argument, study->arena, out);
    while (study->next_record < study->record_count &&
           study->records[study->next_record].sp < frame->sp)
        study->next_record++;
    for (; study->next_record < study->record_count &&
           study->records[study->next_record].sp == frame->sp;
         study->next_record++) {
        const struct defer_record *record = &study->records[study->next_record];
        sync_closure_read(blocked->sync, record->closure, record->argument, study->arena, out);
    }
}

static void study_frame(struct study *study, const struct stack_frame *frame, const char *name)
{
    struct sync_frame code = {0};
    struct sync_site_list deferred = {0};
    read_deferred(study, frame, &deferred);
    sync_frame_read(study->blocked->sync, frame, study->arena, &code);
    for (size_t i = 0; i < code.held.count; i++) {
        const struct sync_site *site = &code.held.items[i];
        if (!holds(&study->given_up, site->object))
            claim(study, site->object, site->op, CLAIM_LOCKED, site->pc, name);
    }
    study_deferred(study, &deferred, code.unlocks_by_hand, name);
    for (size_t i = 0; i < code.future.count; i++) {
        const struct sync_site *site = &code.future.items[i];
        if (site->op >= SYNC_SEND)
            claim(study, site->object, site->op, CLAIM_FUTURE, site->pc, name);
    }
    for (size_t i = 0; i < code.released.count; i++)
        if (!holds(&code.held, code.released.items[i].object))
            give_up(study, &code.released.items[i]);
}

/** Who waits for a condition has let go of its lock. */
static void give_up_condition(struct study *study, const struct blocked_wait *wait)
{
    struct sync_site site = {.op = SYNC_UNLOCK};
    if (wait->kind == WAIT_COND && wait->object &&
        address_space_try_u64(study->blocked->analysis->program->space,
                              wait->object + COND_LOCKER_DATA, &site.object))
        give_up(study, &site);
}

/** Where a frame stands says whether it has to be looked at, but for calls that a list defers. */
enum site_bits { SITE_KNOWN = 1, SITE_PASSED_BY = 2, SITE_DEFERS = 4, SITE_SYNCS = 8 };

static unsigned site_bits(struct blocked *blocked, const struct pc_site *site)
{
    uint64_t *slot = table_find(blocked->study_sites, site->pc);
    if (slot)
        return (unsigned)*slot;
    const char *name = pc_function_name(&site->function);
    unsigned bits = SITE_KNOWN;
    if (starts(name, "runtime.") || is_lock_method(name))
        bits |= SITE_PASSED_BY;
    if (site->may_defer)
        bits |= SITE_DEFERS;
    if (!(bits & SITE_PASSED_BY) && sync_function_acts(blocked->sync, &site->function))
        bits |= SITE_SYNCS;
    if (table_count(blocked->study_sites) < LIMIT_PC_MEMO)
        *table_add(blocked->study_sites, site->pc, NULL) = bits;
    return bits;
}

/** Whether a frame at such a place has to be looked at. */
static bool tells(const struct study *study, unsigned bits)
{
    return !(bits & SITE_PASSED_BY) &&
           (bits & (SITE_DEFERS | SITE_SYNCS) || study->next_record != study->record_count);
}

static void study_told(struct study *study, const struct stack_step *step)
{
    struct stack_frame frame;
    stack_step_frame(study->blocked->analysis->program, step, &frame);
    study_frame(study, &frame, pc_function_name(&frame.function));
}

static void study_step(struct study *study, const struct stack_step *step)
{
    if (step->site->pc != study->last_pc) // recursion comes by the same place again and again
        study->bits = site_bits(study->blocked, step->site);
    study->last_pc = step->site->pc;
    if (tells(study, study->bits))
        study_told(study, step);
}

/** All frames of a stack that is like another: most of them say nothing. */
static void study_shape(struct study *study, struct stack_shape *shape, target_addr sp)
{
    const struct program *program = study->blocked->analysis->program;
    for (uint32_t i = 0; i < shape->count && i < FRAMES_STUDIED; i++) {
        struct shape_frame *frame = &shape->frames[i];
        if (!frame->study_bits)
            frame->study_bits = site_bits(study->blocked, frame->site);
        if (!tells(study, frame->study_bits))
            continue;
        const struct stack_step step = stack_shape_step(program, shape, i, sp);
        study_told(study, &step);
    }
}

/** The next frames. @return how many, none at the end of the stack */
static size_t study_some(struct study *study, struct stack_walk *walk, size_t most)
{
    struct skimmed_frame frames[FRAMES_STUDIED];
    struct stack_step step;
    enum go_func_id callee = walk->callee;
    size_t count = stack_walk_skim(walk, frames, most);
    for (size_t i = 0; i < count; i++) {
        const struct pc_site *site = frames[i].site;
        step = (struct stack_step){.site = site,
                                   .pc = site->pc,
                                   .sp = frames[i].sp,
                                   .fp = frames[i].sp + (target_addr)site->sp_delta + 8,
                                   .callee = callee};
        study_step(study, &step);
        callee = site->function.id;
    }
    if (count || !stack_walk_step(walk, &step))
        return count;
    study_step(study, &step);
    return 1;
}

void blocked_study(struct blocked *blocked, uint32_t node, struct arena *scratch)
{
    struct blocked_node *at = &blocked->nodes[node];
    struct study study = {.blocked = blocked, .arena = scratch, .node = node};
    size_t budget = DEFERS_STUDIED;
    study.record_count =
        defers_read(blocked->analysis->scheduler, &at->g, scratch, &budget, &study.records);
    give_up_condition(&study, &at->wait);
    struct stack_walk walk;
    at->studied = true;
    struct stack_shape *shape = goroutine_starts_as_saved(blocked->site, &at->g)
                                    ? stack_shape_of(blocked->shapes, &at->g)
                                    : NULL;
    if (shape) {
        study_shape(&study, shape, goroutine_saved_start(&at->g).sp);
        return;
    }
    struct frames_request request;
    goroutine_request(blocked->analysis, blocked->site, &at->g, &request);
    stack_walk_begin(&walk, blocked->analysis->program, &at->g, false, &request.start);
    for (size_t left = FRAMES_STUDIED, count; left > 0; left -= count) {
        count = study_some(&study, &walk, left);
        if (!count)
            break;
    }
}
