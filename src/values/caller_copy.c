// SPDX-License-Identifier: MIT
#include "caller_copy.h"
#include "code_flow.h"
#include "passed.h"
#include "variable_storage.h"

#include "symbols/function_code.h"

enum { LINE_MAX = 64 }; ///< instructions in front of a call that are looked at

/** The straight line of code in front of a call, read backwards. */
struct call_line {
    struct value_reader *reader;
    const struct function_code *caller;
    size_t call, at; ///< instructions: the call, and the one that is looked at
    target_addr sp;  ///< of the caller at the call: the callee's CFA
};

/** Where a frame returns to. */
static bool find_return(const struct program *program, const struct variable_frame *frame,
                        const struct pc_function *callee, target_addr *out)
{
    const struct arch *arch = program->arch;
    int32_t delta = 0;
    if (arch->call_pushes)
        return address_space_try_u64(program->space, frame->cfa - arch->call_pushes, out);
    if (!pc_function_sp_delta(callee, frame->pc, &delta) || delta < 0)
        return false;
    if (delta == 0) // it has made no frame
        return frame->registers && register_get(frame->registers, arch->link, out);
    return address_space_try_u64(program->space, frame->cfa - (uint64_t)delta, out);
}

/** Finds the call that the frame returns behind. */
static bool find_call(struct call_line *line, const struct variable_frame *frame,
                      const struct pc_function *callee, struct arena *scratch)
{
    const struct program *program = line->reader->program;
    target_addr return_pc = 0;
    struct pc_function caller;
    if (!find_return(program, frame, callee, &return_pc) ||
        !pc_function_find(program->modules, return_pc - 1, &caller))
        return false;
    line->sp = frame->cfa;
    line->caller = function_code_read(program, &caller, scratch);
    line->at = line->call =
        line->caller ? function_code_at(line->caller, return_pc - 1) : CODE_NONE;
    if (line->call == CODE_NONE)
        return false;
    const struct instruction *call = &line->caller->instructions[line->call];
    return call->kind == INSTRUCTION_CALL &&
           function_code_pc(line->caller, line->call) + call->size == return_pc;
}

/** Whether the call names the callee. */
static bool is_by_name(const struct call_line *line, const struct pc_function *callee)
{
    const struct instruction *call = &line->caller->instructions[line->call];
    return call->has_constant && !call->has_memory && (target_addr)call->constant == callee->entry;
}

/** Goes back to the instruction in front. @return false where it is not the only one that leads
 * here, or does more than reckon */
static bool step_back(struct call_line *line)
{
    const struct function_code *code = line->caller;
    if (line->at == 0 || code->jumps_anywhere || line->call - line->at >= LINE_MAX ||
        code->source_begin[line->at] != code->source_begin[line->at + 1])
        return false;
    enum instruction_kind kind = code->instructions[--line->at].kind;
    return kind != INSTRUCTION_CALL && kind != INSTRUCTION_JUMP && !code->stops[line->at];
}

/** The caller's own CFA. */
static bool caller_cfa(const struct call_line *line, target_addr *out)
{
    int32_t delta = line->caller->deltas[line->call];
    *out = line->sp + (uint64_t)delta + line->reader->program->arch->call_pushes;
    return delta != INT32_MIN;
}

/** Whether the closure that is called lies in the caller's own frame: it was made there. */
static bool is_of_own_frame(struct call_line *line, const struct pc_function *callee)
{
    const struct program *program = line->reader->program;
    uint64_t code = 0;
    target_addr cfa;
    while (step_back(line)) {
        const struct instruction *one = &line->caller->instructions[line->at];
        int64_t slot;
        if (!(one->writes >> program->arch->closure & 1))
            continue;
        bool is_address = function_code_adds_to_sp(line->caller, line->at) ||
                          (one->kind == INSTRUCTION_ADDRESS && one->index < 0);
        return is_address && function_code_slot(line->caller, line->at, &slot) &&
               caller_cfa(line, &cfa) &&
               address_space_try_u64(program->space, cfa + (uint64_t)slot, &code) &&
               code == callee->entry;
    }
    return false;
}

bool caller_that_made(struct value_reader *reader, const struct variable_frame *frame,
                      const struct pc_function *callee, struct variable_frame *caller)
{
    AUTO(arena) scratch = arena_new();
    struct call_line line = {.reader = reader};
    target_addr cfa;
    if (!find_call(&line, frame, callee, scratch) || !caller_cfa(&line, &cfa) ||
        (!is_by_name(&line, callee) && !is_of_own_frame(&line, callee)))
        return false;
    *caller = (struct variable_frame){.function = pc_function_name(&line.caller->function),
                                      .pc = function_code_pc(line.caller, line.call),
                                      .cfa = cfa};
    return true;
}

