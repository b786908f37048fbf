// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "trace.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum {
    FUNCTION_MAX = 1 << 17, // bytes of one function that are decoded
    EXPOSED_SIZE = 64,      // bytes behind an address on the stack that a callee may write
    WORD = 8,
};

/** Number of the instruction that begins at an address, count where none does. */
static size_t index_of(const struct trace *trace, target_addr address)
{
    size_t low = 0, high = trace->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (trace->starts[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < trace->count && trace->starts[low] == address ? low : trace->count;
}

size_t flow_target(const struct trace *trace, size_t at)
{
    const struct instruction *one = &trace->instructions[at];
    if (one->kind != INSTRUCTION_JUMP || one->conditional || !one->has_constant)
        return 0;
    size_t target = index_of(trace, (target_addr)one->constant);
    return target < trace->count ? target : 0;
}

const char *flow_callee(const struct trace *trace, size_t at, struct pc_function *function)
{
    const struct instruction *call = &trace->instructions[at];
    if (!call->has_constant ||
        !pc_function_find(trace->analysis->program->modules, (target_addr)call->constant, function))
        return NULL;
    return pc_function_name(function);
}

/** Whether a call never comes back: the code behind it is another way's. */
static bool never_returns(const struct trace *trace, size_t at)
{
    static const char *const starts[] = {"runtime.panic", "runtime.goPanic", "runtime.throw",
                                         "runtime.fatal", "runtime.gopanic", "runtime.block"};
    struct pc_function function;
    const char *name = flow_callee(trace, at, &function);
    if (!name || strcmp(name, "runtime.panicwrap") == 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

/**
 * The registers that a routine of the runtime's own convention changes; all others come out as they
 * went in. 0: it keeps to the convention of all calls.
 */
static uint64_t changed_by(const struct trace *trace, size_t at)
{
    // A write barrier gives its buffer in R11 or R25; Duff's devices go on with their pointers
    // (asm_amd64.s, asm_arm64.s, duff_amd64.s, duff_arm64.s; DWARF numbers 4 and 5 are RSI and
    // RDI).
    static const struct {
        const char *name;
        uint64_t amd64, arm64;
    } routines[] = {
        {"runtime.gcWriteBarrier", 1U << 11, 1U << 25},
        {"runtime.duffzero", 1U << 5, 1U << 20},
        {"runtime.duffcopy", 1U << 4 | 1U << 5, 1U << 20 | 1U << 21 | 1U << 26 | 1U << 27},
    };
    struct pc_function function;
    const char *name = flow_callee(trace, at, &function);
    bool amd64 = trace->analysis->program->arch->machine == EM_X86_64;
    for (size_t i = 0; name && i < COUNT_OF(routines); i++)
        if (strncmp(name, routines[i].name, strlen(routines[i].name)) == 0)
            return amd64 ? routines[i].amd64 : routines[i].arm64;
    return 0;
}

static void find_stops(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++) {
        const struct instruction *one = &trace->instructions[i];
        trace->changes[i] = one->kind == INSTRUCTION_CALL ? changed_by(trace, i) : 0;
        trace->stops[i] = (one->kind == INSTRUCTION_JUMP && !one->conditional) ||
                          one->operation == OPERATION_STOP ||
                          (one->kind == INSTRUCTION_CALL && never_returns(trace, i));
    }
}

/** Lists the sources of jumps by their targets. */
static void find_ways(struct trace *trace)
{
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < trace->count; i++) {
            const struct instruction *one = &trace->instructions[i];
            size_t target = one->kind == INSTRUCTION_JUMP && one->has_constant
                                ? index_of(trace, (target_addr)one->constant)
                                : trace->count;
            if (target == trace->count)
                continue;
            if (round == 0)
                trace->way_begin[target + 1]++;
            else
                trace->ways[trace->way_begin[target]++] = (uint32_t)i;
        }
        // First the counts become beginnings; then those, moved on to their ends, go back.
        if (round == 0)
            for (size_t i = 0; i < trace->count; i++)
                trace->way_begin[i + 1] += trace->way_begin[i];
    }
    memmove(trace->way_begin + 1, trace->way_begin, trace->count * sizeof *trace->way_begin);
    trace->way_begin[0] = 0;
}

static void find_deltas(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        if (!pc_function_sp_delta(&trace->function, trace->starts[i], &trace->deltas[i]))
            trace->deltas[i] = INT32_MIN;
}

bool flow_read(struct trace *trace)
{
    const struct pc_function *function = &trace->function;
    uint64_t size = function->end - function->entry;
    if (size == 0 || size > FUNCTION_MAX)
        return false;
    struct bytes code = address_space_view(trace->analysis->program->space, function->entry, size);
    if (code.size < size)
        return false;
    trace->starts = alloc_zeroed(size, sizeof *trace->starts);
    trace->instructions = alloc_zeroed(size, sizeof *trace->instructions);
    for (uint64_t at = 0; at < size;) {
        struct instruction *one = &trace->instructions[trace->count];
        target_addr pc = function->entry + at;
        if (!instruction_decode(trace->disassembler, bytes_slice(code, at, size - at), pc, one))
            break; // padding behind the last instruction
        if (pc <= trace->pc && trace->pc - pc < one->size)
            trace->at = trace->count;
        trace->starts[trace->count++] = pc;
        at += one->size;
    }
    trace->deltas = alloc_zeroed(trace->count + 1, sizeof *trace->deltas);
    trace->ways = alloc_zeroed(trace->count + 1, sizeof *trace->ways);
    trace->way_begin = alloc_zeroed(trace->count + 2, sizeof *trace->way_begin);
    trace->stops = alloc_zeroed(trace->count + 1, sizeof *trace->stops);
    trace->changes = alloc_zeroed(trace->count + 1, sizeof *trace->changes);
    trace->seen = alloc_zeroed(trace->count + 1, sizeof *trace->seen);
    trace->stack = alloc_zeroed(trace->count + 1, sizeof *trace->stack);
    if (!trace->count || trace->pc < trace->starts[trace->at] ||
        trace->pc - trace->starts[trace->at] >= trace->instructions[trace->at].size)
        return false;
    find_stops(trace);
    find_ways(trace);
    find_deltas(trace);
    return true;
}

void flow_clear(struct trace *trace)
{
    free(trace->starts);
    free(trace->instructions);
    free(trace->deltas);
    free(trace->ways);
    free(trace->way_begin);
    free(trace->stops);
    free(trace->changes);
    free(trace->seen);
    free(trace->stack);
}

bool flow_slot(const struct trace *trace, size_t at, int64_t *slot)
{
    const struct arch *arch = trace->analysis->program->arch;
    const struct instruction *one = &trace->instructions[at];
    // arm64; not what its functions reckon with first, sp less their frame
    bool adds = one->kind == INSTRUCTION_ADD && !one->has_memory && one->has_constant &&
                one->constant >= 0 && one->source == arch->sp && one->destination != arch->sp;
    bool through = one->has_memory && one->base == arch->sp && one->index < 0;
    if ((!adds && !through) || trace->deltas[at] == INT32_MIN)
        return false;
    *slot = (adds ? one->constant : one->displacement) - trace->deltas[at] -
            (arch->uses_link_register ? 0 : WORD);
    return true;
}

static bool overlaps(int64_t a, int64_t a_size, int64_t b, int64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

/** Whether the function hands out the address of memory that the word may be part of. */
static bool is_exposed(const struct trace *trace, int64_t slot)
{
    for (size_t i = 0; i < trace->count; i++) {
        int64_t start;
        const struct instruction *one = &trace->instructions[i];
        bool is_address =
            one->kind == INSTRUCTION_ADDRESS || (one->kind == INSTRUCTION_ADD && !one->has_memory);
        if (!is_address || !flow_slot(trace, i, &start) || slot < start ||
            slot >= start + EXPOSED_SIZE)
            continue;
        if (start >= 0 || slot < 0) // no object reaches from the locals into the arguments
            return true;
    }
    return false;
}

uint8_t flow_part(const struct trace *trace, size_t at)
{
    unsigned size = instruction_word_size(&trace->instructions[at]);
    return size < WORD ? (uint8_t)size : 0;
}

bool flow_slot_stays(struct trace *trace, int64_t slot, size_t at)
{
    size_t then[FLOW_WRITERS_MAX], now[FLOW_WRITERS_MAX];
    bool entered_then, entered_now;
    struct trace_query query = {
        .kind = QUERY_SLOT, .what = slot, .at = at, .size = flow_part(trace, at)};
    size_t count = flow_writers(trace, &query, then, &entered_then);
    query.at = trace->at;
    if (is_exposed(trace, slot) || count + entered_then == 0 ||
        flow_writers(trace, &query, now, &entered_now) != count || entered_now != entered_then)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < count && now[k] != then[i])
            k++;
        if (k == count)
            return false;
    }
    return true;
}

