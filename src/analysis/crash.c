// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/limits.h"

#include <signal.h>
#include <string.h>

/** The frame behind the one that ended the process: its caller's pc and sp. */
static bool start_behind_fatal(struct analysis *analysis, const struct thread_segment *segment,
                               struct stack_start *out)
{
    static const char *const enders[] = {"runtime.fatalpanic", "runtime.fatalthrow"};
    struct goroutine g;
    struct stack_walk walk;
    struct stack_frame frame;
    bool found = false;
    thread_segment_walk(analysis->scheduler, segment, &g, &walk);
    for (size_t i = 0; i < LIMIT_DYING_FRAMES && stack_walk_next(&walk, &frame); i++) {
        const char *name = pc_function_name(&frame.function);
        if (found || strcmp(name, "runtime.throw") == 0 || strcmp(name, "runtime.fatal") == 0) {
            // Without fatalthrow (inlined away) the traceback begins at throw itself.
            *out = (struct stack_start){.pc = frame.pc, .sp = frame.sp};
            return true;
        }
        for (size_t k = 0; k < COUNT_OF(enders); k++)
            found |= strcmp(name, enders[k]) == 0;
    }
    return false;
}

/** C code stands on the system stack; the vdso as well, but then g is still the goroutine. */
static bool is_on_system_stack(const struct thread_segment *segment, const struct machine *machine)
{
    if (segment->native)
        return machine && !machine->vdso_sp &&
               (segment->g == machine->g0 || segment->g == machine->gsignal);
    return segment->kind == THREAD_STACK_SYSTEM || segment->kind == THREAD_STACK_SIGNAL;
}

static void take_segment(struct analysis *analysis, const struct thread_segment *segment,
                         struct crash_site *site)
{
    const struct machine *machine = site->thread->machine;
    site->segment = segment;
    site->on_g0 = is_on_system_stack(segment, machine);
    bool of_machine = machine && (site->on_g0 || segment->native);
    target_addr g = of_machine ? machine->curg : segment->g;
    // A thread of C's own has borrowed an m for the signal: its g runs nothing.
    site->has_goroutine =
        g && goroutine_read(analysis->scheduler, g, &site->g) && goroutine_is_alive(&site->g);
}

/** The stack that the fatal signal interrupted. */
static void take_interrupted(struct analysis *analysis, const struct thread_segment *segment,
                             struct crash_site *site)
{
    take_segment(analysis, segment, site);
    // A goroutine that called C or the vdso begins where it called it.
    site->has_start = !segment->native || site->on_g0;
    site->start = segment->start;
    site->registers = segment->has_registers ? &segment->registers : NULL;
}

/** What ended the process on this thread, by the functions on its stacks. */
static bool judge_thread(struct analysis *analysis, const struct thread_stack *thread,
                         struct crash_site *site)
{
    site->thread = thread;
    for (size_t i = 0; i < thread->count; i++) {
        const struct thread_segment *segment = &thread->segments[i];
        if (!segment->has_fatalpanic && !segment->has_fatalthrow && !segment->has_throw)
            continue;
        site->kind = segment->has_fatalpanic ? CRASH_PANIC : CRASH_FATAL_ERROR;
        take_segment(analysis, segment, site);
        site->has_start = start_behind_fatal(analysis, segment, &site->start);
        return true;
    }
    for (size_t i = thread->count; i-- > 0;) {
        const struct thread_segment *segment = &thread->segments[i];
        if (!segment->has_sighandler || i + 1 >= thread->count)
            continue;
        site->kind = CRASH_SIGNAL;
        site->has_signal = thread_segment_signal(analysis->scheduler, segment, &site->signal);
        take_interrupted(analysis, segment + 1, site);
        return true;
    }
    return false;
}

static bool is_fatal_signal(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL ||
           number == SIGABRT || number == SIGQUIT || number == SIGTRAP || number == SIGSYS;
}

/**
 * The runtime ends a process with the last signal that it raises itself, whatever it died of
 * (runtime/signal_unix.go, crash and dieFromSignal).
 */
static bool is_raised_at(const struct analysis *analysis, int number, int code, target_addr pc)
{
    struct pc_function function;
    return number == SIGABRT && code == SI_TKILL &&
           pc_function_find(analysis->program->modules, pc, &function) &&
           strcmp(pc_function_name(&function), "runtime.raise") == 0;
}

static bool is_raised_by_runtime(const struct analysis *analysis, const struct core_thread *thread,
                                 target_addr pc)
{
    int code = thread->has_siginfo ? (int32_t)load_u32(thread->siginfo + 8) : SI_TKILL;
    return is_raised_at(analysis, thread->signal, code, pc);
}

/**
 * A signal that the runtime's handler raised once more, for it is not Go's: on a thread of C's own
 * (runtime/signal_unix.go, raisebadsignal). The one that came first is what happened.
 */
