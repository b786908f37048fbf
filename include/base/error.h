// SPDX-License-Identifier: MIT
#pragma once

#include "base/cleanup.h"

#include <stddef.h>

/** For code that decides; what a person reads is the message. */
enum error_kind {
    ERROR_OS,          ///< the operating system refused: no such file, no permission
    ERROR_CORRUPT,     ///< the bytes contradict their format
    ERROR_UNMAPPED,    ///< an address that neither the core nor a file holds
    ERROR_NOT_FOUND,   ///< what was asked for is not there
    ERROR_UNSUPPORTED, ///< well-formed, but not what this program reads
    ERROR_LIMIT,       ///< more than limits.h allows
    ERROR_INPUT,       ///< what the user typed
};

/** What went wrong, with the contexts it passed through on its way up. */
struct error;

/** Lower case, no full stop, the wrong value included. */
MUST_USE NEVER_NULL struct error *error_new(enum error_kind kind, const char *format, ...)
    PRINTF_LIKE(2, 3);

/** ERROR_INPUT with the place in what was typed, in bytes from its start. */
MUST_USE NEVER_NULL struct error *error_new_at(size_t offset, const char *format, ...)
    PRINTF_LIKE(2, 3);

/** Puts a context in front: "core.7: " …. Takes err over and returns it. */
MUST_USE NEVER_NULL struct error *error_wrap(struct error *err, const char *format, ...)
    PRINTF_LIKE(2, 3);

enum error_kind error_kind(const struct error *err);

/** The whole text, outermost context first; owned by err. */
const char *error_message(const struct error *err);

/** Where in the typed text an ERROR_INPUT lies; 0 for others. */
size_t error_offset(const struct error *err);

void error_free(struct error *err);
DEFINE_AUTO(error);

/** Says that a failure does not matter here. */
static inline void error_ignore(struct error *err)
{
    error_free(err);
}

#ifdef __clang_analyzer__
/* It sees one file at a time, and would follow calls that fail without an error. */
#define ERROR_NEVER_NULL(call)                                                                     \
    __extension__({                                                                                \
        struct error *made_ = (call);                                                              \
        if (!made_)                                                                                \
            __builtin_unreachable();                                                               \
        made_;                                                                                     \
    })
#define error_new(...) ERROR_NEVER_NULL((error_new)(__VA_ARGS__))
#define error_new_at(...) ERROR_NEVER_NULL((error_new_at)(__VA_ARGS__))
#define error_wrap(...) ERROR_NEVER_NULL((error_wrap)(__VA_ARGS__))
#endif
