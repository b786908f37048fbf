// SPDX-License-Identifier: MIT
#pragma once

#include "expression_internal.h"

/* Between expression_parser.c and expression_types.c. */

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

static inline bool token_is_operator(const struct token *token, enum operator_kind op)
{
    return token->kind == TOKEN_OPERATOR && token->op == op;
}

/** The token so far ahead, the end behind the last. */
const struct token *parser_peek(const struct parser *parser, size_t ahead);

/** Appends a step. @return it, good until the next one */
struct step *parser_add_step(struct parser *parser, enum step_kind kind, size_t offset);

/** That a token stands where something else is wanted. */
struct error *parser_unexpected(const struct token *token, const char *wanted);

/** Reads a type; what stands there should be one. */
MUST_USE struct error *parser_read_type(struct parser *parser);

/** Whether a type literal begins here: []T, map[K]V, chan T, struct{ … */
bool parser_at_type(const struct parser *parser);

/** Reads a name, or a path in quotes and a name, that a bracket follows, if that is a generic type.
 */
bool parser_read_generic(struct parser *parser);

/** Reads the type of x.(T), from the bracket on. */
MUST_USE struct error *parser_read_asserted(struct parser *parser);
