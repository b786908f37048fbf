// SPDX-License-Identifier: MIT
#include "symbols/file_places.h"
#include "base/alloc.h"
#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/**
 * The path below root that a path of the target leads to: an absolute link in an image of a
 * container means the container's "/". The caller frees; NULL: not there, or a kernel before 5.6.
 */
static char *resolve_in_root(const char *root, const char *path)
{
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    char link[64], target[4096];
    int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return NULL;
    int file = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    close(directory);
    if (file < 0)
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, target, sizeof target - 1);
    close(file);
    if (size <= 0)
        return NULL;
    target[size] = '\0';
    return alloc_string(target);
}

char *file_places_target(const struct file_places *places, const char *path)
{
    bool has_root = places->sysroot && *places->sysroot;
    if (path[0] != '/' || (!has_root && !places->host))
        return NULL;
    if (!has_root)
        return alloc_string(path);
    char *resolved = resolve_in_root(places->sysroot, path);
    if (resolved)
        return resolved;
    struct buffer plain = {0}; // whoever opens it says what is wrong
    buffer_printf(&plain, "%s%s", places->sysroot, path);
    return plain.data;
}

struct error *file_places_open(const char *path, struct elf_file **out)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return error_new(ERROR_OS, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_new(ERROR_UNSUPPORTED, "%s: is not a regular file", path);
    return elf_file_open(path, out);
}
