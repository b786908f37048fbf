// SPDX-License-Identifier: MIT
#include "sched_search.h"
#include "base/limits.h"
#include "symbols/code_references.h"
#include "symbols/known_variables.h"

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

static bool is_allm(const struct program *program, target_addr at, const void *context)
{
    const target_addr *wanted = context;
    uint64_t m, g0, owner;
    if (!address_space_try_u64(program->space, at, &m))
        return false;
    for (unsigned count = 0; count < LIMIT_MS; count++) {
        if (m == *wanted)
            return true;
        if (m < PAGE || m & 7 || !field(program, m, FIELD_m_g0, &g0) ||
            !field(program, g0, FIELD_g_m, &owner) || owner != m ||
            !field(program, m, FIELD_m_alllink, &m))
            return false;
    }
    return false;
}

/** What is looked for among the addresses that code refers to. */
struct search {
    const struct program *program;
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

/** The one address that the named functions refer to and that passes; 0: none, or several. */
static target_addr search_functions(struct search *search, const char *const *names, size_t count)
{
    const struct program *program = search->program;
    AUTO(arena) arena = arena_new();
    uint64_t position = 0;
    struct pc_function function;
    while (program_next_function(program, names, count, &position, &function)) {
        struct code_references walk = {.code = function_code_peek(program, &function, arena)};
        struct code_reference reference;
        while (walk.code && code_references_next(&walk, &reference))
            if (reference.kind != CODE_CALL)
                try_address(search, reference.address);
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
        .program = program, .passes = is_sched, .context = known, .offsets = {offset, offset}};
    target_addr found = search_functions(&search, names, COUNT_OF(names));
    if (found || search.ambiguous)
        return found;
    search.offsets[0] = search.offsets[1] = 0; // its own address is made first
    return search_functions(&search, names, COUNT_OF(names));
}

target_addr allp_search(const struct program *program)
{
    static const char *const names[] = {"runtime.retake", "runtime.procresize"};
    struct search search = {.program = program, .passes = is_allp, .offsets = {0, 8}};
    return search_functions(&search, names, COUNT_OF(names));
}

target_addr allm_search(const struct program *program, target_addr machine)
{
    static const char *const names[] = {"runtime.mcommoninit"};
    struct search search = {.program = program, .passes = is_allm, .context = &machine};
    return search_functions(&search, names, COUNT_OF(names));
}
