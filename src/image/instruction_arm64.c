// SPDX-License-Identifier: MIT
#include "instruction_internal.h"

enum { SCRATCH = 27 }; ///< REGTMP of Go's assembler: the compiler itself keeps nothing there

int8_t arm64_register(unsigned reg)
{
    if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
        return (int8_t)(reg - ARM64_REG_X0);
    if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30)
        return (int8_t)(reg - ARM64_REG_W0);
    switch (reg) {
    case ARM64_REG_X29:
        return 29;
    case ARM64_REG_X30:
        return 30;
    case ARM64_REG_SP:
    case ARM64_REG_WSP:
        return 31;
    default:
        return -1;
    }
}

static uint64_t bit_of(int reg)
{
    return reg >= 0 ? (uint64_t)1 << reg : 0;
}

static bool is_zero_register(unsigned reg)
{
    return reg == ARM64_REG_XZR || reg == ARM64_REG_WZR;
}

bool arm64_is_conditional(const cs_insn *decoded)
{
    return decoded->detail->arm64.cc != ARM64_CC_INVALID || decoded->id == ARM64_INS_CBZ ||
           decoded->id == ARM64_INS_CBNZ || decoded->id == ARM64_INS_TBZ ||
           decoded->id == ARM64_INS_TBNZ;
}

static enum instruction_operation operation_of(unsigned id)
{
    switch (id) {
    case ARM64_INS_ADD:
        return OPERATION_ADD;
    case ARM64_INS_SUB:
        return OPERATION_SUBTRACT;
    case ARM64_INS_MUL:
        return OPERATION_MULTIPLY;
    case ARM64_INS_SDIV:
    case ARM64_INS_UDIV:
        return OPERATION_DIVIDE;
    case ARM64_INS_NEG:
        return OPERATION_NEGATE;
    case ARM64_INS_LSL:
        return OPERATION_SHIFT_LEFT;
    case ARM64_INS_LSR:
    case ARM64_INS_ASR:
        return OPERATION_SHIFT_RIGHT;
    case ARM64_INS_AND:
        return OPERATION_AND;
    case ARM64_INS_ORR:
        return OPERATION_OR;
    case ARM64_INS_EOR:
        return OPERATION_XOR;
    case ARM64_INS_NOP:
        return OPERATION_NOTHING;
    case ARM64_INS_BRK:
        return OPERATION_STOP;
    default:
        return OPERATION_NONE;
    }
}

/** Bytes of a register that holds them all: of a vector 1 to 16, of the others 4 or 8. */
static uint8_t register_size(unsigned reg)
{
    if (reg >= ARM64_REG_Q0 && reg <= ARM64_REG_Q31)
        return 16;
    if (reg >= ARM64_REG_S0 && reg <= ARM64_REG_S31)
        return 4;
    if (reg >= ARM64_REG_H0 && reg <= ARM64_REG_H31)
        return 2;
    if (reg >= ARM64_REG_B0 && reg <= ARM64_REG_B31)
        return 1;
    return (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30) || reg == ARM64_REG_WZR ? 4 : 8;
}

/** Whether a jump tests a register's sign, which is its highest bit: how code asks for x < 0. Bit
 * 31 is taken for that of a narrow one, for in the machine's words no wider register is named
 * there. */
static bool tests_sign(const cs_insn *decoded)
{
    const cs_arm64 *arm64 = &decoded->detail->arm64;
    bool tests_bit = decoded->id == ARM64_INS_TBZ || decoded->id == ARM64_INS_TBNZ;
    return tests_bit && arm64->op_count == 3 && arm64->operands[1].type == ARM64_OP_IMM &&
           arm64->operands[1].imm == register_size(arm64->operands[0].reg) * 8 - 1;
}

