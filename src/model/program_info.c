// SPDX-License-Identifier: MIT
#include "model/program_info.h"

const char *info_rung_name(enum info_rung rung)
{
    static const char *const names[] = {
        [RUNG_DWARF] = "DWARF",
        [RUNG_SYMBOLS] = "symbol table",
        [RUNG_TYPE_DESCRIPTORS] = "type descriptors",
        [RUNG_GO_TABLES] = "Go's own tables",
        [RUNG_RELEASE_TABLES] = "built-in tables",
        [RUNG_MEMORY] = "memory",
        [RUNG_NONE] = "nothing",
    };
    return names[rung];
}
