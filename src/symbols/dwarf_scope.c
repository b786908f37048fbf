// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "dwarf_index_internal.h"
#include "type_name_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** A variable with what decides its place among the others. */
struct found {
    struct dwarf_variable variable;
    unsigned depth;     // of nested blocks
    size_t order;       // in .debug_info
    const void *origin; // address of the abstract DIE, NULL: none
};

struct scope {
    Dwarf_Die die;
    unsigned depth;
};

/** The search for the variables of one function at one pc. */
struct search {
    const struct dwarf_index *index;
    struct arena *arena;
    Dwarf_Addr pc;       // as in the file
    Dwarf_Addr scope_pc; // which blocks count
    struct scope *scopes;
    size_t scope_count, scope_capacity;
    struct found *found;
    size_t found_count, found_capacity;
    Dwarf_Die *calls; // inlined into the function at pc, not into one another
    size_t call_count, call_capacity;
    uint64_t *captured; // offsets in the closure object
    size_t captured_count, captured_capacity;
    unsigned result_count;
    bool has_dictionary;
    Dwarf_Die dictionary;
};

static void search_clear(struct search *search)
{
    free(search->scopes);
    free(search->found);
    free(search->calls);
    free(search->captured);
}

/** Names that the compiler made up: .dict, .autotmp_3, ~p0 for a blank parameter, x.len for a part
 * of x. */
static bool is_hidden(const char *name)
{
    return !*name || *name == '~' || strchr(name, '.') || strcmp(name, "_") == 0;
}

static enum variable_role role_of(Dwarf_Die *die)
{
    uint64_t offset;
    if (die_flag(die, DW_AT_variable_parameter))
        return VARIABLE_RESULT;
    if (dwarf_tag(die) == DW_TAG_formal_parameter)
        return VARIABLE_ARGUMENT;
    return die_udata(die, GO_ATTRIBUTE_CLOSURE_OFFSET, &offset) ? VARIABLE_CAPTURED
                                                                : VARIABLE_LOCAL;
}

/** The variable's type; of one on the heap, "&x", whose DIE is of type *T, T if it can be told. */
static bool read_type(const struct dwarf_index *index, Dwarf_Die *die, struct dwarf_variable *out)
{
    Dwarf_Die type, target;
    if (!die_reference(die, DW_AT_type, &type))
        return false;
    out->type_die = dwarf_die_place(index, &type);
    if (!out->escaped)
        return true;
    out->type_is_pointer =
        dwarf_tag(&type) != DW_TAG_pointer_type || !die_reference(&type, DW_AT_type, &target);
    if (!out->type_is_pointer)
        out->type_die = dwarf_die_place(index, &target);
    return true;
}

static void read_place(Dwarf_Die *die, Dwarf_Addr pc, struct dwarf_variable *out)
{
    Dwarf_Attribute location;
    Dwarf_Block block;
    Dwarf_Op *ops;
    size_t count;
    if (!dwarf_attr(die, DW_AT_location, &location))
        return;
    if (dwarf_formblock(&location, &block) == 0) {
        out->placed = block.length > 0;
        return;
    }
    out->placed_by_list = out->placed =
        dwarf_getlocation_addr(&location, pc, &ops, &count, 1) > 0 && count > 0;
}

/** The place of a captured variable in the closure object, of hidden ones too. */
static void note_captured(struct search *search, Dwarf_Die *die)
{
    uint64_t offset;
    if (die_udata(die, GO_ATTRIBUTE_CLOSURE_OFFSET, &offset))
        ARRAY_PUSH(search->captured, search->captured_count, search->captured_capacity) = offset;
}

