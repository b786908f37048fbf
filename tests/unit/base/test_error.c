// SPDX-License-Identifier: MIT
#include "support/support.h"

static void test_message(void **state)
{
    (void)state;
    struct error *err = error_new(ERROR_CORRUPT, "%d functions do not fit", 7);
    assert_int_equal(error_kind(err), ERROR_CORRUPT);
    assert_int_equal(error_offset(err), 0);
    assert_string_equal(error_message(err), "7 functions do not fit");
    error_free(err);
}

static void test_contexts(void **state)
{
    (void)state;
    struct error *err = error_new(ERROR_UNMAPPED, "address %#x is not in the core file", 0x10);
    err = error_wrap(err, "goroutine %d", 12);
    err = error_wrap(err, "core.7");
    assert_int_equal(error_kind(err), ERROR_UNMAPPED);
    assert_error(err, "core.7: goroutine 12: address 0x10 is not in the core file");
}

static void test_text_is_no_format(void **state)
{
    (void)state;
    struct error *err = error_wrap(error_new(ERROR_OS, "%s", "100%s"), "%s", "%n%d");
    assert_error(err, "%n%d: 100%s");
}

static void test_place_in_input(void **state)
{
    (void)state;
    struct error *err = error_wrap(error_new_at(5, "no operand"), "users[]");
    assert_int_equal(error_kind(err), ERROR_INPUT);
    assert_int_equal(error_offset(err), 5);
    assert_error(err, "users[]: no operand");
}

static void test_free_takes_null(void **state)
{
    (void)state;
    error_free(NULL);
    error_ignore(NULL);
    AUTO(error) err = error_new(ERROR_LIMIT, "released at the end of its scope");
    assert_non_null(err);
}

RUN_TABLES_MAIN(SINGLE(test_message), SINGLE(test_contexts), SINGLE(test_text_is_no_format),
                SINGLE(test_place_in_input), SINGLE(test_free_takes_null))
