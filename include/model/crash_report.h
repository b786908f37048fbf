// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "model/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The result of an analysis as plain data: what docs/report.schema.json says, field by field. All
 * of it lies in arenas of whoever made it. NULL, 0 with has_… false, or an empty list: not known,
 * left out.
 */

struct string_list {
    const char **items;
    size_t count;
};

struct key_value {
    const char *key, *value;
};

struct key_value_list {
    struct key_value *items;
    size_t count;
};

struct id_list {
    uint64_t *items;
    size_t count;
};

struct report_dependency {
    const char *path, *version, *replaced_by;
};

enum matches_core { MATCHES_UNKNOWN, MATCHES_YES, MATCHES_NO };

struct report_binary {
    const char *path, *build_id, *go_build_id, *go_version, *arch;
    const char *main_package, *module, *module_version;
    const char *debug_file; ///< path of separate debug information; NULL: none
    struct key_value_list settings;
    struct report_dependency *dependencies;
    size_t dependency_count;
    bool has_dwarf, has_symtab; ///< in the file itself
    bool pie, cgo, optimized;
    bool knows_cgo, knows_optimized;
    enum matches_core matches_core;
};

struct report_signal {
    bool present;
    int number;
    const char *name; ///< "SIGSEGV"
    bool has_code, has_address, has_pc, has_sender;
    int64_t code;
    const char *code_name;
    uint64_t address, pc;
    int64_t sender_pid;
};

struct report_core {
    const char *path, *arch, *compression, *executable, *command_line;
    uint64_t size, missing_bytes;
    bool truncated;
    int64_t pid; ///< 0: not known
    size_t thread_count;
    struct report_signal signal; ///< the core's own (NT_SIGINFO, else its number alone): usually
                                 ///< only the later SIGABRT
};

struct report_runtime {
    bool present;
    bool has_goroutines, has_threads, has_gomaxprocs, has_uptime, has_gc_cycles;
    bool has_heap_live, has_heap_goal, has_memory_limit, has_stacks_in_use;
    uint64_t goroutines, threads, gomaxprocs, uptime_ns, gc_cycles;
    uint64_t heap_live, heap_goal, memory_limit, stacks_in_use; ///< bytes
};

enum crash_kind { CRASH_PANIC, CRASH_FATAL_ERROR, CRASH_SIGNAL, CRASH_NONE };

/** The classes of the schema, in its order. */
enum crash_class {
    CLASS_NIL_DEREFERENCE,
    CLASS_NIL_MAP_WRITE,
    CLASS_INDEX_OUT_OF_RANGE,
    CLASS_SLICE_BOUNDS,
    CLASS_SLICE_TO_ARRAY,
    CLASS_TYPE_ASSERTION,
    CLASS_DIVIDE_BY_ZERO,
    CLASS_NEGATIVE_SHIFT,
    CLASS_MAKE_SIZE,
    CLASS_UNHASHABLE_KEY,
    CLASS_UNCOMPARABLE_VALUES,
    CLASS_CLOSE_CLOSED_CHANNEL,
    CLASS_CLOSE_NIL_CHANNEL,
    CLASS_SEND_CLOSED_CHANNEL,
    CLASS_NEGATIVE_WAITGROUP,
    CLASS_MUTEX_MISUSE,
    CLASS_CONCURRENT_MAP,
    CLASS_DEADLOCK,
    CLASS_GOEXIT_DEADLOCK,
    CLASS_STACK_OVERFLOW,
    CLASS_OUT_OF_MEMORY,
    CLASS_THREAD_LIMIT,
    CLASS_INVALID_ADDRESS,
    CLASS_CGO_CRASH,
    CLASS_CGO_POINTER_RULE,
    CLASS_EXPLICIT_PANIC,
    CLASS_NIL_PANIC,
    CLASS_EXTERNAL_SIGNAL,
    CLASS_RUNTIME_FAULT,
    CLASS_LIVE,
    CLASS_UNKNOWN,
};

const char *crash_kind_name(enum crash_kind kind);
const char *crash_class_name(enum crash_class class);

struct report_panic {
    const struct value *value;
    const char *text; ///< as the runtime prints the value, without "panic: "
    bool recovered, repanicked, goexit;
};

struct report_panic_list {
    struct report_panic *items; ///< in the order in which they were raised
    size_t count;
};

enum confidence { CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };
const char *confidence_name(enum confidence confidence);

