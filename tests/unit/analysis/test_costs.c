// SPDX-License-Identifier: MIT
#include "analysis/analyze.h"
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/dwarf_index_internal.h"
#include "symbols/pc_memo.h"

#include <string.h>

/*
 * What a run may cost, counted instead of timed, so that it holds on every machine: what it reads
 * of the DWARF, and how many goroutines are described.
 */

/** Counts what it is given. */
struct counting_sink {
    struct report_sink base;
    size_t goroutines, groups, members;
};

static void begin(struct report_sink *base, const struct report_head *head)
{
    (void)base;
    (void)head;
}

static void goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    (void)one;
    ((struct counting_sink *)base)->goroutines++;
}

static void end(struct report_sink *base, const struct report_tail *tail)
{
    struct counting_sink *sink = (struct counting_sink *)base;
    sink->groups = tail->group_count;
    for (size_t i = 0; i < tail->group_count; i++)
        sink->members += tail->groups[i].ids.count;
}

static bool wants_none(struct report_sink *base, uint64_t id)
{
    (void)base;
    (void)id;
    return false;
}

static struct counting_sink run(struct program *program, const struct analyze_options *options,
                                bool all)
{
    struct counting_sink sink = {.base = {.begin = begin,
                                          .goroutine = goroutine,
                                          .end = end,
                                          .ignores_findings = !options->variables}};
    sink.base.wants = all ? NULL : wants_none;
    assert_error(analyze(program, "binary", "core", options, &sink.base), NULL);
    return sink;
}

/** Where goroutines wait at channels of types whose packages must be told apart: a list of all of
 * them is made. */
static bool names_channels(const struct recording *recording)
{
    return strncmp(recording->name, "service/", 8) == 0 ||
           strncmp(recording->name, "waits/", 6) == 0;
}

/** Where a goroutine has profiler labels: whether headings show them is a setting of the runtime,
 * of which DWARF alone says where it is. */
static bool has_labels(const struct recording *recording)
{
    return strncmp(recording->name, "secrets/", 8) == 0;
}

/** Where it died of what the runtime itself says in its own words. */
static bool says_nothing_of_its_own(const struct recording *recording)
{
    return strncmp(recording->name, "nilmap/", 7) == 0 ||
           strncmp(recording->name, "values/", 7) == 0;
}

/**
 * `goroutines`, `traceback`, and `stack` without --full; with redaction where the program prints
 * nothing of its own that could be secret.
 */
static void test_no_dwarf(void **state)
{
    const struct recording *recording = *state;
    AUTO(redaction) redaction = redaction_new();
    struct redaction *hides = says_nothing_of_its_own(recording) ? redaction : NULL;
    const struct analyze_options cases[] = {
        {.order = ORDER_OF_RUNTIME, .redaction = hides},
        {.order = ORDER_BY_ID, .redaction = hides},
        {.order = ORDER_BY_ID, .every_goroutine = true, .redaction = hides},
    };
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(run(program, &cases[i], true).goroutines > 0);
        assert_true(!program->dwarf_tried || has_labels(recording));
    }
}

/**
 * The names of all types are not listed for a report: what it shows is found by place. What an
 * interface holds is looked up by name, though: `values` has some.
 */
static void test_no_names(void **state)
{
    const struct recording *recording = *state;
    const struct analyze_options options = {.order = ORDER_BY_ID,
                                            .variables = true,
                                            .limits = {.depth = 4, .items = 20, .string = 200}};
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    run(program, &options, true);
    bool by_name = names_channels(recording) || has_labels(recording) ||
                   strncmp(recording->name, "values/", 7) == 0;
    if (program->dwarf && !by_name)
        assert_false(program->dwarf->names_read);
}

/** Goroutines that nobody wants are in the groups, and are not passed on. */
static void test_groups(void **state)
{
    const struct recording *recording = *state;
    const struct analyze_options options = {.order = ORDER_BY_ID};
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    struct counting_sink all = run(program, &options, true);
    struct counting_sink none = run(program, &options, false);
    assert_int_equal(none.groups, all.groups);
    assert_int_equal(none.members, all.members);
    assert_int_equal(all.members, all.goroutines);
    assert_true(none.goroutines < all.goroutines);
}

int main(void)
{
    void (*const tests[])(void **) = {test_no_dwarf, test_no_names, test_groups};
    return run_with_recordings(TESTDATA, 1, tests, COUNT_OF(tests));
}
