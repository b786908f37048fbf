// SPDX-License-Identifier: MIT
#include "report/listing.h"
#include "report/text_internal.h"

#include "base/utf8.h"
#include "model/value_text.h"

#include <inttypes.h>
#include <string.h>

enum {
    OUTERMOST_SHOWN = 50, ///< of a deep stack, as the runtime does
    INNERMOST_SHOWN = 50,
    LONGEST_RECURSION = 8,  ///< functions that call each other in a circle
    FEWEST_REPEATS = 3,     ///< of them before they are shown once
    VALUE_SIZE = 500,       ///< bytes that a variable's text may have before it is cut in depth
    LONG_VALUE_SIZE = 4000, ///< where all variables are asked for: a screen
};

/** The frames of one stack that are shown: [first, gap) and [gap_end, end). */
struct shown_frames {
    size_t first, gap, gap_end, end;
};

static bool is_goexit(const struct report_frame *frame)
{
    return frame->function && strcmp(frame->function, "runtime.goexit") == 0;
}

static bool is_panic(const struct report_frame *frame)
{
    return frame->function && strcmp(frame->function, "panic") == 0;
}

size_t listing_hidden_frames(const struct report_goroutine *goroutine)
{
    const struct report_frame_list *frames = &goroutine->frames;
    if (goroutine->hidden_frames)
        return goroutine->hidden_frames < frames->count ? goroutine->hidden_frames : 0;
    if (goroutine->crashed)
        return 0;
    size_t count = 0;
    while (count < frames->count && frames->items[count].owner == OWNER_RUNTIME)
        count++;
    return count < frames->count ? count : 0;
}

static struct shown_frames choose_frames(const struct report_goroutine *goroutine, bool full)
{
    const struct report_frame_list *frames = &goroutine->frames;
    struct shown_frames shown = {.end = frames->count};
    if (!full) {
        shown.first = listing_hidden_frames(goroutine);
        if (shown.end > shown.first + 1 && is_goexit(&frames->items[shown.end - 1]))
            shown.end--;
    }
    shown.gap = shown.gap_end = shown.end;
    if (!full && shown.end - shown.first > INNERMOST_SHOWN + OUTERMOST_SHOWN) {
        shown.gap = shown.first + INNERMOST_SHOWN;
        shown.gap_end = shown.end - OUTERMOST_SHOWN;
    }
    return shown;
}

uint64_t text_frame_number(const struct report_frame_list *frames, size_t index)
{
    return frames->elided && index >= frames->elided_after ? index + frames->elided : index;
}

const struct report_frame *text_frame_to_look_at(const struct report_crash *crash,
                                                 const struct report_goroutine *goroutine,
                                                 size_t *index)
{
    size_t wanted = crash->frame;
    bool known = goroutine->crashed ? crash->has_frame
                                    : frames_user_frame(&goroutine->frames, &wanted); // it waits
    if (!known)
        wanted = listing_hidden_frames(goroutine);
    if (wanted >= goroutine->frames.count)
        return NULL;
    *index = wanted;
    return &goroutine->frames.items[wanted];
}

static void put_panics(struct buffer *out, const struct report_panic_list *panics)
{
    for (size_t i = 0; i < panics->count; i++) {
        const struct report_panic *panic = &panics->items[i];
        if (panic->goexit)
            continue;
        buffer_puts(out, panic->recovered ? ", recovered panic: " : ", panicking: ");
        text_put(out, panic->text ? panic->text : "(its text could not be read)");
    }
}

static void put_labels(struct buffer *out, const struct key_value_list *labels)
{
    if (!labels->count)
        return;
    buffer_puts(out, ", labels {");
    for (size_t i = 0; i < labels->count; i++) {
        const struct key_value *label = &labels->items[i];
        if (i)
            buffer_puts(out, ", ");
        value_quote(out, label->key, strlen(label->key));
        buffer_puts(out, ": ");
        value_quote(out, label->value, strlen(label->value));
    }
    buffer_putc(out, '}');
}

/** Whether the frames left out at the start are how Go panics, not only how it waits. */
static bool hides_panic(const struct report_goroutine *goroutine, size_t hidden)
{
    for (size_t i = 0; i < hidden; i++) {
        if (is_panic(&goroutine->frames.items[i]))
            return true;
    }
    return false;
}

static void put_heading(struct buffer *out, const struct report_goroutine *goroutine,
                        const struct shown_frames *shown)
{
    buffer_printf(out, "\n" MARK_STRONG "Goroutine %" PRIu64 " [", goroutine->id);
    text_state(out, goroutine->status, goroutine->wait_reason, goroutine->has_wait,
               goroutine->wait_ns);
    buffer_puts(out, "]" MARK_END);
    if (goroutine->crashed)
        buffer_puts(out, goroutine->interrupted ? ", interrupted by the signal" : ", crashed");
    else
        put_panics(out, &goroutine->panics);
    if (goroutine->locked_to_thread)
        buffer_puts(out, ", locked to its thread");
    put_labels(out, &goroutine->labels);
    if (shown->first) {
        buffer_puts(out, " (");
        text_plural(out, shown->first, "frame");
        buffer_printf(out, " of the %s not shown)",
                      hides_panic(goroutine, shown->first) ? "panic itself" : "runtime");
    }
    buffer_putc(out, '\n');
}

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

static void put_name(struct buffer *out, const struct value *variable)
{
    text_put(out, variable->name ? variable->name : "_");
    if (variable->shadowed)
        buffer_puts(out, " (shadowed)");
}

static size_t name_columns(const struct value *variable)
{
    AUTO_TEXT name = {0};
    put_name(&name, variable);
    return utf8_columns(buffer_text(&name), name.size);
}

