// SPDX-License-Identifier: MIT
#include "symbols/known_variables.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "symbols/code_references.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum road {
    PASSED,    ///< its address is the last that is made before a call
    RESULT,    ///< what a call gave is the first that is stored behind the call
    WRITTEN,   ///< the nth variable of its size that is written
    READ,      ///< the nth that is read
    MADE_AFTER ///< its address is the first made behind a read of another, of that size
};

/** Where the code of a function tells of a variable; several rows for one are tried in turn. */
static const struct known_variable {
    const char *name, *function;
    enum road road;
    const char *callee; ///< PASSED, RESULT: how its name begins
    uint8_t size, nth;
    enum go_field_id member; ///< the address is that of a member; GO_FIELD_COUNT: its own
} rows[] = {
    {"runtime.runtimeInitTime", "runtime.main", RESULT, "runtime.nanotime", 8, 0, GO_FIELD_COUNT},
    {"runtime.gomaxprocs", "runtime.procresize", READ, NULL, 4, 0, GO_FIELD_COUNT},
    {"time.startNano", "time.init", RESULT, "runtime.nanotime", 8, 0, GO_FIELD_COUNT},
    {"time.startNano", "time.init", RESULT, "time.runtimeNano", 8, 0, GO_FIELD_COUNT},
    {"runtime.gcController", "runtime.gcStart", PASSED, "runtime.(*gcControllerState).startCycle",
     0, 0, GO_FIELD_COUNT},
    {"runtime.memstats", "runtime.getitab", PASSED, "runtime.persistentalloc", 0, 0,
     FIELD_mstats_other_sys},
    {"runtime.printBacklogIndex", "runtime.recordForPanic", WRITTEN, NULL, 8, 0, GO_FIELD_COUNT},
    {"runtime.printBacklog", "runtime.recordForPanic", MADE_AFTER, NULL, 8, 0, GO_FIELD_COUNT},
    // Behind traceback_cache, 1.26 on: only then has the function a second.
    {"runtime.debug.tracebacklabels", "runtime.goroutineheader", READ, NULL, 4, 1, GO_FIELD_COUNT},
    {"sync.expunged", "sync.(*entry).tryExpungeLocked", READ, NULL, 8, 0, GO_FIELD_COUNT},
    {"sync.expunged", "sync.(*entry).tryLoadOrStore", READ, NULL, 8, 0, GO_FIELD_COUNT},
    {"context.todo", "context.(*emptyCtx).String", READ, NULL, 8, 1, GO_FIELD_COUNT}, // 1.20
    {"net/netip.z4", "net/netip.init", WRITTEN, NULL, 8, 0, GO_FIELD_COUNT},          // 1.22
    {"net/netip.z6noz", "net/netip.init", WRITTEN, NULL, 8, 1, GO_FIELD_COUNT},
};

struct known_variables {
    pthread_mutex_t lock; // guards what follows
    bool functions_found, tried[COUNT_OF(rows)];
    struct pc_function functions[COUNT_OF(rows)]; // module NULL: the program has none
    target_addr found[COUNT_OF(rows)];            // 0: not
};

struct known_variables *known_variables_new(void)
{
    struct known_variables *known = alloc_zeroed(1, sizeof *known);
    pthread_mutex_init(&known->lock, NULL);
    return known;
}

void known_variables_free(struct known_variables *known)
{
    if (!known)
        return;
    pthread_mutex_destroy(&known->lock);
    free(known);
}

bool program_next_function(const struct program *program, const char *const *names, size_t count,
                           uint64_t *position, struct pc_function *out)
{
    if (!program->modules || !program->modules->count)
        return false;
    const struct module *module = &program->modules->items[0]; // plugins have no runtime
    while (*position < module->function_count) {
        if (!pc_function_at(module, (*position)++, out))
            continue;
        const char *name = pc_function_name(out);
        for (size_t i = 0; i < count; i++)
            if (strcmp(name, names[i]) == 0)
                return true;
    }
    return false;
}

/** All functions that the rows name, in one pass over the program's. */
static void find_functions(struct known_variables *known, const struct program *program)
{
    const char *names[COUNT_OF(rows)];
    uint64_t position = 0;
    struct pc_function function;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        names[i] = rows[i].function;
    while (program_next_function(program, names, COUNT_OF(names), &position, &function))
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            if (strcmp(pc_function_name(&function), rows[i].function) == 0)
                known->functions[i] = function;
    known->functions_found = true;
}

