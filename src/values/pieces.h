// SPDX-License-Identifier: MIT
#pragma once

#include "values_internal.h"

#include "symbols/dwarf_location.h"

/** The parts that Go's compiler takes a value apart into, each at most a word. */
struct value_parts {
    struct {
        uint64_t offset, size;
        bool is_pointer;    ///< to memory that may be freed or moved, as far as the type says
        struct go_type *of; ///< the string, slice, number … that it is a part of, resolved …
        unsigned nth;       ///< … and which of its parts
    } items[LOCATION_PIECES];
    size_t count;
};

/**
 * Takes a type apart: a string is a pointer and a length, a struct its fields.
 * @return false for one that the compiler leaves whole in memory: more than four words, a struct of
 * more than four fields, an array of several elements
 */
bool value_parts_of(struct value_reader *reader, struct go_type *type, struct value_parts *out);

/**
 * Puts each piece of an optimised variable's location at its offset in the variable. DWARF's pieces
 * follow one another; Go leaves out what has no slot and does not say which part that was, leaves
 * out padding, and up to 1.21 names a slot twice.
 *
 * @param offsets  one for each piece that stays in *location
 * @return false where it cannot be known which part a piece is
 */
bool pieces_place(struct value_reader *reader, struct go_type *type, struct location *location,
                  uint64_t *offsets);
