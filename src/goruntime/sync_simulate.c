// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "sync_internal.h"

#include <string.h>

enum {
    REGISTERS = 32,
    STORES_MAX = 48,   ///< words that one way through the code remembers to have written
    WAYS_MAX = 1024,   ///< branches that wait for their turn
    SYMBOLS_MAX = 512, ///< values that only the frame can tell: arguments, results of calls
    CASES_MAX = 64,    ///< of one select
    NOWHERE_SHIFT = 62,
};

/** A word as far as it is known: a number, or one that was called `symbol` plus a number. */
struct word {
    enum { UNKNOWN, NUMBER, SYMBOL } kind;
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
    } symbols[SYMBOLS_MAX];
    uint32_t symbol_count;
};

static const struct word unknown = {UNKNOWN, 0, 0};

static struct word number(uint64_t value)
{
    return (struct word){NUMBER, 0, value};
}

static struct word new_symbol(struct simulation *simulation)
{
    if (simulation->symbol_count == SYMBOLS_MAX)
        return unknown;
    return (struct word){SYMBOL, simulation->symbol_count++, 0};
}

static struct word *stored_at(struct way *way, target_addr address)
{
    for (unsigned i = way->store_count; i-- > 0;)
        if (way->stores[i].address == address)
            return &way->stores[i].word;
    return NULL;
}

/** A symbol whose value has been found is a number. */
static struct word settle(const struct simulation *simulation, struct word word)
{
    if (word.kind == SYMBOL && simulation->symbols[word.symbol].known)
        return number(word.number + simulation->symbols[word.symbol].value);
    return word;
}

static struct word load(const struct simulation *simulation, struct way *way, target_addr address,
                        unsigned size)
{
    const struct address_space *space = simulation->code->program->space;
    const struct word *written = stored_at(way, address);
    uint64_t value;
    uint32_t half;
    if (written && written->kind != UNKNOWN)
        return settle(simulation, *written);
    // What is written on the way from here on is not in memory yet.
    if (written && simulation->start->future)
        return unknown;
    if (size == 8 && address_space_try_u64(space, address, &value))
        return number(value);
    if (size == 4 && address_space_try_u32(space, address, &half))
        return number(half);
    return unknown;
}

/**
 * What the code has put into a slot of the frame is there still: so a symbol gets its value. Not if
 * a way leads around the store: then the slot may hold anything.
 */
static void bind(struct simulation *simulation, size_t step, target_addr address, struct word word)
{
    uint64_t value;
    if (word.kind != SYMBOL || simulation->start->future ||
        simulation->symbols[word.symbol].known ||
        sync_can_avoid(simulation->code, step, simulation->start->here, simulation->arena))
        return;
    if (address_space_try_u64(simulation->code->program->space, address, &value)) {
        simulation->symbols[word.symbol].known = true;
        simulation->symbols[word.symbol].value = value - word.number;
    }
}

static void put(struct way *way, target_addr address, struct word word)
{
    struct word *slot = stored_at(way, address);
    if (slot) {
        *slot = word;
        return;
    }
    if (way->store_count == STORES_MAX) { // the oldest is forgotten
        memmove(&way->stores[0], &way->stores[1], (STORES_MAX - 1) * sizeof way->stores[0]);
        way->store_count--;
    }
    way->stores[way->store_count++] = (struct stored){address, word};
}

static void store(struct simulation *simulation, struct way *way, size_t step, target_addr address,
                  struct word word)
{
    if (simulation->start->cfa)
        bind(simulation, step, address, word);
    put(way, address, word);
}

static struct word plus(struct word a, struct word b)
{
    if (a.kind == NUMBER && b.kind != UNKNOWN)
        return (struct word){b.kind, b.symbol, a.number + b.number};
    if (b.kind == NUMBER && a.kind != UNKNOWN)
        return (struct word){a.kind, a.symbol, a.number + b.number};
    return unknown;
}

static struct word register_word(const struct simulation *simulation, const struct way *way,
                                 size_t step, int reg)
{
    const struct sync_code *code = simulation->code;
    const struct arch *arch = code->program->arch;
    int32_t delta;
    if (reg < 0 || reg >= REGISTERS)
        return unknown;
    if (reg != arch->sp)
        return settle(simulation, way->registers[reg]);
    target_addr pc = code->function.entry + code->steps[step].offset;
    if (!pc_function_sp_delta(&code->function, pc, &delta))
        return unknown;
    return number(simulation->cfa - (uint64_t)delta - (arch->uses_link_register ? 0 : 8));
}

