// SPDX-License-Identifier: MIT
#include "goruntime/foreign_fault.h"
#include "base/limits.h"

/** The innermost frame of sigpanic. */
static bool find_sigpanic(const struct program *program, const struct goroutine *g,
                          const struct stack_start *start, struct stack_frame *out)
{
    struct stack_walk walk;
    stack_walk_begin(&walk, program, g, false, start);
    for (size_t i = 0; i < LIMIT_DYING_FRAMES && stack_walk_next(&walk, out); i++)
        if (out->function.id == FUNC_SIGPANIC)
            return true;
    return false;
}

/** What the registers were when the signal came: pc, sp, and the frame pointer that sigpanic saved.
 */
static void registers_before(const struct program *program, const struct goroutine *g,
                             const struct stack_frame *sigpanic, struct registers *out)
{
    const struct arch *arch = program->arch;
    uint64_t pushed = 0, frame_pointer;
    // Where the word at sp looked like a return address into Go, the handler pushed nothing.
    target_addr sp = sigpanic->fp - 8;
    if (address_space_try_u64(program->space, sp, &pushed) && pushed == g->sigpc)
        sp = sigpanic->fp;
    *out = (struct registers){0};
    register_set(out, arch->pc, g->sigpc);
    register_set(out, arch->sp, sp);
    if (sigpanic->fp - sigpanic->sp > 8 &&
        address_space_try_u64(program->space, sigpanic->fp - 16, &frame_pointer))
        register_set(out, arch->frame_pointer, frame_pointer);
}

/**
 * Assembly that moved sp before its call, to align it as C wants it: its frame lies where its frame
 * pointer says, if a return address into Go stands there, and its own sp where its size says.
 */
static void undo_alignment(const struct program *program, const struct registers *registers,
                           const struct goroutine *g, struct foreign_fault *out)
{
    struct pc_site spare;
    uint64_t frame_pointer, return_pc;
    const struct pc_site *site =
        pc_memo_site(program->memo, program->modules, out->call_pc, &spare);
    if (!site || !site->has_sp_delta || site->sp_delta <= 0)
        return;
    target_addr fp = out->call_sp + (target_addr)(int64_t)site->sp_delta + 8;
    bool moved = site->function.flags & PC_FUNCTION_SP_WRITE ||
                 !address_space_try_u64(program->space, fp - 8, &return_pc) ||
                 !module_of_pc(program->modules, return_pc);
    if (!moved || !register_get(registers, program->arch->frame_pointer, &frame_pointer) ||
        frame_pointer < out->call_sp || frame_pointer >= g->stack_hi - 16 ||
        !address_space_try_u64(program->space, frame_pointer + 8, &return_pc) ||
        !module_of_pc(program->modules, return_pc))
        return;
    out->call_sp = frame_pointer + 8 - (target_addr)(int64_t)site->sp_delta;
}

bool foreign_fault_find(const struct program *program, const struct goroutine *g,
                        const struct stack_start *start, struct foreign_fault *out)
{
    struct stack_frame sigpanic;
    struct native_frame frame;
    struct native_walk walk;
    if (program->arch->uses_link_register || !native_walk_is_native(program, g->sigpc) ||
        !find_sigpanic(program, g, start, &sigpanic))
        return false;
    registers_before(program, g, &sigpanic, &out->registers);
    native_walk_begin(&walk, program, &out->registers, true);
    while (native_walk_next(&walk, &frame))
        ;
    if (walk.end != NATIVE_END_GO ||
        !register_get(&walk.registers, program->arch->pc, &out->call_pc) ||
        !register_get(&walk.registers, program->arch->sp, &out->call_sp))
        return false;
    undo_alignment(program, &walk.registers, g, out);
    return g->stack_lo < out->call_sp && out->call_sp < g->stack_hi;
}
