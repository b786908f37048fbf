// SPDX-License-Identifier: MIT
#include "analysis/analysis_internal.h"
#include "support/support.h"

#include <string.h>

static struct report_frame user_frame = {.function = "main.work", .owner = OWNER_MAIN_MODULE};
static struct report_frame library_frame = {.function = "net.f", .owner = OWNER_STANDARD_LIBRARY};

/** Goroutines as they come: id, hash of the stack, whether system, frame, wait in ns. */
static const struct added {
    uint64_t id, hash;
    bool system;
    struct report_frame *frame;
    uint64_t wait_ns;
} added[] = {
    {9, 100, true, &library_frame, 0}, {7, 1, false, &user_frame, 50},
    {3, 2, false, &library_frame, 0},  {5, 1, false, &user_frame, 70},
    {4, 2, false, &library_frame, 0},  {2, 2, false, &library_frame, 0},
    {1, 3, false, &user_frame, 10},    {6, 4, false, NULL, 0},
};

static void test_groups(void **state)
{
    (void)state;
    static const struct {
        uint64_t ids[3];
        size_t count;
        uint64_t longest;
    } expected[] = {
        {{5, 7}, 2, 70}, {{1}, 1, 10}, {{2, 3, 4}, 3, 0}, {{6}, 1, 0}, {{9}, 1, 0},
    };
    AUTO(arena) arena = arena_new();
    AUTO(group_table) table = group_table_new();
    for (size_t i = 0; i < COUNT_OF(added); i++) {
        struct report_goroutine one = {
            .id = added[i].id,
            .system = added[i].system,
            .status = "waiting",
            .frames = {.items = added[i].frame, .count = added[i].frame != NULL},
            .has_wait = added[i].wait_ns != 0,
            .wait_ns = added[i].wait_ns};
        group_table_add(table, arena, &one, added[i].hash);
    }
    struct report_tail tail = {0};
    group_table_list(table, arena, &tail);
    assert_int_equal(tail.goroutine_count, COUNT_OF(added));
    assert_int_equal(tail.system_count, 1);
    assert_int_equal(tail.group_count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const struct report_group *group = &tail.groups[i];
        assert_int_equal(group->ids.count, expected[i].count);
        assert_memory_equal(group->ids.items, expected[i].ids, 8 * expected[i].count);
        assert_int_equal(group->has_wait, expected[i].longest != 0);
        assert_int_equal(group->longest_wait_ns, expected[i].longest);
    }
}

/** What a group shows is its own: the goroutine's memory is gone by then. */
static void test_memory(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(group_table) table = group_table_new();
    AUTO(arena) scratch = arena_new();
    struct report_frame *frame = ARENA_NEW(scratch, struct report_frame);
    frame->function = arena_string(scratch, "main.work");
    frame->owner = OWNER_MAIN_MODULE;
    struct report_goroutine one = {.id = 1,
                                   .status = arena_string(scratch, "waiting"),
                                   .frames = {.items = frame, .count = 1}};
    group_table_add(table, arena, &one, 1);
    arena_free(TAKE(scratch));
    struct report_tail tail = {0};
    group_table_list(table, arena, &tail);
    assert_string_equal(tail.groups[0].status, "waiting");
    assert_string_equal(tail.groups[0].where.function, "main.work");
    group_table_free(NULL);
}

/** Two go statements of one function; the shortest and the longest wait of each. */
static void test_statements(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(group_table) table = group_table_new();
    struct report_frame frame = {.function = "main.work", .owner = OWNER_MAIN_MODULE, .line = 3};
    for (uint64_t i = 0; i < 6; i++) {
        struct report_goroutine one = {
            .id = i,
            .status = "waiting",
            .frames = {.items = &frame, .count = 1},
            .created_by = {.function = "main.start", .short_file = "a.go", .line = i < 4 ? 7 : 9},
            .has_wait = true,
            .wait_ns = 100 - i};
        group_table_add(table, arena, &one, i < 4 ? 1 : 2);
    }
    struct report_tail tail = {0};
    group_table_list(table, arena, &tail);
    assert_int_equal(tail.group_count, 2);
    assert_true(tail.groups[0].tell_statement && tail.groups[1].tell_statement);
    assert_int_equal(tail.groups[0].longest_wait_ns, 100);
    assert_int_equal(tail.groups[0].shortest_wait_ns, 97);
}

static void test_nothing(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(group_table) table = group_table_new();
    struct report_tail tail = {0};
    group_table_list(table, arena, &tail);
    assert_int_equal(tail.group_count, 0);
}

RUN_TABLES_MAIN(SINGLE(test_groups), SINGLE(test_memory), SINGLE(test_statements),
                SINGLE(test_nothing))
