// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "trace.h"

#include <string.h>

enum { WORD = 8 };

/** The package part of a function's or variable's name: up to the dot behind the last slash. */
static size_t package_size(const char *name)
{
    size_t end = strcspn(name, "[(");
    size_t slash = 0;
    for (size_t i = 0; i < end; i++)
        if (name[i] == '/')
            slash = i;
    return slash + strcspn(name + slash, ".");
}

bool names_type(struct trace *trace, const struct dwarf_variable *variable, struct go_type **out)
{
    struct type_table *types = value_reader_types(trace->analysis->reader);
    struct error *err = type_from_dwarf(types, variable->type_die, out);
    if (!err && variable->escaped && variable->type_is_pointer) {
        err = type_resolve(types, *out);
        *out = err ? NULL : (*out)->elem;
    }
    bool known = !err && *out;
    error_ignore(err); // a variable without a type names nothing
    return known && place_resolve(trace, *out);
}

/** Finds the name of the logical frame that the variables are of. */
static void name_function(struct trace *trace, unsigned inline_depth)
{
    struct pc_logical_frame logical[LIMIT_INLINE_DEPTH + 1];
    struct pc_inline_walk walk;
    size_t count = 0;
    pc_inline_begin(&walk, &trace->function, trace->pc);
    while (count < COUNT_OF(logical) && pc_inline_next(&walk, &logical[count]))
        count++;
    bool known = count > inline_depth;
    trace->logical =
        known ? logical[count - 1 - inline_depth].name : pc_function_name(&trace->function);
    trace->line = known ? logical[count - 1 - inline_depth].line : 0;
    bool optimized = true;
    size_t size = package_size(pc_function_name(&trace->function));
    const char *package = arena_copy(trace->arena, pc_function_name(&trace->function), size);
    trace->optimized = !dwarf_index_is_optimized(trace->dwarf, package, &optimized) || optimized;
}

bool names_read(struct trace *trace, const struct stack_frame *frame, unsigned inline_depth)
{
    struct error *err = program_dwarf_at(trace->analysis->program, frame->lookup_pc, &trace->dwarf);
    for (unsigned depth = inline_depth + 1; !err && depth-- > 0;) {
        if (trace->scope_count == TRACE_SCOPES)
            break;
        err = dwarf_index_variables_around(
            trace->dwarf, frame->lookup_pc,
            pc_inline_place(&trace->function, frame->lookup_pc, depth), depth, NULL, trace->arena,
            &trace->scopes[trace->scope_count]);
        if (!err)
            trace->scope_count++;
    }
    bool known = !err;
    error_ignore(err); // no cause is given without names
    trace->foreign_scope = 1;
    if (!known || !trace->scope_count)
        return false;
    name_function(trace, inline_depth);
    return true;
}

bool names_locate(struct trace *trace, const struct dwarf_variable *variable, target_addr pc,
                  struct location *out)
{
    static const struct registers any = {.known = ~(uint64_t)0};
    Dwarf_Die die = variable->die;
    const struct location_context context = {.pc = pc,
                                             .cfa = trace->cfa,
                                             .has_cfa = true,
                                             .registers = &any,
                                             .space = trace->analysis->program->space};
    struct error *err = dwarf_location_find(trace->dwarf, &die, &context, out);
    bool found = !err && out->count > 0;
    error_ignore(err); // a variable without a place is not the one
    return found;
}

/** How far into its variable a piece lies; false where pieces are missing. */
static bool piece_offset(const struct location *location, size_t piece, uint64_t size,
                         uint64_t *out)
{
    uint64_t total = 0;
    *out = 0;
    for (size_t i = 0; i < location->count; i++) {
        uint64_t part = location->pieces[i].size;
        if (part == 0 && location->count > 1)
            return false;
        if (i == piece)
            *out = total;
        total += part == 0 ? size : part;
    }
    return total == size;
}

