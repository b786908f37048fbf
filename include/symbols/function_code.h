// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "image/instruction.h"
#include "symbols/pclntab.h"
#include "symbols/program.h"

/** No instruction. */
#define CODE_NONE SIZE_MAX

/**
 * The code of one Go function, decoded once for all who look at it, and where each instruction
 * leads. Instructions are named by their number. Does not change once it is made.
 */
struct function_code {
    const struct program *program;
    struct pc_function function;
    size_t count;
    const struct instruction *instructions;
    const uint32_t *offsets; ///< from the function's entry
    const int32_t *deltas;   ///< bytes between sp and the frame's end, INT32_MIN: not known
    /** Does not run on into the next one: a jump without a condition, a trap, a call that never
     * comes back. */
    const bool *stops;
    const uint32_t *targets; ///< see function_code_target()
    /** The jumps that lead to i: sources[source_begin[i]] up to sources[source_begin[i + 1]]. */
    const uint32_t *sources, *source_begin;
    bool complete;       ///< the core holds all of its bytes …
    bool whole;          ///< … and all of them were decoded
    bool jumps_anywhere; ///< by a register, or into the middle of an instruction
    bool kept;           ///< lives as long as the program that it was read for
};

/** What one thread has decoded: see program_view_init(). */
struct function_codes;
struct function_codes *function_codes_new(void);
void function_codes_free(struct function_codes *codes);

/**
 * Decodes a function's code; it is kept for the next one who asks, as long as there is room
 * (LIMIT_KEPT_CODE).
 *
 * @param program  the view of this thread
 * @param arena    for code that is not kept
 * @return NULL where it is longer than LIMIT_SCANNED_CODE, or nothing of it can be decoded
 */
const struct function_code *function_code_read(const struct program *program,
                                               const struct pc_function *function,
                                               struct arena *arena);

/** The same, without keeping what has not been kept yet: to see whether it is of any use. */
const struct function_code *function_code_peek(const struct program *program,
                                               const struct pc_function *function,
                                               struct arena *arena);

/** Keeps code that was peeked at. @return the kept one; code itself where there is no room */
const struct function_code *function_code_keep(const struct function_code *code);

/** The address of an instruction. */
static inline target_addr function_code_pc(const struct function_code *code, size_t at)
{
    return code->function.entry + code->offsets[at];
}

/** The instruction that an address lies in, CODE_NONE: none that was decoded. */
size_t function_code_at(const struct function_code *code, target_addr pc);

/** The instruction that begins at an address; CODE_NONE. */
size_t function_code_beginning(const struct function_code *code, target_addr pc);

/** The instruction of the same function that a jump leads to; CODE_NONE: it is no jump, or leads
 * elsewhere. */
static inline size_t function_code_target(const struct function_code *code, size_t at)
{
    return code->targets[at] == UINT32_MAX ? CODE_NONE : code->targets[at];
}

/** Where the code goes on behind an instruction: the next one first. @return how many, up to 2 */
size_t function_code_next(const struct function_code *code, size_t at, size_t out[2]);

/** The name of the function that a call or jump leads to; NULL: it is not told by a constant. */
const char *function_code_callee(const struct function_code *code, size_t at,
                                 struct pc_function *callee);

/**
 * Where the place in the frame that an instruction names lies from the CFA: by a memory operand of
 * sp's (an index still comes to it), or by adding to sp, as arm64 makes addresses.
 */
bool function_code_slot(const struct function_code *code, size_t at, int64_t *slot);

/** Whether an instruction adds a constant to sp, without changing it: arm64's address of a place in
 * the frame. */
bool function_code_adds_to_sp(const struct function_code *code, size_t at);

/**
 * Goes over code from instruction to instruction, each at most once:
 *
 *     code_walk_push(&walk, start);
 *     while (code_walk_pop(&walk, &at))
 *         if (…)
 *             code_walk_on(&walk, at);
 */
struct code_walk {
    const struct function_code *code;
    uint8_t *seen;     ///< of each instruction: it was pushed, or is not to be
    uint32_t *pending; ///< a stack
    size_t depth;
};

/** @param code  borrowed */
void code_walk_init(struct code_walk *walk, const struct function_code *code);
void code_walk_clear(struct code_walk *walk);

/** Forgets what was seen and is pending. */
void code_walk_restart(struct code_walk *walk);

/** Adds an instruction unless it was seen. */
void code_walk_push(struct code_walk *walk, size_t at);

/** Takes the latest of those that are pending; false: there is none. */
bool code_walk_pop(struct code_walk *walk, size_t *at);

/** Adds those that come behind an instruction. */
void code_walk_on(struct code_walk *walk, size_t at);

/** Goes on to an instruction or from there to where it leads, until there is none left. @return
 * whether one of them is `to` */
bool code_walk_reaches(struct code_walk *walk, size_t to);
