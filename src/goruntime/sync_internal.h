// SPDX-License-Identifier: MIT
#pragma once

#include "base/table.h"
#include "goruntime/sync_sites.h"
#include "image/instruction.h"

/** A function that does something to a lock, a channel or a group. */
struct sync_callee {
    enum sync_op op;
    uint8_t argument; ///< which of its arguments is the object
    uint8_t inside;   ///< the argument points so many bytes into the object
};

enum { NO_STEP = -1 };

/** One instruction of a function. */
struct sync_step {
    struct instruction instruction;
    uint32_t offset;
    struct sync_callee callee; ///< of a call
    bool is_select;            ///< a call of runtime.selectgo
    bool ends;                 ///< a call that does not return: of the runtime's panics
    uint16_t callee_arguments; ///< bytes of its arguments and results on the stack
    int32_t position;          ///< step where the operation stands in the function itself
};

/** A function's code. */
struct sync_code {
    const struct program *program;
    struct pc_function function;
    struct sync_step *steps;
    size_t count;
    bool register_arguments;
};

/** A call that the simulation came by. */
struct sync_found {
    struct sync_site site;
    size_t step;     ///< of the call
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

/** Whether a function's code was decoded; arena for the steps. */
bool sync_code_read(struct sync_reader *reader, const struct pc_function *function,
                    struct arena *arena, struct sync_code *out);

/** The step that holds a pc, NO_STEP: none. */
int32_t sync_step_at(const struct sync_code *code, target_addr pc);

/** Where the code goes on after a step: up to two steps. @return how many */
size_t sync_next_steps(const struct sync_code *code, size_t step, size_t out[2]);

/**
 * Whether a way leads from one of some steps to another.
 * @param seen  a flag for each step; one that is set is not passed. Used up
 */
bool sync_leads_to(const struct sync_code *code, const size_t *first, size_t first_count, size_t to,
                   bool *seen, struct arena *arena);

/** Whether a way leads from the function's entry to a step without passing another. */
bool sync_can_avoid(const struct sync_code *code, size_t avoided, size_t to, struct arena *arena);

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
