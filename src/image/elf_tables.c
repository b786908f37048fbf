// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "base/limits.h"
#include "image/elf_file_internal.h"
#include "image/note_internal.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

enum { NT_GO_BUILD_ID = 4 }; // name "Go"; cmd/link/internal/ld/elf.go
enum { EHDR_SIZE = 64, PHDR_SIZE = 56, SHDR_SIZE = 64 };

const char *elf_string_at(struct bytes strings, uint32_t offset)
{
    struct cursor c = {.bytes = strings, .offset = offset};
    return cursor_string(&c);
}

/** The fields of the file header that place its tables. */
struct header {
    uint64_t phoff, shoff;
    uint32_t phnum, shnum, shstrndx;
};

static struct elf_section read_section(struct bytes bytes, uint64_t shoff, size_t index,
                                       uint32_t *name_offset, uint32_t *link, uint32_t *info)
{
    struct cursor c = {.bytes = bytes_slice(bytes, shoff + index * SHDR_SIZE, SHDR_SIZE)};
    struct elf_section section = {.name = "", .index = (uint32_t)index};
    *name_offset = cursor_u32(&c);
    section.type = cursor_u32(&c);
    section.flags = cursor_u64(&c);
    section.address = cursor_u64(&c);
    section.offset = cursor_u64(&c);
    section.size = cursor_u64(&c);
    *link = cursor_u32(&c);
    *info = cursor_u32(&c);
    return section;
}

static struct error *check_ident(struct bytes bytes)
{
    if (bytes.size < SELFMAG || memcmp(bytes.data, ELFMAG, SELFMAG) != 0)
        return error_new(ERROR_UNSUPPORTED,
                         "is not an ELF file, so neither an executable nor a core");
    if (bytes.size < EHDR_SIZE)
        return error_new(ERROR_CORRUPT, "the ELF header is cut: %zu of %d bytes", bytes.size,
                         EHDR_SIZE);
    if (bytes.data[EI_CLASS] != ELFCLASS64)
        return error_new(ERROR_UNSUPPORTED, "is not a 64-bit ELF file (class %u)",
                         bytes.data[EI_CLASS]);
    if (bytes.data[EI_DATA] != ELFDATA2LSB)
        return error_new(ERROR_UNSUPPORTED, "is not a little-endian ELF file (data encoding %u)",
                         bytes.data[EI_DATA]);
    return NULL;
}

/**
 * The numbers that do not fit the file header lie in section header 0 (gABI, "ELF Header"). It is
 * the last thing in a core, so a cut core has lost it: Linux puts the notes right behind the
 * program headers, and their offset tells the number too.
 */
static void read_extended_counts(const struct elf_file *file, struct header *h)
{
    if (range_fits(h->shoff, SHDR_SIZE, file->bytes.size) && h->shoff) {
        uint32_t name, link, info;
        struct elf_section zero = read_section(file->bytes, h->shoff, 0, &name, &link, &info);
        if (h->phnum == PN_XNUM)
            h->phnum = info;
        if (h->shnum == 0)
            h->shnum = zero.size > UINT32_MAX ? UINT32_MAX : (uint32_t)zero.size;
        if (h->shstrndx == SHN_XINDEX)
            h->shstrndx = link;
        return;
    }
    struct bytes first = bytes_slice(file->bytes, h->phoff, PHDR_SIZE);
    if (h->phnum == PN_XNUM && first.size) {
        uint64_t offset = load_u64(first.data + 8);
        if (offset > h->phoff && (offset - h->phoff) / PHDR_SIZE >= PN_XNUM)
            h->phnum = (offset - h->phoff) / PHDR_SIZE > LIMIT_SEGMENTS
                           ? LIMIT_SEGMENTS + 1
                           : (uint32_t)((offset - h->phoff) / PHDR_SIZE);
    }
}

static struct error *read_header(struct elf_file *file, struct header *h)
{
    struct error *err = check_ident(file->bytes);
    if (err)
        return err;
    struct cursor c = {.bytes = file->bytes, .offset = EI_NIDENT};
    file->type = cursor_u16(&c);
    file->machine = cursor_u16(&c);
    cursor_skip(&c, 4); // e_version
    file->entry = cursor_u64(&c);
    h->phoff = cursor_u64(&c);
    h->shoff = cursor_u64(&c);
    cursor_skip(&c, 6); // e_flags, e_ehsize
    uint16_t phentsize = cursor_u16(&c);
    h->phnum = cursor_u16(&c);
    uint16_t shentsize = cursor_u16(&c);
    h->shnum = cursor_u16(&c);
    h->shstrndx = cursor_u16(&c);
    if (file->machine != EM_X86_64 && file->machine != EM_AARCH64)
        return error_new(ERROR_UNSUPPORTED, "ELF machine %u is neither x86-64 nor AArch64",
                         file->machine);
    if (h->phnum && phentsize != PHDR_SIZE)
        return error_new(ERROR_CORRUPT, "program headers of %u bytes instead of %d", phentsize,
                         PHDR_SIZE);
    if (h->shoff && shentsize != SHDR_SIZE) {
        if (h->shnum)
            return error_new(ERROR_CORRUPT, "section headers of %u bytes instead of %d", shentsize,
                             SHDR_SIZE);
        h->shoff = 0;
    }
    read_extended_counts(file, h);
    return NULL;
}

