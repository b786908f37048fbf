// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"
#include "values_internal.h"

#include "symbols/dwarf_location.h"

/** Whether what lies at an address is neither freed nor moved, whoever still points to it. */
bool address_is_static(const struct program *program, target_addr address);

/**
 * An argument of optimised code that has no place at the frame's pc any more, as the caller passed
 * it: out of the slot in the caller's frame into which the function saved its register, or out of
 * what the caller had it from. Parts are given only where the code of both leaves no other
 * possibility (passed.c and caller_copy.c say which); addresses only of what is neither freed nor
 * moved.
 *
 * @param arena  for *out
 * @return false where no part is known
 */
bool passed_argument(struct value_reader *reader, struct arena *arena,
                     const struct variable_frame *frame, const struct dwarf_variable *variable,
                     struct go_type *type, struct storage *out);

/**
 * Whether the function takes the address of a register argument, which then lives in the slot that
 * its register is saved to, as for a closure that assigns to it: DWARF goes on naming a copy of
 * what was passed (Go 1.23).
 */
bool argument_is_addressed(struct value_reader *reader, const struct variable_frame *frame,
                           const struct dwarf_variable *variable, struct go_type *type);
