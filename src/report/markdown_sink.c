// SPDX-License-Identifier: MIT
#include "report/sinks.h"

#include "base/alloc.h"
#include "model/value_text.h"
#include "report/text_internal.h"

#include <stdlib.h>
#include <string.h>

/** The parts of a ticket, in the order in which they are printed. */
enum part {
    PART_SUMMARY,
    PART_SOURCE,
    PART_CRASHED,
    PART_FINDINGS,
    PART_EXTRAS,
    PART_GROUPS,
    PART_FILES,
    PART_WARNINGS,
    PARTS
};

/** What a ticket can do without is cut first; the first gets all the room that it needs. */
static const enum part by_importance[PARTS] = {PART_SUMMARY, PART_CRASHED,  PART_FINDINGS,
                                               PART_FILES,   PART_WARNINGS, PART_SOURCE,
                                               PART_EXTRAS,  PART_GROUPS};

static const char *const titles[PARTS] = {[PART_CRASHED] = "Stack",
                                          [PART_FINDINGS] = "Findings",
                                          [PART_EXTRAS] = "Goroutines that take part",
                                          [PART_GROUPS] = "Other goroutines",
                                          [PART_FILES] = "Files",
                                          [PART_WARNINGS] = "Warnings"};

/**
 * All that comes from the target stands in fences that are longer than any row of backticks in
 * them, or in code spans: there neither HTML nor a mention is looked for.
 */
struct markdown_sink {
    struct report_sink base;
    FILE *out;
    struct text_options options;
    size_t max_size;
    struct report_crash crash; ///< kind, class, goroutine, frame
    struct buffer parts[PARTS], title, rest;
    uint64_t *involved;
    size_t involved_count, extra_count;
    struct text_shown shown;
    bool where_done;
};

/** @param crashed  or, if none did, the first of those that stand still; NULL: none */
static void put_title(struct markdown_sink *sink, const struct report_goroutine *crashed)
{
    size_t index = 0;
    const struct report_frame *frame =
        crashed ? text_frame_to_look_at(&sink->crash, crashed, &index) : NULL;
    if (sink->where_done)
        return;
    sink->where_done = true;
    buffer_puts(&sink->title, crash_class_name(sink->crash.class));
    if (frame) {
        buffer_puts(&sink->title, " in ");
        text_place(&sink->title, frame);
        text_where(&sink->parts[PART_SUMMARY], &sink->crash, crashed);
    }
    buffer_append(&sink->parts[PART_SUMMARY], buffer_text(&sink->rest), sink->rest.size);
}

static void begin(struct report_sink *base, const struct report_head *head)
{
    struct markdown_sink *sink = (struct markdown_sink *)base;
    const struct id_list *involved = &head->crash.cause.goroutines;
    sink->crash = head->crash;
    text_message(&sink->parts[PART_SUMMARY], &head->crash);
    text_cause(&sink->parts[PART_SUMMARY], &head->crash.cause);
    text_rest_of_summary(&sink->rest, head);
    text_files(&sink->parts[PART_FILES], head);
    sink->involved = alloc_zeroed(involved->count + 1, sizeof *sink->involved);
    for (size_t i = 0; i < involved->count; i++)
        sink->involved[sink->involved_count++] = involved->items[i];
}

static bool is_involved(const struct markdown_sink *sink, const struct report_goroutine *goroutine)
{
    for (size_t i = 0; i < sink->involved_count; i++)
        if (sink->involved[i] == goroutine->id)
            return true;
    return goroutine->focus;
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    struct markdown_sink *sink = (struct markdown_sink *)base;
    if (one->crashed) {
        size_t index = 0;
        const struct report_frame *frame = text_frame_to_look_at(&sink->crash, one, &index);
        put_title(sink, one);
        text_shown_add(&sink->shown, one->id);
        if (frame)
            text_source(&sink->parts[PART_SOURCE], frame);
        text_goroutine(&sink->parts[PART_CRASHED], one, &sink->options);
    } else if (is_involved(sink, one) && sink->extra_count++ < TEXT_EXTRAS) {
        text_shown_add(&sink->shown, one->id);
        if (!sink->crash.has_goroutine && sink->involved_count && one->id == sink->involved[0])
            put_title(sink, one);
        text_goroutine(&sink->parts[PART_EXTRAS], one, &sink->options);
    }
}

/** Takes the marks for terminals away, and empty lines at both ends. */
static void plain(const struct buffer *text, struct buffer *out)
{
    const char *at = buffer_text(text), *end = at + text->size;
    while (at < end && *at == '\n')
        at++;
    for (; at < end; at++) {
        const char *link =
            *at == MARK_LINK[0] ? memchr(at, MARK_LINK_TEXT[0], (size_t)(end - at)) : NULL;
        if (link)
            at = link;
        else if (*at < MARK_STRONG[0] || *at > MARK_LINK_END[0])
            buffer_putc(out, *at);
    }
    while (out->size && out->data[out->size - 1] == '\n')
        buffer_truncate(out, out->size - 1);
}

