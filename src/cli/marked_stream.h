// SPDX-License-Identifier: MIT
#pragma once

#include <stdio.h>

/**
 * A stream that puts a mark before each line that is not empty and passes it on.
 *
 * @param out   borrowed: fclose() of the result leaves it open
 * @param mark  borrowed
 */
FILE *marked_stream_new(FILE *out, const char *mark);
