// SPDX-License-Identifier: MIT
#include "values/text_bytes.h"

#include "support/support.h"

static struct text_case {
    const char *name, *hex;
    size_t whole;
    bool text;
} text_cases[] = {
    {"nothing", "", 0, false},
    {"letters", "616263", 3, true},
    {"lines", "6109620a0d", 5, true},
    {"white space alone", "200a", 2, true},
    {"line ends alone", "0d0a", 2, false},
    {"escape", "611b62", 3, false},
    {"NUL", "6100", 2, false},
    {"DEL", "617f", 2, false},
    {"two bytes", "61c3a4", 3, true},
    {"two bytes, one cut", "61c3", 1, false},
    {"three bytes, one cut", "61e282", 1, false},
    {"four bytes", "f09f9880", 4, true},
    {"four bytes, two cut", "f09f", 0, false},
    {"continuation alone", "80808080", 4, false},
    {"C1", "c285", 2, false},
    {"zero width", "61e2808b", 4, false},
};

static void test_text(void **state)
{
    const struct text_case *row = *state;
    struct bytes bytes = bytes_from_hex(row->hex);
    assert_int_equal(utf8_whole((const char *)bytes.data, bytes.size), row->whole);
    assert_int_equal(utf8_is_text((const char *)bytes.data, bytes.size), row->text);
}

RUN_TABLE_MAIN(text_cases, test_text)
