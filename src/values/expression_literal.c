// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <string.h>

/*
 * Composite literals of structs and arrays, as keys of maps and to be compared. A literal is made
 * as the bytes that the program would have; a string that the expression itself made has none in
 * the target, so that a list says which lie where.
 */

enum {
    STRING_SIZE = 16,
    LITERAL_SIZE_MAX = 1 << 16, ///< what somebody writes out is small
};

struct error *operand_assign(struct evaluation *eval, const struct operand *operand,
                             struct go_type *type, const char *what, struct operand *out)
{
    struct operand typed = *operand;
    struct error *err = resolve_at(eval, operand->offset, type);
    if (err)
        return err;
    if (operand->kind == OPERAND_NIL && kind_can_be_nil(type->kind))
        return operand_zero(eval, operand->offset, type, out);
    if (operand->kind == OPERAND_CONSTANT && type->kind != GO_INTERFACE)
        return constant_convert(eval, operand, type, false, out);
    err = operand_need_value(eval, &typed);
    if (err)
        return err;
    if (type->kind != GO_INTERFACE && !type_identical(typed.type, type))
        return error_new_at(operand->offset, "%s are of type %s, this is a %s", what, type->name,
                            typed.type->name);
    *out = typed;
    return NULL;
}

/** A literal while it is made. */
struct making {
    struct evaluation *eval;
    const struct operand *type;
    uint8_t *bytes;
    struct literal *literal;
    size_t text_capacity;
};

static struct error *add_text(struct making *making, uint64_t place, const char *text,
                              uint64_t size)
{
    struct literal *literal = making->literal;
    if (literal->count == making->text_capacity)
        return error_new_at(making->type->offset, "this literal has too many strings");
    literal->texts[literal->count++] =
        (struct literal_text){.place = making->bytes + place, .text = text, .size = size};
    return NULL;
}

/** Puts an element where it belongs. */
static struct error *put_element(struct making *making, const struct operand *element,
                                 struct go_type *type, uint64_t offset)
{
    struct operand value = {0};
    struct error *err = operand_assign(making->eval, element, type, "its elements", &value);
    if (err)
        return err;
    if (!type_identical(value.type, type)) // an interface: nothing made here has an address
        return error_new_at(element->offset, "a %s cannot be put into an interface here",
                            value.type->name);
    if (value.has_text && type->kind != GO_STRING)
        return error_new_at(element->offset, "a %s cannot be compared", type->name);
    if (value.has_text)
        return add_text(making, offset, value.text, value.text_size);
    err = operand_load(making->eval, &value, 0, making->bytes + offset, (size_t)type->size);
    for (size_t i = 0; !err && value.literal && i < value.literal->count; i++) {
        const struct literal_text *inner = &value.literal->texts[i];
        if (inner->place >= value.storage.bytes &&
            inner->place + STRING_SIZE <= value.storage.bytes + type->size)
            err = add_text(making, offset + (uint64_t)(inner->place - value.storage.bytes),
                           inner->text, inner->size);
    }
    return err;
}

/** The n-th field, or the one of that name. */
static struct error *field_of(const struct go_type *type, const struct operand *label,
                              const struct operand *element, size_t n, const struct go_field **out)
{
    if (label->kind == OPERAND_LABEL) {
        *out = type_field(type, label->name);
        return *out ? NULL
                    : error_new_at(label->offset, "%s has no field %s", type->name, label->name);
    }
    if (n >= type->field_count)
        return error_new_at(element->offset, "%s has %zu fields", type->name, type->field_count);
    *out = &type->fields[n];
    return NULL;
}

static struct error *put_field(struct making *making, const struct operand *label,
                               const struct operand *element, size_t n)
{
    const struct go_type *type = making->type->type;
    const struct go_field *field = NULL;
    struct error *err = field_of(type, label, element, n, &field);
    if (!err)
        err = resolve_at(making->eval, element->offset, field->type);
    if (!err && !range_fits(field->offset, field->type->size, type->size))
        err = error_new_at(element->offset, "corrupt: the field lies outside of %s", type->name);
    return err ? err : put_element(making, element, field->type, field->offset);
}

