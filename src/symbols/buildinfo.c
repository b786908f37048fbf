// SPDX-License-Identifier: MIT
#include "symbols/buildinfo.h"
#include "base/alloc.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[14] = "\xff Go buildinf:";
// In front of the module text; 16 bytes more, a NUL among them, follow it
// (cmd/go/internal/modload).
static const char sentinel[] = "0w\xaf\x0c\x92t\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
enum {
    HEADER_SIZE = 32,
    FLAG_BIG_ENDIAN = 1,
    FLAG_INLINE = 2, // Go 1.18+: both strings follow the header
    VERSION_MAX = 256,
    MODULE_TEXT_MAX = 1 << 24, // thousands of dependencies of a few hundred bytes
};

struct raw_info {
    char *version, *module_text;
};

/** The header in section .go.buildinfo, or at a 16-byte boundary of a writable segment. */
static bool find_header(struct elf_file *binary, struct bytes *out, target_addr *address)
{
    const struct elf_section *section = elf_file_section(binary, ".go.buildinfo");
    if (section) {
        struct error *err = elf_file_section_data(binary, section, out);
        bool good = !err && out->size >= HEADER_SIZE && memcmp(out->data, magic, sizeof magic) == 0;
        error_ignore(err); // the search below finds it all the same, or nothing does
        *address = section->address;
        if (good)
            return true;
    }
    size_t count;
    const struct elf_segment *segments = elf_file_segments(binary, &count);
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_LOAD || !(segments[i].flags & PF_W))
            continue;
        struct bytes bytes = elf_file_at(binary, segments[i].address, segments[i].file_size);
        for (size_t at = 0; at + HEADER_SIZE <= bytes.size; at += 16)
            if (memcmp(bytes.data + at, magic, sizeof magic) == 0) {
                *out = bytes_slice(bytes, at, bytes.size - at);
                *address = segments[i].address + at;
                return true;
            }
    }
    return false;
}

static char *copy_text(struct bytes bytes)
{
    char *text = alloc_bytes(bytes.size + 1);
    if (bytes.size)
        memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = 0;
    return text;
}

static struct error *read_inline(struct bytes header, struct raw_info *out)
{
    struct cursor cursor = {.bytes = header, .offset = HEADER_SIZE};
    struct bytes version = cursor_take(&cursor, cursor_uvarint(&cursor));
    struct bytes module_text = cursor_take(&cursor, cursor_uvarint(&cursor));
    struct error *err = cursor_check(&cursor);
    if (err)
        return error_wrap(err, "build info");
    out->version = copy_text(version);
    out->module_text = copy_text(module_text);
    return NULL;
}

/** A Go string whose header lies at address: a copy, NULL where it cannot be read. */
static char *read_string(const struct address_space *space, target_addr address, size_t max)
{
    uint64_t data, size;
    if (!address_space_try_u64(space, address, &data) ||
        !address_space_try_u64(space, address + 8, &size) || size > max)
        return NULL;
    char *text = alloc_bytes(size + 1);
    if (!address_space_try_read(space, data, text, size)) {
        free(text);
        return NULL;
    }
    text[size] = 0;
    return text;
}

/**
 * Up to Go 1.17 two pointers to strings follow the flags. They are read from the target's memory:
 * in an externally linked PIE the file has zeros there (arm64), filled in by the dynamic linker.
 */
static struct error *read_pointers(const struct address_space *space, target_addr address,
                                   struct raw_info *out)
{
    uint64_t version, module_text;
    if (!address_space_try_u64(space, address + 16, &version) ||
        !address_space_try_u64(space, address + 24, &module_text))
        return error_new(ERROR_UNMAPPED, "build info at %#" PRIx64 " is not in the core", address);
    out->version = read_string(space, version, VERSION_MAX);
    if (!out->version)
        return error_new(ERROR_CORRUPT, "build info: no version string at %#" PRIx64, version);
    char *text = module_text ? read_string(space, module_text, MODULE_TEXT_MAX) : NULL;
    out->module_text = text ? text : alloc_string("");
    return NULL;
}

/** Cuts a line at its tabs; fields that are not there are "". */
static void split_line(char *line, char *fields[4])
{
    for (size_t i = 0; i < 4; i++) {
        fields[i] = line;
        char *tab = strchr(line, '\t');
        if (tab)
            *tab++ = 0;
        line = tab ? tab : line + strlen(line);
    }
}

struct parse_state {
    struct buildinfo *info;
    size_t dependency_capacity, setting_capacity;
    struct buildinfo_module *last; // the module that a "=>" line replaces
};

