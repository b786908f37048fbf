// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/alloc.h"
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

/*
 * Operator precedence with two stacks of its own, so that no input makes the program recurse: what
 * is read becomes steps in postfix order, what still waits for its right operand or its closing
 * bracket lies in `waiting`.
 */

enum waiting_kind {
    WAITING_UNARY,
    WAITING_BINARY,
    WAITING_GROUP,
    WAITING_CALL,
    WAITING_INDEX,
    WAITING_LITERAL,
};

struct waiting {
    enum waiting_kind kind;
    enum operator_kind op;
    size_t offset;
    size_t count;    // CALL, LITERAL: commas; INDEX: colons
    size_t shortcut; // BINARY && and ||: the step that jumps
    size_t start;    // CALL, INDEX, LITERAL: steps that came before what is in the brackets
};

struct parser {
    struct arena *arena;
    const struct type_question *question;
    const struct token *tokens;
    size_t at;
    struct waiting *waiting;
    size_t waiting_count, waiting_capacity;
    struct step_list *out;
};

static const struct token *peek(const struct parser *parser, size_t ahead)
{
    const struct token *token = &parser->tokens[parser->at];
    while (ahead-- && token->kind != TOKEN_END)
        token++;
    return token;
}

static bool is_operator(const struct token *token, enum operator_kind op)
{
    return token->kind == TOKEN_OPERATOR && token->op == op;
}

static struct step *add_step(struct parser *parser, enum step_kind kind, size_t offset)
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
        struct step *step =
            add_step(parser, top->kind == WAITING_UNARY ? STEP_UNARY : STEP_BINARY, top->offset);
        step->op = top->op;
        if (top->kind == WAITING_BINARY && precedence(top->op) <= 2)
            parser->out->items[top->shortcut].count = parser->out->count;
        parser->waiting_count--;
    }
}

static struct error *unexpected(const struct token *token, const char *wanted)
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

/* Types are kept as text, which the types' own tables look up. */

static bool needs_blank(const struct buffer *text, const struct token *next)
{
    if (!text->size || next->kind != TOKEN_NAME)
        return false;
    char last = text->data[text->size - 1];
    return last != TYPE_OWN_MARK && !strchr(".[]*(){},\"-", last);
}

/** Appends a token of a type's text. */
static void put_type_token(struct buffer *text, const struct token *tokens, size_t i)
{
    const struct token *token = &tokens[i];
    if (needs_blank(text, token))
        buffer_putc(text, ' ');
    bool qualified =
        is_operator(&tokens[i + 1], OP_DOT) || (text->size && text->data[text->size - 1] == '.');
    if (token->kind == TOKEN_NAME && !qualified)
        buffer_putc(text, TYPE_OWN_MARK);
    buffer_puts(text, token->text);
}

/** The token behind the bracket that closes the one at i; the end where there is none. */
static size_t behind_bracket(const struct token *tokens, size_t i)
{
    size_t depth = 0;
    for (; tokens[i].kind != TOKEN_END; i++) {
        enum operator_kind op = tokens[i].kind == TOKEN_OPERATOR ? tokens[i].op : OP_NONE;
        depth += op == OP_OPEN || op == OP_OPEN_INDEX || op == OP_OPEN_BRACE;
        depth -= op == OP_CLOSE || op == OP_CLOSE_INDEX || op == OP_CLOSE_BRACE;
        if (depth == 0)
            return i + 1;
    }
    return i;
}

static bool may_stand_in_type(const struct token *token)
{
    if (token->kind == TOKEN_NAME || token->kind == TOKEN_STRING)
        return true;
    if (token->kind == TOKEN_INT)
        return true;
    if (token->kind != TOKEN_OPERATOR)
        return false;
    switch (token->op) {
    case OP_MULTIPLY:
    case OP_OPEN:
    case OP_CLOSE:
    case OP_OPEN_INDEX:
    case OP_CLOSE_INDEX:
    case OP_OPEN_BRACE:
    case OP_CLOSE_BRACE:
    case OP_COMMA:
    case OP_DOT:
    case OP_ARROW:
        return true;
    default:
        return token->text[0] == '.' || token->text[0] == ';'; // ... and ;
    }
}

/** The text of the tokens [from, to). */
static struct error *type_text(struct parser *parser, size_t from, size_t to, const char **out)
{
    AUTO_TEXT text = {0};
    for (size_t i = from; i < to; i++) {
        const struct token *token = &parser->tokens[i];
        if (!may_stand_in_type(token))
            return unexpected(token, "a type");
        if (token->kind == TOKEN_INT)
            buffer_printf(&text, "%llu", (unsigned long long)token->integer);
        else
            put_type_token(&text, parser->tokens, i);
    }
    *out = arena_string(parser->arena, buffer_text(&text));
    return NULL;
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_NAME && strcmp(token->text, word) == 0;
}

