// SPDX-License-Identifier: MIT
#include "goruntime/scheduler.h"
#include "goruntime/traceback_text.h"
#include "world.h"

#define G(n) (HEAP + 0x1000 + 0x400 * (target_addr)(n))
#define M(n) (HEAP + 0x8000 + 0x800 * (target_addr)(n))
#define ALLGS HEAP

static struct world *new_world(void)
{
    return world_new("nilmap/go1.27-noopt");
}

static struct scheduler *open_scheduler(struct world *world)
{
    return scheduler_read(world_open(world));
}

static void put_goroutine(struct world *world, target_addr g, uint64_t goid, unsigned status)
{
    world_put_field(world, g, FIELD_g_goid, goid);
    world_put_field(world, g, FIELD_g_atomicstatus, status);
}

/** An m whose g0 points back, with a link to the next. */
static void put_machine(struct world *world, target_addr m, uint64_t tid, target_addr next)
{
    target_addr g0 = m + 0x600;
    world_put_field(world, m, FIELD_m_g0, g0);
    world_put_field(world, g0, FIELD_g_m, m);
    world_put_field(world, m, FIELD_m_procid, tid);
    world_put_field(world, m, FIELD_m_alllink, next);
}

#define FOUND_NONE "; a search of the memory that is left found none"

/** allgs as it is, and as corrupt memory has it. */
static const struct list_case {
    const char *name;
    target_addr array;
    uint64_t claimed, count, missing;
    uint64_t unreadable; ///< entries among count
    const char *problem;
} list_cases[] = {
    {"three goroutines", ALLGS, 3, 3, 0, 0, ""},
    {"one that stands there twice", ALLGS, 4, 4, 0, 1, ""},
    {"nothing behind it", ALLGS, 6, 6, 0, 3, ""},
    {"none", ALLGS, 0, 0, 0, 0, ""},
    {"beyond the memory", HEAP + HEAP_SIZE - 16, 100, 2, 98, 2, ""},
    {"as many as there may be", ALLGS, (1 << 28), HEAP_SIZE / 8, (1 << 28) - HEAP_SIZE / 8, 0, ""},
    {"more", ALLGS, (1 << 28) + 1, 0, 0, 0,
     "the list of goroutines claims 268435457 entries at 0xc000000000" FOUND_NONE},
    {"a negative number", ALLGS, UINT64_MAX, 0, 0, 0,
     "the list of goroutines claims 18446744073709551615 entries at 0xc000000000" FOUND_NONE},
    {"not in the core", 0x1000, 3, 0, 0, 0,
     "the list of 3 goroutines (0x1000) is not in the core" FOUND_NONE},
    {"at the end of all memory", UINT64_MAX - 7, 3, 0, 0, 0,
     "the list of 3 goroutines (0xfffffffffffffff8) is not in the core" FOUND_NONE},
};

static void test_list(void **state)
{
    const struct list_case *row = *state;
    AUTO(world) world = new_world();
    for (unsigned i = 0; i < 4; i++)
        world_put_word(world, ALLGS + 8 * i, G(i % 3));
    for (unsigned i = 0; i < 3; i++)
        put_goroutine(world, G(i), i + 1, G_WAITING);
    world_put_allgs(world, row->array, row->claimed);
    AUTO(scheduler) scheduler = open_scheduler(world);
    const char *problem = scheduler_list_problem(scheduler);
    assert_string_equal(problem ? problem : "", row->problem);
    assert_int_equal(scheduler_goroutine_count(scheduler), row->count);
    assert_int_equal(scheduler_goroutines_missing(scheduler), row->missing);
    uint64_t unreadable = 0;
    struct goroutine g;
    for (uint64_t i = 0; i < row->count && i < 10; i++)
        unreadable += !goroutine_read(scheduler, scheduler_goroutine_address(scheduler, i), &g);
    if (row->count < 10)
        assert_int_equal(unreadable, row->unreadable);
    assert_int_equal(scheduler_goroutine_address(scheduler, row->count), 0);
}

