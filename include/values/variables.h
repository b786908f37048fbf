// SPDX-License-Identifier: MIT
#pragma once

#include "values/read_value.h"

/** What must be known of a logical frame to read its variables. */
struct variable_frame {
    const char *function; ///< the pclntab's name of this logical frame
    target_addr
        pc; ///< exact where a signal stopped the frame, else inside the call (return pc - 1)
    target_addr cfa;       ///< frame.fp of the stack walk
    unsigned inline_depth; ///< 0: the physical function; n: the n-th call inlined into it at pc,
                           ///< outermost first
    /** Registers in this frame as far as known (a frame that a signal stopped, the innermost), or
     * NULL. */
    const struct registers *registers;
};

struct frame_variables {
    struct value_list arguments; ///< and results, in the order of declaration
    struct value_list locals;    ///< captured variables of a closure too
    const char *note;            ///< NULL, or one line: "3 variables optimized out here: a, b, c"
};

/**
 * Reads the arguments and local variables of a frame from DWARF.
 * @return ERROR_NOT_FOUND where there is no DWARF for it; then nothing is known of its variables
 */
MUST_USE struct error *variables_read(struct value_reader *reader, struct arena *arena,
                                      const struct variable_frame *frame,
                                      struct frame_variables *out);

/** Package variables whose name matches an extended regular expression (NULL: all). */
MUST_USE struct error *globals_read(struct value_reader *reader, struct arena *arena,
                                    const char *pattern, struct value_list *out);
