// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "base/workers.h"
#include "sched_search.h"
#include "scheduler_internal.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_SCAN_BIT = 0x1000, G_AT_HAND = 4096 };

struct shared_sum {
    struct scheduler_sum of_all;
    bool known;
};

static const struct g_field {
    enum go_field_id id;
    uint16_t to;
} g_fields[] = {
#define WORD(scheduler_field, member)                                                              \
    {                                                                                              \
        scheduler_field, offsetof(struct goroutine, member)                                        \
    }
    WORD(FIELD_g_goid, goid),
    WORD(FIELD_g_bubble, bubble),
    WORD(FIELD_g_syncGroup, sync_group),
    WORD(FIELD_g_m, m),
    WORD(FIELD_g_lockedm, lockedm),
    WORD(FIELD_g_stack_lo, stack_lo),
    WORD(FIELD_g_stack_hi, stack_hi),
    WORD(FIELD_g_sched_pc, sched_pc),
    WORD(FIELD_g_sched_sp, sched_sp),
    WORD(FIELD_g_sched_lr, sched_lr),
    WORD(FIELD_g_syscallpc, syscall_pc),
    WORD(FIELD_g_syscallsp, syscall_sp),
    WORD(FIELD_g_waitsince, wait_since),
    WORD(FIELD_g_trackingStamp, tracked_since),
    WORD(FIELD_g_startpc, start_pc),
    WORD(FIELD_g_gopc, go_pc),
    WORD(FIELD_g_parentGoid, parent_goid),
    WORD(FIELD_g_sig, sig),
    WORD(FIELD_g_sigcode0, sigcode0),
    WORD(FIELD_g_sigcode1, sigcode1),
    WORD(FIELD_g_sigpc, sigpc),
    WORD(FIELD_g_panic, panic),
    WORD(FIELD_g_defer, defer),
    WORD(FIELD_g_waiting, waiting),
    WORD(FIELD_g_labels, labels),
#undef WORD
};

static void put_word(struct goroutine *g, uint16_t to, uint64_t word)
{
    memcpy((uint8_t *)g + to, &word, sizeof word);
}

/** Chooses the words that are read without asking of each whether it is there. */
static void choose_words(struct scheduler *scheduler)
{
    static_assert(COUNT_OF(g_fields) <= G_WORDS, "room for all");
    for (size_t i = 0; i < COUNT_OF(g_fields); i++) {
        struct go_member member = go_release_member(scheduler->program->release, g_fields[i].id);
        if (member.present && member.size == 8 && member.offset <= G_AT_HAND - 8)
            scheduler->g_words[scheduler->g_word_count++] =
                (struct g_word){(uint16_t)member.offset, g_fields[i].to};
        else if (member.present)
            scheduler->g_others[scheduler->g_other_count++] = (uint8_t)i;
    }
}

bool goroutine_read(const struct scheduler *scheduler, target_addr address, struct goroutine *out)
{
    const struct go_release *release = scheduler->program->release;
    const struct go_struct raw = go_struct_at(release, scheduler->program->space, address);
    uint64_t status;
    if (!go_struct_read(&raw, FIELD_g_atomicstatus, &status))
        return false;
    *out = (struct goroutine){
        .address = address,
        .status = (unsigned)status & ~(unsigned)STATUS_SCAN_BIT,
        .scanning = status & STATUS_SCAN_BIT,
        .wait_reason = (uint8_t)go_struct_field(&raw, FIELD_g_waitreason),
    };
    if (raw.bytes.size < G_AT_HAND) { // at the end of a segment
        for (size_t i = 0; i < COUNT_OF(g_fields); i++)
            put_word(out, g_fields[i].to, go_struct_field(&raw, g_fields[i].id));
        return true;
    }
    for (size_t i = 0; i < scheduler->g_word_count; i++)
        put_word(out, scheduler->g_words[i].to,
                 load_u64(raw.bytes.data + scheduler->g_words[i].offset));
    for (size_t i = 0; i < scheduler->g_other_count; i++) {
        const struct g_field *other = &g_fields[scheduler->g_others[i]];
        put_word(out, other->to, go_struct_field(&raw, other->id));
    }
    return true;
}

