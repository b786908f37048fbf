// SPDX-License-Identifier: MIT
#pragma once

#include "stack_survey.h"

/** One walk that makes report frames. */
/** The deferred calls of a goroutine that have not run, in the order in which they would. */
struct pending_defers {
    struct analysis *analysis;
    struct arena *arena;
    struct defer_record *records;
    size_t record_count, next; ///< next: the first whose frame has not been met
    struct report_defer *items;
    size_t count, capacity;
};

struct frames_builder {
    struct analysis *analysis;
    struct arena *arena;
    const struct frames_request *request;
    struct frames_result *result;
    size_t capacity;
    uint64_t index;        ///< of the next logical frame of Go code
    uint64_t total;        ///< logical frames of Go code of the whole stack
    uint64_t native_count; ///< frames of C code that came before it
    enum frame_stack stack;
    bool first; ///< no frame came yet
    enum go_func_id callee;
    uint64_t callback_count; ///< frames of cgocallback on the whole stack
    uint64_t callbacks_lost; ///< of the innermost, whose C code is gone
    bool callbacks_begun, foreign_added;
    struct callback_walk callbacks;
    struct pending_defers defers;
};

/** Room for one frame more, at the end of the list. */
struct report_frame *frames_add(struct frames_builder *builder);

/** Appends the logical frames of one physical frame of Go code. */
void frames_add_physical(struct frames_builder *builder, const struct stack_frame *frame);

/* defers.c */

void pending_defers_begin(struct pending_defers *pending, struct analysis *analysis,
                          struct arena *arena, const struct goroutine *g);

/**
 * Appends the calls that a frame has deferred; frames come innermost first.
 * @param out  gets them too; NULL: it is not shown
 */
void pending_defers_of_frame(struct pending_defers *pending, const struct stack_frame *frame,
                             struct report_frame *out);

/* frames_native.c */

/** Appends the frames of C code that begin with registers, innermost first. */
void frames_add_native(struct frames_builder *builder, const struct registers *registers,
                       bool exact);

/** Appends the C code that called the goroutine at a frame of cgocallback, if it can be found. */
void frames_add_callback(struct frames_builder *builder, const struct stack_frame *frame);
