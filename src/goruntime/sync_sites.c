// SPDX-License-Identifier: MIT
#include "goruntime/sync_sites.h"
#include "sync_plan.h"

#include <string.h>

static void add(struct arena *arena, struct sync_site_list *list, const struct sync_site *site)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 4;
        struct sync_site *items = arena_array(arena, capacity, sizeof *items);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *site;
}

/**
 * Whether a way leads from behind one operation to a step, without passing one that undoes it: of
 * the kind `undo`, on the same object or on one that is not known.
 */
static bool leads_to(const struct sync_code *code, const struct sync_found_list *all,
                     const struct sync_found *from, enum sync_op undo, size_t to)
{
    struct code_walk walk;
    code_walk_init(&walk, code->code);
    for (size_t i = 0; i < all->count; i++) {
        const struct sync_found *other = &all->items[i];
        if (other->site.op == undo &&
            (!other->site.object || other->site.object == from->site.object))
            walk.seen[other->position] = 1;
    }
    // An inlined operation stands before its code, a call is behind itself.
    if (from->position == from->step)
        code_walk_on(&walk, from->step);
    else
        code_walk_push(&walk, from->position);
    bool leads = code_walk_reaches(&walk, to);
    code_walk_clear(&walk);
    return leads;
}

/** Which operations lead to where a frame stands, by which of their objects are the same. */
struct verdict {
    struct verdict *next;
    uint32_t *like; ///< of each: 0: its object is not known, else the first with the same, + 1
    bool *leads;
    size_t count;
};

/** What is known of the frames that stand in one place. */
struct place {
    struct sync_plan_list past, future;
    struct verdict *verdicts;
    unsigned verdict_count;
};

static bool locks(enum sync_op op)
{
    return op == SYNC_LOCK || op == SYNC_READ_LOCK;
}

static bool unlocks(enum sync_op op)
{
    return op == SYNC_UNLOCK || op == SYNC_READ_UNLOCK;
}

static void find_leads(const struct sync_code *code, const struct sync_found_list *all, size_t here,
                       bool *leads)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct sync_found *found = &all->items[i];
        enum sync_op op = found->site.op;
        if (found->step == here || !found->site.object || (!locks(op) && !unlocks(op)))
            continue;
        enum sync_op undo = op == SYNC_LOCK        ? SYNC_UNLOCK
                            : op == SYNC_READ_LOCK ? SYNC_READ_UNLOCK
                            : op == SYNC_UNLOCK    ? SYNC_LOCK
                                                   : SYNC_READ_LOCK;
        leads[i] = leads_to(code, all, found, undo, here);
    }
}

/** What find_leads() finds depends on the code, and on which objects are the same. */
static const bool *leads_of(struct sync_reader *reader, struct place *place,
                            const struct sync_code *code, const struct sync_found_list *all,
                            size_t here, struct arena *arena)
{
    enum { VERDICTS_MAX = 4, COUNT_MAX = 64 };
    uint32_t *like = arena_array(arena, all->count + 1, sizeof *like);
    for (uint32_t i = 0; i < all->count && all->count <= COUNT_MAX; i++)
        for (uint32_t k = 0; all->items[i].site.object && k <= i && !like[i]; k++)
            if (all->items[k].site.object == all->items[i].site.object)
                like[i] = k + 1;
    for (const struct verdict *old = place ? place->verdicts : NULL; old; old = old->next)
        if (old->count == all->count && memcmp(old->like, like, all->count * sizeof *like) == 0)
            return old->leads;
    bool keep = place && place->verdict_count < VERDICTS_MAX && all->count <= COUNT_MAX;
    struct arena *to = keep ? sync_reader_arena(reader) : arena;
    bool *leads = arena_array(to, all->count + 1, sizeof *leads);
    find_leads(code, all, here, leads);
    if (!keep)
        return leads;
    struct verdict *verdict = ARENA_NEW(to, struct verdict);
    *verdict = (struct verdict){place->verdicts, arena_array(to, all->count + 1, sizeof *like),
                                leads, all->count};
    memcpy(verdict->like, like, all->count * sizeof *like);
    place->verdicts = verdict;
    place->verdict_count++;
    return leads;
}

