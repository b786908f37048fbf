// SPDX-License-Identifier: MIT
#include "code_memo.h"
#include "goruntime/goroutine_labels.h"
#include "goruntime/traceback_text.h"

#include <string.h>

/** The thread that runs g, and the stretch of its stack that is g's. */
static const struct thread_segment *running_segment(const struct analysis *analysis,
                                                    const struct goroutine *g,
                                                    const struct thread_stack **thread)
{
    const uint64_t *slot = table_find(analysis->thread_by_g, g->address);
    if (!slot)
        return NULL;
    const struct thread_stack *stack = &analysis->threads[*slot - 1];
    *thread = stack;
    for (size_t k = 0; k < stack->count; k++)
        if (stack->segments[k].kind == THREAD_STACK_GOROUTINE && stack->segments[k].g == g->address)
            return &stack->segments[k];
    return NULL;
}

/** The C code that a goroutine called and is still in: what lies nearest above its own stack. */
static const struct thread_segment *native_segment(const struct thread_stack *thread,
                                                   const struct thread_segment *own)
{
    const struct thread_segment *found = NULL;
    for (size_t i = 0; i < thread->count && &thread->segments[i] != own; i++)
        if (thread->segments[i].native)
            found = &thread->segments[i];
    return found;
}

/**
 * Where a goroutine's stack begins, as Go's traceback decides it: a system call's pc and sp
 * whatever else is known; the thread's registers where it runs; else the saved ones.
 */
static void choose_start(const struct analysis *analysis, const struct goroutine *g,
                         const struct thread_stack *thread, const struct thread_segment *segment,
                         struct frames_request *out)
{
    const struct machine *machine = machine_by_address(analysis->scheduler, g->m);
    bool in_vdso = machine && machine->vdso_sp && analysis->program->release->minor >= 18;
    out->start = goroutine_saved_start(g);
    if (in_vdso && g->status != G_SYSCALL) {
        out->start = (struct stack_start){.pc = machine->vdso_pc, .sp = machine->vdso_sp};
    } else if (g->status == G_RUNNING && thread && segment && !g->syscall_sp) {
        out->start = segment->start;
        out->registers = segment->has_registers ? &segment->registers : NULL;
    }
}

/** Frames of the panic itself, which the text leaves out: the runtime's at the start. */
static size_t count_panic_frames(const struct report_frame_list *frames)
{
    size_t count = 0;
    while (count < frames->count && frames->items[count].owner == OWNER_RUNTIME)
        count++;
    return count == frames->count ? 0 : count;
}

/** Profiler labels, and their text where this program's tracebacks show them. */
static void fill_labels(struct analysis *analysis, struct arena *arena, const struct goroutine *g,
                        struct report_goroutine *out, struct buffer *text)
{
    struct goroutine_label *labels;
    size_t count = goroutine_labels_read(analysis->scheduler, g, arena, &labels);
    if (!count)
        return;
    out->labels =
        (struct key_value_list){arena_array(arena, count, sizeof *out->labels.items), count};
    for (size_t i = 0; i < count; i++)
        out->labels.items[i] = (struct key_value){
            arena_copy(arena, (const char *)labels[i].key.data, labels[i].key.size),
            arena_copy(arena, (const char *)labels[i].value.data, labels[i].value.size)};
    if (runtime_shows_labels(analysis))
        goroutine_labels_text(text, analysis->program->release->minor, labels, count);
}

static bool is_waiting(const struct goroutine *g)
{
    return g->status == G_WAITING || g->status == G_LEAKED;
}

int64_t goroutine_wait_since(const struct goroutine *g)
{
    return (is_waiting(g) || g->status == G_SYSCALL) && g->wait_since > 0 ? g->wait_since : 0;
}

bool goroutine_wait(const struct analysis *analysis, int64_t since, uint64_t *out)
{
    int64_t waited = scheduler_now(analysis->scheduler) - since;
    if (since <= 0 || waited < 0)
        return false;
    *out = (uint64_t)waited;
    return true;
}

uint64_t goroutine_group_hash(const struct goroutine *g, uint64_t stack_hash)
{
    return table_hash(stack_hash ^ g->go_pc ^ (uint64_t)g->status << 56 ^
                      (uint64_t)g->wait_reason << 48);
}

