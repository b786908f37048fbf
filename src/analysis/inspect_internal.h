// SPDX-License-Identifier: MIT
#pragma once

#include "analysis/inspect.h"
#include "analysis_internal.h"
#include "roster.h"

struct inspector {
    struct analyze_options options;
    struct analysis analysis;
    struct crash_site site;
    bool has_threads;
    struct report_head head; ///< its threads, once they were asked for
    struct roster roster;    ///< with blocked
    struct blocked *blocked; ///< who waits for whom, once it was asked for; NULL: not yet
};

/** The goroutine that is meant: by its id, else the one that crashed; of a live process one that
 * panics, else the oldest. */
MUST_USE struct error *inspector_find(const struct inspector *inspector,
                                      const struct inspect_place *place, struct goroutine *out);
