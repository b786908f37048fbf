// SPDX-License-Identifier: MIT
#include "expression_parser.h"

#include "base/alloc.h"

#include <stdlib.h>

/*
 * Operator precedence with two stacks of its own, so that no input makes the program recurse: what
 * is read becomes steps in postfix order, what still waits for its right operand or its closing
 * bracket lies in `waiting`.
 */

const struct token *parser_peek(const struct parser *parser, size_t ahead)
{
    const struct token *token = &parser->tokens[parser->at];
    while (ahead-- && token->kind != TOKEN_END)
        token++;
    return token;
}

struct step *parser_add_step(struct parser *parser, enum step_kind kind, size_t offset)
{
    struct step_list *list = parser->out;
    struct step *step = &ARRAY_PUSH(list->items, list->count, list->capacity);
    *step = (struct step){.kind = kind, .offset = offset};
    return step;
}

static struct waiting *push(struct parser *parser, enum waiting_kind kind, enum operator_kind op,
                            size_t offset)
{
    struct waiting *waiting =
        &ARRAY_PUSH(parser->waiting, parser->waiting_count, parser->waiting_capacity);
    *waiting =
        (struct waiting){.kind = kind, .op = op, .offset = offset, .start = parser->out->count};
    return waiting;
}

static int precedence(enum operator_kind op)
{
    switch (op) {
    case OP_OR:
        return 1;
    case OP_AND:
        return 2;
    case OP_EQUAL:
    case OP_NOT_EQUAL:
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
        return 3;
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_BIT_OR:
    case OP_BIT_XOR:
        return 4;
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_REMAINDER:
    case OP_SHIFT_LEFT:
    case OP_SHIFT_RIGHT:
    case OP_BIT_AND:
    case OP_BIT_CLEAR:
        return 5;
    default:
        return 0;
    }
}

/** Emits the operators that bind at least as tightly as least, down to the nearest bracket. */
static void reduce(struct parser *parser, int least)
{
    while (parser->waiting_count) {
        struct waiting *top = &parser->waiting[parser->waiting_count - 1];
        if (top->kind > WAITING_BINARY ||
            (top->kind == WAITING_BINARY && precedence(top->op) < least))
            return;
        struct step *step = parser_add_step(
            parser, top->kind == WAITING_UNARY ? STEP_UNARY : STEP_BINARY, top->offset);
        step->op = top->op;
        if (top->kind == WAITING_BINARY && precedence(top->op) <= 2)
            parser->out->items[top->shortcut].count = parser->out->count;
        parser->waiting_count--;
    }
}

struct error *parser_unexpected(const struct token *token, const char *wanted)
{
    switch (token->kind) {
    case TOKEN_END:
        return error_new_at(token->offset, "the expression ends where %s is expected", wanted);
    case TOKEN_OPERATOR:
        if (token->op == OP_OTHER)
            return error_new_at(token->offset,
                                "'%s' does not belong into an expression: a core "
                                "is only read",
                                token->text);
        if (token->op == OP_ARROW)
            return error_new_at(token->offset, "nothing can be received: a core is only read");
        return error_new_at(token->offset, "'%s' where %s is expected", token->text, wanted);
    default:
        return error_new_at(token->offset, "%s is expected here", wanted);
    }
}

static void add_constant(struct parser *parser, const struct token *token)
{
    struct constant constant = {.integer = token->integer, .number = token->number};
    switch (token->kind) {
    case TOKEN_RUNE:
        constant.kind = CONSTANT_RUNE;
        break;
    case TOKEN_FLOAT:
        constant.kind = CONSTANT_FLOAT;
        break;
    case TOKEN_IMAGINARY:
        constant = (struct constant){.kind = CONSTANT_COMPLEX, .imaginary = token->number};
        break;
    case TOKEN_STRING:
        constant.kind = CONSTANT_STRING;
        constant.text = token->text;
        constant.text_size = token->text_size;
        break;
    default:
        constant.kind = CONSTANT_INT;
        break;
    }
    parser_add_step(parser, STEP_CONSTANT, token->offset)->constant = constant;
}

/** The bracket that is open, NULL where none is. */
static struct waiting *open_bracket(const struct parser *parser)
{
    return parser->waiting_count ? &parser->waiting[parser->waiting_count - 1] : NULL;
}

