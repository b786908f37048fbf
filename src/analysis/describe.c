// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/table.h"
#include "symbols/debug_file.h"
#include "symbols/dwarf_index.h"
#include "symbols/known_variables.h"
#include "symbols/native_code.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

static const char *keep(struct analysis *analysis, const char *text)
{
    return text && *text ? arena_string(analysis->arena, text) : NULL;
}

static void fill_dependencies(struct analysis *analysis, struct report_binary *out)
{
    const struct buildinfo *info = analysis->program->buildinfo;
    out->dependency_count = info->dependency_count;
    out->dependencies =
        arena_array(analysis->arena, info->dependency_count, sizeof *out->dependencies);
    for (size_t i = 0; i < info->dependency_count; i++)
        out->dependencies[i] = (struct report_dependency){
            .path = info->dependencies[i].path,
            .version = info->dependencies[i].version,
            .replaced_by = info->dependencies[i].replaced_by,
        };
    out->settings.count = info->setting_count;
    out->settings.items =
        arena_array(analysis->arena, info->setting_count, sizeof *out->settings.items);
    for (size_t i = 0; i < info->setting_count; i++)
        out->settings.items[i] = (struct key_value){info->settings[i].key, info->settings[i].value};
}

/** The compiler's own word in the DWARF of package main; else the go command's, from 1.18 on. */
static void fill_optimized(struct analysis *analysis, const char *flags, struct report_binary *out)
{
    struct dwarf_index *dwarf;
    if (analysis->options->variables) {
        struct error *err = program_dwarf(analysis->program, &dwarf);
        out->knows_optimized = !err && dwarf_index_is_optimized(dwarf, "main", &out->optimized);
        error_ignore(err); // the lack of DWARF is said where variables are missed
    }
    if (!out->knows_optimized && analysis->program->buildinfo->setting_count) {
        out->knows_optimized = true;
        out->optimized = !flags || !strstr(flags, "-N");
    }
}

