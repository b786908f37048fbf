// SPDX-License-Identifier: MIT
#include "caller_copy.h"
#include "code_flow.h"
#include "declared.h"
#include "passed.h"
#include "variable_storage.h"

#include "image/instruction.h"

enum {
    LINE_MAX = 64, ///< instructions in front of a call that are looked at
    REX_W = 0x48,  ///< of an instruction's first byte: it works on 64 bits
    REX_MASK = 0xf8,
    XOR_TO_RM = 0x31,
    XOR_TO_REG = 0x33,
};

/** The straight line of code in front of a call, read backwards. */
struct call_line {
    struct value_reader *reader;
    struct pc_function caller;
    target_addr pc;      ///< of the instruction that was decoded last
    target_addr call_pc; ///< of the call
    target_addr sp;      ///< of the caller at the call: the callee's CFA
    struct bytes code;   ///< from pc on
};

static bool decode_at(struct call_line *line, target_addr pc, struct instruction *out)
{
    struct disassembler *disassembler = frame_disassembler(line->reader);
    line->pc = pc;
    line->code =
        address_space_view(line->reader->program->space, pc, (size_t)(line->caller.end - pc));
    return disassembler && instruction_decode(disassembler, line->code, pc, out);
}

/** Finds the call that the frame returns behind. */
static bool find_any_call(struct call_line *line, struct instruction *call)
{
    const struct program *program = line->reader->program;
    target_addr return_pc = 0;
    return !program->arch->uses_link_register &&
           address_space_try_u64(program->space, line->sp - 8, &return_pc) &&
           pc_function_find(program->modules, return_pc - 1, &line->caller) &&
           code_instruction_before(line->reader, &line->caller, return_pc, &line->call_pc) &&
           decode_at(line, line->call_pc, call) && call->kind == INSTRUCTION_CALL;
}

static bool is_by_name(const struct instruction *call, const struct pc_function *callee)
{
    return call->has_constant && !call->has_memory && (target_addr)call->constant == callee->entry;
}

static bool find_call(struct call_line *line, const struct pc_function *callee)
{
    struct instruction call;
    return find_any_call(line, &call) && is_by_name(&call, callee);
}

/** Whether the closure that is called lies in the caller's own frame: it was made there. */
static bool is_of_own_frame(struct call_line *line, const struct pc_function *callee)
{
    enum { RDX = 1 }; // Go's context register
    const struct program *program = line->reader->program;
    target_addr pc = line->call_pc;
    uint64_t code = 0;
    for (int i = 0; i < LINE_MAX; i++) {
        struct instruction instruction;
        if (code_is_jumped_to(line->reader, &line->caller, pc) ||
            !code_instruction_before(line->reader, &line->caller, pc, &pc) ||
            !decode_at(line, pc, &instruction) || instruction.kind == INSTRUCTION_CALL ||
            instruction.kind == INSTRUCTION_JUMP)
            return false;
        if (!(instruction.writes >> RDX & 1))
            continue;
        target_addr object = line->sp + (uint64_t)instruction.displacement;
        return instruction.kind == INSTRUCTION_ADDRESS && !instruction.pc_relative &&
               instruction.base == program->arch->sp && instruction.index < 0 &&
               address_space_try_u64(program->space, object, &code) && code == callee->entry;
    }
    return false;
}

bool caller_that_made(struct value_reader *reader, const struct variable_frame *frame,
                      const struct pc_function *callee, struct variable_frame *caller)
{
    struct call_line line = {.reader = reader, .sp = frame->cfa};
    struct instruction call;
    int32_t delta = 0;
    if (!find_any_call(&line, &call) ||
        (!is_by_name(&call, callee) && !is_of_own_frame(&line, callee)) ||
        !pc_function_sp_delta(&line.caller, line.call_pc, &delta))
        return false;
    *caller = (struct variable_frame){.function = pc_function_name(&line.caller),
                                      .pc = line.call_pc,
                                      .cfa = frame->cfa + (uint64_t)delta + 8};
    return true;
}

static void put_word(uint64_t value, uint8_t *out)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static bool is_wide(const struct call_line *line)
{
    return (line->code.data[0] & REX_MASK) == REX_W;
}

/** xor reg, reg */
static bool is_clearing(const struct call_line *line, const struct instruction *instruction)
{
    const uint8_t *code = line->code.data;
    size_t at = (code[0] & 0xf0) == 0x40;
    return !instruction->has_memory && instruction->size == at + 2 &&
           (code[at] == XOR_TO_RM || code[at] == XOR_TO_REG) && code[at + 1] >> 6 == 3 &&
           instruction->destination == instruction->source;
}

