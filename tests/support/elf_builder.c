// SPDX-License-Identifier: MIT
#include "support/elf_builder.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

// Numbers are written out here, not taken from <elf.h>: the code under test takes them from there.

static void put(struct buffer *out, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        buffer_putc(out, (char)(value >> (8 * i)));
}

void put_u8(struct buffer *out, uint8_t value)
{
    put(out, value, 1);
}

void put_u16(struct buffer *out, uint16_t value)
{
    put(out, value, 2);
}

void put_u32(struct buffer *out, uint32_t value)
{
    put(out, value, 4);
}

void put_u64(struct buffer *out, uint64_t value)
{
    put(out, value, 8);
}

void put_zeros(struct buffer *out, size_t count)
{
    while (count--)
        buffer_putc(out, 0);
}

void put_bytes(struct buffer *out, struct bytes bytes)
{
    buffer_append(out, bytes.data, bytes.size);
}

void put_note(struct buffer *out, const char *name, uint32_t name_size, uint32_t type,
              struct bytes description)
{
    put_u32(out, name_size);
    put_u32(out, (uint32_t)description.size);
    put_u32(out, type);
    for (uint32_t i = 0; i < name_size; i++)
        buffer_putc(out, i < strlen(name) ? name[i] : 0);
    put_zeros(out, -name_size & 3);
    put_bytes(out, description);
    put_zeros(out, -description.size & 3);
}

struct bytes buffer_bytes(struct buffer *buffer)
{
    struct bytes bytes = bytes_copy(buffer->data, buffer->size);
    buffer_clear(buffer);
    return bytes;
}

static size_t count_segments(const struct built_elf *elf)
{
    size_t count = 0;
    while (count < COUNT_OF(elf->segments) && elf->segments[count].type)
        count++;
    return count;
}

static size_t count_sections(const struct built_elf *elf)
{
    size_t count = 0;
    while (count < COUNT_OF(elf->sections) && elf->sections[count].name)
        count++;
    return count;
}

static void put_section_header(struct buffer *out, uint32_t name, uint32_t type, uint64_t flags,
                               uint64_t address, uint64_t offset, uint64_t size, uint32_t link,
                               uint32_t info)
{
    put_u32(out, name);
    put_u32(out, type);
    put_u64(out, flags);
    put_u64(out, address);
    put_u64(out, offset);
    put_u64(out, size);
    put_u32(out, link);
    put_u32(out, info);
    put_u64(out, 1); // sh_addralign
    put_u64(out, 0); // sh_entsize
}

/** Section data and headers. @return the headers' offset */
static uint64_t put_sections(struct buffer *out, const struct built_elf *elf, uint32_t phnum)
{
    size_t count = count_sections(elf);
    AUTO_TEXT names = {0};
    AUTO_TEXT headers = {0};
    uint32_t total = (uint32_t)count + 2, last = total - 1;
    put_section_header(&headers, 0, 0, 0, 0, 0, elf->extended ? total : 0, elf->extended ? last : 0,
                       elf->extended ? phnum : 0);
    buffer_putc(&names, 0);
    for (size_t i = 0; i < count; i++) {
        const struct built_section *s = &elf->sections[i];
        put_section_header(&headers, (uint32_t)names.size, s->type, s->flags, s->address, out->size,
                           s->size ? s->size : s->data.size, 0, 0);
        buffer_append(&names, s->name, strlen(s->name) + 1);
        put_bytes(out, s->data);
    }
    uint32_t own_name = (uint32_t)names.size;
    buffer_append(&names, ".shstrtab", 10);
    put_section_header(&headers, own_name, 3, 0, 0, out->size, names.size, 0, 0);
    buffer_append(out, names.data, names.size);
    uint64_t offset = out->size;
    buffer_append(out, headers.data, headers.size);
    return offset;
}

static void put_program_headers(struct buffer *out, const struct built_elf *elf)
{
    size_t count = count_segments(elf);
    uint64_t offset = 64 + (count + elf->empty_segments) * 56;
    for (size_t i = 0; i < count + elf->empty_segments; i++) {
        static const struct built_segment empty = {.type = 1, .flags = 4};
        const struct built_segment *s = i < count ? &elf->segments[i] : &empty;
        uint64_t file_size = s->file_size ? s->file_size : s->data.size;
        put_u32(out, s->type);
        put_u32(out, s->flags);
        put_u64(out, offset);
        put_u64(out, s->address);
        put_u64(out, 0x5555); // p_paddr
        put_u64(out, file_size);
        put_u64(out, s->memory_size ? s->memory_size : file_size);
        put_u64(out, 0x1000);
        offset += s->data.size;
    }
}

static void put_header(struct buffer *out, const struct built_elf *elf, uint64_t shoff)
{
    uint32_t phnum = (uint32_t)count_segments(elf) + elf->empty_segments;
    uint16_t shnum = (uint16_t)(count_sections(elf) + 2);
    buffer_append(out, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16);
    put_u16(out, elf->type);
    put_u16(out, elf->machine ? elf->machine : 62);
    put_u32(out, 1);
    put_u64(out, elf->entry);
    put_u64(out, 64);
    put_u64(out, shoff);
    put_u32(out, 0);
    put_u16(out, 64);
    put_u16(out, 56);
    put_u16(out, elf->extended ? 0xffff : (uint16_t)phnum);
    put_u16(out, 64);
    put_u16(out, shoff && !elf->extended ? shnum : 0);
    put_u16(out, elf->extended ? 0xffff : shoff ? (uint16_t)(shnum - 1) : 0);
}

struct bytes elf_build(const struct built_elf *elf)
{
    AUTO_TEXT body = {0};
    uint64_t shoff = 0;
    put_zeros(&body, 64); // the header's place, so that offsets are those of the file
    put_program_headers(&body, elf);
    for (size_t i = 0; i < count_segments(elf); i++)
        put_bytes(&body, elf->segments[i].data);
    if (count_sections(elf) || elf->extended)
        shoff = put_sections(&body, elf, (uint32_t)count_segments(elf) + elf->empty_segments);
    AUTO_TEXT whole = {0};
    put_header(&whole, elf, shoff);
    buffer_append(&whole, body.data + 64, body.size - 64);
    return buffer_bytes(&whole);
}

struct bytes bytes_patch(struct bytes bytes, size_t offset, const char *hex)
{
    struct bytes patch = bytes_from_hex(hex);
    if (offset + patch.size > bytes.size)
        abort();
    struct bytes copy = bytes_copy(bytes.data, bytes.size);
    memcpy((uint8_t *)copy.data + offset, patch.data, patch.size);
    return copy;
}
