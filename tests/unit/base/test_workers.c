// SPDX-License-Identifier: MIT
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/workers.h"
#include "support/support.h"

#include <stdint.h>
#include <string.h>

enum { ITEMS_MAX = 10000, STATES_MAX = 5 };

/** Marks items; each thread has its own counter, the marks lie apart. */
struct counter {
    uint8_t *marks;
    size_t batch, done;
    bool too_large;
};

static void mark(void *state, size_t begin, size_t end)
{
    struct counter *counter = state;
    counter->too_large |= end - begin > counter->batch || begin >= end;
    for (size_t i = begin; i < end; i++)
        counter->marks[i]++;
    counter->done += end - begin;
}

static const struct run_case {
    const char *name;
    size_t items, states, batch;
} run_cases[] = {
    {"nothing to do", 0, 3, 8},          {"one item", 1, 3, 8},
    {"one thread", 1000, 1, 7},          {"fewer batches than threads", 16, 5, 8},
    {"a last batch cut", 9999, 4, 1000}, {"items one by one", 10000, 5, 1},
};

/** Each item is worked on once, whoever does it. */
static void test_run(void **state)
{
    const struct run_case *row = *state;
    static uint8_t marks[ITEMS_MAX];
    struct counter counters[STATES_MAX];
    void *states[STATES_MAX];
    size_t done = 0;
    memset(marks, 0, sizeof marks);
    for (size_t i = 0; i < row->states; i++) {
        counters[i] = (struct counter){.marks = marks, .batch = row->batch};
        states[i] = &counters[i];
    }
    workers_run(states, row->states, row->items, row->batch, mark);
    for (size_t i = 0; i < row->states; i++) {
        done += counters[i].done;
        assert_false(counters[i].too_large);
    }
    assert_int_equal(done, row->items);
    for (size_t i = 0; i < ITEMS_MAX; i++)
        assert_int_equal(marks[i], i < row->items);
}

static void test_count(void **state)
{
    (void)state;
    assert_in_range(workers_count(), 1, LIMIT_WORKERS);
}

static const struct count_case {
    const char *name;
} count_cases[] = {{"as many threads as processors"}};

RUN_TABLES_MAIN(TABLE(run_cases, test_run), TABLE(count_cases, test_count))
