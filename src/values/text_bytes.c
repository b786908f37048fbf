// SPDX-License-Identifier: MIT
#include "text_bytes.h"

#include "base/utf8.h"

size_t utf8_whole(const char *bytes, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        uint8_t byte = (uint8_t)bytes[size - back];
        if ((byte & 0xc0) == 0x80)
            continue;
        size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return length > back ? size - back : size;
    }
    return size;
}

bool utf8_is_text(const char *bytes, size_t size)
{
    bool printable = false;
    size_t taken = 0;
    for (size_t i = 0; i < size; i += taken) {
        uint32_t rune = 0;
        taken = utf8_decode(bytes + i, size - i, &rune);
        if (rune == '\t' || rune == '\n' || rune == '\r')
            continue;
        if (rune == UTF8_INVALID || !utf8_rune_is_printable(rune))
            return false;
        printable = true;
    }
    return printable;
}
