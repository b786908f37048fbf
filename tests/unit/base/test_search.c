// SPDX-License-Identifier: MIT
#include "base/search.h"
#include "support/support.h"

static const struct search_case {
    const char *name;
    size_t count, begun; ///< of the items below
    unsigned sought;
} search_cases[] = {
    {"none", 0, 0, 10},
    {"below the first", 6, 0, 2},
    {"the first", 6, 1, 3},
    {"between two", 6, 2, 8},
    {"the last of equals", 6, 5, 9},
    {"the last", 6, 6, 20},
    {"behind the last", 6, 6, 99},
    {"of the first two", 2, 2, 9},
};

static void test_count_while(void **state)
{
    static const unsigned items[] = {3, 7, 9, 9, 9, 20};
    const struct search_case *row = *state;
    assert_int_equal(COUNT_WHILE(i, row->count, items[i] <= row->sought), row->begun);
}

/** Each number that can come out, of lists of each length; asked no oftener than it must be. */
static void test_every_place(void **state)
{
    (void)state;
    for (size_t count = 0; count < 100; count++)
        for (size_t begun = 0; begun <= count; begun++) {
            unsigned asked = 0;
            assert_int_equal(COUNT_WHILE(i, count, (asked++, i < begun)), begun);
            assert_true(1U << asked <= 2 * (count + 1));
        }
}

static const struct search_case whole[] = {{"every place", 0, 0, 0}};
RUN_TABLES_MAIN(TABLE(search_cases, test_count_while), TABLE(whole, test_every_place))
