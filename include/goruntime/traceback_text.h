// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "goruntime/stack_walk.h"

/**
 * What the runtime's own traceback prints, release by release (runtime/traceback.go; differences in
 * docs/go-runtime.md).
 */

/**
 * Appends the arguments of a physical frame as the traceback prints them between the brackets:
 * "0x1?, {0x2, 0x3}, ...".
 * @param outermost_pc  where the walk over the inlined calls ended: up to Go 1.20 liveness is
 * looked up there
 */
void traceback_arguments(struct buffer *out, const struct program *program,
                         const struct stack_frame *frame, target_addr outermost_pc);

/** Appends a function's name as the traceback prints it: gopanic as "panic", type arguments as
 * "[...]". */
void traceback_function_name(struct buffer *out, int minor, const char *name, bool inlined);

/** Whether a traceback below GOTRACEBACK=system shows a logical frame. */
bool traceback_shows(int minor, const char *name, enum go_func_id id, enum go_func_id callee,
                     bool first);

/**
 * Appends a goroutine's heading without its colon and line end:
 * "goroutine 1 gp=0xc000002380 m=0 mp=0x57d3e0 [running]".
 *
 * @param labels  of goroutine_labels_text(); ""
 */
void traceback_heading(struct buffer *out, const struct scheduler *scheduler,
                       const struct goroutine *g, bool detailed, const char *labels);
