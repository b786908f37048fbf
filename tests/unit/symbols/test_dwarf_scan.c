// SPDX-License-Identifier: MIT
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/dwarf_scan_internal.h"
#include "symbols/program.h"

#include <string.h>

/*
 * What a scan finds at the top of each unit is what libdw finds there: held against each other over
 * all DWARF of the recorded programs, of Go and of C.
 */

static struct program *open_program(const struct recording *recording, struct dwarf_index **out)
{
    struct program *program;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    assert_error(program_dwarf(program, out), NULL);
    return program;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/** Compares a DIE of a scan with what libdw says of it. */
static void assert_same(const struct die_scan *scan, const struct scanned_die *found,
                        Dwarf_Die *expected)
{
    Dwarf_Addr base, low = 0, high = 0;
    assert_int_equal(found->offset, dwarf_dieoffset(expected));
    assert_int_equal(found->tag, dwarf_tag(expected));
    assert_true(same_text(die_scan_name(scan, found), dwarf_diename(expected)));
    if (found->tag != DW_TAG_subprogram)
        return;
    bool has_range = dwarf_ranges(expected, 0, &base, &low, &high) > 0;
    assert_true(has_range == found->has_range || found->range_spelt);
    assert_true(!found->has_range || (found->low == low && found->high == high));
}

static void test_as_libdw(void **state)
{
    struct dwarf_index *index;
    struct program *program = open_program(*state, &index);
    size_t compared = 0;
    for (size_t i = 0; i < index->unit_count; i++) {
        struct unit *unit = &index->units[i];
        struct die_scan scan;
        struct scanned_die found;
        Dwarf_Die die;
        die_scan_begin(&scan, index, unit);
        assert_true(scan.table || !unit->go); // else nothing is held against libdw here
        int status = die_child(&unit->die, &die);
        while (die_scan_next(&scan, &found)) {
            assert_int_equal(status, 0);
            assert_same(&scan, &found, &die);
            status = die_sibling(&die, &die);
            compared++;
        }
        assert_int_not_equal(status, 0);
    }
    assert_true(compared > 1000);
    program_free(program);
}

/** A byte of the units is another: what is found lies further on each time, and inside. */
static void test_broken(void **state)
{
    enum { TRIALS = 300 };
    struct dwarf_index *index;
    struct program *program = open_program(*state, &index);
    uint64_t random = 1;
    for (unsigned i = 0; i < TRIALS; i++) {
        const struct unit *unit = &index->units[i % index->unit_count];
        struct die_scan scan;
        struct scanned_die found;
        die_scan_begin(&scan, index, unit);
        if (!scan.table)
            continue;
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t at = scan.at + (size_t)(random >> 33) % (scan.unit.size - scan.at);
        uint8_t *byte = index->image + (scan.unit.data + at - index->image), kept = *byte;
        *byte = (uint8_t)(random >> 20);
        Dwarf_Off last = 0;
        while (die_scan_next(&scan, &found)) {
            assert_true(found.offset > last && found.offset - scan.start < scan.unit.size);
            assert_true(!found.name || memchr(found.name, '\0', scan.unit.size));
            last = found.offset;
        }
        *byte = kept;
    }
    program_free(program);
}

int main(void)
{
    void (*const tests[])(void **) = {test_as_libdw, test_broken};
    return run_with_recordings(TESTDATA, 1, tests, COUNT_OF(tests));
}
