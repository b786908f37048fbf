// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/alloc.h"

#include <string.h>

const char *operator_text(enum operator_kind op)
{
    static const char *const texts[] = {
        [OP_OR] = "||",          [OP_AND] = "&&",
        [OP_EQUAL] = "==",       [OP_NOT_EQUAL] = "!=",
        [OP_LESS] = "<",         [OP_LESS_EQUAL] = "<=",
        [OP_GREATER] = ">",      [OP_GREATER_EQUAL] = ">=",
        [OP_ADD] = "+",          [OP_SUBTRACT] = "-",
        [OP_BIT_OR] = "|",       [OP_BIT_XOR] = "^",
        [OP_MULTIPLY] = "*",     [OP_DIVIDE] = "/",
        [OP_REMAINDER] = "%",    [OP_SHIFT_LEFT] = "<<",
        [OP_SHIFT_RIGHT] = ">>", [OP_BIT_AND] = "&",
        [OP_BIT_CLEAR] = "&^",   [OP_NOT] = "!",
    };
    return op < COUNT_OF(texts) && texts[op] ? texts[op] : "?";
}

static struct error *does_not_take(const struct step *step, const struct go_type *type)
{
    return error_new_at(step->offset, "'%s' does not take values of type %s",
                        operator_text(step->op), type->name);
}

