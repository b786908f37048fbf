// SPDX-License-Identifier: MIT
#pragma once

#include "analysis_internal.h"

/** What is kept of each goroutine while all are looked at: little, for there may be millions. */
struct roster_entry {
    target_addr address;
    uint64_t id, parent;
    uint64_t
        stack_hash; ///< see frames_result.hash and goroutine_hash(); 0 unless stacks were walked
    int64_t wait_since; ///< 0: does not wait, or not recorded
    uint32_t position;  ///< in the runtime's list
    bool alive, readable;
    bool system, panics;
};

/** The goroutines that are alive, in the order in which they are reported. */
struct roster {
    struct roster_entry *entries; ///< as the runtime's list has them, dead ones too
    uint32_t *order;              ///< indices of those alive
    size_t count;                 ///< of order
};

/**
 * Reads all goroutines, in as many threads as the machine has processors.
 *
 * @param walk  follow their stacks too, so that equal ones are found
 * @param known, known_hash  a goroutine whose stack need not be walked for that; 0: none
 */
void roster_read(struct analysis *analysis, const struct crash_site *site, bool walk,
                 target_addr known, uint64_t known_hash, struct roster *out);
void roster_clear(struct roster *roster);
