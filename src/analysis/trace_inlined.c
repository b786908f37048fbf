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
    pc_inline_begin(&walk, &trace->function, trace->starts[at]);
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
    const struct instruction *one = &trace->instructions[writer];
    if (one->kind != INSTRUCTION_LOAD || one->base < 0)
        return NULL;
    const struct term *base =
        trace_need(trace, (struct trace_query){QUERY_REGISTER, one->base, writer});
    bool whole = base && base->kind == TERM_PART && base->offset == 0 && base->text;
    return whole && base->type && types_same(base->type, type) ? base->text : NULL;
}

/** "m.find(id)": receiver and arguments are the only variables here of the parameters' types. */
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
        bool known = types_find_variable(trace, type, &found);
        if (is_method && !text) {
            const char *receiver = known ? found.text : receiver_of(trace, writer, type);
            if (!receiver)
                return NULL;
            text = arena_printf(trace->arena, "%s.%s", receiver, dot + 1);
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
    const struct instruction *one = &trace->instructions[at];
    struct pc_logical_frame other;
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
    struct pc_logical_frame frame;
    struct dwarf_variables variables;
    unsigned depth;
    if (!trace->optimized || !find_inlined(trace, writer, &frame, &depth) ||
        same_call(trace, at, &frame))
        return false;
    struct error *err = dwarf_index_variables(trace->dwarf, trace->starts[writer], depth, NULL,
                                              trace->arena, &variables);
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

int32_t call_own_line(struct trace *trace, size_t at)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame frame;
    pc_inline_begin(&walk, &trace->function, trace->starts[at]);
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
    pc_inline_begin(&walk, &trace->function, trace->starts[at]);
    while (pc_inline_next(&walk, &frame))
        if (strcmp(frame.name, trace->logical) == 0)
            return false;
    return true;
}
