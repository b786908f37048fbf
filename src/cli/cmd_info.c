// SPDX-License-Identifier: MIT
#include "analysis/program_info.h"
#include "cli_internal.h"
#include "report/info.h"

int command_info(struct session *session, const struct report_options *options, char **arguments,
                 int count, FILE *out)
{
    (void)arguments, (void)count;
    AUTO(arena) arena = arena_new();
    struct program_info info;
    program_info_fill(session->program, path_shown(session->binary_path, options),
                      path_shown(session->core_path, options), options->stable, arena, &info);
    // Build settings hold what -ldflags=-X set, the command line its flags.
    struct report_head head = {.binary = info.binary, .core = info.core};
    redaction_learn_head(session->redaction, &head);
    redaction_head(session->redaction, arena, &head);
    info.binary = head.binary;
    info.core = head.core;
    if (options->format == FORMAT_JSON)
        info_print_json(out, &info);
    else
        info_print_text(out, &info, options->style);
    return EXIT_OK;
}
