// SPDX-License-Identifier: MIT
#include "image/address_space.h"
#include "support/elf_builder.h"
#include "support/support.h"

#include <inttypes.h>
#include <string.h>

enum { ET_EXEC = 2, ET_DYN = 3, ET_CORE = 4, PT_LOAD = 1, PT_RELRO = 0x6474e552, R = 4, RW = 6 };

#define TEXT(string) ((struct bytes){(const uint8_t *)(string), sizeof(string) - 1})

/** A core and an executable, and the space over both. */
struct fixture {
    struct core_file *core;
    struct elf_file *file;
    struct address_space *space;
};

static void fixture_clear(struct fixture *fixture)
{
    address_space_free(fixture->space);
    elf_file_free(fixture->file);
    core_file_free(fixture->core);
}
#define AUTO_FIXTURE __attribute__((cleanup(fixture_clear))) struct fixture

/** @param missing  bytes that are cut off the end of the core */
static struct fixture open_both(const struct built_elf *core, size_t missing,
                                const struct built_elf *file, target_addr bias)
{
    struct fixture fixture = {0};
    struct bytes bytes = elf_build(core);
    assert_error(
        core_file_open(write_file("core", bytes.data, bytes.size - missing), &fixture.core), NULL);
    fixture.space = address_space_new(fixture.core);
    if (file) {
        bytes = elf_build(file);
        assert_error(elf_file_open(write_file("file", bytes.data, bytes.size), &fixture.file),
                     NULL);
        address_space_add_file(fixture.space, fixture.file, bias);
    }
    return fixture;
}

/**
 * The core, with its capitals:     ABCD.... at 0x1000, EFGH at 0x1010, IJKL at 0x1014 (unsorted);
 * the executable, in small letters: 16 bytes at 0x1004, up to EFGH, and more below it.
 */
static const struct built_elf core_image = {
    .type = ET_CORE,
    .segments = {{PT_LOAD, RW, 0x1014, {(const uint8_t *)"IJKL", 4}, 0, 0},
                 {PT_LOAD, R, 0x1000, {(const uint8_t *)"ABCD", 4}, 0, 0x10},
                 {PT_LOAD, RW, 0x1010, {(const uint8_t *)"EFGH", 4}, 0, 0}},
};
static const struct built_elf file_image = {
    .type = ET_EXEC,
    .segments = {{PT_LOAD, R, 0x1002, {(const uint8_t *)"cdefghijklmnopqrstuvwxyz", 20}, 0, 0x100},
                 {PT_LOAD, RW, 0x1100, {(const uint8_t *)"written", 7}, 0, 0}},
};

static const struct read_case {
    const char *name;
    uint64_t address;
    size_t size;
    const char *expected; // NULL: absent
    const char *error;
} read_cases[] = {
    {"inside a segment", 0x1001, 2, "BC", NULL},
    {"the core comes first", 0x1002, 2, "CD", NULL},
    {"from core to file", 0x1002, 4, "CDef", NULL},
    {"from file to core", 0x100e, 4, "opEF", NULL},
    {"from core through the file to core", 0x1003, 0x12, "DefghijklmnopEFGHI", NULL},
    {"from segment to segment", 0x1013, 2, "HI", NULL},
    {"the end of the last segment", 0x1017, 1, "L", NULL},
    {"beyond the last segment", 0x1017, 2, NULL, "address 0x1018 is not in the core file"},
    {"before the first segment", 0xfff, 2, NULL, "address 0xfff is not in the core file"},
    {"nothing at an address that is absent", 0x10, 0, "", NULL},
    {"a writable segment of the file", 0x1100, 1, NULL, "address 0x1100 is not in the core file"},
    {"the last address", UINT64_MAX, 1, NULL, "address 0xffffffffffffffff is not in the core file"},
    {"beyond the last address", UINT64_MAX, 8, NULL,
     "address 0xffffffffffffffff is not in the core file"},
};

static void test_read(void **state)
{
    const struct read_case *row = *state;
    AUTO_FIXTURE f = open_both(&core_image, 0, &file_image, 0);
    char out[32] = "untouched, whatever happens";
    char before[sizeof out];
    memcpy(before, out, sizeof out);
    struct error *err = address_space_read(f.space, row->address, out, row->size);
    if (row->expected)
        assert_memory_equal(out, row->expected, row->size);
    assert_memory_equal(out + (row->expected ? row->size : 0),
                        before + (row->expected ? row->size : 0),
                        sizeof out - (row->expected ? row->size : 0));
    assert_error_kind(err, ERROR_UNMAPPED, row->error);
    assert_int_equal(address_space_has(f.space, row->address, row->size), row->expected != NULL);
    assert_int_equal(address_space_try_read(f.space, row->address, out, row->size),
                     row->expected != NULL);
    if (row->expected)
        assert_memory_equal(out, row->expected, row->size);
}

