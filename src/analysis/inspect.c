// SPDX-License-Identifier: MIT
#include "analysis/blocked.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "inspect_internal.h"
#include "symbols/code_place.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct error *inspector_open(struct program *program, const struct value_limits *limits,
                             struct redaction *redaction, struct inspector **out)
{
    struct inspector *inspector = alloc_zeroed(1, sizeof *inspector);
    inspector->options = (struct analyze_options){
        .all_variables = true, .every_goroutine = true, .limits = *limits, .redaction = redaction};
    struct error *err =
        analysis_open(&inspector->analysis, program, &inspector->options, NULL, &inspector->site);
    if (err) {
        inspector_free(inspector);
        return err;
    }
    value_reader_set_now(inspector->analysis.reader, scheduler_now(inspector->analysis.scheduler));
    secrets_learn(&inspector->analysis, &inspector->site, NULL);
    *out = inspector;
    return NULL;
}

void inspector_free(struct inspector *inspector)
{
    if (!inspector)
        return;
    if (inspector->blocked)
        roster_clear(&inspector->roster);
    blocked_free(inspector->blocked);
    analysis_close(&inspector->analysis);
    free(inspector);
}

struct value_reader *inspector_reader(const struct inspector *inspector)
{
    return inspector->analysis.reader;
}

void inspector_set_limits(struct inspector *inspector, const struct value_limits *limits)
{
    inspector->options.limits = *limits;
    value_reader_set_limits(inspector->analysis.reader, limits);
}

size_t inspector_ids(const struct inspector *inspector, struct arena *arena, uint64_t **out)
{
    const struct scheduler *scheduler = inspector->analysis.scheduler;
    uint64_t total = scheduler_goroutine_count(scheduler);
    size_t count = 0;
    *out = arena_array(arena, total, sizeof **out);
    for (uint64_t i = 0; i < total; i++) {
        struct goroutine g;
        if (goroutine_read(scheduler, scheduler_goroutine_address(scheduler, i), &g) &&
            goroutine_is_alive(&g))
            (*out)[count++] = g.goid;
    }
    return count;
}

bool inspector_source(const struct inspector *inspector, struct arena *arena,
                      const struct source_places *places, int64_t around,
                      struct report_frame *frame)
{
    return source_read(&inspector->analysis, arena, places, around, frame);
}

void inspector_place(const struct inspector *inspector, const struct code_place *place,
                     struct report_frame *out)
{
    const struct analysis *analysis = &inspector->analysis;
    *out = (struct report_frame){
        .function = place->function,
        .file = place->file,
        .short_file = short_file_of(analysis, place->file),
        .line = place->line,
        .owner = place->function ? frame_owner_of(analysis, place->function, place->file)
                                 : OWNER_STANDARD_LIBRARY, // whose tree is looked through as well
        .has_pc = place->pc != 0,
        .pc = place->pc,
    };
}

/** What is known of all goroutines, to say which there are. */
struct survey {
    uint64_t count, least, most;
    struct goroutine panicking, oldest; // the first of each; address 0: none
};

static void survey_add(struct survey *survey, const struct goroutine *g, bool system)
{
    if (survey->count++ == 0)
        survey->least = survey->most = g->goid;
    survey->least = g->goid < survey->least ? g->goid : survey->least;
    survey->most = g->goid > survey->most ? g->goid : survey->most;
    if (g->panic && (!survey->panicking.address || g->goid < survey->panicking.goid))
        survey->panicking = *g;
    if (!system && (!survey->oldest.address || g->goid < survey->oldest.goid))
        survey->oldest = *g;
}

/** @param wanted  NULL: none is looked for. @return whether it was found */
static bool survey_all(const struct analysis *analysis, const uint64_t *wanted,
                       struct survey *survey, struct goroutine *out)
{
    const struct scheduler *scheduler = analysis->scheduler;
    uint64_t total = scheduler_goroutine_count(scheduler);
    for (uint64_t i = 0; i < total; i++) {
        struct goroutine g;
        if (!goroutine_read(scheduler, scheduler_goroutine_address(scheduler, i), &g) ||
            !goroutine_is_alive(&g))
            continue;
        if (wanted && g.goid == *wanted) {
            *out = g;
            return true;
        }
        survey_add(survey, &g, goroutine_is_system(scheduler, &g));
    }
    return false;
}

