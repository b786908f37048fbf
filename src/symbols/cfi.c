// SPDX-License-Identifier: MIT
#include "symbols/cfi.h"
#include "base/limits.h"
#include "dwarf_index_internal.h"
#include "native_code_internal.h"

#include <stdlib.h>

enum { STACK_SIZE = 64 };

/** One expression under evaluation. Format: DWARF 5, 2.5; only what unwind rules use. */
struct evaluation {
    const struct address_space *space;
    const struct registers *registers;
    target_addr cfa;
    uint64_t stack[STACK_SIZE];
    size_t depth;
    bool failed;   ///< operands missing, a register or memory that is not known
    bool is_value; ///< the result is the value itself, not where it is saved
};

static void push(struct evaluation *e, uint64_t value)
{
    if (e->depth == STACK_SIZE)
        e->failed = true;
    else
        e->stack[e->depth++] = value;
}

static uint64_t pop(struct evaluation *e)
{
    if (e->depth)
        return e->stack[--e->depth];
    e->failed = true;
    return 0;
}

static void push_register(struct evaluation *e, uint64_t number, uint64_t offset)
{
    uint64_t value = 0;
    if (number >= REGISTER_COUNT || !register_get(e->registers, (unsigned)number, &value))
        e->failed = true;
    push(e, value + offset);
}

static void dereference(struct evaluation *e, uint64_t size)
{
    uint8_t data[8] = {0};
    uint64_t address = pop(e);
    if (size > sizeof data || !address_space_try_read(e->space, address, data, size))
        e->failed = true;
    push(e, load_u64(data));
}

/** Takes two numbers and puts one back; false for another operation. */
static bool combine(struct evaluation *e, uint8_t atom)
{
    uint64_t result, b = pop(e), a = pop(e);
    switch (atom) {
    case DW_OP_eq:
        result = a == b;
        break;
    case DW_OP_ne:
        result = a != b;
        break;
    case DW_OP_ge:
        result = (int64_t)a >= (int64_t)b;
        break;
    case DW_OP_gt:
        result = (int64_t)a > (int64_t)b;
        break;
    case DW_OP_le:
        result = (int64_t)a <= (int64_t)b;
        break;
    case DW_OP_lt:
        result = (int64_t)a < (int64_t)b;
        break;
    default:
        if (!dwarf_arithmetic(atom, a, b, &result))
            return false;
    }
    push(e, result);
    return true;
}

static void copy_operand(struct evaluation *e, uint64_t place)
{
    if (place < e->depth)
        push(e, e->stack[e->depth - 1 - place]);
    else
        e->failed = true;
}

static void swap(struct evaluation *e)
{
    uint64_t top = pop(e), below = pop(e);
    push(e, top);
    push(e, below);
}

/** Operations without an order of their own; false for one that unwind rules do not use. */
static bool operate(struct evaluation *e, const Dwarf_Op *op)
{
    uint8_t atom = op->atom;
    if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
        push(e, atom - DW_OP_lit0);
    else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
        push_register(e, atom - DW_OP_breg0, op->number);
    else if (atom == DW_OP_bregx)
        push_register(e, op->number, op->number2);
    else if (atom == DW_OP_call_frame_cfa)
        push(e, e->cfa);
    else if (atom >= DW_OP_const1u && atom <= DW_OP_consts)
        push(e, op->number); // libdw has extended the sign
    else if (atom == DW_OP_plus_uconst)
        push(e, pop(e) + op->number);
    else if (atom == DW_OP_deref || atom == DW_OP_deref_size)
        dereference(e, atom == DW_OP_deref ? 8 : op->number);
    else if (atom == DW_OP_dup || atom == DW_OP_over || atom == DW_OP_pick)
        copy_operand(e, atom == DW_OP_pick ? op->number : atom == DW_OP_over);
    else if (atom == DW_OP_drop)
        pop(e);
    else if (atom == DW_OP_swap)
        swap(e);
    else if (atom != DW_OP_nop)
        return combine(e, atom);
    return true;
}