/** Of the memory above, [0x1008, 0x1010) alone lies in one place and is eight bytes long. */
static const struct scan_case {
    const char *name;
    uint64_t start, end, budget;
    uint64_t pieces;
} scan_cases[] = {
    {"scan: all memory", 0, UINT64_MAX, 100, 1},
    {"scan: a start between words", 0x1001, 0x2000, 100, 1},
    {"scan: a start behind", 0x1009, UINT64_MAX, 100, 0},
    {"scan: an end before", 0, 0x1008, 100, 0},
    {"scan: an end inside", 0, 0x100c, 100, 0},
    {"scan: a range that wraps", 0x1008, 0x7, 100, 0},
    {"scan: the end of all memory", UINT64_MAX - 3, UINT64_MAX, 100, 0},
    {"scan: no budget", 0, UINT64_MAX, 7, 0},
};

static void test_scan(void **state)
{
    const struct scan_case *row = *state;
    AUTO_FIXTURE f = open_both(&core_image, 0, &file_image, 0);
    struct memory_scan scan = {
        .space = f.space, .at = row->start, .end = row->end, .budget = row->budget};
    target_addr address = 0;
    struct bytes piece = {0};
    uint64_t pieces = 0;
    while (memory_scan_next(&scan, &address, &piece)) {
        assert_int_equal(address, 0x1008);
        assert_int_equal(piece.size, 8);
        assert_memory_equal(piece.data, "ijklmnop", 8);
        pieces++;
    }
    assert_int_equal(pieces, row->pieces);
    assert_int_equal(scan.exhausted, row->budget < 8);
}

/** Without the file, memory that the core's headers name and its bytes do not is absent. */
static void test_absent_is_not_zero(void **state)
{
    (void)state;
    AUTO_FIXTURE f = open_both(&core_image, 0, NULL, 0);
    uint8_t byte = 0x5a;
    for (target_addr address = 0x1004; address < 0x1010; address++)
        assert_false(address_space_try_u8(f.space, address, &byte));
    assert_int_equal(byte, 0x5a);
    assert_error(address_space_read(f.space, 0x1000, &(uint64_t){0}, 8),
                 "address 0x1004 is not in the core file");
}

static const struct cut_case {
    const char *name;
    size_t missing;
    bool first, last; // whether the first and the last byte of EFGH are there
} cut_cases[] = {
    {"cut: nothing", 0, true, true},
    {"cut: one byte", 1, true, false},
    {"cut: all but one byte", 3, true, false},
    {"cut: the segment", 4, false, false},
    {"cut: into the segment before", 6, false, false},
};

/** What the file is cut by is absent, and the executable's may stand for it. */
static void test_cut(void **state)
{
    const struct cut_case *row = *state;
    AUTO_FIXTURE f = open_both(&core_image, row->missing, NULL, 0);
    assert_int_equal(address_space_has(f.space, 0x1010, 1), row->first);
    assert_int_equal(address_space_has(f.space, 0x1013, 1), row->last);
    AUTO_FIXTURE both = open_both(&core_image, row->missing, &file_image, 0);
    uint8_t byte = 0;
    assert_true(address_space_try_u8(both.space, 0x1013, &byte));
    assert_int_equal(byte, row->last ? 'H' : 't');
}

/** Which of the file's bytes may be used; at bias 0x10000. */
static const struct file_case {
    const char *name;
    uint16_t type;
    uint32_t flags;
    uint64_t relro, relro_size;
    const char *expected; // of 8 bytes; a dot: absent
} file_cases[] = {
    {"file: read-only", ET_DYN, R, 0, 0, "abcdefgh"},
    {"file: writable", ET_DYN, RW, 0, 0, "........"},
    {"file: writable, not relocated", ET_EXEC, RW, 0, 0, "........"},
    {"file: RELRO at the start", ET_DYN, R, 0x2000, 2, "..cdefgh"},
    {"file: RELRO inside", ET_DYN, R, 0x2002, 3, "ab...fgh"},
    {"file: RELRO at the end", ET_DYN, R, 0x2006, 0x1000, "abcdef.."},
    {"file: RELRO over all", ET_DYN, R, 0x1000, 0x10000, "........"},
    {"file: RELRO elsewhere", ET_DYN, R, 0x3000, 0x1000, "abcdefgh"},
    {"file: RELRO of the largest size", ET_DYN, R, 0x2004, UINT64_MAX, "abcd...."},
};

