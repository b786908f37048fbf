// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "sync_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    RLOCK_SEMAPHORE = 12, ///< sync.RWMutex: readerSem
    COND_NOTIFY = 16,     ///< sync.Cond: notify
    INSTRUCTION_BYTES = 16,
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
static bool find_position(struct sync_code *code, struct sync_step *step, const char *inside)
{
    target_addr pc = code->function.entry + step->offset;
    struct pc_inline_walk walk;
    struct pc_logical_frame logical;
    bool found = !inside;
    pc_inline_begin(&walk, &code->function, pc);
    while (pc_inline_next(&walk, &logical)) {
        found |= inside && strcmp(logical.name, inside) == 0;
        if (of_sync(logical.name) && logical.inlined)
            continue;
        if (logical.pc != pc)
            step->position = sync_step_at(code, logical.pc);
        break;
    }
    return found;
}

static void describe_call(struct sync_code *code, struct sync_step *step)
{
    struct pc_function callee;
    target_addr target = (target_addr)step->instruction.constant;
    if (!step->instruction.has_constant ||
        !pc_function_find(code->program->modules, target, &callee) || callee.entry != target)
        return;
    const char *name = pc_function_name(&callee);
    if (callee.args > 0 && callee.args < UINT16_MAX)
        step->callee_arguments = (uint16_t)callee.args;
    step->is_select = strcmp(name, "runtime.selectgo") == 0;
    step->ends = starts(name, "runtime.panic") || starts(name, "runtime.goPanic") ||
                 callee.id == FUNC_GOPANIC || strcmp(name, "runtime.throw") == 0 ||
                 strcmp(name, "runtime.fatal") == 0;
    if (!starts(name, "runtime.") && !of_sync(name))
        return;
    for (size_t i = 0; i < COUNT_OF(callees); i++)
        if (strcmp(name, callees[i].name) == 0 && find_position(code, step, callees[i].inside))
            step->callee = callees[i].callee;
}

int32_t sync_step_at(const struct sync_code *code, target_addr pc)
{
    size_t low = 0, high = code->count;
    if (pc < code->function.entry || pc >= code->function.end)
        return NO_STEP;
    uint64_t offset = pc - code->function.entry;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (code->steps[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return high ? (int32_t)low : NO_STEP;
}

size_t sync_next_steps(const struct sync_code *code, size_t step, size_t out[2])
{
    const struct instruction *instruction = &code->steps[step].instruction;
    size_t count = 0;
    bool jumps = instruction->kind == INSTRUCTION_JUMP;
    if (!code->steps[step].ends && (!jumps || instruction->conditional) && step + 1 < code->count)
        out[count++] = step + 1;
    if (jumps && instruction->has_constant) {
        target_addr target = (target_addr)instruction->constant;
        int32_t at = sync_step_at(code, target);
        // The entry again: after the stack has grown.
        if (at > 0 && code->function.entry + code->steps[at].offset == target)
            out[count++] = (size_t)at;
    }
    return count;
}

bool sync_leads_to(const struct sync_code *code, const size_t *first, size_t first_count, size_t to,
                   bool *seen, struct arena *arena)
{
    size_t *pending = arena_array(arena, code->count, sizeof *pending), count = 0, next[2];
    for (size_t i = 0; i < first_count; i++)
        if (!seen[first[i]]) {
            seen[first[i]] = true;
            pending[count++] = first[i];
        }
    while (count > 0) {
        size_t step = pending[--count];
        if (step == to)
            return true;
        size_t next_count = sync_next_steps(code, step, next);
        for (size_t i = 0; i < next_count; i++)
            if (!seen[next[i]]) {
                seen[next[i]] = true;
                pending[count++] = next[i];
            }
    }
    return false;
}

bool sync_can_avoid(const struct sync_code *code, size_t avoided, size_t to, struct arena *arena)
{
    bool *seen = arena_array(arena, code->count, sizeof *seen);
    const size_t entry = 0;
    seen[avoided] = true;
    return sync_leads_to(code, &entry, 1, to, seen, arena);
}

static bool decode(struct disassembler *disassembler, struct bytes bytes, struct arena *arena,
                   struct sync_code *out)
{
    size_t capacity = 0;
    for (size_t offset = 0; offset < bytes.size;) {
        struct sync_step step = {.offset = (uint32_t)offset};
        struct bytes rest = bytes_slice(bytes, offset, bytes.size - offset);
        if (!instruction_decode(disassembler, rest, out->function.entry + offset,
                                &step.instruction) ||
            step.instruction.size == 0)
            return out->count > 0; // padding, or data behind the code
        if (out->count == capacity) {
            size_t bigger = capacity ? 2 * capacity : 64;
            struct sync_step *steps = arena_array(arena, bigger, sizeof *steps);
            if (out->count)
                memcpy(steps, out->steps, out->count * sizeof *steps);
            out->steps = steps;
            capacity = bigger;
        }
        step.position = (int32_t)out->count;
        out->steps[out->count++] = step;
        offset += step.instruction.size;
    }
    return out->count > 0;
}

struct sync_reader {
    const struct program *program;
    struct disassembler *disassembler;
    struct table *idle;  ///< entries of functions that do nothing to locks and channels
    struct table *kept;  ///< entry of another → its struct sync_code: thousands stand in the same
    struct table *notes; ///< see sync_reader_note()
    struct arena *arena;
    size_t kept_steps;
};

struct sync_reader *sync_reader_new(const struct program *program)
{
    struct sync_reader *reader = alloc_zeroed(1, sizeof *reader);
    reader->program = program;
    reader->disassembler = disassembler_new(program->arch);
    disassembler_remember(reader->disassembler);
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
    disassembler_free(reader->disassembler);
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

static void keep(struct sync_reader *reader, const struct sync_code *code)
{
    if (code->count > LIMIT_SYNC_STEPS - reader->kept_steps)
        return;
    struct sync_code *kept = ARENA_NEW(reader->arena, struct sync_code);
    *kept = *code;
    kept->steps = arena_array(reader->arena, code->count, sizeof *kept->steps);
    memcpy(kept->steps, code->steps, code->count * sizeof *kept->steps);
    reader->kept_steps += code->count;
    *table_add(reader->kept, code->function.entry, NULL) = (uint64_t)(uintptr_t)kept;
}

bool sync_code_read(struct sync_reader *reader, const struct pc_function *function,
                    struct arena *arena, struct sync_code *out)
{
    const struct program *program = reader->program;
    uint64_t size = function->end - function->entry;
    if (!reader->disassembler || size > LIMIT_SCANNED_CODE ||
        table_find(reader->idle, function->entry))
        return false;
    const uint64_t *kept = table_find(reader->kept, function->entry);
    if (kept) {
        *out = *(const struct sync_code *)(uintptr_t)*kept;
        return true;
    }
    struct bytes bytes = address_space_view(program->space, function->entry, (size_t)size);
    int minor = program->release->minor;
    *out = (struct sync_code){
        .program = program,
        .function = *function,
        .register_arguments = minor >= (program->arch->uses_link_register ? 18 : 17),
    };
    if (bytes.size != size || !decode(reader->disassembler, bytes, arena, out))
        return false;
    bool any = false;
    for (size_t i = 0; i < out->count; i++) {
        if (out->steps[i].instruction.kind != INSTRUCTION_CALL)
            continue;
        describe_call(out, &out->steps[i]);
        any |= out->steps[i].callee.op != SYNC_NONE || out->steps[i].is_select;
    }
    if (any)
        keep(reader, out);
    else
        table_add(reader->idle, function->entry, NULL);
    return any;
}
