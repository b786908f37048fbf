// SPDX-License-Identifier: MIT
#include "goruntime/scheduler.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/table.h"
#include "base/workers.h"
#include "goruntime/allgs_search.h"
#include "sched_search.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_SCAN_BIT = 0x1000 };

/** A word of a g, and where it goes in a struct goroutine. */
struct g_word {
    uint16_t offset, to;
};

enum { G_AT_HAND = 4096, G_WORDS = 32 };

struct scheduler {
    const struct program *program;
    struct g_word g_words[G_WORDS]; // those that the release has, as 8 bytes each
    size_t g_word_count;
    uint8_t g_others[G_WORDS]; // of g_fields: those of other sizes
    size_t g_other_count;
    target_addr allgs;
    uint64_t allgs_count, allgs_claimed;
    struct bytes list;  // allgs, where all of it lies together
    target_addr *found; // instead of allgs, where that is lost: allgs_count of them
    char *list_problem;
    struct machine *machines;
    size_t machine_count, machine_capacity;
    struct table *seen;     // machines by address → index + 1
    struct table *by_tid;   // machines by procid → index + 1, the first of each
    struct table *repeats;  // entries of allgs whose g stands there before; NULL: none
    struct shared_sum *sum; // of all goroutines: found when somebody asks for it
};

struct shared_sum {
    struct scheduler_sum of_all;
    bool known;
};

static uint64_t field(const struct scheduler *scheduler, target_addr address, enum go_field_id id)
{
    uint64_t value;
    go_field_read(scheduler->program->release, scheduler->program->space, address, id, &value);
    return value;
}

static const struct g_field {
    enum go_field_id id;
    uint16_t to;
} g_fields[] = {
#define WORD(field, member)                                                                        \
    {                                                                                              \
        field, offsetof(struct goroutine, member)                                                  \
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

static struct machine read_machine(const struct scheduler *scheduler, target_addr address)
{
    return (struct machine){
        .address = address,
        .id = field(scheduler, address, FIELD_m_id),
        .procid = field(scheduler, address, FIELD_m_procid),
        .g0 = field(scheduler, address, FIELD_m_g0),
        .gsignal = field(scheduler, address, FIELD_m_gsignal),
        .curg = field(scheduler, address, FIELD_m_curg),
        .lockedg = field(scheduler, address, FIELD_m_lockedg),
        .throwing = (int32_t)field(scheduler, address, FIELD_m_throwing),
        .dying = (int32_t)field(scheduler, address, FIELD_m_dying),
        .in_cgo = field(scheduler, address, FIELD_m_incgo) != 0,
        .vdso_pc = field(scheduler, address, FIELD_m_vdsoPC),
        .vdso_sp = field(scheduler, address, FIELD_m_vdsoSP),
    };
}

/** An m and those that its alllink leads to; a link to one already seen ends the walk. */
static void add_machines(struct scheduler *scheduler, target_addr address)
{
    while (address && scheduler->machine_count < LIMIT_MS) {
        bool added;
        uint64_t *slot = table_add(scheduler->seen, address, &added);
        if (!added)
            return;
        struct machine machine = read_machine(scheduler, address);
        uint64_t owner;
        // g0.m points back in every m; what does not is no m.
        if (!go_field_read(scheduler->program->release, scheduler->program->space, machine.g0,
                           FIELD_g_m, &owner) ||
            owner != address)
            return;
        ARRAY_PUSH(scheduler->machines, scheduler->machine_count, scheduler->machine_capacity) =
            machine;
        *slot = scheduler->machine_count;
        slot = table_add(scheduler->by_tid, machine.procid, &added);
        if (added)
            *slot = scheduler->machine_count;
        address = field(scheduler, address, FIELD_m_alllink);
    }
}

/**
 * A thread's m by the g that it keeps in thread-local storage, or in a register in Go code: the
 * word that leads to an m with this thread's id. With C's own thread-local data the place is not
 * always -8.
 */
static target_addr machine_of_thread(const struct scheduler *scheduler,
                                     const struct core_thread *thread)
{
    enum { WORDS_TRIED = 32 };
    const struct program *program = scheduler->program;
    for (unsigned i = 0; i <= 2 * WORDS_TRIED; i++) {
        uint64_t g = 0;
        target_addr place = i <= WORDS_TRIED ? thread->tls - 8 * (target_addr)i
                                             : thread->tls + 8 * (target_addr)(i - WORDS_TRIED);
        if (i == 0)
            register_get(&thread->registers, program->arch->g, &g);
        else if (thread->tls)
            address_space_try_u64(program->space, place, &g);
        target_addr m = g && (g & 7) == 0 ? field(scheduler, g, FIELD_g_m) : 0;
        if (m && field(scheduler, m, FIELD_m_procid) == thread->tid)
            return m;
    }
    return 0;
}

static void read_machines(struct scheduler *scheduler)
{
    target_addr head, first = 0;
    if (program_symbol(scheduler->program, "runtime.allm", &head) &&
        address_space_try_u64(scheduler->program->space, head, &first))
        add_machines(scheduler, first);
    if (scheduler->machine_count)
        return;
    // Without the symbol: every m of a g, and what alllink reaches from it.
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        target_addr g = scheduler_goroutine_address(scheduler, i);
        add_machines(scheduler, field(scheduler, g, FIELD_g_m));
        add_machines(scheduler, field(scheduler, g, FIELD_g_lockedm));
    }
    // In a deadlock no g has an m: each thread still has its g.
    size_t count;
    const struct core_thread *threads = core_file_threads(scheduler->program->core, &count);
    for (size_t i = 0; i < count; i++)
        add_machines(scheduler, machine_of_thread(scheduler, &threads[i]));
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
        uint64_t id = field(scheduler, scheduler->machines[i].address, FIELD_m_id);
        if (id < LIMIT_MS && id > known.highest_machine)
            known.highest_machine = id;
    }
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        uint64_t id = field(scheduler, scheduler_goroutine_address(scheduler, i), FIELD_g_goid);
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
        raise(&scheduler->sum->of_all.newest, field(scheduler, address, FIELD_sched_lastpoll));
    uint64_t list, count;
    if ((program_symbol(program, "runtime.allp", &address) || (address = allp_search(program))) &&
        address_space_try_u64(program->space, address, &list) &&
        address_space_try_u64(program->space, address + 8, &count))
        for (uint64_t i = 0; i < count && i < LIMIT_MS; i++) {
            target_addr p;
            if (!address_space_try_u64(program->space, list + 8 * i, &p))
                break;
            raise(&scheduler->sum->of_all.newest, field(scheduler, p, FIELD_p_schedwhen));
            raise(&scheduler->sum->of_all.newest, field(scheduler, p, FIELD_p_syscallwhen));
        }
}

