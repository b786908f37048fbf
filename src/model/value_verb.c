// SPDX-License-Identifier: MIT
#include "model/value_verb.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "model/value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 512 }; ///< of what is typed; more than any line

bool value_verb_parse(const char *text, struct value_verb *out)
{
    struct value_verb verb = {0};
    if (*text++ != '%')
        return false;
    for (;; text++) {
        if (*text == '+')
            verb.plus = true;
        else if (*text == '-')
            verb.minus = true;
        else if (*text == '#')
            verb.sharp = true;
        else if (*text == ' ')
            verb.space = true;
        else if (*text == '0')
            verb.zero = true;
        else
            break;
    }
    for (; *text >= '0' && *text <= '9'; text++)
        verb.width = verb.width * 10 + (unsigned)(*text - '0') % WIDEST;
    if (*text == '.') {
        verb.has_precision = true;
        while (*++text >= '0' && *text <= '9')
            verb.precision = verb.precision * 10 + (unsigned)(*text - '0') % WIDEST;
    }
    if (verb.width > WIDEST || verb.precision > WIDEST || !*text || text[1] ||
        !strchr("bcdoOqxXUeEfFgGstvp", *text))
        return false;
    verb.verb = *text;
    *out = verb;
    return true;
}

/** Brings a text to the width, with blanks. */
static const char *pad(const struct value_verb *verb, struct arena *arena, const char *text)
{
    size_t columns = 0;
    for (const char *at = text; *at; at++) // a character a column, as Go counts
        columns += ((unsigned char)*at & 0xc0) != 0x80;
    int blanks = columns < verb->width ? (int)(verb->width - columns) : 0;
    return verb->minus ? arena_printf(arena, "%s%*s", text, blanks, "")
                       : arena_printf(arena, "%*s%s", blanks, "", text);
}

static unsigned base_of(char verb)
{
    switch (verb) {
    case 'b':
        return 2;
    case 'o':
    case 'O':
        return 8;
    case 'x':
    case 'X':
    case 'p':
        return 16;
    case 'd':
    case 'v':
        return 10;
    default:
        return 0;
    }
}

