// SPDX-License-Identifier: MIT
#include "image/elf_file.h"
#include "support/compress.h"
#include "support/elf_builder.h"
#include "support/support.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { ET_EXEC = 2, ET_CORE = 4, PT_LOAD = 1, PT_NOTE = 4, PROGBITS = 1, NOTE = 7, NOBITS = 8 };

#define TEXT(string) ((struct bytes){(const uint8_t *)(string), sizeof(string) - 1})

/** Two segments, two sections. */
static struct bytes small_elf(uint16_t type)
{
    return elf_build(&(struct built_elf){
        .type = type,
        .entry = 0x401000,
        .segments = {{PT_LOAD, 5, 0x400000, TEXT("text and what follows"), 0, 0x1000},
                     {PT_LOAD, 6, 0x500000, TEXT("data"), 0, 0x2000}},
        .sections = {{".text", PROGBITS, 6, 0x400000, TEXT("text"), 0},
                     {".bss", NOBITS, 3, 0x500004, TEXT(""), 0x1ffc}},
    });
}

static struct error *open_bytes(struct bytes bytes, const char **path, struct elf_file **out)
{
    *path = write_file("elf", bytes.data, bytes.size);
    return elf_file_open(*path, out);
}

/** @return an open file; the test ends where it cannot be opened */
static struct elf_file *open_good(struct bytes bytes)
{
    const char *path = NULL;
    struct elf_file *file = NULL;
    assert_error(open_bytes(bytes, &path, &file), NULL);
    return file;
}

static const struct header_case {
    const char *name;
    size_t size; // that is left of the file, 0: all
    size_t offset;
    const char *patch;
    enum error_kind kind;
    const char *error;
} header_cases[] = {
    {"as it is", 0, 0, "", ERROR_OS, NULL},
    {"cut in the magic", 3, 0, "", ERROR_UNSUPPORTED,
     "is not an ELF file, so neither an executable nor a core"},
    {"text", 0, 0, "23212f62", ERROR_UNSUPPORTED,
     "is not an ELF file, so neither an executable nor a core"},
    {"cut behind the magic", 4, 0, "", ERROR_CORRUPT, "the ELF header is cut: 4 of 64 bytes"},
    {"cut header", 63, 0, "", ERROR_CORRUPT, "the ELF header is cut: 63 of 64 bytes"},
    {"32-bit", 0, 4, "01", ERROR_UNSUPPORTED, "is not a 64-bit ELF file (class 1)"},
    {"big-endian", 0, 5, "02", ERROR_UNSUPPORTED,
     "is not a little-endian ELF file (data encoding 2)"},
    {"ARM, 32-bit", 0, 18, "2800", ERROR_UNSUPPORTED,
     "ELF machine 40 is neither x86-64 nor AArch64"},
    {"arm64", 0, 18, "b700", ERROR_OS, NULL},
    {"cut behind the header", 64, 0, "", ERROR_CORRUPT,
     "2 program headers at offset 0x40 lie outside the file of 64 bytes"},
    {"cut in the program headers", 64 + 111, 0, "", ERROR_CORRUPT,
     "2 program headers at offset 0x40 lie outside the file of 175 bytes"},
    {"e_phoff that wraps", 0, 32, "f0ffffffffffffff", ERROR_CORRUPT,
     "2 program headers at offset 0xfffffffffffffff0 lie outside the file of 483 bytes"},
    {"e_phnum too large", 0, 56, "feff", ERROR_CORRUPT,
     "65534 program headers at offset 0x40 lie outside the file of 483 bytes"},
    {"e_phentsize", 0, 54, "2000", ERROR_CORRUPT, "program headers of 32 bytes instead of 56"},
    {"no program headers", 0, 54, "0000 0000", ERROR_OS, NULL},
    {"cut in the section headers", 400, 0, "", ERROR_CORRUPT,
     "4 section headers at offset 0xe3 lie outside the file of 400 bytes"},
    {"e_shoff that wraps", 0, 40, "c0ffffffffffffff", ERROR_CORRUPT,
     "4 section headers at offset 0xffffffffffffffc0 lie outside the file of 483 bytes"},
    {"e_shentsize", 0, 58, "2800", ERROR_CORRUPT, "section headers of 40 bytes instead of 64"},
    {"no section headers", 0, 40, "0000000000000000", ERROR_OS, NULL},
    {"names in a section that is not there", 0, 62, "0900", ERROR_OS, NULL},
    {"names in a section of another type", 0, 62, "0100", ERROR_OS, NULL},
};

