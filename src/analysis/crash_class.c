// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "symbols/native_code.h"

#include <signal.h>
#include <string.h>

enum { SEGV_KERNEL = 0x80 }; // si_code of a fault whose address the processor does not tell

struct text_class {
    const char *text;
    enum crash_class class;
};

/** Texts of panics that the runtime raises; the first that the message begins with decides. */
static const struct text_class runtime_panics[] = {
    {"runtime error: invalid memory address or nil pointer dereference", CLASS_NIL_DEREFERENCE},
    {"assignment to entry in nil map", CLASS_NIL_MAP_WRITE},
    {"runtime error: index out of range", CLASS_INDEX_OUT_OF_RANGE},
    {"runtime error: slice bounds out of range", CLASS_SLICE_BOUNDS},
    {"runtime error: cannot convert slice", CLASS_SLICE_TO_ARRAY},
    {"interface conversion: ", CLASS_TYPE_ASSERTION},
    {"runtime error: integer divide by zero", CLASS_DIVIDE_BY_ZERO},
    {"runtime error: negative shift amount", CLASS_NEGATIVE_SHIFT},
    {"runtime error: makeslice: ", CLASS_MAKE_SIZE},
    {"runtime error: growslice: ", CLASS_MAKE_SIZE},
    {"runtime error: makechan: ", CLASS_MAKE_SIZE},
    {"makechan: ", CLASS_MAKE_SIZE},
    {"runtime error: hash of unhashable type", CLASS_UNHASHABLE_KEY},
    {"runtime error: comparing uncomparable type", CLASS_UNCOMPARABLE_VALUES},
    {"close of closed channel", CLASS_CLOSE_CLOSED_CHANNEL},
    {"close of nil channel", CLASS_CLOSE_NIL_CHANNEL},
    {"send on closed channel", CLASS_SEND_CLOSED_CHANNEL},
    {"sync: negative WaitGroup counter", CLASS_NEGATIVE_WAITGROUP},
    {"sync: ", CLASS_MUTEX_MISUSE},
    {"panic called with nil argument", CLASS_NIL_PANIC},
    {"runtime error: panic called with nil argument", CLASS_NIL_PANIC},
    {"runtime error: cgo argument has ", CLASS_CGO_POINTER_RULE},
    {"runtime error: cgo result ", CLASS_CGO_POINTER_RULE},
};

static const struct text_class fatal_errors[] = {
    {"all goroutines are asleep", CLASS_DEADLOCK},
    {"no goroutines (main called runtime.Goexit)", CLASS_GOEXIT_DEADLOCK},
    {"concurrent map", CLASS_CONCURRENT_MAP},
    {"stack overflow", CLASS_STACK_OVERFLOW},
    {"runtime: out of memory", CLASS_OUT_OF_MEMORY},
    {"out of memory", CLASS_OUT_OF_MEMORY},
    {"runtime: cannot allocate memory", CLASS_OUT_OF_MEMORY},
    {"thread exhaustion", CLASS_THREAD_LIMIT},
    {"fault", CLASS_INVALID_ADDRESS},
    {"sync: ", CLASS_MUTEX_MISUSE},
    {"cgo argument has ", CLASS_CGO_POINTER_RULE},
    {"cgo result ", CLASS_CGO_POINTER_RULE},
};

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static enum crash_class by_text(const struct text_class *rows, size_t count, const char *text,
                                enum crash_class otherwise)
{
    for (size_t i = 0; i < count; i++)
        if (begins_with(text, rows[i].text))
            return rows[i].class;
    return otherwise;
}

/**
 * Whether the value that panic was called with is an error of the runtime's, whoever raises it: one
 * taken out of another goroutine, say. The record of the panic holds only the error's text by now.
 */
static bool is_runtime_error(struct analysis *analysis, const struct report_frame *panic)
{
    const struct program *program = analysis->program;
    uint64_t word;
    struct go_type *type;
    if (!panic->has_stack ||
        !address_space_try_u64(program->space, panic->fp + program->arch->frame_header, &word) ||
        !word)
        return false;
    struct error *err = type_from_runtime(value_reader_types(analysis->reader), word, &type);
    if (err) {
        error_ignore(err); // the place of an argument that is in a register holds anything
        return false;
    }
    const char *name = type->name[0] == '*' ? type->name + 1 : type->name;
    return begins_with(name, "runtime.");
}

/**
 * Whether the newest panic is of the runtime or the library, by the frame that called panic and by
 * what it gave it: a user's own panic can have any text.
 */
static bool raised_by_library(struct analysis *analysis, const struct report_frame_list *frames)
{
    size_t i = 0;
    while (i < frames->count && strcmp(frames->items[i].function, "panic") != 0 &&
           strcmp(frames->items[i].function, "runtime.gopanic") != 0)
        i++;
    if (i < frames->count && is_runtime_error(analysis, &frames->items[i]))
        return true;
    return i + 1 < frames->count && (frames->items[i + 1].owner == OWNER_RUNTIME ||
                                     begins_with(frames->items[i + 1].function, "sync.") ||
                                     begins_with(frames->items[i + 1].function, "internal/sync."));
}

