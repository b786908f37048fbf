// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "symbols/dwarf_index.h"

#include <stdint.h>
#include <string.h>

/** A number among the runtime's statistics: they move about from release to release, so that their
 * places are taken from the program's own DWARF. */
struct number_place {
    const char *variable;
    const char *path; ///< through fields; an array is summed up
};

static const struct number_place heap_live_places[] = {
    {"runtime.gcController", "heapLive"}, // 1.17
    {"runtime.memstats", "heap_live"},
};
static const struct number_place heap_goal_places[] = {
    {"runtime.gcController", "gcPercentHeapGoal"}, // 1.19
    {"runtime.gcController", "heapGoal"},
    {"runtime.memstats", "next_gc"},
};
static const struct number_place memory_limit_places[] = {
    {"runtime.gcController", "memoryLimit"}, // 1.19
};
static const struct number_place stacks_in_use_places[] = {
    {"runtime.memstats", "heapStats.stats.inStacks"}, // 1.16
    {"runtime.memstats", "stacks_inuse"},
};
static const struct number_place gc_cycles_places[] = {
    {"runtime.memstats", "numgc"},
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

static bool read_number(struct analysis *analysis, struct dwarf_index *dwarf,
                        target_addr runtime_pc, const struct number_place *places, size_t count,
                        uint64_t *out)
{
    for (size_t i = 0; i < count; i++) {
        target_addr address;
        uint64_t die;
        struct go_type *type;
        if (!program_symbol(analysis->program, places[i].variable, &address))
            continue;
        struct error *err = dwarf_index_variable_type(dwarf, runtime_pc, places[i].variable, &die);
        if (!err)
            err = type_from_dwarf(value_reader_types(analysis->reader), die, &type);
        if (!err && read_path(analysis, type, address, places[i].path, out))
            return true;
        error_ignore(err);
    }
    return false;
}

void runtime_numbers_read(struct analysis *analysis, struct report_runtime *out)
{
    struct dwarf_index *dwarf;
    target_addr pc; // any of package runtime
    if (!program_symbol(analysis->program, "runtime.main", &pc))
        return;
    struct error *err = program_dwarf(analysis->program, &dwarf);
    if (err) {
        error_ignore(err); // said where variables are missed
        return;
    }
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

/** What the variable says that GODEBUG=tracebacklabels=1 sets; false where nothing tells. */
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
    return found;
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
