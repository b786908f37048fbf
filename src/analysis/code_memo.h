// SPDX-License-Identifier: MIT
#pragma once

#include "analysis_internal.h"

/**
 * What a report says of a place in the code, whatever goroutine stands there: made once, since a
 * million goroutines stand at some hundred places.
 */
struct code_memo;

struct code_memo *code_memo_new(void);
void code_memo_free(struct code_memo *memo);

/** One logical frame of a place. */
struct code_line {
    const char *function; ///< as the traceback names it
    const char *short_file;
    enum frame_owner owner;
    bool shown, shown_first; ///< by the traceback, behind a call that is no panic's
};

/**
 * The lines of logical frames, as many.
 *
 * @param pc     where the logical frames were looked up
 * @param arena  where they lie once the memo is full
 */
const struct code_line *code_lines(struct analysis *analysis, struct arena *arena, target_addr pc,
                                   const struct pc_lines *logical);

/** The function that a goroutine was started with. */
struct code_start {
    const char *function; ///< NULL: not known
    const char *file, *short_file;
    int64_t line; ///< on which it begins; 0: not known
    bool system;  ///< such a goroutine is one of the runtime's own
};
const struct code_start *code_start_of(struct analysis *analysis, struct arena *arena,
                                       const struct goroutine *g);

/** Who started a goroutine. */
void code_created_by(struct analysis *analysis, struct arena *arena, const struct goroutine *g,
                     struct report_created_by *out);
