// SPDX-License-Identifier: MIT
#pragma once

#include "model/crash_report.h"

/**
 * Takes a report as it is made: begin once, goroutine for each, end once. What is passed is
 * borrowed for the call alone: no goroutine is kept for printing, so that memory does not grow with
 * their number.
 */
struct report_sink {
    void (*begin)(struct report_sink *sink, const struct report_head *head);
    void (*goroutine)(struct report_sink *sink, const struct report_goroutine *goroutine);
    void (*end)(struct report_sink *sink, const struct report_tail *tail);
    void (*free)(struct report_sink *sink);
    /**
     * Whether a goroutine is to be passed; the crashed one and those that panic always are. NULL:
     * all. Those that nobody wants are not described, only counted in their groups.
     */
    bool (*wants)(struct report_sink *sink, uint64_t id);
    bool ignores_groups;   ///< with wants: nothing is asked of the tail's groups
    bool ignores_findings; ///< nothing is asked of the tail's findings
};

static inline void report_sink_free(struct report_sink *sink)
{
    if (sink)
        sink->free(sink);
}
DEFINE_AUTO(report_sink);
