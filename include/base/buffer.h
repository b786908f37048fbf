// SPDX-License-Identifier: MIT
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Text that grows. Initialise with {0}; data is NULL while empty, else NUL-terminated. */
struct buffer {
    char *data;
    size_t size, capacity;
};

void buffer_clear(struct buffer *buffer);
#define AUTO_TEXT __attribute__((cleanup(buffer_clear))) struct buffer

/** Makes room for size bytes more and the NUL. */
void buffer_reserve(struct buffer *buffer, size_t size);

// Texts of a report are put together of small pieces by the million: those are not worth a call.
static inline void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    if (buffer->capacity - buffer->size <= size)
        buffer_reserve(buffer, size);
    if (size)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = 0;
}

static inline void buffer_putc(struct buffer *buffer, char c)
{
    buffer_append(buffer, &c, 1);
}

static inline void buffer_puts(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

/** Numbers as %PRIu64 and 0x%PRIx64 print them: they come by the million. */
void buffer_put_decimal(struct buffer *buffer, uint64_t number);
void buffer_put_hex(struct buffer *buffer, uint64_t number);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/** Cuts back to size bytes, which is at most the present size. */
void buffer_truncate(struct buffer *buffer, size_t size);

/** The text, "" while empty; owned by the buffer and good until the next change. */
const char *buffer_text(const struct buffer *buffer);
