// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** What is examined. */
struct doctor_target {
    const char *root; ///< directory that stands for "/": "" for this host's own
    pid_t pid;        ///< 0: a program that is started from here
};

enum doctor_level {
    DOCTOR_GOOD,
    DOCTOR_NOTE,    ///< a core would be left; this is to be known
    DOCTOR_PROBLEM, ///< because of this none would be left, or none that can be used
};

struct doctor_finding {
    enum doctor_level level;
    const char *subject; ///< "core limit"
    const char *text;
    const char *remedy; ///< a command, or a line of a unit file; NULL: there is nothing to mend
};

struct doctor_report {
    struct doctor_finding *items;
    size_t count, capacity;
    struct arena *arena; ///< the caller's; texts lie in it
};

/** Adds a finding. @param remedy  NULL, or copied */
void doctor_add(struct doctor_report *report, enum doctor_level level, const char *subject,
                const char *remedy, const char *format, ...) PRINTF_LIKE(5, 6);

/**
 * Says whether a Go program that dies would leave a usable core: what the kernel and its handler of
 * cores do (core(5)), the limits and the environment of the process. What cannot be read is a note.
 *
 * @return false where the process is not there
 */
bool doctor_examine(const struct doctor_target *target, struct doctor_report *report);

/** Whether no problem was found. */
bool doctor_is_usable(const struct doctor_report *report);

/** Releases the list, not the arena. */
void doctor_report_clear(struct doctor_report *report);

/** The path of a process's executable, to be opened; for "here" NULL. In the report's arena. */
const char *doctor_executable(const struct doctor_target *target, struct arena *arena);
