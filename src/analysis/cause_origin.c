// SPDX-License-Identifier: MIT
#include "cause_internal.h"

#include "values/expression.h"

#include <inttypes.h>
#include <string.h>

/** What a map look-up gave: "users has no key 999 (1 entry)"; NULL: it cannot be told. */
static const char *look_up_text(struct cause_finder *finder, const struct term *term)
{
    struct expression_result entry, map;
    if (!term->key || strstr(term->text, "...") || strchr(term->text, '('))
        return NULL;
    if (!cause_evaluate(finder, term->text, &entry) ||
        !cause_evaluate(finder, term->map->text, &map) || map.value->kind != VALUE_MAP ||
        map.value->provenance)
        return NULL;
    if (!entry.missing_key)
        return arena_printf(finder->arena, "%s has the key %s, its element is nil", term->map->text,
                            term->key->text);
    finder->crash->cause.missing_key = true;
    return arena_printf(finder->arena, "%s has no key %s (%" PRIu64 " %s)", term->map->text,
                        term->key->text, map.value->length,
                        map.value->length == 1 ? "entry" : "entries");
}

/** What a variable was last set from: the one instruction that wrote its place on every way. */
static bool find_made(struct trace *trace, size_t at, const struct term *term, struct term *made,
                      size_t *writer)
{
    const struct arch *arch = trace->analysis->program->arch;
    Dwarf_Die die;
    struct location location;
    if (!term->variable)
        return false;
    static const struct registers any = {.known = ~(uint64_t)0};
    const struct location_context context = {.pc = function_code_pc(trace->code, at),
                                             .cfa = trace->cfa,
                                             .has_cfa = true,
                                             .registers = &any,
                                             .space = trace->analysis->program->space};
    die = term->variable->die;
    struct error *err = dwarf_location_find(trace->dwarf, &die, &context, &location);
    bool found = !err && location.count > 0;
    error_ignore(err); // a variable without a place was set nowhere that is known
    if (!found)
        return false;
    struct trace_query query = {.at = at};
    if (location.pieces[0].kind == PIECE_MEMORY) {
        query.kind = QUERY_SLOT;
        query.what = (int64_t)(location.pieces[0].address - trace->cfa);
    } else if (location.pieces[0].kind == PIECE_REGISTER && location.pieces[0].reg != arch->sp) {
        query.kind = QUERY_MADE;
        query.what = (int64_t)location.pieces[0].reg;
    } else {
        return false;
    }
    if (flow_writer(trace, &query, writer) != FLOW_WRITER)
        return false;
    *made = trace_ask(trace, query);
    return true;
}

static bool same_text(const struct term *a, const struct term *b)
{
    return a->text && b->text && strcmp(a->text, b->text) == 0;
}

void cause_origin(struct cause_finder *finder, struct trace *trace, size_t at,
                  const struct term *term)
{
    struct term made = *term;
    size_t writer = at;
    const char *file = "?";
    int32_t line = 0;
    bool is_set = find_made(trace, at, term, &made, &writer) && !same_text(&made, term);
    if (!is_set)
        made = *term;
    if (!made.text || (made.source == SOURCE_VARIABLE && (!is_set || made.kind == TERM_NUMBER)))
        return;
    pc_function_line(&trace->function, function_code_pc(trace->code, writer), &file, &line);
    const char *found = made.source == SOURCE_MAP ? look_up_text(finder, &made) : NULL;
    const char *set = is_set
                          ? arena_printf(finder->arena, "%s was set to %s, %s:%" PRId32, term->text,
                                         made.text, short_file_of(finder->analysis, file), line)
                          : NULL;
    if (!set && !found)
        return;
    finder->crash->cause.origin = arena_printf(finder->arena, "%s%s%s", set ? set : "",
                                               set && found ? ": " : "", found ? found : "");
}
