// SPDX-License-Identifier: MIT
#include "last_use.h"
#include "code_flow.h"
#include "declared.h"
#include "part_content.h"
#include "passed.h"
#include "pieces.h"
#include "variable_storage.h"

#include "base/limits.h"

#include <elf.h>
#include <string.h>

enum {
    FRAME_MAX = 1 << 30,           ///< bytes: what is further from the CFA is no place in the frame
    FIRST_WITH_ALL_VARIABLES = 22, ///< a release before leaves copies of variables out of DWARF
};

static bool has_pointers(struct value_reader *reader, struct go_type *type)
{
    struct value_parts parts;
    if (!value_parts_of(reader, type, &parts))
        return true;
    for (size_t i = 0; i < parts.count; i++)
        if (parts.items[i].is_pointer)
            return true;
    return false;
}

/** A closure has a copy only of what is assigned to once. */
static bool never_changes(struct value_reader *reader, const struct dwarf_variable *variable,
                          struct go_type *type)
{
    bool by_value =
        variable->has_closure_offset && !variable->escaped && !variable->captured_by_reference;
    return type && (type->size == 0 || (by_value && !has_pointers(reader, type)));
}

/** @return false for a piece that holds nothing, or is not a place that code writes */
static bool place_of(const struct location_piece *piece, target_addr cfa, uint64_t type_size,
                     struct code_place *out)
{
    *out = (struct code_place){.reg = -1, .size = piece->size ? piece->size : type_size};
    if (piece->kind == PIECE_REGISTER && piece->reg < REGISTER_COUNT) {
        out->reg = (int)piece->reg;
        return true;
    }
    out->slot = (int64_t)(piece->address - cfa);
    return piece->kind == PIECE_MEMORY && out->slot > -FRAME_MAX && out->slot < FRAME_MAX &&
           out->size < FRAME_MAX;
}

static bool same_place(const struct location_piece *a, const struct location_piece *b)
{
    if (a->kind != b->kind)
        return false;
    return (a->kind == PIECE_MEMORY && a->address == b->address) ||
           (a->kind == PIECE_REGISTER && a->reg == b->reg);
}

static bool has_place(const struct location *location, const struct location_piece *piece)
{
    for (size_t i = 0; i < location->count; i++)
        if (same_place(&location->pieces[i], piece))
            return true;
    return false;
}

/** Where a variable is at another pc of the function. */
static void find_at(struct frame_places *places, const struct dwarf_variable *variable,
                    target_addr pc, struct location *out)
{
    const struct registers any = {.known = ~(uint64_t)0};
    const struct location_context context = {.pc = pc,
                                             .cfa = places->frame->cfa,
                                             .has_cfa = true,
                                             .registers = &any,
                                             .space = places->reader->program->space};
    Dwarf_Die die = variable->die;
    out->count = 0;
    error_ignore(dwarf_location_find(program_opened_dwarf(places->reader->program, pc), &die,
                                     &context, out));
}

static bool share_at(struct frame_places *places, const struct dwarf_variable *variable,
                     const struct dwarf_variable *other, target_addr pc)
{
    struct location mine, others;
    find_at(places, variable, pc, &mine);
    find_at(places, other, pc, &others);
    for (size_t i = 0; i < mine.count; i++)
        for (size_t k = 0; k < others.count; k++)
            if (same_place(&mine.pieces[i], &others.pieces[k]))
                return true;
    return false;
}

static size_t starts_of(struct frame_places *places, const struct dwarf_variable *variable,
                        struct arena *arena, target_addr **out)
{
    Dwarf_Die die = variable->die;
    return dwarf_location_starts(program_opened_dwarf(places->reader->program, places->frame->pc),
                                 &die, arena, out);
}

/** Whether two variables have the same place now, or had one at a place where a list begins. */
static bool share_place(struct frame_places *places, const struct dwarf_variable *variable,
                        const struct dwarf_variable *other, struct arena *scratch)
{
    target_addr *mine, *others;
    size_t mine_count = starts_of(places, variable, scratch, &mine);
    size_t other_count = starts_of(places, other, scratch, &others);
    if (share_at(places, variable, other, places->frame->pc))
        return true;
    for (size_t k = 0; k < mine_count + other_count; k++)
        if (share_at(places, variable, other, k < mine_count ? mine[k] : others[k - mine_count]))
            return true;
    return false;
}

/**
 * Whether a closure that stands inlined in the variable's function here, or the function that the
 * variable's own stands inlined in, has a variable in the same place. Such a body assigns to the
 * variables around it, and the compiler, which sees `p, k = k, p`, goes on saying that p lies where
 * k is. A function that is no closure has copies of its own.
 */
