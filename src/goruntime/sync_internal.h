// SPDX-License-Identifier: MIT
#pragma once

#include "base/table.h"
#include "goruntime/sync_sites.h"
#include "symbols/function_code.h"

/** A function that does something to a lock, a channel or a group. */
struct sync_callee {
    enum sync_op op;
    uint8_t argument; ///< which of its arguments is the object
    uint8_t inside;   ///< the argument points so many bytes into the object
};

/** What a call does. */
struct sync_call {
    size_t at; ///< number of the instruction
    struct sync_callee callee;
    bool is_select;            ///< of runtime.selectgo
    uint16_t callee_arguments; ///< bytes of its arguments and results on the stack
    size_t position;           ///< instruction where the operation stands in the function itself
};

/** A function's code. */
struct sync_code {
    const struct function_code *code;
    const struct sync_call *calls; ///< in the order of the code
    size_t call_count;
    bool register_arguments;
};

/** A call that the simulation came by. */
struct sync_found {
    struct sync_site site;
    size_t step;     ///< instruction of the call
    size_t position; ///< of the operation in the function itself
};

struct sync_found_list {
    struct sync_found *items;
    size_t count, capacity;
};

struct arena *sync_reader_arena(struct sync_reader *reader);

/** What is kept under a key: zeroed at first, of the same size each time; NULL: there are too many
 * keys. */
void *sync_reader_note(struct sync_reader *reader, uint64_t key, size_t size);

/** Reads what a function's code does; arena for what is not kept. @return false: nothing to locks,
 * channels and groups, or it cannot be read */
bool sync_code_read(struct sync_reader *reader, const struct pc_function *function,
                    struct arena *arena, struct sync_code *out);

/** What the call at an instruction does. */
const struct sync_call *sync_call_at(const struct sync_code *code, size_t at);

/** Whether a way leads from the function's entry to an instruction without passing another. */
bool sync_can_avoid(const struct sync_code *code, size_t avoided, size_t to);

struct sync_start {
    size_t step;
    size_t here;         ///< where the frame stands; unless future
    target_addr cfa;     ///< 0: the frame is not there
    target_addr context; ///< of a closure, 0: none
    bool at_entry;
    /** Walks what lies behind the frame's pc: memory that is written on the way is not read. */
    bool future;
};

struct sync_plan_list;

/**
 * Follows the code from a step on every way once, and notes the operations and their objects.
 *
 * @param plans       of this code and start but for their frame's place: what was found for others,
 *                    grows; NULL: none
 * @param plan_arena  for the plans
 */
void sync_simulate(const struct sync_code *code, const struct sync_start *start,
                   struct sync_plan_list *plans, struct arena *plan_arena, struct arena *arena,
                   struct sync_found_list *out);
