// SPDX-License-Identifier: MIT
#include "sync_words.h"

#include <string.h>

/** A constant of the code; what differs from frame to frame cannot be told from one of them. */
bool word_is_constant(const struct simulation *simulation, struct word word)
{
    if (word.base != BASE_ABSOLUTE)
        simulation->recorder->broken = true;
    return word.base == BASE_ABSOLUTE;
}

struct word word_new_symbol(struct simulation *simulation)
{
    if (simulation->symbol_count == SYMBOLS_MAX)
        return word_unknown;
    return (struct word){SYMBOL, BASE_ABSOLUTE, simulation->symbol_count++, 0};
}

struct word *way_stored_at(const struct simulation *simulation, struct way *way,
                           struct word address)
{
    sync_recorder_address(simulation->recorder, address.base, address.number);
    for (unsigned i = way->store_count; i-- > 0;)
        if (way->stores[i].address == address.number)
            return &way->stores[i].word;
    return NULL;
}

/** A symbol whose value has been found is a number. */
struct word word_settle(const struct simulation *simulation, struct word word)
{
    if (word.kind == SYMBOL && simulation->symbols[word.symbol].known) {
        uint16_t base = sync_recorder_sum(simulation->recorder, word.base,
                                          simulation->symbols[word.symbol].value_base);
        return word_based(base, word.number + simulation->symbols[word.symbol].value);
    }
    return word;
}

static struct word load(const struct simulation *simulation, struct way *way, struct word address,
                        unsigned size)
{
    const struct word *written = way_stored_at(simulation, way, address);
    uint64_t value;
    uint16_t base;
    if (written && written->kind != UNKNOWN)
        return word_settle(simulation, *written);
    // What is written on the way from here on is not in memory yet.
    if (written && simulation->start->future)
        return word_unknown;
    if ((size == 8 || size == 4) &&
        sync_recorder_read(simulation->recorder, address.base, address.number, size, &base, &value))
        return word_based(base, value);
    return word_unknown;
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
    word_is_constant(simulation, word);
    if (sync_recorder_read(simulation->recorder, address.base, address.number, 8, &base, &value)) {
        simulation->symbols[word.symbol].known = true;
        simulation->symbols[word.symbol].value = value - word.number;
        simulation->symbols[word.symbol].value_base = base;
    }
}

void way_put(const struct simulation *simulation, struct way *way, struct word address,
             struct word word)
{
    struct word *slot = way_stored_at(simulation, way, address);
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

void way_store(struct simulation *simulation, struct way *way, size_t step, struct word address,
               struct word word)
{
    if (simulation->start->cfa)
        bind(simulation, step, address, word);
    way_put(simulation, way, address, word);
}

struct word word_plus(const struct simulation *simulation, struct word a, struct word b)
{
    if (a.kind == UNKNOWN || b.kind == UNKNOWN || (a.kind == SYMBOL && b.kind == SYMBOL))
        return word_unknown;
    const struct word *symbol = a.kind == SYMBOL ? &a : &b;
    return (struct word){symbol->kind, sync_recorder_sum(simulation->recorder, a.base, b.base),
                         symbol->symbol, a.number + b.number};
}

struct word word_times(const struct simulation *simulation, struct word word, uint64_t factor)
{
    return word_based(sync_recorder_scaled(simulation->recorder, word.base, factor),
                      word.number * factor);
}

struct word way_register(const struct simulation *simulation, const struct way *way, size_t step,
                         int reg)
{
    const struct function_code *code = simulation->code->code;
    const struct arch *arch = code->program->arch;
    if (reg < 0 || reg >= REGISTERS)
        return word_unknown;
    if (reg != arch->sp)
        return word_settle(simulation, way->registers[reg]);
    if (code->deltas[step] == INT32_MIN)
        return word_unknown;
    return word_based(BASE_CFA, simulation->cfa - (uint64_t)code->deltas[step] - arch->call_pushes);
}

/** The address that a memory operand means. */
struct word way_address(const struct simulation *simulation, const struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    uint64_t displacement = (uint64_t)instruction->displacement;
    if (instruction->pc_relative)
        return word_number(function_code_pc(simulation->code->code, step) + instruction->size +
                           displacement);
    struct word address = word_number(displacement);
    if (instruction->base >= 0)
        address =
            word_plus(simulation, address, way_register(simulation, way, step, instruction->base));
    if (instruction->index >= 0 && instruction->narrow_index)
        return word_unknown;
    if (instruction->index >= 0) {
        struct word index = way_register(simulation, way, step, instruction->index);
        if (index.kind != NUMBER)
            return word_unknown;
        address = word_plus(simulation, address,
                            word_times(simulation, index, (uint64_t)instruction->scale));
    }
    return address;
}

void way_set(struct way *way, int reg, struct word word)
{
    if (reg >= 0 && reg < REGISTERS)
        way->registers[reg] = word;
}

/** @param part  bytes behind the memory operand: of the second register of a pair */
struct word way_memory(struct simulation *simulation, struct way *way, size_t step, unsigned part)
{
    struct word address =
        word_plus(simulation, way_address(simulation, way, step), word_number(part));
    unsigned size = instruction_word_size(&simulation->code->code->instructions[step]);
    if (address.kind == SYMBOL && size == 8) { // the frame may tell later where that was
        struct word word = word_new_symbol(simulation);
        if (word.kind == SYMBOL) {
            word_is_constant(simulation, address);
            simulation->symbols[word.symbol].loaded = true;
            simulation->symbols[word.symbol].base = address.symbol;
            simulation->symbols[word.symbol].offset = address.number;
        }
        return word;
    }
    return address.kind == NUMBER ? load(simulation, way, address, size) : word_unknown;
}

struct word way_source(struct simulation *simulation, struct way *way, size_t step)
{
    const struct instruction *instruction = &simulation->code->code->instructions[step];
    if (instruction->has_memory)
        return way_memory(simulation, way, step, 0);
    if (instruction->source >= 0)
        return way_register(simulation, way, step, instruction->source);
    return instruction->has_constant ? word_number((uint64_t)instruction->constant) : word_unknown;
}