/** Index of the operation at an offset; count where there is none, which ends the expression. */
static size_t operation_at(const Dwarf_Op *ops, size_t count, uint64_t offset)
{
    size_t i = 0;
    while (i < count && ops[i].offset != offset)
        i++;
    return i;
}

/** Evaluates the operations of a rule. @return false where its value cannot be known */
static bool evaluate(struct evaluation *e, const Dwarf_Op *ops, size_t count, uint64_t *out)
{
    size_t i = 0;
    for (size_t steps = 0; i < count && !e->failed; steps++) {
        const Dwarf_Op *op = &ops[i++];
        if (steps >= LIMIT_EXPRESSION_STEPS)
            return false;
        if (op->atom == DW_OP_stack_value) {
            e->is_value = true;
        } else if (op->atom == DW_OP_regx || (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31)) {
            push_register(
                e, op->atom == DW_OP_regx ? op->number : (uint64_t)(op->atom - DW_OP_reg0), 0);
            e->is_value = true;
        } else if (op->atom == DW_OP_skip || op->atom == DW_OP_bra) {
            bool taken = op->atom == DW_OP_skip || pop(e) != 0;
            if (taken) // from behind its two bytes of distance
                i = operation_at(ops, count, op->offset + 3 + (uint64_t)(int16_t)op->number);
        } else if (!operate(e, op)) {
            return false;
        }
    }
    *out = pop(e);
    return !e->failed;
}

static void open_eh_frame(struct native_module *module)
{
    if (module->cfi_tried)
        return;
    module->cfi_tried = true;
    struct bytes bytes = native_module_bytes(module);
    if (!bytes.size)
        return;
    elf_version(EV_CURRENT);
    // libelf takes a plain pointer and, opening for reading, writes nothing through it.
    module->elf = elf_memory((char *)(uintptr_t)bytes.data, bytes.size);
    if (module->elf)
        module->eh_frame = dwarf_getcfi_elf(module->elf);
}

/** For code compiled with -fno-asynchronous-unwind-tables: rules among the debug sections only. */
static void open_debug_frame(struct native_module *module)
{
    if (module->frames_tried)
        return;
    module->frames_tried = true;
    size_t size = 0;
    struct elf_file *file = module->debug_file ? module->debug_file : module->file;
    struct error *err =
        file ? dwarf_image_build(file, DWARF_IMAGE_FRAMES, &module->frame_image, &size) : NULL;
    if (!module->frame_image) {
        error_ignore(err); // there are none
        return;
    }
    module->frame_elf = elf_memory((char *)module->frame_image, size);
    if (module->frame_elf)
        module->dwarf = dwarf_begin_elf(module->frame_elf, DWARF_C_READ, NULL);
    if (module->dwarf)
        module->debug_frame = dwarf_getcfi(module->dwarf);
}

/** The rules at an address of the target; the caller frees. NULL: there are none. */
static Dwarf_Frame *find_rules(struct native_module *module, target_addr pc)
{
    Dwarf_Frame *frame = NULL;
    open_eh_frame(module);
    if (module->eh_frame && dwarf_cfi_addrframe(module->eh_frame, pc - module->bias, &frame) == 0)
        return frame;
    open_debug_frame(module);
    if (module->debug_frame &&
        dwarf_cfi_addrframe(module->debug_frame, pc - module->bias, &frame) == 0)
        return frame;
    return NULL;
}

