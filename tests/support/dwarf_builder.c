// SPDX-License-Identifier: MIT
#include "support/dwarf_builder.h"
#include "support/elf_builder.h"
#include "support/support.h"

#include <elf.h>
#include <string.h>

// DWARF 5, 7.5.6: forms.
enum {
    FORM_ADDR = 0x01,
    FORM_STRING = 0x08,
    FORM_BLOCK1 = 0x0a,
    FORM_FLAG = 0x0c,
    FORM_UDATA = 0x0f,
    FORM_REF_ADDR = 0x10,
    FORM_SEC_OFFSET = 0x17,
};

static void put_uleb(struct buffer *out, uint64_t value)
{
    do {
        uint8_t byte = value & 0x7f;
        value >>= 7;
        put_u8(out, value ? byte | 0x80 : byte);
    } while (value);
}

static void end_abbreviation(struct built_dwarf *dwarf)
{
    if (dwarf->open)
        put_u16(&dwarf->abbrev, 0);
    dwarf->open = false;
}

void built_dwarf_begin(struct built_dwarf *dwarf, int version)
{
    *dwarf = (struct built_dwarf){.version = version};
    put_u32(&dwarf->info, 0); // the length, known at the end
    put_u16(&dwarf->info, (uint16_t)version);
    if (version >= 5) {
        put_u8(&dwarf->info, 1); // a compile unit
        put_u8(&dwarf->info, 8);
    }
    put_u32(&dwarf->info, 0);
    if (version < 5)
        put_u8(&dwarf->info, 8);
}

uint32_t built_die(struct built_dwarf *dwarf, unsigned tag, bool has_children)
{
    end_abbreviation(dwarf);
    uint32_t offset = (uint32_t)dwarf->info.size;
    dwarf->open = true;
    put_uleb(&dwarf->abbrev, ++dwarf->code);
    put_uleb(&dwarf->abbrev, tag);
    put_u8(&dwarf->abbrev, has_children);
    put_uleb(&dwarf->info, dwarf->code);
    return offset;
}

void built_end(struct built_dwarf *dwarf)
{
    end_abbreviation(dwarf);
    put_u8(&dwarf->info, 0);
}

static void attribute(struct built_dwarf *dwarf, unsigned name, unsigned form)
{
    put_uleb(&dwarf->abbrev, name);
    put_uleb(&dwarf->abbrev, form);
}

void built_string(struct built_dwarf *dwarf, unsigned name, const char *text)
{
    attribute(dwarf, name, FORM_STRING);
    buffer_append(&dwarf->info, text, strlen(text) + 1);
}

void built_udata(struct built_dwarf *dwarf, unsigned name, uint64_t value)
{
    attribute(dwarf, name, FORM_UDATA);
    put_uleb(&dwarf->info, value);
}

void built_address(struct built_dwarf *dwarf, unsigned name, uint64_t value)
{
    attribute(dwarf, name, FORM_ADDR);
    put_u64(&dwarf->info, value);
}

void built_flag(struct built_dwarf *dwarf, unsigned name, bool value)
{
    attribute(dwarf, name, FORM_FLAG);
    put_u8(&dwarf->info, value);
}

void built_block(struct built_dwarf *dwarf, unsigned name, struct bytes block)
{
    attribute(dwarf, name, FORM_BLOCK1);
    put_u8(&dwarf->info, (uint8_t)block.size);
    put_bytes(&dwarf->info, block);
}

void built_section_offset(struct built_dwarf *dwarf, unsigned name, uint32_t offset)
{
    attribute(dwarf, name, FORM_SEC_OFFSET);
    put_u32(&dwarf->info, offset);
}

size_t built_reference(struct built_dwarf *dwarf, unsigned name, uint32_t die)
{
    attribute(dwarf, name, FORM_REF_ADDR);
    put_u32(&dwarf->info, die);
    return dwarf->info.size - 4;
}

void built_refer(struct built_dwarf *dwarf, size_t place, uint32_t die)
{
    for (unsigned i = 0; i < 4; i++)
        dwarf->info.data[place + i] = (char)(die >> (8 * i));
}

void built_code(struct built_dwarf *dwarf, uint64_t low, uint64_t high)
{
    built_address(dwarf, 0x11, low);
    built_address(dwarf, 0x12, high);
}

struct bytes built_dwarf_elf(struct built_dwarf *dwarf)
{
    end_abbreviation(dwarf);
    put_u8(&dwarf->abbrev, 0);
    built_refer(dwarf, 0, (uint32_t)dwarf->info.size - 4);
    bool is_five = dwarf->version >= 5;
    struct built_elf elf = {.type = ET_EXEC};
    struct built_section *section = elf.sections;
    *section++ = (struct built_section){
        .name = ".debug_info", .type = SHT_PROGBITS, .data = buffer_bytes(&dwarf->info)};
    *section++ = (struct built_section){
        .name = ".debug_abbrev", .type = SHT_PROGBITS, .data = buffer_bytes(&dwarf->abbrev)};
    if (dwarf->loc.size)
        *section++ = (struct built_section){.name = is_five ? ".debug_loclists" : ".debug_loc",
                                            .type = SHT_PROGBITS,
                                            .data = dwarf->loc};
    if (dwarf->ranges.size)
        *section++ = (struct built_section){.name = is_five ? ".debug_rnglists" : ".debug_ranges",
                                            .type = SHT_PROGBITS,
                                            .data = dwarf->ranges};
    if (dwarf->addr.size)
        *section++ = (struct built_section){
            .name = ".debug_addr", .type = SHT_PROGBITS, .data = dwarf->addr};
    *dwarf = (struct built_dwarf){0};
    return elf_build(&elf);
}
