// SPDX-License-Identifier: MIT
#include "image/address_space.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "base/limits.h"
#include "base/search.h"
#include "image/relocation_internal.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Bytes that are there. address + size does not overflow, size is not 0. */
struct range {
    target_addr address;
    uint64_t size;
    const uint8_t *data; // NULL where only the place matters
};

struct ranges {
    struct range *items;
    size_t count, capacity;
};

struct address_space {
    struct ranges ranges; // sorted, disjoint: what the core holds, between it what files hold
    uint8_t **owned;      // relocated copies of what files hold
    size_t owned_count, owned_capacity;
};

static target_addr range_end(const struct range *range)
{
    return range->address + range->size;
}

static void push(struct ranges *ranges, target_addr address, struct bytes bytes)
{
    uint64_t size = bytes.size;
    if (size > UINT64_MAX - address)
        size = UINT64_MAX - address;
    if (size)
        ARRAY_PUSH(ranges->items, ranges->count, ranges->capacity) =
            (struct range){.address = address, .size = size, .data = bytes.data};
}

/** The part of range that lies in [start, end). */
static void push_part(struct ranges *ranges, const struct range *range, target_addr start,
                      target_addr end)
{
    if (start < range->address)
        start = range->address;
    if (end > range_end(range))
        end = range_end(range);
    if (start >= end)
        return;
    const uint8_t *data = range->data ? range->data + (start - range->address) : NULL;
    push(ranges, start, (struct bytes){data, (size_t)(end - start)});
}

/** By address; of two that start together the larger first, then the one that comes first. */
static int compare(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return (x->data > y->data) - (x->data < y->data);
}

/** Sorts, and cuts off what overlaps: the range that starts first keeps its bytes. */
static void make_disjoint(struct ranges *ranges)
{
    struct ranges in = *ranges;
    *ranges = (struct ranges){0};
    if (in.count)
        qsort(in.items, in.count, sizeof *in.items, compare);
    target_addr end = 0;
    for (size_t i = 0; i < in.count; i++) {
        push_part(ranges, &in.items[i], end, UINT64_MAX);
        if (range_end(&in.items[i]) > end)
            end = range_end(&in.items[i]);
    }
    free(in.items);
}

/** Number of ranges that start at or below address. */
static size_t count_up_to(const struct ranges *ranges, target_addr address)
{
    return COUNT_WHILE(i, ranges->count, ranges->items[i].address <= address);
}

static bool contains(const struct range *range, target_addr address)
{
    return address - range->address < range->size; // wraps where it lies below
}

static const struct range *find(const struct address_space *space, target_addr address)
{
    // Of this thread, whichever space it was in: only places to look at first. Two, for what is
    // read of a stack and of the tables that say what lies there comes by turns.
    static _Thread_local size_t last_hit, other_hit;
    const struct ranges *ranges = &space->ranges;
    if (last_hit < ranges->count && contains(&ranges->items[last_hit], address))
        return &ranges->items[last_hit];
    if (!ranges->count || address < ranges->items[0].address)
        return NULL; // small numbers are asked for too
    size_t found = other_hit;
    if (found >= ranges->count || !contains(&ranges->items[found], address)) {
        size_t count = count_up_to(ranges, address);
        if (!count || !contains(&ranges->items[count - 1], address))
            return NULL;
        found = count - 1;
    }
    other_hit = last_hit;
    last_hit = found;
    return &ranges->items[found];
}

struct address_space *address_space_new(const struct core_file *core)
{
    struct address_space *space = alloc_zeroed(1, sizeof *space);
    struct bytes bytes = elf_file_bytes(core_file_elf(core));
    size_t count = 0;
    const struct elf_segment *segments = elf_file_segments(core_file_elf(core), &count);
    for (size_t i = 0; i < count; i++) {
        const struct elf_segment *segment = &segments[i];
        if (segment->type != PT_LOAD || segment->offset >= bytes.size)
            continue;
        uint64_t size = segment->file_size;
        if (size > bytes.size - segment->offset)
            size = bytes.size - segment->offset;
        push(&space->ranges, segment->address, bytes_slice(bytes, segment->offset, size));
    }
    make_disjoint(&space->ranges);
    return space;
}

/** Pushes what of a file in [start, end) relocation changes; the words it does not tell are left
 * out. */