/** Where a file lies is this host's business: a stable report names the file alone. */
static const char *path_shown(const struct analysis *analysis, const char *path)
{
    const char *slash = analysis->options->stable ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

static void fill_binary(struct analysis *analysis, const char *path, struct report_binary *out)
{
    const struct program *program = analysis->program;
    const struct buildinfo *info = program->buildinfo;
    const char *cgo = buildinfo_setting(info, "CGO_ENABLED");
    const char *flags = buildinfo_setting(info, "-gcflags");
    *out = (struct report_binary){
        .path = path,
        .build_id = elf_file_build_id(program->binary),
        .go_build_id = elf_file_go_build_id(program->binary),
        .go_version = info->go_version,
        .arch = program->arch->name,
        .main_package = keep(analysis, info->main_package),
        .module = keep(analysis, info->main.path),
        .module_version = keep(analysis, info->main.version),
        .has_dwarf = debug_file_has_dwarf(program->binary),
        .has_symtab = debug_file_has_symbols(program->binary),
        .pie = elf_file_type(program->binary) == ET_DYN,
        .matches_core = program->match == BUILD_SAME    ? MATCHES_YES
                        : program->match == BUILD_OTHER ? MATCHES_NO
                                                        : MATCHES_UNKNOWN,
    };
    if (cgo) {
        out->knows_cgo = true;
        out->cgo = strcmp(cgo, "1") == 0;
    }
    fill_optimized(analysis, flags, out);
    if (program->debug_file) // which may have been downloaded for the line above
        out->debug_file = path_shown(analysis, elf_file_path(program->debug_file));
    fill_dependencies(analysis, out);
}

static void fill_core(struct analysis *analysis, const char *path, struct report_core *out)
{
    const struct program *program = analysis->program;
    const struct core_stream *stream = elf_file_stream(core_file_elf(program->core));
    size_t thread_count;
    const struct core_thread *threads = core_file_threads(program->core, &thread_count);
    uint64_t missing = core_file_missing_bytes(program->core);
    *out = (struct report_core){
        .path = path,
        .arch = program->arch->name,
        .compression = compression_name(core_stream_compression(stream)),
        .size = core_stream_file_size(stream),
        .missing_bytes = missing,
        .truncated = missing > 0 || core_stream_cut(stream),
        .pid = core_file_pid(program->core),
        .executable = core_file_executable(program->core),
        .command_line = keep(analysis, core_file_command_line(program->core)),
        .thread_count = thread_count,
    };
    for (size_t i = 0; i < thread_count; i++) {
        if (!threads[i].signal)
            continue;
        if (!threads[i].has_siginfo) { // an emulator's core: NT_PRSTATUS has the number alone
            out->signal = (struct report_signal){.present = true,
                                                 .number = threads[i].signal,
                                                 .name = signal_name(threads[i].signal)};
            break;
        }
        int64_t code = (int32_t)load_u32(threads[i].siginfo + 8);
        out->signal = (struct report_signal){
            .present = true,
            .number = threads[i].signal,
            .name = signal_name(threads[i].signal),
            .has_code = true,
            .code = code,
            .code_name = signal_code_name(threads[i].signal, code),
            .has_sender = code <= 0,
            .sender_pid = code <= 0 ? (int32_t)load_u32(threads[i].siginfo + 16) : 0,
            .has_address = code > 0,
            .address = load_u64(threads[i].siginfo + 16),
        };
        break;
    }
    if (out->signal.present && !out->signal.name)
        out->signal.name = "signal";
}

/** Up to a minute exact: the runtime's clock, as far as the core tells it, less when main was
 * started. */
static void fill_runtime(struct analysis *analysis, struct report_runtime *out)
{
    const struct program *program = analysis->program;
    size_t machine_count;
    target_addr address;
    scheduler_machines(analysis->scheduler, &machine_count);
    *out = (struct report_runtime){.present = true, .has_threads = true, .threads = machine_count};
    uint32_t procs;
    if (program_variable(program, "runtime.gomaxprocs", &address) &&
        address_space_try_u32(program->space, address, &procs)) {
        out->has_gomaxprocs = true;
        out->gomaxprocs = procs;
    }
    uint64_t started;
    int64_t now = scheduler_now(analysis->scheduler);
    if (program_variable(program, "runtime.runtimeInitTime", &address) &&
        address_space_try_u64(program->space, address, &started) && started && now > 0 &&
        started < (uint64_t)now) {
        out->has_uptime = true;
        out->uptime_ns = (uint64_t)now - started;
    }
    out->has_goroutines = true;
    out->goroutines = scheduler_alive_count(analysis->scheduler);
    if (analysis->options->variables)
        runtime_numbers_read(analysis, out);
}

void describe_files(struct analysis *analysis, const char *binary_path, const char *core_path,
                    struct report_binary *binary, struct report_core *core)
{
    fill_binary(analysis, binary_path, binary);
    fill_core(analysis, core_path, core);
}

void describe_head(struct analysis *analysis, const char *binary_path, const char *core_path,
                   struct report_head *head)
{
    head->tool_version = GOCRASH_VERSION;
    head->go_minor = analysis->program->release->minor;
    describe_files(analysis, binary_path, core_path, &head->binary, &head->core);
    fill_runtime(analysis, &head->runtime);
}

static void fill_registers(struct analysis *analysis, const struct core_thread *thread,
                           struct report_thread *out)
{
    const struct arch *arch = analysis->program->arch;
    out->register_names = arena_array(analysis->arena, REGISTER_COUNT, sizeof(char *));
    out->register_values = arena_array(analysis->arena, REGISTER_COUNT, sizeof(uint64_t));
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        uint64_t value;
        if (!arch->register_names[i] || !register_get(&thread->registers, i, &value))
            continue;
        out->register_names[out->register_count] = arch->register_names[i];
        out->register_values[out->register_count++] = value;
    }
}

