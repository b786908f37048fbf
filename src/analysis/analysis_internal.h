// SPDX-License-Identifier: MIT
#pragma once

#include "analysis/analyze.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/table.h"
#include "goruntime/defers.h"
#include "goruntime/foreign_fault.h"
#include "goruntime/panics.h"
#include "goruntime/scheduler.h"
#include "goruntime/stack_walk.h"
#include "goruntime/thread_stack.h"
#include "values/variables.h"

/** Where source trees begin, to tell whose code a file is and to shorten its path. */
struct source_roots {
    const char *goroot; ///< "/usr/lib/go-1.27/src/", "" with -trimpath
    size_t goroot_size;
    const char *
        main_root; ///< directory that holds the main module's root, with its slash; NULL: not known
    size_t main_root_size;
    const char *main_module; ///< "example.com/shop", NULL: not recorded
};

struct code_memo;

/** The running analysis: everything that its steps share. */
struct analysis {
    struct program *program;
    struct scheduler *scheduler;
    struct value_reader *reader;
    const struct analyze_options *options;
    struct arena *arena; ///< lives as long as the report
    struct source_roots roots;
    struct code_memo *code; ///< what is said of places in the code
    struct thread_stack *threads;
    size_t thread_count;
    struct table *thread_by_g; ///< curg of a thread's m → index + 1 of threads, the first of each
    /**
     * What all walks over stacks together may still cost; see frames_read(). Stacks that share
     * their memory, as none do, would otherwise be walked for ever.
     */
    uint64_t walk_budget;
    size_t panic_budget;                  ///< panics of all goroutines that may still be read
    size_t defer_budget;                  ///< and their deferred calls
    bool no_variables;                    ///< the binary's DWARF is missing or broken: said once
    bool label_switch_read, shows_labels; ///< see runtime_shows_labels()
    struct string_list warnings;
    size_t warning_capacity, warnings_dropped;
};

struct crash_site;

/**
 * Reads what every step needs: goroutines, threads, who crashed.
 *
 * @param options, core_path  borrowed
 * @param analysis, site      the caller's; to be released with analysis_close() also after an error
 */
MUST_USE struct error *analysis_open(struct analysis *analysis, struct program *program,
                                     const struct analyze_options *options, const char *core_path,
                                     struct crash_site *site);
void analysis_close(struct analysis *analysis);

/** Lets the walks over stacks cost anew what one whole report may cost. */
void analysis_refill(struct analysis *analysis);

/** Adds a warning, unless it was made already. */
void analysis_warn(struct analysis *analysis, const char *format, ...) PRINTF_LIKE(2, 3);

/** Adds an error's text as a warning and releases it; NULL is nothing. */
void analysis_warn_error(struct analysis *analysis, struct error *err);

/** Warns of what the two files lack, or are not. */
void warn_about_files(struct analysis *analysis);

/** The same of the DWARF. */
void warn_about_dwarf(struct analysis *analysis);

/** Appends to a list that lies in an arena. */
void string_list_add(struct arena *arena, struct string_list *list, size_t *capacity,
                     const char *text);

/* places.c */

void source_roots_find(struct analysis *analysis);
enum frame_owner frame_owner_of(const struct analysis *analysis, const char *function,
                                const char *file);
/** A path as the text shows it; the same pointer where there is nothing to shorten. */
const char *short_file_of(const struct analysis *analysis, const char *file);

/* crash.c */

/** Who died, and where its own traceback begins. */
struct crash_site {
    enum crash_kind kind;
    const struct thread_stack *thread;    ///< NULL: nobody
    const struct thread_segment *segment; ///< on which the death was noticed; NULL: not known
    bool on_g0; ///< the death was noticed on the system stack: "runtime stack:"
    bool has_goroutine;
    struct goroutine g; ///< the goroutine that crashed
    bool has_start;
    struct stack_start start;          ///< where the traceback of that stack begins
    const struct registers *registers; ///< at start, NULL: not known
    bool has_foreign; ///< the fault was in code that is not Go's, on the goroutine's own stack
    struct foreign_fault foreign;
    bool has_signal;
    struct signal_info signal;
    bool raised_by_runtime; ///< the signal ends a death that was another, whose record is lost
};

void crash_site_find(struct analysis *analysis, struct crash_site *out);

/** A signal as the kernel handed it to a handler, in the words of the report. */
void describe_signal(const struct signal_info *signal, struct report_signal *out);

/** Whether the runtime says that the signal came during cgo execution, and prints the goroutine
 * that called C instead of the stack that C is on. */
bool crash_is_in_cgo(const struct analysis *analysis, const struct crash_site *site);

/** Whether somebody sent the signal: what it came upon did nothing wrong. */
bool crash_is_sent(struct analysis *analysis, const struct crash_site *site);

/* crash_message.c */

void crash_message(struct analysis *analysis, const struct crash_site *site,
                   struct report_crash *out);
struct report_panic_list panic_list(struct analysis *analysis, struct arena *arena,
                                    const struct crash_site *site, const struct goroutine *g);

/* panic_value.c */

