// SPDX-License-Identifier: MIT
#include "sync_words.h"

#include <string.h>

enum {
    WAYS_MAX = 1024, ///< branches that wait for their turn
    CASES_MAX = 64,  ///< of one select
    NOWHERE_SHIFT = 62,
};

static void run_arithmetic(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    struct word left = way_register(simulation, way, step, instruction->destination),
                result = word_unknown;
    uint64_t constant = (uint64_t)instruction->constant;
    if (instruction->kind == INSTRUCTION_ADD) {
        if (instruction->has_constant && instruction->source >= 0)
            result = word_plus(simulation, way_register(simulation, way, step, instruction->source),
                               word_number(constant));
        else
            result = word_plus(simulation, left, way_source(simulation, way, step));
    } else if (instruction->kind == INSTRUCTION_MULTIPLY) {
        struct word factor = way_register(simulation, way, step, instruction->source);
        if (instruction->has_constant && factor.kind == NUMBER)
            result = word_times(simulation, factor, constant);
    } else if (instruction->has_constant && left.kind == NUMBER && constant < 64) {
        result = word_times(simulation, left, (uint64_t)1 << constant);
    }
    way_set(way, instruction->destination, result);
}

/** The word that a call passes as its number-th argument. */
static struct word call_argument(struct simulation *simulation, struct way *way, size_t step,
                                 unsigned index)
{
    const struct program *program = simulation->code->code->program;
    const struct arch *arch = program->arch;
    if (simulation->code->register_arguments)
        return way_register(simulation, way, step,
                            arch_argument(arch, program->release->minor, index));
    struct word sp = way_register(simulation, way, step, arch->sp);
    if (sp.kind != NUMBER)
        return word_unknown;
    sp.number += 8 * index + arch->frame_header;
    const struct word *written = way_stored_at(simulation, way, sp);
    return written ? *written : word_unknown;
}

static void found(struct simulation *simulation, size_t step, enum sync_op op, struct word object)
{
    struct sync_found_list *out = simulation->out;
    if (out->count == out->capacity) {
        size_t capacity = out->capacity ? 2 * out->capacity : 8;
        struct sync_found *items = arena_array(simulation->arena, capacity, sizeof *items);
        struct word *objects = arena_array(simulation->arena, capacity, sizeof *objects);
        if (out->count) {
            memcpy(items, out->items, out->count * sizeof *items);
            memcpy(objects, simulation->objects, out->count * sizeof *objects);
        }
        out->items = items;
        simulation->objects = objects;
        out->capacity = capacity;
    }
    size_t place = sync_call_at(simulation->code, step)->position;
    simulation->objects[out->count] = object;
    out->items[out->count++] = (struct sync_found){
        .site = {.op = op, .pc = function_code_pc(simulation->code->code, place)},
        .step = step,
        .position = place,
    };
}

/** runtime.selectgo(cases, order, …, nsends, nrecvs, …): the sends come first (1.16+). */
static void found_select(struct simulation *simulation, struct way *way, size_t step)
{
    int minor = simulation->code->code->program->release->minor;
    unsigned scase_size = minor >= 16 ? 16 : 40; // 1.15: c, elem, kind, pc, releasetime
    struct word cases = call_argument(simulation, way, step, 0);
    struct word sends = call_argument(simulation, way, step, 3),
                receives = call_argument(simulation, way, step, 4);
    bool counted = minor >= 16 && sends.kind == NUMBER && receives.kind == NUMBER;
    counted = counted && word_is_constant(simulation, sends) &&
              word_is_constant(simulation, receives) && sends.number <= CASES_MAX &&
              receives.number <= CASES_MAX;
    uint64_t count = counted ? sends.number + receives.number : CASES_MAX;
    for (uint64_t i = 0; cases.kind == NUMBER && i < count; i++) {
        const struct word *channel =
            way_stored_at(simulation, way, word_based(cases.base, cases.number + i * scase_size));
        if (!channel && !counted)
            return;
        if (!channel)
            continue;
        if (!counted || i < sends.number)
            found(simulation, step, SYNC_SEND, *channel);
        if (!counted || i >= sends.number)
            found(simulation, step, SYNC_RECEIVE, *channel);
    }
}

