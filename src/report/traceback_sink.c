// SPDX-License-Identifier: MIT
#include "report/sinks.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Format: Go's runtime/traceback.go and runtime/panic.go (dopanic_m, tracebackothers). */
struct traceback_sink {
    struct report_sink base;
    FILE *out;
    enum traceback_level level;
    int go_minor;
    bool has_crashed;   ///< a goroutine of the user's crashed: the only one under `single`
    bool needs_newline; ///< something stands above: each block begins with an empty line
    struct buffer text; ///< of a block, written when it is whole: frames come by the million
};

static void put(struct buffer *out, const char *text)
{
    utf8_escape(out, text, strlen(text), "\t");
}

static void begin_block(struct traceback_sink *sink)
{
    if (sink->needs_newline)
        buffer_putc(&sink->text, '\n');
    sink->needs_newline = true;
}

static void end_block(struct traceback_sink *sink)
{
    fwrite(buffer_text(&sink->text), 1, sink->text.size, sink->out);
    buffer_truncate(&sink->text, 0);
}

static void put_line_number(struct buffer *out, int64_t line)
{
    buffer_putc(out, ':');
    if (line < 0)
        buffer_putc(out, '-');
    buffer_put_decimal(out, line < 0 ? -(uint64_t)line : (uint64_t)line);
}

static void put_place(struct buffer *out, const char *file, int64_t line, uint64_t offset)
{
    buffer_putc(out, '\t');
    put(out, file ? file : "?");
    put_line_number(out, line);
    if (!offset)
        return;
    buffer_puts(out, " +");
    buffer_put_hex(out, offset);
}

static void put_frame(struct traceback_sink *sink, const struct report_frame *frame)
{
    struct buffer *out = &sink->text;
    if (frame->told_before) {
        put(out, frame->told_before);
        buffer_putc(out, '\n');
    }
    put(out, frame->function ? frame->function : "?");
    buffer_putc(out, '(');
    put(out, frame->inlined || !frame->arguments_text ? "..." : frame->arguments_text);
    buffer_puts(out, ")\n");
    bool physical = !frame->inlined;
    put_place(out, frame->file, frame->line, physical && frame->has_offset ? frame->offset : 0);
    if (physical && frame->has_stack && sink->level == TRACEBACK_SYSTEM) {
        buffer_puts(out, " fp=");
        buffer_put_hex(out, frame->fp);
        buffer_puts(out, " sp=");
        buffer_put_hex(out, frame->sp);
        buffer_puts(out, " pc=");
        buffer_put_hex(out, frame->pc);
    }
    buffer_putc(out, '\n');
}

static void put_elided(struct traceback_sink *sink, uint64_t elided)
{
    if (sink->go_minor <= 20)
        buffer_puts(&sink->text, "...additional frames elided...\n");
    else
        buffer_printf(&sink->text, "...%" PRIu64 " frames elided...\n", elided);
}

static bool is_hidden(const struct traceback_sink *sink, const struct report_frame *frame)
{
    return sink->level < TRACEBACK_SYSTEM && frame->runtime;
}

/** Go shows a stack whole rather than nothing of it. */
static bool all_hidden(const struct traceback_sink *sink, const struct report_frame_list *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        if (!is_hidden(sink, &frames->items[i]))
            return false;
    return true;
}

static void put_frames(struct traceback_sink *sink, const struct report_frame_list *frames)
{
    bool whole = all_hidden(sink, frames);
    for (size_t i = 0; i < frames->count; i++) {
        if (frames->elided && i == frames->elided_after)
            put_elided(sink, frames->elided);
        if (whole || !is_hidden(sink, &frames->items[i]))
            put_frame(sink, &frames->items[i]);
    }
    if (frames->elided && frames->elided_after >= frames->count)
        put_elided(sink, frames->elided);
}

static void put_created_by(struct traceback_sink *sink, const struct report_created_by *by)
{
    if (!by->function || (by->runtime && sink->level < TRACEBACK_SYSTEM))
        return;
    struct buffer *out = &sink->text;
    buffer_puts(out, "created by ");
    put(out, by->function);
    if (by->goroutine && sink->go_minor >= 21)
        buffer_printf(out, " in goroutine %" PRIu64, by->goroutine);
    buffer_putc(out, '\n');
    put_place(out, by->file, by->line, by->offset);
    buffer_putc(out, '\n');
}

