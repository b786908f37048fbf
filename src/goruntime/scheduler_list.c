// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "goruntime/allgs_search.h"
#include "scheduler_internal.h"

#include <inttypes.h>

/**
 * Entries of the list that can be read: a count alone makes no work. What segments that overlap
 * show many times is no more than the file.
 */
static uint64_t entries_present(const struct program *program, target_addr list, uint64_t count)
{
    uint64_t most = elf_file_bytes(core_file_elf(program->core)).size / 8;
    uint64_t wanted = 8 * (count < most ? count : most), there = 0;
    while (there < wanted) {
        struct bytes view = address_space_view(program->space, list + there, wanted - there);
        if (!view.size)
            break;
        there += view.size;
    }
    return there / 8;
}

static struct error *find_allgs(struct scheduler *scheduler)
{
    const struct program *program = scheduler->program;
    target_addr address;
    uint64_t count;
    if (!program_symbol(program, "runtime.allgs", &address))
        address = allgs_search(program);
    if (!address)
        return error_new(ERROR_NOT_FOUND, "the list of goroutines was not found in the core");
    if (!address_space_try_u64(program->space, address, &scheduler->allgs) ||
        !address_space_try_u64(program->space, address + 8, &count))
        return error_new(ERROR_UNMAPPED, "the list of goroutines (%#" PRIx64 ") is not in the core",
                         address);
    if (count && count <= LIMIT_GOROUTINES &&
        !address_space_has(program->space, scheduler->allgs, 8))
        return error_new(ERROR_UNMAPPED,
                         "the list of %" PRIu64 " goroutines (%#" PRIx64 ") is not in the core",
                         count, scheduler->allgs);
    if (count > LIMIT_GOROUTINES)
        return error_new(ERROR_CORRUPT,
                         "the list of goroutines claims %" PRIu64 " entries at %#" PRIx64, count,
                         scheduler->allgs);
    scheduler->allgs_claimed = count;
    scheduler->allgs_count = entries_present(program, scheduler->allgs, count);
    uint64_t size = 8 * scheduler->allgs_count;
    struct bytes list = address_space_view(program->space, scheduler->allgs, size);
    if (list.size == size)
        scheduler->list = list;
    return NULL;
}

/** The goroutines that memory shows, where the list of them is lost. */
static void search_instead(struct scheduler *scheduler, struct error *problem)
{
    size_t count;
    scheduler->found = goroutines_search(scheduler->program, &count);
    scheduler->allgs_count = scheduler->allgs_claimed = count;
    AUTO_TEXT text = {0};
    buffer_printf(&text, "%s; ", error_message(problem));
    if (count)
        buffer_printf(&text, "a search of the memory that is left found %zu: others may be missing",
                      count);
    else
        buffer_puts(&text, "a search of the memory that is left found none");
    scheduler->list_problem = alloc_string(buffer_text(&text));
    error_free(problem);
}

/** Adds an address to a set of 1 << bits places, never full; false where it is there already. */
static bool set_add(target_addr *places, unsigned bits, target_addr address)
{
    size_t mask = ((size_t)1 << bits) - 1, i = (size_t)(table_hash(address) & mask);
    while (places[i] && places[i] != address)
        i = (i + 1) & mask;
    bool added = !places[i];
    places[i] = address;
    return added;
}

/**
 * Whether no two g lie in the same few bytes: then none is listed twice. They come in spans, one
 * behind the other, so that a bit for each place is soon looked up; not where they lie far apart.
 */
static bool all_apart(const struct scheduler *scheduler, uint64_t count)
{
    enum { PLACE = 64, BYTES_FOR_EACH = 16 };
    target_addr low = UINT64_MAX, high = 0;
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        target_addr g = scheduler_goroutine_address(scheduler, i);
        low = g && g < low ? g : low;
        high = g > high ? g : high;
    }
    if (!count || (high - low) / PLACE / 8 >= BYTES_FOR_EACH * count)
        return false;
    AUTO_BUFFER uint8_t *bits = alloc_zeroed((size_t)((high - low) / PLACE / 8 + 1), 1);
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        target_addr g = scheduler_goroutine_address(scheduler, i);
        uint64_t place = (g - low) / PLACE;
        if (g && bits[place / 8] >> place % 8 & 1)
            return false;
        if (g)
            bits[place / 8] |= (uint8_t)(1u << place % 8);
    }
    return true;
}

/** No g is in the list twice. One that is, in a corrupt list, counts once. */
static void find_repeats(struct scheduler *scheduler)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < scheduler->allgs_count; i++)
        count += scheduler_goroutine_address(scheduler, i) != 0;
    if (all_apart(scheduler, count))
        return;
    unsigned bits = 4;
    while ((uint64_t)1 << bits < count + count / 2)
        bits++;
    AUTO_BUFFER target_addr *places = alloc_zeroed((size_t)1 << bits, sizeof *places);
    for (uint64_t i = 0; i < scheduler->allgs_count; i++) {
        target_addr g = scheduler_goroutine_address(scheduler, i);
        if (!g || set_add(places, bits, g))
            continue;
        if (!scheduler->repeats)
            scheduler->repeats = table_new();
        table_add(scheduler->repeats, i, NULL);
    }
}

uint64_t scheduler_goroutine_count(const struct scheduler *scheduler)
{
    return scheduler->allgs_count;
}

uint64_t scheduler_goroutines_missing(const struct scheduler *scheduler)
{
    return scheduler->allgs_claimed - scheduler->allgs_count;
}

const char *scheduler_list_problem(const struct scheduler *scheduler)
{
    return scheduler->list_problem;
}

target_addr scheduler_list_address(const struct scheduler *scheduler)
{
    return scheduler->found ? 0 : scheduler->allgs;
}

target_addr scheduler_goroutine_address(const struct scheduler *scheduler, uint64_t i)
{
    uint64_t address = 0;
    bool repeated = scheduler->repeats && table_find(scheduler->repeats, i);
    if (scheduler->found)
        return i < scheduler->allgs_count ? scheduler->found[i] : 0;
    if (i >= scheduler->allgs_count || repeated)
        return 0;
    if (scheduler->list.size)
        return load_u64(scheduler->list.data + 8 * i);
    address_space_try_u64(scheduler->program->space, scheduler->allgs + 8 * i, &address);
    return address;
}

void scheduler_find_list(struct scheduler *scheduler)
{
    struct error *err = find_allgs(scheduler);
    if (err)
        search_instead(scheduler, err);
    find_repeats(scheduler);
}
