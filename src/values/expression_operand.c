// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <string.h>

/** Basic types as go_types of their own: a stripped program need not describe all of them. */
static struct go_type basic_types[] = {
    {.name = "bool", .kind = GO_BOOL, .size = 1},
    {.name = "int", .kind = GO_INT, .size = 8},
    {.name = "int8", .kind = GO_INT8, .size = 1},
    {.name = "int16", .kind = GO_INT16, .size = 2},
    {.name = "int32", .kind = GO_INT32, .size = 4},
    {.name = "int64", .kind = GO_INT64, .size = 8},
    {.name = "uint", .kind = GO_UINT, .size = 8},
    {.name = "uint8", .kind = GO_UINT8, .size = 1},
    {.name = "uint16", .kind = GO_UINT16, .size = 2},
    {.name = "uint32", .kind = GO_UINT32, .size = 4},
    {.name = "uint64", .kind = GO_UINT64, .size = 8},
    {.name = "uintptr", .kind = GO_UINTPTR, .size = 8},
    {.name = "float32", .kind = GO_FLOAT32, .size = 4},
    {.name = "float64", .kind = GO_FLOAT64, .size = 8},
    {.name = "complex64", .kind = GO_COMPLEX64, .size = 8},
    {.name = "complex128", .kind = GO_COMPLEX128, .size = 16},
    {.name = "string", .kind = GO_STRING, .size = 16},
    {.name = "unsafe.Pointer", .kind = GO_UNSAFE_POINTER, .size = 8, .direct_interface = true},
    {.name = "interface {}", .kind = GO_INTERFACE, .size = 16},
};

static struct go_type *complete_basic(struct go_type *type)
{
    type->resolved = true;
    type->dictionary_index = -1;
    return type;
}

struct go_type *basic_type(enum go_kind kind)
{
    for (size_t i = 0; i < COUNT_OF(basic_types); i++)
        if (basic_types[i].kind == kind)
            return complete_basic(&basic_types[i]);
    return NULL;
}

struct go_type *basic_type_named(const char *name)
{
    if (strcmp(name, "byte") == 0)
        return basic_type(GO_UINT8);
    if (strcmp(name, "rune") == 0)
        return basic_type(GO_INT32);
    if (strcmp(name, "any") == 0 || strcmp(name, "interface{}") == 0)
        return basic_type(GO_INTERFACE);
    for (size_t i = 0; i < COUNT_OF(basic_types); i++)
        if (strcmp(basic_types[i].name, name) == 0)
            return complete_basic(&basic_types[i]);
    return NULL;
}

/** A type literal over elem. It lives as long as the result: the type table would keep it longer.
 */
static struct go_type *make_type(struct evaluation *eval, const char *prefix, struct go_type *elem,
                                 enum go_kind kind, uint64_t size)
{
    struct go_type *type = ARENA_NEW(eval->arena, struct go_type);
    *type = (struct go_type){.name = arena_printf(eval->arena, "%s%s", prefix, elem->name),
                             .kind = kind,
                             .size = size,
                             .elem = elem,
                             .resolved = true,
                             .dictionary_index = -1};
    if (elem->full_name)
        type->full_name = arena_printf(eval->arena, "%s%s", prefix, elem->full_name);
    return type;
}

struct go_type *pointer_type(struct evaluation *eval, struct go_type *elem)
{
    struct go_type *type = make_type(eval, "*", elem, GO_POINTER, 8);
    type->direct_interface = true;
    return type;
}

struct go_type *slice_type(struct evaluation *eval, struct go_type *elem)
{
    return make_type(eval, "[]", elem, GO_SLICE, 24);
}

struct go_type *array_type(struct evaluation *eval, struct go_type *elem, uint64_t length)
{
    const char *prefix = arena_printf(eval->arena, "[%" PRIu64 "]", length);
    struct go_type *type = make_type(eval, prefix, elem, GO_ARRAY, length * elem->size);
    type->length = length;
    return type;
}

bool type_identical(const struct go_type *a, const struct go_type *b)
{
    if (a == b)
        return true;
    if (a->runtime_type && b->runtime_type)
        return a->runtime_type == b->runtime_type;
    return a->kind == b->kind && a->size == b->size &&
           strcmp(type_full_name(a), type_full_name(b)) == 0;
}

bool kind_is_integer(enum go_kind kind)
{
    return kind >= GO_INT && kind <= GO_UINTPTR;
}

bool kind_is_signed(enum go_kind kind)
{
    return kind >= GO_INT && kind <= GO_INT64;
}

bool kind_is_float(enum go_kind kind)
{
    return kind == GO_FLOAT32 || kind == GO_FLOAT64;
}