static void add_variable(struct search *search, Dwarf_Die *die, unsigned depth)
{
    const char *name = dwarf_diename(die);
    if (!name)
        return;
    note_captured(search, die);
    if (strcmp(name, ".dict") == 0) {
        search->has_dictionary = true;
        search->dictionary = *die;
        return;
    }
    struct dwarf_variable variable = {.die = *die, .role = role_of(die)};
    bool unnamed = *name == '~' && variable.role == VARIABLE_RESULT;
    search->result_count += variable.role == VARIABLE_RESULT;
    variable.escaped = *name == '&';
    name += variable.escaped;
    if ((is_hidden(name) && !unnamed) || !read_type(search->index, die, &variable))
        return;
    variable.has_closure_offset =
        die_udata(die, GO_ATTRIBUTE_CLOSURE_OFFSET, &variable.closure_offset);
    read_place(die, search->pc, &variable);
    uint64_t line;
    if (die_udata(die, DW_AT_decl_line, &line) && line <= INT32_MAX)
        variable.line = (int64_t)line;
    variable.name = unnamed ? arena_printf(search->arena, "result %u", search->result_count)
                            : arena_string(search->arena, name);
    Dwarf_Die origin = {0};
    die_reference(die, DW_AT_abstract_origin, &origin);
    struct found found = {variable, depth, search->found_count, origin.addr};
    ARRAY_PUSH(search->found, search->found_count, search->found_capacity) = found;
}

static struct error *add_scope(struct search *search, Dwarf_Die *die, unsigned depth)
{
    if (search->scope_count >= LIMIT_DIE_DEPTH)
        return error_new(ERROR_LIMIT, "DWARF: more than %d blocks around one pc", LIMIT_DIE_DEPTH);
    ARRAY_PUSH(search->scopes, search->scope_count, search->scope_capacity) =
        (struct scope){*die, depth};
    return NULL;
}

/**
 * Whether an inlined call covers pc, itself or through one inlined into it: up to Go 1.15 its own
 * ranges leave those out.
 */
static bool call_covers(Dwarf_Die *call, Dwarf_Addr pc)
{
    if (dwarf_haspc(call, pc) == 1)
        return true;
    AUTO_BUFFER Dwarf_Die *waiting = NULL;
    size_t count = 0, capacity = 0, seen = 0;
    ARRAY_PUSH(waiting, count, capacity) = *call;
    while (count) {
        Dwarf_Die parent = waiting[--count], die;
        for (int status = die_child(&parent, &die); status == 0; status = die_sibling(&die, &die)) {
            if (dwarf_tag(&die) != DW_TAG_inlined_subroutine)
                continue;
            if (dwarf_haspc(&die, pc) == 1)
                return true;
            if (seen++ == LIMIT_VARIABLES)
                return false;
            ARRAY_PUSH(waiting, count, capacity) = die;
        }
    }
    return false;
}

static struct error *look_at(struct search *search, Dwarf_Die *die, unsigned depth)
{
    switch (dwarf_tag(die)) {
    case DW_TAG_variable:
    case DW_TAG_formal_parameter:
        if (search->found_count >= LIMIT_VARIABLES)
            return error_new(ERROR_LIMIT, "DWARF: more than %d variables", LIMIT_VARIABLES);
        add_variable(search, die, depth);
        return NULL;
    case DW_TAG_lexical_block:
        return dwarf_haspc(die, search->scope_pc) == 1 ? add_scope(search, die, depth + 1) : NULL;
    case DW_TAG_inlined_subroutine:
        if (search->call_count < LIMIT_INLINE_DEPTH && call_covers(die, search->pc))
            ARRAY_PUSH(search->calls, search->call_count, search->call_capacity) = *die;
        return NULL;
    default:
        return NULL;
    }
}

/** Collects what function (a subprogram or an inlined call) and its blocks around pc hold. */
static struct error *search_function(struct search *search, Dwarf_Die *function)
{
    search->scope_count = search->found_count = search->call_count = 0;
    search->captured_count = search->result_count = 0;
    search->has_dictionary = false;
    struct error *err = add_scope(search, function, 0);
    for (size_t i = 0; i < search->scope_count && !err; i++) {
        struct scope scope = search->scopes[i];
        Dwarf_Die die;
        int status = die_child(&scope.die, &die);
        while (status == 0 && !err) {
            err = look_at(search, &die, scope.depth);
            if (!err)
                status = die_sibling(&die, &die);
        }
        if (status < 0 && !err)
            err = dwarf_error("block", dwarf_dieoffset(&scope.die));
    }
    return err;
}

