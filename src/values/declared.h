// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"
#include "values_internal.h"

#include "symbols/dwarf_index.h"
#include "symbols/pclntab.h"

/**
 * Drops the local variables that are in scope for DWARF but not declared yet at the frame's pc: in
 * code that was not optimised each has its place in the frame from the start, and there lies
 * whatever was there before. A line alone does not tell (x := f(1), and a call that spans lines),
 * so the code is asked: a variable's place is used first where it is declared.
 */
void variables_drop_undeclared(struct value_reader *reader, const struct variable_frame *frame,
                               struct dwarf_variables *variables);

/** The variables in scope in a frame; dwarf is that of its pc. */
MUST_USE struct error *variable_frame_declared(struct value_reader *reader,
                                               const struct variable_frame *frame,
                                               struct dwarf_index *dwarf, struct arena *arena,
                                               struct dwarf_variables *out);

/** The line at which a logical frame stands, 0 where the tables do not say. */
int64_t variable_frame_line(const struct variable_frame *frame, const struct pc_function *function);

/** What was found out about functions. */
struct frame_uses;
void frame_uses_free(struct frame_uses *uses);
