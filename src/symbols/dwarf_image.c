// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "base/workers.h"
#include "dwarf_index_internal.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Through dwarf_begin_elf on the file itself libdw would inflate every debug section, with zlib. An
// image of only these opens three times as fast and gives the same DIEs and locations.
// The first ESSENTIAL are needed for anything at all. Without the others their part is missing:
// what refers to them is an error where it is asked for.
enum { ESSENTIAL = 2 };
static const char *const wanted[] = {
    "abbrev", "info",  "loc",      "ranges",      "loclists", "rnglists",
    "addr",   "str",   "line_str", "str_offsets", // of C units; Go writes its names in place
    "line",   "frame",                            // only where they are asked for
};

enum { SECTIONS_MAX = COUNT_OF(wanted) + 2 }; // and the null section, and the names

struct image_section {
    char name[32];
    const struct elf_section *from;
    bool essential;
    uint64_t size, offset;
    uint32_t name_offset;
    struct error *err; ///< why it could not be read
};

/** What the threads that fill an image share. */
struct image_filling {
    const struct elf_file *file;
    struct image_section *sections;
    uint8_t *image;
};

/** Up to Go 1.18 compressed sections are called .zdebug_*. */
static const struct elf_section *find_section(const struct elf_file *file, const char *name)
{
    char text[32];
    snprintf(text, sizeof text, ".debug_%s", name);
    const struct elf_section *section = elf_file_section(file, text);
    if (section)
        return section;
    snprintf(text, sizeof text, ".zdebug_%s", name);
    return elf_file_section(file, text);
}

static bool is_wanted(enum dwarf_image_kind kind, const char *name)
{
    bool frames = strcmp(name, "frame") == 0;
    if (kind == DWARF_IMAGE_FRAMES || frames)
        return kind == DWARF_IMAGE_FRAMES && frames;
    return kind == DWARF_IMAGE_LINES || strcmp(name, "line") != 0;
}

static struct error *choose_sections(const struct elf_file *file, enum dwarf_image_kind kind,
                                     struct image_section *sections, size_t *count)
{
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        if (!is_wanted(kind, wanted[i]))
            continue;
        const struct elf_section *section = find_section(file, wanted[i]);
        if (!section || section->type == SHT_NOBITS)
            continue;
        struct image_section *out = &sections[*count];
        *out = (struct image_section){.from = section, .essential = i < ESSENTIAL};
        struct error *err = elf_file_section_size(file, section, &out->size);
        if (err && out->essential)
            return error_wrap(err, "%s", section->name);
        if (err) {
            error_ignore(err);
            continue;
        }
        snprintf(out->name, sizeof out->name, ".debug_%s", wanted[i]);
        ++*count;
    }
    return NULL;
}

static void fill(void *state, size_t begin, size_t end)
{
    const struct image_filling *filling = state;
    for (size_t i = begin; i < end; i++) {
        struct image_section *section = &filling->sections[i];
        uint8_t *to = filling->image + section->offset;
        section->err = elf_file_section_copy(filling->file, section->from, to);
        memset(to + section->size, 0, -section->size & 7);
    }
}

/** Inflates all sections into their places, several at a time; those that are broken drop out. */
static struct error *fill_sections(struct image_filling *filling, size_t *count)
{
    void *states[COUNT_OF(wanted)];
    size_t threads = workers_count(), kept = 0;
    threads = threads < COUNT_OF(states) ? threads : COUNT_OF(states);
    for (size_t i = 0; i < threads; i++)
        states[i] = filling;
    workers_run(states, threads, *count, 1, fill);
    struct error *first = NULL;
    for (size_t i = 0; i < *count; i++) {
        struct image_section *section = &filling->sections[i];
        if (section->err && section->essential && !first)
            first = error_wrap(TAKE(section->err), "%s", section->from->name);
        bool good = !section->err && !first;
        error_free(TAKE(section->err));
        if (good)
            filling->sections[kept++] = *section;
    }
    *count = kept;
    return first;
}

