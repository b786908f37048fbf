// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/buffer.h"
#include "model/value_text.h"

#include <math.h>
#include <string.h>

/*
 * Untyped constants: Go's specification, "Constants" and "Constant expressions". Integers have 127
 * bits, floats 53: what does not fit is an error, never another number.
 */

enum { CONSTANT_BITS = 120 };

struct operand operand_constant(size_t offset, const struct constant *constant)
{
    return (struct operand){.kind = OPERAND_CONSTANT, .offset = offset, .constant = *constant};
}

struct constant constant_bool(bool value)
{
    return (struct constant){.kind = CONSTANT_BOOL, .integer = value};
}

struct go_type *constant_type(const struct constant *constant)
{
    static const enum go_kind kinds[] = {
        [CONSTANT_BOOL] = GO_BOOL,     [CONSTANT_STRING] = GO_STRING,
        [CONSTANT_INT] = GO_INT,       [CONSTANT_RUNE] = GO_INT32,
        [CONSTANT_FLOAT] = GO_FLOAT64, [CONSTANT_COMPLEX] = GO_COMPLEX128,
    };
    return basic_type(kinds[constant->kind]);
}

static const char *constant_kind_name(enum constant_kind kind)
{
    static const char *const names[] = {"a truth value", "a string", "a whole number",
                                        "a character",   "a float",  "a complex number"};
    return names[kind];
}

static bool is_whole(enum constant_kind kind)
{
    return kind == CONSTANT_INT || kind == CONSTANT_RUNE;
}

/** Makes a number the kind that another operand of the same operator has. */
static struct constant widen(const struct constant *constant, enum constant_kind kind)
{
    struct constant out = *constant;
    if (is_whole(out.kind) && kind >= CONSTANT_FLOAT)
        out.number = (double)out.integer;
    out.kind = kind > out.kind ? kind : out.kind;
    return out;
}

static struct error *too_large(const struct step *step)
{
    return error_new_at(step->offset, "the constant becomes too large");
}

struct error *constant_unary(const struct step *step, struct operand *operand)
{
    struct constant *constant = &operand->constant;
    bool whole = is_whole(constant->kind), number = constant->kind >= CONSTANT_INT;
    if (step->op == OP_NOT && constant->kind == CONSTANT_BOOL) {
        constant->integer = !constant->integer;
    } else if (step->op == OP_BIT_XOR && whole) {
        constant->integer = ~constant->integer;
    } else if (step->op == OP_SUBTRACT && number) {
        constant->integer = -constant->integer;
        constant->number = whole ? 0 : -constant->number;
        constant->imaginary = -constant->imaginary;
    } else if (step->op != OP_ADD || !number) {
        return error_new_at(step->offset, "unary '%s' does not take %s", operator_text(step->op),
                            constant_kind_name(constant->kind));
    }
    return NULL;
}

static struct error *shift_constant(const struct step *step, struct constant *left, wide_int count)
{
    if (!is_whole(left->kind) && left->kind == CONSTANT_FLOAT &&
        left->number == trunc(left->number) && fabs(left->number) < 1e18)
        *left = (struct constant){.kind = CONSTANT_INT, .integer = (wide_int)left->number};
    if (!is_whole(left->kind))
        return error_new_at(step->offset, "%s cannot be shifted", constant_kind_name(left->kind));
    if (count < 0)
        return error_new_at(step->offset, "a shift by a negative number");
    if (step->op == OP_SHIFT_RIGHT) {
        left->integer >>= count < CONSTANT_BITS ? (int)count : CONSTANT_BITS;
        return NULL;
    }
    wide_int magnitude = left->integer < 0 ? -left->integer : left->integer;
    if (left->integer != 0 && (count >= CONSTANT_BITS || magnitude >> (CONSTANT_BITS - count)))
        return too_large(step);
    left->integer *= (wide_int)1 << (left->integer ? (int)count : 0);
    return NULL;
}

static struct error *integer_constant(const struct step *step, wide_int a, wide_int b,
                                      wide_int *out)
{
    bool overflow = false;
    if ((step->op == OP_DIVIDE || step->op == OP_REMAINDER) && b == 0)
        return error_new_at(step->offset, "division by zero");
    switch (step->op) {
    case OP_ADD:
        overflow = __builtin_add_overflow(a, b, out);
        break;
    case OP_SUBTRACT:
        overflow = __builtin_sub_overflow(a, b, out);
        break;
    case OP_MULTIPLY:
        overflow = __builtin_mul_overflow(a, b, out);
        break;
    case OP_DIVIDE:
        *out = a / b;
        break;
    case OP_REMAINDER:
        *out = a % b;
        break;
    case OP_BIT_AND:
        *out = a & b;
        break;
    case OP_BIT_OR:
        *out = a | b;
        break;
    case OP_BIT_XOR:
        *out = a ^ b;
        break;
    case OP_BIT_CLEAR:
        *out = a & ~b;
        break;
    default:
        return error_new_at(step->offset, "'%s' does not take numbers", operator_text(step->op));
    }
    // Far from the borders of what __int128 holds, so that no later step comes to them unseen.
    wide_int bound = (wide_int)1 << CONSTANT_BITS;
    return overflow || *out > bound || *out < -bound ? too_large(step) : NULL;
}

