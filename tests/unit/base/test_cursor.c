// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "support/support.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct read_case {
    const char *name, *hex;
    const char *reads;  // words: u8 u16 u32 u64 i32 uvarint string skip:N align:N take:N
    const char *values; // what they give
    const char *error;
} read_cases[] = {
    {"little-endian", "01 0203 04050607 08090a0b0c0d0e0f", "u8 u16 u32 u64",
     "0x1 0x302 0x7060504 0xf0e0d0c0b0a0908", NULL},
    {"negative i32", "feffffff", "i32", "-2", NULL},
    {"nothing read of nothing", "", "", "", NULL},
    {"u8 of nothing", "", "u8", "0x0", "1 bytes wanted at offset 0 of 0"},
    {"u16 cut", "01", "u16", "0x0", "2 bytes wanted at offset 0 of 1"},
    {"u32 cut", "01 020304", "u8 u32", "0x1 0x0", "4 bytes wanted at offset 1 of 4"},
    {"u64 cut", "01020304050607", "u64", "0x0", "8 bytes wanted at offset 0 of 7"},
    {"zero after the first failure", "0102", "u32 u8 u16", "0x0 0x0 0x0",
     "4 bytes wanted at offset 0 of 2"},
    {"the first failure is told", "01", "u8 u16 u64", "0x1 0x0 0x0",
     "2 bytes wanted at offset 1 of 1"},
    {"uvarint of one byte", "7f", "uvarint", "127", NULL},
    {"uvarint of two bytes", "8001", "uvarint", "128", NULL},
    {"largest uvarint", "ffffffffffffffffff01", "uvarint", "18446744073709551615", NULL},
    {"uvarint with useless zeros", "808000", "uvarint", "0", NULL},
    {"uvarint ends after ten bytes", "8080808080808080808001", "uvarint u8", "0 0x1", NULL},
    {"uvarint cut", "ff", "uvarint", "127", "1 bytes wanted at offset 1 of 1"},
    {"skip", "010203", "skip:2 u8", "0x3", NULL},
    {"skip to the end", "0102", "skip:2", "", NULL},
    {"skip beyond", "0102", "skip:3 u8", "0x0", "3 bytes wanted at offset 0 of 2"},
    {"skip of the largest size", "0102", "skip:18446744073709551615", "",
     "18446744073709551615 bytes wanted at offset 0 of 2"},
    {"align moves on", "01000000 05", "u8 align:4 u8", "0x1 0x5", NULL},
    {"align stays", "01020304 05", "u32 align:4 u8", "0x4030201 0x5", NULL},
    {"align beyond", "0102", "u8 align:8", "0x1", "7 bytes wanted at offset 1 of 2"},
    {"take", "010203", "u8 take:2", "0x1 [2]", NULL},
    {"take nothing at the end", "01", "u8 take:0", "0x1 [0]", NULL},
    {"take too much", "010203", "take:4", "[0]", "4 bytes wanted at offset 0 of 3"},
    {"string", "6162 00 63 00", "string string", "ab c", NULL},
    {"empty string", "00 01", "string u8", " 0x1", NULL},
    {"string without end", "01 6162", "u8 string", "0x1 ", "3 bytes wanted at offset 1 of 3"},
    {"string at the end", "", "string", "", "1 bytes wanted at offset 0 of 0"},
};

/** One word of reads; what it gives goes behind a blank. */
static void read_one(struct cursor *c, const char *word, struct buffer *out)
{
    const char *colon = strchr(word, ':');
    uint64_t argument = colon ? strtoull(colon + 1, NULL, 10) : 0;
    if (strncmp(word, "skip", 4) == 0) {
        cursor_skip(c, argument);
        return;
    }
    if (strncmp(word, "align", 5) == 0) {
        cursor_align(c, argument);
        return;
    }
    if (out->data)
        buffer_putc(out, ' ');
    if (strcmp(word, "u8") == 0)
        buffer_printf(out, "0x%x", cursor_u8(c));
    else if (strcmp(word, "u16") == 0)
        buffer_printf(out, "0x%x", cursor_u16(c));
    else if (strcmp(word, "u32") == 0)
        buffer_printf(out, "0x%" PRIx32, cursor_u32(c));
    else if (strcmp(word, "u64") == 0)
        buffer_printf(out, "0x%" PRIx64, cursor_u64(c));
    else if (strcmp(word, "i32") == 0)
        buffer_printf(out, "%" PRId32, cursor_i32(c));
    else if (strcmp(word, "uvarint") == 0)
        buffer_printf(out, "%" PRIu64, cursor_uvarint(c));
    else if (strcmp(word, "string") == 0)
        buffer_puts(out, cursor_string(c));
    else
        buffer_printf(out, "[%zu]", cursor_take(c, argument).size);
}

static void test_read(void **state)
{
    const struct read_case *row = *state;
    struct cursor c = {.bytes = bytes_from_hex(row->hex)};
    AUTO_TEXT values = {0};
    char words[128], *rest = words;
    assert_true(strlen(row->reads) < sizeof words);
    memcpy(words, row->reads, strlen(row->reads) + 1);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        read_one(&c, word, &values);
    assert_string_equal(buffer_text(&values), row->values);
    assert_int_equal(cursor_ok(&c), row->error == NULL);
    assert_error_kind(cursor_check(&c), ERROR_CORRUPT, row->error);
}

static const struct slice_case {
    const char *name;
    uint64_t offset, size;
    size_t expected;
} slice_cases[] = {
    {"slice: the whole", 0, 4, 4},
    {"slice: the end", 4, 0, 0},
    {"slice: inside", 1, 2, 2},
    {"slice: one byte too long", 1, 4, 0},
    {"slice: one byte behind", 5, 0, 0},
    {"slice: a sum that wraps", UINT64_MAX, 2, 0},
    {"slice: a size that wraps", 2, UINT64_MAX, 0},
};

static void test_slice(void **state)
{
    const struct slice_case *row = *state;
    struct bytes whole = bytes_from_hex("00010203");
    struct bytes part = bytes_slice(whole, row->offset, row->size);
    assert_int_equal(part.size, row->expected);
    if (part.size)
        assert_int_equal(part.data[0], row->offset);
}

static void test_start_beyond_the_end(void **state)
{
    (void)state;
    struct cursor c = {.bytes = bytes_from_hex("0102"), .offset = 5};
    assert_int_equal(cursor_u8(&c), 0);
    assert_string_equal(cursor_string(&c), "");
    assert_error(cursor_check(&c), "1 bytes wanted at offset 5 of 2");
}

static void test_load_uint(void **state)
{
    (void)state;
    struct bytes b = bytes_from_hex("0102030405060708");
    assert_int_equal(load_uint(b.data, 0), 0);
    assert_int_equal(load_uint(b.data, 1), 1);
    assert_int_equal(load_uint(b.data, 3), 0x30201);
    assert_int_equal(load_uint(b.data, 8), 0x807060504030201);
}

RUN_TABLES_MAIN(TABLE(read_cases, test_read), TABLE(slice_cases, test_slice),
                SINGLE(test_start_beyond_the_end), SINGLE(test_load_uint))
