// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char subject[] = "core_pattern";

/** The value of NAME= in a systemd configuration file and what overrides it; NULL: not set. */
static const char *coredump_setting(const struct doctor_target *target, struct arena *arena,
                                    const char *name)
{
    static const char *const files[] = {"/usr/lib/systemd/coredump.conf",
                                        "/etc/systemd/coredump.conf"};
    const char *value = NULL;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        AUTO_TEXT text = {0};
        if (!file_read(host_path(target, arena, files[i]), &text))
            continue;
        char *rest = arena_string(arena, buffer_text(&text));
        for (char *line; (line = strsep(&rest, "\n"));)
            if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == '=')
                value = line + strlen(name) + 1;
    }
    return value;
}

static void examine_systemd(const struct doctor_target *target, struct doctor_report *report,
                            const char *container)
{
    const char *storage = coredump_setting(target, report->arena, "Storage");
    if (container) {
        doctor_add(report, DOCTOR_NOTE, subject, NULL,
                   "systemd-coredump of the host takes the core: look for it on the host with "
                   "coredumpctl");
        return;
    }
    if (storage && strcmp(storage, "none") == 0) {
        doctor_add(report, DOCTOR_PROBLEM, subject, "/etc/systemd/coredump.conf: Storage=external",
                   "systemd-coredump takes the core and keeps none (Storage=none)");
        return;
    }
    const char *most = coredump_setting(target, report->arena, "ExternalSizeMax");
    doctor_add(report, DOCTOR_GOOD, subject, NULL,
               "systemd-coredump takes the core: gocrash analyze --last finds it in "
               "/var/lib/systemd/coredump");
    doctor_add(report, DOCTOR_NOTE, "core size",
               "/etc/systemd/coredump.conf: ProcessSizeMax=32G and ExternalSizeMax=32G",
               "systemd-coredump leaves out what is larger than ExternalSizeMax (%s)",
               most ? most : "32 GB, before systemd 251 2 GB");
}

static void examine_apport(const struct doctor_target *target, struct doctor_report *report)
{
    (void)target;
    doctor_add(report, DOCTOR_NOTE, subject,
               "sudo sysctl kernel.core_pattern=core.%e.%p   (to have it in the working directory)",
               "apport takes the core: of programs that no package brought it keeps one only where "
               "the core limit is not 0, in /var/lib/apport/coredump");
}

/** A program that the kernel starts with the core as its input, in the first namespaces. */
static void examine_pipe(const struct doctor_target *target, struct doctor_report *report,
                         const char *pattern, const char *container)
{
    size_t size = strcspn(pattern, " ");
    const char *program = arena_copy(report->arena, pattern, size);
    const char *name = strrchr(program, '/');
    name = name ? name + 1 : program;
    if (strcmp(name, "systemd-coredump") == 0) {
        examine_systemd(target, report, container);
    } else if (strcmp(name, "apport") == 0 && !container) {
        examine_apport(target, report);
    } else if (strcmp(name, "false") == 0 || strcmp(name, "true") == 0) {
        doctor_add(report, DOCTOR_PROBLEM, subject, "sudo sysctl kernel.core_pattern=core.%e.%p",
                   "is |%s: every core is thrown away", program);
    } else if (container) {
        doctor_add(report, DOCTOR_NOTE, subject, NULL,
                   "%s takes the core; it runs on the host, outside of the container: ask there "
                   "where it leaves cores",
                   program);
    } else if (access(host_path(target, report->arena, program), X_OK) != 0) {
        doctor_add(report, DOCTOR_PROBLEM, subject, "sudo sysctl kernel.core_pattern=core.%e.%p",
                   "is |%s, which is not there or cannot be run: every core is lost", program);
    } else {
        doctor_add(report, DOCTOR_NOTE, subject, NULL,
                   "%s takes the core: what becomes of it is up to that program", program);
    }
}

/** Whether the process may make a file in a directory, by its mode and the process's ids. */
static bool may_write(const struct doctor_target *target, struct arena *arena, const char *path,
                      const struct stat *directory)
{
    unsigned long long user, group;
    AUTO_TEXT status = {0};
    if (!target->pid)
        return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
    if (!file_read(process_path(target, arena, "status"), &status))
        return true;       // not known: nothing is claimed
    enum { OF_FILES = 3 }; // the fourth id is the one that files are opened with
    if (!status_number(buffer_text(&status), "Uid:", OF_FILES, &user) ||
        !status_number(buffer_text(&status), "Gid:", OF_FILES, &group) || user == 0)
        return true;
    if (directory->st_uid == user)
        return directory->st_mode & S_IWUSR;
    // Supplementary groups may allow it: then the others' bits say less than the truth.
    return directory->st_mode & (directory->st_gid == group ? S_IWGRP : S_IWGRP | S_IWOTH);
}

