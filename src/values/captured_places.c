// SPDX-License-Identifier: MIT
#include "captured_internal.h"
#include "variable_storage.h"

#include "symbols/dwarf_location.h"
#include "symbols/function_code.h"

enum { CODE_MAX = 1024 }; ///< bytes of a function that are looked at: its first block

/** What a register holds, as far as it comes from the closure object. */
struct content {
    enum { CONTENT_OTHER, CONTENT_ADDRESS, CONTENT_WORD } kind;
    uint64_t offset;
};

/** The first block of a function, instruction by instruction. */
struct entry_block {
    struct value_reader *reader;
    const struct pc_function *function;
    const struct dwarf_variables *variables;
    struct captured_place *places;
    struct content content[REGISTER_COUNT];
    int64_t entry_line;
    const struct function_code *code;
    size_t at;      ///< the instruction that is looked at
    target_addr pc; ///< its address, or the one behind it
    unsigned jumps;
    /** Words of the closure object that are used, a bit each; beyond them too_far. */
    uint64_t loaded;
    bool too_far;
};

enum { WORD_BITS = 64 };

static uint64_t word_bit(uint64_t offset)
{
    return offset / 8 < WORD_BITS ? (uint64_t)1 << offset / 8 : 0;
}

/** The offset from the CFA at which a variable lies in the frame. */
static bool frame_offset(struct entry_block *block, const struct dwarf_variable *variable,
                         int64_t *out)
{
    struct location location;
    if (!variable_place_in_frame(block->reader, variable, block->pc, &location))
        return false;
    *out = (int64_t)location.pieces[0].address;
    return location.pieces[0].kind == PIECE_MEMORY;
}

/** Whether DWARF gives one register for a variable of several words: which of them is not said. */
static bool is_some_word(struct entry_block *block, const struct dwarf_variable *variable,
                         const struct location *location)
{
    struct go_type *type = NULL;
    if (location->count != 1 || variable->escaped)
        return false;
    struct error *err = variable_type_find(block->reader, variable, 0, &type);
    bool is_word = !err && type->size <= 8;
    error_ignore(err); // of a type that is not known nothing is said
    return !is_word;
}

/** The register that holds the first word of a variable at block->pc, -1: none. */
static int first_register(struct entry_block *block, const struct dwarf_variable *variable)
{
    struct location location;
    bool in_register = variable_place_in_registers(block->reader, variable, block->pc, &location) &&
                       location.pieces[0].kind == PIECE_REGISTER &&
                       !is_some_word(block, variable, &location);
    return in_register ? (int)location.pieces[0].reg : -1;
}

/** A captured variable is declared outside of the closure's body. */
static bool may_be_captured(const struct entry_block *block, size_t i)
{
    const struct dwarf_variable *variable = &block->variables->items[i];
    bool is_local = variable->role == VARIABLE_LOCAL || variable->role == VARIABLE_CAPTURED;
    return !block->places[i].found && is_local && variable->scope_depth == 0 &&
           (variable->line == 0 || variable->line <= block->entry_line);
}

static void place(struct entry_block *block, size_t i, const struct content *content)
{
    bool holds_address = block->variables->items[i].escaped;
    if (content->kind == CONTENT_OTHER || (content->kind == CONTENT_ADDRESS && !holds_address))
        return;
    // Up to Go 1.16 a large variable captured by value is "&x" too: its address in the object.
    block->places[i] = (struct captured_place){
        .captured = true,
        .found = true,
        .by_address = holds_address && content->kind == CONTENT_WORD,
        .offset = content->offset,
    };
}

/** A register is stored to the frame: whose memory is it? */
static void note_stored(struct entry_block *block, const struct instruction *instruction, int reg,
                        unsigned behind)
{
    int64_t slot;
    if (instruction->index >= 0 || reg < 0 || reg >= REGISTER_COUNT ||
        !function_code_slot(block->code, block->at, &slot))
        return;
    slot += behind;
    for (size_t i = 0; i < block->variables->count; i++) {
        int64_t offset = 0;
        if (may_be_captured(block, i) &&
            frame_offset(block, &block->variables->items[i], &offset) && offset == slot)
            place(block, i, &block->content[reg]);
    }
}

