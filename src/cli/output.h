// SPDX-License-Identifier: MIT
#pragma once

#include "cli_internal.h"

/** Where a command prints: standard output, a pager in front of a terminal, or a file. */
struct output;

/**
 * @param style  what the place can show
 * @return ERROR_OS where --output's file cannot be made
 */
MUST_USE struct error *output_open(const struct report_options *options, FILE **file,
                                   struct text_style *style, struct output **out);

/**
 * Ends it: a file takes its name only now, unless nothing was printed because of an error.
 * @return the exit status: status, or EXIT_INPUT where what was printed could not be written
 */
int output_close(struct output *output, int status);
