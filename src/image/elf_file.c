// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "image/elf_file_internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct error *elf_file_open(const char *path, struct elf_file **out)
{
    return elf_file_open_limited(path, 0, out);
}

struct error *elf_file_open_limited(const char *path, uint64_t limit, struct elf_file **out)
{
    AUTO(elf_file) file = alloc_zeroed(1, sizeof *file);
    pthread_mutex_init(&file->lock, NULL);
    file->path = alloc_string(path);
    struct error *err = core_stream_open_limited(path, limit, &file->stream);
    if (err)
        return err;
    file->bytes = core_stream_bytes(file->stream);
    err = elf_tables_read(file);
    if (err)
        return error_wrap(err, "%s", path);
    *out = TAKE(file);
    return NULL;
}

void elf_file_free(struct elf_file *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->section_count; i++)
        free((void *)file->inflated[i].data);
    free(file->inflated);
    free(file->sections);
    free(file->segments);
    free(file->build_id);
    free(file->go_build_id);
    table_free(file->symbols);
    core_stream_free(file->stream);
    pthread_mutex_destroy(&file->lock);
    free(file->path);
    free(file);
}

const char *elf_file_path(const struct elf_file *file)
{
    return file->path;
}

struct bytes elf_file_bytes(const struct elf_file *file)
{
    return file->bytes;
}

struct core_stream *elf_file_stream(const struct elf_file *file)
{
    return file->stream;
}

uint16_t elf_file_type(const struct elf_file *file)
{
    return file->type;
}

uint16_t elf_file_machine(const struct elf_file *file)
{
    return file->machine;
}

target_addr elf_file_entry(const struct elf_file *file)
{
    return file->entry;
}

const struct elf_segment *elf_file_segments(const struct elf_file *file, size_t *count)
{
    *count = file->segment_count;
    return file->segments;
}

const struct elf_section *elf_file_section(const struct elf_file *file, const char *name)
{
    for (size_t i = 0; i < file->section_count; i++)
        if (strcmp(file->sections[i].name, name) == 0)
            return &file->sections[i];
    return NULL;
}

struct bytes elf_file_at(const struct elf_file *file, target_addr address, uint64_t size)
{
    for (size_t i = 0; i < file->segment_count; i++) {
        const struct elf_segment *segment = &file->segments[i];
        uint64_t skip = address - segment->address;
        if (segment->type != PT_LOAD || address < segment->address || skip >= segment->file_size)
            continue;
        uint64_t offset = 0, left = segment->file_size - skip;
        if (!checked_add(segment->offset, skip, &offset) || offset >= file->bytes.size)
            continue;
        if (left > file->bytes.size - offset)
            left = file->bytes.size - offset;
        return bytes_slice(file->bytes, offset, size < left ? size : left);
    }
    return (struct bytes){0};
}

const char *elf_file_build_id(const struct elf_file *file)
{
    return file->build_id;
}

const char *elf_file_go_build_id(const struct elf_file *file)
{
    return file->go_build_id;
}
