// SPDX-License-Identifier: MIT
#include "analysis/program_info.h"
#include "analysis_internal.h"
#include "symbols/debug_file.h"
#include "symbols/dwarf_index.h"
#include "symbols/known_variables.h"
#include "symbols/native_code.h"

#include <inttypes.h>
#include <string.h>

enum { ARGUMENT_INFO_SINCE = 17 }; // Go 1.17: FUNCDATA_ArgInfo

/** What is being filled in, and the room for its lists. */
struct filler {
    struct program *program;
    struct arena *arena;
    struct program_info *out;
    bool dwarf;
    const char *dwarf_place; // which file has it
    size_t missing_capacity;
};

static void add_source(struct filler *filler, const char *part, enum info_rung rung,
                       const char *detail, const char *advice)
{
    filler->out->sources[filler->out->source_count++] =
        (struct info_source){part, rung, detail, advice};
}

static void add_missing(struct filler *filler, const char *text)
{
    string_list_add(filler->arena, &filler->out->missing, &filler->missing_capacity, text);
}

/** What was done to the binary that it has no DWARF, as far as its build settings tell. */
static const char *dwarf_advice(const struct filler *filler)
{
    const char *flags = buildinfo_setting(filler->program->buildinfo, "-ldflags");
    if (flags && (strstr(flags, "-w") || strstr(flags, "-s")))
        return arena_printf(filler->arena,
                            "it was built with -ldflags='%s': build without -w and "
                            "-s, and strip what you ship if it must be small",
                            flags);
    return "keep the binary as go build writes it and strip a copy (and do not build with "
           "-ldflags=-w or -s), then give what was kept with --debug-file or --debug-dir";
}

static const char *optimized_advice(const struct filler *filler)
{
    const struct report_binary *binary = &filler->out->binary;
    return binary->knows_optimized && !binary->optimized
               ? NULL
               : "build with -gcflags='all=-N -l' to see the variables that optimised code drops";
}

static void add_code_sources(struct filler *filler)
{
    const struct program_info *out = filler->out;
    int minor = filler->program->release->minor;
    add_source(filler, "functions, files and lines", RUNG_GO_TABLES,
               arena_printf(filler->arena, "%" PRIu64 " functions in %zu module%s",
                            out->function_count, out->go_module_count,
                            out->go_module_count == 1 ? "" : "s"),
               NULL);
    if (minor >= ARGUMENT_INFO_SINCE)
        add_source(filler, "arguments as a Go traceback shows them", RUNG_GO_TABLES, NULL, NULL);
    else
        add_source(filler, "arguments as a Go traceback shows them", RUNG_MEMORY,
                   "words of the stack: before Go 1.17 nothing says what they are",
                   "build with Go 1.17 or later");
    add_source(filler, "arguments by name and locals", filler->dwarf ? RUNG_DWARF : RUNG_NONE,
               filler->dwarf ? filler->dwarf_place : NULL,
               filler->dwarf ? optimized_advice(filler) : dwarf_advice(filler));
    add_source(filler, "package variables", filler->dwarf ? RUNG_DWARF : RUNG_NONE,
               filler->dwarf ? filler->dwarf_place : NULL, filler->dwarf ? NULL : "as for locals");
    add_source(filler, "values of interfaces, panics and errors", RUNG_TYPE_DESCRIPTORS,
               filler->dwarf ? "and DWARF for the types of variables" : NULL, NULL);
}

/** Whether C code runs in the process: a library of it is mapped. */
static bool has_native_code(const struct filler *filler)
{
    const struct program *program = filler->program;
    const char *executable = core_file_executable(program->core);
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(program->core, &count);
    for (size_t i = 0; i < count; i++)
        if ((!executable || strcmp(mappings[i].path, executable) != 0) &&
            native_code_is_executable(program->native, mappings[i].start))
            return true;
    return false;
}

static void add_native_source(struct filler *filler, bool symbols)
{
    if (!filler->out->binary.cgo || !has_native_code(filler))
        return;
    add_source(filler, "names of the program's C functions", symbols ? RUNG_SYMBOLS : RUNG_NONE,
               symbols && filler->dwarf ? "and DWARF for files and lines" : NULL,
               symbols ? NULL : "build without -ldflags=-s, and do not strip");
}

static void add_number_source(struct filler *filler, bool symbols)
{
    target_addr unused;
    bool code = program_variable_by_code(filler->program, "runtime.runtimeInitTime", &unused);
    add_source(filler, "uptime and the runtime's numbers",
               symbols ? RUNG_SYMBOLS
               : code  ? RUNG_MEMORY
                       : RUNG_NONE,
               !symbols && code ? "the runtime's own code tells where they lie" : NULL,
               symbols || code ? NULL : "build without -ldflags=-s, and do not strip");
}

static void add_runtime_sources(struct filler *filler)
{
    struct program *program = filler->program;
    target_addr unused;
    bool symbols = program_symbol(program, "runtime.allgs", &unused);
    enum info_rung found = symbols ? RUNG_SYMBOLS : RUNG_MEMORY;
    const char *advice = symbols ? NULL : "build without -ldflags=-s, and do not strip";
    add_source(filler, "goroutines and threads", found,
               symbols ? NULL : "their list was searched for in memory, and each checked", advice);
    add_number_source(filler, symbols);
    add_native_source(filler, symbols);
    add_source(filler, "layouts of the runtime's structures",
               program->release->from_dwarf ? RUNG_DWARF : RUNG_RELEASE_TABLES,
               program->release->from_dwarf
                   ? filler->dwarf_place
                   : arena_printf(filler->arena, "of go1.%d", program->release->minor),
               program->release->unknown && !program->release->from_dwarf
                   ? "a binary with DWARF tells its own"
                   : NULL);
    if (!program->buildinfo->setting_count && !program->buildinfo->main_package)
        add_source(filler, "Go version", RUNG_MEMORY,
                   "there is no build info in the binary: it was removed", NULL);
}

