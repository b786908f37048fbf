// SPDX-License-Identifier: MIT
#pragma once

#include "base/progress.h"
#include "model/redaction.h"
#include "model/report_sink.h"
#include "symbols/program.h"
#include "values/read_value.h"

enum goroutine_order {
    ORDER_BY_ID,      ///< the crashed one first, then by id
    ORDER_OF_RUNTIME, ///< as the runtime's traceback: the crashed one, its thread's, then as allgs
                      ///< has them
};

/** Where source files are looked for beside the places that were recorded. */
struct source_places {
    const char *const *maps; ///< "FROM=TO": what lay below FROM lies below TO here
    size_t map_count;
    bool any_line; ///< asked for by its number: nothing need have been called there
};

struct analyze_options {
    enum goroutine_order order;
    bool variables;       ///< of the goroutines that matter; needs DWARF
    bool all_variables;   ///< of frames of the standard library too
    bool every_goroutine; ///< variables of those too that do not matter
    bool threads;         ///< walk every thread from its registers
    bool stable;          ///< nothing of this host: no source lines
    struct value_limits limits;
    struct source_places source;
    struct progress *progress;   ///< goroutines; stopped between two of them. NULL: none
    struct redaction *redaction; ///< hides secrets, and learns them; NULL: all is shown
};

/**
 * Finds out what happened and pushes it into a sink.
 *
 * @param binary_path, core_path  as the user gave them, for the report
 * @return an error only where nothing at all can be said (no list of goroutines and no threads);
 * what is broken otherwise is a warning in the report
 */
MUST_USE struct error *analyze(struct program *program, const char *binary_path,
                               const char *core_path, const struct analyze_options *options,
                               struct report_sink *sink);
