// SPDX-License-Identifier: MIT
#include "symbols/moduledata.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "base/limits.h"
#include "program_files_internal.h"
#include "symbols/program.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>

enum { FUNCTIONS_MAX = 1 << 24 }; // a gigabyte of text in functions of 64 bytes

/** A module under construction, with what is needed to read it. */
struct reader {
    const struct program *program;
    struct module_list *list;
    size_t capacity;
};

static uint64_t field(const struct program *program, target_addr address, enum go_field_id id)
{
    uint64_t value;
    go_field_read(program->release, program->space, address, id, &value);
    return value;
}

static void *keep(struct module_list *list, void *memory)
{
    return ARRAY_PUSH(list->owned, list->owned_count, list->owned_capacity) = memory;
}

/** Bytes of all files that hold Go code. */
static uint64_t files_size(const struct program *program)
{
    uint64_t size = elf_file_bytes(program->binary).size;
    for (size_t i = 0; i < program->plugin_count; i++)
        size += elf_file_bytes(program->plugins[i].file).size;
    return size;
}

/**
 * A whole table. Borrowed from the core or from the file where it lies in one piece there; a table
 * that straddles both (the core holds its first page alone) is put together. It came out of the
 * binary, so it is no larger than that: segments that show the same bytes many times are.
 */
static struct bytes table_bytes(struct reader *reader, target_addr address, uint64_t size)
{
    const struct program *program = reader->program;
    struct bytes view = address_space_view(program->space, address, size);
    if (view.size >= size)
        return bytes_slice(view, 0, size);
    if (size > files_size(program) || !address_space_has(program->space, address, size))
        return (struct bytes){0};
    uint8_t *copy = alloc_bytes(size);
    if (!address_space_try_read(program->space, address, copy, size)) {
        free(copy);
        return (struct bytes){0};
    }
    return (struct bytes){keep(reader->list, copy), size};
}

/** The table that a slice field of the moduledata describes. */
static struct bytes slice_table(struct reader *reader, target_addr address, enum go_field_id id,
                                uint64_t element_size)
{
    struct go_member member = go_release_member(reader->program->release, id);
    uint64_t data, count, size;
    if (!member.present ||
        !address_space_try_u64(reader->program->space, address + member.offset, &data) ||
        !address_space_try_u64(reader->program->space, address + member.offset + 8, &count) ||
        !checked_multiply(count, element_size, &size))
        return (struct bytes){0};
    return table_bytes(reader, data, size);
}

