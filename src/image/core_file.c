// SPDX-License-Identifier: MIT
#include "image/core_file.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/checked.h"
#include "base/limits.h"
#include "image/arch_internal.h"
#include "image/note_internal.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct auxv_entry {
    uint64_t type, value;
};

struct core_file {
    struct arena *arena; // texts
    struct elf_file *elf;
    const struct arch *arch;
    struct core_thread *threads;
    size_t thread_count, thread_capacity;
    struct core_mapping *mappings;
    size_t mapping_count, mapping_capacity;
    struct auxv_entry *auxv;
    size_t auxv_count, auxv_capacity;
    pid_t pid;
    const char *program_name, *executable;
    char *command_line;
    uint64_t missing_bytes;
    const char **warnings;
    size_t warning_count, warning_capacity;
    size_t unsaid_warnings;  // beyond LIMIT_NOTE_WARNINGS
    size_t threads_left_out; // beyond LIMIT_THREADS
};

/** Nobody is helped by a thousand lines about a thousand broken notes: the rest is counted. */
static void warn(struct core_file *core, const char *format, ...) PRINTF_LIKE(2, 3);
static void warn(struct core_file *core, const char *format, ...)
{
    if (core->warning_count >= LIMIT_NOTE_WARNINGS) {
        core->unsaid_warnings++;
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    ARRAY_PUSH(core->warnings, core->warning_count, core->warning_capacity) =
        arena_vprintf(core->arena, format, arguments);
    va_end(arguments);
}

/** Text of a field that is filled up with NULs, or full and without one. */
static char *field_text(struct core_file *core, struct bytes field)
{
    return arena_copy(core->arena, field.data, strnlen((const char *)field.data, field.size));
}

/** struct elf_prstatus, Linux include/uapi/linux/elfcore.h: the fields before the registers. */
static void read_prstatus(struct core_file *core, struct bytes description)
{
    enum { PR_CURSIG = 12, PR_PID = 32, PR_REG = 112 };
    if (core->thread_count >= LIMIT_THREADS) {
        core->threads_left_out++;
        return;
    }
    if (description.size < PR_REG) {
        warn(core, "a thread is left out: its NT_PRSTATUS has %zu bytes", description.size);
        return;
    }
    struct core_thread *thread =
        &ARRAY_PUSH(core->threads, core->thread_count, core->thread_capacity);
    *thread = (struct core_thread){
        .tid = load_u32(description.data + PR_PID),
        .signal = load_u16(description.data + PR_CURSIG),
    };
    registers_load(core->arch->prstatus_offsets, description, &thread->registers);
    if (core->arch == &arch_amd64)
        thread->has_tls = register_get(&thread->registers, DWARF_FS_BASE, &thread->tls);
    uint64_t pc, sp;
    if (!register_get(&thread->registers, core->arch->pc, &pc) ||
        !register_get(&thread->registers, core->arch->sp, &sp))
        warn(core, "thread %" PRIu32 ": NT_PRSTATUS has only %zu bytes, registers are missing",
             thread->tid, description.size);
}

/** struct elf_prpsinfo. */
static void read_prpsinfo(struct core_file *core, struct bytes description)
{
    struct cursor c = {.bytes = description, .offset = 24};
    uint32_t pid = cursor_u32(&c);
    cursor_skip(&c, 12); // pr_ppid, pr_pgrp, pr_sid
    struct bytes name = cursor_take(&c, 16);
    struct bytes arguments = cursor_take(&c, 80);
    if (!cursor_ok(&c)) {
        warn(core, "NT_PRPSINFO has only %zu bytes", description.size);
        return;
    }
    core->pid = (pid_t)pid;
    core->program_name = field_text(core, name);
    core->command_line = field_text(core, arguments);
    char *end = strchr(core->command_line, 0);
    while (end > core->command_line && end[-1] == ' ') // Linux puts one behind each argument
        *--end = 0;
}

static void read_auxv(struct core_file *core, struct bytes description)
{
    struct cursor c = {.bytes = description};
    while (core->auxv_count < LIMIT_AUXV) {
        struct auxv_entry entry = {.type = cursor_u64(&c)};
        entry.value = cursor_u64(&c);
        if (!cursor_ok(&c)) {
            warn(core, "NT_AUXV has no end: %zu bytes", description.size);
            return;
        }
        if (entry.type == AT_NULL)
            return;
        ARRAY_PUSH(core->auxv, core->auxv_count, core->auxv_capacity) = entry;
    }
    warn(core, "NT_AUXV has more than %d entries", LIMIT_AUXV);
}

/**
 * Linux fs/binfmt_elf.c, fill_files_note(): count, page size, count times start, end and offset in
 * pages, then as many paths. gdb's gcore gives 1 for the page size and offsets in bytes.
 */
static void read_mappings(struct core_file *core, struct bytes description)
{
    enum { ENTRY_SIZE = 24 };
    struct cursor entries = {.bytes = description};
    uint64_t count = cursor_u64(&entries);
    uint64_t page_size = cursor_u64(&entries);
    size_t room = description.size > entries.offset ? description.size - entries.offset : 0;
    if (!cursor_ok(&entries) || count > LIMIT_SEGMENTS || count > room / ENTRY_SIZE) {
        warn(core, "NT_FILE: %" PRIu64 " mappings do not fit %zu bytes", count, description.size);
        return;
    }
    struct cursor paths = {.bytes = description,
                           .offset = entries.offset + (size_t)count * ENTRY_SIZE};
    for (uint64_t i = 0; i < count; i++) {
        struct core_mapping mapping = {.start = cursor_u64(&entries)};
        mapping.end = cursor_u64(&entries);
        uint64_t page = cursor_u64(&entries);
        mapping.path = cursor_string(&paths);
        if (!cursor_ok(&paths)) {
            warn(core, "NT_FILE: the paths of %" PRIu64 " of %" PRIu64 " mappings are missing",
                 count - i, count);
            return;
        }
        if (mapping.start >= mapping.end || strlen(mapping.path) > LIMIT_NOTE_NAME ||
            !checked_multiply(page, page_size, &mapping.file_offset)) {
            warn(core, "NT_FILE: mapping %" PRIu64 " of %" PRIu64 " is broken", i, count);
            continue;
        }
        ARRAY_PUSH(core->mappings, core->mapping_count, core->mapping_capacity) = mapping;
    }
}

/** The thread that a note belongs to: that of the NT_PRSTATUS before it. */
static struct core_thread *last_thread(struct core_file *core)
{
    return core->thread_count ? &core->threads[core->thread_count - 1] : NULL;
}

static void read_siginfo(struct core_file *core, struct bytes description)
{
    struct core_thread *thread = last_thread(core);
    if (!thread || thread->has_siginfo)
        return;
    if (description.size < sizeof thread->siginfo) {
        warn(core, "thread %" PRIu32 ": NT_SIGINFO has only %zu bytes", thread->tid,
             description.size);
        return;
    }
    memcpy(thread->siginfo, description.data, sizeof thread->siginfo);
    thread->has_siginfo = true;
}

static void read_arm_tls(struct core_file *core, struct bytes description)
{
    struct core_thread *thread = last_thread(core);
    if (!thread || core->arch != &arch_arm64)
        return;
    if (description.size < 8) {
        warn(core, "thread %" PRIu32 ": NT_ARM_TLS has only %zu bytes", thread->tid,
             description.size);
        return;
    }
    thread->tls = load_u64(description.data);
    thread->has_tls = true;
}

static void read_note(struct core_file *core, const struct note *note)
{
    if (note_is(note, "LINUX", NT_ARM_TLS)) {
        read_arm_tls(core, note->description);
        return;
    }
    if (note_is(note, "LINUX", NT_X86_XSTATE) && last_thread(core)) {
        last_thread(core)->extended = note->description;
        return;
    }
    if (!note_is(note, "CORE", note->type))
        return;
    switch (note->type) {
    case NT_PRSTATUS:
        read_prstatus(core, note->description);
        break;
    case NT_PRPSINFO:
        read_prpsinfo(core, note->description);
        break;
    case NT_AUXV:
        if (!core->auxv_count)
            read_auxv(core, note->description);
        break;
    case NT_FILE:
        if (!core->mapping_count)
            read_mappings(core, note->description);
        break;
    case NT_SIGINFO:
        read_siginfo(core, note->description);
        break;
    case NT_PRFPREG:
        if (last_thread(core))
            last_thread(core)->floating = note->description;
        break;
    default:
        break;
    }
}

/** @param cut  whether the file ends before the notes do */
static void read_notes(struct core_file *core, struct bytes notes, bool cut)
{
    size_t offset = 0, note_count = 0;
    struct note note;
    while (note_count < LIMIT_NOTES && note_next(notes, &offset, &note)) {
        note_count++;
        if (note.description.size < note.promised) {
            warn(core,
                 "the notes are cut off: the last one, type %#" PRIx32 ", has %zu of %" PRIu64
                 " bytes",
                 note.type, note.description.size, note.promised);
            cut = false; // said
        }
        read_note(core, &note);
    }
    if (offset < notes.size && note_count < LIMIT_NOTES)
        warn(core, "the notes are broken at offset %zu of %zu", offset, notes.size);
    else if (offset < notes.size)
        warn(core, "more than %d notes, the rest is left out", LIMIT_NOTES);
    else if (cut)
        warn(core, "the notes are cut off after %zu bytes", notes.size);
}

static void read_all_notes(struct core_file *core)
{
    struct bytes file = elf_file_bytes(core->elf);
    size_t count = 0;
    const struct elf_segment *segments = elf_file_segments(core->elf, &count);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_NOTE)
            continue;
        any = true;
        uint64_t offset = segments[i].offset, size = segments[i].file_size;
        uint64_t left = offset < file.size ? file.size - offset : 0;
        read_notes(core, bytes_slice(file, offset, size < left ? size : left), left < size);
    }
    if (!any)
        warn(core, "there are no notes: threads, registers and mappings are unknown");
    else if (!core->thread_count)
        warn(core, "the notes name no thread");
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return checked_add(a, b, &sum) ? sum : UINT64_MAX;
}

