// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "image/core_stream.h"
#include "image/core_stream_internal.h"
#include "support/compress.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTENT_SIZE = 700 * 1000 }; // more than one chunk, no multiple of a block

/** Bytes that hardly compress, with zero blocks between them, at the start and at the end. */
static struct bytes content(void)
{
    static struct bytes bytes;
    if (bytes.data)
        return bytes;
    AUTO_BUFFER uint8_t *data = alloc_zeroed(CONTENT_SIZE, 1);
    uint32_t random = 1;
    for (size_t i = 9000; i < CONTENT_SIZE - 9000; i++) {
        random = random * 1664525 + 1013904223;
        if (i / 40000 % 2 == 0)
            data[i] = (uint8_t)(random >> 24);
    }
    return bytes = bytes_copy(data, CONTENT_SIZE);
}

static struct bytes compress(enum compression compression, struct bytes plain)
{
    if (compression == COMPRESSION_GZIP)
        return compress_gzip(plain);
    if (compression == COMPRESSION_LZ4)
        return compress_lz4(plain);
    if (compression == COMPRESSION_XZ)
        return compress_xz(plain);
    return compression == COMPRESSION_ZSTD ? compress_zstd(plain) : plain;
}

static const struct open_case {
    const char *name;
    enum compression compression;
    int parts;           // streams, one after the other, that the content is split into
    size_t cut;          // bytes that are missing at the end
    const char *garbage; // behind it, in hex
    uint64_t limit;      // 0: the usual one
    bool broken;         // what comes out is a part of the content
    const char *error;
} open_cases[] = {
    {"plain", COMPRESSION_NONE, 1, 0, "", 0, false, NULL},
    {"gzip", COMPRESSION_GZIP, 1, 0, "", 0, false, NULL},
    {"gzip of three members", COMPRESSION_GZIP, 3, 0, "", 0, false, NULL},
    {"gzip, padded", COMPRESSION_GZIP, 1, 0, "00000000", 0, false, NULL},
    {"gzip without its check sum", COMPRESSION_GZIP, 1, 8, "", 0, true, NULL},
    {"gzip cut", COMPRESSION_GZIP, 1, 200000, "", 0, true, NULL},
    {"gzip cut in its third member", COMPRESSION_GZIP, 3, 50000, "", 0, true, NULL},
    {"gzip of just the limit", COMPRESSION_GZIP, 1, 0, "", CONTENT_SIZE, false, NULL},
    {"gzip beyond the limit", COMPRESSION_GZIP, 1, 0, "", CONTENT_SIZE - 1, false,
     "unpacks to more than 699999 bytes; --max-core-size allows more"},
    {"zstd", COMPRESSION_ZSTD, 1, 0, "", 0, false, NULL},
    {"zstd of three frames", COMPRESSION_ZSTD, 3, 0, "", 0, false, NULL},
    {"zstd, a skippable frame behind", COMPRESSION_ZSTD, 1, 0, "502a4d18 02000000 ffff", 0, false,
     NULL},
    {"zstd, padded", COMPRESSION_ZSTD, 1, 0, "00000000", 0, false, NULL},
    {"zstd cut", COMPRESSION_ZSTD, 1, 200000, "", 0, true, NULL},
    {"zstd cut by one byte", COMPRESSION_ZSTD, 1, 1, "", 0, true, NULL},
    {"zstd cut in its third frame", COMPRESSION_ZSTD, 3, 50000, "", 0, true, NULL},
    {"lz4", COMPRESSION_LZ4, 1, 0, "", 0, false, NULL},
    {"lz4 of three frames", COMPRESSION_LZ4, 3, 0, "", 0, false, NULL},
    {"lz4, padded", COMPRESSION_LZ4, 1, 0, "00000000", 0, false, NULL},
    {"lz4 cut", COMPRESSION_LZ4, 1, 200000, "", 0, true, NULL},
    {"lz4 cut in its third frame", COMPRESSION_LZ4, 3, 50000, "", 0, true, NULL},
    {"lz4 beyond the limit", COMPRESSION_LZ4, 1, 0, "", 1, false,
     "unpacks to more than 1 bytes; --max-core-size allows more"},
    {"xz", COMPRESSION_XZ, 1, 0, "", 0, false, NULL},
    {"xz of three streams", COMPRESSION_XZ, 3, 0, "", 0, false, NULL},
    {"xz, padded", COMPRESSION_XZ, 1, 0, "00000000", 0, false, NULL},
    {"xz cut", COMPRESSION_XZ, 1, 200000, "", 0, true, NULL},
    {"xz beyond the limit", COMPRESSION_XZ, 1, 0, "", 1, false,
     "unpacks to more than 1 bytes; --max-core-size allows more"},
    {"zstd beyond the limit", COMPRESSION_ZSTD, 1, 0, "", 1, false,
     "unpacks to more than 1 bytes; --max-core-size allows more"},
};

