// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "instruction_internal.h"

#include <elf.h>
#include <stdlib.h>

struct disassembler *disassembler_new(const struct arch *arch)
{
    bool is_x86 = arch->machine == EM_X86_64;
    struct disassembler *disassembler = alloc_zeroed(1, sizeof *disassembler);
    disassembler->machine = arch->machine;
    cs_arch machine = is_x86 ? CS_ARCH_X86 : CS_ARCH_ARM64;
    if (cs_open(machine, is_x86 ? CS_MODE_64 : CS_MODE_ARM, &disassembler->handle) != CS_ERR_OK) {
        free(disassembler);
        return NULL;
    }
    cs_option(disassembler->handle, CS_OPT_DETAIL, CS_OPT_ON);
    disassembler->instruction = cs_malloc(disassembler->handle);
    return disassembler;
}

void disassembler_write_gnu(struct disassembler *disassembler)
{
    if (disassembler->machine == EM_X86_64) // arm64 has one way alone
        cs_option(disassembler->handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
}

void disassembler_free(struct disassembler *disassembler)
{
    if (!disassembler)
        return;
    cs_free(disassembler->instruction, 1);
    cs_close(&disassembler->handle);
    free(disassembler);
}

/** DWARF number of an x86-64 general register in any of its widths, -1 for others. */
static int8_t x86_register(unsigned reg)
{
#define WIDTHS(number, eight, four, two, one)                                                      \
    [X86_REG_##eight] = (number) + 1, [X86_REG_##four] = (number) + 1,                             \
    [X86_REG_##two] = (number) + 1, [X86_REG_##one] = (number) + 1
    static const int8_t numbers[X86_REG_ENDING] = {
        WIDTHS(0, RAX, EAX, AX, AL),
        WIDTHS(1, RDX, EDX, DX, DL),
        WIDTHS(2, RCX, ECX, CX, CL),
        WIDTHS(3, RBX, EBX, BX, BL),
        WIDTHS(4, RSI, ESI, SI, SIL),
        WIDTHS(5, RDI, EDI, DI, DIL),
        WIDTHS(6, RBP, EBP, BP, BPL),
        WIDTHS(7, RSP, ESP, SP, SPL),
        WIDTHS(8, R8, R8D, R8W, R8B),
        WIDTHS(9, R9, R9D, R9W, R9B),
        WIDTHS(10, R10, R10D, R10W, R10B),
        WIDTHS(11, R11, R11D, R11W, R11B),
        WIDTHS(12, R12, R12D, R12W, R12B),
        WIDTHS(13, R13, R13D, R13W, R13B),
        WIDTHS(14, R14, R14D, R14W, R14B),
        WIDTHS(15, R15, R15D, R15W, R15B),
        [X86_REG_RIP] = 17,
        [X86_REG_EIP] = 17,
        [X86_REG_IP] = 17,
    };
#undef WIDTHS
    return reg < X86_REG_ENDING ? (int8_t)(numbers[reg] - 1) : -1;
}

static int register_number(const struct disassembler *disassembler, unsigned reg)
{
    return disassembler->machine == EM_X86_64 ? x86_register(reg) : arm64_register(reg);
}

static uint64_t registers_of(const struct disassembler *disassembler, const uint16_t *registers,
                             size_t count)
{
    uint64_t set = 0;
    for (size_t i = 0; i < count; i++) {
        int number = register_number(disassembler, registers[i]);
        if (number >= 0)
            set |= (uint64_t)1 << number;
    }
    return set;
}

static void read_accesses(const struct disassembler *disassembler, struct instruction *out)
{
    cs_regs read, written;
    uint8_t read_count = 0, written_count = 0;
    if (cs_regs_access(disassembler->handle, disassembler->instruction, read, &read_count, written,
                       &written_count) != CS_ERR_OK)
        return;
    out->writes = registers_of(disassembler, written, written_count);
    bool extends =
        disassembler->machine == EM_X86_64 && (disassembler->instruction->id == X86_INS_CQO ||
                                               disassembler->instruction->id == X86_INS_CDQ);
    if (extends)
        out->writes &= ~(uint64_t)1; // RAX is only read; capstone counts it as written
    out->reads = registers_of(disassembler, read, read_count);
}

static void note_memory(struct instruction *out, uint8_t access)
{
    out->has_memory = true;
    out->reads_memory = access & CS_AC_READ;
    out->writes_memory = access & CS_AC_WRITE;
}

static enum instruction_operation x86_operation(unsigned id)
{
    switch (id) {
    case X86_INS_ADD:
        return OPERATION_ADD;
    case X86_INS_SUB:
        return OPERATION_SUBTRACT;
    case X86_INS_IMUL:
        return OPERATION_MULTIPLY;
    case X86_INS_IDIV:
    case X86_INS_DIV:
        return OPERATION_DIVIDE;
    case X86_INS_NEG:
        return OPERATION_NEGATE;
    case X86_INS_SHL:
    case X86_INS_SAL:
        return OPERATION_SHIFT_LEFT;
    case X86_INS_SHR:
    case X86_INS_SAR:
        return OPERATION_SHIFT_RIGHT;
    case X86_INS_AND:
        return OPERATION_AND;
    case X86_INS_OR:
        return OPERATION_OR;
    case X86_INS_XOR:
        return OPERATION_XOR;
    case X86_INS_INC:
        return OPERATION_INCREMENT;
    case X86_INS_DEC:
        return OPERATION_DECREMENT;
    case X86_INS_NOP:
        return OPERATION_NOTHING;
    case X86_INS_UD2:
    case X86_INS_INT3:
        return OPERATION_STOP;
    default:
        return OPERATION_NONE;
    }
}

static enum instruction_condition x86_condition(unsigned id)
{
    switch (id) {
    case X86_INS_JE:
        return CONDITION_EQUAL;
    case X86_INS_JNE:
        return CONDITION_NOT_EQUAL;
    case X86_INS_JA:
        return CONDITION_ABOVE;
    case X86_INS_JAE:
        return CONDITION_ABOVE_EQUAL;
    case X86_INS_JB:
        return CONDITION_BELOW;
    case X86_INS_JBE:
        return CONDITION_BELOW_EQUAL;
    case X86_INS_JL:
    case X86_INS_JS:
        return CONDITION_LESS;
    case X86_INS_JGE:
    case X86_INS_JNS:
        return CONDITION_GREATER_EQUAL;
    case X86_INS_JG:
        return CONDITION_GREATER;
    case X86_INS_JLE:
        return CONDITION_LESS_EQUAL;
    default:
        return CONDITION_NONE;
    }
}

static enum instruction_movement x86_movement(unsigned id)
{
    switch (id) {
    case X86_INS_PUSH:
        return MOVEMENT_PUSH;
    case X86_INS_POP:
        return MOVEMENT_POP;
    case X86_INS_MOVUPS:
    case X86_INS_MOVAPS:
    case X86_INS_MOVUPD:
    case X86_INS_MOVDQU:
    case X86_INS_MOVDQA:
        return MOVEMENT_VECTOR;
    default:
        return MOVEMENT_NONE;
    }
}

/** Moves of vector registers, of which some versions of capstone say that they read both sides. */
static bool is_vector_move(unsigned id)
{
    switch (id) {
    case X86_INS_MOVUPS:
    case X86_INS_MOVUPD:
    case X86_INS_MOVAPS:
    case X86_INS_MOVAPD:
    case X86_INS_MOVDQU:
    case X86_INS_MOVDQA:
    case X86_INS_MOVQ:
    case X86_INS_MOVD:
    case X86_INS_VMOVUPS:
    case X86_INS_VMOVUPD:
    case X86_INS_VMOVAPS:
    case X86_INS_VMOVAPD:
    case X86_INS_VMOVDQU:
    case X86_INS_VMOVDQA:
    case X86_INS_VMOVQ:
    case X86_INS_VMOVD:
        return true;
    default:
        return false;
    }
}

static int8_t x86_vector(unsigned reg)
{
    return reg >= X86_REG_XMM0 && reg <= X86_REG_XMM15 ? (int8_t)(reg - X86_REG_XMM0) : -1;
}

/** What is needed to know an instruction's result, not only where it comes from. */
static void read_x86_widths(const struct disassembler *disassembler, struct instruction *out)
{
    const cs_x86 *x86 = &disassembler->instruction->detail->x86;
    unsigned id = disassembler->instruction->id;
    for (uint8_t i = 0; i < x86->op_count && i < 2; i++) {
        const cs_x86_op *op = &x86->operands[i];
        int8_t vector = op->type == X86_OP_REG ? x86_vector(op->reg) : -1;
        if (i == 0)
            out->width = op->size;
        else if (op->type == X86_OP_REG)
            out->source_width = op->size;
        if (i == 0)
            out->vector_destination = vector;
        else
            out->vector_source = vector;
    }
    out->keeps_sign = id == X86_INS_MOVSX || id == X86_INS_MOVSXD || id == X86_INS_SAR;
    out->movement = x86_movement(id);
    bool is_exclusive_or = id == X86_INS_XORPS || id == X86_INS_PXOR || id == X86_INS_XORPD;
    if (is_exclusive_or && x86->op_count == 2 && out->vector_destination >= 0 &&
        out->vector_destination == out->vector_source)
        out->movement = MOVEMENT_VECTOR_CLEAR;
}

static void read_x86(const struct disassembler *disassembler, struct instruction *out)
{
    const cs_x86 *x86 = &disassembler->instruction->detail->x86;
    bool memory_first = false;
    for (uint8_t i = 0; i < x86->op_count; i++) {
        const cs_x86_op *op = &x86->operands[i];
        if (op->type == X86_OP_MEM) {
            note_memory(out, op->access);
            memory_first = out->memory_first = i == 0;
            out->base = x86_register(op->mem.base);
            out->index = x86_register(op->mem.index);
            out->scale = (uint32_t)op->mem.scale;
            out->displacement = op->mem.disp;
            out->pc_relative = op->mem.base == X86_REG_RIP;
            out->access_size = op->size;
        } else if (op->type == X86_OP_REG && i == 0) {
            out->destination = x86_register(op->reg);
        } else if (op->type == X86_OP_REG) {
            out->source = x86_register(op->reg);
            if (x86->op_count == 3)
                out->left = out->source;
        } else if (op->type == X86_OP_IMM) {
            out->has_constant = true;
            out->constant = op->imm;
        }
    }
    out->operation = x86_operation(disassembler->instruction->id);
    out->condition = x86_condition(disassembler->instruction->id);
    read_x86_widths(disassembler, out);
    if (memory_first && is_vector_move(disassembler->instruction->id)) {
        out->reads_memory = false;
        out->writes_memory = true;
    }
    bool clears = x86->op_count == 2 && x86->operands[0].type == X86_OP_REG &&
                  x86->operands[1].type == X86_OP_REG &&
                  x86->operands[0].reg == x86->operands[1].reg;
    switch (disassembler->instruction->id) {
    case X86_INS_SBB:
        out->is_mask = clears;
        break;
    case X86_INS_XOR:
        if (clears) // reads it by name only
            out->reads = 0;
        break;
    case X86_INS_MOV:
    case X86_INS_MOVABS:
    case X86_INS_MOVZX:
    case X86_INS_MOVSX:
    case X86_INS_MOVSXD:
        out->kind = !out->has_memory ? INSTRUCTION_MOVE
                    : memory_first   ? INSTRUCTION_STORE
                                     : INSTRUCTION_LOAD;
        break;
    case X86_INS_LEA:
        out->kind = INSTRUCTION_ADDRESS;
        out->reads_memory = out->writes_memory = false;
        break;
    case X86_INS_ADD:
        out->kind = memory_first ? INSTRUCTION_OTHER : INSTRUCTION_ADD;
        break;
    case X86_INS_IMUL:
        out->kind = x86->op_count == 3 ? INSTRUCTION_MULTIPLY : INSTRUCTION_OTHER;
        break;
    case X86_INS_SHL:
        out->kind = memory_first || !out->has_constant ? INSTRUCTION_OTHER : INSTRUCTION_SHIFT_LEFT;
        break;
    case X86_INS_CMP:
    case X86_INS_TEST:
        out->kind = INSTRUCTION_COMPARE;
        out->is_test = disassembler->instruction->id == X86_INS_TEST;
        break;
    default:
        break;
    }
}

static bool is_conditional(const struct disassembler *disassembler)
{
    const cs_insn *decoded = disassembler->instruction;
    if (cs_insn_group(disassembler->handle, decoded, CS_GRP_RET))
        return false;
    if (disassembler->machine == EM_X86_64)
        return decoded->id != X86_INS_JMP && decoded->id != X86_INS_LJMP;
    return arm64_is_conditional(decoded);
}

bool instruction_decode(struct disassembler *disassembler, struct bytes code, target_addr address,
                        struct instruction *out)
{
    const uint8_t *at = code.data;
    size_t size = code.size;
    cs_insn *decoded = disassembler->instruction;
    *out = (struct instruction){.base = -1,
                                .index = -1,
                                .destination = -1,
                                .source = -1,
                                .left = -1,
                                .second = -1,
                                .vector_destination = -1,
                                .vector_source = -1};
    if (!size || !cs_disasm_iter(disassembler->handle, &at, &size, &address, decoded))
        return disassembler->machine == EM_AARCH64 && arm64_read_unknown(disassembler, code, out);
    out->size = (uint8_t)decoded->size;
    read_accesses(disassembler, out);
    if (disassembler->machine == EM_X86_64)
        read_x86(disassembler, out);
    else
        arm64_read(disassembler, out);
    bool is_arm64_call = disassembler->machine == EM_AARCH64 &&
                         (decoded->id == ARM64_INS_BL || decoded->id == ARM64_INS_BLR);
    if (cs_insn_group(disassembler->handle, decoded, CS_GRP_CALL) || is_arm64_call)
        out->kind = INSTRUCTION_CALL;
    else if (cs_insn_group(disassembler->handle, decoded, CS_GRP_JUMP) ||
             cs_insn_group(disassembler->handle, decoded, CS_GRP_RET))
        out->kind = INSTRUCTION_JUMP;
    out->is_return = cs_insn_group(disassembler->handle, decoded, CS_GRP_RET);
    out->conditional = out->kind == INSTRUCTION_JUMP && is_conditional(disassembler);
    return true;
}

void instruction_text(const struct disassembler *disassembler, struct buffer *out)
{
    const cs_insn *decoded = disassembler->instruction;
    buffer_printf(out, decoded->op_str[0] ? "%-7s %s" : "%s", decoded->mnemonic, decoded->op_str);
}
