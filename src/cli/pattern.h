// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.h"

#include <regex.h>
#include <stdbool.h>

/** A regular expression that may not be given: then everything matches. Initialise with {0}. */
struct pattern {
    bool given;
    regex_t regex;
};

/**
 * @param what  where the user wrote it: "--wait"
 * @param text  an extended regular expression, NULL: none is given
 * @return ERROR_INPUT
 */
MUST_USE struct error *pattern_compile(const char *what, const char *text, struct pattern *out);
void pattern_clear(struct pattern *pattern);
#define AUTO_PATTERN __attribute__((cleanup(pattern_clear))) struct pattern

/** @param text  NULL matches nothing but the pattern that is not given */
bool pattern_matches(const struct pattern *pattern, const char *text);
