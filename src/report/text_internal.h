// SPDX-License-Identifier: MIT
#pragma once

#include "model/crash_report.h"
#include "report/sinks.h"
#include "report/text_style.h"

#include "base/buffer.h"

/** The parts of the text report. Each appends whole lines; nothing where there is nothing. */

// text_basic.c

/** Text from the target, made harmless. */
void text_put(struct buffer *out, const char *text);

/** "1,204 goroutines", "1 goroutine". */
void text_plural(struct buffer *out, uint64_t count, const char *singular);

/** "41 minutes", "12 seconds", "3 hours". */
void text_duration(struct buffer *out, uint64_t nanoseconds);

/** "46 MB", "1.2 GB", "512 bytes". */
void text_size(struct buffer *out, uint64_t bytes);

/** "18, 20, 34-40", cut after a number of ranges and the rest counted. */
void text_ids(struct buffer *out, const struct id_list *ids);

/** "main.main, shop/main.go:25". */
void text_place(struct buffer *out, const struct report_frame *frame);

/** A place in a file, which a terminal can lead to. @param file  as recorded, NULL: not known */
void text_link(struct buffer *out, const char *file, const char *shown, int64_t line);

/** "chan receive, 41 minutes": the wait reason if there is one, the time from one minute on. */
void text_state(struct buffer *out, const char *status, const char *wait_reason, bool has_wait,
                uint64_t wait_ns);

// text_summary.c

void text_message(struct buffer *out, const struct report_crash *crash);

/** Cause and Origin: what stands above Where, which needs the goroutine. */
void text_cause(struct buffer *out, const struct report_cause *cause);

/** @param goroutine  the crashed one, or the first of those that stand still */
void text_where(struct buffer *out, const struct report_crash *crash,
                const struct report_goroutine *goroutine);

/** Value, Evidence, Advice, Doing, Program, Signature. */
void text_rest_of_summary(struct buffer *out, const struct report_head *head);

/** The lines around a frame, the current one marked. */
void text_source(struct buffer *out, const struct report_frame *frame);

// text_goroutine.c

void text_goroutine(struct buffer *out, const struct report_goroutine *goroutine,
                    const struct text_options *options);

/** Variables, a line each, in columns; shadowed ones say so. Where they are indented a second line
 * says what errors wrap. */
void text_variables(struct buffer *out, const struct value_list *lists, size_t count,
                    const char *indent, const struct text_options *options);

/** A value as it stands behind a variable's name: cut in depth where it would fill the screen. */
void text_value(struct buffer *out, const struct value *value);

/** A line of the errors that an error wraps, four blanks behind the indent, outermost first, of a
 * join one after another; nothing where there are none. */
void text_wraps(struct buffer *out, const struct value *variable, const char *indent);

/** The frame that Where names: crash.frame, else the first that is shown; NULL: none. */
const struct report_frame *text_frame_to_look_at(const struct report_crash *crash,
                                                 const struct report_goroutine *goroutine,
                                                 size_t *index);

/** A frame's number: its place in the whole stack, those that were not kept counted. */
uint64_t text_frame_number(const struct report_frame_list *frames, size_t index);

// text_lists.c

enum { TEXT_EXTRAS = 10 }; ///< goroutines beside the crashed one that are shown with their frames

/** The ids of all that are shown on their own. */
struct text_shown {
    uint64_t ids[TEXT_EXTRAS + 1];
    size_t count;
};
void text_shown_add(struct text_shown *shown, uint64_t id);

/** The goroutines that are not shown on their own. */
void text_groups(struct buffer *out, const struct report_tail *tail, const struct text_shown *shown,
                 size_t max_groups);

/** One group, of which those goroutines are listed, their number in a column of that width. */
void text_group(struct buffer *out, const struct report_group *group, const struct id_list *ids,
                int width);

/** Of a living process, and of a deadlock, what was noticed is the answer: it comes before the
 * goroutines. */
bool text_findings_first(const struct report_crash *crash);
/** @param said  the summary: a finding whose evidence stands there already is left out */
void text_findings(struct buffer *out, const struct report_tail *tail, const struct buffer *said);

/** Where each thread was, the innermost three frames of each; for a core without goroutines. */
void text_threads(struct buffer *out, const struct report_head *head, size_t max_threads);
void text_files(struct buffer *out, const struct report_head *head);
void text_warnings(struct buffer *out, const struct string_list *warnings);

// text_frames.c

/** The frames of one stack that are shown: [first, gap) and [gap_end, end). */
struct shown_frames {
    size_t first, gap, gap_end, end;
};

/** The frames of a stack, those that repeat themselves once. */
void text_frames(struct buffer *out, const struct report_frame_list *frames,
                 const struct shown_frames *shown, const struct text_options *options);

/** The line of a frame's file, line and offset. */
void text_frame_file(struct buffer *out, const struct report_frame *frame);

/** Whether a frame is the call of panic(). */
bool text_is_panic(const struct report_frame *frame);