static bool calls(const struct program *program, target_addr called, const char *callee)
{
    struct pc_function function;
    return pc_function_find(program->modules, called, &function) && function.entry == called &&
           strncmp(pc_function_name(&function), callee, strlen(callee)) == 0;
}

static bool is_variable(const struct module *module, target_addr address)
{
    return (address >= module->data && address < module->edata) ||
           (address >= module->noptrdata && address < module->enoptrdata) ||
           (address >= module->bss && address < module->ebss) ||
           (address >= module->noptrbss && address < module->enoptrbss);
}

/** What was seen of a function so far. */
struct reading {
    const struct known_variable *row;
    target_addr made;    ///< the last address, 0: none since the last call
    bool behind_call;    ///< RESULT
    target_addr seen[4]; ///< READ, WRITTEN, MADE_AFTER: different variables
    size_t seen_count;
};

static bool was_seen(const struct reading *reading, target_addr address)
{
    for (size_t i = 0; i < reading->seen_count; i++)
        if (reading->seen[i] == address)
            return true;
    return false;
}

static void note(struct reading *reading, target_addr address)
{
    if (!was_seen(reading, address) && reading->seen_count < COUNT_OF(reading->seen))
        reading->seen[reading->seen_count++] = address;
}

/** The nth different one; 0 until it has been seen. */
static target_addr count_variable(struct reading *reading, target_addr address)
{
    if (was_seen(reading, address))
        return 0;
    if (reading->seen_count == reading->row->nth)
        return address;
    note(reading, address);
    return 0;
}

/** The variable, where this reference tells; 0: not yet. */
static target_addr take(struct reading *reading, const struct program *program,
                        const struct code_reference *reference)
{
    const struct known_variable *row = reading->row;
    bool is_variable_here = is_variable(&program->modules->items[0], reference->address);
    switch (reference->kind) {
    case CODE_CALL: {
        bool named = row->callee && calls(program, reference->address, row->callee);
        target_addr made = row->road == PASSED && named ? reading->made : 0;
        reading->behind_call = named;
        reading->made = 0;
        return made;
    }
    case CODE_ADDRESS:
        if (!is_variable_here)
            return 0;
        reading->made = reference->address;
        // arm64 may make the address of the one that was read once more, to write it.
        return row->road == MADE_AFTER && reading->seen_count && !was_seen(reading, reading->made)
                   ? reading->made
                   : 0;
    case CODE_ACCESS:
        if (!is_variable_here || reference->size != row->size)
            return 0;
        if (row->road == MADE_AFTER && reference->reads)
            note(reading, reference->address);
        if (row->road == RESULT && reading->behind_call && reference->writes)
            return reference->address;
        if ((row->road == WRITTEN && reference->writes) || (row->road == READ && reference->reads))
            return count_variable(reading, reference->address);
        return 0;
    }
    return 0;
}

static target_addr find_variable(const struct program *program, const struct known_variable *row,
                                 const struct pc_function *function)
{
    AUTO(arena) arena = arena_new();
    struct code_reference reference;
    struct reading reading = {.row = row};
    struct go_member member = {0};
    target_addr found = 0;
    if (row->member != GO_FIELD_COUNT) {
        member = go_release_member(program->release, row->member);
        if (!member.present)
            return 0;
    }
    struct code_references walk = {
        .code = function->module ? function_code_peek(program, function, arena) : NULL};
    while (walk.code && !found && code_references_next(&walk, &reference))
        found = take(&reading, program, &reference);
    found -= found >= member.offset ? member.offset : found;
    return is_variable(&program->modules->items[0], found) ? found : 0;
}

const char *known_variable_name(size_t row)
{
    return row < COUNT_OF(rows) ? rows[row].name : NULL;
}

bool program_variable_by_code(const struct program *program, const char *name, target_addr *out)
{
    struct known_variables *known = program->variables;
    target_addr found = 0;
    if (!known)
        return false;
    pthread_mutex_lock(&known->lock);
    for (size_t i = 0; i < COUNT_OF(rows) && !found; i++) {
        if (strcmp(rows[i].name, name) != 0)
            continue;
        if (!known->functions_found)
            find_functions(known, program);
        if (!known->tried[i])
            known->found[i] = find_variable(program, &rows[i], &known->functions[i]);
        known->tried[i] = true;
        found = known->found[i];
    }
    pthread_mutex_unlock(&known->lock);
    if (found)
        *out = found;
    return found != 0;
}

bool program_variable(const struct program *program, const char *name, target_addr *out)
{
    return program_symbol(program, name, out) || program_variable_by_code(program, name, out);
}
