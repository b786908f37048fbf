// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "cli_internal.h"
#include "marked_stream.h"
#include "output.h"
#include "progress.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/** What hides secrets, unless the user wants to see them. */
static struct error *open_redaction(const struct report_options *options, struct redaction **out)
{
    if (options->no_redact)
        return NULL;
    struct error *err = NULL;
    AUTO(redaction) redaction = redaction_new();
    for (size_t i = 0; !err && i < options->redact.count; i++)
        err = redaction_add_pattern(redaction, options->redact.items[i]);
    if (!err)
        *out = TAKE(redaction);
    return err;
}

struct error *session_open(char **operands, int count, const struct report_options *options,
                           struct session *out)
{
    *out = (struct session){.core_path = alloc_string(operands[count - 1])};
    const struct file_places places = {
        .sysroot = options->sysroot,
        .debug_dirs = options->debug_dirs,
        .debug_dir_count = options->debug_dir_count,
        .debug_file = options->debug_file,
        .max_core_size = options->max_core_size,
        .other_build = options->force,
        .host = !options->stable,
    };
    struct error *err = open_redaction(options, &out->redaction);
    if (!err)
        err = program_open_with(count == 2 ? operands[0] : NULL, out->core_path, &places,
                                &out->program);
    if (!err) {
        out->binary_path = elf_file_path(out->program->binary);
        if (out->program->match == BUILD_OTHER)
            complain("%s: is not the program that left this core (--force): what is said with its "
                     "help may be wrong",
                     out->binary_path);
        return NULL;
    }
    session_close(out);
    return err;
}

/** The ELF type of a file, plain or compressed; ET_NONE where it is none. */
static uint16_t elf_type(const char *path)
{
    uint8_t header[CORE_STREAM_START];
    size_t size = 0;
    error_ignore(core_stream_start(path, header, &size)); // whoever opens it says what is wrong
    bool is_elf = size == sizeof header && memcmp(header, ELFMAG, SELFMAG) == 0;
    return is_elf ? load_u16(header + EI_NIDENT) : ET_NONE;
}

/** Whether a file is a core. A pipe is taken for one: it can be read but once. */
static bool is_core(const char *path)
{
    struct stat status;
    if (strcmp(path, "-") == 0 || (stat(path, &status) == 0 && S_ISFIFO(status.st_mode)))
        return true;
    return elf_type(path) == ET_CORE;
}

static bool is_executable(const char *path)
{
    uint16_t type = elf_type(path);
    return type == ET_EXEC || type == ET_DYN;
}

int session_files(char **operands, int count)
{
    return count < 2 || is_core(operands[0]) ? 1 : 2;
}

struct error *session_inspector(struct session *session, const struct value_limits *limits,
                                struct inspector **out)
{
    struct error *err = NULL;
    if (session->inspector)
        inspector_set_limits(session->inspector, limits);
    else
        err = inspector_open(session->program, limits, session->redaction, &session->inspector);
    if (err)
        return error_wrap(err, "%s", session->core_path);
    *out = session->inspector;
    return NULL;
}

struct error *session_frame(struct session *session, const struct report_options *options,
                            struct arena *arena, struct inspector **inspector,
                            struct inspected_frame *out)
{
    struct error *err = session_inspector(session, &options->limits, inspector);
    return err ? err : inspector_frame(*inspector, arena, &options->place, out);
}

struct listing session_listing(const struct session *session, const struct report_options *options,
                               FILE *out)
{
    return (struct listing){.out = out,
                            .json = options->format == FORMAT_JSON,
                            .style = options->style,
                            .redaction = session->redaction,
                            .verb = options->verb,
                            .offsets = options->offsets,
                            .full = options->full};
}

int complain_error(struct error *err)
{
    int status = error_kind(err) == ERROR_INPUT ? EXIT_USAGE : EXIT_INPUT;
    complain("%s", error_message(err));
    error_free(err);
    return status;
}

static int complain_count(const struct command *command, int count)
{
    AUTO_TEXT what = {0};
    if (count < 0)
        buffer_puts(&what, "no core given");
    else if (count < command->least)
        buffer_printf(&what, "no %s given behind the core", command->wants);
    else
        buffer_puts(&what, "too many arguments");
    complain("%s: %s; usage: gocrash %s [OPTIONS] %s", command->name, buffer_text(&what),
             command->name, command->usage);
    return EXIT_USAGE;
}

/** Runs the command with its output in place. */
static int run_opened(const struct command *command, const struct report_options *options,
                      struct session *session, char **arguments, int count)
{
    struct report_options chosen = *options;
    struct text_style style = {0};
    struct output *output;
    FILE *out;
    if (command->in_session == command_shell) // it prints on its own
        return command->in_session(session, options, arguments, count, stdout);
    struct error *err = output_open(options, &out, &style, &output);
    if (err)
        return complain_error(err);
    chosen.style = &style;
    bool marked = session->program->match == BUILD_OTHER && options->format != FORMAT_JSON;
    FILE *through = marked ? marked_stream_new(out, "? ") : out;
    int status = command->in_session(session, &chosen, arguments, count, through);
    if (marked)
        fclose(through);
    return output_close(output, status);
}

/** Opens files, runs the command, closes them. */
static int run_on_files(const struct command *command, const struct report_options *options,
                        char **files, int file_count, char **arguments, int count)
{
    struct session session;
    progress_show();
    struct error *err = session_open(files, file_count, options, &session);
    int status =
        err ? complain_error(err) : run_opened(command, options, &session, arguments, count);
    progress_hide();
    if (!err)
        session_close(&session);
    return status;
}

/** --last, --pid: the core is looked for; an operand in front may still be the executable. */
static int run_on_found(const struct command *command, const struct report_options *options,
                        char **operands, int count)
{
    bool has_binary = count > 0 && (command->most == 0 || is_executable(operands[0]));
    int first = has_binary;
    char *files[2] = {has_binary ? operands[0] : NULL, NULL};
    if (count - first < command->least || count - first > command->most)
        return complain_count(command, count - first);
    struct error *err = find_core(options, files[0], &files[1]);
    if (err)
        return complain_error(err);
    fprintf(stderr, "gocrash: %s\n", files[1]);
    int status = run_on_files(command, options, files + !has_binary, 1 + has_binary,
                              operands + first, count - first);
    free(files[1]);
    return status;
}

int run_in_session(const struct command *command, const struct report_options *options,
                   char **operands, int operand_count)
{
    if (options->last || options->pid)
        return run_on_found(command, options, operands, operand_count);
    if (operand_count < 1)
        return complain_count(command, -1);
    // Where nothing may follow them, two operands are files, in whatever order: the wrong one is
    // said.
    int files =
        operand_count == 2 && command->most == 0 ? 2 : session_files(operands, operand_count);
    int first = files;
    // getopt stopped at the first file: a "--" behind the files is still the user's end of options.
    first += first < operand_count && strcmp(operands[first], "--") == 0;
    int count = operand_count - first;
    if (count < command->least || count > command->most)
        return complain_count(command, count);
    return run_on_files(command, options, operands, files, operands + first, count);
}

const char *path_shown(const char *path, const struct report_options *options)
{
    const char *slash = options->stable ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

void session_close(struct session *session)
{
    inspector_free(session->inspector);
    program_free(session->program);

    redaction_free(session->redaction);
    free(session->core_path);
    *session = (struct session){0};
}
