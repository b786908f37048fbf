// SPDX-License-Identifier: MIT
#pragma once

#include "values_internal.h"

#include "symbols/pclntab.h"

/** A place that code reads and writes: a general register, or bytes of the frame. */
struct code_place {
    int reg;      ///< DWARF number; -1: in the frame
    int64_t slot; ///< from the CFA
    uint64_t size;
    bool may_be_folded; ///< a whole number, with which the compiler reckons: see code_step.h
};

/** The decoded functions that were asked about, and the answers; of one reader. */
struct code_flows;
void code_flows_free(struct code_flows *flows);

/** Whose reading counts. */
struct code_reader {
    unsigned inline_depth; ///< of the logical frame that the variable belongs to, at pc
    int64_t first_line;    ///< reading on a line before this one does not count …
    int64_t ignored_line;  ///< … nor on this one
};

/**
 * Whether the code may still read what a place holds: some way on from pc comes to an instruction
 * that does, before one that writes there. What cannot be followed (a jump through a register, code
 * that does not decode) counts as not reading, and so does what is behind a call for a register.
 * Code of another logical frame does not count: an inlined function has its own copies of its
 * arguments. Nor does that of a closure inlined into the frame: after `k, v = v, k` its copy of v
 * lies where k is said to lie.
 *
 * @param pc  exact: that instruction is still to run; inside a call: what comes behind it is
 */
bool code_reads_later(struct value_reader *reader, const struct pc_function *function,
                      target_addr pc, const struct code_place *place, const struct code_reader *by);

/** Whether a function is a closure of another, or the body of one of its loops: main.f-range1. */
bool code_is_within(const char *inner, const char *outer);

/**
 * Names a logical frame within its function: by the calls inlined into one another that lead to it.
 *
 * @param line  where it stands at pc
 * @return 0 where pc is in no frame as deep as that
 */
uint64_t code_frame_identity(const struct pc_function *function, target_addr pc, unsigned depth,
                             int64_t *line);

/** An instruction that writes a place. */
struct code_writer {
    target_addr pc;
    uint64_t reads; ///< bit n: register n is read
};

/**
 * The instructions that may have written what lies in a place at pc: those that write there and
 * from which some way leads to pc without another that does.
 *
 * @param suspect  only those are looked for for which it gives true
 * @param pc       as of code_reads_later()
 * @return whether there is one
 */
bool code_written_by(struct value_reader *reader, const struct pc_function *function,
                     target_addr pc, const struct code_place *place,
                     bool (*suspect)(void *context, const struct code_writer *writer),
                     void *context);

/** Whether the code between two pcs, a straight line, leaves a slot of the frame as it is. */
bool code_keeps_slot(struct value_reader *reader, const struct pc_function *function,
                     target_addr pc, target_addr end, const struct code_place *place);

/**
 * Whether the function takes the address of anything at or below a slot in the frame, so that other
 * code may reach it.
 */
bool code_takes_address(struct value_reader *reader, const struct pc_function *function,
                        const struct code_place *place);
