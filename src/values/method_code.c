// SPDX-License-Identifier: MIT
#include "method_code.h"
#include "machine.h"

#include <elf.h>

enum { STEPS_MAX = 400, WORD = 8 };

/** Puts the receiver where the method finds it, and all that code may count on. @return where its
 * arguments lie on the stack; 0: it cannot be begun */
static target_addr begin(struct machine *m, target_addr entry, uint64_t receiver, bool in_registers)
{
    const struct arch *arch = m->program->arch;
    target_addr arguments = machine_stack + MACHINE_STACK - (1 + METHOD_RESULTS) * WORD;
    bool ready =
        machine_go_to(m, entry) && machine_set(m, arch->sp, WORD, arguments - arch->frame_header);
    if (in_registers)
        ready = ready && machine_set(m, arch->arguments[0], WORD, receiver);
    else
        ready = ready && machine_store_value(m, arguments, WORD, receiver, true);
    if (in_registers || arch->uses_link_register)
        ready = ready && machine_set(m, arch->g, WORD, machine_g);
    if (in_registers && arch->machine == EM_X86_64) // X15 is zero in such code
        m->vectors_known = (uint32_t)1 << (MACHINE_VECTORS - 1);
    if (arch->uses_link_register)
        ready = ready && machine_set(m, arch->link, WORD, machine_caller);
    else
        ready = ready && machine_push(m, machine_caller, true);
    return ready ? arguments : 0;
}

/** Runs until the method returns. @return false where something is not known */
static bool run(struct machine *m)
{
    for (unsigned steps = 0; steps < STEPS_MAX && !m->returned; steps++) {
        size_t at = function_code_beginning(m->code, m->pc);
        if (at == CODE_NONE || !machine_run(m, &m->code->instructions[at]))
            return false;
    }
    return m->returned;
}

bool method_results(struct value_reader *reader, target_addr entry, uint64_t receiver,
                    uint64_t *results, size_t count)
{
    const struct program *program = reader->program;
    int minor = program->release->minor;
    bool in_registers = arch_argument(program->arch, minor, 0) >= 0;
    if (!entry || count > METHOD_RESULTS)
        return false;
    struct machine *m = arena_alloc(reader->scratch, sizeof *m);
    *m = (struct machine){.program = program, .arena = reader->scratch};
    target_addr arguments = begin(m, entry, receiver, in_registers);
    if (!arguments || !run(m))
        return false;
    for (unsigned i = 0; i < count; i++) {
        bool known = in_registers
                         ? machine_get(m, arch_argument(program->arch, minor, i), &results[i])
                         : machine_load_value(m, arguments + WORD + (target_addr)WORD * i, WORD,
                                              &results[i]);
        if (!known)
            return false;
    }
    return true;
}
