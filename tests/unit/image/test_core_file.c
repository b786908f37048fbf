// SPDX-License-Identifier: MIT
#include "image/core_file.h"
#include "support/compress.h"
#include "support/elf_builder.h"
#include "support/support.h"

#include <inttypes.h>
#include <string.h>

enum { ET_EXEC = 2, ET_CORE = 4, PT_LOAD = 1, PT_NOTE = 4, AMD64 = 62, ARM64 = 183 };
enum {
    PRSTATUS = 1,
    FPREGSET = 2,
    PRPSINFO = 3,
    AUXV = 6,
    SIGINFO = 0x53494749,
    FILES = 0x46494c45,
    ARM_TLS = 0x401
};

#define TEXT(string) ((struct bytes){(const uint8_t *)(string), sizeof(string) - 1})

static void core_note(struct buffer *out, uint32_t type, struct bytes description)
{
    put_note(out, "CORE", 5, type, description);
}

/** registers many registers, of values first, first + 1, … */
static struct bytes prstatus(uint32_t tid, uint16_t signal, uint64_t first, size_t registers)
{
    AUTO_TEXT out = {0};
    put_zeros(&out, 12);
    put_u16(&out, signal);
    put_zeros(&out, 32 - out.size);
    put_u32(&out, tid);
    put_zeros(&out, 112 - out.size);
    for (size_t i = 0; i < registers; i++)
        put_u64(&out, first + i);
    put_zeros(&out, 8); // pr_fpvalid
    return buffer_bytes(&out);
}

static struct bytes prpsinfo(uint32_t pid, const char *name, const char *arguments)
{
    AUTO_TEXT out = {0};
    put_zeros(&out, 24);
    put_u32(&out, pid);
    put_zeros(&out, 12);
    buffer_append(&out, name, strnlen(name, 16));
    put_zeros(&out, 56 - out.size);
    buffer_append(&out, arguments, strnlen(arguments, 80));
    put_zeros(&out, 136 - out.size);
    return buffer_bytes(&out);
}

static struct bytes siginfo(uint32_t signal)
{
    AUTO_TEXT out = {0};
    put_u32(&out, signal);
    put_zeros(&out, 124);
    return buffer_bytes(&out);
}

static struct bytes numbers(size_t count, const uint64_t *values)
{
    AUTO_TEXT out = {0};
    for (size_t i = 0; i < count; i++)
        put_u64(&out, values[i]);
    return buffer_bytes(&out);
}
#define NUMBERS(...) numbers(sizeof((uint64_t[]){__VA_ARGS__}) / 8, (const uint64_t[]){__VA_ARGS__})

/** A program at 0x400000, its entry at 0x401000, and a library. */
static struct bytes files(void)
{
    return bytes_join(
        NUMBERS(3, 0x1000, 0x400000, 0x402000, 0, 0x402000, 0x403000, 2, 0x7f0000, 0x7f1000, 0),
        TEXT("/srv/app\0/srv/app\0/lib/libc.so.6\0"));
}

static struct bytes two_thread_notes(void)
{
    AUTO_TEXT notes = {0};
    core_note(&notes, PRSTATUS, prstatus(100, 6, 0x1000, 27));
    core_note(&notes, PRPSINFO, prpsinfo(100, "app", "/srv/app -v "));
    core_note(&notes, SIGINFO, siginfo(6));
    core_note(&notes, AUXV, NUMBERS(3, 0x400040, 9, 0x401000, 31, 0x7ffe00, 0, 0));
    core_note(&notes, FILES, files());
    core_note(&notes, FPREGSET, siginfo(0));
    core_note(&notes, PRSTATUS, prstatus(101, 0, 0x2000, 27));
    core_note(&notes, FPREGSET, siginfo(0));
    return buffer_bytes(&notes);
}

static struct bytes core_with(uint16_t machine, struct bytes notes)
{
    return elf_build(&(struct built_elf){
        .type = ET_CORE,
        .machine = machine,
        .segments = {{PT_NOTE, 0, 0, notes, 0, 0},
                     {PT_LOAD, 6, 0x7ffe00, TEXT("./app\0stack"), 0, 0}},
    });
}

static struct core_file *open_good(struct bytes bytes)
{
    struct core_file *core = NULL;
    assert_error(core_file_open(write_file("core", bytes.data, bytes.size), &core), NULL);
    return core;
}

