// SPDX-License-Identifier: MIT
#pragma once

#include "trace.h"

/** A field, or one that is promoted from an embedded struct. */
struct source_field {
    struct go_type *type;
    uint64_t offset, size; ///< what is read of the outer struct to reach it
    bool crosses;          ///< behind an embedded pointer: offset and size are that pointer's
};

/** The field of a name in a struct, or in what a pointer leads to; false: none, a method perhaps.
 */
bool source_field(struct trace *trace, struct go_type *type, const char *name, size_t size,
                  struct source_field *out);

/** Where an expression of the source stands. */
struct source_scope {
    struct trace *trace;
    const struct source_line *lines; ///< of its file
    size_t line_count;
    int64_t line;
};

/**
 * The type that an expression of the source has by its declarations: "s.cfg.pool[i].conn", of a
 * variable in scope or of the package; of a variable that DWARF has lost, by the line that declares
 * it. NULL where there is more in it, or nothing is known of it.
 */
struct go_type *source_type(const struct source_scope *scope, const char *text);

/** An expression with what its variable was declared as in its place: "im.cols.qty"; NULL: not
 * known. */
const char *source_expand(const struct source_scope *scope, const char *text);
