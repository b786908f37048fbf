// SPDX-License-Identifier: MIT
#include "base/table.h"
#include "base/alloc.h"

#include <stdlib.h>

struct slot {
    uint64_t key, value;
    bool used;
};

struct table {
    struct slot *slots;
    size_t count, capacity; // capacity is 0 or a power of two, at least a quarter of it free
};

struct table *table_new(void)
{
    return alloc_zeroed(1, sizeof(struct table));
}

void table_free(struct table *table)
{
    if (!table)
        return;
    free(table->slots);
    free(table);
}

/** The slot that holds key, or the free one where it belongs. */
static struct slot *slot_of(const struct table *table, uint64_t key)
{
    size_t i = table_hash(key) & (table->capacity - 1);
    while (table->slots[i].used && table->slots[i].key != key)
        i = (i + 1) & (table->capacity - 1);
    return &table->slots[i];
}

uint64_t *table_find(const struct table *table, uint64_t key)
{
    if (!table->capacity)
        return NULL;
    struct slot *slot = slot_of(table, key);
    return slot->used ? &slot->value : NULL;
}

static void grow(struct table *table)
{
    struct table bigger = {.capacity = table->capacity ? table->capacity * 2 : 16};
    bigger.slots = alloc_zeroed(bigger.capacity, sizeof *bigger.slots);
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].used)
            *slot_of(&bigger, table->slots[i].key) = table->slots[i];
    free(table->slots);
    table->slots = bigger.slots;
    table->capacity = bigger.capacity;
}

uint64_t *table_add(struct table *table, uint64_t key, bool *added)
{
    if (table->count + 1 > table->capacity / 4 * 3)
        grow(table);
    struct slot *slot = slot_of(table, key);
    if (added)
        *added = !slot->used;
    if (!slot->used) {
        *slot = (struct slot){.key = key, .used = true};
        table->count++;
    }
    return &slot->value;
}

size_t table_count(const struct table *table)
{
    return table->count;
}
