// SPDX-License-Identifier: MIT
#include "passed.h"
#include "caller_copy.h"
#include "variable_storage.h"

#include "symbols/function_code.h"

#include <string.h>

enum { ARGUMENTS_MAX = 1 << 16 };

/**
 * A register argument's slot and the code that writes it. It holds the argument if
 *  - it is written once, from the argument's register, before anything else has written that
 *    register, and besides only by the code that makes the stack larger, which starts over;
 *  - no way leads around that store, and none back to before it.
 */
struct spill {
    const struct function_code *code;
    int reg;
    uint64_t size;
    size_t at;    ///< the store, CODE_NONE: none was found
    int64_t slot; ///< from the CFA
};

/** The place from the CFA that an instruction names. */
static bool place_of(const struct function_code *code, size_t at, int64_t *slot)
{
    const struct instruction *one = &code->instructions[at];
    return !(one->has_memory && one->index >= 0) && function_code_slot(code, at, slot);
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
static void find_store(struct spill *spill)
{
    const struct function_code *code = spill->code;
    int64_t header = code->program->arch->frame_header;
    spill->at = CODE_NONE;
    for (size_t i = 0; i < code->count; i++) {
        const struct instruction *one = &code->instructions[i];
        int64_t offset = 0, place = 0;
        if (one->kind == INSTRUCTION_STORE && stores_register(spill, one, &offset) &&
            instruction_word_size(one) == spill->size && place_of(code, i, &place) &&
            place + offset >= header && code->deltas[i] > 0) {
            spill->at = i;
            spill->slot = place + offset;
            return;
        }
        if (one->kind == INSTRUCTION_CALL || (one->writes >> spill->reg & 1))
            return; // it no longer holds what it held at the entry
    }
}

/** Whether a jump keeps to what makes the store one that is always and only once passed. */
static bool jump_is_harmless(const struct spill *spill, size_t at)
{
    const struct function_code *code = spill->code;
    const struct instruction *jump = &code->instructions[at];
    if (!jump->has_constant)
        return jump->is_return && at > spill->at; // any other may lead anywhere
    target_addr target = (target_addr)jump->constant, store = function_code_pc(code, spill->at);
    // Back to the entry: the stack is larger now, the registers are as they were.
    if (at > spill->at)
        return target > store || (target == code->function.entry && code->deltas[at] == 0);
    if (target <= store)
        return target > function_code_pc(code, at);
    int32_t delta = 0;
    return pc_function_sp_delta(&code->function, target, &delta) && delta == 0;
}

/** Whether an instruction leaves what the store has put into the slot there. */
static bool slot_stays(const struct spill *spill, size_t at)
{
    enum { SIZE_UNKNOWN = 64 };
    const struct instruction *one = &spill->code->instructions[at];
    int64_t slot = 0, offset = 0;
    if (at == spill->at || !place_of(spill->code, at, &slot))
        return true;
    bool reads = one->kind == INSTRUCTION_LOAD || one->kind == INSTRUCTION_COMPARE;
    int64_t size = one->access_size ? one->access_size : SIZE_UNKNOWN;
    if (reads || slot >= spill->slot + (int64_t)spill->size || slot + size <= spill->slot)
        return true;
    return one->kind == INSTRUCTION_STORE && spill->code->deltas[at] == 0 &&
           stores_register(spill, one, &offset) && slot + offset == spill->slot;
}

static bool holds_argument(struct spill *spill, target_addr pc)
{
    const struct function_code *code = spill->code;
    find_store(spill);
    if (spill->at == CODE_NONE || pc <= function_code_pc(code, spill->at))
        return false;
    for (size_t i = 0; i < code->count; i++)
        if ((code->instructions[i].kind == INSTRUCTION_JUMP && !jump_is_harmless(spill, i)) ||
            !slot_stays(spill, i))
            return false;
    return true;
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

/** The frame's code, where its arguments came in registers; NULL: they did not, or not all of it
 * can be decoded. */
static const struct function_code *
code_of(struct value_reader *reader, const struct variable_frame *frame, struct arena *scratch)
{
    const struct program *program = reader->program;
    struct pc_function function;
    if (frame->inline_depth != 0 || arch_argument(program->arch, program->release->minor, 0) < 0 ||
        !pc_function_find(program->modules, frame->pc, &function))
        return NULL;
    const struct function_code *code = function_code_read(program, &function, scratch);
    return code && code->whole ? code : NULL;
}

/** Where the argument's parts are when the function begins. */
static bool parts_at_entry(struct value_reader *reader, const struct pc_function *function,
                           const struct dwarf_variable *variable, struct go_type *type,
                           struct value_parts *parts, struct location *location)
{
    uint64_t offsets[LOCATION_PIECES] = {0};
    return variable_place_in_registers(reader, variable, function->entry, location) &&
           value_parts_of(reader, type, parts) && pieces_place(reader, type, location, offsets) &&
           location->count == parts->count;
}

static bool read_part(struct spill *spill, const struct variable_frame *frame, bool is_pointer,
                      uint8_t *bytes)
{
    const struct program *program = spill->code->program;
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
    struct value_parts parts;
    struct location location = {0};
    bool any = false;
    AUTO(arena) scratch = arena_new();
    const struct function_code *code = code_of(reader, frame, scratch);
    if (!code || !parts_at_entry(reader, &code->function, variable, type, &parts, &location))
        return false;
    uint8_t *bytes = arena_alloc(arena, (size_t)type->size + 1);
    uint8_t *known = arena_alloc(arena, (size_t)type->size + 1);
    for (size_t i = 0; i < parts.count; i++) {
        uint64_t size = parts.items[i].size, offset = parts.items[i].offset;
        struct spill spill = {.code = code, .size = size};
        uint8_t part[8] = {0};
        if (location.pieces[i].kind != PIECE_REGISTER || size > sizeof part ||
            location.pieces[i].reg >= REGISTER_COUNT)
            continue;
        spill.reg = (int)location.pieces[i].reg;
        const struct passed_part passed = {.reg = location.pieces[i].reg,
                                           .size = (size_t)size,
                                           .is_pointer = parts.items[i].is_pointer};
        if (!read_part(&spill, frame, passed.is_pointer, part) &&
            !caller_copy(reader, frame, &code->function, &passed, part))
            continue;
        memcpy(bytes + offset, part, (size_t)size);
        memset(known + offset, 1, (size_t)size);
        any = true;
    }
    *out = (struct storage){.bytes = bytes, .known = known};
    return any;
}

/** Whether the function takes the address of a place in the spill's slot. */
static bool takes_address(const struct spill *spill)
{
    const struct function_code *code = spill->code;
    for (size_t i = 0; i < code->count; i++) {
        enum instruction_kind kind = code->instructions[i].kind;
        int64_t slot = 0;
        bool accesses =
            kind == INSTRUCTION_LOAD || kind == INSTRUCTION_COMPARE || kind == INSTRUCTION_STORE;
        if (!accesses && place_of(code, i, &slot) && slot >= spill->slot &&
            slot < spill->slot + (int64_t)spill->size)
            return true;
    }
    return false;
}

bool argument_is_addressed(struct value_reader *reader, const struct variable_frame *frame,
                           const struct dwarf_variable *variable, struct go_type *type)
{
    struct value_parts parts;
    struct location location = {0};
    AUTO(arena) scratch = arena_new();
    const struct function_code *code = code_of(reader, frame, scratch);
    if (!code || !parts_at_entry(reader, &code->function, variable, type, &parts, &location))
        return false;
    for (size_t i = 0; i < parts.count; i++) {
        struct spill spill = {
            .code = code, .reg = (int)location.pieces[i].reg, .size = parts.items[i].size};
        if (location.pieces[i].kind != PIECE_REGISTER || location.pieces[i].reg >= REGISTER_COUNT)
            continue;
        find_store(&spill);
        if (spill.at == CODE_NONE) {
            // After `p, q = q, p` another register may be what is saved to its slot; which of the
            // arguments' slots is its own is not told, so the address of any counts.
            spill.slot = code->program->arch->frame_header;
            spill.size = ARGUMENTS_MAX;
        }
        if (takes_address(&spill))
            return true;
    }
    return false;
}
