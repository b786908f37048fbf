// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "trace.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXPOSED_SIZE = 64, // bytes behind an address on the stack that a callee may write
    WORD = 8,
};

size_t flow_target(const struct trace *trace, size_t at)
{
    const struct instruction *one = &trace->code->instructions[at];
    if (one->conditional)
        return 0;
    size_t target = function_code_target(trace->code, at);
    return target == CODE_NONE ? 0 : target;
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
    const char *name = function_code_callee(trace->code, at, &function);
    bool amd64 = trace->analysis->program->arch->machine == EM_X86_64;
    for (size_t i = 0; name && i < COUNT_OF(routines); i++)
        if (strncmp(name, routines[i].name, strlen(routines[i].name)) == 0)
            return amd64 ? routines[i].amd64 : routines[i].arm64;
    return 0;
}

bool flow_read(struct trace *trace)
{
    const struct function_code *code =
        function_code_read(trace->analysis->program, &trace->function, trace->arena);
    if (!code || !code->complete)
        return false;
    trace->code = code;
    trace->at = function_code_at(code, trace->pc);
    if (trace->at == CODE_NONE)
        return false;
    trace->changes = alloc_zeroed(code->count, sizeof *trace->changes);
    for (size_t i = 0; i < code->count; i++)
        if (code->instructions[i].kind == INSTRUCTION_CALL)
            trace->changes[i] = changed_by(trace, i);
    code_walk_init(&trace->walk, code);
    return true;
}

void flow_clear(struct trace *trace)
{
    free(trace->changes);
    code_walk_clear(&trace->walk);
}

bool flow_slot(const struct trace *trace, size_t at, int64_t *slot)
{
    const struct instruction *one = &trace->code->instructions[at];
    return !(one->has_memory && one->index >= 0) && function_code_slot(trace->code, at, slot);
}

static bool overlaps(int64_t a, int64_t a_size, int64_t b, int64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

/** Whether the function hands out the address of memory that the word may be part of. */
static bool is_exposed(const struct trace *trace, int64_t slot)
{
    for (size_t i = 0; i < trace->code->count; i++) {
        int64_t start;
        const struct instruction *one = &trace->code->instructions[i];
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
    unsigned size = instruction_word_size(&trace->code->instructions[at]);
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
    const struct instruction *one = &trace->code->instructions[at];
    int64_t written, size = one->access_size ? one->access_size : 2 * WORD;
    if (one->kind == INSTRUCTION_CALL) {
        // Its own arguments and results lie at sp; what is exposed may be written by anybody.
        bool outgoing = trace->code->deltas[at] != INT32_MIN &&
                        trace->analysis->program->release->minor <= 16 &&
                        slot < -trace->code->deltas[at] + EXPOSED_SIZE;
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
    const struct instruction *one = &trace->code->instructions[at];
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
    size_t count;
    size_t writers[FLOW_WRITERS_MAX];
};

/** Looks at one instruction that comes before another. @return false where the search is lost */
static bool visit(struct trace *trace, struct search *search, size_t before)
{
    if (trace->walk.seen[before])
        return true;
    if (!writes(trace, search->query, before, search->exposed)) {
        code_walk_push(&trace->walk, before);
        return true;
    }
    trace->walk.seen[before] = 1;
    if (search->count == FLOW_WRITERS_MAX)
        return false;
    search->writers[search->count++] = before;
    return true;
}

/** Finds all that wrote the place last. @return false where they are too many */
static bool search_back(struct trace *trace, struct search *search)
{
    const struct function_code *code = trace->code;
    bool sure = true;
    size_t at = search->query->at;
    code_walk_restart(&trace->walk);
    do {
        if (at == 0) { // jumps to it come from behind the call that made the stack larger
            search->entered = true;
            continue;
        }
        if (!code->stops[at - 1])
            sure = visit(trace, search, at - 1);
        for (uint32_t i = code->source_begin[at]; sure && i < code->source_begin[at + 1]; i++)
            sure = visit(trace, search, code->sources[i]);
    } while (sure && code_walk_pop(&trace->walk, &at));
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
    *writer = search.entered ? trace->code->count : search.writers[0];
    return search.entered ? FLOW_ENTRY : FLOW_WRITER;
}

size_t flow_origin(struct trace *trace, size_t writer, int reg)
{
    enum { STEPS = 8 };
    for (int step = 0; step < STEPS; step++) {
        const struct instruction *one = &trace->code->instructions[writer];
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
