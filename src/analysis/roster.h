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
    uint32_t wait;      ///< for blocked_new()
    bool alive, readable;
    bool system, panics;
};

/** The goroutines that are alive, in the order in which they are reported. */
struct roster {
    struct roster_entry *entries; ///< one for each in the runtime's list, dead ones too
    uint32_t *order;              ///< indices of those alive
    size_t count;                 ///< of order
    size_t total;                 ///< of entries
    uint64_t unreadable;          ///< that are listed
    struct blocked_wait *waits;   ///< one for each entry, of kind WAIT_NONE where it waits for
                                  ///< nothing; NULL: they were not asked for, or taken over
};

/** What one goroutine waits for, for all of them: small, since there may be a million. */
struct blocked_wait {
    target_addr g, object; ///< object 0: not known, or a nil channel
    target_addr second;    ///< see struct goroutine_wait
    uint64_t goid;
    target_addr sudog;
    uint32_t entry; ///< of the roster
    uint32_t next;  ///< + 1: the next that waits for the same object; of a select its first case's
    uint32_t object_number; ///< + 1: of object; 0: none of package sync's, no channel, or not known
    uint8_t kind;           ///< enum wait_kind
    uint8_t case_count;     ///< at most UINT8_MAX
    bool sends, reads, writers_turn, is_socket, known;
};

/** What roster_read() is to find out. */
struct roster_request {
    bool walk;         ///< follow their stacks too, so that equal ones are found
    bool waits;        ///< what they wait for
    target_addr known; ///< a goroutine whose stack need not be walked for that; 0: none
};

/** Reads all goroutines, in as many threads as the machine has processors; tells the scheduler
 * their sum. */
void roster_read(struct analysis *analysis, const struct crash_site *site,
                 const struct roster_request *request, struct roster *out);
void roster_clear(struct roster *roster);

/** Sets what was not found out of a goroutine, since its stack is walked elsewhere. */
void roster_set_hash(struct roster *roster, target_addr address, uint64_t hash);

/** Warns of goroutines that are listed and cannot be read. */
void roster_warn(struct analysis *analysis, const struct roster *roster);
