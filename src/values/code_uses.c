// SPDX-License-Identifier: MIT
#include "code_step.h"

#include <elf.h>

enum {
    STEPS_AHEAD = 64, ///< a value that was loaded is used soon
    DUFF_AMD64 = 5,   ///< RDI: where runtime.duffcopy and rep movs write to
    DUFF_ARM64 = 21,
    MEMMOVE = 0, ///< RAX, R0
};

static uint64_t bit_of(int reg)
{
    return reg >= 0 && reg < REGISTER_COUNT ? (uint64_t)1 << reg : 0;
}

/** Whether what follows writes through an address of the frame before it reads through it. */
static bool is_written_through(const struct code_flow *flow, size_t at)
{
    bool is_amd64 = flow->code->program->arch->machine == EM_X86_64;
    int reg = (int)flow->steps[at].destination;
    int filled = is_amd64 ? DUFF_AMD64 : DUFF_ARM64;
    for (size_t i = at + 1; i < flow->count && i - at < STEPS_AHEAD; i++) {
        const struct code_step *step = &flow->steps[i];
        if (step->base == reg)
            return step->writes_base;
        const struct instruction *one = &flow->code->instructions[i];
        if (one->kind == INSTRUCTION_CALL)
            return step->fills && (reg == filled || reg == MEMMOVE);
        bool moves_string = is_amd64 && one->reads & one->writes & bit_of(DUFF_AMD64);
        if (reg == DUFF_AMD64 && moves_string)
            return true;
        if (one->writes & bit_of(reg) || flow->code->stops[i])
            return false;
    }
    return false;
}

void code_flow_find_stores(struct code_flow *flow)
{
    for (size_t i = 0; i < flow->count; i++) {
        struct code_step *step = &flow->steps[i];
        if (step->takes_address && step->destination >= 0 && is_written_through(flow, i)) {
            step->reads_frame = false;
            step->writes_frame = true;
        }
    }
}

/** A value on its way through the code. */
struct way {
    size_t next;
    uint64_t held; ///< bit n: register n has it
    bool is_used;  ///< something was reckoned with it
};

struct ways {
    struct way items[2 * STEPS_AHEAD + 1];
    size_t count, taken;
    size_t seen[STEPS_AHEAD];
};

static bool was_seen(struct ways *ways, size_t step)
{
    for (size_t i = 0; i < ways->taken; i++)
        if (ways->seen[i] == step)
            return true;
    ways->seen[ways->taken++] = step;
    return false;
}

/** Goes one step. @return whether it uses the value as it is */
static bool take_step(const struct code_flow *flow, struct way way, struct ways *ways)
{
    const struct code_step *step = &flow->steps[way.next];
    const struct instruction *one = &flow->code->instructions[way.next];
    size_t next[2], count = function_code_next(flow->code, way.next, next);
    if (one->kind == INSTRUCTION_CALL) // it was put into the register for this, or is left over
        return !way.is_used;
    if (step->plain_reads & way.held)
        return true;
    bool copied = step->is_move && bit_of(step->source) & way.held;
    way.is_used |= !copied && one->reads & way.held;
    way.held = (way.held & ~one->writes) | (copied ? bit_of(step->destination) : 0);
    if (count == 0)
        return one->kind == INSTRUCTION_JUMP && way.held && !way.is_used; // returned
    while (way.held && count > 0) {
        way.next = next[--count];
        ways->items[ways->count++] = way;
    }
    return false;
}

bool code_step_uses_value(const struct code_flow *flow, size_t at, const struct code_place *place)
{
    const struct code_step *first = &flow->steps[at];
    struct ways ways = {.items = {{.next = at, .held = bit_of(place->reg)}}, .count = 1};
    if (place->reg < 0) {
        if (!first->is_load) // compared where it lies, copied through a vector register …
            return first->takes_address || first->plain_reads ||
                   !flow->code->instructions[at].writes;
        ways.items[0] = (struct way){.next = at + 1, .held = bit_of(first->destination)};
        if (!ways.items[0].held) // a vector register
            return true;
    }
    while (ways.count > 0 && ways.taken < STEPS_AHEAD) {
        struct way way = ways.items[--ways.count];
        if (way.next < flow->count && !was_seen(&ways, way.next) && take_step(flow, way, &ways))
            return true;
    }
    return false;
}
