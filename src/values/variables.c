// SPDX-License-Identifier: MIT
#include "values/variables.h"
#include "declared.h"
#include "dictionary.h"
#include "last_use.h"
#include "passed.h"
#include "variable_storage.h"

#include "base/buffer.h"
#include "base/limits.h"

#include <string.h>

/** What the variables of one frame share. */
struct frame_reader {
    struct value_reader *reader;
    struct arena *arena;
    struct dwarf_index *dwarf;
    struct location_context context;
    const struct variable_frame *place;
    target_addr dictionary; ///< of an instantiated generic, 0: none is known
    struct buffer gone;     ///< names of locals that are optimised out
    size_t gone_count;
    struct frame_places places;
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

static struct value *read_in_place(struct frame_reader *frame,
                                   const struct dwarf_variable *variable, struct location *location,
                                   struct go_type *type)
{
    struct storage storage;
    if (!variable_storage(frame->reader, frame->arena, &frame->context, variable, location, type,
                          &storage))
        return value_without(frame->arena, optimized_out);
    return value_read(frame->reader, frame->arena, type, storage);
}

/** A variable that was moved to the heap, or captured by reference: the frame holds its address. */
static struct value *read_escaped(struct frame_reader *frame, const struct location *location,
                                  struct go_type *type)
{
    target_addr address = 0;
    if (!location_word(&frame->context, location, &address))
        return value_without(frame->arena, optimized_out);
    if (address == 0)
        return value_without(frame->arena, "not set yet");
    return value_read(frame->reader, frame->arena, type, storage_at(address));
}

/** Whether behind a call a piece is where it was before, or in the frame and no longer in a
 * register. */
static bool is_kept(const struct location_piece *before, const struct location_piece *behind)
{
    if (before->size != behind->size)
        return false;
    if (before->kind == PIECE_REGISTER)
        return behind->kind == PIECE_MEMORY;
    return before->kind == behind->kind && before->address == behind->address &&
           before->value == behind->value;
}

/**
 * A list goes on naming a register, as long as that is right, when what it holds has also been
 * saved in the frame. The call makes an end of it: what the list says right behind the call, in the
 * frame, was there before. Go 1.21 does so of arguments without optimisation too, in a function's
 * first call.
 */
static void look_behind_call(struct frame_reader *frame, struct dwarf_variable *variable,
                             struct location *location)
{
    const struct registers any = {.known = ~(uint64_t)0};
    struct location_context context = frame->context;
    struct location before = {0}, behind = {0};
    if (context.registers)
        return; // stopped by a signal, not in a call
    context.registers = &any;
    struct error *err = dwarf_location_find(frame->dwarf, &variable->die, &context, &before);
    context.pc++;
    if (!err)
        err = dwarf_location_find(frame->dwarf, &variable->die, &context, &behind);
    // Without optimisation all words of a variable are saved together, and have one place.
    bool whole =
        behind.count == 1 && behind.pieces[0].size == 0 && !variable_is_optimized(variable);
    bool kept = !err && before.count > 0 && (before.count == behind.count || whole);
    error_ignore(err);
    for (size_t i = 0; kept && i < before.count; i++)
        kept =
            whole ? before.pieces[i].kind == PIECE_REGISTER && behind.pieces[0].kind == PIECE_MEMORY
                  : is_kept(&before.pieces[i], &behind.pieces[i]);
    if (kept)
        *location = behind;
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
    look_behind_call(frame, variable, &location);
    const struct location found = location;
    bool by_address = variable->escaped || variable->captured_by_reference;
    struct value *value = by_address ? read_escaped(frame, &location, type)
                                     : read_in_place(frame, variable, &location, type);
    if (!value->unreadable && variable_may_be_old(&frame->places, variable, &found, type))
        value->provenance = "as last used";
    return value;
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

/** An argument without a place: as it was passed, where that is certain. */
static struct value *read_passed(struct frame_reader *frame, const struct dwarf_variable *variable,
                                 struct go_type *type)
{
    struct storage storage;
    bool has_own_type = !variable->escaped && !variable->captured_by_reference && type;
    if (!has_own_type ||
        !passed_argument(frame->reader, frame->arena, frame->place, variable, type, &storage))
        return value_without(frame->arena, optimized_out);
    struct value *value = value_read(frame->reader, frame->arena, type, storage);
    if (!value->unreadable)
        value->provenance = "as passed";
    return value;
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
        value = read_passed(frame, variable, type);
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
        .place = frame,
        .context = {.pc = frame->pc,
                    .cfa = frame->cfa,
                    .has_cfa = true,
                    .registers = frame->registers,
                    .space = reader->program->space},
    };
    struct error *err = program_dwarf_at(reader->program, frame->pc, &state.dwarf);
    if (!err)
        err = variable_frame_declared(reader, frame, state.dwarf, scratch, &variables);
    if (err)
        return err;
    variables_drop_undeclared(reader, frame, &variables);
    state.places = (struct frame_places){
        .reader = reader,
        .frame = frame,
        .variables = &variables,
        .doubted = arena_array(scratch, variables.count, sizeof(struct doubted_pieces)),
    };
    struct frame_variables found = {0};
    state.dictionary = dictionary_find(reader, frame, &state.context, &variables);
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
