// SPDX-License-Identifier: MIT
#include "goruntime/allgs_search.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "base/table.h"
#include "goruntime/scheduler.h"
#include "symbols/pclntab.h"

#include <elf.h>
#include <stdlib.h>

enum { CHECKED = 64, PAGE = 4096 };

struct range {
    target_addr start, end;
};

enum verdict { NO_GOROUTINE, DEAD_GOROUTINE, LIVE_GOROUTINE };

static uint64_t field(const struct program *program, target_addr g, enum go_field_id id, bool *ok)
{
    uint64_t value;
    *ok &= go_field_read(program->release, program->space, g, id, &value);
    return value;
}

/** @param cut  its stack need not be there */
static enum verdict judge(const struct program *program, target_addr g, bool cut)
{
    bool ok = true;
    if (g & 7 || g < PAGE || g >> 56)
        return NO_GOROUTINE;
    uint64_t status = field(program, g, FIELD_g_atomicstatus, &ok);
    uint64_t goid = field(program, g, FIELD_g_goid, &ok);
    uint64_t low = field(program, g, FIELD_g_stack_lo, &ok);
    uint64_t high = field(program, g, FIELD_g_stack_hi, &ok);
    uint64_t sp = field(program, g, FIELD_g_sched_sp, &ok);
    uint64_t pc = field(program, g, FIELD_g_startpc, &ok);
    uint64_t state = status & 0xfff;
    if (!ok || status & ~(uint64_t)0x1fff || state >= G_STATUS_COUNT || state == G_MORIBUND ||
        state == G_ENQUEUE || goid == 0 || goid >> 48)
        return NO_GOROUTINE;
    bool dead = state == G_DEAD || state == G_DEAD_EXTRA;
    if (low == 0 && high == 0) {
        if (!dead)
            return NO_GOROUTINE;
    } else if (low >= high || low & 7 || high - low > (uint64_t)4 << 30 ||
               (!cut && !address_space_has(program->space, high - 8, 8))) {
        return NO_GOROUTINE;
    }
    bool parked = state == G_RUNNABLE || state == G_WAITING || state == G_PREEMPTED;
    if (parked && !(low < sp && sp <= high))
        return NO_GOROUTINE;
    bool in_text = module_of_pc(program->modules, pc) != NULL;
    if (!in_text && pc != 0)
        return NO_GOROUTINE;
    return in_text && !dead ? LIVE_GOROUTINE : DEAD_GOROUTINE;
}

static bool ids_are_distinct(const struct program *program, const uint64_t *gs, size_t count)
{
    uint64_t ids[CHECKED];
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        ids[i] = field(program, gs[i], FIELD_g_goid, &ok);
        for (size_t k = 0; k < i; k++)
            if (ids[k] == ids[i])
                return false;
    }
    return ok;
}

static bool is_allgs(const struct program *program, const uint8_t *header)
{
    uint64_t data = load_u64(header), count = load_u64(header + 8),
             capacity = load_u64(header + 16);
    if (count == 0 || count > capacity || capacity >= LIMIT_GOROUTINES || data & 7 || data < PAGE ||
        data >> 56)
        return false;
    uint64_t gs[CHECKED];
    size_t checked = count < CHECKED ? count : CHECKED;
    bool live = false;
    for (size_t i = 0; i < checked; i++) {
        if (!address_space_try_u64(program->space, data + 8 * i, &gs[i]))
            return false;
        enum verdict verdict = judge(program, gs[i], false);
        if (verdict == NO_GOROUTINE)
            return false;
        live |= verdict == LIVE_GOROUTINE;
    }
    return live && ids_are_distinct(program, gs, checked);
}

