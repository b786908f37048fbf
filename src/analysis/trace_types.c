// SPDX-License-Identifier: MIT
#include "trace.h"

#include <ctype.h>
#include <string.h>

enum { WORD = 8, OBJECTS_MAX = 1 << 8 };

bool types_same(const struct go_type *a, const struct go_type *b)
{
    return a == b || (a->die_offset && a->die_offset == b->die_offset) ||
           (a->runtime_type && a->runtime_type == b->runtime_type) || strcmp(a->name, b->name) == 0;
}

static bool is_whole_number(const struct go_type *type)
{
    return type->kind >= GO_INT && type->kind <= GO_UINTPTR;
}

bool types_is_in_scope(struct trace *trace, const struct dwarf_variable *variable,
                       struct go_type **type)
{
    bool kind = variable->role == VARIABLE_ARGUMENT || variable->role == VARIABLE_LOCAL ||
                variable->role == VARIABLE_CAPTURED;
    bool later = trace->line > 0 && variable->line > trace->line;
    return kind && !later && !variable->escaped && !variable->shadowed && variable->name &&
           names_type(trace, variable, type);
}

/** One that DWARF gives no place: it may lie anywhere. */
static bool is_lost(struct trace *trace, const struct dwarf_variable *variable,
                    struct go_type **type)
{
    return !variable->placed && variable->role != VARIABLE_CAPTURED &&
           types_is_in_scope(trace, variable, type);
}

static void set_whole(struct trace *trace, const struct dwarf_variable *variable,
                      struct go_type *type, struct term *out)
{
    *out = (struct term){.kind = TERM_PART,
                         .text = arena_string(trace->arena, variable->name),
                         .type = type,
                         .variable = variable,
                         .uncertain = true,
                         .by_type = true};
}

/** @param type  NULL: any whole number's. @return how many there are; out is the last of them */
static size_t find(struct trace *trace, const struct go_type *type, bool lost, struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    const struct dwarf_variable *found = NULL;
    struct go_type *found_type = NULL, *other;
    size_t count = 0;
    for (size_t i = 0; i < own->count; i++) {
        const struct dwarf_variable *variable = &own->items[i];
        if (!(lost ? is_lost(trace, variable, &other)
                   : types_is_in_scope(trace, variable, &other)) ||
            !(type ? types_same(type, other) : is_whole_number(other)))
            continue;
        count++;
        found = variable;
        found_type = other;
    }
    if (found)
        set_whole(trace, found, found_type, out);
    return count;
}

bool types_find_variable(struct trace *trace, const struct go_type *type, struct term *out)
{
    struct term found;
    if (!type || !trace->optimized)
        return false;
    size_t count = find(trace, type, true, &found);
    bool only = count == 1 ||
                (count == 0 && !is_whole_number(type) && find(trace, type, false, &found) == 1);
    if (only)
        *out = found;
    return only;
}

bool types_find_number(struct trace *trace, struct term *out)
{
    struct term found;
    if (!trace->optimized || find(trace, NULL, true, &found) != 1)
        return false;
    *out = found;
    return true;
}

/** Whether a variable may hold what an instruction has made, as far as that is known. */
static bool may_be(struct trace *trace, const struct go_type *type, const struct term *made)
{
    struct term number = term_number(trace, made);
    if (made->kind == TERM_UNKNOWN && made->source != SOURCE_CALL)
        return type->size <= WORD;
    if (made->kind == TERM_ADDRESS)
        return type->kind == GO_POINTER && type->elem && made->type &&
               types_same(type->elem, made->type);
    if (made->kind == TERM_NUMBER)
        return made->text && is_whole_number(type);
    bool is_byte = made->kind == TERM_PART && !made->type && made->text; // of a string
    if (is_byte || (made->type && made->kind == TERM_PART && made->type->size < WORD &&
                    number.kind == TERM_NUMBER && types_same(made->type, type)))
        return is_byte ? type->kind == GO_UINT8 : made->offset == 0;
    if (number.kind == TERM_NUMBER) // len(x), s.count: the line may have made more than this of it
        return !made->text || made->by_type;
    if (made->kind != TERM_PART || !made->type)
        return false;
    bool is_asserted = made->type->kind == GO_INTERFACE && made->offset == WORD;
    bool is_word = type->kind == GO_POINTER || type->kind == GO_MAP || type->kind == GO_CHAN ||
                   type->kind == GO_FUNC;
    return types_same(made->type, type) || (is_asserted && is_word);
}

