// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/program.h"

/**
 * Finds runtime.allgs without symbols: the slice header in the program's writable data whose
 * elements are all goroutines. Tests in docs/go-runtime.md; on every recording exactly one place
 * passes.
 *
 * @return its address, 0 where there is none
 */
target_addr allgs_search(const struct program *program);

/**
 * Finds goroutines where the list of them is lost: what looks like a live g in the writable memory
 * of the core. A stack of a possible size, a guard inside it, and a start function that begins
 * where it says are what no other bytes have together; one whose memory was cut away is not found.
 *
 * @return addresses in ascending order of goid, each once; NULL where there are none; to be freed
 */
target_addr *goroutines_search(const struct program *program, size_t *count);
