// SPDX-License-Identifier: MIT
#include "trace.h"

#include <inttypes.h>
#include <string.h>

enum { WORD = 8 };

struct term number_constant(int64_t value)
{
    return (struct term){.kind = TERM_NUMBER,
                         .offset = value,
                         .scale = 1,
                         .has_value = true,
                         .value = (uint64_t)value};
}

static bool is_integer(const struct go_type *type)
{
    return !type || (type->kind >= GO_BOOL && type->kind <= GO_UINTPTR);
}

struct term term_number(struct trace *trace, const struct term *term)
{
    struct term number = *term;
    bool counts = term->type && (term->type->kind == GO_SLICE || term->type->kind == GO_STRING);
    if (term->kind == TERM_NUMBER)
        return number;
    if (term->kind == TERM_ADDRESS && term->has_value && !term->text)
        return number_constant((int64_t)term->value);
    if (term->kind != TERM_PART)
        return (struct term){0};
    if (counts && (term->offset == WORD || term->offset == 2 * WORD)) {
        number.text =
            arena_printf(trace->arena, "%s(%s)", term->offset == WORD ? "len" : "cap", term->text);
        number.level = 0;
    } else if (term->offset != 0 || !is_integer(term->type)) {
        return (struct term){0};
    }
    number.kind = TERM_NUMBER;
    number.uncertain = number.uncertain || number.of_several;
    number.scale = 1;
    number.offset = 0;
    number.variable = NULL;
    return number;
}

/** How strongly the operator of a term's text binds: 6 one without, 5 products, 4 sums. */
static unsigned strength(const struct term *term)
{
    if (term->text && (term->offset != 0 || term->scale < 0))
        return 4;
    if (term->text && term->scale != 1)
        return 5;
    return term->text && term->level ? term->level : 6;
}

/** The part text * scale, without its sign. */
static const char *product_text(struct trace *trace, const struct term *term)
{
    int64_t scale = term->scale < 0 ? -term->scale : term->scale;
    if (scale == 1)
        return term->scale < 0 && term->level == 4 ? arena_printf(trace->arena, "(%s)", term->text)
                                                   : term->text;
    bool brackets = term->level == 4;
    return arena_printf(trace->arena, "%s%s%s*%" PRId64, brackets ? "(" : "", term->text,
                        brackets ? ")" : "", scale);
}

/** A byte or rune: of a variable, or of a string. */
static bool is_character(const struct term *term)
{
    size_t size = strlen(term->text);
    if (term->level != 0)
        return false;
    return term->type ? term->type->kind == GO_UINT8 || term->type->kind == GO_INT32
                      : size > 0 && term->text[size - 1] == ']';
}

/** What is taken from a character to have its number among its kind. */
static bool is_first_character(int64_t value)
{
    return value == '0' || value == 'a' || value == 'A';
}

const char *term_text(struct trace *trace, const struct term *term)
{
    if (term->kind != TERM_NUMBER)
        return term->text;
    if (!term->text)
        return arena_printf(trace->arena, "%" PRId64, term->offset);
    const char *text = product_text(trace, term);
    if (term->scale < 0) // 32-n.Bits
        return term->offset ? arena_printf(trace->arena, "%" PRId64 "-%s", term->offset, text)
                            : arena_printf(trace->arena, "-%s", text);
    if (term->offset == 0)
        return text;
    if (term->scale == 1 && is_character(term) && is_first_character(-term->offset))
        return arena_printf(trace->arena, "%s-'%c'", text, (char)-term->offset);
    return arena_printf(trace->arena, "%s%c%" PRIu64, text, term->offset < 0 ? '-' : '+',
                        term->offset < 0 ? 0 - (uint64_t)term->offset : (uint64_t)term->offset);
}

static const char *bracketed(struct trace *trace, const struct term *term, unsigned least)
{
    const char *text = term_text(trace, term);
    return strength(term) < least ? arena_printf(trace->arena, "(%s)", text) : text;
}

static uint64_t compute(enum instruction_operation operation, uint64_t a, uint64_t b)
{
    switch (operation) {
    case OPERATION_ADD:
        return a + b;
    case OPERATION_SUBTRACT:
        return a - b;
    case OPERATION_MULTIPLY:
        return a * b;
    case OPERATION_DIVIDE:
        return b == 0 || b == UINT64_MAX ? 0 - a : (uint64_t)((int64_t)a / (int64_t)b);
    case OPERATION_REMAINDER:
        return b == 0 || b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
    case OPERATION_SHIFT_LEFT:
        return b < 64 ? a << b : 0;
    case OPERATION_SHIFT_RIGHT:
        return b < 64 ? a >> b : 0;
    case OPERATION_AND:
        return a & b;
    case OPERATION_OR:
        return a | b;
    default:
        return a ^ b;
    }
}

/** text of one number by a constant: stays text * scale + offset. */
static bool by_constant(enum instruction_operation operation, const struct term *left,
                        int64_t constant, struct term *out)
{
    *out = *left;
    switch (operation) {
    case OPERATION_SUBTRACT:
    case OPERATION_ADD:
        return !__builtin_add_overflow(
            left->offset, operation == OPERATION_ADD ? constant : -constant, &out->offset);
    case OPERATION_SHIFT_LEFT:
        if (constant < 0 || constant > 32)
            return false;
        constant = (int64_t)1 << constant;
        // fall through
    case OPERATION_MULTIPLY:
        return !__builtin_mul_overflow(left->scale, constant, &out->scale) &&
               !__builtin_mul_overflow(left->offset, constant, &out->offset);
    default:
        return false;
    }
}