/**
 * A value whose text would fill the screen (an http.Request, say) is shown less deep, the outermost
 * level always.
 */
static void put_value(struct buffer *out, const struct value *variable,
                      const struct text_options *options)
{
    static const size_t depths[] = {SIZE_MAX, 4, 3, 2, 1};
    size_t start = out->size, whole = 0;
    size_t most = options->whole_values                   ? SIZE_MAX
                  : options->full || options->long_values ? LONG_VALUE_SIZE
                                                          : VALUE_SIZE;
    for (size_t i = 0; i < COUNT_OF(depths); i++) {
        buffer_truncate(out, start);
        value_text_to_depth(out, variable, depths[i]);
        whole = i ? whole : out->size - start;
        if (out->size - start <= most)
            break;
    }
    if (whole > LONG_VALUE_SIZE && most == LONG_VALUE_SIZE) {
        buffer_puts(out, " (cut in depth: ");
        value_count_text(out, whole);
        buffer_puts(out, " bytes in all)");
    }
}

void text_value(struct buffer *out, const struct value *value)
{
    put_value(out, value, &(struct text_options){0});
}

void text_wraps(struct buffer *out, const struct value *variable, const char *indent)
{
    if (variable->wrap_count == 0 || variable->redacted || variable->unreadable)
        return;
    buffer_printf(out, "%s    wraps ", indent);
    for (size_t i = 0; i < variable->wrap_count; i++) {
        buffer_puts(out, i ? ", " : "");
        text_put(out, variable->wraps[i].type);
        if (variable->wraps[i].detail)
            buffer_printf(out, " %s", variable->wraps[i].detail);
        if (variable->wraps[i].inferred)
            buffer_puts(out, " [likely]");
    }
    buffer_putc(out, '\n');
}

static void put_variable(struct buffer *out, const struct value *variable, const char *indent,
                         size_t width, const struct text_options *options)
{
    buffer_puts(out, indent);
    put_name(out, variable);
    buffer_printf(out, "%*s", (int)(width - name_columns(variable) + 2), "");
    if (variable->type) {
        text_put(out, variable->type);
        buffer_puts(out, " = ");
    }
    put_value(out, variable, options);
    buffer_putc(out, '\n');
    if (*indent) // a report; a list of variables has a line for each
        text_wraps(out, variable, indent);
}

void text_variables(struct buffer *out, const struct value_list *lists, size_t count,
                    const char *indent, const struct text_options *options)
{
    size_t width = 0;
    for (size_t list = 0; list < count; list++) {
        for (size_t i = 0; i < lists[list].count; i++) {
            size_t needed = name_columns(lists[list].items[i]);
            width = needed > width ? needed : width;
        }
    }
    for (size_t list = 0; list < count; list++)
        for (size_t i = 0; i < lists[list].count; i++)
            put_variable(out, lists[list].items[i], indent, width, options);
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

static void put_file(struct buffer *out, const struct report_frame *frame)
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
        put_file(out, frame);
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
        in_panic = is_panic(frame) || (in_panic && frame->owner == OWNER_RUNTIME);
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

static void put_frames(struct buffer *out, const struct report_frame_list *frames,
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

static void put_created_by(struct buffer *out, const struct report_created_by *by)
{
    if (!by->function)
        return;
    const char *file = by->short_file ? by->short_file : by->file;
    buffer_puts(out, "  created by ");
    text_put(out, by->function);
    if (by->goroutine)
        buffer_printf(out, " in goroutine %" PRIu64, by->goroutine);
    buffer_putc(out, '\n');
    if (!file)
        return;
    buffer_puts(out, "        ");
    text_put(out, file);
    buffer_printf(out, ":%" PRId64, by->line);
    if (by->offset)
        buffer_printf(out, " +0x%" PRIx64, by->offset);
    buffer_putc(out, '\n');
}

/** Where the goroutine stood that started it, under GODEBUG=tracebackancestors. */
static void put_ancestor(struct buffer *out, const struct report_ancestor *ancestor, bool full)
{
    buffer_printf(out, "  goroutine %" PRIu64 " stood there\n", ancestor->id);
    for (size_t i = 0; i < ancestor->frames.count; i++) {
        const struct report_frame *frame = &ancestor->frames.items[i];
        if (!full && (frame->owner == OWNER_RUNTIME || is_goexit(frame)))
            continue;
        buffer_puts(out, "    ");
        text_put(out, frame->function);
        buffer_putc(out, '\n');
        put_file(out, frame);
    }
    if (ancestor->elided)
        buffer_puts(out, "    … the program kept no more of it\n");
    put_created_by(out, &ancestor->created_by);
}

void text_goroutine(struct buffer *out, const struct report_goroutine *goroutine,
                    const struct text_options *options)
{
    struct shown_frames shown = choose_frames(goroutine, options->full);
    put_heading(out, goroutine, &shown);
    if (goroutine->waiting_on.summary) {
        buffer_puts(out, "  ");
        text_put(out, goroutine->waiting_on.summary);
        buffer_putc(out, '\n');
    }
    put_frames(out, &goroutine->frames, &shown, options);
    if (goroutine->stack_unavailable && !goroutine->frames.count) {
        buffer_puts(out, "  ");
        text_put(out, goroutine->stack_unavailable);
        buffer_putc(out, '\n');
    }
    if (goroutine->truncated) {
        buffer_puts(out, "  the stack could not be read further: ");
        text_put(out, goroutine->truncated);
        buffer_putc(out, '\n');
    }
    put_created_by(out, &goroutine->created_by);
    for (size_t i = 0; i < goroutine->ancestor_count; i++)
        put_ancestor(out, &goroutine->ancestors[i], options->full);
}
