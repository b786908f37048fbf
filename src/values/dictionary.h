// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"
#include "values_internal.h"

#include "symbols/dwarf_location.h"

/**
 * The address of the dictionary with which an instantiated generic function was called: what DWARF
 * says of its hidden parameter; where DWARF does not have that (optimised code up to Go 1.26), the
 * stack slot into which the function saves the register that it came in, once the runtime's own
 * tables say that it has. Else, as in a closure, which has it from its object: the only one of that
 * generic in the program's symbols whose types are of the kinds that the frame's variables have.
 *
 * @return 0 where the function is no generic's or the dictionary is not known
 */
target_addr dictionary_find(struct value_reader *reader, const struct variable_frame *frame,
                            const struct location_context *context,
                            const struct dwarf_variables *variables);

/**
 * What dictionary_find() does at the end: by the symbols alone.
 * @param key  under which the answer is remembered: a function's entry, or of one frame
 */
target_addr dictionary_by_symbols(struct value_reader *reader, const char *function, uint64_t key,
                                  const struct dwarf_variables *variables);
