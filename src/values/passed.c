// SPDX-License-Identifier: MIT
#include "passed.h"
#include "caller_copy.h"
#include "declared.h"
#include "pieces.h"

#include "base/limits.h"
#include "image/instruction.h"
#include "symbols/pclntab.h"

#include <string.h>

enum { FIRST_REGISTER_ARGUMENTS = 17, ARGUMENTS_MAX = 1 << 16 };

/**
 * A register argument's slot and the code that writes it. It holds the argument if
 *  - it is written once, from the argument's register, before anything else has written that
 *    register, and besides only by the code that makes the stack larger, which starts over;
 *  - no way leads around that store, and none back to before it.
 */
struct spill {
    struct value_reader *reader;
    const struct pc_function *function;
    int reg;
    uint64_t size;
    bool found;
    target_addr pc;  ///< of the store
    int64_t slot;    ///< from the CFA
    bool reg_is_old; ///< the register no longer holds what it held at the entry
    bool refuted;
};

/** The place from the CFA that an instruction's memory operand names; -1: none known. */
static bool place_of(const struct spill *spill, const struct instruction *instruction,
                     target_addr pc, int64_t *slot, int32_t *delta)
{
    const struct arch *arch = spill->reader->program->arch;
    int64_t displacement = instruction->displacement;
    bool adds = !instruction->has_memory && instruction->has_constant &&
                instruction->source == arch->sp && instruction->destination != arch->sp;
    if (adds)
        displacement = instruction->constant;
    else if (!instruction->has_memory || instruction->base != arch->sp || instruction->index >= 0)
        return false;
    if (!pc_function_sp_delta(spill->function, pc, delta))
        return false;
    *slot = displacement - *delta - (arch->uses_link_register ? 0 : 8);
    return true;
}

typedef void spill_step(struct spill *spill, const struct instruction *instruction, target_addr pc,
                        const uint8_t *code);

/** @return false where the code cannot be decoded to its end */
static bool for_each_instruction(struct spill *spill, spill_step *step)
{
    const struct pc_function *function = spill->function;
    struct disassembler *disassembler = frame_disassembler(spill->reader);
    uint64_t size = function->end - function->entry;
    if (size > LIMIT_SCANNED_CODE || !disassembler)
        return false;
    struct bytes code =
        address_space_view(spill->reader->program->space, function->entry, (size_t)size);
    if (code.size != size)
        return false;
    for (size_t offset = 0; offset < code.size;) {
        struct instruction instruction;
        struct bytes rest = bytes_slice(code, offset, code.size - offset);
        target_addr pc = function->entry + offset;
        if (!instruction_decode(disassembler, rest, pc, &instruction) || instruction.size == 0)
            return false;
        step(spill, &instruction, pc, rest.data);
        offset += instruction.size;
    }
    return true;
}

/** Whether a store writes the register, and how far behind the place that it names. */
static bool stores_register(const struct spill *spill, const struct instruction *instruction,
                            int64_t *offset)
{
    bool is_second = instruction->is_pair && instruction->second == spill->reg;
    *offset =
        instruction->source != spill->reg && is_second ? instruction_word_size(instruction) : 0;
    return instruction->source == spill->reg || is_second;
}

/** Looks for the store, as long as the register holds the argument. */
static void find_store(struct spill *spill, const struct instruction *instruction, target_addr pc,
                       const uint8_t *code)
{
    int64_t slot = 0, place = 0;
    int32_t delta = 0;
    int64_t header = spill->reader->program->arch->frame_header;
    (void)code;
    if (spill->found || spill->reg_is_old)
        return;
    if (instruction->kind == INSTRUCTION_STORE && stores_register(spill, instruction, &slot) &&
        instruction_word_size(instruction) == spill->size &&
        place_of(spill, instruction, pc, &place, &delta) && place + slot >= header && delta > 0) {
        spill->found = true;
        spill->pc = pc;
        spill->slot = place + slot;
    }
    if (instruction->kind == INSTRUCTION_CALL || (instruction->writes >> spill->reg & 1))
        spill->reg_is_old = true;
}