static void fill_mappings(struct filler *filler)
{
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(filler->program->core, &count);
    filler->out->mappings = arena_array(filler->arena, count, sizeof *filler->out->mappings);
    filler->out->mapping_count = count;
    for (size_t i = 0; i < count; i++)
        filler->out->mappings[i] = (struct info_mapping){mappings[i].start, mappings[i].end,
                                                         mappings[i].file_offset, mappings[i].path};
}

/** Libraries whose contents are needed to name and unwind C frames. */
static void fill_missing_libraries(struct filler *filler)
{
    struct program *program = filler->program;
    const char *executable = core_file_executable(program->core), *last = NULL;
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(program->core, &count);
    for (size_t i = 0; i < count; i++) {
        const char *path = mappings[i].path;
        if ((last && strcmp(path, last) == 0) || (executable && strcmp(path, executable) == 0) ||
            !native_code_is_executable(program->native, mappings[i].start))
            continue;
        last = path;
        const struct native_module *module = native_code_module(program->native, mappings[i].start);
        const char *why = module ? native_module_missing(module) : NULL;
        if (why)
            add_missing(filler,
                        arena_printf(filler->arena, "%s: %s: its frames have no names", path, why));
    }
}

static void fill_missing(struct filler *filler)
{
    struct program *program = filler->program;
    size_t count;
    const char *const *texts = core_file_warnings(program->core, &count);
    for (size_t i = 0; i < count; i++)
        add_missing(filler, arena_string(filler->arena, texts[i]));
    if (filler->out->core.missing_bytes)
        add_missing(filler,
                    arena_printf(filler->arena, "%" PRIu64 " bytes of the core: it was cut short",
                                 filler->out->core.missing_bytes));
    if (program->match == BUILD_UNKNOWN)
        add_missing(filler, "the executable's build id in the core: that the binary is the one "
                            "that crashed is not certain");
    const char *layouts = program_layout_warning(program, filler->arena);
    if (layouts)
        add_missing(filler, layouts);
    if (!filler->dwarf)
        add_missing(filler, "DWARF: no arguments by name, no locals, no package variables");
    if (program->download_error && error_kind(program->download_error) != ERROR_NOT_FOUND)
        add_missing(filler, error_message(program->download_error));
    fill_missing_libraries(filler);
}

/** The plugins' files, and whether they have DWARF. */
static void fill_modules(struct filler *filler)
{
    struct program *program = filler->program;
    struct program_info *out = filler->out;
    out->modules = arena_array(filler->arena, program->plugin_count, sizeof *out->modules);
    out->module_count = program->plugin_count;
    for (size_t i = 0; i < program->plugin_count; i++) {
        const struct plugin *plugin = &program->plugins[i];
        struct dwarf_index *dwarf;
        struct error *err = program_plugin_dwarf(program, i, &dwarf);
        const char *path = elf_file_path(plugin->file);
        if (err)
            add_missing(filler, arena_printf(filler->arena,
                                             "DWARF of %s: no variables of its functions", path));
        out->modules[i] = (struct info_module){
            .path = path,
            .build_id = elf_file_build_id(plugin->file),
            .debug_file = plugin->debug_file ? elf_file_path(plugin->debug_file) : NULL,
            .has_dwarf = !err,
        };
        error_ignore(err); // what is missing without it is said
    }
}

static void find_dwarf(struct filler *filler)
{
    struct program *program = filler->program;
    struct dwarf_index *dwarf;
    struct error *err = program_dwarf(program, &dwarf);
    filler->dwarf = !err;
    bool separate = program->debug_file && debug_file_has_dwarf(program->debug_file);
    if (err && error_kind(err) != ERROR_NOT_FOUND)
        add_missing(filler, arena_string(filler->arena, error_message(err)));
    error_ignore(err); // its lack is said by the parts that need it
    if (filler->dwarf)
        filler->dwarf_place = separate ? "of the separate debug information" : "of the binary";
}

void program_info_fill(struct program *program, const char *binary_path, const char *core_path,
                       bool stable, struct arena *arena, struct program_info *out)
{
    enum { SOURCES_MAX = 16 };
    const struct analyze_options options = {.stable = stable, .variables = true};
    struct analysis analysis = {.program = program, .arena = arena, .options = &options};
    *out = (struct program_info){.is_library = program->is_library};
    struct filler filler = {.program = program, .arena = arena, .out = out};
    out->sources = arena_array(arena, SOURCES_MAX, sizeof *out->sources);
    find_dwarf(&filler);
    describe_files(&analysis, binary_path, core_path, &out->binary, &out->core);
    out->go_module_count = program->modules->count;
    for (size_t i = 0; i < program->modules->count; i++)
        out->function_count += program->modules->items[i].function_count;
    add_code_sources(&filler);
    add_runtime_sources(&filler);
    fill_mappings(&filler);
    fill_missing(&filler);
    fill_modules(&filler);
}
