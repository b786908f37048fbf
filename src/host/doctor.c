// SPDX-License-Identifier: MIT
#include "host/doctor.h"

#include "base/alloc.h"
#include "files.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void doctor_add(struct doctor_report *report, enum doctor_level level, const char *subject,
                const char *remedy, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(report->arena, format, arguments);
    va_end(arguments);
    ARRAY_PUSH(report->items, report->count, report->capacity) = (struct doctor_finding){
        level, subject, text, remedy ? arena_string(report->arena, remedy) : NULL};
}

bool doctor_is_usable(const struct doctor_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->items[i].level == DOCTOR_PROBLEM)
            return false;
    return true;
}

void doctor_report_clear(struct doctor_report *report)
{
    free(report->items);
    report->items = NULL;
    report->count = report->capacity = 0;
}

const char *doctor_executable(const struct doctor_target *target, struct arena *arena)
{
    return target->pid ? process_path(target, arena, "exe") : NULL;
}

/** A variable of an environment: NAME=VALUE, each with its NUL. */
static const char *variable(const struct buffer *environment, const char *name)
{
    size_t size = strlen(name);
    const char *text = buffer_text(environment);
    for (size_t i = 0; i < environment->size; i += strlen(text + i) + 1)
        if (strncmp(text + i, name, size) == 0 && text[i + size] == '=')
            return text + i + size + 1;
    return NULL;
}

static void examine_environment(const struct doctor_target *target, struct doctor_report *report,
                                const char *container)
{
    AUTO_TEXT environment = {0};
    if (!file_read(process_path(target, report->arena, "environ"), &environment)) {
        doctor_add(report, DOCTOR_NOTE, "GOTRACEBACK", as_root(target, report->arena),
                   "its environment may not be read");
        return;
    }
    const char *value = variable(&environment, "GOTRACEBACK");
    const char *how = container ? "export GOTRACEBACK=crash   (docker run -e GOTRACEBACK=crash …; "
                                  "Kubernetes: env: [{name: GOTRACEBACK, value: crash}])"
                                : "export GOTRACEBACK=crash   (unit file: "
                                  "Environment=GOTRACEBACK=crash)";
    const char *restart =
        arena_printf(report->arena, "%s%s", how, target->pid ? ", then restart it" : "");
    if (value && strcmp(value, "crash") == 0)
        doctor_add(report, DOCTOR_GOOD, "GOTRACEBACK", NULL, "crash");
    else
        doctor_add(report, DOCTOR_PROBLEM, "GOTRACEBACK", restart,
                   "%s%s: unless the program calls debug.SetTraceback(\"crash\"), Go ends it with "
                   "exit status 2 and there is no core",
                   value ? "is " : "is not set", value ? value : "");
}

/** Soft and hard limit of one line of /proc/PID/limits; UINT64_MAX: unlimited. */
static bool limit_of(const char *limits, const char *name, uint64_t *soft, uint64_t *hard)
{
    const char *line = strstr(limits, name);
    char words[2][24];
    if (!line || sscanf(line + strlen(name), " %23s %23s", words[0], words[1]) != 2)
        return false;
    uint64_t *out[2] = {soft, hard};
    for (int i = 0; i < 2; i++)
        *out[i] = strcmp(words[i], "unlimited") == 0 ? UINT64_MAX : strtoull(words[i], NULL, 10);
    return true;
}

static const char *limit_remedy(const struct doctor_target *target, struct arena *arena,
                                uint64_t hard, const char *container)
{
    if (target->pid)
        return arena_printf(arena, "%sprlimit --pid %ld --core=unlimited:%s",
                            hard == UINT64_MAX ? "" : "sudo ", (long)target->pid, "unlimited");
    if (container)
        return hard == UINT64_MAX
                   ? "ulimit -c unlimited   (docker run --ulimit core=-1 …; Kubernetes: "
                     "in the image's start script)"
                   : "docker run --ulimit core=-1 …   (Kubernetes: LimitCORE= of the "
                     "node's container runtime)";
    return hard == UINT64_MAX
               ? "ulimit -c unlimited   (unit file: LimitCORE=infinity)"
               : "unit file: LimitCORE=infinity   (a login: /etc/security/limits.conf"
                 ": * - core unlimited)";
}