/** Whether a jump keeps to what makes the store one that is always and only once passed. */
static bool jump_is_harmless(const struct spill *spill, const struct instruction *instruction,
                             target_addr pc, const uint8_t *code)
{
    const uint8_t ret_arm64[] = {0xc0, 0x03, 0x5f, 0xd6};
    int32_t delta = 0;
    if (!instruction->has_constant) {
        bool is_return = instruction->size == 1
                             ? code[0] == 0xc3
                             : instruction->size == 4 && memcmp(code, ret_arm64, 4) == 0;
        return is_return && pc > spill->pc; // any other may lead anywhere
    }
    target_addr target = (target_addr)instruction->constant;
    if (pc >
        spill->pc) // back to the entry: the stack is larger now, the registers are as they were
        return target > spill->pc ||
               (target == spill->function->entry &&
                pc_function_sp_delta(spill->function, pc, &delta) && delta == 0);
    if (target <= spill->pc)
        return target > pc;
    return pc_function_sp_delta(spill->function, target, &delta) && delta == 0;
}

static void check_rest(struct spill *spill, const struct instruction *instruction, target_addr pc,
                       const uint8_t *code)
{
    enum { SIZE_UNKNOWN = 64 };
    int64_t slot = 0;
    int32_t delta = 0;
    if (instruction->kind == INSTRUCTION_JUMP && !jump_is_harmless(spill, instruction, pc, code))
        spill->refuted = true;
    if (pc == spill->pc || !place_of(spill, instruction, pc, &slot, &delta))
        return;
    bool reads = instruction->kind == INSTRUCTION_LOAD || instruction->kind == INSTRUCTION_COMPARE;
    int64_t size = instruction->access_size ? instruction->access_size : SIZE_UNKNOWN;
    if (reads || slot >= spill->slot + (int64_t)spill->size || slot + size <= spill->slot)
        return;
    int64_t offset = 0;
    bool saves = instruction->kind == INSTRUCTION_STORE && delta == 0 &&
                 stores_register(spill, instruction, &offset) && slot + offset == spill->slot;
    if (!saves)
        spill->refuted = true;
}

static bool holds_argument(struct spill *spill, target_addr pc)
{
    return for_each_instruction(spill, find_store) && spill->found && pc > spill->pc &&
           for_each_instruction(spill, check_rest) && !spill->refuted;
}

static bool in_range(target_addr address, target_addr start, target_addr end)
{
    return address >= start && address < end;
}

bool address_is_static(const struct program *program, target_addr address)
{
    const struct module_list *list = program->modules;
    for (size_t i = 0; list && i < list->count; i++) {
        const struct module *m = &list->items[i];
        if (in_range(address, m->types, m->etypes) || in_range(address, m->data, m->edata) ||
            in_range(address, m->bss, m->ebss) || in_range(address, m->text, m->etext) ||
            in_range(address, m->noptrdata, m->enoptrdata) ||
            in_range(address, m->noptrbss, m->enoptrbss))
            return true;
    }
    return address == 0;
}

/** Where the argument's parts are when the function begins. */
static bool parts_at_entry(struct value_reader *reader, const struct pc_function *function,
                           const struct dwarf_variable *variable, struct go_type *type,
                           struct value_parts *parts, struct location *location)
{
    const struct registers any = {.known = ~(uint64_t)0};
    const struct location_context context = {
        .pc = function->entry, .registers = &any, .space = reader->program->space};
    Dwarf_Die die = variable->die;
    uint64_t offsets[LOCATION_PIECES] = {0};
    struct error *err = dwarf_location_find(program_opened_dwarf(reader->program, context.pc), &die,
                                            &context, location);
    if (err) {
        error_ignore(err);
        return false;
    }
    return location->count > 0 && value_parts_of(reader, type, parts) &&
           pieces_place(reader, type, location, offsets) && location->count == parts->count;
}

