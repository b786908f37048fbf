// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "trace.h"

#include <string.h>

enum { WORD = 8, ITAB_METHODS = 24 };

/** "Lookup" of "main.(*Cache[...]).Lookup", with its receiver's part cut off; false: a function. */
static bool split_method(const char *local, const char **method)
{
    const char *dot = NULL;
    int depth = 0;
    for (const char *p = local; *p; p++) {
        depth += (*p == '[') - (*p == ']');
        if (*p == '.' && depth == 0)
            dot = p;
    }
    *method = dot ? dot + 1 : local;
    return dot && strncmp(dot, ".func", 5) != 0;
}

/** What is called, and how it is written. */
struct callee {
    struct pc_function function;
    const char *text;          ///< up to the bracket; NULL: the receiver is the first argument
    bool skip_receiver;        ///< the first argument is in text already
    struct go_type *interface; ///< of an interface's method whose code is not known
    int64_t method_offset;     ///< of that in the itab
};

static const char *without_brackets(struct trace *trace, const char *name)
{
    size_t size = strcspn(name, "[");
    return name[size] ? arena_printf(trace->arena, "%.*s", (int)size, name) : name;
}

/** The method that an interface's itab leads to, or the function of a func value; false: blocked.
 */
static bool indirect_callee(struct trace *trace, size_t call, struct callee *out, bool *known)
{
    const struct program *program = trace->analysis->program;
    const struct instruction *one = &trace->code->instructions[call];
    struct term target = {0};
    const struct term *reg = NULL;
    target_addr code;
    *known = false;
    int target_register = one->destination >= 0 ? one->destination : one->base;
    if (target_register < 0)
        return true;
    reg = trace_need(
        trace, (struct trace_query){.kind = QUERY_REGISTER, .what = target_register, .at = call});
    if (!reg)
        return false;
    target = *reg;
    if (one->has_memory) {
        struct term address = place_address(trace, reg, NULL, 1, one->displacement);
        target = place_load(trace, &address, WORD);
    }
    if (target.kind == TERM_METHOD) {
        out->interface = target.type;
        out->method_offset = target.offset;
        out->text = target.text;
        if (!target.has_value ||
            !address_space_try_u64(program->space, target.value + (uint64_t)target.offset, &code) ||
            !pc_function_find(program->modules, code, &out->function))
            return true;
        out->interface = NULL;
        const char *method;
        split_method(names_behind_package(pc_function_name(&out->function)), &method);
        out->text = arena_printf(trace->arena, "%s.%s", target.text, method);
        out->skip_receiver = true;
        *known = true;
        return true;
    }
    int context = program->arch->closure;
    reg = trace_need(trace,
                     (struct trace_query){.kind = QUERY_REGISTER, .what = context, .at = call});
    if (!reg)
        return false;
    if (reg->kind != TERM_PART || !reg->type || reg->type->kind != GO_FUNC || !reg->has_value ||
        !address_space_try_u64(program->space, reg->value, &code) ||
        !pc_function_find(program->modules, code, &out->function))
        return true;
    out->text = reg->text;
    *known = true;
    return true;
}

/** Words that a result takes in the registers; 0: not known. */
static unsigned words_of(struct trace *trace, struct go_type *type)
{
    if (!type || !place_resolve(trace, type))
        return 0;
    switch (type->kind) {
    case GO_SLICE:
        return 3;
    case GO_STRING:
    case GO_INTERFACE:
        return 2;
    case GO_STRUCT:
    case GO_ARRAY:
    case GO_FLOAT32:
    case GO_FLOAT64:
    case GO_COMPLEX64:
    case GO_COMPLEX128:
        return 0;
    default:
        return 1;
    }
}

/** What a method of an interface gives, whatever its code: by the interface's type. False: blocked.
 */
