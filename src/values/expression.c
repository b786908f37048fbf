// SPDX-License-Identifier: MIT
#include "expression_internal.h"
#include "text_bytes.h"

#include "model/value_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * An expression becomes steps in postfix order (expression_parser.c); here they are taken one after
 * the other over a stack of operands.
 */

struct machine_stack {
    struct operand *items;
    size_t count;
};

static struct operand *top(struct machine_stack *stack, size_t below)
{
    return &stack->items[stack->count - 1 - below];
}

static struct error *call(struct evaluation *eval, const struct step *step,
                          const struct operand *function, const struct operand *arguments,
                          struct operand *out)
{
    if (function->kind == OPERAND_BUILTIN)
        return call_builtin(eval, step, function, arguments, out);
    if (function->kind == OPERAND_TYPE) {
        if (step->count != 1)
            return error_new_at(step->offset, "a conversion takes one value");
        struct error *err = convert_operand(eval, step, function->type, &arguments[0], out);
        if (!err)
            out->offset = function->offset;
        return err;
    }
    return error_new_at(step->offset, "functions cannot be called: nothing runs in a core");
}

/** Whether the left operand of && or || decides; then the right one is not evaluated. */
static struct error *decides(struct evaluation *eval, const struct step *step, struct operand *left,
                             bool *out)
{
    uint64_t value = (uint64_t)left->constant.integer;
    bool constant = left->kind == OPERAND_CONSTANT && left->constant.kind == CONSTANT_BOOL;
    struct error *err = constant ? NULL : operand_need_value(eval, left);
    if (err)
        return err;
    if (!constant && left->type->kind != GO_BOOL)
        return error_new_at(step->offset, "'%s' does not take values of type %s",
                            operator_text(step->op), left->type->name);
    if (!constant)
        err = operand_scalar(eval, left, &value);
    *out = (value != 0) == (step->op == OP_OR);
    return err;
}

static struct operand push_of(const struct step *step)
{
    if (step->kind == STEP_CONSTANT)
        return operand_constant(step->offset, &step->constant);
    if (step->kind == STEP_LABEL)
        return (struct operand){.kind = OPERAND_LABEL, .offset = step->offset, .name = step->name};
    return (struct operand){.kind = OPERAND_ABSENT, .offset = step->offset};
}

static struct error *push_type(struct evaluation *eval, const struct step *step,
                               struct operand *out)
{
    *out = (struct operand){.kind = OPERAND_TYPE, .offset = step->offset};
    return type_of_text(eval, step->offset, step->name, &out->type);
}

/** The type of an element whose own is left out: of an array's, for those of a struct have many. */
static struct error *push_element(struct evaluation *eval, const struct step *step,
                                  const struct operand *literal, struct operand *out)
{
    struct go_type *type = literal->kind == OPERAND_TYPE ? literal->type : NULL;
    struct error *err = type ? resolve_at(eval, literal->offset, type) : NULL;
    if (!err && (!type || type->kind != GO_ARRAY || !type->elem))
        err = error_new_at(step->offset, "a type is expected in front of this brace");
    if (!err)
        *out = (struct operand){.kind = OPERAND_TYPE, .offset = step->offset, .type = type->elem};
    return err;
}

/** Takes a step that leaves its result in the place of the first of its `taken` operands. */
static struct error *reduce(struct evaluation *eval, const struct step *step,
                            struct machine_stack *stack, size_t taken)
{
    struct operand *first = top(stack, taken - 1), result = *first;
    struct error *err;
    switch (step->kind) {
    case STEP_SELECT:
        err = select_field(eval, step, &result);
        break;
    case STEP_ASSERT:
        err = assert_type(eval, step, &result);
        break;
    case STEP_INDEX:
        err = index_operand(eval, step, &result, first + 1);
        break;
    case STEP_SLICE:
        err = slice_operand(eval, step, &result, first + 1);
        break;
    case STEP_CALL:
        err = call(eval, step, first, first + 1, &result);
        break;
    case STEP_LITERAL:
        err = composite_literal(eval, step, first, first + 1, &result);
        break;
    case STEP_UNARY:
        err = unary_operand(eval, step, &result);
        result.offset = step->offset;
        break;
    default:
        err = binary_operands(eval, step, first, first + 1, &result);
        break;
    }
    // A field of what a missing key gave is no more the program's than the whole.
    if (step->kind != STEP_INDEX && step->kind != STEP_SELECT)
        result.missing_key = false;
    if ((step->kind == STEP_SELECT || step->kind == STEP_INDEX) && !result.storage.in_memory)
        result.literal = first->literal;
    literal_settle(&result);
    *first = result;
    stack->count -= taken - 1;
    return err;
}

static size_t operands_of(const struct step *step)
{
    switch (step->kind) {
    case STEP_SELECT:
    case STEP_ASSERT:
    case STEP_UNARY:
        return 1;
    case STEP_SLICE:
    case STEP_CALL:
        return step->count + 1;
    case STEP_LITERAL:
        return 2 * step->count + 1;
    default:
        return 2;
    }
}

