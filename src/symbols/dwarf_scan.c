// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/checked.h"
#include "dwarf_scan_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    ABBREVIATIONS_MAX = 1 << 16,
};

/** How to get past part of a DIE. */
struct scan_op {
    enum { PASS_BYTES, PASS_STRING, PASS_LEB, PASS_BLOCK_LEB, PASS_BLOCK } kind;
    uint32_t size; ///< PASS_BYTES: how many; PASS_BLOCK: of the block's own size
};

struct abbreviation_attribute {
    uint16_t name, form;
};

struct abbreviation {
    uint16_t tag;
    bool has_children;
    uint32_t attributes, attribute_count; ///< in abbreviation_table
    uint32_t ops, op_count;               ///< neighbours of known size are one
};

struct abbreviation_table {
    bool usable;
    struct abbreviation *items; ///< by code - 1
    size_t count, capacity;
    struct abbreviation_attribute *attributes;
    size_t attribute_count, attribute_capacity;
    struct scan_op *ops;
    size_t op_count, op_capacity;
};

/** How to get past a form, in 32-bit DWARF 3 and later with addresses of 8 bytes. */
static bool op_of_form(unsigned form, struct scan_op *out)
{
    *out = (struct scan_op){.kind = PASS_BYTES};
    switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const: // its value stands in the abbreviation
        return true;
    case DW_FORM_data1:
    case DW_FORM_flag:
    case DW_FORM_ref1:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
        out->size = 1;
        return true;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
        out->size = 2;
        return true;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
        out->size = 3;
        return true;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
    case DW_FORM_ref_addr:
    case DW_FORM_sec_offset:
    case DW_FORM_strp:
    case DW_FORM_line_strp:
        out->size = 4;
        return true;
    case DW_FORM_addr:
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
        out->size = 8;
        return true;
    case DW_FORM_data16:
        out->size = 16;
        return true;
    case DW_FORM_string:
        out->kind = PASS_STRING;
        return true;
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
        out->kind = PASS_LEB;
        return true;
    case DW_FORM_block:
    case DW_FORM_exprloc:
        out->kind = PASS_BLOCK_LEB;
        return true;
    case DW_FORM_block1:
    case DW_FORM_block2:
    case DW_FORM_block4:
        *out = (struct scan_op){PASS_BLOCK, form == DW_FORM_block1   ? 1
                                            : form == DW_FORM_block2 ? 2
                                                                     : 4};
        return true;
    default:
        return false;
    }
}

static void add_op(struct abbreviation_table *table, struct abbreviation *to,
                   const struct scan_op *op)
{
    struct scan_op *last = to->op_count ? &table->ops[table->op_count - 1] : NULL;
    if (op->kind == PASS_BYTES && (op->size == 0 || (last && last->kind == PASS_BYTES))) {
        if (last)
            last->size += op->size;
        return;
    }
    ARRAY_PUSH(table->ops, table->op_count, table->op_capacity) = *op;
    to->op_count++;
}

/** Reads one abbreviation behind its code; false where it cannot be used. */
static bool read_abbreviation(struct abbreviation_table *table, struct cursor *from)
{
    uint64_t tag = cursor_uvarint(from);
    struct abbreviation one = {.tag = (uint16_t)tag,
                               .has_children = cursor_u8(from) != 0,
                               .attributes = (uint32_t)table->attribute_count,
                               .ops = (uint32_t)table->op_count};
    while (cursor_ok(from)) {
        uint64_t name = cursor_uvarint(from), form = cursor_uvarint(from);
        struct scan_op op;
        if (!name && !form)
            break;
        if (form == DW_FORM_implicit_const)
            cursor_uvarint(from);
        if (name > UINT16_MAX || form > UINT16_MAX || !op_of_form((unsigned)form, &op))
            return false;
        ARRAY_PUSH(table->attributes, table->attribute_count, table->attribute_capacity) =
            (struct abbreviation_attribute){(uint16_t)name, (uint16_t)form};
        one.attribute_count++;
        add_op(table, &one, &op);
    }
    ARRAY_PUSH(table->items, table->count, table->capacity) = one;
    return cursor_ok(from) && tag <= UINT16_MAX;
}

/**
 * Compilers number them from 1 on; what is numbered otherwise is left to libdw.
 * @return how many bytes were read
 */
static uint64_t read_table(struct bytes section, uint64_t offset, struct abbreviation_table *out)
{
    struct cursor from = {.bytes = section, .offset = (size_t)offset};
    uint64_t code = cursor_uvarint(&from);
    while (code == out->count + 1 && out->count < ABBREVIATIONS_MAX &&
           read_abbreviation(out, &from))
        code = cursor_uvarint(&from);
    out->usable = !code && cursor_ok(&from);
    return from.offset - offset;
}

