// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "image/core_stream_internal.h"

#include <lz4frame.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum compression compression_detect(struct bytes file)
{
    static const struct {
        const char *magic;
        size_t size;
        enum compression compression;
    } rows[] = {
        {"\x1f\x8b", 2, COMPRESSION_GZIP},
        {"\x28\xb5\x2f\xfd", 4, COMPRESSION_ZSTD},
        {"\x04\x22\x4d\x18", 4, COMPRESSION_LZ4},
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
        if (compression_detect((struct bytes){z->next_in, left}) != COMPRESSION_GZIP)
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
        if (status == 0 && compression_detect(rest) != COMPRESSION_ZSTD) {
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

/** Fills the chunk out of frames that follow one another; *filled: how far. */
static const char *fill_lz4(LZ4F_dctx *lz4, struct bytes *input, struct spool *spool,
                            size_t *filled, bool *more)
{
    for (*filled = 0; *filled < CHUNK_SIZE;) {
        size_t room = CHUNK_SIZE - *filled, used = input->size;
        size_t status =
            LZ4F_decompress(lz4, spool->chunk + *filled, &room, input->data, &used, NULL);
        if (LZ4F_isError(status)) {
            *more = false;
            return LZ4F_getErrorName(status);
        }
        *filled += room;
        *input = (struct bytes){input->data + used, input->size - used};
        // A frame is complete; others may follow, anything else is padding.
        if (status == 0 && compression_detect(*input) != COMPRESSION_LZ4) {
            *more = false;
            return NULL;
        }
        if (status != 0 && !used && !room) { // no input left, or none that leads on
            *more = false;
            return "it ends early";
        }
    }
    return NULL;
}

static struct error *unpack_lz4(struct bytes input, struct spool *spool, const char **broken)
{
    LZ4F_dctx *lz4 = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION)))
        return error_new(ERROR_OS, "%s: lz4 cannot start", spool->path);
    struct error *err = NULL;
    *broken = NULL;
    for (bool more = true; more && !err;) {
        size_t filled;
        const char *message = fill_lz4(lz4, &input, spool, &filled, &more);
        if (message) // lz4's texts are constants
            *broken = message;
        err = spool_append(spool, filled);
    }
    LZ4F_freeDecompressionContext(lz4);
    return err;
}

static const char *xz_message(lzma_ret status)
{
    switch (status) {
    case LZMA_STREAM_END:
        return NULL;
    case LZMA_BUF_ERROR:
        return "it ends early";
    case LZMA_MEMLIMIT_ERROR:
        return "it takes too much memory to unpack";
    case LZMA_FORMAT_ERROR: // behind a whole stream: padding
        return "something else follows it";
    default:
        return "its data is damaged";
    }
}

static struct error *unpack_xz(struct bytes input, struct spool *spool, const char **broken)
{
    lzma_stream xz = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&xz, LIMIT_XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
        return error_new(ERROR_OS, "%s: xz cannot start", spool->path);
    struct error *err = NULL;
    lzma_ret status = LZMA_OK;
    xz.next_in = input.data;
    xz.avail_in = input.size;
    while (status == LZMA_OK && !err) {
        xz.next_out = spool->chunk;
        xz.avail_out = CHUNK_SIZE;
        while (status == LZMA_OK && xz.avail_out)
            status = lzma_code(&xz, LZMA_FINISH); // all of the input is there
        err = spool_append(spool, CHUNK_SIZE - xz.avail_out);
    }
    *broken = xz_message(status);
    lzma_end(&xz);
    return err;
}

struct error *compression_unpack(enum compression compression, struct bytes input,
                                 struct spool *spool, const char **broken)
{
    switch (compression) {
    case COMPRESSION_GZIP:
        return unpack_gzip(input, spool, broken);
    case COMPRESSION_ZSTD:
        return unpack_zstd(input, spool, broken);
    case COMPRESSION_LZ4:
        return unpack_lz4(input, spool, broken);
    case COMPRESSION_XZ:
        return unpack_xz(input, spool, broken);
    case COMPRESSION_NONE:
        break;
    }
    return error_new(ERROR_UNSUPPORTED, "%s: is not compressed", spool->path);
}