static enum crash_class panic_class(struct analysis *analysis, const struct report_crash *crash,
                                    const struct report_frame_list *frames)
{
    const struct report_panic *newest = NULL;
    for (size_t i = crash->panics.count; i-- > 0 && !newest;)
        if (!crash->panics.items[i].goexit && !crash->panics.items[i].recovered)
            newest = &crash->panics.items[i];
    if (!newest)
        return CLASS_UNKNOWN;
    bool of_runtime = raised_by_library(analysis, frames);
    for (size_t i = 0; i < crash->panics.count && !of_runtime; i++) {
        // Raised again: the older panic's value decides, if it is the same text of the runtime's.
        const struct report_panic *older = &crash->panics.items[i];
        of_runtime = older != newest && begins_with(newest->text, "runtime error: ") &&
                     strcmp(older->text, newest->text) == 0;
    }
    if (strcmp(newest->text, "nil") == 0)
        return CLASS_NIL_PANIC;
    if (begins_with(newest->text, "panic called with nil argument") ||
        begins_with(newest->text, "runtime error: panic called with nil argument"))
        return CLASS_NIL_PANIC; // raised inside gopanic: the caller is the user
    if (!of_runtime)
        return CLASS_EXPLICIT_PANIC;
    // Of such faults only SetPanicOnFault makes panics; what the processor finds to be no address
    // at all comes with address 0.
    if (crash->signal.present &&
        (crash->signal.address >= 4096 || crash->signal.code == SEGV_KERNEL) &&
        begins_with(newest->text, "runtime error: invalid memory address") &&
        crash->signal.code > 0)
        return CLASS_INVALID_ADDRESS;
    return by_text(runtime_panics, COUNT_OF(runtime_panics), newest->text, CLASS_EXPLICIT_PANIC);
}

/** Up to Go 1.20 a fault in C code is a fatal error of the system stack's. */
static bool is_fault_in_c(const struct analysis *analysis, const struct crash_site *site,
                          const char *text)
{
    struct goroutine g0;
    const struct machine *machine = site->thread ? site->thread->machine : NULL;
    return begins_with(text, "unexpected signal during runtime execution") && machine &&
           machine->in_cgo && goroutine_read(analysis->scheduler, machine->g0, &g0) && g0.sigpc &&
           !module_of_pc(analysis->program->modules, g0.sigpc);
}

static enum crash_class fatal_class(const struct analysis *analysis, const struct crash_site *site,
                                    const struct report_crash *crash)
{
    static const char mark[] = "fatal error: ";
    for (size_t i = 0; i < crash->message.count; i++) {
        const char *hit = strstr(crash->message.items[i], mark);
        if (hit && is_fault_in_c(analysis, site, hit + sizeof mark - 1))
            return CLASS_CGO_CRASH;
        if (hit)
            return by_text(fatal_errors, COUNT_OF(fatal_errors), hit + sizeof mark - 1,
                           CLASS_RUNTIME_FAULT);
    }
    return CLASS_UNKNOWN;
}

/** abort, assert and raise: C code sends the signal to its own thread. */
static bool is_raised_by_c(const struct analysis *analysis, const struct signal_info *signal)
{
    if (signal->code != SI_TKILL || !native_walk_is_native(analysis->program, signal->pc))
        return false;
    pid_t pid = core_file_pid(analysis->program->core);
    return pid && signal->sender_pid == pid;
}

/** A call through a bad pointer leaves a pc in nobody's code: then the runtime knows whose it was.
 */
static bool is_in_c(const struct analysis *analysis, const struct crash_site *site)
{
    const struct program *program = analysis->program;
    const struct machine *machine = site->thread ? site->thread->machine : NULL;
    if (module_of_pc(program->modules, site->signal.pc))
        return false;
    return !program->native || native_code_is_executable(program->native, site->signal.pc) ||
           (machine && machine->in_cgo);
}

static enum crash_class signal_class(struct analysis *analysis, const struct crash_site *site)
{
    const struct signal_info *signal = &site->signal;
    if (!site->has_signal || site->raised_by_runtime)
        return CLASS_UNKNOWN;
    if (module_is_lost(analysis->program->modules, signal->pc)) // Go's or C's: who knows
        return CLASS_UNKNOWN;
    if (is_raised_by_c(analysis, signal))
        return CLASS_CGO_CRASH;
    if (signal->has_sender)
        return CLASS_EXTERNAL_SIGNAL;
    if (is_in_c(analysis, site))
        return CLASS_CGO_CRASH;
    if (signal->bare) // whether it was a fault at all is not known
        return CLASS_UNKNOWN;
    // Where the runtime's handler did not run nothing made a panic of it.
    bool in_first_page = signal->address < 4096 && signal->code != SEGV_KERNEL;
    if (signal->number == SIGSEGV && in_first_page && !site->on_g0 &&
        module_of_pc(analysis->program->modules, signal->pc))
        return CLASS_NIL_DEREFERENCE;
    if (signal->number == SIGSEGV || signal->number == SIGBUS)
        return CLASS_INVALID_ADDRESS;
    return CLASS_RUNTIME_FAULT;
}

bool crash_is_sent(struct analysis *analysis, const struct crash_site *site)
{
    return site->kind == CRASH_SIGNAL && signal_class(analysis, site) == CLASS_EXTERNAL_SIGNAL;
}

enum crash_class crash_class_of(struct analysis *analysis, const struct crash_site *site,
                                const struct report_crash *crash,
                                const struct report_frame_list *frames)
{
    switch (site->kind) {
    case CRASH_NONE:
        return CLASS_LIVE;
    case CRASH_PANIC:
        return panic_class(analysis, crash, frames);
    case CRASH_FATAL_ERROR:
        return fatal_class(analysis, site, crash);
    case CRASH_SIGNAL:
        return signal_class(analysis, site);
    }
    return CLASS_UNKNOWN;
}