/**
 * Whether a slot is where the caller's DWARF says that it keeps a variable which it took apart:
 * such a variable has no address.
 */
static bool holds_variable(const struct call_line *line, target_addr cfa, target_addr address)
{
    AUTO(arena) scratch = arena_new();
    struct dwarf_index *dwarf = NULL;
    struct dwarf_variables variables = {0};
    const struct location_context context = {.pc = line->call_pc + 1,
                                             .cfa = cfa,
                                             .has_cfa = true,
                                             .space = line->reader->program->space};
    struct error *err = program_dwarf_at(line->reader->program, context.pc, &dwarf);
    if (!err)
        err = dwarf_index_variables(dwarf, context.pc, 0, NULL, scratch, &variables);
    error_ignore(err);
    for (size_t i = 0; i < variables.count; i++) {
        struct dwarf_variable *variable = &variables.items[i];
        struct location location = {0};
        if (!variable->placed_by_list || !variable_is_optimized(variable))
            continue;
        error_ignore(dwarf_location_find(dwarf, &variable->die, &context, &location));
        for (size_t k = 0; k < location.count; k++)
            if (location.pieces[k].kind == PIECE_MEMORY && location.pieces[k].address == address)
                return true;
    }
    return false;
}

/** What lies in a slot of the caller's frame, if it is what was loaded from there. */
static bool read_slot(const struct call_line *line, const struct instruction *load,
                      const struct pc_function *callee, const struct passed_part *part,
                      uint8_t *out)
{
    const struct program *program = line->reader->program;
    int32_t delta = 0;
    // The slots right above the callee's frame are its own, to save its arguments in.
    if (load->displacement < (callee->args > 0 ? callee->args : 0) ||
        load->access_size < part->size || !pc_function_sp_delta(&line->caller, line->pc, &delta))
        return false;
    struct code_place place = {
        .reg = -1, .slot = load->displacement - delta - 8, .size = load->access_size};
    const struct code_reader anybody = {0};
    target_addr address = line->sp + (uint64_t)load->displacement;
    if (code_takes_address(line->reader, &line->caller, &place) &&
        !holds_variable(line, line->sp + (uint64_t)delta + 8, address))
        return false;
    if (!code_keeps_slot(line->reader, &line->caller, line->pc, line->call_pc, &place) ||
        !address_space_try_read(program->space, address, out, part->size))
        return false;
    return !part->is_pointer || address_is_static(program, load_u64(out)) ||
           code_reads_later(line->reader, &line->caller, line->call_pc + 1, &place, &anybody);
}

/** What an instruction that writes the register puts there. @param reg  looked for from now on */
static bool value_written(struct call_line *line, const struct instruction *instruction,
                          const struct pc_function *callee, const struct passed_part *part,
                          int *reg, uint8_t *out)
{
    const struct arch *arch = line->reader->program->arch;
    if (is_clearing(line, instruction)) {
        put_word(0, out);
        return true;
    }
    switch (instruction->kind) {
    case INSTRUCTION_MOVE:
        if (instruction->has_constant) {
            uint64_t value = (uint64_t)instruction->constant;
            put_word(is_wide(line) ? value : (uint32_t)value, out);
            return part->size >= 4 || instruction->source < 0;
        }
        *reg = is_wide(line) ? instruction->source : -1;
        return false;
    case INSTRUCTION_ADDRESS:
        put_word(line->pc + instruction->size + (uint64_t)instruction->displacement, out);
        *reg = -1;
        return instruction->pc_relative && is_wide(line);
    case INSTRUCTION_LOAD:
        *reg = -1;
        return instruction->base == arch->sp && instruction->index < 0 &&
               read_slot(line, instruction, callee, part, out);
    default:
        *reg = -1;
        return false;
    }
}

bool caller_copy(struct value_reader *reader, const struct variable_frame *frame,
                 const struct pc_function *callee, const struct passed_part *part, uint8_t *out)
{
    struct call_line line = {.reader = reader, .sp = frame->cfa};
    int reg = (int)part->reg;
    if (!find_call(&line, callee))
        return false;
    target_addr pc = line.call_pc;
    for (int i = 0; i < LINE_MAX; i++) {
        struct instruction instruction;
        if (code_is_jumped_to(reader, &line.caller, pc) ||
            !code_instruction_before(reader, &line.caller, pc, &pc) ||
            !decode_at(&line, pc, &instruction) || instruction.kind == INSTRUCTION_CALL ||
            instruction.kind == INSTRUCTION_JUMP)
            return false;
        if (!(instruction.writes >> reg & 1))
            continue;
        if (value_written(&line, &instruction, callee, part, &reg, out))
            return true;
        if (reg < 0 || reg >= REGISTER_COUNT)
            return false;
    }
    return false;
}
