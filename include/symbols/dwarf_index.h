// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "image/address_space.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

/**
 * The DWARF of one file, by pc and by name; read through libdw out of an image of the sections that
 * are needed, inflated when first asked for. One thread only. The offsets of DIEs that it gives out
 * say in their upper bits which file of a program they are of: plugins have DWARF of their own.
 */
struct dwarf_index;

/**
 * @param file  borrowed, must outlive the result
 * @param bias  what the loader added to the file's addresses
 * @return ERROR_NOT_FOUND where the file has no .debug_info, ERROR_CORRUPT where it cannot be read
 */
MUST_USE struct error *dwarf_index_open(struct elf_file *file, target_addr bias,
                                        struct dwarf_index **out);

/** The same with line tables, which Go code does not need: its lines stand in the pclntab. */
MUST_USE struct error *dwarf_index_open_with_lines(struct elf_file *file, target_addr bias,
                                                   struct dwarf_index **out);
void dwarf_index_free(struct dwarf_index *index);
DEFINE_AUTO(dwarf_index);

Dwarf *dwarf_index_dwarf(const struct dwarf_index *index);

enum variable_role { VARIABLE_ARGUMENT, VARIABLE_RESULT, VARIABLE_LOCAL, VARIABLE_CAPTURED };

/** A variable in scope at a pc. */
struct dwarf_variable {
    const char *name; ///< "user"; of an escaped one without its "&"; of an unnamed result "result",
                      ///< "result 2" where there are several
    enum variable_role role;
    bool escaped; ///< "&x": the location holds a pointer to it, type_die is x's own type
    /** VARIABLE_CAPTURED: the closure object holds its address. A "&x" whose slot there is not a
     * word is a copy that the closure itself has moved to the heap. */
    bool captured_by_reference;
    bool shadowed; ///< a variable of an inner scope has the same name
    bool has_closure_offset;
    uint64_t closure_offset; ///< in the closure object (Go 1.23+, attribute 0x2907)
    uint64_t closure_slot;   ///< bytes up to the next captured variable there, 0: it is the last
    uint64_t type_die; ///< offset in .debug_info; for an escaped one the target's where known …
    bool type_is_pointer; ///< … or that of *T, with this set
    int64_t line;         ///< of its declaration, 0 where not recorded
    bool placed;          ///< has a place at this pc; what it holds may be older than the variable
    bool placed_by_list;  ///< a list gives it a place at this pc: it has a value there
    unsigned scope_depth; ///< blocks around its declaration; 0: the function's own
    Dwarf_Die die;        ///< the variable's own, for dwarf_location
};

struct dwarf_variables {
    struct dwarf_variable *items;
    size_t count;
    uint64_t function_low_pc; ///< in the target
    /**
     * Of an instantiated generic: the hidden parameter `.dict`, whose value is the address of the
     * dictionary that go_type.dictionary_index indexes. Without optimisation, and from Go 1.27
     * always.
     */
    bool has_dictionary;
    Dwarf_Die dictionary;
};

/**
 * Drops the variables that are not declared yet at a line of the function: their memory holds
 * whatever was there before (without optimisation they have a place from the start). An argument or
 * result that the function has moved to the heap then takes the place of its "&x", and is listed
 * once. Says anew which are shadowed.
 */
void dwarf_variables_declared_at(struct dwarf_variables *variables, int64_t line);

/**
 * The variables in scope at a pc, in the order of their declaration: of the physical function
 * (inline_depth 0) or of the inline_depth-th call inlined into it there (1: the outermost of them).
 *
 * @param pc    in the target; the exact pc in a frame that a signal stopped, else inside the call
 * @param name  the function's name as the pclntab has it, to check that both mean the same; NULL:
 * no check
 * @param arena for *out
 * @return ERROR_NOT_FOUND where no DIE covers pc or it names another function
 */
MUST_USE struct error *dwarf_index_variables(struct dwarf_index *index, target_addr pc,
                                             unsigned inline_depth, const char *name,
                                             struct arena *arena, struct dwarf_variables *out);

/**
 * The same of a frame that called another one inlined: the ranges of its blocks leave out the code
 * of that call, but not the mark that stands for it.
 * @param scope_pc  pc_inline_place()
 */
MUST_USE struct error *dwarf_index_variables_around(struct dwarf_index *index, target_addr pc,
                                                    target_addr scope_pc, unsigned inline_depth,
                                                    const char *name, struct arena *arena,
                                                    struct dwarf_variables *out);

/** A package variable: "main.cache", "example.com/shop/db.Pool". */
struct dwarf_global {
    const char *name;
    uint64_t type_die;
    target_addr address; ///< in the target
};

/** All package variables whose name satisfies keep (NULL: all); arena for *out. */
MUST_USE struct error *dwarf_index_globals(struct dwarf_index *index,
                                           bool (*keep)(void *context, const char *name),
                                           void *context, struct arena *arena,
                                           struct dwarf_global **out, size_t *count);

/** A constant of a package; only those of integer types are in DWARF. */
struct dwarf_constant {
    const char *name;
    uint64_t type_die; ///< int for an untyped one
    uint64_t value;    ///< extended by its sign
};

/** All whose name satisfies keep; arena for *out. */
MUST_USE struct error *dwarf_index_constants(struct dwarf_index *index,
                                             bool (*keep)(void *context, const char *name),
                                             void *context, struct arena *arena,
                                             struct dwarf_constant **out, size_t *count);

/** The offset of the DIE of a named type, "main.User", "runtime.g"; ERROR_NOT_FOUND. */
MUST_USE struct error *dwarf_index_type(struct dwarf_index *index, const char *name, uint64_t *out);

/**
 * The offset of the DIE of a package variable's type, out of the unit whose code holds pc: nothing
 * of the others is read, as it is for a name that may stand anywhere. ERROR_NOT_FOUND.
 */
MUST_USE struct error *dwarf_index_variable_type(struct dwarf_index *index, target_addr pc,
                                                 const char *name, uint64_t *out);

/** Whether a package was compiled with optimisation, as its unit says; false where none says. */
bool dwarf_index_is_optimized(const struct dwarf_index *index, const char *package, bool *out);

/**
 * File and line of an instruction of C code; needs line tables. The file's name lives as long as
 * index.
 */
bool dwarf_index_line(struct dwarf_index *index, target_addr pc, const char **file, int64_t *line);
