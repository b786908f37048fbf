// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/table.h"
#include "cli_internal.h"
#include "pattern.h"
#include "progress.h"
#include "report/listing.h"

#include <stdlib.h>
#include <string.h>

/** Lists the goroutines that pass the filter, or the groups of them. */
struct list_sink {
    struct report_sink base;
    const struct report_options *options;
    struct listing listing;
    struct pattern wait, function, created_by;
    struct table *passed; ///< ids, for the groups
    size_t count;
};

static bool has_function(const struct pattern *pattern, const struct report_frame_list *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        if (pattern_matches(pattern, frames->items[i].function))
            return true;
    return !pattern->given;
}

/** KEY, or KEY=VALUE */
static bool has_label(const char *wanted, const struct key_value_list *labels)
{
    size_t size = wanted ? strcspn(wanted, "=") : 0;
    for (size_t i = 0; wanted && i < labels->count; i++) {
        const struct key_value *label = &labels->items[i];
        if (strlen(label->key) == size && memcmp(label->key, wanted, size) == 0 &&
            (!wanted[size] || strcmp(label->value, wanted + size + 1) == 0))
            return true;
    }
    return !wanted;
}

static bool passes(const struct list_sink *sink, const struct report_goroutine *goroutine)
{
    const struct goroutine_filter *filter = &sink->options->filter;
    if (filter->status && strcmp(filter->status, goroutine->status) != 0)
        return false;
    if (filter->longer_than_ns &&
        (!goroutine->has_wait || goroutine->wait_ns <= filter->longer_than_ns))
        return false;
    return pattern_matches(&sink->wait, goroutine->wait_reason) &&
           pattern_matches(&sink->created_by, goroutine->created_by.function) &&
           has_label(filter->label, &goroutine->labels) &&
           has_function(&sink->function, &goroutine->frames);
}

static void begin(struct report_sink *base, const struct report_head *head)
{
    (void)head;
    struct list_sink *sink = (struct list_sink *)base;
    listing_begin(&sink->listing, sink->options->group ? "groups" : "goroutines");
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    struct list_sink *sink = (struct list_sink *)base;
    if (!passes(sink, one))
        return;
    sink->count++;
    if (sink->options->group)
        table_add(sink->passed, one->id, NULL);
    else if (sink->options->stack)
        listing_stack(&sink->listing, one);
    else
        listing_goroutine(&sink->listing, one, frames_telling(&one->frames));
}

/** A group with those of its goroutines that pass; the ids are the caller's to free. */
static struct report_group keep_passed(const struct list_sink *sink,
                                       const struct report_group *group)
{
    struct report_group kept = *group;
    kept.ids.items = alloc_zeroed(group->ids.count + 1, sizeof *kept.ids.items);
    kept.ids.count = 0;
    for (size_t i = 0; i < group->ids.count; i++)
        if (sink->base.wants || table_find(sink->passed, group->ids.items[i]))
            kept.ids.items[kept.ids.count++] = group->ids.items[i];
    return kept;
}

/** Of the groups of all goroutines, no goroutine. */
static bool wants_none(struct report_sink *base, uint64_t id)
{
    (void)base;
    (void)id;
    return false;
}

static bool has_filter(const struct goroutine_filter *filter)
{
    return filter->status || filter->wait || filter->function || filter->label ||
           filter->created_by || filter->longer_than_ns;
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    struct list_sink *sink = (struct list_sink *)base;
    size_t most = 0;
    for (size_t i = 0; sink->options->group && i < tail->group_count; i++)
        most = tail->groups[i].ids.count > most ? tail->groups[i].ids.count : most;
    for (size_t i = 0; sink->options->group && i < tail->group_count; i++) {
        struct report_group group = keep_passed(sink, &tail->groups[i]);
        if (group.ids.count)
            listing_group(&sink->listing, &group, most);
        free(group.ids.items);
    }
    listing_end(&sink->listing, NULL);
}

static struct error *list(struct session *session, struct list_sink *sink)
{
    const struct report_options *options = sink->options;
    const struct goroutine_filter *filter = &options->filter;
    struct error *err = pattern_compile("--wait", filter->wait, &sink->wait);
    if (!err)
        err = pattern_compile("--function", filter->function, &sink->function);
    if (!err)
        err = pattern_compile("--created-by", filter->created_by, &sink->created_by);
    const struct analyze_options analysis = {.order = ORDER_BY_ID,
                                             .limits = options->limits,
                                             .progress = progress_current(),
                                             .redaction = session->redaction};
    if (!err)
        err = analyze(session->program, session->binary_path, session->core_path, &analysis,
                      &sink->base);
    return err;
}

int command_goroutines(struct session *session, const struct report_options *options,
                       char **arguments, int count, FILE *out)
{
    (void)arguments;
    (void)count;
    AUTO(table) passed = table_new();
    struct list_sink sink = {
        .base = {.begin = begin, .goroutine = goroutine, .end = end, .ignores_findings = true},
        .options = options,
        .listing = session_listing(session, options, out),
        .passed = passed,
    };
    if (options->group && !has_filter(&options->filter))
        sink.base.wants = wants_none;
    struct error *err = list(session, &sink);
    pattern_clear(&sink.wait);
    pattern_clear(&sink.function);
    pattern_clear(&sink.created_by);
    return err ? complain_error(err) : EXIT_OK;
}