/** What one register was in the caller. */
static bool find_register(const struct native_code *code, Dwarf_Frame *frame,
                          const struct registers *registers, target_addr cfa, unsigned number,
                          uint64_t *out)
{
    Dwarf_Op memory[3], *ops = NULL;
    size_t count = 0;
    if (dwarf_frame_register(frame, (int)number, memory, &ops, &count) != 0)
        return false;
    if (!count && !ops) // the same as in this frame
        return register_get(registers, number, out);
    if (!count)
        return false; // lost
    struct evaluation e = {.space = native_code_space(code), .registers = registers, .cfa = cfa};
    uint64_t result;
    if (!evaluate(&e, ops, count, &result))
        return false;
    if (e.is_value)
        *out = result;
    return e.is_value || address_space_try_u64(e.space, result, out);
}

/** Whether the rules say that the return address is undefined: how a thread's start is marked. */
static bool is_outermost(Dwarf_Frame *frame, int return_register)
{
    Dwarf_Op memory[3], *ops = NULL;
    size_t count = 0;
    return dwarf_frame_register(frame, return_register, memory, &ops, &count) == 0 && !count && ops;
}

/** Moves the registers to the caller by rules. */
static enum cfi_step apply_rules(struct native_code *code, Dwarf_Frame *frame,
                                 const struct registers *registers, struct cfi_caller *out)
{
    const struct arch *arch = native_code_arch(code);
    Dwarf_Op *ops;
    size_t count;
    Dwarf_Addr start, end;
    bool signal_frame = false;
    int return_register = dwarf_frame_info(frame, &start, &end, &signal_frame);
    struct evaluation e = {.space = native_code_space(code), .registers = registers};
    *out = (struct cfi_caller){.exact = signal_frame};
    if (return_register < 0 || dwarf_frame_cfa(frame, &ops, &count) != 0 || !count)
        return CFI_STEP_NO_RULES;
    if (is_outermost(frame, return_register))
        return CFI_STEP_OUTERMOST;
    if (!evaluate(&e, ops, count, &out->cfa))
        return CFI_STEP_UNMAPPED;
    uint64_t value;
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        if (arch->register_names[i] && i != arch->pc &&
            find_register(code, frame, registers, out->cfa, i, &value))
            register_set(&out->registers, i, value);
    if (!find_register(code, frame, registers, out->cfa, (unsigned)return_register, &value))
        return CFI_STEP_UNMAPPED;
    register_set(&out->registers, arch->pc, value);
    if (!signal_frame) // a signal frame says itself where sp was
        register_set(&out->registers, arch->sp, out->cfa);
    return value ? CFI_STEP_RULES : CFI_STEP_OUTERMOST;
}

/**
 * Whether an address can be what a call returns to: executable, and behind a call, where the code
 * is at hand.
 * @param proven  the call was seen
 */
static bool is_return_address(struct native_code *code, target_addr address, bool *proven)
{
    enum { LONGEST = 7 }; // call *disp32(base,index)
    const struct arch *arch = native_code_arch(code);
    uint8_t before[LONGEST];
    *proven = false;
    if (!native_code_is_executable(code, address))
        return false;
    if (arch->uses_link_register) {
        if (address % 4 || !native_code_read(code, address - 4, before, 4))
            return address % 4 == 0;
        uint32_t word = load_u32(before);
        *proven = (word & 0xfc000000) == 0x94000000 || (word & 0xfffffc1f) == 0xd63f0000; // bl, blr
        return *proven;
    }
    if (address < LONGEST || !native_code_read(code, address - LONGEST, before, LONGEST))
        return true;
    *proven = before[2] == 0xe8;                     // call rel32
    for (size_t size = 2; size <= LONGEST; size++) { // ff /2: call r/m64
        const uint8_t *at = before + LONGEST - size;
        *proven |= at[0] == 0xff && (at[1] >> 3 & 7) == 2;
    }
    return *proven;
}