/** The address that a memory operand means. */
static struct word operand_address(const struct simulation *simulation, const struct way *way,
                                   size_t step)
{
    const struct sync_step *at = &simulation->code->steps[step];
    const struct instruction *instruction = &at->instruction;
    uint64_t displacement = (uint64_t)instruction->displacement;
    if (instruction->pc_relative)
        return number(simulation->code->function.entry + at->offset + instruction->size +
                      displacement);
    struct word address = number(displacement);
    if (instruction->base >= 0)
        address = plus(address, register_word(simulation, way, step, instruction->base));
    if (instruction->index >= 0) {
        struct word index = register_word(simulation, way, step, instruction->index);
        if (index.kind != NUMBER)
            return unknown;
        address = plus(address, number(index.number * (uint64_t)instruction->scale));
    }
    return address;
}

static void set(struct way *way, int reg, struct word word)
{
    if (reg >= 0 && reg < REGISTERS)
        way->registers[reg] = word;
}

static struct word memory_word(struct simulation *simulation, struct way *way, size_t step)
{
    struct word address = operand_address(simulation, way, step);
    unsigned size = simulation->code->steps[step].instruction.access_size;
    if (simulation->code->program->arch->uses_link_register)
        size = 8;
    if (address.kind == SYMBOL && size == 8) { // the frame may tell later where that was
        struct word word = new_symbol(simulation);
        if (word.kind == SYMBOL) {
            simulation->symbols[word.symbol].loaded = true;
            simulation->symbols[word.symbol].base = address.symbol;
            simulation->symbols[word.symbol].offset = address.number;
        }
        return word;
    }
    return address.kind == NUMBER ? load(simulation, way, address.number, size) : unknown;
}

static struct word source_word(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->steps[step].instruction;
    if (instruction->has_memory)
        return memory_word(simulation, way, step);
    if (instruction->source >= 0)
        return register_word(simulation, way, step, instruction->source);
    return instruction->has_constant ? number((uint64_t)instruction->constant) : unknown;
}

static void run_arithmetic(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->steps[step].instruction;
    struct word left = register_word(simulation, way, step, instruction->destination),
                result = unknown;
    uint64_t constant = (uint64_t)instruction->constant;
    if (instruction->kind == INSTRUCTION_ADD) {
        if (instruction->has_constant && instruction->source >= 0)
            result =
                plus(register_word(simulation, way, step, instruction->source), number(constant));
        else
            result = plus(left, source_word(simulation, way, step));
    } else if (instruction->kind == INSTRUCTION_MULTIPLY) {
        struct word factor = register_word(simulation, way, step, instruction->source);
        if (instruction->has_constant && factor.kind == NUMBER)
            result = number(factor.number * constant);
    } else if (instruction->has_constant && left.kind == NUMBER && constant < 64) {
        result = number(left.number << constant);
    }
    set(way, instruction->destination, result);
}

/** The word that a call passes as its number-th argument. */
static struct word call_argument(struct simulation *simulation, struct way *way, size_t step,
                                 unsigned index)
{
    static const int amd64[] = {0, 3, 2, 5, 4, 8}; // rax, rbx, rcx, rdi, rsi, r8
    const struct sync_code *code = simulation->code;
    bool link = code->program->arch->uses_link_register;
    if (code->register_arguments)
        return register_word(simulation, way, step, link ? (int)index : amd64[index]);
    struct word sp = register_word(simulation, way, step, code->program->arch->sp);
    if (sp.kind != NUMBER)
        return unknown;
    const struct word *written = stored_at(way, sp.number + 8 * index + (link ? 8 : 0));
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
    const struct sync_code *code = simulation->code;
    int32_t position = code->steps[step].position;
    size_t place = position >= 0 ? (size_t)position : step;
    simulation->objects[out->count] = object;
    out->items[out->count++] = (struct sync_found){
        .site = {.op = op, .pc = code->function.entry + code->steps[place].offset},
        .step = step,
        .position = place,
    };
}

