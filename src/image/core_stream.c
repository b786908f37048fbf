// SPDX-License-Identifier: MIT
#include "image/core_stream.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "image/core_stream_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_SIZE = 4096 }; // what file systems leave out of a sparse file

struct core_stream {
    struct bytes bytes;
    enum compression compression;
    uint64_t file_size;
    bool cut;
};

const char *compression_name(enum compression compression)
{
    static const char *const names[] = {"none", "gzip", "zstd", "lz4", "xz"};
    assert(compression < COUNT_OF(names));
    return names[compression];
}

static struct error *os_error(const char *path)
{
    return error_new(ERROR_OS, "%s: %s", path, strerror(errno));
}

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

/** Some file systems know no O_TMPFILE, and some containers no directory that can be written. */
static int open_unnamed(const char **directory)
{
    const char *named = getenv("TMPDIR");
    *directory = named && *named ? named : "/tmp";
    int fd = open(*directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    *directory = "memory";
    return memfd_create("gocrash", MFD_CLOEXEC);
}

static struct error *write_at(struct spool *spool, uint64_t offset, const uint8_t *data,
                              size_t size)
{
    while (size) {
        ssize_t written = pwrite(spool->fd, data, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_new(ERROR_OS, "%s: cannot be unpacked into %s: %s", spool->path,
                             spool->directory, strerror(written ? errno : ENOSPC));
        data += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return NULL;
}

/** The size of the blocks at data that are all zero, or (if the first is not) that are not. */
static size_t run_size(const uint8_t *data, size_t size, bool *zero)
{
    static const uint8_t zeros[BLOCK_SIZE];
    size_t at = 0;
    while (at < size) {
        size_t block = size - at < BLOCK_SIZE ? size - at : BLOCK_SIZE;
        bool is_zero = memcmp(data + at, zeros, block) == 0;
        if (at == 0)
            *zero = is_zero;
        else if (is_zero != *zero)
            break;
        at += block;
    }
    return at;
}

struct error *spool_append(struct spool *spool, size_t size)
{
    if (size > spool->limit - spool->size)
        return error_new(ERROR_LIMIT, "%s: unpacks to more than %" PRIu64 " bytes", spool->path,
                         spool->limit);
    for (size_t at = 0, run; at < size; at += run) {
        bool zero = false;
        run = run_size(spool->chunk + at, size - at, &zero);
        if (zero)
            continue;
        struct error *err = write_at(spool, spool->size + at, spool->chunk + at, run);
        if (err)
            return err;
    }
    spool->size += size;
    return NULL;
}

static struct error *copy_pipe(int fd, struct spool *spool)
{
    for (bool more = true; more;) {
        size_t filled = 0;
        while (filled < CHUNK_SIZE) {
            ssize_t got = read(fd, spool->chunk + filled, CHUNK_SIZE - filled);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                return os_error(spool->path);
            if (got == 0) {
                more = false;
                break;
            }
            filled += (size_t)got;
        }
        struct error *err = spool_append(spool, filled);
        if (err)
            return err;
    }
    return NULL;
}

static struct error *map(const char *path, int fd, uint64_t size, struct bytes *out)
{
    if (size == 0)
        return error_new(ERROR_OS, "%s: is empty", path);
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return os_error(path);
    *out = (struct bytes){data, size};
    return NULL;
}

static void unmap(struct bytes *bytes)
{
    if (bytes->data)
        munmap((void *)bytes->data, bytes->size);
    *bytes = (struct bytes){0};
}

/** Replaces the mapping of a compressed file by one of what is in it. */
static struct error *unpack(struct core_stream *stream, struct spool *spool)
{
    const char *broken = NULL, *name = compression_name(stream->compression);
    struct error *err = compression_unpack(stream->compression, stream->bytes, spool, &broken);
    if (err)
        return err;
    if (!spool->size)
        return error_new(ERROR_CORRUPT, "%s: nothing can be unpacked from the %s stream: %s",
                         spool->path, name, broken ? broken : "it is empty");
    if (ftruncate(spool->fd, (off_t)spool->size)) // a hole at the end was never written
        return os_error(spool->path);
    unmap(&stream->bytes);
    stream->cut = broken != NULL;
    return map(spool->path, spool->fd, spool->size, &stream->bytes);
}

static struct error *read_pipe(struct core_stream *stream, int fd, struct spool *spool)
{
    struct error *err = copy_pipe(fd, spool);
    if (err)
        return err;
    if (ftruncate(spool->fd, (off_t)spool->size))
        return os_error(spool->path);
    stream->file_size = spool->size;
    return map(spool->path, spool->fd, spool->size, &stream->bytes);
}

/** Runs step with an unnamed file. */
static struct error *with_spool(struct core_stream *stream, const char *path, uint64_t limit,
                                int pipe_fd)
{
    AUTO_BUFFER uint8_t *chunk = alloc_bytes(CHUNK_SIZE);
    struct spool spool = {.path = path, .limit = limit, .chunk = chunk};
    AUTO_FD fd = open_unnamed(&spool.directory);
    if (fd < 0)
        return error_new(ERROR_OS, "%s: no temporary file to unpack it into: %s", path,
                         strerror(errno));
    spool.fd = fd;
    return pipe_fd >= 0 ? read_pipe(stream, pipe_fd, &spool) : unpack(stream, &spool);
}

/** Maps a regular file, or what comes out of a pipe. */
static struct error *map_input(struct core_stream *stream, const char *path, uint64_t limit)
{
    AUTO_FD fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status))
        return os_error(path);
    if (S_ISDIR(status.st_mode))
        return error_new(ERROR_OS, "%s: is a directory", path);
    if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
        return with_spool(stream, path, limit, fd);
    if (!S_ISREG(status.st_mode))
        return error_new(ERROR_OS, "%s: is neither a file nor a pipe", path);
    stream->file_size = (uint64_t)status.st_size;
    return map(path, fd, stream->file_size, &stream->bytes);
}

struct error *core_stream_open_limited(const char *path, uint64_t limit, struct core_stream **out)
{
    AUTO(core_stream) stream = alloc_zeroed(1, sizeof *stream);
    struct error *err = map_input(stream, path, limit);
    if (err)
        return err;
    stream->compression = compression_detect(stream->bytes);
    if (stream->compression != COMPRESSION_NONE)
        err = with_spool(stream, path, limit, -1);
    if (!err)
        *out = TAKE(stream);
    return err;
}

struct error *core_stream_open(const char *path, struct core_stream **out)
{
    return core_stream_open_limited(path, LIMIT_INFLATED_FILE, out);
}

void core_stream_free(struct core_stream *stream)
{
    if (!stream)
        return;
    unmap(&stream->bytes);
    free(stream);
}

struct bytes core_stream_bytes(const struct core_stream *stream)
{
    return stream->bytes;
}

enum compression core_stream_compression(const struct core_stream *stream)
{
    return stream->compression;
}

uint64_t core_stream_file_size(const struct core_stream *stream)
{
    return stream->file_size;
}

bool core_stream_cut(const struct core_stream *stream)
{
    return stream->cut;
}
