// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/pclntab.h"
#include "symbols/type.h"

/** Everything of a kind that a program has, one call each; in the tables' own order. */

/** Functions with code of their own. A record that is broken is left out. */
void functions_visit(const struct module_list *modules,
                     void (*visit)(void *context, const struct pc_function *function),
                     void *context);

/** Source files as the compiler recorded them; a file may come more than once. */
void source_files_visit(const struct module_list *modules,
                        void (*visit)(void *context, const char *file), void *context);

/**
 * Names of types, with full package paths: those of DWARF, else those that the runtime lists. A
 * name is good for the call alone, and may come more than once.
 */
MUST_USE struct error *type_names_visit(struct type_table *table,
                                        void (*visit)(void *context, const char *name),
                                        void *context);
