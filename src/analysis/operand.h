// SPDX-License-Identifier: MIT
#pragma once

#include "analysis_internal.h"
#include "image/instruction.h"
#include "symbols/dwarf_location.h"

/**
 * What a register held, as a Go expression: followed backwards from an instruction to the variable
 * that it was loaded from. Only what is proven is given: no jump lands between the instructions
 * that are followed, and each place is one that DWARF names.
 */
struct operand {
    const char *expression;
    struct go_type *type; ///< of the expression's value
    bool address_of;      ///< the register holds the expression's address, not its value
    bool interface_word;  ///< the register holds the first word of the interface `expression`
    bool length_word;     ///< the register holds the length of the slice or string `expression`
    target_addr place;    ///< where the value lies in memory, 0: in a register
};

/** A function's instructions around a fault. */
struct operand_trace {
    struct analysis *analysis;
    struct arena *arena;
    struct disassembler *disassembler;
    struct pc_function function;
    target_addr fault_pc, sp, cfa;     ///< fault_pc: an instruction, or a place inside a call
    const struct registers *registers; ///< known at fault_pc
    struct dwarf_index *dwarf;
    struct dwarf_variables variables;
    target_addr *starts; ///< of every instruction of the function up to fault_pc
    struct instruction *instructions;
    size_t count;
    target_addr *targets; ///< of every jump in the function
    size_t target_count;
};

/**
 * Reads the function's code and its variables at fault_pc.
 * @return false where code, DWARF or a name is missing: then nothing can be said
 */
bool operand_trace_begin(struct operand_trace *trace, struct analysis *analysis,
                         struct arena *arena, const struct stack_frame *frame,
                         const struct registers *registers);
void operand_trace_end(struct operand_trace *trace);

/** What register held at the at-th instruction; false where that is not proven. */
bool operand_of_register(struct operand_trace *trace, size_t at, int reg, struct operand *out);

/** The variable, or part of one, whose memory lies at a place on the stack. */
bool operand_of_place(struct operand_trace *trace, target_addr place, struct operand *out);

/** How the call that a trace ends at was reached. */
enum check_kind {
    CHECK_UNKNOWN,  ///< by several ways, or one that is not understood
    CHECK_COMPARED, ///< by one conditional jump behind a comparison
    CHECK_CONSTANT, ///< without a condition: the compiler knew both sides
};

/**
 * The comparison that decides about the call at fault_pc: a bounds check's, where that call panics.
 * @param compare  number of the instruction, with CHECK_COMPARED
 */
enum check_kind operand_find_check(const struct operand_trace *trace, size_t *compare);

/**
 * The part of a value at an offset: ".Name", ".cfg.DB", "[3]" appended to expression.
 * @return false where no field begins there
 */
bool operand_select(struct operand_trace *trace, const char *expression, struct go_type *type,
                    uint64_t offset, struct operand *out);
