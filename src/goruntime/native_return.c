// SPDX-License-Identifier: MIT
#include "goruntime/native_walk.h"

#include <string.h>

static bool is_crosscall2(const struct stack_frame *frame)
{
    // External linking gives assembly functions a suffix.
    const char *name = pc_function_name(&frame->function);
    return strcmp(name, "crosscall2") == 0 || strncmp(name, "crosscall2.", 11) == 0;
}

/**
 * Where crosscall2 keeps the registers that C expects back, relative to sp at its call
 * (runtime/cgo/asm_amd64.s, abi_amd64.h). 1.16+: below them 24 bytes of arguments.
 */
static void restore_saved_on_amd64(const struct program *program, const struct stack_frame *frame,
                                   struct registers *out)
{
    enum { RBX = 3, RBP = 6, R12 = 12, R13, R14, R15 };
    static const struct {
        uint8_t reg, since_16, before;
    } saved[] = {{RBX, 0x18, 0x18}, {R12, 0x20, 0x28}, {R13, 0x28, 0x30},
                 {R14, 0x30, 0x38}, {R15, 0x38, 0x40}, {RBP, 0x40, 0}};
    uint64_t value;
    for (size_t i = 0; i < COUNT_OF(saved); i++) {
        bool since_16 = program->release->minor >= 16;
        target_addr place = frame->sp + (since_16 ? saved[i].since_16 : saved[i].before);
        if (!since_16 && !saved[i].before) // the assembler's own saving, above the frame
            place = frame->fp - 16;
        if (address_space_try_u64(program->space, place, &value))
            register_set(out, saved[i].reg, value);
    }
}

/** One instruction of arm64 that saves one or two registers in front of sp: str, stp. */
static bool is_save(uint32_t word, unsigned registers[2], uint64_t *offset)
{
    registers[0] = word & 0x1f;
    registers[1] = 31;                       // none
    if ((word & 0xffc003e0) == 0xf90003e0) { // str xt, [sp, #imm12 * 8]
        *offset = (uint64_t)(word >> 10 & 0xfff) * 8;
        return true;
    }
    registers[1] = word >> 10 & 0x1f;
    *offset = (uint64_t)(word >> 15 & 0x3f) * 8;
    return (word & 0xffe003e0) == 0xa90003e0; // stp xt, xt2, [sp, #imm7 * 8], not below sp
}

/**
 * The same on arm64, where crosscall2 saves the link register as well, at another place in each of
 * several releases: its own instructions up to the first call say where. Its frame has no return
 * address where other functions have theirs (runtime/cgo/asm_arm64.s).
 */
static void restore_saved_on_arm64(const struct program *program, const struct stack_frame *frame,
                                   struct registers *out)
{
    enum { INSTRUCTIONS_MAX = 64, FIRST_SAVED = 19, LINK = 30 };
    const struct pc_function *function = &frame->function;
    for (unsigned i = 0; i < INSTRUCTIONS_MAX; i++) {
        target_addr at = function->entry + 4 * (target_addr)i;
        uint32_t word;
        if (at >= frame->pc || !address_space_try_u32(program->space, at, &word) ||
            (word & 0xfc000000) == 0x94000000) // bl
            return;
        unsigned registers[2];
        uint64_t offset, value;
        if (!is_save(word, registers, &offset))
            continue;
        for (unsigned k = 0; k < COUNT_OF(registers); k++)
            if (registers[k] >= FIRST_SAVED && registers[k] <= LINK &&
                address_space_try_u64(program->space, frame->sp + offset + 8 * k, &value))
                register_set(out, registers[k], value);
    }
}

bool native_calls_go(const struct program *program, const struct stack_frame *frame,
                     target_addr *return_pc)
{
    const struct arch *arch = program->arch;
    struct registers registers = {0};
    if (!arch->uses_link_register || !is_crosscall2(frame))
        return false;
    restore_saved_on_arm64(program, frame, &registers);
    return register_get(&registers, arch->link, return_pc);
}

void native_return_registers(const struct program *program, const struct stack_frame *frame,
                             target_addr return_pc, struct registers *out)
{
    const struct arch *arch = program->arch;
    uint64_t saved;
    *out = (struct registers){0};
    if (is_crosscall2(frame) && arch->uses_link_register)
        restore_saved_on_arm64(program, frame, out);
    else if (is_crosscall2(frame))
        restore_saved_on_amd64(program, frame, out);
    else if (arch->uses_link_register) {
        // A Go function keeps its caller's frame pointer below its own frame
        // (cmd/internal/obj/arm64).
        if (frame->fp > frame->sp && address_space_try_u64(program->space, frame->sp - 8, &saved))
            register_set(out, arch->frame_pointer, saved);
    } else if (frame->fp - frame->sp > 8 && // Go saves the frame pointer below the return address
               address_space_try_u64(program->space, frame->fp - 16, &saved)) {
        register_set(out, arch->frame_pointer, saved);
    }
    register_set(out, arch->pc, return_pc);
    register_set(out, arch->sp, frame->fp);
}

bool native_before_sigpanic(const struct program *program, const struct stack_frame *sigpanic,
                            struct registers *out, bool *exact)
{
    enum { INJECTED_SIZE = 16 };
    const struct arch *arch = program->arch;
    uint64_t pc, link;
    if (!arch->uses_link_register || sigpanic->fp <= sigpanic->sp ||
        !address_space_try_u64(program->space, sigpanic->sp, &pc) ||
        !address_space_try_u64(program->space, sigpanic->fp, &link))
        return false;
    native_return_registers(program, sigpanic, pc, out);
    register_set(out, arch->sp, sigpanic->fp + INJECTED_SIZE);
    register_set(out, arch->link, link);
    *exact = pc != link; // else a call of address 0: sigpanic looks as if that had been called
    return true;
}
