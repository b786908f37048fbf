// SPDX-License-Identifier: MIT
#pragma once

#include "model/program_info.h"
#include "symbols/program.h"

/**
 * Describes the two files and what each part of a report about them stands on. Opens the program's
 * DWARF and the files of its shared libraries; walks no stack.
 *
 * @param arena  for what out points to; parts of it are borrowed from program
 */
void program_info_fill(struct program *program, const char *binary_path, const char *core_path,
                       bool stable, struct arena *arena, struct program_info *out);
