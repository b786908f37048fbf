// SPDX-License-Identifier: MIT
#pragma once

#include "goruntime/scheduler.h"
#include "symbols/pc_memo.h"

/** Where a walk starts. */
struct stack_start {
    target_addr pc, sp;
    target_addr link; ///< machines with a link register; 0: not known
    bool exact;       ///< pc comes from registers, not from a saved return address
    /** Where a walk goes on behind runtime.sigpanic, not at its return address, which is in no Go
     * function: the call that led to the code at fault; 0: at the return address. */
    target_addr call_pc, call_sp;
};

/** A physical frame. Light: nothing in it is allocated. */
struct stack_frame {
    struct pc_function function;
    target_addr pc; ///< where the frame continues
    target_addr
        lookup_pc; ///< the instruction to look up: inside the call, or pc itself where it is exact
    target_addr sp, fp;     ///< fp: the CFA, where the caller's sp was before the call
    target_addr arguments;  ///< address of the argument area
    enum go_func_id callee; ///< what the frame below it was
    bool exact;             ///< a signal stopped the frame at pc
};

enum stack_end {
    STACK_END_NONE,       ///< not ended yet
    STACK_END_TOP,        ///< at a function that starts a stack
    STACK_END_SWITCH,     ///< at a function that switches stacks (mcall, systemstack …)
    STACK_END_UNKNOWN_PC, ///< the first pc is in no Go function
    STACK_END_BAD_RETURN, ///< a return address is in no Go function
    STACK_END_UNMAPPED,   ///< a return address is not in the core
    STACK_END_LOOP,       ///< a frame does not lie above the one it called
    STACK_END_NO_TABLE,   ///< the function has no frame sizes (assembly without a frame)
    STACK_END_LIMIT,
};

/** A walk over one stack, as Go's own unwinder does it (runtime/traceback.go). No allocation. */
struct stack_walk {
    const struct program *program;
    const struct goroutine *g;  ///< whose stack; NULL: not known
    const struct pc_site *site; ///< of pc; NULL: in no Go function
    struct pc_site spare[2];    ///< where the memo is full
    target_addr pc, sp, link, first_pc, first_sp;
    target_addr call_pc, call_sp; ///< see struct stack_start
    struct bytes window;          ///< what of the stack is at hand, from window_address on
    target_addr window_address;
    uint64_t count;
    enum go_func_id callee;
    bool exact, was_panic;
    enum stack_end end;
    target_addr end_address; ///< the pc, return address or place at fault
    bool root_asmcgocall;    ///< Go up to 1.16: asmcgocall on g0 starts a stack
};

/** @param on_g0  the stack is a thread's own (matters up to Go 1.16) */
void stack_walk_begin(struct stack_walk *walk, const struct program *program,
                      const struct goroutine *g, bool on_g0, const struct stack_start *start);

/** A physical frame, as a walk of millions wants it. */
struct stack_step {
    const struct pc_site *site; ///< good until the next step
    target_addr pc, sp, fp;     ///< see struct stack_frame
    enum go_func_id callee;
    bool exact;
};

/** A frame that was gone past: called as functions are, and not stopped by a signal. */
struct skimmed_frame {
    const struct pc_site *site; ///< lives as long as the memo
    target_addr sp;
};

/**
 * Goes past frames as nearly all are, in places that are known, whose return addresses are at hand:
 * what stack_walk_step() would do, with fewer words on each.
 * @param out  they, for capacity of them
 * @return how many; 0: take a step
 */
size_t stack_walk_skim(struct stack_walk *walk, struct skimmed_frame *out, size_t capacity);

enum { STACK_PERIOD_MAX = 8 }; ///< see stack_walk_pass()

/** The next frame, innermost first; false once the stack has ended: see walk->end. */
bool stack_walk_step(struct stack_walk *walk, struct stack_step *out);

/** Frames that come again and again in the same order, as recursion leaves them. */
struct stack_pass {
    const struct pc_site *const *sites; ///< of one period; the walk stands at the first. All plain
    unsigned period;                    ///< how many, up to STACK_PERIOD_MAX
    uint64_t most;                      ///< periods to pass over …
    uint64_t multiple;                  ///< … a multiple of so many …
    uint64_t left; ///< … and at least so many that follow are not passed over
};

/**
 * Passes over periods as long as each return address is where it would be and leads where it would
 * lead: a comparison a frame.
 * @return how many were passed: the walk stands at the first site again
 */
uint64_t stack_walk_pass(struct stack_walk *walk, const struct stack_pass *pass);

/** The whole frame of a step. */
void stack_step_frame(const struct program *program, const struct stack_step *step,
                      struct stack_frame *out);

/** The instruction to look up: see struct stack_frame. */
static inline target_addr stack_step_lookup_pc(const struct stack_step *step)
{
    bool at_entry = step->pc <= step->site->function.entry;
    return step->exact || at_entry ? step->pc : step->pc - 1;
}

/** Goes back to where a walk was when it was copied. */
void stack_walk_restore(struct stack_walk *walk, const struct stack_walk *copy);

/** The same with the whole frame; false once the stack has ended: see walk->end. */
bool stack_walk_next(struct stack_walk *walk, struct stack_frame *out);

/** Why a walk ended early, in words; NULL where it ended as stacks do. Into a caller's buffer. */
const char *stack_walk_end_text(const struct stack_walk *walk, char *text, size_t size);

/**
 * Where the stack of a goroutine that no thread runs begins, as Go's traceback takes it: the system
 * call's pc and sp, else the saved ones.
 */
struct stack_start goroutine_saved_start(const struct goroutine *g);
