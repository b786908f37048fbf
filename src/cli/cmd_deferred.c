// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "report/listing.h"

static uint64_t number_of(const struct report_frame_list *frames, size_t index)
{
    return frames->elided && index >= frames->elided_after ? index + frames->elided : index;
}

const struct report_frame *frame_numbered(const struct report_frame_list *frames, uint64_t number)
{
    for (size_t i = 0; i < frames->count; i++)
        if (number_of(frames, i) == number)
            return &frames->items[i];
    return NULL;
}

const struct report_defer *goroutine_defer(const struct report_goroutine *goroutine,
                                           uint64_t number, uint64_t *frame)
{
    const struct report_frame_list *frames = &goroutine->frames;
    for (size_t i = 0; i < frames->count; number -= frames->items[i++].defer_count) {
        if (number == 0 || number > frames->items[i].defer_count)
            continue;
        *frame = number_of(frames, i);
        return &frames->items[i].defers[number - 1];
    }
    return NULL;
}

/** Calls in the order in which they would run, of one frame where one is asked for. */
static void list_calls(struct listing *listing, const struct report_goroutine *goroutine,
                       const struct inspect_place *place)
{
    const struct report_frame_list *frames = &goroutine->frames;
    size_t number = 0;
    for (size_t i = 0; i < frames->count; i++) {
        const struct report_frame *frame = &frames->items[i];
        uint64_t index = number_of(frames, i);
        for (size_t k = 0; k < frame->defer_count; k++, number++)
            if (!place->has_frame || place->frame == index)
                listing_defer(listing, number + 1, &frame->defers[k], frame, index);
    }
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
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "deferred");
    list_calls(&listing, &goroutine, &options->place);
    listing_end(&listing, NULL);
    return EXIT_OK;
}
