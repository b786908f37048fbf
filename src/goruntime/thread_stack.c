// SPDX-License-Identifier: MIT
#include "goruntime/thread_stack.h"
#include "base/limits.h"
#include "symbols/native_code.h"

#include <string.h>

enum { UCONTEXT_MAX = 4096, SIGNAL_MAX = 64 };

static struct stack_start start_of(const struct arch *arch, const struct registers *registers)
{
    struct stack_start start = {.exact = true};
    register_get(registers, arch->pc, &start.pc);
    register_get(registers, arch->sp, &start.sp);
    if (arch->uses_link_register)
        register_get(registers, arch->link, &start.link);
    return start;
}

static bool on_stack(const struct scheduler *scheduler, target_addr address, target_addr sp,
                     uint64_t *size)
{
    struct goroutine g;
    if (!address || !goroutine_read(scheduler, address, &g) || g.stack_lo > sp || sp > g.stack_hi ||
        g.stack_lo >= g.stack_hi)
        return false;
    *size = g.stack_hi - g.stack_lo;
    return true;
}

/** The goroutine whose stack code runs on where the m that would say so is lost; 0: none. */
static target_addr goroutine_of_sp(const struct scheduler *scheduler, target_addr sp)
{
    uint64_t size, count = scheduler_goroutine_count(scheduler);
    for (uint64_t i = 0; i < count; i++) {
        target_addr g = scheduler_goroutine_address(scheduler, i);
        if (on_stack(scheduler, g, sp, &size))
            return g;
    }
    return 0;
}

/**
 * Which of its m's stacks a segment lies on, by its sp: status words may be older than the core.
 * The smallest one that sp is in: what musl says of the first thread's size (the address space's,
 * from Go 1.23 on taken for the system stack's) makes that stack reach over all others.
 */
