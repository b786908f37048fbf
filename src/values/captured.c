// SPDX-License-Identifier: MIT
#include "captured_internal.h"
#include "dictionary.h"

#include <stdlib.h>

/** Go's DW_AT_go_closure_offset, of the hidden variable .dict too. */
enum { DW_AT_GO_CLOSURE_OFFSET = 0x2907 };

/** One that is listed, with where it lies. */
struct captured {
    const struct dwarf_variable *variable;
    struct captured_place place;
};

static int by_offset(const void *a, const void *b)
{
    const struct captured *x = a, *y = b;
    if (x->place.found != y->place.found)
        return x->place.found ? -1 : 1;
    return x->place.offset < y->place.offset ? -1 : x->place.offset > y->place.offset;
}

/** The dictionary that a closure in an instantiated generic captured, 0: none. */
static target_addr captured_dictionary(const struct value_reader *reader, target_addr closure,
                                       const struct dwarf_variables *variables)
{
    Dwarf_Die die = variables->dictionary;
    Dwarf_Attribute attribute;
    Dwarf_Word offset = 0;
    target_addr dictionary = 0;
    if (!variables->has_dictionary || !dwarf_attr(&die, DW_AT_GO_CLOSURE_OFFSET, &attribute) ||
        dwarf_formudata(&attribute, &offset) != 0 ||
        !address_space_try_u64(reader->program->space, closure + offset, &dictionary))
        return 0;
    return dictionary;
}

static struct value *queue_one(struct value_reader *reader, const struct value_job *job,
                               const struct value_node *node, const struct captured *captured,
                               target_addr dictionary)
{
    const char *name = arena_string(reader->arena, captured->variable->name);
    target_addr address = job->out->bits + captured->place.offset;
    struct go_type *type = NULL;
    struct error *err = variable_type_find(reader, captured->variable, dictionary, &type);
    bool by_address = captured->place.by_address;
    if (!err &&
        !(by_address && !address_space_try_u64(reader->program->space, address, &address))) {
        struct value *child =
            value_queue(reader, node, job->depth + 1, name, type, storage_at(address));
        child->escaped = by_address;
        return child;
    }
    struct value *child = ARENA_NEW(reader->arena, struct value);
    child->name = name;
    if (!captured->place.found)
        child->unreadable = optimized_out;
    else if (err)
        value_set_error(reader, child, err);
    else
        child->unreadable = not_in_core;
    return child;
}

void captured_queue(struct value_reader *reader, const struct value_job *job,
                    const struct pc_function *function)
{
    struct dwarf_index *dwarf = NULL;
    struct dwarf_variables variables = {0};
    struct error *err = program_dwarf_at(reader->program, function->entry, &dwarf);
    if (!err)
        err = dwarf_index_variables(dwarf, function->entry, 0, pc_function_name(function),
                                    reader->scratch, &variables);
    if (err) { // the name is all there is to say
        error_ignore(err);
        return;
    }
    struct captured_place *places = arena_array(reader->scratch, variables.count, sizeof *places);
    if (!captured_places(reader, function, &variables, places)) {
        job->out->note = "what it captured is not known";
        return;
    }
    struct captured *captured = arena_array(reader->scratch, variables.count, sizeof *captured);
    size_t count = 0;
    for (size_t i = 0; i < variables.count; i++) {
        if ((places[i].found || places[i].captured) && !variable_is_hidden(variables.items[i].name))
            captured[count++] = (struct captured){&variables.items[i], places[i]};
    }
    qsort(captured, count, sizeof *captured, by_offset);
    const struct value_node *node = value_node_new(reader, job);
    target_addr dictionary = captured_dictionary(reader, job->out->bits, &variables);
    if (!dictionary)
        dictionary =
            dictionary_by_symbols(reader, pc_function_name(function), function->entry, &variables);
    value_children_reserve(reader, job->out, count);
    for (size_t i = 0; i < count; i++)
        job->out->children[job->out->child_count++] =
            queue_one(reader, job, node, &captured[i], dictionary);
}
