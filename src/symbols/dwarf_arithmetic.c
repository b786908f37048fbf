// SPDX-License-Identifier: MIT
#include "dwarf_index_internal.h"

bool dwarf_arithmetic(uint8_t atom, uint64_t a, uint64_t b, uint64_t *out)
{
    switch (atom) {
    case DW_OP_plus:
        *out = a + b;
        return true;
    case DW_OP_minus:
        *out = a - b;
        return true;
    case DW_OP_mul:
        *out = a * b;
        return true;
    case DW_OP_and:
        *out = a & b;
        return true;
    case DW_OP_or:
        *out = a | b;
        return true;
    case DW_OP_xor:
        *out = a ^ b;
        return true;
    case DW_OP_shl:
        *out = b < 64 ? a << b : 0;
        return true;
    case DW_OP_shr:
        *out = b < 64 ? a >> b : 0;
        return true;
    default:
        return false;
    }
}