static enum instruction_condition condition_of(const cs_insn *decoded)
{
    if (decoded->id == ARM64_INS_CBZ)
        return CONDITION_EQUAL;
    if (decoded->id == ARM64_INS_CBNZ)
        return CONDITION_NOT_EQUAL;
    if (tests_sign(decoded))
        return decoded->id == ARM64_INS_TBZ ? CONDITION_GREATER_EQUAL : CONDITION_LESS;
    switch (decoded->detail->arm64.cc) {
    case ARM64_CC_EQ:
        return CONDITION_EQUAL;
    case ARM64_CC_NE:
        return CONDITION_NOT_EQUAL;
    case ARM64_CC_HI:
        return CONDITION_ABOVE;
    case ARM64_CC_HS:
        return CONDITION_ABOVE_EQUAL;
    case ARM64_CC_LO:
        return CONDITION_BELOW;
    case ARM64_CC_LS:
        return CONDITION_BELOW_EQUAL;
    case ARM64_CC_LT:
    case ARM64_CC_MI:
        return CONDITION_LESS;
    case ARM64_CC_GE:
    case ARM64_CC_PL:
        return CONDITION_GREATER_EQUAL;
    case ARM64_CC_GT:
        return CONDITION_GREATER;
    case ARM64_CC_LE:
        return CONDITION_LESS_EQUAL;
    default:
        return CONDITION_NONE;
    }
}

/** How an instruction moves one register, or two, to or from memory. */
static enum instruction_kind movement_of(unsigned id, bool *pair, uint8_t *size)
{
    *pair = false;
    *size = 0;
    switch (id) {
    case ARM64_INS_LDRB:
    case ARM64_INS_LDRSB:
    case ARM64_INS_LDURB:
    case ARM64_INS_LDURSB:
    case ARM64_INS_LDARB:
        *size = 1;
        return INSTRUCTION_LOAD;
    case ARM64_INS_LDRH:
    case ARM64_INS_LDRSH:
    case ARM64_INS_LDURH:
    case ARM64_INS_LDURSH:
        *size = 2;
        return INSTRUCTION_LOAD;
    case ARM64_INS_LDRSW:
    case ARM64_INS_LDURSW:
        *size = 4;
        return INSTRUCTION_LOAD;
    case ARM64_INS_LDPSW:
        *pair = true;
        *size = 4;
        return INSTRUCTION_LOAD;
    case ARM64_INS_LDP:
    case ARM64_INS_LDNP:
        *pair = true;
        return INSTRUCTION_LOAD;
    case ARM64_INS_LDR:
    case ARM64_INS_LDUR:
    case ARM64_INS_LDAR:
        return INSTRUCTION_LOAD;
    case ARM64_INS_STRB:
    case ARM64_INS_STURB:
    case ARM64_INS_STLRB:
        *size = 1;
        return INSTRUCTION_STORE;
    case ARM64_INS_STRH:
    case ARM64_INS_STURH:
        *size = 2;
        return INSTRUCTION_STORE;
    case ARM64_INS_STP:
    case ARM64_INS_STNP:
        *pair = true;
        return INSTRUCTION_STORE;
    case ARM64_INS_STR:
    case ARM64_INS_STUR:
    case ARM64_INS_STLR:
        return INSTRUCTION_STORE;
    default:
        return INSTRUCTION_OTHER;
    }
}