static void test_file(void **state)
{
    const struct file_case *row = *state;
    struct built_elf file = {
        .type = row->type,
        .segments = {{PT_LOAD, row->flags, 0x2000, TEXT("abcdefgh"), 0, 0x100},
                     {PT_RELRO, R, row->relro, TEXT(""), 0, row->relro_size}},
    };
    AUTO_FIXTURE f = open_both(&core_image, 0, &file, 0x10000);
    char got[9] = "........";
    for (size_t i = 0; i < 8; i++) {
        uint8_t byte = 0;
        if (address_space_try_u8(f.space, 0x12000 + i, &byte))
            got[i] = (char)byte;
    }
    assert_string_equal(got, row->expected);
    assert_false(address_space_has(f.space, 0x12008, 1));
    assert_false(address_space_has(f.space, 0x2000, 1));
}

/** Segments that overlap are wrong, but each byte still has one value: that of the lower start. */
static void test_overlap(void **state)
{
    (void)state;
    struct built_elf core = {
        .type = ET_CORE,
        .segments = {{PT_LOAD, RW, 0x1006, TEXT("uvwx"), 0, 0},
                     {PT_LOAD, RW, 0x1000, TEXT("ABCDEFGH"), 0, 0},
                     {PT_LOAD, RW, 0x1002, TEXT("ij"), 0, 0},
                     {PT_LOAD, RW, 0x1000, TEXT("mn"), 0, 0},
                     {PT_LOAD, RW, UINT64_MAX - 3, TEXT("12345678"), 0, 0}},
    };
    AUTO_FIXTURE f = open_both(&core, 0, NULL, 0);
    char out[11] = {0};
    assert_error(address_space_read(f.space, 0x1000, out, 10), NULL);
    assert_string_equal(out, "ABCDEFGHwx");
    assert_error(address_space_read(f.space, UINT64_MAX - 3, out, 4),
                 "address 0xffffffffffffffff is not in the core file");
    assert_error(address_space_read(f.space, UINT64_MAX - 3, out, 3), NULL);
    assert_memory_equal(out, "123", 3);
}

/** Two files: the first that has a byte gives it. */
static void test_two_files(void **state)
{
    (void)state;
    AUTO_FIXTURE f = open_both(&core_image, 0, &file_image, 0);
    struct built_elf other = {
        .type = ET_DYN,
        .segments = {{PT_LOAD, R, 0, TEXT("0123456789012345678901234567890123456789"), 0, 0}},
    };
    struct bytes bytes = elf_build(&other);
    AUTO(elf_file) file = NULL;
    assert_error(elf_file_open(write_file("other", bytes.data, bytes.size), &file), NULL);
    address_space_add_file(f.space, file, 0xff8);
    char out[41] = {0};
    assert_error(address_space_read(f.space, 0xff8, out, 40), NULL);
    assert_string_equal(out, "01234567ABCDefghijklmnopEFGHIJKL23456789");
}

static void test_view(void **state)
{
    (void)state;
    AUTO_FIXTURE f = open_both(&core_image, 0, &file_image, 0);
    struct bytes view = address_space_view(f.space, 0x1002, 100);
    assert_int_equal(view.size, 2);
    assert_memory_equal(view.data, "CD", 2);
    view = address_space_view(f.space, 0x1004, 3);
    assert_int_equal(view.size, 3);
    assert_memory_equal(view.data, "efg", 3);
    assert_int_equal(address_space_view(f.space, 0x1018, 1).size, 0);
    assert_int_equal(address_space_view(f.space, 0, 1).size, 0);
}

