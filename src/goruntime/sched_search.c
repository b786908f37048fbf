// SPDX-License-Identifier: MIT
#include "sched_search.h"
#include "symbols/function_code.h"
#include "symbols/pclntab.h"

#include <elf.h>
#include <string.h>

enum { PAGE = 4096, P_STATUS_COUNT = 5, P_IDLE = 0, PS_MAX = 1 << 16, SPARE_MACHINES = 64 };

static bool field(const struct program *program, target_addr at, enum go_field_id id, uint64_t *out)
{
    return go_field_read(program->release, program->space, at, id, out);
}

/**
 * Nanoseconds of a clock that began with the host: more than a second, less than a century, and no
 * address, as words of memory mostly are.
 */
static bool is_time(const struct program *program, uint64_t value)
{
    return value > 1000000000 && !(value >> 62) && !address_space_has(program->space, value, 1);
}

static bool is_p(const struct program *program, target_addr p, uint64_t wanted_id)
{
    uint64_t id, status;
    return p >= PAGE && !(p & 7) && field(program, p, FIELD_p_id, &id) &&
           field(program, p, FIELD_p_status, &status) && id == wanted_id && status < P_STATUS_COUNT;
}

static bool is_idle_p(const struct program *program, target_addr p)
{
    uint64_t id, status, m;
    return field(program, p, FIELD_p_id, &id) && id < PS_MAX && is_p(program, p, id) &&
           field(program, p, FIELD_p_status, &status) && status == P_IDLE &&
           field(program, p, FIELD_p_m, &m) && m == 0;
}

static bool is_sched(const struct program *program, target_addr at, const void *context)
{
    const struct sched_known *known = context;
    uint64_t goids, last, next, most, freed, idle;
    if (!field(program, at, FIELD_sched_goidgen, &goids) || goids < known->highest_goid ||
        goids >> 48 || !goids)
        return false;
    return field(program, at, FIELD_sched_mnext, &next) && next > known->highest_machine &&
           field(program, at, FIELD_sched_nmfreed, &freed) && freed <= next &&
           next - freed >= known->machine_count &&
           next - freed <= known->machine_count + SPARE_MACHINES &&
           field(program, at, FIELD_sched_maxmcount, &most) && most >= next - freed &&
           most <= INT32_MAX && field(program, at, FIELD_sched_lastpoll, &last) &&
           is_time(program, last) && field(program, at, FIELD_sched_pidle, &idle) &&
           (!idle || is_idle_p(program, idle));
}

static bool is_allp(const struct program *program, target_addr at, const void *context)
{
    uint64_t data, count, capacity, p, when;
    bool scheduled = false;
    (void)context;
    if (!address_space_try_u64(program->space, at + 8, &count) || !count || count > PS_MAX ||
        !address_space_try_u64(program->space, at + 16, &capacity) || capacity < count ||
        capacity > PS_MAX || !address_space_try_u64(program->space, at, &data) || data & 7)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!address_space_try_u64(program->space, data + 8 * i, &p) || !is_p(program, p, i))
            return false;
        scheduled |= field(program, p, FIELD_p_schedwhen, &when) && is_time(program, when);
    }
    return scheduled;
}

/** Addresses that code has put together in registers (arm64: adrp, add). */
struct address_registers {
    uint64_t values[REGISTER_COUNT];
    uint64_t known; ///< bit n: values[n] is one
};

/** What is looked for among the addresses that code refers to. */
struct search {
    const struct program *program;
    struct address_registers registers;
    bool (*passes)(const struct program *program, target_addr at, const void *context);
    const void *context;
    uint64_t offsets[2]; ///< of what the code reads in it
    target_addr found;
    bool ambiguous;
};

static void try_address(struct search *search, target_addr address)
{
    for (size_t i = 0; i < COUNT_OF(search->offsets); i++) {
        target_addr at = address - search->offsets[i];
        if (at & 7 || at == search->found || !search->passes(search->program, at, search->context))
            continue;
        search->ambiguous |= search->found != 0;
        search->found = at;
    }
}

static bool is_known(const struct address_registers *registers, int reg)
{
    return reg >= 0 && reg < REGISTER_COUNT && registers->known >> reg & 1;
}

/**
 * Follows addresses that take more than one instruction. Jumps are not: what passes is held against
 * the memory, whatever the way was.
 */
static void follow_registers(struct search *search, const struct instruction *instruction)
{
    struct address_registers *registers = &search->registers;
    int base = instruction->left >= 0 ? instruction->left : instruction->source;
    uint64_t sum = 0;
    bool has_sum = false;
    if (instruction->kind == INSTRUCTION_MOVE && instruction->has_constant) { // adrp
        sum = (uint64_t)instruction->constant;
        has_sum = true;
    } else if (instruction->kind == INSTRUCTION_ADD && instruction->has_constant &&
               is_known(registers, base < 0 ? instruction->destination : base)) {
        sum = registers->values[base < 0 ? instruction->destination : base] +
              (uint64_t)instruction->constant;
        has_sum = true;
        try_address(search, sum);
    } else if (instruction->has_memory && instruction->index < 0 &&
               is_known(registers, instruction->base)) {
        target_addr place = registers->values[instruction->base];
        try_address(search, place + (uint64_t)instruction->displacement);
    }
    registers->known &= ~instruction->writes;
    if (has_sum && instruction->destination >= 0 && instruction->destination < REGISTER_COUNT) {
        registers->values[instruction->destination] = sum;
        registers->known |= (uint64_t)1 << instruction->destination;
    }
}

static void search_code(struct search *search, const struct pc_function *function)
{
    AUTO(arena) scratch = arena_new();
    const struct function_code *code = function_code_peek(search->program, function, scratch);
    bool in_steps = search->program->arch->machine == EM_AARCH64;
    search->registers.known = 0;
    for (size_t i = 0; code && i < code->count; i++) {
        const struct instruction *one = &code->instructions[i];
        if (one->has_memory && one->pc_relative)
            try_address(search,
                        function_code_pc(code, i) + one->size + (uint64_t)one->displacement);
        else if (in_steps)
            follow_registers(search, one);
    }
}

/** The one address that the named functions refer to and that passes; 0: none, or several. */
static target_addr search_functions(struct search *search, const char *const *names, size_t count)
{
    if (!search->program->modules->count)
        return 0;
    const struct module *module = &search->program->modules->items[0]; // plugins have no runtime
    for (uint64_t i = 0; i < module->function_count; i++) {
        struct pc_function function;
        if (!pc_function_at(module, i, &function))
            continue;
        for (size_t k = 0; k < count; k++)
            if (strcmp(pc_function_name(&function), names[k]) == 0)
                search_code(search, &function);
    }
    return search->ambiguous ? 0 : search->found;
}

target_addr sched_search(const struct program *program, const struct sched_known *known)
{
    // All poll the network and note when they did.
    static const char *const names[] = {"runtime.sysmon", "runtime.findRunnable",
                                        "runtime.findrunnable"};
    uint32_t offset = go_release_member(program->release, FIELD_sched_lastpoll).offset;
    struct search search = {
        .program = program, .passes = is_sched, .context = known, .offsets = {offset, 0}};
    return search_functions(&search, names, COUNT_OF(names));
}

target_addr allp_search(const struct program *program)
{
    static const char *const names[] = {"runtime.retake", "runtime.procresize"};
    struct search search = {.program = program, .passes = is_allp, .offsets = {0, 8}};
    return search_functions(&search, names, COUNT_OF(names));
}