/**
 * What panic was called with, where the record has the text alone: a program that dies has turned
 * errors and Stringers into strings by then (runtime/panic.go, preprintpanics). runtime.gopanic
 * keeps its argument where it came, in every release so far; a word there is believed if it is a
 * type with such a method, and the text is the one printed as far as that can be told.
 *
 * @param printed  the record's text, as the string has it
 * @return NULL where it is not known
 */
const struct value *panic_original_value(struct analysis *analysis, struct arena *arena,
                                         const struct crash_site *site, const struct goroutine *g,
                                         const struct panic_record *record, const char *printed);

/** The text of an error or Stringer of a known type, through interface and pointer; "": not known.
 */
const char *panic_known_text(const struct value *value);

/** Appends a panic's value as the runtime prints it (runtime/error.go, printpanicval). */
void panic_value_text(struct analysis *analysis, target_addr type_word, target_addr data_word,
                      struct buffer *out);

const char *signal_name(int number);                    ///< "SIGSEGV", NULL: not known
const char *signal_code_name(int number, int64_t code); ///< "SEGV_MAPERR", NULL: not known
enum crash_class crash_class_of(struct analysis *analysis, const struct crash_site *site,
                                const struct report_crash *crash,
                                const struct report_frame_list *frames);

/* frames.c */

/** Which frames get their variables read. */
enum variable_depth { VARIABLES_NONE, VARIABLES_OF_USER, VARIABLES_ALL };

struct frames_request {
    struct stack_start start;
    const struct goroutine *g; ///< NULL: not a goroutine's
    bool on_g0;
    const struct registers *registers; ///< at start, or NULL
    enum variable_depth variables;
    const struct thread_segment *native; ///< C code in front of the first frame; NULL: none
    const struct foreign_fault *foreign; ///< its code stands behind runtime.sigpanic; NULL: none
    bool with_native;                    ///< the C code too that called back into the goroutine
    bool with_defers;                    ///< the deferred calls of g that have not run
    bool whole_thread;                   ///< and Go's own frames that lie between the two
    bool quiet;                          ///< C code that cannot be unwound is nothing to warn of
    /** Not NULL: one frame alone is wanted, the number-th of the whole stack, and its place. */
    struct variable_frame *place;
    uint64_t number;
};

/** What a walk gives beside its frames. */
struct frames_result {
    struct report_frame_list frames;
    const char *truncated;
    struct report_defer *defers;
    size_t defer_count;
    uint64_t hash; ///< of the pcs: equal stacks have the same
};

void frames_read(struct analysis *analysis, struct arena *arena,
                 const struct frames_request *request, struct frames_result *out);

/** Registers known in the frame that a signal turned into a panic: what the fault address proves.
 */
bool fault_registers(struct analysis *analysis, const struct goroutine *g, struct registers *out);

/* goroutines.c */

/** Where a goroutine's stack begins, for frames_read(). */
void goroutine_request(const struct analysis *analysis, const struct crash_site *site,
                       const struct goroutine *g, struct frames_request *out);

/** Whether that is where its saved registers say, whatever runs it: see stack_shape_of(). */
bool goroutine_starts_as_saved(const struct crash_site *site, const struct goroutine *g);

/** Since when a goroutine waits, of the runtime's clock; 0: it does not, or it is not recorded. */
int64_t goroutine_wait_since(const struct goroutine *g);

/** How long that is; false where it is not known. */
bool goroutine_wait(const struct analysis *analysis, int64_t since, uint64_t *out);

/** What goroutines of one group have in common: frames, state, and who created them. */
uint64_t goroutine_group_hash(const struct goroutine *g, uint64_t stack_hash);

/** The goroutines that led to one, where the program kept them. */
void ancestors_read(struct analysis *analysis, struct arena *arena, const struct goroutine *g,
                    struct report_goroutine *out);

void goroutine_describe(struct analysis *analysis, struct arena *arena,
                        const struct crash_site *site, const struct goroutine *g,
                        struct report_goroutine *out, uint64_t *stack_hash);

/* groups.c */

struct group_table;
struct group_table *group_table_new(void);
void group_table_free(struct group_table *table);
DEFINE_AUTO(group_table);
void group_table_add(struct group_table *table, struct arena *arena,
                     const struct report_goroutine *goroutine, uint64_t stack_hash);

/** A goroutine of which nothing is described. */
struct group_member {
    uint64_t id, parent, stack_hash;
    bool has_wait, system;
    uint64_t wait_ns;
};

/** Adds it to the group of its stack; false where there is none yet. */
bool group_table_add_like(struct group_table *table, const struct group_member *member);
void group_table_list(struct group_table *table, struct arena *arena, struct report_tail *tail);

/* cause.c */

void cause_find(struct analysis *analysis, const struct crash_site *site,
                struct report_goroutine *crashed, struct report_crash *crash);

/* cause_map.c */

/** Names the other side of a concurrent use of a map, as far as a thread still shows it. */
void cause_of_concurrent_map(struct analysis *analysis, const struct crash_site *site,
                             const struct report_goroutine *crashed, struct report_crash *crash);

