// SPDX-License-Identifier: MIT
#include "dictionary.h"
#include "caller_copy.h"

#include "symbols/pclntab.h"
#include "variable_storage.h"

#include <string.h>

enum {
    FIRST_GENERICS = 18,
    FIRST_BEHIND_RECEIVER = 20, ///< before, a method's dictionary came before its receiver
    KEY_DEPTH = 56,             ///< bits of a pc in front of how deep a call is inlined there
};

static target_addr from_dwarf(struct value_reader *reader, const struct location_context *context,
                              const struct dwarf_variables *variables)
{
    struct location location = {0};
    target_addr dictionary = 0;
    Dwarf_Die die = variables->dictionary;
    struct error *err = dwarf_location_find(program_opened_dwarf(reader->program, context->pc),
                                            &die, context, &location);
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

/** What the caller put into the dictionary's register: its address, in a call by name. */
static target_addr from_caller(struct value_reader *reader, const struct variable_frame *frame,
                               const struct pc_function *function, const struct value_parts *before)
{
    const struct program *program = reader->program;
    int reg = arch_argument(program->arch, program->release->minor, (unsigned)before->count);
    uint8_t bytes[8] = {0};
    if (reg < 0 || before->count > 1 || (before->count == 1 && !before->items[0].is_pointer))
        return 0;
    const struct passed_part part = {
        .reg = (unsigned)reg, .size = sizeof bytes, .is_pointer = true};
    return caller_copy(reader, frame, function, &part, bytes) ? load_u64(bytes) : 0;
}

/** A closure, or what the compiler wraps around a call: its parameters are its own. */
static bool is_closure(const char *function)
{
    const char *behind = strrchr(function, ']');
    const char *func = behind ? strstr(behind, ".func") : NULL;
    return behind && ((func && func[5] >= '0' && func[5] <= '9') || strstr(behind, "-range") ||
                      strstr(behind, ".gowrap") || strstr(behind, ".deferwrap"));
}

/** How the symbols of a generic's dictionaries are called: pkg..dict.Name[ or pkg..dict.(*Name[. */
struct dictionary_names {
    const char *prefixes[2];
    const char *method; ///< "insert" in main.(*Tree[...]).insert.func1; "" for a function
    bool of_method;     ///< each method has its own, 1.18 and 1.19
};

static bool name_dictionaries(struct value_reader *reader, const char *function,
                              struct dictionary_names *out)
{
    const char *bracket = strchr(function, '['), *slash = function;
    for (const char *at = function; bracket && at < bracket; at++)
        if (*at == '/')
            slash = at;
    const char *dot = bracket ? memchr(slash, '.', (size_t)(bracket - slash)) : NULL;
    const char *behind = bracket ? strchr(bracket, ']') : NULL;
    if (!dot || !behind)
        return false;
    const char *base = strncmp(dot + 1, "(*", 2) == 0 ? dot + 3 : dot + 1;
    int package = (int)(dot - function), size = (int)(bracket - base);
    behind += strncmp(behind, "]).", 3) == 0 ? 3 : strncmp(behind, "].", 2) == 0 ? 2 : 1;
    out->prefixes[0] =
        arena_printf(reader->scratch, "%.*s..dict.%.*s[", package, function, size, base);
    out->prefixes[1] =
        arena_printf(reader->scratch, "%.*s..dict.(*%.*s[", package, function, size, base);
    out->method = arena_copy(reader->scratch, behind, strcspn(behind, ".-"));
    out->of_method = reader->program->release->minor < FIRST_BEHIND_RECEIVER;
    return true;
}

static bool is_dictionary_of(const struct dictionary_names *names, const char *symbol)
{
    const char *behind = strrchr(symbol, ']');
    if (!behind)
        return false;
    behind += behind[1] == ')' ? 2 : 1;
    return *behind == '\0' ||
           (names->of_method && *behind == '.' && strcmp(behind + 1, names->method) == 0);
}

/** Whether one name is that of a closure of the other: "main.(*T[...]).insert" and its ".func1". */
static bool is_closure_of(const char *closure, const char *function)
{
    const char *behind = strrchr(closure, ']'), *bracket = strchr(function, '[');
    const char *tail = bracket ? strrchr(bracket, ']') : NULL;
    if (!behind || !tail || strncmp(closure, function, (size_t)(bracket - function) + 1) != 0)
        return false;
    size_t rest = strlen(tail); // the types between the brackets may be left out
    return strncmp(behind, tail, rest) == 0 && (behind[rest] == '.' || behind[rest] == '-');
}

static bool fits_all(struct value_reader *reader, const struct dwarf_variables *variables,
                     target_addr dictionary)
{
    for (size_t i = 0; i < variables->count; i++)
        if (!variable_fits_dictionary(reader, &variables->items[i], dictionary))
            return false;
    return true;
}

static target_addr only_symbol(struct value_reader *reader, const char *function,
                               const struct dwarf_variables *variables)
{
    struct dictionary_names names;
    target_addr found = 0;
    if (!name_dictionaries(reader, function, &names))
        return 0;
    for (size_t i = 0; i < COUNT_OF(names.prefixes); i++) {
        size_t position = 0;
        const char *symbol;
        target_addr address;
        while (
            program_next_symbol(reader->program, names.prefixes[i], &position, &symbol, &address)) {
            if (!is_dictionary_of(&names, symbol) || !fits_all(reader, variables, address))
                continue;
            if (found && found != address)
                return 0;
            found = address;
        }
    }
    return found;
}

target_addr dictionary_by_symbols(struct value_reader *reader, const char *function, uint64_t key,
                                  const struct dwarf_variables *variables)
{
    bool added = false;
    if (reader->program->release->minor < FIRST_GENERICS || !function || !strchr(function, '['))
        return 0;
    if (!reader->dictionaries)
        reader->dictionaries = table_new();
    uint64_t *known = table_add(reader->dictionaries, key, &added);
    if (added)
        *known = only_symbol(reader, function, variables);
    return *known;
}

/** Out of the slot that the register was saved to, or from the caller. */
static target_addr of_registers(struct value_reader *reader, const struct variable_frame *frame,
                                const struct dwarf_variables *variables)
{
    const struct program *program = reader->program;
    struct pc_function function;
    struct value_parts before;
    uint64_t offset = 0;
    target_addr dictionary = 0;
    if (variables->has_dictionary || is_closure(frame->function) ||
        !pc_function_find(program->modules, frame->pc, &function) ||
        !slot_of_dictionary(reader, frame->function, variables, &offset, &before))
        return 0;
    if (slot_is_written(reader, &function, frame->pc, offset, &before) &&
        address_space_try_u64(program->space, frame->cfa + program->arch->frame_header + offset,
                              &dictionary) &&
        dictionary)
        return dictionary;
    return from_caller(reader, frame, &function, &before);
}

/** The dictionary of a physical frame that is not the one whose variables are read. */
static target_addr of_frame(struct value_reader *reader, const struct variable_frame *frame)
{
    AUTO(arena) scratch = arena_new();
    struct dwarf_index *dwarf = NULL;
    struct dwarf_variables variables = {0};
    const struct location_context context = {
        .pc = frame->pc, .cfa = frame->cfa, .has_cfa = true, .space = reader->program->space};
    struct error *err = program_dwarf_at(reader->program, frame->pc, &dwarf);
    if (!err)
        err = dwarf_index_variables(dwarf, frame->pc, 0, frame->function, scratch, &variables);
    error_ignore(err);
    if (err)
        return 0;
    target_addr dictionary =
        variables.has_dictionary ? from_dwarf(reader, &context, &variables) : 0;
    return dictionary ? dictionary : of_registers(reader, frame, &variables);
}

/**
 * The dictionary of a closure is that of the function that made it. Where its call is inlined into
 * that function, or that one calls it by name or out of its own frame, it is made there, and not
 * one that another instance passed on.
 */
static target_addr of_maker(struct value_reader *reader, const struct variable_frame *frame)
{
    enum { CLOSURES_MAX = 8 }; // of closures
    struct pc_function function;
    struct variable_frame maker = *frame;
    if (!is_closure(frame->function) || frame->inline_depth > 1 ||
        !pc_function_find(reader->program->modules, frame->pc, &function))
        return 0;
    if (frame->inline_depth == 1) {
        maker.inline_depth = 0;
        maker.function = pc_function_name(&function);
        if (!is_closure_of(frame->function, maker.function))
            return 0;
    }
    for (int i = 0; i < CLOSURES_MAX && is_closure(maker.function); i++) {
        struct variable_frame caller;
        if (!pc_function_find(reader->program->modules, maker.pc, &function) ||
            !caller_that_made(reader, &maker, &function, &caller) ||
            !is_closure_of(maker.function, caller.function))
            return 0;
        maker = caller;
    }
    return is_closure(maker.function) ? 0 : of_frame(reader, &maker);
}

target_addr dictionary_find(struct value_reader *reader, const struct variable_frame *frame,
                            const struct location_context *context,
                            const struct dwarf_variables *variables)
{
    bool is_generic = reader->program->release->minor >= FIRST_GENERICS && frame->function &&
                      strchr(frame->function, '[');
    target_addr dictionary = variables->has_dictionary ? from_dwarf(reader, context, variables) : 0;
    if (dictionary || !is_generic)
        return dictionary;
    dictionary = frame->inline_depth == 0 && !is_closure(frame->function)
                     ? of_registers(reader, frame, variables)
                     : of_maker(reader, frame);
    if (dictionary)
        return dictionary;
    uint64_t key = frame->pc ^ (uint64_t)(frame->inline_depth + 1) << KEY_DEPTH;
    return dictionary_by_symbols(reader, frame->function, key, variables);
}
