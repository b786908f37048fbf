// SPDX-License-Identifier: MIT
#include "symbols/pc_memo.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

/** pc → something that lies in the memo's arena. Open addressing: a look-up is one cache line. */
struct pc_map {
    struct pc_entry {
        target_addr pc; // 0: free; no code lies there
        const void *value;
    } * entries;
    unsigned bits; // 1 << bits entries, at most half of them used; 0: none
    size_t count;
};

struct pc_memo {
    const struct module_list *modules;
    struct arena *arena;
    struct pc_map sites, lines;
    size_t line_count; // logical frames that are kept
    struct pc_lines spare;
    struct pc_logical_frame spare_items[LIMIT_INLINE_DEPTH + 1];
};

struct pc_memo *pc_memo_new(const struct module_list *modules)
{
    struct pc_memo *memo = alloc_zeroed(1, sizeof *memo);
    memo->modules = modules;
    memo->arena = arena_new();
    return memo;
}

void pc_memo_free(struct pc_memo *memo)
{
    if (!memo)
        return;
    arena_free(memo->arena);
    free(memo->sites.entries);
    free(memo->lines.entries);
    free(memo);
}

/** The entry that holds pc, or the free one where it belongs. */
static inline struct pc_entry *entry_of(const struct pc_map *map, target_addr pc)
{
    size_t mask = ((size_t)1 << map->bits) - 1;
    size_t i = (size_t)(pc * 0x9e3779b97f4a7c15u >> (64 - map->bits));
    while (map->entries[i].pc && map->entries[i].pc != pc)
        i = (i + 1) & mask;
    return &map->entries[i];
}

static const void *map_find(const struct pc_map *map, target_addr pc)
{
    return map->bits ? entry_of(map, pc)->value : NULL;
}

static void map_grow(struct pc_map *map)
{
    struct pc_map bigger = {.bits = map->bits ? map->bits + 1 : 8, .count = map->count};
    bigger.entries = alloc_zeroed((size_t)1 << bigger.bits, sizeof *bigger.entries);
    for (size_t i = 0; map->bits && i < (size_t)1 << map->bits; i++)
        if (map->entries[i].pc)
            *entry_of(&bigger, map->entries[i].pc) = map->entries[i];
    free(map->entries);
    *map = bigger;
}

static void map_add(struct pc_map *map, target_addr pc, const void *value)
{
    if (!pc)
        return;
    if (!map->bits || map->count >= (size_t)1 << (map->bits - 1))
        map_grow(map);
    *entry_of(map, pc) = (struct pc_entry){pc, value};
    map->count++;
}

/** Up to 1.16 no flags tell: then nothing is known to be plain. */
static bool is_plain(const struct pc_function *function)
{
    switch (function->id) {
    case FUNC_SIGPANIC:
    case FUNC_ASYNC_PREEMPT:
    case FUNC_DEBUG_CALL:
    case FUNC_CGOCALLBACK:
        return false;
    default:
        return function->module->minor >= 17 &&
               !(function->flags & (PC_FUNCTION_TOP_FRAME | PC_FUNCTION_SP_WRITE));
    }
}

static bool site_fill(const struct module_list *modules, target_addr pc, struct pc_site *out)
{
    if (!pc_function_find(modules, pc, &out->function))
        return false;
    const struct pc_function *function = &out->function;
    out->pc = pc;
    out->sp_delta = 0;
    out->has_sp_delta = function->pcsp && pc_function_sp_delta(function, pc, &out->sp_delta);
    out->plain = is_plain(function);
    out->may_defer = pc_function_funcdata(function, FUNCDATA_OPEN_DEFERS) != 0;
    return true;
}

const struct pc_site *pc_memo_site(struct pc_memo *memo, const struct module_list *modules,
                                   target_addr pc, struct pc_site *spare)
{
    const struct pc_site *found = memo ? map_find(&memo->sites, pc) : NULL;
    if (found)
        return found;
    if (!site_fill(modules, pc, spare))
        return NULL;
    if (!memo || memo->sites.count >= LIMIT_PC_MEMO)
        return spare;
    found = (const struct pc_site *)arena_copy(memo->arena, spare, sizeof *spare);
    map_add(&memo->sites, pc, found);
    return found;
}

const struct pc_site *pc_memo_known(const struct pc_memo *memo, target_addr pc)
{
    return memo ? map_find(&memo->sites, pc) : NULL;
}

const struct pc_lines *pc_memo_lines(struct pc_memo *memo, const struct pc_function *function,
                                     target_addr pc)
{
    const struct pc_lines *found = map_find(&memo->lines, pc);
    if (found)
        return found;
    struct pc_inline_walk walk;
    size_t count = 0;
    pc_inline_begin(&walk, function, pc);
    while (count < COUNT_OF(memo->spare_items) && pc_inline_next(&walk, &memo->spare_items[count]))
        count++;
    memo->spare = (struct pc_lines){memo->spare_items, count};
    if (memo->line_count + count > LIMIT_PC_MEMO)
        return &memo->spare;
    memo->line_count += count;
    struct pc_lines *kept = ARENA_NEW(memo->arena, struct pc_lines);
    kept->items = (const struct pc_logical_frame *)arena_copy(memo->arena, memo->spare_items,
                                                              count * sizeof *kept->items);
    kept->count = count;
    map_add(&memo->lines, pc, kept);
    return kept;
}
