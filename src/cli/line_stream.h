// SPDX-License-Identifier: MIT
#pragma once

#include <stdio.h>

/** Takes one line, without its end. */
typedef void line_stream_taker(void *state, const char *line);

/** A stream that hands over what is written to it line by line; the last one, if it has no end,
 * when it is closed. @param state  borrowed */
FILE *line_stream_new(line_stream_taker *take, void *state);