/** What begins an operand. *complete: it is one; else an operator or bracket that one follows. */
static struct error *parse_operand(struct parser *parser, bool *complete)
{
    const struct token *token = parser_peek(parser, 0);
    *complete = true;
    if (parser_at_type(parser))
        return parser_read_type(parser);
    const struct waiting *open = open_bracket(parser);
    if (token_is_operator(token, OP_OPEN_BRACE) && open && open->kind == WAITING_LITERAL) {
        // {{1, 2}, …}: a label and a value for each element in front, and this one's label
        parser_add_step(parser, STEP_ELEMENT, token->offset)->count = 2 * open->count + 1;
        return NULL;
    }
    bool path = token->kind == TOKEN_STRING && token_is_operator(parser_peek(parser, 1), OP_DOT) &&
                parser_peek(parser, 2)->kind == TOKEN_NAME;
    if ((token->kind == TOKEN_NAME || path) && parser_read_generic(parser))
        return NULL;
    if (token->kind == TOKEN_NAME || path) {
        enum step_kind kind = path ? STEP_PACKAGE : STEP_NAME;
        parser_add_step(parser, kind, token->offset)->name = token->text;
    } else if (token->kind == TOKEN_OPERATOR) {
        *complete = false;
        switch (token->op) {
        case OP_ADD:
        case OP_SUBTRACT:
        case OP_NOT:
        case OP_BIT_XOR:
        case OP_MULTIPLY:
        case OP_BIT_AND:
            push(parser, WAITING_UNARY, token->op, token->offset);
            break;
        case OP_AND: // &&x: no address of an address
            return error_new_at(token->offset, "an address has no address");
        case OP_OPEN:
            push(parser, WAITING_GROUP, token->op, token->offset);
            break;
        default:
            return parser_unexpected(token, "an operand");
        }
    } else if (token->kind == TOKEN_END) {
        return parser_unexpected(token, "an operand");
    } else {
        add_constant(parser, token);
    }
    parser->at++;
    return NULL;
}

/** .name, .(type) */
static struct error *parse_selector(struct parser *parser)
{
    const struct token *next = parser_peek(parser, 1);
    if (next->kind == TOKEN_NAME) {
        parser_add_step(parser, STEP_SELECT, next->offset)->name = next->text;
        parser->at += 2;
        return NULL;
    }
    if (!token_is_operator(next, OP_OPEN))
        return parser_unexpected(next, "a field or a type in brackets");
    parser->at++;
    return parser_read_asserted(parser);
}

static struct error *parse_binary(struct parser *parser, const struct token *token)
{
    int level = precedence(token->op);
    reduce(parser, level);
    struct waiting *waiting = push(parser, WAITING_BINARY, token->op, token->offset);
    if (level <= 2) {
        waiting->shortcut = parser->out->count;
        parser_add_step(parser, STEP_SHORTCUT, token->offset)->op = token->op;
    }
    parser->at++;
    return NULL;
}

static struct error *parse_colon(struct parser *parser, const struct token *token)
{
    reduce(parser, 0);
    struct waiting *open = open_bracket(parser);
    if (!open || open->kind != WAITING_INDEX)
        return parser_unexpected(token, "an operator");
    if (open->count == 2)
        return error_new_at(token->offset, "a slice has three bounds at most");
    open->count++;
    parser->at++;
    if (token_is_operator(parser_peek(parser, 0), OP_CLOSE_INDEX)) {
        if (open->count == 2)
            return parser_unexpected(parser_peek(parser, 0), "the third bound");
        parser_add_step(parser, STEP_ABSENT, token->offset);
    }
    return NULL;
}

static void close_index(struct parser *parser, const struct waiting *open)
{
    struct step *step =
        parser_add_step(parser, open->count ? STEP_SLICE : STEP_INDEX, open->offset);
    step->count = open->count ? open->count + 1 : 0;
}

static struct error *parse_closing(struct parser *parser, const struct token *token)
{
    reduce(parser, 0);
    struct waiting *open = open_bracket(parser);
    enum operator_kind closing = OP_CLOSE;
    if (open && open->kind == WAITING_INDEX)
        closing = OP_CLOSE_INDEX;
    else if (open && open->kind == WAITING_LITERAL)
        closing = OP_CLOSE_BRACE;
    if (!open || token->op != closing)
        return error_new_at(token->offset, "'%s' closes nothing", token->text);
    if (open->kind == WAITING_INDEX)
        close_index(parser, open);
    else if (open->kind != WAITING_GROUP)
        parser_add_step(parser, open->kind == WAITING_CALL ? STEP_CALL : STEP_LITERAL, open->offset)
            ->count = open->count + 1;
    parser->waiting_count--;
    parser->at++;
    return NULL;
}

/** The label of the next element of a composite literal, or that it has none. */
static void parse_label(struct parser *parser)
{
    const struct token *token = parser_peek(parser, 0);
    if (token->kind != TOKEN_NAME || !token_is_operator(parser_peek(parser, 1), OP_COLON)) {
        parser_add_step(parser, STEP_ABSENT, token->offset);
        return;
    }
    parser_add_step(parser, STEP_LABEL, token->offset)->name = token->text;
    parser->at += 2;
}

