// SPDX-License-Identifier: MIT
#include "trace.h"

#include <string.h>

/*
 * The compiler reassociates sums: of `end := start + 4; … buf[end+n]` the code has start+n+4. What
 * a variable or a field was given on the way is taken out of the sum again.
 */

enum { SUMMANDS_MAX = 8, PLACES_MAX = 64 };

/** The summands of a text, without the constant. */
struct sum {
    const char *items[SUMMANDS_MAX];
    size_t sizes[SUMMANDS_MAX];
    size_t count;
};

/** @return false where it is no sum, or one that is taken from */
static bool split(const struct term *number, struct sum *out)
{
    int depth = 0;
    const char *start = number->text;
    out->count = 0;
    if (number->kind != TERM_NUMBER || !number->text || number->scale != 1)
        return false;
    for (const char *at = number->text;; at++) {
        depth += (*at == '(' || *at == '[') - (*at == ')' || *at == ']');
        if (depth == 0 && (*at == '-' || *at == '|' || *at == '^'))
            return false;
        if (*at && (*at != '+' || depth > 0))
            continue;
        if (out->count == SUMMANDS_MAX)
            return false;
        out->items[out->count] = start;
        out->sizes[out->count++] = (size_t)(at - start);
        start = at + 1;
        if (!*at)
            return true;
    }
}

static bool same_summand(const struct sum *a, size_t i, const struct sum *b, size_t k)
{
    return a->sizes[i] == b->sizes[k] && memcmp(a->items[i], b->items[k], a->sizes[i]) == 0;
}

/** The sum without another's summands; NULL: not all of them are in it. "" where nothing is left */
static const char *without(struct trace *trace, const struct sum *sum, const struct sum *part)
{
    bool taken[SUMMANDS_MAX] = {false};
    const char *rest = "";
    for (size_t k = 0; k < part->count; k++) {
        size_t i = 0;
        while (i < sum->count && (taken[i] || !same_summand(sum, i, part, k)))
            i++;
        if (i == sum->count)
            return NULL;
        taken[i] = true;
    }
    for (size_t i = 0; i < sum->count; i++)
        if (!taken[i])
            rest = arena_printf(trace->arena, "%s%s%.*s", rest, rest[0] ? "+" : "",
                                (int)sum->sizes[i], sum->items[i]);
    return rest;
}

/** Puts a name into the sum for what it was made of. */
static bool replace(struct trace *trace, struct term *number, const struct term *made,
                    const char *name)
{
    struct sum sum, part;
    bool whole = made->kind == TERM_NUMBER && made->text && made->scale == 1;
    // As much of the constant as is there, and no more.
    bool fits = made->offset > 0 ? made->offset <= number->offset
                                 : made->offset < 0 && made->offset >= number->offset;
    if (!whole || !fits || !split(number, &sum) || !split(made, &part))
        return false;
    const char *rest = without(trace, &sum, &part);
    if (!rest)
        return false;
    number->level = rest[0] ? 4 : 0;
    number->text = rest[0] ? arena_printf(trace->arena, "%s+%s", rest, name) : name;
    number->offset -= made->offset;
    number->has_value = false;
    number->uncertain = true;
    return true;
}

/** What a variable's place was set to, in other words than the variable's own. */
static bool made_of(struct trace *trace, const struct dwarf_variable *variable, size_t at,
                    struct term *out)
{
    struct location location;
    if (!names_locate(trace, variable, function_code_pc(trace->code, at), &location) ||
        location.count != 1)
        return false;
    const struct location_piece *piece = &location.pieces[0];
    struct trace_query query = {.kind = QUERY_MADE, .what = (int64_t)piece->reg, .at = at};
    if (piece->kind == PIECE_MEMORY)
        query = (struct trace_query){
            .kind = QUERY_SLOT, .what = (int64_t)(piece->address - trace->cfa), .at = at};
    else if (piece->kind != PIECE_REGISTER)
        return false;
    struct term made = trace_ask(trace, query);
    *out = term_number(trace, &made);
    return out->kind == TERM_NUMBER;
}

/** The instruction before the at-th, or that itself, where DWARF had a place for a variable last.
 */
static bool last_place(struct trace *trace, const struct dwarf_variable *variable, size_t at,
                       size_t *out)
{
    enum { BACK = 256 };
    struct location location;
    for (size_t i = at + 1; i-- > 0 && at - i < BACK;)
        if (names_locate(trace, variable, function_code_pc(trace->code, i), &location)) {
            *out = i;
            return true;
        }
    return false;
}

static bool settle_variables(struct trace *trace, struct term *number, size_t at)
{
    const struct dwarf_variables *own = &trace->scopes[0];
    for (size_t i = 0; i < own->count; i++) {
        struct go_type *type;
        struct term made;
        size_t where;
        if (types_is_in_scope(trace, &own->items[i], &type) && type->kind >= GO_INT &&
            type->kind <= GO_UINTPTR && last_place(trace, &own->items[i], at, &where) &&
            made_of(trace, &own->items[i], where, &made) && made.text &&
            !types_has_word(made.text, own->items[i].name) &&
            replace(trace, number, &made, arena_string(trace->arena, own->items[i].name)))
            return true;
    }
    return false;
}