/** Whether Go's traceback counts a goroutine of that status. */
static bool is_alive(unsigned status)
{
    return status != G_DEAD && status != G_DEAD_EXTRA && status != G_IDLE;
}

static void raise(int64_t *now, uint64_t value)
{
    // Times are nanoseconds of a clock that started with the host: centuries are corruption.
    if (value < (uint64_t)1 << 62 && (int64_t)value > *now)
        *now = (int64_t)value;
}

static struct sched_known what_is_known(const struct scheduler *scheduler)
{
    struct sched_known known = {.machine_count = scheduler->machine_count};
    for (size_t i = 0; i < scheduler->machine_count; i++) {
        uint64_t id = scheduler_field(scheduler, scheduler->machines[i].address, FIELD_m_id);
        if (id < LIMIT_MS && id > known.highest_machine)
            known.highest_machine = id;
    }
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        uint64_t id =
            scheduler_field(scheduler, scheduler_goroutine_address(scheduler, i), FIELD_g_goid);
        if (!(id >> 48) && id > known.highest_goid)
            known.highest_goid = id;
    }
    return known;
}

/** One thread's part in looking for the newest time stamp of all goroutines, and counting them. */
struct sum_reader {
    const struct scheduler *scheduler;
    struct scheduler_sum sum;
};

void scheduler_sum_add(struct scheduler_sum *sum, const struct goroutine *g)
{
    sum->alive += is_alive(g->status);
    raise(&sum->newest, (uint64_t)g->wait_since);
    raise(&sum->newest, (uint64_t)g->tracked_since);
}

void scheduler_sum_join(struct scheduler_sum *sum, const struct scheduler_sum *part)
{
    sum->alive += part->alive;
    raise(&sum->newest, (uint64_t)part->newest);
}

void scheduler_tell(const struct scheduler *scheduler, const struct scheduler_sum *sum)
{
    raise(&scheduler->sum->of_all.newest, (uint64_t)sum->newest);
    scheduler->sum->of_all.alive = sum->alive;
    scheduler->sum->known = true;
}

static void read_stamps(void *state, size_t begin, size_t end)
{
    struct sum_reader *reader = state;
    for (size_t i = begin; i < end; i++) {
        struct goroutine g;
        if (goroutine_read(reader->scheduler, scheduler_goroutine_address(reader->scheduler, i),
                           &g))
            scheduler_sum_add(&reader->sum, &g);
    }
}

static void sum_up(const struct scheduler *scheduler)
{
    enum { BATCH = 1024 };
    struct sum_reader readers[LIMIT_WORKERS];
    void *states[LIMIT_WORKERS];
    size_t count = workers_count();
    for (size_t i = 0; i < count; i++) {
        readers[i] = (struct sum_reader){.scheduler = scheduler};
        states[i] = &readers[i];
    }
    workers_run(states, count, (size_t)scheduler->allgs_count, BATCH, read_stamps);
    struct scheduler_sum sum = {0};
    for (size_t i = 0; i < count; i++)
        scheduler_sum_join(&sum, &readers[i].sum);
    scheduler_tell(scheduler, &sum);
}

/** What is known of all, however that came about. */
static const struct scheduler_sum *sum_of(const struct scheduler *scheduler)
{
    if (!scheduler->sum->known)
        sum_up(scheduler);
    return &scheduler->sum->of_all;
}

/** The newest time stamp that the runtime left anywhere: the core does not hold the clock itself.
 */
static void read_now(struct scheduler *scheduler)
{
    const struct program *program = scheduler->program;
    target_addr address = 0;
    if (!program_symbol(program, "runtime.sched", &address)) {
        struct sched_known known = what_is_known(scheduler);
        address = sched_search(program, &known);
    }
    if (address)
        raise(&scheduler->sum->of_all.newest,
              scheduler_field(scheduler, address, FIELD_sched_lastpoll));
    uint64_t list, count;
    if ((program_symbol(program, "runtime.allp", &address) || (address = allp_search(program))) &&
        address_space_try_u64(program->space, address, &list) &&
        address_space_try_u64(program->space, address + 8, &count))
        for (uint64_t i = 0; i < count && i < LIMIT_MS; i++) {
            target_addr p;
            if (!address_space_try_u64(program->space, list + 8 * i, &p))
                break;
            raise(&scheduler->sum->of_all.newest, scheduler_field(scheduler, p, FIELD_p_schedwhen));
            raise(&scheduler->sum->of_all.newest,
                  scheduler_field(scheduler, p, FIELD_p_syscallwhen));
        }
}

