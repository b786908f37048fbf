// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "progress.h"
#include "report/listing.h"

#include <inttypes.h>
#include <string.h>

/** Prints every goroutine as it comes. */
struct stack_sink {
    struct report_sink base;
    struct listing listing;
};

static void begin(struct report_sink *base, const struct report_head *head)
{
    (void)head;
    struct stack_sink *sink = (struct stack_sink *)base;
    listing_begin(&sink->listing, "goroutines");
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    struct stack_sink *sink = (struct stack_sink *)base;
    listing_stack(&sink->listing, one);
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    (void)tail;
    struct stack_sink *sink = (struct stack_sink *)base;
    listing_end(&sink->listing, NULL);
}

static struct error *print_all(struct session *session, const struct report_options *options,
                               FILE *out)
{
    struct stack_sink sink = {
        .base = {.begin = begin, .goroutine = goroutine, .end = end, .ignores_findings = true},
        .listing = session_listing(session, options, out),
    };
    const struct analyze_options analysis = {.order = ORDER_BY_ID,
                                             .variables = options->full,
                                             .all_variables = options->full,
                                             .every_goroutine = true,
                                             .limits = options->limits,
                                             .progress = progress_current(),
                                             .redaction = session->redaction};
    return analyze(session->program, session->binary_path, session->core_path, &analysis,
                   &sink.base);
}

uint64_t cut_frames(struct report_goroutine *goroutine, uint64_t max, bool full)
{
    struct report_frame_list *frames = &goroutine->frames;
    uint64_t keep = max + (full ? 0 : listing_hidden_frames(goroutine));
    if (!max || frames->count <= keep)
        return 0;
    const char *outermost = frames->items[frames->count - 1].function;
    // Which is not shown, so it is not missed either.
    bool goexit = outermost && strcmp(outermost, "runtime.goexit") == 0;
    uint64_t cut = frames->count - keep + frames->elided - goexit;
    frames->count = keep;
    frames->elided = 0;
    goroutine->created_by = (struct report_created_by){0}; // it stands behind the last frame
    return cut;
}

static struct error *print_one(struct session *session, const struct report_options *options,
                               FILE *out)
{
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct report_goroutine one;
    struct error *err = session_inspector(session, &options->limits, &inspector);
    if (!err)
        err = inspector_goroutine(inspector, arena, &options->place, options->full, &one);
    if (err)
        return err;
    struct listing listing = session_listing(session, options, out);
    char note[64];
    uint64_t cut = cut_frames(&one, options->max_frames, options->full);
    snprintf(note, sizeof note, "%" PRIu64 " frame%s more", cut, cut == 1 ? "" : "s");
    redaction_goroutine(session->redaction, arena, &one);
    listing_begin(&listing, "goroutines");
    listing_stack(&listing, &one);
    listing_end(&listing, cut ? note : NULL);
    return NULL;
}

int command_stack(struct session *session, const struct report_options *options, char **arguments,
                  int count, FILE *out)
{
    (void)arguments;
    (void)count;
    struct error *err =
        options->all ? print_all(session, options, out) : print_one(session, options, out);
    return err ? complain_error(err) : EXIT_OK;
}
