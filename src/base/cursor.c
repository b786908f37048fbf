// SPDX-License-Identifier: MIT
#include "base/cursor.h"
#include "base/checked.h"

#include <string.h>

struct bytes bytes_slice(struct bytes whole, uint64_t offset, uint64_t size)
{
    if (!range_fits(offset, size, whole.size))
        return (struct bytes){0};
    if (!whole.data) // to which nothing can be added, not even 0
        return whole;
    return (struct bytes){whole.data + offset, (size_t)size};
}

/** The next size bytes and past them, or NULL. */
static const uint8_t *advance(struct cursor *cursor, size_t size)
{
    if (cursor->wanted || cursor->offset > cursor->bytes.size ||
        size > cursor->bytes.size - cursor->offset) {
        if (!cursor->wanted)
            cursor->wanted = size ? size : 1;
        return NULL;
    }
    const uint8_t *p = cursor->bytes.data ? cursor->bytes.data + cursor->offset : NULL;
    cursor->offset += size;
    return p;
}

uint8_t cursor_u8(struct cursor *cursor)
{
    const uint8_t *p = advance(cursor, 1);
    return p ? *p : 0;
}

uint16_t cursor_u16(struct cursor *cursor)
{
    const uint8_t *p = advance(cursor, 2);
    return p ? load_u16(p) : 0;
}

uint32_t cursor_u32(struct cursor *cursor)
{
    const uint8_t *p = advance(cursor, 4);
    return p ? load_u32(p) : 0;
}

uint64_t cursor_u64(struct cursor *cursor)
{
    const uint8_t *p = advance(cursor, 8);
    return p ? load_u64(p) : 0;
}

int32_t cursor_i32(struct cursor *cursor)
{
    return (int32_t)cursor_u32(cursor);
}

uint64_t cursor_uvarint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = cursor_u8(cursor);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    return value;
}

void cursor_skip(struct cursor *cursor, size_t size)
{
    advance(cursor, size);
}

void cursor_align(struct cursor *cursor, size_t alignment)
{
    advance(cursor, -cursor->offset & (alignment - 1));
}

struct bytes cursor_take(struct cursor *cursor, size_t size)
{
    const uint8_t *p = advance(cursor, size);
    return p ? (struct bytes){p, size} : (struct bytes){0};
}

const char *cursor_string(struct cursor *cursor)
{
    if (cursor->wanted || cursor->offset >= cursor->bytes.size) {
        advance(cursor, 1);
        return "";
    }
    const uint8_t *start = cursor->bytes.data + cursor->offset;
    const uint8_t *end = memchr(start, 0, cursor->bytes.size - cursor->offset);
    if (!end) {
        cursor->wanted = cursor->bytes.size - cursor->offset + 1;
        return "";
    }
    cursor->offset += (size_t)(end - start) + 1;
    return (const char *)start;
}

struct error *cursor_check(const struct cursor *cursor)
{
    if (cursor_ok(cursor))
        return NULL;
    return error_new(ERROR_CORRUPT, "%zu bytes wanted at offset %zu of %zu", cursor->wanted,
                     cursor->offset, cursor->bytes.size);
}