static void run_call(struct simulation *simulation, struct way *way, size_t step)
{
    const struct sync_code *code = simulation->code;
    const struct arch *arch = code->code->program->arch;
    const struct sync_call *at = sync_call_at(code, step);
    if (at->is_select)
        found_select(simulation, way, step);
    if (at->callee.op != SYNC_NONE)
        found(simulation, step, at->callee.op,
              word_plus(simulation, call_argument(simulation, way, step, at->callee.argument),
                        word_number((uint64_t)0 - at->callee.inside)));
    struct word sp = way_register(simulation, way, step, arch->sp);
    for (int i = 0; i < REGISTERS; i++)
        way->registers[i] = word_unknown;
    if (code->register_arguments)
        way->registers[0] = word_new_symbol(simulation); // its result
    if (sp.kind != NUMBER || code->register_arguments)
        return;
    target_addr first = sp.number + arch->frame_header;
    for (unsigned i = 0; i < at->callee_arguments && i < 8 * STORES_MAX / 2; i += 8)
        way_put(simulation, way, word_based(sp.base, first + i),
                word_new_symbol(simulation)); // the next call's arguments come there too
}

static struct word stored_word(const struct simulation *simulation, const struct way *way,
                               size_t step, int reg)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    if (instruction_word_size(instruction) != 8)
        return word_unknown; // a part of a word
    if (reg >= 0)
        return way_register(simulation, way, step, reg);
    return instruction->has_constant ? word_number((uint64_t)instruction->constant) : word_unknown;
}

static void run_store(struct simulation *simulation, struct way *way, size_t step,
                      struct word address)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    way_store(simulation, way, step, address,
              stored_word(simulation, way, step, instruction->source));
    if (instruction->is_pair) {
        struct word second = instruction->second < 0
                                 ? word_number(0)
                                 : stored_word(simulation, way, step, instruction->second);
        way_store(simulation, way, step,
                  word_plus(simulation, address, word_number(instruction_word_size(instruction))),
                  second);
    }
}

/** An access through the base register may move it on. */
static void step_base(const struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    if (instruction->base_step)
        way_set(way, instruction->base,
                word_plus(simulation, way_register(simulation, way, step, instruction->base),
                          word_number((uint64_t)(int64_t)instruction->base_step)));
}

static void run_step(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    struct word address, word = word_unknown, second = word_unknown;
    switch (instruction->kind) {
    case INSTRUCTION_CALL:
        run_call(simulation, way, step);
        return;
    case INSTRUCTION_STORE:
        address = way_address(simulation, way, step);
        if (address.kind == NUMBER)
            run_store(simulation, way, step, address);
        step_base(simulation, way, step);
        return;
    case INSTRUCTION_LOAD:
        word = way_memory(simulation, way, step, 0);
        if (instruction->is_pair)
            second = way_memory(simulation, way, step, instruction_word_size(instruction));
        way_set(way, instruction->second, second);
        step_base(simulation, way, step);
        break;
    case INSTRUCTION_ADDRESS:
        word = way_address(simulation, way, step);
        break;
    case INSTRUCTION_MOVE:
        word = way_source(simulation, way, step);
        break;
    case INSTRUCTION_ADD:
    case INSTRUCTION_MULTIPLY:
    case INSTRUCTION_SHIFT_LEFT:
        run_arithmetic(simulation, way, step);
        return;
    default:
        for (int i = 0; i < REGISTERS; i++)
            if (instruction->writes >> i & 1)
                way->registers[i] = word_unknown;
        return;
    }
    way_set(way, instruction->destination, word);
}

static void push(struct simulation *simulation, const struct way *way, size_t step)
{
    if (simulation->visited[step] || simulation->way_count == WAYS_MAX)
        return;
    struct way *copy = ARENA_NEW(simulation->arena, struct way);
    *copy = *way;
    copy->step = step;
    simulation->ways[simulation->way_count++] = copy;
}

/** One way, as far as it is new; where it branches, the other branch waits. */
static void follow(struct simulation *simulation, struct way *way)
{
    const struct function_code *code = simulation->code->code;
    size_t next[2], step = way->step;
    for (size_t i = 0; i < code->count && !simulation->visited[step]; i++) {
        simulation->visited[step] = true;
        run_step(simulation, way, step);
        size_t count = function_code_next(code, step, next);
        if (count == 0)
            return;
        if (count == 2)
            push(simulation, way, next[1]);
        step = next[0];
    }
}

/** Words that were loaded from where a symbol pointed, now that it is known: an older one. */
static void settle_loaded(struct simulation *simulation)
{
    for (uint32_t i = 0; i < simulation->symbol_count; i++) {
        uint32_t base = simulation->symbols[i].base;
        if (!simulation->symbols[i].known && simulation->symbols[i].loaded &&
            simulation->symbols[base].known)
            simulation->symbols[i].known = sync_recorder_read(
                simulation->recorder, simulation->symbols[base].value_base,
                simulation->symbols[base].value + simulation->symbols[i].offset, 8,
                &simulation->symbols[i].value_base, &simulation->symbols[i].value);
    }
}

