// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/limits.h"

#include <stdarg.h>
#include <string.h>

void string_list_add(struct arena *arena, struct string_list *list, size_t *capacity,
                     const char *text)
{
    if (list->count == *capacity) {
        size_t bigger = *capacity ? 2 * *capacity : 8;
        const char **items = arena_array(arena, bigger, sizeof *items);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        *capacity = bigger;
    }
    list->items[list->count++] = text;
}

void analysis_warn(struct analysis *analysis, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(analysis->arena, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < analysis->warnings.count; i++)
        if (strcmp(analysis->warnings.items[i], text) == 0)
            return;
    if (analysis->warnings.count >= LIMIT_WARNINGS) {
        analysis->warnings_dropped++;
        return;
    }
    string_list_add(analysis->arena, &analysis->warnings, &analysis->warning_capacity, text);
}

void analysis_warn_error(struct analysis *analysis, struct error *err)
{
    if (!err)
        return;
    analysis_warn(analysis, "%s", error_message(err));
    error_free(err);
}

void warn_about_files(struct analysis *analysis)
{
    size_t count;
    const char *const *texts = core_file_warnings(analysis->program->core, &count);
    for (size_t i = 0; i < count; i++)
        analysis_warn(analysis, "%s", texts[i]);
    const char *layouts = program_layout_warning(analysis->program, analysis->arena);
    if (layouts)
        analysis_warn(analysis, "%s", layouts);
    if (analysis->program->match == BUILD_OTHER)
        analysis_warn(analysis, "the binary is not the build that left the core: all that was read "
                                "by its tables may be wrong");
    if (analysis->program->match == BUILD_UNKNOWN)
        analysis_warn(analysis, "the core does not hold the executable's build id: that the binary "
                                "is the one that crashed is not certain");
}

/** What is missing without it, and where it was looked for in vain. */
static void warn_of_no_dwarf(struct analysis *analysis)
{
    const struct program *program = analysis->program;
    const char *searched = program->places.debug_dir_count
                               ? ", and none was found in the directories given for it"
                           : program->debug_file ? ", nor has its debug information"
                                                 : "";
    analysis_warn(
        analysis, "the binary has no DWARF%s: no arguments by name and no locals%s", searched,
        analysis->options->redaction ? "; secrets that only a variable's name tells are not hidden"
                                     : "");
    // Where nobody was asked, or nobody knows it, there is nothing to mend.
    if (program->download_error && error_kind(program->download_error) != ERROR_NOT_FOUND)
        analysis_warn(analysis, "%s", error_message(program->download_error));
}

void warn_about_dwarf(struct analysis *analysis)
{
    if (!analysis->no_variables)
        return;
    struct dwarf_index *dwarf;
    struct error *err = program_dwarf(analysis->program, &dwarf);
    if (err && error_kind(err) == ERROR_NOT_FOUND) {
        warn_of_no_dwarf(analysis);
        error_ignore(err); // said in words that a user can act on
    } else {
        analysis_warn_error(analysis, err);
    }
}
