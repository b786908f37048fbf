// SPDX-License-Identifier: MIT
#include "base/checked.h"
#include "support/support.h"

#define MAX UINT64_MAX

static const struct arithmetic_case {
    const char *name;
    bool (*operation)(uint64_t, uint64_t, uint64_t *);
    uint64_t a, b;
    bool fits;
    uint64_t result;
} arithmetic_cases[] = {
    {"add", checked_add, 2, 3, true, 5},
    {"add up to the largest", checked_add, MAX - 1, 1, true, MAX},
    {"add beyond the largest", checked_add, MAX, 1, false, 0},
    {"multiply", checked_multiply, 6, 7, true, 42},
    {"multiply by zero", checked_multiply, MAX, 0, true, 0},
    {"multiply up to the largest", checked_multiply, MAX / 3, 3, true, MAX},
    {"multiply beyond the largest", checked_multiply, (uint64_t)1 << 32, (uint64_t)1 << 32, false,
     0},
};

static void test_arithmetic(void **state)
{
    const struct arithmetic_case *row = *state;
    uint64_t result = 0;
    assert_int_equal(row->operation(row->a, row->b, &result), row->fits);
    if (row->fits)
        assert_int_equal(result, row->result);
}

static const struct range_case {
    const char *name;
    uint64_t offset, size, limit;
    bool fits;
} range_cases[] = {
    {"range: all", 0, 10, 10, true},
    {"range: nothing at the end", 10, 0, 10, true},
    {"range: nothing behind the end", 11, 0, 10, false},
    {"range: one too long", 1, 10, 10, false},
    {"range: sum wraps to inside", MAX, 2, 10, false},
    {"range: size wraps to inside", 5, MAX - 2, 10, false},
    {"range: the largest", 0, MAX, MAX, true},
};

static void test_range(void **state)
{
    const struct range_case *row = *state;
    assert_int_equal(range_fits(row->offset, row->size, row->limit), row->fits);
}

RUN_TABLES_MAIN(TABLE(arithmetic_cases, test_arithmetic), TABLE(range_cases, test_range))
