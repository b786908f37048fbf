// SPDX-License-Identifier: MIT
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
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
    case OPERATION_AND: // with all bits: of a shift that was not too far
        return constant == -1;
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

/**
 * Optimised code does not tell which of two operands the source has first: as it is written more
 * often, row*g.width+column, buf.start+size.
 */
static unsigned rank_of(const struct term *term, enum instruction_operation operation)
{
    bool counts = strncmp(term->text, "len(", 4) == 0 || strncmp(term->text, "cap(", 4) == 0;
    bool field = strchr(term->text, '.') != NULL;
    if (operation == OPERATION_MULTIPLY)
        return counts ? 2 : field && strength(term) == 6;
    return strength(term) == 5 || term->level == 5 ? 0 : counts ? 1 : field ? 1 : 2;
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
    if (trace->optimized && a.text && b.text &&
        (operation == OPERATION_ADD || operation == OPERATION_MULTIPLY) &&
        rank_of(&a, operation) > rank_of(&b, operation)) {
        struct term swapped = a;
        a = b;
        b = swapped;
    }
    *out = (struct term){.kind = TERM_NUMBER, .scale = 1, .level = level};
    unsigned least = operation == OPERATION_ADD ? level : level + 1;
    out->text = arena_printf(trace->arena, "%s%s%s", bracketed(trace, &a, level), sign,
                             bracketed(trace, &b, least));
    return true;
}

struct term number_upper_half(struct trace *trace, const struct term *a, const struct term *b)
{
    struct term left = term_number(trace, a), right = term_number(trace, b);
    const struct term *number = left.text ? &left : &right, *constant = left.text ? &right : &left;
    bool known = left.kind == TERM_NUMBER && right.kind == TERM_NUMBER && number->text &&
                 !constant->text && !number->magic && constant->offset != 0;
    struct term out = known ? *number : (struct term){0};
    if (known)
        out.magic = (uint64_t)constant->offset;
    out.has_value = false;
    return out;
}

/** A number times the reciprocal of a divisor (Go's cmd/compile/internal/ssa/magic.go), as the
 * division that the source has; false: it is none. */
static bool as_division(struct trace *trace, const struct term *upper, unsigned shift,
                        bool is_signed, struct term *out)
{
    enum { SHIFT_MAX = 20, LEAST = 3 };
    struct term number = *upper;
    number.magic = 0;
    number.magic_shift = 0;
    if (shift > SHIFT_MAX)
        return false;
    // 2^(64+shift) / magic, and one more for what signed numbers were halved for.
    long double power = 18446744073709551616.0L * (long double)((uint64_t)1 << shift);
    long double factor = (long double)upper->magic;
    if (is_signed && upper->magic >> 63) // the code adds the number itself
        factor = (long double)upper->magic;
    uint64_t divisor = (uint64_t)(power / factor + 0.5L);
    long double error = power - (long double)divisor * factor;
    if (divisor < LEAST || error > (long double)divisor * 2 || error < -(long double)divisor * 2)
        return false;
    const char *text = term_text(trace, &number);
    *out = number;
    out->text = strength(&number) < 5 ? arena_printf(trace->arena, "(%s)/%" PRIu64, text, divisor)
                                      : arena_printf(trace->arena, "%s/%" PRIu64, text, divisor);
    out->level = 5;
    out->scale = 1;
    out->offset = 0;
    out->has_value = false;
    return true;
}

/** What code does with an upper half: shifts it, adds the number, takes off its sign. */
static bool combine_upper(struct trace *trace, enum instruction_operation operation,
                          const struct term *a, const struct term *b, struct term *out)
{
    const struct term *upper = a->magic ? a : b, *other = a->magic ? b : a;
    if (!upper->magic)
        return false;
    *out = (struct term){0};
    if (operation == OPERATION_SHIFT_RIGHT && upper == a && b->kind == TERM_NUMBER && !b->text &&
        b->offset > 0)
        as_division(trace, a, (unsigned)b->offset, true, out);
    else if (operation == OPERATION_ADD && other->kind == TERM_NUMBER && other->text &&
             strcmp(other->text, upper->text) == 0)
        *out = *upper;
    else if (operation == OPERATION_SUBTRACT && upper == a)
        as_division(trace, a, 0, true, out);
    return true;
}

