// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/program.h"

/**
 * Finds the release whose layouts and tables are the program's, and with them its modules: sets
 * release and modules. The version that the build info names is not believed where the names of the
 * runtime's functions say another, or where no function table is found with its layouts; where
 * there is none that can be read ("unknown", as obfuscators leave it) those names tell the release,
 * and without them the newest is taken that opens a function table. release->unknown then says so.
 */
MUST_USE struct error *release_choose(struct program *program);