static void push_relocated(struct address_space *space, const struct elf_file *file,
                           target_addr bias, const struct range *part, uint64_t *budget,
                           struct ranges *out)
{
    struct relocated_list list = {0};
    relocate(file, bias, part->address, range_end(part), budget, &list);
    for (size_t i = 0; i < list.count; i++) {
        const struct range one = {list.items[i].address, list.items[i].size, list.items[i].data};
        target_addr at = one.address;
        ARRAY_PUSH(space->owned, space->owned_count, space->owned_capacity) = list.items[i].data;
        for (size_t k = 0; k < list.unknown_count; k++) {
            push_part(out, &one, at, list.unknown[k]);
            if (list.unknown[k] >= at && contains(&one, list.unknown[k]))
                at = list.unknown[k] + 8;
        }
        push_part(out, &one, at, range_end(&one));
    }
    relocated_list_clear(&list);
}

struct address_space *address_space_new_initial(const struct elf_file *file, target_addr bias)
{
    struct address_space *space = alloc_zeroed(1, sizeof *space);
    uint64_t budget = elf_file_bytes(file).size;
    size_t count = 0, parts = 0;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        struct bytes bytes = elf_file_at(file, segments[i].address, segments[i].file_size);
        struct ranges one = {0};
        if (segments[i].type == PT_LOAD)
            push(&one, segments[i].address + bias, bytes);
        bool moved = one.count && elf_file_type(file) == ET_DYN;
        if (moved && parts++ < LIMIT_RELOCATED_PARTS)
            push_relocated(space, file, bias, &one.items[0], &budget, &space->ranges);
        else if (one.count && !moved)
            push_part(&space->ranges, &one.items[0], 0, UINT64_MAX);
        free(one.items);
    }
    make_disjoint(&space->ranges);
    return space;
}

void address_space_free(struct address_space *space)
{
    if (!space)
        return;
    for (size_t i = 0; i < space->owned_count; i++)
        free(space->owned[i]);
    free(space->owned);
    free(space->ranges.items);
    free(space);
}

/** Adds the parts of range that no range of the space covers. */
static void push_gaps(const struct ranges *covered, const struct range *range, struct ranges *out)
{
    target_addr start = range->address;
    size_t i = count_up_to(covered, start);
    for (i = i ? i - 1 : 0; i < covered->count && start < range_end(range); i++) {
        const struct range *cover = &covered->items[i];
        push_part(out, range, start, cover->address);
        if (range_end(cover) > start)
            start = range_end(cover);
    }
    push_part(out, range, start, range_end(range));
}

/** Where the dynamic linker writes before it makes that read-only. */
static struct ranges relro_of(const struct elf_file *file, target_addr bias)
{
    struct ranges relro = {0};
    size_t count = 0;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_GNU_RELRO && segments[i].memory_size)
            push(&relro, segments[i].address + bias, (struct bytes){NULL, segments[i].memory_size});
    make_disjoint(&relro);
    return relro;
}

/**
 * The bytes of a file that the process cannot have changed. PT_GNU_RELRO lies in a writable
 * segment, or, from some linkers, in a read-only one of its own.
 */
static void push_read_only(const struct elf_file *file, target_addr bias, struct ranges *out)
{
    struct ranges relro = relro_of(file, bias);
    size_t count = 0;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_LOAD || segments[i].flags & PF_W)
            continue;
        struct bytes bytes = elf_file_at(file, segments[i].address, segments[i].file_size);
        struct ranges one = {0};
        push(&one, segments[i].address + bias, bytes);
        if (one.count)
            push_gaps(&relro, &one.items[0], out);
        free(one.items);
    }
    free(relro.items);
}

/** What the loader wrote and the core lost: the file tells it again. */
static void push_lost_relro(struct address_space *space, const struct elf_file *file,
                            target_addr bias, struct ranges *out)
{
    if (elf_file_type(file) != ET_DYN)
        return;
    struct ranges relro = relro_of(file, bias), lost = {0};
    uint64_t budget = elf_file_bytes(file).size;
    for (size_t i = 0; i < relro.count; i++)
        push_gaps(&space->ranges, &relro.items[i], &lost);
    for (size_t i = 0; i < lost.count && i < LIMIT_RELOCATED_PARTS; i++)
        push_relocated(space, file, bias, &lost.items[i], &budget, out);
    free(relro.items);
    free(lost.items);
}

void address_space_add_file(struct address_space *space, const struct elf_file *file,
                            target_addr bias)
{
    struct ranges added = {0};
    push_read_only(file, bias, &added);
    push_lost_relro(space, file, bias, &added);
    make_disjoint(&added);
    struct ranges gaps = {0};
    for (size_t i = 0; i < added.count; i++)
        push_gaps(&space->ranges, &added.items[i], &gaps);
    for (size_t i = 0; i < gaps.count; i++)
        ARRAY_PUSH(space->ranges.items, space->ranges.count, space->ranges.capacity) =
            gaps.items[i];
    free(added.items);
    free(gaps.items);
    make_disjoint(&space->ranges);
}

