// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"

/** A compressed section whose header was read. */
struct inflatable {
    uint32_t type; ///< ELFCOMPRESS_*
    uint64_t size; ///< when inflated
    struct bytes stream;
};

/**
 * Reads the header of a section of SHF_COMPRESSED: an Elf64_Chdr (type, size), then a zlib or zstd
 * stream.
 *
 * @return ERROR_CORRUPT where it is cut, ERROR_LIMIT where the size is beyond
 *         LIMIT_INFLATED_SECTION or beyond what such a stream can hold, ERROR_UNSUPPORTED for
 *         another compression
 */
MUST_USE struct error *inflatable_section(struct bytes raw, struct inflatable *out);

/** The same for .zdebug_*: "ZLIB", the size in 8 bytes, big-endian, a zlib stream (Go up to 1.18).
 */
MUST_USE struct error *inflatable_zdebug(struct bytes raw, struct inflatable *out);

/**
 * Inflates into size bytes.
 * @return ERROR_CORRUPT where the stream does not give exactly as many
 */
MUST_USE struct error *inflate_into(const struct inflatable *in, uint8_t *out);
