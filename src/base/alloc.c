// SPDX-License-Identifier: MIT
#include "base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (!memory) {
        fputs("gocrash: out of memory\n", stderr);
        _Exit(1);
    }
    return memory;
}

void *alloc_bytes(size_t size)
{
    return checked(malloc(size ? size : 1));
}

void *alloc_zeroed(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

char *alloc_string(const char *text)
{
    return checked(strdup(text));
}

void *alloc_grow(void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    if (wanted > SIZE_MAX / item_size)
        checked(NULL);
    items = checked(realloc(items, wanted * item_size));
    *capacity = wanted;
    return items;
}

void alloc_auto_free(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}
