// SPDX-License-Identifier: MIT
#include "goruntime/sync_sites.h"
#include "goruntime/waits.h"
#include "support/support.h"

#include <string.h>

/** What the goroutines of testdata/waits wait for, as its source says, by the function that they
 * began with. */
static struct wait_case {
    const char *name; ///< of the function
    enum wait_kind kind;
    unsigned goroutines;
    bool sends, reads;
    unsigned cases;
} wait_cases[] = {
    {"main.holdMutex", WAIT_MUTEX, 52, false, false, 0},
    {"main.transfer", WAIT_MUTEX, 3, false, false, 0},
    {"main.(*table).dine", WAIT_MUTEX, 5, false, false, 0},
    {"main.move", WAIT_RWMUTEX, 4, false, false, 0},
    {"main.relay", WAIT_CHANNEL, 5, false, false, 1},
    {"main.speak", WAIT_CHANNEL, 4, true, false, 1},
    {"main.pump", WAIT_CHANNEL, 3, true, false, 1},
    {"main.after", WAIT_WAITGROUP, 7, false, false, 0},
    {"main.choose", WAIT_SELECT, 3, false, false, 2},
    {"main.(*gate).pass", WAIT_COND, 1, false, false, 0},
    {"main.main", WAIT_TIMER, 1, false, false, 0},
};

/** The function of the program's own that a goroutine is in, and its frame. */
static bool user_frame(const struct program *program, const struct goroutine *g,
                       struct stack_frame *out)
{
    struct stack_start start = goroutine_saved_start(g);
    struct stack_walk walk;
    stack_walk_begin(&walk, program, g, false, &start);
    while (stack_walk_next(&walk, out))
        if (strncmp(pc_function_name(&out->function), "main.", 5) == 0)
            return true;
    return false;
}

static struct program *open_waits(void)
{
    struct program *program = NULL;
    assert_error(program_open(TESTDATA "/waits/go1.27-default/binary.zst",
                              TESTDATA "/waits/go1.27-default/crash.core.zst", &program),
                 NULL);
    return program;
}

static void test_wait(void **state)
{
    const struct wait_case *row = *state;
    AUTO(program) program = open_waits();
    AUTO(scheduler) scheduler = scheduler_read(program);
    AUTO(wait_reader) waits = wait_reader_new(program);
    unsigned found = 0;
    for (uint64_t i = 0; i < scheduler_goroutine_count(scheduler); i++) {
        struct goroutine g;
        struct stack_frame frame;
        struct goroutine_wait wait;
        uint32_t word = 0;
        if (!goroutine_read(scheduler, scheduler_goroutine_address(scheduler, i), &g) ||
            !goroutine_is_alive(&g) || !user_frame(program, &g, &frame) ||
            strcmp(pc_function_name(&frame.function), row->name) != 0)
            continue;
        found++;
        goroutine_wait_read(waits, &g, NULL, &wait);
        assert_int_equal(wait.kind, row->kind);
        assert_int_equal(wait.sends, row->sends);
        assert_int_equal(wait.reads, row->reads);
        assert_int_equal(wait.case_count, row->cases);
        assert_true(wait.known || row->kind == WAIT_TIMER);
        if (row->kind == WAIT_MUTEX) { // it is locked, and somebody waits
            assert_true(address_space_try_u32(program->space, wait.object, &word));
            assert_true(word & 1 && word >> 3);
        }
    }
    assert_int_equal(found, row->goroutines);
}

/** transfer(from, to): holds from.mu, would unlock both; that is all. */
static void test_sites(void **state)
{
    (void)state;
    AUTO(program) program = open_waits();
    AUTO(scheduler) scheduler = scheduler_read(program);
    AUTO(wait_reader) waits = wait_reader_new(program);
    AUTO(sync_reader) reader = sync_reader_new(program);
    AUTO(arena) arena = arena_new();
    target_addr held[3] = {0}, wanted[3] = {0};
    unsigned found = 0;
    for (uint64_t i = 0; i < scheduler_goroutine_count(scheduler); i++) {
        struct goroutine g;
        struct stack_frame frame;
        struct goroutine_wait wait;
        struct sync_frame sites;
        if (!goroutine_read(scheduler, scheduler_goroutine_address(scheduler, i), &g) ||
            !goroutine_is_alive(&g) || !user_frame(program, &g, &frame) ||
            strcmp(pc_function_name(&frame.function), "main.transfer") != 0)
            continue;
        assert_true(found < 3);
        goroutine_wait_read(waits, &g, NULL, &wait);
        assert_true(sync_frame_read(reader, &frame, arena, &sites));
        assert_int_equal(sites.held.count, 1);
        assert_int_equal(sites.held.items[0].op, SYNC_LOCK);
        assert_true(sites.unlocks_by_hand);
        unsigned unlocks = 0, done = 0;
        for (size_t k = 0; k < sites.future.count; k++) {
            const struct sync_site *site = &sites.future.items[k];
            unlocks += site->op == SYNC_UNLOCK &&
                       (site->object == wait.object || site->object == sites.held.items[0].object);
            done += site->op == SYNC_DONE && site->object != 0;
        }
        assert_int_equal(unlocks, 2);
        assert_int_equal(done, 1);
        held[found] = sites.held.items[0].object;
        wanted[found++] = wait.object;
    }
    assert_int_equal(found, 3);
    // A circle: what one wants, exactly one other holds.
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal((wanted[i] == held[0]) + (wanted[i] == held[1]) + (wanted[i] == held[2]),
                         1);
}

RUN_TABLES_MAIN(TABLE(wait_cases, test_wait), SINGLE(test_sites))
