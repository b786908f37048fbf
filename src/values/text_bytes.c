// SPDX-License-Identifier: MIT
#include "text_bytes.h"

#include <stdint.h>

/** Length that the first byte of a rune announces; 0: none can start with it. */
static size_t rune_length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t utf8_whole(const char *bytes, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        uint8_t byte = (uint8_t)bytes[size - back];
        if (is_continuation(byte))
            continue;
        return rune_length(byte) > back ? size - back : size;
    }
    return size;
}

/** Decodes one rune. @return its length, 0 where the bytes are no UTF-8 */
static size_t decode_rune(const uint8_t *p, size_t size, uint32_t *rune)
{
    size_t length = rune_length(p[0]);
    if (length == 0 || length > size)
        return 0;
    *rune = length == 1 ? p[0] : p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (!is_continuation(p[i]))
            return 0;
        *rune = *rune << 6 | (p[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool surrogate = *rune >= 0xd800 && *rune < 0xe000;
    return *rune < least[length] || *rune > 0x10ffff || surrogate ? 0 : length;
}

static bool rune_is_text(uint32_t rune)
{
    if (rune < 0x20)
        return rune == '\t' || rune == '\n' || rune == '\r';
    if (rune >= 0x7f && rune < 0xa0) // DEL and C1
        return false;
    bool private_use = (rune >= 0xe000 && rune < 0xf900) || rune >= 0xf0000;
    bool not_a_character = (rune >= 0xfdd0 && rune < 0xfdf0) || (rune & 0xfffe) == 0xfffe;
    bool invisible = (rune >= 0x200b && rune < 0x2010) || (rune >= 0x2028 && rune < 0x202f) ||
                     rune == 0xfeff || rune == 0xfffd || rune == 0xad;
    return !private_use && !not_a_character && !invisible;
}

bool utf8_is_printable(const char *bytes, size_t size)
{
    const uint8_t *p = (const uint8_t *)bytes;
    for (size_t i = 0; i < size;) {
        uint32_t rune = 0;
        size_t length = decode_rune(p + i, size - i, &rune);
        if (length == 0 || !rune_is_text(rune))
            return false;
        i += length;
    }
    return true;
}
