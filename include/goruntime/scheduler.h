// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/pclntab.h"
#include "symbols/program.h"

/** g.atomicstatus without its scan bit (runtime/runtime2.go). */
enum goroutine_status {
    G_IDLE,
    G_RUNNABLE,
    G_RUNNING,
    G_SYSCALL,
    G_WAITING,
    G_MORIBUND,
    G_DEAD,
    G_ENQUEUE,
    G_COPYSTACK,
    G_PREEMPTED,
    G_LEAKED,
    G_DEAD_EXTRA, ///< idle g of an extra M (1.26+)
    G_STATUS_COUNT
};

/** A g as it stands in memory. Fields that could not be read are 0. */
struct goroutine {
    target_addr address;
    uint64_t goid;
    unsigned status; ///< enum goroutine_status, or beyond it where memory is corrupt
    bool scanning;
    uint8_t wait_reason;
    target_addr bubble, sync_group; ///< of testing/synctest: 1.25 and later, 1.24
    target_addr m, lockedm;
    target_addr stack_lo, stack_hi;
    target_addr sched_pc, sched_sp, sched_lr;
    target_addr syscall_pc, syscall_sp;
    int64_t wait_since;    ///< nanoseconds of the runtime's clock, 0: not recorded
    int64_t tracked_since; ///< the same, of when its time to wait was last measured
    target_addr start_pc, go_pc;
    uint64_t parent_goid;
    uint64_t sig, sigcode0, sigcode1, sigpc; ///< the signal that became a panic
    target_addr panic, defer, waiting, labels;
};

/** An m, a thread of the runtime. */
struct machine {
    target_addr address;
    uint64_t id, procid;
    target_addr g0, gsignal, curg, lockedg;
    int64_t throwing;
    int32_t dying;
    bool in_cgo;
    target_addr vdso_pc, vdso_sp;
};

/** All goroutines and threads of a program. */
struct scheduler;

/**
 * Where the list of goroutines is lost, they are those that a search of the memory finds.
 *
 * @param program  borrowed
 */
struct scheduler *scheduler_read(const struct program *program);
void scheduler_free(struct scheduler *scheduler);
DEFINE_AUTO(scheduler);

const struct program *scheduler_program(const struct scheduler *scheduler);

/** Entries of allgs that the core holds, dead ones included. */
uint64_t scheduler_goroutine_count(const struct scheduler *scheduler);

/**
 * Those of them that are alive: see goroutine_is_alive(). It looks at all of them, the first time,
 * unless scheduler_tell() has told: not for several threads at once then.
 */
uint64_t scheduler_alive_count(const struct scheduler *scheduler);

/** What all goroutines say together. */
struct scheduler_sum {
    int64_t newest; ///< time stamp, see scheduler_now()
    uint64_t alive;
};

/** Adds a goroutine to a sum. */
void scheduler_sum_add(struct scheduler_sum *sum, const struct goroutine *g);

void scheduler_sum_join(struct scheduler_sum *sum, const struct scheduler_sum *part);

/** Tells the sum of all, by who has read them anyway. */
void scheduler_tell(const struct scheduler *scheduler, const struct scheduler_sum *sum);

/** Entries that the list claims beyond those. */
uint64_t scheduler_goroutines_missing(const struct scheduler *scheduler);

/** Why the goroutines are not those of allgs, and what was done instead; NULL where they are. */
const char *scheduler_list_problem(const struct scheduler *scheduler);

/** Where the list of goroutines lies; 0 where it was lost. */
target_addr scheduler_list_address(const struct scheduler *scheduler);

/** Address of the i-th g in the order of allgs; 0 where the entry cannot be read or repeats one. */
target_addr scheduler_goroutine_address(const struct scheduler *scheduler, uint64_t i);

/** Reads a g; false where its memory is not in the core. */
bool goroutine_read(const struct scheduler *scheduler, target_addr address, struct goroutine *out);

/** Whether Go's traceback counts it: neither dead nor the idle g of an extra M. */
bool goroutine_is_alive(const struct goroutine *g);

/**
 * One of the runtime's own: its start function is in package runtime, but for main, the finalizer's
 * and cleanup's goroutines while they run user code, and the coroutines'.
 */
bool goroutine_is_system(const struct scheduler *scheduler, const struct goroutine *g);

const struct machine *scheduler_machines(const struct scheduler *scheduler, size_t *count);
const struct machine *machine_by_address(const struct scheduler *scheduler, target_addr address);
const struct machine *machine_by_tid(const struct scheduler *scheduler, uint32_t tid);

/** The m of a thread that has not noted its id yet, by the signal stack that its sp is on. */
const struct machine *machine_by_signal_stack(const struct scheduler *scheduler, target_addr sp);

/**
 * Value of the runtime's nanosecond clock near the crash; 0 where nothing tells. Looks at all
 * goroutines as scheduler_alive_count() does.
 */
int64_t scheduler_now(const struct scheduler *scheduler);

/** "waiting", "running" …: the words of the JSON schema. */
const char *goroutine_status_name(const struct goroutine *g);

/**
 * What the traceback of that release prints: "chan receive", "runnable"; NULL for a status it has
 * no word for ("???" is printed).
 */
const char *goroutine_state_text(const struct scheduler *scheduler, const struct goroutine *g);