/** runtime.selectgo(cases, order, …, nsends, nrecvs, …): the sends come first (1.16+). */
static void found_select(struct simulation *simulation, struct way *way, size_t step)
{
    int minor = simulation->code->program->release->minor;
    unsigned scase_size = minor >= 16 ? 16 : 40; // 1.15: c, elem, kind, pc, releasetime
    struct word cases = call_argument(simulation, way, step, 0);
    struct word sends = call_argument(simulation, way, step, 3),
                receives = call_argument(simulation, way, step, 4);
    bool counted = minor >= 16 && sends.kind == NUMBER && receives.kind == NUMBER &&
                   sends.number <= CASES_MAX && receives.number <= CASES_MAX;
    uint64_t count = counted ? sends.number + receives.number : CASES_MAX;
    for (uint64_t i = 0; cases.kind == NUMBER && i < count; i++) {
        const struct word *channel = stored_at(way, cases.number + i * scase_size);
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
    const struct sync_step *at = &code->steps[step];
    if (at->is_select)
        found_select(simulation, way, step);
    if (at->callee.op != SYNC_NONE)
        found(simulation, step, at->callee.op,
              plus(call_argument(simulation, way, step, at->callee.argument),
                   number((uint64_t)0 - at->callee.inside)));
    struct word sp = register_word(simulation, way, step, code->program->arch->sp);
    for (int i = 0; i < REGISTERS; i++)
        way->registers[i] = unknown;
    if (code->register_arguments)
        way->registers[0] = new_symbol(simulation); // its result
    if (sp.kind != NUMBER || code->register_arguments)
        return;
    target_addr first = sp.number + (code->program->arch->uses_link_register ? 8 : 0);
    for (unsigned i = 0; i < at->callee_arguments && i < 8 * STORES_MAX / 2; i += 8)
        put(way, first + i, new_symbol(simulation)); // the next call's arguments come there too
}

static struct word stored_word(const struct simulation *simulation, const struct way *way,
                               size_t step)
{
    const struct sync_code *code = simulation->code;
    const struct instruction *instruction = &code->steps[step].instruction;
    if (!code->program->arch->uses_link_register && instruction->access_size != 8)
        return unknown; // a part of a word
    if (instruction->source >= 0)
        return register_word(simulation, way, step, instruction->source);
    return instruction->has_constant ? number((uint64_t)instruction->constant) : unknown;
}

static void run_step(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->steps[step].instruction;
    struct word address, word = unknown;
    switch (instruction->kind) {
    case INSTRUCTION_CALL:
        run_call(simulation, way, step);
        return;
    case INSTRUCTION_STORE:
        address = operand_address(simulation, way, step);
        if (address.kind == NUMBER)
            store(simulation, way, step, address.number, stored_word(simulation, way, step));
        return;
    case INSTRUCTION_LOAD:
        word = memory_word(simulation, way, step);
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
    const struct sync_code *code = simulation->code;
    size_t next[2], step = way->step;
    for (size_t i = 0; i < code->count && !simulation->visited[step]; i++) {
        simulation->visited[step] = true;
        run_step(simulation, way, step);
        size_t count = sync_next_steps(code, step, next);
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
            simulation->symbols[i].known = address_space_try_u64(simulation->code->program->space,
                                                                 simulation->symbols[base].value +
                                                                     simulation->symbols[i].offset,
                                                                 &simulation->symbols[i].value);
    }
}

void sync_simulate(const struct sync_code *code, const struct sync_start *start,
                   struct arena *arena, struct sync_found_list *out)
{
    enum { CONTEXT_AMD64 = 1, CONTEXT_ARM64 = 26 }; // DX, R26
    struct simulation *simulation = ARENA_NEW(arena, struct simulation);
    *simulation = (struct simulation){
        .code = code,
        .start = start,
        .arena = arena,
        .out = out,
        .visited = arena_array(arena, code->count, sizeof(bool)),
        .ways = arena_array(arena, WAYS_MAX, sizeof(struct way *)),
        .cfa = start->cfa ? start->cfa : (target_addr)1 << NOWHERE_SHIFT,
    };
    struct way first = {.step = start->step};
    if (start->at_entry)
        for (int i = 0; i < REGISTERS; i++)
            first.registers[i] = new_symbol(simulation);
    if (start->context)
        set(&first, code->program->arch->uses_link_register ? CONTEXT_ARM64 : CONTEXT_AMD64,
            number(start->context));
    push(simulation, &first, start->step);
    while (simulation->way_count > 0)
        follow(simulation, simulation->ways[--simulation->way_count]);
    settle_loaded(simulation);
    for (size_t i = 0; simulation->objects && i < out->count; i++) {
        struct word object = simulation->objects[i];
        if (object.kind == SYMBOL && simulation->symbols[object.symbol].known)
            object = number(object.number + simulation->symbols[object.symbol].value);
        if (object.kind == NUMBER)
            out->items[i].site.object = object.number;
    }
}