/** The objects of what was found, now that all is known of them; and a plan for frames alike. */
static void settle_objects(struct simulation *simulation, struct sync_plan_list *plans,
                           struct arena *plan_arena)
{
    struct sync_found_list *out = simulation->out;
    struct sync_recorder *recorder = simulation->recorder;
    struct sync_plan_item *items = arena_array(simulation->arena, out->count + 1, sizeof *items);
    for (size_t i = 0; simulation->objects && i < out->count; i++) {
        struct word object = word_settle(simulation, simulation->objects[i]);
        items[i] = (struct sync_plan_item){.found = out->items[i]};
        if (object.kind != NUMBER)
            continue;
        out->items[i].site.object = object.number;
        items[i].known = true;
        items[i].base = object.base;
        items[i].offset = object.number - recorder->values[object.base];
    }
    if (plans)
        sync_plan_keep(plans, recorder, items, out->count, plan_arena);
}

/** A frame that is not there lies where no memory is. */
static target_addr cfa_of(const struct sync_start *start)
{
    return start->cfa ? start->cfa : (target_addr)1 << NOWHERE_SHIFT;
}

/** @param given  what is known of the registers at the entry; NULL: nothing */
static void simulate(const struct sync_code *code, const struct sync_start *start,
                     const struct word *given, struct arena *arena, struct simulation *simulation)
{
    struct way first = {.step = start->step};
    if (start->at_entry)
        for (int i = 0; i < REGISTERS; i++) {
            struct word symbol = word_new_symbol(simulation);
            first.registers[i] = given && given[i].kind == NUMBER ? given[i] : symbol;
        }
    if (start->context)
        way_set(&first, code->code->program->arch->closure,
                word_based(BASE_CONTEXT, start->context));
    simulation->visited = arena_array(arena, code->code->count, sizeof(bool));
    simulation->ways = arena_array(arena, WAYS_MAX, sizeof(struct way *));
    push(simulation, &first, start->step);
    while (simulation->way_count > 0)
        follow(simulation, simulation->ways[--simulation->way_count]);
    settle_loaded(simulation);
}

/**
 * Simulates once more with the arguments that the first time found: code may have used them before
 * it put them into the frame, as that of arm64 often does, and of two words that are both not known
 * there is no sum.
 */
static void simulate_again(struct simulation *simulation)
{
    struct word given[REGISTERS] = {{UNKNOWN, 0, 0, 0}};
    bool any = false, complete = true;
    for (uint32_t i = 0; i < REGISTERS && i < simulation->symbol_count; i++)
        if (simulation->symbols[i].known && !simulation->symbols[i].loaded) {
            given[i] = word_based(simulation->symbols[i].value_base, simulation->symbols[i].value);
            any = true;
        }
    for (size_t i = 0; simulation->objects && i < simulation->out->count; i++)
        complete &= word_settle(simulation, simulation->objects[i]).kind == NUMBER;
    if (complete || !any || !simulation->start->at_entry)
        return;
    const struct simulation first = *simulation;
    *simulation = (struct simulation){.code = first.code,
                                      .start = first.start,
                                      .arena = first.arena,
                                      .recorder = first.recorder,
                                      .out = first.out,
                                      .objects = first.objects,
                                      .cfa = first.cfa};
    simulation->out->count = 0;
    simulate(first.code, first.start, given, first.arena, simulation);
}

void sync_simulate(const struct sync_code *code, const struct sync_start *start,
                   struct sync_plan_list *plans, struct arena *plan_arena, struct arena *arena,
                   struct sync_found_list *out)
{
    const struct address_space *space = code->code->program->space;
    target_addr cfa = cfa_of(start);
    if (plans && sync_plan_run(plans, space, cfa, start->context, arena, out))
        return;
    struct sync_recorder *recorder = ARENA_NEW(arena, struct sync_recorder);
    sync_recorder_begin(recorder, space, cfa, start->context);
    struct simulation *simulation = ARENA_NEW(arena, struct simulation);
    *simulation = (struct simulation){
        .code = code, .start = start, .arena = arena, .recorder = recorder, .out = out, .cfa = cfa};
    simulate(code, start, NULL, arena, simulation);
    simulate_again(simulation);
    settle_objects(simulation, plans && !plans->useless ? plans : NULL, plan_arena);
}
