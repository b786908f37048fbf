// SPDX-License-Identifier: MIT
#include "goruntime/thread_stack.h"
#include "base/limits.h"

#include <string.h>

enum { UCONTEXT_MAX = 4096 };

static struct stack_start start_of(const struct arch *arch, const struct registers *registers)
{
    struct stack_start start = {.exact = true};
    register_get(registers, arch->pc, &start.pc);
    register_get(registers, arch->sp, &start.sp);
    if (arch->uses_link_register)
        register_get(registers, arch->link, &start.link);
    return start;
}

static bool on_stack(const struct scheduler *scheduler, target_addr address, target_addr sp)
{
    struct goroutine g;
    return address && goroutine_read(scheduler, address, &g) && g.stack_lo <= sp &&
           sp <= g.stack_hi && g.stack_lo < g.stack_hi;
}

/** Which of its m's stacks a segment lies on, by its sp: status words may be older than the core.
 */
static void classify(const struct scheduler *scheduler, const struct machine *machine,
                     struct thread_segment *segment)
{
    segment->kind = THREAD_STACK_FOREIGN;
    if (!machine)
        return;
    const struct {
        target_addr g;
        enum thread_stack_kind kind;
    } stacks[] = {{machine->gsignal, THREAD_STACK_SIGNAL},
                  {machine->g0, THREAD_STACK_SYSTEM},
                  {machine->curg, THREAD_STACK_GOROUTINE}};
    for (size_t i = 0; i < COUNT_OF(stacks); i++)
        if (on_stack(scheduler, stacks[i].g, segment->start.sp)) {
            segment->kind = stacks[i].kind;
            segment->g = stacks[i].g;
            return;
        }
}

void thread_segment_walk(const struct scheduler *scheduler, const struct thread_segment *segment,
                         struct goroutine *g, struct stack_walk *walk)
{
    bool known = segment->g && goroutine_read(scheduler, segment->g, g);
    stack_walk_begin(walk, scheduler_program(scheduler), known ? g : NULL,
                     segment->kind == THREAD_STACK_SYSTEM, &segment->start);
}

static bool is_sigtramp(const char *name)
{
    // External linking gives assembly functions a suffix: runtime.sigtramp.abi0.
    return strncmp(name, "runtime.sigtramp", 16) == 0 && (name[16] == 0 || name[16] == '.');
}

static void note_function(struct thread_segment *segment, const char *name)
{
    if (strncmp(name, "runtime.", 8) != 0)
        return;
    name += 8;
    segment->has_fatalpanic |= strcmp(name, "fatalpanic") == 0;
    segment->has_fatalthrow |= strcmp(name, "fatalthrow") == 0;
    segment->has_throw |= strcmp(name, "throw") == 0 || strcmp(name, "fatal") == 0;
    segment->has_sighandler |= strcmp(name, "sighandler") == 0;
}

/** Walks a segment of a system or signal stack to its end. @return the id of its last function */
static enum go_func_id scan_segment(const struct scheduler *scheduler,
                                    struct thread_segment *segment)
{
    const struct arch *arch = scheduler_program(scheduler)->arch;
    struct goroutine g;
    struct stack_walk walk;
    struct stack_frame frame;
    enum go_func_id last = FUNC_UNKNOWN;
    thread_segment_walk(scheduler, segment, &g, &walk);
    // What decides lies near the start: a goroutine's own stack can be a million frames deep.
    for (size_t i = 0; i < LIMIT_DYING_FRAMES && stack_walk_next(&walk, &frame); i++) {
        const char *name = pc_function_name(&frame.function);
        note_function(segment, name);
        last = frame.function.id;
        if (is_sigtramp(name)) {
            segment->ucontext = frame.fp + arch->ucontext_offset;
            segment->siginfo = frame.fp + arch->siginfo_offset;
            break;
        }
        bool leaves = last == FUNC_SYSTEMSTACK || last == FUNC_MCALL || last == FUNC_MORESTACK ||
                      last == FUNC_ASMCGOCALL || last == FUNC_GOGO;
        if (segment->kind == THREAD_STACK_SYSTEM && leaves)
            break;
    }
    return last;
}

