// SPDX-License-Identifier: MIT
#include "analysis/blocked.h"
#include "analysis_internal.h"
#include "base/limits.h"
#include "code_memo.h"
#include "goruntime/traceback_text.h"
#include "roster.h"
#include "symbols/dwarf_index.h"

#include <inttypes.h>
#include <string.h>

enum { WALK_BUDGET_MIN = 1 << 20 };

/** Modules whose code is not known: what they did must not be taken for the host's doing, nor C's.
 */
static void warn_of_lost(struct analysis *analysis)
{
    const struct module_list *list = analysis->program->modules;
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(analysis->program->core, &count);
    for (size_t k = 0; list && k < list->lost_count; k++) {
        const char *path = NULL;
        for (size_t i = 0; i < count && !path; i++)
            if (mappings[i].start <= list->lost[k].text && list->lost[k].text < mappings[i].end)
                path = mappings[i].path;
        analysis_warn(analysis,
                      "%s: Go code that the program had loaded; its file is not here, or another: "
                      "its frames have no names, and what died in it is not explained",
                      path ? path : "a module without a name");
    }
}

static void read_threads(struct analysis *analysis)
{
    size_t count;
    const struct core_thread *threads = core_file_threads(analysis->program->core, &count);
    analysis->threads = arena_array(analysis->arena, count, sizeof *analysis->threads);
    analysis->thread_count = count;
    size_t strangers = 0;
    for (size_t i = 0; i < count; i++) {
        thread_stack_read(analysis->scheduler, &threads[i], &analysis->threads[i]);
        const struct machine *machine = analysis->threads[i].machine;
        bool added = false;
        uint64_t *slot = machine ? table_add(analysis->thread_by_g, machine->curg, &added) : NULL;
        if (added)
            *slot = i + 1;
        strangers += !analysis->threads[i].machine;
    }
    const struct buildinfo *info = analysis->program->buildinfo;
    const char *cgo = buildinfo_setting(info, "CGO_ENABLED");
    if (strangers && cgo && strcmp(cgo, "0") == 0)
        analysis_warn(analysis, "%zu threads belong to no m of the runtime", strangers);
}

/**
 * The frames of Go's on the system stack that died: below a throw the traceback's "runtime stack:",
 * below a signal what it prints as goroutine 0.
 */
static void read_runtime_stack(struct analysis *analysis, const struct crash_site *site,
                               struct report_head *head)
{
    bool wanted = site->kind == CRASH_FATAL_ERROR ||
                  (site->kind == CRASH_SIGNAL && analysis->options->order != ORDER_OF_RUNTIME);
    if (!wanted || !site->on_g0 || !site->has_start || !site->thread->machine)
        return;
    struct frames_result result;
    struct goroutine g0;
    struct frames_request request = {.start = site->start, .on_g0 = true};
    if (goroutine_read(analysis->scheduler, site->thread->machine->g0, &g0))
        request.g = &g0;
    frames_read(analysis, analysis->arena, &request, &result);
    head->runtime_stack = result.frames;
}

/** A panic that was recovered while its deferred function still runs, or waits: worth a finding. */
static void add_recovered(struct analysis *analysis, const struct report_goroutine *goroutine,
                          struct report_tail *tail)
{
    for (size_t i = 0; i < goroutine->panics.count; i++) {
        const struct report_panic *panic = &goroutine->panics.items[i];
        if (panic->goexit || tail->finding_count >= LIMIT_FINDINGS)
            continue;
        struct report_finding *finding = &tail->findings[tail->finding_count++];
        size_t user;
        const struct report_frame *frame =
            frames_user_frame(&goroutine->frames, &user) ? &goroutine->frames.items[user] : NULL;
        uint64_t *id = ARENA_NEW(analysis->arena, uint64_t);
        *id = goroutine->id;
        *finding = (struct report_finding){
            .kind = panic->recovered ? FINDING_RECOVERED_PANIC : FINDING_OTHER,
            .confidence = CONFIDENCE_CERTAIN,
            .goroutines = {id, 1},
            .summary = arena_printf(analysis->arena, "goroutine %" PRIu64 " %s: %s", goroutine->id,
                                    panic->recovered
                                        ? "recovered a panic and has not left the deferred function"
                                        : "panics and still runs deferred functions",
                                    panic->text),
        };
        if (frame) {
            size_t capacity = 0;
            string_list_add(analysis->arena, &finding->evidence, &capacity,
                            arena_printf(analysis->arena, "it is in %s, %s:%" PRId64,
                                         frame->function,
                                         frame->short_file ? frame->short_file : "?", frame->line));
        }
    }
}