static bool is_shared_with_body(struct frame_places *places, const struct dwarf_variable *variable,
                                struct arena *scratch)
{
    const struct program *program = places->reader->program;
    const struct variable_frame *frame = places->frame;
    struct pc_function function;
    struct pc_inline_walk walk;
    struct pc_logical_frame logical[LIMIT_INLINE_DEPTH + 1];
    size_t count = 0;
    if (!pc_function_find(program->modules, frame->pc, &function))
        return false;
    pc_inline_begin(&walk, &function, frame->pc);
    while (count < COUNT_OF(logical) && pc_inline_next(&walk, &logical[count]))
        count++;
    if (frame->inline_depth >= count)
        return false;
    const char *own = logical[count - 1 - frame->inline_depth].name;
    for (size_t i = 0; i < count; i++) {
        struct dwarf_variables others;
        unsigned depth = (unsigned)(count - 1 - i);
        if (depth == frame->inline_depth ||
            (!code_is_within(logical[i].name, own) && !code_is_within(own, logical[i].name)))
            continue;
        struct error *err =
            dwarf_index_variables_around(program_opened_dwarf(program, frame->pc), frame->pc,
                                         logical[i].pc, depth, logical[i].name, scratch, &others);
        bool known = !err;
        error_ignore(err); // its variables are not shown either
        for (size_t k = 0; known && k < others.count; k++)
            if (!variable_is_hidden(others.items[k].name) &&
                share_place(places, variable, &others.items[k], scratch))
                return true;
    }
    return false;
}

/**
 * Whether a second variable of the frame has the same place, or had: the code may read the place
 * for the sake of the other.
 */
static bool is_shared(struct frame_places *places, const struct dwarf_variable *variable)
{
    AUTO(arena) scratch = arena_new();
    for (size_t i = 0; i < places->variables->count; i++) {
        const struct dwarf_variable *other = &places->variables->items[i];
        if (other != variable && !variable_is_hidden(other->name) &&
            share_place(places, variable, other, scratch))
            return true;
    }
    return is_shared_with_body(places, variable, scratch);
}

/** A place that a variable is said to be in. */
struct place_owner {
    struct frame_places *places;
    const struct dwarf_variable *variable;
    const struct pc_function *function;
    struct location_piece piece;
    size_t part, count; ///< which of how many pieces
    uint64_t frame;     ///< code_frame_identity() of the variable's logical frame …
    int64_t line;       ///< … and the line where it stands
};

/**
 * The general register that is said to hold the part of a variable that the place holds later; -1:
 * none is. A vector register is none: which one an instruction saves is not told here.
 */
static int register_before(const struct place_owner *owner, const struct location *before)
{
    enum { LAST_GENERAL_AMD64 = 16 };
    bool is_amd64 = owner->places->reader->program->arch->machine == EM_X86_64;
    if (before->count != owner->count)
        return -1;
    const struct location_piece *piece = &before->pieces[owner->part];
    bool is_general =
        piece->reg < REGISTER_COUNT && (!is_amd64 || piece->reg <= LAST_GENERAL_AMD64);
    return piece->kind == PIECE_REGISTER && is_general ? (int)piece->reg : -1;
}

static bool is_in_vector(const struct place_owner *owner, const struct location *before)
{
    return before->count == owner->count && before->pieces[owner->part].kind == PIECE_REGISTER &&
           register_before(owner, before) < 0;
}

/**
 * Whether an instruction may put something else into a slot. The compiler follows a variable into
 * the slot to which a register is saved, but does not notice that the slot is given to another
 * value: it goes on saying that the variable lies there. So what is written while it is said to
 * lie there need not be the variable.
 */
static bool is_foreign(const struct place_owner *owner, const struct location *before)
{
    // Else it is what puts the variable there: nothing comes behind it.
    return owner->piece.kind == PIECE_MEMORY && has_place(before, &owner->piece);
}

/**
 * Whether an instruction belongs to a line that is still to come: the compiler may move `n++` to
 * before the call on the line above, and n to where that puts it. Behind pc in memory it is of the
 * loop's last round.
 */
static bool is_ahead(const struct place_owner *owner, const struct code_writer *writer)
{
    const struct variable_frame *frame = owner->places->frame;
    int64_t line = 0;
    return writer->pc < frame->pc &&
           code_frame_identity(owner->function, writer->pc, frame->inline_depth, &line) ==
               owner->frame &&
           line > owner->line;
}

static bool makes_ahead(void *context, const struct code_writer *writer)
{
    return is_ahead(context, writer);
}

/** Whether what an instruction saves was made for a line that is still to come. The line of the one
 * that saves it tells nothing: that may be the line for whose sake it is saved. */
