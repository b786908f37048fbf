// SPDX-License-Identifier: MIT
#include "report/text_internal.h"

#include "base/utf8.h"
#include "model/value_text.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_ID_RANGES = 12 };

static const uint64_t SECOND = 1000000000;

void text_put(struct buffer *out, const char *text)
{
    utf8_escape(out, text, strlen(text), "");
}

void text_plural(struct buffer *out, uint64_t count, const char *singular)
{
    value_count_text(out, count);
    buffer_printf(out, " %s%s", singular, count == 1 ? "" : "s");
}

void text_duration(struct buffer *out, uint64_t nanoseconds)
{
    uint64_t seconds = nanoseconds / SECOND;
    if (seconds == 0)
        buffer_puts(out, "less than a second");
    else if (seconds < 120)
        text_plural(out, seconds, "second");
    else if (seconds < 120 * 60)
        text_plural(out, seconds / 60, "minute");
    else if (seconds < 48 * 3600)
        text_plural(out, seconds / 3600, "hour");
    else
        text_plural(out, seconds / 86400, "day");
}

void text_size(struct buffer *out, uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000) {
        text_plural(out, bytes, "byte");
        return;
    }
    double size = (double)bytes / 1000;
    size_t unit = 0;
    while (size >= 999.5 && unit + 1 < COUNT_OF(units)) {
        size /= 1000;
        unit++;
    }
    buffer_printf(out, size < 9.95 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

void text_ids(struct buffer *out, const struct id_list *ids)
{
    size_t ranges = 0;
    for (size_t i = 0; i < ids->count; ranges++) {
        if (ranges)
            buffer_puts(out, ", ");
        if (ranges == MAX_ID_RANGES) {
            buffer_puts(out, "…");
            value_count_text(out, ids->count - i);
            buffer_puts(out, " more");
            return;
        }
        size_t last = i;
        while (last + 1 < ids->count && ids->items[last + 1] == ids->items[last] + 1)
            last++;
        if (last < i + 2)
            last = i; // two in a row are shorter as "18, 19" than they are clear as "18-19"
        buffer_printf(out, "%" PRIu64, ids->items[i]);
        if (last > i)
            buffer_printf(out, "-%" PRIu64, ids->items[last]);
        i = last + 1;
    }
}

void text_link(struct buffer *out, const char *file, const char *shown, int64_t line)
{
    bool leads = file && file[0] == '/';
    if (leads) {
        buffer_puts(out, MARK_LINK);
        text_put(out, file);
        buffer_puts(out, MARK_LINK_TEXT);
    }
    text_put(out, shown);
    if (line > 0)
        buffer_printf(out, ":%" PRId64, line);
    if (leads)
        buffer_puts(out, MARK_LINK_END);
}

void text_place(struct buffer *out, const struct report_frame *frame)
{
    const char *file = frame->short_file ? frame->short_file : frame->file;
    text_put(out, frame->function ? frame->function : "?");
    if (!file)
        return;
    buffer_puts(out, ", ");
    text_link(out, frame->file, file, frame->line);
}

void text_state(struct buffer *out, const char *status, const char *wait_reason, bool has_wait,
                uint64_t wait_ns)
{
    text_put(out, wait_reason ? wait_reason : status ? status : "?");
    if (!has_wait || wait_ns < 60 * SECOND)
        return;
    buffer_puts(out, ", ");
    if (wait_ns < 120 * SECOND)
        buffer_puts(out, "1 minute");
    else
        text_duration(out, wait_ns);
}