/** The crashed goroutine: the head needs it before any goroutine is printed. */
struct crashed {
    struct report_goroutine goroutine;
    uint64_t hash;
    target_addr g; // 0: none crashed
};

static void describe_crash(struct analysis *analysis, const struct crash_site *site,
                           struct report_head *head, struct crashed *out)
{
    struct report_crash *crash = &head->crash;
    struct report_goroutine *crashed = &out->goroutine;
    crash_message(analysis, site, crash);
    if (site->has_goroutine && site->kind != CRASH_NONE) {
        out->g = site->g.address;
        goroutine_describe(analysis, analysis->arena, site, &site->g, crashed, &out->hash);
        crash->has_frame =
            frames_user_frame(&crashed->frames, &crash->frame) ||
            (crash->signal.present &&
             native_fault_frame(&crashed->frames, crash->signal.number, &crash->frame));
    }
    crash->class = crash_class_of(analysis, site, crash, &crashed->frames);
    if (site->kind != CRASH_NONE)
        crash_signature(analysis, &crashed->frames, crash);
    bool same = analysis->program->match != BUILD_OTHER; // no verdict by another build's tables
    if (analysis->options->variables && site->kind != CRASH_NONE && same)
        cause_find(analysis, site, crashed, crash);
    if (site->kind != CRASH_NONE)
        cause_in_native(analysis, &crashed->frames, crash);
    if (crash->has_goroutine && !crash->has_frame)
        crash->system_frame = frame_below_death(&head->runtime_stack);
    cause_of_limit(analysis, &head->runtime, crash);
    if (analysis->options->variables && same)
        cause_in_collector(analysis, &head->runtime_stack, crash);
}

/**
 * A signal that came while the thread was on its system stack: the runtime prints that stack as
 * goroutine 0. It is no goroutine, so only the traceback has it.
 */
static void push_system_stack(struct analysis *analysis, const struct crash_site *site,
                              struct report_sink *sink)
{
    struct goroutine g0;
    if (analysis->options->order != ORDER_OF_RUNTIME || site->kind != CRASH_SIGNAL ||
        !site->on_g0 || crash_is_in_cgo(analysis, site) || !site->segment->g ||
        !goroutine_read(analysis->scheduler, site->segment->g, &g0))
        return;
    AUTO_TEXT heading = {0};
    traceback_heading(&heading, analysis->scheduler, &g0, true, "");
    buffer_putc(&heading, ':');
    const struct frames_request request = {.start = site->start, .g = &g0, .on_g0 = true};
    struct frames_result result;
    frames_read(analysis, analysis->arena, &request, &result);
    const struct report_goroutine block = {.status = goroutine_status_name(&g0),
                                           .heading = buffer_text(&heading),
                                           .crashed = true,
                                           .frames = result.frames,
                                           .truncated = result.truncated};
    sink->goroutine(sink, &block);
}

/** What pushing the goroutines needs. */
struct pushing {
    struct analysis *analysis;
    const struct crash_site *site;
    const struct crashed *crashed;
    const struct id_list *named; ///< by the cause
    struct blocked *blocked;     ///< NULL: nobody asks who waits for whom
    struct report_sink *sink;
    struct report_tail *tail;
    struct group_table *groups;
    struct arena *scratch; ///< for one goroutine
};

