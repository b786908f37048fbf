// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"
#include "values_internal.h"

#include "symbols/pclntab.h"

/** A part of an argument that came in a register. */
struct passed_part {
    unsigned reg;    ///< DWARF number
    size_t size;     ///< at most 8
    bool is_pointer; ///< what it leads to may be freed
};

/**
 * What the caller put into an argument's register: a constant, the address of static data, or what
 * lies in a slot of its frame and has not changed since. Only where the caller's code leaves no
 * other possibility: it calls this very function by name, and the instructions that lead to the
 * call stand in one line that nothing jumps into.
 *
 * @param out  8 bytes
 */
bool caller_copy(struct value_reader *reader, const struct variable_frame *frame,
                 const struct pc_function *callee, const struct passed_part *part, uint8_t *out);

/**
 * The frame of the function that called a closure's, where that one made the closure: it calls it
 * by name, so that no variable of a function type came in between, or the closure lies in its own
 * frame.
 */
bool caller_that_made(struct value_reader *reader, const struct variable_frame *frame,
                      const struct pc_function *callee, struct variable_frame *caller);