/**
 * The parameters that an inlined call no longer has anywhere: its DIE leaves them out, the abstract
 * one that it is an instance of lists them. They keep their place among the arguments.
 */
static struct error *add_lost_parameters(struct search *search, Dwarf_Die *function)
{
    Dwarf_Die abstract, die;
    if (!die_reference(function, DW_AT_abstract_origin, &abstract))
        return NULL;
    size_t present = search->found_count, position = 0;
    for (int status = die_child(&abstract, &die); status == 0; status = die_sibling(&die, &die)) {
        if (dwarf_tag(&die) != DW_TAG_formal_parameter || die_flag(&die, DW_AT_variable_parameter))
            continue;
        if (search->found_count >= LIMIT_VARIABLES)
            return error_new(ERROR_LIMIT, "DWARF: more than %d variables", LIMIT_VARIABLES);
        size_t i = 0;
        while (i < present && search->found[i].origin != die.addr)
            i++;
        if (i == present) {
            i = search->found_count;
            add_variable(search, &die, 0);
        }
        if (i < search->found_count)
            search->found[i].order = position++;
    }
    return NULL;
}

/** The call that a name belongs to where several inlined ones claim pc; else the first. */
static Dwarf_Die choose_call(const struct search *search, const char *name)
{
    for (size_t i = 0; name && i < search->call_count; i++) {
        Dwarf_Die die = search->calls[i];
        if (function_names_agree(dwarf_diename(&die), name))
            return die;
    }
    return search->calls[0];
}

static struct error *search_at(struct search *search, Dwarf_Die function, unsigned inline_depth,
                               const char *name)
{
    for (unsigned depth = 0;; depth++) {
        struct error *err = search_function(search, &function);
        if (err)
            return err;
        if (depth == inline_depth)
            break;
        if (!search->call_count)
            return error_new(ERROR_NOT_FOUND, "DWARF knows %u calls inlined there, not %u", depth,
                             inline_depth);
        function = choose_call(search, depth + 1 == inline_depth ? name : NULL);
    }
    const char *own = dwarf_diename(&function);
    if (name && !function_names_agree(own, name))
        return error_new(ERROR_NOT_FOUND, "DWARF has %s where the program's tables have %s",
                         own ? own : "no name", name);
    return add_lost_parameters(search, &function);
}

/** Arguments, results, then the rest by line; else as in .debug_info. */
static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int rank_x = x->variable.role <= VARIABLE_RESULT ? (int)x->variable.role : VARIABLE_LOCAL;
    int rank_y = y->variable.role <= VARIABLE_RESULT ? (int)y->variable.role : VARIABLE_LOCAL;
    if (rank_x != rank_y)
        return rank_x - rank_y;
    if (rank_x == VARIABLE_LOCAL && x->variable.line != y->variable.line)
        return x->variable.line < y->variable.line ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/** An inner block's, or in the same one a later declaration: an inlined call's blocks are not
 * recorded. */
static bool hides(const struct dwarf_variable *other, const struct dwarf_variable *variable)
{
    if (strcmp(other->name, variable->name) != 0)
        return false;
    return other->scope_depth != variable->scope_depth
               ? other->scope_depth > variable->scope_depth
               : other->line > variable->line && variable->line;
}

static void mark_shadowed(struct dwarf_variables *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        struct dwarf_variable *variable = &variables->items[i];
        variable->shadowed = false;
        for (size_t k = 0; k < variables->count && !variable->shadowed; k++)
            variable->shadowed = hides(&variables->items[k], variable);
    }
}

/** The address of a variable takes a word of the closure object. */
static void measure_captured(const struct search *search, struct dwarf_variable *variable)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < search->captured_count && variable->has_closure_offset; i++)
        if (search->captured[i] > variable->closure_offset && search->captured[i] < next)
            next = search->captured[i];
    if (next != UINT64_MAX)
        variable->closure_slot = next - variable->closure_offset;
    variable->captured_by_reference = variable->role == VARIABLE_CAPTURED && variable->escaped &&
                                      (variable->closure_slot == 0 || variable->closure_slot == 8);
}

