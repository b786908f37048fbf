// SPDX-License-Identifier: MIT
#include "goruntime/heap_marks.h"
#include "world.h"

enum { SPAN_STRUCTS = 0x8000, SPAN_STRUCT_SIZE = 256, ARRAY = 0xc000, ROOTS = 0xe000 };

/** The n-th span: a page of the heap, objects of one size. */
static void put_span(struct world *world, unsigned n, uint64_t object_size, bool pointers)
{
    target_addr span = HEAP + SPAN_STRUCTS + n * SPAN_STRUCT_SIZE;
    world_put_field(world, span, FIELD_mspan_startAddr, HEAP + n * 0x2000);
    world_put_field(world, span, FIELD_mspan_npages, 1);
    world_put_field(world, span, FIELD_mspan_elemsize, object_size);
    world_put_field(world, span, FIELD_mspan_spanclass, pointers ? 10 : 11);
    world_put_field(world, span, FIELD_mspan_state, 1);
    world_put_word(world, HEAP + ARRAY + 8 * n, span);
}

/** Two spans: objects of 64 bytes with pointers, objects of 32 without. */
static struct world *new_world(void)
{
    struct world *world = world_new("nilmap/go1.27-noopt");
    target_addr all = world_symbol(world, "runtime.mheap_") +
                      go_release_member(world->recorded->release, FIELD_mheap_allspans).offset;
    put_span(world, 0, 64, true);
    put_span(world, 1, 32, false);
    world_put_word(world, all, HEAP + ARRAY);
    world_put_word(world, all + 8, 2);
    world_put_word(world, all + 16, 2);
    return world;
}

#define OBJECT(n) (HEAP + 64 * (n))
#define PLAIN(n) (HEAP + 0x2000 + 32 * (n))

/** From a root into the middle of an object, from there to another, and no further than pointers
 * lead. */
static void test_follows(void **state)
{
    (void)state;
    AUTO(world) world = new_world();
    world_put_word(world, HEAP + ROOTS, OBJECT(1) + 24);
    world_put_word(world, OBJECT(1) + 56, OBJECT(3));
    world_put_word(world, OBJECT(3), PLAIN(2) + 8);
    world_put_word(world, PLAIN(2), OBJECT(5)); // of an object without pointers
    world_put_word(world, OBJECT(7), OBJECT(8));
    AUTO(heap_marks) marks = heap_marks_new(world_open(world));
    assert_non_null(marks);
    heap_marks_from_range(marks, HEAP + ROOTS, HEAP + ROOTS + 8);
    assert_true(heap_marks_run(marks));
    assert_true(heap_marks_reached(marks, OBJECT(1)));
    assert_true(heap_marks_reached(marks, OBJECT(3) + 63));
    assert_true(heap_marks_reached(marks, PLAIN(2)));
    assert_false(heap_marks_reached(marks, PLAIN(3)));
    assert_false(heap_marks_reached(marks, OBJECT(5)));
    assert_false(heap_marks_reached(marks, OBJECT(8)));
    assert_true(heap_marks_reached(marks, HEAP + ROOTS)); // in no span: nothing is known of it
}

static void test_excluded(void **state)
{
    (void)state;
    AUTO(world) world = new_world();
    world_put_word(world, OBJECT(1), OBJECT(2));
    world_put_word(world, OBJECT(2), OBJECT(3));
    AUTO(heap_marks) marks = heap_marks_new(world_open(world));
    assert_non_null(marks);
    heap_marks_exclude(marks, OBJECT(2));
    heap_marks_from_word(marks, OBJECT(1));
    assert_true(heap_marks_run(marks));
    assert_true(heap_marks_reached(marks, OBJECT(2)));
    assert_false(heap_marks_reached(marks, OBJECT(3)));
}

/** Objects that hold each other end the search all the same; what is absent holds nothing. */
static void test_circle(void **state)
{
    (void)state;
    AUTO(world) world = new_world();
    world_put_word(world, OBJECT(1), OBJECT(2));
    world_put_word(world, OBJECT(2), OBJECT(1));
    AUTO(heap_marks) marks = heap_marks_new(world_open(world));
    assert_non_null(marks);
    heap_marks_from_word(marks, OBJECT(2));
    heap_marks_from_range(marks, HEAP + HEAP_SIZE - 8, HEAP + HEAP_SIZE + 0x10000);
    assert_true(heap_marks_run(marks));
    assert_true(heap_marks_reached(marks, OBJECT(1)));
}

/** A heap whose spans cannot be read is none. */
static void test_broken(void **state)
{
    (void)state;
    AUTO(world) world = new_world();
    world_put_field(world, HEAP + SPAN_STRUCTS, FIELD_mspan_npages, UINT64_C(1) << 60);
    world_put_field(world, HEAP + SPAN_STRUCTS + SPAN_STRUCT_SIZE, FIELD_mspan_elemsize, 0);
    AUTO(heap_marks) marks = heap_marks_new(world_open(world));
    assert_null(marks);
}

/*
 * A variable on the stack whose address was taken counts if something that is alive points to it:
 * those of main.main, in the binary of nilmap/go1.27-noopt (its stderr.txt gives pc and frame
 * size).
 */
static void test_stack_objects(void **state)
{
    enum { MAIN = 0x4b654b, MAIN_SIZE = 0x178, GOEXIT = 0x489b21 };
    const target_addr sp = HEAP + 0x9000, top = sp + MAIN_SIZE - 8;
    static const struct {
        bool pointed_at, stopped;
    } rows[] = {{false, false}, {true, false}, {false, true}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(world) world = new_world();
        struct pc_function function;
        uint64_t count = 0;
        uint32_t place, size;
        assert_true(pc_function_find(world->recorded->modules, MAIN, &function));
        target_addr objects = pc_function_funcdata(&function, FUNCDATA_STACK_OBJECTS);
        assert_true(address_space_try_u64(world->recorded->space, objects, &count) && count);
        assert_true(address_space_try_u32(world->recorded->space, objects + 8, &place));
        assert_true(address_space_try_u32(world->recorded->space, objects + 12, &size));
        assert_true((int32_t)place < 0 && size >= 8 && size % 8 == 0);
        target_addr object = top - 8 + (uint64_t)(int32_t)place; // from below the saved rbp
        world_put_word(world, object + size - 8, OBJECT(3));
        world_put_word(world, top, GOEXIT);
        const struct goroutine g = {.stack_lo = HEAP + 0x8000,
                                    .stack_hi = sp + MAIN_SIZE + 8,
                                    .panic = rows[i].pointed_at ? object : 0};
        const struct stack_start start = {.pc = MAIN, .sp = sp, .exact = rows[i].stopped};
        const struct program *program = world_open(world);
        AUTO(heap_marks) marks = heap_marks_new(program);
        assert_non_null(marks);
        heap_marks_from_stack(marks, program, &g, &start);
        assert_true(heap_marks_run(marks));
        assert_int_equal(heap_marks_reached(marks, OBJECT(3)),
                         rows[i].pointed_at || rows[i].stopped);
    }
}

RUN_TABLES_MAIN(SINGLE(test_stack_objects), SINGLE(test_follows), SINGLE(test_excluded),
                SINGLE(test_circle), SINGLE(test_broken))
