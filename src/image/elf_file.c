// SPDX-License-Identifier: MIT
#include "image/elf_file.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "base/limits.h"
#include "base/table.h"
#include "image/core_stream.h"
#include "image/inflate_internal.h"
#include "image/note_internal.h"

#include <elf.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// The tables are read with cursors and not with libelf: a core's may be cut anywhere, and libelf's
// handles stay on one thread, while workers inflate sections.
enum { NT_GO_BUILD_ID = 4 }; // name "Go"; cmd/link/internal/ld/elf.go
enum { EHDR_SIZE = 64, PHDR_SIZE = 56, SHDR_SIZE = 64, SYM_SIZE = 24 };

enum { NAMES_BEFORE_INDEX = 8 }; // a pass over the symbols costs about a tenth of their index

struct elf_file {
    char *path;
    struct core_stream *stream;
    struct bytes bytes;
    uint16_t type, machine;
    target_addr entry;
    struct elf_segment *segments;
    size_t segment_count;
    struct elf_section *sections;
    size_t section_count;
    char *build_id, *go_build_id;

    pthread_mutex_t lock;   // guards what follows
    struct bytes *inflated; // by section; data owned, NULL: not yet
    size_t names_looked_up; // by elf_file_symbol()
    struct table *symbols;  // hash of a name to 1 + number of its first symbol
};

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

static struct error *read_segments(struct elf_file *file, const struct header *h)
{
    if (h->phnum > LIMIT_SEGMENTS)
        return error_new(ERROR_LIMIT, "%" PRIu32 " program headers, the limit is %d", h->phnum,
                         LIMIT_SEGMENTS);
    if (!range_fits(h->phoff, (uint64_t)h->phnum * PHDR_SIZE, file->bytes.size))
        return error_new(ERROR_CORRUPT,
                         "%" PRIu32 " program headers at offset %#" PRIx64
                         " lie outside the file of %zu bytes",
                         h->phnum, h->phoff, file->bytes.size);
    file->segments = alloc_zeroed(h->phnum, sizeof *file->segments);
    file->segment_count = h->phnum;
    struct cursor c = {.bytes = file->bytes, .offset = h->phoff};
    for (size_t i = 0; i < file->segment_count; i++) {
        struct elf_segment *segment = &file->segments[i];
        segment->type = cursor_u32(&c);
        segment->flags = cursor_u32(&c);
        segment->offset = cursor_u64(&c);
        segment->address = cursor_u64(&c);
        cursor_skip(&c, 8); // p_paddr
        segment->file_size = cursor_u64(&c);
        segment->memory_size = cursor_u64(&c);
        segment->align = cursor_u64(&c);
    }
    return NULL;
}

/** A string of a string table; "" where it has no end there. */
static const char *string_at(struct bytes strings, uint32_t offset)
{
    struct cursor c = {.bytes = strings, .offset = offset};
    return cursor_string(&c);
}

static struct error *read_sections(struct elf_file *file, const struct header *h)
{
    if (h->shoff == 0 || h->shnum == 0)
        return NULL;
    if (h->shnum > LIMIT_SECTIONS)
        return error_new(ERROR_LIMIT, "%" PRIu32 " section headers, the limit is %d", h->shnum,
                         LIMIT_SECTIONS);
    if (!range_fits(h->shoff, (uint64_t)h->shnum * SHDR_SIZE, file->bytes.size))
        return error_new(ERROR_CORRUPT,
                         "%" PRIu32 " section headers at offset %#" PRIx64
                         " lie outside the file of %zu bytes",
                         h->shnum, h->shoff, file->bytes.size);
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
        file->sections[i].name = string_at(names, name);
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

static struct error *read_tables(struct elf_file *file)
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
    err = read_tables(file);
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

/** The symbols and their names; empty where there are none. */
struct symbols {
    struct bytes table, names;
    size_t count;
};

static struct symbols find_symbols(struct elf_file *file)
{
    struct symbols symbols = {0};
    const struct elf_section *symtab = elf_file_section(file, ".symtab");
    const struct elf_section *strtab = elf_file_section(file, ".strtab");
    struct error *err = NULL;
    if (!symtab || !strtab)
        return symbols;
    if ((err = elf_file_section_data(file, symtab, &symbols.table)) ||
        (err = elf_file_section_data(file, strtab, &symbols.names))) {
        error_ignore(err); // a table that cannot be read names nothing
        return (struct symbols){0};
    }
    symbols.count = symbols.table.size / SYM_SIZE;
    return symbols;
}

/** The name of a symbol that stands for something in the program, NULL for others. */
static const char *symbol_name(const struct symbols *symbols, size_t number)
{
    const uint8_t *sym = symbols->table.data + number * SYM_SIZE;
    unsigned type = sym[4] & 15;
    if (load_u16(sym + 6) == SHN_UNDEF || type == STT_FILE || type == STT_SECTION)
        return NULL;
    return string_at(symbols->names, load_u32(sym));
}

/** FNV-1a */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    return hash;
}

