// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/search.h"
#include "link_map_internal.h"
#include "native_code_internal.h"
#include "symbols/debug_file.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { VDSO_SIZE_MAX = 1 << 16 }; // two pages on x86-64

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
    struct native_headers headers;
    if (!core_file_auxv(code->core, AT_SYSINFO_EHDR, &base) || pc - base >= VDSO_SIZE_MAX ||
        !native_headers_read(code, base, &headers))
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
    struct native_headers headers;
    struct native_module *module = find_library(code, pc, &first);
    if (!module)
        return NULL;
    if (!first || !native_headers_read(code, first, &headers)) {
        module->missing = "its first page is not in the core";
        if (first && module->bias == first)
            native_module_open_by_relocations(code, module);
        return module;
    }
    module->bias = headers.bias;
    native_module_open_file(code, &headers, module);
    if (!module->file && native_module_read_image(code, &headers, module))
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
