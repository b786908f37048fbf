// SPDX-License-Identifier: MIT
#pragma once

#include "values_internal.h"

#include "symbols/dwarf_index.h"
#include "symbols/pclntab.h"

/** Where a captured variable is, relative to the closure object. */
struct captured_place {
    bool captured; ///< it is one of the captured ones, wherever it may lie
    bool found;
    bool by_address; ///< the object holds the variable's address at offset, not the variable
    uint64_t offset;
};

/**
 * Finds where the variables of a closure's function lie in the closure object. Go 1.23 and later
 * say it in DWARF; before, it is taken from the function's first instructions, which load what was
 * captured through the context register and, as DWARF says, into the variables.
 *
 * @param places  one for each variable; found and captured are false where it is none of the
 * captured ones, found alone where nothing tells
 * @return false where it captured more than those
 */
bool captured_places(struct value_reader *reader, const struct pc_function *function,
                     const struct dwarf_variables *variables, struct captured_place *places);

/** Adds what a closure captured to the children of job's value, whose `bits` is its object. */
void captured_queue(struct value_reader *reader, const struct value_job *job,
                    const struct pc_function *function);
