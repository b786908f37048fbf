// SPDX-License-Identifier: MIT
#pragma once

#include "model/report_sink.h"

#include "report/text_style.h"

#include <stdio.h>

/** How much a text report shows. */
struct text_options {
    bool full;         ///< arguments and locals of every frame, and the frames of the panic itself
    bool whole_values; ///< no value is cut in depth because it is long
    bool long_values;  ///< they may be longer, as with full
    bool offsets;      ///< pc, sp and fp of each frame
    size_t max_groups; ///< --max-goroutines
    const struct text_style *style; ///< borrowed; NULL: as to a file
};

/** The text report of the contract. out is borrowed; the caller asks ferror() once it is done. */
struct report_sink *text_sink_new(FILE *out, const struct text_options *options);

/**
 * The same for a tracker: headings, fenced blocks, the long parts folded.
 * @param max_size  bytes, about; what is cut is counted
 */
struct report_sink *markdown_sink_new(FILE *out, const struct text_options *options,
                                      size_t max_size);

/** One JSON object as docs/report.schema.json describes it, written as it comes. */
struct report_sink *json_sink_new(FILE *out);

enum traceback_level { TRACEBACK_SINGLE, TRACEBACK_ALL, TRACEBACK_SYSTEM };

/** The traceback that the Go runtime of that version prints under GOTRACEBACK=crash. */
struct report_sink *traceback_sink_new(FILE *out, enum traceback_level level);
