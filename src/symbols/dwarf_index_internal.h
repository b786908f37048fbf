// SPDX-License-Identifier: MIT
#pragma once

#include "base/limits.h"
#include "base/table.h"
#include "symbols/dwarf_index.h"

/** Go's own attributes: cmd/internal/dwarf/dwarf.go, DW_AT_go_*. */
enum go_attribute {
    GO_ATTRIBUTE_KIND = 0x2900,
    GO_ATTRIBUTE_KEY = 0x2901,
    GO_ATTRIBUTE_ELEM = 0x2902,
    GO_ATTRIBUTE_EMBEDDED = 0x2903,
    GO_ATTRIBUTE_RUNTIME_TYPE = 0x2904, ///< offset from moduledata.types, although of form addr
    GO_ATTRIBUTE_PACKAGE_NAME = 0x2905,
    GO_ATTRIBUTE_DICT_INDEX = 0x2906,     ///< Go 1.18+
    GO_ATTRIBUTE_CLOSURE_OFFSET = 0x2907, ///< Go 1.23+
};

/** A function with code; addresses as in the file. */
struct subprogram {
    Dwarf_Addr low, high;
    Dwarf_Off die;
};

/** A type, a package variable or a constant at the top of a Go unit. */
struct dwarf_name {
    const char *text; ///< as it stands in .debug_info, its dots escaped
    Dwarf_Off die;
};

struct dwarf_name_list {
    struct dwarf_name *items;
    size_t count, capacity;
};

/** A compilation unit; its functions are listed when first asked for. */
struct unit {
    Dwarf_Die die;
    bool go; ///< DW_LANG_Go: only its names are Go's
    bool functions_read;
    struct subprogram *functions; ///< ordered by low
    size_t function_count;
    struct dwarf_name_list variables; ///< of the package
};

struct unit_range {
    Dwarf_Addr low, high;
    size_t unit;
};

struct abbreviation_table;

enum { DIE_ORIGIN_SHIFT = 48 }; // no section is that large

struct dwarf_index {
    target_addr bias;
    uint64_t origin; ///< added to the offsets of DIEs: which file's, << DIE_ORIGIN_SHIFT
    uint8_t *image;  ///< the ELF file that libdw reads
    Elf *elf;
    Dwarf *dwarf;

    struct unit *units;
    size_t unit_count, unit_capacity;
    struct unit_range *ranges; ///< ordered by low
    size_t range_count, range_capacity;

    bool names_read;
    struct dwarf_name_list types, globals;
    struct dwarf_name_list constants; ///< of whole numbers
    struct table *type_heads; ///< hash of the unescaped text → index + 1 of the last; NULL: see
                              ///< dwarf_index_type()
    uint32_t *type_nexts;     ///< for each type the one before it of the same hash, + 1

    struct bytes info, abbrev; ///< the sections; see dwarf_scan.c
    struct abbreviation_table **tables;
    size_t table_count, table_capacity;
    struct table *table_by_offset; ///< → index + 1
    uint64_t abbrev_read;          ///< what reading them has cost
};

/** Types, functions and variables; those and the line tables; .debug_frame alone. */
enum dwarf_image_kind { DWARF_IMAGE_NAMES, DWARF_IMAGE_LINES, DWARF_IMAGE_FRAMES };

/**
 * Puts chosen sections of file, inflated, into an ELF image of their own.
 * @param image  set on success; release with free()
 */
MUST_USE struct error *dwarf_image_build(struct elf_file *file, enum dwarf_image_kind kind,
                                         uint8_t **image, size_t *size);

/** The offset of a DIE of this index as others have it; and the way back. */
static inline uint64_t dwarf_die_place(const struct dwarf_index *index, Dwarf_Die *die)
{
    return dwarf_dieoffset(die) | index->origin;
}

static inline bool dwarf_die_at(const struct dwarf_index *index, uint64_t place, Dwarf_Die *out)
{
    return dwarf_offdie(index->dwarf, place & (((uint64_t)1 << DIE_ORIGIN_SHIFT) - 1), out);
}

struct program;

/** The same for a DIE of whichever index of a program. */
uint64_t program_die_place(const struct program *program, Dwarf_Die *die);

/** The module whose DWARF has the DIE at an offset; NULL: none is known to. */
const struct module *program_module_of_die(const struct program *program, uint64_t die);

/** What libdw says last went wrong, as ERROR_CORRUPT. */
MUST_USE struct error *dwarf_error(const char *what, Dwarf_Off where);

/** As dwarf_child and dwarf_siblingof: 0, 1 for none, -1; a sibling that does not lie behind is -1.
 */
int die_child(Dwarf_Die *die, Dwarf_Die *child);
int die_sibling(Dwarf_Die *die, Dwarf_Die *sibling);

/** Attributes of the DIE or of the one that it is an instance of; false where it has none. */
bool die_udata(Dwarf_Die *die, unsigned name, uint64_t *out);
bool die_flag(Dwarf_Die *die, unsigned name);
bool die_reference(Dwarf_Die *die, unsigned name, Dwarf_Die *out);

/** The function whose code holds an address of the file. @return ERROR_NOT_FOUND */
MUST_USE struct error *dwarf_index_function(struct dwarf_index *index, Dwarf_Addr pc,
                                            struct subprogram *out);

/** Lists the named types, variables and constants of all Go units; cheap the second time. */
MUST_USE struct error *dwarf_index_read_names(struct dwarf_index *index);

/**
 * The arithmetic that locations and unwind rules share: DWARF 5, 2.5.1.4, on 64-bit words.
 * @return false for an operation that is not one of it; *out is then untouched
 */
bool dwarf_arithmetic(uint8_t atom, uint64_t a, uint64_t b, uint64_t *out);
