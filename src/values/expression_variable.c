// SPDX-License-Identifier: MIT
#include "declared.h"
#include "expression_internal.h"

#include "base/buffer.h"

#include <string.h>

enum { NAMES_LISTED = 12 }; ///< in the error about a name that is not there

/** The variables of a frame: as they are shown, and where each was read from. */
struct frame_names {
    struct frame_variables variables;
    struct value_origin *origins;
    size_t origin_count;
    struct dwarf_variables declared; ///< those too that have no place at this pc
    const char *missing;             ///< why nothing is known, NULL: it is
};

/** Reads the frame's variables as shallowly as can be, and keeps where they lie. */
static struct error *read_places(struct evaluation *eval, struct frame_names *names)
{
    struct value_reader *reader = eval->reader;
    struct value_limits limits = reader->limits;
    reader->limits = (struct value_limits){0};
    reader->keeps_origins = true;
    reader->origin_count = 0;
    struct error *err = variables_read(reader, eval->arena, eval->frame, &names->variables);
    reader->keeps_origins = false;
    reader->limits = limits;
    names->origin_count = reader->origin_count;
    names->origins = arena_array(eval->arena, reader->origin_count, sizeof *names->origins);
    if (reader->origin_count)
        memcpy(names->origins, reader->origins, reader->origin_count * sizeof *names->origins);
    return err;
}

static struct error *read_declared(struct evaluation *eval, struct frame_names *names)
{
    struct dwarf_index *dwarf = NULL;
    const struct variable_frame *frame = eval->frame;
    struct error *err = program_dwarf_at(eval->reader->program, frame->pc, &dwarf);
    if (err)
        return err;
    return variable_frame_declared(eval->reader, frame, dwarf, eval->arena, &names->declared);
}

static struct frame_names *names_of(struct evaluation *eval)
{
    if (eval->names)
        return eval->names;
    struct frame_names *names = eval->names = ARENA_NEW(eval->arena, struct frame_names);
    if (!eval->frame || !eval->reader->program)
        return names;
    struct error *err = read_places(eval, names);
    if (!err)
        err = read_declared(eval, names);
    if (err) {
        names->missing = arena_string(eval->arena, error_message(err));
        error_free(err);
    }
    return names;
}

static const struct value_origin *origin_of(const struct frame_names *names,
                                            const struct value *value)
{
    for (size_t i = 0; i < names->origin_count; i++)
        if (names->origins[i].value == value)
            return &names->origins[i];
    return NULL;
}

/** The variable of a name that the code at this pc means: of several the one not shadowed. */
static const struct value *find_shown(const struct frame_names *names, const char *name)
{
    const struct value_list *lists[] = {&names->variables.locals, &names->variables.arguments};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const struct value *value = lists[i]->items[k];
            if (value->name && !value->shadowed && strcmp(value->name, name) == 0)
                return value;
        }
    return NULL;
}

static bool is_declared(const struct frame_names *names, const char *name)
{
    for (size_t i = 0; i < names->declared.count; i++)
        if (strcmp(names->declared.items[i].name, name) == 0)
            return true;
    return false;
}

struct error *frame_names_find(struct evaluation *eval, const struct step *step, bool *found,
                               struct operand *out)
{
    const struct frame_names *names = names_of(eval);
    const struct value *value = find_shown(names, step->name);
    *found = true;
    if (!value && is_declared(names, step->name))
        return error_new_at(step->offset, "%s is %s", step->name, optimized_out);
    if (!value) {
        *found = false;
        return NULL;
    }
    const struct value_origin *origin = origin_of(names, value);
    if (!origin)
        return error_new_at(step->offset, "%s: %s", step->name,
                            value->unreadable ? value->unreadable : optimized_out);
    struct operand operand = {.kind = OPERAND_VALUE,
                              .offset = step->offset,
                              .type = origin->type,
                              .storage = origin->storage};
    struct error *err = resolve_at(eval, step->offset, operand.type);
    if (value->provenance)
        eval->provenance = value->provenance;
    if (!err)
        *out = operand;
    return err;
}

const char *frame_names_list(struct evaluation *eval)
{
    const struct frame_names *names = names_of(eval);
    const struct value_list *lists[] = {&names->variables.arguments, &names->variables.locals};
    if (names->missing)
        return names->missing;
    AUTO_TEXT text = {0};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const char *name = lists[i]->items[k]->name;
            if (!name || lists[i]->items[k]->shadowed || count > NAMES_LISTED)
                continue;
            buffer_puts(&text, count ? ", " : "it has ");
            buffer_puts(&text, count == NAMES_LISTED ? "…" : name);
            count++;
        }
    return count ? arena_string(eval->arena, buffer_text(&text))
                 : "it has no variables that can be read";
}