/**
 * Entries of the list that can be read: a count alone makes no work. What segments that overlap
 * show many times is no more than the file.
 */
static uint64_t entries_present(const struct program *program, target_addr list, uint64_t count)
{
    uint64_t most = elf_file_bytes(core_file_elf(program->core)).size / 8;
    uint64_t wanted = 8 * (count < most ? count : most), there = 0;
    while (there < wanted) {
        struct bytes view = address_space_view(program->space, list + there, wanted - there);
        if (!view.size)
            break;
        there += view.size;
    }
    return there / 8;
}

static struct error *find_allgs(struct scheduler *scheduler)
{
    const struct program *program = scheduler->program;
    target_addr address;
    uint64_t count;
    if (!program_symbol(program, "runtime.allgs", &address))
        address = allgs_search(program);
    if (!address)
        return error_new(ERROR_NOT_FOUND, "the list of goroutines was not found in the core");
    if (!address_space_try_u64(program->space, address, &scheduler->allgs) ||
        !address_space_try_u64(program->space, address + 8, &count))
        return error_new(ERROR_UNMAPPED, "the list of goroutines (%#" PRIx64 ") is not in the core",
                         address);
    if (count && count <= LIMIT_GOROUTINES &&
        !address_space_has(program->space, scheduler->allgs, 8))
        return error_new(ERROR_UNMAPPED,
                         "the list of %" PRIu64 " goroutines (%#" PRIx64 ") is not in the core",
                         count, scheduler->allgs);
    if (count > LIMIT_GOROUTINES)
        return error_new(ERROR_CORRUPT,
                         "the list of goroutines claims %" PRIu64 " entries at %#" PRIx64, count,
                         scheduler->allgs);
    scheduler->allgs_claimed = count;
    scheduler->allgs_count = entries_present(program, scheduler->allgs, count);
    uint64_t size = 8 * scheduler->allgs_count;
    struct bytes list = address_space_view(program->space, scheduler->allgs, size);
    if (list.size == size)
        scheduler->list = list;
    return NULL;
}