struct report_cause {
    bool present;
    const char *summary, *expression, *origin;
    const char *whole; ///< of an index or a bound: what was indexed or sliced; NULL: not known
    bool missing_key;  ///< origin is a look-up in a map that has no such key
    const struct value *value;
    enum confidence confidence;
    struct string_list evidence;
    struct id_list goroutines;
};

/** What a goroutine was doing when it stopped: the request that it served, its deadline … */
enum activity_kind {
    ACTIVITY_HTTP_REQUEST,
    ACTIVITY_GRPC,
    ACTIVITY_SQL,
    ACTIVITY_DEADLINE,
    ACTIVITY_TRACE_ID,
    ACTIVITY_LABEL,
    ACTIVITY_PEER,
};
const char *activity_kind_name(enum activity_kind kind);

struct report_activity {
    enum activity_kind kind;
    const char *text;
};

struct report_activity_list {
    struct report_activity *items;
    size_t count;
};

struct report_crash {
    enum crash_kind kind;
    enum crash_class class;
    struct string_list message; ///< the runtime's own lines; of a panic also empty ones
    struct report_signal signal;
    bool has_goroutine, has_frame;
    uint64_t goroutine; ///< id
    size_t frame;       ///< index of the frame to look at first
    /** Where it died on a system stack, if no frame of the goroutine is the program's; else NULL.
     */
    const struct report_frame *system_frame;
    struct report_panic_list panics;
    struct report_cause cause;
    struct string_list advice;
    struct report_activity_list activity; ///< of the crashed goroutine
    const char *signature;                ///< NULL until it is known
};

enum frame_stack { STACK_GOROUTINE, STACK_SYSTEM, STACK_SIGNAL, STACK_C };
const char *frame_stack_name(enum frame_stack stack);

/** Whose code a frame is: decides what of it is shown. */
enum frame_owner {
    OWNER_MAIN_MODULE,
    OWNER_OTHER_MODULE,
    OWNER_STANDARD_LIBRARY,
    OWNER_RUNTIME,
    OWNER_C
};

struct source_line {
    int64_t line;
    const char *text;
};

/** A deferred call that has not run. */
struct report_defer {
    const char *function;          ///< NULL: not readable
    const char *file, *short_file; ///< of the defer statement; NULL: not known
    int64_t line;
};

struct report_frame {
    enum frame_stack stack;
    enum frame_owner owner;
    const char *function;   ///< as the Go traceback names it, without arguments
    const char *callee;     ///< that of the next frame further in; NULL: none, or left out
    const char *file;       ///< as recorded; NULL where unknown
    const char *short_file; ///< below the main module's root, else as recorded
    int64_t line;
    const char *module; ///< native: path of the library, "[vdso]"; NULL: the executable
    bool has_pc, has_offset, has_stack;
    uint64_t pc, offset, sp, fp; ///< sp and fp with has_stack
    bool inlined, native, runtime;
    const char *arguments_text; ///< between the brackets; NULL in an inlined frame
    /** Variables; read is false where nobody asked for them. */
    bool variables_read;
    struct value_list arguments, locals;
    /**
     * What that release's runtime prints in front of the frame: where a stack ends in a function
     * that switches stacks; NULL: nothing.
     */
    const char *told_before;
    const char *missing; ///< what stood between this frame and the next, and is lost; NULL: nothing
    const char *variables_note; ///< why there are none, or how many are gone; NULL
    struct source_line *source;
    const char *source_note; ///< what speaks against those lines being the ones that were built
    size_t source_count;
    bool source_is_current;      ///< source[…].line == line is marked
    struct report_defer *defers; ///< what this frame has deferred
    size_t defer_count;
};

struct report_frame_list {
    struct report_frame *items; ///< innermost first
    size_t count;
    uint64_t elided;     ///< frames that the traceback of that release leaves out in the middle …
    size_t elided_after; ///< … behind this many
    uint64_t elided_cycle; ///< they are so many, over and over; 0: they differ
};

/** Index of the frame to look at first: the main module's, else another module's; false: only the
 * library's. */
bool frames_user_frame(const struct report_frame_list *frames, size_t *out);

struct report_created_by {
    const char *function; ///< NULL: not known, or the main goroutine
    const char *file, *short_file;
    int64_t line;
    uint64_t offset;
    uint64_t goroutine; ///< 0: not recorded
    bool runtime;       ///< hidden below GOTRACEBACK=system
};

