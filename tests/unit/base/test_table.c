// SPDX-License-Identifier: MIT
#include "base/table.h"
#include "support/support.h"

static const struct key_case {
    const char *name;
    uint64_t first, stride;
    size_t count;
} key_cases[] = {
    {"one key", 42, 1, 1},
    {"key 0", 0, 1, 2},
    {"the largest key", UINT64_MAX, 1, 2},
    {"counting", 0, 1, 5000},
    {"addresses a page apart", 0xc000000000, 0x1000, 5000},
    {"keys that differ in their highest bits only", 0, (uint64_t)1 << 52, 4096},
};

static void test_keys(void **state)
{
    const struct key_case *row = *state;
    AUTO(table) table = table_new();
    for (size_t i = 0; i < row->count; i++) {
        uint64_t key = row->first + i * row->stride;
        assert_null(table_find(table, key));
        bool added = false;
        uint64_t *value = table_add(table, key, &added);
        assert_true(added);
        assert_int_equal(*value, 0);
        *value = i + 7;
    }
    assert_int_equal(table_count(table), row->count);
    for (size_t i = 0; i < row->count; i++) {
        uint64_t key = row->first + i * row->stride;
        assert_non_null(table_find(table, key));
        assert_int_equal(*table_find(table, key), i + 7);
        bool added = true;
        assert_int_equal(*table_add(table, key, &added), i + 7);
        assert_false(added);
    }
    assert_int_equal(table_count(table), row->count);
}

static void test_empty(void **state)
{
    (void)state;
    AUTO(table) table = table_new();
    assert_int_equal(table_count(table), 0);
    assert_null(table_find(table, 0));
    *table_add(table, 1, NULL) = 2; // who adds need not ask whether it was new
    assert_int_equal(*table_find(table, 1), 2);
    table_free(NULL);
}

RUN_TABLES_MAIN(TABLE(key_cases, test_keys), SINGLE(test_empty))
