// SPDX-License-Identifier: MIT
#include "dwarf_index_internal.h"
#include "symbols/debug_file.h"
#include "symbols/program.h"

#include <elf.h>
#include <string.h>

static bool holds(const struct plugin *plugin, target_addr pc)
{
    size_t count;
    const struct elf_segment *segments = elf_file_segments(plugin->file, &count);
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_LOAD && segments[i].flags & PF_X &&
            pc - plugin->bias - segments[i].address < segments[i].memory_size)
            return true;
    return false;
}

struct error *program_plugin_dwarf(struct program *program, size_t number, struct dwarf_index **out)
{
    struct plugin *plugin = &program->plugins[number];
    if (!plugin->dwarf_tried) {
        plugin->dwarf_tried = true;
        if (!debug_file_has_dwarf(plugin->file))
            plugin->debug_file =
                debug_file_find(&program->places, plugin->file, elf_file_path(plugin->file));
        struct error *err = dwarf_index_open(plugin->debug_file ? plugin->debug_file : plugin->file,
                                             plugin->bias, &plugin->dwarf);
        if (err)
            return err;
        plugin->dwarf->origin = (uint64_t)(number + 1) << DIE_ORIGIN_SHIFT;
    }
    if (!plugin->dwarf)
        return error_new(ERROR_NOT_FOUND, "%s: no DWARF", elf_file_path(plugin->file));
    *out = plugin->dwarf;
    return NULL;
}

struct error *program_dwarf_at(struct program *program, target_addr pc, struct dwarf_index **out)
{
    for (size_t i = 0; i < program->plugin_count; i++)
        if (holds(&program->plugins[i], pc))
            return program_plugin_dwarf(program, i, out);
    return program_dwarf(program, out);
}

const struct plugin *program_plugin_at(const struct program *program, target_addr pc)
{
    for (size_t i = 0; i < program->plugin_count; i++)
        if (holds(&program->plugins[i], pc))
            return &program->plugins[i];
    return NULL;
}

/** The package of a variable's name: "example.com/shop/db" of "example.com/shop/db.Pool". */
static bool same_package(const char *name, const char *package)
{
    size_t size = strlen(package);
    return strncmp(name, package, size) == 0 && name[size] == '.' && !strchr(name + size, '/');
}

static bool has_package(const struct dwarf_index *index, const char *name)
{
    for (size_t i = 0; index && i < index->unit_count; i++) {
        const char *package = index->units[i].go ? dwarf_diename(&index->units[i].die) : NULL;
        if (package && same_package(name, package))
            return true;
    }
    return false;
}

/** Adds what only a plugin has. */
static void add_globals(const struct dwarf_index *main_index, const struct dwarf_global *found,
                        size_t found_count, struct arena *arena, struct dwarf_global **out,
                        size_t *count)
{
    struct dwarf_global *all = arena_array(arena, *count + found_count, sizeof *all);
    if (*count)
        memcpy(all, *out, *count * sizeof *all);
    for (size_t i = 0; i < found_count; i++)
        if (!has_package(main_index, found[i].name))
            all[(*count)++] = found[i];
    *out = all;
}

struct error *program_globals(struct program *program,
                              bool (*keep)(void *context, const char *name), void *context,
                              struct arena *arena, struct dwarf_global **out, size_t *count)
{
    struct dwarf_index *index = NULL, *main_index = NULL;
    struct dwarf_global *globals = NULL, *found = NULL;
    size_t all = 0, found_count = 0;
    struct error *err = program_dwarf(program, &main_index);
    if (!err)
        err = dwarf_index_globals(main_index, keep, context, arena, &globals, &all);
    for (size_t i = 0; i < program->plugin_count; i++) {
        struct error *missing = program_plugin_dwarf(program, i, &index);
        if (!missing)
            missing = dwarf_index_globals(index, keep, context, arena, &found, &found_count);
        if (!missing) {
            add_globals(main_index, found, found_count, arena, &globals, &all);
            error_ignore(err);
            err = NULL;
        }
        error_ignore(missing); // each file for itself
    }
    if (err)
        return err;
    *out = globals;
    *count = all;
    return NULL;
}

struct dwarf_index *program_opened_dwarf(const struct program *program, target_addr pc)
{
    for (size_t i = 0; i < program->plugin_count; i++)
        if (holds(&program->plugins[i], pc))
            return program->plugins[i].dwarf;
    return program->dwarf;
}

struct error *program_dwarf_of_die(struct program *program, uint64_t die, struct dwarf_index **out)
{
    uint64_t origin = die >> DIE_ORIGIN_SHIFT;
    if (origin > program->plugin_count)
        return error_new(ERROR_CORRUPT, "DWARF of no file of the program");
    return origin ? program_plugin_dwarf(program, (size_t)origin - 1, out)
                  : program_dwarf(program, out);
}

const struct module *program_module_of_die(const struct program *program, uint64_t die)
{
    const struct module_list *modules = program->modules;
    uint64_t origin = die >> DIE_ORIGIN_SHIFT;
    if (!origin)
        return modules->count ? &modules->items[0] : NULL;
    for (size_t i = 1; i < modules->count && origin <= program->plugin_count; i++)
        if (holds(&program->plugins[origin - 1], modules->items[i].text))
            return &modules->items[i];
    return NULL;
}

uint64_t program_die_place(const struct program *program, Dwarf_Die *die)
{
    Dwarf *dwarf = dwarf_cu_getdwarf(die->cu);
    for (size_t i = 0; i < program->plugin_count; i++) {
        const struct dwarf_index *index = program->plugins[i].dwarf;
        if (index && index->dwarf == dwarf)
            return dwarf_die_place(index, die);
    }
    return dwarf_dieoffset(die);
}
