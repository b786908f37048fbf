// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/table.h"
#include "cli_internal.h"
#include "goroutine_filter.h"
#include "progress.h"
#include "report/listing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Goroutines that have a key in common. */
struct keyed_group {
    const char *key;
    struct id_list ids;
    size_t capacity;
};

/** Lists the goroutines that pass the filter, or the groups of them. */
struct list_sink {
    struct report_sink base;
    const struct report_options *options;
    struct listing listing;
    struct goroutine_tests tests;
    struct table *passed; ///< ids, for the groups
    struct arena *arena;  ///< for keys
    struct keyed_group *groups;
    size_t group_count, group_capacity;
    struct table *groups_by_hash; ///< of the key → index + 1
};

static void begin(struct report_sink *base, const struct report_head *head)
{
    (void)head;
    struct list_sink *sink = (struct list_sink *)base;
    listing_begin(&sink->listing, sink->options->group ? "groups" : "goroutines");
}

/** FNV-1a. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash | 1;
}

static struct keyed_group *group_of(struct list_sink *sink, const char *key)
{
    uint64_t hash = hash_of(key);
    for (const uint64_t *slot; (slot = table_find(sink->groups_by_hash, hash)); hash += 2)
        if (strcmp(sink->groups[*slot - 1].key, key) == 0)
            return &sink->groups[*slot - 1];
    ARRAY_PUSH(sink->groups, sink->group_count, sink->group_capacity) =
        (struct keyed_group){.key = arena_string(sink->arena, key)};
    *table_add(sink->groups_by_hash, hash, NULL) = sink->group_count;
    return &sink->groups[sink->group_count - 1];
}

static void add_to_group(struct list_sink *sink, const struct report_goroutine *one)
{
    AUTO_TEXT key = {0};
    goroutine_key(one, sink->options->group_by, &key);
    struct keyed_group *group = group_of(sink, buffer_text(&key));
    ARRAY_PUSH(group->ids.items, group->ids.count, group->capacity) = one->id;
}

/** With the place that --loc asks for. */
static void list_one(struct list_sink *sink, const struct report_goroutine *one)
{
    enum goroutine_loc loc = goroutine_loc_of(sink->options->loc);
    struct report_goroutine shown = *one;
    struct report_frame place;
    bool known = goroutine_place(one, loc, &place);
    if (loc == LOC_GO && !known)
        place = (struct report_frame){.function = "started by the runtime"};
    if (loc == LOC_GO && sink->options->format == FORMAT_TEXT)
        shown.created_by.function = NULL; // it is the place
    listing_goroutine(&sink->listing, &shown, known || loc == LOC_GO ? &place : NULL);
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    struct list_sink *sink = (struct list_sink *)base;
    const struct report_options *options = sink->options;
    if (!goroutine_tests_pass(&sink->tests, one))
        return;
    if (options->group_by) {
        add_to_group(sink, one);
    } else if (options->group) {
        table_add(sink->passed, one->id, NULL);
    } else if (options->stack) {
        struct report_goroutine shown = *one;
        uint64_t cut = cut_frames(&shown, options->max_frames, false);
        if (cut && options->format == FORMAT_JSON) { // text has a line of its own
            shown.frames.elided = one->frames.count + one->frames.elided - shown.frames.count;
            shown.frames.elided_after = shown.frames.count;
        }
        listing_stack(&sink->listing, &shown);
        if (cut && options->format == FORMAT_TEXT)
            fprintf(sink->listing.out, "  … %" PRIu64 " frame%s more\n", cut, cut == 1 ? "" : "s");
    } else {
        list_one(sink, one);
    }
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

static int by_count(const void *a, const void *b)
{
    const struct keyed_group *x = a, *y = b;
    if (x->ids.count != y->ids.count)
        return x->ids.count < y->ids.count ? 1 : -1;
    return strcmp(x->key, y->key);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void list_keyed(struct list_sink *sink)
{
    if (!sink->group_count)
        return;
    qsort(sink->groups, sink->group_count, sizeof *sink->groups, by_count);
    for (size_t i = 0; i < sink->group_count; i++) {
        struct keyed_group *group = &sink->groups[i];
        // The crashed one comes first in lists; ids of a group ascend.
        qsort(group->ids.items, group->ids.count, sizeof *group->ids.items, by_number);
        listing_keyed_group(&sink->listing, group->key, &group->ids, sink->groups[0].ids.count);
    }
}

static void list_alike(struct list_sink *sink, const struct report_tail *tail)
{
    size_t most = 0;
    for (size_t i = 0; i < tail->group_count; i++)
        most = tail->groups[i].ids.count > most ? tail->groups[i].ids.count : most;
    for (size_t i = 0; i < tail->group_count; i++) {
        struct report_group group = keep_passed(sink, &tail->groups[i]);
        if (group.ids.count)
            listing_group(&sink->listing, &group, most);
        free(group.ids.items);
    }
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    struct list_sink *sink = (struct list_sink *)base;
    if (sink->options->group_by)
        list_keyed(sink);
    else if (sink->options->group)
        list_alike(sink, tail);
    listing_end(&sink->listing, NULL);
}

static struct error *visit(struct session *session, const struct report_options *options,
                           struct report_sink *sink)
{
    const struct analyze_options analysis = {.order = ORDER_BY_ID,
                                             .limits = options->limits,
                                             .progress = progress_current(),
                                             .redaction = session->redaction};
    return analyze(session->program, session->binary_path, session->core_path, &analysis, sink);
}

int command_goroutines(struct session *session, const struct report_options *options,
                       char **arguments, int count, FILE *out)
{
    (void)arguments;
    (void)count;
    AUTO(table) passed = table_new();
    AUTO(table) groups = table_new();
    AUTO(arena) arena = arena_new();
    struct list_sink sink = {
        .base = {.begin = begin, .goroutine = goroutine, .end = end, .ignores_findings = true},
        .options = options,
        .listing = session_listing(session, options, out),
        .passed = passed,
        .arena = arena,
        .groups_by_hash = groups,
    };
    struct error *err = goroutine_tests_init(session, options, &sink.tests);
    if (options->group && !options->group_by && goroutine_tests_none(&sink.tests))
        sink.base.wants = wants_none;
    if (!err)
        err = visit(session, options, &sink.base);
    goroutine_tests_clear(&sink.tests);
    for (size_t i = 0; i < sink.group_count; i++)
        free(sink.groups[i].ids.items);
    free(sink.groups);
    return err ? complain_error(err) : EXIT_OK;
}

/** Keeps the ids of those that pass. */
struct id_sink {
    struct report_sink base;
    struct goroutine_tests tests;
    struct id_list ids;
    size_t capacity;
};

static void ignore_head(struct report_sink *base, const struct report_head *head)
{
    (void)base;
    (void)head;
}

static void keep_id(struct report_sink *base, const struct report_goroutine *one)
{
    struct id_sink *sink = (struct id_sink *)base;
    if (goroutine_tests_pass(&sink->tests, one))
        ARRAY_PUSH(sink->ids.items, sink->ids.count, sink->capacity) = one->id;
}

static void ignore_tail(struct report_sink *base, const struct report_tail *tail)
{
    (void)base;
    (void)tail;
}

struct error *session_goroutines(struct session *session, const struct report_options *options,
                                 struct arena *arena, struct id_list *out)
{
    struct id_sink sink = {.base = {.begin = ignore_head,
                                    .goroutine = keep_id,
                                    .end = ignore_tail,
                                    .ignores_findings = true}};
    struct error *err = goroutine_tests_init(session, options, &sink.tests);
    if (!err)
        err = visit(session, options, &sink.base);
    goroutine_tests_clear(&sink.tests);
    *out = (struct id_list){arena_array(arena, sink.ids.count, sizeof *out->items), sink.ids.count};
    if (sink.ids.count)
        memcpy(out->items, sink.ids.items, sink.ids.count * sizeof *out->items);
    free(sink.ids.items);
    return err;
}
