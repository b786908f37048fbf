// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/** An address in the target, the crashed process. */
typedef uint64_t target_addr;

/** A program header; offset and sizes in bytes, not yet held against the file's size. */
struct elf_segment {
    uint32_t type, flags; ///< PT_*, PF_*
    uint64_t offset, address, file_size, memory_size, align;
};

/** Reads one (gABI, "Program Header"); zeros where the bytes end. */
struct elf_segment elf_segment_read(struct cursor *c);

struct elf_section {
    const char *name; ///< borrowed
    uint32_t index, type;
    uint64_t flags, address, offset, size;
};

/** A 64-bit little-endian ELF file: an executable, a shared library, separate debug information, a
 * core. */
struct elf_file;

/**
 * Opens an ELF file, plain or compressed (core_stream.h).
 *
 * Format: System V gABI, chapters 4 and 5. Read with cursors, not libelf: a core may be cut
 * anywhere, and libelf's handles stay on one thread, while workers ask for sections.
 *
 * @return what core_stream_open() returns; ERROR_CORRUPT where the header is cut or its tables lie
 *         outside the file; ERROR_UNSUPPORTED where it is no ELF file, 32-bit, big-endian or of
 *         another machine than x86-64 and AArch64; ERROR_LIMIT for more headers than limits.h
 *         allows. The text begins with path. In a core, section headers that are cut off are no
 *         error: it then has none.
 */
MUST_USE struct error *elf_file_open(const char *path, struct elf_file **out);

/** The same with the bound of core_stream_open_limited(). */
MUST_USE struct error *elf_file_open_limited(const char *path, uint64_t limit,
                                             struct elf_file **out);
void elf_file_free(struct elf_file *file);
DEFINE_AUTO(elf_file);

const char *elf_file_path(const struct elf_file *file);
struct bytes elf_file_bytes(const struct elf_file *file);
struct core_stream *elf_file_stream(const struct elf_file *file);
uint16_t elf_file_type(const struct elf_file *file);    ///< ET_EXEC, ET_DYN, ET_CORE …
uint16_t elf_file_machine(const struct elf_file *file); ///< EM_X86_64, EM_AARCH64
target_addr elf_file_entry(const struct elf_file *file);

/** All program headers (PN_XNUM included); borrowed. */
const struct elf_segment *elf_file_segments(const struct elf_file *file, size_t *count);

/** A section by name, NULL if there is none (or no section headers). */
const struct elf_section *elf_file_section(const struct elf_file *file, const char *name);

/**
 * A section's bytes, borrowed from the file; inflated when first asked for where it is compressed:
 * SHF_COMPRESSED (zlib, zstd) or, by its name, .zdebug_* ("ZLIB", 8 bytes of big-endian size,
 * zlib).
 *
 * Threads may ask at the same time.
 *
 * @return ERROR_CORRUPT for a stream that does not inflate to its size, ERROR_LIMIT beyond
 *         LIMIT_INFLATED_SECTION or a size that no such stream can have (zlib: 1032 times its own),
 *         ERROR_NOT_FOUND where the file leaves the section out (SHT_NOBITS), ERROR_UNSUPPORTED for
 *         another compression
 */
MUST_USE struct error *elf_file_section_data(struct elf_file *file,
                                             const struct elf_section *section, struct bytes *out);

/** How many bytes a section has, inflated where it is compressed; errors as above. */
MUST_USE struct error *elf_file_section_size(const struct elf_file *file,
                                             const struct elf_section *section, uint64_t *out);

/**
 * Copies so many bytes, inflated on their way, to where the caller wants them: nothing is kept.
 * Threads may ask at the same time.
 */
MUST_USE struct error *elf_file_section_copy(const struct elf_file *file,
                                             const struct elf_section *section, uint8_t *out);

/** The file's bytes for an unrelocated address, up to size and up to the segment's file_size. */
struct bytes elf_file_at(const struct elf_file *file, target_addr address, uint64_t size);

/** The unrelocated value of a symbol of .symtab; false if there is none of that exact name. */
bool elf_file_symbol(struct elf_file *file, const char *name, target_addr *out);

/**
 * Goes through the symbols whose name begins with a prefix, in no order.
 * @param position  0 for the first; then as it was left
 * @param value     unrelocated
 */
bool elf_file_next_symbol(struct elf_file *file, const char *prefix, size_t *position,
                          const char **name, target_addr *value);

/**
 * The symbol of .symtab that begins at an unrelocated value.
 * @param name  NULL where several begin there
 */
bool elf_file_symbol_at(struct elf_file *file, target_addr value, const char **name,
                        uint64_t *size);

bool elf_file_has_symtab(const struct elf_file *file);

/** GNU build ID as lower-case hex, NULL if there is none. */
const char *elf_file_build_id(const struct elf_file *file);

/** Go's own build ID (note "Go", type 4), NULL if there is none. */
const char *elf_file_go_build_id(const struct elf_file *file);

/**
 * Finds both build IDs in notes as they stand in memory or in a file.
 * @param notes  the bytes of a PT_NOTE
 * @param type   NT_GNU_BUILD_ID (3, name "GNU") or Go's 4 (name "Go")
 * @return the description's bytes, empty if there is no such note
 */
struct bytes elf_note_find(struct bytes notes, const char *name, uint32_t type);