static void read_ranges(const struct program *program, target_addr address, struct module *module)
{
    const struct {
        enum go_field_id id;
        target_addr *out;
    } fields[] = {
        {FIELD_md_minpc, &module->min_pc},
        {FIELD_md_maxpc, &module->max_pc},
        {FIELD_md_text, &module->text},
        {FIELD_md_etext, &module->etext},
        {FIELD_md_data, &module->data},
        {FIELD_md_edata, &module->edata},
        {FIELD_md_bss, &module->bss},
        {FIELD_md_ebss, &module->ebss},
        {FIELD_md_noptrdata, &module->noptrdata},
        {FIELD_md_enoptrdata, &module->enoptrdata},
        {FIELD_md_noptrbss, &module->noptrbss},
        {FIELD_md_enoptrbss, &module->enoptrbss},
        {FIELD_md_types, &module->types},
        {FIELD_md_etypes, &module->etypes},
        {FIELD_md_gofunc, &module->gofunc},
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        *fields[i].out = field(program, address, fields[i].id);
    uint64_t typedesc_size = field(program, address, FIELD_md_typedesclen);
    module->typedesc_end = typedesc_size ? module->types + typedesc_size : 0;
}

static bool ranges_are_sane(const struct module *module)
{
    return module->text <= module->min_pc && module->min_pc < module->max_pc &&
           module->max_pc <= module->etext + 16 && module->data <= module->edata &&
           module->edata <= module->bss && module->bss <= module->ebss &&
           module->types <= module->etypes;
}

static void read_tables(struct reader *reader, struct module *module)
{
    target_addr address = module->address;
    module->pclntable = slice_table(reader, address, FIELD_md_pclntable, 1);
    module->pclntable_address = field(reader->program, address, FIELD_md_pclntable);
    if (module->minor <= 15) { // one table holds everything
        module->funcnametab = module->pctab = module->pclntable;
        module->filetab = slice_table(reader, address, FIELD_md_filetab, 4);
        return;
    }
    module->funcnametab = slice_table(reader, address, FIELD_md_funcnametab, 1);
    module->pctab = slice_table(reader, address, FIELD_md_pctab, 1);
    module->filetab = slice_table(reader, address, FIELD_md_filetab, 1);
    module->cutab = slice_table(reader, address, FIELD_md_cutab, 4);
}

/** Releases the copies beyond the first count: those of a module that turned out not to be one. */
static void drop_copies(struct module_list *list, size_t count)
{
    while (list->owned_count > count)
        free(list->owned[--list->owned_count]);
}

/** What begins the function tables of some releases. */
static uint32_t magic_of(int minor)
{
    return minor <= 15   ? 0xfffffffb
           : minor <= 17 ? 0xfffffffa
           : minor <= 19 ? 0xfffffff0
                         : 0xfffffff1;
}

/**
 * Whether what lies at an address is a function table of the release's; with a magic that no
 * release has it may be one, for obfuscators choose one at random.
 */
static bool is_pclntab(const struct program *program, target_addr address)
{
    uint8_t header[8];
    if (!address_space_try_read(program->space, address, header, sizeof header))
        return false;
    uint32_t magic = load_u32(header);
    for (int minor = GO_RELEASE_OLDEST; minor <= GO_RELEASE_NEWEST; minor++)
        if (magic == magic_of(minor) && magic != magic_of(program->release->minor))
            return false;
    return magic && header[4] == 0 && header[5] == 0 && header[6] == program->arch->quantum &&
           header[7] == 8;
}

/** Whether nothing was left of a table: no first entry is zero, but where its section was removed.
 */
static bool is_wiped(struct bytes ftab)
{
    return ftab.size >= 16 && !load_u64(ftab.data) && !load_u64(ftab.data + 8);
}

static struct error *read_module(struct reader *reader, target_addr address, struct module *out)
{
    size_t copies = reader->list->owned_count;
    const struct program *program = reader->program;
    struct module module = {.address = address,
                            .minor = program->release->minor,
                            .quantum = program->arch->quantum,
                            .release = program->release,
                            .space = program->space};
    read_ranges(program, address, &module);
    if (!ranges_are_sane(&module))
        return error_new(ERROR_CORRUPT,
                         "moduledata at %#" PRIx64 ": its ranges contradict each other", address);
    struct go_member ftab = go_release_member(program->release, FIELD_md_ftab);
    uint64_t data, count;
    if (!address_space_try_u64(program->space, address + ftab.offset, &data) ||
        !address_space_try_u64(program->space, address + ftab.offset + 8, &count))
        return error_new(ERROR_UNMAPPED, "moduledata at %#" PRIx64 " is not in the core", address);
    if (count < 2 || count > FUNCTIONS_MAX)
        return error_new(ERROR_CORRUPT, "moduledata at %#" PRIx64 ": %" PRIu64 " functions",
                         address, count);
    module.function_count = count - 1; // an end mark closes the table
    // Before 1.18 the end mark has its pc only.
    module.ftab = table_bytes(reader, data, module.minor >= 18 ? count * 8 : count * 16 - 8);
    read_tables(reader, &module);
    if (!module.ftab.size || !module.pclntable.size || !module.funcnametab.size ||
        is_wiped(module.ftab)) {
        drop_copies(reader->list, copies);
        return error_new(ERROR_UNMAPPED,
                         "moduledata at %#" PRIx64
                         ": its function table is not in the core, and not "
                         "in the binary",
                         address);
    }
    *out = module;
    return NULL;
}

/** Without a symbol: the one place in writable memory that begins with a pclntab's address and
 * checks. */
static target_addr search(struct reader *reader)
{
    const struct program *program = reader->program;
    size_t count;
    const struct elf_segment *segments = elf_file_segments(program->binary, &count);
    target_addr low = UINT64_MAX, high = 0;
    struct memory_scan scan = {.space = program->space,
                               .budget = elf_file_bytes(program->binary).size};
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_LOAD) {
            low = segments[i].address < low ? segments[i].address : low;
            target_addr end = segments[i].address + segments[i].memory_size;
            high = end > high ? end : high;
        }
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_LOAD || !(segments[i].flags & PF_W))
            continue;
        scan.at = segments[i].address + program->bias;
        scan.end = scan.at + segments[i].file_size;
        target_addr at;
        struct bytes view;
        while (memory_scan_next(&scan, &at, &view))
            for (size_t k = 0; k + 8 <= view.size; k += 8) {
                target_addr word = load_u64(view.data + k) - program->bias;
                struct module module;
                if (word < low || word >= high || !is_pclntab(program, word + program->bias))
                    continue;
                struct error *err = read_module(reader, at + k, &module);
                error_ignore(err); // many words point at the table; one of them opens a moduledata
                if (!err)
                    return at + k;
            }
    }
    return 0;
}

