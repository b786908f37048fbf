// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** How text goes to a terminal; all zero: as to a file. */
struct text_style {
    bool color;
    bool links;       ///< the terminal takes OSC 8
    size_t width;     ///< columns; longer lines are broken between words. 0: never
    const char *host; ///< for links; NULL: none
};

/**
 * Marks in the text of a report, which no text of the target can hold: its control characters are
 * escaped. text_style_write() makes escape sequences of them, or leaves them out.
 */
#define MARK_STRONG "\001"    ///< the user's own code, headings
#define MARK_FAINT "\002"     ///< the runtime's and the library's
#define MARK_ALARM "\003"     ///< what died, and of what
#define MARK_END "\004"       ///< of one of these
#define MARK_LINK "\005"      ///< a path follows, up to …
#define MARK_LINK_TEXT "\006" ///< … the text that leads there, up to …
#define MARK_LINK_END "\007"

/** Writes text with marks. @param style  NULL: as to a file */
void text_style_write(FILE *out, const struct buffer *text, const struct text_style *style);
