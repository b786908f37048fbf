// SPDX-License-Identifier: MIT
#include "goruntime/allgs_search.h"
#include "goruntime/scheduler.h"
#include "support/recordings.h"
#include "support/support.h"

#include <string.h>

/** The binary without section headers: no symbols, no .go.buildinfo, no .gopclntab. */
static const char *write_stripped(const struct program *program)
{
    struct bytes whole = elf_file_bytes(program->binary);
    struct bytes copy = bytes_copy(whole.data, whole.size);
    memset((uint8_t *)copy.data + 40, 0, 8); // e_shoff
    memset((uint8_t *)copy.data + 60, 0, 4); // e_shnum, e_shstrndx
    return write_file("stripped", copy.data, copy.size);
}

/** Everything is found without symbols, at the same place as with them. */
static void test_recording(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    AUTO(program) stripped = NULL;
    AUTO(scheduler) with = NULL;
    AUTO(scheduler) without = NULL;
    target_addr symbol, none;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    assert_true(program_symbol(program, "runtime.allgs", &symbol));
    assert_int_equal(allgs_search(program), symbol);

    assert_error(program_open(write_stripped(program), recording->core, &stripped), NULL);
    assert_false(program_symbol(stripped, "runtime.allgs", &none));
    assert_string_equal(stripped->buildinfo->go_version, program->buildinfo->go_version);
    assert_int_equal(stripped->modules->count, program->modules->count);
    assert_int_equal(stripped->modules->items[0].address, program->modules->items[0].address);
    assert_int_equal(stripped->modules->items[0].function_count,
                     program->modules->items[0].function_count);
    assert_int_equal(allgs_search(stripped), symbol);

    with = scheduler_read(program);
    without = scheduler_read(stripped);
    uint64_t count = scheduler_goroutine_count(with);
    assert_true(count >= 4); // main and the runtime's own
    assert_int_equal(scheduler_goroutine_count(without), count);
    for (uint64_t i = 0; i < count; i++)
        assert_int_equal(scheduler_goroutine_address(with, i),
                         scheduler_goroutine_address(without, i));
    size_t machines, found;
    scheduler_machines(with, &machines);
    scheduler_machines(without, &found);
    assert_int_equal(found, machines);
}

int main(void)
{
    void (*const tests[])(void **) = {test_recording};
    return run_with_recordings(TESTDATA, 0, tests, COUNT_OF(tests));
}