/** A case of a select that blocks; cases with a nil channel are none. */
struct report_select_case {
    uint64_t channel;
    const char *direction;  ///< "send", "receive"; NULL: not known
    const char *expression; ///< NULL: not known
};

struct report_waiting_on {
    struct report_select_case *cases;
    size_t case_count;
    const char *kind; ///< NULL: nothing known
    bool has_address;
    uint64_t address;
    const char *expression, *summary;
};

/** A goroutine that started this one, or one of those that did, as it stood then: what the runtime
 * keeps under GODEBUG=tracebackancestors. */
struct report_ancestor {
    uint64_t id;
    struct report_frame_list frames; ///< function, file, line, offset and runtime alone
    bool elided;                     ///< its stack was deeper than the runtime keeps
    struct report_created_by created_by;
};

struct report_goroutine {
    uint64_t id;
    const char *status;      ///< the schema's words
    const char *wait_reason; ///< NULL unless waiting
    const char *heading; ///< what the traceback of that release prints, "goroutine 1 [running]:"
    bool has_wait;
    uint64_t wait_ns;
    bool crashed, system, locked_to_thread, has_thread;
    bool interrupted; ///< the crashed one did nothing wrong: a signal that was sent came upon it
    bool focus;       ///< crashed, or what a reader came for in a live process: shown in full
    uint32_t thread;
    uint64_t g, m; ///< addresses; m 0: none
    const char *start_function;
    const char *start_file, *start_short_file; ///< NULL: not known
    int64_t start_line;                        ///< on which it begins
    struct report_created_by created_by;
    struct report_ancestor *ancestors; ///< the one that started it first
    size_t ancestor_count;
    struct report_waiting_on waiting_on;
    struct report_panic_list panics;
    struct key_value_list labels;
    struct report_activity_list activity; ///< of the crashed goroutine, and of those in focus
    struct report_frame_list frames;
    /** A line the runtime prints instead of the stack ("goroutine running on other thread…"), NULL:
     * none. */
    const char *stack_unavailable;
    const char *truncated;       ///< why the stack ends early
    struct report_defer *defers; ///< of all frames, in the order in which they would run
    size_t defer_count;
    size_t hidden_frames; ///< crashed: frames of the panic itself at the start of `frames`
};

struct report_thread {
    uint32_t tid;
    uint64_t pc;
    const char *function;
    bool crashed;     ///< the process died of what it did, or of the signal that it was sent
    bool interrupted; ///< and that came from outside: what it did is not to blame
    bool has_goroutine;
    uint64_t goroutine;
    struct report_signal signal;
    const char **register_names;
    uint64_t *register_values;
    size_t register_count;
    struct report_frame_list frames;
};

/** Goroutines with the same status, wait reason, frames and creator. */
struct report_group {
    struct id_list ids; ///< ascending
    const char *status, *wait_reason;
    bool has_wait, system;
    bool in_focus; ///< all of it was shown in full already (report_goroutine.focus)
    uint64_t longest_wait_ns, shortest_wait_ns; ///< of those of which it is known
    bool tell_statement; ///< another group differs in the line of its go statement alone
    struct report_frame
        where; ///< the frame to look at: the first of the user's, else the innermost
    struct report_created_by created_by;
};

enum finding_kind {
    FINDING_RECOVERED_PANIC,
    FINDING_DEADLOCK,
    FINDING_GOROUTINE_LEAK,
    FINDING_LOCK_HOLDER,
    FINDING_WAITING_ON_PEER,
    FINDING_OTHER,
};
const char *finding_kind_name(enum finding_kind kind);

struct report_finding {
    enum finding_kind kind;
    const char *summary;
    enum confidence confidence;
    struct id_list goroutines;
    struct string_list evidence;
};

/** Known before the first goroutine is printed. */
struct report_head {
    const char *tool_version;
    struct report_binary binary;
    struct report_core core;
    struct report_runtime runtime;
    struct report_crash crash;
    struct report_thread *threads;
    size_t thread_count;
    int go_minor; ///< 27 for go1.27: what differs by release in a traceback
    /** The runtime's stack below a throw, printed as "runtime stack:"; count 0: none. */
    struct report_frame_list runtime_stack;
};

/** Known after the last. */
struct report_tail {
    struct report_group *groups;
    size_t group_count;
    struct report_finding *findings;
    size_t finding_count;
    struct string_list warnings; ///< like ones counted
    uint64_t goroutine_count, system_count;
};
