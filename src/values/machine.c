// SPDX-License-Identifier: MIT
#include "machine.h"

#include "base/checked.h"

#include <string.h>

const target_addr machine_stack = UINT64_C(0x7ff0000000000000),
                  machine_g = UINT64_C(0x7ff1000000000000),
                  machine_caller = UINT64_C(0x7ff2000000000000);

enum { G_STACK_GUARD = 16, G_PANIC = 32 };

bool machine_get(const struct machine *m, int reg, uint64_t *out)
{
    if (reg < 0 || reg >= MACHINE_REGISTERS || !(m->known >> reg & 1))
        return false;
    *out = m->registers[reg];
    return true;
}

bool machine_set(struct machine *m, int reg, unsigned width, uint64_t value)
{
    if (reg < 0 || reg >= MACHINE_REGISTERS || (width != 8 && width != 4))
        return false;
    m->registers[reg] = width == 8 ? value : (uint32_t)value;
    m->known |= (uint32_t)1 << reg;
    return true;
}

void machine_forget(struct machine *m, int reg)
{
    m->known &= ~((uint32_t)1 << reg);
}

bool machine_owns(target_addr address, size_t size)
{
    return address >= machine_stack && range_fits(address - machine_stack, size, MACHINE_STACK);
}

bool machine_load(const struct machine *m, target_addr address, void *out, size_t size)
{
    if (machine_owns(address, size)) {
        size_t offset = (size_t)(address - machine_stack);
        for (size_t i = 0; i < size; i++)
            if (!m->stack_known[offset + i])
                return false;
        memcpy(out, m->stack + offset, size);
        return true;
    }
    if (size == 8 && (address == machine_g + G_STACK_GUARD || address == machine_g + G_PANIC)) {
        memset(out, 0, size);
        return true;
    }
    return address < machine_stack && address_space_try_read(m->program->space, address, out, size);
}

bool machine_load_value(const struct machine *m, target_addr address, unsigned size, uint64_t *out)
{
    uint8_t bytes[8];
    if (size == 0 || size > sizeof bytes || !machine_load(m, address, bytes, size))
        return false;
    *out = load_uint(bytes, size);
    return true;
}

bool machine_store(struct machine *m, target_addr address, const void *bytes, size_t size,
                   bool known)
{
    if (!machine_owns(address, size))
        return false;
    size_t offset = (size_t)(address - machine_stack);
    if (known)
        memcpy(m->stack + offset, bytes, size);
    memset(m->stack_known + offset, known, size);
    return true;
}

bool machine_store_value(struct machine *m, target_addr address, unsigned size, uint64_t value,
                         bool known)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    return size > 0 && size <= sizeof bytes && machine_store(m, address, bytes, size, known);
}

bool machine_push(struct machine *m, uint64_t value, bool known)
{
    uint64_t *sp = &m->registers[m->program->arch->sp];
    *sp -= 8;
    return machine_store_value(m, *sp, 8, value, known);
}

bool machine_pop(struct machine *m, uint64_t *out, bool *known)
{
    uint64_t *sp = &m->registers[m->program->arch->sp];
    bool there = machine_owns(*sp, 8);
    *known = machine_load_value(m, *sp, 8, out);
    *sp += 8;
    return there;
}

bool machine_go_to(struct machine *m, target_addr target)
{
    struct pc_function function;
    m->pc = target;
    if (m->code && target >= m->code->function.entry && target < m->code->function.end)
        return true;
    m->code = pc_function_find(m->program->modules, target, &function)
                  ? function_code_read(m->program, &function, m->arena)
                  : NULL;
    return m->code != NULL;
}
