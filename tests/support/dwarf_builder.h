// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "base/cursor.h"

#include <stdbool.h>

/**
 * One compilation unit of DWARF 4 or 5, written DIE by DIE. Each DIE has an abbreviation of its
 * own, made of the attributes that follow it.
 */
struct built_dwarf {
    int version;
    struct buffer info, abbrev;
    struct bytes loc, ranges, addr; ///< .debug_loc or .debug_loclists and so on, by version
    unsigned code;
    bool open; ///< the last DIE's abbreviation waits for attributes
};

void built_dwarf_begin(struct built_dwarf *dwarf, int version);

/** A DIE; its children follow up to built_end(). @return its offset in .debug_info */
uint32_t built_die(struct built_dwarf *dwarf, unsigned tag, bool has_children);
void built_end(struct built_dwarf *dwarf);

/** Attributes of the last DIE. */
void built_string(struct built_dwarf *dwarf, unsigned name, const char *text);
void built_udata(struct built_dwarf *dwarf, unsigned name, uint64_t value);
void built_address(struct built_dwarf *dwarf, unsigned name, uint64_t value);
void built_flag(struct built_dwarf *dwarf, unsigned name, bool value);
void built_block(struct built_dwarf *dwarf, unsigned name, struct bytes block);
void built_section_offset(struct built_dwarf *dwarf, unsigned name, uint32_t offset);

/** DW_FORM_ref_addr. @return its place, for built_refer() */
size_t built_reference(struct built_dwarf *dwarf, unsigned name, uint32_t die);

/** Points a reference to a DIE that was written later. */
void built_refer(struct built_dwarf *dwarf, size_t place, uint32_t die);

/** low_pc and high_pc as addresses, as Go wrote them up to 1.24. */
void built_code(struct built_dwarf *dwarf, uint64_t low, uint64_t high);

/** Ends the unit. @return an executable of these sections alone; the builder is cleared */
struct bytes built_dwarf_elf(struct built_dwarf *dwarf);
