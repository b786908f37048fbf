// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "shell_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int wants_number(const char *name, const char *text)
{
    complain("%s takes a number, not '%s'", name, text);
    return EXIT_USAGE;
}

int shell_run_there(struct shell *shell, const struct inspect_place *place, const char *rest)
{
    struct inspect_place before = shell->place;
    AUTO(arena) arena = arena_new();
    struct inspected_frame frame;
    struct error *err = shell_go(shell, place, arena, &frame);
    if (err)
        return complain_error(err);
    shell->show_depth++;
    int status = shell_run_line(shell, rest);
    shell->show_depth--;
    shell->place = before;
    return status;
}

static int move_or_run(struct shell *shell, const struct inspect_place *place, const char *rest)
{
    return *rest ? shell_run_there(shell, place, rest) : shell_move(shell, place);
}

/** The goroutine that a thread runs. */
static int run_thread(struct shell *shell, const struct shell_command *command, const char *line,
                      const struct words *words)
{
    uint64_t tid;
    struct inspector *inspector;
    if (words->count < 2 || !shell_parse_count(words->items[1], &tid))
        return wants_number(command->name, words->count < 2 ? "" : words->items[1]);
    struct error *err = session_inspector(shell->session, &shell->options.limits, &inspector);
    if (err)
        return complain_error(err);
    const struct report_thread *threads;
    size_t count;
    inspector_threads(inspector, &threads, &count);
    for (size_t i = 0; i < count; i++) {
        const struct inspect_place place = {.has_goroutine = true,
                                            .goroutine = threads[i].goroutine};
        if (threads[i].tid != tid)
            continue;
        if (threads[i].has_goroutine)
            return move_or_run(shell, &place, shell_rest(line, words, 2));
        complain("thread %" PRIu64 " runs no goroutine: 'threads --full' has its frames, "
                 "'regs -t %" PRIu64 "' its registers",
                 tid, tid);
        return EXIT_INPUT;
    }
    complain("there is no thread %" PRIu64 ": 'threads' lists them", tid);
    return EXIT_INPUT;
}

static int run_goroutine(struct shell *shell, const struct shell_command *command, const char *line,
                         const struct words *words)
{
    struct inspect_place place = {.has_goroutine = true};
    if (words->count < 2)
        return shell_move(shell, &shell->place);
    if (!shell_parse_count(words->items[1], &place.goroutine))
        return wants_number(command->name, words->items[1]);
    return move_or_run(shell, &place, shell_rest(line, words, 2));
}

static int run_frame(struct shell *shell, const struct shell_command *command, const char *line,
                     const struct words *words)
{
    struct inspect_place place = shell->place;
    if (words->count < 2)
        return shell_move(shell, &place);
    place.has_frame = true;
    if (!shell_parse_count(words->items[1], &place.frame))
        return wants_number(command->name, words->items[1]);
    return move_or_run(shell, &place, shell_rest(line, words, 2));
}

/** up, down: by one or so many frames. */
static int run_up_down(struct shell *shell, const struct shell_command *command, const char *line,
                       const struct words *words)
{
    struct inspect_place place = shell->place;
    bool up = strcmp(command->name, "up") == 0;
    uint64_t by = 1;
    int first = words->count > 1 && shell_parse_count(words->items[1], &by) ? 2 : 1;
    if (!place.has_frame) {
        complain("there is no current frame: choose a goroutine");
        return EXIT_INPUT;
    }
    if (!up && by > place.frame) {
        complain("frame %" PRIu64 " is the innermost: no %" PRIu64 " frames below frame %" PRIu64,
                 (uint64_t)0, by, place.frame);
        return EXIT_INPUT;
    }
    place.frame = up ? (by > LIMIT_FRAMES ? LIMIT_FRAMES : place.frame + by) : place.frame - by;
    return move_or_run(shell, &place, shell_rest(line, words, first));
}

