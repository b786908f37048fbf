// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * == and < by Go's rules: its specification, "Comparison operators". Composite values are compared
 * with a list of what is still to be compared, so that no input makes the program recurse.
 */

enum { PARTS_MAX = 1 << 20, TEXT_CHUNK = 4096 };

/** Two values of one type still to be compared: count of them, one behind the other. */
struct pair {
    struct operand a, b;
    uint64_t count;
};

struct comparison {
    struct evaluation *eval;
    struct pair *pairs;
    size_t count, capacity;
};

static const char *why_of(struct evaluation *eval, struct error *err)
{
    if (!err)
        return NULL;
    const char *why = arena_string(eval->arena, error_message(err));
    error_free(err);
    return why;
}

static void push(struct comparison *c, const struct operand *a, const struct operand *b,
                 struct go_type *type, uint64_t offset, uint64_t count)
{
    struct pair pair = {.a = *a, .b = *b, .count = count};
    pair.a.type = pair.b.type = type;
    pair.a.storage = storage_part(a->storage, offset);
    pair.b.storage = storage_part(b->storage, offset);
    ARRAY_PUSH(c->pairs, c->count, c->capacity) = pair;
}

struct error *interface_value(struct evaluation *eval, const struct operand *operand,
                              struct operand *out)
{
    uint8_t words[16];
    struct error *err = operand_load(eval, operand, 0, words, 8);
    if (err)
        return err;
    target_addr type_word = load_u64(words);
    if (type_word == 0) {
        *out = (struct operand){.kind = OPERAND_NIL, .offset = operand->offset};
        return NULL;
    }
    struct go_type *type = NULL;
    err = type_of_interface_word(eval->reader->types, type_word, operand->type->has_methods, &type);
    if (err) {
        struct error *placed = error_new_at(operand->offset, "%s", error_message(err));
        error_free(err);
        return placed;
    }
    err = resolve_at(eval, operand->offset, type);
    if (!err && type->direct_interface && type->size > 8)
        err =
            error_new_at(operand->offset, "corrupt: %s does not fit into an interface", type->name);
    if (!err)
        err = operand_load(eval, operand, 8, words + 8, 8);
    if (err)
        return err;
    *out = (struct operand){.kind = OPERAND_VALUE, .offset = operand->offset, .type = type};
    out->storage = type->direct_interface ? storage_part(operand->storage, 8)
                                          : storage_at(load_u64(words + 8));
    return NULL;
}

static const char *compare_interfaces(struct comparison *c, const struct pair *pair, bool *equal)
{
    struct operand a, b;
    const char *why = why_of(c->eval, interface_value(c->eval, &pair->a, &a));
    if (!why)
        why = why_of(c->eval, interface_value(c->eval, &pair->b, &b));
    if (why)
        return why;
    if (a.kind == OPERAND_NIL || b.kind == OPERAND_NIL)
        *equal = a.kind == b.kind;
    else if (!type_identical(a.type, b.type))
        *equal = false;
    else
        push(c, &a, &b, a.type, 0, 1);
    return NULL;
}

/** The bytes [done, done + size) of a string whose contents lie at data, or here. */
static bool read_chunk(struct evaluation *eval, const struct operand *operand, uint64_t data,
                       uint64_t done, char *out, size_t size)
{
    if (operand->has_text) {
        memcpy(out, operand->text + done, size);
        return true;
    }
    return address_space_try_read(eval->reader->program->space, data + done, out, size);
}

/** How two strings are ordered; with equality alone asked, lengths that differ decide. */
static const char *order_strings(struct evaluation *eval, const struct operand *a,
                                 const struct operand *b, bool equality, int *out)
{
    uint64_t a_data = 0, b_data = 0, a_size = a->text_size, b_size = b->text_size;
    const char *why = NULL;
    if (!a->has_text)
        why = why_of(eval, operand_header(eval, a, &a_data, &a_size, NULL));
    if (!why && !b->has_text)
        why = why_of(eval, operand_header(eval, b, &b_data, &b_size, NULL));
    if (why)
        return why;
    *out = (a_size > b_size) - (a_size < b_size);
    if (equality && *out)
        return NULL;
    uint64_t common = a_size < b_size ? a_size : b_size;
    bool same_place = !a->has_text && !b->has_text && a_data == b_data;
    for (uint64_t done = 0; done < common && !same_place;) {
        char x[TEXT_CHUNK], y[TEXT_CHUNK];
        size_t size = common - done < TEXT_CHUNK ? (size_t)(common - done) : TEXT_CHUNK;
        if (!read_chunk(eval, a, a_data, done, x, size) ||
            !read_chunk(eval, b, b_data, done, y, size))
            return not_in_core;
        int order = memcmp(x, y, size);
        if (order) {
            *out = order < 0 ? -1 : 1;
            return NULL;
        }
        done += size;
    }
    return NULL;
}