static void test_header(void **state)
{
    const struct header_case *row = *state;
    struct bytes bytes = bytes_patch(small_elf(ET_EXEC), row->offset, row->patch);
    const char *path = NULL;
    struct elf_file *file = NULL;
    AUTO(error)
    err = open_bytes(bytes_slice(bytes, 0, row->size ? row->size : bytes.size), &path, &file);
    if (err)
        assert_int_equal(error_kind(err), row->kind);
    else
        assert_string_equal(elf_file_path(file), path);
    elf_file_free(file);
    assert_file_error(TAKE(err), path, row->error);
}

/** Whatever a file is cut to, and whatever a byte of its tables holds, nothing is read beyond it.
 */
static void test_cut_and_altered(void **state)
{
    (void)state;
    struct bytes whole = small_elf(ET_CORE);
    for (size_t size = 1; size < whole.size; size++) {
        const char *path = NULL;
        struct elf_file *file = NULL;
        struct error *err = open_bytes(bytes_slice(whole, 0, size), &path, &file);
        assert_int_equal(err == NULL, size >= 64 + 2 * 56); // a core needs no section headers
        if (!err)
            assert_int_equal(elf_file_section(file, ".text") != NULL, false);
        error_free(err);
        elf_file_free(file);
    }
    for (size_t at = 16; at < whole.size; at++) {
        const char *path = NULL;
        struct elf_file *file = NULL;
        error_ignore(open_bytes(bytes_patch(whole, at, "ff"), &path, &file));
        const struct elf_section *text = file ? elf_file_section(file, ".text") : NULL;
        struct bytes data;
        if (text)
            error_ignore(elf_file_section_data(file, text, &data));
        elf_file_free(file);
    }
}

static void test_contents(void **state)
{
    (void)state;
    AUTO(elf_file) file = open_good(small_elf(ET_EXEC));
    assert_int_equal(elf_file_type(file), ET_EXEC);
    assert_int_equal(elf_file_machine(file), 62);
    assert_int_equal(elf_file_entry(file), 0x401000);
    size_t count = 0;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    assert_int_equal(count, 2);
    assert_int_equal(segments[1].type, PT_LOAD);
    assert_int_equal(segments[1].flags, 6);
    assert_int_equal(segments[1].offset, 64 + 2 * 56 + strlen("text and what follows"));
    assert_int_equal(segments[1].address, 0x500000);
    assert_int_equal(segments[1].file_size, 4);
    assert_int_equal(segments[1].memory_size, 0x2000);
    assert_int_equal(segments[1].align, 0x1000);
    const struct elf_section *text = elf_file_section(file, ".text");
    assert_non_null(text);
    assert_int_equal(text->index, 1);
    assert_int_equal(text->type, PROGBITS);
    assert_int_equal(text->flags, 6);
    assert_int_equal(text->address, 0x400000);
    struct bytes data = {0};
    assert_error(elf_file_section_data(file, text, &data), NULL);
    assert_int_equal(data.size, 4);
    assert_memory_equal(data.data, "text", 4);
    assert_null(elf_file_section(file, ".tex"));
    assert_null(elf_file_build_id(file));
    assert_null(elf_file_go_build_id(file));
    assert_false(elf_file_has_symtab(file));
    assert_false(elf_file_symbol(file, "main.main", &(target_addr){0}));
    elf_file_free(NULL);
}

/** 70,000 program headers: the number is in section header 0, or, where that is cut off, told by
 * the offset of the notes behind them. */
static void test_extended_counts(void **state)
{
    (void)state;
    struct built_elf elf = {
        .type = ET_CORE,
        .segments = {{PT_NOTE, 0, 0, TEXT("0123"), 0, 0}},
        .empty_segments = 70000,
        .sections = {{".note", NOTE, 0, 0, TEXT("0123"), 0}},
        .extended = true,
    };
    struct bytes whole = elf_build(&elf);
    AUTO(elf_file) file = open_good(whole);
    size_t count = 0;
    elf_file_segments(file, &count);
    assert_int_equal(count, 70001);
    assert_non_null(elf_file_section(file, ".note"));

    AUTO(elf_file) cut = open_good(bytes_slice(whole, 0, 64 + 70001 * 56));
    elf_file_segments(cut, &count);
    assert_int_equal(count, 70001);

    const char *path = NULL;
    struct elf_file *none = NULL;
    struct error *err = open_bytes(bytes_slice(whole, 0, 64 + 70000 * 56), &path, &none);
    assert_file_error(err, path,
                      "70001 program headers at offset 0x40 lie outside the file of 3920064 bytes");

    struct bytes many = bytes_patch(whole, whole.size - 3 * 64 + 44, "01001000"); // sh_info
    err = open_bytes(many, &path, &none);
    assert_file_error(err, path, "1048577 program headers, the limit is 1048576");
}

