// SPDX-License-Identifier: MIT
#include "trace.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/** Functions that mark or sweep: what they die of somebody else has done, and before. */
static const char *const collecting[] = {
    "runtime.gcDrain",       "runtime.gcDrainN",         "runtime.markroot",
    "runtime.scanblock",     "runtime.scanobject",       "runtime.scanstack",
    "runtime.scanSpan",      "runtime.scanObjectsSmall", "runtime.greyobject",
    "runtime.findObject",    "runtime.wbBufFlush1",      "runtime.(*sweepLocked).sweep",
    "runtime.(*mspan).sweep"};

static const char *const dying[] = {"runtime.throw",       "runtime.sigpanic",
                                    "runtime.fatalthrow",  "runtime.badPointer",
                                    "runtime.systemstack", "runtime.mstart"};

static bool is_one_of(const char *const *names, size_t count, const char *function)
{
    for (size_t i = 0; function && i < count; i++)
        if (strcmp(names[i], function) == 0)
            return true;
    return false;
}

static bool is_collecting(const struct report_frame_list *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        if (is_one_of(collecting, COUNT_OF(collecting), stack->items[i].function))
            return true;
    return false;
}

const struct report_frame *frame_below_death(const struct report_frame_list *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        const char *function = stack->items[i].function;
        if (function && !is_one_of(dying, COUNT_OF(dying), function))
            return &stack->items[i];
    }
    return NULL;
}

/** "it was in runtime.scanobject, called by runtime.gcDrain, runtime.gcBgMarkWorker.func2" */
static const char *stack_text(struct arena *arena, const struct report_frame_list *stack)
{
    enum { NAMED = 6 };
    AUTO_TEXT text = {0};
    size_t named = 0;
    for (size_t i = 0; i < stack->count && named < NAMED; i++) {
        const char *function = stack->items[i].function;
        if (!function || is_one_of(dying, COUNT_OF(dying), function))
            continue;
        buffer_printf(&text, "%s%s",
                      named == 0   ? "it was in "
                      : named == 1 ? ", called by "
                                   : ", ",
                      function);
        named++;
    }
    return arena_string(arena, buffer_text(&text));
}

/** The hexadecimal number behind a mark in a line of the message. */
static bool number_behind(const struct string_list *message, const char *mark, uint64_t *out,
                          const char **rest)
{
    for (size_t i = 0; i < message->count; i++) {
        const char *at = strstr(message->items[i], mark);
        char *end;
        if (!at)
            continue;
        *out = strtoull(at + strlen(mark), &end, 16);
        *rest = end;
        return end != at + strlen(mark);
    }
    return false;
}

/** Who holds the word at an address: a package variable by its name. */
static const char *holder_text(struct analysis *analysis, target_addr object, uint64_t offset)
{
    struct global_place place;
    bool found = global_at(analysis, object + offset, &place);
    bool behind = !found && global_leading_to(analysis, object + offset, &place);
    if (!found && !behind) // without names it is an address
        return arena_printf(analysis->arena, "the word at 0x%" PRIx64, object + offset);
    const char *name =
        behind ? arena_printf(analysis->arena, "what %s points to", place.name) : place.name;
    if (!place.offset)
        return name;
    return arena_printf(analysis->arena, "%s, %" PRIu64 " bytes in,", name, place.offset);
}

/**
 * "found bad pointer in Go heap" explains itself (runtime/mbitmap.go, badPointer): "runtime:
 * pointer 0x… to unallocated span …", "runtime: found in object at *(0x…+0x…)".
 */
static const char *bad_pointer_text(struct analysis *analysis, const struct string_list *message)
{
    uint64_t pointer, object, offset = 0;
    const char *rest;
    if (!number_behind(message, "runtime: pointer ", &pointer, &rest))
        return NULL;
    if (!number_behind(message, "found in object at *(", &object, &rest) || *rest != '+')
        return arena_printf(analysis->arena,
                            "something holds 0x%" PRIx64 ", which points to memory that the heap "
                            "has not given out",
                            pointer);
    offset = strtoull(rest + 1, NULL, 16);
    return arena_printf(analysis->arena,
                        "%s holds 0x%" PRIx64
                        ", which points to memory that the heap has not given out",
                        holder_text(analysis, object, offset), pointer);
}

static const char *fault_text(struct analysis *analysis, const struct report_signal *signal)
{
    enum { NOT_MAPPED = 1, NOT_ALLOWED = 2 }; // SEGV_MAPERR, SEGV_ACCERR
    const char *state = "";
    if (signal->number == SIGSEGV && signal->code == NOT_MAPPED)
        state = ", where no memory is mapped";
    else if (signal->number == SIGSEGV && signal->code == NOT_ALLOWED)
        state = ", where memory is mapped that may not be read or written";
    return arena_printf(analysis->arena, "the garbage collector could not use 0x%" PRIx64 "%s",
                        signal->address, state);
}

void cause_in_collector(struct analysis *analysis, const struct report_frame_list *stack,
                        struct report_crash *crash)
{
    const struct report_signal *signal = &crash->signal;
    struct report_cause *cause = &crash->cause;
    bool fault = signal->present && signal->code > 0 &&
                 (signal->number == SIGSEGV || signal->number == SIGBUS);
    if (cause->present || !is_collecting(stack) || crash->class == CLASS_EXTERNAL_SIGNAL ||
        crash->class == CLASS_OUT_OF_MEMORY)
        return;
    struct arena *arena = analysis->arena;
    size_t capacity = 0;
    const char *summary =
        fault ? fault_text(analysis, signal) : bad_pointer_text(analysis, &crash->message);
    *cause = (struct report_cause){
        .present = true,
        .confidence = CONFIDENCE_CERTAIN,
        .summary = summary ? summary : "the garbage collector found the heap broken",
    };
    string_list_add(arena, &cause->evidence, &capacity, stack_text(arena, stack));
    string_list_add(arena, &cause->evidence, &capacity,
                    "the collector is the one that finds out: what broke the memory had happened "
                    "before, and is on no stack");
}
