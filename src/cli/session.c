// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "cli_internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct error *session_open(char **operands, int count, const struct report_options *options,
                           struct session *out)
{
    *out = (struct session){.core_path = alloc_string(operands[count - 1])};
    const struct file_places places = {
        .sysroot = options->sysroot,
        .debug_dirs = options->debug_dirs,
        .debug_dir_count = options->debug_dir_count,
        .debug_file = options->debug_file,
        .host = !options->stable,
    };
    struct error *err =
        program_open_with(count == 2 ? operands[0] : NULL, out->core_path, &places, &out->program);
    if (!err) {
        out->binary_path = elf_file_path(out->program->binary);
        return NULL;
    }
    session_close(out);
    return err;
}

/** Whether a file is a core. A pipe is taken for one: it can be read but once. */
static bool is_core(const char *path)
{
    struct stat status;
    if (strcmp(path, "-") == 0 || (stat(path, &status) == 0 && S_ISFIFO(status.st_mode)))
        return true;
    AUTO(core_stream) stream = NULL;
    struct error *err = core_stream_open(path, &stream);
    if (err) {
        error_ignore(err); // whoever opens it in earnest says what is wrong
        return false;
    }
    struct bytes header = bytes_slice(core_stream_bytes(stream), 0, EI_NIDENT + 2);
    return header.size && memcmp(header.data, ELFMAG, SELFMAG) == 0 &&
           load_u16(header.data + EI_NIDENT) == ET_CORE;
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
        err = inspector_open(session->program, limits, &session->inspector);
    if (err)
        return error_wrap(err, "%s", session->core_path);
    *out = session->inspector;
    return NULL;
}

int complain_error(struct error *err)
{
    complain("%s", error_message(err));
    error_free(err);
    return EXIT_INPUT;
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

int run_in_session(const struct command *command, const struct report_options *options,
                   char **operands, int operand_count)
{
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
    struct session session;
    struct error *err = session_open(operands, files, options, &session);
    if (err)
        return complain_error(err);
    int status = command->in_session(&session, options, operands + first, count, stdout);
    session_close(&session);
    return status;
}

void session_close(struct session *session)
{
    inspector_free(session->inspector);
    program_free(session->program);
    free(session->core_path);
    *session = (struct session){0};
}
