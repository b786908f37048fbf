// SPDX-License-Identifier: MIT
#pragma once

#include "pieces.h"

/**
 * Where a variable's bytes are: in memory as one, or put together from pieces as far as they are
 * known.
 *
 * @param location  what dwarf_location_find() gave, not empty; may be changed
 * @param arena     for bytes that are put together
 * @return false where nothing of it is known
 */
bool variable_storage(struct value_reader *reader, struct arena *arena,
                      const struct location_context *context, const struct dwarf_variable *variable,
                      struct location *location, struct go_type *type, struct storage *out);

/** Where a variable lies in the frames of its function at a pc: memory by its distance from the CFA
 * (as if that were 0), else as DWARF says; false where it needs more than a frame's CFA. */
bool variable_place_in_frame(struct value_reader *reader, const struct dwarf_variable *variable,
                             target_addr pc, struct location *out);

/** The same of one that lies in registers, or in no frame; their contents do not matter. */
bool variable_place_in_registers(struct value_reader *reader, const struct dwarf_variable *variable,
                                 target_addr pc, struct location *out);

/** Whether the variable's unit was built with optimisation: its producer names the flag -N if not.
 */
bool variable_is_optimized(const struct dwarf_variable *variable);

/** The one word that a location of 8 bytes holds: an escaped variable's address. */
bool location_word(const struct location_context *context, const struct location *location,
                   uint64_t *out);
