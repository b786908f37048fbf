// SPDX-License-Identifier: MIT
#include "report/sinks.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "report/json_internal.h"

#include <stdlib.h>
#include <string.h>

/**
 * One object, written as it comes: its members two blanks in, an object as a member spread over
 * lines, a list's element on one line, so that a report of a million goroutines can be read line by
 * line and two reports compared.
 */
struct json_sink {
    struct report_sink base;
    FILE *out;
    size_t goroutine_count;
    struct buffer line; ///< one goroutine
};

/** \uXXXX, for the characters above U+FFFF as two of them. */
static void put_escape(struct buffer *text, uint32_t rune)
{
    if (rune >= 0x10000) {
        rune -= 0x10000;
        buffer_printf(text, "\\u%04X\\u%04X", 0xd800 | rune >> 10, 0xdc00 | (rune & 0x3ff));
    } else {
        buffer_printf(text, "\\u%04X", (unsigned)rune);
    }
}

// jansson escapes control characters below U+0020; DEL, the C1 controls and invisible characters
// can steer a terminal as well.
void json_put_rune(struct buffer *out, const char *bytes, size_t size, uint32_t rune)
{
    if (utf8_rune_is_printable(rune))
        buffer_append(out, bytes, size);
    else
        put_escape(out, rune);
}

/** Outside of strings there is nothing but ASCII, and inside of them no line end. */
void json_append(struct buffer *out, json_t *json, size_t flags)
{
    char *dumped = json_dumps(json, flags | JSON_ENCODE_ANY);
    json_decref(json);
    if (!dumped)
        abort(); // memory is exhausted
    size_t size = strlen(dumped), taken = 0;
    for (size_t i = 0; i < size; i += taken) {
        uint32_t rune = 0;
        taken = utf8_decode(dumped + i, size - i, &rune);
        if (rune == '\n')
            buffer_puts(out, "\n  ");
        else
            json_put_rune(out, dumped + i, taken, rune);
    }
    free(dumped);
}

void json_write(FILE *out, json_t *json, size_t flags)
{
    AUTO_TEXT text = {0};
    json_append(&text, json, flags);
    fwrite(buffer_text(&text), 1, text.size, out);
}

static void write_member(FILE *out, const char *key, json_t *value)
{
    fprintf(out, ",\n  \"%s\": ", key);
    json_write(out, value, JSON_INDENT(2));
}

/** One element of a list that stands between "[" and "]" lines. */
static void write_line(struct json_sink *sink, size_t index)
{
    fputs(index ? ",\n    " : "\n    ", sink->out);
    fwrite(buffer_text(&sink->line), 1, sink->line.size, sink->out);
    buffer_truncate(&sink->line, 0);
}

static void write_element(FILE *out, size_t index, json_t *value)
{
    fputs(index ? ",\n    " : "\n    ", out);
    json_write(out, value, 0);
}

static void close_list(FILE *out, size_t count)
{
    fputs(count ? "\n  ]" : "]", out);
}

static void begin(struct report_sink *base, const struct report_head *head)
{
    struct json_sink *sink = (struct json_sink *)base;
    FILE *out = sink->out;
    fputs("{\n  \"schema_version\": 1", out);
    json_t *tool = json_object();
    json_put_text(tool, "name", "gocrash");
    json_put(tool, "version", json_text(head->tool_version ? head->tool_version : ""));
    write_member(out, "tool", tool);
    write_member(out, "binary", json_binary(&head->binary));
    write_member(out, "core", json_core(&head->core));
    if (head->runtime.present)
        write_member(out, "runtime", json_runtime(&head->runtime));
    write_member(out, "crash", json_crash(&head->crash));
    fputs(",\n  \"threads\": [", out);
    for (size_t i = 0; i < head->thread_count; i++) {
        json_put_thread(&sink->line, &head->threads[i]);
        write_line(sink, i);
    }
    close_list(out, head->thread_count);
    fputs(",\n  \"goroutines\": [", out);
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    struct json_sink *sink = (struct json_sink *)base;
    json_put_goroutine(&sink->line, one);
    write_line(sink, sink->goroutine_count++);
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    struct json_sink *sink = (struct json_sink *)base;
    FILE *out = sink->out;
    close_list(out, sink->goroutine_count);
    fputs(",\n  \"groups\": [", out);
    for (size_t i = 0; i < tail->group_count; i++)
        write_element(out, i, json_group(&tail->groups[i]));
    close_list(out, tail->group_count);
    fputs(",\n  \"findings\": [", out);
    for (size_t i = 0; i < tail->finding_count; i++)
        write_element(out, i, json_finding(&tail->findings[i]));
    close_list(out, tail->finding_count);
    write_member(out, "warnings", json_strings(&tail->warnings));
    fputs("\n}\n", out);
}

static void release(struct report_sink *base)
{
    buffer_clear(&((struct json_sink *)base)->line);
    free(base);
}

struct report_sink *json_sink_new(FILE *out)
{
    struct json_sink *sink = alloc_zeroed(1, sizeof *sink);
    *sink = (struct json_sink){
        .base = {.begin = begin, .goroutine = goroutine, .end = end, .free = release},
        .out = out,
    };
    return &sink->base;
}