/** Takes a heading away that the ticket has already. */
static void drop_heading(struct buffer *text, const char *title)
{
    size_t size = title ? strlen(title) : 0;
    if (!size || text->size <= size || memcmp(text->data, title, size) != 0 ||
        text->data[size] != '\n')
        return;
    memmove(text->data, text->data + size + 1, text->size - size - 1);
    buffer_truncate(text, text->size - size - 1);
}

/** The longest row of backticks. */
static size_t longest_row(const struct buffer *text)
{
    size_t longest = 0, row = 0;
    for (size_t i = 0; i < text->size; i++) {
        row = text->data[i] == '`' ? row + 1 : 0;
        longest = row > longest ? row : longest;
    }
    return longest;
}

static void put_row(struct buffer *out, size_t count)
{
    while (count--)
        buffer_putc(out, '`');
}

/** Cuts a text behind a line so that it has at most size bytes, and says what is gone. */
static void cut(struct buffer *text, size_t size)
{
    enum { NOTE = 64 };
    if (text->size <= size)
        return;
    size_t keep = size > NOTE ? size - NOTE : 0, lines = 1;
    while (keep && text->data[keep - 1] != '\n')
        keep--;
    for (size_t i = keep; i < text->size; i++)
        lines += text->data[i] == '\n';
    buffer_truncate(text, keep);
    buffer_puts(text, "… ");
    text_plural(text, lines, "line");
    buffer_puts(text, " more, cut to keep this short");
}

/** A part as it stands in the ticket. */
static void put_part(struct buffer *out, enum part part, const struct buffer *text)
{
    bool folded = part >= PART_EXTRAS;
    size_t fence = longest_row(text) + 1;
    if (!text->size)
        return;
    if (folded)
        buffer_printf(out, "\n<details>\n<summary>%s</summary>\n", titles[part]);
    else if (titles[part])
        buffer_printf(out, "\n### %s\n", titles[part]);
    fence = fence < 3 ? 3 : fence;
    buffer_putc(out, '\n');
    put_row(out, fence);
    buffer_puts(out, "text\n");
    buffer_append(out, buffer_text(text), text->size);
    buffer_putc(out, '\n');
    put_row(out, fence);
    buffer_puts(out, folded ? "\n\n</details>\n" : "\n");
}

static void put_heading(struct buffer *out, const struct buffer *title)
{
    AUTO_TEXT text = {0};
    plain(title, &text);
    size_t row = longest_row(&text) + 1;
    buffer_puts(out, "## ");
    put_row(out, row);
    if (row > 1)
        buffer_putc(out, ' ');
    buffer_append(out, buffer_text(&text), text.size);
    if (row > 1)
        buffer_putc(out, ' ');
    put_row(out, row);
    buffer_putc(out, '\n');
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    enum { AROUND = 128 }; // what stands around a part, twice over
    struct markdown_sink *sink = (struct markdown_sink *)base;
    AUTO_TEXT out = {0};
    struct buffer texts[PARTS] = {0};
    put_title(sink, NULL);
    text_findings(&sink->parts[PART_FINDINGS], tail, &sink->rest);
    text_groups(&sink->parts[PART_GROUPS], tail, &sink->shown, sink->options.max_groups);
    text_warnings(&sink->parts[PART_WARNINGS], &tail->warnings);
    cut(&sink->title, AROUND * 2);
    put_heading(&out, &sink->title);
    size_t around = out.size + AROUND * PARTS;
    size_t left = sink->max_size > around ? sink->max_size - around : 0;
    for (size_t i = 0; i < PARTS; i++) {
        struct buffer *text = &texts[by_importance[i]];
        plain(&sink->parts[by_importance[i]], text);
        drop_heading(text, titles[by_importance[i]]);
        cut(text, left > longest_row(text) * 2 ? left - longest_row(text) * 2 : 0);
        size_t taken = text->size + longest_row(text) * 2;
        left = left > taken ? left - taken : 0;
    }
    for (size_t i = 0; i < PARTS; i++) {
        put_part(&out, (enum part)i, &texts[i]);
        buffer_clear(&texts[i]);
    }
    fwrite(buffer_text(&out), 1, out.size, sink->out);
}

static void release(struct report_sink *base)
{
    struct markdown_sink *sink = (struct markdown_sink *)base;
    for (size_t i = 0; i < PARTS; i++)
        buffer_clear(&sink->parts[i]);
    buffer_clear(&sink->title);
    buffer_clear(&sink->rest);
    free(sink->involved);
    free(sink);
}

struct report_sink *markdown_sink_new(FILE *out, const struct text_options *options,
                                      size_t max_size)
{
    struct markdown_sink *sink = alloc_zeroed(1, sizeof *sink);
    *sink = (struct markdown_sink){
        .base = {.begin = begin, .goroutine = goroutine, .end = end, .free = release},
        .out = out,
        .options = *options,
        .max_size = max_size,
    };
    return &sink->base;
}
