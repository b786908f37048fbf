// SPDX-License-Identifier: MIT
#include "goruntime/heap_marks.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "base/search.h"
#include "sched_search.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE = 8192, ///< of the heap
    IN_USE = 1,  ///< mspan.state
    PAGES_MAX = 1 << 27,
    OBJECTS_MAX = 1 << 16, ///< of a span: those of 8 bytes are 1,024 on a page
    SIZES_EXCLUDED = 2,
    SPANS_USED = 4,
    SPANS_CHECKED = 16, ///< of a slice that may be mheap.allspans
};

/** A stretch of the heap with objects of one size. */
struct span {
    target_addr start, end;
    uint64_t object_size, object_count;
    bool has_pointers;
    uint64_t *marked;   ///< a bit an object; NULL until one is
    uint64_t *excluded; ///< the same
};

struct heap_marks {
    const struct program *program;
    struct span *spans;
    size_t span_count, span_capacity;
    target_addr low, high;
    uint32_t
        *by_page; ///< page from low on → index of its span + 1; NULL: the heap is too scattered
    target_addr *pending; ///< objects whose words were not looked at yet
    size_t pending_count, pending_capacity;
    uint64_t excluded_sizes[SIZES_EXCLUDED]; ///< objects of these lead nowhere
    size_t excluded_size_count;
    uint64_t budget; ///< bytes
    bool overrun;
};

static bool read_span(const struct program *program, target_addr address, struct span *out)
{
    const struct go_struct raw = go_struct_at(program->release, program->space, address);
    uint64_t pages = go_struct_field(&raw, FIELD_mspan_npages);
    uint64_t start = go_struct_field(&raw, FIELD_mspan_startAddr);
    uint64_t size = go_struct_field(&raw, FIELD_mspan_elemsize);
    uint64_t class = go_struct_field(&raw, FIELD_mspan_spanclass);
    if (go_struct_field(&raw, FIELD_mspan_state) != IN_USE || !start || start % PAGE ||
        start >> 56 || !pages || pages > PAGES_MAX || !size)
        return false;
    *out = (struct span){.start = start,
                         .end = start + pages * PAGE,
                         .object_size = size,
                         .object_count = pages * PAGE / size,
                         .has_pointers = !(class & 1)};
    return out->object_count > 0 && out->object_count <= OBJECTS_MAX;
}

/**
 * Whether a slice's first elements are spans, in use or not. Some may never have been: the runtime
 * lists those that it has made ahead, all zero (one real occurrence: the 14th on of a small heap).
 */
static bool is_allspans(const struct program *program, target_addr header)
{
    uint64_t data, count, capacity, address;
    if (!address_space_try_u64(program->space, header, &data) ||
        !address_space_try_u64(program->space, header + 8, &count) ||
        !address_space_try_u64(program->space, header + 16, &capacity) || !data || data % 8 ||
        count < SPANS_CHECKED || count > capacity || capacity > LIMIT_SPANS)
        return false;
    unsigned used = 0;
    for (uint64_t i = 0; i < SPANS_CHECKED; i++) {
        uint64_t start, pages;
        if (!address_space_try_u64(program->space, data + 8 * i, &address) || !address ||
            address % 8 ||
            !go_field_read(program->release, program->space, address, FIELD_mspan_startAddr,
                           &start) ||
            !go_field_read(program->release, program->space, address, FIELD_mspan_npages, &pages))
            return false;
        if (i > 0 && !start && !pages)
            continue;
        used++;
        if (!start || start % PAGE || start >> 56 || !pages || pages > PAGES_MAX)
            return false;
    }
    return used >= SPANS_USED;
}

static bool find_among(const struct program *program, target_addr start, target_addr end,
                       target_addr *out)
{
    for (target_addr at = (start + 7) & ~(target_addr)7; at < end && end - at >= 24; at += 8)
        if (is_allspans(program, at)) {
            *out = at;
            return true;
        }
    return false;
}

/**
 * mheap_.allspans; without symbols the one place among the variables that looks like it. mheap_
 * itself lies in bss or, for what it points to is not in the heap, among those without
 * pointers.
 */
static bool find_allspans(const struct program *program, target_addr *out)
{
    if (program_symbol(program, "runtime.mheap_", out)) {
        *out += go_release_member(program->release, FIELD_mheap_allspans).offset;
        return true;
    }
    if (!program->modules->count)
        return false;
    const struct module *module = &program->modules->items[0];
    return find_among(program, module->bss, module->ebss, out) ||
           find_among(program, module->noptrbss, module->enoptrbss, out);
}

