// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "base/cursor.h"

#include <stdbool.h>

/** Appends little-endian numbers. */
void put_u8(struct buffer *out, uint8_t value);
void put_u16(struct buffer *out, uint16_t value);
void put_u32(struct buffer *out, uint32_t value);
void put_u64(struct buffer *out, uint64_t value);
void put_zeros(struct buffer *out, size_t count);
void put_bytes(struct buffer *out, struct bytes bytes);

/** Appends a note, name and description filled up to 4 bytes; name_size counts the NUL. */
void put_note(struct buffer *out, const char *name, uint32_t name_size, uint32_t type,
              struct bytes description);

/** What the buffer holds, as bytes_copy(); the buffer is cleared. */
struct bytes buffer_bytes(struct buffer *buffer);

struct built_segment {
    uint32_t type, flags;
    uint64_t address;
    struct bytes data;
    uint64_t file_size;   ///< as the header says; 0: the size of data
    uint64_t memory_size; ///< 0: file_size
};

struct built_section {
    const char *name;
    uint32_t type;
    uint64_t flags, address;
    struct bytes data;
    uint64_t size; ///< as the header says; 0: the size of data
};

/**
 * A small ELF64 file: header, program headers, the segments' data in turn, the sections' data in
 * turn, section names, section headers. Section header 0 and the names' are added, where there are
 * sections or extended counts.
 */
struct built_elf {
    uint16_t type, machine; ///< machine 0: x86-64
    uint64_t entry;
    struct built_segment segments[6]; ///< up to the first of type 0
    uint32_t empty_segments;          ///< PT_LOADs of nothing behind them
    struct built_section sections[6]; ///< up to the first without a name
    bool extended;                    ///< counts in section header 0: PN_XNUM, 0, SHN_XINDEX
};

/** @return as bytes_copy() */
struct bytes elf_build(const struct built_elf *elf);

/** A copy with other bytes, written in hex, at offset. */
struct bytes bytes_patch(struct bytes bytes, size_t offset, const char *hex);
