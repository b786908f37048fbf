// SPDX-License-Identifier: MIT
#include "support/compress.h"
#include "base/alloc.h"
#include "support/support.h"

#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static struct bytes deflate_with(struct bytes plain, int window_bits)
{
    z_stream z = {0};
    if (deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    size_t room = deflateBound(&z, plain.size) + 32;
    AUTO_BUFFER uint8_t *out = alloc_bytes(room);
    z.next_in = (Bytef *)plain.data;
    z.avail_in = (uInt)plain.size;
    z.next_out = out;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    size_t size = z.total_out;
    deflateEnd(&z);
    return bytes_copy(out, size);
}

struct bytes compress_gzip(struct bytes plain)
{
    return deflate_with(plain, MAX_WBITS + 16);
}

struct bytes compress_zlib(struct bytes plain)
{
    return deflate_with(plain, MAX_WBITS);
}

struct bytes compress_zstd(struct bytes plain)
{
    size_t room = ZSTD_compressBound(plain.size);
    AUTO_BUFFER uint8_t *out = alloc_bytes(room);
    size_t size = ZSTD_compress(out, room, plain.data, plain.size, 3);
    if (ZSTD_isError(size))
        abort();
    return bytes_copy(out, size);
}

struct bytes compress_lz4(struct bytes plain)
{
    size_t room = LZ4F_compressFrameBound(plain.size, NULL);
    AUTO_BUFFER uint8_t *out = alloc_bytes(room);
    size_t size = LZ4F_compressFrame(out, room, plain.data, plain.size, NULL);
    if (LZ4F_isError(size))
        abort();
    return bytes_copy(out, size);
}

struct bytes compress_xz(struct bytes plain)
{
    size_t room = lzma_stream_buffer_bound(plain.size), size = 0;
    AUTO_BUFFER uint8_t *out = alloc_bytes(room);
    if (lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, plain.data, plain.size, out, &size,
                                room) != LZMA_OK)
        abort();
    return bytes_copy(out, size);
}

struct bytes bytes_join(struct bytes first, struct bytes second)
{
    AUTO_BUFFER uint8_t *both = alloc_bytes(first.size + second.size);
    if (first.size)
        memcpy(both, first.data, first.size);
    if (second.size)
        memcpy(both + first.size, second.data, second.size);
    return bytes_copy(both, first.size + second.size);
}