static const char *compare_scalars(struct evaluation *eval, const struct pair *pair, bool *equal)
{
    enum go_kind kind = pair->a.type->kind;
    if (kind_is_float(kind) || kind_is_complex(kind)) {
        double x[2], y[2];
        const char *why = why_of(eval, operand_float(eval, &pair->a, &x[0], &x[1]));
        if (!why)
            why = why_of(eval, operand_float(eval, &pair->b, &y[0], &y[1]));
        if (!why)
            *equal = x[0] == y[0] && x[1] == y[1];
        return why;
    }
    uint64_t a = 0, b = 0;
    const char *why = why_of(eval, operand_scalar(eval, &pair->a, &a));
    if (!why)
        why = why_of(eval, operand_scalar(eval, &pair->b, &b));
    *equal = a == b;
    return why;
}

static void push_fields(struct comparison *c, const struct pair *pair)
{
    const struct go_type *type = pair->a.type;
    for (size_t i = type->field_count; i-- > 0;)
        if (strcmp(type->fields[i].name, "_") != 0)
            push(c, &pair->a, &pair->b, type->fields[i].type, type->fields[i].offset, 1);
}

static const char *compare_one(struct comparison *c, struct pair *pair, bool *equal)
{
    struct evaluation *eval = c->eval;
    int order = 0;
    const char *why;
    literal_settle(&pair->a);
    literal_settle(&pair->b);
    switch (pair->a.type->kind) {
    case GO_STRING:
        why = order_strings(eval, &pair->a, &pair->b, true, &order);
        *equal = order == 0;
        return why;
    case GO_INTERFACE:
        return compare_interfaces(c, pair, equal);
    case GO_STRUCT:
        push_fields(c, pair);
        return NULL;
    case GO_ARRAY:
        push(c, &pair->a, &pair->b, pair->a.type->elem, 0, pair->a.type->length);
        return NULL;
    case GO_SLICE:
    case GO_MAP:
    case GO_FUNC:
        return arena_printf(eval->arena, "values of type %s cannot be compared but with nil",
                            pair->a.type->name);
    default:
        return compare_scalars(eval, pair, equal);
    }
}

const char *values_equal(struct evaluation *eval, const struct operand *a, const struct operand *b,
                         bool *out)
{
    struct comparison c = {.eval = eval};
    const char *why = NULL;
    bool equal = true;
    size_t parts = 0;
    push(&c, a, b, a->type, 0, 1);
    while (c.count > 0 && equal && !why) {
        struct pair *top = &c.pairs[c.count - 1];
        if (top->count == 0) {
            c.count--;
            continue;
        }
        struct pair now = *top; // the array may move while its parts are pushed
        top->count--;
        if (!now.a.type) {
            why = "their type is not known";
            break;
        }
        why = why_of(eval, resolve_at(eval, now.a.offset, now.a.type));
        if (top->count > 0) {
            top->a.storage = storage_part(now.a.storage, now.a.type->size);
            top->b.storage = storage_part(now.b.storage, now.a.type->size);
        }
        if (!why && ++parts > PARTS_MAX)
            why = "they have too many parts to be compared";
        if (!why)
            why = compare_one(&c, &now, &equal);
    }
    free(c.pairs);
    *out = equal;
    return why;
}

/** Is a value of a kind that can be nil, nil? */
static struct error *is_nil(struct evaluation *eval, const struct operand *operand, bool *out)
{
    uint8_t word[8];
    if (!kind_can_be_nil(operand->type->kind))
        return error_new_at(operand->offset, "a value of type %s is never nil",
                            operand->type->name);
    if (operand->has_text) { // a []byte that the expression made
        *out = false;
        return NULL;
    }
    struct error *err = operand_load(eval, operand, 0, word, sizeof word);
    if (!err)
        *out = load_u64(word) == 0;
    return err;
}

static struct error *compare_with_nil(struct evaluation *eval, const struct step *step,
                                      const struct operand *value, struct operand *out)
{
    bool nil = false;
    struct operand typed = *value;
    if (step->op != OP_EQUAL && step->op != OP_NOT_EQUAL)
        return error_new_at(step->offset, "nil has no order");
    struct error *err = operand_need_value(eval, &typed);
    if (!err)
        err = is_nil(eval, &typed, &nil);
    if (!err)
        *out = operand_bool(eval, value->offset, nil == (step->op == OP_EQUAL));
    return err;
}