static struct bytes input_of(const struct open_case *row)
{
    struct bytes plain = content(), input = {0};
    size_t part = plain.size / (size_t)row->parts + 1;
    for (size_t at = 0; at < plain.size; at += part) {
        size_t size = plain.size - at < part ? plain.size - at : part;
        input = bytes_join(input, compress(row->compression, bytes_slice(plain, at, size)));
    }
    input.size -= row->cut;
    return bytes_join(input, bytes_from_hex(row->garbage));
}

static void test_open(void **state)
{
    const struct open_case *row = *state;
    struct bytes input = input_of(row);
    const char *path = write_file("core", input.data, input.size);
    AUTO(core_stream) stream = NULL;
    struct error *err = row->limit ? core_stream_open_limited(path, row->limit, &stream)
                                   : core_stream_open(path, &stream);
    assert_file_error(err, path, row->error);
    if (row->error) {
        assert_null(stream);
        return;
    }
    assert_int_equal(core_stream_compression(stream), row->compression);
    assert_int_equal(core_stream_file_size(stream), input.size);
    assert_int_equal(core_stream_cut(stream), row->broken);
    struct bytes got = core_stream_bytes(stream);
    if (!row->broken)
        assert_int_equal(got.size, CONTENT_SIZE);
    assert_in_range(got.size, 1, CONTENT_SIZE);
    assert_memory_equal(got.data, content().data, got.size);
}

static const struct refused_case {
    const char *name, *hex;
    enum error_kind kind;
    const char *error;
} refused_cases[] = {
    {"empty", "", ERROR_OS, "is empty"},
    {"lz4", "04224d18 6040", ERROR_CORRUPT,
     "nothing can be unpacked from the lz4 stream: it ends early"},
    {"xz", "fd377a585a00 0004", ERROR_CORRUPT,
     "nothing can be unpacked from the xz stream: it ends early"},
    {"gzip: only the magic", "1f8b", ERROR_CORRUPT,
     "nothing can be unpacked from the gzip stream: it ends early"},
    {"gzip: another method", "1f8b 07 00 00000000 00 03 0000", ERROR_CORRUPT,
     "nothing can be unpacked from the gzip stream: unknown compression method"},
    {"gzip: of nothing", "1f8b 08 00 00000000 00 03 0300 00000000 00000000", ERROR_CORRUPT,
     "nothing can be unpacked from the gzip stream: it is empty"},
    {"zstd: only the magic", "28b52ffd", ERROR_CORRUPT,
     "nothing can be unpacked from the zstd stream: it ends early"},
    {"zstd: of nothing", "28b52ffd 2000 010000", ERROR_CORRUPT,
     "nothing can be unpacked from the zstd stream: it is empty"},
    {"zstd: reserved bit", "28b52ffd 2800 010000", ERROR_CORRUPT,
     "nothing can be unpacked from the zstd stream: Unsupported frame parameter"},
    {"zstd: a skippable frame alone", "512a4d18 00000000", ERROR_CORRUPT,
     "nothing can be unpacked from the zstd stream: it is empty"},
};

