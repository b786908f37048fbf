// SPDX-License-Identifier: MIT
#pragma once

#include "cli_internal.h"
#include "pattern.h"

/** The places of a goroutine that lists can show, and filters can be about: Delve's words. */
enum goroutine_loc { LOC_USER, LOC_CURRENT, LOC_GO, LOC_START };

/** @param text  NULL: userloc */
enum goroutine_loc goroutine_loc_of(const char *text);

/** The place as a frame; false where it is not known, or the goroutine has none. */
bool goroutine_place(const struct report_goroutine *goroutine, enum goroutine_loc loc,
                     struct report_frame *out);

/** What groups goroutines by `by`, a word that GOROUTINE_GROUP takes. */
void goroutine_key(const struct report_goroutine *goroutine, const char *by, struct buffer *out);

/** The conditions of a command's filters, ready to be asked. */
struct goroutine_tests {
    const struct goroutine_filter *filter;
    struct pattern wait, function, created_by;
    target_addr with_channels[OPTION_LIST_MAX], without_channels[OPTION_LIST_MAX]; ///< of chan=EXPR
};

/**
 * @param session, options  what the expressions of chan=EXPR are evaluated in
 * @return ERROR_INPUT for a pattern or expression that is none
 */
MUST_USE struct error *goroutine_tests_init(struct session *session,
                                            const struct report_options *options,
                                            struct goroutine_tests *out);
void goroutine_tests_clear(struct goroutine_tests *tests);
bool goroutine_tests_pass(const struct goroutine_tests *tests,
                          const struct report_goroutine *goroutine);

/** Whether nothing is asked, so that every goroutine passes. */
bool goroutine_tests_none(const struct goroutine_tests *tests);