static struct table *index_symbols(const struct symbols *symbols)
{
    struct table *index = table_new();
    for (size_t i = 0; i < symbols->count && i < LIMIT_SYMBOLS; i++) {
        const char *name = symbol_name(symbols, i);
        bool added = false;
        uint64_t *slot = name ? table_add(index, hash_name(name), &added) : NULL;
        if (added)
            *slot = i + 1;
    }
    return index;
}

static bool scan_symbols(const struct symbols *symbols, const char *name, size_t *out)
{
    size_t size = strlen(name) + 1;
    for (size_t i = 0; i < symbols->count; i++) {
        const uint8_t *sym = symbols->table.data + i * SYM_SIZE;
        // The bytes first: nearly all names differ in them, and their length need not be known.
        struct bytes stored = bytes_slice(symbols->names, load_u32(sym), size);
        if (!stored.size || memcmp(stored.data, name, size) != 0 || !symbol_name(symbols, i))
            continue;
        *out = i;
        return true;
    }
    return false;
}

bool elf_file_symbol(struct elf_file *file, const char *name, target_addr *out)
{
    struct symbols symbols = find_symbols(file);
    if (!symbols.count)
        return false;
    pthread_mutex_lock(&file->lock);
    if (++file->names_looked_up > NAMES_BEFORE_INDEX && !file->symbols)
        file->symbols = index_symbols(&symbols);
    struct table *index = file->symbols; // never changes once it is there
    pthread_mutex_unlock(&file->lock);

    size_t number = 0;
    const uint64_t *slot = index ? table_find(index, hash_name(name)) : NULL;
    const char *indexed = slot ? symbol_name(&symbols, (size_t)*slot - 1) : NULL;
    bool found = indexed && strcmp(indexed, name) == 0;
    if (found)
        number = (size_t)*slot - 1;
    else if (!index || slot || symbols.count > LIMIT_SYMBOLS)
        found = scan_symbols(&symbols, name, &number); // not indexed, or another name's hash
    if (found)
        *out = load_u64(symbols.table.data + number * SYM_SIZE + 8);
    return found;
}

bool elf_file_next_symbol(struct elf_file *file, const char *prefix, size_t *position,
                          const char **name, target_addr *value)
{
    struct symbols symbols = find_symbols(file);
    size_t size = strlen(prefix);
    while (*position < symbols.count) {
        size_t number = (*position)++;
        const uint8_t *sym = symbols.table.data + number * SYM_SIZE;
        struct bytes stored = bytes_slice(symbols.names, load_u32(sym), size);
        if (!stored.size || memcmp(stored.data, prefix, size) != 0)
            continue;
        *name = symbol_name(&symbols, number);
        *value = load_u64(sym + 8);
        if (*name)
            return true;
    }
    return false;
}

bool elf_file_has_symtab(const struct elf_file *file)
{
    return elf_file_section(file, ".symtab") != NULL;
}

const char *elf_file_build_id(const struct elf_file *file)
{
    return file->build_id;
}

const char *elf_file_go_build_id(const struct elf_file *file)
{
    return file->go_build_id;
}
