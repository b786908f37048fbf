// SPDX-License-Identifier: MIT
#include "symbols/debug_file.h"
#include "base/alloc.h"
#include "base/buffer.h"

#include <elf.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char global_directory[] = "/usr/lib/debug";

static bool has_contents(const struct elf_file *file, const char *name)
{
    const struct elf_section *section = elf_file_section(file, name);
    return section && section->type != SHT_NOBITS && section->size;
}

bool debug_file_has_dwarf(const struct elf_file *file)
{
    return has_contents(file, ".debug_info") || has_contents(file, ".zdebug_info");
}

bool debug_file_has_symbols(const struct elf_file *file)
{
    return has_contents(file, ".symtab");
}

/** .gnu_debuglink: a name, padded to four bytes, and the CRC-32 of the file. */
static bool read_link(struct elf_file *file, const char **name, uint32_t *crc)
{
    const struct elf_section *section = elf_file_section(file, ".gnu_debuglink");
    struct bytes bytes;
    struct error *err = section ? elf_file_section_data(file, section, &bytes) : NULL;
    if (err || !section) {
        error_ignore(err); // it names nothing then
        return false;
    }
    struct cursor c = {.bytes = bytes};
    *name = cursor_string(&c);
    size_t size = strlen(*name) + 1;
    c = (struct cursor){.bytes = bytes, .offset = (size + 3) & ~(size_t)3};
    *crc = cursor_u32(&c);
    // A name, not a path: it is put behind directories.
    return cursor_ok(&c) && **name && !strchr(*name, '/') && strcmp(*name, "..") != 0;
}

static uint32_t checksum(struct bytes bytes)
{
    return (uint32_t)crc32_z(0, bytes.data, bytes.size);
}

static size_t load_segments(const struct elf_file *file, const struct elf_segment **out)
{
    size_t count, loads = 0;
    *out = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++)
        loads += (*out)[i].type == PT_LOAD;
    return loads;
}

/** All segments at the same place and of the same size; what either leaves out is not compared. */
static bool same_layout(const struct elf_file *file, const struct elf_file *debug)
{
    const struct elf_segment *a, *b;
    size_t count = load_segments(file, &a);
    if (!count || load_segments(debug, &b) != count)
        return false;
    for (; count; a++, b++, count--) {
        while (a->type != PT_LOAD)
            a++;
        while (b->type != PT_LOAD)
            b++;
        if (a->address != b->address || a->memory_size != b->memory_size || a->flags != b->flags)
            return false;
    }
    return elf_file_entry(file) == elf_file_entry(debug);
}

/** 1: the same, 0: another, -1: one of them has none. */
static int compare_ids(const char *a, const char *b)
{
    return !a || !b ? -1 : strcmp(a, b) == 0;
}

enum debug_match debug_file_match(const struct elf_file *file, const struct elf_file *debug)
{
    int gnu = compare_ids(elf_file_build_id(file), elf_file_build_id(debug));
    int go = compare_ids(elf_file_go_build_id(file), elf_file_go_build_id(debug));
    if (elf_file_machine(file) != elf_file_machine(debug) || elf_file_type(debug) == ET_CORE ||
        gnu == 0 || go == 0)
        return DEBUG_OTHER;
    if (gnu == 1 || go == 1)
        return DEBUG_ID;
    bool none = !elf_file_build_id(file) && !elf_file_go_build_id(file);
    return none && same_layout(file, debug) ? DEBUG_LAYOUT : DEBUG_OTHER;
}

static const char *id_of(const struct elf_file *file)
{
    const char *id = elf_file_build_id(file) ? elf_file_build_id(file) : elf_file_go_build_id(file);
    return id ? id : "none";
}

