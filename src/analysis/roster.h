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
    uint32_t wait;      ///< for blocked_new()
    bool alive, readable;
    bool system, panics;
};

/** The goroutines that are alive, in the order in which they are reported. */
struct roster {
    struct roster_entry *entries; ///< as the runtime's list has them, dead ones too
    uint32_t *order;              ///< indices of those alive
    size_t count;                 ///< of order
    size_t total;                 ///< of entries
    uint64_t unreadable;          ///< that are listed
    struct roster_wait *waits;    ///< one for each entry; NULL: they were not asked for
};

/** What a goroutine waits for: see struct goroutine_wait. */
struct roster_wait {
    target_addr object, sudog, second;
    uint8_t kind, case_count; ///< of the cases no more than are looked at
    bool sends : 1, reads : 1, writers_turn : 1, is_socket : 1, known : 1;
};

/** What roster_read() is to find out. */
struct roster_request {
    bool walk;           ///< follow their stacks too, so that equal ones are found
    bool waits;          ///< what they wait for
    target_addr known;   ///< a goroutine whose stack need not be walked for that; 0: none
    uint64_t known_hash; ///< its hash
};

/** Reads all goroutines, in as many threads as the machine has processors. */
void roster_read(struct analysis *analysis, const struct crash_site *site,
                 const struct roster_request *request, struct roster *out);
void roster_clear(struct roster *roster);

/** Warns of goroutines that are listed and cannot be read. */
void roster_warn(struct analysis *analysis, const struct roster *roster);