/** @return how many there are; found is the last of them */
static size_t find_declared(struct trace *trace, int32_t line, const struct term *made, bool lost,
                            const struct dwarf_variable **found, struct go_type **found_type)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    size_t count = 0;
    for (size_t i = 0; i < own->count; i++) {
        const struct dwarf_variable *variable = &own->items[i];
        struct go_type *type;
        if (variable->line != line || variable->role != VARIABLE_LOCAL ||
            !(lost ? is_lost(trace, variable, &type) : types_is_in_scope(trace, variable, &type)) ||
            !may_be(trace, type, made))
            continue;
        *found = variable;
        *found_type = type;
        count++;
    }
    return count;
}

bool types_find_declared(struct trace *trace, int32_t line, const struct term *made,
                         struct term *out)
{
    const struct dwarf_variable *found = NULL;
    struct go_type *type = NULL;
    size_t count = find_declared(trace, line, made, true, &found, &type);
    bool path = made->kind == TERM_PART && !made->variable && made->offset == 0;
    if (count == 0 && (made->kind == TERM_NUMBER || path)) // its place may be that of a later value
        count = find_declared(trace, line, made, false, &found, &type);
    if (count != 1)
        return false;
    bool whole = made->kind != TERM_PART || !made->type || !types_same(made->type, type);
    set_whole(trace, found, type, out);
    out->by_type = false;
    out->offset = whole ? 0 : made->offset;
    return true;
}

bool types_find_kind(struct trace *trace, enum go_kind kind, struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    size_t lost = 0, all = 0;
    struct term found = {0}, any = {0};
    for (size_t i = 0; trace->optimized && i < own->count; i++) {
        struct go_type *type;
        if (!types_is_in_scope(trace, &own->items[i], &type) || type->kind != kind)
            continue;
        all++;
        set_whole(trace, &own->items[i], type, &any);
        if (own->items[i].placed)
            continue;
        lost++;
        found = any;
    }
    if (lost == 1 || all == 1)
        *out = lost == 1 ? found : any;
    return lost == 1 || all == 1;
}

bool types_find_indexed(struct trace *trace, uint64_t size, struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    size_t count = 0;
    struct term found;
    for (size_t i = 0; trace->optimized && i < own->count; i++) {
        struct go_type *type;
        if (!is_lost(trace, &own->items[i], &type) || !place_resolve(trace, type))
            continue;
        bool fits = type->kind == GO_STRING
                        ? size == 1
                        : type->kind == GO_SLICE && type->elem && type->elem->size == size;
        if (!fits)
            continue;
        count++;
        set_whole(trace, &own->items[i], type, &found);
    }
    if (count == 1)
        *out = found;
    return count == 1;
}

/** Whether two types are of one generic: code that several share knows them by their shapes. */
static bool same_generic(const struct go_type *a, const struct go_type *b)
{
    size_t size = strcspn(a->name, "[");
    return a->name[0] == '*' && b->name[0] == '*' && a->name[size] == '[' && size > 1 &&
           strncmp(a->name, b->name, size + 1) == 0;
}

bool types_find_argument(struct trace *trace, const struct go_type *type, struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    struct term found, lost;
    size_t count = 0, lost_count = 0;
    for (size_t i = 0; trace->optimized && i < own->count; i++) {
        struct go_type *other;
        if (own->items[i].role != VARIABLE_ARGUMENT ||
            !types_is_in_scope(trace, &own->items[i], &other) ||
            !(type ? types_same(type, other) || same_generic(type, other) : is_whole_number(other)))
            continue;
        set_whole(trace, &own->items[i], other, &found);
        count++;
        if (own->items[i].placed)
            continue;
        lost = found;
        lost_count++;
    }
    if (count == 1 || lost_count == 1)
        *out = count == 1 ? found : lost;
    return count == 1 || lost_count == 1;
}

bool types_has_word(const char *text, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        bool begins = at == text || !(isalnum((unsigned char)at[-1]) || strchr("_.", at[-1]));
        bool ends = !isalnum((unsigned char)at[size]) && !(at[size] && strchr("_.([", at[size]));
        if (begins && ends)
            return true;
    }
    return false;
}

