// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "link_map_internal.h"
#include "native_code_internal.h"
#include "symbols/debug_file.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

enum { HEADER_SIZE = 64, PROGRAM_HEADER_SIZE = 56 };

bool native_headers_read(const struct native_code *code, target_addr base,
                         struct native_headers *out)
{
    uint8_t raw[HEADER_SIZE + PROGRAM_HEADERS_MAX * PROGRAM_HEADER_SIZE];
    *out = (struct native_headers){.base = base};
    if (!address_space_try_read(code->space, base, raw, HEADER_SIZE) ||
        memcmp(raw, ELFMAG, SELFMAG) != 0 || raw[EI_CLASS] != ELFCLASS64 ||
        raw[EI_DATA] != ELFDATA2LSB)
        return false;
    out->type = load_u16(raw + offsetof(Elf64_Ehdr, e_type));
    out->machine = load_u16(raw + offsetof(Elf64_Ehdr, e_machine));
    uint64_t offset = load_u64(raw + offsetof(Elf64_Ehdr, e_phoff));
    out->count = load_u16(raw + offsetof(Elf64_Ehdr, e_phnum));
    if (out->count > PROGRAM_HEADERS_MAX || offset > LIMIT_NATIVE_IMAGE ||
        load_u16(raw + offsetof(Elf64_Ehdr, e_phentsize)) != PROGRAM_HEADER_SIZE ||
        out->machine != core_file_arch(code->core)->machine)
        return false;
    size_t size = out->count * PROGRAM_HEADER_SIZE;
    if (!address_space_try_read(code->space, base + offset, raw, size))
        return false;
    struct cursor c = {.bytes = {raw, size}};
    for (size_t i = 0; i < out->count; i++)
        out->segments[i] = elf_segment_read(&c);
    for (size_t i = 0; i < out->count; i++)
        if (out->segments[i].type == PT_LOAD) { // the first maps the file's start
            out->bias = base - (out->segments[i].address - out->segments[i].offset);
            return true;
        }
    return false;
}

static const char *hex_text(struct arena *arena, struct bytes bytes)
{
    char *text = arena_alloc(arena, 2 * bytes.size + 1);
    for (size_t i = 0; i < bytes.size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
    return text;
}

/** The GNU build id in memory as hex, NULL where there is none or its page is not in the core. */
static const char *build_id_in_memory(const struct native_code *code,
                                      const struct native_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        const struct elf_segment *segment = &headers->segments[i];
        if (segment->type != PT_NOTE)
            continue;
        struct bytes notes = address_space_view(code->space, segment->address + headers->bias,
                                                (size_t)segment->file_size);
        if (notes.size < segment->file_size)
            continue;
        struct bytes id = elf_note_find(notes, "GNU", NT_GNU_BUILD_ID);
        if (!id.size || id.size > LIMIT_BUILD_ID)
            continue;
        return hex_text(code->arena, id);
    }
    return NULL;
}

/** The GNU build id of a file: of its segments, or of its section, as debug information has it. */
static const char *build_id_of_file(const struct native_code *code, struct elf_file *file)
{
    const char *id = elf_file_build_id(file);
    const struct elf_section *section = elf_file_section(file, ".note.gnu.build-id");
    struct bytes notes;
    if (id || !section)
        return id;
    struct error *err = elf_file_section_data(file, section, &notes);
    if (err) {
        error_ignore(err); // it counts as another file
        return NULL;
    }
    struct bytes found = elf_note_find(notes, "GNU", NT_GNU_BUILD_ID);
    return found.size && found.size <= LIMIT_BUILD_ID ? hex_text(code->arena, found) : NULL;
}

/** Opens a file of the target if it has the build id. @return why not, NULL where it is open */
static const char *open_by_id(const struct native_code *code, const char *path, const char *wanted,
                              struct elf_file **out)
{
    AUTO_BUFFER char *found_at = file_places_target(&code->places, path);
    AUTO(elf_file) file = NULL;
    if (!found_at)
        return "its file is not looked at";
    struct error *err = file_places_open(found_at, &file);
    if (err) {
        const char *why =
            error_kind(err) == ERROR_OS ? "its file is not here" : "its file cannot be read";
        error_ignore(err); // whatever it is, it is not the library
        return why;
    }
    const char *found = build_id_of_file(code, file);
    if (!found || strcmp(found, wanted) != 0 ||
        elf_file_machine(file) != core_file_arch(code->core)->machine)
        return "its file here is of another build";
    *out = TAKE(file);
    return NULL;
}

/** Opens a library's file, and its debug information, if it is the one that was mapped. */
void native_module_open_file(const struct native_code *code, const struct native_headers *headers,
                             struct native_module *module)
{
    const char *wanted = build_id_in_memory(code, headers);
    if (!wanted)
        module->missing = "its build id is not in the core";
    else
        module->missing = open_by_id(code, module->path, wanted, &module->file);
    if (module->missing || !wanted)
        return;
    module->owns_file = true;
    module->debug_file = debug_file_find(&code->places, module->file, module->path);
}

/** A library of which the core has neither headers nor build id: an emulator's, without the text.
 */
void native_module_open_by_relocations(const struct native_code *code, struct native_module *module)
{
    AUTO_BUFFER char *found_at = file_places_target(&code->places, module->path);
    AUTO(elf_file) file = NULL;
    struct error *err = found_at ? file_places_open(found_at, &file) : NULL;
    bool opened = found_at && !err;
    error_ignore(err); // the module says what is missing
    if (!opened || elf_file_machine(file) != core_file_arch(code->core)->machine ||
        !link_map_is_file(code->space, file, module->bias))
        return;
    module->file = TAKE(file);
    module->owns_file = true;
    module->missing = NULL;
    module->debug_file = debug_file_find(&code->places, module->file, module->path);
}

/**
 * Puts the file together from what the core has of its segments, if that covers the code's unwind
 * rules: the vdso always, a library where the core was told to hold file-backed pages.
 */
bool native_module_read_image(const struct native_code *code, const struct native_headers *headers,
                              struct native_module *module)
{
    uint64_t size = 0;
    bool has_rules = false;
    for (size_t i = 0; i < headers->count; i++) {
        const struct elf_segment *segment = &headers->segments[i];
        if (segment->type == PT_GNU_EH_FRAME)
            has_rules = address_space_has(code->space, segment->address + headers->bias, 8);
        if (segment->type != PT_LOAD || segment->flags & PF_W)
            continue;
        if (segment->offset > LIMIT_NATIVE_IMAGE || segment->file_size > LIMIT_NATIVE_IMAGE)
            return false;
        if (segment->offset + segment->file_size > size)
            size = segment->offset + segment->file_size;
    }
    if (!has_rules || size < HEADER_SIZE || size > LIMIT_NATIVE_IMAGE)
        return false;
    module->image = alloc_zeroed(size, 1);
    module->image_size = size;
    for (size_t i = 0; i < headers->count; i++) {
        const struct elf_segment *segment = &headers->segments[i];
        if (segment->type != PT_LOAD || segment->flags & PF_W)
            continue;
        uint64_t done = 0;
        while (done < segment->file_size) {
            struct bytes part = address_space_view(
                code->space, segment->address + headers->bias + done, segment->file_size - done);
            if (!part.size)
                break; // the rest stays zero: no rule begins with that
            memcpy(module->image + segment->offset + done, part.data, part.size);
            done += part.size;
        }
    }
    return true;
}
