// SPDX-License-Identifier: MIT
#include "values_internal.h"

#include "symbols/dwarf_index.h"
#include "symbols/pclntab.h"

#include <string.h>

/** The compiler's wrapper that a method value (x.M, not called) points to. */
static bool is_method_value(const char *name)
{
    size_t size = strlen(name);
    return size > 3 && strcmp(name + size - 3, "-fm") == 0;
}

/**
 * A method value's name as Go writes the method: "main.(*T).M-fm" is (*main.T).M.
 * @return name without its end where it has another form
 */
static const char *method_value_name(struct arena *arena, const char *name)
{
    char *text = arena_copy(arena, name, strlen(name) - 3);
    char *receiver = strstr(text, ".(*");
    if (!receiver)
        return text;
    *receiver = '\0';
    return arena_printf(arena, "(*%s.%s", text, receiver + 3);
}

/** Queues a captured variable that lies at offset of the closure object. */
static void queue_captured(struct value_reader *reader, const struct value_job *job,
                           const struct value_node *node, const struct dwarf_variable *variable,
                           const char *name)
{
    struct value *out = job->out;
    struct go_type *type = NULL;
    target_addr address = out->bits + variable->closure_offset;
    struct error *err = type_from_dwarf(reader->types, variable->type_die, &type);
    if (!err && variable->type_is_pointer) {
        err = type_resolve(reader->types, type);
        type = type->elem;
    }
    struct value *child = NULL;
    if (err || !type) {
        child = ARENA_NEW(reader->arena, struct value);
        child->name = name;
        if (err)
            value_set_error(reader, child, err);
        else
            child->unreadable = "a type that is not known";
    } else if (variable->captured_by_reference &&
               !address_space_try_u64(reader->program->space, address, &address)) {
        child = ARENA_NEW(reader->arena, struct value);
        child->name = name;
        child->unreadable = not_in_core;
    } else {
        child = value_queue(reader, node, job->depth + 1, name, type, storage_at(address));
        child->escaped = variable->captured_by_reference;
    }
    out->children[out->child_count++] = child;
}

/** The variables that the closure captured; Go 1.23+ says in DWARF where each lies. */
static void queue_all_captured(struct value_reader *reader, const struct value_job *job,
                               const struct pc_function *function, const char *symbol)
{
    struct value *out = job->out;
    struct dwarf_index *dwarf = NULL;
    struct dwarf_variables variables = {0};
    struct error *err = program_dwarf(reader->program, &dwarf);
    if (!err)
        err = dwarf_index_variables(dwarf, function->entry, 0, symbol, reader->scratch, &variables);
    if (err) { // without DWARF the name is all there is to say
        error_ignore(err);
        return;
    }
    const struct value_node *node = value_node_new(reader, job);
    value_children_reserve(reader, out, variables.count);
    for (size_t i = 0; i < variables.count; i++) {
        const struct dwarf_variable *variable = &variables.items[i];
        if (variable->has_closure_offset && variable->name && variable->name[0] != '.')
            queue_captured(reader, job, node, variable,
                           arena_string(reader->arena, variable->name));
    }
}

void value_read_func(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    out->unreadable = storage_word(reader, job->storage, 0, &out->bits);
    out->nil = !out->unreadable && out->bits == 0;
    if (out->unreadable || out->nil)
        return;
    // Go's runtime.funcval: the address of the code, then what was captured.
    target_addr code = 0;
    struct pc_function function;
    if (!address_space_try_u64(reader->program->space, out->bits, &code)) {
        out->unreadable = not_in_core;
        return;
    }
    if (!pc_function_find(reader->program->modules, code, &function)) {
        out->unreadable =
            arena_printf(reader->arena, "no function at %#llx", (unsigned long long)code);
        return;
    }
    const char *symbol = pc_function_name(&function);
    out->function = is_method_value(symbol) ? method_value_name(reader->arena, symbol)
                                            : arena_string(reader->arena, symbol);
    if (value_follow(reader, job))
        queue_all_captured(reader, job, &function, symbol);
    else
        out->not_followed = false; // its name says most of it
}