bool types_find_changed(struct trace *trace, int32_t line, const struct term *made,
                        struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    bool computed = made->kind == TERM_NUMBER && made->text &&
                    (made->offset != 0 || made->scale != 1 || made->level != 0);
    size_t count = 0;
    struct term found;
    for (size_t i = 0; computed && i < own->count; i++) {
        struct go_type *type;
        if (!is_lost(trace, &own->items[i], &type) || !is_whole_number(type) ||
            own->items[i].line >= line || !types_has_word(made->text, own->items[i].name))
            continue;
        count++;
        set_whole(trace, &own->items[i], type, &found);
    }
    if (count == 1)
        *out = found;
    return count == 1;
}

bool types_find_number_argument(struct trace *trace, const char *text, uint64_t size,
                                struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    size_t count = 0;
    for (size_t i = 0; trace->optimized && i < own->count; i++) {
        struct go_type *type;
        if (own->items[i].role != VARIABLE_ARGUMENT || !is_lost(trace, &own->items[i], &type) ||
            !is_whole_number(type) || (size && type->size != size) ||
            types_has_word(text, own->items[i].name))
            continue;
        count++;
        set_whole(trace, &own->items[i], type, out);
    }
    return count == 1;
}

/** A list of places still to be looked into, by the expression that names them. */
struct candidates {
    struct {
        const char *text;
        struct go_type *type;
        unsigned depth;
    } items[64];
    size_t count;
};

static void add_candidate(struct candidates *list, const char *text, struct go_type *type,
                          unsigned depth)
{
    if (list->count == COUNT_OF(list->items))
        return;
    list->items[list->count].text = text;
    list->items[list->count].type = type;
    list->items[list->count++].depth = depth;
}

static void add_fields(struct trace *trace, struct candidates *list, size_t at)
{
    enum { DEPTH_MAX = 2 };
    const char *text = list->items[at].text;
    struct go_type *type = list->items[at].type;
    unsigned depth = list->items[at].depth;
    if (type->kind == GO_POINTER && type->elem && place_resolve(trace, type->elem))
        type = type->elem;
    for (size_t i = 0; type->kind == GO_STRUCT && depth < DEPTH_MAX && i < type->field_count; i++)
        add_candidate(list, arena_printf(trace->arena, "%s.%s", text, type->fields[i].name),
                      type->fields[i].type, depth + 1);
}

/** Whether an element of a value may be what is looked for: which one cannot be said. */
static bool may_hold(const struct go_type *type, const struct go_type *wanted)
{
    bool holds = type->kind == GO_SLICE || type->kind == GO_MAP || type->kind == GO_ARRAY ||
                 type->kind == GO_CHAN;
    return holds && type->elem && types_same(type->elem, wanted);
}

bool types_find_path(struct trace *trace, const struct go_type *type, struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    struct candidates list = {.count = 0};
    const char *found = NULL;
    struct go_type *other, *found_type = NULL;
    if (!trace->optimized || !type)
        return false;
    for (size_t i = 0; i < own->count; i++)
        if (types_is_in_scope(trace, &own->items[i], &other))
            add_candidate(&list, arena_string(trace->arena, own->items[i].name), other, 0);
    for (size_t i = 0; i < list.count; i++) {
        other = list.items[i].type;
        if (!place_resolve(trace, other) || list.count == COUNT_OF(list.items))
            return false;
        bool same = types_same(other, type);
        if (may_hold(other, type) || (same && found))
            return false;
        if (same) {
            found = list.items[i].text;
            found_type = other;
        } else {
            add_fields(trace, &list, i);
        }
    }
    if (!found)
        return false;
    *out = (struct term){
        .kind = TERM_PART, .text = found, .type = found_type, .uncertain = true, .by_type = true};
    return true;
}

