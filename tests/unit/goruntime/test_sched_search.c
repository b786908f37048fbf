// SPDX-License-Identifier: MIT
#include "goruntime/sched_search.h"
#include "goruntime/scheduler.h"
#include "support/recordings.h"
#include "support/support.h"

/** Through code the scheduler's variables are found where the symbols say, from any m that is
 * known. */
static void test_recording(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    AUTO(scheduler) scheduler = NULL;
    target_addr symbol, found;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    scheduler = scheduler_read(program);
    assert_true(program_symbol(program, "runtime.allm", &symbol));
    size_t count;
    const struct machine *machines = scheduler_machines(scheduler, &count);
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(allm_search(program, machines[i].address), symbol);
    assert_int_equal(allm_search(program, machines[0].address + 8), 0);
    assert_true(program_symbol(program, "runtime.allp", &symbol));
    found = allp_search(program);
    assert_true(found == symbol || found == 0); // before the first p has run there is no time
}

int main(void)
{
    static void (*const tests[])(void **) = {test_recording};
    return run_with_recordings(TESTDATA, 1, tests, COUNT_OF(tests));
}
