// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "report/listing.h"

#include <inttypes.h>

enum { AROUND = 5 };

int command_list(struct session *session, const struct report_options *options, char **arguments,
                 int count, FILE *out)
{
    (void)arguments;
    (void)count;
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_frame frame;
    const struct source_places places = {options->source_maps.items, options->source_maps.count};
    struct error *err = session_frame(session, options, arena, &inspector, &frame);
    if (!err && !inspector_source(inspector, arena, &places, AROUND, &frame.frame))
        err = error_new(
            ERROR_NOT_FOUND,
            "goroutine %" PRIu64 ", frame %" PRIu64 ", %s: its source%s%s is not on this "
            "host; --source-map FROM=TO says where a moved tree is",
            frame.goroutine, frame.number, frame.frame.function ? frame.frame.function : "?",
            frame.frame.file ? " " : "", frame.frame.file ? frame.frame.file : "");
    if (err)
        return complain_error(err);
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "frames");
    listing_source(&listing, &frame.frame);
    listing_end(&listing, NULL);
    return EXIT_OK;
}