static int by_start(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/** Spans that overlap, as those of a broken heap may, would share objects: the first stays. */
static void sort_spans(struct heap_marks *marks)
{
    size_t kept = 0;
    for (size_t i = 1; i < marks->span_count; i++)
        if (by_start(&marks->spans[i - 1], &marks->spans[i]) > 0) {
            qsort(marks->spans, marks->span_count, sizeof *marks->spans, by_start);
            break;
        }
    for (size_t i = 0; i < marks->span_count; i++)
        if (kept == 0 || marks->spans[i].start >= marks->spans[kept - 1].end)
            marks->spans[kept++] = marks->spans[i];
    marks->span_count = kept;
    marks->low = marks->spans[0].start;
    marks->high = marks->spans[kept - 1].end;
}

/** The heap lies together, but for a few arenas: then a page's span is looked up at once. */
static void index_pages(struct heap_marks *marks)
{
    enum { PAGES_A_SPAN = 64 };
    uint64_t pages = (marks->high - marks->low) / PAGE;
    if (pages / PAGES_A_SPAN > marks->span_count + SPANS_CHECKED)
        return;
    marks->by_page = alloc_zeroed((size_t)pages, sizeof *marks->by_page);
    for (size_t i = 0; i < marks->span_count; i++)
        for (target_addr at = marks->spans[i].start; at < marks->spans[i].end; at += PAGE)
            marks->by_page[(at - marks->low) / PAGE] = (uint32_t)i + 1;
}

static bool read_spans(struct heap_marks *marks)
{
    enum { AHEAD = 16, SPAN_BYTES = 128 };
    const struct program *program = marks->program;
    target_addr header, address;
    uint64_t data, count;
    if (!find_allspans(program, &header) || !address_space_try_u64(program->space, header, &data) ||
        !address_space_try_u64(program->space, header + 8, &count) || count > LIMIT_SPANS)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        struct span span;
        if (i + AHEAD < count &&
            address_space_try_u64(program->space, data + 8 * (i + AHEAD), &address))
            address_space_prefetch(program->space, address, SPAN_BYTES);
        if (!address_space_try_u64(program->space, data + 8 * i, &address))
            return false;
        if (read_span(program, address, &span))
            ARRAY_PUSH(marks->spans, marks->span_count, marks->span_capacity) = span;
    }
    if (marks->span_count) {
        sort_spans(marks);
        index_pages(marks);
    }
    return marks->span_count > 0;
}

struct heap_marks *heap_marks_new(const struct program *program)
{
    AUTO(heap_marks) marks = alloc_zeroed(1, sizeof *marks);
    marks->program = program;
    marks->budget = LIMIT_MARKED_BYTES;
    return read_spans(marks) ? TAKE(marks) : NULL;
}

void heap_marks_free(struct heap_marks *marks)
{
    if (!marks)
        return;
    for (size_t i = 0; i < marks->span_count; i++) {
        free(marks->spans[i].marked);
        free(marks->spans[i].excluded);
    }
    free(marks->spans);
    free(marks->by_page);
    free(marks->pending);
    free(marks);
}

static struct span *span_of(const struct heap_marks *marks, target_addr address)
{
    if (address < marks->low || address >= marks->high)
        return NULL;
    if (marks->by_page) {
        uint32_t number = marks->by_page[(address - marks->low) / PAGE];
        return number ? &marks->spans[number - 1] : NULL;
    }
    size_t begun = COUNT_WHILE(i, marks->span_count, marks->spans[i].start <= address);
    return begun && address < marks->spans[begun - 1].end ? &marks->spans[begun - 1] : NULL;
}

static bool has_bit(const uint64_t *bits, uint64_t index)
{
    return bits && (bits[index / 64] >> index % 64 & 1);
}

static void set_bit(const struct span *span, uint64_t **bits, uint64_t index)
{
    if (!*bits)
        *bits = alloc_zeroed((size_t)(span->object_count / 64 + 1), sizeof **bits);
    (*bits)[index / 64] |= (uint64_t)1 << index % 64;
}

void heap_marks_exclude(struct heap_marks *marks, target_addr object)
{
    struct span *span = span_of(marks, object);
    uint64_t index = span ? (object - span->start) / span->object_size : 0;
    if (span && index < span->object_count && span->start + index * span->object_size == object)
        set_bit(span, &span->excluded, index);
}

bool heap_marks_exclude_size(struct heap_marks *marks, target_addr object)
{
    const struct span *span = span_of(marks, object);
    if (!span || marks->excluded_size_count == SIZES_EXCLUDED)
        return false;
    marks->excluded_sizes[marks->excluded_size_count++] = span->object_size;
    return true;
}

