// SPDX-License-Identifier: MIT
#pragma once

#include "cause_internal.h"
#include "source_operands.h"
#include "source_types.h"

/** What the source on this host says of the frame. */
struct source_view {
    const char *line;
    const char *doubt; ///< why it may not be what was built; NULL: nothing speaks against it
    struct trace trace;
    bool has_trace;
    struct source_scope scope; ///< lines: from the first of the file, where that is not too far
    uint64_t fault;            ///< the address that was used
    bool has_fault;            ///< it is what the code of this very line used
    bool fault_calls;          ///< and called what lay there
    bool fault_test; ///< by the compiler's own test for nil, at the beginning of the object
};

/** WEAK: not by what it was when it was last used. */
enum verdict { VERDICT_NO, VERDICT_WEAK, VERDICT_MAYBE, VERDICT_YES };

/** Whether an operand of the line can be the one at fault. */
enum verdict source_judge(const struct cause_finder *finder, struct source_view *view,
                          const struct source_operand *operand);

/** Which bound the runtime complained of: [:h], [l:h], [::m], [:h:m], [l:h:]. */
enum source_bound source_bound_of(const struct cause_finder *finder);

/** Whether a name is a variable's. */
bool source_is_variable(const struct cause_finder *finder, struct source_view *view,
                        const char *name);
