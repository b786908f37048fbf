// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/utf8.h"
#include "progress.h"
#include "shell_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;
static bool wrote; ///< the command of this line has printed something

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

bool shell_is_interrupted(void)
{
    return interrupted;
}

bool shell_take_interrupt(void)
{
    bool was = interrupted;
    interrupted = 0;
    return was;
}

static struct {
    FILE *file; ///< NULL: none
    bool only;  ///< nothing goes to standard output
} transcript;

void shell_set_transcript(FILE *file, bool only)
{
    if (transcript.file)
        fclose(transcript.file);
    transcript.file = file;
    transcript.only = file && only;
}

bool shell_has_transcript(void)
{
    return transcript.file;
}

static int write_errno; ///< of what could not be written; 0: all was

static ssize_t write_unless_interrupted(void *cookie, const char *data, size_t size)
{
    (void)cookie;
    wrote = true;
    if (transcript.file && !interrupted)
        fwrite(data, 1, size, transcript.file);
    if (transcript.only && !interrupted)
        return (ssize_t)size;
    for (size_t done = 0; done < size;) {
        ssize_t written = interrupted ? -1 : write(STDOUT_FILENO, data + done, size - done);
        if (written < 0 && (interrupted || errno != EINTR)) {
            write_errno = interrupted || errno == EPIPE ? write_errno : errno;
            return -1;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    return (ssize_t)size;
}

FILE *shell_open_output(void)
{
    progress_hide();
    write_errno = 0;
    const struct sigaction action = {.sa_handler = on_interrupt};
    const cookie_io_functions_t functions = {.write = write_unless_interrupted};
    sigaction(SIGINT, &action, NULL);
    progress_current()->stop = &interrupted;
    FILE *out = fopencookie(NULL, "w", functions);
    if (!out)
        abort(); // memory is exhausted
    return out;
}

void shell_end_output(FILE *out)
{
    fflush(out);
    clearerr(out);
}

void shell_prompt(const struct shell *shell, struct buffer *out)
{
    buffer_puts(out, "gocrash");
    if (shell->place.has_goroutine)
        buffer_printf(out, " g%" PRIu64, shell->place.goroutine);
    if (shell->place.has_frame)
        buffer_printf(out, " #%" PRIu64, shell->place.frame);
    buffer_puts(out, "> ");
}

struct error *shell_go(struct shell *shell, const struct inspect_place *place, struct arena *arena,
                       struct inspected_frame *frame)
{
    struct inspector *inspector;
    struct error *err = session_inspector(shell->session, &shell->options.limits, &inspector);
    if (!err)
        err = inspector_frame(inspector, arena, place, frame);
    if (!err)
        shell->place = (struct inspect_place){true, true, frame->goroutine, frame->number};
    return err;
}

int shell_move(struct shell *shell, const struct inspect_place *place)
{
    AUTO(arena) arena = arena_new();
    struct inspected_frame frame;
    struct error *err = shell_go(shell, place, arena, &frame);
    if (err)
        return complain_error(err);
    struct listing listing = {.out = shell->out};
    listing_frame(&listing, frame.goroutine, &frame.frame, frame.number);
    if (!shell->show_depth)
        shell_show_displays(shell);
    return EXIT_OK;
}

/** Delve's options are long with one dash: -full, -fmt hex. */
static void lengthen_options(const struct command *command, int count, char **words)
{
    for (int i = 1; i < count; i++) {
        if (words[i][0] != '-' || words[i][1] == '-' || strlen(words[i]) < 3)
            continue;
        const char *name;
        for (size_t k = 0; (name = option_name(command, k)); k++)
            if (strcmp(name, words[i] + 1) == 0)
                break;
        if (!name)
            continue;
        AUTO_TEXT longer = {0};
        buffer_printf(&longer, "-%s", words[i]);
        free(words[i]);
        words[i] = alloc_string(buffer_text(&longer));
    }
}

void shell_fill_place(const struct shell *shell, struct inspect_place *place)
{
    bool here = !place->has_goroutine || place->goroutine == shell->place.goroutine;
    if (!place->has_goroutine) {
        place->has_goroutine = shell->place.has_goroutine;
        place->goroutine = shell->place.goroutine;
    }
    if (!place->has_frame && here) {
        place->has_frame = shell->place.has_frame;
        place->frame = shell->place.frame;
    }
}

static int run_parsed(struct shell *shell, const struct command *command,
                      struct report_options *options, char **arguments, int count)
{
    if (count < command->least) {
        complain("%s: no %s given", command->name, command->wants);
        return EXIT_USAGE;
    }
    if (count > command->most) {
        complain("%s: too many arguments", command->name);
        return EXIT_USAGE;
    }
    bool whole_goroutine = strcmp(command->name, "deferred") == 0;
    struct inspect_place before = options->place;
    shell_fill_place(shell, &options->place);
    if (whole_goroutine)
        options->place.has_frame = before.has_frame;
    fflush(shell->out);
    wrote = false;
    int status = command->in_session(shell->session, options, arguments, count, shell->out);
    fflush(shell->out);
    if (shell->interactive && status == EXIT_OK && !wrote && !interrupted)
        fputs("(none)\n", shell->out); // who asks at a prompt is owed an answer
    return status;
}

int shell_run_words(struct shell *shell, const char *name, int count, char **words)
{
    const struct command *command = cli_command(name);
    if (!command || !command->in_session || command->in_session == command_shell) {
        complain("%s: not here", name);
        return EXIT_USAGE;
    }
    struct report_options options = shell->options;
    bool help = false;
    lengthen_options(command, count, words);
    int first = parse_options(command, count, words, &options, &help), status = EXIT_USAGE;
    if (help) {
        print_command_help(command, shell->out);
        status = EXIT_OK;
    } else if (first >= 0) {
        status = run_parsed(shell, command, &options, words + first, count - first);
    }
    free(options.commands);
    return status;
}

/** Delve's commands that need a process. */
static bool needs_process(const char *name)
{
    static const char *const names[] = {"continue",    "c",           "next",
                                        "n",           "step",        "s",
                                        "stepout",     "so",          "step-instruction",
                                        "si",          "stepi",       "next-instruction",
                                        "ni",          "nexti",       "rev",
                                        "rewind",      "rw",          "restart",
                                        "r",           "rebuild",     "call",
                                        "set",         "break",       "b",
                                        "breakpoints", "bp",          "clear",
                                        "clearall",    "condition",   "cond",
                                        "on",          "toggle",      "trace",
                                        "t",           "watch",       "check",
                                        "checkpoint",  "checkpoints", "clear-checkpoint",
                                        "clearcheck",  "target",      "dump"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int unknown(const char *name)
{
    size_t count;
    const struct shell_command *commands = shell_commands(&count);
    const char **names = alloc_zeroed(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = commands[i].name;
    const char *near = nearest_word(name, names, count);
    AUTO_TEXT shown = {0};
    utf8_escape(&shown, name, strlen(name), "");
    if (needs_process(name))
        complain("'%s' needs a process that runs: this is a core", name);
    else
        complain("unknown command '%s'%s%s%s; 'help' lists them", buffer_text(&shown),
                 near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    free(names);
    return EXIT_USAGE;
}

/** What a transcript has in front of what a line prints. */
static void note_line(const struct shell *shell, const char *line)
{
    AUTO_TEXT prompt = {0};
    if (!shell_has_transcript() || shell->depth || shell->show_depth)
        return;
    shell_prompt(shell, &prompt);
    fprintf(transcript.file, "%s%s\n", buffer_text(&prompt), line);
}

int shell_run_line(struct shell *shell, const char *line)
{
    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return EXIT_OK;
    AUTO_TEXT translated = {0};
    const char *typed = line;
    if (shell_translate_gdb(line, &translated))
        line = buffer_text(&translated);
    // An expression may hold a quote of its own, so only the name is looked at here.
    size_t size = strcspn(line, " \t");
    char *name = alloc_string(line);
    name[size] = '\0';
    note_line(shell, typed);
    const char *real = shell_alias_of(shell, name);
    const struct shell_command *command = shell_command_find(real ? real : name);
    int status;
    AUTO_WORDS words = {0};
    if (!command)
        status = unknown(name);
    else if (!words_split(line, &words) && command->run != shell_run_expression) {
        complain("a quote is not closed");
        status = EXIT_USAGE;
    } else if (command->run)
        status = command->run(shell, command, line, &words);
    else
        status = shell_run_words(shell, command->command, words.count, words.items);
    free(name);
    shell_end_output(shell->out);
    return status;
}

int shell_run_file(struct shell *shell, FILE *file)
{
    AUTO_BUFFER char *line = NULL;
    size_t capacity = 0;
    int status = EXIT_OK;
    for (ssize_t size; !shell->done && (size = getline(&line, &capacity, file)) >= 0;) {
        while (size && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            line[--size] = '\0';
        int one = shell_run_line(shell, line);
        status = status ? status : one;
        if (shell_take_interrupt())
            return status ? status : EXIT_INPUT;
    }
    return status;
}

/** Prints what the process died of, and wants no more of the report. */
struct greeting {
    struct report_sink base;
    FILE *out;
    volatile sig_atomic_t enough;
};

static void greet_begin(struct report_sink *base, const struct report_head *head)
{
    struct greeting *greeting = (struct greeting *)base;
    struct listing listing = {.out = greeting->out};
    listing_message(&listing, &head->crash);
    greeting->enough = 1;
}

static void greet_goroutine(struct report_sink *base, const struct report_goroutine *one)
{
    (void)base;
    (void)one;
}

static void greet_end(struct report_sink *base, const struct report_tail *tail)
{
    (void)base;
    (void)tail;
}

static void greet(const struct shell *shell)
{
    struct greeting greeting = {.base = {.begin = greet_begin,
                                         .goroutine = greet_goroutine,
                                         .end = greet_end,
                                         .ignores_findings = true},
                                .out = shell->out};
    struct progress progress = {.stop = &greeting.enough};
    const struct analyze_options analysis = {.limits = shell->options.limits,
                                             .progress = &progress};
    struct session *session = shell->session;
    struct error *err = analyze(session->program, session->binary_path, session->core_path,
                                &analysis, &greeting.base);
    if (err)
        error_ignore(err); // the prompt is of use all the same
}

/** Where a prompt begins: the crashed goroutine, the frame to look at first; nothing is fine too.
 */
static int find_place(struct shell *shell)
{
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_frame frame;
    struct error *err = session_inspector(shell->session, &shell->options.limits, &inspector);
    if (err)
        return complain_error(err);
    err = inspector_frame(inspector, arena, &shell->place, &frame);
    if (err) {
        complain("%s", error_message(err));
        error_free(err);
        return EXIT_OK;
    }
    shell->place = (struct inspect_place){true, true, frame.goroutine, frame.number};
    if (!shell->interactive)
        return EXIT_OK;
    greet(shell);
    struct listing listing = {.out = shell->out};
    listing_frame(&listing, frame.goroutine, &frame.frame, frame.number);
    shell_end_output(shell->out);
    return EXIT_OK;
}

static int run_all(struct shell *shell, const struct report_options *options)
{
    int status = EXIT_OK;
    for (size_t i = 0; i < options->command_count && !shell->done; i++) {
        int one = shell_run_line(shell, options->commands[i]);
        status = status ? status : one;
    }
    if (options->command_count)
        return status;
    if (!shell->interactive)
        return shell_run_file(shell, stdin);
    shell_edit(shell);
    return EXIT_OK;
}

int command_shell(struct session *session, const struct report_options *options, char **arguments,
                  int count, FILE *out)
{
    (void)arguments;
    (void)count;
    fflush(out);
    struct shell shell = {
        .session = session,
        .arena = arena_new(),
        .options = *options,
        .out = shell_open_output(),
        .interactive = !options->command_count && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
    };
    shell.options.commands = NULL;
    shell.options.command_count = shell.options.command_capacity = 0;
    if (shell.interactive)
        shell_load_settings(&shell);
    int status = find_place(&shell);
    if (status == EXIT_OK)
        status = run_all(&shell, options);
    fclose(shell.out);
    shell_set_transcript(NULL, false);
    free(shell.aliases);
    free(shell.displays);
    arena_free(shell.arena);
    if (write_errno) {
        complain("cannot write the report: %s", strerror(write_errno));
        return EXIT_INPUT;
    }
    return status;
}
