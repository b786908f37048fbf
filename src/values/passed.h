// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"
#include "values_internal.h"

#include "symbols/dwarf_location.h"

/**
 * An argument of optimised code that has no place at the frame's pc any more, as the caller passed
 * it: out of the slot in the caller's frame into which the function saved its register. Parts are
 * given only where the function's code leaves no other possibility (passed.c says which); addresses
 * only of what is neither freed nor moved.
 *
 * @param arena  for *out
 * @return false where no part is known
 */
bool passed_argument(struct value_reader *reader, struct arena *arena,
                     const struct variable_frame *frame, const struct dwarf_variable *variable,
                     struct go_type *type, struct storage *out);
