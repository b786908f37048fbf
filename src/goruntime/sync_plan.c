// SPDX-License-Identifier: MIT
#include "sync_plan.h"

#include <string.h>

enum { PLANS_MAX = 4, PAIRS_MAX = 512 };

/** Two bases whose addresses met, or might: they must lie as far apart again, or well apart. */
struct pair {
    uint16_t a, b;
    bool rigid;
    uint64_t distance;
};

struct sync_plan {
    struct sync_plan *next;
    struct sync_base *bases;
    struct pair *pairs;
    struct sync_plan_item *items;
    size_t pair_count, item_count;
    uint16_t base_count;
};

void sync_recorder_begin(struct sync_recorder *recorder, const struct address_space *space,
                         target_addr cfa, target_addr context)
{
    recorder->space = space;
    recorder->count = BASE_CONTEXT + 1;
    recorder->broken = false;
    memset(recorder->bases, 0, (BASE_CONTEXT + 1) * sizeof recorder->bases[0]);
    recorder->values[BASE_ABSOLUTE] = 0;
    recorder->values[BASE_CFA] = cfa;
    recorder->values[BASE_CONTEXT] = context;
}

/** The number of a base like this, which may be there already: memory does not change. */
static uint16_t add(struct sync_recorder *recorder, const struct sync_base *base, uint64_t value)
{
    for (uint16_t i = BASE_CONTEXT + 1; i < recorder->count; i++) {
        const struct sync_base *old = &recorder->bases[i];
        if (old->kind == base->kind && old->a == base->a && old->b == base->b &&
            old->size == base->size && old->number == base->number)
            return i;
    }
    if (recorder->count == BASES_MAX) {
        recorder->broken = true;
        return BASE_ABSOLUTE;
    }
    recorder->bases[recorder->count] = *base;
    recorder->values[recorder->count] = value;
    return recorder->count++;
}

static bool read_word(const struct address_space *space, target_addr address, unsigned size,
                      uint64_t *out)
{
    uint32_t half;
    if (size == 8)
        return address_space_try_u64(space, address, out);
    if (!address_space_try_u32(space, address, &half))
        return false;
    *out = half;
    return true;
}

bool sync_recorder_read(struct sync_recorder *recorder, uint16_t at, target_addr address,
                        unsigned size, uint16_t *base, uint64_t *value)
{
    uint64_t word = 0;
    struct sync_base read = {.kind = BASE_READ,
                             .a = at,
                             .size = (uint8_t)size,
                             .number = address - recorder->values[at]};
    read.readable = read_word(recorder->space, address, size, &word);
    *base = add(recorder, &read, word);
    *value = word;
    return read.readable;
}

uint16_t sync_recorder_sum(struct sync_recorder *recorder, uint16_t a, uint16_t b)
{
    if (a == BASE_ABSOLUTE || b == BASE_ABSOLUTE)
        return a == BASE_ABSOLUTE ? b : a;
    const struct sync_base sum = {.kind = BASE_SUM, .a = a, .b = b};
    return add(recorder, &sum, recorder->values[a] + recorder->values[b]);
}

uint16_t sync_recorder_scaled(struct sync_recorder *recorder, uint16_t a, uint64_t factor)
{
    if (a == BASE_ABSOLUTE || factor == 1)
        return a;
    const struct sync_base scaled = {.kind = BASE_SCALED, .a = a, .number = factor};
    return add(recorder, &scaled, recorder->values[a] * factor);
}

void sync_recorder_address(struct sync_recorder *recorder, uint16_t base, target_addr address)
{
    struct sync_base *at = &recorder->bases[base];
    int64_t offset = (int64_t)(address - recorder->values[base]);
    if (!at->addressed || offset < at->low)
        at->low = offset;
    if (!at->addressed || offset > at->high)
        at->high = offset;
    at->addressed = true;
}

