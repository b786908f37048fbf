// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "support/elf_builder.h"
#include "support/support.h"
#include "symbols/moduledata.h"
#include "symbols/pclntab.h"
#include "symbols/program.h"

#include <stdlib.h>
#include <string.h>

/*
 * The recorded binary's own moduledata with one word changed. Offsets: Go 1.27's runtime/symtab.go,
 * read off the DWARF of testdata/nilmap/go1.27-noopt.
 */
static const struct patch_case {
    const char *name;
    enum go_field_id field;
    uint32_t add; ///< to its offset: 8 for a slice's length
    uint64_t value;
    size_t modules;
    enum error_kind kind;
    const char *error; ///< with the moduledata's address cut off
} patch_cases[] = {
    {"as it is", FIELD_md_next, 0, 0, 1, 0, NULL},
    {"a link to itself", FIELD_md_next, 0, 1, 1, 0, NULL},
    {"a link into nothing", FIELD_md_next, 0, 0x10, 1, 0, NULL},
    {"a link to the end of memory", FIELD_md_next, 0, UINT64_MAX, 1, 0, NULL},
    {"no functions", FIELD_md_ftab, 8, 0, 0, ERROR_CORRUPT, ": 0 functions"},
    {"an end mark alone", FIELD_md_ftab, 8, 1, 0, ERROR_CORRUPT, ": 1 functions"},
    {"2^40 functions", FIELD_md_ftab, 8, (uint64_t)1 << 40, 0, ERROR_CORRUPT,
     ": 1099511627776 functions"},
    {"2^64 - 1 functions", FIELD_md_ftab, 8, UINT64_MAX, 0, ERROR_CORRUPT,
     ": 18446744073709551615 functions"},
    {"more functions than the table holds", FIELD_md_ftab, 8, 1 << 23, 0, ERROR_UNMAPPED,
     ": its function table is not in the core, and not in the binary"},
    {"a table in nothing", FIELD_md_ftab, 0, 0x10, 0, ERROR_UNMAPPED,
     ": its function table is not in the core, and not in the binary"},
    {"pclntable longer than its memory", FIELD_md_pclntable, 8, (uint64_t)1 << 40, 0,
     ERROR_UNMAPPED, ": its function table is not in the core, and not in the binary"},
    {"names whose size wraps", FIELD_md_funcnametab, 8, UINT64_MAX, 0, ERROR_UNMAPPED,
     ": its function table is not in the core, and not in the binary"},
    {"files whose size wraps", FIELD_md_cutab, 8, (uint64_t)1 << 62, 1, 0, NULL},
    {"minpc beyond maxpc", FIELD_md_minpc, 0, UINT64_MAX, 0, ERROR_CORRUPT,
     ": its ranges contradict each other"},
    {"text beyond minpc", FIELD_md_text, 0, UINT64_MAX, 0, ERROR_CORRUPT,
     ": its ranges contradict each other"},
    {"types that end before they begin", FIELD_md_etypes, 0, 0, 0, ERROR_CORRUPT,
     ": its ranges contradict each other"},
    {"data that ends before it begins", FIELD_md_edata, 0, 1, 0, ERROR_CORRUPT,
     ": its ranges contradict each other"},
};

static void test_patch(void **state)
{
    enum { AROUND = 4096 };
    const struct patch_case *row = *state;
    AUTO(program) recorded = NULL;
    assert_error(program_open(TESTDATA "/nilmap/go1.27-noopt/binary.zst",
                              TESTDATA "/nilmap/go1.27-noopt/crash.core.zst", &recorded),
                 NULL);
    target_addr module = recorded->modules->items[0].address;
    uint64_t value = row->field == FIELD_md_next && row->value == 1 ? module : row->value;
    AUTO_BUFFER uint8_t *memory = alloc_bytes(AROUND);
    assert_true(address_space_try_read(recorded->space, module, memory, 1024));
    uint32_t offset = go_release_member(recorded->release, row->field).offset + row->add;
    for (size_t i = 0; i < 8; i++)
        memory[offset + i] = (uint8_t)(value >> (8 * i));
    // The patched moduledata and no more: the tables come from the binary.
    const struct built_elf image = {.type = 4, .segments = {{1, 6, module, {memory, 1024}, 0, 0}}};
    struct bytes bytes = elf_build(&image);
    AUTO(core_file) core = NULL;
    assert_error(core_file_open(write_file("core", bytes.data, bytes.size), &core), NULL);
    AUTO(address_space) space = address_space_new(core);
    address_space_add_file(space, recorded->binary, recorded->bias);
    struct program program = *recorded;
    program.core = core;
    program.space = space;
    AUTO(module_list) list = NULL;
    struct error *err = module_list_read(&program, space, &list);
    AUTO_TEXT expected = {0};
    if (row->error)
        buffer_printf(&expected, "moduledata at %#lx%s", (unsigned long)module, row->error);
    assert_error_kind(err, row->kind, expected.data);
    assert_int_equal(list ? list->count : 0, row->modules);
    struct pc_function function;
    if (list) // whatever is missing: names can still be asked for
        assert_true(pc_function_find(list, recorded->modules->items[0].min_pc, &function));
    module_list_free(NULL);
}

static void test_lookup(void **state)
{
    (void)state;
    struct module items[] = {
        {.min_pc = 0x1000, .max_pc = 0x2000, .types = 0x8000, .etypes = 0x9000},
        {.min_pc = 0x4000, .max_pc = 0x5000, .types = 0x9000, .etypes = 0xa000},
    };
    struct module_list list = {.items = items, .count = 2};
    static const struct {
        target_addr address;
        int by_pc, by_type; // -1: none
    } rows[] = {{0, -1, -1},      {0xfff, -1, -1},  {0x1000, 0, -1},     {0x1fff, 0, -1},
                {0x2000, -1, -1}, {0x4800, 1, -1},  {0x8000, -1, 0},     {0x8fff, -1, 0},
                {0x9000, -1, 1},  {0xa000, -1, -1}, {UINT64_MAX, -1, -1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_ptr_equal(module_of_pc(&list, rows[i].address),
                         rows[i].by_pc < 0 ? NULL : &items[rows[i].by_pc]);
        assert_ptr_equal(module_of_type(&list, rows[i].address),
                         rows[i].by_type < 0 ? NULL : &items[rows[i].by_type]);
    }
}

RUN_TABLES_MAIN(TABLE(patch_cases, test_patch), SINGLE(test_lookup))
