// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "report/listing.h"
#include "symbols/code_place.h"

#include <inttypes.h>

static struct error *not_here(const struct report_frame *frame, const struct inspected_frame *of)
{
    struct error *err =
        error_new(ERROR_NOT_FOUND,
                  "its source%s%s is not on this host; --source-map FROM=TO says where a moved "
                  "tree is",
                  frame->file ? " " : "", frame->file ? frame->file : "");
    if (!of)
        return error_wrap(err, "%s", frame->function ? frame->function : "the line");
    return error_wrap(err, "goroutine %" PRIu64 ", frame %" PRIu64 ", %s", of->goroutine,
                      of->number, frame->function ? frame->function : "?");
}

/** Puts the place that was asked for where the frame was. */
static struct error *go_to(const struct session *session, const struct inspector *inspector,
                           const char *wanted, struct arena *arena, struct report_frame *frame)
{
    const struct code_place here = {.file = frame->native ? NULL : frame->file,
                                    .line = frame->line};
    struct code_place place;
    struct error *err = code_place_find(session->program, wanted, &here, arena, &place);
    if (!err)
        inspector_place(inspector, &place, frame);
    return err;
}

int command_list(struct session *session, const struct report_options *options, char **arguments,
                 int count, FILE *out)
{
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_frame frame;
    const struct source_places places = {options->source_maps.items, options->source_maps.count,
                                         count > 0};
    struct error *err = session_frame(session, options, arena, &inspector, &frame);
    if (!err && count)
        err = go_to(session, inspector, arguments[0], arena, &frame.frame);
    if (!err && !inspector_source(inspector, arena, &places, (int64_t)options->lines, &frame.frame))
        err = not_here(&frame.frame, count ? NULL : &frame);
    if (!err && count && !frame.frame.source_count)
        err =
            error_new(ERROR_NOT_FOUND, "%s",
                      frame.frame.source_note ? frame.frame.source_note : "there is no such line");
    if (err)
        return complain_error(err);
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "frames");
    listing_source(&listing, &frame.frame);
    listing_end(&listing, NULL);
    return EXIT_OK;
}