static bool method_result(struct trace *trace, size_t call, int reg, const struct callee *callee,
                          struct term *out)
{
    struct type_interface_method method;
    struct type_table *types = value_reader_types(trace->analysis->reader);
    const char *argument = NULL;
    int64_t index = (callee->method_offset - ITAB_METHODS) / WORD;
    int word = abi_word(trace, reg);
    if (!callee->text || index < 0 || index > LIMIT_TYPE_FIELDS ||
        !type_interface_method(types, callee->interface, (unsigned)index, &method))
        return true;
    if (method.argument_count == 1) {
        struct words words = {.trace = trace, .call = call, .first = 1};
        if (!words_text(&words, method.argument, &argument))
            return false;
    }
    if (!argument)
        argument = method.argument_count ? "..." : "";
    const char *text = arena_printf(trace->arena, "%s.%s(%s)", callee->text, method.name, argument);
    *out = (struct term){.kind = TERM_UNKNOWN,
                         .source = SOURCE_CALL,
                         .text = text,
                         .uncertain = true,
                         .of_several = method.result_count > 1};
    if (word < 0 || (unsigned)word >= words_of(trace, method.result))
        return true;
    out->kind = TERM_PART;
    out->type = method.result;
    out->offset = (int64_t)word * WORD;
    return true;
}

/** The words of one parameter among a call's arguments. */
static bool parameter_words(const struct abi_layout *layout, const struct dwarf_variable *variable,
                            unsigned *first)
{
    for (unsigned i = 0; i < layout->count; i++)
        if (layout->words[i].variable == variable) {
            *first = i;
            return true;
        }
    return false;
}

/** "Lookup(id)" with its receiver in front; "(...)" where an argument has no text. False: blocked.
 */
static bool call_text(struct trace *trace, size_t call, struct callee *callee,
                      const struct dwarf_variables *variables, const char **out)
{
    const char *name = pc_function_name(&callee->function), *method;
    const char *arguments = "", *text = callee->text;
    struct abi_layout layout;
    bool is_method = split_method(names_behind_package(name), &method);
    bool bound = strstr(name, "-fm") != NULL; // a method value's wrapper: no DWARF of its arguments
    bool complete = !bound && abi_layout(trace, variables, name, VARIABLE_ARGUMENT, &layout);
    bool receiver = is_method || callee->skip_receiver;
    *out = NULL;
    for (size_t i = 0; i < variables->count; i++) {
        const struct dwarf_variable *variable = &variables->items[i];
        struct words words = {.trace = trace, .call = call};
        struct go_type *type = NULL;
        const char *argument = NULL;
        if (variable->role != VARIABLE_ARGUMENT)
            continue;
        if (receiver && callee->skip_receiver) {
            receiver = false;
            continue;
        }
        if (complete && parameter_words(&layout, variable, &words.first) &&
            names_type(trace, variable, &type)) {
            struct term found;
            if (!words_text(&words, type, &argument))
                return false;
            // One that has a place would have been met on the way to the register.
            if (!argument && types_find_variable(trace, type, &found) && !found.variable->placed)
                argument = found.text;
        }
        if (receiver && !text) {
            struct term found;
            if (!argument && type && types_find_path(trace, type, &found))
                argument = found.text;
            if (!argument && !trace->optimized)
                return true; // of what the method was called is half of it
            if (!argument) { // "(*Cache).Lookup"
                text = without_brackets(trace, names_local(trace, name));
                complete = receiver = false;
                continue;
            }
            if (argument[0] == '&')
                argument++;
            text = arena_printf(trace->arena, "%s.%s", argument, method);
            receiver = false;
            continue;
        }
        receiver = false;
        if (!argument)
            complete = false;
        else
            arguments =
                arena_printf(trace->arena, "%s%s%s", arguments, arguments[0] ? ", " : "", argument);
    }
    if (!text)
        text = without_brackets(trace, names_local(trace, name));
    *out = arena_printf(trace->arena, "%s(%s)", text, complete ? arguments : "...");
    return true;
}

