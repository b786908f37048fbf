// SPDX-License-Identifier: MIT
#include "base/utf8.h"
#include "support/support.h"

#include <string.h>

// What utf8.DecodeRune of Go gives for the start of the bytes.
static struct decode_case {
    const char *name, *bytes;
    uint32_t rune;
    size_t size;
} decode_cases[] = {
    {"ASCII", "41", 'A', 1},
    {"NUL", "00", 0, 1},
    {"smallest of two bytes", "c280", 0x80, 2},
    {"largest of two bytes", "dfbf", 0x7ff, 2},
    {"smallest of three bytes", "e0a080", 0x800, 3},
    {"below the surrogates", "ed9fbf", 0xd7ff, 3},
    {"above the surrogates", "ee8080", 0xe000, 3},
    {"smallest of four bytes", "f0908080", 0x10000, 4},
    {"largest", "f48fbfbf", 0x10ffff, 4},
    {"what follows is left", "c3a941", 0xe9, 2},
    {"continuation alone", "80", UTF8_INVALID, 1},
    {"overlong NUL", "c080", UTF8_INVALID, 1},
    {"overlong of three bytes", "e09fbf", UTF8_INVALID, 1},
    {"overlong of four bytes", "f08fbfbf", UTF8_INVALID, 1},
    {"surrogate", "eda080", UTF8_INVALID, 1},
    {"too large", "f4908080", UTF8_INVALID, 1},
    {"no such first byte", "f5808080", UTF8_INVALID, 1},
    {"0xff", "ff", UTF8_INVALID, 1},
    {"cut after one of two", "c3", UTF8_INVALID, 1},
    {"cut after three of four", "f09f98", UTF8_INVALID, 1},
    {"another character inside", "e24180", UTF8_INVALID, 1},
};

static void test_decode(void **state)
{
    const struct decode_case *row = *state;
    struct bytes bytes = bytes_from_hex(row->bytes);
    uint32_t rune = 0;
    assert_int_equal(utf8_decode(bytes.data, bytes.size, &rune), row->size);
    assert_int_equal(rune, row->rune);
}

static struct escape_case {
    const char *name, *text, *keep, *escaped;
} escape_cases[] = {
    {"plain text", "it's \"quoted\" \\ as it is", "", "it's \"quoted\" \\ as it is"},
    {"colour", "\x1b[31mred\x1b[0m", "", "\\x1b[31mred\\x1b[0m"},
    {"controls", "\a\b\f\n\r\t\v\x01\x7f", "", "\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f"},
    {"tab kept", "\tpanic: x\r\n", "\t", "\tpanic: x\\r\\n"},
    {"tab and line end kept", "\tpanic: x\r\n", "\t\n", "\tpanic: x\\r\n"},
    {"C1 control",
     "\xc2\x9b"
     "31m",
     "", "\\u009b31m"},
    {"text from right to left", "a\u202eb\u202c", "", "a\\u202eb\\u202c"},
    {"byte order mark", "\ufeff", "", "\\ufeff"},
    {"line separator", "\u2028", "", "\\u2028"},
    {"above U+FFFF", "😀\U000e0001", "", "😀\\U000e0001"},
    {"spaces", "1\u202f000\u00a0km\u3000", "", "1\u202f000\u00a0km\u3000"},
    {"letters", "Grüße, 世界", "", "Grüße, 世界"},
    {"invalid bytes", "\xff\xc3", "", "\\xff\\xc3"},
};

static void test_escape(void **state)
{
    const struct escape_case *row = *state;
    AUTO_TEXT out = {0};
    utf8_escape(&out, row->text, strlen(row->text), row->keep);
    assert_string_equal(buffer_text(&out), row->escaped);
}

static void test_escape_nul(void **state)
{
    (void)state;
    AUTO_TEXT out = {0};
    utf8_escape(&out, "a\0b", 3, "\t\n");
    assert_string_equal(buffer_text(&out), "a\\x00b");
}

RUN_TABLES_MAIN(TABLE(decode_cases, test_decode), TABLE(escape_cases, test_escape),
                SINGLE(test_escape_nul))
