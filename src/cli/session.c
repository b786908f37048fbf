// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "cli_internal.h"

#include <stdlib.h>
#include <string.h>

/** The executable's path as the core records it; the caller frees. */
static struct error *binary_of_core(const char *core_path, char **out)
{
    AUTO(core_file) core = NULL;
    struct error *err = core_file_open(core_path, &core);
    if (err)
        return err;
    const char *path = core_file_executable(core);
    if (!path)
        return error_new(ERROR_NOT_FOUND,
                         "%s: does not say which executable it is of: give it in front of the core",
                         core_path);
    *out = alloc_string(path);
    return NULL;
}

struct error *session_open(char **operands, int count, struct session *out)
{
    *out = (struct session){.core_path = alloc_string(operands[count - 1])};
    struct error *err = NULL;
    if (count == 2)
        out->binary_path = alloc_string(operands[0]);
    else
        err = binary_of_core(out->core_path, &out->binary_path);
    if (!err)
        err = program_open(out->binary_path, out->core_path, &out->program);
    if (!err)
        return NULL;
    if (count == 1 && out->binary_path)
        err = error_wrap(err, "%s: its executable", out->core_path);
    session_close(out);
    return err;
}

void session_close(struct session *session)
{
    program_free(session->program);
    free(session->binary_path);
    free(session->core_path);
    *session = (struct session){0};
}