static void read_past(struct sync_reader *reader, struct place *place, const struct sync_code *code,
                      const struct stack_frame *frame, size_t here, struct arena *arena,
                      struct sync_frame *out)
{
    struct sync_found_list all = {0};
    const struct sync_start start = {.here = here, .cfa = frame->fp, .at_entry = true};
    sync_simulate(code, &start, place ? &place->past : NULL, sync_reader_arena(reader), arena,
                  &all);
    const bool *leads = leads_of(reader, place, code, &all, here, arena);
    for (size_t i = 0; i < all.count; i++) {
        const struct sync_site *site = &all.items[i].site;
        out->unlocks_by_hand |= unlocks(site->op);
        if (leads[i])
            add(arena, locks(site->op) ? &out->held : &out->released, site);
    }
}

static void read_future(struct sync_reader *reader, struct place *place,
                        const struct sync_code *code, const struct stack_frame *frame, size_t here,
                        struct arena *arena, struct sync_site_list *out)
{
    size_t next[2];
    // What a signal stopped may be anywhere in its instruction; what called comes back behind it.
    struct sync_start start = {.step = here, .cfa = frame->fp, .future = true};
    if (!frame->exact) {
        if (function_code_next(code->code, here, next) == 0)
            return;
        start.step = next[0];
    }
    struct sync_found_list all = {0};
    sync_simulate(code, &start, place ? &place->future : NULL, sync_reader_arena(reader), arena,
                  &all);
    for (size_t i = 0; i < all.count; i++)
        add(arena, out, &all.items[i].site);
}

bool sync_function_acts(struct sync_reader *reader, const struct pc_function *function)
{
    AUTO(arena) scratch = arena_new();
    struct sync_code code;
    return sync_code_read(reader, function, scratch, &code);
}

bool sync_frame_read(struct sync_reader *reader, const struct stack_frame *frame,
                     struct arena *arena, struct sync_frame *out)
{
    struct sync_code code;
    *out = (struct sync_frame){0};
    if (!sync_code_read(reader, &frame->function, arena, &code))
        return false;
    size_t here = function_code_at(code.code, frame->lookup_pc);
    if (here == CODE_NONE)
        return false;
    struct place *place =
        sync_reader_note(reader, frame->lookup_pc << 1 | frame->exact, sizeof *place);
    read_past(reader, place, &code, frame, here, arena, out);
    read_future(reader, place, &code, frame, here, arena, &out->future);
    return true;
}

/** A method that was deferred as it is, with its receiver beside the function value. */
static enum sync_op op_of_method(const char *name)
{
    static const struct {
        const char *name;
        enum sync_op op;
    } methods[] = {
        {"sync.(*Mutex).Unlock", SYNC_UNLOCK},
        {"sync.(*Mutex).Lock", SYNC_LOCK},
        {"sync.(*RWMutex).Unlock", SYNC_UNLOCK},
        {"sync.(*RWMutex).Lock", SYNC_LOCK},
        {"sync.(*RWMutex).RUnlock", SYNC_READ_UNLOCK},
        {"sync.(*RWMutex).RLock", SYNC_READ_LOCK},
        {"sync.(*WaitGroup).Done", SYNC_DONE},
        {"runtime.closechan", SYNC_CLOSE},
        {"sync.(*Cond).Signal", SYNC_WAKE},
        {"sync.(*Cond).Broadcast", SYNC_WAKE},
    };
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (strcmp(name, methods[i].name) == 0)
            return methods[i].op;
    return SYNC_NONE;
}

void sync_closure_read(struct sync_reader *reader, target_addr closure, target_addr argument,
                       struct arena *arena, struct sync_site_list *out)
{
    const struct program *program = sync_reader_program(reader);
    struct pc_function function;
    target_addr entry;
    if (!address_space_try_u64(program->space, closure, &entry) ||
        !pc_function_find(program->modules, entry, &function) || function.entry != entry)
        return;
    enum sync_op op = op_of_method(pc_function_name(&function));
    if (op != SYNC_NONE) {
        const struct sync_site site = {.op = op, .object = argument, .pc = entry};
        add(arena, out, &site);
        return;
    }
    struct sync_code code;
    if (!sync_code_read(reader, &function, arena, &code))
        return;
    struct sync_found_list all = {0};
    const struct sync_start start = {.context = closure, .at_entry = true, .future = true};
    // The top bit is no part of an address: no frame's key.
    struct place *place = sync_reader_note(reader, entry << 1 | (uint64_t)1 << 63, sizeof *place);
    sync_simulate(&code, &start, place ? &place->future : NULL, sync_reader_arena(reader), arena,
                  &all);
    for (size_t i = 0; i < all.count; i++)
        add(arena, out, &all.items[i].site);
}
