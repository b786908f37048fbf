// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "pattern.h"
#include "report/listing.h"

#include <inttypes.h>

enum which { ARGUMENTS, LOCALS };

/** Those whose names match, at the front of the list. */
static struct value_list matching(struct value_list list, const struct pattern *pattern)
{
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++)
        if (pattern_matches(pattern, list.items[i]->name))
            list.items[count++] = list.items[i];
    return (struct value_list){list.items, count};
}

static int print_variables(struct session *session, const struct report_options *options,
                           const char *wanted, enum which which, FILE *out)
{
    AUTO_PATTERN pattern = {0};
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_frame frame;
    struct frame_variables variables = {0};
    struct error *err = pattern_compile("pattern", wanted, &pattern);
    if (!err)
        err = session_frame(session, options, arena, &inspector, &frame);
    if (!err) {
        err =
            frame.frame.native
                ? error_new(ERROR_UNSUPPORTED, "this is C code, whose variables are not read")
                : variables_read(inspector_reader(inspector), arena, &frame.variables, &variables);
        if (err)
            err = error_wrap(err, "goroutine %" PRIu64 ", frame %" PRIu64 ", %s", frame.goroutine,
                             frame.number, frame.frame.function);
    }
    if (err)
        return complain_error(err);
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "variables");
    // Both lists: what one tells may stand in the other.
    redaction_learn_values(session->redaction, &variables.arguments);
    redaction_learn_values(session->redaction, &variables.locals);
    struct value_list shown =
        matching(which == LOCALS ? variables.locals : variables.arguments, &pattern);
    listing_variables(&listing, &shown);
    listing_end(&listing, which == LOCALS && !wanted ? variables.note : NULL);
    return EXIT_OK;
}

int command_locals(struct session *session, const struct report_options *options, char **arguments,
                   int count, FILE *out)
{
    return print_variables(session, options, count ? arguments[0] : NULL, LOCALS, out);
}

int command_args(struct session *session, const struct report_options *options, char **arguments,
                 int count, FILE *out)
{
    return print_variables(session, options, count ? arguments[0] : NULL, ARGUMENTS, out);
}
