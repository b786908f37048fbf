// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "base/search.h"
#include "sync_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    RLOCK_SEMAPHORE = 12, ///< sync.RWMutex: readerSem
    COND_NOTIFY = 16,     ///< sync.Cond: notify
};

static const struct named_callee {
    const char *name;
    struct sync_callee callee;
    const char *inside; ///< counts only where it was inlined from this function; NULL: anywhere
} callees[] = {
    {"sync.(*Mutex).Lock", {SYNC_LOCK, 0, 0}, NULL},
    {"sync.(*Mutex).lockSlow", {SYNC_LOCK, 0, 0}, NULL},
    {"internal/sync.(*Mutex).Lock", {SYNC_LOCK, 0, 0}, NULL},
    {"internal/sync.(*Mutex).lockSlow", {SYNC_LOCK, 0, 0}, NULL},
    {"sync.(*Mutex).Unlock", {SYNC_UNLOCK, 0, 0}, NULL},
    {"sync.(*Mutex).unlockSlow", {SYNC_UNLOCK, 0, 0}, NULL},
    {"internal/sync.(*Mutex).Unlock", {SYNC_UNLOCK, 0, 0}, NULL},
    {"internal/sync.(*Mutex).unlockSlow", {SYNC_UNLOCK, 0, 0}, NULL},
    {"sync.(*RWMutex).Lock", {SYNC_LOCK, 0, 0}, NULL},
    {"sync.(*RWMutex).Unlock", {SYNC_UNLOCK, 0, 0}, NULL},
    {"sync.(*RWMutex).RLock", {SYNC_READ_LOCK, 0, 0}, NULL},
    {"sync.(*RWMutex).RUnlock", {SYNC_READ_UNLOCK, 0, 0}, NULL},
    {"sync.(*RWMutex).rUnlockSlow", {SYNC_READ_UNLOCK, 0, 0}, NULL},
    {"sync.runtime_SemacquireRWMutexR",
     {SYNC_READ_LOCK, 0, RLOCK_SEMAPHORE},
     "sync.(*RWMutex).RLock"},
    {"sync.runtime_SemacquireMutex", {SYNC_READ_LOCK, 0, RLOCK_SEMAPHORE}, "sync.(*RWMutex).RLock"},
    {"sync.(*WaitGroup).Done", {SYNC_DONE, 0, 0}, NULL},
    {"sync.(*WaitGroup).Add", {SYNC_DONE, 0, 0}, "sync.(*WaitGroup).Done"},
    {"sync.(*Cond).Signal", {SYNC_WAKE, 0, 0}, NULL},
    {"sync.(*Cond).Broadcast", {SYNC_WAKE, 0, 0}, NULL},
    {"sync.runtime_notifyListNotifyOne", {SYNC_WAKE, 0, COND_NOTIFY}, "sync.(*Cond).Signal"},
    {"sync.runtime_notifyListNotifyAll", {SYNC_WAKE, 0, COND_NOTIFY}, "sync.(*Cond).Broadcast"},
    {"runtime.chansend1", {SYNC_SEND, 0, 0}, NULL},
    {"runtime.selectnbsend", {SYNC_SEND, 0, 0}, NULL},
    {"runtime.chanrecv1", {SYNC_RECEIVE, 0, 0}, NULL},
    {"runtime.chanrecv2", {SYNC_RECEIVE, 0, 0}, NULL},
    {"runtime.selectnbrecv", {SYNC_RECEIVE, 1, 0}, NULL},
    {"runtime.selectnbrecv2", {SYNC_RECEIVE, 2, 0}, NULL},
    {"runtime.closechan", {SYNC_CLOSE, 0, 0}, NULL},
};

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool of_sync(const char *name)
{
    return starts(name, "sync.") || starts(name, "internal/sync.");
}

/**
 * Where a call stands in the function itself: an inlined Lock takes its quick way without the call.
 * @return false if it must have been inlined from `inside` and was not
 */
static bool find_position(const struct function_code *code, struct sync_call *call,
                          const char *inside)
{
    target_addr pc = function_code_pc(code, call->at);
    struct pc_inline_walk walk;
    struct pc_logical_frame logical;
    bool found = !inside;
    pc_inline_begin(&walk, &code->function, pc);
    while (pc_inline_next(&walk, &logical)) {
        found |= inside && strcmp(logical.name, inside) == 0;
        if (of_sync(logical.name) && logical.inlined)
            continue;
        size_t position = function_code_at(code, logical.pc);
        if (position != CODE_NONE)
            call->position = position;
        break;
    }
    return found;
}

