// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "cli_internal.h"
#include "line_stream.h"
#include "progress.h"
#include "report/sinks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Passes a report on and remembers what the exit status depends on. */
struct status_sink {
    struct report_sink base;
    struct report_sink *next;
    const struct report_options *options;
    bool other_crash;
    enum crash_class class; ///< of the crash that it is
    char signature[24];
    size_t warning_count;
};

static void begin(struct report_sink *base, const struct report_head *head)
{
    struct status_sink *sink = (struct status_sink *)base;
    const char *signature = sink->options->expect_signature, *class = sink->options->expect_class;
    if (signature && (!head->crash.signature || strcmp(signature, head->crash.signature) != 0))
        sink->other_crash = true;
    if (class && strcmp(class, crash_class_name(head->crash.class)) != 0)
        sink->other_crash = true;
    sink->class = head->crash.class;
    snprintf(sink->signature, sizeof sink->signature, "%s",
             head->crash.signature ? head->crash.signature : "not known");
    sink->next->begin(sink->next, head);
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    struct status_sink *sink = (struct status_sink *)base;
    sink->next->goroutine(sink->next, one);
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    struct status_sink *sink = (struct status_sink *)base;
    sink->warning_count = tail->warnings.count;
    sink->next->end(sink->next, tail);
}

static bool wants(struct report_sink *base, uint64_t id)
{
    struct report_sink *next = ((struct status_sink *)base)->next;
    return next->wants(next, id);
}

static struct report_sink *open_printer(const struct report_options *options, FILE *out)
{
    const struct text_options text = {
        .full = options->full, .max_groups = options->max_goroutines, .style = options->style};
    switch (options->format) {
    case FORMAT_TEXT:
        break;
    case FORMAT_JSON:
        return json_sink_new(out);
    case FORMAT_MARKDOWN:
        return markdown_sink_new(out, &text, options->max_size);
    case FORMAT_TRACEBACK:
        return traceback_sink_new(out, (enum traceback_level)options->level);
    }
    return text_sink_new(out, &text);
}

static int print_report(const struct session *session, const struct report_options *options,
                        FILE *out)
{
    AUTO(report_sink) printer = open_printer(options, out);
    struct status_sink status = {
        .base = {.begin = begin,
                 .goroutine = goroutine,
                 .end = end,
                 .wants = printer->wants ? wants : NULL,
                 .ignores_groups = printer->ignores_groups},
        .next = printer,
        .options = options,
    };
    bool traceback = options->format == FORMAT_TRACEBACK;
    const struct analyze_options analysis = {
        .order = traceback ? ORDER_OF_RUNTIME : ORDER_BY_ID,
        .variables = !traceback,
        .all_variables = options->full,
        .threads = options->format == FORMAT_JSON,
        .stable = options->stable,
        .limits = options->limits,
        .progress = progress_current(),
        .source = {.maps = options->source_maps.items, .map_count = options->source_maps.count},
        .redaction = session->redaction,
    };
    const char *binary = path_shown(session->binary_path, options);
    const char *core = path_shown(session->core_path, options);
    struct error *err = analyze(session->program, binary, core, &analysis, &status.base);
    if (err)
        return complain_error(err);
    if (status.other_crash) {
        fflush(out); // where both go to one place, it stands below the report
        complain("another crash than expected: class %s, signature %s",
                 crash_class_name(status.class), status.signature);
        return EXIT_EXPECTED;
    }
    return options->strict && status.warning_count ? EXIT_STRICT : EXIT_OK;
}

int command_analyze(struct session *session, const struct report_options *options, char **arguments,
                    int count, FILE *out)
{
    (void)arguments;
    (void)count;
    return print_report(session, options, out);
}

/** A traceback in JSON: its lines. */
struct line_list {
    struct listing listing;
    bool begun;
};

static void add_line(void *state, const char *line)
{
    struct line_list *list = state;
    if (!list->begun)
        listing_begin(&list->listing, "lines");
    list->begun = true;
    listing_name(&list->listing, line);
}

int command_traceback(struct session *session, const struct report_options *options,
                      char **arguments, int count, FILE *out)
{
    (void)arguments;
    (void)count;
    struct report_options chosen = *options;
    chosen.format = FORMAT_TRACEBACK;
    if (options->format != FORMAT_JSON)
        return print_report(session, &chosen, out);
    struct line_list list = {.listing = {.out = out, .json = true}};
    FILE *lines = line_stream_new(add_line, &list);
    int status = print_report(session, &chosen, lines);
    fclose(lines);
    if (list.begun)
        listing_end(&list.listing, NULL);
    return status;
}