static bool read_movement(const struct disassembler *disassembler, struct instruction *out)
{
    const cs_arm64 *arm64 = &disassembler->instruction->detail->arm64;
    const cs_arm64_op *first = &arm64->operands[0], *second = &arm64->operands[1];
    uint8_t size;
    bool pair;
    enum instruction_kind kind = movement_of(disassembler->instruction->id, &pair, &size);
    out->is_pair = pair;
    if (kind == INSTRUCTION_OTHER || arm64->op_count < 2 || first->type != ARM64_OP_REG)
        return false;
    if (!out->has_memory) { // of a constant behind the code
        out->has_memory = true;
        out->displacement = out->constant;
    }
    if (!size)
        size = register_size(first->reg);
    out->access_size = (uint8_t)(out->is_pair ? 2 * size : size);
    out->reads_memory = kind == INSTRUCTION_LOAD;
    out->writes_memory = out->memory_first = kind == INSTRUCTION_STORE;
    if (arm64->writeback) // before the access, or behind it by a constant
        out->base_step = (int16_t)(out->has_constant ? out->constant : out->displacement);
    out->has_constant = false;
    out->constant = 0;
    int8_t reg = arm64_register(first->reg),
           other = out->is_pair ? arm64_register(second->reg) : -1;
    out->left = out->destination = out->source = -1;
    if (kind == INSTRUCTION_LOAD) {
        out->destination = reg;
        out->second = other;
        out->is_nil_check = size == 1 && reg == SCRATCH;
        if (reg >= 0)
            out->kind = kind;
        return true;
    }
    bool general = reg >= 0 || is_zero_register(first->reg);
    out->source = reg;
    out->second = other;
    out->has_constant = reg < 0;
    if (general && (!out->is_pair || other >= 0 || is_zero_register(second->reg)))
        out->kind = kind;
    return true;
}

/** add xd, xn, #constant; or add xd, xn, xm, lsl #n: an address made of a base and an index. */
static void read_sum(const cs_arm64 *arm64, struct instruction *out)
{
    const cs_arm64_op *last = &arm64->operands[2];
    if (arm64->op_count != 3 || arm64->update_flags)
        return;
    if (last->type == ARM64_OP_IMM) {
        out->kind = INSTRUCTION_ADD;
        if (out->operation == OPERATION_SUBTRACT)
            out->constant = -out->constant;
        out->operation = OPERATION_ADD;
    } else if (last->type == ARM64_OP_REG && last->ext == ARM64_EXT_INVALID &&
               out->operation == OPERATION_ADD && last->shift.value < 31 &&
               (last->shift.type == ARM64_SFT_INVALID || last->shift.type == ARM64_SFT_LSL)) {
        out->kind = INSTRUCTION_ADDRESS;
        out->base = arm64_register(arm64->operands[1].reg);
        out->index = arm64_register(last->reg);
        out->scale = 1U << last->shift.value;
    }
}

/** Only the plain forms: registers as they are, a constant. Capstone takes the first for written.
 */
static void read_comparison(unsigned id, const cs_arm64 *arm64, struct instruction *out)
{
    int first = arm64_register(arm64->operands[0].reg);
    out->writes &= ~bit_of(first);
    out->reads |= bit_of(first);
    const cs_arm64_op *last = &arm64->operands[1];
    bool plain = arm64->op_count == 2 && last->ext == ARM64_EXT_INVALID &&
                 (last->type == ARM64_OP_IMM || last->shift.type == ARM64_SFT_INVALID);
    out->destination = first;
    if (id == ARM64_INS_CMN && out->has_constant)
        out->constant = -out->constant;
    else if (id == ARM64_INS_TST)
        plain = plain && (out->is_test = last->type == ARM64_OP_REG && out->source == first);
    else if (id != ARM64_INS_CMP)
        plain = false;
    if (plain)
        out->kind = INSTRUCTION_COMPARE;
}

/** movz, movn and orr with the zero register set a register to a constant. */
static bool read_constant(unsigned id, const cs_arm64 *arm64, struct instruction *out)
{
    const cs_arm64_op *last = &arm64->operands[arm64->op_count - 1];
    bool narrow = register_size(arm64->operands[0].reg) == 4;
    bool of_zero =
        id == ARM64_INS_ORR && arm64->op_count == 3 && is_zero_register(arm64->operands[1].reg);
    if (last->type != ARM64_OP_IMM ||
        !(id == ARM64_INS_MOVZ || id == ARM64_INS_MOVN || id == ARM64_INS_MOV || of_zero))
        return false;
    if (id == ARM64_INS_MOVN)
        out->constant = ~out->constant;
    if (narrow)
        out->constant = (uint32_t)out->constant;
    out->source = out->left = -1;
    out->reads = 0;
    out->kind = INSTRUCTION_MOVE;
    out->operation = OPERATION_NONE;
    return true;
}

