// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "support/elf_builder.h"
#include "support/support.h"
#include "symbols/link_map_internal.h"

#include <elf.h>

/* A program whose dynamic section leads to the linker's list at LIST: r_debug, then its links. */
enum { BIAS = 0x10000, DYNAMIC = 0x402000, LIST = 0x500000, LINK_SIZE = 32, NAMES = LIST + 0x400 };
enum { LIBC = 0x7f0000, LIBC_END = 0x7f8000, LIBM = 0x800000 };

struct link {
    target_addr base, name, dynamic, next;
};

static const struct list_case {
    const char *name;
    struct link links[4]; ///< behind r_debug, in turn
    uint64_t debug;       ///< DT_DEBUG's value
    target_addr first;    ///< r_debug.r_map
    size_t count;         ///< libraries that are found
} list_cases[] = {
#define AT(n) (LIST + 0x40 + (n)*LINK_SIZE)
    {"two",
     {{0, NAMES + 15, 1, AT(1)}, {LIBC, NAMES, LIBC_END, AT(2)}, {LIBM, NAMES + 8, LIBM + 16, 0}},
     LIST,
     AT(0),
     2},
    {"the linker has not begun", {{0}}, 0, 0, 0},
    {"no list yet", {{0}}, LIST, 0, 0},
    {"the list is not in the core", {{0}}, 0x900000, AT(0), 0},
    {"a link is not in the core", {{LIBC, NAMES, LIBC_END, 0x900000}}, LIST, AT(0), 1},
    {"a name is not in the core", {{LIBC, 0x900000, LIBC_END, 0}}, LIST, AT(0), 0},
    {"it ends before it begins", {{LIBC, NAMES, LIBC - 8, 0}}, LIST, AT(0), 0},
};

static struct bytes list_bytes(const struct list_case *row)
{
    struct buffer list = {0};
    put_u64(&list, 1); // r_version
    put_u64(&list, row->first);
    put_zeros(&list, 0x30);
    for (size_t i = 0; i < COUNT_OF(row->links); i++) {
        put_u64(&list, row->links[i].base);
        put_u64(&list, row->links[i].name);
        put_u64(&list, row->links[i].dynamic);
        put_u64(&list, row->links[i].next);
    }
    put_zeros(&list, NAMES - LIST - list.size);
    put_bytes(&list, (struct bytes){(const uint8_t *)"libc.so\0libm.so", 16});
    return buffer_bytes(&list);
}

static size_t read_list(const struct list_case *row, struct arena *arena,
                        struct loaded_library **out)
{
    struct buffer dynamic = {0};
    put_u64(&dynamic, DT_NEEDED);
    put_u64(&dynamic, 1);
    put_u64(&dynamic, DT_DEBUG);
    put_u64(&dynamic, row->debug);
    put_u64(&dynamic, DT_NULL);
    put_u64(&dynamic, 0);
    struct bytes entries = buffer_bytes(&dynamic);
    const struct built_elf core = {
        .type = ET_CORE,
        .segments = {{PT_LOAD, PF_R | PF_W, LIST, list_bytes(row), 0, 0},
                     {PT_LOAD, PF_R | PF_W, DYNAMIC + BIAS, entries, 0, 0}},
    };
    const struct built_elf binary = {
        .type = ET_DYN,
        .segments = {{PT_DYNAMIC, PF_R | PF_W, DYNAMIC, entries, 0, 0}},
    };
    struct core_file *core_file = NULL;
    struct elf_file *file = NULL;
    struct bytes bytes = elf_build(&core);
    assert_error(core_file_open(write_file("core", bytes.data, bytes.size), &core_file), NULL);
    bytes = elf_build(&binary);
    assert_error(elf_file_open(write_file("binary", bytes.data, bytes.size), &file), NULL);
    struct address_space *space = address_space_new(core_file);
    size_t count = link_map_read(space, file, BIAS, arena, out);
    address_space_free(space);
    elf_file_free(file);
    core_file_free(core_file);
    return count;
}

static void test_list(void **state)
{
    const struct list_case *row = *state;
    struct loaded_library *libraries = NULL;
    AUTO(arena) arena = arena_new();
    assert_int_equal(read_list(row, arena, &libraries), row->count);
    if (row->count == 2) {
        assert_string_equal(libraries[0].path, "libc.so");
        assert_int_equal(libraries[0].base, LIBC);
        assert_int_equal(libraries[0].end, LIBC_END);
        assert_string_equal(libraries[1].path, "libm.so");
    }
}

/** A list that leads back into itself ends at the limit. */
static void test_circle(void **state)
{
    (void)state;
    static const struct list_case circle = {
        .links = {{LIBC, NAMES, LIBC_END, AT(0)}}, .debug = LIST, .first = AT(0)};
    struct loaded_library *libraries = NULL;
    AUTO(arena) arena = arena_new();
    assert_int_equal(read_list(&circle, arena, &libraries), LIMIT_NATIVE_MODULES);
}

RUN_TABLES_MAIN(TABLE(list_cases, test_list), SINGLE(test_circle))