bool module_is_lost(const struct module_list *list, target_addr pc)
{
    for (size_t i = 0; list && i < list->lost_count; i++)
        if (list->lost[i].text <= pc && pc < list->lost[i].etext)
            return true;
    return false;
}

static bool is_listed(const struct module_list *list, target_addr address)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].address == address)
            return true;
    return false;
}

/**
 * Remembers a module that has its data in the core and its tables nowhere; false: it is none, or
 * known, and its link to the next one leads nowhere.
 */
static bool note_lost(const struct program *program, struct module_list *list, target_addr address)
{
    struct module module = {0};
    read_ranges(program, address, &module);
    if (!module.text || !ranges_are_sane(&module) || module_is_lost(list, module.text))
        return false;
    ARRAY_PUSH(list->lost, list->lost_count, list->lost_capacity) =
        (struct lost_module){.text = module.text, .etext = module.etext};
    return true;
}

struct error *module_list_read(struct program *program, struct address_space *space,
                               struct module_list **out)
{
    AUTO(module_list) list = alloc_zeroed(1, sizeof *list);
    struct program seen = *program;
    seen.space = space;
    struct reader reader = {.program = &seen, .list = list};
    target_addr address;
    if (!program_symbol(program, "runtime.firstmoduledata", &address))
        address = search(&reader);
    if (!address)
        return error_new(ERROR_NOT_FOUND, "no Go function table found in its memory");
    while (address && list->count + list->lost_count < LIMIT_MODULES && !is_listed(list, address)) {
        struct module module;
        // A plugin has a file of its own, with what the core lacks of its tables, and its DWARF.
        if (list->count &&
            program_map_file_at(program, field(program, address, FIELD_md_pclntable))) {
            seen.plugins = program->plugins;
            seen.plugin_count = program->plugin_count;
        }
        struct error *err = read_module(&reader, address, &module);
        if (err && list->count == 0)
            return err;
        error_ignore(err); // a broken link: the modules before it are good
        if (err && !note_lost(&seen, list, address))
            break;
        if (err) {
            address = field(&seen, address, FIELD_md_next);
            continue;
        }
        module.space = program->space;
        ARRAY_PUSH(list->items, list->count, reader.capacity) = module;
        address = field(&seen, address, FIELD_md_next);
    }
    *out = TAKE(list);
    return NULL;
}

void module_list_free(struct module_list *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->owned_count; i++)
        free(list->owned[i]);
    free(list->owned);
    free(list->lost);
    free(list->items);
    free(list);
}

const struct module *module_of_pc(const struct module_list *list, target_addr pc)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].min_pc <= pc && pc < list->items[i].max_pc)
            return &list->items[i];
    return NULL;
}

const struct module *module_of_type(const struct module_list *list, target_addr address)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].types <= address && address < list->items[i].etypes)
            return &list->items[i];
    return NULL;
}
