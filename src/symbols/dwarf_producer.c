// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "symbols/dwarf_index.h"

#include <string.h>

/**
 * Format: DW_AT_producer of a Go package, "Go cmd/compile go1.27.3; -N -l; regabi": the compiler's
 * flags that change code stand between the semicolons.
 */
bool dwarf_index_is_optimized(const struct dwarf_index *index, const char *package, bool *out)
{
    Dwarf_CU *unit = NULL;
    for (size_t i = 0; i < LIMIT_DWARF_UNITS; i++) {
        Dwarf_Die die;
        Dwarf_Attribute attribute;
        if (dwarf_get_units(dwarf_index_dwarf(index), unit, &unit, NULL, NULL, &die, NULL) != 0)
            return false;
        const char *name = dwarf_diename(&die);
        if (!name || strcmp(name, package) != 0)
            continue;
        const char *producer = dwarf_formstring(dwarf_attr(&die, DW_AT_producer, &attribute));
        if (!producer || strncmp(producer, "Go ", 3) != 0)
            continue;
        *out = !strstr(producer, " -N");
        return true;
    }
    return false;
}
