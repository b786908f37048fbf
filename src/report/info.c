// SPDX-License-Identifier: MIT
#include "report/info.h"
#include "report/json_internal.h"
#include "report/text_internal.h"

#include <inttypes.h>
#include <string.h>

static void put_line(struct buffer *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buffer_printf(out, "  %-14s ", name);
    text_put(out, value);
    buffer_putc(out, '\n');
}

/** A line in bold; a line feed in front of it stays where it is. */
static void put_title(struct buffer *out, const char *title)
{
    bool apart = *title == '\n';
    buffer_printf(out, "%s" MARK_STRONG "%s" MARK_END "\n", apart ? "\n" : "", title + apart);
}

static void put_counted_title(struct buffer *out, const char *title, size_t count)
{
    buffer_printf(out, "\n" MARK_STRONG "%s (%zu)" MARK_END "\n", title, count);
}

static void put_program(struct buffer *out, const struct program_info *info)
{
    const struct report_binary *binary = &info->binary;
    put_title(out, "Program");
    put_line(out, "Go", binary->go_version);
    buffer_printf(out, "  %-14s linux/%s, %s%s%s\n", "built for", binary->arch,
                  info->is_library ? "a library of a C program"
                  : binary->pie    ? "position-independent"
                                   : "position-dependent",
                  binary->knows_cgo ? binary->cgo ? ", cgo" : ", no cgo" : "",
                  binary->knows_optimized ? binary->optimized ? ", optimised" : ", not optimised"
                                          : "");
    put_line(out, "main package", binary->main_package);
    put_line(out, "module", binary->module);
    put_line(out, "version", binary->module_version);
    put_line(out, "build id", binary->build_id);
    put_line(out, "Go build id", binary->go_build_id);
}

static void put_settings(struct buffer *out, const struct report_binary *binary)
{
    if (binary->settings.count)
        put_title(out, "\nBuild settings");
    for (size_t i = 0; i < binary->settings.count; i++)
        put_line(out, binary->settings.items[i].key, binary->settings.items[i].value);
}

static void put_dependencies(struct buffer *out, const struct report_binary *binary)
{
    if (binary->dependency_count)
        put_counted_title(out, "Modules", binary->dependency_count);
    for (size_t i = 0; i < binary->dependency_count; i++) {
        const struct report_dependency *dependency = &binary->dependencies[i];
        buffer_puts(out, "  ");
        text_put(out, dependency->path);
        buffer_putc(out, ' ');
        text_put(out, dependency->version ? dependency->version : "");
        if (dependency->replaced_by) {
            buffer_puts(out, " => ");
            text_put(out, dependency->replaced_by);
        }
        buffer_putc(out, '\n');
    }
}

static void put_sources(struct buffer *out, const struct program_info *info)
{
    put_title(out, "\nWhat a report stands on");
    for (size_t i = 0; i < info->source_count; i++) {
        const struct info_source *source = &info->sources[i];
        buffer_printf(out, "  %-38s ", source->part);
        text_put(out, info_rung_name(source->rung));
        if (source->detail) {
            buffer_puts(out, source->rung == RUNG_MEMORY ? ": " : ", ");
            text_put(out, source->detail);
        }
        buffer_putc(out, '\n');
        if (source->advice) {
            buffer_printf(out, "  %-38s for more: ", "");
            text_put(out, source->advice);
            buffer_putc(out, '\n');
        }
    }
}

static void put_modules(struct buffer *out, const struct program_info *info)
{
    for (size_t i = 0; i < info->module_count; i++) {
        const struct info_module *module = &info->modules[i];
        buffer_puts(out, "  plugin     ");
        text_put(out, module->path);
        if (module->build_id)
            buffer_printf(out, ", build id %s", module->build_id);
        if (!module->has_dwarf)
            buffer_puts(out, ", no DWARF");
        buffer_putc(out, '\n');
        if (module->debug_file) {
            buffer_puts(out, "  debug      ");
            text_put(out, module->debug_file);
            buffer_putc(out, '\n');
        }
    }
}

static void put_mappings(struct buffer *out, const struct program_info *info)
{
    if (info->mapping_count)
        put_counted_title(out, "Mappings of files", info->mapping_count);
    for (size_t i = 0; i < info->mapping_count; i++) {
        const struct info_mapping *mapping = &info->mappings[i];
        buffer_printf(out, "  %#018" PRIx64 "-%#018" PRIx64 " at %#-10" PRIx64 " ", mapping->start,
                      mapping->end, mapping->file_offset);
        text_put(out, mapping->path);
        buffer_putc(out, '\n');
    }
}

static void put_missing(struct buffer *out, const struct string_list *missing)
{
    put_title(out, missing->count ? "\nMissing" : "\nMissing: nothing");
    for (size_t i = 0; i < missing->count; i++) {
        buffer_puts(out, "  ");
        text_put(out, missing->items[i]);
        buffer_putc(out, '\n');
    }
}

void info_print_text(FILE *out, const struct program_info *info, const struct text_style *style)
{
    AUTO_TEXT text = {0};
    const struct report_head head = {.binary = info->binary, .core = info->core};
    put_program(&text, info);
    put_settings(&text, &info->binary);
    put_dependencies(&text, &info->binary);
    text_files(&text, &head);
    put_modules(&text, info);
    put_sources(&text, info);
    put_missing(&text, &info->missing);
    put_mappings(&text, info);
    text_style_write(out, &text, style);
}

static json_t *sources_array(const struct program_info *info)
{
    json_t *array = json_array();
    for (size_t i = 0; i < info->source_count; i++) {
        const struct info_source *source = &info->sources[i];
        json_t *object = json_object();
        json_put_text(object, "part", source->part);
        json_put_text(object, "source", info_rung_name(source->rung));
        json_put_text(object, "detail", source->detail);
        json_put_text(object, "advice", source->advice);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *modules_array(const struct program_info *info)
{
    json_t *array = json_array();
    for (size_t i = 0; i < info->module_count; i++) {
        const struct info_module *module = &info->modules[i];
        json_t *object = json_object();
        json_put_text(object, "path", module->path);
        json_put_text(object, "build_id", module->build_id);
        json_put_text(object, "debug_file", module->debug_file);
        json_put(object, "has_dwarf", json_boolean(module->has_dwarf));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *mappings_array(const struct program_info *info)
{
    json_t *array = json_array();
    for (size_t i = 0; i < info->mapping_count; i++) {
        const struct info_mapping *mapping = &info->mappings[i];
        json_t *object = json_object();
        json_put(object, "start", json_hex(mapping->start));
        json_put(object, "end", json_hex(mapping->end));
        json_put(object, "file_offset", json_count(mapping->file_offset));
        json_put_text(object, "path", mapping->path);
        json_array_append_new(array, object);
    }
    return array;
}

void info_print_json(FILE *out, const struct program_info *info)
{
    json_t *object = json_object();
    json_put(object, "binary", json_binary(&info->binary));
    json_put(object, "core", json_core(&info->core));
    if (info->module_count)
        json_put(object, "plugins", modules_array(info));
    json_put(object, "sources", sources_array(info));
    json_put(object, "mappings", mappings_array(info));
    json_put(object, "missing", json_strings(&info->missing));
    json_dumpf(object, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    fputc('\n', out);
    json_decref(object);
}
