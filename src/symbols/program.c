// SPDX-License-Identifier: MIT
#include "symbols/program.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "program_files_internal.h"
#include "release_choice_internal.h"
#include "symbols/debug_file.h"
#include "symbols/dwarf_index.h"
#include "symbols/function_code.h"
#include "symbols/known_variables.h"
#include "symbols/native_code.h"
#include "symbols/pc_memo.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
    if (program->match != BUILD_OTHER || program->places.other_build)
        return NULL;
    const char *executable = core_file_executable(program->core);
    return error_new(
        ERROR_UNSUPPORTED,
        "%s: is not the program that left this core%s%s%s: its build id, entry "
        "point or constants differ; give the very build that crashed, or --force to go on",
        elf_file_path(program->binary), executable ? " (the core names " : "",
        executable ? executable : "", executable ? ")" : "");
}

/** Go's build info; of a C program that of the library with the Go code, which takes its place. */
static struct error *read_buildinfo(struct program *program)
{
    struct error *err =
        buildinfo_read(program->binary, program->space, program->bias, &program->buildinfo);
    if (!err || error_kind(err) != ERROR_NOT_FOUND || program->is_library)
        return err ? error_wrap(err, "%s", elf_file_path(program->binary)) : NULL;
    error_ignore(err); // what follows says it of the library too
    err = program_adopt_library(program, &program->places);
    if (err)
        return err;
    address_space_add_file(program->space, program->binary, program->bias);
    err = buildinfo_read(program->binary, program->space, program->bias, &program->buildinfo);
    return err ? error_wrap(err, "%s", elf_file_path(program->binary)) : NULL;
}