static struct error *float_constant(const struct step *step, const struct constant *a,
                                    const struct constant *b, struct constant *out)
{
    double complex x = CMPLX(a->number, a->imaginary), y = CMPLX(b->number, b->imaginary), z;
    bool real = out->kind == CONSTANT_FLOAT;
    if (step->op == OP_DIVIDE && b->number == 0 && b->imaginary == 0)
        return error_new_at(step->offset, "division by zero");
    switch (step->op) {
    case OP_ADD:
        z = x + y;
        break;
    case OP_SUBTRACT:
        z = x - y;
        break;
    case OP_MULTIPLY:
        z = real ? CMPLX(a->number * b->number, 0) : x * y;
        break;
    case OP_DIVIDE:
        z = real ? CMPLX(a->number / b->number, 0) : x / y;
        break;
    default:
        return error_new_at(step->offset, "'%s' does not take %s", operator_text(step->op),
                            constant_kind_name(out->kind));
    }
    if (!isfinite(creal(z)) || !isfinite(cimag(z)))
        return too_large(step);
    out->number = creal(z);
    out->imaginary = cimag(z);
    return NULL;
}

static bool order_holds(enum operator_kind op, int order)
{
    switch (op) {
    case OP_EQUAL:
        return order == 0;
    case OP_NOT_EQUAL:
        return order != 0;
    case OP_LESS:
        return order < 0;
    case OP_LESS_EQUAL:
        return order <= 0;
    case OP_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

static int order_texts(const struct constant *a, const struct constant *b)
{
    size_t common = a->text_size < b->text_size ? a->text_size : b->text_size;
    int order = common ? memcmp(a->text, b->text, common) : 0;
    return order ? order : (a->text_size > b->text_size) - (a->text_size < b->text_size);
}

static struct error *compare_constants(const struct step *step, const struct constant *a,
                                       const struct constant *b, struct constant *out)
{
    bool equality = step->op == OP_EQUAL || step->op == OP_NOT_EQUAL;
    int order = 0;
    if ((a->kind == CONSTANT_BOOL || a->kind == CONSTANT_COMPLEX) && !equality)
        return error_new_at(step->offset, "%s has no order", constant_kind_name(a->kind));
    if (a->kind == CONSTANT_STRING)
        order = order_texts(a, b);
    else if (a->kind >= CONSTANT_FLOAT)
        order = a->number != b->number ? (a->number < b->number ? -1 : 1)
                                       : a->imaginary != b->imaginary;
    else
        order = a->integer != b->integer ? (a->integer < b->integer ? -1 : 1) : 0;
    *out = constant_bool(order_holds(step->op, order));
    return NULL;
}

static struct error *join_constants(struct evaluation *eval, const struct constant *a,
                                    const struct constant *b, struct constant *out)
{
    AUTO_TEXT text = {0};
    buffer_append(&text, a->text, a->text_size);
    buffer_append(&text, b->text, b->text_size);
    *out = (struct constant){.kind = CONSTANT_STRING,
                             .text = arena_copy(eval->arena, buffer_text(&text), text.size),
                             .text_size = text.size};
    return NULL;
}

struct error *constant_binary(struct evaluation *eval, const struct step *step,
                              const struct operand *left, const struct operand *right,
                              struct operand *out)
{
    struct constant a = left->constant, b = right->constant, result = {0};
    struct error *err = NULL;
    if (step->op == OP_SHIFT_LEFT || step->op == OP_SHIFT_RIGHT) {
        wide_int count = 0;
        err = operand_integer(eval, right, &count);
        result = a;
        if (!err)
            err = shift_constant(step, &result, count);
        *out = operand_constant(left->offset, &result);
        return err;
    }
    bool numbers = a.kind >= CONSTANT_INT && b.kind >= CONSTANT_INT;
    if (!numbers && a.kind != b.kind)
        return error_new_at(step->offset, "'%s' between %s and %s", operator_text(step->op),
                            constant_kind_name(a.kind), constant_kind_name(b.kind));
    a = widen(&a, b.kind);
    b = widen(&b, a.kind);
    result.kind = a.kind;
    bool comparison = step->op >= OP_EQUAL && step->op <= OP_GREATER_EQUAL;
    bool logic = step->op == OP_AND || step->op == OP_OR;
    if (comparison)
        err = compare_constants(step, &a, &b, &result);
    else if (a.kind == CONSTANT_BOOL && logic)
        result.integer = step->op == OP_AND ? a.integer && b.integer : a.integer || b.integer;
    else if (a.kind == CONSTANT_STRING && step->op == OP_ADD)
        err = join_constants(eval, &a, &b, &result);
    else if (is_whole(a.kind))
        err = integer_constant(step, a.integer, b.integer, &result.integer);
    else if (a.kind >= CONSTANT_FLOAT)
        err = float_constant(step, &a, &b, &result);
    else
        err = error_new_at(step->offset, "'%s' does not take %s", operator_text(step->op),
                           constant_kind_name(a.kind));
    if (!err)
        *out = operand_constant(left->offset, &result);
    return err;
}

static struct error *does_not_fit(const struct operand *operand, const struct go_type *type)
{
    const struct constant *constant = &operand->constant;
    AUTO_TEXT text = {0};
    if (constant->kind >= CONSTANT_FLOAT)
        value_float_text(&text, constant->number, false);
    else if (constant->integer >= INT64_MIN && constant->integer <= INT64_MAX)
        buffer_printf(&text, "%lld", (long long)constant->integer);
    else
        buffer_puts(&text, "the constant");
    return error_new_at(operand->offset, "%s does not fit into %s", buffer_text(&text), type->name);
}

static struct error *convert_to_integer(struct evaluation *eval, const struct operand *operand,
                                        struct go_type *type, struct operand *out)
{
    const struct constant *constant = &operand->constant;
    wide_int value = constant->integer;
    if (constant->kind >= CONSTANT_FLOAT) {
        if (constant->imaginary != 0 || constant->number != trunc(constant->number) ||
            fabs(constant->number) > 1e30)
            return does_not_fit(operand, type);
        value = (wide_int)constant->number;
    }
    unsigned bits = 8 * (unsigned)type->size;
    wide_int least = 0, most = ((wide_int)1 << bits) - 1;
    if (kind_is_signed(type->kind)) {
        most = ((wide_int)1 << (bits - 1)) - 1;
        least = -most - 1;
    }
    if (value < least || value > most)
        return does_not_fit(operand, type);
    *out = operand_bits(eval, operand->offset, type, (uint64_t)value);
    return NULL;
}

/** The bytes of a float or complex of a type. */
static struct operand float_operand(struct evaluation *eval, size_t offset, struct go_type *type,
                                    double number, double imaginary)
{
    uint8_t bytes[16];
    if (type->kind == GO_FLOAT32 || type->kind == GO_COMPLEX64) {
        float parts[2] = {(float)number, (float)imaginary};
        memcpy(bytes, parts, sizeof parts);
    } else {
        double parts[2] = {number, imaginary};
        memcpy(bytes, parts, sizeof parts);
    }
    return operand_bytes(eval, offset, type, bytes, (size_t)type->size);
}

static struct error *convert_to_float(struct evaluation *eval, const struct operand *operand,
                                      struct go_type *type, struct operand *out)
{
    struct constant number = widen(&operand->constant, CONSTANT_FLOAT);
    if (kind_is_float(type->kind) && number.imaginary != 0)
        return does_not_fit(operand, type);
    bool single = type->kind == GO_FLOAT32 || type->kind == GO_COMPLEX64;
    if (single && (!isfinite((float)number.number) || !isfinite((float)number.imaginary)))
        return does_not_fit(operand, type);
    *out = float_operand(eval, operand->offset, type, number.number, number.imaginary);
    return NULL;
}

static struct error *convert_text(struct evaluation *eval, const struct operand *operand,
                                  struct go_type *type, bool explicit_conversion,
                                  struct operand *out, bool *done)
{
    const struct constant *constant = &operand->constant;
    *done = true;
    if (constant->kind == CONSTANT_STRING &&
        (type->kind == GO_STRING ||
         (explicit_conversion && type->kind == GO_SLICE && type->elem->kind == GO_UINT8))) {
        *out = operand_text(operand->offset, type, constant->text, constant->text_size);
        return NULL;
    }
    if (explicit_conversion && type->kind == GO_STRING && is_whole(constant->kind)) {
        AUTO_TEXT text = {0};
        rune_append(&text, constant->integer);
        *out = operand_text(operand->offset, type,
                            arena_copy(eval->arena, buffer_text(&text), text.size), text.size);
        return NULL;
    }
    *done = false;
    return NULL;
}

struct error *constant_convert(struct evaluation *eval, const struct operand *operand,
                               struct go_type *type, bool explicit_conversion, struct operand *out)
{
    const struct constant *constant = &operand->constant;
    struct error *err = resolve_at(eval, operand->offset, type);
    if (err)
        return err;
    bool number = constant->kind >= CONSTANT_INT, done;
    if (kind_is_integer(type->kind) && number)
        return convert_to_integer(eval, operand, type, out);
    if ((kind_is_float(type->kind) || kind_is_complex(type->kind)) && number)
        return convert_to_float(eval, operand, type, out);
    if (type->kind == GO_BOOL && constant->kind == CONSTANT_BOOL) {
        *out = operand_bits(eval, operand->offset, type, (uint64_t)constant->integer);
        return NULL;
    }
    if ((type->kind == GO_POINTER || type->kind == GO_UNSAFE_POINTER) && explicit_conversion &&
        is_whole(constant->kind)) { // an address that somebody read elsewhere
        struct operand address;
        err = convert_to_integer(eval, operand, basic_type(GO_UINTPTR), &address);
        if (!err) {
            *out = address;
            out->type = type;
        }
        return err;
    }
    err = convert_text(eval, operand, type, explicit_conversion, out, &done);
    if (err || done)
        return err;
    return error_new_at(operand->offset, "%s is no %s", constant_kind_name(constant->kind),
                        type->name);
}
