// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/dwarf_index_internal.h"
#include "symbols/type_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each recorded program says its types twice: in DWARF and in the runtime's descriptors. Both must
 * give one model, and a type must be found by the same names with and without DWARF.
 */

static const char *const kind_names[] = {
    "invalid", "bool",      "int",        "int8",   "int16",  "int32",         "int64",
    "uint",    "uint8",     "uint16",     "uint32", "uint64", "uintptr",       "float32",
    "float64", "complex64", "complex128", "array",  "chan",   "func",          "interface",
    "map",     "pointer",   "slice",      "string", "struct", "unsafe.Pointer"};

/** All that type_resolve() gives, in one line. */
static void describe(const struct go_type *type, struct buffer *out)
{
    buffer_printf(out, "%s %s %" PRIu64 "%s%s%s", type->name, kind_names[type->kind], type->size,
                  type->named ? " named" : "", type->direct_interface ? " direct" : "",
                  type->has_methods ? " methods" : "");
    if (type->key)
        buffer_printf(out, " of %s to", type->key->name);
    if (type->elem)
        buffer_printf(out, " %s", type->elem->name);
    if (type->kind == GO_ARRAY)
        buffer_printf(out, " x %" PRIu64, type->length);
    for (size_t i = 0; i < type->field_count; i++)
        buffer_printf(out, ", %s%s %s @%" PRIu64, type->fields[i].embedded ? "embedded " : "",
                      type->fields[i].name, type->fields[i].type->name, type->fields[i].offset);
    const struct go_map_layout *map = &type->map;
    if (map->known && map->swiss)
        buffer_printf(out, " swiss %u+%u/%u, %u+%u", map->keys_offset, map->key_stride,
                      map->group_size, map->elems_offset, map->elem_stride);
    else if (map->known)
        buffer_printf(out, " classic %u", map->bucket_size);
    if (map->known)
        buffer_printf(out, "%s%s", map->indirect_key ? " key behind pointer" : "",
                      map->indirect_elem ? " elem behind pointer" : "");
}

struct target {
    struct program *program;
    struct type_table *table;
};

static void open_target(const struct recording *recording, bool with_dwarf, struct target *out)
{
    assert_error(program_open(recording->binary, recording->core, &out->program), NULL);
    if (!with_dwarf)
        out->program->dwarf_tried = true; // as if there were none
    out->table = type_table_new(out->program);
}

static void close_target(struct target *target)
{
    type_table_free(target->table);
    program_free(target->program);
}

/**
 * The runtime's names for its own inside have no packages to tell apart, and a type declared in a
 * function goes by a number in DWARF alone.
 */
static bool full_names_may_differ(const struct go_type *type)
{
    return strncmp(type->name, "map.", 4) == 0 || strstr(type->name, " map.") ||
           (type->full_name && (strstr(type->full_name, "·") || strpbrk(type->full_name, "({")));
}

static bool agree(struct type_table *table, struct go_type *dwarf, struct go_type *runtime)
{
    AUTO_TEXT a = {0};
    AUTO_TEXT b = {0};
    assert_error(type_resolve(table, runtime), NULL);
    describe(dwarf, &a);
    describe(runtime, &b);
    if (!full_names_may_differ(dwarf)) {
        buffer_printf(&a, " full %s", dwarf->full_name ? dwarf->full_name : "-");
        buffer_printf(&b, " full %s", runtime->full_name ? runtime->full_name : "-");
    }
    if (strcmp(buffer_text(&a), buffer_text(&b)) == 0)
        return true;
    print_error("DWARF:   %s\nruntime: %s\n", buffer_text(&a), buffer_text(&b));
    return false;
}

/** The programs stale and waits link neither os nor reflect. */
static void skip_small(const struct recording *recording)
{
    if (strncmp(recording->name, "stale/", strlen("stale/")) == 0 ||
        strncmp(recording->name, "waits/", strlen("waits/")) == 0)
        skip();
}

static void test_sources_agree(void **state)
{
    struct target target;
    skip_small(*state);
    open_target(*state, true, &target);
    struct dwarf_index *index;
    assert_error(program_dwarf(target.program, &index), NULL);
    assert_error(dwarf_index_read_names(index), NULL);
    size_t compared = 0, wrong = 0, maps = 0;
    for (size_t i = 0; i < index->types.count; i++) {
        struct go_type *type, *runtime;
        assert_error(type_from_dwarf(target.table, index->types.items[i].die, &type), NULL);
        assert_error(type_resolve(target.table, type), NULL);
        assert_true(type->dictionary_index == -1);
        if (!type->runtime_type)
            continue;
        assert_error(type_from_runtime(target.table, type->runtime_type, &runtime), NULL);
        wrong += !agree(target.table, type, runtime);
        compared++;
        maps += type->map.known;
    }
    assert_int_equal(wrong, 0);
    assert_true(compared > 300);
    assert_true(maps > 5);
    close_target(&target);
}

