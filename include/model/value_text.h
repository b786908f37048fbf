// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "model/value.h"

/**
 * Appends a value as the reports print it: Go composite literals without the type repeated, on one
 * line. Control characters and invalid UTF-8 come out escaped as strconv.Quote does.
 *
 *     &{Name: "Alice", Tags: ["a", "b"]}   [1, 2, 3, …97 more]   {"k": 1}   "text"…+1,024 bytes
 *     (*os.PathError) &{Op: "open"}   chan int 2/5 [7, 8], 3 receivers waiting   <optimized out
 * here>
 */
void value_text(struct buffer *out, const struct value *value);

/**
 * The same, cut below depth composites: what lies deeper is shown as at the reader's own depth
 * limit, {…}, […3 elements], a pointer as its address.
 */
void value_text_to_depth(struct buffer *out, const struct value *value, size_t depth);

/** A Go quoted string, as strconv.Quote makes it. */
void value_quote(struct buffer *out, const char *bytes, size_t size);

/** A number with thousands separators: 1,204. */
void value_count_text(struct buffer *out, uint64_t number);

/** The shortest decimal that reads back as the same float64 (or float32), as Go's %v prints it. */
void value_float_text(struct buffer *out, double number, bool single);
