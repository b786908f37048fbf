// SPDX-License-Identifier: MIT
#include "part_content.h"

enum { FIRST_FIELDS_MAX = 32 }; ///< types within types, each at the front of the last

struct part_content part_content_of(struct value_reader *reader, struct go_type *type,
                                    const struct location *location, size_t piece)
{
    struct value_parts parts;
    struct part_content content = {.size = location->pieces[piece].size};
    if (!type)
        return content;
    if (content.size == 0)
        content.size = type->size;
    if (!value_parts_of(reader, type, &parts) || parts.count != location->count)
        return content;
    content.of = parts.items[piece].of;
    content.nth = parts.items[piece].nth;
    return content;
}

/** What can be told apart: nothing turns one into another but an instruction that works it out. */
enum family {
    NUMBER,
    TRUTH,
    FRACTION,
    TYPE_WORD,
    ADDRESS,
    /* from here on: addresses */ CHANNEL,
    FUNCTION,
    MAP,
    ANY_ADDRESS
};

static enum family family_of(const struct part_content *part)
{
    switch (part->of->kind) {
    case GO_BOOL:
        return TRUTH;
    case GO_FLOAT32:
    case GO_FLOAT64:
    case GO_COMPLEX64:
    case GO_COMPLEX128:
        return FRACTION;
    case GO_INTERFACE:
        return part->nth == 0 ? TYPE_WORD : ANY_ADDRESS;
    case GO_STRING:
    case GO_SLICE:
        return part->nth == 0 ? ADDRESS : NUMBER;
    case GO_POINTER:
        return ADDRESS;
    case GO_CHAN:
        return CHANNEL;
    case GO_FUNC:
        return FUNCTION;
    case GO_MAP:
        return MAP;
    case GO_UNSAFE_POINTER:
        return ANY_ADDRESS;
    default:
        return NUMBER;
    }
}

/** What an address points to; NULL: not known. */
static struct go_type *target_of(struct value_reader *reader, const struct part_content *address)
{
    struct go_type *target = address->of->elem;
    if (!target)
        return NULL;
    struct error *err = type_resolve(reader->types, target);
    bool failed = err != NULL;
    error_ignore(err);
    return failed ? NULL : target;
}

/** Whether something like one type may lie at the front of another. */
static bool may_begin_with(struct value_reader *reader, struct go_type *whole,
                           const struct go_type *front)
{
    for (unsigned depth = 0; depth < FIRST_FIELDS_MAX; depth++) {
        struct error *err = type_resolve(reader->types, whole);
        bool failed = err != NULL;
        error_ignore(err);
        if (failed || (whole->kind == front->kind && whole->size == front->size))
            return true;
        if (whole->kind == GO_STRUCT && whole->field_count > 0)
            whole = whole->fields[0].type;
        else if (whole->kind == GO_ARRAY && whole->elem)
            whole = whole->elem;
        else
            return false;
    }
    return true;
}

static bool is_address_of_same(struct value_reader *reader, const struct part_content *copy,
                               const struct part_content *original)
{
    enum go_kind a = copy->of->kind, b = original->of->kind;
    if (a == GO_STRING || b == GO_STRING) // of bytes
        return true;
    struct go_type *its = target_of(reader, copy), *whole = target_of(reader, original);
    return !its || !whole || may_begin_with(reader, whole, its);
}

bool part_may_be_copy(struct value_reader *reader, const struct part_content *copy,
                      const struct part_content *original)
{
    if (copy->size > original->size)
        return false;
    if (!copy->of || !original->of)
        return true;
    enum family a = family_of(copy), b = family_of(original);
    if (a == ANY_ADDRESS || b == ANY_ADDRESS)
        return a >= ADDRESS && b >= ADDRESS;
    return a == b && (a != ADDRESS || is_address_of_same(reader, copy, original));
}