/** @param expected  the warnings, each with a line feed behind it */
static void assert_warnings(const struct core_file *core, const char *expected)
{
    AUTO_TEXT text = {0};
    size_t count = 0;
    const char *const *warnings = core_file_warnings(core, &count);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s\n", warnings[i]);
    assert_string_equal(buffer_text(&text), expected);
}

static void test_whole(void **state)
{
    (void)state;
    AUTO(core_file) core = open_good(core_with(AMD64, two_thread_notes()));
    assert_warnings(core, "");
    assert_ptr_equal(core_file_arch(core), &arch_amd64);
    assert_int_equal(core_file_missing_bytes(core), 0);
    assert_int_equal(core_file_pid(core), 100);
    assert_string_equal(core_file_program_name(core), "app");
    assert_string_equal(core_file_command_line(core), "/srv/app -v");
    assert_string_equal(core_file_executable(core), "/srv/app");
    uint64_t value = 0;
    assert_true(core_file_auxv(core, 9, &value));
    assert_int_equal(value, 0x401000);
    assert_false(core_file_auxv(core, 0, &value));
    assert_false(core_file_auxv(core, 33, &value));
    size_t count = 0;
    const struct core_mapping *mappings = core_file_mappings(core, &count);
    assert_int_equal(count, 3);
    assert_int_equal(mappings[1].start, 0x402000);
    assert_int_equal(mappings[1].end, 0x403000);
    assert_int_equal(mappings[1].file_offset, 0x2000);
    assert_string_equal(mappings[2].path, "/lib/libc.so.6");
    core_file_free(NULL);
}

static void test_threads(void **state)
{
    (void)state;
    AUTO(core_file) core = open_good(core_with(AMD64, two_thread_notes()));
    size_t count = 0;
    const struct core_thread *threads = core_file_threads(core, &count);
    assert_int_equal(count, 2);
    assert_int_equal(threads[0].tid, 100);
    assert_int_equal(threads[0].signal, 6);
    assert_true(threads[0].has_siginfo);
    assert_int_equal(threads[0].siginfo[0], 6);
    assert_int_equal(threads[1].tid, 101);
    assert_int_equal(threads[1].signal, 0);
    assert_false(threads[1].has_siginfo);
    uint64_t pc = 0;
    assert_true(register_get(&threads[1].registers, arch_amd64.pc, &pc));
    assert_int_equal(pc, 0x2000 + 16);
    assert_true(threads[1].has_tls);
    assert_int_equal(threads[1].tls, 0x2000 + 21); // fs_base
}

static void test_arm64(void **state)
{
    (void)state;
    AUTO_TEXT notes = {0};
    put_note(&notes, "LINUX", 6, ARM_TLS, NUMBERS(0x7000)); // before any thread: nobody's
    core_note(&notes, PRSTATUS, prstatus(7, 11, 0x1000, 34));
    put_note(&notes, "LINUX", 6, ARM_TLS, NUMBERS(0x7777, 0));
    core_note(&notes, PRSTATUS, prstatus(8, 0, 0x2000, 34));
    AUTO(core_file) core = open_good(core_with(ARM64, buffer_bytes(&notes)));
    assert_warnings(core, "");
    size_t count = 0;
    const struct core_thread *threads = core_file_threads(core, &count);
    assert_int_equal(count, 2);
    assert_true(threads[0].has_tls);
    assert_int_equal(threads[0].tls, 0x7777);
    assert_false(threads[1].has_tls);
    uint64_t value = 0;
    assert_true(register_get(&threads[1].registers, arch_arm64.sp, &value));
    assert_int_equal(value, 0x2000 + 31);
    assert_true(register_get(&threads[1].registers, arch_arm64.link, &value));
    assert_int_equal(value, 0x2000 + 30);
    assert_int_equal(core_file_pid(core), 0);
    assert_string_equal(core_file_command_line(core), "");
    assert_string_equal(core_file_program_name(core), "");
    assert_null(core_file_executable(core));
}

