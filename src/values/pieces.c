// SPDX-License-Identifier: MIT
#include "pieces.h"

#include <string.h>

/* Go's cmd/compile/internal/ssa/value.go, CanSSA: what is larger stays whole in memory. */
enum {
    FIELDS_MAX = 4,
    SIZE_MAX_APART = 32,
    STACK_MAX = 64, ///< types within types: more than such a value has
};

struct pending {
    struct go_type *type;
    uint64_t offset;
};

static bool add_part(struct value_parts *out, uint64_t offset, uint64_t size)
{
    if (size == 0)
        return true;
    if (out->count == LOCATION_PIECES)
        return false;
    out->items[out->count].offset = offset;
    out->items[out->count].is_pointer = false;
    out->items[out->count++].size = size;
    return true;
}

/** Marks the parts from first on as pointers. */
static void mark_pointers(struct value_parts *out, size_t first, size_t count)
{
    for (size_t i = first; i < first + count && i < out->count; i++)
        out->items[i].is_pointer = true;
}

/** Adds count equal parts. */
static bool add_parts(struct value_parts *out, uint64_t offset, uint64_t size, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!add_part(out, offset + i * size, size))
            return false;
    }
    return true;
}

/** Takes one type apart; what has parts of its own goes onto the stack. */
static bool take_apart(const struct pending *now, struct pending *stack, size_t *depth,
                       struct value_parts *out)
{
    const struct go_type *type = now->type;
    size_t first = out->count;
    bool added;
    for (size_t i = first; i < LOCATION_PIECES; i++) {
        out->items[i].of = now->type;
        out->items[i].nth = (unsigned)(i - first);
    }
    switch (type->kind) {
    case GO_STRING:
    case GO_INTERFACE:
        added = add_parts(out, now->offset, 8, 2);
        mark_pointers(out, first, type->kind == GO_STRING ? 1 : 2);
        return added;
    case GO_SLICE:
        added = add_parts(out, now->offset, 8, 3);
        mark_pointers(out, first, 1);
        return added;
    case GO_COMPLEX64:
    case GO_COMPLEX128:
        return add_parts(out, now->offset, type->size / 2, 2);
    case GO_ARRAY:
        if (type->length > 1)
            return false;
        if (type->length == 1)
            stack[(*depth)++] = (struct pending){type->elem, now->offset};
        return true;
    case GO_STRUCT:
        if (type->field_count > FIELDS_MAX || *depth + type->field_count > STACK_MAX)
            return false;
        for (size_t i = type->field_count; i-- > 0;)
            stack[(*depth)++] =
                (struct pending){type->fields[i].type, now->offset + type->fields[i].offset};
        return true;
    case GO_CHAN:
    case GO_FUNC:
    case GO_MAP:
    case GO_POINTER:
    case GO_UNSAFE_POINTER:
        added = add_part(out, now->offset, type->size);
        mark_pointers(out, first, 1);
        return added;
    default:
        return add_part(out, now->offset, type->size);
    }
}

bool value_parts_of(struct value_reader *reader, struct go_type *type, struct value_parts *out)
{
    struct pending stack[STACK_MAX + 1] = {{type, 0}};
    size_t depth = 1;
    out->count = 0;
    if (type->size > SIZE_MAX_APART)
        return false;
    while (depth > 0) {
        struct pending now = stack[--depth];
        struct error *err = type_resolve(reader->types, now.type);
        if (err || !take_apart(&now, stack, &depth, out)) {
            error_ignore(err);
            return false;
        }
    }
    return true;
}

static bool same_piece(const struct location_piece *a, const struct location_piece *b)
{
    return a->kind == b->kind && a->kind != PIECE_ABSENT && a->size == b->size &&
           a->address == b->address && a->reg == b->reg && a->value == b->value;
}

/** Drops the second of two equal pieces next to each other. @return whether there was one */
static bool drop_repeated(struct location *location)
{
    for (size_t i = 1; i < location->count; i++) {
        if (!same_piece(&location->pieces[i - 1], &location->pieces[i]))
            continue;
        memmove(&location->pieces[i], &location->pieces[i + 1],
                (location->count - i - 1) * sizeof location->pieces[0]);
        location->count--;
        return true;
    }
    return false;
}

static bool match_parts(const struct location *location, const struct value_parts *parts,
                        uint64_t *offsets)
{
    if (location->count != parts->count)
        return false;
    for (size_t i = 0; i < parts->count; i++) {
        uint64_t size = location->pieces[i].size;
        if (size != parts->items[i].size && !(size == 0 && parts->count == 1))
            return false;
        offsets[i] = parts->items[i].offset;
    }
    return true;
}

/** Pieces that fill the variable, with pieces for the padding: as DWARF has it. */
static bool match_whole(const struct location *location, uint64_t size, uint64_t *offsets)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < location->count; i++) {
        if (location->pieces[i].size == 0)
            return false;
        offsets[i] = offset;
        offset += location->pieces[i].size;
    }
    return offset == size;
}

bool pieces_place(struct value_reader *reader, struct go_type *type, struct location *location,
                  uint64_t *offsets)
{
    struct value_parts parts;
    bool apart = value_parts_of(reader, type, &parts);
    offsets[0] = 0;
    if (!apart && location->count == 1 && location->pieces[0].kind == PIECE_MEMORY &&
        location->pieces[0].size == 0)
        return true;
    if (apart && match_parts(location, &parts, offsets))
        return true;
    if (match_whole(location, type->size, offsets))
        return true;
    while (apart && location->count > parts.count && drop_repeated(location)) {
        if (match_parts(location, &parts, offsets))
            return true;
    }
    return false;
}
