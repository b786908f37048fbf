// SPDX-License-Identifier: MIT
#include "roster.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "base/progress.h"
#include "base/workers.h"
#include "goruntime/waits.h"
#include "stack_survey.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    BATCH = 256,  ///< goroutines that a thread takes
    AT_ONCE = 32, ///< of them, those that are looked at together
    COST_NOTED = 1024,
    TOUCHED_KEPT = 64,
    TOUCHED_AT_ONCE = 1 << 16, ///< bytes that the kernel makes present at least, mostly
};

/** What the threads of one reading share. */
struct reading {
    const struct analysis *analysis;
    const struct crash_site *site;
    struct roster_entry *entries;
    struct blocked_wait *waits;
    const struct roster_request *request;
    uint64_t budget;
    atomic_uint_fast64_t spent;
    atomic_bool exhausted;
};

/** One thread's part. */
struct reader {
    struct reading *reading;
    struct program view;
    struct table *systems; // start pc → 1 + whether such a goroutine is the runtime's own
    target_addr system_pc; // the one asked for last
    bool system;
    struct wait_reader *waits;
    struct stack_shapes *shapes;
    struct scheduler_sum sum;
    uint64_t unpaid;                // of what walks have cost
    uint64_t touched[TOUCHED_KEPT]; // where memory was touched
};

/** Adds to what all walks together have cost; false once that is more than they may. */
static bool pay(struct reading *reading, uint64_t cost)
{
    uint64_t before = atomic_fetch_add_explicit(&reading->spent, cost, memory_order_relaxed);
    if (before <= reading->budget && cost <= reading->budget - before)
        return true;
    atomic_store_explicit(&reading->exhausted, true, memory_order_relaxed);
    return false;
}

/** The hash of a stack, without a look at what stands there. */
static uint64_t hash_of_stack(struct reader *reader, const struct goroutine *g)
{
    struct reading *reading = reader->reading;
    struct frames_request request;
    struct stack_walk walk;
    struct stack_step step;
    struct skimmed_frame frames[64];
    uint64_t hash = 0, cost = 0;
    goroutine_request(reading->analysis, reading->site, g, &request);
    stack_walk_begin(&walk, &reader->view, g, false, &request.start);
    while (stack_walk_step(&walk, &step)) {
        hash = stack_hash_add(hash, step.pc);
        cost += stack_site_cost(step.site);
        size_t count = stack_walk_skim(&walk, frames, COUNT_OF(frames));
        for (size_t i = 0; i < count; i++) {
            hash = stack_hash_add(hash, frames[i].site->pc);
            cost += stack_site_cost(frames[i].site);
        }
        if (cost < COST_NOTED)
            continue;
        if (!pay(reading, cost))
            return hash;
        cost = 0;
    }
    pay(reading, cost);
    return hash;
}

/** The same of a stack that is like another. */
static uint64_t hash_of_shape(struct reader *reader, struct stack_shape *shape)
{
    for (uint32_t i = 0; !shape->noted && i < shape->count; i++) {
        shape->hash = stack_hash_add(shape->hash, shape->frames[i].site->pc);
        shape->cost += stack_site_cost(shape->frames[i].site);
    }
    shape->noted = true;
    reader->unpaid += shape->cost; // no more than the table holds: paid with others
    return shape->hash;
}

static bool is_system(struct reader *reader, const struct goroutine *g)
{
    if (reader->system_pc == g->start_pc && g->start_pc)
        return reader->system;
    uint64_t *slot = table_add(reader->systems, g->start_pc, NULL);
    if (!*slot)
        *slot = 1 + goroutine_is_system(reader->reading->analysis->scheduler, g);
    reader->system_pc = g->start_pc;
    reader->system = *slot == 2;
    return reader->system;
}

static void read_wait(struct reader *reader, const struct goroutine *g, struct stack_shape *shape,
                      uint32_t entry, struct blocked_wait *out)
{
    struct goroutine_wait wait;
    goroutine_wait_read(reader->waits, g, shape, &wait);
    *out = (struct blocked_wait){
        .g = g->address,
        .object = wait.object,
        .second = wait.second,
        .goid = g->goid,
        .sudog = wait.sudog,
        .entry = entry,
        .kind = (uint8_t)wait.kind,
        .case_count = (uint8_t)(wait.case_count < UINT8_MAX ? wait.case_count : UINT8_MAX),
        .sends = wait.sends,
        .reads = wait.reads,
        .writers_turn = wait.writers_turn,
        .is_socket = wait.is_socket,
        .known = wait.known,
    };
}

