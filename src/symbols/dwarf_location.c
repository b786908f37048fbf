// SPDX-License-Identifier: MIT
#include "symbols/dwarf_location.h"
#include "base/limits.h"
#include "dwarf_index_internal.h"

#include <gelf.h>
#include <inttypes.h>

enum {
    STACK_SIZE = 64,
    ENTRIES_MAX = 1024, ///< of a location list whose starts are asked for
};

/** A number on the stack; not known where it comes from a register or memory that is not there. */
struct operand {
    uint64_t value;
    bool known;
};

/** One expression under evaluation. Format: DWARF 4 and 5, 2.5 and 2.6. */
struct evaluation {
    const struct location_context *context;
    Dwarf_Attribute *attribute;
    target_addr bias;
    struct operand stack[STACK_SIZE];
    size_t depth;
    struct location_piece piece; // the part that the operations since the last DW_OP_piece say
    bool has_piece;
    bool broken; // an operand was taken from an empty stack, or put on a full one
    struct location *out;
};

static void push(struct evaluation *e, uint64_t value, bool known)
{
    if (e->depth == STACK_SIZE)
        e->broken = true;
    else
        e->stack[e->depth++] = (struct operand){known ? value : 0, known};
}

static struct operand pop(struct evaluation *e)
{
    if (e->depth)
        return e->stack[--e->depth];
    e->broken = true;
    return (struct operand){0};
}

static void push_register(struct evaluation *e, uint64_t number, uint64_t offset)
{
    uint64_t value = 0;
    bool known = e->context->registers && number < REGISTER_COUNT &&
                 register_get(e->context->registers, (unsigned)number, &value);
    push(e, value + offset, known);
}

static void set_register(struct evaluation *e, uint64_t number)
{
    uint64_t value;
    bool known = e->context->registers && number < REGISTER_COUNT &&
                 register_get(e->context->registers, (unsigned)number, &value);
    e->piece = (struct location_piece){.kind = known ? PIECE_REGISTER : PIECE_ABSENT,
                                       .reg = known ? (unsigned)number : 0};
    e->has_piece = true;
}

static void set_value(struct evaluation *e, struct operand operand)
{
    e->piece = (struct location_piece){.kind = operand.known ? PIECE_VALUE : PIECE_ABSENT,
                                       .value = operand.value};
    e->has_piece = true;
}

static void dereference(struct evaluation *e, uint64_t size)
{
    struct operand address = pop(e);
    uint8_t data[8] = {0};
    bool known = address.known && size <= sizeof data &&
                 address_space_try_read(e->context->space, address.value, data, size);
    push(e, load_u64(data), known);
}

static void implicit_value(struct evaluation *e, const Dwarf_Op *op)
{
    Dwarf_Block block;
    bool known =
        dwarf_getlocation_implicit_value(e->attribute, op, &block) == 0 && block.length <= 8;
    set_value(e, (struct operand){known ? load_uint(block.data, block.length) : 0, known});
}

static void push_indexed_address(struct evaluation *e, const Dwarf_Op *op)
{
    Dwarf_Attribute address;
    Dwarf_Addr value = 0;
    bool known = dwarf_getlocation_attr(e->attribute, op, &address) == 0 &&
                 dwarf_formaddr(&address, &value) == 0;
    push(e, value + e->bias, known);
}

static uint64_t shift_right_signed(uint64_t value, uint64_t count)
{
    uint64_t sign = value >> 63 ? UINT64_MAX : 0;
    if (count >= 64)
        return sign;
    return count ? value >> count | sign << (64 - count) : value;
}

static bool binary(struct evaluation *e, uint8_t atom)
{
    struct operand right = pop(e), left = pop(e);
    uint64_t a = left.value, b = right.value, result;
    switch (atom) {
    case DW_OP_shra:
        result = shift_right_signed(a, b);
        break;
    default:
        if (!dwarf_arithmetic(atom, a, b, &result))
            return false;
    }
    push(e, result, left.known && right.known);
    return true;
}

/** Operations that move what is on the stack. */
static bool arrange(struct evaluation *e, const Dwarf_Op *op)
{
    struct operand top, below;
    switch (op->atom) {
    case DW_OP_dup:
    case DW_OP_over:
    case DW_OP_pick: {
        uint64_t place = op->atom == DW_OP_pick ? op->number : op->atom == DW_OP_over;
        if (place >= e->depth)
            e->broken = true;
        else
            push(e, e->stack[e->depth - 1 - place].value, e->stack[e->depth - 1 - place].known);
        return true;
    }
    case DW_OP_drop:
        pop(e);
        return true;
    case DW_OP_swap:
        top = pop(e);
        below = pop(e);
        push(e, top.value, top.known);
        push(e, below.value, below.known);
        return true;
    case DW_OP_neg:
        top = pop(e);
        push(e, 0 - top.value, top.known);
        return true;
    case DW_OP_not:
        top = pop(e);
        push(e, ~top.value, top.known);
        return true;
    default:
        return binary(e, op->atom);
    }
}

