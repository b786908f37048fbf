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
