// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cause_internal.h"

#include <string.h>

enum { WORD = 8, ITAB_FUN = 24, STEPS_MAX = 8, LOOK_AHEAD = 6, PATHS_MAX = 512, DEPTH_MAX = 3 };
enum { GUESSES_MAX = 2 };

/** What the code says of a pointer that has no name: where it got it, what it does with it. */
struct pointer_use {
    bool has_field; ///< it was read from behind another pointer …
    int64_t field;  ///< … at this offset
    int64_t offset; ///< what is read through it
    unsigned size;  ///< 0: any, for it is only tested for nil
    bool called;    ///< what is read is called
};

/** An expression that may be what is looked for. */
struct path {
    const char *text;
    struct go_type *type;
    uint64_t offset; ///< in what the last pointer of the text leads to, or in the variable
    bool behind;     ///< a pointer was followed
    unsigned depth;
    bool known; ///< the type
};

struct path_list {
    struct path items[PATHS_MAX];
    size_t count;
};

/** The offset at which one instruction reads a register from behind a pointer. */
static bool read_offset(const struct trace *trace, size_t at, int reg, int64_t *out)
{
    const struct instruction *one = &trace->code->instructions[at];
    if (one->kind != INSTRUCTION_LOAD || one->base < 0 || one->index >= 0 ||
        one->base == trace->analysis->program->arch->sp || instruction_word_size(one) != WORD)
        return false;
    *out = one->displacement + (one->is_pair && reg == one->second ? WORD : 0);
    return true;
}

/** Follows copies and spills back to what set a register: all that set it must agree. */
static bool find_field(struct trace *trace, size_t at, int reg, int64_t *out)
{
    struct trace_query query = {.kind = QUERY_REGISTER, .what = reg, .at = at};
    for (int step = 0; step < STEPS_MAX; step++) {
        size_t writers[FLOW_WRITERS_MAX], writer;
        bool entered;
        size_t count = flow_writers(trace, &query, writers, &entered);
        int64_t offset, slot;
        if (count == 0 || entered)
            return false;
        writer = writers[0];
        const struct instruction *one = &trace->code->instructions[writer];
        if (query.kind == QUERY_REGISTER && read_offset(trace, writer, (int)query.what, out)) {
            for (size_t i = 1; i < count; i++)
                if (!read_offset(trace, writers[i], (int)query.what, &offset) || offset != *out)
                    return false;
            return true;
        }
        if (count > 1)
            return false;
        if (query.kind == QUERY_REGISTER && one->kind == INSTRUCTION_MOVE && one->source >= 0)
            query = (struct trace_query){.kind = QUERY_REGISTER, .what = one->source, .at = writer};
        else if (query.kind == QUERY_REGISTER && one->kind == INSTRUCTION_LOAD && !one->is_pair &&
                 flow_slot(trace, writer, &slot))
            query = (struct trace_query){.kind = QUERY_SLOT, .what = slot, .at = writer};
        else if (query.kind == QUERY_SLOT && one->kind == INSTRUCTION_STORE && !one->is_pair &&
                 one->source >= 0)
            query = (struct trace_query){.kind = QUERY_REGISTER, .what = one->source, .at = writer};
        else
            return false;
    }
    return false;
}

/** Whether what the instruction loads is called soon after. */
static bool is_called(const struct trace *trace, size_t at)
{
    const struct instruction *fault = &trace->code->instructions[at];
    if (fault->kind == INSTRUCTION_CALL)
        return true;
    if (fault->kind != INSTRUCTION_LOAD)
        return false;
    for (size_t i = at + 1; i < trace->code->count && i <= at + LOOK_AHEAD; i++) {
        const struct instruction *one = &trace->code->instructions[i];
        if (one->kind == INSTRUCTION_CALL)
            return !one->has_constant && !one->has_memory &&
                   (one->destination == fault->destination || one->source == fault->destination ||
                    one->reads >> fault->destination & 1);
        if (one->kind == INSTRUCTION_JUMP || one->writes >> fault->destination & 1)
            return false;
    }
    return false;
}

bool cause_fault_calls(const struct trace *trace)
{
    return is_called(trace, trace->at);
}

bool cause_fault_tests(const struct trace *trace)
{
    const struct instruction *fault = &trace->code->instructions[trace->at];
    return fault->is_nil_check || (fault->kind == INSTRUCTION_COMPARE && fault->is_test &&
                                   fault->has_memory && fault->access_size == 1);
}

static void read_use(struct trace *trace, struct pointer_use *out)
{
    const struct instruction *fault = &trace->code->instructions[trace->at];
    bool check = cause_fault_tests(trace);
    *out = (struct pointer_use){.offset = fault->displacement,
                                .size = check ? 0 : instruction_word_size(fault),
                                .called = is_called(trace, trace->at)};
    out->has_field = find_field(trace, trace->at, fault->base, &out->field);
}

