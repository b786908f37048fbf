// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "base/utf8.h"
#include "cli_internal.h"
#include "progress.h"

#include <capstone/capstone.h>
#include <elfutils/version.h>
#include <errno.h>
#include <histedit.h>
#include <jansson.h>
#include <libdeflate.h>
#include <limits.h>
#include <lz4.h>
#include <lzma.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/** What stands behind the help of commands that take a PLACE. */
#define PLACES                                                                                     \
    "PLACE is a function (main.run, T.Close, run), one with a line behind its first\n"             \
    "(main.run:3), a line of a file (shop/main.go:24, main.go:24), of the frame's\n"               \
    "file (24, +3), /REGEXP/ of a function, or an address (0x4b6500).\n"

#define FILTERS                                                                                    \
    "FILTER is user, running, waiting, userloc=TEXT, curloc=TEXT, goloc=TEXT,\n"                   \
    "startloc=TEXT, label=KEY, label=KEY=VALUE or chan=EXPR (in the frame of -g, -f).\n"           \
    "BY is one of them without a text, and label=KEY. TEXT is a part of\n"                         \
    "'/src/shop/main.go:24 in main.run': of the frame that is shown, of the\n"                     \
    "innermost, of the go statement, of the function that it began with.\n"

static const struct command commands[] = {
    {.name = "analyze",
     .summary = "say what happened, where and why",
     .usage = "[BINARY] CORE",
     .options = "fMxmdisSeEl3",
     .example = "gocrash analyze ./shop core.10303",
     .run = run_in_session,
     .in_session = command_analyze},
    {.name = "traceback",
     .summary = "print what the Go runtime prints under GOTRACEBACK=crash",
     .usage = "[BINARY] CORE",
     .options = "jL",
     .example = "gocrash traceback ./shop core.10303",
     .run = run_in_session,
     .in_session = command_traceback},
    {.name = "goroutines",
     .summary = "list goroutines, a line each",
     .usage = "[BINARY] CORE",
     .options = "jTWukco56p9ynGF",
     .operands = FILTERS,
     .example = "gocrash goroutines --without user --group=curloc ./shop core.10303",
     .run = run_in_session,
     .in_session = command_goroutines},
    {.name = "stack",
     .summary = "print a goroutine's frames",
     .usage = "[BINARY] CORE",
     .options = "jGaxn0dis",
     .example = "gocrash stack -g 18 --full ./shop core.10303",
     .run = run_in_session,
     .in_session = command_stack},
    {.name = "list",
     .summary = "print the source around a frame, a function or a line",
     .usage = "[BINARY] CORE [PLACE]",
     .options = "jGFA3",
     .example = "gocrash list --source-map /build=. ./shop core.10303 main.go:24",
     .run = run_in_session,
     .in_session = command_list,
     .operands = PLACES,
     .most = 1},
    {.name = "locals",
     .summary = "print a frame's local variables",
     .usage = "[BINARY] CORE [REGEXP]",
     .options = "jGFvdis",
     .example = "gocrash locals -g 18 -f 2 ./shop core.10303",
     .run = run_in_session,
     .in_session = command_locals,
     .most = 1},
    {.name = "args",
     .summary = "print a frame's arguments and results",
     .usage = "[BINARY] CORE [REGEXP]",
     .options = "jGFvdis",
     .example = "gocrash args ./shop core.10303",
     .run = run_in_session,
     .in_session = command_args,
     .most = 1},
    {.name = "globals",
     .summary = "print package variables",
     .usage = "[BINARY] CORE [REGEXP]",
     .options = "jvdis",
     .example = "gocrash globals ./shop core.10303 '^main\\.'",
     .run = run_in_session,
     .in_session = command_globals,
     .most = 1},
    {.name = "print",
     .options_first = true,
     .summary = "print the values of Go expressions",
     .usage = "[BINARY] CORE EXPR...",
     .options = "jGFVdis",
     .example = "gocrash print ./shop core.10303 'users[999]' 'len(users)'",
     .run = run_in_session,
     .in_session = command_print,
     .least = 1,
     .most = INT_MAX,
     .wants = "expression"},
    {.name = "whatis",
     .summary = "print the types of Go expressions, or what a type is",
     .usage = "[BINARY] CORE EXPR|TYPE...",
     .options = "jGF",
     .example = "gocrash whatis ./shop core.10303 'users[999]' err",
     .run = run_in_session,
     .in_session = command_whatis,
     .options_first = true,
     .least = 1,
     .most = INT_MAX,
     .wants = "expression"},
    {.name = "deferred",
     .summary = "list the deferred calls of a goroutine that have not run",
     .usage = "[BINARY] CORE",
     .options = "jGF",
     .example = "gocrash deferred -g 18 ./shop core.10303",
     .run = run_in_session,
     .in_session = command_deferred},
    {.name = "threads",
     .summary = "list the threads, a line each",
     .usage = "[BINARY] CORE",
     .options = "jX",
     .example = "gocrash threads ./shop core.10303",
     .run = run_in_session,
     .in_session = command_threads},
    {.name = "regs",
     .summary = "print a thread's registers",
     .usage = "[BINARY] CORE",
     .options = "jtGY",
     .example = "gocrash regs -t 10303 ./shop core.10303",
     .run = run_in_session,
     .in_session = command_regs},
    {.name = "mem",
     .summary = "print memory as it is, secrets in it too",
     .usage = "[BINARY] CORE ADDR [LEN]",
     .options = "jGFzb",
     .example = "gocrash mem --size 8 ./shop core.10303 0xc000012fe0 64",
     .run = run_in_session,
     .in_session = command_mem,
     .options_first = true,
     .least = 1,
     .most = 2,
     .wants = "address"},
    {.name = "disasm",
     .summary = "print the machine code of a function, the frame's by default",
     .usage = "[BINARY] CORE [PLACE | START END]",
     .options = "jGFB",
     .example = "gocrash disasm --flavor gnu ./shop core.10303 main.main",
     .run = run_in_session,
     .in_session = command_disasm,
     .operands = PLACES,
     .most = 2},
    {.name = "funcs",
     .summary = "list functions",
     .usage = "[BINARY] CORE [REGEXP]",
     .options = "jX",
     .example = "gocrash funcs --full ./shop core.10303 '^main\\.'",
     .run = run_in_session,
     .in_session = command_funcs,
     .most = 1},
    {.name = "types",
     .summary = "list types",
     .usage = "[BINARY] CORE [REGEXP]",
     .options = "j",
     .example = "gocrash types ./shop core.10303 '^main\\.'",
     .run = run_in_session,
     .in_session = command_types,
     .most = 1},
    {.name = "sources",
     .summary = "list source files",
     .usage = "[BINARY] CORE [REGEXP]",
     .options = "j",
     .example = "gocrash sources ./shop core.10303 shop/",
     .run = run_in_session,
     .in_session = command_sources,
     .most = 1},
    {.name = "info",
     .summary = "say what the files are, what can be read of them, and why",
     .usage = "[BINARY] CORE",
     .options = "jl",
     .example = "gocrash info ./shop core.10303",
     .run = run_in_session,
     .in_session = command_info},
    {.name = "packages",
     .summary = "list packages that have code in the program",
     .usage = "[BINARY] CORE [REGEXP]",
     .options = "j",
     .example = "gocrash packages ./shop core.10303 example.com/",
     .run = run_in_session,
     .in_session = command_packages,
     .most = 1},
    {.name = "libraries",
     .summary = "list the files that were mapped into the process",
     .usage = "[BINARY] CORE [REGEXP]",
     .options = "j",
     .example = "gocrash libraries ./shop core.10303 libc",
     .run = run_in_session,
     .in_session = command_libraries,
     .most = 1},
    {.name = "doctor",
     .summary = "say whether this host would leave a usable core",
     .usage = "",
     .options = "jqw",
     .example = "gocrash doctor --pid 4711",
     .run = run_doctor,
     .no_core = true},
    {.name = "shell",
     .summary = "a prompt with these commands, under the names that Delve has",
     .usage = "[BINARY] CORE",
     .options = "CdisAB3",
     .example = "gocrash shell -c bt -c 'print user' ./shop core.10303",
     .run = run_in_session,
     .in_session = command_shell},
};

