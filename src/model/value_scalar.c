// SPDX-License-Identifier: MIT
#include "model/value_text.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *value_kind_name(enum value_kind kind)
{
    static const char *const names[] = {
        [VALUE_UNKNOWN] = NULL,
        [VALUE_BOOL] = "bool",
        [VALUE_INT] = "int",
        [VALUE_UINT] = "uint",
        [VALUE_FLOAT] = "float",
        [VALUE_COMPLEX] = "complex",
        [VALUE_STRING] = "string",
        [VALUE_POINTER] = "pointer",
        [VALUE_STRUCT] = "struct",
        [VALUE_ARRAY] = "array",
        [VALUE_SLICE] = "slice",
        [VALUE_MAP] = "map",
        [VALUE_CHAN] = "chan",
        [VALUE_FUNC] = "func",
        [VALUE_INTERFACE] = "interface",
        [VALUE_UNSAFE_POINTER] = "unsafe_pointer",
    };
    return (size_t)kind < COUNT_OF(names) ? names[kind] : NULL;
}

void value_quote(struct buffer *out, const char *bytes, size_t size)
{
    buffer_putc(out, '"');
    size_t taken = 0;
    for (size_t i = 0; i < size; i += taken) {
        uint32_t rune = 0;
        taken = utf8_decode(bytes + i, size - i, &rune);
        if (rune == '"' || rune == '\\')
            buffer_putc(out, '\\');
        if (rune != UTF8_INVALID && utf8_rune_is_printable(rune))
            buffer_append(out, bytes + i, taken);
        else
            utf8_escape_rune(out, rune, (uint8_t)bytes[i]);
    }
    buffer_putc(out, '"');
}

void value_count_text(struct buffer *out, uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < length; i++) {
        buffer_putc(out, digits[i]);
        int left = length - 1 - i;
        if (left > 0 && left % 3 == 0)
            buffer_putc(out, ',');
    }
}

enum { FLOAT_TEXT_SIZE = 40 };

static bool reads_back(const char *text, double number, bool single)
{
    return single ? strtof(text, NULL) == (float)number : strtod(text, NULL) == number;
}

/** One more in the last place: "5.68e-14" to "5.69e-14"; a text of nines only is left as it is. */
static void increment_last_digit(char *text)
{
    for (char *digit = strchr(text, 'e') - 1; digit >= text && *digit != '-'; digit--) {
        if (*digit == '.')
            continue;
        if (*digit != '9') {
            ++*digit;
            return;
        }
        *digit = '0';
    }
}

/**
 * "d.ddde±xx" with the fewest digits that read back as the number. At a power of two the interval
 * that reads back reaches further up than down: the nearest decimal of some length may miss it and
 * the next one above hit it, as 7.120236347223045e-307 does, where the nearest ends in 044.
 */
static void shortest_digits(char text[FLOAT_TEXT_SIZE], double number, bool single)
{
    int most = single ? 9 : 17;
    for (int digits = 1; digits <= most; digits++) {
        snprintf(text, FLOAT_TEXT_SIZE, "%.*e", digits - 1, number);
        if (reads_back(text, number, single))
            return;
        char above[FLOAT_TEXT_SIZE];
        memcpy(above, text, sizeof above);
        increment_last_digit(above);
        if (reads_back(above, number, single)) {
            memcpy(text, above, sizeof above);
            return;
        }
    }
}

void value_float_text(struct buffer *out, double number, bool single)
{
    if (isnan(number) || isinf(number)) {
        buffer_puts(out, isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf");
        return;
    }
    char text[FLOAT_TEXT_SIZE];
    shortest_digits(text, number, single);
    char *mark = strchr(text, 'e');
    int exponent = (int)strtol(mark + 1, NULL, 10);
    if (exponent < -4 || exponent >= 6) {
        buffer_puts(out, text);
        return;
    }
    int digits = (int)strspn(text + (text[0] == '-'), "0123456789.");
    int decimals = (digits > 1 ? digits - 2 : 0) - exponent;
    buffer_printf(out, "%.*f", decimals > 0 ? decimals : 0, number);
}
