// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "image/elf_file_internal.h"

#include <elf.h>
#include <string.h>

enum { SYM_SIZE = 24 };

enum { NAMES_BEFORE_INDEX = 8 }; // a pass over the symbols costs about a tenth of their index

/** The symbols and their names; empty where there are none. */
struct symbols {
    struct bytes table, names;
    size_t count;
};

static struct symbols find_symbols(struct elf_file *file)
{
    struct symbols symbols = {0};
    const struct elf_section *symtab = elf_file_section(file, ".symtab");
    const struct elf_section *strtab = elf_file_section(file, ".strtab");
    struct error *err = NULL;
    if (!symtab || !strtab)
        return symbols;
    if ((err = elf_file_section_data(file, symtab, &symbols.table)) ||
        (err = elf_file_section_data(file, strtab, &symbols.names))) {
        error_ignore(err); // a table that cannot be read names nothing
        return (struct symbols){0};
    }
    symbols.count = symbols.table.size / SYM_SIZE;
    return symbols;
}

/** The name of a symbol that stands for something in the program, NULL for others. */
static const char *symbol_name(const struct symbols *symbols, size_t number)
{
    const uint8_t *sym = symbols->table.data + number * SYM_SIZE;
    unsigned type = sym[4] & 15;
    if (load_u16(sym + 6) == SHN_UNDEF || type == STT_FILE || type == STT_SECTION)
        return NULL;
    return elf_string_at(symbols->names, load_u32(sym));
}

/** FNV-1a */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    return hash;
}

static struct table *index_symbols(const struct symbols *symbols)
{
    struct table *index = table_new();
    for (size_t i = 0; i < symbols->count && i < LIMIT_SYMBOLS; i++) {
        const char *name = symbol_name(symbols, i);
        bool added = false;
        uint64_t *slot = name ? table_add(index, hash_name(name), &added) : NULL;
        if (added)
            *slot = i + 1;
    }
    return index;
}

static bool scan_symbols(const struct symbols *symbols, const char *name, size_t *out)
{
    size_t size = strlen(name) + 1;
    for (size_t i = 0; i < symbols->count; i++) {
        const uint8_t *sym = symbols->table.data + i * SYM_SIZE;
        // The bytes first: nearly all names differ in them, and their length need not be known.
        struct bytes stored = bytes_slice(symbols->names, load_u32(sym), size);
        if (!stored.size || memcmp(stored.data, name, size) != 0 || !symbol_name(symbols, i))
            continue;
        *out = i;
        return true;
    }
    return false;
}

bool elf_file_symbol(struct elf_file *file, const char *name, target_addr *out)
{
    struct symbols symbols = find_symbols(file);
    if (!symbols.count)
        return false;
    pthread_mutex_lock(&file->lock);
    if (++file->names_looked_up > NAMES_BEFORE_INDEX && !file->symbols)
        file->symbols = index_symbols(&symbols);
    struct table *index = file->symbols; // never changes once it is there
    pthread_mutex_unlock(&file->lock);

    size_t number = 0;
    const uint64_t *slot = index ? table_find(index, hash_name(name)) : NULL;
    const char *indexed = slot ? symbol_name(&symbols, (size_t)*slot - 1) : NULL;
    bool found = indexed && strcmp(indexed, name) == 0;
    if (found)
        number = (size_t)*slot - 1;
    else if (!index || slot || symbols.count > LIMIT_SYMBOLS)
        found = scan_symbols(&symbols, name, &number); // not indexed, or another name's hash
    if (found)
        *out = load_u64(symbols.table.data + number * SYM_SIZE + 8);
    return found;
}

bool elf_file_next_symbol(struct elf_file *file, const char *prefix, size_t *position,
                          const char **name, target_addr *value)
{
    struct symbols symbols = find_symbols(file);
    size_t size = strlen(prefix);
    while (*position < symbols.count) {
        size_t number = (*position)++;
        const uint8_t *sym = symbols.table.data + number * SYM_SIZE;
        struct bytes stored = bytes_slice(symbols.names, load_u32(sym), size);
        if (!stored.size || memcmp(stored.data, prefix, size) != 0)
            continue;
        *name = symbol_name(&symbols, number);
        *value = load_u64(sym + 8);
        if (*name)
            return true;
    }
    return false;
}

bool elf_file_symbol_at(struct elf_file *file, target_addr value, const char **name, uint64_t *size)
{
    struct symbols symbols = find_symbols(file);
    bool found = false;
    for (size_t i = 0; i < symbols.count; i++) {
        const uint8_t *sym = symbols.table.data + i * SYM_SIZE;
        const char *its_name = load_u64(sym + 8) == value ? symbol_name(&symbols, i) : NULL;
        if (!its_name)
            continue;
        *name = found ? NULL : its_name;
        *size = load_u64(sym + 16);
        if (found)
            break;
        found = true;
    }
    return found;
}

bool elf_file_has_symtab(const struct elf_file *file)
{
    return elf_file_section(file, ".symtab") != NULL;
}
