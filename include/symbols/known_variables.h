// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/pclntab.h"
#include "symbols/program.h"

/**
 * Package variables of the standard library whose place a report needs, in programs with symbols
 * and without: there the code of a function that is known to use the variable tells where it lies.
 * Which they are is the table of the source, which a test holds against the symbols of every
 * recorded binary. Safe for use by several threads.
 */
struct known_variables *known_variables_new(void);
void known_variables_free(struct known_variables *known);

/**
 * The target's address of a package variable: by its symbol, else through code.
 *
 * @param name  "runtime.allm"; or "runtime.debug.tracebacklabels", a field of which no symbol tells
 * @return false where there is no symbol, and the name is not in the table, the function that tells
 *         is not in the program, or its code is not as it is known to be
 */
bool program_variable(const struct program *program, const char *name, target_addr *out);

/** The name of a row of the table; NULL behind the last. A variable can have several. */
const char *known_variable_name(size_t row);

/** The same through code alone. */
bool program_variable_by_code(const struct program *program, const char *name, target_addr *out);

/**
 * A function of the program itself by its exact name in Go's own tables.
 *
 * @param names  several: the first function that bears one of them at or behind *position
 * @param position  where to go on looking; 0 at first
 */
bool program_next_function(const struct program *program, const char *const *names, size_t count,
                           uint64_t *position, struct pc_function *out);