static void test_goroutine(void **state)
{
    (void)state;
    AUTO(world) world = new_world();
    world_put_word(world, ALLGS, G(0));
    world_put_allgs(world, ALLGS, 1);
    put_goroutine(world, G(0), 17, G_WAITING | 0x1000);
    world_put_field(world, G(0), FIELD_g_waitreason, 14);
    world_put_field(world, G(0), FIELD_g_stack_lo, 0x1000);
    world_put_field(world, G(0), FIELD_g_stack_hi, 0x2000);
    world_put_field(world, G(0), FIELD_g_sched_pc, 0x401000);
    world_put_field(world, G(0), FIELD_g_sched_sp, 0x1f00);
    world_put_field(world, G(0), FIELD_g_parentGoid, 1);
    world_put_field(world, G(0), FIELD_g_lockedm, M(0));
    AUTO(scheduler) scheduler = open_scheduler(world);
    struct goroutine g;
    assert_true(goroutine_read(scheduler, G(0), &g));
    assert_int_equal(g.goid, 17);
    assert_int_equal(g.status, G_WAITING);
    assert_true(g.scanning);
    assert_int_equal(g.wait_reason, 14);
    assert_int_equal(g.stack_lo, 0x1000);
    assert_int_equal(g.stack_hi, 0x2000);
    assert_int_equal(g.sched_pc, 0x401000);
    assert_int_equal(g.sched_sp, 0x1f00);
    assert_int_equal(g.parent_goid, 1);
    assert_int_equal(g.lockedm, M(0));
    assert_false(goroutine_read(scheduler, 0, &g));
    assert_false(goroutine_read(scheduler, HEAP + HEAP_SIZE - 8, &g));
    assert_false(goroutine_read(scheduler, UINT64_MAX - 7, &g));
    scheduler_free(NULL);
}

/** allm: three m's, then a link back to the first, one to no m, one out of memory. */
static const struct machine_case {
    const char *name;
    target_addr last_link;
} machine_cases[] = {
    {"three", 0},
    {"a cycle", M(0)},
    {"one that links to itself", M(2)},
    {"a link to something else", HEAP + 0x7000},
    {"a link out of memory", 0x1000},
    {"a link to the end of memory", UINT64_MAX},
};

static void test_machines(void **state)
{
    const struct machine_case *row = *state;
    AUTO(world) world = new_world();
    put_machine(world, M(0), 100, M(1));
    put_machine(world, M(1), 101, M(2));
    put_machine(world, M(2), 101, row->last_link); // a tid that is there already
    world_put_word(world, world_symbol(world, "runtime.allm"), M(0));
    world_put_allgs(world, ALLGS, 0);
    AUTO(scheduler) scheduler = open_scheduler(world);
    size_t count;
    const struct machine *machines = scheduler_machines(scheduler, &count);
    assert_int_equal(count, 3);
    assert_int_equal(machines[2].address, M(2));
    assert_ptr_equal(machine_by_tid(scheduler, 100), &machines[0]);
    assert_ptr_equal(machine_by_tid(scheduler, 101), &machines[1]);
    assert_null(machine_by_tid(scheduler, 102));
    assert_ptr_equal(machine_by_address(scheduler, M(1)), &machines[1]);
    assert_null(machine_by_address(scheduler, 0));
    assert_null(machine_by_address(scheduler, HEAP + 0x7000));
}

