// SPDX-License-Identifier: MIT
#pragma once

/** Register numbers that are looked at by name outside the tables of their machine. */
enum {
    DWARF_FS_BASE = 58, ///< amd64: the thread pointer
};
