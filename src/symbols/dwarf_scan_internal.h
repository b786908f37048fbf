// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"
#include "dwarf_index_internal.h"

/** The abbreviations at one offset of .debug_abbrev, made ready for going past their DIEs. */
struct abbreviation_table;

/** A DIE at the top of a unit. */
struct scanned_die {
    Dwarf_Off offset;
    int tag;
    const char *name; ///< where it stands in the DIE itself, as Go writes it; else NULL
    bool refers;      ///< its name may stand elsewhere: see die_scan_name()
    bool has_range;   ///< low and high are what die_range() would say
    bool range_spelt; ///< it has code, of which only libdw knows where
    Dwarf_Addr low, high;
};

/**
 * A walk over the DIEs at the top of a unit: all that lies below them is passed over, for Go's
 * DWARF has no DW_AT_sibling. What dwarf_siblingof finds too, in a tenth of the time; where forms
 * are not known it is asked.
 *
 * Format: DWARF 5, 7.5.3 (abbreviations) and 7.5.6 (forms).
 */
struct die_scan {
    struct dwarf_index *index;
    const struct abbreviation_table *table; ///< NULL: through libdw
    struct bytes unit;                      ///< from its header to its end
    Dwarf_Off start;                        ///< of the unit in .debug_info
    size_t at;
    unsigned below; ///< levels of children between `at` and the next DIE at the top
    size_t sibling; ///< where the next is, as the last one says; 0: it does not
    Dwarf_Die die;  ///< through libdw
    bool begun, ended;
};

void die_scan_begin(struct die_scan *scan, struct dwarf_index *index, const struct unit *unit);

/** The next; false behind the last, and where the unit is broken. */
bool die_scan_next(struct die_scan *scan, struct scanned_die *out);

/** The name, wherever it stands; NULL: it has none. */
const char *die_scan_name(const struct die_scan *scan, const struct scanned_die *die);

void abbreviation_tables_free(struct abbreviation_table **tables, size_t count);
