// SPDX-License-Identifier: MIT
#include "analysis_internal.h"

#include <string.h>

static const char runtime_mark[] = "runtime/proc.go"; // where runtime.main is, in all releases

/** The file of a function by its symbol, NULL where there is no symbol or no file. */
static const char *file_of_symbol(const struct analysis *analysis, const char *name)
{
    target_addr address;
    struct pc_function function;
    const char *file;
    int32_t line;
    if (!program_symbol(analysis->program, name, &address) ||
        !pc_function_find(analysis->program->modules, address, &function))
        return NULL;
    pc_function_line(&function, address, &file, &line);
    return *file == '?' ? NULL : file;
}

/** Any file of a function that satisfies the test; the table is walked, so this is asked once. */
static const char *file_of_name(const struct analysis *analysis, const char *name)
{
    const struct module *module = &analysis->program->modules->items[0];
    for (uint64_t i = 0; i < module->function_count; i++) {
        target_addr entry = module->minor >= 18 ? module->text + load_u32(module->ftab.data + 8 * i)
                                                : load_u64(module->ftab.data + 16 * i);
        struct pc_function function;
        const char *file;
        int32_t line;
        if (!pc_function_find(analysis->program->modules, entry, &function) ||
            strcmp(pc_function_name(&function), name) != 0)
            continue;
        pc_function_line(&function, entry, &file, &line);
        return *file == '?' ? NULL : file;
    }
    return NULL;
}

static const char *file_of(const struct analysis *analysis, const char *name)
{
    const char *file = file_of_symbol(analysis, name);
    return file ? file : file_of_name(analysis, name);
}

/** The part of a path in front of suffix, with its length; false where it does not end so. */
static bool prefix_before(const char *path, const char *suffix, size_t *out)
{
    size_t size = strlen(path), suffix_size = strlen(suffix);
    if (size < suffix_size || strcmp(path + size - suffix_size, suffix) != 0)
        return false;
    *out = size - suffix_size;
    return true;
}

/**
 * The directory above the main module's root, from main.main's file: its directory less the main
 * package's place in the module, less the root's own name, which stays in what is shown.
 */
static void find_main_root(struct analysis *analysis)
{
    const struct buildinfo *info = analysis->program->buildinfo;
    const char *file = file_of(analysis, "main.main");
    struct source_roots *roots = &analysis->roots;
    roots->main_module = info->main.path && *info->main.path ? info->main.path : NULL;
    if (!file)
        return;
    size_t size = 0;
    const char *slash = strrchr(file, '/');
    if (!slash)
        return;
    size = (size_t)(slash - file); // the main package's directory
    const char *inside = "";
    if (roots->main_module && info->main_package &&
        strncmp(info->main_package, roots->main_module, strlen(roots->main_module)) == 0)
        inside = info->main_package + strlen(roots->main_module); // "" or "/cmd/shop"
    size_t inside_size = strlen(inside);
    if (inside_size > size || strncmp(file + size - inside_size, inside, inside_size) != 0)
        return;
    size -= inside_size;
    while (size > 0 && file[size - 1] != '/')
        size--;
    roots->main_root = file;
    roots->main_root_size = size;
}

void source_roots_find(struct analysis *analysis)
{
    const char *file = file_of(analysis, "runtime.main");
    struct source_roots *roots = &analysis->roots;
    roots->goroot = "";
    if (file && prefix_before(file, runtime_mark, &roots->goroot_size))
        roots->goroot = file;
    find_main_root(analysis);
}

/** "example.com/shop/db.(*Conn).Ping" → the size of "example.com/shop/db". */
static size_t package_size(const char *function)
{
    const char *end = function + strcspn(function, "[("); // type arguments hold paths of their own
    const char *slash = function;
    for (const char *at = function; at < end; at++)
        if (*at == '/')
            slash = at;
    const char *dot = strchr(slash, '.');
    return dot ? (size_t)(dot - function) : strlen(function);
}

static bool is_runtime_package(const char *function, size_t size)
{
    static const char *const packages[] = {"runtime", "internal/runtime/", "runtime/internal/",
                                           "internal/abi", "internal/bytealg"};
    for (size_t i = 0; i < COUNT_OF(packages); i++) {
        size_t wanted = strlen(packages[i]);
        bool prefix = packages[i][wanted - 1] == '/';
        if ((prefix ? size > wanted : size == wanted) && memcmp(function, packages[i], wanted) == 0)
            return true;
    }
    return false;
}

/** With -trimpath every path is relative: the library's packages have no dot in their first
 * element. */
static bool is_library_file(const struct source_roots *roots, const char *file)
{
    if (roots->goroot_size)
        return strncmp(file, roots->goroot, roots->goroot_size) == 0;
    size_t first = strcspn(file, "/");
    return file[0] != '/' && file[first] == '/' && !memchr(file, '.', first) &&
           !memchr(file, '@', first);
}

static bool is_main_file(const struct source_roots *roots, const char *file)
{
    size_t size = roots->main_module ? strlen(roots->main_module) : 0;
    if (size && strncmp(file, roots->main_module, size) == 0 &&
        (file[size] == '/' || file[size] == '@')) // -trimpath
        return true;
    return roots->main_root_size > roots->goroot_size &&
           strncmp(file, roots->main_root, roots->main_root_size) == 0;
}

/** The calls between Go and C: main._Cfunc_checkout, _cgoexp_936f80d45a86_goShip. */
static bool is_made_by_cgo(const char *file)
{
    const char *slash = strrchr(file, '/');
    return strcmp(slash ? slash + 1 : file, "_cgo_gotypes.go") == 0;
}

enum frame_owner frame_owner_of(const struct analysis *analysis, const char *function,
                                const char *file)
{
    const struct source_roots *roots = &analysis->roots;
    size_t size = package_size(function);
    if (is_runtime_package(function, size))
        return OWNER_RUNTIME;
    if (file && is_made_by_cgo(file))
        return OWNER_STANDARD_LIBRARY;
    // A closure of the library's that was inlined into a user's function is named after that:
    // main.init.OnceValue[...].func1 of sync/oncefunc.go.
    if (file && (roots->goroot_size || roots->main_module) && is_library_file(roots, file) &&
        !is_main_file(roots, file))
        return OWNER_STANDARD_LIBRARY;
    if (size == 4 && memcmp(function, "main", 4) == 0)
        return OWNER_MAIN_MODULE;
    size_t module_size = roots->main_module ? strlen(roots->main_module) : 0;
    if (module_size && size >= module_size &&
        memcmp(function, roots->main_module, module_size) == 0 &&
        (size == module_size || function[module_size] == '/'))
        return OWNER_MAIN_MODULE;
    if (file && is_library_file(roots, file))
        return OWNER_STANDARD_LIBRARY;
    return OWNER_OTHER_MODULE;
}

const char *short_file_of(const struct analysis *analysis, const char *file)
{
    const struct source_roots *roots = &analysis->roots;
    if (!file)
        return NULL;
    if (roots->goroot_size && strncmp(file, roots->goroot, roots->goroot_size) == 0)
        return file + roots->goroot_size;
    const char *cache = strstr(file, "/pkg/mod/"); // the module cache
    if (cache)
        return cache + strlen("/pkg/mod/");
    if (roots->main_root_size && strncmp(file, roots->main_root, roots->main_root_size) == 0)
        return file + roots->main_root_size;
    return file;
}
