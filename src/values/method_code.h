// SPDX-License-Identifier: MIT
#pragma once

#include "values_internal.h"

enum { METHOD_RESULTS = 3 };

/**
 * What a method without arguments would return, where its code does no more than load, compare and
 * return, as `func (e *E) Unwrap() error { return e.err }` does: the code is followed instruction
 * by instruction over the core's memory. It ends at the first one that is not known in full, that
 * writes to memory other than its own frame, that depends on what is not known, or after some
 * hundred: then nothing is known.
 *
 * @param entry     of the code that a call through an interface runs (type_method.entry)
 * @param receiver  the interface's data word
 * @param count     words of the results, METHOD_RESULTS at most: no floats
 */
bool method_results(struct value_reader *reader, target_addr entry, uint64_t receiver,
                    uint64_t *results, size_t count);
