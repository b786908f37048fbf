// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "blocked_internal.h"
#include "trace.h"
#include "values/name_address.h"

#include <string.h>

const char *blocked_object_type(enum wait_kind kind)
{
    switch (kind) {
    case WAIT_MUTEX:
        return "sync.Mutex";
    case WAIT_RWMUTEX:
        return "sync.RWMutex";
    case WAIT_WAITGROUP:
        return "sync.WaitGroup";
    case WAIT_COND:
        return "sync.Cond";
    default:
        return NULL;
    }
}

/** Whether a function is one that waits for such an object, and takes it as its first argument. */
static bool waits_for(const char *function, enum wait_kind kind)
{
    static const char *const channel[] = {"runtime.chansend", "runtime.chanrecv"};
    static const char *const mutex[] = {"sync.(*Mutex).", "internal/sync.(*Mutex)."};
    static const char *const rwmutex[] = {"sync.(*RWMutex)."};
    static const char *const waitgroup[] = {"sync.(*WaitGroup)."};
    static const char *const cond[] = {"sync.(*Cond)."};
    static const struct {
        const char *const *begin;
        size_t count;
    } of_kind[] = {
        [WAIT_CHANNEL] = {channel, COUNT_OF(channel)},
        [WAIT_MUTEX] = {mutex, COUNT_OF(mutex)},
        [WAIT_RWMUTEX] = {rwmutex, COUNT_OF(rwmutex)},
        [WAIT_WAITGROUP] = {waitgroup, COUNT_OF(waitgroup)},
        [WAIT_COND] = {cond, COUNT_OF(cond)},
    };
    for (size_t i = 0; (size_t)kind < COUNT_OF(of_kind) && i < of_kind[kind].count; i++)
        if (strncmp(function, of_kind[kind].begin[i], strlen(of_kind[kind].begin[i])) == 0)
            return true;
    return false;
}

/**
 * What the code handed to the call that waits: optimised code has often forgotten where its
 * variables are, but not what it made that argument of.
 */
static const char *name_of_argument(struct blocked *blocked, const struct blocked_wait *wait,
                                    target_addr object, const struct stack_frame *frame,
                                    unsigned inline_depth, struct arena *scratch)
{
    enum wait_kind kind = (enum wait_kind)wait->kind;
    struct trace trace = {0};
    struct pc_function function;
    const char *text = NULL, *callee = NULL;
    if (trace_begin(&trace, blocked->analysis, scratch, frame, inline_depth))
        callee = function_code_callee(trace.code, trace.at, &function);
    if (callee && waits_for(callee, kind)) {
        struct term term = trace_argument(&trace, trace.at, 0);
        struct go_type *receiver = kind == WAIT_CHANNEL ? NULL : call_receiver(&trace, trace.at);
        bool other = term.kind == TERM_PART && term.has_value && term.value != object;
        if (term.uncertain || term.by_type || other)
            text = NULL;
        else if (receiver)
            text = words_object(&trace, &term, receiver);
        else if (kind == WAIT_CHANNEL && term.kind == TERM_PART && term.offset == 0)
            text = term.text;
        if (text)
            text = arena_string(blocked->arena, text);
    }
    trace_end(&trace);
    return text;
}

/** What a frame of the goroutine that waits calls the object: the innermost that has a name. */
static const char *name_in_frames(struct blocked *blocked, const struct blocked_wait *wait,
                                  target_addr object, struct arena *scratch)
{
    enum { FRAMES_NAMED = 12 };
    struct analysis *analysis = blocked->analysis;
    struct goroutine g;
    struct address_name name;
    struct stack_frame first;
    unsigned first_depth = 0;
    bool has_first = false;
    bool none = analysis->no_variables && !analysis->program->plugin_count;
    if (none || !goroutine_read(analysis->scheduler, wait->g, &g))
        return NULL;
    struct stack_start start = goroutine_saved_start(&g);
    struct stack_walk walk;
    struct stack_frame frame;
    stack_walk_begin(&walk, analysis->program, &g, false, &start);
    for (int i = 0; i < FRAMES_NAMED && stack_walk_next(&walk, &frame); i++) {
        struct pc_logical_frame logical[LIMIT_INLINE_DEPTH + 1];
        struct pc_inline_walk inlined;
        size_t count = 0;
        pc_inline_begin(&inlined, &frame.function, frame.lookup_pc);
        while (count < COUNT_OF(logical) && pc_inline_next(&inlined, &logical[count]))
            count++;
        for (size_t k = 0; k < count; k++) {
            enum frame_owner owner = frame_owner_of(analysis, logical[k].name, logical[k].file);
            const struct variable_frame place = {.function = logical[k].name,
                                                 .pc = frame.lookup_pc,
                                                 .cfa = frame.fp,
                                                 .inline_depth = (unsigned)(count - 1 - k)};
            if (owner != OWNER_MAIN_MODULE && owner != OWNER_OTHER_MODULE)
                continue;
            if (!has_first) {
                first = frame;
                first_depth = place.inline_depth;
                has_first = true;
            }
            if (address_name_find(analysis->reader, scratch, &place, object,
                                  blocked_object_type((enum wait_kind)wait->kind), &name))
                return arena_string(blocked->arena, name.expression);
        }
    }
    if (address_name_find_global(analysis->reader, scratch, object,
                                 blocked_object_type((enum wait_kind)wait->kind), &name))
        return arena_string(blocked->arena, name.expression);
    return has_first ? name_of_argument(blocked, wait, object, &first, first_depth, scratch) : NULL;
}

const char *blocked_object_name(struct blocked *blocked, const struct blocked_wait *wait,
                                target_addr object)
{
    bool added;
    uint64_t *slot = table_add(blocked->names, object, &added);
    if (!added)
        return *slot ? (const char *)(uintptr_t)*slot : NULL;
    if (!blocked->names_left)
        return NULL;
    blocked->names_left--;
    AUTO(arena) scratch = arena_new();
    const char *name = name_in_frames(blocked, wait, object, scratch);
    *table_add(blocked->names, object, NULL) = (uint64_t)(uintptr_t)name;
    return name;
}
