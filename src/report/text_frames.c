// SPDX-License-Identifier: MIT
#include "report/text_internal.h"

#include "model/value_text.h"

#include <inttypes.h>
#include <string.h>

enum {
    LONGEST_RECURSION = 8, ///< functions that call each other in a circle
    FEWEST_REPEATS = 3,    ///< of them before they are shown once
};

/** Which of a frame's variables a report without `full` shows depends on whose code it is. */
static void choose_variables(const struct report_frame *frame, bool full,
                             struct value_list lists[2])
{
    static const struct value_list none;
    bool arguments =
        full || frame->owner == OWNER_MAIN_MODULE || frame->owner == OWNER_OTHER_MODULE;
    bool locals = full || frame->owner == OWNER_MAIN_MODULE;
    lists[0] = frame->variables_read && arguments ? frame->arguments : none;
    lists[1] = frame->variables_read && locals ? frame->locals : none;
}

/** The words that the runtime prints as arguments, unless the arguments themselves follow. */
static void put_call(struct buffer *out, const struct report_frame *frame, bool arguments_follow)
{
    text_put(out, frame->function ? frame->function : "?");
    if (frame->native)
        return;
    buffer_putc(out, '(');
    if (frame->inlined || !frame->arguments_text)
        buffer_puts(out, "...");
    else if (arguments_follow && frame->arguments_text[0])
        buffer_puts(out, "…");
    else
        text_put(out, frame->arguments_text);
    buffer_putc(out, ')');
}

void text_frame_file(struct buffer *out, const struct report_frame *frame)
{
    const char *file = frame->short_file ? frame->short_file : frame->file;
    buffer_puts(out, "        ");
    if (file)
        text_link(out, frame->file, file, frame->line);
    if (!file && frame->module)
        text_put(out, frame->module);
    else if (!file && frame->has_pc)
        buffer_printf(out, "pc 0x%" PRIx64, frame->pc);
    if (!frame->inlined && frame->has_offset && frame->offset)
        buffer_printf(out, " +0x%" PRIx64, frame->offset);
    buffer_putc(out, '\n');
}

/** Calls that would have run when the frame returned. */
static void put_defers(struct buffer *out, const struct report_frame *frame)
{
    for (size_t i = 0; i < frame->defer_count; i++) {
        const struct report_defer *defer = &frame->defers[i];
        const char *file = defer->short_file ? defer->short_file : defer->file;
        buffer_puts(out, "          deferred, not yet run: ");
        text_put(out, defer->function ? defer->function : "?");
        if (file) {
            buffer_puts(out, ", ");
            text_put(out, file);
            buffer_printf(out, ":%" PRId64, defer->line);
        }
        buffer_putc(out, '\n');
    }
}

static void put_frame(struct buffer *out, const struct report_frame *frame, uint64_t number,
                      const struct text_options *options)
{
    struct value_list lists[2];
    choose_variables(frame, options->full, lists);
    bool own = frame->owner == OWNER_MAIN_MODULE || frame->owner == OWNER_OTHER_MODULE;
    buffer_printf(out, "%s  #%" PRIu64 " ", own ? MARK_STRONG : MARK_FAINT, number);
    put_call(out, frame, lists[0].count > 0);
    buffer_puts(out, MARK_END "\n");
    if (frame->file || frame->short_file || frame->has_pc)
        text_frame_file(out, frame);
    if (options->offsets && frame->has_pc && frame->has_stack)
        buffer_printf(out, "        pc=0x%" PRIx64 " sp=0x%" PRIx64 " fp=0x%" PRIx64 "\n",
                      frame->pc, frame->sp, frame->fp);
    text_variables(out, lists, COUNT_OF(lists), "          ", options);
    bool noted = options->full || frame->owner == OWNER_MAIN_MODULE;
    if (frame->variables_note && noted) {
        buffer_puts(out, "          ");
        text_put(out, frame->variables_note);
        buffer_putc(out, '\n');
    }
    if (options->full || frame->owner != OWNER_RUNTIME) // runtime.main always has one
        put_defers(out, frame);
    if (frame->missing) {
        buffer_puts(out, "  … missing here: ");
        text_put(out, frame->missing);
        buffer_putc(out, '\n');
    }
}

/** @param cycle  how many of them repeat; 0: none are known to */
static void put_not_shown(struct buffer *out, uint64_t count, uint64_t cycle)
{
    buffer_puts(out, "  … ");
    text_plural(out, count, "frame");
    buffer_puts(out, " not shown");
    if (cycle == 1)
        buffer_puts(out, ": the same one, over and over");
    else if (cycle)
        buffer_printf(out, ": the same %" PRIu64 ", over and over", cycle);
    buffer_putc(out, '\n');
}

bool text_is_panic(const struct report_frame *frame)
{
    return frame->function && strcmp(frame->function, "panic") == 0;
}