static void hand_over(struct search *search, struct dwarf_variables *out)
{
    if (search->found_count)
        qsort(search->found, search->found_count, sizeof *search->found, compare_found);
    out->items = arena_array(search->arena, search->found_count, sizeof *out->items);
    out->count = search->found_count;
    for (size_t i = 0; i < out->count; i++) {
        out->items[i] = search->found[i].variable;
        out->items[i].scope_depth = search->found[i].depth;
        measure_captured(search, &out->items[i]);
        if (search->result_count == 1 && strcmp(out->items[i].name, "result 1") == 0)
            out->items[i].name = "result";
    }
    out->has_dictionary = search->has_dictionary;
    out->dictionary = search->dictionary;
    mark_shadowed(out);
}

struct error *dwarf_index_variables(struct dwarf_index *index, target_addr pc,
                                    unsigned inline_depth, const char *name, struct arena *arena,
                                    struct dwarf_variables *out)
{
    return dwarf_index_variables_around(index, pc, pc, inline_depth, name, arena, out);
}

struct error *dwarf_index_variables_around(struct dwarf_index *index, target_addr pc,
                                           target_addr scope_pc, unsigned inline_depth,
                                           const char *name, struct arena *arena,
                                           struct dwarf_variables *out)
{
    struct subprogram function;
    struct error *err = dwarf_index_function(index, pc - index->bias, &function);
    if (err)
        return err;
    Dwarf_Die die;
    if (!dwarf_offdie(index->dwarf, function.die, &die))
        return dwarf_error("function", function.die);
    struct search search = {
        .index = index, .arena = arena, .pc = pc - index->bias, .scope_pc = scope_pc - index->bias};
    err = search_at(&search, die, inline_depth, name);
    if (!err) {
        *out = (struct dwarf_variables){.function_low_pc = function.low + index->bias};
        hand_over(&search, out);
    }
    search_clear(&search);
    return err;
}

/** The variable "&x" of the argument or result x, NULL where it stayed in its place. */
static struct dwarf_variable *moved_to_heap(const struct dwarf_variables *variables,
                                            const struct dwarf_variable *parameter)
{
    for (size_t i = 0; i < variables->count; i++) {
        struct dwarf_variable *other = &variables->items[i];
        if (other->role == VARIABLE_LOCAL && other->escaped && other->scope_depth == 0 &&
            other->line == parameter->line && strcmp(other->name, parameter->name) == 0)
            return other;
    }
    return NULL;
}

/**
 * The function has copied such parameters on its way in, and works on the copies: what is in their
 * own places is of no use any more, also where the copies' place is lost.
 */
static void join_moved(struct dwarf_variables *variables, int64_t line)
{
    for (size_t i = 0; i < variables->count; i++) {
        struct dwarf_variable *parameter = &variables->items[i];
        if (parameter->role != VARIABLE_ARGUMENT && parameter->role != VARIABLE_RESULT)
            continue;
        struct dwarf_variable *moved = moved_to_heap(variables, parameter);
        if (!moved)
            continue;
        bool on_way_in = !moved->placed && parameter->placed && line <= moved->line + 1;
        moved->role = parameter->role;
        moved->type_die = parameter->type_die; // in a generic it alone has its dictionary's index
        moved->type_is_pointer = false;
        if (!on_way_in)
            *parameter = *moved;
        size_t at = (size_t)(moved - variables->items);
        memmove(moved, moved + 1, (--variables->count - at) * sizeof *moved);
    }
}

void dwarf_variables_declared_at(struct dwarf_variables *variables, int64_t line)
{
    size_t kept = 0;
    for (size_t i = 0; i < variables->count; i++) {
        struct dwarf_variable *variable = &variables->items[i];
        // On the line of its own declaration a variable has no value yet: "x := f(x)".
        // A location list may name its place earlier: that of what it will be a copy of.
        if (variable->role != VARIABLE_LOCAL || !variable->line || variable->line < line)
            variables->items[kept++] = *variable;
    }
    variables->count = kept;
    join_moved(variables, line);
    mark_shadowed(variables);
}
