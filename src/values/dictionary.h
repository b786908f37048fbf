// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"
#include "values_internal.h"

#include "symbols/dwarf_location.h"

/**
 * The address of the dictionary with which an instantiated generic function was called: what DWARF
 * says of its hidden parameter; where DWARF does not have that (optimised code up to Go 1.26), the
 * stack slot into which the function saves the register that it came in, once the runtime's own
 * tables say that it has.
 *
 * @return 0 where the function is no generic's or the dictionary is not known
 */
target_addr dictionary_find(struct value_reader *reader, const struct variable_frame *frame,
                            const struct location_context *context,
                            const struct dwarf_variables *variables);