/** Operations that put a number on the stack. */
static bool produce(struct evaluation *e, const Dwarf_Op *op)
{
    if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31) {
        push(e, op->atom - DW_OP_lit0, true);
        return true;
    }
    if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
        push_register(e, op->atom - DW_OP_breg0, op->number);
        return true;
    }
    switch (op->atom) {
    case DW_OP_addr:
        push(e, op->number + e->bias, true);
        return true;
    case DW_OP_addrx:
        push_indexed_address(e, op);
        return true;
    case DW_OP_const1u:
    case DW_OP_const2u:
    case DW_OP_const4u:
    case DW_OP_const8u:
    case DW_OP_const1s:
    case DW_OP_const2s:
    case DW_OP_const4s:
    case DW_OP_const8s:
    case DW_OP_constu:
    case DW_OP_consts:
        push(e, op->number, true); // libdw has extended the sign
        return true;
    case DW_OP_call_frame_cfa:
        push(e, e->context->cfa, e->context->has_cfa);
        return true;
    case DW_OP_fbreg: // the frame base of Go's functions is DW_OP_call_frame_cfa in all releases
        push(e, e->context->cfa + op->number, e->context->has_cfa);
        return true;
    case DW_OP_bregx:
        push_register(e, op->number, op->number2);
        return true;
    case DW_OP_plus_uconst: {
        struct operand base = pop(e);
        push(e, base.value + op->number, base.known);
        return true;
    }
    case DW_OP_deref:
        dereference(e, 8);
        return true;
    case DW_OP_deref_size:
        dereference(e, op->number);
        return true;
    case DW_OP_entry_value:
    case DW_OP_GNU_entry_value: // what a register held at the call is gone: Go saves none
        push(e, 0, false);
        return true;
    default:
        return false;
    }
}

/** Ends a part of the variable; one that no operation said anything about was optimised out. */
static struct error *end_piece(struct evaluation *e, uint64_t size)
{
    if (e->out->count == LOCATION_PIECES)
        return error_new(ERROR_LIMIT, "a variable in more than %d pieces", LOCATION_PIECES);
    if (!e->has_piece && e->depth) {
        struct operand address = pop(e);
        e->piece = (struct location_piece){.kind = address.known ? PIECE_MEMORY : PIECE_ABSENT,
                                           .address = address.value};
    }
    e->piece.size = size;
    e->out->pieces[e->out->count++] = e->piece;
    e->piece = (struct location_piece){0};
    e->has_piece = false;
    e->depth = 0;
    return NULL;
}

static struct error *step(struct evaluation *e, const Dwarf_Op *op)
{
    if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31)
        set_register(e, op->atom - DW_OP_reg0);
    else if (op->atom == DW_OP_regx)
        set_register(e, op->number);
    else if (op->atom == DW_OP_stack_value)
        set_value(e, pop(e));
    else if (op->atom == DW_OP_implicit_value)
        implicit_value(e, op);
    else if (op->atom == DW_OP_piece)
        return end_piece(e, op->number);
    else if (op->atom != DW_OP_nop && !produce(e, op) && !arrange(e, op))
        return error_new(ERROR_UNSUPPORTED, "DWARF operation %#x in a location", op->atom);
    return NULL;
}

static struct error *evaluate(struct evaluation *e, const Dwarf_Op *ops, size_t count)
{
    if (count > LIMIT_EXPRESSION_STEPS)
        return error_new(ERROR_LIMIT, "a location of %zu operations", count);
    for (size_t i = 0; i < count; i++) {
        struct error *err = step(e, &ops[i]);
        if (err)
            return err;
        if (e->broken)
            return error_new(ERROR_CORRUPT,
                             "DWARF: a location's operation %zu does not fit its stack", i);
    }
    // Without DW_OP_piece the expression stands for all of the variable.
    return count && (e->has_piece || e->depth || !e->out->count) ? end_piece(e, 0) : NULL;
}

