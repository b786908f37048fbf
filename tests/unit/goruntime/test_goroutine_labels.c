// SPDX-License-Identifier: MIT
#include "goruntime/goroutine_labels.h"
#include "goruntime/traceback_text.h"
#include "world.h"

#define G (HEAP + 0x1000)
#define LABELS (HEAP + 0x4000)
#define BUBBLE (HEAP + 0x5000)
#define TEXT (HEAP + 0x6000)

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

// runtime/traceback.go, goroutineheader, and runtime/print.go, printquoted.
static const struct text_case {
    const char *name, *key, *value;
    int minor;
    const char *expected;
} text_cases[] = {
    {"before they were shown", "a", "b", 25, ""},
    {"quotes for all", "a", "b", 26, " labels:{\"a\": \"b\"}"},
    {"quotes for none", "a_1", "/x.Y", 27, " {a_1: /x.Y}"},
    {"quotes for a space", "a", "b c", 27, " {a: \"b c\"}"},
    {"nothing", "", "", 27, " {: }"},
    {"quotes and backslashes", "a", "\"\\", 27, " {a: \"\\\"\\\\\"}"},
    {"what ends lines", "a", "\n\r\t", 27, " {a: \"\\n\\r\\t\"}"},
    {"control characters", "a", "\x1b\x7f", 27, " {a: \"\\x1b\\u007f\"}"},
    {"beyond ASCII", "a", "\xc3\xa9\xf0\x9f\x98\x80", 27, " {a: \"\\u00e9\\U0001f600\"}"},
    {"no UTF-8", "a", "\xff\xc3", 27, " {a: \"\\xff\\xc3\"}"},
};

static void test_text(void **state)
{
    const struct text_case *row = *state;
    const struct goroutine_label label = {bytes_of(row->key), bytes_of(row->value)};
    AUTO_TEXT text = {0};
    goroutine_labels_text(&text, row->minor, &label, 1);
    assert_string_equal(buffer_text(&text), row->expected);
}

static struct world *world_with_labels(uint64_t count, uint64_t size)
{
    struct world *world = world_new("nilmap/go1.27-noopt");
    world_put_word(world, HEAP, G);
    world_put_allgs(world, HEAP, 1);
    world_put_field(world, G, FIELD_g_goid, 7);
    world_put_field(world, G, FIELD_g_atomicstatus, G_RUNNABLE);
    world_put_field(world, G, FIELD_g_labels, LABELS);
    world_put_word(world, LABELS, LABELS + 64);
    world_put_word(world, LABELS + 8, count);
    world_put_word(world, LABELS + 64, TEXT);
    world_put_word(world, LABELS + 72, size);
    world_put_word(world, LABELS + 80, TEXT + 3);
    world_put_word(world, LABELS + 88, 2);
    world_put(world, TEXT, 0x7978656c6f72, 6); // "rolexy"
    return world;
}

static const struct read_case {
    const char *name;
    uint64_t count, size;
    const char *expected;
} read_cases[] = {
    {"one", 1, 3, " {rol: ex}"},
    {"none", 0, 3, ""},
    {"a string that is too long", 1, (uint64_t)1 << 40, " {: ex}"},
};

static void test_read(void **state)
{
    const struct read_case *row = *state;
    AUTO(world) world = world_with_labels(row->count, row->size);
    AUTO(scheduler) scheduler = scheduler_read(world_open(world));
    AUTO(arena) arena = arena_new();
    struct goroutine g;
    struct goroutine_label *labels;
    assert_true(goroutine_read(scheduler, G, &g));
    size_t count = goroutine_labels_read(scheduler, &g, arena, &labels);
    AUTO_TEXT text = {0};
    goroutine_labels_text(&text, 27, labels, count);
    assert_string_equal(buffer_text(&text), row->expected);
}

static void test_huge_count(void **state)
{
    (void)state;
    AUTO(world) world = world_with_labels(UINT64_MAX, 3);
    AUTO(scheduler) scheduler = scheduler_read(world_open(world));
    AUTO(arena) arena = arena_new();
    struct goroutine g;
    struct goroutine_label *labels;
    assert_true(goroutine_read(scheduler, G, &g));
    assert_int_equal(goroutine_labels_read(scheduler, &g, arena, &labels), 256);
}

// What go_wait_reasons.inc has for 1.27: their numbers are the runtime's own.
static const struct bubble_case {
    const char *name;
    unsigned status;
    const char *reason;
    const char *expected;
} bubble_cases[] = {
    {"runs", G_RUNNING, "sleep", "goroutine 7 gp=0xc000001000 m=nil [running, synctest bubble 3]"},
    {"sleeps", G_WAITING, "sleep",
     "goroutine 7 gp=0xc000001000 m=nil [sleep (durable), synctest bubble 3]"},
    {"says so itself", G_WAITING, "select (durable)",
     "goroutine 7 gp=0xc000001000 m=nil [select (durable), synctest bubble 3]"},
    {"waits for what is outside", G_WAITING, "IO wait",
     "goroutine 7 gp=0xc000001000 m=nil [IO wait, synctest bubble 3]"},
};

static void test_bubble(void **state)
{
    const struct bubble_case *row = *state;
    AUTO(world) world = world_with_labels(0, 0);
    uint8_t number = 0;
    const char *reason = NULL;
    while (number < 255 && (!reason || strcmp(reason, row->reason) != 0))
        reason = go_release_wait_reason(world->recorded->release, ++number);
    assert_true(number < 255);
    world_put_field(world, G, FIELD_g_atomicstatus, row->status);
    world_put_field(world, G, FIELD_g_waitreason, number);
    world_put_field(world, G, FIELD_g_bubble, BUBBLE);
    world_put_field(world, BUBBLE, FIELD_bubble_id, 3);
    AUTO(scheduler) scheduler = scheduler_read(world_open(world));
    struct goroutine g;
    AUTO_TEXT text = {0};
    assert_true(goroutine_read(scheduler, G, &g));
    traceback_heading(&text, scheduler, &g, true, "");
    assert_string_equal(buffer_text(&text), row->expected);
}

RUN_TABLES_MAIN(TABLE(text_cases, test_text), TABLE(read_cases, test_read), SINGLE(test_huge_count),
                TABLE(bubble_cases, test_bubble))
