// SPDX-License-Identifier: MIT
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>
#include <stddef.h>

/** Memory that dies together. Not for sharing between threads. */
struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena);
DEFINE_AUTO(arena);

/** Releases everything allocated so far, keeping one block for what comes. */
void arena_reset(struct arena *arena);

/** Zeroed memory, aligned for any type; never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/** count zeroed objects; a product that overflows ends the program. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/** A copy of size bytes with a NUL behind it. */
char *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_string(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
