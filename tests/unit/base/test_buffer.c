// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "support/support.h"

#include <string.h>

static void test_empty(void **state)
{
    (void)state;
    AUTO_TEXT text = {0};
    assert_string_equal(buffer_text(&text), "");
    buffer_truncate(&text, 0);
    assert_string_equal(buffer_text(&text), "");
    buffer_append(&text, NULL, 0);
    assert_string_equal(buffer_text(&text), "");
    assert_int_equal(text.size, 0);
}

static void test_appends(void **state)
{
    (void)state;
    AUTO_TEXT text = {0};
    buffer_puts(&text, "goroutine");
    buffer_putc(&text, ' ');
    buffer_printf(&text, "%d [%s]", 1, "running");
    buffer_append(&text, ":\0:", 3);
    assert_int_equal(text.size, strlen("goroutine 1 [running]") + 3);
    assert_memory_equal(text.data, "goroutine 1 [running]:\0:", text.size + 1);
}

/** Every size around those where the buffer grows. */
static void test_growth(void **state)
{
    (void)state;
    AUTO_TEXT text = {0};
    for (size_t i = 0; i < 5000; i++) {
        buffer_putc(&text, (char)('a' + i % 26));
        assert_int_equal(strlen(text.data), i + 1);
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(text.data[i], 'a' + i % 26);
    buffer_printf(&text, "%*s", 100000, "z");
    assert_int_equal(text.size, 105000);
}

static void test_truncate(void **state)
{
    (void)state;
    AUTO_TEXT text = {0};
    buffer_puts(&text, "main.main");
    buffer_truncate(&text, 4);
    assert_string_equal(buffer_text(&text), "main");
    buffer_puts(&text, "!");
    assert_string_equal(buffer_text(&text), "main!");
    buffer_clear(&text);
    assert_string_equal(buffer_text(&text), "");
}

RUN_TABLES_MAIN(SINGLE(test_empty), SINGLE(test_appends), SINGLE(test_growth),
                SINGLE(test_truncate))