/** T{: a composite literal. *complete: it has no elements, and is closed. */
static struct error *parse_literal(struct parser *parser, const struct token *token, bool *complete)
{
    const struct step_list *steps = parser->out;
    enum step_kind last = steps->count ? steps->items[steps->count - 1].kind : STEP_CONSTANT;
    if (last != STEP_NAME && last != STEP_SELECT && last != STEP_TYPE && last != STEP_ELEMENT)
        return error_new_at(token->offset, "a type is expected in front of this brace");
    push(parser, WAITING_LITERAL, token->op, token->offset);
    parser->at++;
    *complete = token_is_operator(parser_peek(parser, 0), OP_CLOSE_BRACE);
    if (!*complete) {
        parse_label(parser);
        return NULL;
    }
    parser_add_step(parser, STEP_LITERAL, token->offset);
    parser->waiting_count--;
    parser->at++;
    return NULL;
}

/** *complete: it stands behind the last element of a composite literal. */
static struct error *parse_comma(struct parser *parser, const struct token *token, bool *complete)
{
    reduce(parser, 0);
    struct waiting *open = open_bracket(parser);
    if (!open || (open->kind != WAITING_CALL && open->kind != WAITING_LITERAL))
        return parser_unexpected(token, "an operator");
    parser->at++;
    *complete =
        open->kind == WAITING_LITERAL && token_is_operator(parser_peek(parser, 0), OP_CLOSE_BRACE);
    if (*complete)
        return NULL;
    open->count++;
    if (open->kind == WAITING_LITERAL)
        parse_label(parser);
    return NULL;
}

/** f(: the call of a builtin or a conversion. *complete: it has no arguments, and is closed. */
static struct error *parse_call(struct parser *parser, const struct token *token, bool *complete)
{
    push(parser, WAITING_CALL, token->op, token->offset);
    parser->at++;
    *complete = token_is_operator(parser_peek(parser, 0), OP_CLOSE);
    if (*complete) {
        parser_add_step(parser, STEP_CALL, token->offset);
        parser->waiting_count--;
        parser->at++;
    }
    return NULL;
}

/** a[: an index or a slice; its first bound may be left out. */
static struct error *parse_bracket(struct parser *parser, const struct token *token, bool *complete)
{
    push(parser, WAITING_INDEX, token->op, token->offset);
    parser->at++;
    const struct token *next = parser_peek(parser, 0);
    *complete = false;
    if (!token_is_operator(next, OP_COLON))
        return NULL;
    parser_add_step(parser, STEP_ABSENT, next->offset);
    *complete = true; // what is left out is an operand: the colon is its operator
    return NULL;
}

/** What follows an operand. *complete: an operand is still what lies behind. */
static struct error *parse_operator(struct parser *parser, bool *complete)
{
    const struct token *token = parser_peek(parser, 0);
    if (token->kind != TOKEN_OPERATOR)
        return parser_unexpected(token, "an operator");
    *complete = false;
    switch (token->op) {
    case OP_DOT:
        *complete = true;
        return parse_selector(parser);
    case OP_OPEN:
        return parse_call(parser, token, complete);
    case OP_OPEN_INDEX:
        return parse_bracket(parser, token, complete);
    case OP_CLOSE:
    case OP_CLOSE_INDEX:
    case OP_CLOSE_BRACE:
        *complete = true;
        return parse_closing(parser, token);
    case OP_COLON: {
        struct error *err = parse_colon(parser, token);
        *complete = token_is_operator(parser_peek(parser, 0), OP_CLOSE_INDEX);
        return err;
    }
    case OP_COMMA:
        return parse_comma(parser, token, complete);
    case OP_OPEN_BRACE:
        return parse_literal(parser, token, complete);
    default:
        return precedence(token->op) ? parse_binary(parser, token)
                                     : parser_unexpected(token, "an operator");
    }
}

static struct error *parse(struct parser *parser)
{
    bool complete = false;
    while (!complete || parser_peek(parser, 0)->kind != TOKEN_END) {
        struct error *err =
            complete ? parse_operator(parser, &complete) : parse_operand(parser, &complete);
        if (err)
            return err;
    }
    reduce(parser, 0);
    const struct waiting *open = open_bracket(parser);
    return open ? error_new_at(open->offset, "this bracket is not closed") : NULL;
}

struct error *expression_parse(struct arena *arena, const char *text,
                               const struct type_question *question, struct step_list *out)
{
    struct token_list tokens;
    struct error *err = expression_lex(arena, text, &tokens);
    if (err)
        return err;
    struct parser parser = {
        .arena = arena, .question = question, .tokens = tokens.items, .out = out};
    err = parse(&parser);
    free(parser.waiting);
    return err;
}
