// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "sync_plan.h"

#include <string.h>

enum {
    REGISTERS = 32,
    STORES_MAX = 48,   ///< words that one way through the code remembers to have written
    WAYS_MAX = 1024,   ///< branches that wait for their turn
    SYMBOLS_MAX = 512, ///< values that only the frame can tell: arguments, results of calls
    CASES_MAX = 64,    ///< of one select
    NOWHERE_SHIFT = 62,
};

/**
 * A word as far as it is known: a number, or one that was called `symbol` plus a number. Which base
 * of the recorder the number belongs to says how another frame would have come by it.
 */
struct word {
    enum { UNKNOWN, NUMBER, SYMBOL } kind;
    uint16_t base;
    uint32_t symbol;
    uint64_t number;
};

struct stored {
    target_addr address;
    struct word word;
};

/** A way through the code has come to a step with this in its registers and in memory. */
struct way {
    size_t step;
    struct word registers[REGISTERS];
    struct stored stores[STORES_MAX];
    unsigned store_count;
};

struct simulation {
    const struct sync_code *code;
    const struct sync_start *start;
    struct arena *arena;
    struct sync_recorder *recorder;
    struct sync_found_list *out;
    struct word *objects; ///< of out's sites, until symbols are known
    size_t object_capacity;
    bool *visited;
    struct way **ways;
    size_t way_count;
    target_addr cfa;
    struct {
        bool known, loaded;
        uint32_t base;   ///< loaded: a word at this symbol's value …
        uint64_t offset; ///< … and so much
        uint64_t value;
        uint16_t value_base;
    } symbols[SYMBOLS_MAX];
    uint32_t symbol_count;
};

static const struct word unknown = {UNKNOWN, 0, 0, 0};

static struct word number(uint64_t value)
{
    return (struct word){NUMBER, BASE_ABSOLUTE, 0, value};
}

static struct word based(uint16_t base, uint64_t value)
{
    return (struct word){NUMBER, base, 0, value};
}

/** A constant of the code; what differs from frame to frame cannot be told from one of them. */
static bool is_constant(const struct simulation *simulation, struct word word)
{
    if (word.base != BASE_ABSOLUTE)
        simulation->recorder->broken = true;
    return word.base == BASE_ABSOLUTE;
}

static struct word new_symbol(struct simulation *simulation)
{
    if (simulation->symbol_count == SYMBOLS_MAX)
        return unknown;
    return (struct word){SYMBOL, BASE_ABSOLUTE, simulation->symbol_count++, 0};
}

static struct word *stored_at(const struct simulation *simulation, struct way *way,
                              struct word address)
{
    sync_recorder_address(simulation->recorder, address.base, address.number);
    for (unsigned i = way->store_count; i-- > 0;)
        if (way->stores[i].address == address.number)
            return &way->stores[i].word;
    return NULL;
}

/** A symbol whose value has been found is a number. */
static struct word settle(const struct simulation *simulation, struct word word)
{
    if (word.kind == SYMBOL && simulation->symbols[word.symbol].known) {
        uint16_t base = sync_recorder_sum(simulation->recorder, word.base,
                                          simulation->symbols[word.symbol].value_base);
        return based(base, word.number + simulation->symbols[word.symbol].value);
    }
    return word;
}

static struct word load(const struct simulation *simulation, struct way *way, struct word address,
                        unsigned size)
{
    const struct word *written = stored_at(simulation, way, address);
    uint64_t value;
    uint16_t base;
    if (written && written->kind != UNKNOWN)
        return settle(simulation, *written);
    // What is written on the way from here on is not in memory yet.
    if (written && simulation->start->future)
        return unknown;
    if ((size == 8 || size == 4) &&
        sync_recorder_read(simulation->recorder, address.base, address.number, size, &base, &value))
        return based(base, value);
    return unknown;
}

/**
 * What the code has put into a slot of the frame is there still: so a symbol gets its value. Not if
 * a way leads around the store: then the slot may hold anything.
 */
static void bind(struct simulation *simulation, size_t step, struct word address, struct word word)
{
    uint64_t value;
    uint16_t base;
    if (word.kind != SYMBOL || simulation->start->future ||
        simulation->symbols[word.symbol].known ||
        sync_can_avoid(simulation->code, step, simulation->start->here))
        return;
    is_constant(simulation, word);
    if (sync_recorder_read(simulation->recorder, address.base, address.number, 8, &base, &value)) {
        simulation->symbols[word.symbol].known = true;
        simulation->symbols[word.symbol].value = value - word.number;
        simulation->symbols[word.symbol].value_base = base;
    }
}