/** Separate debug information: the one given, else one that lies where such files lie. */
static struct error *find_debug_file(struct program *program)
{
    const struct file_places *places = &program->places;
    const char *executable = core_file_executable(program->core);
    if (places->debug_file)
        return debug_file_open(places->debug_file, program->binary, &program->debug_file);
    if (!debug_file_has_dwarf(program->binary))
        program->debug_file = debug_file_find(
            places, program->binary,
            executable && !program->is_library ? executable : elf_file_path(program->binary));
    return NULL;
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

static struct error *open_files(struct program *program, const char *binary_path,
                                const char *core_path)
{
    struct error *err = binary_path ? elf_file_open(binary_path, &program->binary) : NULL;
    if (err)
        return err;
    err = core_file_open_limited(core_path, program->places.max_core_size, &program->core);
    if (err && binary_path && error_kind(err) != ERROR_LIMIT)
        return explain_core_error(binary_path, core_path, err);
    return err || binary_path ? err : program_find_executable(program, core_path, &program->places);
}

struct error *program_open(const char *binary_path, const char *core_path, struct program **out)
{
    const struct file_places host = {.host = true};
    return program_open_with(binary_path, core_path, &host, out);
}

/** Opens both files and lays one over the other. @return an error too where they are no pair */
static struct error *open_pair(struct program *program, const char *binary_path,
                               const char *core_path)
{
    struct error *err = open_files(program, binary_path, core_path);
    if (err)
        return err;
    program->arch = core_file_arch(program->core);
    program->space = address_space_new(program->core);
    err = check_pair(program);
    if (!err)
        err = program_place(program);
    if (!err)
        err = binary_path ? check_match(program) : program_check_found(program, core_path);
    return err;
}

bool program_left_core(const char *binary_path, const char *core_path)
{
    AUTO(program) program = alloc_zeroed(1, sizeof *program);
    struct error *err = open_pair(program, binary_path, core_path);
    error_ignore(err);
    return !err;
}

struct error *program_open_with(const char *binary_path, const char *core_path,
                                const struct file_places *places, struct program **out)
{
    AUTO(program) program = alloc_zeroed(1, sizeof *program);
    program->places = *places;
    struct error *err = open_pair(program, binary_path, core_path);
    if (err)
        return err;
    address_space_add_file(program->space, program->binary, program->bias);
    err = read_buildinfo(program);
    if (!err)
        err = find_debug_file(program);
    if (err)
        return err;
    struct elf_file *executable = program->is_library ? program->executable : program->binary;
    program->native =
        native_code_new(program->core, program->space, executable,
                        program->is_library ? program->executable_bias : program->bias, places);
    if (!program->is_library)
        native_code_set_debug_file(program->native, program->debug_file);
    err = release_choose(program);
    if (err)
        return error_wrap(err, "%s", elf_file_path(program->binary));
    program->memo = pc_memo_new(program->modules);
    program->codes = function_codes_new();
    program->variables = known_variables_new();
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
    function_codes_free(program->codes);
    known_variables_free(program->variables);
    error_free(program->download_error);
    module_list_free(program->modules);
    go_release_free(program->release);
    buildinfo_free(program->buildinfo);
    address_space_free(program->space);
    address_space_free(program->initial);
    core_file_free(program->core);
    for (size_t i = 0; i < program->plugin_count; i++) {
        dwarf_index_free(program->plugins[i].dwarf);
        elf_file_free(program->plugins[i].debug_file);
        elf_file_free(program->plugins[i].file);
    }
    free(program->plugins);
    elf_file_free(program->debug_file);
    elf_file_free(program->executable);
    elf_file_free(program->binary);
    free(program);
}

void program_view_init(struct program *view, const struct program *program)
{
    *view = *program;
    view->memo = pc_memo_new(program->modules);
    view->codes = function_codes_new();
    view->dwarf = NULL;
    view->dwarf_tried = true;
    view->plugins = NULL;
    view->plugin_count = 0;
    view->native = NULL;
}

void program_view_clear(struct program *view)
{
    pc_memo_free(view->memo);
    function_codes_free(view->codes);
}

/** The DWARF of the separate file if there is one, else the binary's. */
static struct error *open_dwarf(struct program *program)
{
    struct elf_file *file = program->debug_file && debug_file_has_dwarf(program->debug_file)
                                ? program->debug_file
                                : program->binary;
    return dwarf_index_open(file, program->bias, &program->dwarf);
}

void program_want_dwarf(struct program *program)
{
    if (program->download_tried || program->debug_file || debug_file_has_dwarf(program->binary))
        return;
    program->download_tried = true;
    program->download_error =
        debug_file_download(&program->places, program->binary, &program->debug_file);
    if (program->debug_file && !program->is_library)
        native_code_set_debug_file(program->native, program->debug_file);
}

struct error *program_dwarf(struct program *program, struct dwarf_index **out)
{
    struct error *err = NULL;
    if (!program->dwarf_tried) {
        program->dwarf_tried = true;
        program_want_dwarf(program);
        err = open_dwarf(program);
    }
    if (err)
        return err;
    if (!program->dwarf)
        return error_new(ERROR_NOT_FOUND, "%s: no DWARF", elf_file_path(program->binary));
    *out = program->dwarf;
    return NULL;
}

bool program_symbol(const struct program *program, const char *name, target_addr *out)
{
    target_addr value;
    if (!elf_file_symbol(program->binary, name, &value) &&
        (!program->debug_file || !elf_file_symbol(program->debug_file, name, &value)))
        return false;
    *out = value + program->bias;
    return true;
}

/** Where the symbols are. */
static struct elf_file *symbol_file(const struct program *program)
{
    return elf_file_has_symtab(program->binary) || !program->debug_file ? program->binary
                                                                        : program->debug_file;
}

bool program_symbol_at(const struct program *program, target_addr address, const char **name,
                       uint64_t *size)
{
    return elf_file_symbol_at(symbol_file(program), address - program->bias, name, size);
}

bool program_next_symbol(const struct program *program, const char *prefix, size_t *position,
                         const char **name, target_addr *out)
{
    if (!elf_file_next_symbol(symbol_file(program), prefix, position, name, out))
        return false;
    *out += program->bias;
    return true;
}
