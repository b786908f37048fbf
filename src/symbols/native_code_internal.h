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