/** Of several slices that pass, the longest: a shorter one could be a part of it. */
static void search_range(const struct program *program, struct range range, target_addr *best,
                         uint64_t *best_count)
{
    struct memory_scan scan = {.space = program->space,
                               .at = range.start,
                               .end = range.end,
                               .budget = elf_file_bytes(core_file_elf(program->core)).size};
    target_addr at;
    struct bytes view;
    while (memory_scan_next(&scan, &at, &view))
        for (size_t k = 0; k + 24 <= view.size; k += 8)
            if (load_u64(view.data + k + 8) > *best_count && is_allgs(program, view.data + k)) {
                *best = at + k;
                *best_count = load_u64(view.data + k + 8);
            }
}

target_addr allgs_search(const struct program *program)
{
    target_addr best = 0;
    uint64_t best_count = 0;
    if (!program->modules->count)
        return 0;
    const struct module *module = &program->modules->items[0];
    const struct range ranges[] = {
        {module->data, module->edata},
        {module->bss, module->ebss},
        {module->noptrdata, module->enoptrdata},
        {module->noptrbss, module->enoptrbss},
    };
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        search_range(program, ranges[i], &best, &best_count);
    return best;
}

/** A live g among others: with its number, which orders them. */
struct found {
    uint64_t goid;
    target_addr address;
};

struct found_list {
    struct found *items;
    size_t count, capacity;
};

static int by_goid(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->goid != y->goid)
        return x->goid < y->goid ? -1 : 1;
    return (x->address > y->address) - (x->address < y->address);
}

/** Cheap, for it is asked at every word: g.stack, then g.stackguard0. */
static bool has_stack(const uint8_t *g)
{
    enum { SMALLEST = 2048, LARGEST = 1 << 30 };
    // What stands in stackguard0 while the goroutine is asked to yield (runtime/stack.go).
    const uint64_t asked = UINT64_MAX - 0xffff;
    uint64_t low = load_u64(g), high = load_u64(g + 8), guard = load_u64(g + 16);
    uint64_t size = high - low;
    return low >= PAGE && !(low & 7) && high > low && size >= SMALLEST && size <= LARGEST &&
           !(size & (size - 1)) && ((low < guard && guard < high) || guard >= asked);
}

static bool starts_a_function(const struct program *program, target_addr g)
{
    uint64_t pc;
    struct pc_function function;
    return go_field_read(program->release, program->space, g, FIELD_g_startpc, &pc) &&
           pc_function_find(program->modules, pc, &function) && function.entry == pc;
}

static void search_goroutines(const struct program *program, struct memory_scan *scan,
                              struct found_list *found)
{
    target_addr at;
    struct bytes view;
    while (memory_scan_next(scan, &at, &view))
        for (size_t k = 0; k + 24 <= view.size && found->count < LIMIT_GOROUTINES; k += 8) {
            bool ok = true;
            if (!has_stack(view.data + k) || judge(program, at + k, true) != LIVE_GOROUTINE ||
                !starts_a_function(program, at + k))
                continue;
            ARRAY_PUSH(found->items, found->count, found->capacity) =
                (struct found){field(program, at + k, FIELD_g_goid, &ok), at + k};
        }
}

target_addr *goroutines_search(const struct program *program, size_t *count)
{
    struct found_list found = {0};
    struct memory_scan scan = {.space = program->space,
                               .budget = elf_file_bytes(core_file_elf(program->core)).size};
    size_t segment_count;
    const struct elf_segment *segments =
        elf_file_segments(core_file_elf(program->core), &segment_count);
    for (size_t i = 0; i < segment_count; i++)
        if (segments[i].type == PT_LOAD && segments[i].flags & PF_W) {
            scan.at = segments[i].address;
            scan.end = scan.at + segments[i].file_size;
            search_goroutines(program, &scan, &found);
        }
    if (found.count)
        qsort(found.items, found.count, sizeof *found.items, by_goid);
    target_addr *addresses = found.count ? alloc_zeroed(found.count, sizeof *addresses) : NULL;
    *count = 0;
    for (size_t i = 0; i < found.count; i++) // one number, one goroutine
        if (i == 0 || found.items[i].goid != found.items[i - 1].goid)
            addresses[(*count)++] = found.items[i].address;
    free(found.items);
    return addresses;
}