static bool judge_raised_signal(struct analysis *analysis, const struct thread_stack *thread,
                                struct crash_site *site)
{
    for (size_t i = thread->count; i-- > 0;) {
        struct signal_info signal;
        if (i + 1 >= thread->count ||
            !thread_segment_signal(analysis->scheduler, &thread->segments[i], &signal) ||
            signal.number != thread->thread->signal ||
            is_raised_at(analysis, signal.number, signal.code, signal.pc))
            continue;
        site->has_signal = true;
        site->signal = signal;
        take_interrupted(analysis, &thread->segments[i + 1], site);
        return true;
    }
    return false;
}

/** Death without the runtime's knowing: the kernel ended the process by the thread's own signal. */
static void judge_kernel_signal(struct analysis *analysis, struct crash_site *site)
{
    if (!analysis->thread_count)
        return;
    const struct thread_stack *thread = &analysis->threads[0];
    const struct core_thread *core = thread->thread;
    if (!is_fatal_signal(core->signal))
        return;
    site->kind = CRASH_SIGNAL;
    site->thread = thread;
    if (judge_raised_signal(analysis, thread, site))
        return;
    site->raised_by_runtime =
        thread->count && is_raised_by_runtime(analysis, core, thread->segments[0].start.pc);
    if (site->raised_by_runtime && judge_thread(analysis, thread, site)) {
        site->raised_by_runtime = false; // its m is lost, its stack is not
        return;
    }
    site->has_signal = true;
    site->signal = (struct signal_info){
        .number = core->signal,
        .bare = !core->has_siginfo,
        .code = (int32_t)load_u32(core->siginfo + 8),
        .address = load_u64(core->siginfo + 16),
        .pc = thread->segments[0].start.pc,
    };
    if (core->has_siginfo && site->signal.code <= 0) {
        site->signal.has_sender = true;
        site->signal.sender_pid = (int32_t)load_u32(core->siginfo + 16);
    }
    take_interrupted(analysis, &thread->segments[0], site);
}

/**
 * Where a thread that has printed its death waits for others to do so: dopanic_m asks for a lock
 * that nobody gives back, twice (runtime/panic.go). The first to come has it and stands at the
 * second call, all later ones at the first.
 * @return the pc in dopanic_m, 0: the thread does not wait there
 */
static target_addr waits_for_others(const struct analysis *analysis,
                                    const struct thread_stack *thread)
{
    for (size_t i = 0; i < thread->count; i++) {
        struct goroutine g;
        struct stack_walk walk;
        struct stack_frame frame;
        bool in_lock = false;
        thread_segment_walk(analysis->scheduler, &thread->segments[i], &g, &walk);
        for (size_t k = 0; k < LIMIT_DYING_FRAMES && stack_walk_next(&walk, &frame); k++) {
            const char *name = pc_function_name(&frame.function);
            if (in_lock && strcmp(name, "runtime.dopanic_m") == 0)
                return frame.pc;
            in_lock |= strncmp(name, "runtime.lock", 12) == 0;
        }
    }
    return 0;
}

/**
 * The thread that crashed is the one whose m is dying; the first of the core is only the last to
 * die. Of several it is the one that printed first.
 */
static bool find_dying(struct analysis *analysis, struct crash_site *out)
{
    target_addr latest = 0;
    bool found = false;
    for (size_t i = analysis->thread_count; i-- > 0;) {
        const struct thread_stack *thread = &analysis->threads[i];
        struct crash_site site = {.kind = CRASH_NONE};
        if (!thread->machine || !thread->machine->dying || !judge_thread(analysis, thread, &site))
            continue;
        target_addr waits = waits_for_others(analysis, thread);
        if (!found || waits > latest) {
            *out = site;
            latest = waits;
        }
        found = true;
    }
    return found;
}

void crash_site_find(struct analysis *analysis, struct crash_site *out)
{
    *out = (struct crash_site){.kind = CRASH_NONE};
    if (!find_dying(analysis, out)) {
        judge_kernel_signal(analysis, out);
        return;
    }
    out->has_foreign = out->has_goroutine && out->has_start && !out->on_g0 &&
                       out->kind != CRASH_SIGNAL &&
                       foreign_fault_find(analysis->program, &out->g, &out->start, &out->foreign);
}

bool crash_is_in_cgo(const struct analysis *analysis, const struct crash_site *site)
{
    const struct machine *machine = site->thread ? site->thread->machine : NULL;
    if (!site->on_g0 || !machine || !machine->in_cgo)
        return false;
    // Go 1.15 asks for a goroutine that is locked to its thread (runtime/signal_unix.go).
    return analysis->program->release->minor <= 15 ? machine->lockedg : machine->curg;
}
