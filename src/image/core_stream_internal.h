// SPDX-License-Identifier: MIT
#pragma once

#include "image/core_stream.h"

enum { CHUNK_SIZE = 256 * 1024 }; ///< a multiple of a block, so that chunks start on blocks

/** The unnamed file that unpacked bytes go to; blocks that are all zero become holes. */
struct spool {
    const char *path;      ///< of the input, for errors
    const char *directory; ///< where the unnamed file lies, for errors
    int fd;
    uint64_t size, limit;
    uint64_t data_size, data_limit;   ///< bytes that are no holes: they take room on the disk
    bool start_only;                  ///< the file's start is all that is asked for
    uint8_t *chunk;                   ///< CHUNK_SIZE bytes, filled before each spool_append()
    uint8_t start[CORE_STREAM_START]; ///< the first of all bytes
    size_t start_size;
};

/**
 * Appends the first size bytes of the chunk.
 * @return ERROR_LIMIT beyond a limit, and where the start is known and no more is asked for
 */
MUST_USE struct error *spool_append(struct spool *spool, size_t size);

// core_unpack.c

/** What a file is compressed with, by its first bytes. */
enum compression compression_detect(struct bytes file);

/**
 * Unpacks all streams that follow one another in input; what stands behind them is padding.
 *
 * @param broken  what is wrong with the stream, NULL for nothing; what came out before stays
 */
MUST_USE struct error *compression_unpack(enum compression compression, struct bytes input,
                                          struct spool *spool, const char **broken);
