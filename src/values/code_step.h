// SPDX-License-Identifier: MIT
#pragma once

#include "code_flow.h"

#include "symbols/function_code.h"

/** What an instruction does with the frame and with values. */
struct code_step {
    int32_t slot;                             ///< from the CFA, if in_frame
    bool in_frame, reads_frame, writes_frame; ///< taking a place's address is reading it
    bool takes_address;
    /** Registers whose value is used as it is: stored, compared with what is no constant, an
     * address that nothing is added to. */
    uint64_t plain_reads;
    int8_t destination, source; ///< of a load from the frame, of its address, of a move; -1: none
    int8_t base;                ///< of memory that is read or written, -1: none
    bool is_load, is_move, writes_base;
    bool fills; ///< a call of a function that fills memory: runtime.duffcopy, memmove …
};

struct answer {
    target_addr pc;
    struct code_place place;
    struct code_reader by;
    bool reads;
};

struct code_flow {
    const struct function_code *code; ///< NULL: it cannot be read; then there are no steps
    struct code_step *steps;          ///< of each instruction
    size_t count;
    struct answer *answers;
    size_t answer_count, answer_capacity;
    struct code_flow *next;
};

/**
 * Tells addresses of the frame through which is written from those through which is read, once all
 * steps are known: large values are copied so.
 */
void code_flow_find_stores(struct code_flow *flow);

/**
 * Whether a step that reads a place uses the value that lies there. The compiler folds constants
 * together: after `n++` the code may go on with the old n, and add one more to what it adds anyway.
 */
bool code_step_uses_value(const struct code_flow *flow, size_t step,
                          const struct code_place *place);