static void parse_line(struct parse_state *state, char *line)
{
    struct buildinfo *info = state->info;
    char *fields[4];
    split_line(line, fields);
    if (strcmp(fields[0], "path") == 0) {
        info->main_package = fields[1];
    } else if (strcmp(fields[0], "mod") == 0) {
        info->main = (struct buildinfo_module){fields[1], fields[2], NULL};
        state->last = &info->main;
    } else if (strcmp(fields[0], "dep") == 0) {
        ARRAY_PUSH(info->dependencies, info->dependency_count, state->dependency_capacity) =
            (struct buildinfo_module){fields[1], fields[2], NULL};
        state->last = &info->dependencies[info->dependency_count - 1];
    } else if (strcmp(fields[0], "=>") == 0 && state->last) {
        if (*fields[2])
            fields[1][strlen(fields[1])] = ' '; // the tab that split_line() cut: "path version"
        state->last->replaced_by = fields[1];
    } else if (strcmp(fields[0], "build") == 0) {
        char *equals = strchr(fields[1], '=');
        if (!equals)
            return;
        *equals = 0;
        ARRAY_PUSH(info->settings, info->setting_count, state->setting_capacity) =
            (struct buildinfo_setting){fields[1], equals + 1};
    }
}

static void parse_modules(struct buildinfo *info)
{
    char *text = info->module_text;
    if (strncmp(text, sentinel, sizeof sentinel - 1) == 0) {
        text += sizeof sentinel - 1;
        char *last = strrchr(text, '\n');
        if (last)
            last[1] = 0;
    }
    struct parse_state state = {.info = info};
    for (char *line = text; line && *line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end++ = 0;
        parse_line(&state, line);
        line = end;
    }
}

/** "go1.27", "go1.24.4", "go1.26rc1 X:…": what a release calls itself. */
static bool is_version(const uint8_t *text, size_t size)
{
    static const char start[] = "go1.";
    if (size < sizeof start || memcmp(text, start, sizeof start - 1) != 0)
        return false;
    size_t at = sizeof start - 1;
    while (at < size && (text[at] >= '0' && text[at] <= '9'))
        at++;
    if (at == sizeof start - 1)
        return false;
    for (; at < size; at++)
        if (text[at] < ' ' || text[at] > '~')
            return false;
    return true;
}

/**
 * Where build info was removed, as from programs that npm ships: runtime.buildVersion is the one
 * string header in writable data whose text is a Go version. Two that differ say nothing.
 */
static char *search_version(const struct elf_file *binary, const struct address_space *space,
                            target_addr bias)
{
    enum { SHORTEST = 4, LONGEST = 40 };
    char found[LONGEST + 1] = "";
    struct memory_scan scan = {.space = space, .budget = elf_file_bytes(binary).size};
    size_t count;
    const struct elf_segment *segments = elf_file_segments(binary, &count);
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_LOAD || !(segments[i].flags & PF_W))
            continue;
        scan.at = segments[i].address + bias;
        scan.end = scan.at + segments[i].file_size;
        target_addr at;
        struct bytes view;
        while (memory_scan_next(&scan, &at, &view))
            for (size_t k = 0; k + 16 <= view.size; k += 8) {
                uint64_t size = load_u64(view.data + k + 8);
                uint8_t text[LONGEST];
                if (size < SHORTEST || size > LONGEST ||
                    !address_space_try_read(space, load_u64(view.data + k), text, size) ||
                    !is_version(text, size) || (*found && strncmp(found, (char *)text, size) == 0))
                    continue;
                if (*found)
                    return NULL;
                memcpy(found, text, size);
            }
    }
    return *found ? alloc_string(found) : NULL;
}

struct error *buildinfo_read(struct elf_file *binary, const struct address_space *space,
                             target_addr bias, struct buildinfo **out)
{
    struct bytes header;
    target_addr address;
    if (!find_header(binary, &header, &address)) {
        char *version = search_version(binary, space, bias);
        if (!version)
            return error_new(ERROR_NOT_FOUND,
                             "no Go build info: not a Go program, or removed from it");
        *out = alloc_zeroed(1, sizeof **out);
        (*out)->go_version = version;
        (*out)->module_text = alloc_string("");
        return NULL;
    }
    uint8_t flags = header.data[15];
    if (flags & FLAG_BIG_ENDIAN)
        return error_new(ERROR_UNSUPPORTED, "big-endian build info");
    struct raw_info raw = {0};
    struct error *err = flags & FLAG_INLINE ? read_inline(header, &raw)
                                            : read_pointers(space, address + bias, &raw);
    if (err && !(flags & FLAG_INLINE)) {
        // Cut out of the core: the linker's own words, which nobody changes.
        error_ignore(err);
        AUTO(address_space) initial = address_space_new_initial(binary, bias);
        err = read_pointers(initial, address + bias, &raw);
    }
    if (err)
        return err;
    struct buildinfo *info = alloc_zeroed(1, sizeof *info);
    info->go_version = raw.version;
    info->module_text = raw.module_text;
    parse_modules(info);
    *out = info;
    return NULL;
}

void buildinfo_free(struct buildinfo *info)
{
    if (!info)
        return;
    free(info->go_version);
    free(info->module_text);
    free(info->dependencies);
    free(info->settings);
    free(info);
}

const char *buildinfo_setting(const struct buildinfo *info, const char *key)
{
    for (size_t i = 0; i < info->setting_count; i++)
        if (strcmp(info->settings[i].key, key) == 0)
            return info->settings[i].value;
    return NULL;
}