/** The segment that a signal interrupted, out of the registers that the kernel saved. */
static bool interrupted(const struct scheduler *scheduler, const struct thread_segment *handler,
                        struct thread_segment *out)
{
    const struct program *program = scheduler_program(scheduler);
    struct bytes view = address_space_view(program->space, handler->ucontext, UCONTEXT_MAX);
    if (!view.size)
        return false;
    registers_load(program->arch->ucontext_registers, view, &out->registers);
    out->has_registers = true;
    out->start = start_of(program->arch, &out->registers);
    return out->start.sp != 0;
}

/** The goroutine below a system stack: its saved pc and sp. */
static bool below_system_stack(const struct scheduler *scheduler, const struct machine *machine,
                               enum go_func_id last, struct thread_segment *out)
{
    struct goroutine g;
    bool switched = last == FUNC_SYSTEMSTACK || last == FUNC_MORESTACK || last == FUNC_ASMCGOCALL ||
                    last == FUNC_GOGO;
    if (!machine || !switched || !goroutine_read(scheduler, machine->curg, &g))
        return false;
    out->start = (struct stack_start){.pc = g.sched_pc, .sp = g.sched_sp};
    out->kind = THREAD_STACK_GOROUTINE;
    out->g = machine->curg;
    return true;
}

/** C code or the vdso: the goroutine, if one made the call, is where it entered it. */
static bool below_foreign_code(const struct scheduler *scheduler, const struct machine *machine,
                               struct thread_segment *out)
{
    struct goroutine g;
    if (!machine || !goroutine_read(scheduler, machine->curg, &g))
        return false;
    if (machine->vdso_sp)
        out->start = (struct stack_start){.pc = machine->vdso_pc, .sp = machine->vdso_sp};
    else if (g.syscall_sp)
        out->start = (struct stack_start){.pc = g.syscall_pc, .sp = g.syscall_sp};
    else
        return false;
    classify(scheduler, machine, out);
    return true;
}

void thread_stack_read(const struct scheduler *scheduler, const struct core_thread *thread,
                       struct thread_stack *out)
{
    const struct program *program = scheduler_program(scheduler);
    *out =
        (struct thread_stack){.thread = thread, .machine = machine_by_tid(scheduler, thread->tid)};
    struct thread_segment next = {.has_registers = true, .registers = thread->registers};
    next.start = start_of(program->arch, &thread->registers);
    classify(scheduler, out->machine, &next);
    while (out->count < THREAD_SEGMENTS) {
        struct thread_segment *segment = &out->segments[out->count++];
        *segment = next;
        next = (struct thread_segment){0};
        bool in_go = module_of_pc(program->modules, segment->start.pc) || segment->start.pc == 0;
        enum go_func_id last = scan_segment(scheduler, segment);
        if (segment->ucontext) {
            if (!interrupted(scheduler, segment, &next))
                return;
            classify(scheduler, out->machine, &next);
            continue;
        }
        if (segment->kind == THREAD_STACK_GOROUTINE)
            return;
        bool found = in_go ? below_system_stack(scheduler, out->machine, last, &next)
                           : below_foreign_code(scheduler, out->machine, &next);
        if (!found)
            return;
    }
}

bool thread_segment_signal(const struct scheduler *scheduler, const struct thread_segment *segment,
                           struct signal_info *out)
{
    const struct program *program = scheduler_program(scheduler);
    const struct arch *arch = program->arch;
    uint8_t raw[32];
    if (!segment->siginfo ||
        !address_space_try_read(program->space, segment->siginfo, raw, sizeof raw))
        return false;
    *out = (struct signal_info){.number = (int32_t)load_u32(raw),
                                .code = (int32_t)load_u32(raw + 8),
                                .address = load_u64(raw + 16)};
    // SI_USER, SI_QUEUE and SI_TKILL are not positive: si_pid stands where si_addr would.
    if (out->code <= 0) {
        out->has_sender = true;
        out->sender_pid = (int32_t)load_u32(raw + 16);
    }
    if (arch->fault_address_offset != 0xffff)
        address_space_try_u64(program->space, segment->ucontext + arch->fault_address_offset,
                              &out->address);
    struct thread_segment below = {0};
    if (interrupted(scheduler, segment, &below))
        out->pc = below.start.pc;
    return true;
}
