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

enum { BATCH = 16, COST_NOTED = 1024 };

/** What the threads of one reading share. */
struct reading {
    const struct analysis *analysis;
    const struct crash_site *site;
    struct roster_entry *entries;
    struct roster_wait *waits;
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
    struct wait_reader *waits;
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

static bool is_system(struct reader *reader, const struct goroutine *g)
{
    uint64_t *slot = table_add(reader->systems, g->start_pc, NULL);
    if (!*slot)
        *slot = 1 + goroutine_is_system(reader->reading->analysis->scheduler, g);
    return *slot == 2;
}

static void read_wait(struct reader *reader, const struct goroutine *g, struct roster_wait *out)
{
    struct goroutine_wait wait;
    goroutine_wait_read(reader->waits, g, &wait);
    *out = (struct roster_wait){
        .object = wait.object,
        .sudog = wait.sudog,
        .second = wait.second,
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
    out->alive = out->readable && goroutine_is_alive(g);
    if (!out->alive)
        return;
    out->id = g->goid;
    out->parent = g->parent_goid;
    out->wait_since = goroutine_wait_since(g);
    out->system = is_system(reader, g);
    out->panics = g->panic != 0;
    bool stands = g->status == G_WAITING || g->status == G_LEAKED || g->status == G_SYSCALL;
    if (reading->waits && stands && !out->system)
        read_wait(reader, g, &reading->waits[out - reading->entries]);
    if (!reading->request->walk)
        return;
    if (out->address == reading->request->known) {
        out->stack_hash = reading->request->known_hash;
        return;
    }
    bool exhausted = atomic_load_explicit(&reading->exhausted, memory_order_relaxed);
    out->stack_hash = goroutine_group_hash(g, exhausted ? 0 : hash_of_stack(reader, g));
}

/** Memory of the target that is wanted soon. */
struct wanted {
    target_addr address;
    size_t size;
};

/**
 * Asks for it: each word of a stack says where the next one lies. First a byte of each is touched:
 * a prefetch does nothing for what is no page of this process yet.
 */
static void ask_for(const struct program *program, const struct wanted *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes bytes = address_space_view(program->space, wanted[i].address, 1);
        if (bytes.size)
            (void)*(const volatile uint8_t *)bytes.data;
    }
    for (size_t i = 0; i < count; i++)
        address_space_prefetch(program->space, wanted[i].address, wanted[i].size);
}

static void read_batch(void *state, size_t begin, size_t end)
{
    enum { G_BYTES = 448, STACK_BYTES = 1024, SUDOG_BYTES = 104 }; // as far as most are looked at
    struct reader *reader = state;
    struct reading *reading = reader->reading;
    struct roster_entry *entries = &reading->entries[begin];
    struct goroutine goroutines[BATCH];
    size_t count = end - begin;
    struct wanted wanted[2 * BATCH] = {0};
    size_t wanted_count = 0;
    if (progress_stopped(reading->analysis->options->progress))
        return; // of a million, all would take seconds; who was not read is not alive
    for (size_t i = 0; i < count; i++)
        wanted[i] = (struct wanted){entries[i].address, G_BYTES};
    ask_for(&reader->view, wanted, count);
    for (size_t i = 0; i < count; i++) {
        struct goroutine *g = &goroutines[i];
        entries[i].readable = goroutine_read(reading->analysis->scheduler, entries[i].address, g);
        if (!entries[i].readable)
            continue;
        if (reading->request->walk || reading->waits)
            wanted[wanted_count++] = (struct wanted){goroutine_saved_start(g).sp, STACK_BYTES};
        if (reading->waits && g->waiting)
            wanted[wanted_count++] = (struct wanted){g->waiting, SUDOG_BYTES};
    }
    ask_for(&reader->view, wanted, wanted_count);
    for (size_t i = 0; i < count; i++)
        read_one(reader, &goroutines[i], &entries[i]);
}

/** Reads entries in that many threads; false where the walks cost too much. */
static bool read_entries(struct reading *reading, size_t count, size_t threads)
{
    struct reader *readers = alloc_zeroed(threads, sizeof *readers);
    void **states = alloc_zeroed(threads, sizeof *states);
    for (size_t i = 0; i < threads; i++) {
        readers[i] = (struct reader){.reading = reading, .systems = table_new()};
        program_view_init(&readers[i].view, reading->analysis->program);
        readers[i].waits = wait_reader_new(&readers[i].view);
        states[i] = &readers[i];
    }
    atomic_init(&reading->spent, 0);
    atomic_init(&reading->exhausted, false);
    workers_run(states, threads, count, BATCH, read_batch);
    for (size_t i = 0; i < threads; i++) {
        program_view_clear(&readers[i].view);
        table_free(readers[i].systems);
        wait_reader_free(readers[i].waits);
    }
    free(readers);
    free(states);
    return !atomic_load(&reading->exhausted);
}

/** A goroutine's place in the output. */
struct place {
    uint64_t rank; // smallest first
    target_addr address;
    uint32_t index;
};

static int by_rank(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return (x->address > y->address) - (x->address < y->address);
}

/**
 * Puts each in its place among those before it: they are nearly sorted, since each processor hands
 * out a few ids at a time. @return false where that is no good way
 */
static bool sort_nearly_sorted(struct place *places, size_t count)
{
    enum { MOVES_FOR_EACH = 16 };
    uint64_t budget = MOVES_FOR_EACH * (uint64_t)count;
    for (size_t i = 1; i < count; i++) {
        struct place one = places[i];
        size_t at = i;
        for (; at > 0 && by_rank(&places[at - 1], &one) > 0 && budget; at--, budget--)
            places[at] = places[at - 1];
        places[at] = one;
    }
    return budget > 0;
}

/** Those alive, in the order asked for. */
static void put_in_order(const struct analysis *analysis, const struct crash_site *site,
                         size_t total, struct roster *out)
{
    bool crashed = site->kind != CRASH_NONE && site->has_goroutine, sorted = true;
    struct place *places = alloc_zeroed(total + 1, sizeof *places);
    for (size_t i = 0; i < total; i++) {
        const struct roster_entry *entry = &out->entries[i];
        if (!entry->alive)
            continue;
        uint64_t rank = analysis->options->order == ORDER_BY_ID ? entry->id : entry->position;
        bool first = crashed && entry->address == site->g.address;
        struct place *place = &places[out->count++];
        *place = (struct place){first ? 0 : rank + 1, entry->address, (uint32_t)i};
        sorted &= out->count == 1 || by_rank(place - 1, place) <= 0;
    }
    if (!sorted && !sort_nearly_sorted(places, out->count))
        qsort(places, out->count, sizeof *places, by_rank);
    out->order = alloc_zeroed(out->count + 1, sizeof *out->order);
    for (size_t i = 0; i < out->count; i++)
        out->order[i] = places[i].index;
    free(places);
}

/** Makes the entries of all that the list names. */
static size_t list_addresses(const struct scheduler *scheduler, struct roster *out)
{
    uint64_t listed = scheduler_goroutine_count(scheduler);
    size_t count = 0;
    for (uint64_t i = 0; i < listed; i++)
        count += scheduler_goroutine_address(scheduler, i) != 0;
    out->entries = alloc_zeroed(count + 1, sizeof *out->entries);
    count = 0;
    for (uint64_t i = 0; i < listed; i++) {
        target_addr address = scheduler_goroutine_address(scheduler, i);
        if (address)
            out->entries[count++] =
                (struct roster_entry){.address = address, .position = (uint32_t)i};
    }
    return count;
}

void roster_read(struct analysis *analysis, const struct crash_site *site,
                 const struct roster_request *request, struct roster *out)
{
    *out = (struct roster){0};
    size_t total = out->total = list_addresses(analysis->scheduler, out);
    out->unreadable = scheduler_goroutine_count(analysis->scheduler) - total;
    if (request->waits)
        out->waits = alloc_zeroed(total + 1, sizeof *out->waits);
    struct reading reading = {.analysis = analysis,
                              .site = site,
                              .entries = out->entries,
                              .waits = out->waits,
                              .request = request,
                              .budget = analysis->walk_budget};
    // Stacks that share their memory: what is left of the budget then depends on who comes first.
    if (!read_entries(&reading, total, workers_count()))
        read_entries(&reading, total, 1);
    for (size_t i = 0; i < total; i++)
        out->unreadable += !out->entries[i].readable;
    put_in_order(analysis, site, total, out);
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
