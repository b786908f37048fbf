// SPDX-License-Identifier: MIT
#include "goruntime/panics.h"
#include "base/limits.h"
#include "base/table.h"
#include "symbols/known_variables.h"

#include <string.h>

enum { BACKLOG_SIZE = 512 };

static uint64_t field(const struct scheduler *scheduler, target_addr address, enum go_field_id id)
{
    const struct program *program = scheduler_program(scheduler);
    uint64_t value;
    go_field_read(program->release, program->space, address, id, &value);
    return value;
}

static bool read_panic(const struct scheduler *scheduler, target_addr address,
                       struct panic_record *out)
{
    const struct program *program = scheduler_program(scheduler);
    target_addr value = address + go_release_member(program->release, FIELD_panic_arg).offset;
    *out = (struct panic_record){.address = address};
    if (!address_space_try_u64(program->space, value, &out->type_word) ||
        !address_space_try_u64(program->space, value + 8, &out->data_word))
        return false;
    out->recovered = field(scheduler, address, FIELD_panic_recovered);
    out->repanicked = field(scheduler, address, FIELD_panic_repanicked);
    out->goexit = field(scheduler, address, FIELD_panic_goexit);
    return true;
}

size_t panics_read(const struct scheduler *scheduler, const struct goroutine *g,
                   struct arena *arena, struct panic_record **out)
{
    AUTO(table) seen = table_new();
    size_t count = 0;
    for (target_addr at = g->panic; at && count < LIMIT_PANICS; count++) {
        struct panic_record record;
        bool added;
        table_add(seen, at, &added);
        if (!added || !read_panic(scheduler, at, &record))
            break;
        at = field(scheduler, at, FIELD_panic_link);
    }
    struct panic_record *records = arena_array(arena, count, sizeof *records);
    target_addr at = g->panic; // the newest: it goes last
    for (size_t i = count; i-- > 0;) {
        if (!read_panic(scheduler, at, &records[i]))
            break;
        at = field(scheduler, at, FIELD_panic_link);
    }
    *out = records;
    return count;
}

/**
 * A line that ends without a line feed goes on where the ring begins: what it met is the ring's
 * end. Nothing is written behind it, so its end is where the oldest text begins.
 */
static bool unwrap_backlog(const uint8_t *low, const uint8_t *line, const uint8_t *end,
                           struct arena *arena, struct bytes *out)
{
    if (end - low < BACKLOG_SIZE || line < end - BACKLOG_SIZE ||
        memchr(line, '\n', (size_t)(end - line)))
        return false;
    const uint8_t *ring = end - BACKLOG_SIZE;
    const uint8_t *last = memchr(ring, '\n', (size_t)(line - ring));
    if (!last)
        return false;
    size_t newest = (size_t)(last + 1 - ring), oldest = BACKLOG_SIZE - newest;
    uint8_t *text = arena_alloc(arena, BACKLOG_SIZE + 1);
    memcpy(text, last + 1, oldest);
    memcpy(text + oldest, ring, newest);
    *out = (struct bytes){text, BACKLOG_SIZE};
    return true;
}

/**
 * Where neither symbols nor code tell of the ring: the "fatal error: " of noptrbss, where the ring
 * lies, with what was printed around it. The ring's unused bytes are zero; once it has wrapped its
 * start is not known, and the line alone is sure.
 */
static struct bytes search_backlog(const struct program *program, struct arena *arena)
{
    static const char mark[] = "fatal error: ";
    for (size_t i = 0; i < program->modules->count; i++) {
        const struct module *module = &program->modules->items[i];
        struct bytes view = address_space_view(program->space, module->noptrbss,
                                               module->enoptrbss - module->noptrbss);
        const uint8_t *hit = view.size ? memmem(view.data, view.size, mark, sizeof mark - 1) : NULL;
        if (!hit)
            continue;
        const uint8_t *start = hit, *end = hit, *limit = view.data + view.size;
        struct bytes wrapped;
        while (start > view.data && start[-1] && hit - start < BACKLOG_SIZE)
            start--;
        while (end < limit && *end && end - hit < BACKLOG_SIZE)
            end++;
        if (unwrap_backlog(view.data, hit, end, arena, &wrapped))
            return wrapped;
        if (end - start >= BACKLOG_SIZE) {
            const uint8_t *line_end = memchr(hit, '\n', (size_t)(end - hit));
            start = hit;
            end = line_end ? line_end : end;
        }
        size_t size = (size_t)(end - start);
        return (struct bytes){(const uint8_t *)arena_copy(arena, start, size), size};
    }
    return (struct bytes){0};
}

struct bytes print_backlog_read(const struct program *program, struct arena *arena)
{
    target_addr ring = 0, place = 0;
    uint8_t raw[BACKLOG_SIZE];
    uint64_t next;
    if (!program_variable(program, "runtime.printBacklog", &ring) ||
        !program_variable(program, "runtime.printBacklogIndex", &place) ||
        !address_space_try_read(program->space, ring, raw, sizeof raw) ||
        !address_space_try_u64(program->space, place, &next) || next > BACKLOG_SIZE)
        return search_backlog(program, arena);
    uint8_t *text = arena_alloc(arena, BACKLOG_SIZE + 1);
    size_t size = 0;
    for (size_t i = 0; i < BACKLOG_SIZE; i++) {
        uint8_t byte = raw[(next + i) % BACKLOG_SIZE];
        if (byte)
            text[size++] = byte;
    }
    return (struct bytes){text, size};
}
