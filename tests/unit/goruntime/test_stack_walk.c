// SPDX-License-Identifier: MIT
#include "goruntime/stack_walk.h"
#include "world.h"

#include <inttypes.h>

/*
 * testdata/nilmap/go1.27-noopt/crash.stderr.txt gives pcs and frame sizes:
 *   main.main     pc 0x4b654b, 0x178 bytes
 *   runtime.main  pc 0x450d27, 0x100 bytes
 *   runtime.goexit  pc 0x489b21, the top
 */
enum { MAIN = 0x4b654b, RUNTIME_MAIN = 0x450d27, GOEXIT = 0x489b21, MAIN_SIZE = 0x178 };
#define SP (HEAP + 0x1000)
#define MAIN_RETURN (SP + MAIN_SIZE - 8)
#define RUNTIME_RETURN (SP + MAIN_SIZE + 0x100 - 8)

struct word {
    target_addr address;
    uint64_t value;
};

static const struct walk_case {
    const char *name;
    struct word words[3];
    struct stack_start start;
    const char *functions; ///< the first four, ";" behind each
    uint64_t count;
    enum stack_end end;
    const char *text; ///< stack_walk_end_text()
} walk_cases[] = {
    {"to the top",
     {{MAIN_RETURN, RUNTIME_MAIN}, {RUNTIME_RETURN, GOEXIT}},
     {.pc = MAIN, .sp = SP},
     "main.main;runtime.main;runtime.goexit;",
     3,
     STACK_END_TOP,
     NULL},
    {"call of a nil func",
     {{SP - 8, MAIN}, {MAIN_RETURN, RUNTIME_MAIN}, {RUNTIME_RETURN, GOEXIT}},
     {.pc = 0, .sp = SP - 8},
     "main.main;runtime.main;runtime.goexit;",
     3,
     STACK_END_TOP,
     NULL},
    {"a return address of zero",
     {{0}},
     {.pc = MAIN, .sp = SP},
     "main.main;",
     1,
     STACK_END_BAD_RETURN,
     "return address 0 is in no Go function"},
    {"a return address in no function",
     {{MAIN_RETURN, 0x1234}},
     {.pc = MAIN, .sp = SP},
     "main.main;",
     1,
     STACK_END_BAD_RETURN,
     "return address 0x1234 is in no Go function"},
    {"a pc in no function",
     {{0}},
     {.pc = 0x1234, .sp = SP},
     "",
     0,
     STACK_END_UNKNOWN_PC,
     "pc 0x1234 is in no Go function"},
    {"a stack that is not there",
     {{0}},
     {.pc = MAIN, .sp = 0x1000},
     "main.main;",
     1,
     STACK_END_UNMAPPED,
     "the stack at 0x1170 is not in the core"},
    {"a nil func on a stack that is not there",
     {{0}},
     {.pc = 0, .sp = 0x1000},
     "",
     0,
     STACK_END_UNMAPPED,
     "the stack at 0x1000 is not in the core"},
    {"a stack at the end of memory",
     {{0}},
     {.pc = MAIN, .sp = UINT64_MAX - 7},
     "main.main;",
     1,
     STACK_END_UNMAPPED,
     "the stack at 0x168 is not in the core"},
    {"a stack at zero",
     {{0}},
     {.pc = MAIN, .sp = 0},
     "main.main;",
     1,
     STACK_END_UNMAPPED,
     "the stack at 0x170 is not in the core"},
    {"a nil func that was called by none",
     {{0}},
     {.pc = 0, .sp = SP},
     "",
     0,
     STACK_END_UNKNOWN_PC,
     "pc 0 is in no Go function"},
};

static struct world *new_world(void)
{
    struct world *world = world_new("nilmap/go1.27-noopt");
    assert_int_equal(world_symbol(world, "main.main") <= MAIN, true);
    return world;
}

static void check_walk(const struct walk_case *row, bool with_memo)
{
    AUTO(world) world = new_world();
    for (size_t i = 0; i < COUNT_OF(row->words) && row->words[i].address; i++)
        world_put_word(world, row->words[i].address, row->words[i].value);
    struct stack_walk walk;
    struct stack_frame frame;
    uint64_t count = 0;
    AUTO_TEXT functions = {0};
    world_open(world);
    if (!with_memo)
        world->program.memo = NULL;
    stack_walk_begin(&walk, &world->program, NULL, false, &row->start);
    for (; stack_walk_next(&walk, &frame); count++)
        if (count < 4)
            buffer_printf(&functions, "%s;", pc_function_name(&frame.function));
    assert_string_equal(buffer_text(&functions), row->functions);
    assert_int_equal(count, row->count);
    assert_int_equal(walk.end, row->end);
    char text[128];
    const char *got = stack_walk_end_text(&walk, text, sizeof text);
    if (row->text)
        assert_string_equal(got ? got : "NULL", row->text);
    else
        assert_null(got);
    assert_false(stack_walk_next(&walk, &frame)); // and stays at its end
}