static void note_store(struct entry_block *block, const struct instruction *instruction)
{
    note_stored(block, instruction, instruction->source, 0);
    if (instruction->is_pair)
        note_stored(block, instruction, instruction->second, instruction_word_size(instruction));
}

static void note_registers(struct entry_block *block)
{
    for (size_t i = 0; i < block->variables->count; i++) {
        if (!may_be_captured(block, i))
            continue;
        int reg = first_register(block, &block->variables->items[i]);
        if (reg >= 0 && reg < REGISTER_COUNT)
            place(block, i, &block->content[reg]);
    }
}

static struct content content_after(const struct entry_block *block,
                                    const struct instruction *instruction)
{
    struct content none = {0};
    bool adds = instruction->kind == INSTRUCTION_ADD && instruction->has_constant &&
                !instruction->has_memory; // arm64 has no lea
    bool of_source = adds || instruction->kind == INSTRUCTION_MOVE;
    int from = of_source ? instruction->source : instruction->base;
    if (from < 0 || from >= REGISTER_COUNT || instruction->pc_relative ||
        (!of_source && instruction->index >= 0))
        return none;
    struct content content = block->content[from];
    switch (instruction->kind) {
    case INSTRUCTION_MOVE:
        return content;
    case INSTRUCTION_LOAD:
    case INSTRUCTION_ADDRESS:
    case INSTRUCTION_ADD:
        if (content.kind != CONTENT_ADDRESS)
            return none;
        content.offset += (uint64_t)(adds ? instruction->constant : instruction->displacement);
        if (instruction->kind == INSTRUCTION_LOAD)
            content.kind = CONTENT_WORD;
        return content;
    default:
        return none;
    }
}

/** Notes that the closure object is used, in whatever way. */
static void note_access(struct entry_block *block, const struct instruction *instruction)
{
    int base = instruction->base;
    if (!instruction->has_memory || base < 0 || base >= REGISTER_COUNT ||
        block->content[base].kind != CONTENT_ADDRESS)
        return;
    uint64_t offset = block->content[base].offset + (uint64_t)instruction->displacement;
    for (unsigned i = 0; i < (instruction->is_pair ? 2U : 1U); i++) {
        uint64_t word = offset + (uint64_t)i * instruction_word_size(instruction);
        block->loaded |= word_bit(word);
        block->too_far = block->too_far || !word_bit(word);
    }
}

/** @return whether the next instruction belongs to the same straight line */
static bool step(struct entry_block *block, const struct instruction *instruction)
{
    if (instruction->kind == INSTRUCTION_CALL)
        return false;
    if (instruction->kind == INSTRUCTION_JUMP)
        return block->jumps++ == 0; // the stack check
    if (instruction->kind == INSTRUCTION_STORE) {
        note_store(block, instruction);
        return true;
    }
    note_access(block, instruction);
    struct content content = content_after(block, instruction);
    for (unsigned reg = 0; reg < REGISTER_COUNT; reg++) {
        if (instruction->writes >> reg & 1)
            block->content[reg] = (struct content){0};
    }
    if (instruction->destination >= 0 && instruction->destination < REGISTER_COUNT)
        block->content[instruction->destination] = content;
    if (instruction->is_pair && instruction->second >= 0 && content.kind != CONTENT_OTHER) {
        content.offset += instruction_word_size(instruction);
        block->content[instruction->second] = content;
    }
    block->pc += instruction->size; // locations are those behind it
    note_registers(block);
    block->pc -= instruction->size;
    return true;
}