/** Types of every program; the runtime's own are the same in all releases from 1.15 on. */
static const struct name_case {
    const char *name, *expected; // expected NULL: error
    const char *error;
} name_cases[] = {
    {"int", "int int 8", NULL},
    {"byte", "uint8 uint8 1", NULL},
    {"[]byte", "[]uint8 slice 24 uint8", NULL},
    {"string", "string string 16", NULL},
    {"*string", "*string pointer 8 direct string", NULL},
    {"error", "error interface 16 methods", NULL},
    {"any", "interface {} interface 16", NULL},
    {"interface{}", "interface {} interface 16", NULL},
    {"unsafe.Pointer", "unsafe.Pointer unsafe.Pointer 8 direct", NULL},
    {"reflect.Value", "reflect.Value struct 24 named, typ", NULL},
    {"*reflect.rtype", "*reflect.rtype pointer 8 direct reflect.rtype", NULL},
    {"****reflect.Value", "****reflect.Value pointer 8 direct ***reflect.Value", NULL},
    {"[7][]reflect.Value", "[7][]reflect.Value array 168 []reflect.Value x 7", NULL},
    {"os.File", "os.File struct 8 named direct, embedded file *os.file @0", NULL},
    {"[9999999999999999]int", NULL, "9999999999999999 elements of 8 bytes"},
    {"main.NoSuchType", NULL, "no type is called main.NoSuchType"},
    {"*NoSuchType", NULL, "no type is called NoSuchType"},
    {"", NULL, "no type is called "},
};

static void check_names(const struct recording *recording, bool with_dwarf)
{
    struct target target;
    skip_small(recording);
    open_target(recording, with_dwarf, &target);
    for (size_t i = 0; i < COUNT_OF(name_cases); i++) {
        const struct name_case *row = &name_cases[i];
        struct go_type *type, *again;
        struct error *err = type_by_name(target.table, row->name, &type);
        if (row->error) {
            assert_error(err, row->error);
            continue;
        }
        assert_error(err, NULL);
        assert_error(type_resolve(target.table, type), NULL);
        AUTO_TEXT text = {0};
        describe(type, &text);
        if (strncmp(buffer_text(&text), row->expected, strlen(row->expected)) != 0)
            fail_msg("%s: expected %s, got %s", row->name, row->expected, buffer_text(&text));
        assert_error(type_by_name(target.table, row->name, &again), NULL);
        assert_ptr_equal(type, again);
    }
    close_target(&target);
}

static void test_names_with_dwarf(void **state)
{
    check_names(*state, true);
}

static void test_names_without_dwarf(void **state)
{
    check_names(*state, false);
}

/** Offsets that hold no type, or nothing. */
static void test_bad_offsets(void **state)
{
    struct target target;
    open_target(*state, true, &target);
    struct dwarf_index *index;
    struct go_type *type = NULL;
    assert_error(program_dwarf(target.program, &index), NULL);
    struct error *err = type_from_dwarf(target.table, UINT64_MAX, &type);
    assert_non_null(err);
    assert_int_equal(error_kind(err), ERROR_CORRUPT);
    error_free(err);
    for (uint64_t offset = 0; offset < 4096; offset++)
        error_ignore(type_from_dwarf(target.table, offset, &type));
    uint64_t unit = dwarf_dieoffset(&index->units[0].die);
    err = type_from_dwarf(target.table, unit, &type);
    assert_non_null(err);
    error_free(err);
    close_target(&target);
}

static void test_without_dwarf(void **state)
{
    struct target target;
    open_target(*state, false, &target);
    struct go_type *type;
    struct error *err = type_from_dwarf(target.table, 11, &type);
    assert_non_null(err);
    assert_int_equal(error_kind(err), ERROR_NOT_FOUND);
    error_free(err);
    close_target(&target);
}

int main(void)
{
    void (*const tests[])(void **) = {test_sources_agree, test_names_with_dwarf,
                                      test_names_without_dwarf, test_bad_offsets,
                                      test_without_dwarf};
    return run_with_recordings(TESTDATA, 1, tests, COUNT_OF(tests));
}