static enum frame_stack stack_of(enum thread_stack_kind kind)
{
    switch (kind) {
    case THREAD_STACK_SIGNAL:
        return STACK_SIGNAL;
    case THREAD_STACK_SYSTEM:
        return STACK_SYSTEM;
    case THREAD_STACK_GOROUTINE:
        return STACK_GOROUTINE;
    case THREAD_STACK_FOREIGN:
        break;
    }
    return STACK_C;
}

/** All stretches of a thread's stack one behind the other. */
static void fill_thread_frames(struct analysis *analysis, const struct thread_stack *thread,
                               struct report_thread *out)
{
    struct arena *arena = analysis->arena;
    struct report_frame_list lists[THREAD_SEGMENTS] = {0};
    size_t total = 0;
    for (size_t i = 0; i < thread->count; i++) {
        const struct thread_segment *segment = &thread->segments[i];
        struct goroutine g;
        struct frames_result result;
        struct frames_request request = {
            .start = segment->start,
            .on_g0 = segment->kind == THREAD_STACK_SYSTEM,
            .native = segment->native ? segment : NULL,
            .with_native = segment->kind == THREAD_STACK_GOROUTINE,
            .whole_thread = true,
            .quiet = true, // said of the goroutines
        };
        if (segment->g && goroutine_read(analysis->scheduler, segment->g, &g))
            request.g = &g;
        frames_read(analysis, arena, &request, &result);
        for (size_t k = 0; k < result.frames.count; k++)
            if (result.frames.items[k].stack == STACK_GOROUTINE)
                result.frames.items[k].stack = stack_of(segment->kind);
        lists[i] = result.frames;
        total += result.frames.count;
    }
    out->frames.items = arena_array(arena, total, sizeof *out->frames.items);
    for (size_t i = 0; i < thread->count; i++) {
        if (lists[i].count)
            memcpy(out->frames.items + out->frames.count, lists[i].items,
                   lists[i].count * sizeof *lists[i].items);
        out->frames.count += lists[i].count;
    }
}

/** The signal whose handler is on a thread's stacks; of several the one that came first. */
static void fill_thread_signal(const struct analysis *analysis, const struct thread_stack *thread,
                               struct report_thread *out)
{
    struct signal_info signal;
    for (size_t i = thread->count; i-- > 0;) {
        if (thread_segment_signal(analysis->scheduler, &thread->segments[i], &signal)) {
            describe_signal(&signal, &out->signal);
            return;
        }
    }
}

void describe_threads(struct analysis *analysis, const struct crash_site *site,
                      struct report_head *head)
{
    // Where no goroutine is left, they are all that can be shown.
    bool whole = analysis->options->threads || !scheduler_goroutine_count(analysis->scheduler);
    head->thread_count = analysis->thread_count;
    head->threads = arena_array(analysis->arena, analysis->thread_count, sizeof *head->threads);
    for (size_t i = 0; i < analysis->thread_count; i++) {
        const struct thread_stack *thread = &analysis->threads[i];
        struct report_thread *out = &head->threads[i];
        struct goroutine g;
        out->tid = thread->thread->tid;
        out->crashed = site->kind != CRASH_NONE && thread == site->thread;
        out->interrupted = out->crashed && crash_is_sent(analysis, site);
        out->pc = thread->count ? thread->segments[0].start.pc : 0;
        struct pc_function function;
        struct native_place place;
        if (pc_function_find(analysis->program->modules, out->pc, &function))
            out->function = pc_function_name(&function);
        else if (native_code_place(analysis->program->native, out->pc, &place))
            out->function = keep(analysis, place.function);
        if (thread->machine && goroutine_read(analysis->scheduler, thread->machine->curg, &g)) {
            out->has_goroutine = true;
            out->goroutine = g.goid;
        }
        fill_thread_signal(analysis, thread, out);
        if (whole) {
            fill_registers(analysis, thread->thread, out);
            fill_thread_frames(analysis, thread, out);
        }
    }
}