/** The result in a register: its type, and how far into it the word lies. */
static void describe_result(struct trace *trace, const struct dwarf_variables *variables,
                            const char *name, int reg, struct term *out)
{
    struct abi_layout layout;
    int word = abi_word(trace, reg);
    if (word < 0 || !abi_layout(trace, variables, name, VARIABLE_RESULT, &layout) ||
        (size_t)word >= layout.count || !layout.words[word].variable ||
        layout.words[word].variable != layout.words[0].variable)
        return;
    struct go_type *type;
    struct term part;
    if (!names_type(trace, layout.words[word].variable, &type) ||
        !place_select(trace, out->text, type, layout.words[word].offset, WORD, &part))
        return;
    part.uncertain = out->uncertain;
    *out = part;
    out->source = SOURCE_CALL;
    // One of several results is no operand: the variable that it was put into is out of sight.
    for (size_t i = 0; i < layout.count; i++)
        out->of_several =
            out->of_several || layout.words[i].variable != layout.words[word].variable;
}

/** Whether a call stands in the very function whose names are meant, not in one inlined there. */
static bool is_own(struct trace *trace, size_t call)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame logical;
    pc_inline_begin(&walk, &trace->function, function_code_pc(trace->code, call));
    return pc_inline_next(&walk, &logical) && strcmp(logical.name, trace->logical) == 0;
}

static bool plain_call(struct trace *trace, size_t call, int reg, struct callee *callee,
                       struct term *out)
{
    struct dwarf_variables variables;
    const char *text = NULL, *name = pc_function_name(&callee->function);
    struct error *err = dwarf_index_variables(trace->dwarf, callee->function.entry, 0, NULL,
                                              trace->arena, &variables);
    if (err) {
        error_ignore(err); // nothing is known of what it takes and gives
        return true;
    }
    if (!call_text(trace, call, callee, &variables, &text))
        return false;
    if (!text)
        return true;
    *out = (struct term){.kind = TERM_UNKNOWN,
                         .source = SOURCE_CALL,
                         .text = text,
                         .uncertain = !is_own(trace, call)};
    describe_result(trace, &variables, name, reg, out);
    return true;
}

/** The key of a map access; false: blocked. */
static bool key_text(struct trace *trace, size_t call, const char *name, struct go_type *key,
                     const char **out)
{
    struct words words = {.trace = trace, .call = call, .first = 2};
    *out = NULL;
    if (strstr(name, "_fast"))
        return words_text(&words, key, out);
    const struct term *pointer = trace_need_argument(trace, call, 2);
    if (!pointer)
        return false;
    struct term part;
    if (pointer->kind == TERM_ADDRESS && pointer->offset >= 0 &&
        place_select(trace, pointer->text, pointer->type, (uint64_t)pointer->offset, 0, &part)) {
        *out = part.text;
    } else if (pointer->kind == TERM_STACK) {
        words.on_stack = true;
        words.slot = pointer->offset;
        return words_text(&words, key, out);
    }
    return true;
}

/** The address of a map's element; false: blocked. */
static bool map_access(struct trace *trace, size_t call, const char *name, int reg,
                       struct term *out)
{
    const struct term *descriptor = trace_need_argument(trace, call, 0);
    const struct term *map = descriptor ? trace_need_argument(trace, call, 1) : NULL;
    const char *key;
    if (!map)
        return false;
    bool typed = map->kind == TERM_PART && map->type && map->type->kind == GO_MAP;
    struct go_type *type = typed ? map->type : types_described(trace, descriptor);
    if (abi_word(trace, reg) != 0 || !type || type->kind != GO_MAP || !place_resolve(trace, type))
        return true;
    if (!key_text(trace, call, name, type->key, &key))
        return false;
    struct term argument;
    bool constant = key && (key[0] == '"' || (key[0] >= '0' && key[0] <= '9'));
    if (constant && trace->scope_count > 1 && types_find_variable(trace, type->key, &argument))
        key = argument.text; // what the inlined call was given
    struct term *kept = ARENA_NEW(trace->arena, struct term);
    *kept = *map;
    if ((map->kind != TERM_PART || !map->text) && !types_find_variable(trace, type, kept) &&
        !types_find_path(trace, type, kept)) {
        // The map has no name; what it gave may have been put into a variable.
        if (trace->optimized)
            *out = (struct term){.kind = TERM_ADDRESS, .type = type->elem};
        return true;
    }
    map = kept;
    kept->type = type;
    struct term *index = NULL;
    if (key) {
        index = ARENA_NEW(trace->arena, struct term);
        index->text = key;
        index->type = type->key;
    }
    *out =
        (struct term){.kind = TERM_ADDRESS,
                      .source = SOURCE_MAP,
                      .text = arena_printf(trace->arena, "%s[%s]", map->text, key ? key : "..."),
                      .uncertain = map->uncertain || !key || (constant && trace->scope_count > 1),
                      .by_type = map->by_type,
                      .type = type->elem,
                      .map = kept,
                      .key = index};
    return true;
}

