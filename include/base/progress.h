// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/** How far long work is, for whoever shows it, also from a signal handler; and whether to stop. */
struct progress {
    volatile uint64_t done, total;     ///< total 0: not known
    const volatile sig_atomic_t *stop; ///< not 0: the work ends as soon as it can; NULL: never
};

/** Whether somebody wants the work to end. @param progress  NULL: nobody */
static inline bool progress_stopped(const struct progress *progress)
{
    return progress && progress->stop && *progress->stop;
}

/** @param progress  NULL: nobody looks. @return whether to go on */
static inline bool progress_step(struct progress *progress, uint64_t done, uint64_t total)
{
    if (!progress)
        return true;
    progress->done = done;
    progress->total = total;
    return !progress_stopped(progress);
}