bool types_find_part(struct trace *trace, uint64_t whole_size, const struct go_type *whole,
                     uint64_t offset, unsigned size, struct term *out)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    struct term found = {0};
    if (!trace->optimized)
        return false;
    for (size_t i = 0; i < own->count; i++) {
        struct go_type *type;
        struct term part;
        if (!is_lost(trace, &own->items[i], &type))
            continue;
        bool is_pointer = type->kind == GO_POINTER && type->elem;
        struct go_type *inner = is_pointer ? type->elem : type;
        if (!place_resolve(trace, inner) || inner->size != whole_size ||
            (whole && !types_same(whole, inner)) ||
            (!whole && inner->kind != GO_STRUCT && inner->kind != GO_ARRAY) ||
            !place_select(trace, own->items[i].name, inner, offset, size, &part))
            continue;
        if (found.text)
            return false;
        found = part;
        found.text = arena_string(trace->arena, part.text);
    }
    if (!found.text)
        return false;
    *out = found;
    out->uncertain = true;
    out->by_type = true;
    return true;
}

/**
 * The object on the stack that a word belongs to: its address is taken, so that the table for the
 * garbage collector lists it (FUNCDATA_StackObjects; see goruntime/stack_marks.c).
 */
static bool find_object(const struct trace *trace, int64_t slot, int64_t *start, uint64_t *size)
{
    const struct program *program = trace->analysis->program;
    const struct address_space *space = program->space;
    target_addr objects = pc_function_funcdata(&trace->function, FUNCDATA_STACK_OBJECTS);
    uint64_t count;
    // The end of the locals, from the CFA: a saved frame pointer, on amd64 the return address too.
    int64_t top = -WORD - program->arch->call_pushes;
    if (!objects || !address_space_try_u64(space, objects, &count) || count > OBJECTS_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        target_addr record = objects + 8 + 16 * i;
        uint32_t place, half;
        uint64_t type;
        if (!address_space_try_u32(space, record, &place) ||
            !address_space_try_u32(space, record + 4, &half) ||
            !address_space_try_u64(space, record + 8, &type))
            return false;
        *size = half;
        if (program->release->minor < 18 && !address_space_try_u64(space, type, size))
            return false;
        *start = top + (int32_t)place;
        if ((int32_t)place < 0 && slot >= *start && (uint64_t)(slot - *start) < *size)
            return true;
    }
    return false;
}

bool types_of_slot(struct trace *trace, int64_t slot, unsigned size, struct term *out)
{
    int64_t start;
    uint64_t whole;
    return trace->optimized && find_object(trace, slot, &start, &whole) &&
           types_find_part(trace, whole, NULL, (uint64_t)(slot - start), size, out);
}

bool types_of_slot_now(struct trace *trace, int64_t slot, unsigned size, struct term *out)
{
    uint8_t bytes[WORD] = {0};
    if (!types_of_slot(trace, slot, size, out))
        return false;
    out->has_value = size > 0 && size <= WORD &&
                     address_space_try_read(trace->analysis->program->space,
                                            trace->cfa + (uint64_t)slot, bytes, size);
    out->value = load_u64(bytes);
    return true;
}

struct go_type *types_described(struct trace *trace, const struct term *term)
{
    struct go_type *type = NULL;
    if (term->kind != TERM_NUMBER || term->text)
        return NULL;
    struct error *err = type_from_runtime(value_reader_types(trace->analysis->reader),
                                          (target_addr)term->offset, &type);
    bool known = !err;
    error_ignore(err); // no descriptor: what is made of it has no type
    return known && place_resolve(trace, type) ? type : NULL;
}

/** The argument of an allocator that says which type it is of; -1: it is none. */
static int described_argument(const char *name, bool *is_pointer)
{
    *is_pointer =
        strncmp(name, "runtime.newobject", 17) == 0 || strncmp(name, "runtime.mallocgc", 16) == 0;
    if (strncmp(name, "runtime.mallocgc", 16) == 0)
        return 1;
    return *is_pointer || strncmp(name, "runtime.makechan", 16) == 0 ||
                   strncmp(name, "runtime.makemap", 15) == 0
               ? 0
               : -1;
}

bool types_of_allocation(struct trace *trace, size_t call, const char *name, struct term *out)
{
    bool is_pointer;
    int word = described_argument(name, &is_pointer);
    if (word < 0 || !trace->optimized)
        return true;
    const struct term *descriptor = trace_need_argument(trace, call, (unsigned)word);
    if (!descriptor)
        return false;
    struct go_type *type = types_described(trace, descriptor);
    if (type && is_pointer)
        type = type_pointer_to(value_reader_types(trace->analysis->reader), type);
    if (type)
        types_find_variable(trace, type, out);
    return true;
}
