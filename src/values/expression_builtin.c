// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include <string.h>

static const char *const pure[] = {"len", "cap", "real", "imag", "complex", "min", "max"};
static const char *const others[] = {"append", "clear", "close", "copy",    "delete", "make",
                                     "new",    "panic", "print", "println", "recover"};

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

bool is_builtin(const char *name)
{
    return is_among(name, pure, COUNT_OF(pure)) || is_among(name, others, COUNT_OF(others));
}

static struct error *channel_size(struct evaluation *eval, const struct operand *channel,
                                  bool capacity, uint64_t *out)
{
    uint64_t address = 0;
    struct error *err = operand_scalar(eval, channel, &address);
    *out = 0;
    if (err || address == 0)
        return err;
    // runtime.hchan begins with qcount and dataqsiz, in all releases.
    if (!address_space_try_u64(eval->reader->program->space, address + (capacity ? 8 : 0), out))
        return error_new_at(channel->offset, "%s: the channel", not_in_core);
    return NULL;
}

static struct error *size_of(struct evaluation *eval, const struct step *step,
                             struct operand *operand, bool capacity, uint64_t *out)
{
    struct go_type *type = operand->type;
    struct error *err = NULL;
    if (type->kind == GO_POINTER && type->elem) {
        err = resolve_at(eval, step->offset, type->elem);
        type = type->elem;
    } else if (type->kind == GO_ARRAY) {
        *out = type->length;
        return NULL;
    }
    if (err)
        return err;
    if (operand->type->kind == GO_POINTER && type->kind == GO_ARRAY) {
        *out = type->length; // of a nil pointer too
        return NULL;
    }
    switch (operand->type->kind) {
    case GO_STRING:
        if (capacity)
            break;
        // fall through
    case GO_SLICE:
        if (operand->has_text) {
            *out = operand->text_size;
            return NULL;
        }
        uint64_t length = 0, room = 0;
        err = operand_header(eval, operand, NULL, &length, capacity ? &room : NULL);
        *out = capacity ? room : length;
        return err;
    case GO_MAP:
        if (capacity)
            break;
        return map_length(eval, operand, out);
    case GO_CHAN:
        return channel_size(eval, operand, capacity, out);
    default:
        break;
    }
    return error_new_at(operand->offset, "a value of type %s has no %s", operand->type->name,
                        capacity ? "capacity" : "length");
}

static struct error *call_size(struct evaluation *eval, const struct step *step,
                               const struct operand *argument, bool capacity, struct operand *out)
{
    struct operand value = *argument;
    uint64_t size = 0;
    struct error *err = operand_need_value(eval, &value);
    if (!err)
        err = size_of(eval, step, &value, capacity, &size);
    if (!err)
        *out = operand_bits(eval, argument->offset, basic_type(GO_INT), size);
    return err;
}

/** real and imag */
static struct error *call_part(struct evaluation *eval, const struct operand *argument,
                               bool imaginary, struct operand *out)
{
    struct operand value = *argument;
    struct error *err = NULL;
    if (argument->kind == OPERAND_CONSTANT && argument->constant.kind >= CONSTANT_INT)
        err = constant_convert(eval, argument, basic_type(GO_COMPLEX128), false, &value);
    if (!err)
        err = operand_need_value(eval, &value);
    if (err)
        return err;
    enum go_kind kind = value.type->kind;
    if (!kind_is_complex(kind))
        return error_new_at(argument->offset, "a value of type %s is not complex",
                            value.type->name);
    uint64_t size = value.type->size / 2;
    *out = value;
    out->type = basic_type(kind == GO_COMPLEX64 ? GO_FLOAT32 : GO_FLOAT64);
    out->storage = storage_part(value.storage, imaginary ? size : 0);
    return NULL;
}

static struct error *call_complex(struct evaluation *eval, const struct step *step,
                                  const struct operand *arguments, struct operand *out)
{
    struct operand parts[2] = {arguments[0], arguments[1]};
    struct go_type *type = basic_type(GO_FLOAT64);
    struct error *err = NULL;
    for (size_t i = 0; i < 2; i++)
        if (parts[i].kind == OPERAND_VALUE)
            type = parts[i].type;
    if (!kind_is_float(type->kind))
        return error_new_at(step->offset, "complex takes floats, not values of type %s",
                            type->name);
    uint8_t bytes[16];
    size_t size = (size_t)type->size;
    for (size_t i = 0; i < 2 && !err; i++) {
        if (parts[i].kind == OPERAND_CONSTANT)
            err = constant_convert(eval, &arguments[i], type, false, &parts[i]);
        if (!err)
            err = operand_need_value(eval, &parts[i]);
        if (!err && !type_identical(parts[i].type, type))
            err = error_new_at(parts[i].offset, "complex takes two numbers of one type");
        if (!err)
            err = operand_load(eval, &parts[i], 0, bytes + i * size, size);
    }
    if (!err)
        *out = operand_bytes(eval, step->offset,
                             basic_type(size == 4 ? GO_COMPLEX64 : GO_COMPLEX128), bytes, 2 * size);
    return err;
}

/** min and max (Go 1.21) of numbers or strings. */
static struct error *call_extreme(struct evaluation *eval, const struct step *step,
                                  const struct operand *arguments, bool max, struct operand *out)
{
    struct step compare = {
        .kind = STEP_BINARY, .op = max ? OP_GREATER : OP_LESS, .offset = step->offset};
    struct step add = {.kind = STEP_BINARY, .op = OP_ADD, .offset = step->offset};
    *out = arguments[0];
    for (size_t i = 1; i < step->count; i++) {
        struct operand better, sum;
        struct error *err = binary_operands(eval, &compare, &arguments[i], out, &better);
        if (!err) // gives both their common type, and refuses what has none
            err = binary_operands(eval, &add, out, &arguments[i], &sum);
        if (err)
            return err;
        uint64_t is_better = (uint64_t)better.constant.integer;
        if (better.kind == OPERAND_VALUE)
            err = operand_scalar(eval, &better, &is_better);
        if (err)
            return err;
        *out = is_better ? arguments[i] : *out;
        if (out->kind == OPERAND_CONSTANT && sum.kind == OPERAND_VALUE)
            err = constant_convert(eval, out, sum.type, false, out);
        if (err)
            return err;
    }
    return NULL;
}

struct error *call_builtin(struct evaluation *eval, const struct step *step,
                           const struct operand *function, const struct operand *arguments,
                           struct operand *out)
{
    const char *name = function->name;
    if (is_among(name, others, COUNT_OF(others)))
        return error_new_at(function->offset, "%s cannot be called: nothing runs in a core", name);
    bool extreme = strcmp(name, "min") == 0 || strcmp(name, "max") == 0;
    size_t wanted = strcmp(name, "complex") == 0 ? 2 : 1;
    if (extreme ? step->count == 0 : step->count != wanted)
        return error_new_at(function->offset, "%s takes %s%s", name, extreme ? "at least " : "",
                            wanted == 2 ? "two arguments" : "one argument");
    if (extreme)
        return call_extreme(eval, step, arguments, name[1] == 'a', out);
    if (wanted == 2)
        return call_complex(eval, step, arguments, out);
    if (strcmp(name, "real") == 0 || strcmp(name, "imag") == 0)
        return call_part(eval, &arguments[0], name[0] == 'i', out);
    return call_size(eval, step, &arguments[0], name[0] == 'c', out);
}