/** Fields that are full have no NUL. */
static void test_full_texts(void **state)
{
    (void)state;
    AUTO_TEXT notes = {0};
    core_note(&notes, PRSTATUS, prstatus(7, 11, 0, 27));
    core_note(&notes, PRPSINFO,
              prpsinfo(7, "sixteen-letters.and more",
                       "12345678901234567890123456789012345678901234567890123456789012345678901234"
                       "567890 and more"));
    AUTO(core_file) core = open_good(core_with(AMD64, buffer_bytes(&notes)));
    assert_string_equal(core_file_program_name(core), "sixteen-letters.");
    assert_int_equal(strlen(core_file_command_line(core)), 80);
}

static const struct executable_case {
    const char *name;
    uint64_t entry, phdr, execfn; // auxv values; 0: not there
    const char *expected;
} executable_cases[] = {
    {"executable: of the entry", 0x401000, 0, 0, "/srv/app"},
    {"executable: of the program headers", 0, 0x402040, 0, "/srv/app"},
    {"executable: the entry is in no mapping", 0x9000000, 0x400040, 0, "/srv/app"},
    {"executable: the end of a mapping is not in it", 0x403000, 0, 0, NULL},
    {"executable: what execve was given", 0, 0, 0x7ffe00, "./app"},
    {"executable: text that is not in the core", 0, 0, 0x7fff00, NULL},
    {"executable: text without end", 0, 0, 0x7ffe06, NULL},
    {"executable: nothing says", 0, 0, 0, NULL},
};

static void test_executable(void **state)
{
    const struct executable_case *row = *state;
    AUTO_TEXT auxv = {0};
    const uint64_t entries[][2] = {{9, row->entry}, {3, row->phdr}, {31, row->execfn}};
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        if (entries[i][1])
            put_bytes(&auxv, NUMBERS(entries[i][0], entries[i][1]));
    put_bytes(&auxv, NUMBERS(0, 0));
    AUTO_TEXT notes = {0};
    core_note(&notes, AUXV, buffer_bytes(&auxv));
    core_note(&notes, FILES, files());
    AUTO(core_file) core = open_good(core_with(AMD64, buffer_bytes(&notes)));
    const char *got = core_file_executable(core);
    assert_string_equal(got ? got : "(none)", row->expected ? row->expected : "(none)");
}

static const struct broken_case {
    const char *name;
    uint32_t type;
    const char *description; // of the note that follows a good thread 100
    size_t threads, mappings;
    const char *warnings;
} broken_cases[] = {
    {"NT_PRSTATUS of nothing", PRSTATUS, "", 1, 0,
     "a thread is left out: its NT_PRSTATUS has 0 bytes\n"},
    {"NT_PRPSINFO cut", PRPSINFO, "00000000", 1, 0, "NT_PRPSINFO has only 4 bytes\n"},
    {"NT_SIGINFO cut", SIGINFO, "0600000000", 1, 0, "thread 100: NT_SIGINFO has only 5 bytes\n"},
    {"NT_AUXV without AT_NULL", AUXV, "0900000000000000 0010400000000000", 1, 0,
     "NT_AUXV has no end: 16 bytes\n"},
    {"NT_AUXV of nothing", AUXV, "", 1, 0, "NT_AUXV has no end: 0 bytes\n"},
    {"NT_FILE of nothing", FILES, "", 1, 0, "NT_FILE: 0 mappings do not fit 0 bytes\n"},
    {"NT_FILE of no mapping", FILES, "0000000000000000 0010000000000000", 1, 0, ""},
    {"NT_FILE with one entry too many", FILES,
     "0200000000000000 0100000000000000 0000400000000000 0010400000000000 0000000000000000 6100", 1,
     0, "NT_FILE: 2 mappings do not fit 42 bytes\n"},
    {"NT_FILE with a count that wraps", FILES,
     "0100000000000080 0100000000000000 0000400000000000 0010400000000000 0000000000000000 6100", 1,
     0, "NT_FILE: 9223372036854775809 mappings do not fit 42 bytes\n"},
    {"NT_FILE: no path", FILES,
     "0100000000000000 0100000000000000 0000400000000000 0010400000000000 0000000000000000", 1, 0,
     "NT_FILE: the paths of 1 of 1 mappings are missing\n"},
    {"NT_FILE: a path without end", FILES,
     "0100000000000000 0100000000000000 0000400000000000 0010400000000000 0000000000000000 61", 1,
     0, "NT_FILE: the paths of 1 of 1 mappings are missing\n"},
    {"NT_FILE: offsets in bytes", FILES,
     "0100000000000000 0100000000000000 0000400000000000 0010400000000000 0010000000000000 6100", 1,
     1, ""},
    {"NT_FILE: an end below its start", FILES,
     "0100000000000000 0100000000000000 0010400000000000 0000400000000000 0000000000000000 6100", 1,
     0, "NT_FILE: mapping 0 of 1 is broken\n"},
    {"NT_FILE: an offset that overflows", FILES,
     "0100000000000000 0000000000000080 0000400000000000 0010400000000000 0200000000000000 6100", 1,
     0, "NT_FILE: mapping 0 of 1 is broken\n"},
    {"a note of another name", 0xabcd, "00", 1, 0, ""},
};