static struct error *run(struct evaluation *eval, const struct step_list *steps,
                         struct machine_stack *stack)
{
    for (size_t i = 0; i < steps->count; i++) {
        const struct step *step = &steps->items[i];
        struct error *err = NULL;
        bool jump = false;
        switch (step->kind) {
        case STEP_CONSTANT:
        case STEP_ABSENT:
        case STEP_LABEL:
            stack->items[stack->count++] = push_of(step);
            break;
        case STEP_NAME:
        case STEP_PACKAGE:
            err = name_lookup(eval, step, &stack->items[stack->count++]);
            break;
        case STEP_TYPE:
            err = push_type(eval, step, &stack->items[stack->count++]);
            break;
        case STEP_ELEMENT:
            stack->count++;
            err = push_element(eval, step, top(stack, step->count + 1), top(stack, 0));
            break;
        case STEP_SHORTCUT:
            err = decides(eval, step, top(stack, 0), &jump);
            break;
        default:
            err = reduce(eval, step, stack, operands_of(step));
            break;
        }
        if (err)
            return err;
        if (jump)
            i = step->count - 1;
    }
    return NULL;
}

/** A string or []byte that the expression made: the reader knows only those of the target. */
static struct value *value_of_text(struct evaluation *eval, const struct operand *operand)
{
    const struct value_limits *limits = &eval->reader->limits;
    struct value *out = ARENA_NEW(eval->arena, struct value);
    bool is_slice = operand->type->kind == GO_SLICE;
    size_t size = (size_t)operand->text_size;
    out->type = arena_string(eval->arena, operand->type->name);
    out->kind = is_slice ? VALUE_SLICE : VALUE_STRING;
    out->length = operand->text_size;
    out->capacity = is_slice ? operand->text_size : 0;
    if (size > limits->string)
        size = utf8_whole(operand->text, (size_t)limits->string);
    if (!is_slice || utf8_is_text(operand->text, size)) {
        out->bytes = arena_copy(eval->arena, operand->text, size);
        out->bytes_size = size;
        out->omitted = operand->text_size - size;
        out->is_byte_text = is_slice && out->length > 0;
        return out;
    }
    size = operand->text_size < limits->items ? (size_t)operand->text_size : (size_t)limits->items;
    out->children = arena_array(eval->arena, size, sizeof(struct value *));
    for (; out->child_count < size; out->child_count++) {
        struct value *child = out->children[out->child_count] =
            ARENA_NEW(eval->arena, struct value);
        *child = (struct value){
            .type = "uint8", .kind = VALUE_UINT, .bits = (uint8_t)operand->text[out->child_count]};
    }
    out->omitted = operand->text_size - size;
    return out;
}

static struct value *nil_value(struct evaluation *eval)
{
    struct value *out = ARENA_NEW(eval->arena, struct value);
    *out = (struct value){.type = "untyped nil", .kind = VALUE_POINTER, .nil = true};
    return out;
}

static struct value *function_value(struct evaluation *eval, const struct operand *operand)
{
    struct value *out = ARENA_NEW(eval->arena, struct value);
    *out = (struct value){
        .type = "func", .kind = VALUE_FUNC, .function = arena_string(eval->arena, operand->name)};
    return out;
}

static struct error *finish(struct evaluation *eval, struct operand *operand,
                            struct expression_result *out)
{
    *out = (struct expression_result){.missing_key = operand->missing_key};
    if (operand->kind == OPERAND_NIL) {
        out->value = nil_value(eval);
        return NULL;
    }
    if (operand->kind == OPERAND_PACKAGE && eval->package) // or a function of the frame's own
        function_find(eval, operand->offset, eval->package, operand->name, operand);
    if (operand->kind == OPERAND_FUNCTION) {
        out->value = function_value(eval, operand);
        return NULL;
    }
    struct error *err = operand_need_value(eval, operand);
    if (!err)
        err = literal_need_none(operand);
    if (err)
        return err;
    if (operand->has_text) {
        out->value = value_of_text(eval, operand);
        return NULL;
    }
    out->value = value_read(eval->reader, eval->arena, operand->type, operand->storage);
    const char *why = out->value->unreadable;
    if (why && operand->storage.in_memory)
        return error_new_at(operand->offset, "%s: address 0x%" PRIx64, why,
                            operand->storage.address);
    if (why)
        return error_new_at(operand->offset, "%s", why);
    return NULL;
}

struct error *expression_evaluate(const struct expression_scope *scope, struct arena *arena,
                                  const char *text, struct expression_result *out)
{
    struct evaluation eval;
    evaluation_init(&eval, scope, arena, text);
    const struct type_question question = {.is_type = names_a_generic, .context = &eval};
    struct step_list steps = {0};
    struct error *err = expression_parse(arena, text, &question, &steps);
    if (!err) {
        struct machine_stack stack = {.items =
                                          arena_array(arena, steps.count + 1, sizeof *stack.items)};
        err = run(&eval, &steps, &stack);
        if (!err)
            err = finish(&eval, top(&stack, 0), out);
        if (!err)
            out->value->provenance = eval.provenance;
    }
    free(steps.items);
    return err;
}
