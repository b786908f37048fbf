// SPDX-License-Identifier: MIT
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Allocation that never returns NULL: sizes that come from input are bounded before they get here,
 * so exhausted memory is the machine's trouble and ends the program with one line.
 * Everything returned is released with free().
 */
void *alloc_bytes(size_t size);

/** count objects of size bytes, all zero; a product that overflows ends the program. */
void *alloc_zeroed(size_t count, size_t size);

char *alloc_string(const char *text);

/**
 * Makes room for one element more in a growing array.
 * @param items     the array, NULL at first
 * @param capacity  elements it has room for; updated
 */
void *alloc_grow(void *items, size_t count, size_t *capacity, size_t item_size);

/** Appends to a growing array held in three variables; evaluates to the new element. */
#define ARRAY_PUSH(items, count, capacity)                                                         \
    (*((items) = alloc_grow((items), (count), &(capacity), sizeof *(items)), &(items)[(count)++]))

/** Releases a plain allocation at the end of its scope: AUTO_BUFFER uint8_t *data = NULL; */
#define AUTO_BUFFER __attribute__((cleanup(alloc_auto_free)))
void alloc_auto_free(void *pointer_to_pointer);