/** How much of what the program headers promise lies beyond the end of the file. */
static void count_missing(struct core_file *core)
{
    uint64_t file_size = elf_file_bytes(core->elf).size, wanted = file_size;
    size_t count = 0, cut = 0;
    const struct elf_segment *segments = elf_file_segments(core->elf, &count);
    for (size_t i = 0; i < count; i++) {
        const struct elf_segment *segment = &segments[i];
        uint64_t end = add_saturating(segment->offset, segment->file_size);
        if (segment->file_size == 0 || end <= file_size)
            continue;
        uint64_t from = segment->offset > file_size ? segment->offset : file_size;
        core->missing_bytes = add_saturating(core->missing_bytes, end - from);
        wanted = end > wanted ? end : wanted;
        cut++;
    }
    if (cut)
        warn(core,
             "the core is cut off: it has %" PRIu64 " of %" PRIu64 " bytes, %" PRIu64
             " bytes of %zu segments are missing",
             file_size, wanted, core->missing_bytes, cut);
    if (core_stream_cut(elf_file_stream(core->elf)))
        warn(core, "the %s stream of the core is broken after %" PRIu64 " bytes",
             compression_name(core_stream_compression(elf_file_stream(core->elf))), file_size);
}

static const char *path_at(const struct core_file *core, uint64_t auxv_type)
{
    uint64_t address = 0;
    if (!core_file_auxv(core, auxv_type, &address))
        return NULL;
    for (size_t i = 0; i < core->mapping_count; i++)
        if (address - core->mappings[i].start < core->mappings[i].end - core->mappings[i].start)
            return core->mappings[i].path;
    return NULL;
}