static void test_walk(void **state)
{
    check_walk(*state, true);
    check_walk(*state, false);
}

/** What a frame says: where it continues, where to look it up, its sp, CFA and arguments. */
static void test_frame(void **state)
{
    (void)state;
    AUTO(world) world = new_world();
    world_put_word(world, MAIN_RETURN, RUNTIME_MAIN);
    world_put_word(world, RUNTIME_RETURN, GOEXIT);
    struct stack_walk walk;
    struct stack_frame frame;
    struct stack_start start = {.pc = MAIN, .sp = SP};
    stack_walk_begin(&walk, world_open(world), NULL, false, &start);
    assert_true(stack_walk_next(&walk, &frame));
    assert_int_equal(frame.pc, MAIN);
    assert_int_equal(frame.lookup_pc, MAIN - 1);
    assert_int_equal(frame.sp, SP);
    assert_int_equal(frame.fp, SP + MAIN_SIZE);
    assert_int_equal(frame.arguments, SP + MAIN_SIZE);
    assert_true(stack_walk_next(&walk, &frame));
    assert_int_equal(frame.pc, RUNTIME_MAIN);
    assert_int_equal(frame.sp, SP + MAIN_SIZE);
}

/** main.main below main.main …: memory that repeats itself ends with the memory, never before it.
 */
static void test_recursion(void **state)
{
    (void)state;
    AUTO(world) world = new_world();
    for (target_addr sp = HEAP; sp + MAIN_SIZE <= HEAP + HEAP_SIZE; sp += MAIN_SIZE)
        world_put_word(world, sp + MAIN_SIZE - 8, MAIN);
    struct stack_walk walk;
    struct stack_frame frame;
    struct stack_start start = {.pc = MAIN, .sp = HEAP};
    uint64_t count = 0;
    stack_walk_begin(&walk, world_open(world), NULL, false, &start);
    while (stack_walk_next(&walk, &frame))
        count++;
    assert_int_equal(count, HEAP_SIZE / MAIN_SIZE + 1);
    assert_int_equal(walk.end, STACK_END_UNMAPPED);
}

static struct pass_case {
    const char *name;
    uint64_t most, multiple, left; // periods
    int64_t broken;                // the return address of this frame is another; -1: of none
    uint64_t passed;
} pass_cases[] = {
    {"all that is there", 1000, 1, 0, -1, HEAP_SIZE / MAIN_SIZE},
    {"no more than asked for", 5, 1, 0, -1, 5},
    {"a multiple", 1000, 4, 0, 7, 4},
    {"some are left", 1000, 1, 2, 7, 5},
    {"a return address inside the four that are compared at once", 1000, 1, 0, 2, 2},
    {"the first one is another", 1000, 1, 0, 0, 0},
    {"none for a multiple of more", 1000, 8, 0, 7, 0},
};

/** What is passed over is what step after step would have come by. */
static void test_pass(void **state)
{
    const struct pass_case *row = *state;
    AUTO(world) world = new_world();
    int64_t frame = 0;
    for (target_addr sp = HEAP; sp + MAIN_SIZE <= HEAP + HEAP_SIZE; sp += MAIN_SIZE, frame++)
        world_put_word(world, sp + MAIN_SIZE - 8, frame == row->broken ? RUNTIME_MAIN : MAIN);
    struct stack_walk walk, stepped;
    struct stack_step step;
    struct stack_start start = {.pc = MAIN, .sp = HEAP};
    const struct program *program = world_open(world);
    stack_walk_begin(&walk, program, NULL, false, &start);
    stack_walk_begin(&stepped, program, NULL, false, &start);
    const struct pc_site *site = walk.site;
    const struct stack_pass pass = {&site, 1, row->most, row->multiple, row->left};
    assert_int_equal(stack_walk_pass(&walk, &pass), row->passed);
    for (uint64_t i = 0; i < row->passed; i++)
        assert_true(stack_walk_step(&stepped, &step));
    assert_int_equal(walk.pc, stepped.pc);
    assert_int_equal(walk.sp, stepped.sp);
    assert_int_equal(walk.count, stepped.count);
    assert_int_equal(walk.callee, stepped.callee);
    assert_int_equal(walk.end, stepped.end);
    bool more = stack_walk_step(&stepped, &step);
    assert_int_equal(stack_walk_step(&walk, &step), more);
    assert_int_equal(walk.pc, stepped.pc);
}

