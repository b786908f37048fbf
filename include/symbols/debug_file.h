// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/file_places.h"

/** How it is known that debug information belongs to a file. */
enum debug_match {
    DEBUG_OTHER,  ///< it does not
    DEBUG_ID,     ///< the GNU build ids, or Go's, are the same
    DEBUG_CRC,    ///< the checksum in .gnu_debuglink is that of the whole file
    DEBUG_LAYOUT, ///< neither has a build id, but all segments lie and weigh the same
};

/** Whether a file holds DWARF, or at least symbols. Sections without contents do not count. */
bool debug_file_has_dwarf(const struct elf_file *file);
bool debug_file_has_symbols(const struct elf_file *file);

/** Holds debug information against the file that it is said to be of. */
enum debug_match debug_file_match(const struct elf_file *file, const struct elf_file *debug);

/**
 * Opens the debug information given by hand.
 * @return an error that names the file and says what to do: not there, no ELF file, another
 *         build's, or without anything that could help
 */
MUST_USE struct error *debug_file_open(const char *path, const struct elf_file *file,
                                       struct elf_file **out);

/**
 * Looks for separate debug information of a file, as gdb does: in each directory of places by build
 * id (DIR/.build-id/ab/cdef.debug), by the name in .gnu_debuglink and by the file's own; then
 * beside the file, in .debug beside it, and in /usr/lib/debug below the sysroot or of this host.
 * What it finds belongs to the file: by build id, else by checksum.
 *
 * @param target_path  where the file lies in the target, which /usr/lib/debug repeats
 * @return NULL where there is none
 */
struct elf_file *debug_file_find(const struct file_places *places, struct elf_file *file,
                                 const char *target_path);

/**
 * Asks the servers in the environment's DEBUGINFOD_URLS, through their client library. Where that
 * variable is empty or not set, or places->host is not, nothing is loaded and nobody contacted.
 *
 * @return ERROR_NOT_FOUND where nobody is to be asked or knows the build id, else what went wrong:
 *         no library, no answer within LIMIT_DEBUGINFOD_SECONDS
 */
MUST_USE struct error *debug_file_download(const struct file_places *places,
                                           const struct elf_file *file, struct elf_file **out);