static void read_one(struct reader *reader, const struct goroutine *g, struct roster_entry *out)
{
    struct reading *reading = reader->reading;
    if (!out->readable || !goroutine_is_alive(g))
        return;
    out->alive = true;
    out->id = g->goid;
    out->parent = g->parent_goid;
    out->wait_since = goroutine_wait_since(g);
    out->system = is_system(reader, g);
    out->panics = g->panic != 0;
    bool stands = g->status == G_WAITING || g->status == G_LEAKED || g->status == G_SYSCALL;
    bool waits = reading->waits && stands && !out->system;
    bool walk = reading->request->walk && out->address != reading->request->known;
    struct stack_shape *shape = (waits || walk) && goroutine_starts_as_saved(reading->site, g)
                                    ? stack_shape_of(reader->shapes, g)
                                    : NULL;
    if (waits)
        read_wait(reader, g, shape, (uint32_t)(out - reading->entries),
                  &reading->waits[out - reading->entries]);
    if (!walk)
        return;
    bool exhausted = atomic_load_explicit(&reading->exhausted, memory_order_relaxed);
    uint64_t hash = exhausted ? 0 : shape ? hash_of_shape(reader, shape) : hash_of_stack(reader, g);
    out->stack_hash = goroutine_group_hash(g, hash);
}

/**
 * Asks for memory that is wanted soon: each word of a stack says where the next one lies. First it
 * is touched: a prefetch does nothing for what is no page of this process yet.
 */
static void ask_for(struct reader *reader, target_addr address, size_t size)
{
    uint64_t place = address / TOUCHED_AT_ONCE, *touched = &reader->touched[place % TOUCHED_KEPT];
    const struct address_space *space = reader->view.space;
    if (*touched != place) {
        struct bytes bytes = address_space_view(space, address, 1);
        if (bytes.size)
            (void)*(const volatile uint8_t *)bytes.data;
        *touched = place;
    }
    address_space_prefetch(space, address, size);
}

static void ask_for_goroutine(struct reader *reader, size_t i)
{
    enum { G_BYTES = 448 }; // as far as most are looked at
    target_addr address = scheduler_goroutine_address(reader->reading->analysis->scheduler, i);
    if (address)
        ask_for(reader, address, G_BYTES);
}

/** Of a stack what most are looked at: from its sp to its end, or as far as most frames reach. */
static void ask_for_stack(struct reader *reader, const struct goroutine *g)
{
    enum { STACK_BYTES = 1024 };
    target_addr sp = goroutine_saved_start(g).sp;
    uint64_t size = g->stack_hi - sp;
    ask_for(reader, sp, size < STACK_BYTES ? (size_t)size : STACK_BYTES);
}

/** Reads a few, of which all memory is asked for before it is looked at. */
static void read_few(struct reader *reader, size_t begin, size_t end, size_t batch_end)
{
    enum { SUDOG_BYTES = 104 };
    struct reading *reading = reader->reading;
    struct roster_entry *entries = &reading->entries[begin];
    struct goroutine goroutines[AT_ONCE];
    size_t count = end - begin;
    for (size_t i = 0; i < count; i++) {
        struct goroutine *g = &goroutines[i];
        if (begin + i + AT_ONCE < batch_end)
            ask_for_goroutine(reader, begin + i + AT_ONCE);
        target_addr address = scheduler_goroutine_address(reading->analysis->scheduler, begin + i);
        if (!goroutine_read(reading->analysis->scheduler, address, g))
            continue; // its entry is not touched: a broken list costs no memory
        entries[i].address = address;
        entries[i].readable = true;
        scheduler_sum_add(&reader->sum, g);
        if (reading->request->walk || reading->waits)
            ask_for_stack(reader, g);
        if (reading->waits && g->waiting)
            ask_for(reader, g->waiting, SUDOG_BYTES);
    }
    for (size_t i = 0; i < count; i++)
        read_one(reader, &goroutines[i], &entries[i]);
}

static void read_batch(void *state, size_t begin, size_t end)
{
    struct reader *reader = state;
    struct reading *reading = reader->reading;
    if (progress_stopped(reading->analysis->options->progress))
        return; // of a million, all would take seconds; who was not read is not alive
    for (size_t i = begin; i < end && i < begin + AT_ONCE; i++)
        ask_for_goroutine(reader, i);
    for (size_t at = begin; at < end; at += AT_ONCE)
        read_few(reader, at, end - at < AT_ONCE ? end : at + AT_ONCE, end);
    pay(reading, reader->unpaid);
    reader->unpaid = 0;
}

/** Reads entries in that many threads; false where the walks cost too much. */
static bool read_entries(struct reading *reading, size_t count, size_t threads,
                         struct scheduler_sum *sum)
{
    struct reader *readers = alloc_zeroed(threads, sizeof *readers);
    void **states = alloc_zeroed(threads, sizeof *states);
    for (size_t i = 0; i < threads; i++) {
        readers[i] = (struct reader){.reading = reading, .systems = table_new()};
        program_view_init(&readers[i].view, reading->analysis->program);
        readers[i].waits = wait_reader_new(&readers[i].view);
        readers[i].shapes = stack_shapes_new(&readers[i].view);
        states[i] = &readers[i];
    }
    atomic_init(&reading->spent, 0);
    atomic_init(&reading->exhausted, false);
    workers_run(states, threads, count, BATCH, read_batch);
    *sum = (struct scheduler_sum){0};
    for (size_t i = 0; i < threads; i++) {
        scheduler_sum_join(sum, &readers[i].sum);
        program_view_clear(&readers[i].view);
        table_free(readers[i].systems);
        wait_reader_free(readers[i].waits);
        stack_shapes_free(readers[i].shapes);
    }
    free(readers);
    free(states);
    return !atomic_load(&reading->exhausted);
}