/** Capstone takes the destination of these for read as well. */
static void correct_reads(unsigned id, const cs_arm64 *arm64, struct instruction *out)
{
    switch (id) {
    case ARM64_INS_LSL:
    case ARM64_INS_LSR:
    case ARM64_INS_ASR:
    case ARM64_INS_ROR:
    case ARM64_INS_SXTB:
    case ARM64_INS_SXTH:
    case ARM64_INS_SXTW:
    case ARM64_INS_UXTB:
    case ARM64_INS_UXTH:
    case ARM64_INS_UXTW:
    case ARM64_INS_UBFIZ:
    case ARM64_INS_UBFX:
    case ARM64_INS_SBFIZ:
    case ARM64_INS_SBFX:
    case ARM64_INS_MRS:
        out->reads = 0;
        for (uint8_t i = 1; i < arm64->op_count; i++)
            if (arm64->operands[i].type == ARM64_OP_REG)
                out->reads |= bit_of(arm64_register(arm64->operands[i].reg));
        break;
    default:
        break;
    }
}

/** Bytes of a register that an extension leaves; 0: there is none. */
static uint8_t extended_size(arm64_extender extender)
{
    switch (extender) {
    case ARM64_EXT_UXTB:
    case ARM64_EXT_SXTB:
        return 1;
    case ARM64_EXT_UXTH:
    case ARM64_EXT_SXTH:
        return 2;
    case ARM64_EXT_UXTW:
    case ARM64_EXT_SXTW:
        return 4;
    default:
        return 0;
    }
}

/** Bytes of a register that an instruction writes, and of its source that count. */
static void read_widths(const cs_insn *decoded, struct instruction *out)
{
    const cs_arm64 *arm64 = &decoded->detail->arm64;
    if (arm64->op_count < 1 || arm64->operands[0].type != ARM64_OP_REG)
        return;
    out->width = register_size(arm64->operands[0].reg);
    for (uint8_t i = 1; i < arm64->op_count; i++) {
        const cs_arm64_op *op = &arm64->operands[i];
        uint8_t left = extended_size(op->ext);
        if (op->type == ARM64_OP_REG)
            out->source_width = left ? left : register_size(op->reg);
        else if (op->type == ARM64_OP_MEM)
            out->narrow_index = left != 0;
    }
    switch (decoded->id) {
    case ARM64_INS_SXTB:
    case ARM64_INS_UXTB:
        out->source_width = 1;
        break;
    case ARM64_INS_SXTH:
    case ARM64_INS_UXTH:
        out->source_width = 2;
        break;
    case ARM64_INS_SXTW:
    case ARM64_INS_UXTW:
        out->source_width = 4;
        break;
    default:
        break;
    }
    switch (decoded->id) {
    case ARM64_INS_SXTB:
    case ARM64_INS_SXTH:
    case ARM64_INS_SXTW:
    case ARM64_INS_LDRSB:
    case ARM64_INS_LDURSB:
    case ARM64_INS_LDRSH:
    case ARM64_INS_LDURSH:
    case ARM64_INS_LDRSW:
    case ARM64_INS_LDURSW:
    case ARM64_INS_LDPSW:
    case ARM64_INS_ASR:
        out->keeps_sign = true;
        break;
    default:
        break;
    }
}