/**
 * The mappings have whole paths; AT_EXECFN is what execve was given, perhaps relative or a link,
 * and only for cores without NT_FILE.
 */
static const char *find_executable(struct core_file *core)
{
    const char *path = path_at(core, AT_ENTRY);
    if (!path)
        path = path_at(core, AT_PHDR);
    uint64_t address = 0;
    if (path || !core_file_auxv(core, AT_EXECFN, &address))
        return path;
    struct cursor c = {.bytes = elf_file_at(core->elf, address, LIMIT_NOTE_NAME)};
    path = cursor_string(&c);
    return *path ? path : NULL;
}

static struct error *check_type(const struct core_file *core, const char *path)
{
    uint16_t type = elf_file_type(core->elf);
    if (type == ET_CORE)
        return NULL;
    if (type == ET_EXEC || type == ET_DYN)
        return error_new(ERROR_UNSUPPORTED, "%s: is an executable or a library, not a core file",
                         path);
    return error_new(ERROR_UNSUPPORTED, "%s: is an ELF file of type %u, not a core file", path,
                     type);
}

struct error *core_file_open(const char *path, struct core_file **out)
{
    return core_file_open_limited(path, 0, out);
}

struct error *core_file_open_limited(const char *path, uint64_t limit, struct core_file **out)
{
    AUTO(core_file) core = alloc_zeroed(1, sizeof *core);
    core->arena = arena_new();
    core->program_name = "";
    core->command_line = arena_string(core->arena, "");
    struct error *err = elf_file_open_limited(path, limit, &core->elf);
    if (err)
        return err;
    err = check_type(core, path);
    if (err)
        return err;
    core->arch = arch_by_machine(elf_file_machine(core->elf));
    count_missing(core);
    read_all_notes(core);
    core->executable = find_executable(core);
    if (core->threads_left_out)
        warn(core, "%zu threads beyond %d are left out", core->threads_left_out, LIMIT_THREADS);
    if (core->unsaid_warnings)
        ARRAY_PUSH(core->warnings, core->warning_count, core->warning_capacity) =
            arena_printf(core->arena, "%zu more faults in the notes", core->unsaid_warnings);
    *out = TAKE(core);
    return NULL;
}