static void put(const struct simulation *simulation, struct way *way, struct word address,
                struct word word)
{
    struct word *slot = stored_at(simulation, way, address);
    if (slot) {
        *slot = word;
        return;
    }
    if (way->store_count == STORES_MAX) { // the oldest is forgotten
        memmove(&way->stores[0], &way->stores[1], (STORES_MAX - 1) * sizeof way->stores[0]);
        way->store_count--;
    }
    way->stores[way->store_count++] = (struct stored){address.number, word};
}

static void store(struct simulation *simulation, struct way *way, size_t step, struct word address,
                  struct word word)
{
    if (simulation->start->cfa)
        bind(simulation, step, address, word);
    put(simulation, way, address, word);
}

static struct word plus(const struct simulation *simulation, struct word a, struct word b)
{
    if (a.kind == UNKNOWN || b.kind == UNKNOWN || (a.kind == SYMBOL && b.kind == SYMBOL))
        return unknown;
    const struct word *symbol = a.kind == SYMBOL ? &a : &b;
    return (struct word){symbol->kind, sync_recorder_sum(simulation->recorder, a.base, b.base),
                         symbol->symbol, a.number + b.number};
}

static struct word times(const struct simulation *simulation, struct word word, uint64_t factor)
{
    return based(sync_recorder_scaled(simulation->recorder, word.base, factor),
                 word.number * factor);
}

static struct word register_word(const struct simulation *simulation, const struct way *way,
                                 size_t step, int reg)
{
    const struct function_code *code = simulation->code->code;
    const struct arch *arch = code->program->arch;
    if (reg < 0 || reg >= REGISTERS)
        return unknown;
    if (reg != arch->sp)
        return settle(simulation, way->registers[reg]);
    if (code->deltas[step] == INT32_MIN)
        return unknown;
    return based(BASE_CFA, simulation->cfa - (uint64_t)code->deltas[step] - arch->call_pushes);
}

/** The address that a memory operand means. */
static struct word operand_address(const struct simulation *simulation, const struct way *way,
                                   size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    uint64_t displacement = (uint64_t)instruction->displacement;
    if (instruction->pc_relative)
        return number(function_code_pc(simulation->code->code, step) + instruction->size +
                      displacement);
    struct word address = number(displacement);
    if (instruction->base >= 0)
        address =
            plus(simulation, address, register_word(simulation, way, step, instruction->base));
    if (instruction->index >= 0 && instruction->narrow_index)
        return unknown;
    if (instruction->index >= 0) {
        struct word index = register_word(simulation, way, step, instruction->index);
        if (index.kind != NUMBER)
            return unknown;
        address = plus(simulation, address, times(simulation, index, (uint64_t)instruction->scale));
    }
    return address;
}

static void set(struct way *way, int reg, struct word word)
{
    if (reg >= 0 && reg < REGISTERS)
        way->registers[reg] = word;
}

/** @param part  bytes behind the memory operand: of the second register of a pair */
static struct word memory_word(struct simulation *simulation, struct way *way, size_t step,
                               unsigned part)
{
    struct word address = plus(simulation, operand_address(simulation, way, step), number(part));
    unsigned size = instruction_word_size(&simulation->code->code->instructions[step]);
    if (address.kind == SYMBOL && size == 8) { // the frame may tell later where that was
        struct word word = new_symbol(simulation);
        if (word.kind == SYMBOL) {
            is_constant(simulation, address);
            simulation->symbols[word.symbol].loaded = true;
            simulation->symbols[word.symbol].base = address.symbol;
            simulation->symbols[word.symbol].offset = address.number;
        }
        return word;
    }
    return address.kind == NUMBER ? load(simulation, way, address, size) : unknown;
}

static struct word source_word(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    if (instruction->has_memory)
        return memory_word(simulation, way, step, 0);
    if (instruction->source >= 0)
        return register_word(simulation, way, step, instruction->source);
    return instruction->has_constant ? number((uint64_t)instruction->constant) : unknown;
}

static void run_arithmetic(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    struct word left = register_word(simulation, way, step, instruction->destination),
                result = unknown;
    uint64_t constant = (uint64_t)instruction->constant;
    if (instruction->kind == INSTRUCTION_ADD) {
        if (instruction->has_constant && instruction->source >= 0)
            result = plus(simulation, register_word(simulation, way, step, instruction->source),
                          number(constant));
        else
            result = plus(simulation, left, source_word(simulation, way, step));
    } else if (instruction->kind == INSTRUCTION_MULTIPLY) {
        struct word factor = register_word(simulation, way, step, instruction->source);
        if (instruction->has_constant && factor.kind == NUMBER)
            result = times(simulation, factor, constant);
    } else if (instruction->has_constant && left.kind == NUMBER && constant < 64) {
        result = times(simulation, left, (uint64_t)1 << constant);
    }
    set(way, instruction->destination, result);
}