static const struct heading_case {
    const char *name;
    unsigned status;
    uint8_t reason;
    int64_t waited_s; ///< before the newest time stamp
    bool locked, running;
    const char *plain, *status_name;
    bool alive;
} heading_cases[] = {
    {"runnable", G_RUNNABLE, 0, 0, false, false, "goroutine 7 gp=0xc000001000 m=nil [runnable]",
     "runnable", true},
    {"running", G_RUNNING, 0, 0, false, true,
     "goroutine 7 gp=0xc000001000 m=3 mp=0xc000008000 [running]", "running", true},
    {"waits a while", G_WAITING, 2, 59, false, false, "goroutine 7 gp=0xc000001000 m=nil [IO wait]",
     "waiting", true},
    {"waits for long", G_WAITING, 2, 181, false, false,
     "goroutine 7 gp=0xc000001000 m=nil [IO wait, 3 minutes]", "waiting", true},
    {"locked", G_SYSCALL, 0, 60, true, false,
     "goroutine 7 gp=0xc000001000 m=nil [syscall, 1 minutes, locked to thread]", "syscall", true},
    {"scanned", G_PREEMPTED | 0x1000, 0, 0, false, false,
     "goroutine 7 gp=0xc000001000 m=nil [preempted (scan)]", "preempted", true},
    {"a reason that is none", G_WAITING, 255, 0, false, false,
     "goroutine 7 gp=0xc000001000 m=nil [waiting]", "waiting", true},
    {"a status that is none", 0xfff, 0, 0, false, false, "goroutine 7 gp=0xc000001000 m=nil [???]",
     "idle", true},
    {"dead", G_DEAD, 0, 0, false, false, "goroutine 7 gp=0xc000001000 m=nil [dead]", "dead", false},
    {"idle", G_IDLE, 0, 0, false, false, "goroutine 7 gp=0xc000001000 m=nil [idle]", "idle", false},
};

static void test_heading(void **state)
{
    const struct heading_case *row = *state;
    const int64_t now = (int64_t)1000000 * 1000000000;
    AUTO(world) world = new_world();
    world_put_word(world, ALLGS, G(0));
    world_put_word(world, ALLGS + 8, G(1));
    world_put_allgs(world, ALLGS, 2);
    put_goroutine(world, G(0), 7, row->status);
    put_goroutine(world, G(1), 8, G_RUNNABLE);
    world_put_field(world, G(0), FIELD_g_waitreason, row->reason);
    if (row->waited_s)
        world_put_field(world, G(0), FIELD_g_waitsince,
                        (uint64_t)(now - row->waited_s * 1000000000));
    world_put_field(world, G(1), FIELD_g_waitsince, (uint64_t)now);
    put_machine(world, M(0), 100, 0);
    world_put_field(world, M(0), FIELD_m_id, 3);
    if (row->locked)
        world_put_field(world, G(0), FIELD_g_lockedm, M(0));
    if (row->running)
        world_put_field(world, G(0), FIELD_g_m, M(0));
    world_put_word(world, world_symbol(world, "runtime.allm"), M(0));
    AUTO(scheduler) scheduler = open_scheduler(world);
    struct goroutine g;
    AUTO_TEXT text = {0};
    assert_int_equal(scheduler_now(scheduler), now);
    assert_true(goroutine_read(scheduler, G(0), &g));
    traceback_heading(&text, scheduler, &g, true, "");
    assert_string_equal(buffer_text(&text), row->plain);
    assert_string_equal(goroutine_status_name(&g), row->status_name);
    assert_int_equal(goroutine_is_alive(&g), row->alive);
}

static const struct system_case {
    const char *name, *function;
    bool expected;
} system_cases[] = {
    {"main", "runtime.main", false},
    {"user code", "main.main", false},
    {"the sweeper", "runtime.bgsweep", true},
    {"the collector", "runtime.gcBgMarkWorker", true},
    {"no function", NULL, false},
};

static void test_system(void **state)
{
    const struct system_case *row = *state;
    AUTO(world) world = new_world();
    world_put_allgs(world, ALLGS, 0);
    AUTO(scheduler) scheduler = open_scheduler(world);
    struct goroutine g = {.start_pc = row->function ? world_symbol(world, row->function) : 0x1234};
    assert_int_equal(goroutine_is_system(scheduler, &g), row->expected);
}

RUN_TABLES_MAIN(TABLE(list_cases, test_list), SINGLE(test_goroutine),
                TABLE(machine_cases, test_machines), TABLE(heading_cases, test_heading),
                TABLE(system_cases, test_system))