struct error *debug_file_open(const char *path, const struct elf_file *file, struct elf_file **out)
{
    AUTO(elf_file) debug = NULL;
    struct error *err = file_places_open(path, &debug);
    if (err)
        return error_wrap(err, "debug information");
    if (debug_file_match(file, debug) == DEBUG_OTHER)
        return error_new(ERROR_UNSUPPORTED,
                         "%s: is not the debug information of %s: its build id is %s instead of "
                         "%s; give that of the very build that crashed",
                         path, elf_file_path(file), id_of(debug), id_of(file));
    if (!debug_file_has_dwarf(debug) && !debug_file_has_symbols(debug))
        return error_new(ERROR_UNSUPPORTED,
                         "%s: has neither DWARF nor symbols: it is of no use as debug information",
                         path);
    *out = TAKE(debug);
    return NULL;
}

struct search {
    const struct file_places *places;
    const struct elf_file *file;
    const char *directory; // of the file in the target, "" where it is not known
    const char *name;      // of the file
    const char *link;      // NULL: none
    uint32_t crc;
    struct elf_file *found;
};

/** Opens a candidate and keeps it if it is what is looked for. Takes path over. */
static void try_path(struct search *search, char *path)
{
    AUTO_BUFFER char *owned = path;
    AUTO(elf_file) debug = NULL;
    if (search->found || !owned)
        return;
    struct error *err = file_places_open(owned, &debug);
    if (err) {
        error_ignore(err); // a place where it may be: most have nothing
        return;
    }
    bool more_symbols = debug_file_has_symbols(debug) && !debug_file_has_symbols(search->file);
    if (!debug_file_has_dwarf(debug) && !more_symbols)
        return;
    enum debug_match match = debug_file_match(search->file, debug);
    bool known = elf_file_build_id(search->file) && elf_file_build_id(debug);
    bool linked = !known && search->link &&
                  elf_file_machine(search->file) == elf_file_machine(debug) &&
                  checksum(elf_file_bytes(debug)) == search->crc;
    if (match == DEBUG_ID || linked)
        search->found = TAKE(debug);
}

static char *join(const char *directory, const char *middle, const char *name)
{
    struct buffer path = {0};
    buffer_printf(&path, "%s%s%s%s%s", directory, *middle && *middle != '/' ? "/" : "", middle, "/",
                  name);
    return path.data;
}

/** DIR/.build-id/ab/cdef….debug */
static char *build_id_path(const char *directory, const char *id)
{
    struct buffer path = {0};
    if (!id || strlen(id) < 4)
        return NULL;
    buffer_printf(&path, "%s/.build-id/%.2s/%s.debug", directory, id, id + 2);
    return path.data;
}

static void search_directory(struct search *search, const char *directory, bool flat)
{
    try_path(search, build_id_path(directory, elf_file_build_id(search->file)));
    if (search->link && *search->directory)
        try_path(search, join(directory, search->directory, search->link));
    if (!flat)
        return;
    if (search->link)
        try_path(search, join(directory, "", search->link));
    // An archive of unstripped builds: by the name of the program.
    try_path(search, join(directory, "", search->name));
    AUTO_TEXT with_suffix = {0};
    buffer_printf(&with_suffix, "%s.debug", search->name);
    try_path(search, join(directory, "", buffer_text(&with_suffix)));
}

static void search_host(struct search *search)
{
    const struct file_places *places = search->places;
    AUTO_BUFFER char *path = alloc_string(elf_file_path(search->file));
    const char *beside = dirname(path);
    if (search->link && places->host) {
        try_path(search, join(beside, "", search->link));
        try_path(search, join(beside, ".debug", search->link));
    }
    AUTO_BUFFER char *global = file_places_target(places, global_directory);
    if (global)
        search_directory(search, global, false);
}

struct elf_file *debug_file_find(const struct file_places *places, struct elf_file *file,
                                 const char *target_path)
{
    AUTO_BUFFER char *for_directory = alloc_string(target_path);
    AUTO_BUFFER char *for_name = alloc_string(elf_file_path(file));
    struct search search = {.places = places,
                            .file = file,
                            .directory = target_path[0] == '/' ? dirname(for_directory) : "",
                            .name = basename(for_name)};
    if (!read_link(file, &search.link, &search.crc))
        search.link = NULL;
    for (size_t i = 0; i < places->debug_dir_count; i++)
        search_directory(&search, places->debug_dirs[i], true);
    search_host(&search);
    return search.found;
}