/** Sign, prefix and digits; a number's precision is the least of these. */
static const char *number_text(const struct value_verb *verb, struct arena *arena, bool negative,
                               uint64_t magnitude)
{
    enum { MOST_DIGITS = 64 };
    bool upper = verb->verb == 'X';
    unsigned base = base_of(verb->verb);
    const bool octal_zero = verb->verb == 'o' && magnitude == 0; // its digit is its prefix
    char digits[MOST_DIGITS + 1];
    size_t at = MOST_DIGITS;
    digits[at] = '\0';
    do
        digits[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[magnitude % base];
    while (magnitude /= base);
    static const struct {
        char verb;
        const char *prefix;
    } prefixes[] = {{'b', "0b"}, {'o', "0"}, {'x', "0x"}, {'X', "0X"}};
    const char *prefix = verb->verb == 'O' ? "0o" : verb->verb == 'p' ? "0x" : "";
    for (size_t i = 0; i < COUNT_OF(prefixes) && verb->sharp && !octal_zero; i++)
        prefix = prefixes[i].verb == verb->verb ? prefixes[i].prefix : prefix;
    if (verb->verb == 'p' && verb->sharp)
        prefix = "";
    const char *sign = negative ? "-" : verb->plus ? "+" : verb->space ? " " : "";
    size_t count = MOST_DIGITS - at, least = verb->precision;
    if (!verb->has_precision && verb->zero && !verb->minus) {
        least = verb->width > strlen(sign) ? verb->width - strlen(sign) : 0;
    }
    AUTO_TEXT text = {0};
    buffer_printf(&text, "%s%s", sign, prefix);
    for (; count < least; count++)
        buffer_putc(&text, '0');
    buffer_puts(&text, digits + at);
    return pad(verb, arena, buffer_text(&text));
}

/** A rune: %c as it is, %q quoted, %U by its number. */
static const char *rune_text(const struct value_verb *verb, struct arena *arena, uint64_t number)
{
    AUTO_TEXT text = {0};
    uint32_t rune =
        number > 0x10ffff || (number >= 0xd800 && number < 0xe000) ? 0xfffd : (uint32_t)number;
    char bytes[5] = {0};
    if (rune < 0x80) {
        bytes[0] = (char)rune;
    } else if (rune < 0x800) {
        bytes[0] = (char)(0xc0 | rune >> 6);
        bytes[1] = (char)(0x80 | (rune & 0x3f));
    } else if (rune < 0x10000) {
        bytes[0] = (char)(0xe0 | rune >> 12);
        bytes[1] = (char)(0x80 | (rune >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (rune & 0x3f));
    } else {
        bytes[0] = (char)(0xf0 | rune >> 18);
        bytes[1] = (char)(0x80 | (rune >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (rune >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (rune & 0x3f));
    }
    if (verb->verb == 'U') {
        buffer_printf(&text, "U+%04" PRIX64, number);
        if (verb->sharp && number == rune && utf8_rune_is_printable(rune))
            buffer_printf(&text, " '%s'", bytes);
    } else {
        const char *quote = verb->verb == 'q' ? "'" : "";
        buffer_puts(&text, quote);
        if (*quote && (rune == '\'' || rune == '\\'))
            buffer_putc(&text, '\\');
        if (utf8_rune_is_printable(rune))
            buffer_puts(&text, bytes);
        else // a control character must not reach a terminal, as it would from fmt
            utf8_escape_rune(&text, rune, 0);
        buffer_puts(&text, quote);
    }
    return pad(verb, arena, buffer_text(&text));
}

/** The exponent of %a as Go writes it: at least two digits. */
static void widen_exponent(struct buffer *text)
{
    const char *mark = strpbrk(buffer_text(text), "pP");
    if (!mark || strlen(mark) != 3)
        return;
    char digit = mark[2];
    buffer_truncate(text, (size_t)(mark + 2 - text->data));
    buffer_putc(text, '0');
    buffer_putc(text, digit);
}

static bool put_float(const struct value_verb *verb, double number, bool single, bool plus,
                      struct buffer *out)
{
    const char *sign = plus ? "+" : verb->space ? " " : "";
    if (!verb->has_precision && strchr("gGv", verb->verb)) {
        AUTO_TEXT text = {0};
        value_float_text(&text, number, single);
        if (plus && buffer_text(&text)[0] != '-' && buffer_text(&text)[0] != '+')
            buffer_putc(out, '+');
        char *mark = verb->verb == 'G' && text.size ? strchr(text.data, 'e') : NULL;
        if (mark)
            *mark = 'E';
        buffer_puts(out, buffer_text(&text));
        return true;
    }
    char letter = verb->verb == 'x' ? 'a' : verb->verb == 'X' ? 'A' : verb->verb;
    letter = letter == 'v' ? 'g' : letter;
    if (!strchr("eEfFgGaA", letter))
        return false;
    if (letter == 'a' || letter == 'A') {
        AUTO_TEXT text = {0};
        char digits[WIDEST + 64];
        if (verb->has_precision)
            snprintf(digits, sizeof digits, letter == 'a' ? "%.*a" : "%.*A", (int)verb->precision,
                     number);
        else
            snprintf(digits, sizeof digits, letter == 'a' ? "%a" : "%A", number);
        buffer_puts(&text, digits);
        widen_exponent(&text);
        buffer_printf(out, "%s%s", digits[0] == '-' ? "" : sign, buffer_text(&text));
        return true;
    }
    int precision = verb->has_precision ? (int)verb->precision : 6;
    AUTO_TEXT text = {0};
    switch (letter) {
    case 'e':
        buffer_printf(&text, "%.*e", precision, number);
        break;
    case 'E':
        buffer_printf(&text, "%.*E", precision, number);
        break;
    case 'g':
        buffer_printf(&text, "%.*g", precision, number);
        break;
    case 'G':
        buffer_printf(&text, "%.*G", precision, number);
        break;
    default:
        buffer_printf(&text, "%.*f", precision, number);
        break;
    }
    buffer_printf(out, "%s%s", buffer_text(&text)[0] == '-' ? "" : sign, buffer_text(&text));
    return true;
}

static const char *float_text(const struct value_verb *verb, struct arena *arena,
                              const struct value *value)
{
    AUTO_TEXT text = {0};
    bool complex = value->kind == VALUE_COMPLEX;
    if (complex)
        buffer_putc(&text, '(');
    if (!put_float(verb, value->real, value->single, verb->plus, &text))
        return NULL;
    if (complex) {
        put_float(verb, value->imaginary, value->single, true, &text);
        buffer_puts(&text, "i)");
    }
    const char *number = buffer_text(&text);
    if (verb->zero && !verb->minus && !complex && text.size < verb->width) {
        bool sign = *number == '-' || *number == '+' || *number == ' ';
        return arena_printf(arena, "%.*s%0*d%s", (int)sign, number, (int)(verb->width - text.size),
                            0, number + sign);
    }
    return pad(verb, arena, number);
}

/** %x of a text: its bytes. */
static void put_bytes(const struct value_verb *verb, const struct value *value, size_t size,
                      struct buffer *out)
{
    const char *prefix = !verb->sharp ? "" : verb->verb == 'x' ? "0x" : "0X";
    for (size_t i = 0; i < size; i++) {
        if (i && verb->space)
            buffer_putc(out, ' ');
        if (i == 0 || verb->space)
            buffer_puts(out, prefix);
        buffer_printf(out, verb->verb == 'x' ? "%02x" : "%02X", (unsigned char)value->bytes[i]);
    }
}

static const char *string_text(const struct value_verb *verb, struct arena *arena,
                               const struct value *value)
{
    AUTO_TEXT text = {0};
    size_t size = value->bytes_size;
    if (value->content_unknown || value->partly_redacted || !value->bytes)
        return NULL;
    if (verb->has_precision && verb->precision < size)
        size = verb->precision;
    if (verb->verb == 'x' || verb->verb == 'X')
        put_bytes(verb, value, size, &text);
    else if (verb->verb == 's' || verb->verb == 'v')
        utf8_escape(&text, value->bytes, size, "");
    else if (verb->verb == 'q')
        value_quote(&text, value->bytes, size);
    else
        return NULL;
    if (value->omitted) {
        buffer_puts(&text, "…+");
        value_count_text(&text, value->omitted);
        buffer_puts(&text, " bytes");
    }
    return pad(verb, arena, buffer_text(&text));
}

static const char *scalar_text(const struct value_verb *verb, struct arena *arena,
                               const struct value *value)
{
    bool is_rune = strchr("cqU", verb->verb);
    switch (value->kind) {
    case VALUE_BOOL:
        return verb->verb == 't' || verb->verb == 'v'
                   ? pad(verb, arena, value->bits ? "true" : "false")
                   : NULL;
    case VALUE_INT:
    case VALUE_UINT: {
        bool negative = value->kind == VALUE_INT && (int64_t)value->bits < 0;
        if (is_rune)
            return rune_text(verb, arena, value->bits);
        return base_of(verb->verb)
                   ? number_text(verb, arena, negative, negative ? -value->bits : value->bits)
                   : NULL;
    }
    case VALUE_FLOAT:
    case VALUE_COMPLEX:
        return float_text(verb, arena, value);
    case VALUE_STRING:
        return string_text(verb, arena, value);
    case VALUE_SLICE:
        return value->is_byte_text ? string_text(verb, arena, value) : NULL;
    case VALUE_UNSAFE_POINTER:
    case VALUE_POINTER:
        return verb->verb == 'p' ? number_text(verb, arena, false, value->bits) : NULL;
    default:
        return NULL;
    }
}

/** What is printed instead of a value's own form. */
static void apply_to_one(const struct value_verb *verb, struct arena *arena, struct value *value)
{
    if (value->unreadable || value->redacted || (value->nil && verb->verb != 'p'))
        return;
    const char *text = scalar_text(verb, arena, value);
    if (text)
        value->summary = text;
}

void value_verb_apply(const struct value_verb *verb, struct arena *arena, struct value *value)
{
    struct value **pending = NULL; // a tree, for what would close a circle is not followed
    size_t count = 0, capacity = 0;
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    ARRAY_PUSH(pending, count, capacity) = value;
    while (count) {
        struct value *one = pending[--count];
        apply_to_one(verb, arena, one);
        for (size_t i = 0; i < one->child_count; i++)
            // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
            ARRAY_PUSH(pending, count, capacity) = one->children[i];
        for (size_t i = 0; i < one->entry_count; i++) {
            // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
            ARRAY_PUSH(pending, count, capacity) = one->entries[i].key;
            // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
            ARRAY_PUSH(pending, count, capacity) = one->entries[i].value;
        }
    }
    free(pending);
}
