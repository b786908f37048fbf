// SPDX-License-Identifier: MIT
#include "symbols/function_code.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/search.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

struct function_codes {
    struct disassembler *disassembler; ///< made when it is first needed; NULL: not known
    struct table *by_entry;            ///< → struct function_code
    struct arena *arena;
    size_t kept; ///< instructions
    /** The function that is being decoded. */
    struct instruction *instructions;
    size_t count, capacity;
};

struct function_codes *function_codes_new(void)
{
    return alloc_zeroed(1, sizeof(struct function_codes));
}

void function_codes_free(struct function_codes *codes)
{
    if (!codes)
        return;
    disassembler_free(codes->disassembler);
    table_free(codes->by_entry);
    arena_free(codes->arena);
    free(codes->instructions);
    free(codes);
}

static bool begins_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/** Functions behind whose calls the compiler knows that nothing runs. */
static bool never_returns(const char *name)
{
    static const char *const prefixes[] = {"runtime.panic", "runtime.goPanic", "runtime.gopanic",
                                           "runtime.throw", "runtime.fatal"};
    static const char *const names[] = {"runtime.block", "runtime.goexit", "os.Exit"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (begins_with(name, prefixes[i]))
            return true;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

const char *function_code_callee(const struct function_code *code, size_t at,
                                 struct pc_function *callee)
{
    const struct instruction *one = &code->instructions[at];
    if ((one->kind != INSTRUCTION_CALL && one->kind != INSTRUCTION_JUMP) || !one->has_constant ||
        !pc_function_find(code->program->modules, (target_addr)one->constant, callee))
        return NULL;
    return pc_function_name(callee);
}

static bool stops(const struct function_code *code, size_t at)
{
    const struct instruction *one = &code->instructions[at];
    struct pc_function callee;
    if (one->kind != INSTRUCTION_CALL)
        return (one->kind == INSTRUCTION_JUMP && !one->conditional) ||
               one->operation == OPERATION_STOP;
    const char *name = function_code_callee(code, at, &callee);
    return name && never_returns(name);
}

/** Decodes into codes->instructions. @return the size of what was decoded */
static uint64_t decode(struct function_codes *codes, struct bytes bytes, target_addr entry)
{
    uint64_t offset = 0;
    codes->count = 0;
    while (offset < bytes.size) {
        struct instruction one;
        if (!instruction_decode(codes->disassembler,
                                bytes_slice(bytes, offset, bytes.size - offset), entry + offset,
                                &one) ||
            one.size == 0)
            break; // padding, or data behind the code
        ARRAY_PUSH(codes->instructions, codes->count, codes->capacity) = one;
        offset += one.size;
    }
    return offset;
}

/** Finds where the jumps lead. */
static void find_targets(struct function_code *code, uint32_t *targets)
{
    for (size_t i = 0; i < code->count; i++) {
        const struct instruction *one = &code->instructions[i];
        targets[i] = UINT32_MAX;
        if (one->kind != INSTRUCTION_JUMP)
            continue;
        if (!one->has_constant) {
            code->jumps_anywhere |= one->has_memory || one->destination >= 0;
            continue;
        }
        size_t target = function_code_at(code, (target_addr)one->constant);
        if (target == CODE_NONE)
            continue;
        if (function_code_pc(code, target) == (target_addr)one->constant)
            targets[i] = (uint32_t)target;
        else
            code->jumps_anywhere = true;
    }
}

/** Lists the jumps by their targets. */
static void find_sources(const struct function_code *code, uint32_t *begin, uint32_t *sources)
{
    for (size_t i = 0; i < code->count; i++)
        if (code->targets[i] != UINT32_MAX)
            begin[code->targets[i] + 1]++;
    for (size_t i = 0; i < code->count; i++)
        begin[i + 1] += begin[i];
    for (size_t i = 0; i < code->count; i++)
        if (code->targets[i] != UINT32_MAX)
            sources[begin[code->targets[i]]++] = (uint32_t)i;
    // Each beginning has been moved on to its end, which is where the next begins.
    memmove(begin + 1, begin, code->count * sizeof *begin);
    begin[0] = 0;
}

/** Makes the code of what stands in codes->instructions. */
static struct function_code *make(const struct program *program, const struct pc_function *function,
                                  struct arena *arena)
{
    const struct function_codes *codes = program->codes;
    size_t count = codes->count;
    struct function_code *code = ARENA_NEW(arena, struct function_code);
    struct instruction *instructions = arena_array(arena, count, sizeof *instructions);
    uint32_t *offsets = arena_array(arena, count, sizeof *offsets), offset = 0;
    memcpy(instructions, codes->instructions, count * sizeof *instructions);
    for (size_t i = 0; i < count; i++) {
        offsets[i] = offset;
        offset += instructions[i].size;
    }
    *code = (struct function_code){.program = program,
                                   .function = *function,
                                   .count = count,
                                   .instructions = instructions,
                                   .offsets = offsets};
    int32_t *deltas = arena_array(arena, count, sizeof *deltas);
    pc_function_sp_deltas(function, offsets, count, deltas);
    code->deltas = deltas;
    uint32_t *targets = arena_array(arena, count, sizeof *targets);
    find_targets(code, targets);
    code->targets = targets;
    uint32_t *begin = arena_array(arena, count + 1, sizeof *begin);
    uint32_t *sources = arena_array(arena, count, sizeof *sources);
    find_sources(code, begin, sources);
    code->source_begin = begin;
    code->sources = sources;
    bool *ends = arena_array(arena, count, sizeof *ends);
    for (size_t i = 0; i < count; i++)
        ends[i] = stops(code, i);
    code->stops = ends;
    return code;
}

static const struct function_code *kept_code(const struct function_codes *codes, target_addr entry)
{
    const uint64_t *slot = codes->by_entry ? table_find(codes->by_entry, entry) : NULL;
    return slot ? (const struct function_code *)(uintptr_t)*slot : NULL;
}

static bool has_room(const struct function_codes *codes, size_t count)
{
    return count <= LIMIT_KEPT_CODE - codes->kept;
}

static const struct function_code *find(const struct program *program,
                                        const struct pc_function *function, bool keep,
                                        struct arena *arena)
{
    struct function_codes *codes = program->codes;
    uint64_t size = function->end - function->entry;
    if (!codes || size > LIMIT_SCANNED_CODE)
        return NULL;
    const struct function_code *known = kept_code(codes, function->entry);
    if (known)
        return known;
    if (!codes->by_entry) {
        codes->disassembler = disassembler_new(program->arch);
        codes->by_entry = table_new();
        codes->arena = arena_new();
    }
    if (!codes->disassembler)
        return NULL;
    struct bytes bytes = address_space_view(program->space, function->entry, (size_t)size);
    uint64_t decoded = decode(codes, bytes, function->entry);
    if (codes->count == 0)
        return NULL;
    keep = keep && has_room(codes, codes->count);
    struct function_code *code = make(program, function, keep ? codes->arena : arena);
    code->complete = bytes.size == size;
    code->whole = decoded == size;
    code->kept = keep;
    if (keep) {
        codes->kept += code->count;
        *table_add(codes->by_entry, function->entry, NULL) = (uint64_t)(uintptr_t)code;
    }
    return code;
}

const struct function_code *function_code_read(const struct program *program,
                                               const struct pc_function *function,
                                               struct arena *arena)
{
    return find(program, function, true, arena);
}

const struct function_code *function_code_peek(const struct program *program,
                                               const struct pc_function *function,
                                               struct arena *arena)
{
    return find(program, function, false, arena);
}

static const void *copy(struct arena *arena, const void *items, size_t count, size_t size)
{
    void *copied = arena_array(arena, count, size);
    memcpy(copied, items, count * size);
    return copied;
}

const struct function_code *function_code_keep(const struct function_code *code)
{
    struct function_codes *codes = code->program->codes;
    if (code->kept || !has_room(codes, code->count))
        return code;
    struct arena *arena = codes->arena;
    struct function_code *kept = ARENA_NEW(arena, struct function_code);
    *kept = *code;
    kept->kept = true;
    kept->instructions = copy(arena, code->instructions, code->count, sizeof *code->instructions);
    kept->offsets = copy(arena, code->offsets, code->count, sizeof *code->offsets);
    kept->deltas = copy(arena, code->deltas, code->count, sizeof *code->deltas);
    kept->stops = copy(arena, code->stops, code->count, sizeof *code->stops);
    kept->targets = copy(arena, code->targets, code->count, sizeof *code->targets);
    kept->sources = copy(arena, code->sources, code->count, sizeof *code->sources);
    kept->source_begin =
        copy(arena, code->source_begin, code->count + 1, sizeof *code->source_begin);
    codes->kept += code->count;
    *table_add(codes->by_entry, code->function.entry, NULL) = (uint64_t)(uintptr_t)kept;
    return kept;
}

size_t function_code_at(const struct function_code *code, target_addr pc)
{
    target_addr entry = code->function.entry;
    if (pc < entry || pc >= code->function.end)
        return CODE_NONE;
    size_t begun = COUNT_WHILE(i, code->count, code->offsets[i] <= pc - entry);
    bool inside =
        begun && pc - entry - code->offsets[begun - 1] < code->instructions[begun - 1].size;
    return inside ? begun - 1 : CODE_NONE;
}

size_t function_code_beginning(const struct function_code *code, target_addr pc)
{
    size_t at = function_code_at(code, pc);
    return at != CODE_NONE && function_code_pc(code, at) == pc ? at : CODE_NONE;
}

size_t function_code_next(const struct function_code *code, size_t at, size_t out[2])
{
    size_t count = 0, target = function_code_target(code, at);
    if (!code->stops[at] && at + 1 < code->count)
        out[count++] = at + 1;
    if (target != CODE_NONE)
        out[count++] = target;
    return count;
}

bool function_code_adds_to_sp(const struct function_code *code, size_t at)
{
    const struct instruction *one = &code->instructions[at];
    uint8_t sp = code->program->arch->sp;
    // Not what functions of arm64 reckon with first, sp less their frame.
    return one->kind == INSTRUCTION_ADD && !one->has_memory && one->has_constant &&
           one->constant >= 0 && one->source == sp && one->destination != sp;
}

bool function_code_slot(const struct function_code *code, size_t at, int64_t *slot)
{
    const struct arch *arch = code->program->arch;
    const struct instruction *one = &code->instructions[at];
    bool adds = function_code_adds_to_sp(code, at);
    if ((!adds && !(one->has_memory && one->base == arch->sp)) || code->deltas[at] == INT32_MIN)
        return false;
    *slot = (adds ? one->constant : one->displacement) - code->deltas[at] - arch->call_pushes;
    return true;
}

void code_walk_init(struct code_walk *walk, const struct function_code *code)
{
    *walk = (struct code_walk){.code = code,
                               .seen = alloc_zeroed(code->count + 1, 1),
                               .pending = alloc_zeroed(code->count + 1, sizeof(uint32_t))};
}

void code_walk_clear(struct code_walk *walk)
{
    free(walk->seen);
    free(walk->pending);
    *walk = (struct code_walk){0};
}

void code_walk_restart(struct code_walk *walk)
{
    memset(walk->seen, 0, walk->code->count);
    walk->depth = 0;
}

void code_walk_push(struct code_walk *walk, size_t at)
{
    if (at >= walk->code->count || walk->seen[at])
        return;
    walk->seen[at] = 1;
    walk->pending[walk->depth++] = (uint32_t)at;
}

bool code_walk_pop(struct code_walk *walk, size_t *at)
{
    if (walk->depth == 0)
        return false;
    *at = walk->pending[--walk->depth];
    return true;
}

void code_walk_on(struct code_walk *walk, size_t at)
{
    size_t next[2], count = function_code_next(walk->code, at, next);
    for (size_t i = 0; i < count; i++)
        code_walk_push(walk, next[i]);
}

bool code_walk_reaches(struct code_walk *walk, size_t to)
{
    size_t at;
    while (code_walk_pop(walk, &at)) {
        if (at == to)
            return true;
        code_walk_on(walk, at);
    }
    return false;
}
