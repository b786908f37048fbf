// SPDX-License-Identifier: MIT
#include "inspect_internal.h"

#include "symbols/native_code.h"

#include <inttypes.h>
#include <string.h>

void inspector_threads(struct inspector *inspector, const struct report_thread **out, size_t *count)
{
    if (!inspector->has_threads) {
        bool before = inspector->options.threads;
        inspector->options.threads = true;
        analysis_refill(&inspector->analysis);
        describe_threads(&inspector->analysis, &inspector->site, &inspector->head);
        inspector->options.threads = before;
        inspector->has_threads = true;
    }
    *out = inspector->head.threads;
    *count = inspector->head.thread_count;
}

static uint32_t crashed_thread(const struct inspector *inspector)
{
    const struct thread_stack *thread = inspector->site.thread;
    return inspector->site.kind != CRASH_NONE && thread ? thread->thread->tid : 0;
}

/** Says where the pc of a set of registers is. */
static void fill_place(const struct inspector *inspector, struct arena *arena, uint64_t pc,
                       struct inspected_registers *out)
{
    const struct analysis *analysis = &inspector->analysis;
    struct pc_function function;
    struct native_place place;
    if (pc_function_find(analysis->program->modules, pc, &function)) {
        const char *file;
        int32_t line;
        pc_function_line(&function, pc, &file, &line);
        out->function = pc_function_name(&function);
        out->file = line > 0 ? short_file_of(analysis, file) : NULL;
        out->line = line;
    } else if (native_code_place(analysis->program->native, pc, &place)) {
        out->function = place.function ? arena_string(arena, place.function) : NULL;
        out->file = place.file ? arena_string(arena, place.file) : NULL;
        out->line = place.line;
    }
}

static void fill_registers(const struct inspector *inspector, struct arena *arena,
                           const struct registers *registers, struct inspected_registers *out)
{
    const struct arch *arch = inspector->analysis.program->arch;
    uint64_t pc;
    out->names = arena_array(arena, REGISTER_COUNT, sizeof *out->names);
    out->values = arena_array(arena, REGISTER_COUNT, sizeof *out->values);
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        if (!arch->register_names[i] || !register_get(registers, i, &out->values[out->count]))
            continue;
        out->names[out->count++] = arch->register_names[i];
    }
    if (register_get(registers, arch->pc, &pc))
        fill_place(inspector, arena, pc, out);
}

/** What the scheduler kept of a goroutine that no thread runs. */
static void read_scheduled(const struct inspector *inspector, struct arena *arena,
                           const struct goroutine *g, struct inspected_registers *out)
{
    const struct arch *arch = inspector->analysis.program->arch;
    bool in_syscall = g->status == G_SYSCALL && g->syscall_sp;
    struct registers registers = {0};
    register_set(&registers, arch->pc, in_syscall ? g->syscall_pc : g->sched_pc);
    register_set(&registers, arch->sp, in_syscall ? g->syscall_sp : g->sched_sp);
    if (arch->uses_link_register && !in_syscall && g->sched_lr)
        register_set(&registers, arch->link, g->sched_lr);
    *out = (struct inspected_registers){.goroutine = g->goid,
                                        .moment = "on no thread: what the scheduler kept"};
    fill_registers(inspector, arena, &registers, out);
}

static const char *moment_of_signal(const struct inspector *inspector, struct arena *arena,
                                    const struct thread_segment *handler)
{
    struct signal_info info;
    if (!thread_segment_signal(inspector->analysis.scheduler, handler, &info))
        return "when a signal came";
    const char *name = signal_name(info.number);
    return name ? arena_printf(arena, "when %s came", name)
                : arena_printf(arena, "when signal %" PRId32 " came", info.number);
}

static void read_thread(const struct inspector *inspector, struct arena *arena,
                        const struct thread_stack *thread, struct inspected_registers **out,
                        size_t *count)
{
    struct goroutine g;
    uint64_t goroutine = 0;
    if (thread->machine && goroutine_read(inspector->analysis.scheduler, thread->machine->curg, &g))
        goroutine = g.goid;
    *out = arena_array(arena, 1 + THREAD_SEGMENTS, sizeof **out);
    *count = 0;
    for (size_t i = 1; i < thread->count; i++) {
        const struct thread_segment *segment = &thread->segments[i];
        if (!segment->has_registers || !thread->segments[i - 1].ucontext)
            continue;
        struct inspected_registers *one = &(*out)[(*count)++];
        *one = (struct inspected_registers){
            .thread = thread->thread->tid,
            .goroutine = goroutine,
            .moment = moment_of_signal(inspector, arena, &thread->segments[i - 1])};
        fill_registers(inspector, arena, &segment->registers, one);
    }
    struct inspected_registers *last = &(*out)[(*count)++];
    *last = (struct inspected_registers){.thread = thread->thread->tid,
                                         .goroutine = goroutine,
                                         .moment = "when the core was written",
                                         .wide = thread->thread};
    fill_registers(inspector, arena, &thread->thread->registers, last);
}

static const struct thread_stack *thread_of_goroutine(const struct inspector *inspector,
                                                      const struct goroutine *g)
{
    const struct analysis *analysis = &inspector->analysis;
    const uint64_t *index = table_find(analysis->thread_by_g, g->address);
    return index ? &analysis->threads[*index - 1] : NULL;
}

static struct error *no_thread(const struct analysis *analysis, uint32_t tid)
{
    enum { NAMED = 8 };
    AUTO_TEXT known = {0};
    for (size_t i = 0; i < analysis->thread_count && i < NAMED; i++)
        buffer_printf(&known, "%s%" PRIu32, i ? ", " : "", analysis->threads[i].thread->tid);
    if (analysis->thread_count > NAMED)
        buffer_printf(&known, " and %zu more", analysis->thread_count - NAMED);
    return error_new(ERROR_NOT_FOUND, "there is no thread %" PRIu32 ": there %s %s", tid,
                     analysis->thread_count == 1 ? "is" : "are",
                     known.size ? buffer_text(&known) : "none");
}

struct error *inspector_registers(struct inspector *inspector, struct arena *arena,
                                  const struct inspect_place *place, uint32_t tid,
                                  struct inspected_registers **out, size_t *count)
{
    const struct analysis *analysis = &inspector->analysis;
    const struct thread_stack *thread = NULL;
    if (!tid && !place->has_goroutine)
        tid = crashed_thread(inspector);
    if (!tid) {
        struct goroutine g;
        struct error *err = inspector_find(inspector, place, &g);
        if (err)
            return err;
        thread = thread_of_goroutine(inspector, &g);
        if (!thread) {
            *out = arena_array(arena, 1, sizeof **out);
            *count = 1;
            read_scheduled(inspector, arena, &g, *out);
            return NULL;
        }
    }
    for (size_t i = 0; i < analysis->thread_count && !thread; i++)
        if (analysis->threads[i].thread->tid == tid)
            thread = &analysis->threads[i];
    if (!thread)
        return no_thread(analysis, tid);
    read_thread(inspector, arena, thread, out, count);
    return NULL;
}
