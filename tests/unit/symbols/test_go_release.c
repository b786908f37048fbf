// SPDX-License-Identifier: MIT
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/dwarf_index.h"
#include "symbols/go_release.h"
#include "symbols/program.h"

#include <stdlib.h>
#include <string.h>

static const struct field_name {
    const char *go_struct, *path;
    bool required;
} field_names[GO_FIELD_COUNT] = {
#define REQUIRED true
#define OPTIONAL false
#define FIELD(name, go_struct, path, need) [FIELD_##name] = {go_struct, path, need},
#include "symbols/go_fields.def"
#undef FIELD
};

static size_t compared, absent, recordings_seen;
static bool seen_present[GO_FIELD_COUNT];

/** Each field of go_fields.def, its presence and its place, in the binary's own DWARF. */
static void test_layouts(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    struct dwarf_index *index;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    assert_error(program_dwarf(program, &index), NULL);
    struct go_release in_dwarf = {0};
    assert_error(go_release_read_layouts(&in_dwarf, index), NULL);
    assert_true(in_dwarf.from_dwarf && !program->release->from_dwarf);
    size_t wrong = 0;
    recordings_seen++;
    for (size_t i = 0; i < GO_FIELD_COUNT; i++) {
        const struct field_name *name = &field_names[i];
        struct go_member expected = in_dwarf.fields[i];
        struct go_member got = go_release_member(program->release, (enum go_field_id)i);
        compared += expected.present;
        absent += !expected.present;
        seen_present[i] |= expected.present;
        // Of a slice or a string its first word alone is read: a table may say either size.
        bool size_differs = expected.size <= 8 && got.size != expected.size;
        if (got.present == expected.present && got.offset == expected.offset && !size_differs &&
            (got.present || !name->required))
            continue;
        print_error("%s.%s: DWARF has %s at %u, %u bytes; the table %s at %u, %u bytes\n",
                    name->go_struct, name->path, expected.present ? "it" : "none", expected.offset,
                    expected.size, got.present ? "it" : "none", got.offset, got.size);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void test_something_was_compared(void **state)
{
    (void)state;
    assert_true(recordings_seen >= 18);
    assert_true(compared >= recordings_seen * 80);
    assert_true(absent > 0); // optional fields are missing from some releases
    for (size_t i = 0; i < GO_FIELD_COUNT; i++)
        if (!seen_present[i] && field_names[i].required)
            fail_msg("%s.%s is in no recording", field_names[i].go_struct, field_names[i].path);
}

static const struct version_case {
    const char *name, *version;
    int minor, real_minor;
    bool swiss, warns;
    const char *error;
} version_cases[] = {
    {"the oldest", "go1.15.15", 15, 15, false, false, NULL},
    {"before Swiss maps", "go1.23.4", 23, 23, false, false, NULL},
    {"with Swiss maps", "go1.24.4", 24, 24, true, false, NULL},
    {"without, by experiment", "go1.24.4 X:noswissmap", 24, 24, false, false, NULL},
    {"several experiments", "go1.25.1 X:nodwarf5,noswissmap", 25, 25, false, false, NULL},
    {"the newest", "go1.27.3", 27, 27, true, false, NULL},
    {"1.26's way to name experiments", "go1.26.10-X:nogreenteagc", 26, 26, true, false, NULL},
    {"a release candidate", "go1.22rc1", 22, 22, false, false, NULL},
    {"newer than known", "go1.31.0", 27, 31, true, true, NULL},
    {"a development version", "devel go1.28-0123456789 Mon Jan 5 10:00:00 2026 +0000", 27, 28, true,
     true, NULL},
    {"one of a known release", "devel go1.26-abcdef", 26, 26, true, true, NULL},
    {"a vendor's", "go1.24.4 (Red Hat 1.24.4-1.el9_6)", 24, 24, true, false, NULL},
    {"a vendor's prefix", "vendor-go1.22.3", 22, 22, false, false, NULL},
    {"without its prefix", "1.24.4", 24, 24, true, false, NULL},
    {"one that names no release", "devel +0123456789 Mon Jan 5 10:00:00 2026 +0000", 27, 1001, true,
     true, NULL},
    {"an experiment that moves fields", "go1.24.4 X:nodwarf5,staticlockranking", 24, 24, true, true,
     NULL},
    {"before 1.15", "go1.14.3", 0, 0, false, false,
     "go1.14.3 is older than go1.15, the oldest release read"},
    {"a negative release", "go1.-3", 0, 0, false, false,
     "go1.-3 is older than go1.15, the oldest release read"},
    {"empty", "", 0, 0, false, false, "Go version \"\" is not one that can be read"},
    {"no Go version", "gccgo 12", 0, 0, false, false,
     "Go version \"gccgo 12\" is not one that can be read"},
    {"Go 2", "go2.1", 0, 0, false, false, "Go version \"go2.1\" is not one that can be read"},
    {"a number beyond int", "go1.99999999999999999999", 27, -1, true, true, NULL},
};

static void test_version(void **state)
{
    const struct version_case *row = *state;
    AUTO(go_release) release = NULL;
    struct error *err = go_release_new(row->version, &release);
    if (row->real_minor == -1) { // either is good: it must not be taken for an old release
        error_ignore(err);
        return;
    }
    assert_error(err, row->error);
    if (row->error)
        return;
    assert_int_equal(release->minor, row->minor);
    assert_int_equal(release->real_minor, row->real_minor);
    assert_int_equal(release->swiss_maps, row->swiss);
    assert_int_equal(release->classic_maps, !row->swiss);
    assert_int_equal(release->unknown != NULL, row->warns);
}

// As the DWARF of a program of npm says that was built by go1.24.6.
static void test_allp_snapshot(void **state)
{
    (void)state;
    static const struct {
        enum go_field_id field;
        uint32_t offset;
    } rows[] = {
        {FIELD_m_g0, 0},        {FIELD_m_procid, 72},   {FIELD_m_curg, 192},
        {FIELD_m_dying, 268},   {FIELD_m_incgo, 280},   {FIELD_m_ncgo, 328},
        {FIELD_m_lockedg, 368}, {FIELD_m_alllink, 352}, {FIELD_m_vdsoSP, 904},
        {FIELD_m_vdsoPC, 912},
    };
    AUTO(go_release) release = NULL;
    assert_error(go_release_new("go1.24.6", &release), NULL);
    go_release_add_allp_snapshot(release);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(go_release_member(release, rows[i].field).offset, rows[i].offset);
}

// What programs of npm print that were built with 1.21.1, 1.21.3 to 1.21.7, and those of 1.21.13
// here.
static const struct switch_case {
    const char *name, *version;
    bool tells;
} switch_cases[] = {
    {"before it", "go1.21.1", false},
    {"with it", "go1.21.2", true},
    {"the next", "go1.21.3", true},
    {"the last", "go1.21.6", true},
    {"with an experiment", "go1.21.6 X:boringcrypto", true},
    {"after it", "go1.21.7", false},
    {"two digits", "go1.21.13", false},
    {"no patch release", "go1.21", false},
    {"another release", "go1.22.4", false},
    {"beyond long", "go1.21.99999999999999999999", false},
};

static void test_tells_switches(void **state)
{
    const struct switch_case *row = *state;
    AUTO(go_release) release = NULL;
    assert_error(go_release_new(row->version, &release), NULL);
    assert_int_equal(release->tells_switches, row->tells);
}

// Numbers read off runtime/symtab.go (abi/symtab.go from 1.21) and runtime2.go of each release.
static const struct number_case {
    const char *name, *version;
    uint8_t number;
    enum go_func_id id;
    uint8_t reason;
    const char *text;
} number_cases[] = {
    {"1.15", "go1.15", 1, FUNC_RUNTIME_MAIN, 14, "chan receive"},
    {"1.16", "go1.16", 18, FUNC_GOPANIC, 15, "chan send"},
    {"1.17", "go1.17", 11, FUNC_JMPDEFER, 14, "chan receive"},
    {"1.18", "go1.18", 9, FUNC_GOPANIC, 2, "IO wait"},
    {"1.21", "go1.21", 18, FUNC_SIGPANIC, 14, "chan receive"},
    {"1.22", "go1.22", 5, FUNC_COROSTART, 14, "chan receive"},
    {"1.25", "go1.25", 19, FUNC_RUN_CLEANUPS, 2, "IO wait"},
    {"beyond the table", "go1.27", 255, FUNC_UNKNOWN, 255, NULL},
    {"nothing", "go1.27", 0, FUNC_NORMAL, 0, NULL},
};

static void test_numbers(void **state)
{
    const struct number_case *row = *state;
    AUTO(go_release) release = NULL;
    assert_error(go_release_new(row->version, &release), NULL);
    assert_int_equal(go_release_func_id(release, row->number), row->id);
    const char *text = go_release_wait_reason(release, row->reason);
    if (!row->text)
        assert_true(!text || !*text);
    else
        assert_string_equal(text ? text : "NULL", row->text);
    go_release_free(NULL);
}

int main(void)
{
    size_t count;
    const struct recording *recordings = recordings_find(TESTDATA, 1, &count);
    const struct test_table tables[] = {
        TABLE(version_cases, test_version), TABLE(switch_cases, test_tells_switches),
        TABLE(number_cases, test_numbers),  {recordings, sizeof *recordings, count, test_layouts},
        SINGLE(test_allp_snapshot),         SINGLE(test_something_was_compared),
    };
    return run_tables(tables, COUNT_OF(tables));
}
