// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "report/listing.h"

#include <inttypes.h>

/** Calls in the order in which they would run, of one frame where one is asked for. */
static size_t list_calls(struct listing *listing, const struct report_goroutine *goroutine,
                         const struct inspect_place *place)
{
    const struct report_frame_list *frames = &goroutine->frames;
    size_t number = 0;
    for (size_t i = 0; i < frames->count; i++) {
        const struct report_frame *frame = &frames->items[i];
        uint64_t index = frames->elided && i >= frames->elided_after ? i + frames->elided : i;
        if (place->has_frame && place->frame != index)
            continue;
        for (size_t k = 0; k < frame->defer_count; k++)
            listing_defer(listing, ++number, &frame->defers[k], frame, index);
    }
    return number;
}

int command_deferred(struct session *session, const struct report_options *options,
                     char **arguments, int count, FILE *out)
{
    (void)arguments;
    (void)count;
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct report_goroutine goroutine;
    struct error *err = session_inspector(session, &options->limits, &inspector);
    if (!err)
        err = inspector_goroutine(inspector, arena, &options->place, false, &goroutine);
    if (err)
        return complain_error(err);
    struct listing listing = {.out = out, .json = options->format == FORMAT_JSON};
    listing_begin(&listing, "deferred");
    list_calls(&listing, &goroutine, &options->place);
    listing_end(&listing, NULL);
    return EXIT_OK;
}
