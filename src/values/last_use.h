// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"
#include "values_internal.h"

#include "symbols/dwarf_location.h"

/** The pieces of a variable whose place at the frame's pc need not be its own; bit n: piece n. */
struct doubted_pieces {
    bool is_known;
    uint32_t pieces;
};

/** A logical frame and all variables in scope there. */
struct frame_places {
    struct value_reader *reader;
    const struct variable_frame *frame;
    const struct dwarf_variables *variables;
    struct doubted_pieces *doubted; ///< what was found out: one for each variable, zero at first
};

/**
 * Whether what a variable of optimised code is read from may be older than the variable. The
 * compiler drops an assignment whose value nothing uses, and the location list goes on naming what
 * the variable held before: after `x = f()`, `i++` or `err = g()` at the end of a function. Nothing
 * in the binary tells of the assignment. So only a place that the code still reads is known to hold
 * the variable as it is, and only if no second variable has the same place (after `y := x`). The
 * collector, too, keeps what a pointer leads to no longer than that.
 *
 * @param location  where the variable is at the frame's pc; not empty
 * @param type      NULL: not known
 */
bool variable_may_be_old(struct frame_places *places, const struct dwarf_variable *variable,
                         const struct location *location, struct go_type *type);
