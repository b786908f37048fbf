// SPDX-License-Identifier: MIT
#pragma once

#include "cli_internal.h"

/** An option, as options.c lists them. */
struct option_row {
    char letter; ///< stands in command.options
    const char *name, *argument, *help;
};

/** Sets what an option says. @return false where its value is not one that it takes, said on
 * standard error */
bool option_apply(const struct option_row *row, const char *value, struct report_options *out);

/** The words that a command's --format takes; *count 0: it has none. */
const char *const *option_formats(const struct command *command, size_t *count);
