// SPDX-License-Identifier: MIT
#include "goruntime/defers.h"
#include "base/limits.h"
#include "base/table.h"

#include <string.h>

enum { RECORD_SIZE = 72 }; ///< of a _defer, up to 1.21

/** The list as it grows. */
struct defer_reader {
    const struct program *program;
    struct arena *arena;
    struct table *seen; ///< addresses of records
    size_t *budget;
    struct defer_record *records;
    size_t count, capacity;
};

static uint64_t field(const struct defer_reader *reader, target_addr address, enum go_field_id id)
{
    uint64_t value;
    go_field_read(reader->program->release, reader->program->space, address, id, &value);
    return value;
}

static void add(struct defer_reader *reader, target_addr record, target_addr pc, target_addr sp)
{
    if (reader->count == reader->capacity) {
        size_t capacity = reader->capacity ? 2 * reader->capacity : 8;
        struct defer_record *records = arena_array(reader->arena, capacity, sizeof *records);
        if (reader->count)
            memcpy(records, reader->records, reader->count * sizeof *records);
        reader->records = records;
        reader->capacity = capacity;
    }
    struct defer_record *out = &reader->records[reader->count++];
    *out = (struct defer_record){.pc = pc, .sp = sp};
    const struct address_space *space = reader->program->space;
    uint32_t size;
    out->closure = field(reader, record, FIELD_defer_fn);
    address_space_try_u64(space, out->closure, &out->function);
    // Up to 1.17 the arguments' size begins the record, and they follow it.
    if (reader->program->release->minor <= 17 && address_space_try_u32(space, record, &size) &&
        size >= 8)
        address_space_try_u64(space, record + RECORD_SIZE, &out->argument);
}

/** Moves on to a record; false at the list's end, wherever that is. */
static bool next_record(struct defer_reader *reader, target_addr *record, target_addr link)
{
    uint64_t unused;
    bool added;
    *record = link;
    if (!link || !*reader->budget ||
        !go_field_read(reader->program->release, reader->program->space, link, FIELD_defer_link,
                       &unused))
        return false;
    --*reader->budget;
    table_add(reader->seen, link, &added);
    return added;
}

/** Calls deferred in the body of a range over a function (1.22+) hang on a list of their own. */
static void add_range_list(struct defer_reader *reader, target_addr outer)
{
    target_addr pc = field(reader, outer, FIELD_defer_pc),
                sp = field(reader, outer, FIELD_defer_sp);
    target_addr record, first = 0;
    address_space_try_u64(reader->program->space, field(reader, outer, FIELD_defer_head), &first);
    for (bool more = next_record(reader, &record, first); more;
         more = next_record(reader, &record, field(reader, record, FIELD_defer_link)))
        add(reader, record, pc, sp);
}

size_t defers_read(const struct scheduler *scheduler, const struct goroutine *g,
                   struct arena *arena, size_t *budget, struct defer_record **out)
{
    *out = NULL;
    if (!g->defer)
        return 0;
    AUTO(table) seen = table_new();
    struct defer_reader reader = {
        .program = scheduler_program(scheduler), .arena = arena, .seen = seen, .budget = budget};
    target_addr record;
    for (bool more = next_record(&reader, &record, g->defer); more;
         more = next_record(&reader, &record, field(&reader, record, FIELD_defer_link))) {
        // Up to 1.21 a record stays while its call runs, and a panic makes one for each frame with
        // open-coded defers.
        if (field(&reader, record, FIELD_defer_started) ||
            field(&reader, record, FIELD_defer_openDefer))
            continue;
        if (field(&reader, record, FIELD_defer_rangefunc))
            add_range_list(&reader, record);
        else
            add(&reader, record, field(&reader, record, FIELD_defer_pc),
                field(&reader, record, FIELD_defer_sp));
    }
    *out = reader.records;
    return reader.count;
}

/** A little-endian base 128 number; false where memory or 32 bits end first. */
static bool read_varint(const struct address_space *space, target_addr *at, uint32_t *out)
{
    uint64_t value = 0;
    uint8_t byte;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (!address_space_try_u8(space, (*at)++, &byte))
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = (uint32_t)value;
            return value <= UINT32_MAX;
        }
    }
    return false;
}

/** What a function's funcdata says of its open-coded defers: distances below varp. */
struct open_defers {
    uint32_t bits;
    uint32_t closures[OPEN_DEFERS_MAX];  ///< where the i-th function value lies
    uint32_t arguments[OPEN_DEFERS_MAX]; ///< and its first argument, 0: it has none
    size_t count;
};

/** Up to 1.17 a call's arguments follow its closure: three numbers each, the first its place. */
static bool read_arguments(const struct address_space *space, target_addr *at, uint32_t *first)
{
    uint32_t count, number;
    if (!read_varint(space, at, &count) || count > LIMIT_VARIABLES)
        return false;
    for (uint32_t i = 0; i < 3 * count; i++) {
        if (!read_varint(space, at, &number))
            return false;
        if (i == 0)
            *first = number;
    }
    return true;
}

/** The list of 1.15 to 1.21: one entry for each defer, the last one first. */
static bool read_list(const struct address_space *space, target_addr at, int minor,
                      struct open_defers *out)
{
    uint32_t unused, count;
    if ((minor <= 17 && !read_varint(space, &at, &unused)) ||
        !read_varint(space, &at, &out->bits) || !read_varint(space, &at, &count) ||
        count > OPEN_DEFERS_MAX)
        return false;
    out->count = count;
    for (size_t i = count; i-- > 0;)
        if ((minor <= 17 && !read_varint(space, &at, &unused)) ||
            !read_varint(space, &at, &out->closures[i]) ||
            (minor <= 17 && !read_arguments(space, &at, &out->arguments[i])))
            return false;
    return true;
}

static bool read_info(const struct address_space *space, target_addr at, int minor,
                      struct open_defers *out)
{
    uint32_t slots;
    if (minor < 22)
        return read_list(space, at, minor, out);
    if (!read_varint(space, &at, &out->bits) || !read_varint(space, &at, &slots))
        return false;
    out->count = OPEN_DEFERS_MAX;
    for (uint32_t i = 0; i < OPEN_DEFERS_MAX; i++)
        out->closures[i] = slots - 8 * i;
    return true;
}

size_t open_defers_read(const struct program *program, const struct stack_frame *frame,
                        struct open_defer out[OPEN_DEFERS_MAX])
{
    const struct address_space *space = program->space;
    target_addr at = pc_function_funcdata(&frame->function, FUNCDATA_OPEN_DEFERS);
    target_addr top = frame->fp - program->arch->call_pushes;
    struct open_defers info = {0};
    uint8_t bits;
    // In the prologue the frame is not there yet.
    if (!at || top <= frame->sp || !read_info(space, at, frame->function.module->minor, &info))
        return 0;
    target_addr varp = top - 8; // below the saved frame pointer
    if (!address_space_try_u8(space, varp - info.bits, &bits))
        return 0;
    size_t count = 0;
    for (size_t i = info.count; i-- > 0;) {
        if (!(bits >> i & 1))
            continue;
        struct open_defer *defer = &out[count++];
        *defer = (struct open_defer){0};
        if (address_space_try_u64(space, varp - info.closures[i], &defer->closure))
            address_space_try_u64(space, defer->closure, &defer->function);
        if (info.arguments[i])
            address_space_try_u64(space, varp - info.arguments[i], &defer->argument);
    }
    return count;
}
