// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "base/alloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_clear(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_reserve(struct buffer *buffer, size_t size)
{
    size_t needed = buffer->size + size + 1;
    if (needed <= buffer->capacity)
        return;
    size_t capacity = buffer->capacity ? buffer->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    char *data = alloc_bytes(capacity);
    if (buffer->size)
        memcpy(data, buffer->data, buffer->size);
    data[buffer->size] = 0;
    free(buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
}

void buffer_put_decimal(struct buffer *buffer, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    buffer_append(buffer, digits + at, sizeof digits - at);
}

void buffer_put_hex(struct buffer *buffer, uint64_t number)
{
    unsigned count = number ? (67 - (unsigned)__builtin_clzll(number)) / 4 : 1;
    char digits[18] = {'0', 'x'};
    for (unsigned i = 0; i < count; i++)
        digits[2 + i] = "0123456789abcdef"[number >> 4 * (count - 1 - i) & 15];
    buffer_append(buffer, digits, 2 + count);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(buffer, format, arguments);
    va_end(arguments);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        abort();
    buffer_reserve(buffer, (size_t)length);
    vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, arguments);
    buffer->size += (size_t)length;
}

void buffer_truncate(struct buffer *buffer, size_t size)
{
    assert(size <= buffer->size);
    buffer->size = size;
    if (buffer->data)
        buffer->data[size] = 0;
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}