struct error *inspector_find(const struct inspector *inspector, const struct inspect_place *place,
                             struct goroutine *out)
{
    const struct crash_site *site = &inspector->site;
    struct survey survey = {0};
    bool crashed = site->kind != CRASH_NONE && site->has_goroutine;
    if (!place->has_goroutine && crashed) {
        *out = site->g;
        return NULL;
    }
    const uint64_t *wanted = place->has_goroutine ? &place->goroutine : NULL;
    if (survey_all(&inspector->analysis, wanted, &survey, out))
        return NULL;
    if (!survey.count)
        return error_new(ERROR_NOT_FOUND, "no goroutine can be read");
    if (wanted)
        return error_new(ERROR_NOT_FOUND,
                         "there is no goroutine %" PRIu64 ": there %s %" PRIu64
                         ", with ids from %" PRIu64 " to %" PRIu64 " (gocrash goroutines)",
                         *wanted, survey.count == 1 ? "is" : "are", survey.count, survey.least,
                         survey.most);
    *out = survey.panicking.address ? survey.panicking : survey.oldest;
    return out->address ? NULL
                        : error_new(ERROR_NOT_FOUND, "no goroutine crashed: choose one with -g");
}

/**
 * What a goroutine waits for. Who holds it, and who else waits, hangs on all the others: where they
 * are very many, a command that asks for one does not look at them.
 */
static void describe_wait(struct inspector *inspector, struct arena *arena,
                          const struct goroutine *g, struct report_goroutine *out)
{
    struct analysis *analysis = &inspector->analysis;
    if (g->status != G_WAITING || analysis->program->match == BUILD_OTHER ||
        scheduler_goroutine_count(analysis->scheduler) > LIMIT_INSPECTED_WAITS)
        return;
    if (!inspector->blocked) {
        const struct roster_request request = {.waits = true};
        roster_read(analysis, &inspector->site, &request, &inspector->roster);
        inspector->blocked = blocked_new(analysis, &inspector->site, &inspector->roster, false);
        analysis_refill(analysis);
    }
    blocked_describe(inspector->blocked, arena, g, true, &out->waiting_on);
}

struct error *inspector_goroutine(struct inspector *inspector, struct arena *arena,
                                  const struct inspect_place *place, bool variables,
                                  struct report_goroutine *out)
{
    struct goroutine g;
    uint64_t hash;
    struct error *err = inspector_find(inspector, place, &g);
    if (err)
        return err;
    inspector->options.variables = variables;
    analysis_refill(&inspector->analysis);
    goroutine_describe(&inspector->analysis, arena, &inspector->site, &g, out, &hash);
    describe_wait(inspector, arena, &g, out);
    redaction_learn_goroutine(inspector->options.redaction, out);
    return NULL;
}

static uint64_t number_of(const struct report_frame_list *frames, size_t index)
{
    return frames->elided && index >= frames->elided_after ? index + frames->elided : index;
}

/** The frame to look at first: the user's, else the first that is not the runtime's. */
static uint64_t first_frame(const struct report_frame_list *frames)
{
    size_t index = 0;
    if (frames_user_frame(frames, &index))
        return number_of(frames, index);
    for (index = 0; index < frames->count; index++)
        if (frames->items[index].owner != OWNER_RUNTIME)
            return number_of(frames, index);
    return 0;
}

struct error *inspector_frame(struct inspector *inspector, struct arena *arena,
                              const struct inspect_place *place, struct inspected_frame *out)
{
    struct analysis *analysis = &inspector->analysis;
    struct goroutine *g = ARENA_NEW(arena, struct goroutine);
    struct frames_request request;
    struct frames_result result;
    struct error *err = inspector_find(inspector, place, g);
    if (err)
        return err;
    analysis_refill(analysis);
    goroutine_request(analysis, &inspector->site, g, &request);
    frames_read(analysis, arena, &request, &result);
    uint64_t total = result.frames.count + result.frames.elided;
    if (!total)
        return error_new(ERROR_NOT_FOUND, "goroutine %" PRIu64 " has no frames%s%s", g->goid,
                         result.truncated ? ": " : "", result.truncated ? result.truncated : "");
    uint64_t number = place->has_frame ? place->frame : first_frame(&result.frames);
    if (number >= total)
        return error_new(ERROR_NOT_FOUND,
                         "goroutine %" PRIu64 " has no frame %" PRIu64 ": they are numbered from "
                         "0 to %" PRIu64,
                         g->goid, number, total - 1);
    bool listed =
        number < (result.frames.elided ? result.frames.elided_after : result.frames.count);
    const char *callee = listed ? result.frames.items[number].callee : NULL;
    analysis_refill(analysis);
    *out = (struct inspected_frame){.goroutine = g->goid, .number = number};
    request.place = &out->variables;
    request.number = number;
    frames_read(analysis, arena, &request, &result);
    if (!result.frames.count)
        return error_new(ERROR_NOT_FOUND, "goroutine %" PRIu64 ": frame %" PRIu64 " was not read",
                         g->goid, number);
    out->frame = result.frames.items[0];
    out->frame.callee = callee;
    if (!out->frame.native)
        secrets_learn_frame(analysis, &out->variables);
    return NULL;
}
