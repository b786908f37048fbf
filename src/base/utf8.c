// SPDX-License-Identifier: MIT
#include "base/utf8.h"

#include "base/cursor.h"
#include "base/search.h"
#include "base/utf8_internal.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

/** Whether p holds size continuation bytes; adds their bits to *rune. */
static bool take_continuation(const uint8_t *p, size_t size, uint32_t *rune)
{
    for (size_t i = 0; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return false;
        *rune = *rune << 6 | (p[i] & 0x3f);
    }
    return true;
}

size_t utf8_decode(const void *bytes, size_t size, uint32_t *rune)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *p = bytes;
    if (p[0] < 0x80) {
        *rune = p[0];
        return 1;
    }
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    uint32_t value = p[0] & (0xffu >> (length + 1));
    bool valid = p[0] >= 0xc2 && p[0] <= 0xf4 && length <= size &&
                 take_continuation(p + 1, length - 1, &value) && value >= smallest[length] &&
                 value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
    *rune = valid ? value : UTF8_INVALID;
    return valid ? length : 1;
}

bool utf8_rune_is_printable(uint32_t rune)
{
    size_t passed = COUNT_WHILE(i, utf8_printable_count, utf8_printable[i].last < rune);
    return passed < utf8_printable_count && rune >= utf8_printable[passed].first;
}

void utf8_escape_rune(struct buffer *out, uint32_t rune, uint8_t invalid_byte)
{
    static const char names[] = "abtnvfr"; // from 7 (bell) on
    if (rune == UTF8_INVALID)
        buffer_printf(out, "\\x%02x", invalid_byte);
    else if (rune >= 7 && rune <= 13)
        buffer_printf(out, "\\%c", names[rune - 7]);
    else if (rune < ' ' || rune == 0x7f)
        buffer_printf(out, "\\x%02x", (unsigned)rune);
    else if (rune < 0x10000)
        buffer_printf(out, "\\u%04x", (unsigned)rune);
    else
        buffer_printf(out, "\\U%08x", (unsigned)rune);
}

/** Unicode's Zs beside the ASCII space: not printable to strconv, harmless in a text. */
static bool is_space(uint32_t rune)
{
    return rune == 0xa0 || rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a) || rune == 0x202f ||
           rune == 0x205f || rune == 0x3000;
}

/** How many characters from here on are ASCII that prints: eight at a time. */
static size_t plain_size(const char *bytes, size_t size)
{
    const uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u;
    const uint8_t *p = (const uint8_t *)bytes;
    size_t i = 0;
    for (; size - i >= 8; i += 8) {
        uint64_t word = load_u64(p + i), deletes = word ^ 0x7f * ones;
        // A byte below ' ', of 0x7f, or above: each sets its high bit, or one above such a byte.
        if (((word - ' ' * ones) | (deletes - ones) | word) & high)
            break;
    }
    while (i < size && p[i] >= ' ' && p[i] <= '~')
        i++;
    return i;
}

void utf8_escape(struct buffer *out, const char *bytes, size_t size, const char *keep)
{
    size_t taken = 0;
    for (size_t i = 0; i < size; i += taken) {
        uint32_t rune = 0;
        taken = plain_size(bytes + i, size - i);
        if (taken) { // nearly all of nearly every text
            buffer_append(out, bytes + i, taken);
            continue;
        }
        taken = utf8_decode(bytes + i, size - i, &rune);
        bool kept = rune && rune < ' ' && strchr(keep, (int)rune);
        if (kept || (rune != UTF8_INVALID && (utf8_rune_is_printable(rune) || is_space(rune))))
            buffer_append(out, bytes + i, taken);
        else
            utf8_escape_rune(out, rune, (uint8_t)bytes[i]);
    }
}

size_t utf8_rune_columns(uint32_t rune)
{
    static locale_t unicode; // the C library's tables, whatever the user's locale
    if (rune < 0x300 || rune == UTF8_INVALID)
        return 1;
    if (!unicode)
        unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!unicode)
        return 1;
    locale_t before = uselocale(unicode);
    int columns = wcwidth((wchar_t)rune);
    uselocale(before);
    return columns < 0 ? 1 : (size_t)columns;
}

size_t utf8_columns(const char *text, size_t size)
{
    size_t columns = 0, taken = 0;
    for (size_t i = 0; i < size; i += taken) {
        uint32_t rune = 0;
        taken = utf8_decode(text + i, size - i, &rune);
        columns += utf8_rune_columns(rune);
    }
    return columns;
}