static void test_broken(void **state)
{
    const struct broken_case *row = *state;
    AUTO_TEXT notes = {0};
    core_note(&notes, PRSTATUS, prstatus(100, 6, 0x1000, 27));
    core_note(&notes, row->type, bytes_from_hex(row->description));
    AUTO(core_file) core = open_good(core_with(AMD64, buffer_bytes(&notes)));
    size_t threads = 0, mappings = 0;
    core_file_threads(core, &threads);
    core_file_mappings(core, &mappings);
    assert_int_equal(threads, row->threads);
    assert_int_equal(mappings, row->mappings);
    assert_warnings(core, row->warnings);
}

static void test_few_registers(void **state)
{
    (void)state;
    AUTO_TEXT notes = {0};
    core_note(&notes, PRSTATUS, prstatus(100, 6, 0x1000, 16)); // pr_fpvalid lies where rip should
    core_note(&notes, PRSTATUS, prstatus(101, 6, 0x1000, 12));
    AUTO(core_file) core = open_good(core_with(AMD64, buffer_bytes(&notes)));
    assert_warnings(core, "thread 100: NT_PRSTATUS has only 248 bytes, registers are missing\n"
                          "thread 101: NT_PRSTATUS has only 216 bytes, registers are missing\n");
    size_t count = 0;
    const struct core_thread *threads = core_file_threads(core, &count);
    assert_int_equal(count, 2);
    assert_false(threads[0].has_tls);
    assert_int_equal(threads[0].tls, 0);
}