void core_file_free(struct core_file *core)
{
    if (!core)
        return;
    free(core->threads);
    free(core->mappings);
    free(core->auxv);
    free(core->warnings);
    elf_file_free(core->elf);
    arena_free(core->arena);
    free(core);
}

const struct elf_file *core_file_elf(const struct core_file *core)
{
    return core->elf;
}

const struct arch *core_file_arch(const struct core_file *core)
{
    return core->arch;
}

const struct core_thread *core_file_threads(const struct core_file *core, size_t *count)
{
    *count = core->thread_count;
    return core->threads;
}

const struct core_mapping *core_file_mappings(const struct core_file *core, size_t *count)
{
    *count = core->mapping_count;
    return core->mappings;
}

bool core_file_auxv(const struct core_file *core, uint64_t type, uint64_t *out)
{
    for (size_t i = 0; i < core->auxv_count; i++) {
        if (core->auxv[i].type != type)
            continue;
        *out = core->auxv[i].value;
        return true;
    }
    return false;
}

pid_t core_file_pid(const struct core_file *core)
{
    return core->pid;
}

const char *core_file_command_line(const struct core_file *core)
{
    return core->command_line;
}

const char *core_file_program_name(const struct core_file *core)
{
    return core->program_name;
}

const char *core_file_executable(const struct core_file *core)
{
    return core->executable;
}

uint64_t core_file_missing_bytes(const struct core_file *core)
{
    return core->missing_bytes;
}

const char *const *core_file_warnings(const struct core_file *core, size_t *count)
{
    *count = core->warning_count;
    return core->warnings;
}
