// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cause_internal.h"

#include <inttypes.h>
#include <string.h>

enum { FRAMES_TOLD = 8 };

static bool find_goroutine(const struct analysis *analysis, uint64_t id, struct goroutine *out)
{
    uint64_t count = scheduler_goroutine_count(analysis->scheduler);
    for (uint64_t i = 0; i < count; i++)
        if (goroutine_read(analysis->scheduler, scheduler_goroutine_address(analysis->scheduler, i),
                           out) &&
            out->goid == id && goroutine_is_alive(out))
            return true;
    return false;
}

/**
 * One stack in one line, from the call that works on the map outwards: two of them stand one under
 * the other and can be compared.
 */
static void tell_stack(struct cause_finder *finder)
{
    const struct report_goroutine *goroutine = finder->crashed;
    const struct report_frame_list *frames = &goroutine->frames;
    size_t first = finder->index, told = 0;
    // The outermost function of the map code; what lies below it is the runtime's death.
    if (first > 0 && strncmp(frames->items[first - 1].function, "runtime.map", 11) == 0)
        first--;
    AUTO_TEXT line = {0};
    buffer_printf(&line, "goroutine %" PRIu64 ":", goroutine->id);
    for (size_t i = first; i < frames->count && told < FRAMES_TOLD; i++) {
        const struct report_frame *frame = &frames->items[i];
        if (i > finder->index && frame->runtime)
            continue;
        buffer_printf(&line, "%s %s", told++ ? " <" : "", frame->function);
        if (i >= finder->index && frame->short_file)
            buffer_printf(&line, " %s:%" PRId64, frame->short_file, frame->line);
    }
    if (goroutine->created_by.function)
        buffer_printf(&line, " < go in %s", goroutine->created_by.function);
    cause_evidence(finder, "%s", buffer_text(&line));
}

void cause_map_pair(struct cause_finder *finder)
{
    struct analysis *analysis = finder->analysis;
    struct report_cause *cause = &finder->crash->cause;
    struct report_goroutine described;
    struct goroutine g;
    uint64_t hash;
    if (!find_goroutine(analysis, cause->goroutines.items[0], &g))
        return;
    goroutine_describe(analysis, finder->arena, finder->site, &g, &described, &hash);
    struct cause_finder other = {.analysis = analysis,
                                 .arena = finder->arena,
                                 .site = finder->site,
                                 .g = &g,
                                 .crashed = &described,
                                 .crash = finder->crash,
                                 .other = true};
    if (!frames_user_frame(&described.frames, &other.index))
        return;
    if (cause_find_frames(&other))
        cause_of_call(&other);
    const struct term *mine = &finder->map, *theirs = &other.map;
    if (theirs->text) {
        bool same = mine->text && mine->has_value && theirs->has_value && mine->value &&
                    mine->value == theirs->value;
        cause_evidence(finder, "goroutine %" PRIu64 " calls %s %s in %s", described.id,
                       same ? "the same map" : "its map", theirs->text,
                       described.frames.items[other.index].function);
    }
    tell_stack(finder);
    tell_stack(&other);
}