static void fill_state(struct analysis *analysis, struct arena *arena, const struct goroutine *g,
                       struct report_goroutine *out)
{
    bool waits = is_waiting(g);
    AUTO_TEXT heading = {0}, labels = {0};
    fill_labels(analysis, arena, g, out, &labels);
    traceback_heading(&heading, analysis->scheduler, g, true, buffer_text(&labels));
    buffer_putc(&heading, ':');
    out->heading = arena_string(arena, buffer_text(&heading));
    out->status = goroutine_status_name(g);
    const char *state = goroutine_state_text(analysis->scheduler, g);
    if (waits && state && strcmp(state, out->status) != 0)
        out->wait_reason = state;
    int64_t since = goroutine_wait_since(g);
    out->has_wait = goroutine_wait(analysis, since, &out->wait_ns);
}

void goroutine_request(const struct analysis *analysis, const struct crash_site *site,
                       const struct goroutine *g, struct frames_request *out)
{
    const struct thread_stack *thread = NULL;
    const struct thread_segment *segment = running_segment(analysis, g, &thread);
    bool crashed = site->kind != CRASH_NONE && site->has_goroutine && site->g.address == g->address;
    *out = (struct frames_request){.g = g};
    // Of one in a system call the runtime prints where it entered it, whatever interrupted it
    // there.
    if (crashed && !site->on_g0 && site->has_start && g->status != G_SYSCALL) {
        out->start = site->start;
        out->registers = site->registers;
    } else {
        choose_start(analysis, g, thread, segment, out);
    }
    // The runtime's own traceback knows nothing of C.
    if (analysis->options->order == ORDER_OF_RUNTIME)
        return;
    out->with_native = out->with_defers = true;
    out->native = thread ? native_segment(thread, segment) : NULL;
    if (crashed && site->has_foreign) {
        out->foreign = &site->foreign;
        out->start.call_pc = site->foreign.call_pc;
        out->start.call_sp = site->foreign.call_sp;
    }
}

bool goroutine_starts_as_saved(const struct crash_site *site, const struct goroutine *g)
{
    bool crashed = site->has_goroutine && site->g.address == g->address;
    return !crashed && (g->status == G_SYSCALL || (g->status != G_RUNNING && !g->m));
}

void goroutine_describe(struct analysis *analysis, struct arena *arena,
                        const struct crash_site *site, const struct goroutine *g,
                        struct report_goroutine *out, uint64_t *stack_hash)
{
    bool crashed = site->kind != CRASH_NONE && site->has_goroutine && site->g.address == g->address;
    const struct code_start *start = code_start_of(analysis, arena, g);
    *out = (struct report_goroutine){
        .id = g->goid,
        .crashed = crashed,
        .interrupted = crashed && crash_is_sent(analysis, site),
        .system = start->system,
        .locked_to_thread = g->lockedm != 0,
        .g = g->address,
        .m = g->m,
        .start_function = start->function,
        .start_file = start->file,
        .start_short_file = start->short_file,
        .start_line = start->line,
    };
    fill_state(analysis, arena, g, out);
    code_created_by(analysis, arena, g, &out->created_by);
    ancestors_read(analysis, arena, g, out);
    struct frames_request request;
    const struct thread_stack *thread = NULL;
    running_segment(analysis, g, &thread);
    if (thread) {
        out->has_thread = true;
        out->thread = thread->thread->tid;
    }
    goroutine_request(analysis, site, g, &request);
    if (g->panic)
        out->panics = panic_list(analysis, arena, site, g);
    out->focus = crashed || (site->kind == CRASH_NONE && out->panics.count);
    if ((out->focus || analysis->options->every_goroutine) && analysis->options->variables)
        request.variables = analysis->options->all_variables ? VARIABLES_ALL : VARIABLES_OF_USER;
    struct frames_result result;
    frames_read(analysis, arena, &request, &result);
    out->frames = result.frames;
    out->truncated = result.truncated;
    out->defers = result.defers;
    out->defer_count = result.defer_count;
    if (out->focus)
        out->hidden_frames = count_panic_frames(&out->frames);
    if (crashed)
        out->panics = (struct report_panic_list){0}; // they stand in crash.panics
    *stack_hash = goroutine_group_hash(g, result.hash);
}