/** The token behind a declared type's name: User, db.User, "example.com/db".User, Pair[int]. */
static size_t behind_type_name(const struct parser *parser, size_t i)
{
    const struct token *tokens = parser->tokens;
    if (tokens[i].kind != TOKEN_NAME && tokens[i].kind != TOKEN_STRING)
        return i;
    i++;
    if (is_operator(&tokens[i], OP_DOT) && tokens[i + 1].kind == TOKEN_NAME)
        i += 2;
    return is_operator(&tokens[i], OP_OPEN_INDEX) ? behind_bracket(tokens, i) : i;
}

/** The token behind a type literal that begins at i; i where none does. */
static size_t behind_type(const struct parser *parser, size_t i)
{
    const struct token *tokens = parser->tokens;
    for (;;) {
        const struct token *token = &tokens[i];
        if (is_operator(token, OP_MULTIPLY) || is_operator(token, OP_ARROW) ||
            is_word(token, "chan"))
            i++;
        else if (is_operator(token, OP_OPEN_INDEX))
            i = behind_bracket(tokens, i);
        else if (is_word(token, "map") && is_operator(token + 1, OP_OPEN_INDEX))
            i = behind_bracket(tokens, i + 1);
        else if (is_word(token, "struct") || is_word(token, "interface") || is_word(token, "func"))
            return behind_bracket(tokens, i + 1);
        else
            return behind_type_name(parser, i);
    }
}

static struct error *parse_type(struct parser *parser)
{
    const struct token *first = peek(parser, 0);
    size_t end = behind_type(parser, parser->at);
    const char *text = NULL;
    struct error *err = type_text(parser, parser->at, end, &text);
    if (err)
        return err;
    add_step(parser, STEP_TYPE, first->offset)->name = text;
    parser->at = end;
    return NULL;
}

static bool starts_type(const struct parser *parser)
{
    const struct token *token = peek(parser, 0), *next = peek(parser, 1);
    if (is_operator(token, OP_OPEN_INDEX))
        return true;
    if (is_operator(next, OP_OPEN_INDEX) && is_word(token, "map"))
        return true;
    if (is_operator(next, OP_OPEN_BRACE) &&
        (is_word(token, "struct") || is_word(token, "interface")))
        return true;
    return is_word(token, "chan") || (is_word(token, "func") && is_operator(next, OP_OPEN));
}

/** A name, or a path in quotes and a name, that a bracket follows: a generic type? */
static bool parse_generic(struct parser *parser)
{
    size_t end = behind_type_name(parser, parser->at), bracket = parser->at;
    while (bracket < end && !is_operator(&parser->tokens[bracket], OP_OPEN_INDEX))
        bracket++;
    if (bracket == end || !parser->question)
        return false;
    const char *base = NULL, *text = NULL;
    struct error *err = type_text(parser, parser->at, bracket, &base);
    if (!err)
        err = type_text(parser, parser->at, end, &text);
    bool is_type = !err && parser->question->is_type(parser->question->context, base, text);
    error_ignore(err); // what is no type's text is an index
    if (!is_type)
        return false;
    add_step(parser, STEP_TYPE, peek(parser, 0)->offset)->name = text;
    parser->at = end;
    return true;
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
    add_step(parser, STEP_CONSTANT, token->offset)->constant = constant;
}

/** The bracket that is open, NULL where none is. */
static struct waiting *open_bracket(const struct parser *parser)
{
    return parser->waiting_count ? &parser->waiting[parser->waiting_count - 1] : NULL;
}

/** What begins an operand. *complete: it is one; else an operator or bracket that one follows. */
static struct error *parse_operand(struct parser *parser, bool *complete)
{
    const struct token *token = peek(parser, 0);
    *complete = true;
    if (starts_type(parser))
        return parse_type(parser);
    const struct waiting *open = open_bracket(parser);
    if (is_operator(token, OP_OPEN_BRACE) && open && open->kind == WAITING_LITERAL) {
        // {{1, 2}, …}: a label and a value for each element in front, and this one's label
        add_step(parser, STEP_ELEMENT, token->offset)->count = 2 * open->count + 1;
        return NULL;
    }
    bool path = token->kind == TOKEN_STRING && is_operator(peek(parser, 1), OP_DOT) &&
                peek(parser, 2)->kind == TOKEN_NAME;
    if ((token->kind == TOKEN_NAME || path) && parse_generic(parser))
        return NULL;
    if (token->kind == TOKEN_NAME || path) {
        enum step_kind kind = path ? STEP_PACKAGE : STEP_NAME;
        add_step(parser, kind, token->offset)->name = token->text;
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
            return unexpected(token, "an operand");
        }
    } else if (token->kind == TOKEN_END) {
        return unexpected(token, "an operand");
    } else {
        add_constant(parser, token);
    }
    parser->at++;
    return NULL;
}

