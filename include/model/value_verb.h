// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "model/value.h"

/** One verb of Go's package fmt with its flags: %x, %#08b, %+.3e, %q. */
struct value_verb {
    char verb; ///< 0: none was given
    bool plus, minus, sharp, space, zero, has_precision;
    unsigned width, precision;
};

/** @return false for what is no verb, or one that says nothing of numbers and texts (%T, %w) */
bool value_verb_parse(const char *text, struct value_verb *out);

/**
 * Puts numbers, texts and truth values of a value, its fields and elements, into the form that Go's
 * fmt gives them under the verb. What the verb is not made for stays as it was; so do secrets.
 *
 * @param arena  what the texts lie in
 */
void value_verb_apply(const struct value_verb *verb, struct arena *arena, struct value *value);