/** A section of the image that libdw reads. */
static struct bytes section_of(const struct dwarf_index *index, const char *name)
{
    size_t size, names;
    const char *image = elf_rawfile(index->elf, &size);
    Elf_Scn *section = NULL;
    if (!image || elf_getshdrstrndx(index->elf, &names) != 0)
        return (struct bytes){0};
    while ((section = elf_nextscn(index->elf, section))) {
        const Elf64_Shdr *header = elf64_getshdr(section);
        const char *text = header ? elf_strptr(index->elf, names, header->sh_name) : NULL;
        if (text && strcmp(text, name) == 0)
            return bytes_slice((struct bytes){(const uint8_t *)image, size}, header->sh_offset,
                               header->sh_size);
    }
    return (struct bytes){0};
}

static const struct abbreviation_table *table_at(struct dwarf_index *index, uint64_t offset)
{
    if (!index->info.size) {
        index->info = section_of(index, ".debug_info");
        index->abbrev = section_of(index, ".debug_abbrev");
        index->table_by_offset = table_new();
    }
    uint64_t *slot = table_add(index->table_by_offset, offset, NULL);
    if (*slot)
        return index->tables[*slot - 1]->usable ? index->tables[*slot - 1] : NULL;
    struct abbreviation_table *table = alloc_zeroed(1, sizeof *table);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers
    ARRAY_PUSH(index->tables, index->table_count, index->table_capacity) = table;
    *slot = index->table_count;
    // Tables that overlap could be read as often as there are units.
    if (offset < index->abbrev.size && index->abbrev_read <= index->abbrev.size)
        index->abbrev_read += read_table(index->abbrev, offset, table);
    return table->usable ? table : NULL;
}

void abbreviation_tables_free(struct abbreviation_table **tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(tables[i]->items);
        free(tables[i]->attributes);
        free(tables[i]->ops);
        free(tables[i]);
    }
    free(tables);
}

/** A LEB128 of at most 10 bytes; false where it does not end in time. */
static inline bool read_leb(struct bytes unit, size_t *at, uint64_t *out)
{
    if (*at < unit.size && unit.data[*at] < 0x80) { // nearly all
        *out = unit.data[(*at)++];
        return true;
    }
    struct cursor from = {.bytes = unit, .offset = *at};
    *out = cursor_uvarint(&from);
    *at = from.offset;
    return cursor_ok(&from);
}

static bool pass(struct bytes unit, size_t *at, const struct scan_op *op)
{
    uint64_t size = op->size;
    switch (op->kind) {
    case PASS_BYTES:
        break;
    case PASS_STRING: {
        const uint8_t *end =
            *at < unit.size ? memchr(unit.data + *at, '\0', unit.size - *at) : NULL;
        if (!end)
            return false;
        *at = (size_t)(end - unit.data) + 1;
        return true;
    }
    case PASS_LEB:
        return read_leb(unit, at, &size);
    case PASS_BLOCK_LEB:
        if (!read_leb(unit, at, &size))
            return false;
        break;
    case PASS_BLOCK:
        if (!range_fits(*at, op->size, unit.size))
            return false;
        size = load_uint(unit.data + *at, op->size);
        *at += op->size;
        break;
    }
    if (!range_fits(*at, size, unit.size))
        return false;
    *at += (size_t)size;
    return true;
}

/** The abbreviation of the DIE here, behind its code; NULL: the end of its siblings, or no DIE. */
static inline const struct abbreviation *abbreviation_here(struct die_scan *scan, bool *broken)
{
    uint64_t code;
    *broken = !read_leb(scan->unit, &scan->at, &code) || code > scan->table->count;
    return *broken || !code ? NULL : &scan->table->items[code - 1];
}

/** Goes past all that lies below the last DIE. */
static bool pass_children(struct die_scan *scan)
{
    if (scan->below && scan->sibling) {
        bool ahead = scan->sibling >= scan->at && scan->sibling <= scan->unit.size;
        scan->at = scan->sibling;
        scan->below = 0;
        return ahead;
    }
    while (scan->below) {
        bool broken;
        const struct abbreviation *one = abbreviation_here(scan, &broken);
        if (broken)
            return false;
        if (!one) {
            scan->below--;
            continue;
        }
        const struct scan_op *op = &scan->table->ops[one->ops], *end = op + one->op_count;
        for (; op < end; op++)
            if (!pass(scan->unit, &scan->at, op))
                return false;
        scan->below += one->has_children;
    }
    return true;
}

/** What a form of known size or a LEB128 holds; false for others. */
static bool number_at(struct bytes unit, size_t at, unsigned form, uint64_t *out)
{
    struct scan_op op;
    if (!op_of_form(form, &op) || (op.kind != PASS_BYTES && form != DW_FORM_udata))
        return false;
    if (form == DW_FORM_udata)
        return read_leb(unit, &at, out);
    if (!op.size || op.size > sizeof *out || !range_fits(at, op.size, unit.size))
        return false;
    *out = load_uint(unit.data + at, op.size);
    return true;
}

static bool is_constant(unsigned form)
{
    return form == DW_FORM_data1 || form == DW_FORM_data2 || form == DW_FORM_data4 ||
           form == DW_FORM_data8 || form == DW_FORM_udata;
}

