// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/*
 * Tokens of an expression: Go's specification, "Lexical elements".
 */

struct lexer {
    struct arena *arena;
    const char *text;
    size_t at;
};

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

void rune_append(struct buffer *out, wide_int rune)
{
    if (rune < 0 || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
        rune = 0xfffd;
    uint32_t c = (uint32_t)rune;
    if (c < 0x80) {
        buffer_putc(out, (char)c);
        return;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    buffer_putc(out, (char)(marks[more] | c >> (6 * more)));
    while (more--)
        buffer_putc(out, (char)(0x80 | (c >> (6 * more) & 0x3f)));
}

/** The digits of a number without their underscores. */
static void put_digits(struct buffer *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] != '_')
            buffer_putc(out, text[i]);
}

/** The bytes that a number takes: digits, letters, a point, and a sign behind an exponent's mark.
 */
static size_t number_size(const char *text, bool hex)
{
    size_t size = 0;
    for (char c; (c = text[size]) != '\0'; size++) {
        bool sign =
            (c == '+' || c == '-') && size > 0 && strchr(hex ? "pP" : "eE", text[size - 1]) != NULL;
        if (!sign && !is_digit(c) && c != '.' && ((unsigned char)c >= 0x80 || !is_name_start(c)))
            break;
    }
    return size;
}

static struct error *read_integer(const struct lexer *lexer, const char *digits, unsigned base,
                                  struct token *out)
{
    wide_int value = 0;
    if (!*digits)
        return error_new_at(lexer->at, "a number without digits");
    for (; *digits; digits++) {
        unsigned digit = digit_value(*digits);
        if (digit >= base)
            return error_new_at(lexer->at, "'%c' is no digit of a number in base %u", *digits,
                                base);
        if (value >> 96)
            return error_new_at(lexer->at, "this number is too large");
        value = value * base + digit;
    }
    out->kind = TOKEN_INT;
    out->integer = value;
    out->number = (double)value;
    return NULL;
}

static struct error *read_float(const struct lexer *lexer, const char *digits, struct token *out)
{
    char *end = NULL;
    out->kind = TOKEN_FLOAT;
    out->number = strtod(digits, &end);
    return *end ? error_new_at(lexer->at, "'%s' is not a number", digits) : NULL;
}

static struct error *lex_number(struct lexer *lexer, struct token *out)
{
    const char *text = lexer->text + lexer->at;
    char mark = text[0] == '0' ? (char)(text[1] | 0x20) : '\0';
    bool hex = mark == 'x', prefixed = hex || mark == 'b' || mark == 'o';
    out->size = number_size(text, hex);
    AUTO_TEXT buffer = {0};
    put_digits(&buffer, text, out->size);
    bool imaginary = buffer.size > 1 && buffer.data[buffer.size - 1] == 'i';
    if (imaginary)
        buffer_truncate(&buffer, buffer.size - 1);
    const char *digits = buffer_text(&buffer);
    struct error *err;
    if (strpbrk(digits, hex ? ".pP" : mark == 'b' || mark == 'o' ? "." : ".eE"))
        err = read_float(lexer, digits, out);
    else if (prefixed)
        err = read_integer(lexer, digits + 2, hex ? 16 : mark == 'b' ? 2 : 8, out);
    else // 010 is octal, 010i is not
        err =
            read_integer(lexer, digits, digits[0] == '0' && digits[1] && !imaginary ? 8 : 10, out);
    if (!err && imaginary)
        out->kind = TOKEN_IMAGINARY;
    return err;
}

/** A numeric escape: count digits, of which the value must fit a byte or a character. */
static struct error *lex_code(const struct lexer *lexer, size_t *at, unsigned base, unsigned count,
                              wide_int *out)
{
    wide_int value = 0;
    for (unsigned i = 0; i < count; i++, ++*at) {
        unsigned digit = digit_value(lexer->text[*at]);
        if (digit >= base)
            return error_new_at(*at, "this escape wants %u digits", count);
        value = value * base + digit;
    }
    if (count > 3 ? value > 0x10ffff || (value >= 0xd800 && value < 0xe000) : value > 255)
        return error_new_at(*at - count, "this escape is no character");
    *out = value;
    return NULL;
}

