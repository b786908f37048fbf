// SPDX-License-Identifier: MIT
#include "code_flow.h"
#include "code_step.h"
#include "declared.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/table.h"
#include "image/instruction.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNKNOWN_SIZE = 16, ///< no access of an instruction is larger, where it does not say
    ANSWERS_MAX = 512, ///< kept of a function: its variables at the pcs of many goroutines
};

struct code_flows {
    struct table *by_entry;
    struct code_flow *all;
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
    free(flows);
}

static bool begins_with(const char *name, const char *const *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/** Whether a call leads to a function that fills memory at an address in a register of its own. */
static bool fills_memory(struct value_reader *reader, target_addr callee)
{
    static const char *const prefixes[] = {"runtime.duff", "runtime.memmove", "runtime.memclr",
                                           "runtime.typedmemmove", "runtime.wbMove"};
    struct pc_function function;
    return pc_function_find(reader->program->modules, callee, &function) &&
           begins_with(pc_function_name(&function), prefixes, COUNT_OF(prefixes));
}

/** Whether a call leads to a function that the compiler knows not to return. */
static bool never_returns(struct value_reader *reader, target_addr callee)
{
    static const char *const prefixes[] = {"runtime.panic", "runtime.goPanic", "runtime.gopanic",
                                           "runtime.throw", "runtime.fatal"};
    static const char *const names[] = {"runtime.block", "runtime.goexit", "os.Exit"};
    struct pc_function function;
    if (!pc_function_find(reader->program->modules, callee, &function))
        return false;
    const char *name = pc_function_name(&function);
    if (begins_with(name, prefixes, COUNT_OF(prefixes)))
        return true;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void place_step(struct value_reader *reader, const struct pc_function *function,
                       const struct instruction *instruction, struct code_step *step)
{
    const struct arch *arch = reader->program->arch;
    int32_t delta = 0;
    // not what functions of arm64 reckon with first, sp less their frame
    bool adds = !instruction->has_memory && instruction->has_constant &&
                instruction->constant >= 0 && instruction->source == arch->sp &&
                instruction->destination != arch->sp;
    bool names = instruction->has_memory && instruction->base == arch->sp;
    if ((!adds && !names) ||
        !pc_function_sp_delta(function, function->entry + step->offset, &delta))
        return;
    int64_t displacement = adds ? instruction->constant : instruction->displacement;
    int64_t slot = displacement - delta - (arch->uses_link_register ? 0 : 8);
    if (slot < INT32_MIN || slot > INT32_MAX)
        return;
    bool only_address = adds || instruction->kind == INSTRUCTION_ADDRESS;
    step->in_frame = true;
    step->takes_address = only_address;
    step->destination = (int8_t)instruction->destination;
    step->is_load = instruction->kind == INSTRUCTION_LOAD;
    step->slot = (int32_t)slot;
    step->access_size = instruction->access_size;
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
        step->destination = (int8_t)instruction->destination;
        step->source = (int8_t)instruction->source;
    }
    if (instruction->kind == INSTRUCTION_STORE)
        step->plain_reads |= register_bit(instruction->source);
    if (instruction->kind == INSTRUCTION_COMPARE && !instruction->has_constant)
        step->plain_reads |= step->reads;
    if (instruction->has_memory && instruction->kind != INSTRUCTION_ADDRESS) {
        step->base = (int8_t)instruction->base;
        step->writes_base = instruction->writes_memory;
        if (instruction->displacement == 0)
            step->plain_reads |= register_bit(instruction->base) | register_bit(instruction->index);
    }
}

static void add_step(struct value_reader *reader, const struct pc_function *function,
                     struct code_flow *flow, uint32_t offset, const struct instruction *instruction)
{
    struct code_step step = {.offset = offset,
                             .size = instruction->size,
                             .reads = instruction->reads,
                             .writes = instruction->writes,
                             .is_call = instruction->kind == INSTRUCTION_CALL,
                             .goes_on = true,
                             .jump = NO_STEP,
                             .destination = -1,
                             .source = -1,
                             .base = -1};
    uint64_t target = (target_addr)instruction->constant - function->entry;
    bool has_target = instruction->has_constant && target <= INT32_MAX;
    if (instruction->kind == INSTRUCTION_JUMP) {
        step.goes_on = instruction->conditional;
        step.jump = has_target ? (int32_t)target : NO_STEP; // an offset, until all are known
        if (!instruction->has_constant && instruction->has_memory)
            flow->jumps_anywhere = true;
        if (!instruction->has_constant && instruction->destination >= 0)
            flow->jumps_anywhere = true;
    }
    if (step.is_call && instruction->has_constant)
        step.goes_on = !never_returns(reader, (target_addr)instruction->constant);
    step.fills = step.is_call && instruction->has_constant &&
                 fills_memory(reader, (target_addr)instruction->constant);
    place_step(reader, function, instruction, &step);
    note_uses(instruction, &step);
    ARRAY_PUSH(flow->steps, flow->count, flow->capacity) = step;
}

/** The last step at or before an offset; NO_STEP: there is none. */
static int32_t step_at(const struct code_flow *flow, uint64_t offset)
{
    size_t low = 0, high = flow->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (flow->steps[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return (int32_t)low - 1;
}

static void resolve_jumps(struct code_flow *flow)
{
    for (size_t i = 0; i < flow->count; i++) {
        int32_t target = flow->steps[i].jump;
        if (target == NO_STEP)
            continue;
        int32_t found = step_at(flow, (uint64_t)target);
        bool exact = found != NO_STEP && flow->steps[found].offset == (uint32_t)target;
        flow->steps[i].jump = exact ? found : NO_STEP;
        if (found != NO_STEP)
            flow->steps[found].is_target = true;
    }
}

static void decode(struct value_reader *reader, const struct pc_function *function,
                   struct code_flow *flow)
{
    struct disassembler *disassembler = frame_disassembler(reader);
    uint64_t size = function->end - function->entry;
    if (size > LIMIT_SCANNED_CODE || !disassembler)
        return;
    struct bytes code = address_space_view(reader->program->space, function->entry, (size_t)size);
    for (size_t offset = 0; offset < code.size;) {
        struct instruction instruction;
        if (!instruction_decode(disassembler, bytes_slice(code, offset, code.size - offset),
                                function->entry + offset, &instruction) ||
            instruction.size == 0)
            break;
        add_step(reader, function, flow, (uint32_t)offset, &instruction);
        offset += instruction.size;
    }
    resolve_jumps(flow);
    code_flow_find_stores(flow, reader->program->arch->machine == EM_X86_64);
}

static struct code_flow *flow_of(struct value_reader *reader, const struct pc_function *function)
{
    if (!reader->code_flows) {
        reader->code_flows = alloc_zeroed(1, sizeof *reader->code_flows);
        reader->code_flows->by_entry = table_new();
    }
    bool added = false;
    uint64_t *slot = table_add(reader->code_flows->by_entry, function->entry, &added);
    if (added) {
        struct code_flow *fresh = alloc_zeroed(1, sizeof *fresh);
        *slot = (uint64_t)(uintptr_t)fresh;
        fresh->next = reader->code_flows->all;
        reader->code_flows->all = fresh;
        decode(reader, function, fresh);
    }
    return (struct code_flow *)(uintptr_t)*slot;
}

static bool reads_place(const struct code_step *step, const struct code_place *place)
{
    if (place->reg >= 0)
        return step->reads >> place->reg & 1;
    int64_t size = step->access_size ? step->access_size : 1;
    return step->in_frame && step->reads_frame && step->slot < place->slot + (int64_t)place->size &&
           step->slot + size > place->slot;
}

static bool writes_place(const struct code_step *step, const struct code_place *place)
{
    if (place->reg >= 0)
        return step->is_call || (step->writes >> place->reg & 1);
    int64_t size = step->access_size ? step->access_size : UNKNOWN_SIZE;
    return step->in_frame && step->writes_frame &&
           step->slot < place->slot + (int64_t)place->size && step->slot + size > place->slot;
}

uint64_t code_frame_identity(const struct pc_function *function, target_addr pc, unsigned depth,
                             int64_t *line)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame frames[LIMIT_INLINE_DEPTH];
    size_t count = 0;
    uint64_t identity = 1;
    pc_inline_begin(&walk, function, pc);
    while (count < LIMIT_INLINE_DEPTH && pc_inline_next(&walk, &frames[count]))
        count++;
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

static bool counts(const struct query *query, const struct code_step *step)
{
    const struct code_reader *by = query->by;
    int64_t line = 0;
    return code_frame_identity(query->function, query->function->entry + step->offset,
                               by->inline_depth, &line) == query->identity &&
           line >= by->first_line && line != by->ignored_line;
}

/** Follows every way on from a step. Each is looked at once. */
static bool search(const struct code_flow *flow, int32_t start, const struct query *query)
{
    const struct code_place *place = query->place;
    uint8_t *seen = alloc_zeroed(flow->count, 1);
    int32_t *stack = alloc_zeroed(flow->count + 1, sizeof *stack);
    size_t depth = 0;
    bool found = false;
    stack[depth++] = start;
    seen[start] = 1;
    while (depth > 0 && !found) {
        int32_t at = stack[--depth];
        const struct code_step *step = &flow->steps[at];
        found = reads_place(step, place) && counts(query, step) &&
                (!place->may_be_folded || code_step_uses_value(flow, at, place));
        if (found || writes_place(step, place))
            continue;
        int32_t ways[] = {step->jump, step->goes_on ? at + 1 : NO_STEP};
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
            if (ways[i] == NO_STEP || (size_t)ways[i] >= flow->count || seen[ways[i]])
                continue;
            seen[ways[i]] = 1;
            stack[depth++] = ways[i];
        }
    }
    free(seen);
    free(stack);
    return found;
}

/** The step that runs next; NO_STEP where that is not known. */
static int32_t next_step(const struct code_flow *flow, uint64_t offset)
{
    int32_t at = step_at(flow, offset);
    if (at == NO_STEP || flow->steps[at].offset == offset)
        return at;
    if (offset - flow->steps[at].offset >= flow->steps[at].size || !flow->steps[at].goes_on)
        return NO_STEP;
    return (size_t)at + 1 < flow->count ? at + 1 : NO_STEP;
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
    int32_t start = next_step(flow, pc - function->entry);
    struct answer answer = {.pc = pc, .place = *place, .by = *by};
    int64_t line;
    const struct query query = {.function = function,
                                .place = place,
                                .by = by,
                                .identity =
                                    code_frame_identity(function, pc, by->inline_depth, &line)};
    answer.reads = start != NO_STEP && query.identity && search(flow, start, &query);
    if (flow->answer_count < ANSWERS_MAX)
        ARRAY_PUSH(flow->answers, flow->answer_count, flow->answer_capacity) = answer;
    return answer.reads;
}

/** Whether some way leads from a step to another without one between that writes the place. */
static bool leads_to(const struct code_flow *flow, int32_t start, int32_t end,
                     const struct code_place *place, uint8_t *seen, int32_t *stack)
{
    size_t depth = 0;
    memset(seen, 0, flow->count);
    stack[depth++] = start;
    while (depth > 0) {
        int32_t at = stack[--depth];
        if (at == end)
            return true;
        if (at != start && writes_place(&flow->steps[at], place))
            continue;
        int32_t ways[] = {flow->steps[at].jump, flow->steps[at].goes_on ? at + 1 : NO_STEP};
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
            if (ways[i] == NO_STEP || (size_t)ways[i] >= flow->count || seen[ways[i]])
                continue;
            seen[ways[i]] = 1;
            stack[depth++] = ways[i];
        }
    }
    return false;
}

bool code_written_by(struct value_reader *reader, const struct pc_function *function,
                     target_addr pc, const struct code_place *place,
                     bool (*suspect)(void *context, const struct code_writer *writer),
                     void *context)
{
    const struct code_flow *flow = flow_of(reader, function);
    int32_t end = next_step(flow, pc - function->entry);
    bool found = end == NO_STEP;
    uint8_t *seen = alloc_zeroed(flow->count + 1, 1);
    int32_t *stack = alloc_zeroed(flow->count + 1, sizeof *stack);
    for (size_t i = 0; i < flow->count && !found; i++) {
        const struct code_step *step = &flow->steps[i];
        target_addr at = function->entry + step->offset;
        const struct code_writer writer = {at, step->reads};
        if (!writes_place(step, place) || !suspect(context, &writer))
            continue;
        int32_t ways[] = {step->jump, step->goes_on ? (int32_t)i + 1 : NO_STEP};
        for (size_t k = 0; k < COUNT_OF(ways) && !found; k++)
            found = ways[k] != NO_STEP && (size_t)ways[k] < flow->count &&
                    !(writes_place(&flow->steps[ways[k]], place) && ways[k] != end) &&
                    leads_to(flow, ways[k], end, place, seen, stack);
    }
    free(seen);
    free(stack);
    return found;
}

bool code_instruction_before(struct value_reader *reader, const struct pc_function *function,
                             target_addr pc, target_addr *out)
{
    const struct code_flow *flow = flow_of(reader, function);
    if (pc <= function->entry)
        return false;
    int32_t at = step_at(flow, pc - function->entry - 1);
    if (at == NO_STEP || function->entry + flow->steps[at].offset + flow->steps[at].size != pc)
        return false;
    *out = function->entry + flow->steps[at].offset;
    return true;
}

bool code_is_jumped_to(struct value_reader *reader, const struct pc_function *function,
                       target_addr pc)
{
    const struct code_flow *flow = flow_of(reader, function);
    int32_t at = step_at(flow, pc - function->entry);
    return flow->jumps_anywhere || at == NO_STEP || flow->steps[at].is_target;
}

bool code_keeps_slot(struct value_reader *reader, const struct pc_function *function,
                     target_addr pc, target_addr end, const struct code_place *place)
{
    const struct code_flow *flow = flow_of(reader, function);
    for (size_t i = 0; i < flow->count; i++) {
        const struct code_step *step = &flow->steps[i];
        target_addr at = function->entry + step->offset;
        if (at >= pc && at < end && writes_place(step, place))
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
