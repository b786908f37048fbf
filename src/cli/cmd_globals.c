// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "report/listing.h"

int command_globals(struct session *session, const struct report_options *options, char **arguments,
                    int count, FILE *out)
{
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct value_list variables = {0};
    const char *pattern = count ? arguments[0] : NULL;
    struct error *err = session_inspector(session, &options->limits, &inspector);
    if (!err)
        err = globals_read(inspector_reader(inspector), arena, pattern, &variables);
    if (!err && pattern && !variables.count)
        err = error_new(ERROR_NOT_FOUND, "no package variable's name matches '%s'", pattern);
    if (err)
        return complain_error(err);
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "variables");
    listing_variables(&listing, &variables);
    listing_end(&listing, NULL);
    return EXIT_OK;
}
