// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "report/listing.h"

#include <inttypes.h>

enum which { ARGUMENTS, LOCALS };

static int print_variables(struct session *session, const struct report_options *options,
                           enum which which, FILE *out)
{
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_frame frame;
    struct frame_variables variables = {0};
    struct error *err = session_inspector(session, &options->limits, &inspector);
    if (!err)
        err = inspector_frame(inspector, arena, &options->place, &frame);
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
    struct listing listing = {.out = out, .json = options->format == FORMAT_JSON};
    listing_begin(&listing, "variables");
    listing_variables(&listing, which == LOCALS ? &variables.locals : &variables.arguments);
    listing_end(&listing, which == LOCALS ? variables.note : NULL);
    return EXIT_OK;
}

int command_locals(struct session *session, const struct report_options *options, char **arguments,
                   int count, FILE *out)
{
    (void)arguments;
    (void)count;
    return print_variables(session, options, LOCALS, out);
}

int command_args(struct session *session, const struct report_options *options, char **arguments,
                 int count, FILE *out)
{
    (void)arguments;
    (void)count;
    return print_variables(session, options, ARGUMENTS, out);
}