/** A function of assembly that has not touched the stack, such as one that is in a system call. */
static enum cfi_step follow_stack_top(struct native_code *code, const struct registers *registers,
                                      struct cfi_caller *out)
{
    const struct arch *arch = native_code_arch(code);
    uint64_t sp, return_pc;
    bool proven;
    if (arch->uses_link_register || !register_get(registers, arch->sp, &sp) ||
        !address_space_try_u64(native_code_space(code), sp, &return_pc) ||
        !is_return_address(code, return_pc, &proven) || !proven)
        return CFI_STEP_NO_RULES;
    *out = (struct cfi_caller){.registers = *registers, .cfa = sp + 8};
    register_set(&out->registers, arch->sp, out->cfa);
    register_set(&out->registers, arch->pc, return_pc);
    return CFI_STEP_INFERRED;
}

/** The caller by the frame pointer: [fp] the caller's frame pointer, [fp+8] the return address. */
static enum cfi_step follow_frame_pointer(struct native_code *code,
                                          const struct registers *registers, struct cfi_caller *out)
{
    const struct arch *arch = native_code_arch(code);
    uint64_t fp, sp, saved, return_pc;
    bool proven;
    *out = (struct cfi_caller){0};
    if (!register_get(registers, arch->frame_pointer, &fp))
        return CFI_STEP_NO_RULES;
    if (!fp && arch->uses_link_register) // AAPCS64, 6.4.6: the end of the chain
        return CFI_STEP_OUTERMOST;
    if (!register_get(registers, arch->sp, &sp) || fp < sp || fp % 8)
        return CFI_STEP_NO_RULES;
    target_addr end = native_code_stack_end(code, sp);
    if (end < 16 || fp > end - 16 || !address_space_try_u64(native_code_space(code), fp, &saved) ||
        !address_space_try_u64(native_code_space(code), fp + 8, &return_pc) ||
        !is_return_address(code, return_pc, &proven))
        return CFI_STEP_NO_RULES;
    out->cfa = fp + 16;
    // On arm64 the pair lies below a frame's own words, and gcc's code leaves sp at it: the
    // caller's rules count from there, or (clang's) from its frame pointer.
    if (arch->uses_link_register && saved > fp && saved < end)
        out->cfa = saved;
    register_set(&out->registers, arch->frame_pointer, saved);
    register_set(&out->registers, arch->sp, out->cfa);
    register_set(&out->registers, arch->pc, return_pc);
    return CFI_STEP_INFERRED;
}

enum cfi_step cfi_find_caller(struct native_code *code, const struct registers *registers,
                              bool exact, struct cfi_caller *out)
{
    const struct arch *arch = native_code_arch(code);
    uint64_t pc, sp, caller_sp;
    if (!register_get(registers, arch->pc, &pc) || !register_get(registers, arch->sp, &sp))
        return CFI_STEP_NO_RULES;
    struct cfi_caller caller;
    enum cfi_step step = CFI_STEP_NO_RULES;
    target_addr lookup_pc = exact || !pc ? pc : pc - 1;
    struct native_module *module = native_code_module(code, lookup_pc);
    Dwarf_Frame *frame = module ? find_rules(module, lookup_pc) : NULL;
    if (frame)
        step = apply_rules(code, frame, registers, &caller);
    free(frame);
    if (step == CFI_STEP_NO_RULES && exact)
        step = follow_stack_top(code, registers, &caller);
    if (step == CFI_STEP_NO_RULES)
        step = follow_frame_pointer(code, registers, &caller);
    if (step != CFI_STEP_RULES && step != CFI_STEP_INFERRED)
        return step;
    if (!register_get(&caller.registers, arch->sp, &caller_sp))
        return CFI_STEP_UNMAPPED;
    // A handler may run on a stack of its own; else only a leaf of a machine with a link register
    // has its caller's very sp.
    bool leaf = caller_sp == sp && exact && arch->uses_link_register;
    if (caller_sp <= sp && !leaf && !caller.exact)
        return CFI_STEP_LOOP;
    *out = caller;
    return step;
}

bool cfi_is_behind_call(struct native_code *code, target_addr address)
{
    bool proven;
    return is_return_address(code, address, &proven) && proven;
}