/** A float or complex result, rounded to its type. */
static struct operand float_result(struct evaluation *eval, size_t offset, struct go_type *type,
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

static struct error *unary_number(struct evaluation *eval, const struct step *step,
                                  struct operand *operand)
{
    struct go_type *type = operand->type;
    if (kind_is_integer(type->kind)) {
        uint64_t bits = 0;
        struct error *err = operand_scalar(eval, operand, &bits);
        if (!err && step->op != OP_ADD)
            *operand =
                operand_bits(eval, step->offset, type, step->op == OP_SUBTRACT ? -bits : ~bits);
        return err;
    }
    if ((!kind_is_float(type->kind) && !kind_is_complex(type->kind)) || step->op == OP_BIT_XOR)
        return does_not_take(step, type);
    double number = 0, imaginary = 0;
    struct error *err = operand_float(eval, operand, &number, &imaginary);
    if (!err && step->op == OP_SUBTRACT)
        *operand = float_result(eval, step->offset, type, -number, -imaginary);
    return err;
}

/** *T of a type is a type, and so is *"main.T": a quoted name, as other debuggers take it. */
static struct error *pointer_to(struct evaluation *eval, struct operand *operand, bool *done)
{
    struct go_type *type = operand->type;
    struct error *err = NULL;
    *done = operand->kind == OPERAND_TYPE ||
            (operand->kind == OPERAND_CONSTANT && operand->constant.kind == CONSTANT_STRING);
    if (operand->kind == OPERAND_CONSTANT && *done)
        err = type_of_text(eval, operand->offset, operand->constant.text, &type);
    if (*done && !err)
        *operand = (struct operand){
            .kind = OPERAND_TYPE, .offset = operand->offset, .type = pointer_type(eval, type)};
    return err;
}

struct error *unary_operand(struct evaluation *eval, const struct step *step,
                            struct operand *operand)
{
    if (step->op == OP_MULTIPLY) {
        bool done;
        struct error *err = pointer_to(eval, operand, &done);
        return err || done ? err : dereference(eval, step->offset, operand);
    }
    if (step->op == OP_BIT_AND)
        return take_address(eval, step, operand);
    if (operand->kind == OPERAND_CONSTANT)
        return constant_unary(step, operand);
    struct error *err = operand_need_value(eval, operand);
    if (err)
        return err;
    if (step->op != OP_NOT)
        return unary_number(eval, step, operand);
    uint64_t bits = 0;
    if (operand->type->kind != GO_BOOL)
        return does_not_take(step, operand->type);
    err = operand_scalar(eval, operand, &bits);
    if (!err)
        *operand = operand_bits(eval, step->offset, operand->type, !bits);
    return err;
}

static struct error *shift(struct evaluation *eval, const struct step *step,
                           const struct operand *left, const struct operand *right,
                           struct operand *out)
{
    struct operand value = *left;
    wide_int count = 0;
    uint64_t bits = 0;
    struct error *err = operand_need_value(eval, &value);
    if (!err && !kind_is_integer(value.type->kind))
        return does_not_take(step, value.type);
    if (!err)
        err = operand_integer(eval, right, &count);
    if (!err && count < 0)
        err = error_new_at(right->offset, "a shift by a negative number");
    if (!err)
        err = operand_scalar(eval, &value, &bits);
    if (err)
        return err;
    bool is_signed = kind_is_signed(value.type->kind);
    unsigned by = count < 63 ? (unsigned)count : 63;
    if (step->op == OP_SHIFT_LEFT)
        bits = count < 64 ? bits << (unsigned)count : 0;
    else if (is_signed)
        bits = (uint64_t)((int64_t)bits >> by);
    else
        bits = count < 64 ? bits >> (unsigned)count : 0;
    *out = operand_bits(eval, left->offset, value.type, bits);
    return NULL;
}

/** Wraps as Go does: all is unsigned until the type cuts it. */
static struct error *integer_arithmetic(const struct step *step, bool is_signed, uint64_t a,
                                        uint64_t b, uint64_t *out)
{
    if ((step->op == OP_DIVIDE || step->op == OP_REMAINDER) && b == 0)
        return error_new_at(step->offset, "division by zero");
    bool minus_one = is_signed && b == UINT64_MAX; // the one division that overflows
    switch (step->op) {
    case OP_ADD:
        *out = a + b;
        break;
    case OP_SUBTRACT:
        *out = a - b;
        break;
    case OP_MULTIPLY:
        *out = a * b;
        break;
    case OP_DIVIDE:
        *out = minus_one ? -a : is_signed ? (uint64_t)((int64_t)a / (int64_t)b) : a / b;
        break;
    case OP_REMAINDER:
        *out = minus_one ? 0 : is_signed ? (uint64_t)((int64_t)a % (int64_t)b) : a % b;
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
    return NULL;
}

static struct error *float_arithmetic(struct evaluation *eval, const struct step *step,
                                      const struct operand *left, const struct operand *right,
                                      struct operand *out)
{
    double x[2], y[2];
    struct error *err = operand_float(eval, left, &x[0], &x[1]);
    if (!err)
        err = operand_float(eval, right, &y[0], &y[1]);
    if (err)
        return err;
    double complex a = CMPLX(x[0], x[1]), b = CMPLX(y[0], y[1]), z;
    bool real = kind_is_float(left->type->kind);
    switch (step->op) {
    case OP_ADD:
        z = a + b;
        break;
    case OP_SUBTRACT:
        z = a - b;
        break;
    case OP_MULTIPLY:
        z = real ? CMPLX(x[0] * y[0], 0) : a * b;
        break;
    case OP_DIVIDE:
        z = real ? CMPLX(x[0] / y[0], 0) : a / b;
        break;
    default:
        return does_not_take(step, left->type);
    }
    *out = float_result(eval, left->offset, left->type, creal(z), cimag(z));
    return NULL;
}

static struct error *join_strings(struct evaluation *eval, const struct operand *left,
                                  const struct operand *right, struct operand *out)
{
    const char *a = NULL, *b = NULL;
    uint64_t a_size = 0, b_size = 0;
    struct error *err = operand_contents(eval, left, &a, &a_size);
    if (!err)
        err = operand_contents(eval, right, &b, &b_size);
    if (err)
        return err;
    if (a_size + b_size > EXPRESSION_TEXT_MAX)
        return error_new_at(left->offset, "the string becomes longer than %d bytes",
                            EXPRESSION_TEXT_MAX);
    char *text = arena_alloc(eval->arena, (size_t)(a_size + b_size) + 1);
    memcpy(text, a, (size_t)a_size);
    memcpy(text + a_size, b, (size_t)b_size);
    *out = operand_text(left->offset, left->type, text, a_size + b_size);
    return NULL;
}

static struct error *logic(struct evaluation *eval, const struct step *step,
                           const struct operand *left, const struct operand *right,
                           struct operand *out)
{
    uint64_t a = 0, b = 0;
    struct error *err = operand_scalar(eval, left, &a);
    if (!err)
        err = operand_scalar(eval, right, &b);
    if (!err)
        *out = operand_bits(eval, left->offset, left->type, step->op == OP_AND ? a && b : a || b);
    return err;
}

static struct error *arithmetic(struct evaluation *eval, const struct step *step,
                                const struct operand *left, const struct operand *right,
                                struct operand *out)
{
    struct go_type *type = left->type;
    bool is_logic = step->op == OP_AND || step->op == OP_OR;
    if (type->kind == GO_BOOL && is_logic)
        return logic(eval, step, left, right, out);
    if (is_logic)
        return does_not_take(step, type);
    if (type->kind == GO_STRING && step->op == OP_ADD)
        return join_strings(eval, left, right, out);
    if (kind_is_float(type->kind) || kind_is_complex(type->kind))
        return float_arithmetic(eval, step, left, right, out);
    if (!kind_is_integer(type->kind))
        return does_not_take(step, type);
    uint64_t a = 0, b = 0, result = 0;
    struct error *err = operand_scalar(eval, left, &a);
    if (!err)
        err = operand_scalar(eval, right, &b);
    if (!err)
        err = integer_arithmetic(step, kind_is_signed(type->kind), a, b, &result);
    if (!err)
        *out = operand_bits(eval, left->offset, type, result);
    return err;
}

/** Whether two types may stand on both sides of an operator without a conversion. */
static bool types_agree(const struct go_type *a, const struct go_type *b, bool comparison)
{
    if (type_identical(a, b))
        return true;
    if (comparison && (a->kind == GO_INTERFACE || b->kind == GO_INTERFACE))
        return true;
    // A type literal takes values of any named type with the same form.
    bool basic = a->kind <= GO_COMPLEX128 || a->kind == GO_STRING;
    return a->kind == b->kind && !basic && (!a->named || !b->named) && a->elem && b->elem &&
           type_identical(a->elem, b->elem);
}

/** Gives constants and nil the type of the other operand. */
static struct error *agree(struct evaluation *eval, const struct step *step, struct operand *left,
                           struct operand *right, bool comparison)
{
    struct error *err = NULL;
    struct operand *sides[] = {left, right};
    for (size_t i = 0; i < 2 && !err; i++) {
        struct operand *side = sides[i], *other = sides[1 - i];
        if (side->kind == OPERAND_NIL)
            continue;
        bool gets_type = side->kind == OPERAND_CONSTANT && other->kind == OPERAND_VALUE &&
                         other->type->kind != GO_INTERFACE;
        err = gets_type ? constant_convert(eval, side, other->type, false, side)
                        : operand_need_value(eval, side);
    }
    if (err || left->kind == OPERAND_NIL || right->kind == OPERAND_NIL)
        return err;
    if (!types_agree(left->type, right->type, comparison))
        return error_new_at(step->offset, "'%s' between values of types %s and %s",
                            operator_text(step->op), left->type->name, right->type->name);
    return NULL;
}

struct error *binary_operands(struct evaluation *eval, const struct step *step,
                              const struct operand *left, const struct operand *right,
                              struct operand *out)
{
    struct operand a = *left, b = *right;
    if (a.kind == OPERAND_CONSTANT && b.kind == OPERAND_CONSTANT)
        return constant_binary(eval, step, &a, &b, out);
    if (step->op == OP_SHIFT_LEFT || step->op == OP_SHIFT_RIGHT)
        return shift(eval, step, &a, &b, out);
    bool comparison = step->op >= OP_EQUAL && step->op <= OP_GREATER_EQUAL;
    struct error *err = agree(eval, step, &a, &b, comparison);
    if (err)
        return err;
    if (comparison)
        return compare_operands(eval, step, &a, &b, out);
    if (a.kind == OPERAND_NIL || b.kind == OPERAND_NIL)
        return error_new_at(step->offset, "'%s' does not take nil", operator_text(step->op));
    return arithmetic(eval, step, &a, &b, out);
}
