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

static struct error *too_large(const struct spool *spool, uint64_t limit, const char *what)
{
    return error_new(ERROR_LIMIT,
                     "%s: unpacks to more than %" PRIu64 " bytes%s; --max-core-size allows more",
                     spool->path, limit, what);
}

/** Keeps the first bytes of all; an error where no more is wanted. */
static struct error *take_start(struct spool *spool, size_t size)
{
    size_t taken = size < sizeof spool->start ? size : sizeof spool->start;
    memcpy(spool->start, spool->chunk, taken);
    spool->start_size = taken;
    if (spool->start_only)
        return error_new(ERROR_LIMIT, "%s: its start is known", spool->path);
    return NULL;
}

struct error *spool_append(struct spool *spool, size_t size)
{
    struct error *err = size && !spool->start_size ? take_start(spool, size) : NULL;
    if (err)
        return err;
    if (size > spool->limit - spool->size)
        return too_large(spool, spool->limit, "");
    for (size_t at = 0, run; at < size; at += run) {
        bool zero = false;
        run = run_size(spool->chunk + at, size - at, &zero);
        if (zero)
            continue;
        if (run > spool->data_limit - spool->data_size)
            return too_large(spool, spool->data_limit, " that are not zero");
        spool->data_size += run;
        err = write_at(spool, spool->size + at, spool->chunk + at, run);
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

static uint64_t at_least(uint64_t least, uint64_t other)
{
    return other > least ? other : least;
}

/** A small file may unpack to much, since most of a core can be zero, but not to anything. */
static void set_limits(struct spool *spool, uint64_t limit, uint64_t packed_size)
{
    if (limit) {
        spool->limit = spool->data_limit = limit;
        return;
    }
    uint64_t size = packed_size < LIMIT_INFLATED_FILE ? packed_size : LIMIT_INFLATED_FILE;
    spool->limit = at_least(LIMIT_INFLATED_SMALL, size * LIMIT_INFLATED_RATIO);
    spool->data_limit = at_least(LIMIT_INFLATED_DATA, size * LIMIT_INFLATED_DATA_RATIO);
    if (spool->limit > LIMIT_INFLATED_FILE)
        spool->limit = LIMIT_INFLATED_FILE;
}

/** Runs step with an unnamed file. */
static struct error *with_spool(struct core_stream *stream, const char *path, uint64_t limit,
                                int pipe_fd)
{
    AUTO_BUFFER uint8_t *chunk = alloc_bytes(CHUNK_SIZE);
    struct spool spool = {.path = path, .chunk = chunk};
    // What comes through a pipe was sent byte by byte.
    set_limits(&spool, limit, pipe_fd >= 0 ? LIMIT_INFLATED_FILE : stream->file_size);
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
    return core_stream_open_limited(path, 0, out);
}

struct error *core_stream_start(const char *path, uint8_t start[CORE_STREAM_START], size_t *size)
{
    AUTO(core_stream) stream = alloc_zeroed(1, sizeof *stream);
    struct error *err = map_input(stream, path, 0);
    if (err)
        return err;
    struct bytes found = stream->bytes;
    AUTO_BUFFER uint8_t *chunk = alloc_bytes(CHUNK_SIZE);
    struct spool spool = {.path = path, .fd = -1, .chunk = chunk, .start_only = true};
    enum compression compression = compression_detect(stream->bytes);
    if (compression != COMPRESSION_NONE) {
        const char *broken = NULL;
        err = compression_unpack(compression, stream->bytes, &spool, &broken);
        if (!spool.start_size)
            return err;
        error_ignore(err); // it is how the unpacking was stopped
        found = (struct bytes){spool.start, spool.start_size};
    }
    *size = found.size < CORE_STREAM_START ? found.size : CORE_STREAM_START;
    memcpy(start, found.data, *size);
    return NULL;
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