/* cause_limits.c */

/** Out of memory, too many threads: with the numbers that the runtime kept. */
void cause_of_limit(struct analysis *analysis, const struct report_runtime *runtime,
                    struct report_crash *crash);

/* collector.c */

/**
 * Of a death inside the garbage collector: what it stumbled over, and that somebody else is to
 * blame.
 * @param stack  the system stack that it died on
 */
void cause_in_collector(struct analysis *analysis, const struct report_frame_list *stack,
                        struct report_crash *crash);

/* cause_native.c */

/**
 * Where C code failed: the innermost frame of a stack that begins with C code, or for an abort the
 * function that called it.
 * @return false where the stack begins with Go code
 */
bool native_fault_frame(const struct report_frame_list *frames, int signal, size_t *out);

/** Of a death in C code: what it did, and which Go code had called it. */
void cause_in_native(struct analysis *analysis, const struct report_frame_list *frames,
                     struct report_crash *crash);

/** The innermost frame of a system stack that is not the runtime's way to die; NULL: none. */
const struct report_frame *frame_below_death(const struct report_frame_list *stack);

/* describe.c */

/** The two files alone. */
void describe_files(struct analysis *analysis, const char *binary_path, const char *core_path,
                    struct report_binary *binary, struct report_core *core);
void describe_head(struct analysis *analysis, const char *binary_path, const char *core_path,
                   struct report_head *head);
void describe_threads(struct analysis *analysis, const struct crash_site *site,
                      struct report_head *head);

/* advice.c */

/** What to look at first, by crash->class and crash->cause. */
void crash_advice(struct analysis *analysis, struct report_crash *crash);

/* activity.c */

/**
 * What a goroutine was doing, by the variables of its frames: a request, a deadline, ids, a
 * statement, labels.
 * @param frames  with their variables, those of the library's too
 */
void activity_find(struct arena *arena, const struct report_frame_list *frames,
                   const struct key_value_list *labels, struct report_activity_list *out);

/* passed_types.c */

/**
 * Gives frames of which no variables were read, for there is no DWARF, the arguments whose type the
 * program's own tables prove: interfaces, requests of net/http, statements of database/sql. From Go
 * 1.17 on, where the tables say which words are arguments.
 */
void frames_type_arguments(struct analysis *analysis, struct arena *arena,
                           struct report_frame_list *frames);

/* source.c */

/**
 * Reads the lines around a frame's, so many on each side, from this host: through --source-map, at
 * the recorded path, in the module cache, in a Go tree of the same release.
 * @return false where the file is not found
 */
bool source_read(const struct analysis *analysis, struct arena *arena,
                 const struct source_places *places, int64_t around, struct report_frame *frame);

/** Those around the frame to look at first; none with --stable. */
void source_of_crash(struct analysis *analysis, struct report_goroutine *crashed,
                     const struct report_crash *crash);

/* secrets.c */

/** The crashed goroutine's frames with the variables of all, read deeper than they are shown. */
void crashed_read_deep(struct analysis *analysis, struct arena *arena,
                       const struct crash_site *site, struct report_frame_list *out);

/**
 * Remembers the secrets that the process itself had at hand, before anything is printed: those of
 * its environment and command line, of the package variables that are not the library's, and of the
 * variables of the goroutine that crashed, read deeper than they are shown.
 *
 * @param crashed  what crashed_read_deep() gave; NULL: it is asked
 */
void secrets_learn(struct analysis *analysis, const struct crash_site *site,
                   const struct report_frame_list *crashed);

/**
 * Whether anything is printed that the program itself put into memory: variables, the text of a
 * panic that is not the runtime's, profiler labels. If not there is nothing to hide, and no DWARF
 * is read to find out what.
 */
bool secrets_can_show(const struct analysis *analysis, const struct report_crash *crash);

/** And those of one frame's variables. */
void secrets_learn_frame(struct analysis *analysis, const struct variable_frame *frame);

/* runtime_numbers.c */

/** Heap, stacks, limit and collections, out of the runtime's statistics; needs DWARF and symbols.
 */
void runtime_numbers_read(struct analysis *analysis, struct report_runtime *out);

/**
 * Whether this program's tracebacks show profiler labels: GODEBUG=tracebacklabels, as the runtime
 * took it; without symbols and DWARF what the build set.
 */
bool runtime_shows_labels(struct analysis *analysis);

/* signature.c */

/** Sets crash->signature, out of the class and the crashed goroutine's functions:
 * docs/report-format.md. */
void crash_signature(struct analysis *analysis, const struct report_frame_list *frames,
                     struct report_crash *crash);

struct roster;

/** The same of a deadlock, in which nobody crashed: out of the stacks of all that wait. */
void deadlock_signature(struct analysis *analysis, const struct crash_site *site,
                        const struct roster *roster, struct report_crash *crash);

/** @param stacks  each a text of names with a line feed in front of each; sorted on return */
void deadlock_signature_of(struct analysis *analysis, const char **stacks, size_t count,
                           struct report_crash *crash);