/** Reads what is asked for of a DIE at the top. */
static bool read_attributes(struct die_scan *scan, const struct abbreviation *one,
                            struct scanned_die *out)
{
    bool low = false, high = false, relative = false;
    for (size_t i = 0; i < one->attribute_count; i++) {
        const struct abbreviation_attribute *attribute =
            &scan->table->attributes[one->attributes + i];
        size_t at = scan->at;
        struct scan_op op;
        uint64_t value;
        if (!op_of_form(attribute->form, &op) || !pass(scan->unit, &scan->at, &op))
            return false;
        switch (attribute->name) {
        case DW_AT_name:
            if (attribute->form == DW_FORM_string)
                out->name = (const char *)scan->unit.data + at;
            else
                out->refers = true;
            break;
        case DW_AT_abstract_origin:
        case DW_AT_specification:
            out->refers = true;
            break;
        case DW_AT_low_pc:
            low = attribute->form == DW_FORM_addr &&
                  number_at(scan->unit, at, attribute->form, &out->low);
            out->range_spelt = true;
            break;
        case DW_AT_high_pc:
            relative = is_constant(attribute->form);
            high = (relative || attribute->form == DW_FORM_addr) &&
                   number_at(scan->unit, at, attribute->form, &out->high);
            out->range_spelt = true;
            break;
        case DW_AT_ranges:
            out->range_spelt = true;
            break;
        case DW_AT_sibling:
            if (attribute->form != DW_FORM_ref_addr && attribute->form != DW_FORM_ref_sig8 &&
                number_at(scan->unit, at, attribute->form, &value))
                scan->sibling = (size_t)value;
            break;
        }
    }
    out->has_range = low && high;
    if (relative)
        out->high += out->low;
    return true;
}

/** Finds the unit's bytes and abbreviations; false where libdw has to be asked. */
static bool open_unit(struct die_scan *scan)
{
    enum { HEADER_4 = 11, HEADER_5 = 12, LENGTH_64_BIT = 0xfffffff0 };
    Dwarf_Off offset = dwarf_dieoffset(&scan->die), inside = dwarf_cuoffset(&scan->die);
    struct dwarf_index *index = scan->index;
    if (!index->info.size)
        table_at(index, 0);
    if (inside > offset || !range_fits(offset - inside, HEADER_5, index->info.size))
        return false;
    scan->start = offset - inside;
    struct cursor header = {.bytes = index->info, .offset = scan->start};
    uint32_t length = cursor_u32(&header);
    unsigned version = cursor_u16(&header), address_size = 0;
    if (version >= 5)
        cursor_u8(&header); // the kind of unit
    if (version >= 5)
        address_size = cursor_u8(&header);
    uint64_t abbreviations = cursor_u32(&header);
    if (version < 5)
        address_size = cursor_u8(&header);
    if (length >= LENGTH_64_BIT || version < 3 || version > 5 || address_size != 8 ||
        inside != (version >= 5 ? HEADER_5 : HEADER_4))
        return false;
    scan->unit = bytes_slice(index->info, scan->start, (uint64_t)length + 4);
    scan->at = inside;
    scan->table = scan->unit.size ? table_at(index, abbreviations) : NULL;
    return scan->table != NULL;
}

void die_scan_begin(struct die_scan *scan, struct dwarf_index *index, const struct unit *unit)
{
    *scan = (struct die_scan){.index = index, .die = unit->die};
    struct scanned_die root = {0};
    bool broken;
    if (!open_unit(scan))
        return;
    const struct abbreviation *one = abbreviation_here(scan, &broken);
    scan->ended = !one || !one->has_children || !read_attributes(scan, one, &root);
    scan->sibling = 0;
}

static bool next_through_libdw(struct die_scan *scan, struct scanned_die *out)
{
    Dwarf_Die *die = &scan->die;
    int status = scan->begun ? die_sibling(die, die) : die_child(die, die);
    scan->begun = true;
    scan->ended = status != 0;
    if (scan->ended)
        return false;
    *out = (struct scanned_die){
        .offset = dwarf_dieoffset(die), .tag = dwarf_tag(die), .refers = true, .range_spelt = true};
    return true;
}

bool die_scan_next(struct die_scan *scan, struct scanned_die *out)
{
    if (scan->ended)
        return false;
    if (!scan->table)
        return next_through_libdw(scan, out);
    bool broken;
    const struct abbreviation *one = NULL;
    scan->ended = !pass_children(scan);
    size_t at = scan->at;
    if (!scan->ended)
        one = abbreviation_here(scan, &broken);
    scan->sibling = 0;
    *out = (struct scanned_die){.offset = scan->start + at, .tag = one ? one->tag : 0};
    scan->ended = !one || !read_attributes(scan, one, out);
    scan->below = one && one->has_children;
    return !scan->ended;
}

const char *die_scan_name(const struct die_scan *scan, const struct scanned_die *die)
{
    Dwarf_Die found;
    if (die->name || !die->refers)
        return die->name;
    return dwarf_offdie(scan->index->dwarf, die->offset, &found) ? dwarf_diename(&found) : NULL;
}
