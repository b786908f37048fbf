// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "model/crash_report.h"

/** An operand that a line of Go source has. */
struct source_operand {
    const char *text;     ///< "s.cfg.DB"
    const char *next;     ///< what is selected of it: a field, a method; NULL: nothing
    const char *whole;    ///< index and bound: what is indexed; NULL: none
    bool is_call;         ///< `next` is called
    bool is_called;       ///< text is called
    bool is_indexed;      ///< text[…]: of a pointer to an array that is a dereference
    bool is_dereferenced; ///< *text
};

enum { SOURCE_OPERANDS_MAX = 32 };

struct source_operands {
    struct source_operand items[SOURCE_OPERANDS_MAX];
    size_t count;
    bool too_many; ///< the line has more: nothing can be said
};

/** Which of the bounds of s[low:high:max] is meant. */
enum source_bound { BOUND_LOW, BOUND_HIGH, BOUND_MAX };

/** Lists the operands of a line that a crash of a class can be of. */
void source_operands_find(struct arena *arena, const char *line, enum crash_class class,
                          enum source_bound bound, struct source_operands *out);
