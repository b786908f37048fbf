// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "base/search.h"
#include "native_code_internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/** Symbols and their names; both empty where the file has none. */
struct symbol_table {
    struct bytes symbols, names;
};

/** A name in a table that may not end. */
static const char *name_at(struct bytes names, uint32_t offset)
{
    if (offset >= names.size || !memchr(names.data + offset, 0, names.size - offset))
        return "";
    return (const char *)names.data + offset;
}

/** Compilers and linkers number what they split off: foo.cold, foo.part.0; that is still code. */
static bool is_code(uint8_t type, uint16_t section)
{
    bool function = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
    return function && section != SHN_UNDEF && section < SHN_LORESERVE;
}

static uint8_t rank_of(uint8_t info, const char *name)
{
    uint8_t binding = ELF64_ST_BIND(info);
    uint8_t rank = binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;
    if (ELF64_ST_TYPE(info) == STT_NOTYPE)
        rank += 4;
    return (uint8_t)(2 * rank + (name[0] == '_')); // raise before __GI_raise
}

/** A symbol as its table has it. */
struct raw_symbol {
    const char *name;
    uint8_t info;
    uint16_t section;
    uint64_t value, size;
};

enum { SYMBOL_SIZE = 24 };

static size_t symbol_count(const struct symbol_table *table)
{
    size_t count = table->symbols.size / SYMBOL_SIZE;
    return count < LIMIT_SYMBOLS ? count : LIMIT_SYMBOLS;
}

static struct raw_symbol read_symbol(const struct symbol_table *table, size_t number)
{
    struct cursor c = {.bytes = table->symbols, .offset = number * SYMBOL_SIZE};
    struct raw_symbol symbol = {.name = name_at(table->names, cursor_u32(&c))};
    symbol.info = cursor_u8(&c);
    cursor_skip(&c, 1);
    symbol.section = cursor_u16(&c);
    symbol.value = cursor_u64(&c);
    symbol.size = cursor_u64(&c);
    return symbol;
}

static void add_symbols(struct native_module *module, const struct symbol_table *table)
{
    for (size_t i = 0; i < symbol_count(table); i++) {
        const struct raw_symbol raw = read_symbol(table, i);
        if (is_code(ELF64_ST_TYPE(raw.info), raw.section) && *raw.name)
            ARRAY_PUSH(module->symbols, module->symbol_count, module->symbol_capacity) =
                (struct native_symbol){raw.value, raw.size, raw.name, rank_of(raw.info, raw.name)};
    }
}

static bool section_bytes(struct elf_file *file, const char *name, struct bytes *out)
{
    const struct elf_section *section = elf_file_section(file, name);
    if (!section || section->type == SHT_NOBITS)
        return false;
    struct error *err = elf_file_section_data(file, section, out);
    bool ok = !err;
    error_ignore(err); // a frame without a name is still a frame
    return ok;
}

static struct symbol_table table_of_file(struct elf_file *file)
{
    struct symbol_table table = {0};
    if (!section_bytes(file, ".symtab", &table.symbols) ||
        !section_bytes(file, ".strtab", &table.names)) {
        table = (struct symbol_table){0};
        if (!section_bytes(file, ".dynsym", &table.symbols) ||
            !section_bytes(file, ".dynstr", &table.names))
            return (struct symbol_table){0};
    }
    return table;
}

/** The section of a type in an image's section headers: offset, size and link. */
static bool find_section(struct bytes image, uint32_t type, uint64_t headers, uint16_t count,
                         struct bytes *out, uint32_t *link)
{
    for (uint16_t i = 0; i < count; i++) {
        struct cursor c = {.bytes = bytes_slice(image, headers + 64u * i, 64), .offset = 4};
        uint32_t found = cursor_u32(&c);
        cursor_skip(&c, 16);
        uint64_t offset = cursor_u64(&c), size = cursor_u64(&c);
        *link = cursor_u32(&c);
        if (!cursor_ok(&c) || found != type)
            continue;
        *out = bytes_slice(image, offset, size);
        return out->size != 0;
    }
    return false;
}

/** The dynamic symbols of an image out of the core: the vdso has its section headers in memory. */
static struct symbol_table table_of_image(struct bytes image)
{
    struct symbol_table table = {0};
    struct cursor c = {.bytes = image, .offset = offsetof(Elf64_Ehdr, e_shoff)};
    uint64_t headers = cursor_u64(&c);
    cursor_skip(&c, offsetof(Elf64_Ehdr, e_shnum) - offsetof(Elf64_Ehdr, e_flags));
    uint16_t count = cursor_u16(&c);
    uint32_t link, unused;
    if (!cursor_ok(&c) || headers > image.size ||
        !find_section(image, SHT_DYNSYM, headers, count, &table.symbols, &link) || link >= count)
        return (struct symbol_table){0};
    if (!find_section(image, SHT_STRTAB, headers + 64u * link, (uint16_t)(count - link),
                      &table.names, &unused))
        return (struct symbol_table){0};
    return table;
}

static int by_value(const void *a, const void *b)
{
    const struct native_symbol *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void read_symbols(struct native_module *module)
{
    if (module->symbols_read)
        return;
    module->symbols_read = true;
    struct symbol_table table = {0};
    if (module->debug_file)
        table = table_of_file(module->debug_file);
    if (!table.symbols.size)
        table = module->file ? table_of_file(module->file)
                             : table_of_image(native_module_bytes(module));
    add_symbols(module, &table);
    if (module->symbol_count)
        qsort(module->symbols, module->symbol_count, sizeof *module->symbols, by_value);
}

const struct native_symbol *native_module_symbol(struct native_module *module, uint64_t address)
{
    // Of the symbols that begin before address a large one may be hidden behind small ones inside
    // it (labels of assembly); a few steps back find it.
    enum { STEPS_BACK = 64 };
    read_symbols(module);
    size_t begun = COUNT_WHILE(k, module->symbol_count, module->symbols[k].value <= address);
    const struct native_symbol *found = NULL;
    for (size_t i = begun, steps = 0; i-- > 0 && steps < STEPS_BACK; steps++) {
        const struct native_symbol *symbol = &module->symbols[i];
        if (found && found->size && symbol->value != found->value)
            break;
        bool covers = symbol->size ? address - symbol->value < symbol->size
                                   : symbol->value == module->symbols[begun - 1].value;
        // Those of one address come in the order of their rank, here the worst first.
        if (covers && (!found || symbol->size || !found->size))
            found = symbol;
    }
    return found;
}

bool native_module_variable(struct native_module *module, const char *name, target_addr *out)
{
    if (!module->file)
        return false;
    const struct symbol_table table = table_of_file(module->file);
    for (size_t i = 0; i < symbol_count(&table); i++) {
        const struct raw_symbol raw = read_symbol(&table, i);
        if (ELF64_ST_TYPE(raw.info) != STT_OBJECT || raw.section == SHN_UNDEF ||
            strcmp(raw.name, name) != 0)
            continue;
        *out = raw.value + module->bias;
        return true;
    }
    return false;
}