/** Gives every section its place. The image: header, contents, names, section headers. */
static struct error *lay_out(struct image_section *sections, size_t count, uint64_t *names_offset,
                             uint64_t *headers_offset, uint64_t *size)
{
    uint64_t offset = sizeof(Elf64_Ehdr);
    uint32_t name_offset = 1;
    for (size_t i = 0; i < count; i++) {
        sections[i].offset = offset;
        sections[i].name_offset = name_offset;
        name_offset += (uint32_t)strlen(sections[i].name) + 1;
        if (!checked_add(offset, (sections[i].size + 7) & ~(uint64_t)7, &offset) ||
            offset > LIMIT_DWARF_IMAGE)
            return error_new(ERROR_LIMIT, "more than %u GiB of debug sections",
                             (unsigned)(LIMIT_DWARF_IMAGE >> 30));
    }
    *names_offset = offset;
    *headers_offset = offset + ((name_offset + sizeof ".shstrtab" + 7) & ~(uint64_t)7);
    *size = *headers_offset + (count + 2) * sizeof(Elf64_Shdr);
    return NULL;
}

static void write_header(uint8_t *image, uint16_t machine, uint64_t headers_offset, size_t count)
{
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = machine,
        .e_version = EV_CURRENT,
        .e_shoff = headers_offset,
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = (Elf64_Half)(count + 2),
        .e_shstrndx = (Elf64_Half)(count + 1),
    };
    memcpy(image, &header, sizeof header);
}

static void write_section_headers(uint8_t *image, const struct image_section *sections,
                                  size_t count, uint64_t names_offset, uint64_t headers_offset)
{
    Elf64_Shdr headers[SECTIONS_MAX] = {0};
    uint64_t name_offset = 1;
    for (size_t i = 0; i < count; i++) {
        const struct image_section *section = &sections[i];
        memcpy(image + names_offset + section->name_offset, section->name,
               strlen(section->name) + 1);
        name_offset = section->name_offset + strlen(section->name) + 1;
        headers[i + 1] = (Elf64_Shdr){.sh_name = section->name_offset,
                                      .sh_type = SHT_PROGBITS,
                                      .sh_offset = section->offset,
                                      .sh_size = section->size,
                                      .sh_addralign = 1};
    }
    memcpy(image + names_offset + name_offset, ".shstrtab", sizeof ".shstrtab");
    headers[count + 1] = (Elf64_Shdr){.sh_name = (Elf64_Word)name_offset,
                                      .sh_type = SHT_STRTAB,
                                      .sh_offset = names_offset,
                                      .sh_size = name_offset + sizeof ".shstrtab",
                                      .sh_addralign = 1};
    memcpy(image + headers_offset, headers, (count + 2) * sizeof *headers);
}

struct error *dwarf_image_build(struct elf_file *file, enum dwarf_image_kind kind, uint8_t **image,
                                size_t *size)
{
    bool frames = kind == DWARF_IMAGE_FRAMES;
    if (frames ? !find_section(file, "frame")
               : !find_section(file, "info") || !find_section(file, "abbrev"))
        return error_new(ERROR_NOT_FOUND, "%s: has no DWARF", elf_file_path(file));
    struct image_section sections[COUNT_OF(wanted)] = {0};
    size_t count = 0;
    struct error *err = choose_sections(file, kind, sections, &count);
    uint64_t names_offset = 0, headers_offset = 0, total = 0;
    if (!err)
        err = lay_out(sections, count, &names_offset, &headers_offset, &total);
    if (err)
        return error_wrap(err, "%s", elf_file_path(file));
    AUTO_BUFFER uint8_t *made = alloc_bytes(total);
    struct image_filling filling = {file, sections, made};
    err = fill_sections(&filling, &count);
    if (err)
        return error_wrap(err, "%s", elf_file_path(file));
    memset(made + names_offset, 0, total - names_offset);
    write_header(made, elf_file_machine(file), headers_offset, count);
    write_section_headers(made, sections, count, names_offset, headers_offset);
    *size = headers_offset + (count + 2) * sizeof(Elf64_Shdr);
    *image = TAKE(made);
    return NULL;
}