/** @return whether it does anything to locks, channels and groups */
static bool describe_call(const struct function_code *code, struct sync_call *call)
{
    struct pc_function callee;
    const char *name = function_code_callee(code, call->at, &callee);
    if (!name || callee.entry != (target_addr)code->instructions[call->at].constant)
        return false;
    if (callee.args > 0 && callee.args < UINT16_MAX)
        call->callee_arguments = (uint16_t)callee.args;
    call->is_select = strcmp(name, "runtime.selectgo") == 0;
    if (!starts(name, "runtime.") && !of_sync(name))
        return false;
    for (size_t i = 0; i < COUNT_OF(callees); i++)
        if (strcmp(name, callees[i].name) == 0 && find_position(code, call, callees[i].inside))
            call->callee = callees[i].callee;
    return call->is_select || call->callee.op != SYNC_NONE;
}

const struct sync_call *sync_call_at(const struct sync_code *code, size_t at)
{
    return &code->calls[COUNT_WHILE(i, code->call_count, code->calls[i].at < at)];
}

bool sync_can_avoid(const struct sync_code *code, size_t avoided, size_t to)
{
    struct code_walk walk;
    code_walk_init(&walk, code->code);
    walk.seen[avoided] = 1;
    code_walk_push(&walk, 0);
    bool reaches = code_walk_reaches(&walk, to);
    code_walk_clear(&walk);
    return reaches;
}

/** Describes the calls; arena for the list. @return whether one does anything */
static bool find_calls(struct sync_code *code, struct arena *arena)
{
    const struct function_code *from = code->code;
    bool any = false;
    size_t count = 0;
    for (size_t i = 0; i < from->count; i++)
        count += from->instructions[i].kind == INSTRUCTION_CALL;
    struct sync_call *calls = arena_array(arena, count, sizeof *calls);
    for (size_t i = 0; i < from->count; i++) {
        if (from->instructions[i].kind != INSTRUCTION_CALL)
            continue;
        struct sync_call *call = &calls[code->call_count++];
        *call = (struct sync_call){.at = i, .position = i};
        any |= describe_call(from, call);
    }
    code->calls = calls;
    return any;
}

struct sync_reader {
    const struct program *program;
    struct table *idle;  ///< entries of functions that do nothing to locks and channels
    struct table *kept;  ///< entry of another → its struct sync_code: thousands stand in the same
    struct table *notes; ///< see sync_reader_note()
    struct arena *arena;
};

struct sync_reader *sync_reader_new(const struct program *program)
{
    struct sync_reader *reader = alloc_zeroed(1, sizeof *reader);
    reader->program = program;
    reader->idle = table_new();
    reader->kept = table_new();
    reader->notes = table_new();
    reader->arena = arena_new();
    return reader;
}

void sync_reader_free(struct sync_reader *reader)
{
    if (!reader)
        return;
    table_free(reader->idle);
    table_free(reader->kept);
    table_free(reader->notes);
    arena_free(reader->arena);
    free(reader);
}

const struct program *sync_reader_program(const struct sync_reader *reader)
{
    return reader->program;
}

struct arena *sync_reader_arena(struct sync_reader *reader)
{
    return reader->arena;
}

void *sync_reader_note(struct sync_reader *reader, uint64_t key, size_t size)
{
    uint64_t *slot = table_find(reader->notes, key);
    if (!slot && table_count(reader->notes) < LIMIT_SYNC_NOTES) {
        slot = table_add(reader->notes, key, NULL);
        *slot = (uint64_t)(uintptr_t)arena_alloc(reader->arena, size);
    }
    return slot ? (void *)(uintptr_t)*slot : NULL;
}

/** Keeps what was read where the code itself is kept. */
static void keep(struct sync_reader *reader, struct sync_code *code)
{
    code->code = function_code_keep(code->code);
    if (!code->code->kept)
        return;
    struct sync_code *kept = ARENA_NEW(reader->arena, struct sync_code);
    struct sync_call *calls = arena_array(reader->arena, code->call_count, sizeof *calls);
    memcpy(calls, code->calls, code->call_count * sizeof *calls);
    *kept = *code;
    kept->calls = calls;
    *table_add(reader->kept, code->code->function.entry, NULL) = (uint64_t)(uintptr_t)kept;
}

bool sync_code_read(struct sync_reader *reader, const struct pc_function *function,
                    struct arena *arena, struct sync_code *out)
{
    const struct program *program = reader->program;
    if (table_find(reader->idle, function->entry))
        return false;
    const uint64_t *kept = table_find(reader->kept, function->entry);
    if (kept) {
        *out = *(const struct sync_code *)(uintptr_t)*kept;
        return true;
    }
    *out = (struct sync_code){
        .code = function_code_peek(program, function, arena),
        .register_arguments = arch_argument(program->arch, program->release->minor, 0) >= 0,
    };
    if (!out->code || !out->code->complete)
        return false;
    bool any = find_calls(out, arena);
    if (any)
        keep(reader, out);
    else
        table_add(reader->idle, function->entry, NULL);
    return any;
}
