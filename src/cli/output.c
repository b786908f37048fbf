// SPDX-License-Identifier: MIT
#include "output.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct output {
    FILE *file;
    char *path, *temporary; ///< --output's; NULL: standard output
    const char *pager;      ///< NULL: none
    pid_t pager_id;         ///< 0: not started yet
    int descriptor;         ///< what is written to
    bool unnamed;           ///< the temporary file has no name yet
    char host[256];
    bool wrote;
};

/** As git does it: a shell runs it, less gets options that leave short texts on the screen. */
static void start_pager(struct output *output)
{
    int ends[2];
    if (pipe(ends) != 0)
        return;
    pid_t id = fork();
    if (id == 0) {
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        close(ends[1]);
        setenv("LESS", "FRX", 0);
        setenv("LV", "-c", 0);
        execl("/bin/sh", "sh", "-c", output->pager, (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    if (id < 0) {
        close(ends[1]);
        return;
    }
    output->pager_id = id;
    output->descriptor = ends[1];
    signal(SIGINT, SIG_IGN); // the pager's business, as long as it runs
}

static ssize_t write_some(void *cookie, const char *data, size_t size)
{
    struct output *output = cookie;
    progress_hide();
    if (output->pager && !output->pager_id && !output->wrote)
        start_pager(output);
    output->wrote = true;
    ssize_t written;
    while ((written = write(output->descriptor, data, size)) < 0 && errno == EINTR)
        continue;
    return written;
}

/** Whether there is a program of that name. */
static bool is_program(const char *name)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/'))
        return access(name, X_OK) == 0;
    for (const char *at = path ? path : ""; *at; at += *at == ':') {
        size_t size = strcspn(at, ":");
        AUTO_TEXT file = {0};
        buffer_append(&file, at, size);
        buffer_printf(&file, "%s%s", size ? "/" : "./", name);
        if (access(buffer_text(&file), X_OK) == 0)
            return true;
        at += size;
    }
    return false;
}

/** $PAGER, else less; NULL where neither is wanted or there. A bare Debian has no less, and what is
 * written to a pager that cannot be run is lost. */
static const char *find_pager(void)
{
    const char *pager = getenv("PAGER");
    pager = pager ? pager : "less";
    if (!*pager || strcmp(pager, "cat") == 0)
        return NULL;
    bool for_shell = pager[strcspn(pager, "|&;<>()$`\\\"'*?[#~=%")]; // it knows what to run
    AUTO_TEXT program = {0};
    buffer_append(&program, pager, strcspn(pager, " \t"));
    return for_shell || is_program(buffer_text(&program)) ? pager : NULL;
}

/** Terminals that are known to take OSC 8. */
static bool takes_links(void)
{
    static const char *const programs[] = {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"};
    const char *program = getenv("TERM_PROGRAM"), *vte = getenv("VTE_VERSION");
    const char *terminal = getenv("TERM");
    for (size_t i = 0; program && i < COUNT_OF(programs); i++)
        if (strcmp(program, programs[i]) == 0)
            return true;
    if (vte && strtol(vte, NULL, 10) >= 5000)
        return true;
    return getenv("KITTY_WINDOW_ID") || getenv("WT_SESSION") || getenv("KONSOLE_VERSION") ||
           (terminal &&
            (strncmp(terminal, "foot", 4) == 0 || strncmp(terminal, "alacritty", 9) == 0));
}

static size_t terminal_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (columns && strtoul(columns, NULL, 10) > 0)
        return strtoul(columns, NULL, 10);
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/** NO_COLOR: no-color.org. */
static void choose_style(const struct report_options *options, bool terminal, char *host,
                         size_t host_size, struct text_style *out)
{
    const char *no_color = getenv("NO_COLOR"), *name = getenv("TERM");
    bool dumb = !name || !*name || strcmp(name, "dumb") == 0;
    bool wanted = terminal && !dumb && !(no_color && *no_color);
    out->color = options->color == COLOR_ALWAYS || (options->color == COLOR_AUTO && wanted);
    out->links = out->color && terminal && !dumb && takes_links();
    out->width = terminal ? terminal_width() : 0;
    if (out->links && gethostname(host, host_size - 1) == 0)
        out->host = host;
}

/** A file without a name in the directory of path: whatever ends the program leaves nothing. */
static int open_unnamed(const char *path)
{
    const char *slash = strrchr(path, '/');
    AUTO_TEXT directory = {0};
    buffer_append(&directory, slash ? path : ".", slash ? (size_t)(slash - path) + 1 : 1);
    return open(buffer_text(&directory), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

/** Some file systems know no O_TMPFILE. */
static struct error *open_temporary(struct output *output, const char *path)
{
    AUTO_TEXT name = {0};
    buffer_printf(&name, "%s.XXXXXX", path);
    output->temporary = alloc_string(buffer_text(&name));
    output->descriptor = open_unnamed(path);
    output->unnamed = output->descriptor >= 0;
    if (!output->unnamed)
        output->descriptor = mkstemp(output->temporary); // mode 0600
    if (output->descriptor >= 0) {
        output->path = alloc_string(path);
        return NULL;
    }
    struct error *err = error_new(ERROR_OS, "%s: cannot be written: %s", path, strerror(errno));
    free(output->temporary);
    output->temporary = NULL;
    return err;
}

struct error *output_open(const struct report_options *options, FILE **file,
                          struct text_style *style, struct output **out)
{
    const cookie_io_functions_t functions = {.write = write_some};
    struct output *output = alloc_zeroed(1, sizeof *output);
    output->descriptor = STDOUT_FILENO;
    struct stat status;
    bool device = options->output && stat(options->output, &status) == 0 &&
                  !S_ISREG(status.st_mode); // /dev/stdout, a pipe: nothing to rename over
    bool terminal = !options->output && isatty(STDOUT_FILENO);
    struct error *err = NULL;
    if (device && (output->descriptor = open(options->output, O_WRONLY | O_CLOEXEC)) < 0)
        err = error_new(ERROR_OS, "%s: cannot be written: %s", options->output, strerror(errno));
    else if (options->output && !device)
        err = open_temporary(output, options->output);
    if (err) {
        free(output);
        return err;
    }
    choose_style(options, terminal, output->host, sizeof output->host, style);
    output->pager = terminal && !options->no_pager ? find_pager() : NULL;
    output->file = fopencookie(output, "w", functions);
    if (!output->file)
        abort(); // memory is exhausted
    *file = output->file;
    *out = output;
    return NULL;
}

/** Gives the unnamed file a name beside the one it is to have: a link replaces nothing. */
static bool name_file(struct output *output)
{
    enum { TRIES = 100 };
    if (!output->unnamed)
        return true;
    char from[40];
    snprintf(from, sizeof from, "/proc/self/fd/%d", output->descriptor);
    for (int i = 0; i < TRIES; i++) {
        AUTO_TEXT name = {0};
        buffer_printf(&name, "%s.%d.%d", output->path, (int)getpid(), i);
        if (linkat(AT_FDCWD, from, AT_FDCWD, buffer_text(&name), AT_SYMLINK_FOLLOW) == 0) {
            free(output->temporary);
            output->temporary = alloc_string(buffer_text(&name));
            output->unnamed = false;
            return true;
        }
        if (errno != EEXIST)
            return false;
    }
    return false;
}

/** @return false where what was printed could not be written */
static bool end_file(struct output *output, bool written, int status)
{
    bool nothing = (status == EXIT_INPUT || status == EXIT_USAGE) && !output->wrote;
    if (written && !nothing) {
        written = fsync(output->descriptor) == 0 || errno == EINVAL || errno == EROFS;
        if (written && name_file(output) && rename(output->temporary, output->path) == 0)
            return true;
    }
    int why = errno;
    if (!output->unnamed)
        unlink(output->temporary);
    errno = why;
    return nothing;
}

/** @return false where the shell did not find what it should run, or may not run it */
static bool wait_for_pager(pid_t id)
{
    enum { NOT_RUN = 126, NOT_FOUND = 127 };
    int how = 0;
    while (waitpid(id, &how, 0) < 0 && errno == EINTR)
        continue;
    signal(SIGINT, SIG_DFL);
    return !WIFEXITED(how) || (WEXITSTATUS(how) != NOT_RUN && WEXITSTATUS(how) != NOT_FOUND);
}

int output_close(struct output *output, int status)
{
    errno = 0;
    bool written = fflush(output->file) == 0 && !ferror(output->file);
    bool closed = !written && errno == EPIPE; // whoever read it has seen enough
    if (output->temporary)
        written = end_file(output, written, status);
    if (!written && !closed) {
        complain("cannot write the report: %s", strerror(errno ? errno : EIO));
        status = EXIT_INPUT;
    }
    fclose(output->file);
    if (output->descriptor != STDOUT_FILENO)
        close(output->descriptor);
    if (output->pager_id && !wait_for_pager(output->pager_id)) {
        complain("the pager '%s' cannot be run; --no-pager prints without it", output->pager);
        status = EXIT_INPUT;
    }
    free(output->path);
    free(output->temporary);
    free(output);
    return status;
}
