// SPDX-License-Identifier: MIT
#include "goruntime/goroutine_labels.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_SIZE = 32, FIRST_LIST = 24, FIRST_SHOWN = 26, FIRST_BARE = 27 };

/** The map of strings that labels were up to Go 1.23: runtime/map.go's hmap and bmap. */
enum {
    BUCKET_SLOTS = 8,
    STRING_SIZE = 16,
    MIN_TOP_HASH = 5,    // less: the slot is empty, or its entry has moved
    BUCKETS_LOG_MAX = 8, // 2,048 labels
    OVERFLOW_MAX = 16,
    HMAP_BUCKETS_LOG = 9,
    HMAP_BUCKETS = 16,
    HMAP_OLD_BUCKETS = 24,
};

/** Labels while they are collected. */
struct label_list {
    const struct address_space *space;
    struct arena *arena;
    struct goroutine_label *items; ///< room for LIMIT_LABELS
    size_t count;
};

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

/** A bucket: a byte of hash for each slot, the keys, the values, the next bucket. */
static void read_bucket(struct label_list *list, target_addr bucket)
{
    for (unsigned depth = 0; bucket && depth < OVERFLOW_MAX; depth++) {
        target_addr keys = bucket + BUCKET_SLOTS, values = keys + BUCKET_SLOTS * STRING_SIZE;
        for (unsigned i = 0; i < BUCKET_SLOTS && list->count < LIMIT_LABELS; i++) {
            uint8_t top;
            if (!address_space_try_u8(list->space, bucket + i, &top) || top < MIN_TOP_HASH)
                continue;
            target_addr offset = (target_addr)i * STRING_SIZE;
            list->items[list->count++] =
                (struct goroutine_label){read_string(list->space, keys + offset, list->arena),
                                         read_string(list->space, values + offset, list->arena)};
        }
        if (!address_space_try_u64(list->space, values + BUCKET_SLOTS * STRING_SIZE, &bucket))
            return;
    }
}

static void read_buckets(struct label_list *list, target_addr buckets, unsigned log)
{
    enum { BUCKET_SIZE = BUCKET_SLOTS + BUCKET_SLOTS * LABEL_SIZE + 8 };
    for (uint64_t i = 0; buckets && i < (uint64_t)1 << log; i++)
        read_bucket(list, buckets + i * BUCKET_SIZE);
}

static int by_key(const void *a, const void *b)
{
    const struct bytes *x = &((const struct goroutine_label *)a)->key;
    const struct bytes *y = &((const struct goroutine_label *)b)->key;
    size_t shorter = x->size < y->size ? x->size : y->size;
    int order = shorter ? memcmp(x->data, y->data, shorter) : 0;
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static size_t read_map(const struct address_space *space, target_addr labels, struct arena *arena,
                       struct goroutine_label **out)
{
    target_addr map, buckets, old;
    uint8_t log;
    if (!address_space_try_u64(space, labels, &map) || !map ||
        !address_space_try_u8(space, map + HMAP_BUCKETS_LOG, &log) || log > BUCKETS_LOG_MAX ||
        !address_space_try_u64(space, map + HMAP_BUCKETS, &buckets) ||
        !address_space_try_u64(space, map + HMAP_OLD_BUCKETS, &old))
        return 0;
    struct label_list list = {
        .space = space, .arena = arena, .items = arena_array(arena, LIMIT_LABELS, sizeof **out)};
    read_buckets(&list, buckets, log);
    if (old && log) // a map that grows has the rest of its entries there
        read_buckets(&list, old, log - 1u);
    if (list.count)
        qsort(list.items, list.count, sizeof *list.items, by_key);
    *out = list.items;
    return list.count;
}

size_t goroutine_labels_read(const struct scheduler *scheduler, const struct goroutine *g,
                             struct arena *arena, struct goroutine_label **out)
{
    const struct program *program = scheduler_program(scheduler);
    uint64_t list, count;
    *out = NULL;
    if (g->labels && program->release->minor < FIRST_LIST)
        return read_map(program->space, g->labels, arena, out);
    if (!g->labels || !address_space_try_u64(program->space, g->labels, &list) ||
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