static void examine_limits(const struct doctor_target *target, struct doctor_report *report,
                           const char *container)
{
    enum { LEAST = 1 << 20 }; // bytes; of a program that does nothing less is cut in its data
    AUTO_TEXT limits = {0};
    uint64_t soft, hard;
    if (!file_read(process_path(target, report->arena, "limits"), &limits) ||
        !limit_of(buffer_text(&limits), "Max core file size", &soft, &hard)) {
        doctor_add(report, DOCTOR_NOTE, "core limit", NULL, "cannot be read");
        return;
    }
    const char *remedy = limit_remedy(target, report->arena, hard, container);
    if (soft == UINT64_MAX)
        doctor_add(report, DOCTOR_GOOD, "core limit", NULL, "unlimited");
    else if (soft == 0)
        doctor_add(report, DOCTOR_PROBLEM, "core limit", remedy,
                   hard ? "is 0: no core is written"
                        : "is 0, the hard limit too: no core is written");
    else if (soft < LEAST)
        doctor_add(report, DOCTOR_PROBLEM, "core limit", remedy,
                   "is %" PRIu64 " bytes: a core is cut there, before what tells anything", soft);
    else
        doctor_add(report, DOCTOR_NOTE, "core limit", remedy,
                   "is %" PRIu64 " bytes: a larger core is cut there, and a cut core tells less",
                   soft);
    if (limit_of(buffer_text(&limits), "Max file size", &soft, &hard) && soft != UINT64_MAX)
        doctor_add(report, DOCTOR_NOTE, "file limit",
                   target->pid ? arena_printf(report->arena, "prlimit --pid %ld --fsize=unlimited",
                                              (long)target->pid)
                               : "ulimit -f unlimited   (unit file: LimitFSIZE=infinity)",
                   "is %" PRIu64 " bytes: a core file ends there", soft);
}

/** Which memory goes into a core: core(5), "Controlling which mappings are written". */
static void examine_filter(const struct doctor_target *target, struct doctor_report *report)
{
    enum { ANONYMOUS_PRIVATE = 1, ELF_HEADERS = 16 };
    unsigned long long filter;
    if (!file_read_number(process_path(target, report->arena, "coredump_filter"), &filter)) {
        doctor_add(report, DOCTOR_NOTE, "coredump_filter", NULL, "cannot be read");
        return;
    }
    const char *remedy = target->pid
                             ? arena_printf(report->arena, "echo 0x33 > /proc/%ld/coredump_filter",
                                            (long)target->pid)
                             : "echo 0x33 > /proc/self/coredump_filter   (unit file: "
                               "CoredumpFilter=default)";
    if (!(filter & ANONYMOUS_PRIVATE))
        doctor_add(report, DOCTOR_PROBLEM, "coredump_filter", remedy,
                   "is 0x%llx: without bit 0 the core holds neither heap nor stacks", filter);
    else if (!(filter & ELF_HEADERS))
        doctor_add(report, DOCTOR_NOTE, "coredump_filter", remedy,
                   "is 0x%llx: without bit 4 the core does not say which build it is of", filter);
    else
        doctor_add(report, DOCTOR_GOOD, "coredump_filter", NULL, "0x%llx", filter);
}

/** The files of a process that may not be dumped belong to root: proc(5), PR_SET_DUMPABLE. */
static void examine_dumpable(const struct doctor_target *target, struct doctor_report *report)
{
    struct stat directory;
    unsigned long long user = 0, mode = 0;
    AUTO_TEXT status = {0};
    const char *path = process_path(target, report->arena, "status");
    if (!target->pid || !file_read(path, &status) ||
        !status_number(buffer_text(&status), "Uid:", 0, &user) ||
        stat(process_path(target, report->arena, "limits"), &directory) != 0)
        return;
    if (directory.st_uid == user || user == 0)
        return;
    const char *setting = host_path(target, report->arena, "/proc/sys/fs/suid_dumpable");
    bool only_root = file_read_number(setting, &mode) && mode == 2;
    doctor_add(
        report, only_root ? DOCTOR_NOTE : DOCTOR_PROBLEM, "dumpable",
        only_root ? NULL
                  : "sudo sysctl fs.suid_dumpable=2   (with a core_pattern that is a pipe or "
                    "an absolute path)",
        only_root ? "it is setuid or has capabilities: its core is root's (fs.suid_dumpable=2)"
                  : "it is setuid, has capabilities or gave up PR_SET_DUMPABLE: no core is "
                    "written");
}

static void examine_memory_limit(const struct doctor_target *target, struct doctor_report *report)
{
    unsigned long long limit;
    enum { UNLIMITED_SHIFT = 60 }; // what version 1 has where none is set lies above
    const char *path = seen_by_process(target, report->arena, "/sys/fs/cgroup/memory.max");
    const char *old =
        seen_by_process(target, report->arena, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
    if ((file_read_number(path, &limit) || file_read_number(old, &limit)) &&
        limit >> UNLIMITED_SHIFT == 0)
        doctor_add(report, DOCTOR_NOTE, "memory limit",
                   arena_printf(report->arena,
                                "export GOMEMLIMIT=%lluMiB   (unit file: Environment=GOMEMLIMIT=…; "
                                "nine tenths of it)",
                                limit / 10 * 9 >> 20),
                   "the cgroup may use %llu bytes; where it needs more the kernel kills without a "
                   "core",
                   limit);
}

bool doctor_examine(const struct doctor_target *target, struct doctor_report *report)
{
    struct stat status;
    if (target->pid && stat(process_path(target, report->arena, "stat"), &status) != 0)
        return false;
    const char *container = container_kind(target, report->arena);
    if (container)
        doctor_add(report, DOCTOR_NOTE, "container", NULL,
                   "%s: the kernel's settings are the host's, and can only be changed there",
                   container);
    examine_environment(target, report, container);
    examine_limits(target, report, container);
    doctor_pattern(target, report, container);
    examine_filter(target, report);
    examine_dumpable(target, report);
    examine_memory_limit(target, report);
    return true;
}
