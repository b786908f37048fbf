// SPDX-License-Identifier: MIT
#include "base/utf8.h"
#include "cli_internal.h"
#include "report/listing.h"
#include "values/expression.h"

#include <string.h>

/** How many columns the text before an offset takes, as utf8_escape() writes it. */
static size_t column_of(const char *text, size_t offset)
{
    AUTO_TEXT shown = {0};
    size_t size = strlen(text);
    utf8_escape(&shown, text, offset < size ? offset : size, "");
    return utf8_columns(buffer_text(&shown), shown.size);
}

/** The error, the expression, and below it a mark at the place that is at fault. */
static void point_into(const char *expression, const char *text, size_t offset)
{
    AUTO_TEXT shown = {0};
    AUTO_TEXT message = {0};
    utf8_escape(&shown, expression, strlen(expression), "");
    utf8_escape(&message, text, strlen(text), "");
    complain("%s", buffer_text(&message));
    fprintf(stderr, "    %s\n    %*s^\n", buffer_text(&shown), (int)column_of(expression, offset),
            "");
}

enum what { VALUES, TYPES };

static const char *kind_name(enum go_kind kind)
{
    static const char *const names[] = {
        "type not known", "bool",    "int",           "int8",      "int16",      "int32",
        "int64",          "uint",    "uint8",         "uint16",    "uint32",     "uint64",
        "uintptr",        "float32", "float64",       "complex64", "complex128", "array",
        "chan",           "func",    "interface",     "map",       "pointer",    "slice",
        "string",         "struct",  "unsafe.Pointer"};
    return (size_t)kind < COUNT_OF(names) ? names[kind] : names[0];
}

/** A type's name is no expression with a value, but whatis is asked about it too. */
static bool list_type(const struct expression_scope *scope, struct arena *arena, const char *name,
                      struct listing *listing)
{
    struct type_table *types = value_reader_types(scope->reader);
    struct go_type *type;
    struct error *err = type_by_name(types, name, &type);
    if (!err)
        err = type_resolve(types, type);
    if (err) {
        error_ignore(err);
        return false;
    }
    struct listed_field *fields = arena_array(arena, type->field_count, sizeof *fields);
    for (size_t i = 0; i < type->field_count; i++)
        fields[i] = (struct listed_field){type->fields[i].name, type->fields[i].type->name,
                                          type->fields[i].offset};
    const struct listed_type listed = {
        .name = type->full_name ? type->full_name : type->name,
        .kind = kind_name(type->kind),
        .elem = type->elem ? type->elem->name : NULL,
        .key = type->key ? type->key->name : NULL,
        .size = type->size,
        .length = type->length,
        .fields = fields,
        .field_count = type->field_count,
    };
    listing_type(listing, &listed);
    return true;
}

static bool print_one(const struct expression_scope *scope, const char *expression, enum what what,
                      struct listing *listing)
{
    AUTO(arena) arena = arena_new();
    struct expression_result result;
    struct error *err = expression_evaluate(scope, arena, expression, &result);
    if (!err) {
        if (what == TYPES)
            listing_type_of(listing, expression, result.value);
        else
            listing_result(listing, expression, result.value, result.missing_key);
        return true;
    }
    if (what == TYPES && list_type(scope, arena, expression, listing)) {
        error_ignore(err);
        return true;
    }
    fflush(listing->out); // where both go to one place, the order is that of the expressions
    // A text that says what was found may have found a secret.
    const char *text = redaction_text(listing->redaction, arena, error_message(err), REDACTION_CUT);
    point_into(expression, text, error_offset(err));
    listing_failure(listing, expression, text, error_offset(err));
    error_free(err);
    return false;
}

static int print_all(struct session *session, const struct report_options *options,
                     char **arguments, int count, enum what what, FILE *out)
{
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_frame frame;
    struct error *err = session_frame(session, options, arena, &inspector, &frame);
    if (err)
        return complain_error(err);
    const struct expression_scope scope = {.reader = inspector_reader(inspector),
                                           .frame = &frame.variables};
    struct listing listing = session_listing(session, options, out);
    bool all = true;
    listing_begin(&listing, "results");
    for (int i = 0; i < count; i++)
        all &= print_one(&scope, arguments[i], what, &listing);
    listing_end(&listing, NULL);
    return all ? EXIT_OK : EXIT_INPUT;
}

int command_print(struct session *session, const struct report_options *options, char **arguments,
                  int count, FILE *out)
{
    return print_all(session, options, arguments, count, VALUES, out);
}

int command_whatis(struct session *session, const struct report_options *options, char **arguments,
                   int count, FILE *out)
{
    return print_all(session, options, arguments, count, TYPES, out);
}