/** The N-th deferred call; with a command, that runs in the frame that deferred it. */
static int run_deferred(struct shell *shell, const struct shell_command *command, const char *line,
                        const struct words *words)
{
    uint64_t number;
    if (words->count < 2 || words->items[1][0] == '-')
        return shell_run_words(shell, "deferred", words->count, words->items);
    if (!shell_parse_count(words->items[1], &number))
        return wants_number(command->name, words->items[1]);
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct report_goroutine goroutine;
    struct error *err = session_inspector(shell->session, &shell->options.limits, &inspector);
    if (!err)
        err = inspector_goroutine(inspector, arena, &shell->place, false, &goroutine);
    if (err)
        return complain_error(err);
    uint64_t frame;
    const struct report_defer *defer = goroutine_defer(&goroutine, number, &frame);
    if (!defer) {
        complain("goroutine %" PRIu64 " has no deferred call %" PRIu64, goroutine.id, number);
        return EXIT_INPUT;
    }
    struct inspect_place place = {true, true, goroutine.id, frame};
    const char *rest = shell_rest(line, words, 2);
    if (*rest)
        return shell_run_there(shell, &place, rest);
    struct listing listing = {.out = shell->out};
    const struct report_frame *where = frame_numbered(&goroutine.frames, frame);
    listing_defer(&listing, (size_t)number, defer, where, frame);
    return EXIT_OK;
}

static int run_source(struct shell *shell, const struct shell_command *command, const char *line,
                      const struct words *words)
{
    enum { DEEPEST = 8 };
    (void)line;
    if (words->count != 2) {
        complain("%s takes a file", command->name);
        return EXIT_USAGE;
    }
    if (shell->depth >= DEEPEST) {
        complain("source: files that source files: %d is enough", DEEPEST);
        return EXIT_INPUT;
    }
    FILE *file = fopen(words->items[1], "re");
    if (!file) {
        complain("source: %s: %s", words->items[1], strerror(errno));
        return EXIT_INPUT;
    }
    shell->depth++;
    int status = shell_run_file(shell, file);
    shell->depth--;
    fclose(file);
    return status;
}

static int run_exit(struct shell *shell, const struct shell_command *command, const char *line,
                    const struct words *words)
{
    (void)command;
    (void)line;
    (void)words;
    shell->done = true;
    return EXIT_OK;
}

static int run_help(struct shell *shell, const struct shell_command *command, const char *line,
                    const struct words *words)
{
    size_t count;
    const struct shell_command *commands = shell_commands(&count);
    (void)line;
    if (words->count < 2) {
        for (size_t i = 0; i < count; i++) {
            AUTO_TEXT name = {0};
            buffer_printf(&name, "%s%s%s", commands[i].name, commands[i].short_names ? ", " : "",
                          commands[i].short_names ? commands[i].short_names : "");
            fprintf(shell->out, "  %-27s %s\n", buffer_text(&name), commands[i].summary);
        }
        fputs("'help COMMAND' has its options. They are those of gocrash's commands; -g and -f\n"
              "are where the prompt stands unless they are given.\n",
              shell->out);
        return EXIT_OK;
    }
    command = shell_command_find(words->items[1]);
    if (!command) {
        complain("help: there is no command '%s'", words->items[1]);
        return EXIT_USAGE;
    }
    fprintf(shell->out, "%s%s%s: %s\n", command->name, *command->usage ? " " : "", command->usage,
            command->summary);
    if (command->run == shell_run_config)
        shell_put_settings_help(shell->out);
    const struct command *of_program = command->command ? cli_command(command->command) : NULL;
    if (of_program)
        print_command_options(of_program, shell->out);
    return EXIT_OK;
}

