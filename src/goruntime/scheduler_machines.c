// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "sched_search.h"
#include "scheduler_internal.h"

static struct machine read_machine(const struct scheduler *scheduler, target_addr address)
{
    return (struct machine){
        .address = address,
        .id = scheduler_field(scheduler, address, FIELD_m_id),
        .procid = scheduler_field(scheduler, address, FIELD_m_procid),
        .g0 = scheduler_field(scheduler, address, FIELD_m_g0),
        .gsignal = scheduler_field(scheduler, address, FIELD_m_gsignal),
        .curg = scheduler_field(scheduler, address, FIELD_m_curg),
        .lockedg = scheduler_field(scheduler, address, FIELD_m_lockedg),
        .throwing = (int32_t)scheduler_field(scheduler, address, FIELD_m_throwing),
        .dying = (int32_t)scheduler_field(scheduler, address, FIELD_m_dying),
        .in_cgo = scheduler_field(scheduler, address, FIELD_m_incgo) != 0,
        .vdso_pc = scheduler_field(scheduler, address, FIELD_m_vdsoPC),
        .vdso_sp = scheduler_field(scheduler, address, FIELD_m_vdsoSP),
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
        // A broken list may hold any number: what is looked through for each thread is bounded.
        if (machine.procid == 0 && scheduler->newborn_count < NEWBORNS)
            scheduler->newborns[scheduler->newborn_count++] = scheduler->machine_count;
        ARRAY_PUSH(scheduler->machines, scheduler->machine_count, scheduler->machine_capacity) =
            machine;
        *slot = scheduler->machine_count;
        slot = table_add(scheduler->by_tid, machine.procid, &added);
        if (added)
            *slot = scheduler->machine_count;
        address = scheduler_field(scheduler, address, FIELD_m_alllink);
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
        target_addr m = g && (g & 7) == 0 ? scheduler_field(scheduler, g, FIELD_g_m) : 0;
        if (m && scheduler_field(scheduler, m, FIELD_m_procid) == thread->tid)
            return m;
    }
    return 0;
}

/** What no g and no thread leads to: the m's of threads that are being born. */
static void add_newest(struct scheduler *scheduler)
{
    const struct machine *newest = scheduler->machines;
    target_addr head, first;
    for (size_t i = 1; i < scheduler->machine_count; i++)
        if (scheduler->machines[i].id > newest->id)
            newest = &scheduler->machines[i];
    if (newest && (head = allm_search(scheduler->program, newest->address)) &&
        address_space_try_u64(scheduler->program->space, head, &first))
        add_machines(scheduler, first);
}

void scheduler_read_machines(struct scheduler *scheduler)
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
        add_machines(scheduler, scheduler_field(scheduler, g, FIELD_g_m));
        add_machines(scheduler, scheduler_field(scheduler, g, FIELD_g_lockedm));
    }
    // In a deadlock no g has an m: each thread still has its g.
    size_t count;
    const struct core_thread *threads = core_file_threads(scheduler->program->core, &count);
    for (size_t i = 0; i < count; i++)
        add_machines(scheduler, machine_of_thread(scheduler, &threads[i]));
    add_newest(scheduler);
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

const struct machine *machine_by_signal_stack(const struct scheduler *scheduler, target_addr sp)
{
    for (size_t i = 0; i < scheduler->newborn_count; i++) {
        const struct machine *machine = &scheduler->machines[scheduler->newborns[i]];
        struct goroutine g;
        // A thread allows signals before it notes its id.
        if (machine->gsignal && goroutine_read(scheduler, machine->gsignal, &g) &&
            g.stack_lo <= sp && sp < g.stack_hi)
            return machine;
    }
    return NULL;
}
