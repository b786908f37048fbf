// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "cli/shell_internal.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * An input is what is typed at the prompt, lines and all, each completed at its end before it is
 * run. The core and the binary are those of fuzz_expression.c. With libFuzzer: -close_fd_mask=2.
 */
enum { TEXT_MAX = 2048, LINES_MAX = 8 };

static struct shell shell; // where a leak checker finds it
static struct session session;

static void open_shell(void)
{
    const char *directory = getenv("GOCRASH_FUZZ_DATA");
    AUTO_TEXT binary = {0};
    AUTO_TEXT core = {0};
    buffer_printf(&binary, "%s/expression/binary", directory ? directory : ".");
    buffer_printf(&core, "%s/expression/core", directory ? directory : ".");
    char *operands[] = {(char *)buffer_text(&binary), (char *)buffer_text(&core)};
    struct error *err = session_open(operands, 2, &default_options, &session);
    FILE *nothing = fopen("/dev/null", "w");
    if (err || !nothing) {
        fprintf(stderr, "GOCRASH_FUZZ_DATA: %s\n", err ? error_message(err) : "/dev/null");
        exit(2);
    }
    shell = (struct shell){
        .session = &session, .arena = arena_new(), .options = default_options, .out = nothing};
}

/** Lines that would write files, or read what is not the input's. */
static bool is_harmless(const char *line)
{
    return !strstr(line, "-o") && !strstr(line, "source") && !strstr(line, "transcript") &&
           !strstr(line, "-save");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!shell.session)
        open_shell();
    char text[TEXT_MAX + 1], *rest = text;
    size_t length = size < TEXT_MAX ? size : TEXT_MAX;
    memcpy(text, data, length);
    text[length] = '\0';
    shell.place = (struct inspect_place){0};
    shell.done = false;
    for (int i = 0; i < LINES_MAX && !shell.done && *rest; i++) {
        char *end = strchr(rest, '\n');
        if (end)
            *end = '\0';
        AUTO(arena) arena = arena_new();
        struct completions found = {.arena = arena};
        shell_complete(&shell, rest, strlen(rest), &found);
        completions_clear(&found);
        if (is_harmless(rest))
            shell_run_line(&shell, rest);
        rest = end ? end + 1 : rest + strlen(rest);
    }
    return 0;
}
