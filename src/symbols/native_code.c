// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/search.h"
#include "link_map_internal.h"
#include "native_code_internal.h"
#include "symbols/debug_file.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROGRAM_HEADERS_MAX = 64, // a library has about a dozen
    HEADER_SIZE = 64,
    PROGRAM_HEADER_SIZE = 56,
    VDSO_SIZE_MAX = 1 << 16, // two pages on x86-64
};

struct native_code {
    const struct core_file *core;
    const struct address_space *space;
    struct elf_file *binary;
    target_addr bias;
    struct arena *arena;
    struct file_places places;
    struct elf_file *debug_file;   // of binary; NULL: none
    struct native_module *modules; // the newest first
    size_t module_count;
    uint64_t steps;
    struct elf_segment *segments; // of the core, by address; NULL: not asked for yet
    size_t segment_count;
    bool libraries_read;
    struct loaded_library *libraries; // of a core that names no mappings
    size_t library_count;
};

/** The program headers of an ELF file as they stand in the target's memory. */
struct headers {
    target_addr base, bias;
    uint16_t type, machine;
    struct elf_segment segments[PROGRAM_HEADERS_MAX];
    size_t count;
};

static int by_address(const void *a, const void *b)
{
    const struct elf_segment *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

/** The core's PT_LOADs, ordered by address; there can be tens of thousands. */
static struct elf_segment *sort_segments(const struct native_code *code, size_t *out_count)
{
    size_t count, kept = 0;
    const struct elf_segment *segments = elf_file_segments(core_file_elf(code->core), &count);
    struct elf_segment *sorted = alloc_zeroed(count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_LOAD)
            sorted[kept++] = segments[i];
    qsort(sorted, kept, sizeof *sorted, by_address);
    *out_count = kept;
    return sorted;
}

struct native_code *native_code_new(const struct core_file *core, const struct address_space *space,
                                    struct elf_file *binary, target_addr bias,
                                    const struct file_places *places)
{
    struct native_code *code = alloc_zeroed(1, sizeof *code);
    *code = (struct native_code){.core = core,
                                 .space = space,
                                 .binary = binary,
                                 .bias = bias,
                                 .arena = arena_new(),
                                 .places = *places};
    return code;
}

static void module_free(struct native_module *module)
{
    if (module->eh_frame)
        dwarf_cfi_end(module->eh_frame);
    if (module->dwarf)
        dwarf_end(module->dwarf);
    if (module->frame_elf)
        elf_end(module->frame_elf);
    if (module->elf)
        elf_end(module->elf);
    free(module->frame_image);
    dwarf_index_free(module->lines);
    if (module->owns_file) {
        elf_file_free(module->file);
        elf_file_free(module->debug_file);
    }
    free(module->image);
    free(module->symbols);
    free(module);
}

void native_code_free(struct native_code *code)
{
    if (!code)
        return;
    while (code->modules) {
        struct native_module *next = code->modules->next;
        module_free(code->modules);
        code->modules = next;
    }
    free(code->segments);
    arena_free(code->arena);
    free(code);
}

void native_code_set_debug_file(struct native_code *code, struct elf_file *debug_file)
{
    code->debug_file = debug_file;
    for (struct native_module *module = code->modules; module; module = module->next)
        if (module->executable) // what was read without it stays
            module->debug_file = debug_file;
}

bool native_code_step(struct native_code *code)
{
    return code->steps < LIMIT_NATIVE_STEPS && ++code->steps;
}

const struct address_space *native_code_space(const struct native_code *code)
{
    return code->space;
}

const struct arch *native_code_arch(const struct native_code *code)
{
    return core_file_arch(code->core);
}

struct bytes native_module_bytes(const struct native_module *module)
{
    if (module->image)
        return (struct bytes){module->image, module->image_size};
    return module->file ? elf_file_bytes(module->file) : (struct bytes){0};
}

const char *native_module_path(const struct native_module *module)
{
    return module->path;
}

const char *native_module_missing(const struct native_module *module)
{
    return module->missing;
}

static void read_program_headers(struct cursor *c, struct headers *out)
{
    for (size_t i = 0; i < out->count; i++) {
        struct elf_segment *segment = &out->segments[i];
        segment->type = cursor_u32(c);
        segment->flags = cursor_u32(c);
        segment->offset = cursor_u64(c);
        segment->address = cursor_u64(c);
        cursor_skip(c, 8); // p_paddr
        segment->file_size = cursor_u64(c);
        segment->memory_size = cursor_u64(c);
        segment->align = cursor_u64(c);
    }
}

/** Reads the headers of the ELF file that is mapped at base from its first byte on. */
static bool read_headers(const struct native_code *code, target_addr base, struct headers *out)
{
    uint8_t raw[HEADER_SIZE + PROGRAM_HEADERS_MAX * PROGRAM_HEADER_SIZE];
    *out = (struct headers){.base = base};
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
    read_program_headers(&c, out);
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
static const char *build_id_in_memory(const struct native_code *code, const struct headers *headers)
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
static void open_file(const struct native_code *code, const struct headers *headers,
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

/**
 * Whether the constants that the loader relocated (PT_GNU_RELRO) are in the core as this file gives
 * them: addresses of functions and tables by the hundred, which another build has elsewhere. A few
 * of the library's own are written before they are protected.
 */
static bool same_relocations(const struct native_code *code, const struct elf_file *file,
                             target_addr bias)
{
    enum { ENOUGH = 64, CHANGED_PER = 8 };
    AUTO(address_space) initial = address_space_new_initial(file, bias);
    uint64_t same = 0, others = 0;
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t size = segments[i].memory_size;
        if (segments[i].type != PT_GNU_RELRO || size > LIMIT_NATIVE_IMAGE)
            continue;
        for (uint64_t at = 0; at + 8 <= size; at += 8) {
            target_addr address = segments[i].address + bias + at;
            uint64_t linked, found;
            if (!address_space_try_u64(initial, address, &linked) || linked < bias)
                continue; // no address of the library's own
            if (!address_space_try_u64(code->space, address, &found))
                continue;
            same += found == linked;
            others += found != linked;
        }
    }
    return same >= ENOUGH && others <= same / CHANGED_PER;
}

/** A library of which the core has neither headers nor build id: an emulator's, without the text.
 */
static void open_by_relocations(const struct native_code *code, struct native_module *module)
{
    AUTO_BUFFER char *found_at = file_places_target(&code->places, module->path);
    AUTO(elf_file) file = NULL;
    struct error *err = found_at ? file_places_open(found_at, &file) : NULL;
    bool opened = found_at && !err;
    error_ignore(err); // the module says what is missing
    if (!opened || elf_file_machine(file) != core_file_arch(code->core)->machine ||
        !same_relocations(code, file, module->bias))
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
static bool read_image(const struct native_code *code, const struct headers *headers,
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

static struct native_module *add_module(struct native_code *code, const char *path,
                                        target_addr start, target_addr end)
{
    struct native_module *module = alloc_zeroed(1, sizeof *module);
    *module =
        (struct native_module){.next = code->modules, .path = path, .start = start, .end = end};
    code->modules = module;
    code->module_count++;
    return module;
}

static bool in_binary(const struct native_code *code, target_addr pc)
{
    size_t count = 0;
    const struct elf_segment *segments =
        code->binary ? elf_file_segments(code->binary, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_LOAD && segments[i].flags & PF_X &&
            pc - code->bias - segments[i].address < segments[i].memory_size)
            return true;
    return false;
}

static struct native_module *open_binary(struct native_code *code)
{
    const char *path = core_file_executable(code->core);
    struct native_module *module =
        add_module(code, path ? path : elf_file_path(code->binary), 0, 0);
    module->executable = true;
    module->file = code->binary;
    module->debug_file = code->debug_file;
    module->bias = code->bias;
    return module;
}

static struct native_module *open_vdso(struct native_code *code, target_addr pc)
{
    target_addr base;
    struct headers headers;
    if (!core_file_auxv(code->core, AT_SYSINFO_EHDR, &base) || pc - base >= VDSO_SIZE_MAX ||
        !read_headers(code, base, &headers))
        return NULL;
    struct bytes view = address_space_view(code->space, base, VDSO_SIZE_MAX);
    if (pc - base >= view.size)
        return NULL;
    struct native_module *module = add_module(code, "[vdso]", base, base + view.size);
    module->bias = headers.bias;
    // All of it, section headers with its symbols too, which no segment covers.
    module->image = alloc_bytes(view.size);
    module->image_size = view.size;
    memcpy(module->image, view.data, view.size);
    return module;
}

/** The mapping of a library's start: the nearest below of the same file, at its offset 0. */
static const struct core_mapping *first_mapping(const struct core_mapping *mappings, size_t at)
{
    for (size_t i = at + 1; i-- > 0;) {
        if (strcmp(mappings[i].path, mappings[at].path) != 0)
            break;
        if (mappings[i].file_offset == 0)
            return &mappings[i];
    }
    return NULL;
}

/**
 * The library whose code holds pc: as the core names it, or the dynamic linker.
 * @param first  where its headers are mapped; 0: that is not known
 */
static struct native_module *find_library(struct native_code *code, target_addr pc,
                                          target_addr *first)
{
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(code->core, &count);
    for (size_t i = 0; i < count; i++)
        if (pc - mappings[i].start < mappings[i].end - mappings[i].start) {
            const struct core_mapping *start = first_mapping(mappings, i);
            *first = start ? start->start : 0;
            return add_module(code, mappings[i].path, mappings[i].start, mappings[i].end);
        }
    if (!count && !code->libraries_read && code->binary) {
        code->libraries_read = true;
        code->library_count =
            link_map_read(code->space, code->binary, code->bias, code->arena, &code->libraries);
    }
    for (size_t i = 0; i < code->library_count; i++) {
        const struct loaded_library *library = &code->libraries[i];
        if (pc - library->base >= library->end - library->base)
            continue;
        *first = library->base;
        struct native_module *module = add_module(code, library->path, library->base, library->end);
        module->bias = library->base;
        return module;
    }
    return NULL;
}

static struct native_module *open_library(struct native_code *code, target_addr pc)
{
    target_addr first = 0;
    struct headers headers;
    struct native_module *module = find_library(code, pc, &first);
    if (!module)
        return NULL;
    if (!first || !read_headers(code, first, &headers)) {
        module->missing = "its first page is not in the core";
        if (first && module->bias == first)
            open_by_relocations(code, module);
        return module;
    }
    module->bias = headers.bias;
    open_file(code, &headers, module);
    if (!module->file && read_image(code, &headers, module))
        module->missing = NULL;
    return module;
}

struct native_module *native_code_module(struct native_code *code, target_addr pc)
{
    bool binary = in_binary(code, pc);
    for (struct native_module *module = code->modules; module; module = module->next)
        if (binary ? module->executable : pc - module->start < module->end - module->start)
            return module;
    if (binary)
        return open_binary(code);
    if (code->module_count >= LIMIT_NATIVE_MODULES)
        return NULL;
    struct native_module *module = open_vdso(code, pc);
    return module ? module : open_library(code, pc);
}

/** DWARF with the line tables: for C code alone, whose units are few. */
static void find_line(struct native_module *module, target_addr pc, struct native_place *out)
{
    struct error *err = NULL;
    struct elf_file *file = module->debug_file ? module->debug_file : module->file;
    if (!module->lines_tried && file) {
        module->lines_tried = true;
        err = dwarf_index_open_with_lines(file, module->bias, &module->lines);
        error_ignore(err); // most libraries have none: their frames have a name and a path
    }
    if (module->lines)
        dwarf_index_line(module->lines, pc, &out->file, &out->line);
}

bool native_code_place(struct native_code *code, target_addr pc, struct native_place *out)
{
    struct native_module *module = native_code_module(code, pc);
    *out = (struct native_place){0};
    if (!module)
        return false;
    out->module = module->path;
    out->bias = module->bias;
    out->in_executable = module->executable;
    const struct native_symbol *symbol = native_module_symbol(module, pc - module->bias);
    if (symbol) {
        out->function = symbol->name;
        out->entry = symbol->value + module->bias;
    }
    find_line(module, pc, out);
    return true;
}

bool native_code_read(struct native_code *code, target_addr address, void *out, size_t size)
{
    if (address_space_try_read(code->space, address, out, size))
        return true;
    const struct native_module *module = native_code_module(code, address);
    if (!module || !module->file)
        return false;
    struct bytes bytes = elf_file_at(module->file, address - module->bias, size);
    if (bytes.size < size)
        return false;
    memcpy(out, bytes.data, size);
    return true;
}

/** The core's segment that holds an address, whether its bytes are there or not. */
static const struct elf_segment *segment_at(struct native_code *code, target_addr address)
{
    if (!code->segments) // a program without C never asks
        code->segments = sort_segments(code, &code->segment_count);
    size_t begun = COUNT_WHILE(i, code->segment_count, code->segments[i].address <= address);
    const struct elf_segment *segment = begun ? &code->segments[begun - 1] : NULL;
    return segment && address - segment->address < segment->memory_size ? segment : NULL;
}

bool native_code_is_executable(struct native_code *code, target_addr address)
{
    const struct elf_segment *segment = segment_at(code, address);
    return segment && segment->flags & PF_X;
}

target_addr native_code_stack_end(struct native_code *code, target_addr address)
{
    const struct elf_segment *segment = segment_at(code, address);
    bool writable =
        segment && segment->flags & PF_W && segment->address <= UINT64_MAX - segment->memory_size;
    return writable ? segment->address + segment->memory_size : 0;
}
