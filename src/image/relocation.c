// SPDX-License-Identifier: MIT
#include "image/relocation_internal.h"

#include "base/alloc.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_SIZE = 24 }; ///< of Elf64_Rela
#ifndef DT_RELR
enum { DT_RELRSZ = 35, DT_RELR = 36 };
#endif

/** What PT_DYNAMIC says of relocations; addresses are the file's. */
struct tables {
    struct bytes rela, plt, relr;
};

static struct bytes table(const struct elf_file *file, const uint64_t *entries, int address,
                          int size)
{
    if (!entries[address] || !entries[size])
        return (struct bytes){0};
    return elf_file_at(file, entries[address], entries[size]);
}

/** @return false where the file does not say how it is relocated */
static bool read_dynamic(const struct elf_file *file, struct tables *out)
{
    uint64_t entries[DT_RELR + 1] = {0};
    size_t count = 0;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    struct bytes dynamic = {0};
    for (size_t i = 0; i < count && !dynamic.size; i++)
        if (segments[i].type == PT_DYNAMIC)
            dynamic = elf_file_at(file, segments[i].address, segments[i].file_size);
    for (size_t at = 0; at + 16 <= dynamic.size; at += 16) {
        uint64_t tag = load_u64(dynamic.data + at);
        if (tag == DT_NULL)
            break;
        if (tag < COUNT_OF(entries))
            entries[tag] = load_u64(dynamic.data + at + 8);
    }
    *out = (struct tables){table(file, entries, DT_RELA, DT_RELASZ),
                           table(file, entries, DT_JMPREL, DT_PLTRELSZ),
                           table(file, entries, DT_RELR, DT_RELRSZ)};
    return out->rela.size || out->relr.size;
}

static uint8_t *word_at(const struct relocated *piece, target_addr address)
{
    uint64_t skip = address - piece->address;
    return piece->size >= 8 && skip <= piece->size - 8 ? piece->data + skip : NULL;
}

static void store_u64(uint8_t *to, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static void apply_rela(struct bytes rela, uint16_t machine, target_addr bias,
                       const struct relocated *piece, struct relocated_list *out)
{
    uint32_t relative = machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
    for (size_t at = 0; at + ENTRY_SIZE <= rela.size; at += ENTRY_SIZE) {
        target_addr address = load_u64(rela.data + at) + bias;
        uint8_t *word = word_at(piece, address);
        uint32_t type = (uint32_t)load_u64(rela.data + at + 8);
        if (!word || !type)
            continue;
        if (type == relative)
            store_u64(word, load_u64(rela.data + at + 16) + bias);
        else
            ARRAY_PUSH(out->unknown, out->unknown_count, out->unknown_capacity) = address;
    }
}

/** An even entry is an address; an odd one has a bit for each of the 63 words that follow. */
static void apply_relr(struct bytes relr, target_addr bias, const struct relocated *piece)
{
    target_addr next = 0;
    for (size_t at = 0; at + 8 <= relr.size; at += 8) {
        uint64_t entry = load_u64(relr.data + at);
        bool is_address = !(entry & 1);
        uint64_t bits = is_address ? 1 : entry >> 1;
        if (is_address)
            next = entry;
        target_addr skip = piece->address - (next + bias); // wraps where the words lie behind it
        if (skip > 63 * 8 && next + bias - piece->address >= piece->size)
            bits = 0;
        for (target_addr address = next + bias; bits; bits >>= 1, address += 8) {
            uint8_t *word = bits & 1 ? word_at(piece, address) : NULL;
            if (word)
                store_u64(word, load_u64(word) + bias);
        }
        next += is_address ? 8 : 63 * 8;
    }
}

static int by_address(const void *a, const void *b)
{
    target_addr x = *(const target_addr *)a, y = *(const target_addr *)b;
    return (x > y) - (x < y);
}

void relocate(const struct elf_file *file, target_addr bias, target_addr start, target_addr end,
              uint64_t *budget, struct relocated_list *out)
{
    struct tables tables;
    size_t count = 0, first = out->count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    if (!read_dynamic(file, &tables))
        return;
    for (size_t i = 0; i < count; i++) {
        target_addr low = segments[i].address + bias;
        if (segments[i].type != PT_LOAD || low >= end || low + segments[i].file_size <= start)
            continue;
        low = low < start ? start : low;
        struct bytes bytes = elf_file_at(file, low - bias, end - low);
        if (!bytes.size || bytes.size > *budget)
            continue;
        *budget -= bytes.size;
        uint8_t *data = alloc_bytes(bytes.size);
        memcpy(data, bytes.data, bytes.size);
        ARRAY_PUSH(out->items, out->count, out->capacity) =
            (struct relocated){low, data, bytes.size};
    }
    for (size_t i = first; i < out->count; i++) {
        const struct relocated *piece = &out->items[i];
        apply_rela(tables.rela, elf_file_machine(file), bias, piece, out);
        apply_rela(tables.plt, elf_file_machine(file), bias, piece, out);
        apply_relr(tables.relr, bias, piece);
    }
    if (out->unknown_count)
        qsort(out->unknown, out->unknown_count, sizeof *out->unknown, by_address);
}

void relocated_list_clear(struct relocated_list *list)
{
    free(list->items);
    free(list->unknown);
    *list = (struct relocated_list){0};
}
