// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(enum go_kind kind)
{
    return kind_is_integer(kind) || kind_is_float(kind) || kind_is_complex(kind);
}

static bool is_word(enum go_kind kind)
{
    return kind == GO_POINTER || kind == GO_UNSAFE_POINTER || kind == GO_MAP || kind == GO_CHAN ||
           kind == GO_FUNC;
}

static struct error *cannot_convert(const struct step *step, const struct go_type *from,
                                    const struct go_type *to)
{
    return error_new_at(step->offset, "a value of type %s cannot be converted to %s", from->name,
                        to->name);
}

/** A float as an integer: what Go leaves to the machine is not guessed. */
static struct error *float_to_integer(struct evaluation *eval, const struct step *step,
                                      struct go_type *type, double number, struct operand *out)
{
    double whole = trunc(number);
    double least = kind_is_signed(type->kind) ? -ldexp(1, 8 * (int)type->size - 1) : 0;
    double beyond = ldexp(1, 8 * (int)type->size - (kind_is_signed(type->kind) ? 1 : 0));
    if (!(whole >= least && whole < beyond))
        return error_new_at(step->offset,
                            "%g does not fit into %s: what Go makes of it depends "
                            "on the machine",
                            number, type->name);
    uint64_t bits = whole < 0 ? (uint64_t)(int64_t)whole : (uint64_t)whole;
    *out = operand_bits(eval, step->offset, type, bits);
    return NULL;
}

static struct error *convert_number(struct evaluation *eval, const struct step *step,
                                    struct go_type *type, const struct operand *operand,
                                    struct operand *out)
{
    enum go_kind from = operand->type->kind, to = type->kind;
    uint64_t bits = 0;
    double number = 0, imaginary = 0;
    if (kind_is_complex(from) && !kind_is_complex(to))
        return cannot_convert(step, operand->type, type);
    if (kind_is_integer(from) && kind_is_integer(to)) {
        struct error *err = operand_scalar(eval, operand, &bits);
        if (!err)
            *out = operand_bits(eval, operand->offset, type, bits);
        return err;
    }
    struct error *err = operand_float(eval, operand, &number, &imaginary);
    if (err)
        return err;
    if (kind_is_integer(to))
        return float_to_integer(eval, step, type, number, out);
    uint8_t bytes[16];
    if (to == GO_FLOAT32 && kind_is_integer(from)) { // one rounding, not two
        err = operand_scalar(eval, operand, &bits);
        float single = kind_is_signed(from) ? (float)(int64_t)bits : (float)bits;
        memcpy(bytes, &single, sizeof single);
    } else if (to == GO_FLOAT32 || to == GO_COMPLEX64) {
        float parts[2] = {(float)number, (float)imaginary};
        memcpy(bytes, parts, sizeof parts);
    } else {
        double parts[2] = {number, imaginary};
        memcpy(bytes, parts, sizeof parts);
    }
    if (!err)
        *out = operand_bytes(eval, operand->offset, type, bytes, (size_t)type->size);
    return err;
}

/** A []rune as a string. */
static struct error *runes_to_string(struct evaluation *eval, struct go_type *type,
                                     const struct operand *operand, struct operand *out)
{
    uint64_t data = 0, length = 0;
    AUTO_TEXT text = {0};
    bool here = operand->type->kind == GO_ARRAY; // one that a conversion made
    struct error *err = NULL;
    if (here)
        length = operand->type->length;
    else
        err = operand_header(eval, operand, &data, &length, NULL);
    if (!err && length > EXPRESSION_TEXT_MAX / 4)
        err = error_new_at(operand->offset, "the string becomes longer than %d bytes",
                           EXPRESSION_TEXT_MAX);
    struct operand runes = *operand;
    if (!err && !here)
        runes.storage = storage_at(data);
    for (uint64_t i = 0; i < length && !err; i++) {
        uint8_t rune[4] = {0};
        err = operand_load(eval, &runes, 4 * i, rune, sizeof rune);
        rune_append(&text, (int32_t)load_u32(rune));
    }
    if (!err)
        *out = operand_text(operand->offset, type,
                            arena_copy(eval->arena, buffer_text(&text), text.size), text.size);
    return err;
}

