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
    VALUE_SIZE = 500,       ///< bytes that a variable's text may have before it is cut in depth
    LONG_VALUE_SIZE = 4000, ///< where all variables are asked for: a screen
};

static bool is_goexit(const struct report_frame *frame)
{
    return frame->function && strcmp(frame->function, "runtime.goexit") == 0;
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
        if (text_is_panic(&goroutine->frames.items[i]))
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
        text_frame_file(out, frame);
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
    text_frames(out, &goroutine->frames, &shown, options);
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
