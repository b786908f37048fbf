// SPDX-License-Identifier: MIT
#include "symbols/code_references.h"

#include <elf.h>

static bool is_known(const struct code_references *walk, int reg)
{
    return reg >= 0 && reg < REGISTER_COUNT && walk->known >> reg & 1;
}

static void set_access(const struct instruction *instruction, target_addr address,
                       struct code_reference *out)
{
    *out = (struct code_reference){
        .kind = instruction->kind == INSTRUCTION_ADDRESS ? CODE_ADDRESS : CODE_ACCESS,
        .address = address,
        .size = instruction->access_size,
        .reads = instruction->reads_memory,
        .writes = instruction->writes_memory,
    };
}

/** Follows addresses that take more than one instruction; whether one is complete here. */
static bool follow_registers(struct code_references *walk, const struct instruction *instruction,
                             struct code_reference *out)
{
    int base = instruction->left >= 0 ? instruction->left : instruction->source;
    uint64_t sum = 0;
    bool has_sum = false, found = false;
    base = base < 0 ? instruction->destination : base;
    if (instruction->kind == INSTRUCTION_MOVE && instruction->has_constant) { // adrp
        sum = (uint64_t)instruction->constant;
        has_sum = true;
    } else if (instruction->kind == INSTRUCTION_ADD && instruction->has_constant &&
               is_known(walk, base)) {
        sum = walk->values[base] + (uint64_t)instruction->constant;
        has_sum = found = true;
        *out = (struct code_reference){.kind = CODE_ADDRESS, .address = sum};
    } else if (instruction->has_memory && instruction->index < 0 &&
               is_known(walk, instruction->base)) {
        found = true;
        set_access(instruction,
                   walk->values[instruction->base] + (uint64_t)instruction->displacement, out);
    }
    walk->known &= ~instruction->writes;
    if (has_sum && instruction->destination >= 0 && instruction->destination < REGISTER_COUNT) {
        walk->values[instruction->destination] = sum;
        walk->known |= (uint64_t)1 << instruction->destination;
    }
    return found;
}

bool code_references_next(struct code_references *walk, struct code_reference *out)
{
    bool in_steps = walk->code->program->arch->machine == EM_AARCH64;
    while (walk->at < walk->code->count) {
        size_t at = walk->at++;
        const struct instruction *one = &walk->code->instructions[at];
        if (one->kind == INSTRUCTION_CALL) {
            walk->known = 0;
            if (!one->has_constant)
                continue;
            *out =
                (struct code_reference){.kind = CODE_CALL, .address = (target_addr)one->constant};
            return true;
        }
        if (one->has_memory && one->pc_relative) {
            set_access(one,
                       function_code_pc(walk->code, at) + one->size + (uint64_t)one->displacement,
                       out);
            return true;
        }
        if (in_steps && follow_registers(walk, one, out))
            return true;
    }
    return false;
}