static void test_refused(void **state)
{
    const struct refused_case *row = *state;
    struct bytes input = bytes_from_hex(row->hex);
    const char *path = write_file("core", input.data, input.size);
    struct core_stream *stream = NULL;
    AUTO(error) err = core_stream_open(path, &stream);
    assert_non_null(err);
    assert_int_equal(error_kind(err), row->kind);
    assert_file_error(TAKE(err), path, row->error);
    assert_null(stream);
}

static void test_no_such_file(void **state)
{
    (void)state;
    struct core_stream *stream = NULL;
    assert_error(core_stream_open("/nonexistent/core", &stream),
                 "/nonexistent/core: No such file or directory");
    assert_error(core_stream_open("/tmp", &stream), "/tmp: is a directory");
    assert_error(core_stream_open("/dev/null", &stream), "/dev/null: is neither a file nor a pipe");
}

/** A stream that gives 1000 times its size costs its holes. */
static void test_zeros(void **state)
{
    (void)state;
    enum { SIZE = 64 << 20 };
    AUTO_BUFFER uint8_t *zeros = alloc_zeroed(SIZE, 1);
    struct bytes packed = compress_zstd((struct bytes){zeros, SIZE});
    const char *path = write_file("core", packed.data, packed.size);
    AUTO(core_stream) stream = NULL;
    assert_error(core_stream_open(path, &stream), NULL);
    assert_int_equal(core_stream_bytes(stream).size, SIZE);
    assert_int_equal(core_stream_bytes(stream).data[SIZE - 1], 0);
    AUTO(core_stream) none = NULL;
    assert_file_error(core_stream_open_limited(path, SIZE / 2, &none), path,
                      "unpacks to more than 33554432 bytes; --max-core-size allows more");
}

/** Compressed or not, through a fifo; the writer is a child. */
static void test_pipe(void **state)
{
    (void)state;
    for (enum compression compression = COMPRESSION_NONE; compression <= COMPRESSION_ZSTD;
         compression++) {
        struct bytes input = compress(compression, content());
        const char *path = write_file("fifo", "", 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        pid_t child = fork();
        if (child == 0) {
            FILE *file = fopen(path, "wb");
            size_t written = file ? fwrite(input.data, 1, input.size, file) : 0;
            _exit(!file || written != input.size || fclose(file));
        }
        AUTO(core_stream) stream = NULL;
        struct error *err = core_stream_open(path, &stream);
        int status = 1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(unlink(path), 0); // to write to it again would wait for a reader
        assert_int_equal(status, 0);
        assert_error(err, NULL);
        assert_int_equal(core_stream_file_size(stream), input.size);
        assert_int_equal(core_stream_compression(stream), compression);
        assert_int_equal(core_stream_bytes(stream).size, CONTENT_SIZE);
        assert_memory_equal(core_stream_bytes(stream).data, content().data, CONTENT_SIZE);
    }
}

static void test_no_temporary_directory(void **state)
{
    (void)state;
    struct bytes packed = compress_gzip(content());
    const char *path = write_file("core", packed.data, packed.size);
    AUTO_BUFFER char *before = getenv("TMPDIR") ? alloc_string(getenv("TMPDIR")) : NULL;
    setenv("TMPDIR", "/nonexistent", 1);
    AUTO(core_stream) stream = NULL;
    struct error *err = core_stream_open(path, &stream);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    assert_error(err, NULL); // memory takes its place
    assert_memory_equal(core_stream_bytes(stream).data, content().data, CONTENT_SIZE);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "gzip", "zstd", "lz4", "xz"};
    for (enum compression i = COMPRESSION_NONE; i <= COMPRESSION_XZ; i++)
        assert_string_equal(compression_name(i), names[i]);
    core_stream_free(NULL);
}

RUN_TABLES_MAIN(TABLE(open_cases, test_open), TABLE(refused_cases, test_refused),
                SINGLE(test_no_such_file), SINGLE(test_zeros), SINGLE(test_pipe),
                SINGLE(test_no_temporary_directory), SINGLE(test_names))