static void classify(const struct scheduler *scheduler, const struct machine *machine,
                     struct thread_segment *segment)
{
    segment->kind = THREAD_STACK_FOREIGN;
    // A thread of C's own has no m either, but runs no Go code.
    if (!machine && module_of_pc(scheduler_program(scheduler)->modules, segment->start.pc)) {
        segment->g = goroutine_of_sp(scheduler, segment->start.sp);
        segment->kind = segment->g ? THREAD_STACK_GOROUTINE : THREAD_STACK_FOREIGN;
    }
    if (!machine)
        return;
    const struct {
        target_addr g;
        enum thread_stack_kind kind;
    } stacks[] = {{machine->gsignal, THREAD_STACK_SIGNAL},
                  {machine->g0, THREAD_STACK_SYSTEM},
                  {machine->curg, THREAD_STACK_GOROUTINE}};
    uint64_t size, smallest = UINT64_MAX;
    for (size_t i = 0; i < COUNT_OF(stacks); i++)
        if (on_stack(scheduler, stacks[i].g, segment->start.sp, &size) && size < smallest) {
            segment->kind = stacks[i].kind;
            segment->g = stacks[i].g;
            smallest = size;
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

/** What a segment of Go code ends in. */
struct segment_end {
    enum go_func_id last; ///< its last function
    bool native;          ///< C code called it, or was interrupted where registers say
    bool exact;           ///< that code was interrupted
    struct registers registers;
};

/**
 * A call through a bad function pointer: moves the registers to the C code that made it.
 * @param link  of machines that have one
 */
static bool behind_bad_pointer(const struct program *program, target_addr link,
                               struct registers *registers)
{
    const struct arch *arch = program->arch;
    uint64_t pc, sp, return_pc = link;
    if (!register_get(registers, arch->pc, &pc) || !register_get(registers, arch->sp, &sp) ||
        module_of_pc(program->modules, pc) || native_walk_is_native(program, pc))
        return false;
    if (!arch->uses_link_register) {
        if (!address_space_try_u64(program->space, sp, &return_pc))
            return false;
        register_set(registers, arch->sp, sp + 8);
    }
    register_set(registers, arch->pc, return_pc);
    return native_walk_is_native(program, return_pc);
}

/** With cgo C starts the runtime's threads too (runtime/cgo): its code lies behind mstart. */
static void behind_mstart(const struct program *program, const struct stack_frame *mstart,
                          struct segment_end *end)
{
    target_addr place = program->arch->uses_link_register ? mstart->sp : mstart->fp - 8;
    uint64_t return_pc;
    end->native = mstart->fp > mstart->sp &&
                  address_space_try_u64(program->space, place, &return_pc) &&
                  native_walk_is_native(program, return_pc);
    if (end->native)
        native_return_registers(program, mstart, return_pc, &end->registers);
}

/** Whether code returns from a signal handler: what the kernel lets a handler return to (amd64). */
static bool is_signal_return(const struct program *program, target_addr code)
{
    // mov $15, %rax; syscall: libc, Go and gdb agree on these bytes
    static const uint8_t wanted[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
    uint8_t found[sizeof wanted];
    bool readable =
        address_space_try_read(program->space, code, found, sizeof found) ||
        (program->native && native_code_read(program->native, code, found, sizeof found));
    return readable && memcmp(found, wanted, sizeof wanted) == 0;
}

/** Whether the kernel may have built a signal's frame at an address: number, pc and sp can be. */
static bool is_signal_frame(const struct program *program, target_addr at)
{
    const struct arch *arch = program->arch;
    struct registers registers = {0};
    struct bytes view =
        address_space_view(program->space, at + arch->ucontext_offset, UCONTEXT_MAX);
    uint32_t number;
    uint64_t pc, sp, word;
    registers_load(arch->ucontext_registers, view, &registers);
    return address_space_try_u32(program->space, at + arch->siginfo_offset, &number) &&
           number > 0 && number <= SIGNAL_MAX && register_get(&registers, arch->pc, &pc) &&
           register_get(&registers, arch->sp, &sp) &&
           (module_of_pc(program->modules, pc) || native_walk_is_native(program, pc)) &&
           address_space_try_u64(program->space, sp, &word);
}

/**
 * Where the kernel built the frame of a signal whose Go handler has its end at fp. There; but where
 * C code has put a handler of its own in front (the sanitizers' libraries do), further up, behind
 * that handler's frame: it begins with the address that the handler returns to.
 */
static target_addr signal_frame(const struct program *program, target_addr fp)
{
    enum { HANDLER_MAX = 1024 }; // words of C's frames
    target_addr code;
    if (program->arch->uses_link_register) // it does not lie on the stack
        return fp;
    for (unsigned i = 0; i < HANDLER_MAX; i++) {
        target_addr at = fp + 8 * (target_addr)i;
        if (!address_space_try_u64(program->space, at - 8, &code))
            break;
        if (is_signal_return(program, code))
            return at;
    }
    // The C library is not at hand: what is seen is only that the handler's caller is other code.
    uint8_t byte;
    bool by_other_code = address_space_try_u64(program->space, fp - 8, &code) &&
                         address_space_try_read(program->space, code, &byte, 1);
    for (unsigned i = 0; by_other_code && i < HANDLER_MAX; i++)
        if (is_signal_frame(program, fp + 8 * (target_addr)i))
            return fp + 8 * (target_addr)i;
    return fp;
}

/** Walks a segment of a system or signal stack to its end. */
static void scan_segment(const struct scheduler *scheduler, struct thread_segment *segment,
                         struct segment_end *end)
{
    const struct program *program = scheduler_program(scheduler);
    const struct arch *arch = program->arch;
    struct goroutine g;
    struct stack_walk walk;
    struct stack_frame frame;
    *end = (struct segment_end){.last = FUNC_UNKNOWN};
    thread_segment_walk(scheduler, segment, &g, &walk);
    // What decides lies near the start: a goroutine's own stack can be a million frames deep.
    for (size_t i = 0; i < LIMIT_PANICS && stack_walk_next(&walk, &frame); i++) {
        const char *name = pc_function_name(&frame.function);
        note_function(segment, name);
        end->last = frame.function.id;
        if (is_sigtramp(name)) {
            target_addr kernel = signal_frame(program, frame.fp);
            segment->ucontext = kernel + arch->ucontext_offset;
            segment->siginfo = kernel + arch->siginfo_offset;
            return;
        }
        bool leaves = end->last == FUNC_SYSTEMSTACK || end->last == FUNC_MCALL ||
                      end->last == FUNC_MORESTACK || end->last == FUNC_ASMCGOCALL ||
                      end->last == FUNC_GOGO;
        if (segment->kind == THREAD_STACK_SYSTEM && leaves)
            return;
    }
    if (end->last == FUNC_MSTART && walk.end == STACK_END_TOP) {
        behind_mstart(program, &frame, end);
    } else if (walk.end == STACK_END_BAD_RETURN) {
        // Up to 1.20 the code at fault is made to look as if it had called sigpanic, also if that
        // is nobody's code but what a bad pointer led to.
        bool injected = end->last == FUNC_SIGPANIC, exact = injected;
        uint64_t pc = walk.end_address, link = 0;
        if (injected && native_before_sigpanic(program, &frame, &end->registers, &exact)) {
            register_get(&end->registers, arch->pc, &pc);
            register_get(&end->registers, arch->link, &link);
        } else {
            native_return_registers(program, &frame, pc, &end->registers);
        }
        end->native = native_walk_is_native(program, pc);
        end->exact = exact && end->native;
        if (injected && !end->native)
            end->native = behind_bad_pointer(program, link, &end->registers);
    } else if (walk.end == STACK_END_UNKNOWN_PC || walk.end == STACK_END_UNMAPPED) {
        end->registers = segment->registers;
        end->native = segment->has_registers &&
                      behind_bad_pointer(program, segment->start.link, &end->registers);
    }
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
    out->start = (struct stack_start){.pc = g.sched_pc, .sp = g.sched_sp, .link = g.sched_lr};
    if (last == FUNC_ASMCGOCALL && g.syscall_sp) // what the traceback takes
        out->start = (struct stack_start){.pc = g.syscall_pc, .sp = g.syscall_sp};
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

/** Registers of the frame that a segment of C code begins with. */
static bool native_below(const struct program *program, const struct segment_end *end,
                         struct thread_segment *out)
{
    if (!end->native)
        return false;
    out->registers = end->registers;
    out->has_registers = true;
    out->start = start_of(program->arch, &out->registers);
    out->start.exact = end->exact;
    return true;
}

/** Walks a segment of C code to the Go code that called it. @return false where there is none */
static bool below_native_code(const struct scheduler *scheduler, const struct machine *machine,
                              const struct thread_segment *segment, struct thread_segment *out)
{
    const struct program *program = scheduler_program(scheduler);
    struct native_walk walk;
    struct native_frame frame;
    native_walk_begin(&walk, program, &segment->registers, segment->start.exact);
    while (native_walk_next(&walk, &frame))
        ;
    // A Go function that calls the vdso has left its frame for the system stack's top.
    bool in_vdso = machine && machine->vdso_sp;
    if (walk.end == NATIVE_END_OUTERMOST)
        return false;
    if (walk.end != NATIVE_END_GO || in_vdso)
        return below_foreign_code(scheduler, machine, out);
    out->start = start_of(program->arch, &walk.registers);
    out->start.exact = walk.exact;
    out->start.link = 0;
    classify(scheduler, machine, out);
    return true;
}

/** What lies behind a segment, by where it ends. */
static bool find_next(const struct scheduler *scheduler, const struct machine *machine,
                      struct thread_segment *segment, struct thread_segment *next)
{
    const struct program *program = scheduler_program(scheduler);
    if (native_walk_is_native(program, segment->start.pc) && segment->has_registers) {
        segment->kind = THREAD_STACK_FOREIGN;
        segment->native = true;
        return below_native_code(scheduler, machine, segment, next);
    }
    struct segment_end end;
    bool in_go = module_of_pc(program->modules, segment->start.pc) || segment->start.pc == 0;
    scan_segment(scheduler, segment, &end);
    if (segment->ucontext ? interrupted(scheduler, segment, next)
                          : native_below(program, &end, next)) {
        classify(scheduler, machine, next);
        return true;
    }
    if (segment->ucontext || segment->kind == THREAD_STACK_GOROUTINE)
        return false;
    return in_go ? below_system_stack(scheduler, machine, end.last, next)
                 : below_foreign_code(scheduler, machine, next);
}

void thread_stack_read(const struct scheduler *scheduler, const struct core_thread *thread,
                       struct thread_stack *out)
{
    const struct program *program = scheduler_program(scheduler);
    *out =
        (struct thread_stack){.thread = thread, .machine = machine_by_tid(scheduler, thread->tid)};
    struct thread_segment next = {.has_registers = true, .registers = thread->registers};
    next.start = start_of(program->arch, &thread->registers);
    if (!out->machine)
        out->machine = machine_by_signal_stack(scheduler, next.start.sp);
    classify(scheduler, out->machine, &next);
    bool more = true;
    while (more && out->count < THREAD_SEGMENTS) {
        struct thread_segment *segment = &out->segments[out->count++];
        *segment = next;
        next = (struct thread_segment){0};
        more = find_next(scheduler, out->machine, segment, &next);
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

enum { CALLBACKS_MAX = 1024 }; // nested callbacks into Go

void callback_walk_begin(struct callback_walk *walk, const struct scheduler *scheduler,
                         const struct goroutine *g)
{
    struct goroutine g0;
    // In a callback the goroutine is locked to its thread, also while it waits.
    const struct machine *machine = machine_by_address(scheduler, g->m ? g->m : g->lockedm);
    *walk = (struct callback_walk){.scheduler = scheduler};
    if (machine && goroutine_read(scheduler, machine->g0, &g0))
        walk->saved_sp = g0.sched_sp;
}

bool callback_is_function(const struct pc_function *function)
{
    // Up to Go 1.15 its assembly has this name, and no id that tells.
    return function->id == FUNC_CGOCALLBACK ||
           (function->module->minor <= 15 &&
            strcmp(pc_function_name(function), "runtime.cgocallback_gofunc") == 0);
}

bool callback_is_frame(const struct stack_frame *frame)
{
    return callback_is_function(&frame->function);
}

bool callback_walk_next(struct callback_walk *walk, target_addr pc, struct stack_start *out)
{
    const struct program *program = scheduler_program(walk->scheduler);
    // "NOTE: unwindm knows that the saved g->sched.sp is at 0(SP)", arm64: 16(RSP)
    target_addr place = walk->saved_sp + (program->arch->uses_link_register ? 16 : 0), older;
    if (!walk->saved_sp || walk->count++ >= CALLBACKS_MAX)
        return false;
    *out = (struct stack_start){.pc = pc, .sp = walk->saved_sp};
    bool readable = address_space_try_u64(program->space, place, &older);
    walk->saved_sp = readable && older > walk->saved_sp ? older : 0;
    return readable;
}

bool callback_find_native(const struct program *program, const struct stack_start *start,
                          struct registers *out, size_t *go_frames)
{
    enum { GO_FRAMES_MAX = 16 }; // cgocallback, _cgoexp_… up to 1.15, crosscall2
    struct stack_walk walk;
    struct stack_frame frame = {0};
    stack_walk_begin(&walk, program, NULL, false, start);
    *go_frames = 0;
    target_addr return_pc = 0;
    while (*go_frames < GO_FRAMES_MAX && stack_walk_next(&walk, &frame)) {
        ++*go_frames;
        if (native_calls_go(program, &frame, &return_pc))
            break;
    }
    if (!return_pc && walk.end == STACK_END_BAD_RETURN && *go_frames)
        return_pc = walk.end_address;
    if (!native_walk_is_native(program, return_pc))
        return false;
    native_return_registers(program, &frame, return_pc, out);
    return true;
}
