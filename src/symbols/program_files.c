// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "program_files_internal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/** Both kinds of build id, as notes have them. */
static const struct id_kind {
    const char *name;
    uint32_t type;
} id_kinds[] = {{"GNU", NT_GNU_BUILD_ID}, {"Go", 4}};

/** Holds a file's build ids against those that the core has of it, if it was loaded at bias. */
static enum build_match compare_build_ids(const struct address_space *space,
                                          const struct elf_file *file, target_addr bias)
{
    enum build_match match = BUILD_UNKNOWN;
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_NOTE)
            continue;
        uint64_t size = segments[i].file_size;
        struct bytes in_core = address_space_view(space, segments[i].address + bias, size);
        struct bytes in_file = elf_file_at(file, segments[i].address, size);
        if (in_core.size < size || in_file.size < size)
            continue;
        for (size_t k = 0; k < COUNT_OF(id_kinds); k++) {
            struct bytes file_id = elf_note_find(in_file, id_kinds[k].name, id_kinds[k].type);
            struct bytes core_id = elf_note_find(in_core, id_kinds[k].name, id_kinds[k].type);
            if (!file_id.size)
                continue;
            if (file_id.size != core_id.size ||
                memcmp(file_id.data, core_id.data, file_id.size) != 0)
                return BUILD_OTHER;
            match = BUILD_SAME;
        }
    }
    return match;
}

/**
 * Whether the core holds a segment of constants, all of it, that is the file's byte for byte: as
 * sure as a build id, for it has Go's tables of functions or names. An emulator's core has no text,
 * and with it no build id.
 */
static bool same_constants(const struct address_space *space, const struct elf_file *file,
                           target_addr bias)
{
    enum { ENOUGH = 1 << 16 }; // of Go's smallest program it is ten times as much
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t size = segments[i].file_size;
        if (segments[i].type != PT_LOAD || segments[i].flags & (PF_W | PF_X) || size < ENOUGH)
            continue;
        struct bytes in_core = address_space_view(space, segments[i].address + bias, size);
        struct bytes in_file = elf_file_at(file, segments[i].address, size);
        if (in_core.size == size && in_file.size == size &&
            memcmp(in_core.data, in_file.data, size) == 0)
            return true;
    }
    return false;
}

/** The address of a file's first byte, not relocated. */
static bool start_of(const struct elf_file *file, target_addr *out)
{
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++)
        if (segments[i].type == PT_LOAD) {
            *out = segments[i].address - segments[i].offset;
            return true;
        }
    return false;
}

/** What the loader adds to a file's addresses if its first byte is mapped at start. */
static bool bias_at(const struct elf_file *file, target_addr start, target_addr *out)
{
    target_addr first;
    if (!start_of(file, &first))
        return false;
    *out = start - first;
    return true;
}

/** A library given in the executable's place: it is the one whose build id stands in memory. */
static bool place_library(struct program *program)
{
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(program->core, &count);
    for (size_t i = 0; i < count; i++) {
        target_addr bias;
        if (mappings[i].file_offset || !bias_at(program->binary, mappings[i].start, &bias) ||
            compare_build_ids(program->space, program->binary, bias) != BUILD_SAME)
            continue;
        program->bias = bias;
        program->match = BUILD_SAME;
        program->is_library = true;
        return true;
    }
    return false;
}

/** What the loader added: nothing for ET_EXEC; for ET_DYN what AT_ENTRY or AT_PHDR tell. */
static struct error *place_executable(struct program *program)
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

struct error *program_place(struct program *program)
{
    struct error *err = place_executable(program);
    bool dynamic = elf_file_type(program->binary) == ET_DYN;
    if (!err && program->match != BUILD_OTHER)
        program->match = compare_build_ids(program->space, program->binary, program->bias);
    if (!err && program->match == BUILD_UNKNOWN &&
        same_constants(program->space, program->binary, program->bias))
        program->match = BUILD_SAME;
    if (dynamic && (err || program->match != BUILD_SAME) && place_library(program)) {
        error_ignore(err); // it is no executable
        err = NULL;
    }
    return err;
}

/** The path without what Linux puts behind that of a file that is gone; the caller frees. */
static char *plain_path(const char *path)
{
    static const char deleted[] = " (deleted)";
    size_t size = strlen(path), tail = sizeof deleted - 1;
    char *copy = alloc_string(path);
    if (size > tail && strcmp(copy + size - tail, deleted) == 0)
        copy[size - tail] = '\0';
    return copy;
}

