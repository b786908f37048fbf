// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cause_internal.h"
#include "symbols/native_code.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/** How C libraries end a program themselves; without a file of their own (static) by name alone. */
static const char *const aborting[] = {
    "abort",
    "raise",
    "gsignal",
    "pthread_kill",
    "tgkill",
    "tkill",
    "__pthread_kill",
    "__pthread_kill_internal",
    "__pthread_kill_implementation",
    "__assert_fail",
    "__assert_fail_base",
    "__libc_message",
    "__libc_message_impl",
    "__libc_fatal",
    "__fortify_fail",
    "__chk_fail",
    "__stack_chk_fail",
    "malloc_printerr",
};

/** The frames of C code in front of the first of Go's. */
static size_t native_count(const struct report_frame_list *frames)
{
    size_t count = 0;
    while (count < frames->count && frames->items[count].native)
        count++;
    return count;
}

static bool is_aborting(const struct report_frame *frame, const char *library)
{
    if (library && frame->module && strcmp(library, frame->module) == 0)
        return true;
    for (size_t i = 0; frame->function && i < COUNT_OF(aborting); i++)
        if (strcmp(frame->function, aborting[i]) == 0)
            return true;
    return false;
}

bool native_fault_frame(const struct report_frame_list *frames, int signal, size_t *out)
{
    size_t count = native_count(frames), i = 0;
    if (!count)
        return false;
    if (signal == SIGABRT) // what called abort, not the library that carries it out
        while (i < count && is_aborting(&frames->items[i], frames->items[0].module))
            i++;
    *out = i < count ? i : 0;
    return true;
}

static const char *place_text(struct arena *arena, const struct report_frame *frame)
{
    const char *function = frame->function ? frame->function : "C code without a name";
    const char *slash = frame->module ? strrchr(frame->module, '/') : NULL;
    if (frame->file && frame->line)
        return arena_printf(arena, "%s (%s:%" PRId64 ")", function,
                            frame->short_file ? frame->short_file : frame->file, frame->line);
    if (frame->module)
        return arena_printf(arena, "%s (%s)", function, slash ? slash + 1 : frame->module);
    return function;
}

/** "abort", "raise": what the frame at fault called, or NULL. */
static const char *called_text(const struct report_frame_list *frames, size_t at)
{
    return at ? frames->items[at - 1].function : NULL;
}

/**
 * What glibc printed before it called abort: a failed assertion, a heap found broken. It keeps the
 * text for whoever reads the core: __abort_msg points to its size, in pages, and the text
 * (assert/assert.c, sysdeps/posix/libc_fatal.c).
 */
static const char *abort_message(const struct analysis *analysis, target_addr pc)
{
    enum { TEXT_OFFSET = 4, TEXT_MAX = 512 };
    const struct address_space *space = analysis->program->space;
    struct native_code *code = analysis->program->native;
    struct native_module *module = code ? native_code_module(code, pc) : NULL;
    target_addr variable, message;
    char text[TEXT_MAX + 1];
    size_t size = 0;
    if (!module || !native_module_variable(module, "__abort_msg", &variable) ||
        !address_space_try_u64(space, variable, &message) || !message)
        return NULL;
    while (size < TEXT_MAX &&
           address_space_try_read(space, message + TEXT_OFFSET + size, &text[size], 1) &&
           text[size])
        size++;
    while (size && text[size - 1] == '\n')
        size--;
    text[size] = '\0';
    return size ? arena_string(analysis->arena, text) : NULL;
}

/** What the instruction did with memory, by its own bytes. */
static const char *access_verb(const struct analysis *analysis, target_addr pc, bool *wrote)
{
    enum { LONGEST = 15 };
    uint8_t bytes[LONGEST];
    size_t size = sizeof bytes;
    struct instruction instruction;
    AUTO(disassembler) disassembler = disassembler_new(analysis->program->arch);
    *wrote = false;
    while (size && !native_code_read(analysis->program->native, pc, bytes, size))
        size--;
    if (!disassembler ||
        !instruction_decode(disassembler, (struct bytes){bytes, size}, pc, &instruction) ||
        !instruction.has_memory || instruction.reads_memory == instruction.writes_memory)
        return "used";
    *wrote = instruction.writes_memory;
    return *wrote ? "wrote to" : "read";
}

/** Whether the address is where a function that finds its stack full first meets the end. */
static bool is_at_stack(const struct report_frame *frame, uint64_t address)
{
    enum { BELOW = 64 * 1024, ABOVE = 4096 };
    return frame->has_stack && address < frame->sp + ABOVE && frame->sp < address + BELOW;
}

