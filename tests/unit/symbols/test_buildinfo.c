// SPDX-License-Identifier: MIT
#include "support/elf_builder.h"
#include "support/support.h"
#include "symbols/buildinfo.h"

#include <stdlib.h>
#include <string.h>

enum { EXEC = 2, CORE = 4, LOAD = 1, PROGBITS = 1, RW = 6 };
#define AT ((target_addr)0x500000)     ///< of the header
#define MEMORY ((target_addr)0x600000) ///< of what its pointers lead to
// cmd/go/internal/modload/build.go, infoStart and infoEnd
#define START "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
#define END "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
#define MODULES                                                                                    \
    "path\texample.com/shop/cmd/shop\n"                                                            \
    "mod\texample.com/shop\tv1.2.3\th1:x=\n"                                                       \
    "dep\tgithub.com/a/b\tv0.1.0\th1:y=\n"                                                         \
    "dep\tgithub.com/c/d\tv0.2.0\n"                                                                \
    "=>\tgithub.com/e/f\tv0.3.0\th1:z=\n"                                                          \
    "dep\tgithub.com/g/h\tv0.4.0\n"                                                                \
    "=>\t../h\n"                                                                                   \
    "build\t-ldflags=-X main.v=1\n"                                                                \
    "build\tCGO_ENABLED=0\n"

/** A header of Go 1.18 and later: both strings behind it. */
static struct bytes inline_header(const char *version, const char *modules)
{
    AUTO_TEXT out = {0};
    buffer_append(&out, "\xff Go buildinf:\x08\x02", 16);
    put_zeros(&out, 16);
    const char *texts[] = {version, modules};
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(texts[i]);
        for (; size >= 0x80; size >>= 7)
            put_u8(&out, (uint8_t)(size | 0x80));
        put_u8(&out, (uint8_t)size);
        buffer_puts(&out, texts[i]);
    }
    return buffer_bytes(&out);
}

/** One of Go 1.15 to 1.17: pointers to two string headers. */
static struct bytes pointer_header(uint64_t version, uint64_t modules)
{
    AUTO_TEXT out = {0};
    buffer_append(&out, "\xff Go buildinf:\x08\0", 16);
    put_u64(&out, version);
    put_u64(&out, modules);
    return buffer_bytes(&out);
}

/** Memory from MEMORY on: two string headers, then their texts. */
static struct bytes pointed_to(const char *version, const char *modules)
{
    AUTO_TEXT out = {0};
    put_u64(&out, MEMORY + 32);
    put_u64(&out, strlen(version));
    put_u64(&out, MEMORY + 32 + strlen(version));
    put_u64(&out, strlen(modules));
    buffer_puts(&out, version);
    buffer_puts(&out, modules);
    return buffer_bytes(&out);
}

struct fixture {
    struct elf_file *binary;
    struct core_file *core;
    struct address_space *space;
    struct buildinfo *info;
};

static void fixture_clear(struct fixture *fixture)
{
    buildinfo_free(fixture->info);
    address_space_free(fixture->space);
    core_file_free(fixture->core);
    elf_file_free(fixture->binary);
}
#define AUTO_FIXTURE __attribute__((cleanup(fixture_clear))) struct fixture

/** @param name  of the section; NULL: there is none, a writable segment holds the header */
static struct error *read(struct fixture *fixture, const char *name, struct bytes header,
                          struct bytes memory)
{
    const struct built_elf binary = {
        .type = EXEC,
        .segments = {{LOAD, RW, AT, header, 0, 0}},
        .sections = {{name, PROGBITS, 3, AT, header, 0}},
    };
    // A core holds the data too, and what the pointers lead to.
    const struct built_elf core = {
        .type = CORE,
        .segments = {{LOAD, RW, AT, header, 0, 0}, {LOAD, RW, MEMORY, memory, 0, 0}},
    };
    struct bytes bytes = elf_build(&binary);
    assert_error(elf_file_open(write_file("binary", bytes.data, bytes.size), &fixture->binary),
                 NULL);
    bytes = elf_build(&core);
    assert_error(core_file_open(write_file("core", bytes.data, bytes.size), &fixture->core), NULL);
    fixture->space = address_space_new(fixture->core);
    return buildinfo_read(fixture->binary, fixture->space, 0, &fixture->info);
}

static const struct bytes nothing = {(const uint8_t *)"", 0};

static void assert_modules(const struct buildinfo *info)
{
    assert_string_equal(info->main_package, "example.com/shop/cmd/shop");
    assert_string_equal(info->main.path, "example.com/shop");
    assert_string_equal(info->main.version, "v1.2.3");
    assert_int_equal(info->dependency_count, 3);
    assert_string_equal(info->dependencies[0].path, "github.com/a/b");
    assert_null(info->dependencies[0].replaced_by);
    assert_string_equal(info->dependencies[1].version, "v0.2.0");
    assert_string_equal(info->dependencies[1].replaced_by, "github.com/e/f v0.3.0");
    assert_string_equal(info->dependencies[2].replaced_by, "../h");
    assert_int_equal(info->setting_count, 2);
    assert_string_equal(buildinfo_setting(info, "-ldflags"), "-X main.v=1");
    assert_string_equal(buildinfo_setting(info, "CGO_ENABLED"), "0");
    assert_null(buildinfo_setting(info, "vcs"));
}

static void test_inline(void **state)
{
    (void)state;
    AUTO_FIXTURE f = {0};
    struct bytes header = inline_header("go1.27.3", START MODULES END);
    assert_error(read(&f, ".go.buildinfo", header, nothing), NULL);
    assert_string_equal(f.info->go_version, "go1.27.3");
    assert_modules(f.info);
}

