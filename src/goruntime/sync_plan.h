// SPDX-License-Identifier: MIT
#pragma once

#include "sync_internal.h"

/**
 * What a simulation of code did with the memory of one frame, so that it need not be done again for
 * the next frame that stands in the same place. Which way the simulation goes is the code's alone;
 * of memory it asks which words can be read, and which addresses are equal. So each number it came
 * by is written as one of some bases plus an offset, and whoever finds the bases of another frame,
 * the same words readable and the same addresses equal, has the simulation's result for it.
 */
enum { BASE_ABSOLUTE, BASE_CFA, BASE_CONTEXT, BASES_MAX = 96 };

struct sync_base {
    enum { BASE_GIVEN, BASE_READ, BASE_SUM, BASE_SCALED } kind;
    uint16_t a, b;   ///< other bases; read: the word at base a plus number
    uint8_t size;    ///< read: bytes
    bool readable;   ///< read: else there is no value
    uint64_t number; ///< read: the offset; scaled: the factor
    bool addressed;  ///< memory at this base plus low … high was compared with other places
    int64_t low, high;
};

/** One operation; its object is a base plus an offset where it is known. */
struct sync_plan_item {
    struct sync_found found;
    bool known;
    uint16_t base;
    uint64_t offset;
};

/** The bases of one simulation as it runs, and their values in it. */
struct sync_recorder {
    const struct address_space *space;
    struct sync_base bases[BASES_MAX];
    uint64_t values[BASES_MAX];
    uint16_t count;
    bool broken; ///< the result depends on memory in some other way
};

void sync_recorder_begin(struct sync_recorder *recorder, const struct address_space *space,
                         target_addr cfa, target_addr context);

/** Reads a word; *base is that of its value. @return false where it cannot be read */
bool sync_recorder_read(struct sync_recorder *recorder, uint16_t at, target_addr address,
                        unsigned size, uint16_t *base, uint64_t *value);
uint16_t sync_recorder_sum(struct sync_recorder *recorder, uint16_t a, uint16_t b);
uint16_t sync_recorder_scaled(struct sync_recorder *recorder, uint16_t a, uint64_t factor);

/** Notes that an address was compared with others. */
void sync_recorder_address(struct sync_recorder *recorder, uint16_t base, target_addr address);

/** Plans for one place in the code: of frames that differ in what is equal. */
struct sync_plan_list {
    struct sync_plan *first;
    unsigned count;
    bool useless; ///< too many, or the result depends on more
};

/** Keeps what a simulation did; arena for the plan. */
void sync_plan_keep(struct sync_plan_list *list, const struct sync_recorder *recorder,
                    const struct sync_plan_item *items, size_t count, struct arena *arena);

/** @return false where no plan is for a frame like this; else out is what a simulation finds */
bool sync_plan_run(const struct sync_plan_list *list, const struct address_space *space,
                   target_addr cfa, target_addr context, struct arena *arena,
                   struct sync_found_list *out);
