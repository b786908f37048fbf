// SPDX-License-Identifier: MIT
#include "image/arch.h"
#include "base/checked.h"

#include <elf.h>

const struct arch *arch_by_machine(uint16_t machine)
{
    switch (machine) {
    case EM_X86_64:
        return &arch_amd64;
    case EM_AARCH64:
        return &arch_arm64;
    default:
        return NULL;
    }
}

void registers_load(const uint16_t *offsets, struct bytes bytes, struct registers *out)
{
    for (unsigned number = 0; number < REGISTER_COUNT; number++)
        if (offsets[number] != 0xffff && range_fits(offsets[number], 8, bytes.size))
            register_set(out, number, load_u64(bytes.data + offsets[number]));
}
