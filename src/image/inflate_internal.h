// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"

/**
 * Inflates a section of SHF_COMPRESSED: an Elf64_Chdr (type, size), then a zlib or zstd stream.
 *
 * @param out  set on success only; its data is released with free()
 * @return ERROR_CORRUPT where the stream does not give exactly the size that is promised,
 *         ERROR_LIMIT where that is beyond LIMIT_INFLATED_SECTION or beyond what such a stream can
 *         hold, ERROR_UNSUPPORTED for another compression
 */
MUST_USE struct error *inflate_section(struct bytes raw, struct bytes *out);

/** The same for .zdebug_*: "ZLIB", the size in 8 bytes, big-endian, a zlib stream (Go up to 1.18).
 */
MUST_USE struct error *inflate_zdebug(struct bytes raw, struct bytes *out);