/** The word that a call passes as its number-th argument. */
static struct word call_argument(struct simulation *simulation, struct way *way, size_t step,
                                 unsigned index)
{
    const struct program *program = simulation->code->code->program;
    const struct arch *arch = program->arch;
    if (simulation->code->register_arguments)
        return register_word(simulation, way, step,
                             arch_argument(arch, program->release->minor, index));
    struct word sp = register_word(simulation, way, step, arch->sp);
    if (sp.kind != NUMBER)
        return unknown;
    sp.number += 8 * index + arch->frame_header;
    const struct word *written = stored_at(simulation, way, sp);
    return written ? *written : unknown;
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
    counted = counted && is_constant(simulation, sends) && is_constant(simulation, receives) &&
              sends.number <= CASES_MAX && receives.number <= CASES_MAX;
    uint64_t count = counted ? sends.number + receives.number : CASES_MAX;
    for (uint64_t i = 0; cases.kind == NUMBER && i < count; i++) {
        const struct word *channel =
            stored_at(simulation, way, based(cases.base, cases.number + i * scase_size));
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
              plus(simulation, call_argument(simulation, way, step, at->callee.argument),
                   number((uint64_t)0 - at->callee.inside)));
    struct word sp = register_word(simulation, way, step, arch->sp);
    for (int i = 0; i < REGISTERS; i++)
        way->registers[i] = unknown;
    if (code->register_arguments)
        way->registers[0] = new_symbol(simulation); // its result
    if (sp.kind != NUMBER || code->register_arguments)
        return;
    target_addr first = sp.number + arch->frame_header;
    for (unsigned i = 0; i < at->callee_arguments && i < 8 * STORES_MAX / 2; i += 8)
        put(simulation, way, based(sp.base, first + i),
            new_symbol(simulation)); // the next call's arguments come there too
}

static struct word stored_word(const struct simulation *simulation, const struct way *way,
                               size_t step, int reg)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    if (instruction_word_size(instruction) != 8)
        return unknown; // a part of a word
    if (reg >= 0)
        return register_word(simulation, way, step, reg);
    return instruction->has_constant ? number((uint64_t)instruction->constant) : unknown;
}

static void run_store(struct simulation *simulation, struct way *way, size_t step,
                      struct word address)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    store(simulation, way, step, address, stored_word(simulation, way, step, instruction->source));
    if (instruction->is_pair) {
        struct word second = instruction->second < 0
                                 ? number(0)
                                 : stored_word(simulation, way, step, instruction->second);
        store(simulation, way, step,
              plus(simulation, address, number(instruction_word_size(instruction))), second);
    }
}

/** An access through the base register may move it on. */
static void step_base(const struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    if (instruction->base_step)
        set(way, instruction->base,
            plus(simulation, register_word(simulation, way, step, instruction->base),
                 number((uint64_t)(int64_t)instruction->base_step)));
}

static void run_step(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    struct word address, word = unknown, second = unknown;
    switch (instruction->kind) {
    case INSTRUCTION_CALL:
        run_call(simulation, way, step);
        return;
    case INSTRUCTION_STORE:
        address = operand_address(simulation, way, step);
        if (address.kind == NUMBER)
            run_store(simulation, way, step, address);
        step_base(simulation, way, step);
        return;
    case INSTRUCTION_LOAD:
        word = memory_word(simulation, way, step, 0);
        if (instruction->is_pair)
            second = memory_word(simulation, way, step, instruction_word_size(instruction));
        set(way, instruction->second, second);
        step_base(simulation, way, step);
        break;
    case INSTRUCTION_ADDRESS:
        word = operand_address(simulation, way, step);
        break;
    case INSTRUCTION_MOVE:
        word = source_word(simulation, way, step);
        break;
    case INSTRUCTION_ADD:
    case INSTRUCTION_MULTIPLY:
    case INSTRUCTION_SHIFT_LEFT:
        run_arithmetic(simulation, way, step);
        return;
    default:
        for (int i = 0; i < REGISTERS; i++)
            if (instruction->writes >> i & 1)
                way->registers[i] = unknown;
        return;
    }
    set(way, instruction->destination, word);
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
        struct word object = settle(simulation, simulation->objects[i]);
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
            struct word symbol = new_symbol(simulation);
            first.registers[i] = given && given[i].kind == NUMBER ? given[i] : symbol;
        }
    if (start->context)
        set(&first, code->code->program->arch->closure, based(BASE_CONTEXT, start->context));
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
            given[i] = based(simulation->symbols[i].value_base, simulation->symbols[i].value);
            any = true;
        }
    for (size_t i = 0; simulation->objects && i < simulation->out->count; i++)
        complete &= settle(simulation, simulation->objects[i]).kind == NUMBER;
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