static void examine_directory(const struct doctor_target *target, struct doctor_report *report,
                              const char *shown, const char *path, const char *container)
{
    enum { LITTLE = 256 }; // MB
    struct stat directory;
    struct statvfs space;
    const char *elsewhere =
        container ? "docker run -v cores:/cores -w /cores …   (Kubernetes: a volumeMount, and "
                    "workingDir: there)"
                  : "unit file: StateDirectory=cores and WorkingDirectory=/var/lib/cores";
    bool found = stat(path, &directory) == 0;
    if (!found && errno == EACCES) {
        doctor_add(report, DOCTOR_NOTE, "directory", as_root(target, report->arena),
                   "cores go to %s, which you may not look at", shown);
        return;
    }
    if (!found || !S_ISDIR(directory.st_mode)) {
        doctor_add(report, DOCTOR_PROBLEM, "directory",
                   *shown == '/' ? arena_printf(report->arena, "sudo mkdir -p -m 1777 %s", shown)
                                 : elsewhere,
                   "cores go to %s, which is not there", shown);
        return;
    }
    if (statvfs(path, &space) != 0)
        return;
    unsigned long long megabytes = (unsigned long long)space.f_bavail * space.f_frsize / 1000000;
    if (space.f_flag & ST_RDONLY)
        doctor_add(report, DOCTOR_PROBLEM, "directory", elsewhere,
                   "cores go to %s, on a read-only file system", shown);
    else if (!may_write(target, report->arena, path, &directory))
        doctor_add(report, DOCTOR_PROBLEM, "directory", elsewhere,
                   "cores go to %s, where the process may not write", shown);
    else if (megabytes < LITTLE)
        doctor_add(report, DOCTOR_PROBLEM, "directory", elsewhere,
                   "cores go to %s, where %llu MB are free", shown, megabytes);
    else
        doctor_add(report, DOCTOR_GOOD, "directory", NULL, "%s, %llu MB free%s", shown, megabytes,
                   container ? ", in the container: gone with it unless it is a volume" : "");
}

static void examine_file(const struct doctor_target *target, struct doctor_report *report,
                         const char *pattern, const char *container)
{
    unsigned long long with_pid = 0;
    const char *slash = strrchr(pattern, '/');
    if (!file_read_number(host_path(target, report->arena, "/proc/sys/kernel/core_uses_pid"),
                          &with_pid))
        with_pid = 0;
    if (!*pattern && !with_pid) {
        doctor_add(report, DOCTOR_PROBLEM, subject, "sudo sysctl kernel.core_pattern=core.%e.%p",
                   "is empty: no core is written");
        return;
    }
    bool unique = with_pid || strstr(pattern, "%p") || strstr(pattern, "%P") ||
                  strstr(pattern, "%t") || strstr(pattern, "%i");
    doctor_add(report, unique ? DOCTOR_GOOD : DOCTOR_NOTE, subject,
               unique ? NULL : "sudo sysctl kernel.core_pattern=core.%e.%p", "%s%s: a file%s",
               pattern, with_pid && !strstr(pattern, "%p") ? ".PID" : "",
               unique ? "" : "; the next core of the same name takes its place");
    if (*pattern == '/') {
        const char *shown =
            slash == pattern ? "/" : arena_copy(report->arena, pattern, (size_t)(slash - pattern));
        if (strchr(shown, '%'))
            return; // a directory of its own for each
        examine_directory(target, report, shown, seen_by_process(target, report->arena, shown),
                          container);
        return;
    }
    const char *working = process_path(target, report->arena, "cwd");
    const char *shown = link_read(working, report->arena);
    examine_directory(target, report,
                      shown ? arena_printf(report->arena, "the working directory, %s", shown)
                            : "the working directory",
                      working, container);
}

void doctor_pattern(const struct doctor_target *target, struct doctor_report *report,
                    const char *container)
{
    AUTO_TEXT text = {0};
    if (!file_read(host_path(target, report->arena, "/proc/sys/kernel/core_pattern"), &text)) {
        doctor_add(report, DOCTOR_NOTE, subject, NULL, "cannot be read");
        return;
    }
    char *pattern = arena_string(report->arena, buffer_text(&text));
    pattern[strcspn(pattern, "\n")] = '\0';
    if (*pattern == '|')
        examine_pipe(target, report, pattern + 1 + strspn(pattern + 1, " "), container);
    else if (*pattern == '@') // Linux 6.16
        doctor_add(report, DOCTOR_NOTE, subject, NULL,
                   "is a socket, %s: what listens there takes the core", pattern + 1);
    else
        examine_file(target, report, pattern, container);
}
