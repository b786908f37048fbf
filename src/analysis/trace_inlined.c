// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "trace.h"

#include <string.h>

/**
 * The call inlined into the function whose names count that an instruction is of.
 * @param depth  as dwarf_index_variables() counts
 * @return false where it is the function's own code, or another's
 */
static bool find_inlined(struct trace *trace, size_t at, struct pc_logical_frame *out,
                         unsigned *depth)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame frames[LIMIT_INLINE_DEPTH + 1];
    size_t count = 0;
    pc_inline_begin(&walk, &trace->function, function_code_pc(trace->code, at));
    while (count < COUNT_OF(frames) && pc_inline_next(&walk, &frames[count]))
        count++;
    for (size_t i = 1; i < count; i++)
        if (strcmp(frames[i].name, trace->logical) == 0) {
            *out = frames[i - 1];
            *depth = (unsigned)(count - i);
            return true;
        }
    return false;
}

/** The one result of an inlined call; NULL: several, or none. */
static const struct dwarf_variable *only_result(const struct dwarf_variables *variables)
{
    const struct dwarf_variable *found = NULL;
    for (size_t i = 0; i < variables->count; i++) {
        if (variables->items[i].role != VARIABLE_RESULT)
            continue;
        if (found)
            return NULL;
        found = &variables->items[i];
    }
    return found;
}

/** The receiver that the code of an inlined method works on: what it reads a field of. */
static const char *receiver_of(struct trace *trace, size_t writer, const struct go_type *type)
{
    const struct instruction *one = &trace->code->instructions[writer];
    if (one->kind != INSTRUCTION_LOAD || one->base < 0)
        return NULL;
    const struct term *base = trace_need(
        trace, (struct trace_query){.kind = QUERY_REGISTER, .what = one->base, .at = writer});
    bool whole = base && base->kind == TERM_PART && base->offset == 0 && base->text;
    return whole && base->type && types_same(base->type, type) ? base->text : NULL;
}

/** What an inlined call's parameter is here, by the place that DWARF gives it; NULL: not known, or
 * blocked. */
static const char *parameter_text(struct trace *trace, size_t at,
                                  const struct dwarf_variable *variable, struct go_type *type)
{
    struct term found;
    const struct term *term = &found;
    struct location location;
    if (!names_locate(trace, variable, function_code_pc(trace->code, at), &location))
        return NULL;
    const struct location_piece *piece = &location.pieces[0];
    if (piece->kind == PIECE_REGISTER)
        term = trace_need(
            trace,
            (struct trace_query){.kind = QUERY_REGISTER, .what = (int64_t)piece->reg, .at = at});
    else if (piece->kind != PIECE_MEMORY || !names_of_place(trace, at, piece->address, 0, &found))
        return NULL;
    if (!term || !term->text)
        return NULL;
    struct term number = term_number(trace, term);
    if (number.kind == TERM_NUMBER)
        return type->kind >= GO_INT && type->kind <= GO_UINTPTR ? term_text(trace, &number) : NULL;
    bool whole = term->kind == TERM_PART && term->offset == 0 && term->type;
    return whole && types_same(term->type, type) ? term->text : NULL;
}

/** Whether another parameter is of the same type: one variable cannot be told to be either. */
static bool same_type_before(struct trace *trace, const struct dwarf_variables *variables,
                             size_t which, const struct go_type *type)
{
    struct go_type *other;
    for (size_t i = 0; i < variables->count; i++)
        if (i != which && variables->items[i].role == VARIABLE_ARGUMENT &&
            names_type(trace, &variables->items[i], &other) && types_same(type, other))
            return true;
    return false;
}

/** "m.find(id)": receiver and arguments by their places, or as the only variables here of the
 * parameters' types; NULL: nothing is known, or blocked. */
static const char *call_text(struct trace *trace, size_t writer, const char *name,
                             const struct dwarf_variables *variables)
{
    const char *local = names_local(trace, name), *dot = strrchr(local, '.'), *text = NULL;
    const char *arguments = "";
    bool is_method = strchr(local, '(') || (dot && strchr(local, '.') != dot);
    if (strchr(local, '[') || strstr(local, ".func"))
        return NULL;
    for (size_t i = 0; i < variables->count; i++) {
        const struct dwarf_variable *variable = &variables->items[i];
        struct go_type *type;
        struct term found = {0};
        if (variable->role != VARIABLE_ARGUMENT)
            continue;
        if (!names_type(trace, variable, &type))
            return NULL;
        const char *placed = parameter_text(trace, writer, variable, type);
        if (trace->blocked)
            return NULL;
        bool known = placed || (!same_type_before(trace, variables, i, type) &&
                                types_find_variable(trace, type, &found));
        if (placed)
            found.text = placed;
        if (is_method && !text) {
            const char *receiver = known ? found.text : receiver_of(trace, writer, type);
            if (trace->blocked)
                return NULL;
            if (!receiver && types_find_path(trace, type, &found))
                receiver = found.text;
            text = receiver ? arena_printf(trace->arena, "%s.%s", receiver, dot + 1) : local;
            continue;
        }
        arguments = arena_printf(trace->arena, "%s%s%s", arguments, arguments[0] ? ", " : "",
                                 known ? found.text : "...");
    }
    if (!text && !is_method)
        text = local;
    return text ? arena_printf(trace->arena, "%s(%s)", text, arguments) : NULL;
}