/** What a store, or an addition to memory, leaves in a place; TERM_UNKNOWN: it is none. */
static struct term stored_number(struct trace *trace, size_t at, const struct term *place)
{
    const struct instruction *one = &trace->code->instructions[at];
    struct term made = {0};
    if (one->kind == INSTRUCTION_STORE && one->source >= 0)
        made = trace_register(trace, at, one->source);
    else if (one->memory_first && (one->operation == OPERATION_INCREMENT ||
                                   (one->operation == OPERATION_ADD && one->has_constant))) {
        struct term by = number_constant(one->operation == OPERATION_ADD ? one->constant : 1);
        made = number_combine(trace, OPERATION_ADD, place, &by);
    }
    return term_number(trace, &made);
}

/** Whether an instruction loads one of a sum's summands anew. */
static bool reads_summand(struct trace *trace, const struct term *number, size_t at)
{
    struct sum sum, part;
    if (trace->code->instructions[at].base == trace->analysis->program->arch->sp)
        return false;
    struct term place = trace_memory(trace, at);
    struct term held = term_number(trace, &place);
    return held.kind == TERM_NUMBER && held.text && held.offset == 0 && split(number, &sum) &&
           split(&held, &part) && without(trace, &sum, &part);
}

/** A field that was added to: the sum has what it was before, and what was added. */
static bool settle_fields(struct trace *trace, struct term *number, size_t at)
{
    size_t looked = 0;
    for (size_t i = at; i-- > 0 && looked < PLACES_MAX && !trace->code->stops[i];) {
        const struct instruction *one = &trace->code->instructions[i];
        if (one->kind == INSTRUCTION_LOAD && reads_summand(trace, number, i))
            break; // what it was before that is not in the sum
        if (!one->memory_first || !one->writes_memory || one->pc_relative)
            continue;
        looked++;
        struct term place = trace_memory(trace, i);
        struct term held = term_number(trace, &place);
        if (held.kind != TERM_NUMBER || !held.text || held.offset != 0 || held.scale != 1)
            continue;
        struct term made = stored_number(trace, i, &held);
        if (made.kind == TERM_NUMBER && made.text && strcmp(made.text, held.text) == 0 &&
            replace(trace, number, &made, held.text))
            return true;
    }
    return false;
}

static bool of_package(void *context, const char *name)
{
    const char *package = context;
    size_t size = strlen(package);
    return strncmp(name, package, size) == 0 && name[size] == '.' && !strchr(name + size + 1, '.');
}

const char *number_constant_name(struct trace *trace, int64_t value, const struct go_type *type)
{
    struct dwarf_constant *constants = NULL;
    size_t count = 0;
    const char *name = trace->logical, *found = NULL;
    const char *behind = names_behind_package(name);
    if (behind == name)
        return NULL;
    char *package = arena_copy(trace->arena, name, (size_t)(behind - name) - 1);
    struct error *err =
        dwarf_index_constants(trace->dwarf, of_package, package, trace->arena, &constants, &count);
    bool known = !err;
    error_ignore(err); // no constant has a name then
    for (size_t i = 0; known && i < count; i++) {
        struct go_type *other = NULL;
        if ((int64_t)constants[i].value != value)
            continue;
        err = type ? type_from_dwarf(value_reader_types(trace->analysis->reader),
                                     constants[i].type_die, &other)
                   : NULL;
        bool fits = !err && (!type || types_same(type, other));
        error_ignore(err);
        if (!fits)
            continue;
        if (found)
            return NULL;
        found = names_behind_package(constants[i].name);
    }
    return found;
}

/** "length-8" as "length-headerSize", where one constant of the package has the value. */
static void settle_constant(struct trace *trace, struct term *number)
{
    enum { LEAST = 3 };
    int64_t value = number->offset < 0 ? -number->offset : number->offset;
    bool alone = !number->text;
    bool plain = number->kind == TERM_NUMBER && (alone || number->scale == 1);
    const char *name = plain && value >= LEAST ? number_constant_name(trace, value, NULL) : NULL;
    if (!name || alone)
        return;
    number->text =
        arena_printf(trace->arena, "%s%c%s", number->text, number->offset < 0 ? '-' : '+', name);
    number->level = 4;
    number->offset = 0;
    number->uncertain = true;
}

void number_settle(struct trace *trace, struct term *number, size_t at)
{
    if (!trace->optimized || number->kind != TERM_NUMBER)
        return;
    bool changed = number->text && number->offset != 0 && number->scale == 1 &&
                   (settle_variables(trace, number, at) || settle_fields(trace, number, at));
    if (!changed)
        settle_constant(trace, number);
}