/** Whether no address of the one base can be one of the other. */
static bool lie_apart(const struct sync_base *a, uint64_t a_value, const struct sync_base *b,
                      uint64_t b_value)
{
    uint64_t a_size = (uint64_t)a->high - (uint64_t)a->low,
             b_size = (uint64_t)b->high - (uint64_t)b->low;
    uint64_t a_first = a_value + (uint64_t)a->low, b_first = b_value + (uint64_t)b->low;
    return b_first - a_first > a_size && a_first - b_first > b_size; // modulo 2^64
}

void sync_plan_keep(struct sync_plan_list *list, const struct sync_recorder *recorder,
                    const struct sync_plan_item *items, size_t count, struct arena *arena)
{
    uint16_t base_count = recorder->count, addressed = 0;
    for (uint16_t i = 0; i < base_count; i++)
        addressed += recorder->bases[i].addressed;
    size_t pair_count = (size_t)addressed * addressed / 2;
    if (recorder->broken || list->count == PLANS_MAX || pair_count > PAIRS_MAX) {
        list->useless = true;
        return;
    }
    struct sync_plan *plan = ARENA_NEW(arena, struct sync_plan);
    *plan = (struct sync_plan){.next = list->first, .base_count = base_count, .item_count = count};
    plan->bases = arena_array(arena, base_count, sizeof *plan->bases);
    memcpy(plan->bases, recorder->bases, base_count * sizeof *plan->bases);
    plan->items = arena_array(arena, count + 1, sizeof *plan->items);
    if (count)
        memcpy(plan->items, items, count * sizeof *items);
    plan->pairs = arena_array(arena, pair_count + 1, sizeof *plan->pairs);
    for (uint16_t i = 0; i < base_count; i++)
        for (uint16_t k = 0; k < i; k++) {
            const struct sync_base *a = &plan->bases[i], *b = &plan->bases[k];
            if (!a->addressed || !b->addressed)
                continue;
            plan->pairs[plan->pair_count++] =
                (struct pair){.a = i,
                              .b = k,
                              .rigid = !lie_apart(a, recorder->values[i], b, recorder->values[k]),
                              .distance = recorder->values[i] - recorder->values[k]};
        }
    list->first = plan;
    list->count++;
}

/** The values of a plan's bases; false where a word is readable that was not, or the reverse. */
static bool find_values(const struct sync_plan *plan, const struct address_space *space,
                        uint64_t *values)
{
    for (uint16_t i = BASE_CONTEXT + 1; i < plan->base_count; i++) {
        const struct sync_base *base = &plan->bases[i];
        values[i] = 0;
        if (base->kind == BASE_SUM)
            values[i] = values[base->a] + values[base->b];
        else if (base->kind == BASE_SCALED)
            values[i] = values[base->a] * base->number;
        else if (read_word(space, values[base->a] + base->number, base->size, &values[i]) !=
                 base->readable)
            return false;
    }
    return true;
}

static bool fits(const struct sync_plan *plan, const uint64_t *values)
{
    for (size_t i = 0; i < plan->pair_count; i++) {
        const struct pair *pair = &plan->pairs[i];
        uint64_t a = values[pair->a], b = values[pair->b];
        if (pair->rigid ? a - b != pair->distance
                        : !lie_apart(&plan->bases[pair->a], a, &plan->bases[pair->b], b))
            return false;
    }
    return true;
}

bool sync_plan_run(const struct sync_plan_list *list, const struct address_space *space,
                   target_addr cfa, target_addr context, struct arena *arena,
                   struct sync_found_list *out)
{
    uint64_t values[BASES_MAX] = {[BASE_CFA] = cfa, [BASE_CONTEXT] = context};
    for (const struct sync_plan *plan = list->first; plan; plan = plan->next) {
        if (!find_values(plan, space, values) || !fits(plan, values))
            continue;
        *out = (struct sync_found_list){.count = plan->item_count, .capacity = plan->item_count};
        out->items = arena_array(arena, plan->item_count + 1, sizeof *out->items);
        for (size_t i = 0; i < plan->item_count; i++) {
            const struct sync_plan_item *item = &plan->items[i];
            out->items[i] = item->found;
            out->items[i].site.object = item->known ? values[item->base] + item->offset : 0;
        }
        return true;
    }
    return false;
}
