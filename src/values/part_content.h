// SPDX-License-Identifier: MIT
#pragma once

#include "pieces.h"

/** What a piece of an optimised variable is, as far as it says which others may hold the same. */
struct part_content {
    uint64_t size;
    struct go_type *of; ///< what it is a part of, resolved; NULL: not known …
    unsigned nth;       ///< … and which of its parts
};

/** @param type  the variable's, NULL: not known */
struct part_content part_content_of(struct value_reader *reader, struct go_type *type,
                                    const struct location *location, size_t piece);

/**
 * Whether a part of one variable can hold what a part of another held, without an instruction that
 * works it out: by assignment, conversion, boxing into an interface, as the address of a first
 * field or element.
 */
bool part_may_be_copy(struct value_reader *reader, const struct part_content *copy,
                      const struct part_content *original);
