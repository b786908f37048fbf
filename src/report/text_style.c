// SPDX-License-Identifier: MIT
#include "report/text_style.h"

#include "base/utf8.h"

#include <string.h>

/** One line on its way to the terminal. */
struct writer {
    FILE *out;
    const struct text_style *style;
    const char *sequence; ///< of the mark that holds, "": none
};

static const char *sequence_of(char mark)
{
    static const char *const sequences[] = {"\033[1m", "\033[2m", "\033[1;31m"};
    size_t index = (size_t)(mark - MARK_STRONG[0]);
    return index < COUNT_OF(sequences) ? sequences[index] : "";
}

static bool is_mark(char c)
{
    return c >= MARK_STRONG[0] && c <= MARK_LINK_END[0];
}

/** A path in a file URI: RFC 3986, what is not unreserved is written in hex. */
static void write_uri(const struct writer *writer, const char *path, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~/";
    fprintf(writer->out, "\033]8;;file://%s", writer->style->host ? writer->style->host : "");
    for (size_t i = 0; i < size; i++)
        if (strchr(plain, path[i]))
            fputc(path[i], writer->out);
        else
            fprintf(writer->out, "%%%02X", (unsigned char)path[i]);
    fputs("\033\\", writer->out);
}

/** @return the mark's own size; of a link with what it leads to */
static size_t write_mark(struct writer *writer, const char *at, size_t size)
{
    bool color = writer->style && writer->style->color;
    bool links = writer->style && writer->style->links;
    if (*at == MARK_LINK[0]) {
        const char *text = memchr(at, MARK_LINK_TEXT[0], size);
        size_t path_size = text ? (size_t)(text - at) - 1 : size - 1;
        if (links && text)
            write_uri(writer, at + 1, path_size);
        return path_size + 1;
    }
    if (*at == MARK_LINK_END[0]) {
        if (links)
            fputs("\033]8;;\033\\", writer->out);
    } else if (*at == MARK_END[0]) {
        if (color && *writer->sequence)
            fputs("\033[0m", writer->out);
        writer->sequence = "";
    } else if (color && *at != MARK_LINK_TEXT[0]) {
        writer->sequence = sequence_of(*at);
        fputs(writer->sequence, writer->out);
    }
    return 1;
}

/** Bytes of a line up to where it has to be broken, its size where it fits. */
static size_t fitting(const char *line, size_t size, size_t room)
{
    size_t columns = 0, last_blank = 0, i = 0;
    while (i < size) {
        uint32_t rune;
        if (line[i] == MARK_LINK[0]) {
            const char *text = memchr(line + i, MARK_LINK_TEXT[0], size - i);
            i += text ? (size_t)(text - (line + i)) + 1 : 1;
            continue;
        }
        if (is_mark(line[i])) {
            i++;
            continue;
        }
        size_t taken = utf8_decode(line + i, size - i, &rune);
        size_t width = utf8_rune_columns(rune);
        if (columns + width > room)
            return last_blank ? last_blank : i;
        if (line[i] == ' ' && columns)
            last_blank = i;
        columns += width;
        i += taken;
    }
    return size;
}

static void write_part(struct writer *writer, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t plain = 0;
        while (i + plain < size && !is_mark(text[i + plain]))
            plain++;
        fwrite(text + i, 1, plain, writer->out);
        i += plain;
        if (i < size)
            i += write_mark(writer, text + i, size - i);
    }
}

/** Where the lines that go on with a broken one begin: below the text of a label, else deeper. */
static size_t hanging_indent(const char *line, size_t size)
{
    enum { LABEL = 11, DEEPER = 4, DEEPEST = 24 };
    char start[LABEL + 1] = {0};
    size_t count = 0, blanks = 0;
    for (size_t i = 0; i < size && count <= LABEL; i++)
        if (!is_mark(line[i]))
            start[count++] = line[i];
    while (blanks < count && start[blanks] == ' ')
        blanks++;
    bool label = count > LABEL && start[0] >= 'A' && start[0] <= 'Z' && start[LABEL - 1] == ' ' &&
                 start[LABEL] != ' ';
    for (size_t i = 0; i < LABEL && label; i++)
        label = start[i] == ' ' || (start[i] | 0x20) >= 'a';
    blanks = label ? LABEL : blanks + DEEPER;
    return blanks < DEEPEST ? blanks : DEEPEST;
}

static void write_line(struct writer *writer, const char *line, size_t size)
{
    enum { NARROWEST = 40 };
    size_t width = writer->style ? writer->style->width : 0;
    size_t indent = hanging_indent(line, size), room = width;
    while (width >= NARROWEST) {
        size_t part = fitting(line, size, room);
        write_part(writer, line, part);
        line += part;
        size -= part;
        if (!size)
            return;
        while (size && *line == ' ') {
            line++;
            size--;
        }
        fprintf(writer->out, "\n%*s", (int)indent, "");
        room = width - indent;
    }
    write_part(writer, line, size);
}

void text_style_write(FILE *out, const struct buffer *text, const struct text_style *style)
{
    struct writer writer = {out, style, ""};
    const char *at = buffer_text(text), *end = at + text->size;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((line_end ? line_end : end) - at);
        write_line(&writer, at, size);
        at += size;
        if (at < end) {
            fputc('\n', out);
            at++;
        }
    }
}