static struct error *put_item(struct making *making, const struct operand *label,
                              const struct operand *element, size_t n)
{
    const struct go_type *type = making->type->type;
    if (label->kind == OPERAND_LABEL)
        return error_new_at(label->offset, "an array's elements have no names");
    if (n >= type->length)
        return error_new_at(element->offset, "%s has %" PRIu64 " elements", type->name,
                            type->length);
    struct error *err = resolve_at(making->eval, element->offset, type->elem);
    uint64_t offset = n * type->elem->size;
    if (!err && !range_fits(offset, type->elem->size, type->size))
        err = error_new_at(element->offset, "corrupt: the element lies outside of %s", type->name);
    return err ? err : put_element(making, element, type->elem, offset);
}

/** As many strings as the elements can bring. */
static size_t strings_in(const struct operand *elements, size_t count)
{
    size_t strings = 0;
    for (size_t i = 0; i < count; i++)
        strings += 1 + (elements[2 * i + 1].literal ? elements[2 * i + 1].literal->count : 0);
    return strings;
}

/** All elements have labels, or none; and if none, no field is left out. */
static struct error *check_labels(const struct step *step, const struct go_type *type,
                                  const struct operand *elements)
{
    for (size_t i = 0; i < step->count; i++)
        if (elements[2 * i].kind != elements[0].kind)
            return error_new_at(elements[2 * i].offset,
                                "all fields of a literal are named, or none is");
    if (type->kind == GO_STRUCT && step->count > 0 && elements[0].kind != OPERAND_LABEL &&
        step->count < type->field_count)
        return error_new_at(step->offset, "%s has %zu fields, here are %zu", type->name,
                            type->field_count, step->count);
    return NULL;
}

struct error *composite_literal(struct evaluation *eval, const struct step *step,
                                const struct operand *type, const struct operand *elements,
                                struct operand *out)
{
    if (type->kind != OPERAND_TYPE)
        return error_new_at(type->offset, "a type is expected in front of the brace");
    struct error *err = resolve_at(eval, type->offset, type->type);
    if (err)
        return err;
    if (type->type->kind != GO_STRUCT && (type->type->kind != GO_ARRAY || !type->type->elem))
        return error_new_at(step->offset,
                            "literals of type %s cannot be made here: only structs "
                            "and arrays",
                            type->type->name);
    if (type->type->size > LITERAL_SIZE_MAX)
        return error_new_at(step->offset, "a literal of type %s would have %" PRIu64 " bytes",
                            type->type->name, type->type->size);
    err = check_labels(step, type->type, elements);
    if (err)
        return err;
    struct making making = {.eval = eval,
                            .type = type,
                            .bytes = arena_alloc(eval->arena, (size_t)type->type->size + 1),
                            .literal = ARENA_NEW(eval->arena, struct literal),
                            .text_capacity = strings_in(elements, step->count)};
    making.literal->texts =
        arena_array(eval->arena, making.text_capacity, sizeof *making.literal->texts);
    for (size_t i = 0; !err && i < step->count; i++) {
        const struct operand *label = &elements[2 * i], *element = label + 1;
        err = type->type->kind == GO_STRUCT ? put_field(&making, label, element, i)
                                            : put_item(&making, label, element, i);
    }
    *out = (struct operand){.kind = OPERAND_VALUE,
                            .offset = type->offset,
                            .type = type->type,
                            .storage = {.bytes = making.bytes},
                            .literal = making.literal->count ? making.literal : NULL};
    return err;
}

void literal_settle(struct operand *operand)
{
    const struct literal *literal = operand->literal;
    if (!literal || operand->kind != OPERAND_VALUE || operand->storage.in_memory)
        return;
    for (size_t i = 0; i < literal->count && operand->type->kind == GO_STRING; i++) {
        if (literal->texts[i].place != operand->storage.bytes)
            continue;
        operand->has_text = true;
        operand->text = literal->texts[i].text;
        operand->text_size = literal->texts[i].size;
        operand->literal = NULL;
        return;
    }
}

struct error *literal_need_none(const struct operand *operand)
{
    const struct literal *literal = operand->literal;
    if (!literal || operand->has_text || operand->storage.in_memory)
        return NULL;
    for (size_t i = 0; i < literal->count; i++)
        if (literal->texts[i].place >= operand->storage.bytes &&
            literal->texts[i].place < operand->storage.bytes + operand->type->size)
            return error_new_at(operand->offset,
                                "a literal with strings in it can only be compared, or be a key");
    return NULL;
}
