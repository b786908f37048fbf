// SPDX-License-Identifier: MIT
#include "goruntime/goroutine_labels.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

enum { LABEL_SIZE = 32, FIRST_LIST = 24, FIRST_SHOWN = 26, FIRST_BARE = 27 };

/** A Go string of the target; one that is too long or absent is left empty. */
static struct bytes read_string(const struct address_space *space, target_addr place,
                                struct arena *arena)
{
    uint64_t address, size;
    if (!address_space_try_u64(space, place, &address) ||
        !address_space_try_u64(space, place + 8, &size) || size > LIMIT_LABEL_TEXT)
        return (struct bytes){0};
    uint8_t *data = arena_array(arena, size, 1);
    if (size && !address_space_try_read(space, address, data, size))
        return (struct bytes){0};
    return (struct bytes){data, size};
}

size_t goroutine_labels_read(const struct scheduler *scheduler, const struct goroutine *g,
                             struct arena *arena, struct goroutine_label **out)
{
    const struct program *program = scheduler_program(scheduler);
    uint64_t list, count;
    *out = NULL;
    if (!g->labels || program->release->minor < FIRST_LIST ||
        !address_space_try_u64(program->space, g->labels, &list) ||
        !address_space_try_u64(program->space, g->labels + 8, &count))
        return 0;
    if (count > LIMIT_LABELS)
        count = LIMIT_LABELS;
    struct goroutine_label *labels = arena_array(arena, count, sizeof *labels);
    for (uint64_t i = 0; i < count; i++) {
        target_addr label = list + i * LABEL_SIZE;
        labels[i] = (struct goroutine_label){
            .key = read_string(program->space, label, arena),
            .value = read_string(program->space, label + LABEL_SIZE / 2, arena)};
    }
    *out = labels;
    return count;
}

/** From 1.27 on: letters, digits, '.', '/' and '_' stand as they are (runtime/traceback.go). */
static bool needs_quotes(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '/' || c == '_';
        if (!plain)
            return true;
    }
    return false;
}

/** What is not printable ASCII becomes an escape (runtime/print.go, printquoted). */
static void put_quoted(struct buffer *out, struct bytes text)
{
    buffer_putc(out, '"');
    for (size_t i = 0; i < text.size;) {
        uint8_t c = text.data[i];
        uint32_t rune;
        size_t size = utf8_decode(text.data + i, text.size - i, &rune);
        if (c == '\n')
            buffer_puts(out, "\\n");
        else if (c == '\r')
            buffer_puts(out, "\\r");
        else if (c == '\t')
            buffer_puts(out, "\\t");
        else if (c == '\\' || c == '"')
            buffer_printf(out, "\\%c", c);
        else if (rune == UTF8_INVALID)
            buffer_printf(out, "\\x%02x", c);
        else if (rune >= ' ' && rune <= '~')
            buffer_putc(out, (char)rune);
        else if (rune < 127)
            buffer_printf(out, "\\x%02" PRIx32, rune);
        else
            buffer_printf(out, rune < 0x10000 ? "\\u%04" PRIx32 : "\\U%08" PRIx32, rune);
        i += size;
    }
    buffer_putc(out, '"');
}

static void put_word(struct buffer *out, int minor, struct bytes text)
{
    if (minor >= FIRST_BARE && !needs_quotes(text))
        buffer_append(out, text.data, text.size);
    else
        put_quoted(out, text);
}

void goroutine_labels_text(struct buffer *out, int minor, const struct goroutine_label *labels,
                           size_t count)
{
    if (!count || minor < FIRST_SHOWN)
        return;
    buffer_puts(out, minor >= FIRST_BARE ? " {" : " labels:{");
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_puts(out, ", ");
        put_word(out, minor, labels[i].key);
        buffer_puts(out, ": ");
        put_word(out, minor, labels[i].value);
    }
    buffer_putc(out, '}');
}
