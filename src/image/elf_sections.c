// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "image/elf_file_internal.h"
#include "image/inflate_internal.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct error *raw_data(const struct elf_file *file, const struct elf_section *section,
                              struct bytes *out)
{
    if (section->type == SHT_NOBITS)
        return error_new(ERROR_NOT_FOUND, "%s: section %s: its contents are not in this file",
                         file->path, section->name);
    if (!range_fits(section->offset, section->size, file->bytes.size))
        return error_new(ERROR_CORRUPT,
                         "%s: section %s: %" PRIu64 " bytes at offset %#" PRIx64
                         " lie outside the file of %zu bytes",
                         file->path, section->name, section->size, section->offset,
                         file->bytes.size);
    *out = bytes_slice(file->bytes, section->offset, section->size);
    return NULL;
}

static bool is_compressed(const struct elf_section *section)
{
    return section->flags & SHF_COMPRESSED || strncmp(section->name, ".zdebug_", 8) == 0;
}

static struct error *read_header_of(const struct elf_section *section, struct bytes raw,
                                    struct inflatable *out)
{
    return section->flags & SHF_COMPRESSED ? inflatable_section(raw, out)
                                           : inflatable_zdebug(raw, out);
}

static struct error *inflate(const struct elf_section *section, struct bytes raw, struct bytes *out)
{
    struct inflatable in;
    struct error *err = read_header_of(section, raw, &in);
    if (err)
        return err;
    AUTO_BUFFER uint8_t *data = alloc_bytes(in.size);
    err = inflate_into(&in, data);
    if (!err)
        *out = (struct bytes){TAKE(data), in.size};
    return err;
}

struct error *elf_file_section_size(const struct elf_file *file, const struct elf_section *section,
                                    uint64_t *out)
{
    struct bytes raw = {0};
    struct inflatable in = {0};
    struct error *err = raw_data(file, section, &raw);
    if (err)
        return err;
    if (is_compressed(section))
        err = read_header_of(section, raw, &in);
    if (err)
        return error_wrap(err, "%s: section %s", file->path, section->name);
    *out = is_compressed(section) ? in.size : raw.size;
    return NULL;
}

struct error *elf_file_section_copy(const struct elf_file *file, const struct elf_section *section,
                                    uint8_t *out)
{
    struct bytes raw = {0};
    struct inflatable in = {0};
    struct error *err = raw_data(file, section, &raw);
    if (err)
        return err;
    if (!is_compressed(section)) {
        if (raw.size)
            memcpy(out, raw.data, raw.size);
        return NULL;
    }
    err = read_header_of(section, raw, &in);
    if (!err)
        err = inflate_into(&in, out);
    return err ? error_wrap(err, "%s: section %s", file->path, section->name) : NULL;
}

struct error *elf_file_section_data(struct elf_file *file, const struct elf_section *section,
                                    struct bytes *out)
{
    struct bytes raw = {0};
    struct error *err = raw_data(file, section, &raw);
    if (err)
        return err;
    if (!is_compressed(section)) {
        *out = raw;
        return NULL;
    }
    struct bytes *slot = &file->inflated[section->index];
    pthread_mutex_lock(&file->lock);
    struct bytes data = *slot;
    pthread_mutex_unlock(&file->lock);
    if (!data.data) {
        // Without the lock, so that threads inflate different sections at the same time; where two
        // want the same, the one that is second drops its own.
        err = inflate(section, raw, &data);
        if (err)
            return error_wrap(err, "%s: section %s", file->path, section->name);
        pthread_mutex_lock(&file->lock);
        if (slot->data)
            free((void *)data.data);
        else
            *slot = data;
        data = *slot;
        pthread_mutex_unlock(&file->lock);
    }
    *out = data;
    return NULL;
}