static bool is_made_ahead(struct place_owner *owner, const struct code_writer *writer, int reg)
{
    const struct code_place place = {.reg = reg, .size = 8};
    return code_written_by(owner->places->reader, owner->function, writer->pc, &place, makes_ahead,
                           owner);
}

static bool is_suspect(void *context, const struct code_writer *writer)
{
    struct place_owner *owner = context;
    struct location before;
    find_at(owner->places, owner->variable, writer->pc, &before);
    int reg = register_before(owner, &before);
    if (reg >= 0 && owner->piece.kind == PIECE_MEMORY) // saves it, or else another register
        return !(writer->reads >> reg & 1) || is_made_ahead(owner, writer, reg);
    if (is_in_vector(owner, &before))
        return false;
    return is_ahead(owner, writer) || is_foreign(owner, &before);
}

/** Whether a place may hold by now what is another value, or one that is still to come. */
static bool is_overwritten(struct frame_places *places, const struct dwarf_variable *variable,
                           const struct pc_function *function, const struct location *location,
                           size_t part, const struct code_place *place)
{
    const struct variable_frame *frame = places->frame;
    struct place_owner owner = {.places = places,
                                .variable = variable,
                                .function = function,
                                .piece = location->pieces[part],
                                .part = part,
                                .count = location->count};
    owner.frame = code_frame_identity(function, frame->pc, frame->inline_depth, &owner.line);
    return variable->placed_by_list &&
           code_written_by(places->reader, function, frame->pc, place, is_suspect, &owner);
}

static bool is_doubted(struct frame_places *places, const struct dwarf_variable *variable,
                       const struct pc_function *function, const struct location *now, size_t part)
{
    // Anything that is read there will do.
    const struct code_reader anybody = {.inline_depth = places->frame->inline_depth};
    struct code_place place;
    return place_of(&now->pieces[part], places->frame->cfa, 1, &place) &&
           (!code_reads_later(places->reader, function, places->frame->pc, &place, &anybody) ||
            is_overwritten(places, variable, function, now, part, &place));
}

static uint32_t doubted_pieces(struct frame_places *places, const struct dwarf_variable *variable,
                               const struct pc_function *function, const struct location *now)
{
    struct doubted_pieces *known = &places->doubted[variable - places->variables->items];
    if (known->is_known)
        return known->pieces;
    known->is_known = true;
    for (size_t i = 0; i < now->count; i++)
        if (is_doubted(places, variable, function, now, i))
            known->pieces |= (uint32_t)1 << i;
    if (known->pieces != UINT32_MAX && is_shared(places, variable))
        known->pieces = UINT32_MAX;
    return known->pieces;
}

/**
 * Whether a variable gets a value at a pc: it is in a register where it was not before, or an
 * argument. Else what it had stays where it was saved.
 */
static bool gets_value_at(struct frame_places *places, const struct dwarf_variable *variable,
                          target_addr pc)
{
    struct location then, before;
    find_at(places, variable, pc, &then);
    if (pc == places->variables->function_low_pc)
        return then.count > 0;
    find_at(places, variable, pc - 1, &before);
    for (size_t i = 0; i < then.count; i++)
        if (then.pieces[i].kind == PIECE_REGISTER && !has_place(&before, &then.pieces[i]))
            return true;
    return false;
}

/**
 * Whether two variables got a value at the same pc, so that a list may name just one of two places
 * that its variable got there: arguments, results of a call, variables that a loop changes.
 */
static bool begin_together(struct frame_places *places, const struct dwarf_variable *a,
                           const struct dwarf_variable *b)
{
    AUTO(arena) scratch = arena_new();
    target_addr *of_a, *of_b;
    size_t count_a = starts_of(places, a, scratch, &of_a);
    size_t count_b = starts_of(places, b, scratch, &of_b);
    for (size_t i = 0; i < count_a; i++)
        for (size_t k = 0; k < count_b; k++)
            if (of_a[i] == of_b[k] && gets_value_at(places, a, of_a[i]) &&
                gets_value_at(places, b, of_a[i]))
                return true;
    return false;
}

/**
 * Whether a place may be read for the sake of another variable of which the list does not say that
 * it lies there. After `a, b = 5, a` b has two places when the function begins, that of the
 * argument a and that of the argument b, and the list names only the second, and then the slot into
 * which that is saved. What tells it is that slot, which nothing reads any more. If each variable
 * that could be b has one that is read, then none is: else that one would be read for a third, its
 * slot for a fourth, and the last one's for nobody; or for a again, and then two of this circle are
 * said to have had the same place.
 *
 * @param part  of the location: the piece that is asked about
 */
