// SPDX-License-Identifier: MIT
#include "goruntime/defers.h"
#include "world.h"

#define D(n) (HEAP + 0x1000 + 0x80 * (target_addr)(n))
#define FUNCTION(n) (HEAP + 0x100 + 8 * (target_addr)(n))

static struct world *new_world(const char *directory)
{
    struct world *world = world_new(directory);
    world_put_allgs(world, HEAP, 0);
    for (size_t i = 0; i < 8; i++)
        world_put_word(world, FUNCTION(i), 0x401000 + i);
    return world;
}

static void put_record(struct world *world, size_t i, target_addr link)
{
    world_put_field(world, D(i), FIELD_defer_pc, 0x300 + i);
    world_put_field(world, D(i), FIELD_defer_sp, 0x500 + i);
    world_put_field(world, D(i), FIELD_defer_fn, FUNCTION(i));
    world_put_field(world, D(i), FIELD_defer_link, link);
}

static struct defer_record *read_all(struct world *world, struct arena *arena, size_t expected,
                                     size_t left)
{
    AUTO(scheduler) scheduler = NULL;
    scheduler = scheduler_read(world_open(world));
    struct goroutine g = {.defer = D(0)};
    struct defer_record *records;
    size_t budget = 6;
    assert_int_equal(defers_read(scheduler, &g, arena, &budget, &records), expected);
    assert_int_equal(budget, left);
    return records;
}

/** Up to Go 1.21: what runs already stays on the list, and panics add records of frames. */
static void test_begun(void **state)
{
    (void)state;
    AUTO(world) world = new_world("nilmap/go1.15-default");
    for (size_t i = 0; i < 4; i++)
        put_record(world, i, i < 3 ? D(i + 1) : 0);
    world_put_field(world, D(0), FIELD_defer_started, 1);
    world_put_field(world, D(2), FIELD_defer_openDefer, 1);
    AUTO(arena) arena = arena_new();
    struct defer_record *records = read_all(world, arena, 2, 2);
    assert_int_equal(records[0].function, 0x401001);
    assert_int_equal(records[1].function, 0x401003);
}

/** A range over a function: its list takes the place of the record, as if in the same frame. */
static void test_range(void **state)
{
    (void)state;
    AUTO(world) world = new_world("nilmap/go1.27-noopt");
    put_record(world, 0, D(3));
    put_record(world, 1, D(2));
    put_record(world, 2, D(1)); // leads back
    put_record(world, 3, 0);
    world_put_field(world, D(0), FIELD_defer_rangefunc, 1);
    world_put_field(world, D(0), FIELD_defer_head, HEAP + 0x200);
    world_put_word(world, HEAP + 0x200, D(1));
    AUTO(arena) arena = arena_new();
    struct defer_record *records = read_all(world, arena, 3, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(records[i].function, 0x401001 + i);
        assert_int_equal(records[i].sp, i < 2 ? 0x500 : 0x503);
        assert_int_equal(records[i].pc, i < 2 ? 0x300 : 0x303);
    }
}

/** A frame at HEAP + 0x2000, its funcdata at HEAP + 0x3000; closures 0 and 2 of three are due. */
static const struct open_case {
    const char *name;
    int minor;
    uint8_t funcdata[24];
    target_addr size; ///< of the frame
    uint8_t bits;
    size_t count;
} open_cases[] = {
    // argument bytes, bits, count; for each, the last first: width, closure, one argument or none
    {"1.15", 15, {8, 1, 3, 8, 16, 1, 40, 8, 0, 0, 24, 0, 0, 32, 0}, 0x80, 5, 2},
    {"1.17", 17, {8, 1, 3, 8, 16, 1, 40, 8, 0, 0, 24, 0, 0, 32, 0}, 0x80, 5, 2},
    {"1.18", 18, {1, 3, 16, 24, 32}, 0x80, 5, 2},
    {"1.22", 22, {1, 32}, 0x80, 5, 2},
    {"none reached", 27, {1, 32}, 0x80, 0, 0},
    {"in the prologue", 27, {1, 32}, 8, 5, 0},
    {"more than a byte has bits", 18, {1, 9, 16, 24, 32}, 0x80, 5, 0},
    {"a number without an end", 27, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0x80, 5, 0},
    {"bits out of memory", 27, {0xff, 0xff, 0xff, 0x7f, 32}, 0x80, 5, 0},
};

static void test_open(void **state)
{
    const struct open_case *row = *state;
    AUTO(world) world = new_world("nilmap/go1.27-noopt");
    target_addr sp = HEAP + 0x2000, fp = sp + row->size, varp = fp - 16;
    for (size_t i = 0; i < sizeof row->funcdata; i++)
        world_put(world, HEAP + 0x3000 + i, row->funcdata[i], 1);
    world_put(world, varp - 1, row->bits, 1);
    for (size_t i = 0; i < 3; i++)
        world_put_word(world, varp - 32 + 8 * i, FUNCTION(i));
    uint8_t table[48] = {0};
    for (size_t i = 0; i < 6; i++) {
        uint64_t entry = row->minor <= 17 ? HEAP + 0x3000 : 0x3000;
        memcpy(table + i * (row->minor <= 17 ? 8 : 4), &entry, row->minor <= 17 ? 8 : 4);
    }
    const struct module module = {
        .minor = row->minor, .gofunc = HEAP, .pclntable = {table, sizeof table}};
    const struct stack_frame frame = {
        .function = {.module = &module, .funcdata_count = 6}, .sp = sp, .fp = fp};
    struct open_defer open[OPEN_DEFERS_MAX];
    assert_int_equal(open_defers_read(world_open(world), &frame, open), row->count);
    if (row->count) {
        assert_int_equal(open[0].function, 0x401002);
        assert_int_equal(open[1].function, 0x401000);
    }
}

RUN_TABLES_MAIN(TABLE(open_cases, test_open), SINGLE(test_begun), SINGLE(test_range))