struct scheduler *scheduler_read(const struct program *program)
{
    struct scheduler *scheduler = alloc_zeroed(1, sizeof *scheduler);
    scheduler->program = program;
    scheduler->sum = alloc_zeroed(1, sizeof *scheduler->sum);
    choose_words(scheduler);
    scheduler->seen = table_new();
    scheduler->by_tid = table_new();
    scheduler_find_list(scheduler);
    scheduler_read_machines(scheduler);
    read_now(scheduler);
    return scheduler;
}

void scheduler_free(struct scheduler *scheduler)
{
    if (!scheduler)
        return;
    table_free(scheduler->seen);
    table_free(scheduler->by_tid);
    table_free(scheduler->repeats);
    free(scheduler->machines);
    free(scheduler->sum);
    free(scheduler->found);
    free(scheduler->list_problem);
    free(scheduler);
}

const struct program *scheduler_program(const struct scheduler *scheduler)
{
    return scheduler->program;
}

bool goroutine_is_alive(const struct goroutine *g)
{
    return is_alive(g->status);
}

bool goroutine_is_system(const struct scheduler *scheduler, const struct goroutine *g)
{
    struct pc_function function;
    if (!pc_function_find(scheduler->program->modules, g->start_pc, &function))
        return false;
    if (strncmp(pc_function_name(&function), "runtime.", 8) != 0)
        return false;
    switch (function.id) {
    case FUNC_RUNTIME_MAIN:
    case FUNC_COROSTART:
    case FUNC_HANDLE_ASYNC_EVENT:
        return false;
    default:
        return true;
    }
}

uint64_t scheduler_alive_count(const struct scheduler *scheduler)
{
    return sum_of(scheduler)->alive;
}

int64_t scheduler_now(const struct scheduler *scheduler)
{
    return sum_of(scheduler)->newest;
}

const char *goroutine_status_name(const struct goroutine *g)
{
    static const char *const names[G_STATUS_COUNT] = {
        [G_IDLE] = "idle",           [G_RUNNABLE] = "runnable",   [G_RUNNING] = "running",
        [G_SYSCALL] = "syscall",     [G_WAITING] = "waiting",     [G_DEAD] = "dead",
        [G_COPYSTACK] = "copystack", [G_PREEMPTED] = "preempted", [G_LEAKED] = "leaked",
        [G_DEAD_EXTRA] = "dead",
    };
    const char *name = g->status < G_STATUS_COUNT ? names[g->status] : NULL;
    return name ? name : "idle";
}

const char *goroutine_state_text(const struct scheduler *scheduler, const struct goroutine *g)
{
    static const char *const texts[G_STATUS_COUNT] = {
        [G_IDLE] = "idle",           [G_RUNNABLE] = "runnable",
        [G_RUNNING] = "running",     [G_SYSCALL] = "syscall",
        [G_WAITING] = "waiting",     [G_MORIBUND] = NULL,
        [G_DEAD] = "dead",           [G_ENQUEUE] = NULL,
        [G_COPYSTACK] = "copystack", [G_PREEMPTED] = "preempted",
        [G_LEAKED] = "leaked",       [G_DEAD_EXTRA] = "waiting for cgo callback",
    };
    const struct go_release *release = scheduler->program->release;
    bool has_reason = g->status == G_WAITING || g->status == G_LEAKED;
    const char *reason = has_reason ? go_release_wait_reason(release, g->wait_reason) : NULL;
    if (reason)
        return reason;
    return g->status < G_STATUS_COUNT ? texts[g->status] : NULL;
}