struct error *program_find_executable(struct program *program, const char *core_path,
                                      const struct file_places *places)
{
    const char *recorded = core_file_executable(program->core);
    if (!recorded)
        return error_new(ERROR_NOT_FOUND,
                         "%s: does not say which executable it is of: give it in front of the core",
                         core_path);
    AUTO_BUFFER char *path = plain_path(recorded);
    struct file_places here = *places;
    here.host = true; // it must come from somewhere; --stable hides where that is
    AUTO_BUFFER char *found_at =
        path[0] == '/' ? file_places_target(&here, path) : alloc_string(path);
    struct error *err = file_places_open(found_at, &program->binary);
    if (!err)
        return NULL;
    AUTO(error) why = err;
    return error_new(ERROR_OS, "%s: its executable %s; give the executable before the core",
                     core_path, error_message(why));
}

/** Whether the core holds the file's ELF header and program headers, byte for byte. */
static bool same_headers(const struct program *program)
{
    target_addr first;
    struct bytes file = elf_file_bytes(program->binary);
    size_t count;
    elf_file_segments(program->binary, &count);
    size_t size = sizeof(Elf64_Ehdr) + count * sizeof(Elf64_Phdr);
    struct bytes header = bytes_slice(file, 0, size);
    if (!header.size || !start_of(program->binary, &first))
        return false;
    struct bytes in_core = address_space_view(program->space, first + program->bias, size);
    return in_core.size == size && memcmp(in_core.data, header.data, size) == 0;
}

struct error *program_check_found(const struct program *program, const char *core_path)
{
    if (program->match == BUILD_SAME || (program->match == BUILD_UNKNOWN && same_headers(program)))
        return NULL;
    return error_new(ERROR_UNSUPPORTED,
                     "%s: its executable %s %s; give the very build that crashed before the core",
                     core_path, elf_file_path(program->binary),
                     program->match == BUILD_OTHER
                         ? "was replaced since: its build id or entry point differs"
                         : "cannot be told from another build: neither has a build id");
}

/** Whether the core's own copy of a mapped file's notes says that Go built it. */
static bool is_go_file(const struct program *program, target_addr start)
{
    enum { HEADERS = 4096, PHDR_SIZE = 56, PHOFF = 32, PHNUM = 56 };
    struct bytes page = address_space_view(program->space, start, HEADERS);
    if (page.size < sizeof(Elf64_Ehdr) || memcmp(page.data, ELFMAG, SELFMAG) != 0)
        return false;
    uint64_t offset = load_u64(page.data + PHOFF);
    uint16_t count = load_u16(page.data + PHNUM);
    for (uint16_t i = 0; i < count; i++) {
        struct bytes header = bytes_slice(page, offset + (uint64_t)i * PHDR_SIZE, PHDR_SIZE);
        if (!header.size)
            return false;
        struct cursor c = {.bytes = header};
        uint32_t type = cursor_u32(&c);
        cursor_skip(&c, 4);
        uint64_t at = cursor_u64(&c);
        cursor_skip(&c, 16);
        uint64_t size = cursor_u64(&c);
        struct bytes notes = bytes_slice(page, at, size);
        if (type == PT_NOTE && elf_note_find(notes, id_kinds[1].name, id_kinds[1].type).size)
            return true;
    }
    return false;
}

/** Opens the file of a mapping that begins at its first byte, if it is the one that was mapped. */
static bool open_mapped(const struct program *program, const struct file_places *places,
                        const struct core_mapping *mapping, struct elf_file **out,
                        target_addr *bias)
{
    AUTO(elf_file) file = NULL;
    AUTO_BUFFER char *path = file_places_target(places, mapping->path);
    if (!path)
        return false;
    struct error *err = file_places_open(path, &file);
    if (err) {
        error_ignore(err); // the caller says what is missing without it
        return false;
    }
    if (elf_file_machine(file) != program->arch->machine || !bias_at(file, mapping->start, bias) ||
        compare_build_ids(program->space, file, *bias) != BUILD_SAME)
        return false;
    *out = TAKE(file);
    return true;
}

