// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "host/doctor.h"

/** Files of the host below a root, those of the process below its directory in /proc. */

enum { FILE_SIZE_MAX = 1 << 20 }; ///< environ and limits have some kilobytes

/** ROOT/path */
const char *host_path(const struct doctor_target *target, struct arena *arena, const char *path);
/** ROOT/proc/PID/name */
const char *process_path(const struct doctor_target *target, struct arena *arena, const char *name);

/** What to do where this user may not look. */
const char *as_root(const struct doctor_target *target, struct arena *arena);

/** The whole of a small file; false where it cannot be read. */
bool file_read(const char *path, struct buffer *out);

/** One number, decimal or with 0x; false where there is none. */
bool file_read_number(const char *path, unsigned long long *out);

/** A number of a line of /proc/PID/status: the column-th behind "Uid:", from 0. */
bool status_number(const char *status, const char *name, int column, unsigned long long *out);

/** Where a symbolic link leads; NULL where it cannot be read. */
const char *link_read(const char *path, struct arena *arena);

/** A path as the process sees it, to be opened from here. */
const char *seen_by_process(const struct doctor_target *target, struct arena *arena,
                            const char *path);

/** Whether the process, or whoever asks, lives in a container, and which kind; NULL: none. */
const char *container_kind(const struct doctor_target *target, struct arena *arena);

/** What becomes of the core: a file, a handler's input. */
void doctor_pattern(const struct doctor_target *target, struct doctor_report *report,
                    const char *container);
