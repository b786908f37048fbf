// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "goruntime/defers.h"
#include "goruntime/panics.h"
#include "world.h"

#define P(n) (HEAP + 0x1000 + 0x80 * (target_addr)(n))

static const struct chain_case {
    const char *name;
    size_t put;            ///< panics in memory, each linked to the one before it
    target_addr last_link; ///< of the oldest
    size_t count;
} chain_cases[] = {
    {"none", 0, 0, 0},
    {"one", 1, 0, 1},
    {"three", 3, 0, 3},
    {"one that links to itself", 1, P(0), 1},
    {"a cycle", 3, P(2), 3},
    {"a cycle beside the start", 3, P(1), 3},
    {"a link out of memory", 2, 0x1000, 2},
    {"a link to the end of memory", 2, UINT64_MAX - 3, 2},
    {"more than are read", LIMIT_PANICS + 5, 0, LIMIT_PANICS},
};

static struct world *put_chain(const struct chain_case *row, enum go_field_id link)
{
    struct world *world = world_new("nilmap/go1.27-noopt");
    world_put_allgs(world, HEAP, 0);
    for (size_t i = 0; i < row->put; i++)
        world_put_field(world, P(i), link, i ? P(i - 1) : row->last_link);
    return world;
}

static void test_panics(void **state)
{
    const struct chain_case *row = *state;
    AUTO(world) world = put_chain(row, FIELD_panic_link);
    uint32_t value = go_release_member(world->recorded->release, FIELD_panic_arg).offset;
    for (size_t i = 0; i < row->put; i++) {
        world_put_word(world, P(i) + value, 0x100 + i);
        world_put_word(world, P(i) + value + 8, 0x200 + i);
        world_put_field(world, P(i), FIELD_panic_recovered, i % 2);
        world_put_field(world, P(i), FIELD_panic_goexit, i == 2);
    }
    AUTO(scheduler) scheduler = NULL;
    AUTO(arena) arena = arena_new();
    scheduler = scheduler_read(world_open(world));
    struct goroutine g = {.panic = row->put ? P(row->put - 1) : 0};
    struct panic_record *records;
    assert_int_equal(panics_read(scheduler, &g, arena, &records), row->count);
    for (size_t i = 0; i < row->count; i++) { // the oldest of those that are read comes first
        size_t n = row->put - row->count + i;
        assert_int_equal(records[i].address, P(n));
        assert_int_equal(records[i].type_word, 0x100 + n);
        assert_int_equal(records[i].data_word, 0x200 + n);
        assert_int_equal(records[i].recovered, n % 2);
        assert_int_equal(records[i].goexit, n == 2);
    }
}

static void test_defers(void **state)
{
    const struct chain_case *row = *state;
    AUTO(world) world = put_chain(row, FIELD_defer_link);
    target_addr function = HEAP + 0x10;
    world_put_word(world, function, 0x401000);
    for (size_t i = 0; i < row->put; i++) {
        world_put_field(world, P(i), FIELD_defer_pc, 0x300 + i);
        world_put_field(world, P(i), FIELD_defer_fn, i == 1 ? 0x1000 : function);
    }
    AUTO(scheduler) scheduler = NULL;
    AUTO(arena) arena = arena_new();
    scheduler = scheduler_read(world_open(world));
    struct goroutine g = {.defer = row->put ? P(row->put - 1) : 0};
    struct defer_record *records;
    size_t budget = LIMIT_DEFERS;
    size_t count = defers_read(scheduler, &g, arena, &budget, &records);
    assert_int_equal(count, row->put); // LIMIT_DEFERS is larger than any row
    for (size_t i = 0; i < count; i++) {
        size_t n = row->put - 1 - i;
        assert_int_equal(records[i].pc, 0x300 + n);
        assert_int_equal(records[i].function, n == 1 ? 0 : 0x401000);
    }
}

static void test_nowhere(void **state)
{
    (void)state;
    AUTO(world) world = world_new("nilmap/go1.15-default");
    world_put_allgs(world, HEAP, 0);
    AUTO(scheduler) scheduler = NULL;
    AUTO(arena) arena = arena_new();
    scheduler = scheduler_read(world_open(world));
    struct goroutine g = {.panic = 0x1000, .defer = UINT64_MAX - 7};
    struct panic_record *panics;
    struct defer_record *defers;
    size_t budget = LIMIT_DEFERS;
    assert_int_equal(panics_read(scheduler, &g, arena, &panics), 0);
    assert_int_equal(defers_read(scheduler, &g, arena, &budget, &defers), 0);
}

/** The ring of printed text: the oldest byte stands at its index. */
static void test_backlog(void **state)
{
    (void)state;
    AUTO(world) world = world_new("nilmap/go1.27-noopt");
    static const char text[] = "fatal error: out of luck\n";
    target_addr ring = world_symbol(world, "runtime.printBacklog");
    for (size_t i = 0; i < sizeof text - 1; i++)
        world_put(world, ring + (500 + i) % 512, (uint8_t)text[i], 1);
    world_put_word(world, world_symbol(world, "runtime.printBacklogIndex"),
                   (500 + sizeof text - 1) % 512);
    AUTO(arena) arena = arena_new();
    struct bytes got = print_backlog_read(world_open(world), arena);
    assert_int_equal(got.size, sizeof text - 1);
    assert_memory_equal(got.data, text, got.size);
}

/** Without a use for its index the ring is searched for; a line that meets its end goes on where it
 * begins, and what stands behind that is older. */
static void test_backlog_searched(void **state)
{
    enum { RING = 512, AT_END = 40 };
    static const char text[] = "fatal error: all goroutines are asleep - deadlock!\n";
    (void)state;
    AUTO(world) world = world_new("nilmap/go1.27-noopt");
    target_addr ring = world_symbol(world, "runtime.printBacklog");
    for (size_t i = 0; i < RING; i++)
        world_put(world, ring + i, 'x', 1);
    for (size_t i = 0; i < sizeof text - 1; i++)
        world_put(world, ring + (RING - AT_END + i) % RING, (uint8_t)text[i], 1);
    world_put_word(world, world_symbol(world, "runtime.printBacklogIndex"), RING + 1);
    AUTO(arena) arena = arena_new();
    struct bytes got = print_backlog_read(world_open(world), arena);
    assert_int_equal(got.size, RING);
    assert_memory_equal(got.data + RING - (sizeof text - 1), text, sizeof text - 1);
}

RUN_TABLES_MAIN(TABLE(chain_cases, test_panics), TABLE(chain_cases, test_defers),
                SINGLE(test_nowhere), SINGLE(test_backlog), SINGLE(test_backlog_searched))
