// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/arena.h"
#include "base/limits.h"
#include "link_map_internal.h"
#include "program_files_internal.h"

#include <elf.h>
#include <string.h>

/** The note with Go's own build id. */
static const struct {
    const char *name;
    uint32_t type;
} go_note = {"Go", 4};

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
        if (type == PT_NOTE && elf_note_find(notes, go_note.name, go_note.type).size)
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
    if (elf_file_machine(file) != program->arch->machine ||
        !program_bias_at(file, mapping->start, bias) ||
        program_compare_build_ids(program->space, file, *bias) != BUILD_SAME)
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

/** A library takes the place of the C program that loaded it. */
static void adopt(struct program *program, struct elf_file *library, target_addr bias)
{
    program->executable = program->binary;
    program->executable_bias = program->bias;
    program->binary = library;
    program->bias = bias;
    program->is_library = true;
    program->match = BUILD_SAME;
}

/** Opens the file of a library on the dynamic linker's list. @return NULL where it is not here */
static struct elf_file *open_linked(const struct program *program, const struct file_places *places,
                                    const struct loaded_library *library)
{
    AUTO_BUFFER char *path = file_places_target(places, library->path);
    AUTO(elf_file) file = NULL;
    struct error *err = path ? file_places_open(path, &file) : NULL;
    error_ignore(err); // the caller says what is missing without it
    return file && elf_file_machine(file) == program->arch->machine ? TAKE(file) : NULL;
}

/** Whether a file's own notes say that Go built it. */
static bool built_by_go(const struct elf_file *file)
{
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        struct bytes notes = elf_file_at(file, segments[i].address, segments[i].file_size);
        if (segments[i].type == PT_NOTE && elf_note_find(notes, go_note.name, go_note.type).size)
            return true;
    }
    return false;
}

/**
 * program_adopt_library() for a core that names no files, by the dynamic linker's list.
 * @param missing  set to the library with Go code that is here in another build alone
 */
static bool adopt_linked(struct program *program, const struct file_places *places,
                         struct arena *arena, const char **missing)
{
    struct loaded_library *libraries;
    size_t count = link_map_read(program->space, program->binary, program->bias, arena, &libraries);
    for (size_t i = 0; i < count; i++) {
        AUTO(elf_file) file = open_linked(program, places, &libraries[i]);
        if (!file || !built_by_go(file))
            continue;
        if (link_map_is_file(program->space, file, libraries[i].base)) {
            adopt(program, TAKE(file), libraries[i].base);
            return true;
        }
        *missing = libraries[i].path;
    }
    return false;
}

struct error *program_adopt_library(struct program *program, const struct file_places *places)
{
    size_t count;
    AUTO(arena) arena = arena_new();
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
        adopt(program, library, bias);
        return NULL;
    }
    if (!count && adopt_linked(program, places, arena, &missing))
        return NULL;
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

/** The file on the dynamic linker's list that has address, if it is here and is the one. */
static struct elf_file *open_linked_at(const struct program *program, target_addr address,
                                       target_addr *bias)
{
    AUTO(arena) arena = arena_new();
    struct loaded_library *libraries;
    struct elf_file *executable = program->is_library ? program->executable : program->binary;
    size_t count = 0;
    if (executable)
        count = link_map_read(program->space, executable,
                              program->is_library ? program->executable_bias : program->bias, arena,
                              &libraries);
    for (size_t i = 0; i < count; i++) {
        if (address - libraries[i].base >= libraries[i].end - libraries[i].base)
            continue;
        AUTO(elf_file) file = open_linked(program, &program->places, &libraries[i]);
        *bias = libraries[i].base;
        return file && link_map_is_file(program->space, file, *bias) ? TAKE(file) : NULL;
    }
    return NULL;
}

bool program_map_file_at(struct program *program, target_addr address)
{
    size_t count;
    struct elf_file *file = NULL;
    target_addr bias;
    core_file_mappings(program->core, &count);
    if (program->plugin_count >= LIMIT_MODULES)
        return false;
    if (!count) // an emulator's core names no files
        file = open_linked_at(program, address, &bias);
    else {
        const struct core_mapping *start = file_start(program, address);
        if (!start || !open_mapped(program, &program->places, start, &file, &bias))
            return false;
    }
    if (!file)
        return false;
    ARRAY_PUSH(program->plugins, program->plugin_count, program->plugin_capacity) =
        (struct plugin){.file = file, .bias = bias};
    address_space_add_file(program->space, file, bias);
    return true;
}