static void add_path(struct path_list *list, struct path path)
{
    if (list->count < PATHS_MAX)
        list->items[list->count++] = path;
}

static void add_fields(struct trace *trace, struct path_list *list, const struct path path)
{
    struct go_type *type = path.type;
    bool follows = type->kind == GO_POINTER && type->elem && place_resolve(trace, type->elem);
    if (follows)
        type = type->elem;
    if (type->kind == GO_SLICE && type->elem && path.depth < DEPTH_MAX) {
        add_path(list, (struct path){.text = arena_printf(trace->arena, "%s[...]", path.text),
                                     .type = type->elem,
                                     .behind = true,
                                     .depth = path.depth});
        return;
    }
    if (type->kind != GO_STRUCT || path.depth == DEPTH_MAX)
        return;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct go_field *field = &type->fields[i];
        add_path(list,
                 (struct path){.text = arena_printf(trace->arena, "%s.%s", path.text, field->name),
                               .type = field->type,
                               .offset = (follows ? 0 : path.offset) + field->offset,
                               .behind = path.behind || follows,
                               .depth = path.depth + 1});
    }
}

/** Whether a type's nil may have been used in that way. */
static bool fits_use(struct trace *trace, struct go_type *type, const struct pointer_use *use)
{
    struct term part;
    switch (type->kind) {
    case GO_FUNC:
        return use->called && use->offset == 0;
    case GO_INTERFACE:
        return use->called && type->has_methods && use->offset >= ITAB_FUN &&
               use->offset % WORD == 0;
    case GO_POINTER:
        if (use->called || use->offset < 0 || !type->elem || !place_resolve(trace, type->elem) ||
            (uint64_t)use->offset >= type->elem->size)
            return false;
        return use->size == 0 || use->size > WORD ||
               place_select(trace, "", type->elem, (uint64_t)use->offset, use->size, &part);
    default:
        return false;
    }
}

enum nil_state { STATE_OPEN, STATE_WAS_NOT_NIL, STATE_IS_NOT_NIL };

/** What the core says of an expression; what it was when it was last used may have changed. */
static enum nil_state state_of(const struct cause_finder *finder, const char *text)
{
    struct expression_result result;
    if (!cause_evaluate(finder, text, &result) || result.value->unreadable || result.value->nil)
        return STATE_OPEN;
    return result.value->provenance ? STATE_WAS_NOT_NIL : STATE_IS_NOT_NIL;
}

/** Lists what the line may name, up to DEPTH_MAX fields down. @return false where it is too much */
static bool list_paths(struct trace *trace, struct path_list *list)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    for (size_t i = 0; i < own->count; i++) {
        struct go_type *type;
        if (types_is_in_scope(trace, &own->items[i], &type))
            add_path(list, (struct path){.text = arena_string(trace->arena, own->items[i].name),
                                         .type = type});
    }
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].known = place_resolve(trace, list->items[i].type);
        if (list->items[i].known)
            add_fields(trace, list, list->items[i]);
    }
    return list->count < PATHS_MAX;
}

static bool is_reached(const struct path *path, const struct pointer_use *use)
{
    return path->known &&
           (use->has_field ? path->behind && (int64_t)path->offset == use->field : !path->behind);
}

/** @param other  the only one besides it, NULL: none. The first one is declared first. */
static void set_path(const struct path *path, const struct path *other, struct term *out)
{
    *out = (struct term){.kind = TERM_PART,
                         .text = path->text,
                         .type = path->type,
                         .uncertain = true,
                         .by_type = true,
                         .other = other ? other->text : NULL};
}

bool cause_nil_path(struct cause_finder *finder, struct trace *trace, struct term *out)
{
    struct path_list *list = ARENA_NEW(trace->arena, struct path_list);
    struct pointer_use use;
    const struct path *only[2] = {NULL}, *others[2] = {NULL}; // by what is known of it now
    size_t counts[2] = {0};
    // Without optimisation only what the compiler has put nil itself for has no place.
    if (!list_paths(trace, list))
        return false;
    read_use(trace, &use);
    for (size_t i = 0; i < list->count; i++) {
        const struct path *path = &list->items[i];
        if (!is_reached(path, &use) || !fits_use(trace, path->type, &use))
            continue;
        enum nil_state state = state_of(finder, path->text);
        if (state == STATE_IS_NOT_NIL)
            continue;
        if (only[state])
            others[state] = path;
        else
            only[state] = path;
        counts[state]++;
    }
    enum nil_state which = counts[STATE_OPEN] ? STATE_OPEN : STATE_WAS_NOT_NIL;
    if (counts[which] == 0 || counts[which] > GUESSES_MAX)
        return false;
    set_path(only[which], others[which], out);
    return true;
}