/** .name, .(type) */
static struct error *parse_selector(struct parser *parser)
{
    const struct token *next = peek(parser, 1);
    if (next->kind == TOKEN_NAME) {
        add_step(parser, STEP_SELECT, next->offset)->name = next->text;
        parser->at += 2;
        return NULL;
    }
    if (!is_operator(next, OP_OPEN))
        return unexpected(next, "a field or a type in brackets");
    size_t open = parser->at + 1, end = behind_bracket(parser->tokens, open);
    if (!is_operator(&parser->tokens[end - 1], OP_CLOSE))
        return error_new_at(next->offset, "this bracket is not closed");
    if (end - 1 == open + 1)
        return unexpected(&parser->tokens[open + 1], "a type");
    if (is_word(&parser->tokens[open + 1], "type"))
        return error_new_at(next->offset, "x.(type) belongs into a switch: name the type");
    const char *text = NULL;
    struct error *err = type_text(parser, open + 1, end - 1, &text);
    if (err)
        return err;
    add_step(parser, STEP_ASSERT, parser->tokens[open + 1].offset)->name = text;
    parser->at = end;
    return NULL;
}

static struct error *parse_binary(struct parser *parser, const struct token *token)
{
    int level = precedence(token->op);
    reduce(parser, level);
    struct waiting *waiting = push(parser, WAITING_BINARY, token->op, token->offset);
    if (level <= 2) {
        waiting->shortcut = parser->out->count;
        add_step(parser, STEP_SHORTCUT, token->offset)->op = token->op;
    }
    parser->at++;
    return NULL;
}

static struct error *parse_colon(struct parser *parser, const struct token *token)
{
    reduce(parser, 0);
    struct waiting *open = open_bracket(parser);
    if (!open || open->kind != WAITING_INDEX)
        return unexpected(token, "an operator");
    if (open->count == 2)
        return error_new_at(token->offset, "a slice has three bounds at most");
    open->count++;
    parser->at++;
    if (is_operator(peek(parser, 0), OP_CLOSE_INDEX)) {
        if (open->count == 2)
            return unexpected(peek(parser, 0), "the third bound");
        add_step(parser, STEP_ABSENT, token->offset);
    }
    return NULL;
}

static void close_index(struct parser *parser, const struct waiting *open)
{
    struct step *step = add_step(parser, open->count ? STEP_SLICE : STEP_INDEX, open->offset);
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
        add_step(parser, open->kind == WAITING_CALL ? STEP_CALL : STEP_LITERAL, open->offset)
            ->count = open->count + 1;
    parser->waiting_count--;
    parser->at++;
    return NULL;
}

/** The label of the next element of a composite literal, or that it has none. */
static void parse_label(struct parser *parser)
{
    const struct token *token = peek(parser, 0);
    if (token->kind != TOKEN_NAME || !is_operator(peek(parser, 1), OP_COLON)) {
        add_step(parser, STEP_ABSENT, token->offset);
        return;
    }
    add_step(parser, STEP_LABEL, token->offset)->name = token->text;
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
    *complete = is_operator(peek(parser, 0), OP_CLOSE_BRACE);
    if (!*complete) {
        parse_label(parser);
        return NULL;
    }
    add_step(parser, STEP_LITERAL, token->offset);
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
        return unexpected(token, "an operator");
    parser->at++;
    *complete = open->kind == WAITING_LITERAL && is_operator(peek(parser, 0), OP_CLOSE_BRACE);
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
    *complete = is_operator(peek(parser, 0), OP_CLOSE);
    if (*complete) {
        add_step(parser, STEP_CALL, token->offset);
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
    const struct token *next = peek(parser, 0);
    *complete = false;
    if (!is_operator(next, OP_COLON))
        return NULL;
    add_step(parser, STEP_ABSENT, next->offset);
    *complete = true; // what is left out is an operand: the colon is its operator
    return NULL;
}

/** What follows an operand. *complete: an operand is still what lies behind. */
static struct error *parse_operator(struct parser *parser, bool *complete)
{
    const struct token *token = peek(parser, 0);
    if (token->kind != TOKEN_OPERATOR)
        return unexpected(token, "an operator");
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
        *complete = is_operator(peek(parser, 0), OP_CLOSE_INDEX);
        return err;
    }
    case OP_COMMA:
        return parse_comma(parser, token, complete);
    case OP_OPEN_BRACE:
        return parse_literal(parser, token, complete);
    default:
        return precedence(token->op) ? parse_binary(parser, token)
                                     : unexpected(token, "an operator");
    }
}

static struct error *parse(struct parser *parser)
{
    bool complete = false;
    while (!complete || peek(parser, 0)->kind != TOKEN_END) {
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
