// SPDX-License-Identifier: MIT
#include "json_writer.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static const uint64_t EACH_BYTE = 0x0101010101010101;

void json_open(struct json_writer *writer, char bracket)
{
    buffer_putc(writer->out, bracket);
    writer->behind = false;
}

void json_close(struct json_writer *writer, char bracket)
{
    buffer_putc(writer->out, bracket);
    writer->behind = true;
}

void json_begin(struct json_writer *writer, const char *key)
{
    if (writer->behind)
        buffer_append(writer->out, ", ", 2);
    writer->behind = true;
    if (!key)
        return;
    buffer_putc(writer->out, '"');
    buffer_puts(writer->out, key);
    buffer_append(writer->out, "\": ", 3);
}

/** What jansson does to the characters that JSON wants escaped. */
static void put_ascii(struct buffer *out, char c)
{
    static const char short_names[] = "btn\0fr"; // from 8 (backspace) on
    if (c == '"' || c == '\\')
        buffer_append(out, (const char[]){'\\', c}, 2);
    else if (c >= 8 && c <= 13 && short_names[c - 8])
        buffer_append(out, (const char[]){'\\', short_names[c - 8]}, 2);
    else if ((unsigned char)c < 0x20)
        buffer_printf(out, "\\u%04X", (unsigned)(unsigned char)c);
    else
        json_put_rune(out, &c, 1, (unsigned char)c);
}

/** One character that cannot be copied as it is. @return bytes taken */
static size_t put_special(struct buffer *out, const char *text, size_t size)
{
    uint32_t rune;
    size_t taken = utf8_decode(text, size, &rune);
    if (rune == UTF8_INVALID) { // the four characters \xff
        buffer_putc(out, '\\');
        utf8_escape_rune(out, rune, (uint8_t)text[0]);
    } else if (rune < 0x80) {
        put_ascii(out, text[0]);
    } else {
        json_put_rune(out, text, taken, rune);
    }
    return taken;
}

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/** A bit in each byte of eight that is 0; above such a one others may have it too. */
static uint64_t zero_bytes(uint64_t bytes)
{
    return (bytes - EACH_BYTE) & ~bytes & 0x80 * EACH_BYTE;
}

/** Whether eight characters are plain. */
static bool are_plain(const char *text)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    uint64_t control = (bytes - ' ' * EACH_BYTE) & ~bytes & 0x80 * EACH_BYTE;
    return !(control | (bytes & 0x80 * EACH_BYTE) | zero_bytes(bytes ^ 0x7f * EACH_BYTE) |
             zero_bytes(bytes ^ '"' * EACH_BYTE) | zero_bytes(bytes ^ '\\' * EACH_BYTE));
}

void json_put_string(struct buffer *out, const char *text)
{
    buffer_putc(out, '"');
    for (size_t size = strlen(text), i = 0; i < size;) {
        size_t plain = 0;
        while (i + plain + 8 <= size && are_plain(text + i + plain))
            plain += 8;
        while (i + plain < size && is_plain(text[i + plain]))
            plain++;
        buffer_append(out, text + i, plain);
        i += plain;
        if (i < size)
            i += put_special(out, text + i, size - i);
    }
    buffer_putc(out, '"');
}

void json_add_text(struct json_writer *writer, const char *key, const char *text)
{
    if (!text)
        return;
    json_begin(writer, key);
    json_put_string(writer->out, text);
}

void json_add_count(struct json_writer *writer, const char *key, uint64_t number)
{
    json_add_integer(writer, key, (int64_t)number);
}

void json_add_integer(struct json_writer *writer, const char *key, int64_t number)
{
    json_begin(writer, key);
    if (number < 0)
        buffer_putc(writer->out, '-');
    buffer_put_decimal(writer->out, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void json_add_hex(struct json_writer *writer, const char *key, uint64_t number)
{
    json_begin(writer, key);
    buffer_putc(writer->out, '"');
    buffer_put_hex(writer->out, number);
    buffer_putc(writer->out, '"');
}

void json_add_boolean(struct json_writer *writer, const char *key, bool value)
{
    json_begin(writer, key);
    buffer_puts(writer->out, value ? "true" : "false");
}

void json_add(struct json_writer *writer, const char *key, json_t *value)
{
    json_begin(writer, key);
    json_append(writer->out, value, 0);
}