/** An interface against a value that is in none: its own must be of that type. */
static const char *equal_with_interface(struct evaluation *eval, const struct operand *interface,
                                        const struct operand *value, bool *out)
{
    struct operand inner = {0};
    const char *why = why_of(eval, interface_value(eval, interface, &inner));
    *out = false;
    if (why || inner.kind == OPERAND_NIL || !type_identical(inner.type, value->type))
        return why;
    return values_equal(eval, &inner, value, out);
}

/** An interface with methods against one without: they are laid out in two ways. */
static const char *equal_interfaces(struct evaluation *eval, const struct operand *a,
                                    const struct operand *b, bool *out)
{
    struct operand inner = {0};
    const char *why = why_of(eval, interface_value(eval, a, &inner));
    if (why)
        return why;
    return inner.kind == OPERAND_NIL ? why_of(eval, is_nil(eval, b, out))
                                     : equal_with_interface(eval, b, &inner, out);
}

static struct error *compare_equality(struct evaluation *eval, const struct step *step,
                                      const struct operand *a, const struct operand *b,
                                      struct operand *out)
{
    bool equal = false, a_interface = a->type->kind == GO_INTERFACE;
    const char *why;
    if (a_interface != (b->type->kind == GO_INTERFACE))
        why = equal_with_interface(eval, a_interface ? a : b, a_interface ? b : a, &equal);
    else if (a_interface && a->type->has_methods != b->type->has_methods)
        why = equal_interfaces(eval, a, b, &equal);
    else
        why = values_equal(eval, a, b, &equal);
    if (why)
        return error_new_at(step->offset, "%s", why);
    *out = operand_bool(eval, a->offset, equal == (step->op == OP_EQUAL));
    return NULL;
}

static struct error *order_numbers(struct evaluation *eval, const struct operand *a,
                                   const struct operand *b, int *out, bool *unordered)
{
    if (kind_is_float(a->type->kind)) {
        double x = 0, y = 0, ignored;
        struct error *err = operand_float(eval, a, &x, &ignored);
        if (!err)
            err = operand_float(eval, b, &y, &ignored);
        *unordered = isnan(x) || isnan(y);
        *out = (x > y) - (x < y);
        return err;
    }
    uint64_t x = 0, y = 0;
    struct error *err = operand_scalar(eval, a, &x);
    if (!err)
        err = operand_scalar(eval, b, &y);
    if (kind_is_signed(a->type->kind))
        *out = ((int64_t)x > (int64_t)y) - ((int64_t)x < (int64_t)y);
    else
        *out = (x > y) - (x < y);
    return err;
}

static struct error *compare_order(struct evaluation *eval, const struct step *step,
                                   const struct operand *a, const struct operand *b,
                                   struct operand *out)
{
    enum go_kind kind = a->type->kind;
    int order = 0;
    bool unordered = false;
    struct error *err = NULL;
    if (kind == GO_STRING) {
        const char *why = order_strings(eval, a, b, false, &order);
        if (why)
            return error_new_at(step->offset, "%s", why);
    } else if (kind_is_integer(kind) || kind_is_float(kind)) {
        err = order_numbers(eval, a, b, &order, &unordered);
    } else {
        return error_new_at(step->offset, "values of type %s have no order", a->type->name);
    }
    if (err)
        return err;
    bool holds = step->op == OP_LESS         ? order < 0
                 : step->op == OP_LESS_EQUAL ? order <= 0
                 : step->op == OP_GREATER    ? order > 0
                                             : order >= 0;
    *out = operand_bool(eval, a->offset, holds && !unordered);
    return NULL;
}

struct error *compare_operands(struct evaluation *eval, const struct step *step,
                               const struct operand *left, const struct operand *right,
                               struct operand *out)
{
    if (left->kind == OPERAND_NIL && right->kind == OPERAND_NIL)
        return error_new_at(step->offset, "nil is compared with nil");
    if (left->kind == OPERAND_NIL || right->kind == OPERAND_NIL)
        return compare_with_nil(eval, step, left->kind == OPERAND_NIL ? right : left, out);
    bool equality = step->op == OP_EQUAL || step->op == OP_NOT_EQUAL;
    return equality ? compare_equality(eval, step, left, right, out)
                    : compare_order(eval, step, left, right, out);
}
