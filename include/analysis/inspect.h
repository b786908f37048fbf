// SPDX-License-Identifier: MIT
#pragma once

#include "analysis/analyze.h"
#include "values/variables.h"

/**
 * Looks at one goroutine or frame of a program, for commands that want no whole report. Goroutines
 * and frames are those of analyze(), with the same numbers. One thread only.
 */
struct inspector;

/**
 * @param program, limits  borrowed, must outlive the result
 * @return what analyze() returns
 */
MUST_USE struct error *inspector_open(struct program *program, const struct value_limits *limits,
                                      struct inspector **out);
void inspector_free(struct inspector *inspector);
DEFINE_AUTO(inspector);

struct value_reader *inspector_reader(const struct inspector *inspector);

/** Which goroutine, which of its frames; what is not said is the one that crashed, and the frame to
 * look at first. */
struct inspect_place {
    bool has_goroutine, has_frame;
    uint64_t goroutine, frame; ///< id; number, 0: the innermost
};

/** One logical frame, and what is needed to read its variables. */
struct inspected_frame {
    uint64_t goroutine, number;
    struct report_frame frame;       ///< no variables read
    struct variable_frame variables; ///< where they are
};

/**
 * Describes a goroutine with its frames; place->frame is not heeded.
 * @param variables  of all its frames are read too
 * @return ERROR_NOT_FOUND, which says which goroutines there are
 */
MUST_USE struct error *inspector_goroutine(struct inspector *inspector, struct arena *arena,
                                           const struct inspect_place *place, bool variables,
                                           struct report_goroutine *out);

/**
 * Finds a frame.
 * @return ERROR_NOT_FOUND, which says which goroutines or frames there are
 */
MUST_USE struct error *inspector_frame(struct inspector *inspector, struct arena *arena,
                                       const struct inspect_place *place,
                                       struct inspected_frame *out);

/** The frame of a stack that tells most in one line; NULL for an empty one. */
const struct report_frame *frames_telling(const struct report_frame_list *frames);
