// SPDX-License-Identifier: MIT
#include "dictionary.h"

#include "symbols/pclntab.h"
#include "variable_storage.h"

#include <string.h>

enum {
    FIRST_GENERICS = 18,
    FIRST_BEHIND_RECEIVER = 20, ///< before, a method's dictionary came before its receiver
};

static target_addr from_dwarf(struct value_reader *reader, const struct location_context *context,
                              const struct dwarf_variables *variables)
{
    struct location location = {0};
    target_addr dictionary = 0;
    Dwarf_Die die = variables->dictionary;
    struct error *err = dwarf_location_find(reader->program->dwarf, &die, context, &location);
    if (err) {
        error_ignore(err);
        return 0;
    }
    return location_word(context, &location, &dictionary) ? dictionary : 0;
}

/** The first parameter of a method, NULL for a function. */
static const struct dwarf_variable *receiver_of(const char *function,
                                                const struct dwarf_variables *variables)
{
    const char *bracket = strrchr(function, ']');
    if (!bracket || (strncmp(bracket, "].", 2) != 0 && strncmp(bracket, "]).", 3) != 0))
        return NULL;
    for (size_t i = 0; i < variables->count; i++) {
        if (variables->items[i].role == VARIABLE_ARGUMENT)
            return &variables->items[i];
    }
    return NULL;
}

/**
 * Where the dictionary's slot lies among the slots of the register arguments: behind the
 * receiver's.
 * @return false where the receiver may not have come in registers
 */
static bool slot_of_dictionary(struct value_reader *reader, const char *function,
                               const struct dwarf_variables *variables, uint64_t *offset,
                               struct value_parts *before)
{
    const struct dwarf_variable *receiver = receiver_of(function, variables);
    bool is_method = strstr(function, "].") || strstr(function, "]).");
    *before = (struct value_parts){0};
    *offset = 0;
    if (reader->program->release->minor < FIRST_BEHIND_RECEIVER)
        return true;
    if (!receiver)
        return !is_method;
    struct go_type *type = NULL;
    struct error *err = type_from_dwarf(reader->types, receiver->type_die, &type);
    if (!err)
        err = type_resolve(reader->types, type);
    if (err) {
        error_ignore(err);
        return false;
    }
    if (receiver->escaped || !value_parts_of(reader, type, before) || before->count > 4)
        return false;
    *offset = (type->size + 7) & ~(uint64_t)7;
    return true;
}

/** Go's cmd/compile/internal/liveness/arg.go: whether a register argument's slot has been written.
 */
static bool slot_is_written(const struct value_reader *reader, const struct pc_function *function,
                            target_addr pc, uint64_t offset, const struct value_parts *before)
{
    const struct address_space *space = reader->program->space;
    target_addr table = pc_function_funcdata(function, FUNCDATA_ARG_LIVE);
    uint8_t first = 0, bits = 0;
    if (!table || !address_space_try_u8(space, table, &first))
        return false;
    if (offset < first)
        return true;
    unsigned slot = 0;
    for (size_t i = 0; i < before->count; i++)
        slot += before->items[i].offset >= first;
    int32_t index = pc_function_pcdata(function, PCDATA_ARG_LIVE, pc);
    if (index <= 0) // all of them
        return true;
    return address_space_try_u8(space, table + (uint32_t)index + slot / 8, &bits) &&
           bits >> slot % 8 & 1;
}

target_addr dictionary_find(struct value_reader *reader, const struct variable_frame *frame,
                            const struct location_context *context,
                            const struct dwarf_variables *variables)
{
    const struct program *program = reader->program;
    struct pc_function function;
    struct value_parts before;
    uint64_t offset = 0;
    target_addr dictionary = 0;
    if (variables->has_dictionary)
        return from_dwarf(reader, context, variables);
    if (frame->inline_depth != 0 || program->release->minor < FIRST_GENERICS || !frame->function ||
        !strchr(frame->function, '[') ||
        !pc_function_find(program->modules, frame->pc, &function) ||
        !slot_of_dictionary(reader, frame->function, variables, &offset, &before) ||
        !slot_is_written(reader, &function, frame->pc, offset, &before) ||
        !address_space_try_u64(program->space, frame->cfa + program->arch->frame_header + offset,
                               &dictionary))
        return 0;
    return dictionary;
}
