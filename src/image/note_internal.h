// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"

#include <stdbool.h>

/** One note of a PT_NOTE; gABI chapter 5, padded to 4 bytes as Linux and Go write them. */
struct note {
    struct bytes name; ///< without its NUL
    uint32_t type;
    struct bytes description; ///< what there is of it
    uint64_t promised;        ///< bytes that its header gives the description
};

/**
 * The next note, false at the end or where not even a header and a name are left. The offset moves
 * to the note behind.
 */
bool note_next(struct bytes notes, size_t *offset, struct note *out);

bool note_is(const struct note *note, const char *name, uint32_t type);