/** A core whose file ends anywhere in its notes: what came before is there, and it says so. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    AUTO_TEXT notes = {0};
    core_note(&notes, PRSTATUS, prstatus(100, 6, 0x1000, 27));
    size_t first_end = notes.size;
    core_note(&notes, AUXV, NUMBERS(9, 0x401000, 0, 0));
    size_t auxv_end = notes.size;
    core_note(&notes, FILES, files());
    size_t notes_size = notes.size, start = 64 + 2 * 56;
    struct bytes whole = core_with(AMD64, buffer_bytes(&notes));
    for (size_t size = 0; size <= notes_size; size++) {
        AUTO(core_file) core = open_good(bytes_slice(whole, 0, start + size));
        size_t threads = 0, mappings = 0, warnings = 0;
        uint64_t entry = 0;
        core_file_threads(core, &threads);
        core_file_mappings(core, &mappings);
        core_file_warnings(core, &warnings);
        assert_in_range(warnings, 1, 5);
        assert_int_equal(core_file_missing_bytes(core), whole.size - start - size);
        if (size >= first_end)
            assert_int_equal(threads, 1);
        if (size >= auxv_end)
            assert_true(core_file_auxv(core, 9, &entry));
        assert_in_range(mappings, 0, 3);
        assert_int_equal(mappings == 3, size >= notes_size - 3); // padding is at the end
    }
}

static void test_cut_memory(void **state)
{
    (void)state;
    struct bytes whole = core_with(AMD64, two_thread_notes());
    AUTO(core_file) core = open_good(bytes_slice(whole, 0, whole.size - 5));
    assert_int_equal(core_file_missing_bytes(core), 5);
    AUTO_TEXT expected = {0};
    buffer_printf(&expected,
                  "the core is cut off: it has %zu of %zu bytes, 5 bytes of 1 segments are "
                  "missing\n",
                  whole.size - 5, whole.size);
    assert_warnings(core, buffer_text(&expected));
}

static void test_sizes_that_wrap(void **state)
{
    (void)state;
    struct bytes notes = two_thread_notes();
    struct built_elf elf = {
        .type = ET_CORE,
        .segments = {{PT_NOTE, 0, 0, notes, 0, 0},
                     {PT_LOAD, 6, 0x1000, TEXT("x"), UINT64_MAX, 0},
                     {PT_LOAD, 6, UINT64_MAX - 2, TEXT("y"), UINT64_MAX, 0}},
    };
    AUTO(core_file) core = open_good(elf_build(&elf));
    assert_int_equal(core_file_missing_bytes(core), UINT64_MAX);
    size_t threads = 0;
    core_file_threads(core, &threads);
    assert_int_equal(threads, 2);
}

static void test_many_faults(void **state)
{
    (void)state;
    AUTO_TEXT notes = {0};
    for (int i = 0; i < 1000; i++)
        core_note(&notes, PRSTATUS, TEXT("cut"));
    AUTO(core_file) core = open_good(core_with(AMD64, buffer_bytes(&notes)));
    size_t count = 0;
    const char *const *warnings = core_file_warnings(core, &count);
    assert_int_equal(count, 33);
    assert_string_equal(warnings[32], "969 more faults in the notes"); // and "no thread"
}

static void test_no_notes(void **state)
{
    (void)state;
    struct built_elf elf = {.type = ET_CORE, .segments = {{PT_LOAD, 6, 0, TEXT("x"), 0, 0}}};
    AUTO(core_file) core = open_good(elf_build(&elf));
    assert_warnings(core, "there are no notes: threads, registers and mappings are unknown\n");
    AUTO(core_file) empty = open_good(core_with(AMD64, TEXT("")));
    assert_warnings(empty, "the notes name no thread\n");
    AUTO(core_file) broken = open_good(core_with(AMD64, TEXT("no note at all")));
    assert_warnings(broken, "the notes are broken at offset 0 of 14\nthe notes name no thread\n");
}

static void test_compressed_and_cut(void **state)
{
    (void)state;
    AUTO_TEXT noise = {0};
    for (uint32_t i = 0, random = 1; i < 300000; i++, random = random * 1664525 + 1013904223)
        put_u8(&noise, (uint8_t)(random >> 24));
    struct built_elf elf = {.type = ET_CORE,
                            .segments = {{PT_NOTE, 0, 0, two_thread_notes(), 0, 0},
                                         {PT_LOAD, 6, 0x1000, buffer_bytes(&noise), 0, 0}}};
    struct bytes packed = compress_gzip(elf_build(&elf));
    AUTO(core_file) core = open_good(bytes_slice(packed, 0, packed.size - 20000));
    size_t threads = 0, warnings = 0;
    core_file_threads(core, &threads);
    assert_int_equal(threads, 2);
    const char *const *texts = core_file_warnings(core, &warnings);
    assert_int_equal(warnings, 2);
    assert_non_null(strstr(texts[0], "the core is cut off: it has "));
    assert_non_null(strstr(texts[1], "the gzip stream of the core is broken after "));
    assert_true(core_file_missing_bytes(core) > 10000);
}

static const struct type_case {
    const char *name;
    uint16_t type;
    const char *error;
} type_cases[] = {
    {"an executable", ET_EXEC, "is an executable or a library, not a core file"},
    {"a PIE or a library", 3, "is an executable or a library, not a core file"},
    {"an object file", 1, "is an ELF file of type 1, not a core file"},
};

static void test_type(void **state)
{
    const struct type_case *row = *state;
    struct bytes bytes = elf_build(&(struct built_elf){.type = row->type});
    const char *path = write_file("core", bytes.data, bytes.size);
    struct core_file *core = NULL;
    AUTO(error) err = core_file_open(path, &core);
    assert_non_null(err);
    assert_int_equal(error_kind(err), ERROR_UNSUPPORTED);
    assert_file_error(TAKE(err), path, row->error);
    assert_null(core);
}

RUN_TABLES_MAIN(SINGLE(test_whole), SINGLE(test_threads), SINGLE(test_arm64),
                SINGLE(test_full_texts), TABLE(executable_cases, test_executable),
                TABLE(broken_cases, test_broken), SINGLE(test_few_registers),
                SINGLE(test_cut_anywhere), SINGLE(test_cut_memory), SINGLE(test_sizes_that_wrap),
                SINGLE(test_many_faults), SINGLE(test_no_notes), SINGLE(test_compressed_and_cut),
                TABLE(type_cases, test_type))