static const char *operator_of(enum instruction_operation operation, unsigned *level)
{
    *level = 5;
    switch (operation) {
    case OPERATION_MULTIPLY:
        return "*";
    case OPERATION_DIVIDE:
        return "/";
    case OPERATION_REMAINDER:
        return "%";
    case OPERATION_SHIFT_LEFT:
        return "<<";
    case OPERATION_SHIFT_RIGHT:
        return ">>";
    case OPERATION_AND:
        return "&";
    default:
        break;
    }
    *level = 4;
    switch (operation) {
    case OPERATION_ADD:
        return "+";
    case OPERATION_SUBTRACT:
        return "-";
    case OPERATION_OR:
        return "|";
    case OPERATION_XOR:
        return "^";
    default:
        return NULL;
    }
}

/** An address and a number: still an address. */
static bool on_address(struct trace *trace, enum instruction_operation operation,
                       const struct term *left, const struct term *right, struct term *out)
{
    bool on_left = left->kind == TERM_ADDRESS || left->kind == TERM_ELEMENT ||
                   (left->kind == TERM_PART && left->offset == 0 && !is_integer(left->type));
    bool on_right = right->kind == TERM_ADDRESS || right->kind == TERM_ELEMENT ||
                    (right->kind == TERM_PART && right->offset == 0 && !is_integer(right->type));
    const struct term *base = on_left ? left : right, *number = on_left ? right : left;
    if (operation != OPERATION_ADD || on_left == on_right)
        return false;
    struct term index = term_number(trace, number);
    if (index.kind != TERM_NUMBER)
        return false;
    if (!index.text) {
        *out = place_address(trace, base, NULL, 1, index.offset);
        return true;
    }
    *out = place_address(trace, base, &index, 1, 0);
    return true;
}

/** a operation b, of which neither is a constant that the other could take up. */
static bool combine_texts(struct trace *trace, enum instruction_operation operation, struct term a,
                          struct term b, struct term *out)
{
    unsigned level;
    if (operation == OPERATION_ADD && a.scale < 0 && b.scale > 0) {
        struct term swapped = a;
        a = b;
        b = swapped;
    }
    if (operation == OPERATION_ADD && b.scale < 0 && b.offset == 0) { // x + -y
        b.scale = -b.scale;
        operation = OPERATION_SUBTRACT;
    }
    bool same = a.text && b.text && strcmp(a.text, b.text) == 0;
    if (operation == OPERATION_ADD && same) { // how the compiler multiplies by small constants
        *out = a;
        return !__builtin_add_overflow(a.scale, b.scale, &out->scale) &&
               !__builtin_add_overflow(a.offset, b.offset, &out->offset) && out->scale != 0;
    }
    const char *sign = operator_of(operation, &level);
    if (!sign)
        return false;
    *out = (struct term){.kind = TERM_NUMBER, .scale = 1, .level = level};
    out->text = arena_printf(trace->arena, "%s%s%s", bracketed(trace, &a, level), sign,
                             bracketed(trace, &b, level + 1));
    return true;
}

struct term number_combine(struct trace *trace, enum instruction_operation operation,
                           const struct term *left, const struct term *right)
{
    struct term out = {0};
    struct term a = term_number(trace, left), b = term_number(trace, right);
    if (operation == OPERATION_INCREMENT || operation == OPERATION_DECREMENT) {
        b = number_constant(1);
        operation = operation == OPERATION_INCREMENT ? OPERATION_ADD : OPERATION_SUBTRACT;
    } else if (operation == OPERATION_NEGATE) {
        b = a;
        a = number_constant(0);
        operation = OPERATION_SUBTRACT;
    } else if (on_address(trace, operation, left, right, &out)) {
        return out;
    }
    if (a.kind != TERM_NUMBER || b.kind != TERM_NUMBER)
        return out;
    bool done;
    uint64_t value = compute(operation, a.value, b.value);
    if (!a.text && !b.text) {
        out = number_constant((int64_t)value);
        done = true;
    } else if (!b.text) {
        done = by_constant(operation, &a, b.offset, &out) ||
               combine_texts(trace, operation, a, b, &out);
    } else if (!a.text && operation == OPERATION_SUBTRACT) { // constant - y
        out = b;
        out.scale = -b.scale;
        done = !__builtin_sub_overflow(a.offset, b.offset, &out.offset);
    } else if (!a.text && (operation == OPERATION_ADD || operation == OPERATION_MULTIPLY)) {
        done = by_constant(operation, &b, a.offset, &out);
    } else {
        done = combine_texts(trace, operation, a, b, &out);
    }
    if (!done)
        return (struct term){0};
    out.has_value = a.has_value && b.has_value;
    out.value = value;
    // Which of two commuting operands came first is not to be seen in optimised code.
    bool swapped = trace->optimized && a.text && b.text && operation != OPERATION_SUBTRACT;
    out.by_type = a.by_type || b.by_type;
    out.uncertain = a.uncertain || b.uncertain || a.of_several || b.of_several || swapped;
    return out;
}