/** Where a goroutine stood when it started what led to the one above: runtime/traceback.go,
 * printAncestorTraceback. */
static void put_ancestor(struct traceback_sink *sink, const struct report_ancestor *ancestor)
{
    struct buffer *out = &sink->text;
    buffer_printf(out, "[originating from goroutine %" PRIu64 "]:\n", ancestor->id);
    for (size_t i = 0; i < ancestor->frames.count; i++) {
        const struct report_frame *frame = &ancestor->frames.items[i];
        if (is_hidden(sink, frame))
            continue;
        put(out, frame->function);
        buffer_puts(out, "(...)\n");
        put_place(out, frame->file, frame->line, frame->has_offset ? frame->offset : 0);
        buffer_putc(out, '\n');
    }
    if (ancestor->elided)
        buffer_puts(out, "...additional frames elided...\n");
    put_created_by(sink, &ancestor->created_by);
}

/** Since 1.22 the addresses of g and m stand in the heading at the highest level only. */
static void put_heading(struct traceback_sink *sink, const struct report_goroutine *goroutine)
{
    const char *heading = goroutine->heading;
    if (!heading) {
        buffer_printf(&sink->text, "goroutine %" PRIu64 " [%s]:\n", goroutine->id,
                      goroutine->status);
        return;
    }
    const char *bracket = strchr(heading, '[');
    const char *addresses = strstr(heading, " gp=");
    if (sink->level < TRACEBACK_SYSTEM && addresses && bracket && addresses < bracket) {
        buffer_append(&sink->text, heading, (size_t)(addresses - heading));
        buffer_putc(&sink->text, ' ');
        heading = bracket;
    }
    put(&sink->text, heading);
    buffer_putc(&sink->text, '\n');
}

static void begin(struct report_sink *base, const struct report_head *head)
{
    struct traceback_sink *sink = (struct traceback_sink *)base;
    const struct string_list *message = &head->crash.message;
    sink->go_minor = head->go_minor;
    sink->has_crashed = head->crash.has_goroutine;
    for (size_t i = 0; i < message->count; i++) {
        put(&sink->text, message->items[i]);
        buffer_putc(&sink->text, '\n');
    }
    sink->needs_newline = message->count > 0;
    if (head->runtime_stack.count) {
        begin_block(sink);
        buffer_puts(&sink->text, "runtime stack:\n");
        put_frames(sink, &head->runtime_stack);
    }
    end_block(sink);
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    struct traceback_sink *sink = (struct traceback_sink *)base;
    // Where no goroutine crashed, as in a deadlock, the runtime prints all under `single` too.
    if (sink->level == TRACEBACK_SINGLE && sink->has_crashed && !one->crashed)
        return;
    if (sink->level < TRACEBACK_SYSTEM && one->system && !one->crashed)
        return;
    begin_block(sink);
    put_heading(sink, one);
    if (one->stack_unavailable)
        buffer_printf(&sink->text, "\t%s\n", one->stack_unavailable);
    else
        put_frames(sink, &one->frames);
    put_created_by(sink, &one->created_by);
    for (size_t i = 0; i < one->ancestor_count; i++)
        put_ancestor(sink, &one->ancestors[i]);
    end_block(sink);
}

static bool wants(struct report_sink *base, uint64_t id)
{
    (void)id; // the one that crashed is passed without being asked for
    const struct traceback_sink *sink = (const struct traceback_sink *)base;
    return sink->level != TRACEBACK_SINGLE || !sink->has_crashed;
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    (void)base;
    (void)tail;
}

static void release(struct report_sink *base)
{
    buffer_clear(&((struct traceback_sink *)base)->text);
    free(base);
}

struct report_sink *traceback_sink_new(FILE *out, enum traceback_level level)
{
    struct traceback_sink *sink = alloc_zeroed(1, sizeof *sink);
    *sink = (struct traceback_sink){
        .base = {.begin = begin,
                 .goroutine = goroutine,
                 .end = end,
                 .free = release,
                 .wants = wants,
                 .ignores_groups = true},
        .out = out,
        .level = level,
    };
    return &sink->base;
}