static bool writes_slot(const struct trace *trace, size_t at, const struct trace_query *query,
                        bool exposed)
{
    int64_t slot = query->what;
    const struct instruction *one = &trace->instructions[at];
    int64_t written, size = one->access_size ? one->access_size : 2 * WORD;
    if (one->kind == INSTRUCTION_CALL) {
        // Its own arguments and results lie at sp; what is exposed may be written by anybody.
        bool outgoing = trace->deltas[at] != INT32_MIN &&
                        trace->analysis->program->release->minor <= 16 &&
                        slot < -trace->deltas[at] + EXPOSED_SIZE;
        return exposed || outgoing;
    }
    if (!flow_slot(trace, at, &written))
        return exposed && one->has_memory && one->memory_first && one->kind == INSTRUCTION_STORE &&
               one->base != trace->analysis->program->arch->sp;
    if (one->kind == INSTRUCTION_LOAD || one->kind == INSTRUCTION_COMPARE ||
        one->kind == INSTRUCTION_ADDRESS || one->kind == INSTRUCTION_ADD)
        return false;
    if (!one->memory_first && one->kind != INSTRUCTION_STORE && one->destination >= 0)
        return false;
    return overlaps(written, size, slot, query->size ? query->size : WORD);
}

static bool writes(const struct trace *trace, const struct trace_query *query, size_t at,
                   bool exposed)
{
    const struct instruction *one = &trace->instructions[at];
    if (query->kind == QUERY_SLOT)
        return writes_slot(trace, at, query, exposed);
    if (one->kind == INSTRUCTION_CALL)
        return query->what != trace->analysis->program->arch->sp &&
               query->what != trace->analysis->program->arch->g &&
               (!trace->changes[at] || trace->changes[at] >> query->what & 1);
    return one->writes >> query->what & 1;
}