/** The goroutines that memory shows, where the list of them is lost. */
static void search_instead(struct scheduler *scheduler, struct error *problem)
{
    size_t count;
    scheduler->found = goroutines_search(scheduler->program, &count);
    scheduler->allgs_count = scheduler->allgs_claimed = count;
    AUTO_TEXT text = {0};
    buffer_printf(&text, "%s; ", error_message(problem));
    if (count)
        buffer_printf(&text, "a search of the memory that is left found %zu: others may be missing",
                      count);
    else
        buffer_puts(&text, "a search of the memory that is left found none");
    scheduler->list_problem = alloc_string(buffer_text(&text));
    error_free(problem);
}

/** Adds an address to a set of 1 << bits places, never full; false where it is there already. */
static bool set_add(target_addr *places, unsigned bits, target_addr address)
{
    size_t mask = ((size_t)1 << bits) - 1, i = (size_t)(table_hash(address) & mask);
    while (places[i] && places[i] != address)
        i = (i + 1) & mask;
    bool added = !places[i];
    places[i] = address;
    return added;
}

/**
 * Whether no two g lie in the same few bytes: then none is listed twice. They come in spans, one
 * behind the other, so that a bit for each place is soon looked up; not where they lie far apart.
 */
static bool all_apart(const struct scheduler *scheduler, uint64_t count)
{
    enum { PLACE = 64, BYTES_FOR_EACH = 16 };
    target_addr low = UINT64_MAX, high = 0;
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        target_addr g = scheduler_goroutine_address(scheduler, i);
        low = g && g < low ? g : low;
        high = g > high ? g : high;
    }
    if (!count || (high - low) / PLACE / 8 >= BYTES_FOR_EACH * count)
        return false;
    AUTO_BUFFER uint8_t *bits = alloc_zeroed((size_t)((high - low) / PLACE / 8 + 1), 1);
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        target_addr g = scheduler_goroutine_address(scheduler, i);
        uint64_t place = (g - low) / PLACE;
        if (g && bits[place / 8] >> place % 8 & 1)
            return false;
        if (g)
            bits[place / 8] |= (uint8_t)(1u << place % 8);
    }
    return true;
}

/** No g is in the list twice. One that is, in a corrupt list, counts once. */
static void find_repeats(struct scheduler *scheduler)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < scheduler->allgs_count; i++)
        count += scheduler_goroutine_address(scheduler, i) != 0;
    if (all_apart(scheduler, count))
        return;
    unsigned bits = 4;
    while ((uint64_t)1 << bits < count + count / 2)
        bits++;
    AUTO_BUFFER target_addr *places = alloc_zeroed((size_t)1 << bits, sizeof *places);
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        target_addr g = scheduler_goroutine_address(scheduler, i);
        if (!g || set_add(places, bits, g))
            continue;
        if (!scheduler->repeats)
            scheduler->repeats = table_new();
        table_add(scheduler->repeats, i, NULL);
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
    struct error *err = find_allgs(scheduler);
    if (err)
        search_instead(scheduler, err);
    find_repeats(scheduler);
    read_machines(scheduler);
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

uint64_t scheduler_goroutine_count(const struct scheduler *scheduler)
{
    return scheduler->allgs_count;
}

uint64_t scheduler_goroutines_missing(const struct scheduler *scheduler)
{
    return scheduler->allgs_claimed - scheduler->allgs_count;
}

const char *scheduler_list_problem(const struct scheduler *scheduler)
{
    return scheduler->list_problem;
}

target_addr scheduler_list_address(const struct scheduler *scheduler)
{
    return scheduler->found ? 0 : scheduler->allgs;
}

target_addr scheduler_goroutine_address(const struct scheduler *scheduler, uint64_t i)
{
    uint64_t address = 0;
    bool repeated = scheduler->repeats && table_find(scheduler->repeats, i);
    if (scheduler->found)
        return i < scheduler->allgs_count ? scheduler->found[i] : 0;
    if (i >= scheduler->allgs_count || repeated)
        return 0;
    if (scheduler->list.size)
        return load_u64(scheduler->list.data + 8 * i);
    address_space_try_u64(scheduler->program->space, scheduler->allgs + 8 * i, &address);
    return address;
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

const struct machine *scheduler_machines(const struct scheduler *scheduler, size_t *count)
{
    *count = scheduler->machine_count;
    return scheduler->machines;
}

const struct machine *machine_by_address(const struct scheduler *scheduler, target_addr address)
{
    const uint64_t *slot = address ? table_find(scheduler->seen, address) : NULL;
    return slot && *slot ? &scheduler->machines[*slot - 1] : NULL;
}

const struct machine *machine_by_tid(const struct scheduler *scheduler, uint32_t tid)
{
    const uint64_t *slot = table_find(scheduler->by_tid, tid);
    return slot ? &scheduler->machines[*slot - 1] : NULL;
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
