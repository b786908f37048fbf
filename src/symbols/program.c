// SPDX-License-Identifier: MIT
#include "symbols/program.h"
#include "base/alloc.h"
#include "symbols/dwarf_index.h"
#include "symbols/native_code.h"
#include "symbols/pc_memo.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** What the loader added: nothing for ET_EXEC; for ET_DYN what AT_ENTRY or AT_PHDR tell. */
static struct error *find_bias(struct program *program)
{
    uint64_t value;
    target_addr entry = elf_file_entry(program->binary);
    bool has_entry = core_file_auxv(program->core, AT_ENTRY, &value);
    if (elf_file_type(program->binary) != ET_DYN) {
        // Another program's entry lies elsewhere, which is known even where no build id is in the
        // core.
        if (has_entry && value != entry)
            program->match = BUILD_OTHER;
        return NULL;
    }
    if (has_entry) {
        program->bias = value - entry;
        return NULL;
    }
    size_t count;
    const struct elf_segment *segments = elf_file_segments(program->binary, &count);
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_PHDR && core_file_auxv(program->core, AT_PHDR, &value)) {
            program->bias = value - segments[i].address;
            return NULL;
        }
    return error_new(ERROR_CORRUPT, "the core does not say where the executable was loaded");
}

/**
 * Holds the binary's build IDs against those that the core has of it. Called while space holds the
 * core alone: the page with the notes is in it, for the kernel dumps the ELF headers of every
 * mapped file.
 */
static void compare_build_ids(struct program *program)
{
    static const struct {
        const char *name;
        uint32_t type;
    } ids[] = {{"GNU", 3}, {"Go", 4}};
    size_t count;
    const struct elf_segment *segments = elf_file_segments(program->binary, &count);
    for (size_t i = 0; i < count && program->match != BUILD_OTHER; i++) {
        if (segments[i].type != PT_NOTE)
            continue;
        uint64_t size = segments[i].file_size;
        struct bytes in_core =
            address_space_view(program->space, segments[i].address + program->bias, size);
        struct bytes in_file = elf_file_at(program->binary, segments[i].address, size);
        if (in_core.size < size || in_file.size < size)
            continue;
        for (size_t k = 0; k < COUNT_OF(ids); k++) {
            struct bytes file_id = elf_note_find(in_file, ids[k].name, ids[k].type);
            struct bytes core_id = elf_note_find(in_core, ids[k].name, ids[k].type);
            if (!file_id.size)
                continue;
            program->match = file_id.size == core_id.size &&
                                     memcmp(file_id.data, core_id.data, file_id.size) == 0
                                 ? BUILD_SAME
                                 : BUILD_OTHER;
        }
    }
}

static struct error *check_pair(const struct program *program)
{
    const char *path = elf_file_path(program->binary);
    if (elf_file_type(program->binary) == ET_CORE)
        return error_new(ERROR_UNSUPPORTED,
                         "%s: is a core file, not an executable: give the executable first, then "
                         "the core",
                         path);
    if (elf_file_machine(program->binary) != program->arch->machine)
        return error_new(ERROR_UNSUPPORTED,
                         "%s: is for another machine than the core (%s): give the executable that "
                         "the core is of",
                         path, program->arch->name);
    return NULL;
}

static struct error *check_match(const struct program *program)
{
    if (program->match != BUILD_OTHER)
        return NULL;
    const char *executable = core_file_executable(program->core);
    return error_new(ERROR_UNSUPPORTED,
                     "%s: is not the program that left this core%s%s%s: its build id or entry "
                     "point differs; give the very build that crashed",
                     elf_file_path(program->binary), executable ? " (the core names " : "",
                     executable ? executable : "", executable ? ")" : "");
}

static struct error *read_modules(struct program *program)
{
    struct error *err = module_list_read(program, program->space, &program->modules);
    if (!err || elf_file_type(program->binary) != ET_EXEC)
        return err;
    // Lost in the core. The linker wrote it, and nobody else changes what is read of it.
    AUTO(address_space) initial = address_space_new_initial(program->binary);
    struct error *second = module_list_read(program, initial, &program->modules);
    error_ignore(second ? second : err);
    return second ? err : NULL;
}

static struct error *read_tables(struct program *program)
{
    struct error *err =
        buildinfo_read(program->binary, program->space, program->bias, &program->buildinfo);
    if (!err)
        err = go_release_new(program->buildinfo->go_version, &program->release);
    if (!err)
        err = read_modules(program);
    return err ? error_wrap(err, "%s", elf_file_path(program->binary)) : NULL;
}

/** A core in the binary's place and something else in the core's: say that they are swapped. */
static struct error *explain_core_error(const char *binary_path, const char *core_path,
                                        struct error *err)
{
    AUTO(core_file) swapped = NULL;
    struct error *other = core_file_open(binary_path, &swapped);
    error_ignore(other);
    AUTO(elf_file) file = NULL;
    other = elf_file_open(core_path, &file);
    error_ignore(other);
    if (!swapped || !file)
        return err;
    error_ignore(err);
    return error_new(ERROR_UNSUPPORTED,
                     "%s: is an executable and %s is a core: give the executable first, then the "
                     "core",
                     core_path, binary_path);
}

struct error *program_open(const char *binary_path, const char *core_path, struct program **out)
{
    AUTO(program) program = alloc_zeroed(1, sizeof *program);
    struct error *err = elf_file_open(binary_path, &program->binary);
    if (err)
        return err;
    err = core_file_open(core_path, &program->core);
    if (err)
        return explain_core_error(binary_path, core_path, err);
    program->arch = core_file_arch(program->core);
    err = check_pair(program);
    if (!err)
        err = find_bias(program);
    if (err)
        return err;
    program->space = address_space_new(program->core);
    compare_build_ids(program);
    err = check_match(program);
    if (err)
        return err;
    address_space_add_file(program->space, program->binary, program->bias);
    program->native =
        native_code_new(program->core, program->space, program->binary, program->bias);
    err = read_tables(program);
    if (err)
        return err;
    program->memo = pc_memo_new(program->modules);
    *out = TAKE(program);
    return NULL;
}

void program_free(struct program *program)
{
    if (!program)
        return;
    native_code_free(program->native);
    dwarf_index_free(program->dwarf);
    pc_memo_free(program->memo);
    module_list_free(program->modules);
    go_release_free(program->release);
    buildinfo_free(program->buildinfo);
    address_space_free(program->space);
    core_file_free(program->core);
    elf_file_free(program->binary);
    free(program);
}

void program_view_init(struct program *view, const struct program *program)
{
    *view = *program;
    view->memo = pc_memo_new(program->modules);
    view->dwarf = NULL;
    view->dwarf_tried = true;
    view->native = NULL;
}

void program_view_clear(struct program *view)
{
    pc_memo_free(view->memo);
}

struct error *program_dwarf(struct program *program, struct dwarf_index **out)
{
    if (!program->dwarf_tried) {
        program->dwarf_tried = true;
        struct error *err = dwarf_index_open(program->binary, program->bias, &program->dwarf);
        if (err)
            return err;
    }
    if (!program->dwarf)
        return error_new(ERROR_NOT_FOUND, "%s: no DWARF", elf_file_path(program->binary));
    *out = program->dwarf;
    return NULL;
}

bool program_symbol(const struct program *program, const char *name, target_addr *out)
{
    target_addr value;
    if (!elf_file_symbol(program->binary, name, &value))
        return false;
    *out = value + program->bias;
    return true;
}
