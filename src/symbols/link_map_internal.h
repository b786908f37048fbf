// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "image/address_space.h"

/** A library as the dynamic linker has it. */
struct loaded_library {
    const char *path; ///< as the linker opened it; in the arena
    target_addr base; ///< what was added to its addresses
    target_addr end;  ///< of what is known to be its own: its dynamic section lies behind its code
};

/**
 * The libraries that the dynamic linker of a program has loaded, for a core that names no mappings
 * (an emulator's): the program's DT_DEBUG leads to the linker's own list.
 *
 * Format: <link.h>, struct r_debug and struct link_map; the same in glibc and musl.
 *
 * @param binary  the executable; bias is what was added to its addresses
 * @return how many; *out lies in the arena. 0 where nothing was loaded, or it is not in the core
 */
size_t link_map_read(const struct address_space *space, struct elf_file *binary, target_addr bias,
                     struct arena *arena, struct loaded_library **out);

/**
 * Whether a library that was loaded with bias is of this file: whether the constants that the
 * loader relocated (PT_GNU_RELRO) are in the core as the file gives them, addresses of functions
 * and tables by the hundred, which another build has elsewhere. A few of the library's own are
 * written before they are protected.
 */
bool link_map_is_file(const struct address_space *space, const struct elf_file *file,
                      target_addr bias);
