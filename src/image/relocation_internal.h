// SPDX-License-Identifier: MIT
#pragma once

#include "image/elf_file.h"

/** A piece of a file as the loader left it in memory. */
struct relocated {
    target_addr address; ///< in the process
    uint8_t *data;       ///< the caller frees
    size_t size;
};

/** The pieces of a position-independent file that relocation changes. */
struct relocated_list {
    struct relocated *items;
    size_t count, capacity;
    /** Words within them that the file does not tell: another file's symbols. Ascending. */
    target_addr *unknown;
    size_t unknown_count, unknown_capacity;
};

/**
 * Applies a file's own relocations (gABI, "Relocation"; R_X86_64_RELATIVE, R_AARCH64_RELATIVE and
 * DT_RELR) to copies of what it has in [start, end). Of a file without any nothing comes.
 *
 * @param bias    what the loader added to the file's addresses
 * @param budget  bytes that may be copied, counted down: what lies beyond is left out
 */
void relocate(const struct elf_file *file, target_addr bias, target_addr start, target_addr end,
              uint64_t *budget, struct relocated_list *out);

/** Frees the lists; the items' data is whoever took it's. */
void relocated_list_clear(struct relocated_list *list);