struct go_type *call_receiver(struct trace *trace, size_t call)
{
    struct pc_function function;
    struct dwarf_variables variables;
    struct go_type *type;
    if (!function_code_callee(trace->code, call, &function))
        return NULL;
    struct error *err =
        dwarf_index_variables(trace->dwarf, function.entry, 0, NULL, trace->arena, &variables);
    bool known = !err;
    error_ignore(err); // nothing is known of what it takes
    for (size_t i = 0; known && i < variables.count; i++)
        if (variables.items[i].role == VARIABLE_ARGUMENT)
            return names_type(trace, &variables.items[i], &type) && type->kind == GO_POINTER
                       ? type->elem
                       : NULL;
    return NULL;
}

bool call_result(struct trace *trace, size_t call, int reg, struct term *out)
{
    struct callee callee = {0};
    const char *name = function_code_callee(trace->code, call, &callee.function);
    bool known = true;
    if (name && (strncmp(name, "runtime.mapaccess1", 18) == 0 ||
                 strncmp(name, "runtime.mapaccess2", 18) == 0))
        return map_access(trace, call, name, reg, out);
    if (name && strncmp(name, "runtime.", 8) == 0)
        return abi_word(trace, reg) != 0 || types_of_allocation(trace, call, name, out);
    if (!is_own(trace, call) && !trace->optimized)
        return true;
    if (!name && !indirect_callee(trace, call, &callee, &known))
        return false;
    if (!known && callee.interface)
        return method_result(trace, call, reg, &callee, out);
    return !known || plain_call(trace, call, reg, &callee, out);
}

bool call_received(struct trace *trace, size_t call, int64_t slot, struct term *out)
{
    struct pc_function function;
    const char *name = function_code_callee(trace->code, call, &function);
    if (!name || strncmp(name, "runtime.chanrecv", 16) != 0)
        return true;
    const struct term *place = trace_need_argument(trace, call, 1);
    const struct term *channel = place ? trace_need_argument(trace, call, 0) : NULL;
    if (!channel)
        return false;
    if (place->kind != TERM_STACK || slot < place->offset || channel->kind != TERM_PART ||
        !channel->type || !place_resolve(trace, channel->type) || channel->type->kind != GO_CHAN ||
        !channel->type->elem ||
        !place_select(trace, arena_printf(trace->arena, "<-%s", channel->text), channel->type->elem,
                      (uint64_t)(slot - place->offset), WORD, out))
        return true;
    out->source = SOURCE_CALL;
    out->uncertain = channel->uncertain;
    return true;
}

const char *call_argument_text(struct trace *trace, size_t call, unsigned word,
                               struct go_type *type)
{
    struct words words = {.trace = trace, .call = call, .first = word};
    const char *text = NULL;
    trace_argument(trace, call, word); // what is needed is made on the way
    trace_argument(trace, call, word + 1);
    return words_text(&words, type, &text) ? text : NULL;
}

const char *call_whole_text(struct trace *trace, size_t call)
{
    struct term result =
        trace_ask(trace, (struct trace_query){.kind = QUERY_RESULT, .what = -1, .at = call});
    return result.text && !strstr(result.text, "(...)") ? result.text : NULL;
}
