// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** A file that may be a core, by its name and place. */
struct core_candidate {
    const char *path;
    pid_t pid;    ///< 0: its name does not say
    int64_t time; ///< seconds since 1970: when the process died, else when the file was written
    bool readable;
};

struct core_candidates {
    struct core_candidate *items; ///< the newest first; in the arena
    size_t count;
    const char *denied; ///< a directory that may not be listed; NULL: none
};

/**
 * Files where this host keeps cores: systemd-coredump's and apport's directory, that of
 * core_pattern, and the working directory.
 *
 * systemd names them core.COMM.UID.BOOTID.PID.MICROSECONDS, with .zst, .lz4 or .xz behind
 * (systemd, src/coredump/coredump.c), and says the same in the attributes user.coredump.pid and
 * user.coredump.timestamp, which a file keeps under any name.
 *
 * @param root  directory that stands for "/"; "" for this host's own
 */
void cores_list(const char *root, struct arena *arena, struct core_candidates *out);
