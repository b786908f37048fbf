// SPDX-License-Identifier: MIT
#include "values/variables.h"
#include "values_internal.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "symbols/dwarf_location.h"

#include <string.h>

/** What the variables of one frame share. */
struct frame_reader {
    struct value_reader *reader;
    struct arena *arena;
    struct dwarf_index *dwarf;
    struct location_context context;
    target_addr dictionary; ///< of an instantiated generic, 0: none is known
    struct buffer gone;     ///< names of locals that are optimised out
    size_t gone_count;
};

static struct value *value_without(struct arena *arena, const char *why)
{
    struct value *out = ARENA_NEW(arena, struct value);
    out->unreadable = why;
    return out;
}

static struct value *value_of_error(struct arena *arena, struct error *err)
{
    const char *why =
        error_kind(err) == ERROR_UNMAPPED ? not_in_core : arena_string(arena, error_message(err));
    error_free(err);
    return value_without(arena, why);
}

/** Copies what one piece holds into bytes[0 … size). */
static void copy_piece(const struct frame_reader *frame, const struct location_piece *piece,
                       uint8_t *bytes, uint8_t *known, size_t size)
{
    uint64_t value = piece->value;
    switch (piece->kind) {
    case PIECE_ABSENT:
        return;
    case PIECE_MEMORY:
        if (address_space_try_read(frame->context.space, piece->address, bytes, size))
            memset(known, 1, size);
        return;
    case PIECE_REGISTER:
        if (!frame->context.registers ||
            !register_get(frame->context.registers, piece->reg, &value))
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

/** Where the size bytes of a variable are: in memory as one, or put together from pieces. */
static struct storage storage_from(const struct frame_reader *frame,
                                   const struct location *location, uint64_t size)
{
    const struct location_piece *first = &location->pieces[0];
    if (location->count == 1 && first->kind == PIECE_MEMORY &&
        (first->size == 0 || first->size >= size))
        return storage_at(first->address);
    uint8_t *bytes = arena_alloc(frame->arena, (size_t)size + 1);
    uint8_t *known = arena_alloc(frame->arena, (size_t)size + 1);
    uint64_t offset = 0;
    for (size_t i = 0; i < location->count && offset < size; i++) {
        const struct location_piece *piece = &location->pieces[i];
        uint64_t rest = size - offset;
        uint64_t piece_size = piece->size && piece->size < rest ? piece->size : rest;
        copy_piece(frame, piece, bytes + offset, known + offset, (size_t)piece_size);
        offset += piece_size;
    }
    return (struct storage){.bytes = bytes, .known = known};
}

static struct value *read_in_place(struct frame_reader *frame, const struct location *location,
                                   struct go_type *type)
{
    bool whole = location->count == 1 && location->pieces[0].kind == PIECE_MEMORY;
    if (!whole && type->size > LIMIT_PIECED_SIZE)
        return value_without(frame->arena, optimized_out);
    return value_read(frame->reader, frame->arena, type, storage_from(frame, location, type->size));
}

/** A variable that was moved to the heap, or captured by reference: the frame holds its address. */
static struct value *read_escaped(struct frame_reader *frame, const struct location *location,
                                  struct go_type *type)
{
    struct storage pointer = storage_from(frame, location, 8);
    target_addr address = 0;
    const char *missing = storage_word(frame->reader, pointer, 0, &address);
    if (!missing && address == 0)
        missing = "not set yet";
    if (missing)
        return value_without(frame->arena, missing);
    return value_read(frame->reader, frame->arena, type, storage_at(address));
}

/** @return NULL for a variable that has no location at this pc */
static struct value *read_located(struct frame_reader *frame, struct dwarf_variable *variable,
                                  struct go_type *type)
{
    struct location location = {0};
    struct error *err =
        dwarf_location_find(frame->dwarf, &variable->die, &frame->context, &location);
    if (err)
        return value_of_error(frame->arena, err);
    if (location.count == 0)
        return NULL;
    if (variable->escaped || variable->captured_by_reference)
        return read_escaped(frame, &location, type);
    return read_in_place(frame, &location, type);
}

/** A list with room for all of a frame's variables. */
static void list_reserve(struct arena *arena, struct value_list *list, size_t count)
{
    list->items = arena_array(arena, count, sizeof(struct value *));
}

static bool is_gone(const struct value *value)
{
    return !value || value->unreadable == optimized_out;
}

static void read_variable(struct frame_reader *frame, struct dwarf_variable *variable,
                          struct frame_variables *out)
{
    struct go_type *type = NULL;
    struct error *err = variable_type_find(frame->reader, variable, frame->dictionary, &type);
    struct value *value =
        err ? value_of_error(frame->arena, err) : read_located(frame, variable, type);
    enum variable_role role = variable->role;
    if (is_gone(value)) {
        if (role == VARIABLE_RESULT) // has its place only once it is returned
            return;
        if (role != VARIABLE_ARGUMENT) {
            buffer_printf(&frame->gone, "%s%s", frame->gone_count++ ? ", " : "", variable->name);
            return;
        }
        value = value_without(frame->arena, optimized_out);
    }
    value->name = arena_string(frame->arena, variable->name);
    if (!value->type && type)
        value->type = arena_string(frame->arena, type->name);
    value->escaped = variable->escaped || variable->captured_by_reference;
    value->shadowed = variable->shadowed;
    bool is_argument = role == VARIABLE_ARGUMENT || role == VARIABLE_RESULT;
    struct value_list *list = is_argument ? &out->arguments : &out->locals;
    list->items[list->count++] = value;
}

/** The address of a generic's dictionary, where the frame still has it. */
static target_addr find_dictionary(struct frame_reader *frame, struct dwarf_variables *variables)
{
    struct location location = {0};
    target_addr dictionary = 0;
    if (!variables->has_dictionary)
        return 0;
    struct error *err =
        dwarf_location_find(frame->dwarf, &variables->dictionary, &frame->context, &location);
    if (err) {
        error_ignore(err);
        return 0;
    }
    if (location.count == 0 ||
        storage_word(frame->reader, storage_from(frame, &location, 8), 0, &dictionary))
        return 0;
    return dictionary;
}

static const char *note_gone(const struct frame_reader *frame)
{
    if (frame->gone_count == 0)
        return NULL;
    return arena_printf(frame->arena, "%zu variable%s optimized out here: %s", frame->gone_count,
                        frame->gone_count == 1 ? "" : "s", buffer_text(&frame->gone));
}

struct error *variables_read(struct value_reader *reader, struct arena *arena,
                             const struct variable_frame *frame, struct frame_variables *out)
{
    AUTO(arena) scratch = arena_new();
    struct dwarf_variables variables = {0};
    struct frame_reader state = {
        .reader = reader,
        .arena = arena,
        .context = {.pc = frame->pc,
                    .cfa = frame->cfa,
                    .has_cfa = true,
                    .registers = frame->registers,
                    .space = reader->program->space},
    };
    struct error *err = program_dwarf(reader->program, &state.dwarf);
    if (!err)
        err = dwarf_index_variables(state.dwarf, frame->pc, frame->inline_depth, frame->function,
                                    scratch, &variables);
    if (err)
        return err;
    struct frame_variables found = {0};
    state.dictionary = find_dictionary(&state, &variables);
    list_reserve(arena, &found.arguments, variables.count);
    list_reserve(arena, &found.locals, variables.count);
    for (size_t i = 0; i < variables.count; i++) {
        if (!variable_is_hidden(variables.items[i].name))
            read_variable(&state, &variables.items[i], &found);
    }
    found.note = note_gone(&state);
    buffer_clear(&state.gone);
    *out = found;
    return NULL;
}
