// SPDX-License-Identifier: MIT
#pragma once

#include "model/crash_report.h"

#include <stdio.h>

/**
 * What the commands print that are no reports: variables, values of expressions, goroutines. As
 * text a line each; as JSON one object with one list, an element a line (docs/expressions.md).
 */
struct listing {
    FILE *out; ///< borrowed; the caller asks ferror() once it is done
    bool json;
    bool full;    ///< no value is cut because it is long; all frames and variables of a stack
    size_t count; ///< elements so far
};

/** @param member  the list's name in the JSON object */
void listing_begin(struct listing *listing, const char *member);
/** @param note  a last line about what could not be listed, NULL: none */
void listing_end(struct listing *listing, const char *note);

/** name  type = value */
void listing_variables(struct listing *listing, const struct value_list *variables);

/** EXPR = VALUE */
void listing_result(struct listing *listing, const char *expression, const struct value *value,
                    bool missing_key);
/** JSON alone: an expression that has no value, and the byte of it that is at fault. */
void listing_failure(struct listing *listing, const char *expression, const char *message,
                     size_t offset);

/** 18  [chan receive, 41 minutes]  main.worker, shop/pool.go:31, created by main.start */
void listing_goroutine(struct listing *listing, const struct report_goroutine *goroutine,
                       const struct report_frame *where);
void listing_group(struct listing *listing, const struct report_group *group, uint64_t most);
void listing_stack(struct listing *listing, const struct report_goroutine *goroutine);