/** The operations that hold at pc (of the file); count 0: none do. */
static struct error *find_operations(Dwarf_Attribute *attribute, Dwarf_Addr pc, Dwarf_Op **ops,
                                     size_t *count)
{
    *count = 0;
    int found;
    if (attribute->form == DW_FORM_block1) {
        Dwarf_Block block;
        if (dwarf_formblock(attribute, &block) != 0)
            return error_new(ERROR_CORRUPT, "DWARF: location: %s", dwarf_errmsg(-1));
        // Go writes single locations as block1 even in DWARF 4 and 5, where libdw wants exprloc. Up
        // to 127 bytes, the only ones seen, the encodings are the same.
        if (block.length > 127)
            return error_new(ERROR_UNSUPPORTED, "DWARF: a location of %" PRIu64 " bytes",
                             block.length);
        attribute->form = DW_FORM_exprloc;
        if (!block.length)
            return NULL;
        found = dwarf_getlocation(attribute, ops, count) == 0 ? 1 : -1;
    } else {
        found = dwarf_getlocation_addr(attribute, pc, ops, count, 1);
        if (found == 0)
            *count = 0;
    }
    if (found < 0)
        return error_new(ERROR_CORRUPT, "DWARF: location: %s", dwarf_errmsg(-1));
    return NULL;
}

/** Whether an instruction of arm64 loads a pair of registers, one of them this one: ldp, ldpsw. */
static bool is_paired_load(uint32_t word, unsigned reg)
{
    return (word & 0x3e400000) == 0x28400000 && ((word & 31) == reg || (word >> 10 & 31) == reg);
}

/**
 * Leaves out registers that hold something else by now. From Go 1.25 on the compiler joins loads of
 * arm64 into one ldp, and does not notice in its location lists that it overwrites what was in the
 * two registers: after `ldp x1, x2, [x1, #16]` x1 is still said to hold the pointer.
 */
static void leave_out_overwritten(const struct dwarf_index *index, Dwarf_Attribute *attribute,
                                  const struct location_context *context, struct location *location)
{
    GElf_Ehdr header;
    Dwarf_Addr base, start, end, pc = context->pc - index->bias;
    Dwarf_Op *ops;
    ptrdiff_t offset = 0;
    size_t op_count, entries = 0;
    bool in_register = false;
    for (size_t i = 0; i < location->count; i++)
        in_register |= location->pieces[i].kind == PIECE_REGISTER;
    if (!in_register || !gelf_getehdr(index->elf, &header) || header.e_machine != EM_AARCH64 ||
        attribute->form == DW_FORM_exprloc)
        return;
    do {
        offset = dwarf_getlocations(attribute, offset, &base, &start, &end, &ops, &op_count);
    } while (offset > 0 && (pc < start || pc >= end) && ++entries < ENTRIES_MAX);
    if (offset <= 0 || pc < start || pc >= end || pc - start > LIMIT_SCANNED_CODE)
        return;
    struct bytes code =
        address_space_view(context->space, start + index->bias, (size_t)(pc - start));
    for (size_t at = 0; at + 4 <= code.size; at += 4)
        for (size_t i = 0; i < location->count; i++)
            if (location->pieces[i].kind == PIECE_REGISTER &&
                is_paired_load(load_u32(code.data + at), location->pieces[i].reg))
                location->pieces[i].kind = PIECE_ABSENT;
}

struct error *dwarf_location_find(struct dwarf_index *index, Dwarf_Die *die,
                                  const struct location_context *context, struct location *out)
{
    Dwarf_Attribute attribute;
    struct location location = {.count = 0};
    if (!dwarf_attr(die, DW_AT_location, &attribute)) {
        *out = location;
        return NULL;
    }
    Dwarf_Op *ops = NULL;
    size_t count = 0;
    struct error *err = find_operations(&attribute, context->pc - index->bias, &ops, &count);
    if (err)
        return err;
    struct evaluation evaluation = {
        .context = context, .attribute = &attribute, .bias = index->bias, .out = &location};
    err = evaluate(&evaluation, ops, count);
    if (err)
        return err;
    leave_out_overwritten(index, &attribute, context, &location);
    *out = location;
    return NULL;
}

size_t dwarf_location_starts(struct dwarf_index *index, Dwarf_Die *die, struct arena *arena,
                             target_addr **out)
{
    Dwarf_Attribute attribute;
    ptrdiff_t offset = 0;
    Dwarf_Addr base, start, end;
    Dwarf_Op *ops;
    size_t op_count, count = 0;
    *out = NULL;
    if (!dwarf_attr(die, DW_AT_location, &attribute) || attribute.form == DW_FORM_block1 ||
        attribute.form == DW_FORM_exprloc)
        return 0;
    *out = arena_array(arena, ENTRIES_MAX, sizeof **out);
    while (count < ENTRIES_MAX && (offset = dwarf_getlocations(&attribute, offset, &base, &start,
                                                               &end, &ops, &op_count)) > 0)
        (*out)[count++] = start + index->bias;
    return count;
}
