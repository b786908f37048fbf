// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** What a goroutine does to a map, by the outermost function of the map code on its stack. */
struct map_use {
    uint64_t goroutine;
    const char *verb;                ///< NULL: it is not inside map code
    const struct report_frame *code; ///< that function's frame
    const struct report_frame *user; ///< the first of the user's
};

static const char *verb_of(const char *function)
{
    static const struct {
        const char *part, *verb;
    } rows[] = {{"assign", "writes"},       {"Put", "writes"},       {"delete", "deletes from"},
                {"Delete", "deletes from"}, {"lear", "clears"},      {"access", "reads"},
                {"Get", "reads"},           {"iter", "ranges over"}, {"Iter", "ranges over"}};
    if (strncmp(function, "runtime.map", 11) != 0 &&
        strncmp(function, "internal/runtime/maps.", 22) != 0)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strstr(function, rows[i].part))
            return rows[i].verb;
    return NULL;
}

static bool writes(const struct map_use *use)
{
    return use->verb && strcmp(use->verb, "reads") != 0 && strcmp(use->verb, "ranges over") != 0;
}

static bool find_use(const struct report_frame_list *frames, uint64_t goroutine,
                     struct map_use *out)
{
    size_t user;
    *out = (struct map_use){.goroutine = goroutine};
    if (!frames_user_frame(frames, &user))
        return false;
    out->user = &frames->items[user];
    for (size_t i = user; i-- > 0 && !out->verb;) {
        out->code = &frames->items[i];
        out->verb = verb_of(out->code->function);
    }
    return true;
}

/** The map itself, where a call's second word says so for sure: a "?" marks one that may be stale.
 */
static uint64_t map_of(const struct map_use *use)
{
    if (!use->verb || strncmp(use->code->function, "runtime.map", 11) != 0 ||
        strstr(use->code->function, "ter") || !use->code->arguments_text)
        return 0;
    const char *text = strstr(use->code->arguments_text, ", 0x");
    if (!text)
        return 0;
    char *end;
    uint64_t map = strtoull(text + 2, &end, 16);
    return *end == '?' ? 0 : map;
}

static const char *place(struct analysis *analysis, const struct map_use *use)
{
    return arena_printf(analysis->arena, "%s (%s:%" PRId64 ")", use->user->function,
                        use->user->short_file ? use->user->short_file : "?", use->user->line);
}

static void explain(struct analysis *analysis, const struct map_use *mine,
                    const struct map_use *other, struct report_crash *crash)
{
    struct report_cause *cause = &crash->cause;
    struct arena *arena = analysis->arena;
    uint64_t map = map_of(mine);
    bool same = map && map == map_of(other);
    size_t capacity = 0;
    const char *text;
    if (other->verb)
        text = arena_printf(arena, "goroutine %" PRIu64 " was inside %s", other->goroutine,
                            other->code->function);
    else
        text = arena_printf(arena,
                            "goroutine %" PRIu64 " is the only other one of the program that ran",
                            other->goroutine);
    cause->present = true;
    cause->confidence = same ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    cause->summary = arena_printf(
        arena, "%s %s a map while %s %s, in goroutine %" PRIu64, place(analysis, mine),
        mine->verb ? mine->verb : "uses", place(analysis, other),
        other->verb ? arena_printf(arena, "%s %s", other->verb, same ? "it" : "one") : "is running",
        other->goroutine);
    string_list_add(arena, &cause->evidence, &capacity, text);
    if (same)
        string_list_add(arena, &cause->evidence, &capacity,
                        arena_printf(arena, "both calls have the map 0x%" PRIx64, map));
    cause->goroutines.items = ARENA_NEW(arena, uint64_t);
    cause->goroutines.items[0] = other->goroutine;
    cause->goroutines.count = 1;
}

/** Whether a goroutine could have been running when the fault was found: the runtime preempts all.
 */
static bool could_run(const struct analysis *analysis, const struct crash_site *site,
                      const struct goroutine *g)
{
    bool ready = g->status == G_RUNNING || g->status == G_RUNNABLE || g->status == G_PREEMPTED;
    return ready && g->address != site->g.address && !goroutine_is_system(analysis->scheduler, g);
}

void cause_of_concurrent_map(struct analysis *analysis, const struct crash_site *site,
                             const struct report_goroutine *crashed, struct report_crash *crash)
{
    struct map_use mine, other, candidate = {0};
    size_t looked_at = 0;
    uint64_t count = scheduler_goroutine_count(analysis->scheduler);
    if (!find_use(&crashed->frames, crashed->id, &mine))
        return;
    for (uint64_t i = 0; i < count && looked_at < LIMIT_MAP_USERS; i++) {
        struct goroutine g;
        struct frames_request request;
        struct frames_result result;
        if (!goroutine_read(analysis->scheduler,
                            scheduler_goroutine_address(analysis->scheduler, i), &g) ||
            !could_run(analysis, site, &g))
            continue;
        goroutine_request(analysis, site, &g, &request);
        frames_read(analysis, analysis->arena, &request, &result);
        if (!find_use(&result.frames, g.goid, &other))
            continue;
        looked_at++;
        if (mine.verb && !writes(&mine) && !writes(&other))
            other.verb = NULL; // two that read are no fault: it has written, and gone on
        // The first one inside map code is it, one that writes before others; or the only one
        // that runs at all.
        if (!candidate.user || (other.verb && !candidate.verb) ||
            (writes(&other) && !writes(&candidate)))
            candidate = other;
    }
    if (candidate.user && (candidate.verb || looked_at == 1))
        explain(analysis, &mine, &candidate, crash);
}