/** The word of a variable at an offset of its own memory, or of the pointer to it. */
static bool part_of(struct trace *trace, const struct dwarf_variable *variable,
                    struct go_type *type, uint64_t offset, unsigned size, struct term *out)
{
    const char *name = arena_string(trace->arena, variable->name);
    if (variable->escaped) {
        *out = (struct term){.kind = TERM_ADDRESS, .text = name, .type = type};
        return offset == 0;
    }
    if (!place_select(trace, name, type, offset, size, out))
        return false;
    if (offset == 0 && out->type == type)
        out->variable = variable;
    return true;
}

void names_load_value(struct trace *trace, target_addr place, unsigned size, struct term *out)
{
    uint8_t bytes[WORD] = {0};
    if (size == 0)
        size = out->type && out->type->size < WORD && out->kind == TERM_PART
                   ? (unsigned)out->type->size
                   : WORD;
    if (size > WORD || !address_space_try_read(trace->analysis->program->space, place, bytes, size))
        return;
    uint64_t value = load_u64(bytes);
    bool is_signed = out->kind == TERM_PART && out->type && out->type->kind >= GO_INT &&
                     out->type->kind <= GO_INT64;
    if (is_signed && size < WORD && value >> (8 * size - 1) & 1)
        value |= ~(uint64_t)0 << 8 * size;
    out->has_value = true;
    out->value = value;
}

/**
 * Says what a part of a variable of the function that this one is inlined into is called here: by
 * the parameter that got it, or its address.
 */
static void name_here(struct trace *trace, struct go_type *whole, uint64_t offset, unsigned size,
                      struct term *out)
{
    struct term named;
    out->uncertain = true;
    out->foreign = true;
    out->variable = NULL;
    bool found = out->kind == TERM_PART && whole && place_resolve(trace, whole) &&
                 types_find_part(trace, whole->size, whole, offset, size, &named);
    if (!found && out->kind == TERM_PART && out->type)
        found = types_find_variable(trace, out->type, &named);
    if (!found)
        return;
    named.offset = out->offset;
    *out = named;
}

/** The part of one variable that lies at a place of the stack. */
static bool at_place(struct trace *trace, const struct dwarf_variable *variable, target_addr pc,
                     target_addr place, struct go_type **type, uint64_t *inside)
{
    struct location location;
    uint64_t offset;
    if (!names_locate(trace, variable, pc, &location) || !names_type(trace, variable, type))
        return false;
    uint64_t total = variable->escaped ? WORD : (*type)->size;
    for (size_t k = 0; k < location.count; k++) {
        const struct location_piece *piece = &location.pieces[k];
        uint64_t piece_size = piece->size ? piece->size : total;
        if (piece->kind != PIECE_MEMORY || place < piece->address ||
            place - piece->address >= piece_size || !piece_offset(&location, k, total, &offset))
            continue;
        *inside = offset + (place - piece->address);
        return true;
    }
    return false;
}

bool names_of_place(struct trace *trace, size_t at, target_addr place, unsigned size,
                    struct term *out)
{
    target_addr pc = at < trace->code->count ? function_code_pc(trace->code, at) : trace->pc;
    for (size_t s = 0; s < trace->scope_count; s++) {
        const struct dwarf_variables *scope = &trace->scopes[s];
        struct go_type *type = NULL, *other;
        uint64_t inside = 0, ignored;
        size_t i = 0;
        while (i < scope->count && !at_place(trace, &scope->items[i], pc, place, &type, &inside))
            i++;
        if (i == scope->count)
            continue;
        if (!part_of(trace, &scope->items[i], type, inside, size, out))
            return false;
        // Two of one value, and the source may go on with either.
        for (size_t k = i + 1; trace->optimized && k < scope->count && !out->uncertain; k++)
            out->uncertain = at_place(trace, &scope->items[k], pc, place, &other, &ignored);
        if (s >= trace->foreign_scope)
            name_here(trace, type, inside, size, out);
        names_load_value(trace, place, size, out);
        return true;
    }
    return false;
}

/** The part of one variable that is in a register at pc. */
static bool in_register(struct trace *trace, const struct dwarf_variable *variable, target_addr pc,
                        int reg, struct term *out)
{
    struct location location;
    struct go_type *type;
    if (!names_locate(trace, variable, pc, &location) || !names_type(trace, variable, &type))
        return false;
    uint64_t total = variable->escaped ? WORD : type->size, offset;
    for (size_t k = 0; k < location.count; k++)
        if (location.pieces[k].kind == PIECE_REGISTER && location.pieces[k].reg == (unsigned)reg &&
            piece_offset(&location, k, total, &offset))
            return part_of(trace, variable, type, offset, 0, out);
    return false;
}

