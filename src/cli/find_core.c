// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "cli_internal.h"
#include "host/cores.h"

#include <inttypes.h>
#include <stdlib.h>

/** Whether a candidate is a core, of the process and of the executable that are meant; 0 and NULL:
 * of any. */
static bool is_meant(const struct core_candidate *candidate, uint64_t pid, const char *binary)
{
    if (binary && !program_left_core(binary, candidate->path))
        return false;
    if (pid && candidate->pid)
        return (uint64_t)candidate->pid == pid;
    AUTO(core_file) core = NULL;
    struct error *err = core_file_open(candidate->path, &core);
    if (err) {
        error_ignore(err); // no core at all: the next one may be
        return false;
    }
    return !pid || (uint64_t)core_file_pid(core) == pid;
}

struct error *find_core(const struct report_options *options, const char *binary, char **out)
{
    enum { TRIED = 200 };
    AUTO(arena) arena = arena_new();
    struct core_candidates found;
    size_t others = 0;
    const char *const where = "/var/lib/systemd/coredump, /var/lib/apport/coredump, the directory "
                              "of core_pattern and the working directory";
    cores_list(options->root, arena, &found);
    for (size_t i = 0; i < found.count && i < TRIED; i++) {
        const struct core_candidate *candidate = &found.items[i];
        bool other = options->pid && candidate->pid && (uint64_t)candidate->pid != options->pid;
        if (other)
            continue;
        if (!candidate->readable)
            return error_new(ERROR_OS,
                             "%s: it is another user's, and only they and root may read "
                             "it: try with sudo",
                             candidate->path);
        if (!is_meant(candidate, options->pid, options->force ? NULL : binary)) {
            others += binary != NULL;
            continue;
        }
        *out = alloc_string(candidate->path);
        return NULL;
    }
    if (found.denied)
        return error_new(ERROR_OS,
                         "no core was found that you may read; %s may not be listed: try "
                         "with sudo",
                         found.denied);
    if (options->pid)
        return error_new(ERROR_NOT_FOUND, "no core of process %" PRIu64 " in %s", options->pid,
                         where);
    if (others)
        return error_new(ERROR_NOT_FOUND,
                         "none of the %zu files looked at in %s is a core that %s left", others,
                         where, binary);
    return error_new(ERROR_NOT_FOUND, "no core in %s; 'gocrash doctor' says why", where);
}