static void explain_memory(const struct analysis *analysis, const struct report_signal *signal,
                           const struct report_frame *frame, struct report_cause *cause)
{
    struct arena *arena = analysis->arena;
    const char *who = place_text(arena, frame);
    struct access access = {.known = signal->code != SI_KERNEL, .address = signal->address};
    if (signal->has_pc && signal->pc == signal->address && access.known)
        access.did = "called";
    else
        access.did = access_verb(analysis, signal->has_pc ? signal->pc : frame->pc, &access.wrote);
    const char *why = access_refusal(analysis, arena, signal, &access);
    if (!access.known)
        cause->summary = arena_printf(arena, "%s %s an address %s", who, access.did, why);
    else if (is_at_stack(frame, signal->address)) {
        cause->confidence = CONFIDENCE_LIKELY;
        cause->summary =
            arena_printf(arena, "%s found the stack of its thread full: it %s 0x%" PRIx64 ", %s",
                         who, access.did, access.address, why);
    } else
        cause->summary =
            arena_printf(arena, "%s %s 0x%" PRIx64 ", %s%s", who, access.did, access.address,
                         access.address < 4096 ? "near NULL, " : "", why);
}

static void explain_abort(const struct analysis *analysis, const struct report_frame_list *frames,
                          size_t at, struct report_cause *cause)
{
    struct arena *arena = analysis->arena;
    const char *who = place_text(arena, &frames->items[at]), *called = called_text(frames, at);
    const char *message = abort_message(analysis, frames->items[0].pc);
    if (message)
        cause->summary = arena_printf(arena, "%s aborted: %s", who, message);
    else if (called)
        cause->summary = arena_printf(arena, "%s called %s", who, called);
    else
        cause->summary = arena_printf(arena, "%s raised SIGABRT", who);
}

static const char *other_signal_text(const struct report_signal *signal)
{
    switch (signal->number) {
    case SIGFPE:
        return signal->code == FPE_INTDIV
                   ? "divided by zero, or divided to more than the result can hold"
                   : "made arithmetic that the processor refused";
    case SIGILL:
        return "ran into an instruction that the processor refused";
    case SIGTRAP:
        return "ran into a trap instruction";
    case SIGSYS:
        return "made a system call that a filter (seccomp) forbids";
    default:
        return NULL;
    }
}

/** Who had called the C code: the Go frame, and the functions of C from there on. */
static const char *callers_text(struct arena *arena, const struct report_frame_list *frames,
                                size_t at)
{
    enum { NAMED = 8 };
    AUTO_TEXT text = {0};
    const struct report_frame *go = NULL;
    size_t count = native_count(frames);
    for (size_t i = count; i < frames->count && !go; i++)
        if (frames->items[i].owner != OWNER_RUNTIME && !frames->items[i].native &&
            (!frames->items[i].function || !strstr(frames->items[i].function, "._Cfunc_")))
            go = &frames->items[i];
    if (go && go->function)
        buffer_printf(&text, "%s (%s:%" PRId64 ") called C: ", go->function,
                      go->short_file ? go->short_file : "?", go->line);
    else
        buffer_puts(&text, "no Go function called it: ");
    size_t named = 0;
    for (size_t i = count; i-- > at;) {
        const char *function = frames->items[i].function;
        if (function && strncmp(function, "_cgo_", strlen("_cgo_")) == 0)
            continue; // cgo's own wrapper
        if (named == NAMED && i > at) {
            buffer_puts(&text, ", …");
            i = at + 1;
            named++;
            continue;
        }
        buffer_printf(&text, "%s%s", named++ ? ", " : "", function ? function : "?");
    }
    return arena_string(arena, buffer_text(&text));
}

void cause_in_native(struct analysis *analysis, const struct report_frame_list *frames,
                     struct report_crash *crash)
{
    const struct report_signal *signal = &crash->signal;
    struct report_cause cause = {.present = true, .confidence = CONFIDENCE_CERTAIN};
    size_t at, capacity = 0;
    if (crash->cause.present || crash->class != CLASS_CGO_CRASH || !signal->present ||
        !analysis->program->native || !native_fault_frame(frames, signal->number, &at))
        return;
    const struct report_frame *frame = &frames->items[at];
    const char *other = other_signal_text(signal);
    if (signal->number == SIGABRT)
        explain_abort(analysis, frames, at, &cause);
    else if (signal->number == SIGSEGV || signal->number == SIGBUS)
        explain_memory(analysis, signal, frame, &cause);
    else if (other)
        cause.summary =
            arena_printf(analysis->arena, "%s %s", place_text(analysis->arena, frame), other);
    else
        return;
    string_list_add(analysis->arena, &cause.evidence, &capacity,
                    callers_text(analysis->arena, frames, at));
    crash->cause = cause;
}