#define ABOUT_1000                                                                                 \
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"                               \
    "................................................................"                             \
    "the quick brown fox jumps over the lazy dog, the quick brown fox jumps over the lazy dog"
enum { CONTENT_SIZE = sizeof ABOUT_1000 - 1 };

static const struct inflate_case {
    const char *name;
    const char *section; // .debug_info (SHF_COMPRESSED) or .zdebug_info
    uint32_t type;       // ch_type
    bool zstd;           // the stream's true format
    uint64_t promised;
    size_t size; // that is left of the section, 0: all
    enum error_kind kind;
    const char *error;
} inflate_cases[] = {
    {"zlib", ".debug_info", 1, false, CONTENT_SIZE, 0, 0, NULL},
    {"zstd", ".debug_info", 2, true, CONTENT_SIZE, 0, 0, NULL},
    {".zdebug_", ".zdebug_info", 0, false, CONTENT_SIZE, 0, 0, NULL},
    {"zlib: more promised", ".debug_info", 1, false, CONTENT_SIZE + 1, 0, ERROR_CORRUPT,
     "the zlib stream gives less than the 215 bytes promised"},
    {"zlib: less promised", ".debug_info", 1, false, CONTENT_SIZE - 1, 0, ERROR_CORRUPT,
     "the zlib stream gives more than the 213 bytes promised"},
    {"zlib: nothing promised", ".debug_info", 1, false, 0, 0, ERROR_CORRUPT,
     "the zlib stream gives more than the 0 bytes promised"},
    {"zlib: more than such a stream can hold", ".debug_info", 1, false, 1 << 20, 0, ERROR_LIMIT,
     "the stream is too short for the 1048576 bytes promised"},
    {"zlib: 1 TB", ".debug_info", 1, false, (uint64_t)1 << 40, 0, ERROR_LIMIT,
     "1099511627776 bytes when inflated, the limit is 4294967296"},
    {"zlib: the largest size", ".debug_info", 1, false, UINT64_MAX, 0, ERROR_LIMIT,
     "18446744073709551615 bytes when inflated, the limit is 4294967296"},
    {"zlib: cut", ".debug_info", 1, false, CONTENT_SIZE, 60, ERROR_CORRUPT,
     "the zlib stream is broken"},
    {"zlib: another format", ".debug_info", 1, true, CONTENT_SIZE, 0, ERROR_CORRUPT,
     "the zlib stream is broken"},
    {"zstd: more promised", ".debug_info", 2, true, CONTENT_SIZE + 1, 0, ERROR_CORRUPT,
     "the zstd stream gives 214 instead of 215 bytes"},
    {"zstd: less promised", ".debug_info", 2, true, CONTENT_SIZE - 1, 0, ERROR_CORRUPT,
     "the zstd stream is broken: Destination buffer is too small"},
    {"zstd: 4 GB in a few bytes", ".debug_info", 2, true, (uint64_t)4 << 30, 0, ERROR_LIMIT,
     "the stream is too short for the 4294967296 bytes promised"},
    {"zstd: cut", ".debug_info", 2, true, CONTENT_SIZE, 60, ERROR_CORRUPT,
     "the zstd stream is broken: Src size is incorrect"},
    {"zstd: another format", ".debug_info", 2, false, CONTENT_SIZE, 0, ERROR_CORRUPT,
     "the zstd stream is broken: Unknown frame descriptor"},
    {"unknown compression", ".debug_info", 3, false, CONTENT_SIZE, 0, ERROR_UNSUPPORTED,
     "compression type 3"},
    {"header cut", ".debug_info", 1, false, CONTENT_SIZE, 23, ERROR_CORRUPT,
     "compression header: 8 bytes wanted at offset 16 of 23"},
    {".zdebug_: more promised", ".zdebug_info", 0, false, CONTENT_SIZE + 1, 0, ERROR_CORRUPT,
     "the zlib stream gives less than the 215 bytes promised"},
    {".zdebug_: 1 TB", ".zdebug_info", 0, false, (uint64_t)1 << 40, 0, ERROR_LIMIT,
     "1099511627776 bytes when inflated, the limit is 4294967296"},
    {".zdebug_: header cut", ".zdebug_info", 0, false, CONTENT_SIZE, 11, ERROR_CORRUPT,
     "compression header: 8 bytes wanted at offset 4 of 11"},
    {".zdebug_: another magic", ".zdebug_info", 7, false, CONTENT_SIZE, 0, ERROR_CORRUPT,
     "it does not begin with \"ZLIB\""},
};

