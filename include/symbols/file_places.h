// SPDX-License-Identifier: MIT
#pragma once

#include "image/elf_file.h"

/** Where files other than the core are looked for, and how much a file may unpack to. Plain data;
 * strings are borrowed. */
struct file_places {
    const char *sysroot; ///< directory that stands for the target's "/"; NULL: this host's own
    const char *const *debug_dirs; ///< where separate debug information is looked for first
    size_t debug_dir_count;
    const char *debug_file; ///< the executable's own, given by hand; NULL: none
    uint64_t
        max_core_size; ///< bytes that the core may unpack to; 0: what core_stream_open() allows
    bool other_build;  ///< an executable of another build than the core's will do: the caller marks
                       ///< what comes of it
    bool host;         ///< false: nothing that the fields above do not name, and no server is asked
};

/**
 * Where this host has a file of the target; the caller frees. Below the sysroot its symbolic links
 * lead, as in the target, to places below it.
 * @return NULL where path is relative, or the host's files are not to be looked at
 */
char *file_places_target(const struct file_places *places, const char *path);

/** Opens a regular file: a path out of a core may name anything, and a pipe would be waited for. */
MUST_USE struct error *file_places_open(const char *path, struct elf_file **out);
