// SPDX-License-Identifier: MIT
#pragma once

#include "values/variables.h"

/**
 * Go expressions over the variables of one frame, evaluated without running code: operators,
 * selectors, indices, slices, conversions, type assertions, len, cap, real, imag, complex, min and
 * max. The grammar and what is left out of Go's: docs/expressions.md.
 */
struct expression_scope {
    struct value_reader *reader;
    /** NULL: no frame, package variables are all there is. */
    const struct variable_frame *frame;
};

struct expression_result {
    struct value *value; ///< its name is not set
    bool missing_key;    ///< the zero value that indexing a map with a key it has not gives
};

/**
 * Evaluates an expression.
 *
 * @param arena  all of the result lies in it
 * @return ERROR_INPUT with the place in the text: what does not parse, names that are not there,
 *         types that do not fit, an index out of range, a nil pointer on the way, a value that is
 *         optimised out or not in the core
 */
MUST_USE struct error *expression_evaluate(const struct expression_scope *scope,
                                           struct arena *arena, const char *text,
                                           struct expression_result *out);