static struct bytes compressed_section(const struct inflate_case *row)
{
    AUTO_TEXT out = {0};
    if (row->section[1] == 'z') {
        buffer_puts(&out, row->type ? "LZIB" : "ZLIB");
        put_u64(&out, __builtin_bswap64(row->promised));
    } else {
        put_u32(&out, row->type);
        put_u32(&out, 0);
        put_u64(&out, row->promised);
        put_u64(&out, 1);
    }
    put_bytes(&out, row->zstd ? compress_zstd(TEXT(ABOUT_1000)) : compress_zlib(TEXT(ABOUT_1000)));
    if (row->size)
        buffer_truncate(&out, row->size);
    return buffer_bytes(&out);
}

static void test_inflate(void **state)
{
    const struct inflate_case *row = *state;
    struct built_section section = {
        row->section, PROGBITS, row->section[1] == 'z' ? 0 : 0x800, 0, compressed_section(row), 0};
    AUTO(elf_file) file = open_good(elf_build(&(struct built_elf){.sections = {section}}));
    struct bytes data = {0};
    AUTO(error) err = elf_file_section_data(file, elf_file_section(file, row->section), &data);
    if (err)
        assert_int_equal(error_kind(err), row->kind);
    AUTO_TEXT expected = {0};
    buffer_printf(&expected, "section %s: %s", row->section, row->error ? row->error : "");
    assert_file_error(TAKE(err), elf_file_path(file), row->error ? buffer_text(&expected) : NULL);
    if (row->error)
        return;
    assert_int_equal(data.size, CONTENT_SIZE);
    assert_memory_equal(data.data, ABOUT_1000, CONTENT_SIZE);
    struct bytes again = {0};
    assert_error(elf_file_section_data(file, elf_file_section(file, row->section), &again), NULL);
    assert_ptr_equal(again.data, data.data); // inflated once
}

static void test_section_without_data(void **state)
{
    (void)state;
    AUTO(elf_file) file = open_good(small_elf(ET_EXEC));
    struct bytes data = {0};
    assert_file_error(elf_file_section_data(file, elf_file_section(file, ".bss"), &data),
                      elf_file_path(file), "section .bss: its contents are not in this file");
    struct built_section outside = {".text", PROGBITS, 0, 0, TEXT("text"), 0x1000};
    AUTO(elf_file) other = open_good(elf_build(&(struct built_elf){.sections = {outside}}));
    assert_file_error(elf_file_section_data(other, elf_file_section(other, ".text"), &data),
                      elf_file_path(other),
                      "section .text: 4096 bytes at offset 0x40 lie outside the file of 277 bytes");
    assert_null(data.data);
}

enum { THREADS = 8 };

static void *ask(void *argument)
{
    struct elf_file *file = argument;
    struct bytes data = {0};
    target_addr address = 0;
    for (int i = 0; i < 20; i++)
        elf_file_symbol(file, "main.main", &address);
    error_ignore(elf_file_section_data(file, elf_file_section(file, ".debug_info"), &data));
    return (void *)data.data;
}

/** Threads may ask for sections and symbols at the same time, and all get the same. */
static void test_threads(void **state)
{
    (void)state;
    struct built_section section = {
        ".debug_info", PROGBITS, 0x800, 0, compressed_section(&inflate_cases[0]), 0};
    AUTO(elf_file) file = open_good(elf_build(&(struct built_elf){.sections = {section}}));
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, file), 0);
    struct bytes data = {0};
    assert_error(elf_file_section_data(file, elf_file_section(file, ".debug_info"), &data), NULL);
    for (size_t i = 0; i < THREADS; i++) {
        void *got = NULL;
        assert_int_equal(pthread_join(threads[i], &got), 0);
        assert_ptr_equal(got, data.data);
    }
}

