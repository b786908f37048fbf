// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "symbols/dwarf_index.h"
#include "symbols/known_variables.h"

#include <stdint.h>
#include <string.h>

/** A number among the runtime's statistics: they move about from release to release, so that their
 * places are taken from the program's own DWARF, or the tables of releases. */
struct number_place {
    const char *variable;
    const char *path;          ///< through fields; an array is summed up
    enum go_field_id field;    ///< GO_FIELD_COUNT: of no release of the tables
    enum go_field_id of_three; ///< field is an array of three, and this a member of each
};

static const struct number_place heap_live_places[] = {
    {"runtime.gcController", "heapLive", FIELD_gcController_heapLive, GO_FIELD_COUNT}, // 1.17
    {"runtime.memstats", "heap_live", FIELD_mstats_heap_live, GO_FIELD_COUNT},
};
static const struct number_place heap_goal_places[] = {
    {"runtime.gcController", "gcPercentHeapGoal", FIELD_gcController_percentGoal,
     GO_FIELD_COUNT},                                                     // 1.19
    {"runtime.gcController", "heapGoal", GO_FIELD_COUNT, GO_FIELD_COUNT}, // 1.17
    {"runtime.memstats", "next_gc", FIELD_mstats_next_gc, GO_FIELD_COUNT},
};
static const struct number_place memory_limit_places[] = {
    {"runtime.gcController", "memoryLimit", FIELD_gcController_memoryLimit, GO_FIELD_COUNT}, // 1.19
};
static const struct number_place stacks_in_use_places[] = {
    {"runtime.memstats", "heapStats.stats.inStacks", FIELD_mstats_heapStats,
     FIELD_heapStatsDelta_inStacks}, // 1.16
    {"runtime.memstats", "stacks_inuse", FIELD_mstats_stacks_inuse, GO_FIELD_COUNT},
};
static const struct number_place gc_cycles_places[] = {
    {"runtime.memstats", "numgc", FIELD_mstats_numgc, GO_FIELD_COUNT},
};

/** The place of the next part of a path in a struct. */
static bool step(struct type_table *types, struct go_type **type, target_addr *address,
                 const char *part, size_t part_size)
{
    struct error *err = type_resolve(types, *type);
    if (err || (*type)->kind != GO_STRUCT) {
        error_ignore(err); // another release's layout: the number is left out
        return false;
    }
    for (size_t i = 0; i < (*type)->field_count; i++) {
        const struct go_field *field = &(*type)->fields[i];
        if (strncmp(field->name, part, part_size) == 0 && field->name[part_size] == '\0') {
            *address += field->offset;
            *type = field->type;
            err = type_resolve(types, *type);
            bool resolved = !err;
            error_ignore(err);
            return resolved;
        }
    }
    return false;
}

static bool read_path(struct analysis *analysis, struct go_type *type, target_addr address,
                      const char *path, uint64_t *out)
{
    enum { MOST_SUMMED = 16 };
    struct type_table *types = value_reader_types(analysis->reader);
    target_addr stride = 0;
    uint64_t count = 1;
    while (*path) {
        size_t size = strcspn(path, ".");
        if (!step(types, &type, &address, path, size))
            return false;
        path += size + (path[size] == '.');
        if (type->kind == GO_ARRAY && *path) {
            if (stride || type->length > MOST_SUMMED)
                return false;
            count = type->length;
            type = type->elem;
            stride = type->size;
        }
    }
    uint8_t raw[8];
    *out = 0;
    for (uint64_t i = 0; i < count; i++) { // atomic types hold nothing but their number
        if ((type->size != 4 && type->size != 8) ||
            !address_space_try_read(analysis->program->space, address + i * stride, raw,
                                    type->size))
            return false;
        *out += load_uint(raw, type->size);
    }
    return true;
}

/** By the tables of releases. */
static bool read_field(const struct analysis *analysis, target_addr variable,
                       const struct number_place *place, uint64_t *out)
{
    enum { PARTS = 3 };
    const struct program *program = analysis->program;
    struct go_member member = {0};
    if (place->field != GO_FIELD_COUNT)
        member = go_release_member(program->release, place->field);
    uint64_t stride = member.size / PARTS, offset = member.offset, count = 1;
    if (!member.present)
        return false;
    if (place->of_three != GO_FIELD_COUNT) {
        struct go_member part = go_release_member(program->release, place->of_three);
        if (!part.present)
            return false;
        count = PARTS;
        offset += part.offset;
        member = part;
    }
    *out = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t raw[8];
        if ((member.size != 4 && member.size != 8) ||
            !address_space_try_read(program->space, variable + offset + i * stride, raw,
                                    member.size))
            return false;
        *out += load_uint(raw, member.size);
    }
    return true;
}