static bool read_part(struct spill *spill, const struct variable_frame *frame, bool is_pointer,
                      uint8_t *bytes)
{
    const struct program *program = spill->reader->program;
    if (!holds_argument(spill, frame->pc) ||
        !address_space_try_read(program->space, frame->cfa + (uint64_t)spill->slot, bytes,
                                (size_t)spill->size))
        return false;
    return !is_pointer || address_is_static(program, load_u64(bytes));
}

bool passed_argument(struct value_reader *reader, struct arena *arena,
                     const struct variable_frame *frame, const struct dwarf_variable *variable,
                     struct go_type *type, struct storage *out)
{
    struct pc_function function;
    struct value_parts parts;
    struct location location = {0};
    bool any = false;
    if (frame->inline_depth != 0 || reader->program->release->minor < FIRST_REGISTER_ARGUMENTS ||
        !pc_function_find(reader->program->modules, frame->pc, &function) ||
        !parts_at_entry(reader, &function, variable, type, &parts, &location))
        return false;
    uint8_t *bytes = arena_alloc(arena, (size_t)type->size + 1);
    uint8_t *known = arena_alloc(arena, (size_t)type->size + 1);
    for (size_t i = 0; i < parts.count; i++) {
        uint64_t size = parts.items[i].size, offset = parts.items[i].offset;
        struct spill spill = {.reader = reader, .function = &function, .size = size};
        uint8_t part[8] = {0};
        if (location.pieces[i].kind != PIECE_REGISTER || size > sizeof part ||
            location.pieces[i].reg >= REGISTER_COUNT)
            continue;
        spill.reg = (int)location.pieces[i].reg;
        const struct passed_part passed = {.reg = location.pieces[i].reg,
                                           .size = (size_t)size,
                                           .is_pointer = parts.items[i].is_pointer};
        if (!read_part(&spill, frame, passed.is_pointer, part) &&
            !caller_copy(reader, frame, &function, &passed, part))
            continue;
        memcpy(bytes + offset, part, (size_t)size);
        memset(known + offset, 1, (size_t)size);
        any = true;
    }
    *out = (struct storage){.bytes = bytes, .known = known};
    return any;
}

static void find_address(struct spill *spill, const struct instruction *instruction, target_addr pc,
                         const uint8_t *code)
{
    int64_t slot = 0;
    int32_t delta = 0;
    (void)code;
    bool reads = instruction->kind == INSTRUCTION_LOAD || instruction->kind == INSTRUCTION_COMPARE;
    if (!reads && instruction->kind != INSTRUCTION_STORE &&
        place_of(spill, instruction, pc, &slot, &delta) && slot >= spill->slot &&
        slot < spill->slot + (int64_t)spill->size)
        spill->refuted = true;
}

bool argument_is_addressed(struct value_reader *reader, const struct variable_frame *frame,
                           const struct dwarf_variable *variable, struct go_type *type)
{
    struct pc_function function;
    struct value_parts parts;
    struct location location = {0};
    if (frame->inline_depth != 0 || reader->program->release->minor < FIRST_REGISTER_ARGUMENTS ||
        !pc_function_find(reader->program->modules, frame->pc, &function) ||
        !parts_at_entry(reader, &function, variable, type, &parts, &location))
        return false;
    for (size_t i = 0; i < parts.count; i++) {
        struct spill spill = {.reader = reader,
                              .function = &function,
                              .reg = (int)location.pieces[i].reg,
                              .size = parts.items[i].size};
        if (location.pieces[i].kind != PIECE_REGISTER || location.pieces[i].reg >= REGISTER_COUNT ||
            !for_each_instruction(&spill, find_store))
            continue;
        if (!spill.found) {
            // After `p, q = q, p` another register may be what is saved to its slot; which of the
            // arguments' slots is its own is not told, so the address of any counts.
            spill.slot = reader->program->arch->frame_header;
            spill.size = ARGUMENTS_MAX;
        }
        if (for_each_instruction(&spill, find_address) && spill.refuted)
            return true;
    }
    return false;
}