/** A string as []rune: the elements lie here, as an array that goes by the slice's name. */
static struct error *string_to_runes(struct evaluation *eval, struct go_type *type,
                                     const struct operand *operand, struct operand *out)
{
    const char *text = NULL;
    uint64_t size = 0;
    struct error *err = operand_contents(eval, operand, &text, &size);
    if (err)
        return err;
    uint8_t *bytes = arena_alloc(eval->arena, 4 * (size_t)size + 1);
    uint64_t count = 0;
    for (uint64_t at = 0; at < size; count++) {
        uint32_t rune;
        at += utf8_decode(text + at, (size_t)(size - at), &rune);
        if (rune == UTF8_INVALID)
            rune = 0xfffd;
        for (int i = 0; i < 4; i++)
            bytes[4 * count + (unsigned)i] = (uint8_t)(rune >> (8 * i));
    }
    struct go_type *array = array_type(eval, type->elem, count);
    array->name = type->name;
    array->full_name = type->full_name;
    *out = (struct operand){.kind = OPERAND_VALUE,
                            .offset = operand->offset,
                            .type = array,
                            .storage = {.bytes = bytes}};
    return NULL;
}

static bool is_slice_of(const struct go_type *type, enum go_kind elem)
{
    return (type->kind == GO_SLICE || (type->kind == GO_ARRAY && type->name[1] == ']')) &&
           type->elem->kind == elem;
}

/** A []byte's header over a string's bytes, or the other way round. */
static struct error *share_bytes(struct evaluation *eval, struct go_type *type,
                                 const struct operand *operand, struct operand *out)
{
    if (operand->has_text) {
        *out = operand_text(operand->offset, type, operand->text, operand->text_size);
        return NULL;
    }
    uint8_t header[24];
    uint64_t length = 0;
    struct error *err = operand_load(eval, operand, 0, header, 16);
    if (!err)
        err = operand_header(eval, operand, NULL, &length, NULL);
    if (err)
        return err;
    memcpy(header + 16, header + 8, 8); // the capacity is not the program's: nothing was copied
    *out = operand_bytes(eval, operand->offset, type, header, (size_t)type->size);
    return NULL;
}

static struct error *convert_text(struct evaluation *eval, const struct step *step,
                                  struct go_type *type, const struct operand *operand,
                                  struct operand *out)
{
    const struct go_type *from = operand->type;
    if (type->kind == GO_STRING && kind_is_integer(from->kind)) {
        uint64_t bits = 0;
        AUTO_TEXT text = {0};
        struct error *err = operand_scalar(eval, operand, &bits);
        if (err)
            return err;
        rune_append(&text, kind_is_signed(from->kind) ? (wide_int)(int64_t)bits : (wide_int)bits);
        *out = operand_text(operand->offset, type,
                            arena_copy(eval->arena, buffer_text(&text), text.size), text.size);
        return NULL;
    }
    bool runes = is_slice_of(from, GO_INT32) ||
                 (from->kind == GO_ARRAY && from->elem->kind == GO_INT32); // Go: array[:]
    if (type->kind == GO_STRING && runes)
        return runes_to_string(eval, type, operand, out);
    if (from->kind == GO_STRING && is_slice_of(type, GO_INT32))
        return string_to_runes(eval, type, operand, out);
    if (type->kind == GO_STRING && from->kind == GO_ARRAY && from->elem->kind == GO_UINT8 &&
        from->length <= EXPRESSION_TEXT_MAX) { // Go would want array[:]
        char *text = arena_alloc(eval->arena, (size_t)from->length + 1);
        struct error *err = operand_load(eval, operand, 0, text, (size_t)from->length);
        if (!err)
            *out = operand_text(operand->offset, type, text, from->length);
        return err;
    }
    bool bytes = (type->kind == GO_STRING && is_slice_of(from, GO_UINT8)) ||
                 (from->kind == GO_STRING && is_slice_of(type, GO_UINT8));
    return bytes ? share_bytes(eval, type, operand, out) : cannot_convert(step, from, type);
}

/** Whether the bytes of one type are those of the other, names apart. */
static bool same_form(const struct go_type *a, const struct go_type *b)
{
    if (a->kind != b->kind || a->size != b->size)
        return false;
    switch (a->kind) {
    case GO_STRUCT:
        if (a->field_count != b->field_count)
            return false;
        for (size_t i = 0; i < a->field_count; i++)
            if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
                !type_identical(a->fields[i].type, b->fields[i].type))
                return false;
        return true;
    case GO_MAP:
        return type_identical(a->key, b->key) && type_identical(a->elem, b->elem);
    case GO_ARRAY:
    case GO_SLICE:
    case GO_CHAN:
        return type_identical(a->elem, b->elem);
    case GO_INTERFACE:
        return a->has_methods == b->has_methods;
    default:
        return true;
    }
}