static bool read_number(struct analysis *analysis, struct dwarf_index *dwarf,
                        target_addr runtime_pc, const struct number_place *places, size_t count,
                        uint64_t *out)
{
    for (size_t i = 0; i < count; i++) {
        target_addr address;
        uint64_t die;
        struct go_type *type;
        if (!program_variable(analysis->program, places[i].variable, &address))
            continue;
        struct error *err =
            dwarf ? dwarf_index_variable_type(dwarf, runtime_pc, places[i].variable, &die) : NULL;
        if (dwarf && !err)
            err = type_from_dwarf(value_reader_types(analysis->reader), die, &type);
        if (!err && (dwarf ? read_path(analysis, type, address, places[i].path, out)
                           : read_field(analysis, address, &places[i], out)))
            return true;
        error_ignore(err);
    }
    return false;
}

void runtime_numbers_read(struct analysis *analysis, struct report_runtime *out)
{
    struct dwarf_index *dwarf = NULL;
    target_addr pc = 0; // any of package runtime
    if (program_symbol(analysis->program, "runtime.main", &pc))
        error_ignore(program_dwarf(analysis->program, &dwarf)); // said where variables are missed
#define READ(name)                                                                                 \
    read_number(analysis, dwarf, pc, name##_places, COUNT_OF(name##_places), &out->name)
    out->has_heap_live = READ(heap_live);
    out->has_heap_goal = READ(heap_goal);
    out->has_memory_limit = READ(memory_limit);
    out->has_stacks_in_use = READ(stacks_in_use);
    out->has_gc_cycles = READ(gc_cycles);
#undef READ
    // Off, as GOGC=off and GOMEMLIMIT=off (the default) say. With a limit the goal is another.
    out->has_memory_limit &= out->memory_limit < INT64_MAX;
    out->has_heap_goal &= out->heap_goal < INT64_MAX && !out->has_memory_limit;
}

static bool is_debug_variable(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "runtime.debug") == 0;
}

/** What the variable says that GODEBUG=tracebacklabels=1 sets, by code; false where nothing tells.
 */
static bool switch_by_code(const struct analysis *analysis, uint64_t *out)
{
    const struct program *program = analysis->program;
    target_addr address;
    uint32_t value;
    if (!program_variable_by_code(program, "runtime.debug.tracebacklabels", &address) ||
        !address_space_try_u32(program->space, address, &value) || value > 1)
        return false;
    *out = value;
    return true;
}

/** The same by DWARF, else by code. */
static bool read_label_switch(struct analysis *analysis, uint64_t *out)
{
    struct dwarf_index *dwarf;
    AUTO(arena) scratch = arena_new();
    struct dwarf_global *globals = NULL;
    size_t count = 0;
    struct go_type *type = NULL;
    struct error *err = program_dwarf(analysis->program, &dwarf);
    if (!err)
        err = dwarf_index_globals(dwarf, is_debug_variable, NULL, scratch, &globals, &count);
    if (!err && count)
        err = type_from_dwarf(value_reader_types(analysis->reader), globals[0].type_die, &type);
    bool found =
        !err && type && read_path(analysis, type, globals[0].address, "tracebacklabels.value", out);
    error_ignore(err);
    return found || switch_by_code(analysis, out);
}

bool runtime_shows_labels(struct analysis *analysis)
{
    enum { FIRST_SWITCHED_ON = 27 };
    if (!analysis->label_switch_read) {
        const char *set = buildinfo_setting(analysis->program->buildinfo, "DefaultGODEBUG");
        uint64_t value = analysis->program->release->minor >= FIRST_SWITCHED_ON;
        if (set && strstr(set, "tracebacklabels="))
            value = strstr(set, "tracebacklabels=1") != NULL;
        read_label_switch(analysis, &value);
        analysis->shows_labels = value == 1;
        analysis->label_switch_read = true;
    }
    return analysis->shows_labels;
}
