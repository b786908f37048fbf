// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"

/** What a frame calls a place in memory. */
struct address_name {
    const char
        *expression; ///< "s.mu", "locks[3]", "results": the object itself, or what points to it
    struct go_type *type; ///< of the object
};

/**
 * Finds the variable of a frame, or the field or element reached from one, whose memory holds an
 * object or that points to it: a pointer, a channel. The nearest is taken, of arguments and locals
 * alike.
 *
 * @param wanted  the type's name ("sync.Mutex"), of a value that lies at address; NULL: a channel,
 *                whose variable holds address
 * @return false where nothing in reach does
 */
bool address_name_find(struct value_reader *reader, struct arena *arena,
                       const struct variable_frame *frame, target_addr address, const char *wanted,
                       struct address_name *out);

/** The same among package variables: "configMu" of package main, "example.com/shop/db.Pool.mu". */
bool address_name_find_global(struct value_reader *reader, struct arena *arena, target_addr address,
                              const char *wanted, struct address_name *out);