bool kind_is_complex(enum go_kind kind)
{
    return kind == GO_COMPLEX64 || kind == GO_COMPLEX128;
}

bool kind_can_be_nil(enum go_kind kind)
{
    switch (kind) {
    case GO_POINTER:
    case GO_UNSAFE_POINTER:
    case GO_MAP:
    case GO_CHAN:
    case GO_FUNC:
    case GO_SLICE:
    case GO_INTERFACE:
        return true;
    default:
        return false;
    }
}

/** The size that a kind must have, 0: any. A hostile file may say another. */
static uint64_t size_of_kind(enum go_kind kind)
{
    const struct go_type *basic = basic_type(kind);
    if (basic)
        return basic->size;
    switch (kind) {
    case GO_POINTER:
    case GO_MAP:
    case GO_CHAN:
    case GO_FUNC:
        return 8;
    case GO_INTERFACE:
        return 16;
    case GO_SLICE:
        return 24;
    default:
        return 0;
    }
}

struct error *resolve_at(struct evaluation *eval, size_t offset, struct go_type *type)
{
    struct error *err = type_resolve(eval->reader->types, type);
    uint64_t size = size_of_kind(type->kind);
    if (!err && size && type->size != size)
        return error_new_at(offset, "corrupt: type %s has %" PRIu64 " bytes", type->name,
                            type->size);
    if (!err)
        return NULL;
    struct error *placed = error_new_at(offset, "%s", error_message(err));
    error_free(err);
    return placed;
}

struct operand operand_at(size_t offset, struct go_type *type, target_addr address)
{
    return (struct operand){
        .kind = OPERAND_VALUE, .offset = offset, .type = type, .storage = storage_at(address)};
}

struct operand operand_bytes(struct evaluation *eval, size_t offset, struct go_type *type,
                             const void *bytes, size_t size)
{
    struct storage storage = {.bytes = (const uint8_t *)arena_copy(eval->arena, bytes, size)};
    return (struct operand){
        .kind = OPERAND_VALUE, .offset = offset, .type = type, .storage = storage};
}

struct operand operand_bits(struct evaluation *eval, size_t offset, struct go_type *type,
                            uint64_t bits)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    return operand_bytes(eval, offset, type, bytes, type->size < 8 ? (size_t)type->size : 8);
}

struct operand operand_bool(struct evaluation *eval, size_t offset, bool value)
{
    return operand_bits(eval, offset, basic_type(GO_BOOL), value);
}

struct operand operand_text(size_t offset, struct go_type *type, const char *text, uint64_t size)
{
    return (struct operand){.kind = OPERAND_VALUE,
                            .offset = offset,
                            .type = type,
                            .has_text = true,
                            .text = text,
                            .text_size = size};
}

struct error *operand_zero(struct evaluation *eval, size_t offset, struct go_type *type,
                           struct operand *out)
{
    struct error *err = resolve_at(eval, offset, type);
    if (err)
        return err;
    if (type->size > EXPRESSION_TEXT_MAX)
        return error_new_at(offset, "the zero value of %s has %" PRIu64 " bytes", type->name,
                            type->size);
    struct storage storage = {.bytes = arena_alloc(eval->arena, (size_t)type->size + 1)};
    *out =
        (struct operand){.kind = OPERAND_VALUE, .offset = offset, .type = type, .storage = storage};
    return NULL;
}

struct error *operand_need_value(struct evaluation *eval, struct operand *operand)
{
    switch (operand->kind) {
    case OPERAND_VALUE:
        return resolve_at(eval, operand->offset, operand->type);
    case OPERAND_CONSTANT:
        return constant_convert(eval, operand, constant_type(&operand->constant), false, operand);
    case OPERAND_NIL:
        return error_new_at(operand->offset, "nil has no type here");
    case OPERAND_TYPE:
        return error_new_at(operand->offset, "%s is a type, not a value", operand->type->name);
    case OPERAND_BUILTIN:
        return error_new_at(operand->offset, "%s wants its arguments in brackets", operand->name);
    case OPERAND_FUNCTION:
        return error_new_at(operand->offset, "%s is a function: nothing runs in a core",
                            operand->name);
    case OPERAND_PACKAGE:
    case OPERAND_ABSENT:
    case OPERAND_LABEL:
        break;
    }
    return name_unknown(eval, operand);
}

struct error *operand_load(struct evaluation *eval, const struct operand *operand, uint64_t offset,
                           void *out, size_t size)
{
    const char *missing = storage_load(eval->reader, operand->storage, offset, out, size);
    if (!missing)
        return NULL;
    if (operand->storage.in_memory)
        return error_new_at(operand->offset, "%s: address 0x%" PRIx64, missing,
                            operand->storage.address + offset);
    return error_new_at(operand->offset, "%s", missing);
}

