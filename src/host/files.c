// SPDX-License-Identifier: MIT
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *host_path(const struct doctor_target *target, struct arena *arena, const char *path)
{
    return arena_printf(arena, "%s%s", target->root, path);
}

const char *process_path(const struct doctor_target *target, struct arena *arena, const char *name)
{
    if (target->pid)
        return arena_printf(arena, "%s/proc/%ld/%s", target->root, (long)target->pid, name);
    return arena_printf(arena, "%s/proc/self/%s", target->root, name);
}

const char *as_root(const struct doctor_target *target, struct arena *arena)
{
    return target->pid ? arena_printf(arena, "sudo gocrash doctor --pid %ld", (long)target->pid)
                       : "sudo gocrash doctor";
}

bool file_read(const char *path, struct buffer *out)
{
    char chunk[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t size;
    while ((size = read(file, chunk, sizeof chunk)) > 0 && out->size < FILE_SIZE_MAX)
        buffer_append(out, chunk, (size_t)size);
    close(file);
    return size >= 0;
}

bool file_read_number(const char *path, unsigned long long *out)
{
    AUTO_TEXT text = {0};
    char *end;
    if (!file_read(path, &text) || !text.size)
        return false;
    errno = 0;
    // coredump_filter is written in hex without a prefix
    bool bare_hex = strstr(path, "coredump_filter") != NULL;
    *out = strtoull(buffer_text(&text), &end, bare_hex ? 16 : 0);
    return end != buffer_text(&text) && errno == 0;
}

bool status_number(const char *status, const char *name, int column, unsigned long long *out)
{
    const char *at = strstr(status, name);
    if (!at)
        return false;
    at += strlen(name);
    for (int i = 0; i <= column; i++) {
        char *end;
        at += strspn(at, " \t");
        if (*at < '0' || *at > '9')
            return false;
        *out = strtoull(at, &end, 10);
        at = end;
    }
    return true;
}

const char *link_read(const char *path, struct arena *arena)
{
    char text[PATH_MAX];
    ssize_t size = readlink(path, text, sizeof text);
    return size <= 0 ? NULL : arena_copy(arena, text, (size_t)size);
}

const char *seen_by_process(const struct doctor_target *target, struct arena *arena,
                            const char *path)
{
    struct stat status;
    if (!target->pid)
        return host_path(target, arena, path);
    const char *below = process_path(target, arena, "root");
    if (stat(below, &status) != 0)
        return host_path(target, arena, path);
    return arena_printf(arena, "%s%s", below, path);
}

const char *container_kind(const struct doctor_target *target, struct arena *arena)
{
    static const struct {
        const char *text, *kind;
    } groups[] = {{"kubepods", "Kubernetes"},         {"docker", "Docker"}, {"libpod", "Podman"},
                  {"containerd", "containerd"},       {"crio", "CRI-O"},    {"lxc", "LXC"},
                  {"machine.slice", "systemd-nspawn"}};
    static const struct {
        const char *file, *kind;
    } files[] = {{"/.dockerenv", "Docker"},
                 {"/run/.containerenv", "Podman"},
                 {"/var/run/secrets/kubernetes.io", "Kubernetes"},
                 {"/run/systemd/container", "systemd"}};
    AUTO_TEXT text = {0};
    if (file_read(process_path(target, arena, "cgroup"), &text))
        for (size_t i = 0; i < COUNT_OF(groups); i++)
            if (strstr(buffer_text(&text), groups[i].text))
                return groups[i].kind;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (access(seen_by_process(target, arena, files[i].file), F_OK) == 0)
            return files[i].kind;
    return NULL;
}
