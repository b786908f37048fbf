// SPDX-License-Identifier: MIT
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/known_variables.h"

#include <string.h>

/** The runtime's own code is in every program; that of a package may not be. */
static bool is_always_told(const char *name)
{
    return strncmp(name, "runtime.", 8) == 0 && strncmp(name, "runtime.debug.", 14) != 0;
}

/** runtime.debug.tracebacklabels lies in runtime.debug, and is 0 or 1. */
static void check_member(const struct program *program, target_addr told)
{
    target_addr start;
    const char *symbol;
    uint64_t size;
    uint32_t value;
    assert_true(program->release->minor >= 26);
    assert_true(program_symbol(program, "runtime.debug", &start));
    assert_true(program_symbol_at(program, start, &symbol, &size));
    assert_true(told > start && told < start + size);
    assert_true(address_space_try_u32(program->space, told, &value) && value <= 1);
}

/** What code tells is what the symbols say, and nothing is told of what is not there. */
static void test_symbols(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    const char *name;
    target_addr any;
    bool symbols = program_symbol(program, "runtime.main", &any);
    for (size_t i = 0; (name = known_variable_name(i)); i++) {
        target_addr told = 0, wanted = 0;
        bool found = program_variable_by_code(program, name, &told);
        assert_true(found || !is_always_told(name));
        if (!found || !symbols)
            continue;
        if (strcmp(name, "runtime.debug.tracebacklabels") == 0) {
            check_member(program, told);
            continue;
        }
        assert_true(program_symbol(program, name, &wanted));
        assert_int_equal(told, wanted);
    }
    assert_false(program_variable_by_code(program, "runtime.main", &any));
}

int main(void)
{
    static void (*const tests[])(void **) = {test_symbols};
    return run_with_recordings(TESTDATA, 1, tests, COUNT_OF(tests));
}