/** ubfx xd, xn, #0, #8: how code widens a byte without a sign, and what has two or four. */
static bool read_widening(const cs_insn *decoded, struct instruction *out)
{
    const cs_arm64 *arm64 = &decoded->detail->arm64;
    const cs_arm64_op *first = &arm64->operands[2], *bits = &arm64->operands[3];
    if (decoded->id != ARM64_INS_UBFX || arm64->op_count != 4 || first->type != ARM64_OP_IMM ||
        first->imm != 0 || (bits->imm != 8 && bits->imm != 16 && bits->imm != 32) ||
        out->source < 0)
        return false;
    out->kind = INSTRUCTION_MOVE;
    out->has_constant = false;
    out->constant = 0;
    out->source_width = (uint8_t)(bits->imm / 8);
    return true;
}

static void read_operands(const cs_arm64 *arm64, struct instruction *out)
{
    for (uint8_t i = 0; i < arm64->op_count; i++) {
        const cs_arm64_op *op = &arm64->operands[i];
        if (op->type == ARM64_OP_MEM) {
            out->has_memory = true;
            out->base = arm64_register(op->mem.base);
            out->index = arm64_register(op->mem.index);
            out->displacement = op->mem.disp;
            out->scale = op->shift.type == ARM64_SFT_LSL ? 1U << (op->shift.value & 7) : 1;
        } else if (op->type == ARM64_OP_REG && i == 0) {
            out->destination = arm64_register(op->reg);
        } else if (op->type == ARM64_OP_REG) {
            if (i == 1)
                out->left = arm64_register(op->reg);
            out->source = arm64_register(op->reg);
            out->shift = op->shift.type == ARM64_SFT_LSL ? (uint8_t)(op->shift.value & 63) : 0;
            if (op->shift.type > ARM64_SFT_LSL)
                out->operation = OPERATION_NONE; // by a part of it
        } else if (op->type == ARM64_OP_IMM) {
            out->has_constant = true;
            out->constant = op->imm;
            if (op->shift.type == ARM64_SFT_LSL) // of a page, of a quarter of a register
                out->constant = (int64_t)((uint64_t)op->imm << (op->shift.value & 63));
        }
    }
}

void arm64_read(const struct disassembler *disassembler, struct instruction *out)
{
    const cs_insn *decoded = disassembler->instruction;
    const cs_arm64 *arm64 = &decoded->detail->arm64;
    out->operation = operation_of(decoded->id);
    out->condition = condition_of(decoded);
    out->compares_zero =
        decoded->id == ARM64_INS_CBZ || decoded->id == ARM64_INS_CBNZ || tests_sign(decoded);
    read_operands(arm64, out);
    read_widths(decoded, out);
    if (read_movement(disassembler, out))
        return;
    if (out->has_memory) { // exclusive and atomic accesses: what they do is left open
        out->reads_memory = out->writes_memory = out->memory_first = true;
        return;
    }
    correct_reads(decoded->id, arm64, out);
    if (arm64->op_count < 2 || read_constant(decoded->id, arm64, out) ||
        read_widening(decoded, out))
        return;
    switch (decoded->id) {
    case ARM64_INS_MOV:
    case ARM64_INS_SXTB:
    case ARM64_INS_SXTH:
    case ARM64_INS_SXTW:
    case ARM64_INS_UXTB:
    case ARM64_INS_UXTH:
    case ARM64_INS_UXTW:
        out->kind = INSTRUCTION_MOVE;
        if (is_zero_register(arm64->operands[1].reg))
            out->has_constant = true;
        else if (out->source < 0)
            out->kind = INSTRUCTION_OTHER;
        break;
    case ARM64_INS_ADRP: // capstone gives the page's own address
    case ARM64_INS_ADR:
        out->kind = out->has_constant ? INSTRUCTION_MOVE : INSTRUCTION_OTHER;
        break;
    case ARM64_INS_ADD:
    case ARM64_INS_SUB:
        read_sum(arm64, out);
        break;
    case ARM64_INS_CMP:
    case ARM64_INS_CMN:
    case ARM64_INS_TST:
    case ARM64_INS_CCMP:
    case ARM64_INS_CCMN:
        read_comparison(decoded->id, arm64, out);
        break;
    default:
        break;
    }
}