static void test_pointers(void **state)
{
    (void)state;
    AUTO_FIXTURE f = {0};
    assert_error(read(&f, ".go.buildinfo", pointer_header(MEMORY, MEMORY + 16),
                      pointed_to("go1.15.15", START MODULES END)),
                 NULL);
    assert_string_equal(f.info->go_version, "go1.15.15");
    assert_modules(f.info);
}

/** Without sections: at a multiple of 16 bytes of a writable segment, nowhere else. */
static void test_search(void **state)
{
    (void)state;
    struct bytes header = inline_header("go1.24.4", ""),
                 zeros = bytes_from_hex(
                     "0000000000000000 0000000000000000 0000000000000000 0000000000000000");
    static const struct {
        size_t before;
        bool found;
    } rows[] = {{0, true}, {16, true}, {32, true}, {8, false}, {1, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_FIXTURE f = {0};
        AUTO_TEXT joined = {0};
        put_bytes(&joined, bytes_slice(zeros, 0, rows[i].before));
        put_bytes(&joined, header);
        struct error *err = read(&f, NULL, buffer_bytes(&joined), nothing);
        assert_error(err, rows[i].found ? NULL
                                        : "no Go build info: not a Go program, or removed from it");
        if (rows[i].found)
            assert_string_equal(f.info->go_version, "go1.24.4");
    }
}

static const struct broken_case {
    const char *name, *header; ///< hex, behind the magic
    const char *memory;
    enum error_kind kind;
    const char *error;
} broken_cases[] = {
    {"big-endian", "0801 0000000000000000 0000000000000000", "", ERROR_UNSUPPORTED,
     "big-endian build info"},
    {"no version behind it", "0802 0000000000000000 0000000000000000", "", ERROR_CORRUPT,
     "build info: 1 bytes wanted at offset 32 of 32"},
    {"a version that is longer than all", "0802 0000000000000000 0000000000000000 0a 676f", "",
     ERROR_CORRUPT, "build info: 10 bytes wanted at offset 33 of 35"},
    {"a version of 2^63 bytes", "0802 0000000000000000 0000000000000000 80808080808080808001 676f",
     "", ERROR_CORRUPT, "build info: 9223372036854775808 bytes wanted at offset 42 of 44"},
    {"no module text", "0802 0000000000000000 0000000000000000 02 676f", "", ERROR_CORRUPT,
     "build info: 1 bytes wanted at offset 35 of 35"},
    {"pointers into nothing", "0800 0000700000000000 0000700000000000", "", ERROR_CORRUPT,
     "build info: no version string at 0x700000"},
    {"a string of 2^64 - 1 bytes", "0800 0000600000000000 0000000000000000",
     "2000600000000000 ffffffffffffffff", ERROR_CORRUPT,
     "build info: no version string at 0x600000"},
    {"a string that leads out of memory", "0800 0000600000000000 0000000000000000",
     "0000700000000000 0800000000000000", ERROR_CORRUPT,
     "build info: no version string at 0x600000"},
};

static void test_broken(void **state)
{
    const struct broken_case *row = *state;
    AUTO_FIXTURE f = {0};
    AUTO_TEXT header = {0};
    buffer_puts(&header, "\xff Go buildinf:");
    put_bytes(&header, bytes_from_hex(row->header));
    assert_error_kind(read(&f, ".go.buildinfo", buffer_bytes(&header), bytes_from_hex(row->memory)),
                      row->kind, row->error);
    assert_null(f.info);
}

/** Module texts that are not what the go command writes: what can be read is, nothing breaks. */
static const struct text_case {
    const char *name, *text;
    const char *path, *module;
    size_t dependencies, settings;
} text_cases[] = {
    {"empty", "", NULL, NULL, 0, 0},
    {"without sentinels", "path\tx\nmod\ty\tv1\n", "x", "y", 0, 0},
    {"without a line feed at the end", "path\tx", "x", NULL, 0, 0},
    {"sentinels alone", START END, NULL, NULL, 0, 0},
    {"a path without a value", "path\n", "", NULL, 0, 0},
    {"a replacement of nothing", "=>\ta\tb\n", NULL, NULL, 0, 0},
    {"a replacement without words", "dep\ta\tv1\n=>\n", NULL, NULL, 1, 0},
    {"a setting without =", "build\tx\n", NULL, NULL, 0, 0},
    {"a setting without a name", "build\t=x\n", NULL, NULL, 0, 1},
    {"tabs alone", "\t\t\t\t\n\t\n", NULL, NULL, 0, 0},
    {"an empty line ends nothing before it", "path\tx\n\n", "x", NULL, 0, 0},
};

static void test_text(void **state)
{
    const struct text_case *row = *state;
    AUTO_FIXTURE f = {0};
    assert_error(read(&f, ".go.buildinfo", inline_header("go1.20", row->text), nothing), NULL);
    assert_int_equal(f.info->main_package == NULL, row->path == NULL);
    if (row->path)
        assert_string_equal(f.info->main_package, row->path);
    assert_int_equal(f.info->main.path == NULL, row->module == NULL);
    if (row->module)
        assert_string_equal(f.info->main.path, row->module);
    assert_int_equal(f.info->dependency_count, row->dependencies);
    assert_int_equal(f.info->setting_count, row->settings);
}

RUN_TABLES_MAIN(SINGLE(test_inline), SINGLE(test_pointers), SINGLE(test_search),
                TABLE(broken_cases, test_broken), TABLE(text_cases, test_text))