/** How signed numbers are halved: x, and one less than the divisor if it is negative, shifted. */
static bool combine_half(struct trace *trace, enum instruction_operation operation,
                         const struct term *a, const struct term *b, struct term *out)
{
    enum { SIGN = 63, COUNTS_MAX = 3 };
    const char *text = a->text ? term_text(trace, a) : "";
    size_t size = strlen(text);
    if (operation == OPERATION_ADD && a->text && b->text && b->offset == 0 && b->scale == 1) {
        bool bracketed_sign = b->text[0] == '(';
        const char *sign = b->text + bracketed_sign;
        if (strncmp(sign, text, size) != 0 || strncmp(sign + size, ">>63", 4) != 0)
            return false;
        const char *more = strstr(sign + size + 4, ">>");
        unsigned shift = more ? SIGN + 1 - (unsigned)strtoul(more + 2, NULL, 10) : 1;
        *out = *a;
        out->magic_shift = shift;
        return shift > 0 && shift < SIGN;
    }
    if (operation != OPERATION_SHIFT_RIGHT || !a->text || b->text || b->offset <= 0 ||
        b->offset >= SIGN)
        return false;
    bool length = strncmp(text, "len(", 4) == 0 && b->offset <= COUNTS_MAX;
    if (a->magic_shift != (unsigned)b->offset && !length)
        return false;
    *out = *a;
    if (strength(a) < 5)
        text = arena_printf(trace->arena, "(%s)", text);
    out->text = arena_printf(trace->arena, "%s/%" PRIu64, text, (uint64_t)1 << b->offset);
    out->magic_shift = 0;
    out->level = 5;
    out->scale = 1;
    out->offset = 0;
    out->has_value = false;
    return true;
}

/** Whether a number is the sign of what another divides: that is taken off the quotient. */
static bool is_sign_of(const struct term *sign, const struct term *quotient)
{
    size_t size = sign->text ? strlen(sign->text) : 0;
    return quotient->text && size > 4 && strcmp(sign->text + size - 4, ">>63") == 0 &&
           quotient->level == 5 && strchr(quotient->text, '/') != NULL;
}

/** x - x/7*7 */
static bool as_remainder(struct trace *trace, const struct term *a, const struct term *b,
                         struct term *out)
{
    const char *slash = b->text ? strrchr(b->text, '/') : NULL;
    if (!slash || !a->text || b->offset != 0 || b->scale < 2)
        return false;
    const char *text = term_text(trace, a);
    if (strength(a) < 5)
        text = arena_printf(trace->arena, "(%s)", text);
    char *end;
    long long divisor = strtoll(slash + 1, &end, 10);
    if (*end || divisor != b->scale || strncmp(b->text, text, (size_t)(slash - b->text)) != 0 ||
        text[slash - b->text])
        return false;
    *out = *a;
    out->text = arena_printf(trace->arena, "%s%%%lld", text, divisor);
    out->level = 5;
    out->scale = 1;
    out->offset = 0;
    out->has_value = false;
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
    bool reciprocal = combine_upper(trace, operation, &a, &b, &out) ||
                      combine_half(trace, operation, &a, &b, &out);
    if (operation == OPERATION_SUBTRACT && is_sign_of(&b, &a)) {
        out = a;
        reciprocal = true;
    }
    if (reciprocal || (operation == OPERATION_SUBTRACT && as_remainder(trace, &a, &b, &out))) {
        out.uncertain = a.uncertain || b.uncertain || trace->optimized;
        return out;
    }
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