bool names_of_register(struct trace *trace, target_addr pc, int reg, struct term *out)
{
    const struct arch *arch = trace->analysis->program->arch;
    if (reg == arch->sp || reg == arch->g)
        return false;
    for (size_t s = 0; s < trace->scope_count; s++) {
        size_t found = 0;
        for (size_t i = 0; i < trace->scopes[s].count; i++) {
            struct term term;
            if (!in_register(trace, &trace->scopes[s].items[i], pc, reg, &term))
                continue;
            // Two of one value: the latest declared is more often the one that is used.
            *out = term;
            out->uncertain = found++ > 0;
            if (s >= trace->foreign_scope)
                name_here(trace, term.type, (uint64_t)term.offset, 0, out);
        }
        if (found > 0)
            return true;
    }
    return false;
}

bool names_of_argument(struct trace *trace, int reg, struct term *out)
{
    const struct arch *arch = trace->analysis->program->arch;
    const struct dwarf_variables *own = &trace->scopes[trace->scope_count - 1];
    struct abi_layout layout;
    if (reg == arch->closure) {
        *out = (struct term){.kind = TERM_CLOSURE};
        return true;
    }
    int word = abi_word(trace, reg);
    if (word < 0 ||
        !abi_layout(trace, own, pc_function_name(&trace->function), VARIABLE_ARGUMENT, &layout) ||
        (size_t)word >= layout.count || !layout.words[word].variable)
        return false;
    const struct dwarf_variable *variable = layout.words[word].variable;
    struct go_type *type;
    if (!names_type(trace, variable, &type) ||
        !place_select(trace, arena_string(trace->arena, variable->name), type,
                      layout.words[word].offset, 0, out))
        return false;
    out->uncertain = trace->scope_count - 1 >= trace->foreign_scope;
    if (layout.words[word].offset == 0 && out->type == type)
        out->variable = variable;
    struct location location;
    if (!trace->optimized && !variable->escaped &&
        names_locate(trace, variable, trace->pc, &location) && location.count == 1 &&
        location.pieces[0].kind == PIECE_MEMORY)
        names_load_value(trace, location.pieces[0].address + layout.words[word].offset,
                         out->type && out->type->size < WORD ? (unsigned)out->type->size : WORD,
                         out);
    return true;
}

bool names_of_captured(struct trace *trace, int64_t offset, struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[trace->scope_count - 1];
    for (size_t i = 0; i < own->count; i++) {
        const struct dwarf_variable *variable = &own->items[i];
        struct go_type *type;
        if (!variable->has_closure_offset || (int64_t)variable->closure_offset > offset ||
            !names_type(trace, variable, &type))
            continue;
        uint64_t inside = (uint64_t)offset - variable->closure_offset;
        uint64_t size = variable->captured_by_reference ? WORD : type->size;
        if (inside >= size)
            continue;
        const char *name = arena_string(trace->arena, variable->name);
        *out = (struct term){.kind = TERM_ADDRESS, .text = name, .type = type};
        if (variable->captured_by_reference)
            return true;
        if (!place_select(trace, name, type, inside, 0, out))
            return false;
        out->variable = inside == 0 && out->type == type ? variable : NULL;
        return true;
    }
    return false;
}

const char *names_behind_package(const char *name)
{
    size_t size = package_size(name);
    return name[size] == '.' ? name + size + 1 : name;
}

const char *names_local(struct trace *trace, const char *name)
{
    const char *own = pc_function_name(&trace->function);
    size_t size = package_size(name), own_size = package_size(own);
    if (name[size] == '.' && size == own_size && memcmp(name, own, size) == 0)
        return name + size + 1;
    const char *text = name;
    for (size_t i = 0; i < size; i++)
        if (name[i] == '/')
            text = name + i + 1;
    return text;
}

