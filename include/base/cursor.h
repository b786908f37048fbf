// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Borrowed bytes. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

/** The part of whole that starts at offset; empty where it does not lie inside. */
struct bytes bytes_slice(struct bytes whole, uint64_t offset, uint64_t size);

/**
 * Reads little-endian values one after the other. A cursor that runs out returns 0 from then on
 * and remembers it: read a whole record, then ask cursor_check() once.
 */
struct cursor {
    struct bytes bytes;
    size_t offset;
    size_t wanted; ///< bytes that the read that failed wanted; 0: none failed
};

uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
int32_t cursor_i32(struct cursor *cursor);

/** LEB128, at most 10 bytes. */
uint64_t cursor_uvarint(struct cursor *cursor);

void cursor_skip(struct cursor *cursor, size_t size);

/** Moves on to the next multiple of alignment (a power of two), counted from the start of the
 * bytes. */
void cursor_align(struct cursor *cursor, size_t alignment);

/** The next size bytes, borrowed; empty if there are fewer. */
struct bytes cursor_take(struct cursor *cursor, size_t size);

/** A NUL-terminated string, borrowed; "" if no NUL follows. */
const char *cursor_string(struct cursor *cursor);

static inline bool cursor_ok(const struct cursor *cursor)
{
    return cursor->wanted == 0;
}

/** NULL while nothing ran out, else ERROR_CORRUPT that says what was wanted where. */
MUST_USE struct error *cursor_check(const struct cursor *cursor);

/** Little-endian loads from memory that the caller has bounded. */
static inline uint16_t load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load_u64(const uint8_t *p)
{
    return (uint64_t)load_u32(p) | (uint64_t)load_u32(p + 4) << 32;
}

/** A number of 4 (single) or 8 bytes, as IEEE 754 has it. */
static inline double load_float(const uint8_t *p, bool single)
{
    uint32_t low = load_u32(p);
    uint64_t all = single ? 0 : load_u64(p);
    float narrow;
    double wide;
    memcpy(&narrow, &low, sizeof narrow);
    memcpy(&wide, &all, sizeof wide);
    return single ? (double)narrow : wide;
}

/** size bytes (0 to 8) as one little-endian number. */
static inline uint64_t load_uint(const uint8_t *p, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size && i < 8; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}
