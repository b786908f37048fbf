// SPDX-License-Identifier: MIT
#include "expression_parser.h"

#include "base/buffer.h"

#include <string.h>

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
    bool qualified = token_is_operator(&tokens[i + 1], OP_DOT) ||
                     (text->size && text->data[text->size - 1] == '.');
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
            return parser_unexpected(token, "a type");
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
    if (token_is_operator(&tokens[i], OP_DOT) && tokens[i + 1].kind == TOKEN_NAME)
        i += 2;
    return token_is_operator(&tokens[i], OP_OPEN_INDEX) ? behind_bracket(tokens, i) : i;
}

/** The token behind a type literal that begins at i; i where none does. */
static size_t behind_type(const struct parser *parser, size_t i)
{
    const struct token *tokens = parser->tokens;
    for (;;) {
        const struct token *token = &tokens[i];
        if (token_is_operator(token, OP_MULTIPLY) || token_is_operator(token, OP_ARROW) ||
            is_word(token, "chan"))
            i++;
        else if (token_is_operator(token, OP_OPEN_INDEX))
            i = behind_bracket(tokens, i);
        else if (is_word(token, "map") && token_is_operator(token + 1, OP_OPEN_INDEX))
            i = behind_bracket(tokens, i + 1);
        else if (is_word(token, "struct") || is_word(token, "interface") || is_word(token, "func"))
            return behind_bracket(tokens, i + 1);
        else
            return behind_type_name(parser, i);
    }
}

struct error *parser_read_type(struct parser *parser)
{
    const struct token *first = parser_peek(parser, 0);
    size_t end = behind_type(parser, parser->at);
    const char *text = NULL;
    struct error *err = type_text(parser, parser->at, end, &text);
    if (err)
        return err;
    parser_add_step(parser, STEP_TYPE, first->offset)->name = text;
    parser->at = end;
    return NULL;
}

bool parser_at_type(const struct parser *parser)
{
    const struct token *token = parser_peek(parser, 0), *next = parser_peek(parser, 1);
    if (token_is_operator(token, OP_OPEN_INDEX))
        return true;
    if (token_is_operator(next, OP_OPEN_INDEX) && is_word(token, "map"))
        return true;
    if (token_is_operator(next, OP_OPEN_BRACE) &&
        (is_word(token, "struct") || is_word(token, "interface")))
        return true;
    return is_word(token, "chan") || (is_word(token, "func") && token_is_operator(next, OP_OPEN));
}

/** A name, or a path in quotes and a name, that a bracket follows: a generic type? */
bool parser_read_generic(struct parser *parser)
{
    size_t end = behind_type_name(parser, parser->at), bracket = parser->at;
    while (bracket < end && !token_is_operator(&parser->tokens[bracket], OP_OPEN_INDEX))
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
    parser_add_step(parser, STEP_TYPE, parser_peek(parser, 0)->offset)->name = text;
    parser->at = end;
    return true;
}

struct error *parser_read_asserted(struct parser *parser)
{
    size_t open = parser->at, end = behind_bracket(parser->tokens, open);
    if (!token_is_operator(&parser->tokens[end - 1], OP_CLOSE))
        return error_new_at(parser->tokens[open].offset, "this bracket is not closed");
    if (end - 1 == open + 1)
        return parser_unexpected(&parser->tokens[open + 1], "a type");
    if (is_word(&parser->tokens[open + 1], "type"))
        return error_new_at(parser->tokens[open].offset,
                            "x.(type) belongs into a switch: name the type");
    const char *text = NULL;
    struct error *err = type_text(parser, open + 1, end - 1, &text);
    if (err)
        return err;
    parser_add_step(parser, STEP_ASSERT, parser->tokens[open + 1].offset)->name = text;
    parser->at = end;
    return NULL;
}