/** One escape behind its backslash; *is_byte: it stands for a byte, not for a character. */
static struct error *lex_escape(const struct lexer *lexer, size_t *at, char quote, wide_int *out,
                                bool *is_byte)
{
    static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    char c = lexer->text[*at];
    const char *simple = c ? strchr(names, c) : NULL;
    *is_byte = false;
    if (simple || c == quote) {
        *out = simple ? values[simple - names] : quote;
        ++*at;
        return NULL;
    }
    if (c == 'u' || c == 'U') {
        ++*at;
        return lex_code(lexer, at, 16, c == 'u' ? 4 : 8, out);
    }
    *is_byte = true;
    if (c == 'x') {
        ++*at;
        return lex_code(lexer, at, 16, 2, out);
    }
    if (c >= '0' && c <= '7')
        return lex_code(lexer, at, 8, 3, out);
    return error_new_at(*at - 1, "no such escape in a literal");
}

/** The contents of a string or rune literal up to its closing quote. */
static struct error *lex_quoted(const struct lexer *lexer, char quote, size_t *at,
                                struct buffer *contents, wide_int *last, size_t *count)
{
    for (*count = 0; lexer->text[*at] != quote; ++*count) {
        const char *text = lexer->text + *at;
        if (*text == '\0' || *text == '\n')
            return error_new_at(lexer->at, "this literal has no closing %c", quote);
        if (*text != '\\') {
            uint32_t rune;
            size_t size = utf8_decode(text, strlen(text), &rune);
            buffer_append(contents, text, size);
            *last = rune == UTF8_INVALID ? 0xfffd : rune;
            *at += size;
            continue;
        }
        ++*at;
        bool is_byte;
        struct error *err = lex_escape(lexer, at, quote, last, &is_byte);
        if (err)
            return err;
        if (is_byte)
            buffer_putc(contents, (char)*last);
        else
            rune_append(contents, *last);
    }
    ++*at;
    return NULL;
}

static struct error *lex_text(struct lexer *lexer, struct token *out)
{
    char quote = lexer->text[lexer->at];
    size_t at = lexer->at + 1, count;
    AUTO_TEXT contents = {0};
    out->kind = quote == '\'' ? TOKEN_RUNE : TOKEN_STRING;
    if (quote == '`') {
        const char *start = lexer->text + at, *end = strchr(start, '`');
        if (!end)
            return error_new_at(lexer->at, "this literal has no closing `");
        buffer_append(&contents, start, (size_t)(end - start));
        at += (size_t)(end - start) + 1;
    } else {
        struct error *err = lex_quoted(lexer, quote, &at, &contents, &out->integer, &count);
        if (err)
            return err;
        if (quote == '\'' && count != 1)
            return error_new_at(lexer->at, "a rune literal holds one character, not %zu", count);
    }
    out->size = at - lexer->at;
    out->text = arena_copy(lexer->arena, buffer_text(&contents), contents.size);
    out->text_size = contents.size;
    return NULL;
}

static void lex_name(struct lexer *lexer, struct token *out)
{
    const char *text = lexer->text + lexer->at;
    size_t size = 0;
    while (is_name_start(text[size]) || is_digit(text[size]))
        size++;
    out->kind = TOKEN_NAME;
    out->size = out->text_size = size;
    out->text = arena_copy(lexer->arena, text, size);
}