static struct group_member member_of(const struct analysis *analysis,
                                     const struct roster_entry *entry)
{
    struct group_member member = {.id = entry->id,
                                  .parent = entry->parent,
                                  .stack_hash = entry->stack_hash,
                                  .system = entry->system};
    member.has_wait = goroutine_wait(analysis, entry->wait_since, &member.wait_ns);
    return member;
}

/** Whether what a goroutine waits for gets its name, which costs DWARF. */
static bool is_looked_at(const struct pushing *pushing, const struct report_goroutine *goroutine)
{
    bool looked_at = goroutine->focus;
    for (size_t i = 0; i < pushing->named->count; i++)
        looked_at |= pushing->named->items[i] == goroutine->id;
    return looked_at && pushing->analysis->options->variables;
}

/** Describes a goroutine, for the sink or as the first of its group. */
static void push_goroutine(const struct pushing *pushing, const struct roster_entry *entry,
                           bool wanted)
{
    struct analysis *analysis = pushing->analysis;
    struct goroutine g;
    struct report_goroutine goroutine;
    uint64_t hash;
    if (!goroutine_read(analysis->scheduler, entry->address, &g))
        return;
    if (g.address == pushing->crashed->g) {
        goroutine = pushing->crashed->goroutine;
        hash = pushing->crashed->hash;
    } else {
        goroutine_describe(analysis, pushing->scratch, pushing->site, &g, &goroutine, &hash);
    }
    if (wanted && pushing->blocked)
        blocked_describe_wait(pushing->blocked, pushing->scratch, entry->wait,
                              is_looked_at(pushing, &goroutine), &goroutine.waiting_on);
    redaction_learn_goroutine(analysis->options->redaction, &goroutine);
    redaction_goroutine(analysis->options->redaction, pushing->scratch, &goroutine);
    if (wanted)
        pushing->sink->goroutine(pushing->sink, &goroutine);
    add_recovered(analysis, &goroutine, pushing->tail);
    // Of a stack that was not walked to its end, since that would cost too much, the roster's.
    group_table_add(pushing->groups, analysis->arena, &goroutine,
                    entry->stack_hash ? entry->stack_hash : hash);
    arena_reset(pushing->scratch);
}

static void push_goroutines(struct analysis *analysis, const struct crash_site *site,
                            const struct crashed *crashed, const struct id_list *named,
                            const struct roster *roster, struct blocked *blocked,
                            struct report_sink *sink, struct report_tail *tail)
{
    AUTO(group_table) groups = group_table_new();
    AUTO(arena) scratch = arena_new();
    const struct pushing pushing = {analysis, site, crashed, named,  blocked,
                                    sink,     tail, groups,  scratch};
    roster_warn(analysis, roster);
    tail->findings = arena_array(analysis->arena, LIMIT_FINDINGS, sizeof *tail->findings);
    for (size_t i = 0; i < roster->count; i++) {
        const struct roster_entry *entry = &roster->entries[roster->order[i]];
        bool wanted = !sink->wants || entry->panics || entry->address == crashed->g ||
                      sink->wants(sink, entry->id);
        if (!progress_step(analysis->options->progress, i, roster->count)) {
            analysis_warn(analysis, "interrupted: %zu goroutines were not looked at",
                          roster->count - i);
            break;
        }
        if (!wanted && sink->ignores_groups)
            continue;
        const struct group_member member = member_of(analysis, entry);
        if (wanted || !group_table_add_like(groups, &member))
            push_goroutine(&pushing, entry, wanted);
    }
    bool findings = blocked && !sink->ignores_findings;
    if (findings)
        blocked_findings(blocked, tail);
    group_table_list(groups, analysis->arena, tail);
    if (findings)
        blocked_leaks(blocked, tail);
}

void analysis_refill(struct analysis *analysis)
{
    uint64_t core_size = elf_file_bytes(core_file_elf(analysis->program->core)).size;
    // A frame has a return address of its own.
    analysis->walk_budget = WALK_BUDGET_MIN + core_size / 8;
    analysis->panic_budget = LIMIT_REPORT_PANICS;
    analysis->defer_budget = LIMIT_REPORT_DEFERS;
}

