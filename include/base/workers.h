// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

/**
 * Threads that share out the items of a list. What comes out must not depend on their number: each
 * item is worked on once, on its own, and the caller puts the results together in the items' order.
 */

/** Does the items [begin, end); state belongs to the thread that calls. */
typedef void workers_work(void *state, size_t begin, size_t end);

/** How many threads are worth having: the processors this process may run on, at least 1. */
size_t workers_count(void);

/**
 * Works on item_count items, batch after batch, in as many threads as there are states; the calling
 * thread is one of them. Returns when all is done. Where no thread can be made, fewer do the work.
 */
void workers_run(void *const *states, size_t state_count, size_t item_count, size_t batch,
                 workers_work *work);