static struct error *lex_operator(struct lexer *lexer, struct token *out)
{
    // The longest first; those of statements only to say what is wrong.
    static const struct {
        const char *text;
        enum operator_kind op;
    } operators[] = {
        {"&^=", OP_OTHER},     {"<<=", OP_OTHER},
        {">>=", OP_OTHER},     {"...", OP_OTHER},
        {"&&", OP_AND},        {"||", OP_OR},
        {"==", OP_EQUAL},      {"!=", OP_NOT_EQUAL},
        {"<=", OP_LESS_EQUAL}, {">=", OP_GREATER_EQUAL},
        {"<<", OP_SHIFT_LEFT}, {">>", OP_SHIFT_RIGHT},
        {"&^", OP_BIT_CLEAR},  {"<-", OP_ARROW},
        {":=", OP_OTHER},      {"++", OP_OTHER},
        {"--", OP_OTHER},      {"+=", OP_OTHER},
        {"-=", OP_OTHER},      {"*=", OP_OTHER},
        {"/=", OP_OTHER},      {"%=", OP_OTHER},
        {"&=", OP_OTHER},      {"|=", OP_OTHER},
        {"^=", OP_OTHER},      {"<", OP_LESS},
        {">", OP_GREATER},     {"+", OP_ADD},
        {"-", OP_SUBTRACT},    {"*", OP_MULTIPLY},
        {"/", OP_DIVIDE},      {"%", OP_REMAINDER},
        {"&", OP_BIT_AND},     {"|", OP_BIT_OR},
        {"^", OP_BIT_XOR},     {"!", OP_NOT},
        {"(", OP_OPEN},        {")", OP_CLOSE},
        {"[", OP_OPEN_INDEX},  {"]", OP_CLOSE_INDEX},
        {"{", OP_OPEN_BRACE},  {"}", OP_CLOSE_BRACE},
        {",", OP_COMMA},       {".", OP_DOT},
        {":", OP_COLON},       {"=", OP_OTHER},
        {";", OP_OTHER},
    };
    const char *text = lexer->text + lexer->at;
    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        size_t size = strlen(operators[i].text);
        if (strncmp(text, operators[i].text, size) != 0)
            continue;
        // "- -x" without its blank: two signs, no statement
        if (operators[i].op == OP_OTHER &&
            (strcmp(operators[i].text, "--") == 0 || strcmp(operators[i].text, "++") == 0))
            continue;
        out->kind = TOKEN_OPERATOR;
        out->op = operators[i].op;
        out->size = size;
        out->text = operators[i].text;
        return NULL;
    }
    AUTO_TEXT shown = {0};
    uint32_t rune;
    utf8_escape(&shown, text, utf8_decode(text, strlen(text), &rune), "");
    return error_new_at(lexer->at, "'%s' does not belong into an expression", buffer_text(&shown));
}

static struct error *lex_one(struct lexer *lexer, struct token *out)
{
    const char *text = lexer->text + lexer->at;
    *out = (struct token){.kind = TOKEN_END, .offset = lexer->at};
    if (is_digit(*text) || (*text == '.' && is_digit(text[1])))
        return lex_number(lexer, out);
    if (*text == '"' || *text == '`' || *text == '\'')
        return lex_text(lexer, out);
    if (is_name_start(*text))
        lex_name(lexer, out);
    else if (*text)
        return lex_operator(lexer, out);
    return NULL;
}

struct error *expression_lex(struct arena *arena, const char *text, struct token_list *out)
{
    if (strlen(text) > EXPRESSION_SIZE_MAX)
        return error_new_at(0, "an expression of %zu bytes; the limit is %d", strlen(text),
                            EXPRESSION_SIZE_MAX);
    struct lexer lexer = {.arena = arena, .text = text};
    size_t most = strlen(text) + 1;
    if (most > EXPRESSION_TOKENS_MAX)
        most = EXPRESSION_TOKENS_MAX;
    struct token_list list = {.items = arena_array(arena, most, sizeof *list.items)};
    for (;;) {
        lexer.at += strspn(text + lexer.at, " \t\r\n");
        if (list.count == EXPRESSION_TOKENS_MAX)
            return error_new_at(lexer.at, "an expression of more than %d words",
                                EXPRESSION_TOKENS_MAX);
        struct token *token = &list.items[list.count++];
        struct error *err = lex_one(&lexer, token);
        if (err)
            return err;
        if (token->kind == TOKEN_END)
            break;
        lexer.at += token->size;
    }
    *out = list;
    return NULL;
}