/** The pcs and sps of a stack, by steps alone, or with frames skimmed where that can be. */
static size_t list_pcs(const struct walk_case *row, const struct program *program, bool skim,
                       target_addr *pcs, size_t *skimmed, struct stack_walk *walk)
{
    enum { MOST = 500 };
    struct stack_step step;
    size_t count = 0;
    *skimmed = 0;
    stack_walk_begin(walk, program, NULL, false, &row->start);
    while (count < MOST && stack_walk_step(walk, &step)) {
        struct skimmed_frame frames[2];
        pcs[count++] = step.pc ^ step.sp;
        size_t more = skim ? stack_walk_skim(walk, frames, COUNT_OF(frames)) : 0;
        for (size_t i = 0; i < more; i++)
            pcs[count++] = frames[i].site->pc ^ frames[i].sp;
        *skimmed += more;
    }
    return count;
}

/** Skimming comes by what steps come by, and ends where they end. */
static void test_skim(void **state)
{
    const struct walk_case *row = *state;
    target_addr expected[512], found[512];
    struct stack_walk stepped, walk;
    size_t skimmed;
    AUTO(world) world = new_world();
    for (size_t i = 0; i < COUNT_OF(row->words) && row->words[i].address; i++)
        world_put_word(world, row->words[i].address, row->words[i].value);
    const struct program *program = world_open(world);
    size_t count = list_pcs(row, program, false, expected, &skimmed, &stepped);
    assert_int_equal(list_pcs(row, program, true, found, &skimmed, &walk), count);
    assert_memory_equal(found, expected, count * sizeof *found);
    assert_int_equal(walk.end, stepped.end);
    assert_int_equal(walk.count, stepped.count);
    assert_int_equal(walk.sp, stepped.sp);
}

/** Of a recursion each second and third frame is skimmed. */
static void test_skim_recursion(void **state)
{
    (void)state;
    struct walk_case row = {.start = {.pc = MAIN, .sp = HEAP}};
    target_addr expected[512], found[512];
    struct stack_walk stepped, walk;
    size_t skimmed;
    AUTO(world) world = new_world();
    for (target_addr sp = HEAP; sp + MAIN_SIZE <= HEAP + HEAP_SIZE; sp += MAIN_SIZE)
        world_put_word(world, sp + MAIN_SIZE - 8, MAIN);
    const struct program *program = world_open(world);
    size_t count = list_pcs(&row, program, false, expected, &skimmed, &stepped);
    assert_int_equal(skimmed, 0);
    assert_int_equal(list_pcs(&row, program, true, found, &skimmed, &walk), count);
    assert_memory_equal(found, expected, count * sizeof *found);
    assert_true(skimmed >= count / 2);
    assert_int_equal(walk.end, stepped.end);
    assert_int_equal(walk.end_address, stepped.end_address);
}

/** A function that moves sp to another stack tells nothing of its caller. */
static void test_switch(void **state)
{
    (void)state;
    AUTO(world) world = new_world();
    struct stack_walk walk;
    struct stack_frame frame;
    struct stack_start start = {.pc = world_symbol(world, "gogo") + 1, .sp = SP};
    stack_walk_begin(&walk, world_open(world), NULL, false, &start);
    assert_true(stack_walk_next(&walk, &frame));
    assert_string_equal(pc_function_name(&frame.function), "gogo");
    assert_false(stack_walk_next(&walk, &frame));
    assert_int_equal(walk.end, STACK_END_SWITCH);
}

static const struct start_case {
    const char *name;
    struct goroutine g;
    struct stack_start expected;
} start_cases[] = {
    {"parked", {.sched_pc = 1, .sched_sp = 2, .sched_lr = 3}, {.pc = 1, .sp = 2, .link = 3}},
    {"in a system call",
     {.sched_pc = 1, .sched_sp = 2, .syscall_pc = 4, .syscall_sp = 5},
     {.pc = 4, .sp = 5}},
    {"nothing", {0}, {0}},
};

static void test_start(void **state)
{
    const struct start_case *row = *state;
    struct stack_start got = goroutine_saved_start(&row->g);
    assert_int_equal(got.pc, row->expected.pc);
    assert_int_equal(got.sp, row->expected.sp);
    assert_int_equal(got.link, row->expected.link);
    assert_false(got.exact);
}

RUN_TABLES_MAIN(TABLE(walk_cases, test_walk), SINGLE(test_frame), SINGLE(test_recursion),
                TABLE(pass_cases, test_pass), TABLE(walk_cases, test_skim),
                SINGLE(test_skim_recursion), SINGLE(test_switch), TABLE(start_cases, test_start))