bool cause_interface_path(struct trace *trace, size_t at, int reg, const struct go_type *wanted,
                          struct term *out)
{
    struct path_list *list = ARENA_NEW(trace->arena, struct path_list);
    struct pointer_use use = {.has_field = false};
    const struct path *only = NULL, *other = NULL;
    if (!trace->optimized || reg < 0 || !list_paths(trace, list))
        return false;
    use.has_field = find_field(trace, at, reg, &use.field);
    for (size_t i = 0; i < list->count; i++) {
        const struct path *path = &list->items[i];
        if (!is_reached(path, &use) || path->type->kind != GO_INTERFACE ||
            (wanted && !types_same(path->type, wanted)))
            continue;
        if (other)
            return false;
        if (only)
            other = path;
        else
            only = path;
    }
    if (only)
        set_path(only, other, out);
    return only != NULL;
}

/** What a path is as a number that a word at a field's offset can be; false: it is none. */
static bool as_number(const struct path *path, const struct pointer_use *use, struct term *out)
{
    bool counts = path->type->kind == GO_SLICE || path->type->kind == GO_STRING;
    int64_t inside = use->field - (int64_t)path->offset;
    bool is_whole = path->type->kind >= GO_INT && path->type->kind <= GO_UINTPTR && inside == 0 &&
                    path->type->size == use->size;
    if (!path->known || !path->behind || !(is_whole || (counts && inside == WORD)))
        return false;
    set_path(path, NULL, out);
    out->offset = inside;
    return true;
}

/** Whether the core says that a number is another than the one that the runtime complained of. */
static bool is_other(const struct cause_finder *finder, struct trace *trace,
                     const struct term *term, int64_t value)
{
    struct expression_result result;
    struct term number = term_number(trace, term);
    if (!cause_evaluate(finder, term_text(trace, &number), &result) || result.value->unreadable ||
        result.value->provenance ||
        (result.value->kind != VALUE_INT && result.value->kind != VALUE_UINT))
        return false;
    return (int64_t)result.value->bits != value;
}

bool cause_number_path(const struct cause_finder *finder, struct trace *trace,
                       const struct guard *guard, bool left, const int64_t *value, struct term *out)
{
    const struct instruction *one = &trace->code->instructions[guard->compare];
    struct path_list *list = ARENA_NEW(trace->arena, struct path_list);
    struct pointer_use use = {.size = WORD};
    struct term found;
    size_t count = 0;
    bool in_memory = one->has_memory && one->memory_first == left && one->base >= 0 &&
                     one->index < 0 && one->base != trace->analysis->program->arch->sp;
    int reg = left ? one->destination : one->source;
    if (!trace->optimized || (one->has_memory && one->memory_first == left && !in_memory))
        return false;
    if (in_memory)
        use = (struct pointer_use){.field = one->displacement, .size = one->access_size};
    else if (reg < 0 || !find_field(trace, guard->compare, reg, &use.field))
        return false;
    if (!list_paths(trace, list))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        if (!as_number(&list->items[i], &use, &found) ||
            (value && is_other(finder, trace, &found, *value)))
            continue;
        if (count == 0)
            *out = found;
        else if (strcmp(out->text, found.text) != 0)
            out->other = found.text;
        count++;
    }
    return count > 0 && count <= GUESSES_MAX;
}

enum length_state { LENGTH_OTHER, LENGTH_OPEN, LENGTH_SAME };

/** What the core says of the length of what a path leads to. */
static enum length_state length_of(const struct cause_finder *finder, const struct path *path,
                                   int64_t length)
{
    struct expression_result now;
    bool counts = path->known && (path->type->kind == GO_SLICE || path->type->kind == GO_STRING);
    if (path->known && path->type->kind == GO_ARRAY)
        return path->type->length == (uint64_t)length ? LENGTH_SAME : LENGTH_OTHER;
    if (!counts)
        return LENGTH_OTHER;
    if (!cause_evaluate(finder, path->text, &now) || now.value->unreadable)
        return LENGTH_OPEN;
    return now.value->length == (uint64_t)length ? LENGTH_SAME : LENGTH_OTHER;
}

bool cause_length_path(const struct cause_finder *finder, struct trace *trace, int64_t length,
                       struct term *out, bool *exact)
{
    struct path_list *list = ARENA_NEW(trace->arena, struct path_list);
    const struct path *found[LENGTH_SAME + 1] = {NULL};
    size_t counts[LENGTH_SAME + 1] = {0};
    if (!list_paths(trace, list))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        enum length_state state = length_of(finder, &list->items[i], length);
        found[state] = &list->items[i];
        counts[state]++;
    }
    enum length_state which = counts[LENGTH_SAME] ? LENGTH_SAME : LENGTH_OPEN;
    if (counts[which] != 1 || strstr(found[which]->text, "[...]"))
        return false;
    set_path(found[which], NULL, out);
    out->by_type = false;
    *exact = which == LENGTH_SAME;
    return true;
}
