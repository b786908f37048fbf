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
};

static void put(FILE *out, const char *text)
{
    AUTO_TEXT safe = {0};
    utf8_escape(&safe, text, strlen(text), "\t");
    fwrite(buffer_text(&safe), 1, safe.size, out);
}

static void begin_block(struct traceback_sink *sink)
{
    if (sink->needs_newline)
        fputc('\n', sink->out);
    sink->needs_newline = true;
}

static void put_place(FILE *out, const char *file, int64_t line, uint64_t offset)
{
    fputc('\t', out);
    put(out, file ? file : "?");
    fprintf(out, ":%" PRId64, line);
    if (offset)
        fprintf(out, " +0x%" PRIx64, offset);
}

static void put_frame(const struct traceback_sink *sink, const struct report_frame *frame)
{
    FILE *out = sink->out;
    put(out, frame->function ? frame->function : "?");
    fputc('(', out);
    put(out, frame->inlined || !frame->arguments_text ? "..." : frame->arguments_text);
    fputs(")\n", out);
    bool physical = !frame->inlined;
    put_place(out, frame->file, frame->line, physical && frame->has_offset ? frame->offset : 0);
    if (physical && frame->has_stack && sink->level == TRACEBACK_SYSTEM)
        fprintf(out, " fp=0x%" PRIx64 " sp=0x%" PRIx64 " pc=0x%" PRIx64, frame->fp, frame->sp,
                frame->pc);
    fputc('\n', out);
}

static void put_elided(const struct traceback_sink *sink, uint64_t elided)
{
    if (sink->go_minor <= 20)
        fputs("...additional frames elided...\n", sink->out);
    else
        fprintf(sink->out, "...%" PRIu64 " frames elided...\n", elided);
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

static void put_frames(const struct traceback_sink *sink, const struct report_frame_list *frames)
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

static void put_created_by(const struct traceback_sink *sink, const struct report_created_by *by)
{
    if (!by->function || (by->runtime && sink->level < TRACEBACK_SYSTEM))
        return;
    FILE *out = sink->out;
    fputs("created by ", out);
    put(out, by->function);
    if (by->goroutine && sink->go_minor >= 21)
        fprintf(out, " in goroutine %" PRIu64, by->goroutine);
    fputc('\n', out);
    put_place(out, by->file, by->line, by->offset);
    fputc('\n', out);
}

/** Since 1.22 the addresses of g and m stand in the heading at the highest level only. */
static void put_heading(const struct traceback_sink *sink, const struct report_goroutine *goroutine)
{
    const char *heading = goroutine->heading;
    if (!heading) {
        fprintf(sink->out, "goroutine %" PRIu64 " [%s]:\n", goroutine->id, goroutine->status);
        return;
    }
    const char *bracket = strchr(heading, '[');
    const char *addresses = strstr(heading, " gp=");
    if (sink->level < TRACEBACK_SYSTEM && addresses && bracket && addresses < bracket) {
        fprintf(sink->out, "%.*s ", (int)(addresses - heading), heading);
        heading = bracket;
    }
    put(sink->out, heading);
    fputc('\n', sink->out);
}

static void begin(struct report_sink *base, const struct report_head *head)
{
    struct traceback_sink *sink = (struct traceback_sink *)base;
    const struct string_list *message = &head->crash.message;
    sink->go_minor = head->go_minor;
    sink->has_crashed = head->crash.has_goroutine;
    for (size_t i = 0; i < message->count; i++) {
        put(sink->out, message->items[i]);
        fputc('\n', sink->out);
    }
    sink->needs_newline = message->count > 0;
    if (head->runtime_stack.count) {
        begin_block(sink);
        fputs("runtime stack:\n", sink->out);
        put_frames(sink, &head->runtime_stack);
    }
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
        fprintf(sink->out, "\t%s\n", one->stack_unavailable);
    else
        put_frames(sink, &one->frames);
    put_created_by(sink, &one->created_by);
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
