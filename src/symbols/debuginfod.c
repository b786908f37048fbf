// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "symbols/debug_file.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/**
 * The client library of elfutils, as debuginfod.h declares it. Loaded when it is needed: it brings
 * libcurl along, and hardly any run asks.
 */
struct client_library {
    void *handle;
    void *(*begin)(void);
    int (*find_debuginfo)(void *client, const unsigned char *id, int size, char **path);
    void (*set_progress)(void *client, int (*function)(void *client, long a, long b));
    void (*set_user_data)(void *client, void *data);
    void *(*get_user_data)(void *client);
    void (*end)(void *client);
};

/** The one library that is open: its call-back is given the client alone. */
static struct client_library library;

static bool load(const char *name, void **out)
{
    *out = dlsym(library.handle, name);
    return *out != NULL;
}

static struct error *open_library(void)
{
    if (!library.handle)
        library.handle = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library.handle)
        return error_new(ERROR_UNSUPPORTED,
                         "DEBUGINFOD_URLS is set, but its client library libdebuginfod.so.1 is not "
                         "installed");
    bool good = load("debuginfod_begin", (void **)&library.begin) &&
                load("debuginfod_find_debuginfo", (void **)&library.find_debuginfo) &&
                load("debuginfod_set_progressfn", (void **)&library.set_progress) &&
                load("debuginfod_set_user_data", (void **)&library.set_user_data) &&
                load("debuginfod_get_user_data", (void **)&library.get_user_data) &&
                load("debuginfod_end", (void **)&library.end);
    return good ? NULL
                : error_new(ERROR_UNSUPPORTED, "libdebuginfod.so.1 lacks a function of its own");
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/** Called over and over while something is under way; anything but 0 gives up. */
static int on_progress(void *client, long a, long b)
{
    const double *deadline = library.get_user_data(client);
    (void)a;
    (void)b;
    return deadline && seconds() > *deadline;
}

static size_t from_hex(const char *hex, unsigned char *out, size_t max)
{
    size_t size = strlen(hex) / 2;
    if (size > max)
        return 0;
    for (size_t i = 0; i < size; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return size;
}

static struct error *explain(int status, bool late)
{
    if (late)
        return error_new(ERROR_OS, "debuginfod: no answer within %d seconds",
                         LIMIT_DEBUGINFOD_SECONDS);
    if (status == -ENOENT)
        return error_new(ERROR_NOT_FOUND, "debuginfod: its servers do not know the build id");
    return error_new(ERROR_OS, "debuginfod: %s", strerror(-status));
}

struct error *debug_file_download(const struct file_places *places, const struct elf_file *file,
                                  struct elf_file **out)
{
    const char *urls = getenv("DEBUGINFOD_URLS"), *id = elf_file_build_id(file);
    unsigned char raw[LIMIT_BUILD_ID];
    size_t size = id ? from_hex(id, raw, sizeof raw) : 0;
    if (!places->host || !urls || !*urls || !size)
        return error_new(ERROR_NOT_FOUND, "debuginfod: nobody is asked");
    struct error *err = open_library();
    if (err)
        return err;
    void *client = library.begin();
    if (!client)
        return error_new(ERROR_OS, "debuginfod: its client library does not start");
    double deadline = seconds() + LIMIT_DEBUGINFOD_SECONDS;
    library.set_user_data(client, &deadline);
    library.set_progress(client, on_progress);
    AUTO_BUFFER char *path = NULL;
    int descriptor = library.find_debuginfo(client, raw, (int)size, &path);
    library.end(client);
    if (descriptor < 0)
        return explain(descriptor, seconds() > deadline);
    close(descriptor);
    return debug_file_open(path ? path : "", file, out);
}
