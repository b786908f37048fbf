// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "support/support.h"

#include <stdalign.h>
#include <string.h>

static const struct size_case {
    const char *name;
    size_t size;
} size_cases[] = {
    {"nothing", 0},
    {"one byte", 1},
    {"odd", 17},
    {"just a block", 64 * 1024},
    {"more than a block", 64 * 1024 + 1},
    {"many blocks", 1 << 20},
};

/** Each piece is zeroed, aligned, and overlaps no other: the sanitizers and the patterns see it. */
static void test_alloc(void **state)
{
    const struct size_case *row = *state;
    AUTO(arena) arena = arena_new();
    uint8_t *pieces[9];
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        pieces[i] = arena_alloc(arena, row->size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < row->size; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)i + 1, row->size);
    }
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        for (size_t k = 0; k < row->size; k += 97)
            assert_int_equal(pieces[i][k], i + 1);
}

static void test_reset(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    arena_reset(arena); // nothing allocated yet
    for (int round = 0; round < 3; round++) {
        uint8_t *first = arena_alloc(arena, 100);
        for (size_t i = 0; i < 100; i++)
            assert_int_equal(first[i], 0); // also what a round before has written to
        memset(first, 0xff, 100);
        memset(arena_alloc(arena, 200 * 1024), 0xff, 200 * 1024);
        arena_reset(arena);
    }
}

static void test_texts(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    assert_string_equal(arena_string(arena, ""), "");
    assert_string_equal(arena_string(arena, "main.main"), "main.main");
    assert_string_equal(arena_copy(arena, "main.main", 4), "main");
    assert_string_equal(arena_copy(arena, NULL, 0), "");
    assert_string_equal(arena_printf(arena, "%s+%#x", "main.main", 0x1d), "main.main+0x1d");
    const char *longer = arena_printf(arena, "%*s", 100000, "x");
    assert_int_equal(strlen(longer), 100000);
}

static void test_arrays(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    uint64_t *numbers = arena_array(arena, 1000, sizeof *numbers);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], 0);
    assert_non_null(arena_array(arena, 0, 8));
    assert_non_null(arena_array(arena, 8, 0));
    arena_free(NULL);
}

RUN_TABLES_MAIN(TABLE(size_cases, test_alloc), SINGLE(test_reset), SINGLE(test_texts),
                SINGLE(test_arrays))