/** Whether an address is where package variables lie: the list of them costs much to make. */
static bool is_variable_data(const struct analysis *analysis, target_addr address)
{
    const struct module_list *list = analysis->program->modules;
    for (size_t i = 0; list && i < list->count; i++) {
        const struct module *m = &list->items[i];
        if ((address >= m->data && address < m->edata) ||
            (address >= m->bss && address < m->ebss) ||
            (address >= m->noptrdata && address < m->enoptrdata) ||
            (address >= m->noptrbss && address < m->enoptrbss))
            return true;
    }
    return false;
}

/** All package variables; 0: without DWARF none is named. */
static size_t read_globals(struct analysis *analysis, struct arena *arena,
                           struct dwarf_global **out)
{
    size_t count = 0;
    struct error *err = program_globals(analysis->program, NULL, NULL, arena, out, &count);
    bool read = !err;
    error_ignore(err);
    return read ? count : 0;
}

bool global_at(struct analysis *analysis, target_addr address, struct global_place *out)
{
    struct dwarf_global *globals = NULL;
    struct type_table *types = value_reader_types(analysis->reader);
    if (!is_variable_data(analysis, address))
        return false;
    AUTO(arena) scratch = arena_new();
    size_t count = read_globals(analysis, scratch, &globals);
    const struct dwarf_global *nearest = NULL;
    for (size_t i = 0; i < count; i++)
        if (globals[i].name && globals[i].address <= address &&
            (!nearest || globals[i].address > nearest->address))
            nearest = &globals[i];
    struct go_type *type = NULL;
    if (!nearest)
        return false;
    struct error *err = type_from_dwarf(types, nearest->type_die, &type);
    bool known = !err;
    error_ignore(err); // how large it is is not known: it may not be the one
    if (!known || address - nearest->address >= type->size)
        return false;
    *out = (struct global_place){.name = arena_string(analysis->arena, nearest->name),
                                 .type = type,
                                 .offset = address - nearest->address};
    return true;
}

/** What a variable of a type points to; NULL: it is no pointer, or one to nothing known. */
static struct go_type *pointed_type(struct analysis *analysis, uint64_t type_die)
{
    struct type_table *types = value_reader_types(analysis->reader);
    struct go_type *type = NULL;
    struct error *err = type_from_dwarf(types, type_die, &type);
    if (!err && type->kind == GO_POINTER)
        err = type_resolve(types, type);
    struct go_type *pointed = !err && type->kind == GO_POINTER ? type->elem : NULL;
    error_ignore(err); // a variable whose type is not known leads nowhere
    return pointed;
}

bool global_leading_to(struct analysis *analysis, target_addr address, struct global_place *out)
{
    enum { LARGEST = 1 << 20 }; // of the memory pointed to: the types of few variables are read
    struct dwarf_global *globals = NULL;
    AUTO(arena) scratch = arena_new();
    size_t count = read_globals(analysis, scratch, &globals);
    for (size_t i = 0; i < count; i++) {
        uint64_t pointer;
        if (!globals[i].name ||
            !address_space_try_u64(analysis->program->space, globals[i].address, &pointer) ||
            pointer > address || address - pointer >= LARGEST)
            continue;
        struct go_type *type = pointed_type(analysis, globals[i].type_die);
        if (!type || address - pointer >= type->size)
            continue;
        *out = (struct global_place){.name = arena_string(analysis->arena, globals[i].name),
                                     .type = type,
                                     .offset = address - pointer};
        return true;
    }
    return false;
}

bool names_of_global(struct trace *trace, target_addr address, struct term *out)
{
    struct global_place place;
    if (!global_at(trace->analysis, address, &place))
        return false;
    *out = (struct term){.kind = TERM_ADDRESS,
                         .text = names_local(trace, place.name),
                         .type = place.type,
                         .offset = (int64_t)place.offset,
                         .uncertain = trace->optimized && trace->scope_count > 1,
                         .has_value = true,
                         .value = address};
    return true;
}

bool names_of_linked(struct trace *trace, target_addr slot, struct term *out)
{
    target_addr address;
    return !is_variable_data(trace->analysis, slot) &&
           address_space_try_u64(trace->analysis->program->space, slot, &address) &&
           names_of_global(trace, address, out);
}
