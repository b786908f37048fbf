// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "image/inflate_internal.h"

#include <elf.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <string.h>
#include <zstd.h>

#ifndef ELFCOMPRESS_ZSTD // glibc before 2.37
#define ELFCOMPRESS_ZSTD 2
#endif

// What a stream can give for each of its bytes, so that a lie about the size costs nothing: deflate
// copies at most 258 bytes for 2 bits; zstd fills a block of 128 KB from 4 bytes.
enum { ZLIB_RATIO = 1032, ZSTD_RATIO = 32 * 1024 };

static struct error *inflate_zlib(struct bytes stream, uint8_t *out, size_t size)
{
    struct libdeflate_decompressor *deflate = libdeflate_alloc_decompressor();
    if (!deflate)
        return error_new(ERROR_OS, "libdeflate cannot start");
    enum libdeflate_result result =
        libdeflate_zlib_decompress(deflate, stream.data, stream.size, out, size, NULL);
    libdeflate_free_decompressor(deflate);
    switch (result) {
    case LIBDEFLATE_SUCCESS:
        return NULL;
    case LIBDEFLATE_SHORT_OUTPUT:
        return error_new(ERROR_CORRUPT, "the zlib stream gives less than the %zu bytes promised",
                         size);
    case LIBDEFLATE_INSUFFICIENT_SPACE:
        return error_new(ERROR_CORRUPT, "the zlib stream gives more than the %zu bytes promised",
                         size);
    default:
        return error_new(ERROR_CORRUPT, "the zlib stream is broken");
    }
}

static struct error *inflate_zstd(struct bytes stream, uint8_t *out, size_t size)
{
    size_t result = ZSTD_decompress(out, size, stream.data, stream.size);
    if (ZSTD_isError(result))
        return error_new(ERROR_CORRUPT, "the zstd stream is broken: %s", ZSTD_getErrorName(result));
    if (result != size)
        return error_new(ERROR_CORRUPT, "the zstd stream gives %zu instead of %zu bytes", result,
                         size);
    return NULL;
}

/** Holds a promised size against what the stream can give. */
static struct error *check(const struct inflatable *in)
{
    if (in->type != ELFCOMPRESS_ZLIB && in->type != ELFCOMPRESS_ZSTD)
        return error_new(ERROR_UNSUPPORTED, "compression type %" PRIu32, in->type);
    if (in->size > LIMIT_INFLATED_SECTION)
        return error_new(ERROR_LIMIT, "%" PRIu64 " bytes when inflated, the limit is %" PRIu64,
                         in->size, LIMIT_INFLATED_SECTION);
    if (in->size / (in->type == ELFCOMPRESS_ZLIB ? ZLIB_RATIO : ZSTD_RATIO) > in->stream.size)
        return error_new(ERROR_LIMIT, "the stream is too short for the %" PRIu64 " bytes promised",
                         in->size);
    return NULL;
}

struct error *inflatable_section(struct bytes raw, struct inflatable *out)
{
    struct cursor c = {.bytes = raw};
    uint32_t type = cursor_u32(&c);
    cursor_skip(&c, 4); // ch_reserved
    uint64_t size = cursor_u64(&c);
    cursor_skip(&c, 8); // ch_addralign
    struct error *err = cursor_check(&c);
    if (err)
        return error_wrap(err, "compression header");
    *out = (struct inflatable){type, size, bytes_slice(raw, c.offset, raw.size - c.offset)};
    return check(out);
}

struct error *inflatable_zdebug(struct bytes raw, struct inflatable *out)
{
    struct cursor c = {.bytes = raw};
    struct bytes magic = cursor_take(&c, 4);
    struct bytes size = cursor_take(&c, 8);
    struct error *err = cursor_check(&c);
    if (err)
        return error_wrap(err, "compression header");
    if (memcmp(magic.data, "ZLIB", 4) != 0)
        return error_new(ERROR_CORRUPT, "it does not begin with \"ZLIB\"");
    *out = (struct inflatable){ELFCOMPRESS_ZLIB, __builtin_bswap64(load_u64(size.data)),
                               bytes_slice(raw, c.offset, raw.size - c.offset)};
    return check(out);
}

struct error *inflate_into(const struct inflatable *in, uint8_t *out)
{
    return in->type == ELFCOMPRESS_ZLIB ? inflate_zlib(in->stream, out, in->size)
                                        : inflate_zstd(in->stream, out, in->size);
}