const struct command *cli_command(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

void complain(const char *format, ...)
{
    progress_hide();
    AUTO_TEXT text = {0};
    AUTO_TEXT shown = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    // Errors quote files: what is in them must not steer a terminal, nor make a second line.
    utf8_escape(&shown, buffer_text(&text), text.size, "");
    fprintf(stderr, "gocrash: %s\n", buffer_text(&shown));
}

/** A mapped file that shrinks while it is read: there is nothing to go back to. */
static void on_bus_error(int number)
{
    static const char text[] = "gocrash: an input file was cut while it was read\n";
    (void)number;
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(EXIT_INPUT);
}

static void print_version(void)
{
    int major, minor;
    cs_version(&major, &minor);
    printf("gocrash %s\nelfutils %d.%d, zlib %s, libdeflate %s, zstd %s, lz4 %s, liblzma %s, "
           "capstone %d.%d, jansson %s, libedit %d.%d\n",
           GOCRASH_VERSION, _ELFUTILS_VERSION / 1000, _ELFUTILS_VERSION % 1000, zlibVersion(),
           LIBDEFLATE_VERSION_STRING, ZSTD_versionString(), LZ4_versionString(),
           lzma_version_string(), major, minor, JANSSON_VERSION, LIBEDIT_MAJOR, LIBEDIT_MINOR);
}

/** @param name  what was typed in a command's place */
static int unknown_command(const char *name)
{
    static const char *const options[] = {"--help", "--version"};
    const char *names[COUNT_OF(commands)];
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        names[i] = commands[i].name;
    bool is_option = name[0] == '-';
    const char *near = is_option ? nearest_word(name, options, COUNT_OF(options))
                                 : shell_name_of(name); // what Delve calls it
    if (strcmp(name, "-v") == 0 || strcmp(name, "-V") == 0)
        near = "--version";
    near = near || is_option ? near : nearest_word(name, names, COUNT_OF(commands));
    complain("%s '%s'%s%s%s; see 'gocrash --help'",
             is_option ? "unknown option" : "unknown command", name, near ? ": did you mean '" : "",
             near ? near : "", near ? "'?" : "");
    return EXIT_USAGE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct report_options options = default_options;
    bool help = false;
    int first = parse_options(command, argc, argv, &options, &help), status = EXIT_USAGE;
    if (help) {
        print_command_help(command, stdout);
        status = EXIT_OK;
    } else if (first >= 0) {
        status = command->run(command, &options, argv + first, argc - first);
    }
    free(options.commands);
    return status;
}

/** Everything is written once more at the end: a full disk must not pass for success. */
static int finish(int status)
{
    if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) {
        complain("cannot write the report: %s", strerror(errno));
        return EXIT_INPUT;
    }
    return status;
}

int cli_main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); // a closed pipe ends the output in silence
    signal(SIGBUS, on_bus_error);
    if (argc < 2) {
        complain("no command given; see 'gocrash --help'");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2) {
        const struct command *explained = cli_command(argv[2]);
        if (!explained)
            return unknown_command(argv[2]);
        print_command_help(explained, stdout);
        return finish(EXIT_OK);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_program_help(commands, COUNT_OF(commands));
        return finish(EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return finish(EXIT_OK);
    }
    const struct command *command = cli_command(argv[1]);
    return command ? finish(run_command(command, argc - 1, argv + 1)) : unknown_command(argv[1]);
}