static const struct shell_command table[] = {
    {"stack", "bt backtrace", "[-full] [-offsets] [N]", "the goroutine's frames, N of them",
     "stack", shell_run_stack},
    {"frame", NULL, "[N [COMMAND]]", "choose a frame, or run a command in it", NULL, run_frame},
    {"up", NULL, "[N [COMMAND]]", "choose the caller's frame", NULL, run_up_down},
    {"down", NULL, "[N [COMMAND]]", "choose the frame that was called", NULL, run_up_down},
    {"list", "l ls", "[PLACE]", "source around the frame, or around PLACE", "list", shell_run_list},
    {"goroutines", "grs", "[-t [N]] [-with|-without FILTER] [-group BY] [-exec COMMAND]",
     "list goroutines", "goroutines", shell_run_goroutines},
    {"goroutine", "gr", "[ID [COMMAND]]", "choose a goroutine, or run a command in it", NULL,
     run_goroutine},
    {"locals", NULL, "[-v] [REGEXP]", "local variables", "locals", shell_run_variables},
    {"args", NULL, "[-v] [REGEXP]", "arguments and results", "args", shell_run_variables},
    {"vars", "globals", "[-v] [REGEXP]", "package variables", "globals", shell_run_variables},
    {"print", "p", "[%VERB] EXPR", "the value of a Go expression", "print", shell_run_expression},
    {"whatis", NULL, "EXPR|TYPE", "the type of a Go expression, or what a type is", "whatis",
     shell_run_expression},
    {"display", NULL, "[-a [%VERB] EXPR | -d N]", "print an expression in each frame chosen", NULL,
     shell_run_display},
    {"regs", NULL, "[-a] [-t TID]", "registers of the goroutine's thread", "regs",
     shell_run_registers},
    {"examinemem", "x mem", "[-fmt hex|dec|oct|bin|raw] [-count N] [-size N] [-x] ADDR", "memory",
     "mem", shell_run_memory},
    {"disassemble", "disass disasm", "[-l PLACE | -a START END]",
     "machine code of the frame's function, or another's", "disasm", shell_run_disassemble},
    {"threads", NULL, "", "list threads", "threads", NULL},
    {"thread", "tr", "TID", "choose the goroutine that a thread runs", NULL, run_thread},
    {"deferred", NULL, "[N [COMMAND]]", "deferred calls; a command in the frame of the N-th",
     "deferred", run_deferred},
    {"types", NULL, "[REGEXP]", "list types", "types", NULL},
    {"funcs", NULL, "[REGEXP]", "list functions", "funcs", NULL},
    {"packages", NULL, "[REGEXP]", "list packages", "packages", NULL},
    {"sources", NULL, "[REGEXP]", "list source files", "sources", NULL},
    {"libraries", NULL, "[REGEXP]", "list mapped files", "libraries", NULL},
    {"analyze", NULL, "", "the whole report", "analyze", NULL},
    {"traceback", NULL, "", "the runtime's own traceback", "traceback", NULL},
    {"info", NULL, "", "the program and the files", "info", NULL},
    {"config", NULL, "[-list | -save | NAME VALUE...]", "limits, lines, moved sources, other names",
     NULL, shell_run_config},
    {"source", NULL, "FILE", "run the commands of a file", NULL, run_source},
    {"transcript", NULL, "[-t] [-x] FILE | -off", "write what is printed into a file too", NULL,
     shell_run_transcript},
    {"help", "h", "[COMMAND]", "this list, or one command's options", NULL, run_help},
    {"exit", "quit q", "", "leave", NULL, run_exit},
};

const struct shell_command *shell_commands(size_t *count)
{
    *count = COUNT_OF(table);
    return table;
}

/** Whether a name is among some that are parted by blanks. */
static bool is_among(const char *names, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = names; at && *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length == size && memcmp(at, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

const struct shell_command *shell_command_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strcmp(table[i].name, name) == 0 || is_among(table[i].short_names, name))
            return &table[i];
    return NULL;
}

const char *shell_name_of(const char *name)
{
    const struct shell_command *command = shell_command_find(name);
    return command && command->command && cli_command(command->command) ? command->command : NULL;
}