static bool has_text(struct elf_file *file, const char *section_name, const char *text)
{
    const struct elf_section *section = elf_file_section(file, section_name);
    struct bytes bytes = {0};
    struct error *err = section ? elf_file_section_data(file, section, &bytes) : NULL;
    bool found = !err && bytes.size && memmem(bytes.data, bytes.size, text, strlen(text));
    error_ignore(err);
    return found;
}

/** Another compiler's Go, whose runtime is another one; NULL: nothing says so. */
static const char *other_compiler(struct elf_file *file)
{
    static const struct {
        const char *section, *text, *name;
    } marks[] = {
        {".dynstr", "libgo.so.", "gccgo"},      // what its programs are linked with
        {".strtab", "__go_init_main", "gccgo"}, // … or not, with -static-libgo
        {".strtab", "tinygo_", "TinyGo"},       // prefix of its runtime's exported functions
        {".dynstr", "tinygo_", "TinyGo"},
    };
    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (has_text(file, marks[i].section, marks[i].text))
            return marks[i].name;
    return NULL;
}

/** Whether a mapping is of the file whose code the process began in. */
static bool is_executable_mapping(const struct program *program, const struct core_mapping *mapping)
{
    size_t count;
    uint64_t entry;
    const struct core_mapping *mappings = core_file_mappings(program->core, &count);
    if (!core_file_auxv(program->core, AT_ENTRY, &entry))
        return false;
    for (size_t i = 0; i < count; i++)
        if (entry >= mappings[i].start && entry < mappings[i].end)
            return strcmp(mappings[i].path, mapping->path) == 0;
    return false;
}

struct error *program_adopt_library(struct program *program, const struct file_places *places)
{
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(program->core, &count);
    const char *missing = NULL;
    for (size_t i = 0; i < count; i++) {
        struct elf_file *library;
        target_addr bias;
        if (mappings[i].file_offset || !is_go_file(program, mappings[i].start))
            continue;
        if (is_executable_mapping(program, &mappings[i]))
            return error_new(ERROR_NOT_FOUND,
                             "%s: is no Go program, and the core is one's: of %s; give that very "
                             "executable in front of the core",
                             elf_file_path(program->binary), mappings[i].path);
        if (!open_mapped(program, places, &mappings[i], &library, &bias)) {
            missing = mappings[i].path;
            continue;
        }
        program->executable = program->binary;
        program->executable_bias = program->bias;
        program->binary = library;
        program->bias = bias;
        program->is_library = true;
        program->match = BUILD_SAME;
        return NULL;
    }
    if (missing)
        return error_new(ERROR_NOT_FOUND,
                         "%s: is no Go program; the core's Go code is in %s, which is not here: "
                         "give that very library in front of the core",
                         elf_file_path(program->binary), missing);
    const char *compiler = other_compiler(program->binary);
    if (compiler)
        return error_new(ERROR_UNSUPPORTED,
                         "%s: was built by %s, whose runtime is another one: gocrash reads what "
                         "the Go toolchain itself builds",
                         elf_file_path(program->binary), compiler);
    return error_new(ERROR_NOT_FOUND, "%s: not a Go program, nor is one of its libraries",
                     elf_file_path(program->binary));
}

/** The mapping of the first byte of the file that is mapped at address. */
static const struct core_mapping *file_start(const struct program *program, target_addr address)
{
    size_t count, at = 0;
    const struct core_mapping *mappings = core_file_mappings(program->core, &count);
    while (at < count && address - mappings[at].start >= mappings[at].end - mappings[at].start)
        at++;
    for (size_t i = at + 1; at < count && i-- > 0;) {
        if (strcmp(mappings[i].path, mappings[at].path) != 0)
            break;
        if (mappings[i].file_offset == 0)
            return &mappings[i];
    }
    return NULL;
}

bool program_map_file_at(struct program *program, target_addr address)
{
    const struct core_mapping *start = file_start(program, address);
    struct elf_file *file;
    target_addr bias;
    if (!start || program->plugin_count >= LIMIT_MODULES ||
        !open_mapped(program, &program->places, start, &file, &bias))
        return false;
    ARRAY_PUSH(program->plugins, program->plugin_count, program->plugin_capacity) =
        (struct plugin){.file = file, .bias = bias};
    address_space_add_file(program->space, file, bias);
    return true;
}
