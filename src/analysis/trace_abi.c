// SPDX-License-Identifier: MIT
#include "trace.h"

#include <string.h>

enum { FLATTEN_MAX = 64, WORD = 8 };

int abi_register(const struct trace *trace, unsigned word)
{
    const struct program *program = trace->analysis->program;
    return arch_argument(program->arch, program->release->minor, word);
}

int abi_word(const struct trace *trace, int reg)
{
    for (unsigned word = 0; reg >= 0 && word < ARGUMENT_REGISTERS; word++)
        if (abi_register(trace, word) == reg)
            return (int)word;
    return -1;
}

/** Offsets of the words of a type that go into integer registers; floats go elsewhere. */
struct flat_type {
    uint64_t offsets[ARGUMENT_REGISTERS];
    size_t count;
};

struct flat_part {
    struct go_type *type;
    uint64_t offset;
};

static bool add_words(struct flat_type *out, uint64_t offset, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (out->count == ARGUMENT_REGISTERS)
            return false;
        out->offsets[out->count++] = offset + i * WORD;
    }
    return true;
}

static bool flatten_one(struct trace *trace, const struct flat_part *part,
                        struct flat_part *pending, size_t *depth, struct flat_type *out)
{
    struct go_type *type = part->type;
    if (!place_resolve(trace, type))
        return false;
    switch (type->kind) {
    case GO_STRING:
    case GO_INTERFACE:
        return add_words(out, part->offset, 2);
    case GO_SLICE:
        return add_words(out, part->offset, 3);
    case GO_FLOAT32:
    case GO_FLOAT64:
    case GO_COMPLEX64:
    case GO_COMPLEX128:
        return true;
    case GO_ARRAY:
        if (type->length == 1)
            pending[(*depth)++] = (struct flat_part){type->elem, part->offset};
        return type->length <= 1;
    case GO_STRUCT:
        if (*depth + type->field_count > FLATTEN_MAX)
            return false;
        for (size_t i = type->field_count; i-- > 0;)
            pending[(*depth)++] =
                (struct flat_part){type->fields[i].type, part->offset + type->fields[i].offset};
        return true;
    default:
        return add_words(out, part->offset, 1);
    }
}

/** @return false where the type as a whole is passed on the stack, or not known */
static bool flatten(struct trace *trace, struct go_type *type, struct flat_type *out)
{
    struct flat_part pending[FLATTEN_MAX + 1] = {{type, 0}};
    size_t depth = 1;
    out->count = 0;
    for (size_t steps = 0; depth > 0 && steps < 4 * FLATTEN_MAX; steps++) {
        struct flat_part part = pending[--depth];
        if (!flatten_one(trace, &part, pending, &depth, out))
            return false;
    }
    return depth == 0;
}

/** Whether a function, by its name, is a generic's own: its dictionary is a hidden argument. */
static bool takes_dictionary(const char *name, bool *is_method)
{
    const char *end = strrchr(name, ']');
    *is_method = end && (end[1] == '.' || end[1] == ')');
    return end && !strstr(end, ".func");
}

bool abi_layout(struct trace *trace, const struct dwarf_variables *variables, const char *name,
                enum variable_role role, struct abi_layout *out)
{
    bool is_method = false;
    bool dictionary = role == VARIABLE_ARGUMENT && name && takes_dictionary(name, &is_method);
    size_t registers = 0;
    *out = (struct abi_layout){0};
    while (abi_register(trace, (unsigned)registers) >= 0)
        registers++;
    if (registers == 0)
        return false;
    // From 1.20 a method's dictionary comes behind its receiver, before that in front of it.
    bool in_front = dictionary && (!is_method || trace->analysis->program->release->minor < 20);
    out->count = in_front;
    bool behind = dictionary && !in_front;
    for (size_t i = 0; i < variables->count; i++) {
        const struct dwarf_variable *variable = &variables->items[i];
        struct go_type *type;
        struct flat_type flat;
        if (variable->role != role)
            continue;
        if (!names_type(trace, variable, &type))
            return false;
        if (!flatten(trace, type, &flat) || out->count + flat.count > registers)
            continue; // on the stack
        for (size_t k = 0; k < flat.count; k++) {
            out->words[out->count].variable = variable;
            out->words[out->count++].offset = flat.offsets[k];
        }
        if (behind)
            out->count++;
        behind = false;
    }
    return out->count <= registers;
}