static struct error *convert_value(struct evaluation *eval, const struct step *step,
                                   struct go_type *type, const struct operand *operand,
                                   struct operand *out)
{
    enum go_kind from = operand->type->kind, to = type->kind;
    if (is_number(from) && is_number(to))
        return convert_number(eval, step, type, operand, out);
    bool address = (is_word(from) && (to == GO_UINTPTR || kind_is_integer(to))) ||
                   (kind_is_integer(from) && (to == GO_POINTER || to == GO_UNSAFE_POINTER)) ||
                   ((from == GO_POINTER || from == GO_UNSAFE_POINTER) &&
                    (to == GO_POINTER || to == GO_UNSAFE_POINTER));
    if (address) {
        uint64_t bits = 0;
        struct error *err = operand_scalar(eval, operand, &bits);
        if (!err)
            *out = operand_bits(eval, operand->offset, type, bits);
        return err;
    }
    if (same_form(operand->type, type)) {
        *out = *operand;
        out->type = type;
        out->missing_key = false;
        return NULL;
    }
    if (to == GO_INTERFACE && !type->has_methods) { // any(x): compares and prints as x does
        *out = *operand;
        return NULL;
    }
    return convert_text(eval, step, type, operand, out);
}

struct error *convert_operand(struct evaluation *eval, const struct step *step,
                              struct go_type *type, const struct operand *operand,
                              struct operand *out)
{
    struct operand value = *operand;
    struct error *err = resolve_at(eval, step->offset, type);
    if (err)
        return err;
    if (operand->kind == OPERAND_NIL && kind_can_be_nil(type->kind))
        return operand_zero(eval, operand->offset, type, out);
    bool runes = operand->kind == OPERAND_CONSTANT && operand->constant.kind == CONSTANT_STRING &&
                 is_slice_of(type, GO_INT32);
    if (operand->kind == OPERAND_CONSTANT && type->kind != GO_INTERFACE && !runes)
        return constant_convert(eval, operand, type, true, out);
    err = operand_need_value(eval, &value);
    return err ? err : convert_value(eval, step, type, &value, out);
}

/** main.(*T), as tracebacks write a method's receiver: the type *main.T. @return false: none */
static bool receiver_type(struct evaluation *eval, const struct step *step, struct operand *operand)
{
    struct go_type *type = NULL;
    if (operand->kind != OPERAND_PACKAGE || step->name[0] != '*' || step->name[1] != TYPE_OWN_MARK)
        return false;
    const char *text = arena_printf(eval->arena, "*%s.%s", operand->name, step->name + 2);
    struct error *err = type_of_text(eval, operand->offset, text, &type);
    error_ignore(err);
    if (err)
        return false;
    operand->kind = OPERAND_TYPE;
    operand->type = type;
    return true;
}

struct error *assert_type(struct evaluation *eval, const struct step *step, struct operand *operand)
{
    struct go_type *type = NULL;
    struct operand inner;
    if (receiver_type(eval, step, operand))
        return NULL;
    struct error *err = operand_need_value(eval, operand);
    if (err)
        return err;
    if (operand->type->kind != GO_INTERFACE)
        return error_new_at(operand->offset, "a value of type %s is no interface",
                            operand->type->name);
    err = interface_value(eval, operand, &inner);
    if (!err && inner.kind == OPERAND_NIL)
        err = error_new_at(step->offset, "the interface is nil, it holds no %s",
                           *step->name == TYPE_OWN_MARK ? step->name + 1 : step->name);
    // As Delve's users write it: whatever is in it.
    if (!err && strcmp(step->name, "\1data") == 0) {
        *operand = inner;
        return NULL;
    }
    // A stripped program need not list the type; that the value is of it is told by its own name.
    if (!err)
        err = type_of_text(eval, step->offset, step->name, &type);
    if (err)
        return err;
    if (type->kind == GO_INTERFACE && !type->has_methods)
        return NULL;
    if (type->kind == GO_INTERFACE) {
        bool implements = false;
        if (!type_implements(eval->reader->types, inner.type, type, &implements))
            return error_new_at(step->offset,
                                "whether a %s has the methods of %s is not known: "
                                "name the type itself",
                                inner.type->name, type->name);
        return implements ? NULL
                          : error_new_at(step->offset,
                                         "the interface holds a %s, which has not the methods "
                                         "of %s",
                                         inner.type->name, type->name);
    }
    if (!type_identical(type, inner.type))
        return error_new_at(step->offset, "the interface holds a %s, not a %s", inner.type->name,
                            type->name);
    *operand = inner;
    return NULL;
}