static void put_symbol(struct buffer *out, uint32_t name, uint8_t info, uint16_t section,
                       uint64_t value)
{
    put_u32(out, name);
    put_u8(out, info);
    put_u8(out, 0);
    put_u16(out, section);
    put_u64(out, value);
    put_u64(out, 0);
}

static struct bytes elf_with_symbols(void)
{
    static const char names[] = "\0main.main\0main.main.func1\0puts\0main.go\0runtime.allgs\0end";
    AUTO_TEXT symbols = {0};
    put_symbol(&symbols, 0, 0, 0, 0);
    put_symbol(&symbols, 11, 2, 1, 0x2000);             // main.main.func1
    put_symbol(&symbols, 27, 0x12, 0, 0x3000);          // puts: undefined
    put_symbol(&symbols, 32, 4, 0xfff1, 0x4000);        // main.go: STT_FILE
    put_symbol(&symbols, 1, 2, 1, 0x1000);              // main.main
    put_symbol(&symbols, 1, 2, 1, 0x1111);              // main.main again
    put_symbol(&symbols, 40, 0x11, 3, 0x5000);          // runtime.allgs
    put_symbol(&symbols, 54, 0x11, 3, 0x6000);          // end: without a NUL behind it
    put_symbol(&symbols, 0xffffff, 0x11, 3, 0x7000);    // a name that is not there
    put_symbol(&symbols, 15, 6, 1, 0xffffffffffffffc8); // TLS, and the tail of another name
    put_symbol(&symbols, 1, 2, 1, 0x8000);              // two at one place
    put_symbol(&symbols, 11, 2, 1, 0x8000);
    put_u64(&symbols, 0); // a symbol cut off
    return elf_build(&(struct built_elf){
        .type = ET_EXEC,
        .sections = {{".symtab", 2, 0, 0, buffer_bytes(&symbols), 0},
                     {".strtab", 3, 0, 0, {(const uint8_t *)names, sizeof names - 1}, 0}},
    });
}

static const struct symbol_case {
    const char *name;
    uint64_t value;
    bool found;
} symbol_cases[] = {
    {"main.main", 0x1000, true},
    {"main.main.func1", 0x2000, true},
    {"runtime.allgs", 0x5000, true},
    {".main.func1", 0xffffffffffffffc8, true}, // offset 15 is inside another name
    {"puts", 0, false},
    {"main.go", 0, false},
    {"end", 0, false},
    {"main.mai", 0, false},
    {"main.main.func", 0, false},
};

/** One alone has a name; of two that begin at one place neither is the one. */
static void test_symbol_at(void **state)
{
    (void)state;
    AUTO(elf_file) file = open_good(elf_with_symbols());
    const char *name = "";
    uint64_t size = 0;
    assert_true(elf_file_symbol_at(file, 0x2000, &name, &size));
    assert_string_equal(name, "main.main.func1");
    assert_true(elf_file_symbol_at(file, 0x8000, &name, &size));
    assert_null(name);
    assert_false(elf_file_symbol_at(file, 0x2001, &name, &size));
    assert_false(elf_file_symbol_at(file, 0x3000, &name, &size));
}

/** Enough look-ups for an index to be built: it must know the same as the first pass. */
static void test_symbol(void **state)
{
    const struct symbol_case *row = *state;
    AUTO(elf_file) file = open_good(elf_with_symbols());
    assert_true(elf_file_has_symtab(file));
    for (int i = 0; i < 20; i++) {
        target_addr value = 7;
        assert_int_equal(elf_file_symbol(file, row->name, &value), row->found);
        assert_int_equal(value, row->found ? row->value : 7);
    }
}

enum { GNU = 1, GO = 2, IN_SEGMENT = 4, IN_SECTION = 8 };

static const struct build_id_case {
    const char *name;
    int what;
    const char *gnu, *go;
} build_id_cases[] = {
    {"both in a segment, no section headers", GNU | GO | IN_SEGMENT, "0123456789abcdef",
     "abc/def/ghi"},
    {"both in a section only", GNU | GO | IN_SECTION, "0123456789abcdef", "abc/def/ghi"},
    {"GNU only", GNU | IN_SEGMENT, "0123456789abcdef", NULL},
    {"Go only", GO | IN_SEGMENT, NULL, "abc/def/ghi"},
    {"other notes only", IN_SEGMENT, NULL, NULL},
};

