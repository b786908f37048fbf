// SPDX-License-Identifier: MIT
#include "report/sinks.h"

#include "base/alloc.h"
#include "report/text_internal.h"

#include <stdlib.h>

/**
 * The head is borrowed during begin() alone and the crashed goroutine comes after it, so what is
 * printed around or after the goroutines waits as text.
 */
struct text_sink {
    struct report_sink base;
    FILE *out;
    struct text_options options;
    struct report_crash crash; ///< kind, goroutine, frame: no pointer of it is followed later
    struct buffer cause, where, rest; ///< the summary; where: of what stands still, if none crashed
    struct buffer extras;             ///< other goroutines that take part
    size_t extra_count;
    struct buffer files;
    struct buffer threads; ///< for the case that no goroutine comes
    uint64_t *involved;    ///< ids that the cause names
    size_t involved_count;
    struct text_shown shown;
    bool summary_done;
};

static void write_out(struct text_sink *sink, const struct buffer *text)
{
    text_style_write(sink->out, text, sink->options.style);
}

/** The first screen, once the crashed goroutine is known or known not to be. */
static void write_summary(struct text_sink *sink, const struct report_goroutine *crashed)
{
    if (sink->summary_done)
        return;
    sink->summary_done = true;
    if (crashed)
        text_where(&sink->where, &sink->crash, crashed);
    write_out(sink, &sink->cause);
    write_out(sink, &sink->where);
    write_out(sink, &sink->rest);
}

static void begin(struct report_sink *base, const struct report_head *head)
{
    struct text_sink *sink = (struct text_sink *)base;
    const struct id_list *involved = &head->crash.cause.goroutines;
    sink->crash = head->crash;
    text_message(&sink->cause, &head->crash);
    text_cause(&sink->cause, &head->crash.cause);
    text_rest_of_summary(&sink->rest, head);
    text_files(&sink->files, head);
    if (head->thread_count && head->threads[0].frames.count)
        text_threads(&sink->threads, head, sink->options.max_groups);
    sink->involved = alloc_zeroed(involved->count + 1, sizeof *sink->involved);
    for (size_t i = 0; i < involved->count; i++)
        sink->involved[sink->involved_count++] = involved->items[i];
}

/** Whether the cause names it. */
static bool is_named(const struct text_sink *sink, uint64_t id)
{
    for (size_t i = 0; i < sink->involved_count; i++)
        if (sink->involved[i] == id)
            return true;
    return false;
}

static bool wants(struct report_sink *base, uint64_t id)
{
    return is_named((const struct text_sink *)base, id);
}

static bool is_involved(const struct text_sink *sink, const struct report_goroutine *goroutine)
{
    return goroutine->focus || is_named(sink, goroutine->id);
}

static void write_crashed(struct text_sink *sink, const struct report_goroutine *crashed)
{
    AUTO_TEXT text = {0};
    size_t index = 0;
    const struct report_frame *frame = text_frame_to_look_at(&sink->crash, crashed, &index);
    text_shown_add(&sink->shown, crashed->id);
    write_summary(sink, crashed);
    if (frame)
        text_source(&text, frame);
    text_goroutine(&text, crashed, &sink->options);
    write_out(sink, &text);
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    struct text_sink *sink = (struct text_sink *)base;
    if (one->crashed) {
        write_crashed(sink, one);
    } else if (is_involved(sink, one) && sink->extra_count++ < TEXT_EXTRAS) {
        text_shown_add(&sink->shown, one->id);
        if (!sink->crash.has_goroutine && sink->involved_count && one->id == sink->involved[0])
            text_where(&sink->where, &sink->crash, one);
        text_goroutine(&sink->extras, one, &sink->options);
    }
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    struct text_sink *sink = (struct text_sink *)base;
    bool findings_first = text_findings_first(&sink->crash);
    AUTO_TEXT text = {0};
    write_summary(sink, NULL);
    if (findings_first)
        text_findings(&text, tail, &sink->rest);
    buffer_append(&text, buffer_text(&sink->extras), sink->extras.size);
    if (sink->extra_count > TEXT_EXTRAS) {
        buffer_puts(&text, "\n… ");
        text_plural(&text, sink->extra_count - TEXT_EXTRAS, "goroutine");
        buffer_puts(&text, " more that take part\n");
    }
    text_groups(&text, tail, &sink->shown, sink->options.max_groups);
    if (!findings_first)
        text_findings(&text, tail, &sink->rest);
    if (!tail->goroutine_count)
        buffer_append(&text, buffer_text(&sink->threads), sink->threads.size);
    buffer_append(&text, buffer_text(&sink->files), sink->files.size);
    text_warnings(&text, &tail->warnings);
    write_out(sink, &text);
}

static void release(struct report_sink *base)
{
    struct text_sink *sink = (struct text_sink *)base;
    buffer_clear(&sink->cause);
    buffer_clear(&sink->where);
    buffer_clear(&sink->rest);
    buffer_clear(&sink->extras);
    buffer_clear(&sink->files);
    buffer_clear(&sink->threads);
    free(sink->involved);
    free(sink);
}

struct report_sink *text_sink_new(FILE *out, const struct text_options *options)
{
    struct text_sink *sink = alloc_zeroed(1, sizeof *sink);
    *sink = (struct text_sink){
        .base =
            {.begin = begin, .goroutine = goroutine, .end = end, .free = release, .wants = wants},
        .out = out,
        .options = *options,
    };
    return &sink->base;
}
