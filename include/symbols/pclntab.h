// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/moduledata.h"

/**
 * Functions, files, lines and frame sizes out of Go's own tables, which survive stripping.
 * Format: Go's runtime/symtab.go and cmd/link/internal/ld/pcln.go; differences by release in
 * docs/go-runtime.md.
 */
struct pc_function {
    const struct module *module;
    target_addr entry, end;
    uint64_t record; ///< offset of its _func in pclntable
    uint32_t name_offset, cu_offset;
    int32_t args; ///< bytes of arguments and results; INT32_MIN: not known (1.15, 1.16)
    uint32_t pcsp, pcfile, pcln, pcdata_count;
    uint64_t pcdata_offset, funcdata_offset; ///< of the two arrays, in pclntable
    int32_t start_line;                      ///< 1.20+, else 0
    enum go_func_id id;
    uint8_t flags; ///< PC_FUNCTION_*; 0 before 1.17
    uint8_t funcdata_count;
};

enum { PC_FUNCTION_TOP_FRAME = 1, PC_FUNCTION_SP_WRITE = 2, PC_FUNCTION_ASM = 4 };

/** Indices that all releases share; pc_function_funcdata() maps the rest. */
enum pcdata_index { PCDATA_UNSAFE_POINT, PCDATA_STACK_MAP, PCDATA_INLINE_TREE, PCDATA_ARG_LIVE };
enum funcdata_kind {
    FUNCDATA_ARGS_POINTERS,
    FUNCDATA_LOCALS_POINTERS,
    FUNCDATA_STACK_OBJECTS,
    FUNCDATA_INLINE_TREE,
    FUNCDATA_OPEN_DEFERS,
    FUNCDATA_ARG_INFO,
    FUNCDATA_ARG_LIVE,
    FUNCDATA_WRAP_INFO,
};

/** The function whose code holds pc; false if none or its record is broken. */
bool pc_function_find(const struct module_list *modules, target_addr pc, struct pc_function *out);

/** The i-th function of a module, in the order of their code; false if its record is broken. */
bool pc_function_at(const struct module *module, uint64_t i, struct pc_function *out);

/** "" where the record is broken. Borrowed from the table. */
const char *pc_function_name(const struct pc_function *function);

/** Bytes between sp at pc and the frame's end; false where the table has no value there. */
bool pc_function_sp_delta(const struct pc_function *function, target_addr pc, int32_t *out);

/**
 * The same for many instructions at once.
 * @param offsets  of them from the function's entry, rising
 * @param out      for each; INT32_MIN where the table has no value
 */
void pc_function_sp_deltas(const struct pc_function *function, const uint32_t *offsets,
                           size_t count, int32_t *out);

/** File and line of an instruction; "?" and 0 where the tables do not say. */
void pc_function_line(const struct pc_function *function, target_addr pc, const char **file,
                      int32_t *line);

/** The first instruction of the function that is of a line; false where it has none. */
bool pc_function_pc_of_line(const struct pc_function *function, const char *file, int32_t line,
                            target_addr *out);

/** A pcdata table's value at pc; -1 where there is none. */
int32_t pc_function_pcdata(const struct pc_function *function, enum pcdata_index index,
                           target_addr pc);

/** Address of a funcdata, 0 where the function or the release has none. */
target_addr pc_function_funcdata(const struct pc_function *function, enum funcdata_kind kind);

/** One logical frame at a pc: a call inlined into the function, or at last the function itself. */
struct pc_logical_frame {
    const char *name;
    enum go_func_id id;
    const char *file;
    int32_t line;
    bool inlined;
    target_addr pc; ///< where this frame's file and line were looked up
};

/**
 * Walks the logical frames at pc, innermost first. Start with *state = pc; each call fills *out and
 * moves on; false once the function itself has been given.
 */
struct pc_inline_walk {
    const struct pc_function *function;
    target_addr pc;
    unsigned steps;
    bool done;
};
void pc_inline_begin(struct pc_inline_walk *walk, const struct pc_function *function,
                     target_addr pc);
bool pc_inline_next(struct pc_inline_walk *walk, struct pc_logical_frame *out);

/**
 * Where a logical frame stands at pc: pc itself in the innermost one, else the mark that the
 * compiler left in it for the call inlined there.
 * @param depth  0: the function itself, 1: the outermost call inlined into it …
 * @return pc where there is no such frame
 */
target_addr pc_inline_place(const struct pc_function *function, target_addr pc, unsigned depth);

/** A NUL-terminated string at an offset of a table; "" where it does not end inside. */
const char *table_string(struct bytes table, uint64_t offset);
