// SPDX-License-Identifier: MIT
#include "goruntime/stack_shapes.h"
#include "world.h"

/*
 * As in test_stack_walk.c: main.main, pc 0x4b654b, 0x178 bytes; runtime.main, pc 0x450d27, 0x100
 * bytes; runtime.goexit, pc 0x489b21, the top. Each stack lies 0x1000 above the one before.
 */
enum { MAIN = 0x4b654b, RUNTIME_MAIN = 0x450d27, GOEXIT = 0x489b21, MAIN_SIZE = 0x178 };
enum {
    STACK_SIZE = 0x1000,
    INNERMOST_RETURN = MAIN_SIZE - 8,
    OUTER_RETURN = MAIN_SIZE + 0x100 - 8
};

static target_addr sp_of(unsigned stack)
{
    return HEAP + stack * STACK_SIZE + 0x800;
}

static void put_stack(struct world *world, unsigned stack, uint64_t inner, uint64_t outer)
{
    world_put_word(world, sp_of(stack) + INNERMOST_RETURN, inner);
    world_put_word(world, sp_of(stack) + OUTER_RETURN, outer);
}

static struct goroutine goroutine_on(unsigned stack)
{
    return (struct goroutine){
        .sched_pc = MAIN, .sched_sp = sp_of(stack), .stack_hi = HEAP + (stack + 1) * STACK_SIZE};
}

static void test_alike(void **state)
{
    (void)state;
    AUTO(world) world = world_new("nilmap/go1.27-noopt");
    put_stack(world, 0, RUNTIME_MAIN, GOEXIT);
    put_stack(world, 1, RUNTIME_MAIN, GOEXIT);
    put_stack(world, 2, MAIN, GOEXIT); // goexit stands where main.main's own return would
    put_stack(world, 3, RUNTIME_MAIN, 0x1234);
    put_stack(world, 4, RUNTIME_MAIN, GOEXIT);
    AUTO(stack_shapes) shapes = stack_shapes_new(world_open(world));
    const struct goroutine first = goroutine_on(0), like = goroutine_on(1), other = goroutine_on(2),
                           broken = goroutine_on(3), again = goroutine_on(4);
    struct stack_shape *shape = stack_shape_of(shapes, &first);
    assert_non_null(shape);
    assert_int_equal(shape->count, 3);
    assert_int_equal(shape->frames[0].site->pc, MAIN);
    assert_int_equal(shape->frames[1].site->pc, RUNTIME_MAIN);
    assert_int_equal(shape->frames[1].sp, MAIN_SIZE);
    assert_int_equal(shape->frames[2].site->pc, GOEXIT);
    assert_ptr_equal(stack_shape_of(shapes, &like), shape);
    assert_null(stack_shape_of(shapes, &other));
    assert_null(stack_shape_of(shapes, &broken));
    assert_ptr_equal(stack_shape_of(shapes, &again), shape);
}

/** The steps that a shape tells are those of a walk. */
static void test_steps(void **state)
{
    (void)state;
    AUTO(world) world = world_new("nilmap/go1.27-noopt");
    put_stack(world, 0, RUNTIME_MAIN, GOEXIT);
    put_stack(world, 1, RUNTIME_MAIN, GOEXIT);
    const struct program *program = world_open(world);
    AUTO(stack_shapes) shapes = stack_shapes_new(program);
    const struct goroutine first = goroutine_on(0), second = goroutine_on(1);
    assert_non_null(stack_shape_of(shapes, &first));
    const struct stack_shape *shape = stack_shape_of(shapes, &second);
    struct stack_start start = goroutine_saved_start(&second);
    struct stack_walk walk;
    struct stack_step step;
    uint32_t count = 0;
    stack_walk_begin(&walk, program, &second, false, &start);
    for (; stack_walk_step(&walk, &step); count++) {
        const struct stack_step told = stack_shape_step(program, shape, count, start.sp);
        assert_int_equal(told.pc, step.pc);
        assert_int_equal(told.sp, step.sp);
        assert_int_equal(told.fp, step.fp);
        assert_int_equal(told.callee, step.callee);
        assert_int_equal(told.exact, step.exact);
    }
    assert_int_equal(count, shape->count);
}

static void test_none(void **state)
{
    (void)state;
    AUTO(world) world = world_new("nilmap/go1.27-noopt");
    put_stack(world, 0, RUNTIME_MAIN, GOEXIT);
    put_stack(world, 15, RUNTIME_MAIN, GOEXIT);
    AUTO(stack_shapes) shapes = stack_shapes_new(world_open(world));
    struct goroutine g = goroutine_on(0);
    assert_non_null(stack_shape_of(shapes, &g));
    g.sched_lr = MAIN; // its caller is not on the stack
    assert_null(stack_shape_of(shapes, &g));
    g = goroutine_on(0);
    g.sched_pc = 0;
    assert_null(stack_shape_of(shapes, &g));
    g = goroutine_on(15);
    g.sched_sp = HEAP + HEAP_SIZE - 0x100; // cut off behind it
    g.stack_hi = g.sched_sp + 0x800;
    assert_null(stack_shape_of(shapes, &g));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
