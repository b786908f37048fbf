// SPDX-License-Identifier: MIT
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A map from 64-bit keys to pointers or numbers; the values are not owned. */
struct table;

struct table *table_new(void);
void table_free(struct table *table);
DEFINE_AUTO(table);

/** The value's slot, or NULL where the key is not there. */
uint64_t *table_find(const struct table *table, uint64_t key);

/** The value's slot, made with value 0 where the key is new; *added says which, NULL allowed. */
uint64_t *table_add(struct table *table, uint64_t key, bool *added);

size_t table_count(const struct table *table);

/** Mixes the bits of a key so that equal strides spread. */
static inline uint64_t table_hash(uint64_t key)
{
    key ^= key >> 33;
    key *= 0xff51afd7ed558ccdu;
    key ^= key >> 33;
    key *= 0xc4ceb9fe1a85ec53u;
    return key ^ key >> 33;
}
