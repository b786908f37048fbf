// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/program.h"

/** What is known of the process before: each candidate is held against it. */
struct sched_known {
    uint64_t highest_goid;
    uint64_t machine_count;   ///< the m's that were found …
    uint64_t highest_machine; ///< … and the largest m.id among them
};

/**
 * Finds runtime.sched without symbols: the one address that the code of the scheduler refers to,
 * whose counters are possible for these goroutines and m's, whose time is one, and whose list of
 * idle p's begins with one. It is looked for by its time, which the code reads, then by its own
 * address. Of several that pass none is it; what is not referred to may look alike
 * (one real occurrence: a wait of 9,389 minutes).
 * @return its address, 0 where there is none
 */
target_addr sched_search(const struct program *program, const struct sched_known *known);

/** Finds runtime.allp in the same way: a slice whose elements are p's numbered from 0. */
target_addr allp_search(const struct program *program);

/** Finds runtime.allm in the same way: a list of m's that a known one, the newest, is in. */
target_addr allm_search(const struct program *program, target_addr machine);