/**
 * Layouts of another release than the program's are tried on the core: the threads of the kernel's
 * must be the runtime's, and its list of goroutines a list of goroutines.
 */
static struct error *check_layouts(const struct analysis *analysis)
{
    const struct go_release *release = analysis->program->release;
    bool machines = false;
    if (!release->unknown || release->from_dwarf)
        return NULL;
    for (size_t i = 0; i < analysis->thread_count; i++)
        machines |= analysis->threads[i].machine != NULL;
    if (machines && scheduler_goroutine_count(analysis->scheduler) &&
        !scheduler_list_problem(analysis->scheduler))
        return NULL;
    return error_new(ERROR_UNSUPPORTED,
                     "%s, and the layouts of go1.%d do not fit the core: a binary with DWARF, or "
                     "--debug-file, would tell its own",
                     release->unknown, release->minor);
}

struct error *analysis_open(struct analysis *analysis, struct program *program,
                            const struct analyze_options *options, const char *core_path,
                            struct crash_site *site)
{
    *analysis = (struct analysis){
        .program = program,
        .reader = value_reader_new(program, &options->limits),
        .options = options,
        .arena = arena_new(),
        .thread_by_g = table_new(),
        .code = code_memo_new(),
    };
    analysis_refill(analysis);
    if (options->variables)
        program_want_dwarf(program);
    analysis->scheduler = scheduler_read(program);
    const char *problem = scheduler_list_problem(analysis->scheduler);
    size_t threads;
    core_file_threads(program->core, &threads);
    if (!scheduler_goroutine_count(analysis->scheduler) && !threads) {
        struct error *err =
            error_new(ERROR_NOT_FOUND, "the core has no thread and no goroutine%s%s",
                      problem ? ": " : "", problem ? problem : "");
        return core_path ? error_wrap(err, "%s", core_path) : err;
    }
    source_roots_find(analysis);
    warn_of_lost(analysis);
    read_threads(analysis);
    struct error *err = check_layouts(analysis);
    if (err)
        return core_path ? error_wrap(err, "%s", core_path) : err;
    crash_site_find(analysis, site);
    return NULL;
}

void analysis_close(struct analysis *analysis)
{
    scheduler_free(analysis->scheduler);
    table_free(analysis->thread_by_g);
    value_reader_free(analysis->reader);
    code_memo_free(analysis->code);
    arena_free(analysis->arena);
}

/**
 * Secrets of goroutines of which the variables are printed: what one of them holds may stand in
 * another that comes earlier. Those of which only the frames are printed are not read for it.
 */
static void learn_goroutines(struct analysis *analysis, const struct crash_site *site)
{
    const struct analyze_options *options = analysis->options;
    bool every = options->every_goroutine && options->variables;
    if (!options->redaction || (!every && site->kind != CRASH_NONE))
        return;
    AUTO(arena) scratch = arena_new();
    uint64_t total = scheduler_goroutine_count(analysis->scheduler);
    for (uint64_t i = 0; i < total && !progress_stopped(options->progress); i++) {
        struct goroutine g;
        struct report_goroutine one;
        uint64_t hash;
        if (!goroutine_read(analysis->scheduler,
                            scheduler_goroutine_address(analysis->scheduler, i), &g) ||
            !goroutine_is_alive(&g) || (!every && !g.panic))
            continue;
        goroutine_describe(analysis, scratch, site, &g, &one, &hash);
        redaction_learn_goroutine(options->redaction, &one);
        arena_reset(scratch);
    }
    analysis_refill(analysis);
}

/** What only a reader of the report wants to know. @return whether deep was read for it */
static bool describe_more(struct analysis *analysis, const struct crash_site *site,
                          struct report_goroutine *crashed, struct report_crash *crash,
                          struct arena *arena, struct report_frame_list *deep)
{
    if (analysis->options->order == ORDER_OF_RUNTIME || site->kind == CRASH_NONE)
        return false;
    crash_advice(analysis, crash);
    if (!analysis->options->variables || !site->has_goroutine)
        return false;
    crashed_read_deep(analysis, arena, site, deep);
    frames_type_arguments(analysis, arena, deep);
    activity_find(analysis->arena, deep, &crashed->labels, &crashed->activity);
    crash->activity = crashed->activity;
    source_of_crash(analysis, crashed, crash);
    return true;
}

