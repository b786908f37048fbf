// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/dwarf_index.h"
#include "symbols/native_code.h"

/** A symbol of a function; value is the file's, not relocated. */
struct native_symbol {
    uint64_t value, size;
    const char *name;
    uint8_t rank; ///< of several at one address the smallest: global, weak, local
};

enum { PROGRAM_HEADERS_MAX = 64 }; ///< a library has about a dozen

/** The program headers of an ELF file as they stand in the target's memory. */
struct native_headers {
    target_addr base, bias;
    uint16_t type, machine;
    struct elf_segment segments[PROGRAM_HEADERS_MAX];
    size_t count;
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

/** A file with code that is not Go's. */
struct native_module {
    struct native_module *next;
    const char *path;
    target_addr start, end; ///< of the mappings looked at so far
    target_addr bias;
    bool executable;             ///< the program itself
    struct elf_file *file;       ///< NULL: the contents come from the core
    bool owns_file;              ///< and debug_file
    struct elf_file *debug_file; ///< separate debug information; NULL: none
    uint8_t *image;              ///< put together from the core; NULL: file is read
    size_t image_size;
    const char *missing;

    bool symbols_read;
    struct native_symbol *symbols; ///< ordered by value
    size_t symbol_count, symbol_capacity;

    bool lines_tried;
    struct dwarf_index *lines;

    bool cfi_tried, frames_tried;
    Elf *elf;
    Dwarf_CFI *eh_frame;  ///< owned
    uint8_t *frame_image; ///< of .debug_frame alone
    Elf *frame_elf;
    Dwarf *dwarf;
    Dwarf_CFI *debug_frame; ///< dwarf's
};

/** The bytes of the whole file, or of what the core has of it. */
struct bytes native_module_bytes(const struct native_module *module);

/** The symbol that covers an address of the file; NULL if none does. */
const struct native_symbol *native_module_symbol(struct native_module *module, uint64_t address);

/* native_open.c: a library as it was mapped */

/** Reads the headers of the ELF file that is mapped at base from its first byte on. */
bool native_headers_read(const struct native_code *code, target_addr base,
                         struct native_headers *out);

/** Opens a library's file, and its debug information, if it is the one that was mapped; else
 * module->missing says why not. */
void native_module_open_file(const struct native_code *code, const struct native_headers *headers,
                             struct native_module *module);

/** The same where the core lacks the library's first page: known by the words that the loader has
 * relocated. */
void native_module_open_by_relocations(const struct native_code *code,
                                       struct native_module *module);

/**
 * Puts the file together from what the core has of its segments, if that covers the code's unwind
 * rules: the vdso always, a library where the core was told to hold file-backed pages.
 */
bool native_module_read_image(const struct native_code *code, const struct native_headers *headers,
                              struct native_module *module);
