// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/table.h"

#include <inttypes.h>
#include <string.h>

static uint64_t hash_text(uint64_t hash, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3;
    return hash;
}

/** Appends a function's name without its type arguments: "main.load[go.shape.int].func1". */
static void put_name(struct buffer *out, const char *name)
{
    const char *open = strchr(name, '['), *close = open ? strrchr(name, ']') : NULL;
    buffer_append(out, name, close ? (size_t)(open - name) : strlen(name));
    if (close)
        buffer_puts(out, close + 1);
}

/** Adds a frame's function unless it is there already: recursion ends at another depth each time.
 */
static void put_once(struct buffer *names, const char *function)
{
    AUTO_TEXT line = {0};
    buffer_putc(&line, '\n');
    put_name(&line, function);
    buffer_putc(&line, '\n');
    if (strstr(buffer_text(names), buffer_text(&line)))
        return;
    if (names->size)
        buffer_truncate(names, names->size - 1); // one line feed between two names
    buffer_append(names, line.data, line.size);
}

void crash_signature(struct analysis *analysis, const struct report_frame_list *frames,
                     struct report_crash *crash)
{
    size_t user;
    enum frame_owner last =
        frames_user_frame(frames, &user) ? OWNER_OTHER_MODULE : OWNER_STANDARD_LIBRARY;
    AUTO_TEXT names = {0};
    for (size_t i = 0; i < frames->count; i++)
        if (frames->items[i].owner <= last && !frames->items[i].runtime)
            put_once(&names, frames->items[i].function);
    buffer_truncate(&names, names.size ? names.size - 1 : 0); // the last line feed
    const char *class = crash_class_name(crash->class);
    uint64_t hash = hash_text(0xcbf29ce484222325, class, strlen(class));
    hash = hash_text(hash, buffer_text(&names), names.size);
    crash->signature = arena_printf(analysis->arena, "%016" PRIx64, table_hash(hash));
}
