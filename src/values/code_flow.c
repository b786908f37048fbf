// SPDX-License-Identifier: MIT
#include "code_flow.h"
#include "code_step.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

enum {
    UNKNOWN_SIZE = 16, ///< no access of an instruction is larger, where it does not say
    ANSWERS_MAX = 512, ///< kept of a function: its variables at the pcs of many goroutines
};

struct code_flows {
    struct table *by_entry;
    struct code_flow *all;
    struct arena *arena; ///< for code that nobody else keeps
};

void code_flows_free(struct code_flows *flows)
{
    if (!flows)
        return;
    while (flows->all) {
        struct code_flow *next = flows->all->next;
        free(flows->all->steps);
        free(flows->all->answers);
        free(flows->all);
        flows->all = next;
    }
    table_free(flows->by_entry);
    arena_free(flows->arena);
    free(flows);
}

/** Whether a call leads to a function that fills memory at an address in a register of its own. */
static bool fills_memory(const struct function_code *code, size_t at)
{
    static const char *const prefixes[] = {"runtime.duff", "runtime.memmove", "runtime.memclr",
                                           "runtime.typedmemmove", "runtime.wbMove"};
    struct pc_function callee;
    const char *name = function_code_callee(code, at, &callee);
    for (size_t i = 0; name && i < COUNT_OF(prefixes); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void place_step(const struct function_code *code, size_t at, struct code_step *step)
{
    const struct instruction *instruction = &code->instructions[at];
    int64_t slot;
    if (!function_code_slot(code, at, &slot) || slot < INT32_MIN || slot > INT32_MAX)
        return;
    bool only_address =
        function_code_adds_to_sp(code, at) || instruction->kind == INSTRUCTION_ADDRESS;
    step->in_frame = true;
    step->takes_address = only_address;
    step->destination = instruction->destination;
    step->is_load = instruction->kind == INSTRUCTION_LOAD;
    step->slot = (int32_t)slot;
    step->reads_frame = only_address || instruction->reads_memory;
    // What is not known counts as overwritten: it can only make less certain.
    step->writes_frame =
        !only_address && (instruction->writes_memory || !instruction->reads_memory);
}

static uint64_t register_bit(int reg)
{
    return reg >= 0 && reg < REGISTER_COUNT ? (uint64_t)1 << reg : 0;
}

static void note_uses(const struct instruction *instruction, struct code_step *step)
{
    if (instruction->kind == INSTRUCTION_MOVE && instruction->source >= 0) {
        step->is_move = true;
        step->destination = instruction->destination;
        step->source = instruction->source;
    }
    if (instruction->kind == INSTRUCTION_STORE)
        step->plain_reads |= register_bit(instruction->source);
    if (instruction->kind == INSTRUCTION_COMPARE && !instruction->has_constant)
        step->plain_reads |= instruction->reads;
    if (instruction->has_memory && instruction->kind != INSTRUCTION_ADDRESS) {
        step->base = instruction->base;
        step->writes_base = instruction->writes_memory;
        if (instruction->displacement == 0)
            step->plain_reads |= register_bit(instruction->base) | register_bit(instruction->index);
    }
}

static void find_steps(struct code_flow *flow)
{
    const struct function_code *code = flow->code;
    flow->count = code->count;
    flow->steps = alloc_zeroed(code->count, sizeof *flow->steps);
    for (size_t i = 0; i < code->count; i++) {
        struct code_step *step = &flow->steps[i];
        *step = (struct code_step){.destination = -1, .source = -1, .base = -1};
        step->fills = code->instructions[i].kind == INSTRUCTION_CALL && fills_memory(code, i);
        place_step(code, i, step);
        note_uses(&code->instructions[i], step);
    }
    code_flow_find_stores(flow);
}

static struct code_flow *flow_of(struct value_reader *reader, const struct pc_function *function)
{
    if (!reader->code_flows) {
        reader->code_flows = alloc_zeroed(1, sizeof *reader->code_flows);
        reader->code_flows->by_entry = table_new();
        reader->code_flows->arena = arena_new();
    }
    bool added = false;
    uint64_t *slot = table_add(reader->code_flows->by_entry, function->entry, &added);
    if (added) {
        struct code_flow *fresh = alloc_zeroed(1, sizeof *fresh);
        *slot = (uint64_t)(uintptr_t)fresh;
        fresh->next = reader->code_flows->all;
        reader->code_flows->all = fresh;
        fresh->code = function_code_read(reader->program, function, reader->code_flows->arena);
        if (fresh->code)
            find_steps(fresh);
    }
    return (struct code_flow *)(uintptr_t)*slot;
}

static bool overlaps(const struct code_step *step, int64_t size, const struct code_place *place)
{
    return step->slot < place->slot + (int64_t)place->size && step->slot + size > place->slot;
}

static bool reads_place(const struct code_flow *flow, size_t at, const struct code_place *place)
{
    const struct instruction *one = &flow->code->instructions[at];
    const struct code_step *step = &flow->steps[at];
    if (place->reg >= 0)
        return one->reads >> place->reg & 1;
    return step->in_frame && step->reads_frame &&
           overlaps(step, one->access_size ? one->access_size : 1, place);
}

static bool writes_place(const struct code_flow *flow, size_t at, const struct code_place *place)
{
    const struct instruction *one = &flow->code->instructions[at];
    const struct code_step *step = &flow->steps[at];
    if (place->reg >= 0)
        return one->kind == INSTRUCTION_CALL || (one->writes >> place->reg & 1);
    return step->in_frame && step->writes_frame &&
           overlaps(step, one->access_size ? one->access_size : UNKNOWN_SIZE, place);
}

bool code_is_within(const char *inner, const char *outer)
{
    size_t size = strlen(outer);
    return strncmp(inner, outer, size) == 0 && (inner[size] == '.' || inner[size] == '-');
}

/** The logical frames at pc, the innermost one first. @return how many */
static size_t logical_frames(const struct pc_function *function, target_addr pc,
                             struct pc_logical_frame frames[LIMIT_INLINE_DEPTH])
{
    struct pc_inline_walk walk;
    size_t count = 0;
    pc_inline_begin(&walk, function, pc);
    while (count < LIMIT_INLINE_DEPTH && pc_inline_next(&walk, &frames[count]))
        count++;
    return count;
}

uint64_t code_frame_identity(const struct pc_function *function, target_addr pc, unsigned depth,
                             int64_t *line)
{
    struct pc_logical_frame frames[LIMIT_INLINE_DEPTH];
    size_t count = logical_frames(function, pc, frames);
    uint64_t identity = 1;
    if (depth >= count)
        return 0;
    for (size_t i = 0; i <= depth; i++) { // the outermost stands last
        const struct pc_logical_frame *frame = &frames[count - 1 - i];
        for (const char *at = frame->name; *at; at++)
            identity = table_hash(identity + (uint8_t)*at);
        if (i < depth)
            identity = table_hash(identity + (uint32_t)frame->line);
    }
    *line = frames[count - 1 - depth].line;
    return identity;
}

/** What is looked for. */
struct query {
    const struct pc_function *function;
    const struct code_place *place;
    const struct code_reader *by;
    uint64_t identity;
};

/** Whether pc is in a closure of the frame at a depth that is inlined into it. */
static bool is_in_closure(const struct pc_function *function, target_addr pc, unsigned depth)
{
    struct pc_logical_frame frames[LIMIT_INLINE_DEPTH];
    size_t count = logical_frames(function, pc, frames);
    if (depth + 2 > count)
        return false;
    return code_is_within(frames[count - 2 - depth].name, frames[count - 1 - depth].name);
}

static bool counts(const struct query *query, target_addr pc)
{
    const struct code_reader *by = query->by;
    int64_t line = 0;
    // A closure's copy of what was assigned to another variable around it may lie there.
    if (is_in_closure(query->function, pc, by->inline_depth))
        return false;
    return code_frame_identity(query->function, pc, by->inline_depth, &line) == query->identity &&
           line >= by->first_line && line != by->ignored_line;
}

/** Follows every way on from an instruction. */
static bool search(const struct code_flow *flow, size_t start, const struct query *query)
{
    const struct code_place *place = query->place;
    struct code_walk walk;
    bool found = false;
    size_t at;
    code_walk_init(&walk, flow->code);
    code_walk_push(&walk, start);
    while (!found && code_walk_pop(&walk, &at)) {
        found = reads_place(flow, at, place) && counts(query, function_code_pc(flow->code, at)) &&
                (!place->may_be_folded || code_step_uses_value(flow, at, place));
        if (!found && !writes_place(flow, at, place))
            code_walk_on(&walk, at);
    }
    code_walk_clear(&walk);
    return found;
}

/** The instruction that runs next; CODE_NONE where that is not known. */
static size_t next_step(const struct code_flow *flow, target_addr pc)
{
    size_t at = flow->code ? function_code_at(flow->code, pc) : CODE_NONE;
    if (at == CODE_NONE || function_code_pc(flow->code, at) == pc)
        return at;
    return !flow->code->stops[at] && at + 1 < flow->count ? at + 1 : CODE_NONE;
}

bool code_reads_later(struct value_reader *reader, const struct pc_function *function,
                      target_addr pc, const struct code_place *place, const struct code_reader *by)
{
    struct code_flow *flow = flow_of(reader, function);
    for (size_t i = 0; i < flow->answer_count; i++) {
        const struct answer *known = &flow->answers[i];
        if (known->pc == pc && known->place.reg == place->reg && known->place.slot == place->slot &&
            known->place.size == place->size &&
            known->place.may_be_folded == place->may_be_folded &&
            known->by.first_line == by->first_line && known->by.ignored_line == by->ignored_line &&
            known->by.inline_depth == by->inline_depth)
            return known->reads;
    }
    size_t start = next_step(flow, pc);
    struct answer answer = {.pc = pc, .place = *place, .by = *by};
    int64_t line;
    const struct query query = {.function = function,
                                .place = place,
                                .by = by,
                                .identity =
                                    code_frame_identity(function, pc, by->inline_depth, &line)};
    answer.reads = start != CODE_NONE && query.identity && search(flow, start, &query);
    if (flow->answer_count < ANSWERS_MAX)
        ARRAY_PUSH(flow->answers, flow->answer_count, flow->answer_capacity) = answer;
    return answer.reads;
}

/** Whether some way leads on from an instruction to another without one between that writes the
 * place. */
static bool leads_to(const struct code_flow *flow, size_t start, size_t end,
                     const struct code_place *place, struct code_walk *walk)
{
    size_t at;
    code_walk_restart(walk);
    code_walk_on(walk, start);
    while (code_walk_pop(walk, &at)) {
        if (at == end)
            return true;
        if (!writes_place(flow, at, place))
            code_walk_on(walk, at);
    }
    return false;
}

bool code_written_by(struct value_reader *reader, const struct pc_function *function,
                     target_addr pc, const struct code_place *place,
                     bool (*suspect)(void *context, const struct code_writer *writer),
                     void *context)
{
    const struct code_flow *flow = flow_of(reader, function);
    size_t end = next_step(flow, pc);
    if (end == CODE_NONE)
        return true;
    bool found = false;
    struct code_walk walk;
    code_walk_init(&walk, flow->code);
    for (size_t i = 0; i < flow->count && !found; i++) {
        const struct code_writer writer = {function_code_pc(flow->code, i),
                                           flow->code->instructions[i].reads};
        found = writes_place(flow, i, place) && suspect(context, &writer) &&
                leads_to(flow, i, end, place, &walk);
    }
    code_walk_clear(&walk);
    return found;
}

bool code_keeps_slot(struct value_reader *reader, const struct pc_function *function,
                     target_addr pc, target_addr end, const struct code_place *place)
{
    const struct code_flow *flow = flow_of(reader, function);
    for (size_t i = 0; i < flow->count; i++) {
        target_addr at = function_code_pc(flow->code, i);
        if (at >= pc && at < end && writes_place(flow, i, place))
            return false;
    }
    return flow->count > 0;
}

bool code_takes_address(struct value_reader *reader, const struct pc_function *function,
                        const struct code_place *place)
{
    const struct code_flow *flow = flow_of(reader, function);
    for (size_t i = 0; i < flow->count; i++)
        if (flow->steps[i].takes_address &&
            flow->steps[i].slot < place->slot + (int64_t)place->size)
            return true;
    return false;
}
