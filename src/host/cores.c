// SPDX-License-Identifier: MIT
#include "host/cores.h"

#include "base/alloc.h"
#include "files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { FILES_MAX = 1 << 16 }; ///< looked at in one directory

struct search {
    struct arena *arena;
    struct core_candidate *items;
    size_t count, capacity;
    const char *denied;
};

/** The last part of a name, cut off at its dot; NULL: there is none. */
static char *cut_last(char *name)
{
    char *dot = strrchr(name, '.');
    if (!dot)
        return NULL;
    *dot = '\0';
    return dot + 1;
}

static bool is_number(const char *text)
{
    return text && *text && strspn(text, "0123456789") == strlen(text);
}

/** Takes a name of systemd-coredump's apart. */
static bool parse_systemd(const char *file, struct core_candidate *out, struct arena *arena)
{
    static const char *const suffixes[] = {".zst", ".lz4", ".xz"};
    enum { BOOT_ID = 32 };
    char *name = arena_string(arena, file);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        char *end = name + strlen(name) - strlen(suffixes[i]);
        if (end > name && strcmp(end, suffixes[i]) == 0)
            *end = '\0';
    }
    char *time = cut_last(name), *pid = cut_last(name), *boot = cut_last(name);
    char *user = cut_last(name);
    if (!is_number(time) || !is_number(pid) || !is_number(user) || !boot ||
        strlen(boot) != BOOT_ID || strncmp(name, "core.", 5) != 0)
        return false;
    out->pid = (pid_t)strtol(pid, NULL, 10);
    out->time = strtoll(time, NULL, 10) / 1000000;
    return true;
}

/** core, core.PID, core.NAME.PID, NAME.core: what patterns give that people use. */
static bool parse_plain(const char *file, struct core_candidate *out)
{
    size_t size = strlen(file);
    bool named = strncmp(file, "core", 4) == 0 && (!file[4] || strchr(".-_", file[4]));
    if (!named && !(size > 5 && strcmp(file + size - 5, ".core") == 0))
        return false;
    const char *dot = strrchr(file, '.');
    if (dot && is_number(dot + 1))
        out->pid = (pid_t)strtol(dot + 1, NULL, 10);
    return true;
}

/** A number that systemd-coredump left with the file; it stays when the file is renamed. */
static bool read_attribute(const char *path, const char *name, int64_t *out)
{
    char text[24];
    ssize_t size = getxattr(path, name, text, sizeof text - 1);
    if (size <= 0)
        return false;
    text[size] = '\0';
    if (!is_number(text))
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

static void look_at(struct search *search, const char *directory, const char *file)
{
    struct stat status;
    struct core_candidate one = {0};
    bool of_systemd = parse_systemd(file, &one, search->arena);
    one.path = arena_printf(search->arena, "%s/%s", directory, file);
    int64_t pid, time;
    if (read_attribute(one.path, "user.coredump.pid", &pid) && pid > 0 && pid <= INT32_MAX) {
        one.pid = (pid_t)pid;
        if (read_attribute(one.path, "user.coredump.timestamp", &time)) {
            one.time = time / 1000000;
            of_systemd = true;
        }
    } else if (!of_systemd && !parse_plain(file, &one)) {
        return;
    }
    if (stat(one.path, &status) != 0 || !S_ISREG(status.st_mode) || !status.st_size)
        return;
    one.time = of_systemd ? one.time : (int64_t)status.st_mtime;
    one.readable = access(one.path, R_OK) == 0;
    ARRAY_PUSH(search->items, search->count, search->capacity) = one;
}

static void look_into(struct search *search, const char *path)
{
    DIR *directory = opendir(path);
    if (!directory) {
        if (errno == EACCES && !search->denied)
            search->denied = arena_string(search->arena, path);
        return;
    }
    const struct dirent *entry;
    for (int i = 0; i < FILES_MAX && (entry = readdir(directory)); i++)
        look_at(search, path, entry->d_name);
    closedir(directory);
}

/** Newest first; of equal ones the name decides, so that the order is always the same. */
static int by_time(const void *a, const void *b)
{
    const struct core_candidate *x = a, *y = b;
    if (x->time != y->time)
        return x->time > y->time ? -1 : 1;
    return strcmp(y->path, x->path);
}

/** The directory of an absolute core_pattern; NULL: it has none of its own. */
static const char *pattern_directory(const struct doctor_target *host, struct arena *arena)
{
    AUTO_TEXT text = {0};
    if (!file_read(host_path(host, arena, "/proc/sys/kernel/core_pattern"), &text) ||
        buffer_text(&text)[0] != '/')
        return NULL;
    char *path = arena_string(arena, buffer_text(&text));
    *strrchr(path, '/') = '\0';
    return strchr(path, '%') || !*path ? NULL : host_path(host, arena, path);
}

void cores_list(const char *root, struct arena *arena, struct core_candidates *out)
{
    static const char *const places[] = {"/var/lib/systemd/coredump", "/var/lib/apport/coredump"};
    const struct doctor_target host = {.root = root};
    struct search search = {.arena = arena};
    for (size_t i = 0; i < COUNT_OF(places); i++)
        look_into(&search, host_path(&host, arena, places[i]));
    const char *directory = pattern_directory(&host, arena);
    if (directory)
        look_into(&search, directory);
    look_into(&search, ".");
    if (search.count)
        qsort(search.items, search.count, sizeof *search.items, by_time);
    out->items = arena_array(arena, search.count, sizeof *out->items);
    if (search.count)
        memcpy(out->items, search.items, search.count * sizeof *search.items);
    out->count = search.count;
    out->denied = search.denied;
    free(search.items);
}