/** By what goroutines are put in order: smallest first. */
struct order {
    const struct roster_entry *entries;
    bool by_id; // else as the runtime's list has them
};

static int compare(const struct order *order, uint32_t a, uint32_t b)
{
    const struct roster_entry *x = &order->entries[a], *y = &order->entries[b];
    if (order->by_id && x->id != y->id)
        return x->id < y->id ? -1 : 1;
    if (!order->by_id)
        return (a > b) - (a < b);
    return (x->address > y->address) - (x->address < y->address);
}

static int by_order(const void *a, const void *b, void *order)
{
    return compare(order, *(const uint32_t *)a, *(const uint32_t *)b);
}

/**
 * Puts each in its place among those before it: they are nearly sorted, since each processor hands
 * out a few ids at a time. @return false where that is no good way
 */
static bool sort_nearly_sorted(const struct order *order, uint32_t *indices, size_t count)
{
    enum { MOVES_FOR_EACH = 16 };
    uint64_t budget = MOVES_FOR_EACH * (uint64_t)count;
    for (size_t i = 1; i < count; i++) {
        uint32_t one = indices[i];
        size_t at = i;
        for (; at > 0 && compare(order, indices[at - 1], one) > 0 && budget; at--, budget--)
            indices[at] = indices[at - 1];
        indices[at] = one;
    }
    return budget > 0;
}

/** Those alive, in the order asked for, and before them the one that crashed. */
static void put_in_order(const struct analysis *analysis, const struct crash_site *site,
                         struct roster *out)
{
    target_addr first = site->kind != CRASH_NONE && site->has_goroutine ? site->g.address : 0;
    struct order order = {out->entries, analysis->options->order == ORDER_BY_ID};
    out->order = alloc_zeroed(out->total + 1, sizeof *out->order);
    for (uint32_t i = 0; first && i < out->total && !out->count; i++)
        if (out->entries[i].alive && out->entries[i].address == first)
            out->order[out->count++] = i;
    uint32_t *others = &out->order[out->count];
    size_t count = 0;
    for (uint32_t i = 0; i < out->total; i++)
        if (out->entries[i].alive && (!out->count || i != out->order[0]))
            others[count++] = i;
    if (!sort_nearly_sorted(&order, others, count))
        qsort_r(others, count, sizeof *others, by_order, &order);
    out->count += count;
}

void roster_read(struct analysis *analysis, const struct crash_site *site,
                 const struct roster_request *request, struct roster *out)
{
    *out = (struct roster){0};
    size_t total = out->total = (size_t)scheduler_goroutine_count(analysis->scheduler);
    out->entries = alloc_zeroed(total + 1, sizeof *out->entries);
    if (request->waits)
        out->waits = alloc_zeroed(total + 1, sizeof *out->waits);
    struct reading reading = {.analysis = analysis,
                              .site = site,
                              .entries = out->entries,
                              .waits = out->waits,
                              .request = request,
                              .budget = analysis->walk_budget};
    // Stacks that share their memory: what is left of the budget then depends on who comes first.
    struct scheduler_sum sum;
    if (!read_entries(&reading, total, workers_count(), &sum))
        read_entries(&reading, total, 1, &sum);
    if (!progress_stopped(analysis->options->progress)) // then not all were read
        scheduler_tell(analysis->scheduler, &sum);
    for (size_t i = 0; i < total; i++)
        out->unreadable += !out->entries[i].readable;
    put_in_order(analysis, site, out);
}

void roster_set_hash(struct roster *roster, target_addr address, uint64_t hash)
{
    for (size_t i = 0; address && i < roster->total; i++)
        if (roster->entries[i].address == address && roster->entries[i].alive)
            roster->entries[i].stack_hash = hash;
}

void roster_warn(struct analysis *analysis, const struct roster *roster)
{
    uint64_t listed = scheduler_goroutine_count(analysis->scheduler);
    uint64_t missing = scheduler_goroutines_missing(analysis->scheduler);
    const char *problem = scheduler_list_problem(analysis->scheduler);
    if (problem)
        analysis_warn(analysis, "%s", problem);
    if (roster->unreadable || missing)
        analysis_warn(analysis, "%" PRIu64 " of %" PRIu64 " goroutines are not in the core",
                      roster->unreadable + missing, listed + missing);
}

void roster_clear(struct roster *roster)
{
    free(roster->entries);
    free(roster->order);
    free(roster->waits);
}
