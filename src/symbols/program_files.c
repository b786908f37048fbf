// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "program_files_internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/** Both kinds of build id, as notes have them. */
static const struct id_kind {
    const char *name;
    uint32_t type;
} id_kinds[] = {{"GNU", NT_GNU_BUILD_ID}, {"Go", 4}};

enum build_match program_compare_build_ids(const struct address_space *space,
                                           const struct elf_file *file, target_addr bias)
{
    enum build_match match = BUILD_UNKNOWN;
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_NOTE)
            continue;
        uint64_t size = segments[i].file_size;
        struct bytes in_core = address_space_view(space, segments[i].address + bias, size);
        struct bytes in_file = elf_file_at(file, segments[i].address, size);
        if (in_core.size < size || in_file.size < size)
            continue;
        for (size_t k = 0; k < COUNT_OF(id_kinds); k++) {
            struct bytes file_id = elf_note_find(in_file, id_kinds[k].name, id_kinds[k].type);
            struct bytes core_id = elf_note_find(in_core, id_kinds[k].name, id_kinds[k].type);
            if (!file_id.size)
                continue;
            if (file_id.size != core_id.size ||
                memcmp(file_id.data, core_id.data, file_id.size) != 0)
                return BUILD_OTHER;
            match = BUILD_SAME;
        }
    }
    return match;
}

/** Whether most pages of two images differ: what is damaged differs in few. */
static bool are_unlike(struct bytes a, struct bytes b)
{
    enum { PAGE = 4096 };
    size_t pages = a.size / PAGE, unlike = 0;
    for (size_t i = 0; i < pages; i++)
        unlike += memcmp(a.data + i * PAGE, b.data + i * PAGE, PAGE) != 0;
    return unlike > pages / 2;
}

/**
 * Whether a segment of constants that the core holds, all of it, is the file's: byte for byte is as
 * sure as a build id, for it has Go's tables of functions or names. An emulator's core has no text,
 * and with it no build id.
 */
static enum build_match compare_constants(const struct address_space *space,
                                          const struct elf_file *file, target_addr bias)
{
    enum { ENOUGH = 1 << 16 }; // of Go's smallest program it is ten times as much
    enum build_match match = BUILD_UNKNOWN;
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t size = segments[i].file_size;
        if (segments[i].type != PT_LOAD || segments[i].flags & (PF_W | PF_X) || size < ENOUGH)
            continue;
        struct bytes in_core = address_space_view(space, segments[i].address + bias, size);
        struct bytes in_file = elf_file_at(file, segments[i].address, size);
        if (in_core.size != size || in_file.size != size)
            continue;
        if (memcmp(in_core.data, in_file.data, size) == 0)
            return BUILD_SAME;
        if (are_unlike(in_core, in_file))
            match = BUILD_OTHER;
    }
    return match;
}

/** The address of a file's first byte, not relocated. */
static bool start_of(const struct elf_file *file, target_addr *out)
{
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_LOAD) {
            *out = segments[i].address - segments[i].offset;
            return true;
        }
    return false;
}

bool program_bias_at(const struct elf_file *file, target_addr start, target_addr *out)
{
    target_addr first;
    if (!start_of(file, &first))
        return false;
    *out = start - first;
    return true;
}

/** A library given in the executable's place: it is the one whose build id stands in memory. */
static bool place_library(struct program *program)
{
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(program->core, &count);
    for (size_t i = 0; i < count; i++) {
        target_addr bias;
        if (mappings[i].file_offset ||
            !program_bias_at(program->binary, mappings[i].start, &bias) ||
            program_compare_build_ids(program->space, program->binary, bias) != BUILD_SAME)
            continue;
        program->bias = bias;
        program->match = BUILD_SAME;
        program->is_library = true;
        return true;
    }
    return false;
}

