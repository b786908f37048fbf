// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/dwarf_index.h"

/** Where part of a variable is. */
enum piece_kind { PIECE_ABSENT, PIECE_MEMORY, PIECE_REGISTER, PIECE_VALUE };

struct location_piece {
    enum piece_kind kind;
    uint64_t size;       ///< bytes; 0: all the rest of the variable
    target_addr address; ///< PIECE_MEMORY
    unsigned reg;        ///< PIECE_REGISTER: DWARF number
    uint64_t value;      ///< PIECE_VALUE
};

enum { LOCATION_PIECES = 32 };

struct location {
    struct location_piece pieces[LOCATION_PIECES];
    size_t count; ///< 0: the variable has no location at this pc
};

/** What a location expression may ask for. */
struct location_context {
    target_addr pc;  ///< where lists are looked up
    target_addr cfa; ///< frame.fp of the stack walk
    bool has_cfa;
    const struct registers *registers; ///< NULL: none are known in this frame
    const struct address_space *space;
};

/**
 * Finds where a variable is. A register that is not known makes its piece PIECE_ABSENT, not an
 * error.
 * @return ERROR_CORRUPT for an expression that cannot be evaluated, ERROR_UNSUPPORTED for an
 * operation that Go does not use
 */
MUST_USE struct error *dwarf_location_find(struct dwarf_index *index, Dwarf_Die *die,
                                           const struct location_context *context,
                                           struct location *out);

/**
 * Where the entries of a variable's location list begin, in the order of the list; none for a
 * variable that has the same place everywhere, and where the list is broken.
 *
 * @param arena  for *out
 * @return how many
 */
size_t dwarf_location_starts(struct dwarf_index *index, Dwarf_Die *die, struct arena *arena,
                             target_addr **out);
