// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"

/** Compressed copies that live as long as the test program. */
struct bytes compress_gzip(struct bytes plain);
struct bytes compress_zlib(struct bytes plain);
struct bytes compress_zstd(struct bytes plain);
struct bytes compress_lz4(struct bytes plain);
struct bytes compress_xz(struct bytes plain);

/** first, then second. */
struct bytes bytes_join(struct bytes first, struct bytes second);