/** What a search backwards has come upon. */
struct search {
    const struct trace_query *query;
    bool exposed, entered;
    size_t depth, count;
    size_t writers[FLOW_WRITERS_MAX];
};

/** Looks at one instruction that comes before another. @return false where the search is lost */
static bool visit(struct trace *trace, struct search *search, size_t before)
{
    if (trace->seen[before])
        return true;
    trace->seen[before] = 1;
    if (writes(trace, search->query, before, search->exposed)) {
        if (search->count == FLOW_WRITERS_MAX)
            return false;
        search->writers[search->count++] = before;
        return true;
    }
    trace->stack[search->depth++] = (uint32_t)before;
    return true;
}

/** Finds all that wrote the place last. @return false where they are too many */
static bool search_back(struct trace *trace, struct search *search)
{
    bool sure = true;
    memset(trace->seen, 0, trace->count);
    trace->stack[search->depth++] = (uint32_t)search->query->at;
    while (search->depth > 0 && sure) {
        size_t at = trace->stack[--search->depth];
        if (at == 0) { // jumps to it come from behind the call that made the stack larger
            search->entered = true;
            continue;
        }
        if (!trace->stops[at - 1])
            sure = visit(trace, search, at - 1);
        for (uint32_t i = trace->way_begin[at]; sure && i < trace->way_begin[at + 1]; i++)
            sure = visit(trace, search, trace->ways[i]);
    }
    return sure;
}

static bool begin_search(struct trace *trace, const struct trace_query *query,
                         struct search *search)
{
    *search = (struct search){.query = query};
    search->exposed = query->kind == QUERY_SLOT && is_exposed(trace, query->what);
    return search_back(trace, search);
}

size_t flow_writers(struct trace *trace, const struct trace_query *query,
                    size_t writers[FLOW_WRITERS_MAX], bool *entered)
{
    struct search search;
    *entered = false;
    if (!begin_search(trace, query, &search))
        return 0;
    *entered = search.entered;
    memcpy(writers, search.writers, sizeof search.writers);
    return search.count;
}

enum flow_end flow_writer(struct trace *trace, const struct trace_query *query, size_t *writer)
{
    struct search search;
    if (!begin_search(trace, query, &search) || search.count + search.entered != 1)
        return FLOW_LOST;
    *writer = search.entered ? trace->count : search.writers[0];
    return search.entered ? FLOW_ENTRY : FLOW_WRITER;
}

size_t flow_origin(struct trace *trace, size_t writer, int reg)
{
    enum { STEPS = 8 };
    for (int step = 0; step < STEPS; step++) {
        const struct instruction *one = &trace->instructions[writer];
        struct trace_query query = {.kind = QUERY_REGISTER, .what = one->source, .at = writer};
        size_t before;
        int64_t slot;
        if (one->kind == INSTRUCTION_LOAD && !one->is_pair && flow_slot(trace, writer, &slot))
            query = (struct trace_query){
                .kind = QUERY_SLOT, .what = slot, .at = writer, .size = flow_part(trace, writer)};
        else if ((one->kind != INSTRUCTION_MOVE && one->kind != INSTRUCTION_STORE) ||
                 one->is_pair || one->source < 0 || (one->kind == INSTRUCTION_MOVE && reg < 0))
            break;
        if (flow_writer(trace, &query, &before) != FLOW_WRITER)
            break;
        writer = before;
    }
    return writer;
}
