// SPDX-License-Identifier: MIT
#include "variable_storage.h"

#include "base/limits.h"

#include <string.h>

/** Copies what one piece holds into bytes[0 … size) and marks what is known. */
static void copy_piece(const struct location_context *context, const struct location_piece *piece,
                       uint8_t *bytes, uint8_t *known, size_t size)
{
    uint64_t value = piece->value;
    switch (piece->kind) {
    case PIECE_ABSENT:
        return;
    case PIECE_MEMORY:
        if (address_space_try_read(context->space, piece->address, bytes, size))
            memset(known, 1, size);
        return;
    case PIECE_REGISTER:
        if (!context->registers || !register_get(context->registers, piece->reg, &value))
            return;
        break;
    case PIECE_VALUE:
        break;
    }
    for (size_t i = 0; i < size && i < 8; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
        known[i] = 1;
    }
}

bool location_word(const struct location_context *context, const struct location *location,
                   uint64_t *out)
{
    uint8_t bytes[8], known[8] = {0};
    if (location->count != 1)
        return false;
    copy_piece(context, &location->pieces[0], bytes, known, sizeof bytes);
    if (memchr(known, 0, sizeof known))
        return false;
    *out = load_u64(bytes);
    return true;
}

bool variable_is_optimized(const struct dwarf_variable *variable)
{
    Dwarf_Die die = variable->die, unit;
    Dwarf_Attribute attribute;
    const char *producer = NULL;
    if (dwarf_diecu(&die, &unit, NULL, NULL) && dwarf_attr(&unit, DW_AT_producer, &attribute))
        producer = dwarf_formstring(&attribute);
    return !producer || !strstr(producer, " -N");
}

/** Whether all pieces lie in memory as the variable itself would: then it has an address. */
static bool is_contiguous(const struct location *location, const uint64_t *offsets)
{
    for (size_t i = 0; i < location->count; i++) {
        const struct location_piece *piece = &location->pieces[i];
        if (piece->kind != PIECE_MEMORY ||
            piece->address - offsets[i] != location->pieces[0].address - offsets[0])
            return false;
    }
    return true;
}

/**
 * Whether a list of optimised code that names no sizes means all of a variable. It may mean one
 * part of several, where the others have no place. But a part comes out of a register, and is saved
 * from there; what is never anywhere but in the frame is kept there whole (its address was taken).
 */
static bool is_kept_whole(struct value_reader *reader, const struct location_context *context,
                          const struct dwarf_variable *variable, const struct location_piece *piece)
{
    AUTO(arena) scratch = arena_new();
    const struct registers any = {.known = ~(uint64_t)0};
    struct dwarf_index *dwarf =
        program_opened_dwarf(reader->program, context->pc); // a plugin's own
    struct location_context there = *context;
    Dwarf_Die die = variable->die;
    target_addr *starts;
    if (!dwarf)
        return false;
    size_t count = dwarf_location_starts(dwarf, &die, scratch, &starts);
    // The caller's part of the frame is where arguments begin.
    bool own =
        variable->role == VARIABLE_RESULT ||
        (variable->role == VARIABLE_LOCAL && context->has_cfa && piece->address < context->cfa);
    there.registers = &any;
    for (size_t i = 0; own && i < count; i++) {
        struct location location = {0};
        there.pc = starts[i];
        struct error *err = dwarf_location_find(dwarf, &die, &there, &location);
        own = !err && location.count == 1 && location.pieces[0].kind == PIECE_MEMORY &&
              location.pieces[0].size == 0 && location.pieces[0].address == piece->address;
        error_ignore(err);
    }
    return own && count > 0;
}

bool variable_storage(struct value_reader *reader, struct arena *arena,
                      const struct location_context *context, const struct dwarf_variable *variable,
                      struct location *location, struct go_type *type, struct storage *out)
{
    const struct location_piece *first = &location->pieces[0];
    bool in_memory = location->count == 1 && first->kind == PIECE_MEMORY && first->size == 0;
    // In optimised code a list names parts, and a single one may be any of them.
    bool in_parts = variable->placed_by_list && variable_is_optimized(variable);
    if (in_memory && (!in_parts || is_kept_whole(reader, context, variable, first))) {
        *out = storage_at(first->address);
        return true;
    }
    uint64_t offsets[LOCATION_PIECES] = {0};
    if (type->size > LIMIT_PIECED_SIZE || !pieces_place(reader, type, location, offsets))
        return false;
    if (location->count > 0 && is_contiguous(location, offsets)) {
        *out = storage_at(first->address - offsets[0]);
        return true;
    }
    uint8_t *bytes = arena_alloc(arena, (size_t)type->size + 1);
    uint8_t *known = arena_alloc(arena, (size_t)type->size + 1);
    for (size_t i = 0; i < location->count; i++) {
        uint64_t size = location->pieces[i].size ? location->pieces[i].size : type->size;
        if (offsets[i] + size > type->size)
            return false;
        copy_piece(context, &location->pieces[i], bytes + offsets[i], known + offsets[i],
                   (size_t)size);
    }
    *out = (struct storage){.bytes = bytes, .known = known};
    return true;
}

static bool place_of(struct value_reader *reader, const struct dwarf_variable *variable,
                     const struct location_context *context, struct location *out)
{
    Dwarf_Die die = variable->die;
    *out = (struct location){0};
    struct error *err =
        dwarf_location_find(program_opened_dwarf(reader->program, context->pc), &die, context, out);
    error_ignore(err); // there is none, then
    return !err && out->count > 0;
}

bool variable_place_in_frame(struct value_reader *reader, const struct dwarf_variable *variable,
                             target_addr pc, struct location *out)
{
    const target_addr cfa = (target_addr)1 << 40; // any: only the distance matters
    const struct location_context context = {
        .pc = pc, .cfa = cfa, .has_cfa = true, .space = reader->program->space};
    if (!place_of(reader, variable, &context, out))
        return false;
    for (size_t i = 0; i < out->count; i++)
        if (out->pieces[i].kind == PIECE_MEMORY)
            out->pieces[i].address -= cfa;
    return true;
}

bool variable_place_in_registers(struct value_reader *reader, const struct dwarf_variable *variable,
                                 target_addr pc, struct location *out)
{
    const struct registers any = {.known = ~(uint64_t)0};
    const struct location_context context = {
        .pc = pc, .registers = &any, .space = reader->program->space};
    return place_of(reader, variable, &context, out);
}