static void put_word(uint64_t value, uint8_t *out)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

/** xor reg, reg */
static bool is_clearing(const struct instruction *one)
{
    return one->operation == OPERATION_XOR && !one->has_memory && one->width >= 4 &&
           one->destination >= 0 && one->destination == one->source;
}

/** Whether a move leaves so many bytes as they are. */
static bool copies(const struct instruction *one, size_t size)
{
    return one->source >= 0 && one->width == one->source_width &&
           (one->width == 8 || (one->width == 4 && size <= 4));
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
    const struct location_context context = {.pc = function_code_pc(line->caller, line->call) + 1,
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
static bool read_slot(const struct call_line *line, const struct pc_function *callee,
                      const struct passed_part *part, int reg, uint8_t *out)
{
    const struct program *program = line->reader->program;
    const struct pc_function *caller = &line->caller->function;
    const struct instruction *load = &line->caller->instructions[line->at];
    unsigned size = instruction_word_size(load);
    unsigned behind = load->destination == reg ? 0 : size; // the second of a pair
    int32_t arguments = callee->args > 0 ? callee->args : 0;
    struct code_place place = {.reg = -1, .size = size};
    target_addr cfa;
    // The slots right above the callee's frame are its own, to save its arguments in.
    if (load->base != program->arch->sp || load->index >= 0 || size < part->size ||
        load->displacement < program->arch->frame_header + arguments ||
        !function_code_slot(line->caller, line->at, &place.slot) || !caller_cfa(line, &cfa))
        return false;
    place.slot += behind;
    const struct code_reader anybody = {0};
    target_addr address = cfa + (uint64_t)place.slot;
    target_addr call_pc = function_code_pc(line->caller, line->call);
    if (code_takes_address(line->reader, caller, &place) && !holds_variable(line, cfa, address))
        return false;
    if (!code_keeps_slot(line->reader, caller, function_code_pc(line->caller, line->at), call_pc,
                         &place) ||
        !address_space_try_read(program->space, address, out, part->size))
        return false;
    return !part->is_pointer || address_is_static(program, load_u64(out)) ||
           code_reads_later(line->reader, caller, call_pc + 1, &place, &anybody);
}

/** What is known on the way back of what came in a register. */
struct origin {
    int reg;        ///< it held the value here, less the sum
    uint64_t sum;   ///< of constants that were added
    bool has_added; ///< any
};

/** What an instruction that writes the register puts there. @return whether it is known; else
 * origin says where to look for it, reg -1: nowhere */
static bool value_written(const struct call_line *line, const struct pc_function *callee,
                          const struct passed_part *part, struct origin *origin, uint8_t *out)
{
    const struct instruction *one = &line->caller->instructions[line->at];
    int reg = origin->reg;
    uint64_t value = (uint64_t)one->constant;
    origin->reg = -1;
    if (is_clearing(one)) {
        put_word(0, out);
        return true;
    }
    switch (one->kind) {
    case INSTRUCTION_MOVE:
        if (one->has_constant && (one->width >= 4 || one->width >= part->size)) {
            put_word((one->width == 8 ? value : (uint32_t)value) + origin->sum, out);
            return one->width == 8 || !origin->has_added;
        }
        if (copies(one, part->size))
            origin->reg = one->source;
        return false;
    case INSTRUCTION_ADD: // arm64: the part of an address that its page lacks
        if (!one->has_memory && one->has_constant && one->width == 8 && one->source >= 0 &&
            one->source != line->reader->program->arch->sp) {
            origin->reg = one->source;
            origin->sum += value;
            origin->has_added = true;
        }
        return false;
    case INSTRUCTION_ADDRESS:
        put_word(function_code_pc(line->caller, line->at) + one->size + (uint64_t)one->displacement,
                 out);
        return one->pc_relative && one->width == 8;
    case INSTRUCTION_LOAD:
        return !origin->has_added && read_slot(line, callee, part, reg, out);
    default:
        return false;
    }
}

bool caller_copy(struct value_reader *reader, const struct variable_frame *frame,
                 const struct pc_function *callee, const struct passed_part *part, uint8_t *out)
{
    AUTO(arena) scratch = arena_new();
    struct call_line line = {.reader = reader};
    struct origin origin = {.reg = (int)part->reg};
    if (!find_call(&line, frame, callee, scratch) || !is_by_name(&line, callee))
        return false;
    while (origin.reg >= 0 && origin.reg < REGISTER_COUNT && step_back(&line))
        if (line.caller->instructions[line.at].writes >> origin.reg & 1 &&
            value_written(&line, callee, part, &origin, out))
            return true;
    return false;
}