static bool may_be_read_for_another(struct frame_places *places,
                                    const struct dwarf_variable *variable,
                                    const struct pc_function *function,
                                    const struct location *location, size_t part,
                                    struct go_type *type)
{
    if (!variable->placed_by_list || variable->escaped || variable->captured_by_reference)
        return false;
    const struct part_content mine = part_content_of(places->reader, type, location, part);
    for (size_t i = 0; i < places->variables->count; i++) {
        const struct dwarf_variable *other = &places->variables->items[i];
        struct location now;
        struct go_type *its_type = NULL;
        if (other == variable || !other->placed_by_list || other->escaped ||
            other->captured_by_reference || variable_is_hidden(other->name) ||
            !begin_together(places, variable, other))
            continue;
        error_ignore(variable_type_find(places->reader, other, 0, &its_type));
        find_at(places, other, places->frame->pc, &now);
        uint32_t doubted = doubted_pieces(places, other, function, &now);
        for (size_t k = 0; k < now.count; k++) {
            const struct part_content its = part_content_of(places->reader, its_type, &now, k);
            if ((doubted >> k & 1) && part_may_be_copy(places->reader, &its, &mine))
                return true;
        }
    }
    return false;
}

/**
 * Whether an argument was saved elsewhere than in its own slot, where DWARF may have left out the
 * variable whose slot that is: `y := x`.
 */
static bool is_saved_elsewhere(const struct frame_places *places,
                               const struct dwarf_variable *variable,
                               const struct code_place *place)
{
    return variable->role == VARIABLE_ARGUMENT && place->reg < 0 && place->slot < 0 &&
           places->reader->program->release->real_minor < FIRST_WITH_ALL_VARIABLES;
}

/** Whether the compiler may fold constants that are added to it: of a slice, its bounds. */
static bool is_reckoned_with(const struct dwarf_variable *variable, const struct go_type *type)
{
    if (variable->escaped || variable->captured_by_reference || !type)
        return false;
    switch (type->kind) {
    case GO_BOOL:
    case GO_FLOAT32:
    case GO_FLOAT64:
    case GO_COMPLEX64:
    case GO_COMPLEX128:
    case GO_CHAN:
    case GO_FUNC:
    case GO_INTERFACE:
    case GO_MAP:
    case GO_POINTER:
    case GO_UNSAFE_POINTER:
        return false;
    default:
        return true;
    }
}

/**
 * Slicing changes the length, whatever else: a string or slice is what it was if its length is.
 * @param part  which of so many pieces the place is
 */
static void leave_length(struct code_place *place, size_t part, size_t count)
{
    enum { LENGTH = 1, WORD = 8 };
    if (count > 1) {
        place->may_be_folded = part == LENGTH;
    } else if (place->reg < 0 && place->size >= 2 * WORD) {
        place->slot += WORD;
        place->size = WORD;
    }
}

/** Whether the code reads all that is known of the variable once more, for its sake. */
static bool is_read_later(struct frame_places *places, const struct dwarf_variable *variable,
                          const struct location *location, struct go_type *type)
{
    const struct variable_frame *frame = places->frame;
    struct pc_function function;
    if (!pc_function_find(places->reader->program->modules, frame->pc, &function))
        return false;
    // A range loop counts with a copy of its variable, on the line that declares it. And what is
    // assigned on a line before may be computed only later.
    const struct code_reader by = {
        .inline_depth = frame->inline_depth,
        .first_line = variable_frame_line(frame, &function),
        .ignored_line = variable->role == VARIABLE_LOCAL ? variable->line : 0,
    };
    bool may_be_folded = is_reckoned_with(variable, type);
    bool is_word = variable->escaped || variable->captured_by_reference || !type;
    for (size_t i = 0; i < location->count; i++) {
        const struct location_piece *piece = &location->pieces[i];
        struct code_place place;
        if (piece->kind == PIECE_ABSENT)
            continue;
        if (!place_of(piece, frame->cfa, is_word ? 8 : type->size, &place))
            return false;
        place.may_be_folded = may_be_folded;
        if (may_be_folded && (type->kind == GO_STRING || type->kind == GO_SLICE))
            leave_length(&place, i, location->count);
        if (is_saved_elsewhere(places, variable, &place) ||
            is_overwritten(places, variable, &function, location, i, &place) ||
            !code_reads_later(places->reader, &function, frame->pc, &place, &by) ||
            may_be_read_for_another(places, variable, &function, location, i, type))
            return false;
    }
    return true;
}

bool variable_may_be_old(struct frame_places *places, const struct dwarf_variable *variable,
                         const struct location *location, struct go_type *type)
{
    if (!variable_is_optimized(variable) || never_changes(places->reader, variable, type))
        return false;
    return !is_read_later(places, variable, location, type) || is_shared(places, variable) ||
           (type && variable->role == VARIABLE_ARGUMENT &&
            argument_is_addressed(places->reader, places->frame, variable, type));
}