/** What the loader added: nothing for ET_EXEC; for ET_DYN what AT_ENTRY or AT_PHDR tell. */
static struct error *place_executable(struct program *program)
{
    uint64_t value;
    target_addr entry = elf_file_entry(program->binary);
    bool has_entry = core_file_auxv(program->core, AT_ENTRY, &value);
    if (elf_file_type(program->binary) != ET_DYN) {
        // Another program's entry lies elsewhere, which is known even where no build id is in the
        // core. Of one that was given to the dynamic linker to run, the entry is the linker's.
        if (has_entry && value != entry &&
            program_compare_build_ids(program->space, program->binary, 0) != BUILD_SAME)
            program->match = BUILD_OTHER;
        return NULL;
    }
    if (has_entry) {
        program->bias = value - entry;
        return NULL;
    }
    size_t count;
    const struct elf_segment *segments = elf_file_segments(program->binary, &count);
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_PHDR && core_file_auxv(program->core, AT_PHDR, &value)) {
            program->bias = value - segments[i].address;
            return NULL;
        }
    return error_new(ERROR_CORRUPT, "the core does not say where the executable was loaded");
}

struct error *program_place(struct program *program)
{
    struct error *err = place_executable(program);
    bool dynamic = elf_file_type(program->binary) == ET_DYN;
    if (!err && program->match != BUILD_OTHER)
        program->match = program_compare_build_ids(program->space, program->binary, program->bias);
    if (!err && program->match == BUILD_UNKNOWN)
        program->match = compare_constants(program->space, program->binary, program->bias);
    if (dynamic && (err || program->match != BUILD_SAME) && place_library(program)) {
        error_ignore(err); // it is no executable
        err = NULL;
    }
    return err;
}

/** The path without what Linux puts behind that of a file that is gone; the caller frees. */
static char *plain_path(const char *path)
{
    static const char deleted[] = " (deleted)";
    size_t size = strlen(path), tail = sizeof deleted - 1;
    char *copy = alloc_string(path);
    if (size > tail && strcmp(copy + size - tail, deleted) == 0)
        copy[size - tail] = '\0';
    return copy;
}

struct error *program_find_executable(struct program *program, const char *core_path,
                                      const struct file_places *places)
{
    const char *recorded = core_file_executable(program->core);
    if (!recorded)
        return error_new(ERROR_NOT_FOUND,
                         "%s: does not say which executable it is of: give it in front of the core",
                         core_path);
    AUTO_BUFFER char *path = plain_path(recorded);
    struct file_places here = *places;
    here.host = true; // it must come from somewhere; --stable hides where that is
    AUTO_BUFFER char *found_at =
        path[0] == '/' ? file_places_target(&here, path) : alloc_string(path);
    struct error *err = file_places_open(found_at, &program->binary);
    if (!err)
        return NULL;
    AUTO(error) why = err;
    return error_new(ERROR_OS, "%s: its executable %s; give the executable before the core",
                     core_path, error_message(why));
}

/** Whether the core holds the file's ELF header and program headers, byte for byte. */
static bool same_headers(const struct program *program)
{
    target_addr first;
    struct bytes file = elf_file_bytes(program->binary);
    size_t count;
    elf_file_segments(program->binary, &count);
    size_t size = sizeof(Elf64_Ehdr) + count * sizeof(Elf64_Phdr);
    struct bytes header = bytes_slice(file, 0, size);
    if (!header.size || !start_of(program->binary, &first))
        return false;
    struct bytes in_core = address_space_view(program->space, first + program->bias, size);
    return in_core.size == size && memcmp(in_core.data, header.data, size) == 0;
}

struct error *program_check_found(const struct program *program, const char *core_path)
{
    if (program->match == BUILD_SAME || (program->match == BUILD_UNKNOWN && same_headers(program)))
        return NULL;
    return error_new(ERROR_UNSUPPORTED,
                     "%s: its executable %s %s; give the very build that crashed before the core",
                     core_path, elf_file_path(program->binary),
                     program->match == BUILD_OTHER
                         ? "was replaced since: its build id, entry point or constants differ"
                         : "cannot be told from another build: neither has a build id");
}
