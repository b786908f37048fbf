// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "goruntime/scheduler.h"

/** One entry of a goroutine's panic chain (runtime/runtime2.go, _panic). */
struct panic_record {
    target_addr address;
    target_addr type_word, data_word; ///< the value, an empty interface
    bool recovered, repanicked, goexit;
};

/**
 * The panics of a goroutine that have not ended, in the order in which they were raised; at most
 * LIMIT_PANICS, the newest. A link that leads back or out of memory ends the chain.
 */
size_t panics_read(const struct scheduler *scheduler, const struct goroutine *g,
                   struct arena *arena, struct panic_record **out);

/**
 * The end of what the runtime printed with print and println: its 512-byte ring (runtime/print.go,
 * printBacklog), oldest byte first. It holds the text of fatal errors, not that of panics.
 */
struct bytes print_backlog_read(const struct program *program, struct arena *arena);