struct elf_segment elf_segment_read(struct cursor *c)
{
    struct elf_segment segment = {.type = cursor_u32(c)};
    segment.flags = cursor_u32(c);
    segment.offset = cursor_u64(c);
    segment.address = cursor_u64(c);
    cursor_skip(c, 8); // p_paddr
    segment.file_size = cursor_u64(c);
    segment.memory_size = cursor_u64(c);
    segment.align = cursor_u64(c);
    return segment;
}

/** Holds a table of headers against its limit and the file. */
static struct error *check_table(const struct elf_file *file, const char *what, uint64_t offset,
                                 uint32_t count, int most, unsigned entry_size)
{
    if (count > (uint32_t)most)
        return error_new(ERROR_LIMIT, "%" PRIu32 " %s headers, the limit is %d", count, what, most);
    if (!range_fits(offset, (uint64_t)count * entry_size, file->bytes.size))
        return error_new(ERROR_CORRUPT,
                         "%" PRIu32 " %s headers at offset %#" PRIx64
                         " lie outside the file of %zu bytes",
                         count, what, offset, file->bytes.size);
    return NULL;
}

static struct error *read_segments(struct elf_file *file, const struct header *h)
{
    struct error *err = check_table(file, "program", h->phoff, h->phnum, LIMIT_SEGMENTS, PHDR_SIZE);
    if (err)
        return err;
    file->segments = alloc_zeroed(h->phnum, sizeof *file->segments);
    file->segment_count = h->phnum;
    struct cursor c = {.bytes = file->bytes, .offset = h->phoff};
    for (size_t i = 0; i < file->segment_count; i++)
        file->segments[i] = elf_segment_read(&c);
    return NULL;
}

static struct error *read_sections(struct elf_file *file, const struct header *h)
{
    if (h->shoff == 0 || h->shnum == 0)
        return NULL;
    struct error *err = check_table(file, "section", h->shoff, h->shnum, LIMIT_SECTIONS, SHDR_SIZE);
    if (err)
        return err;
    file->sections = alloc_zeroed(h->shnum, sizeof *file->sections);
    file->inflated = alloc_zeroed(h->shnum, sizeof *file->inflated);
    file->section_count = h->shnum;
    struct bytes names = {0};
    uint32_t name, link, info;
    if (h->shstrndx < h->shnum) {
        struct elf_section strings =
            read_section(file->bytes, h->shoff, h->shstrndx, &name, &link, &info);
        if (strings.type == SHT_STRTAB)
            names = bytes_slice(file->bytes, strings.offset, strings.size);
    }
    for (size_t i = 0; i < file->section_count; i++) {
        file->sections[i] = read_section(file->bytes, h->shoff, i, &name, &link, &info);
        file->sections[i].name = elf_string_at(names, name);
    }
    return NULL;
}

static struct bytes find_note(const struct elf_file *file, const char *name, uint32_t type)
{
    for (size_t i = 0; i < file->segment_count; i++) {
        const struct elf_segment *segment = &file->segments[i];
        if (segment->type != PT_NOTE)
            continue;
        struct bytes notes = bytes_slice(file->bytes, segment->offset, segment->file_size);
        struct bytes found = elf_note_find(notes, name, type);
        if (found.size)
            return found;
    }
    // In separate debug information the program headers may be those of the stripped file.
    for (size_t i = 0; i < file->section_count; i++) {
        const struct elf_section *section = &file->sections[i];
        if (section->type != SHT_NOTE)
            continue;
        struct bytes notes = bytes_slice(file->bytes, section->offset, section->size);
        struct bytes found = elf_note_find(notes, name, type);
        if (found.size)
            return found;
    }
    return (struct bytes){0};
}

/** A core's notes belong to the process: its build ID is none of its own. */
static void read_build_ids(struct elf_file *file)
{
    if (file->type == ET_CORE)
        return;
    struct bytes gnu = find_note(file, "GNU", NT_GNU_BUILD_ID);
    if (gnu.size && gnu.size <= LIMIT_BUILD_ID) {
        file->build_id = alloc_zeroed(2 * gnu.size + 1, 1);
        for (size_t i = 0; i < gnu.size; i++) {
            file->build_id[2 * i] = "0123456789abcdef"[gnu.data[i] >> 4];
            file->build_id[2 * i + 1] = "0123456789abcdef"[gnu.data[i] & 15];
        }
    }
    struct bytes go = find_note(file, "Go", NT_GO_BUILD_ID);
    if (go.size && go.size <= LIMIT_BUILD_ID) {
        file->go_build_id = alloc_zeroed(go.size + 1, 1);
        memcpy(file->go_build_id, go.data, go.size);
    }
}

struct error *elf_tables_read(struct elf_file *file)
{
    struct header h = {0};
    struct error *err = read_header(file, &h);
    if (err)
        return err;
    err = read_segments(file, &h);
    if (err)
        return err;
    err = read_sections(file, &h);
    if (err && file->type == ET_CORE) {
        error_ignore(err); // they lie at the end, where cores are cut, and nobody needs them
        err = NULL;
    }
    if (!err)
        read_build_ids(file);
    return err;
}