static void run(struct analysis *analysis, const struct crash_site *site, const char *binary_path,
                const char *core_path, struct report_sink *sink)
{
    bool waits = analysis->options->order != ORDER_OF_RUNTIME; // the traceback has no place for it
    bool crashed_is_known = site->kind != CRASH_NONE && site->has_goroutine;
    const struct roster_request request = {.walk = sink->wants && !sink->ignores_groups,
                                           .waits = waits,
                                           .known = crashed_is_known ? site->g.address : 0};
    struct roster roster;
    roster_read(analysis, site, &request, &roster); // first: no other pass has to go over all
    value_reader_set_now(analysis->reader, scheduler_now(analysis->scheduler));
    struct report_head head = {0};
    describe_head(analysis, binary_path, core_path, &head);
    describe_threads(analysis, site, &head);
    read_runtime_stack(analysis, site, &head);
    struct crashed crashed = {0};
    describe_crash(analysis, site, &head, &crashed);
    roster_set_hash(&roster, crashed.g, crashed.hash);
    AUTO(blocked) blocked = NULL;
    bool deadlock = head.crash.class == CLASS_DEADLOCK || head.crash.class == CLASS_GOEXIT_DEADLOCK;
    if (deadlock && !crashed.g)
        deadlock_signature(analysis, site, &roster, &head.crash);
    if (waits && !progress_stopped(analysis->options->progress)) {
        blocked = blocked_new(analysis, site, &roster, deadlock);
        blocked_note_death(blocked, &head.crash);
        if (analysis->options->variables)
            blocked_cause(blocked, &head.crash);
    }
    AUTO(arena) deep_arena = arena_new();
    struct report_frame_list deep;
    bool deep_read =
        describe_more(analysis, site, &crashed.goroutine, &head.crash, deep_arena, &deep);
    // All that is printed together is learnt before the first of it is.
    struct redaction *redaction = analysis->options->redaction;
    if (secrets_can_show(analysis, &head.crash))
        secrets_learn(analysis, site, deep_read ? &deep : NULL);
    arena_reset(deep_arena);
    redaction_learn_head(redaction, &head);
    redaction_learn_goroutine(redaction, &crashed.goroutine);
    learn_goroutines(analysis, site);
    redaction_head(redaction, analysis->arena, &head);
    redaction_goroutine(redaction, analysis->arena, &crashed.goroutine);
    sink->begin(sink, &head);
    struct report_tail tail = {0};
    push_system_stack(analysis, site, sink);
    push_goroutines(analysis, site, &crashed, &head.crash.cause.goroutines, &roster, blocked, sink,
                    &tail);
    warn_about_files(analysis);
    warn_about_dwarf(analysis);
    if (analysis->warnings_dropped)
        string_list_add(
            analysis->arena, &analysis->warnings, &analysis->warning_capacity,
            arena_printf(analysis->arena, "and %zu more warnings", analysis->warnings_dropped));
    if (redaction_is_full(redaction))
        analysis_warn(analysis, "there are more secrets than are remembered: some are hidden where "
                                "they go under a name of their own, not wherever they turn up");
    tail.warnings = analysis->warnings;
    redaction_tail(redaction, analysis->arena, &tail);
    sink->end(sink, &tail);
    roster_clear(&roster);
}

struct error *analyze(struct program *program, const char *binary_path, const char *core_path,
                      const struct analyze_options *options, struct report_sink *sink)
{
    struct analysis analysis;
    struct crash_site site;
    struct error *err = analysis_open(&analysis, program, options, core_path, &site);
    if (!err)
        run(&analysis, &site, binary_path, core_path, sink);
    analysis_close(&analysis);
    return err;
}