static struct bytes id_notes(int what)
{
    AUTO_TEXT notes = {0};
    put_note(&notes, "GNU", 4, 1, bytes_from_hex("00000000 03000000 02000000 00000000")); // ABI tag
    put_note(&notes, "GNU", 4, 4, TEXT("not Go's"));
    if (what & GNU)
        put_note(&notes, "GNU", 4, 3, bytes_from_hex("0123456789abcdef"));
    if (what & GO)
        put_note(&notes, "Go", 4, 4, TEXT("abc/def/ghi")); // the linker counts the padding
    return buffer_bytes(&notes);
}

static void assert_text(const char *got, const char *expected)
{
    assert_int_equal(got != NULL, expected != NULL);
    if (got && expected)
        assert_string_equal(got, expected);
}

static void test_build_id(void **state)
{
    const struct build_id_case *row = *state;
    struct built_elf elf = {.type = ET_EXEC};
    if (row->what & IN_SEGMENT)
        elf.segments[0] = (struct built_segment){.type = PT_NOTE, .data = id_notes(row->what)};
    if (row->what & IN_SECTION)
        elf.sections[0] =
            (struct built_section){.name = ".note", .type = NOTE, .data = id_notes(row->what)};
    AUTO(elf_file) file = open_good(elf_build(&elf));
    assert_text(elf_file_build_id(file), row->gnu);
    assert_text(elf_file_go_build_id(file), row->go);
}

/** Notes that end anywhere: a description is given whole or not at all. */
static void test_cut_notes(void **state)
{
    (void)state;
    struct bytes notes = id_notes(GNU | GO);
    size_t gnu_end = notes.size - 28, go_end = notes.size - 1; // a byte of padding is at the end
    for (size_t size = 0; size <= notes.size; size++) {
        struct bytes part = bytes_copy(notes.data, size);
        assert_int_equal(elf_note_find(part, "GNU", 3).size, size >= gnu_end ? 8 : 0);
        assert_int_equal(elf_note_find(part, "Go", 4).size, size >= go_end ? 11 : 0);
    }
    struct bytes huge = bytes_from_hex("ffffffff ffffffff 03000000 474e5500");
    assert_int_equal(elf_note_find(huge, "GNU", 3).size, 0);
}

static const struct at_case {
    const char *name;
    uint64_t address, size;
    const char *expected;
} at_cases[] = {
    {"at: a start", 0x400000, 4, "text"},
    {"at: inside", 0x400005, 3, "and"},
    {"at: up to the end of the file's part", 0x40000e, 1000, "follows"},
    {"at: the last byte", 0x400014, UINT64_MAX, "s"},
    {"at: memory the file has nothing of", 0x400015, 4, ""},
    {"at: writable data too", 0x500000, 4, "data"},
    {"at: below all segments", 0x3fffff, 4, ""},
    {"at: above all segments", UINT64_MAX, 4, ""},
};

static void test_at(void **state)
{
    const struct at_case *row = *state;
    AUTO(elf_file) file = open_good(small_elf(ET_EXEC));
    struct bytes got = elf_file_at(file, row->address, row->size);
    assert_int_equal(got.size, strlen(row->expected));
    if (got.size)
        assert_memory_equal(got.data, row->expected, got.size);
}

/** A segment that promises more than the file holds. */
static void test_at_cut_file(void **state)
{
    (void)state;
    struct built_elf elf = {.segments = {{PT_LOAD, 5, 0x400000, TEXT("cut"), 0x1000, 0}}};
    AUTO(elf_file) file = open_good(elf_build(&elf));
    assert_int_equal(elf_file_at(file, 0x400001, 0x100).size, 2);
    assert_int_equal(elf_file_at(file, 0x400003, 0x100).size, 0);
}

RUN_TABLES_MAIN(TABLE(header_cases, test_header), SINGLE(test_cut_and_altered),
                SINGLE(test_contents), SINGLE(test_extended_counts),
                TABLE(inflate_cases, test_inflate), SINGLE(test_section_without_data),
                SINGLE(test_threads), TABLE(symbol_cases, test_symbol), SINGLE(test_symbol_at),
                TABLE(build_id_cases, test_build_id), SINGLE(test_cut_notes),
                TABLE(at_cases, test_at), SINGLE(test_at_cut_file))