static void test_numbers(void **state)
{
    (void)state;
    AUTO_FIXTURE f = open_both(&core_image, 0, &file_image, 0);
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    uint8_t u8 = 0;
    assert_true(address_space_try_u64(f.space, 0x1000, &u64));
    assert_int_equal(u64, 0x6867666544434241);
    assert_error(address_space_u64(f.space, 0x1001, &u64), NULL);
    assert_int_equal(u64, 0x6968676665444342);
    assert_true(address_space_try_u32(f.space, 0x1000, &u32));
    assert_int_equal(u32, 0x44434241);
    assert_true(address_space_try_u8(f.space, 0x1000, &u8));
    assert_int_equal(u8, 0x41);
    assert_false(address_space_try_u64(f.space, 0x1011, &u64));
    assert_false(address_space_try_u32(f.space, 0x1015, &u32));
    assert_int_equal(u64, 0x6968676665444342);
    assert_int_equal(u32, 0x44434241);
    assert_error(address_space_u64(f.space, 0x1014, &u64),
                 "address 0x1018 is not in the core file");
    address_space_free(NULL);
}

enum { RELOCATED = 0x2000, BIAS = 0x500000, WORDS = RELOCATED + 0x80 };

/** What a library brings along: three relocations with addends, one RELR table, six words. */
static struct bytes relocated_data(void)
{
    static const uint64_t dynamic[] = {7, 0x1000, 8, 72, 36, 0x1048, 35, 16, 0, 0};
    static const uint64_t words[] = {1, 2, 3, 0x30, 0x40, 6};
    struct buffer out = {0};
    for (size_t i = 0; i < COUNT_OF(dynamic); i++)
        put_u64(&out, dynamic[i]);
    put_zeros(&out, WORDS - RELOCATED - sizeof dynamic);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        put_u64(&out, words[i]);
    return buffer_bytes(&out);
}

static struct bytes relocation_tables(void)
{
    enum { RELATIVE = 8, GLOB_DAT = 6 };
    static const uint64_t tables[] = {WORDS,      RELATIVE, 0x1234, WORDS + 8,  GLOB_DAT, 0,
                                      0x99999990, RELATIVE, 1,      WORDS + 24, 0x3};
    struct buffer out = {0};
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        put_u64(&out, tables[i]);
    return buffer_bytes(&out);
}

static struct built_elf relocated_image(void)
{
    enum { PT_DYNAMIC = 2 };
    struct bytes data = relocated_data();
    return (struct built_elf){
        .type = ET_DYN,
        .segments = {{PT_LOAD, R, 0x1000, relocation_tables(), 0, 0},
                     {PT_LOAD, RW, RELOCATED, data, 0, 0},
                     {PT_DYNAMIC, RW, RELOCATED, bytes_slice(data, 0, 0x80), 0, 0},
                     {PT_RELRO, R, RELOCATED, data, 0, 0}},
    };
}

/** What the loader wrote and the core lost is what it would write again. */
static void test_relocated(void **state)
{
    (void)state;
    static const struct {
        target_addr address;
        uint64_t value;
        bool known;
    } rows[] = {
        {WORDS, BIAS + 0x1234, true},           // R_X86_64_RELATIVE
        {WORDS + 8, 0, false},                  // another file's symbol
        {WORDS + 16, 3, true},                  // as it was linked
        {WORDS + 24, BIAS + 0x30, true},        // DT_RELR: the address itself
        {WORDS + 32, BIAS + 0x40, true},        // and the bit behind it
        {WORDS + 40, 0x7a7a7a7a7a7a7a7a, true}, // the core has it
    };
    const struct built_elf image = relocated_image();
    const struct built_elf core = {
        .type = ET_CORE, .segments = {{PT_LOAD, RW, WORDS + 40 + BIAS, TEXT("zzzzzzzz"), 0, 0}}};
    AUTO_FIXTURE f = open_both(&core, 0, &image, BIAS);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t value = 0;
        assert_int_equal(address_space_try_u64(f.space, rows[i].address + BIAS, &value),
                         rows[i].known);
        assert_int_equal(value, rows[i].value);
    }
    AUTO(address_space) initial = address_space_new_initial(f.file, BIAS);
    uint64_t value = 0;
    assert_true(address_space_try_u64(initial, WORDS + 40 + BIAS, &value));
    assert_int_equal(value, 6);
    assert_true(address_space_try_u64(initial, WORDS + BIAS, &value));
    assert_int_equal(value, BIAS + 0x1234);
}

RUN_TABLES_MAIN(TABLE(read_cases, test_read), SINGLE(test_absent_is_not_zero),
                TABLE(scan_cases, test_scan), TABLE(cut_cases, test_cut),
                TABLE(file_cases, test_file), SINGLE(test_overlap), SINGLE(test_two_files),
                SINGLE(test_relocated), SINGLE(test_view), SINGLE(test_numbers))