struct error *operand_scalar(struct evaluation *eval, const struct operand *operand, uint64_t *out)
{
    uint8_t bytes[8] = {0};
    size_t size = (size_t)operand->type->size;
    if (size == 0 || size > sizeof bytes)
        return error_new_at(operand->offset, "a value of type %s is no number",
                            operand->type->name);
    struct error *err = operand_load(eval, operand, 0, bytes, size);
    if (err)
        return err;
    uint64_t value = load_u64(bytes);
    if (kind_is_signed(operand->type->kind))
        value = (uint64_t)((int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size));
    *out = value;
    return NULL;
}

struct error *operand_float(struct evaluation *eval, const struct operand *operand, double *number,
                            double *imaginary)
{
    enum go_kind kind = operand->type->kind;
    *imaginary = 0;
    if (kind_is_integer(kind)) {
        uint64_t bits = 0;
        struct error *err = operand_scalar(eval, operand, &bits);
        if (!err)
            *number = kind_is_signed(kind) ? (double)(int64_t)bits : (double)bits;
        return err;
    }
    uint8_t bytes[16] = {0};
    if ((!kind_is_float(kind) && !kind_is_complex(kind)) || operand->type->size > sizeof bytes)
        return error_new_at(operand->offset, "a value of type %s is no number",
                            operand->type->name);
    bool single = kind == GO_FLOAT32 || kind == GO_COMPLEX64;
    struct error *err = operand_load(eval, operand, 0, bytes, (size_t)operand->type->size);
    if (err)
        return err;
    *number = load_float(bytes, single);
    if (kind_is_complex(kind))
        *imaginary = load_float(bytes + (single ? 4 : 8), single);
    return NULL;
}

struct error *operand_header(struct evaluation *eval, const struct operand *operand, uint64_t *data,
                             uint64_t *length, uint64_t *capacity)
{
    uint8_t words[24] = {0};
    bool slice = operand->type->kind == GO_SLICE;
    // The length alone may be known where the compiler dropped the rest.
    struct error *err = operand_load(eval, operand, 8, words + 8, 8);
    if (!err && data)
        err = operand_load(eval, operand, 0, words, 8);
    if (!err && capacity && slice)
        err = operand_load(eval, operand, 16, words + 16, 8);
    if (err)
        return err;
    *length = load_u64(words + 8);
    if (data)
        *data = load_u64(words);
    if (capacity)
        *capacity = slice ? load_u64(words + 16) : *length;
    if (*length >> 47 || (capacity && *capacity < *length))
        return error_new_at(operand->offset, "corrupt: length %" PRId64, (int64_t)*length);
    return NULL;
}

struct error *operand_contents(struct evaluation *eval, const struct operand *operand,
                               const char **text, uint64_t *size)
{
    if (operand->has_text) {
        *text = operand->text;
        *size = operand->text_size;
        return NULL;
    }
    uint64_t data = 0, length = 0;
    struct error *err = operand_header(eval, operand, &data, &length, NULL);
    if (err)
        return err;
    if (length > EXPRESSION_TEXT_MAX)
        return error_new_at(operand->offset, "it has %" PRIu64 " bytes; the limit here is %d",
                            length, EXPRESSION_TEXT_MAX);
    char *bytes = arena_alloc(eval->arena, (size_t)length + 1);
    if (length && !address_space_try_read(eval->reader->program->space, data, bytes, length))
        return error_new_at(operand->offset, "%s: %" PRIu64 " bytes at 0x%" PRIx64, not_in_core,
                            length, data);
    *text = bytes;
    *size = length;
    return NULL;
}

struct error *operand_integer(struct evaluation *eval, const struct operand *operand, wide_int *out)
{
    struct operand value = *operand;
    if (operand->kind == OPERAND_CONSTANT) { // 2.0 is as good as 2
        const struct constant *constant = &operand->constant;
        if (constant->kind == CONSTANT_INT || constant->kind == CONSTANT_RUNE) {
            *out = constant->integer;
            return NULL;
        }
        struct error *err = constant_convert(eval, operand, basic_type(GO_INT), false, &value);
        if (err)
            return err;
    }
    struct error *err = operand_need_value(eval, &value);
    if (err)
        return err;
    if (!kind_is_integer(value.type->kind))
        return error_new_at(operand->offset, "a whole number is wanted, not a value of type %s",
                            value.type->name);
    uint64_t bits = 0;
    err = operand_scalar(eval, &value, &bits);
    if (!err)
        *out = kind_is_signed(value.type->kind) ? (wide_int)(int64_t)bits : (wide_int)bits;
    return err;
}
