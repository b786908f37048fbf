// SPDX-License-Identifier: MIT
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/pclntab.h"
#include "symbols/program.h"
#include "values/method_code.h"

#include <string.h>

enum { NUMBER = 1, ERROR_FIELD = 32 };

/** Methods of the standard library, and what they return as everybody knows. */
static const struct method_case {
    const char *method;
    const char *receiver; ///< package variable: an interface whose data word it is; NULL: number
    uint64_t number;
    const char *text; ///< NULL: that cannot be told without running more than is understood
} method_cases[] = {
    {"errors.(*errorString).Error", "io.EOF", 0, "EOF"},
    {"errors.(*errorString).Error", "internal/oserror.ErrClosed", 0, "file already closed"},
    {"errors.(*errorString).Error", "internal/oserror.ErrExist", 0, "file already exists"},
    {"errors.(*errorString).Error", NULL, NUMBER, NULL}, // no memory lies there
    {"errors.(*errorString).Error", NULL, 0, NULL},
    {"internal/poll.(*DeadlineExceededError).Error", NULL, 0, "i/o timeout"},
    {"internal/poll.errNetClosing.Error", NULL, 0, "use of closed network connection"},
    {"runtime.waitReason.String", NULL, 1, "GC assist marking"},
    {"runtime.waitReason.String", NULL, 200, "unknown wait reason"},
    {"syscall.Errno.Error", NULL, 1, "operation not permitted"},
    {"syscall.Errno.Error", NULL, 13, "permission denied"},
    {"syscall.Errno.Error", NULL, 0x7777, NULL}, // makes a new text
};

static bool find_function(const struct program *program, const char *name, target_addr *out)
{
    const struct module *module = &program->modules->items[0];
    struct pc_function function;
    for (uint64_t i = 0; i < module->function_count; i++)
        if (pc_function_at(module, i, &function) &&
            strcmp(pc_function_name(&function), name) == 0) {
            *out = function.entry;
            return true;
        }
    return false;
}

static bool receiver_of(const struct program *program, const struct method_case *row, uint64_t *out)
{
    target_addr variable;
    *out = row->number;
    return !row->receiver || (program_symbol(program, row->receiver, &variable) &&
                              address_space_try_u64(program->space, variable + 8, out));
}

static bool text_is(const struct program *program, const uint64_t results[2], const char *text)
{
    char bytes[64];
    return results[1] == strlen(text) &&
           address_space_try_read(program->space, results[0], bytes, strlen(text)) &&
           memcmp(bytes, text, strlen(text)) == 0;
}

static void test_texts(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    AUTO(value_reader) reader = value_reader_new(program, &(struct value_limits){0});
    unsigned told = 0, left = 0;
    for (size_t i = 0; i < COUNT_OF(method_cases); i++) {
        const struct method_case *row = &method_cases[i];
        target_addr entry;
        uint64_t receiver, results[METHOD_RESULTS] = {0};
        if (!find_function(program, row->method, &entry) || !receiver_of(program, row, &receiver))
            continue;
        bool known = method_results(reader, entry, receiver, results, 2);
        if (!row->text) {
            assert_false(known);
            left++;
        } else if (known) { // unoptimised code keeps conditions, which are not understood
            assert_true(text_is(program, results, row->text));
            told++;
        }
    }
    print_message("%u told, %u left\n", told, left);
    assert_true(told >= 5 && left >= 2);
}

/** func (e *PathError) Unwrap() error { return e.Err }: two words, whatever they are. */
static void test_unwrap(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    AUTO(value_reader) reader = value_reader_new(program, &(struct value_limits){0});
    target_addr entry, variable;
    uint64_t expected[2], results[METHOD_RESULTS];
    if (!find_function(program, "io/fs.(*PathError).Unwrap", &entry)) {
        assert_true(program->release->minor < 21); // the linker has dropped it
        return;
    }
    assert_true(program_symbol(program, "syscall.errEAGAIN", &variable));
    for (int i = 0; i < 2; i++)
        assert_true(
            address_space_try_u64(program->space, variable + (target_addr)8 * i, &expected[i]));
    assert_true(method_results(reader, entry, variable - ERROR_FIELD, results, 2));
    assert_int_equal(results[0], expected[0]);
    assert_int_equal(results[1], expected[1]);
    assert_false(method_results(reader, entry, 0, results, 2)); // it would panic
    assert_false(method_results(reader, entry + 1, variable, results, 2));
    assert_false(method_results(reader, 0, variable, results, 2));
}

int main(void)
{
    static void (*const tests[])(void **) = {test_texts, test_unwrap};
    return run_with_recordings(TESTDATA, 1, tests, COUNT_OF(tests));
}
