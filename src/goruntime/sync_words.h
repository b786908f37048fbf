// SPDX-License-Identifier: MIT
#pragma once

#include "sync_plan.h"

/* What sync_simulate() knows of registers and of memory on its way through the code. */

enum {
    REGISTERS = 32,
    STORES_MAX = 48,   ///< words that one way through the code remembers to have written
    SYMBOLS_MAX = 512, ///< values that only the frame can tell: arguments, results of calls
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

static const struct word word_unknown = {UNKNOWN, 0, 0, 0};

static inline struct word word_based(uint16_t base, uint64_t value)
{
    return (struct word){NUMBER, base, 0, value};
}

static inline struct word word_number(uint64_t value)
{
    return word_based(BASE_ABSOLUTE, value);
}

/** Whether a number is a constant of the code; what differs from frame to frame cannot be told from
 * one of them, so that no plan is made of it. */
bool word_is_constant(const struct simulation *simulation, struct word word);

/** A value that only the frame can tell; unknown where there are too many. */
struct word word_new_symbol(struct simulation *simulation);

/** A symbol whose value has been found is a number. */
struct word word_settle(const struct simulation *simulation, struct word word);

struct word word_plus(const struct simulation *simulation, struct word a, struct word b);

/** @param word  a number */
struct word word_times(const struct simulation *simulation, struct word word, uint64_t factor);

/** What the way has written at an address; NULL: nothing. */
struct word *way_stored_at(const struct simulation *simulation, struct way *way,
                           struct word address);

/** Remembers what is written at an address that is a number. */
void way_put(const struct simulation *simulation, struct way *way, struct word address,
             struct word word);

/** The same for an instruction of the code: a symbol that is put into the frame may be known then.
 */
void way_store(struct simulation *simulation, struct way *way, size_t step, struct word address,
               struct word word);

struct word way_register(const struct simulation *simulation, const struct way *way, size_t step,
                         int reg);
void way_set(struct way *way, int reg, struct word word);

/** The address that an instruction's memory operand means. */
struct word way_address(const struct simulation *simulation, const struct way *way, size_t step);

/** What lies there. @param part  bytes behind it: of the second register of a pair */
struct word way_memory(struct simulation *simulation, struct way *way, size_t step, unsigned part);

/** What an instruction's source is: memory, a register, a constant. */
struct word way_source(struct simulation *simulation, struct way *way, size_t step);
