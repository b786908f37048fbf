// SPDX-License-Identifier: MIT
#pragma once

#include "image/core_file.h"
#include "image/elf_file.h"

/**
 * Memory of the target. A byte is present (in the core), known from a file (a page that the core
 * leaves out because it was never written), or absent; absent is never zero.
 *
 * The core's segments come first, [address, address + file_size) as far as the file holds them;
 * then the executable's PT_LOADs at bias, file-backed bytes only: what is read-only, and what the
 * dynamic linker makes read-only once it has relocated it (PT_GNU_RELRO) where the core lost that,
 * relocated again; words that stand for other files' symbols are absent. Of what stays writable
 * nothing.
 */
struct address_space;

/** @param core  borrowed, must outlive the result */
struct address_space *address_space_new(const struct core_file *core);

/**
 * The memory of a program before its first instruction, relocated: what it writes later stands
 * there as it was linked. For what is known never to change.
 *
 * @param file  borrowed, must outlive the result
 * @param bias  what the loader added to its addresses
 */
struct address_space *address_space_new_initial(const struct elf_file *file, target_addr bias);
void address_space_free(struct address_space *space);
DEFINE_AUTO(address_space);

/** Adds a file's read-only contents below the core's. file is borrowed. */
void address_space_add_file(struct address_space *space, const struct elf_file *file,
                            target_addr bias);

/** Reads size bytes. @return ERROR_UNMAPPED that names the first absent address; out is then
 * untouched */
MUST_USE struct error *address_space_read(const struct address_space *space, target_addr address,
                                          void *out, size_t size);

/** The same where failing is ordinary: no error object is made, out may be half written. */
bool address_space_try_read(const struct address_space *space, target_addr address, void *out,
                            size_t size);
bool address_space_try_u64(const struct address_space *space, target_addr address, uint64_t *out);
bool address_space_try_u32(const struct address_space *space, target_addr address, uint32_t *out);
bool address_space_try_u8(const struct address_space *space, target_addr address, uint8_t *out);

MUST_USE struct error *address_space_u64(const struct address_space *space, target_addr address,
                                         uint64_t *out);

/**
 * The contiguous bytes at address, at most max_size, borrowed from the mapping without copying;
 * fewer where a segment ends, empty where address is absent.
 */
struct bytes address_space_view(const struct address_space *space, target_addr address,
                                size_t max_size);

/** Asks for memory that is wanted soon, in pages that were touched before: nobody waits for it. */
void address_space_prefetch(const struct address_space *space, target_addr address, size_t size);

/**
 * Looks through memory for something: what is there of one range after another. Ranges come from
 * input, which may claim any size, or the same one any number of times.
 */
struct memory_scan {
    const struct address_space *space;
    target_addr at, end; ///< the range; at moves on
    uint64_t budget;     ///< bytes that may still be looked at; for all ranges together
    bool exhausted;      ///< the budget was too small for a piece
};

/**
 * The next piece that lies in one place.
 *
 * @param address  where it begins: a multiple of 8
 * @param piece    at least 8 bytes; borrowed from the mapping
 * @return false behind the last, and once the budget is used up
 */
bool memory_scan_next(struct memory_scan *scan, target_addr *address, struct bytes *piece);

/** Whether every byte of the range can be read. */
bool address_space_has(const struct address_space *space, target_addr address, uint64_t size);