/**
 * Frames that say nothing to a reader: the compiler's wrappers (oops-fm, guarded.deferwrap1), and
 * how the runtime got from the fault to the panic that a deferred function is handling.
 */
static bool is_noise(const struct report_frame *frame, bool in_panic)
{
    if (!frame->runtime || frame->native)
        return false;
    return frame->owner == OWNER_RUNTIME ? in_panic : true;
}

static bool is_same(const struct report_frame *a, const struct report_frame *b)
{
    return a->function && b->function && strcmp(a->function, b->function) == 0 &&
           a->line == b->line && a->inlined == b->inlined && a->offset == b->offset;
}

/** How many times the period frames at start are repeated right behind them. */
static size_t count_repeats(const struct report_frame *start, size_t period, size_t available)
{
    size_t same = period;
    while (same < available && is_same(&start[same], &start[same - period]))
        same++;
    return same / period - 1;
}

/**
 * Recursion: the number of frames that are repeated often enough to be shown once, 0: none.
 * @param available  frames from start on
 */
static size_t find_recursion(const struct report_frame *start, size_t available, size_t *repeats)
{
    for (size_t period = 1; period <= LONGEST_RECURSION && period < available; period++) {
        *repeats = count_repeats(start, period, available);
        if (*repeats >= FEWEST_REPEATS)
            return period;
    }
    return 0;
}

/** Arguments that the frames of a recursion have in turn: the first value and the last. */
static void put_changes(struct buffer *out, const struct report_frame *first,
                        const struct report_frame *last)
{
    enum { LONGEST = 60 };
    size_t count = first->arguments.count < last->arguments.count ? first->arguments.count
                                                                  : last->arguments.count;
    for (size_t i = 0; i < count; i++) {
        const struct value *from = first->arguments.items[i], *to = last->arguments.items[i];
        AUTO_TEXT before = {0};
        AUTO_TEXT after = {0};
        if (from->unreadable || to->unreadable || !from->name)
            continue;
        value_text_to_depth(&before, from, 1);
        value_text_to_depth(&after, to, 1);
        if (before.size > LONGEST || after.size > LONGEST ||
            strcmp(buffer_text(&before), buffer_text(&after)) == 0)
            continue;
        buffer_puts(out, "          ");
        text_put(out, from->name);
        buffer_puts(out, " of ");
        text_put(out, first->function);
        buffer_printf(out, ": from %s to %s\n", buffer_text(&before), buffer_text(&after));
    }
}

/** @param start  the frames that are shown once */
static void put_recursion(struct buffer *out, const struct report_frame *start, size_t period,
                          size_t repeats, uint64_t first)
{
    if (period == 1)
        buffer_puts(out, "  … this frame ");
    else
        buffer_printf(out, "  … these %zu frames ", period);
    value_count_text(out, repeats);
    buffer_printf(out, " times more (#%" PRIu64 " to #%" PRIu64 ")\n", first,
                  first + period * repeats - 1);
    for (size_t i = 0; i < period; i++)
        put_changes(out, &start[i], &start[i + period * repeats]);
}

/** Where the next frames that are not shown lie, behind index. */
static size_t stretch_end(const struct report_frame_list *frames, const struct shown_frames *shown,
                          size_t index)
{
    size_t end = index < shown->gap ? shown->gap : shown->end;
    bool cut = frames->elided && index < frames->elided_after && frames->elided_after < end;
    return cut ? frames->elided_after : end;
}

/** Frames [start, end) between which nothing is left out. */
static void put_stretch(struct buffer *out, const struct report_frame_list *frames, size_t start,
                        size_t end, const struct text_options *options)
{
    bool in_panic = false;
    size_t shown_end = end, repeats = 0, period = 0;
    for (size_t i = start; i < end; i++) {
        const struct report_frame *frame = &frames->items[i];
        if (!options->full && !period && (period = find_recursion(frame, end - i, &repeats)))
            shown_end = i + period;
        in_panic = text_is_panic(frame) || (in_panic && frame->owner == OWNER_RUNTIME);
        if (options->full || !is_noise(frame, in_panic))
            put_frame(out, frame, text_frame_number(frames, i), options);
        if (period && i + 1 == shown_end) {
            put_recursion(out, &frames->items[i + 1 - period], period, repeats,
                          text_frame_number(frames, i + 1));
            i += period * repeats;
            period = 0;
        }
    }
}

void text_frames(struct buffer *out, const struct report_frame_list *frames,
                 const struct shown_frames *shown, const struct text_options *options)
{
    size_t i = shown->first;
    while (i < shown->end) {
        size_t end = stretch_end(frames, shown, i);
        put_stretch(out, frames, i, end, options);
        if (frames->elided && end == frames->elided_after)
            put_not_shown(out, frames->elided, frames->elided_cycle);
        i = end;
        if (i == shown->gap && shown->gap_end > i) {
            put_not_shown(out, shown->gap_end - i, 0);
            i = shown->gap_end;
        }
    }
}
