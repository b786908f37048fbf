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
#include <zlib.h>
#include <zstd.h>

enum {
    CHUNK_SIZE = 256 * 1024, // a multiple of BLOCK_SIZE, so that chunks start on blocks
    BLOCK_SIZE = 4096,       // what file systems leave out of a sparse file
};

struct core_stream {
    struct bytes bytes;
    enum compression compression;
    uint64_t file_size;
    bool cut;
};

/** The unnamed file that unpacked bytes go to; blocks that are all zero become holes. */
struct spool {
    const char *path;      // of the input, for errors
    const char *directory; // where the unnamed file lies, for errors
    int fd;
    uint64_t size, limit;
    uint8_t *chunk; // CHUNK_SIZE bytes, filled before each spool_append()
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

/** Appends the first size bytes of the chunk. */
static struct error *spool_append(struct spool *spool, size_t size)
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

static enum compression detect(struct bytes file)
{
    static const struct {
        const char *magic;
        size_t size;
        enum compression compression;
    } rows[] = {
        {"\x1f\x8b", 2, COMPRESSION_GZIP},
        {"\x28\xb5\x2f\xfd", 4, COMPRESSION_ZSTD},
        {"\x04\x22\x4d\x18", 4, COMPRESSION_LZ4},
        {"\x02\x21\x4c\x18", 4, COMPRESSION_LZ4}, // the legacy format, as of old kernels
        {"\xfd\x37\x7a\x58\x5a\x00", 6, COMPRESSION_XZ},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (file.size >= rows[i].size && memcmp(file.data, rows[i].magic, rows[i].size) == 0)
            return rows[i].compression;
    // A skippable frame, 0x184d2a50 to 0x184d2a5f: pzstd puts one first.
    if (file.size >= 4 && (load_u32(file.data) & 0xfffffff0u) == 0x184d2a50)
        return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

/** Gives zlib, whose counts have 32 bits, more of the input. */
static void feed(z_stream *z, struct bytes input)
{
    size_t left = (size_t)(input.data + input.size - z->next_in);
    z->avail_in = left < (1u << 30) ? (uInt)left : 1u << 30;
}

/** Fills the chunk; *more: the stream goes on. */
static const char *fill_gzip(z_stream *z, struct bytes input, struct spool *spool, bool *more)
{
    z->next_out = spool->chunk;
    z->avail_out = CHUNK_SIZE;
    while (z->avail_out) {
        if (!z->avail_in)
            feed(z, input);
        int status = inflate(z, Z_NO_FLUSH);
        if (status == Z_OK)
            continue;
        *more = false;
        if (status != Z_STREAM_END)
            return z->msg ? z->msg : "it ends early";
        // Members follow one another (RFC 1952, 2.2); anything else behind them is padding.
        size_t left = (size_t)(input.data + input.size - z->next_in);
        if (detect((struct bytes){z->next_in, left}) != COMPRESSION_GZIP)
            return NULL;
        inflateReset(z);
        *more = true;
    }
    return NULL;
}

/**
 * @param broken  what is wrong with the stream, NULL for nothing; what came out before stays
 */
static struct error *unpack_gzip(struct bytes input, struct spool *spool, const char **broken)
{
    z_stream z = {.next_in = (Bytef *)input.data};
    if (inflateInit2(&z, MAX_WBITS + 16) != Z_OK)
        return error_new(ERROR_OS, "%s: zlib cannot start", spool->path);
    struct error *err = NULL;
    *broken = NULL;
    for (bool more = true; more && !err;) {
        const char *message = fill_gzip(&z, input, spool, &more);
        if (message) // zlib's texts are constants, they outlive z
            *broken = message;
        err = spool_append(spool, CHUNK_SIZE - z.avail_out);
    }
    inflateEnd(&z);
    return err;
}

static const char *fill_zstd(ZSTD_DStream *zstd, ZSTD_inBuffer *in, ZSTD_outBuffer *out, bool *more)
{
    while (out->pos < out->size) {
        size_t status = ZSTD_decompressStream(zstd, out, in);
        struct bytes rest = {(const uint8_t *)in->src + in->pos, in->size - in->pos};
        if (ZSTD_isError(status)) {
            *more = false;
            return ZSTD_getErrorName(status);
        }
        // A frame is complete; others may follow, anything else is padding.
        if (status == 0 && detect(rest) != COMPRESSION_ZSTD) {
            *more = false;
            return NULL;
        }
        // Room was left and nothing to put there: the input is used up inside a frame.
        if (status != 0 && rest.size == 0 && out->pos < out->size) {
            *more = false;
            return "it ends early";
        }
    }
    return NULL;
}

static struct error *unpack_zstd(struct bytes input, struct spool *spool, const char **broken)
{
    ZSTD_DStream *zstd = ZSTD_createDStream();
    if (!zstd)
        return error_new(ERROR_OS, "%s: zstd cannot start", spool->path);
    struct error *err = NULL;
    ZSTD_inBuffer in = {input.data, input.size, 0};
    *broken = NULL;
    for (bool more = true; more && !err;) {
        ZSTD_outBuffer out = {spool->chunk, CHUNK_SIZE, 0};
        const char *message = fill_zstd(zstd, &in, &out, &more);
        if (message)
            *broken = message;
        err = spool_append(spool, out.pos);
    }
    ZSTD_freeDStream(zstd);
    return err;
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
    struct error *err = stream->compression == COMPRESSION_GZIP
                            ? unpack_gzip(stream->bytes, spool, &broken)
                            : unpack_zstd(stream->bytes, spool, &broken);
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
    stream->compression = detect(stream->bytes);
    if (stream->compression == COMPRESSION_LZ4 || stream->compression == COMPRESSION_XZ) {
        const char *name = compression_name(stream->compression);
        return error_new(ERROR_UNSUPPORTED,
                         "%s: is compressed with %s, which gocrash does not read; unpack it with "
                         "`%s -d` first",
                         path, name, name);
    }
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
