// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"
#include "base/error.h"

#include <stdint.h>

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_GZIP,
    COMPRESSION_ZSTD,
    COMPRESSION_LZ4,
    COMPRESSION_XZ
};

/** "none", "gzip", "zstd", "lz4", "xz": the words of the JSON schema. */
const char *compression_name(enum compression compression);

/** A file's bytes, mapped; a compressed file's are inflated into an unnamed sparse temporary file.
 */
struct core_stream;

/**
 * Opens a plain or compressed file, told apart by content. A pipe is first read to its end into
 * an unnamed file in TMPDIR (/tmp), or in memory where that cannot be written.
 *
 * @param path  as the user gave it, "-" for standard input; named in every error
 * @param out   set on success only; release with core_stream_free()
 * @return ERROR_OS if it cannot be opened or mapped, or is a directory or empty; ERROR_CORRUPT if
 * its compressed stream is broken before anything came out; ERROR_UNSUPPORTED for a compression
 *         this build does not read; ERROR_LIMIT
 *         where it unpacks to more than a core of its size does (limits.h). A stream that breaks
 * off later is opened with what came out, and core_stream_cut() says so.
 */
MUST_USE struct error *core_stream_open(const char *path, struct core_stream **out);

/**
 * core_stream_open() with another bound.
 * @param limit  bytes that the file may unpack to, whatever its size; 0: core_stream_open()'s
 */
MUST_USE struct error *core_stream_open_limited(const char *path, uint64_t limit,
                                                struct core_stream **out);

enum { CORE_STREAM_START = 64 };

/**
 * The first bytes of a file, unpacked; not more of it than they take. Not for a pipe, which can be
 * read but once.
 * @param size  how many there are
 * @return as core_stream_open()
 */
MUST_USE struct error *core_stream_start(const char *path, uint8_t start[CORE_STREAM_START],
                                         size_t *size);
void core_stream_free(struct core_stream *stream);
DEFINE_AUTO(core_stream);

struct bytes core_stream_bytes(const struct core_stream *stream);
enum compression core_stream_compression(const struct core_stream *stream);

/** Bytes of the file as it lies on disk. */
uint64_t core_stream_file_size(const struct core_stream *stream);

/** Whether the compressed stream broke off. */
bool core_stream_cut(const struct core_stream *stream);