/** The type of what an inlined call gives; NULL: not known. */
static struct go_type *result_type(struct trace *trace, const struct dwarf_variables *variables,
                                   const struct term *made)
{
    const struct dwarf_variable *result = only_result(variables);
    struct go_type *type = NULL;
    if (result && names_type(trace, result, &type))
        return type;
    return made->kind == TERM_PART ? made->type : NULL;
}

/** Whether two instructions are of the same inlined call: one works on what the other has made. */
static bool same_call(struct trace *trace, size_t at, const struct pc_logical_frame *frame)
{
    const struct instruction *one = &trace->code->instructions[at];
    struct pc_logical_frame other = {.name = ""};
    unsigned depth;
    int64_t slot;
    // What is put aside belongs to the line that made it, whoever uses it.
    if (one->kind == INSTRUCTION_MOVE ||
        (one->kind == INSTRUCTION_STORE && flow_slot(trace, at, &slot)))
        return false;
    return find_inlined(trace, at, &other, &depth) && strcmp(other.name, frame->name) == 0;
}

bool call_inlined_result(struct trace *trace, size_t writer, size_t at, const struct term *made,
                         struct term *out)
{
    struct pc_logical_frame frame = {.name = ""};
    struct dwarf_variables variables;
    unsigned depth;
    if (!trace->optimized || !find_inlined(trace, writer, &frame, &depth) ||
        same_call(trace, at, &frame))
        return false;
    struct error *err = dwarf_index_variables(trace->dwarf, function_code_pc(trace->code, writer),
                                              depth, NULL, trace->arena, &variables);
    bool known = !err;
    error_ignore(err); // what it gives is not known
    struct go_type *type = known ? result_type(trace, &variables, made) : NULL;
    if (!type)
        return false;
    bool whole = type->kind != GO_SLICE && type->kind != GO_STRING && type->kind != GO_INTERFACE &&
                 type->kind != GO_STRUCT && type->kind != GO_ARRAY;
    bool part = made->kind == TERM_PART && made->type && types_same(made->type, type);
    if (!whole && !part)
        return false;
    // Rather the variable that it was put into.
    bool number = type->kind >= GO_BOOL && type->kind <= GO_COMPLEX128;
    if (number || !types_find_variable(trace, type, out)) {
        const char *text = call_text(trace, writer, frame.name, &variables);
        if (!text)
            return false;
        *out = (struct term){.kind = TERM_PART, .source = SOURCE_CALL, .text = text, .type = type};
    }
    out->uncertain = true;
    out->offset = part ? made->offset : 0;
    return true;
}

static bool is_zero(const struct instruction *one)
{
    bool cleared = one->operation == OPERATION_XOR && one->source == one->destination;
    bool constant =
        (one->kind == INSTRUCTION_MOVE && one->source < 0) || one->operation == OPERATION_CONSTANT;
    return cleared || (constant && one->has_constant && one->constant == 0);
}

bool call_merged_result(struct trace *trace, const size_t *writers, size_t count, size_t at,
                        int reg, struct term *out)
{
    static const struct term unknown = {0};
    struct pc_logical_frame first = {.name = ""}, other = {.name = ""};
    size_t maker = trace->code->count;
    unsigned depth;
    for (size_t i = 0; i < count; i++) {
        if (is_zero(&trace->code->instructions[writers[i]]))
            continue; // its place in the source is lost
        size_t origin = flow_origin(trace, writers[i], reg);
        if (!find_inlined(trace, origin, maker == trace->code->count ? &first : &other, &depth))
            return false;
        if (maker != trace->code->count && strcmp(first.name, other.name) != 0)
            return false;
        maker = origin;
    }
    if (maker == trace->code->count || count < 2 || same_call(trace, at, &first))
        return false;
    if (call_inlined_result(trace, maker, at, &unknown, out))
        return true;
    struct dwarf_variables variables;
    find_inlined(trace, maker, &first, &depth);
    struct error *err = dwarf_index_variables(trace->dwarf, function_code_pc(trace->code, maker),
                                              depth, NULL, trace->arena, &variables);
    const char *text = err ? NULL : call_text(trace, maker, first.name, &variables);
    error_ignore(err); // what it takes is not known
    *out =
        (struct term){.kind = TERM_UNKNOWN, .source = SOURCE_CALL, .text = text, .uncertain = true};
    return text != NULL;
}

int32_t call_own_line(struct trace *trace, size_t at)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame frame;
    pc_inline_begin(&walk, &trace->function, function_code_pc(trace->code, at));
    while (pc_inline_next(&walk, &frame))
        if (strcmp(frame.name, trace->logical) == 0)
            return frame.line;
    return 0;
}

bool call_is_outside(struct trace *trace, size_t at)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame frame;
    if (!trace->optimized || trace->scope_count < 2)
        return false;
    pc_inline_begin(&walk, &trace->function, function_code_pc(trace->code, at));
    while (pc_inline_next(&walk, &frame))
        if (strcmp(frame.name, trace->logical) == 0)
            return false;
    return true;
}
