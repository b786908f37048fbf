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
 * @param redaction        learns the secrets of the process, and those of each frame and goroutine
 * that is asked for; nothing is hidden here. NULL: no redaction
 * @return what analyze() returns
 */
MUST_USE struct error *inspector_open(struct program *program, const struct value_limits *limits,
                                      struct redaction *redaction, struct inspector **out);
void inspector_free(struct inspector *inspector);
DEFINE_AUTO(inspector);

struct value_reader *inspector_reader(const struct inspector *inspector);

/** Other limits from now on. */
void inspector_set_limits(struct inspector *inspector, const struct value_limits *limits);

/** Ids of all goroutines, in the order of the runtime's list. @return how many */
size_t inspector_ids(const struct inspector *inspector, struct arena *arena, uint64_t **out);

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

/** The core's threads with their registers and frames; they live as long as the inspector. */
void inspector_threads(struct inspector *inspector, const struct report_thread **out,
                       size_t *count);

/** Registers at one moment. */
struct inspected_registers {
    uint32_t thread;      ///< 0: the goroutine is on no thread
    uint64_t goroutine;   ///< on which the thread was, 0: none
    const char *moment;   ///< "when the core was written"
    const char *function; ///< that pc is in; NULL: not known
    const char *file;     ///< shortened; NULL: not known
    int64_t line;
    const char **names;
    uint64_t *values;
    size_t count;
    /** Of the moment when the core was written: floating-point and vector registers. */
    const struct core_thread *wide; ///< NULL: not known
};

/**
 * The registers of a thread: those that the core has of it, and those that a signal interrupted.
 *
 * @param tid    0: the thread that runs the goroutine of place, which is the crashed one if it does
 *               not say; of a goroutine on no thread what the scheduler kept
 * @return ERROR_NOT_FOUND, which says which threads there are
 */
MUST_USE struct error *inspector_registers(struct inspector *inspector, struct arena *arena,
                                           const struct inspect_place *place, uint32_t tid,
                                           struct inspected_registers **out, size_t *count);

/**
 * Reads the source lines around a frame's, so many on each side, into frame->source.
 * @return false where its file is not on this host, or has no such line
 */
bool inspector_source(const struct inspector *inspector, struct arena *arena,
                      const struct source_places *places, int64_t around,
                      struct report_frame *frame);

/** A place in the code as a frame that has it, for inspector_source() and the listings. */
struct code_place;
void inspector_place(const struct inspector *inspector, const struct code_place *place,
                     struct report_frame *out);

/** The frame of a stack that tells most in one line; NULL for an empty one. */
const struct report_frame *frames_telling(const struct report_frame_list *frames);