void heap_marks_restart(struct heap_marks *marks)
{
    for (size_t i = 0; i < marks->span_count; i++) {
        free(marks->spans[i].marked);
        free(marks->spans[i].excluded);
        marks->spans[i].marked = marks->spans[i].excluded = NULL;
    }
    marks->excluded_size_count = marks->pending_count = 0;
    marks->budget = LIMIT_MARKED_BYTES;
    marks->overrun = false;
}

static bool leads_nowhere(const struct heap_marks *marks, const struct span *span, uint64_t index)
{
    for (size_t i = 0; i < marks->excluded_size_count; i++)
        if (marks->excluded_sizes[i] == span->object_size)
            return true;
    return !span->has_pointers || has_bit(span->excluded, index);
}

void heap_marks_from_word(struct heap_marks *marks, uint64_t word)
{
    struct span *span = span_of(marks, word);
    if (!span)
        return;
    uint64_t index = (word - span->start) / span->object_size;
    if (index >= span->object_count)
        return;
    target_addr object = span->start + index * span->object_size;
    if (has_bit(span->marked, index))
        return;
    set_bit(span, &span->marked, index);
    if (!leads_nowhere(marks, span, index))
        ARRAY_PUSH(marks->pending, marks->pending_count, marks->pending_capacity) = object;
}

void heap_marks_from_range(struct heap_marks *marks, target_addr start, target_addr end)
{
    struct memory_scan scan = {
        .space = marks->program->space, .at = start, .end = end, .budget = marks->budget};
    target_addr address;
    struct bytes piece;
    while (memory_scan_next(&scan, &address, &piece))
        for (size_t i = 0; i + 8 <= piece.size; i += 8) {
            uint64_t word = load_u64(piece.data + i);
            if (word >= marks->low && word < marks->high)
                heap_marks_from_word(marks, word);
        }
    marks->budget = scan.budget;
    marks->overrun |= scan.exhausted;
}

/**
 * A p keeps an address of its page cache that is no pointer (it follows m and mcache), and in its
 * write barrier's buffer pointers that are long gone.
 */
static void mark_p(struct heap_marks *marks, target_addr p)
{
    enum { BEFORE_PAGES = 16, PAGES_SIZE = 24 };
    const struct go_release *release = marks->program->release;
    struct go_member m = go_release_member(release, FIELD_p_m),
                     buffer = go_release_member(release, FIELD_p_wbBuf);
    const struct span *span = span_of(marks, p);
    uint64_t size = span ? span->object_size : 0;
    if (!m.present || !buffer.present || size < buffer.offset + buffer.size)
        return;
    heap_marks_exclude(marks, p);
    heap_marks_from_range(marks, p, p + m.offset + BEFORE_PAGES);
    heap_marks_from_range(marks, p + m.offset + BEFORE_PAGES + PAGES_SIZE, p + buffer.offset);
    heap_marks_from_range(marks, p + buffer.offset + buffer.size, p + size);
}

static void mark_all_p(struct heap_marks *marks)
{
    const struct program *program = marks->program;
    uint64_t list, count, address, p;
    bool found =
        program_symbol(program, "runtime.allp", &address) || (address = allp_search(program));
    if (!found || !address_space_try_u64(program->space, address, &list) ||
        !address_space_try_u64(program->space, address + 8, &count))
        return;
    for (uint64_t i = 0; i < count && i < LIMIT_MS; i++)
        if (address_space_try_u64(program->space, list + 8 * i, &p))
            mark_p(marks, p);
}

void heap_marks_from_globals(struct heap_marks *marks)
{
    mark_all_p(marks);
    const struct module_list *modules = marks->program->modules;
    for (size_t i = 0; i < modules->count; i++) {
        const struct module *module = &modules->items[i];
        heap_marks_from_range(marks, module->data, module->edata);
        heap_marks_from_range(marks, module->bss, module->ebss);
    }
}

bool heap_marks_run(struct heap_marks *marks)
{
    while (marks->pending_count > 0 && !marks->overrun) {
        target_addr object = marks->pending[--marks->pending_count];
        const struct span *span = span_of(marks, object);
        heap_marks_from_range(marks, object, object + span->object_size);
    }
    return !marks->overrun;
}

bool heap_marks_reached(const struct heap_marks *marks, target_addr address)
{
    const struct span *span = span_of(marks, address);
    if (!span)
        return true;
    uint64_t index = (address - span->start) / span->object_size;
    return index >= span->object_count || has_bit(span->marked, index);
}