struct bytes address_space_view(const struct address_space *space, target_addr address,
                                size_t max_size)
{
    const struct range *range = find(space, address);
    if (!range)
        return (struct bytes){0};
    uint64_t skip = address - range->address, left = range->size - skip;
    return (struct bytes){range->data + skip, left < max_size ? (size_t)left : max_size};
}

void address_space_prefetch(const struct address_space *space, target_addr address, size_t size)
{
    enum { CACHE_LINE = 64 };
    struct bytes bytes = address_space_view(space, address, size);
    for (size_t i = 0; i < bytes.size; i += CACHE_LINE)
        __builtin_prefetch(bytes.data + i);
}

/** The first address at or above this one that can be read; UINT64_MAX where there is none. */
static target_addr next_present(const struct address_space *space, target_addr address)
{
    if (find(space, address))
        return address;
    size_t above = count_up_to(&space->ranges, address);
    return above < space->ranges.count ? space->ranges.items[above].address : UINT64_MAX;
}

bool memory_scan_next(struct memory_scan *scan, target_addr *address, struct bytes *piece)
{
    while (scan->at < scan->end) {
        target_addr at = next_present(scan->space, scan->at);
        if (at > UINT64_MAX - 7)
            return false;
        at = (at + 7) & ~(target_addr)7;
        if (at >= scan->end)
            return false;
        struct bytes view = address_space_view(scan->space, at, scan->end - at);
        uint64_t step = view.size < 8 ? 8 : view.size & ~(size_t)7;
        if (view.size > scan->budget) {
            scan->exhausted = true;
            return false;
        }
        scan->budget -= view.size;
        scan->at = step < scan->end - at ? at + step : scan->end;
        if (view.size >= 8) {
            *address = at;
            *piece = view;
            return true;
        }
    }
    return false;
}

bool address_space_try_read(const struct address_space *space, target_addr address, void *out,
                            size_t size)
{
    for (uint8_t *to = out; size;) {
        struct bytes part = address_space_view(space, address, size);
        if (!part.size)
            return false;
        memcpy(to, part.data, part.size);
        to += part.size;
        address += part.size;
        size -= part.size;
    }
    return true;
}

/** How many bytes from address on can be read, at most size. */
static uint64_t readable(const struct address_space *space, target_addr address, uint64_t size)
{
    uint64_t done = 0;
    while (done < size) {
        struct bytes part = address_space_view(space, address + done, size - done);
        if (!part.size)
            break;
        done += part.size;
    }
    return done;
}

bool address_space_has(const struct address_space *space, target_addr address, uint64_t size)
{
    return readable(space, address, size) == size;
}

struct error *address_space_read(const struct address_space *space, target_addr address, void *out,
                                 size_t size)
{
    uint64_t there = readable(space, address, size);
    if (there < size)
        return error_new(ERROR_UNMAPPED, "address %#" PRIx64 " is not in the core file",
                         address + there);
    bool ok = address_space_try_read(space, address, out, size);
    (void)ok; // asked above
    return NULL;
}

// Numbers are read by the million: nearly all lie within one range, and then a load of known size
// does where a copy of any size would be a call.
bool address_space_try_u64(const struct address_space *space, target_addr address, uint64_t *out)
{
    struct bytes part = address_space_view(space, address, 8);
    uint8_t copy[8] = {0};
    if (part.size < sizeof copy) {
        if (!address_space_try_read(space, address, copy, sizeof copy))
            return false;
        part.data = copy;
    }
    *out = load_u64(part.data);
    return true;
}

bool address_space_try_u32(const struct address_space *space, target_addr address, uint32_t *out)
{
    struct bytes part = address_space_view(space, address, 4);
    uint8_t copy[4] = {0};
    if (part.size < sizeof copy) {
        if (!address_space_try_read(space, address, copy, sizeof copy))
            return false;
        part.data = copy;
    }
    *out = load_u32(part.data);
    return true;
}

bool address_space_try_u8(const struct address_space *space, target_addr address, uint8_t *out)
{
    return address_space_try_read(space, address, out, 1);
}

struct error *address_space_u64(const struct address_space *space, target_addr address,
                                uint64_t *out)
{
    uint8_t bytes[8] = {0};
    struct error *err = address_space_read(space, address, bytes, sizeof bytes);
    if (!err)
        *out = load_u64(bytes);
    return err;
}
