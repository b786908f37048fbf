// SPDX-License-Identifier: MIT
#include "goruntime/sync_sites.h"
#include "support/recordings.h"
#include "support/support.h"

#include <string.h>

/*
 * What is found for a frame by what others in the same place had must be what is found for it
 * alone: every frame of every goroutine of each recording.
 */

enum { FRAMES_MAX = 200 };

static void same_list(const struct sync_site_list *a, const struct sync_site_list *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->items[i].op, b->items[i].op);
        assert_int_equal(a->items[i].object, b->items[i].object);
        assert_int_equal(a->items[i].pc, b->items[i].pc);
    }
}

static void compare_frame(struct sync_reader *shared, const struct stack_frame *frame)
{
    AUTO(arena) arena = arena_new();
    AUTO(sync_reader) alone = sync_reader_new(sync_reader_program(shared));
    struct sync_frame expected, got;
    bool found = sync_frame_read(alone, frame, arena, &expected);
    // At first for a frame that may be the first of its place, then for one that surely is not.
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sync_frame_read(shared, frame, arena, &got), found);
        same_list(&got.held, &expected.held);
        same_list(&got.released, &expected.released);
        same_list(&got.future, &expected.future);
        assert_int_equal(got.unlocks_by_hand, expected.unlocks_by_hand);
    }
}

static void test_plans(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    AUTO(scheduler) scheduler = scheduler_read(program);
    AUTO(sync_reader) shared = sync_reader_new(program);
    for (uint64_t i = 0; i < scheduler_goroutine_count(scheduler); i++) {
        struct goroutine g;
        if (!goroutine_read(scheduler, scheduler_goroutine_address(scheduler, i), &g) ||
            !goroutine_is_alive(&g))
            continue;
        struct stack_start start = goroutine_saved_start(&g);
        struct stack_walk walk;
        struct stack_frame frame;
        stack_walk_begin(&walk, program, &g, false, &start);
        for (int k = 0; k < FRAMES_MAX && stack_walk_next(&walk, &frame); k++)
            compare_frame(shared, &frame);
    }
}

int main(void)
{
    void (*const tests[])(void **) = {test_plans};
    return run_with_recordings(TESTDATA, 1, tests, COUNT_OF(tests));
}