static void run_entry_block(struct entry_block *block)
{
    const struct function_code *code = block->code;
    for (size_t i = 0; i < code->count && code->offsets[i] < CODE_MAX; i++) {
        block->at = i;
        block->pc = function_code_pc(code, i);
        if (!step(block, &code->instructions[i]))
            return;
    }
}

/**
 * Whether every word that the function loads from its object belongs to a variable that was found.
 * Code that only takes a string's length leaves no variable behind in DWARF.
 */
static bool all_explained(struct entry_block *block)
{
    uint64_t explained = 1; // the code pointer
    for (size_t i = 0; i < block->variables->count; i++) {
        struct go_type *type = NULL;
        if (!block->places[i].found)
            continue;
        uint64_t size = 8;
        struct error *err =
            variable_type_find(block->reader, &block->variables->items[i], 0, &type);
        if (!err && !block->places[i].by_address)
            size = type->size;
        error_ignore(err);
        for (uint64_t word = 0; word < size && word < (uint64_t)8 * WORD_BITS; word += 8)
            explained |= word_bit(block->places[i].offset + word);
    }
    return !block->too_far && !(block->loaded & ~explained);
}

/**
 * Whether DWARF leaves open if the closure holds a variable or its address: a large one is "&x" in
 * both cases, its address in the object or that of the variable itself. What lies behind tells how
 * much room it has there; the last one has nothing behind it.
 */
static bool may_be_in_closure(struct value_reader *reader, const struct dwarf_variable *variable)
{
    struct go_type *type = NULL;
    struct value_parts parts;
    if (!variable->captured_by_reference || variable->closure_slot != 0)
        return false;
    struct error *err = variable_type_find(reader, variable, 0, &type);
    bool is_small = !err && value_parts_of(reader, type, &parts);
    error_ignore(err);
    return !is_small;
}

/** Goes through the function's first instructions. @return false where they cannot be decoded */
static bool look_at_code(struct entry_block *block)
{
    const struct program *program = block->reader->program;
    AUTO(arena) scratch = arena_new();
    block->code = function_code_read(program, block->function, scratch);
    if (!block->code)
        return false;
    block->content[program->arch->closure].kind = CONTENT_ADDRESS;
    run_entry_block(block);
    return true;
}

/** What DWARF says where a variable lies, checked by the code where that leaves something open. */
static void settle_told(struct entry_block *block)
{
    bool open = false;
    for (size_t i = 0; i < block->variables->count; i++) {
        if (!may_be_in_closure(block->reader, &block->variables->items[i]))
            continue;
        block->places[i].found = false;
        open = true;
    }
    if (!open || !look_at_code(block))
        return;
    for (size_t i = 0; i < block->variables->count; i++)
        if (block->places[i].offset != block->variables->items[i].closure_offset)
            block->places[i].found = false;
}

bool captured_places(struct value_reader *reader, const struct pc_function *function,
                     const struct dwarf_variables *variables, struct captured_place *places)
{
    bool told = false;
    const char *file;
    int32_t line;
    pc_function_line(function, function->entry, &file, &line);
    struct entry_block block = {.reader = reader,
                                .function = function,
                                .variables = variables,
                                .places = places,
                                .entry_line = line};
    for (size_t i = 0; i < variables->count; i++) {
        const struct dwarf_variable *variable = &variables->items[i];
        places[i] = (struct captured_place){.captured = variable->has_closure_offset,
                                            .found = variable->has_closure_offset,
                                            .by_address = variable->captured_by_reference,
                                            .offset = variable->closure_offset};
        told = told || variable->has_closure_offset;
    }
    if (told)
        settle_told(&block);
    if (told || reader->program->release->real_minor >= 23)
        return true;
    for (size_t i = 0; i < variables->count; i++)
        places[i].captured = may_be_captured(&block, i) && variables->items[i].line > 0 &&
                             variables->items[i].line < block.entry_line;
    return look_at_code(&block) && all_explained(&block);
}
