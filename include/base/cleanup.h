// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

/** Marks a function whose result must be looked at. */
#define MUST_USE __attribute__((warn_unused_result))

/** Marks a function that never returns NULL. */
#define NEVER_NULL __attribute__((returns_nonnull))

/** Marks a printf-like function: the format text's position, the first argument's position. */
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/**
 * AUTO(type) declares a pointer to struct type that type##_free() releases when its scope ends.
 * Initialise it where it is declared. DEFINE_AUTO(type) once, below type##_free's declaration.
 */
#define AUTO(type) __attribute__((cleanup(auto_free_##type))) struct type *
#define DEFINE_AUTO(type)                                                                          \
    static inline void auto_free_##type(struct type **pointer)                                     \
    {                                                                                              \
        type##_free(*pointer);                                                                     \
    }                                                                                              \
    struct type

/** Hands a pointer over: its value, the variable being NULL afterwards. */
#define TAKE(pointer)                                                                              \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
