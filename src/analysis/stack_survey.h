// SPDX-License-Identifier: MIT
#pragma once

#include "analysis_internal.h"

#define STACK_HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

enum {
    SHOWN_AT_EACH_END = 50, ///< Go 1.21+: of a long stack the innermost and the outermost 50
    SHOWN_PHYSICAL = 100,   ///< up to 1.20: the innermost 100 physical ones
    STEPS_KEPT = 128,       ///< a stack of no more frames is walked once
    ELIDED_CYCLE_MAX = 8,   ///< functions that call each other in a circle
    RECENT_KEPT = 64,
    STEPS_COMPARED = 256, ///< so many frames that repeat themselves are followed by more
};

/** A place in a walk to go on from. */
struct stack_checkpoint {
    struct stack_walk walk;
    uint64_t index;       ///< of the next logical frame
    uint64_t defer_count; ///< see struct stack_survey, up to here
};

/**
 * What one pass over a stack tells: enough to show its ends without looking at all of it again,
 * since the stack that overflowed has millions of frames.
 */
struct stack_survey {
    uint64_t hash; ///< of the pcs: equal stacks have the same
    uint64_t physical, logical;
    uint64_t callback_count; ///< frames of cgocallback
    uint64_t defer_count;    ///< frames that can hold deferred calls of which nothing else tells
    struct stack_walk walk;  ///< at its end
    struct stack_step steps[STEPS_KEPT];
    struct stack_checkpoint checkpoints[2]; ///< the older first; index 0: none
    target_addr recent[RECENT_KEPT];        ///< pcs of the latest logical frames
    target_addr elided[ELIDED_CYCLE_MAX];   ///< the latest of those that are left out
    uint64_t elided_count, run;             ///< run: how many the same came last
    unsigned no_cycle;                      ///< bit n: those left out do not repeat after n of them
    const struct pc_site *sites[STEPS_COMPARED]; ///< of the latest frames, by their number
};

/** Walks a stack to its end, as far as the analysis can pay for it. */
void stack_survey_read(struct analysis *analysis, const struct frames_request *request,
                       struct stack_survey *out);

/** The shortest cycle of the frames that are left out in the middle; 0: none. */
uint64_t stack_survey_cycle(const struct stack_survey *survey);

/** Where to go on behind the middle of a long stack; NULL: nowhere. */
const struct stack_checkpoint *stack_survey_end(const struct stack_survey *survey);

/**
 * What a step costs: looking a frame up for the first time takes time that grows with its
 * function's size.
 */
static inline uint64_t stack_site_cost(const struct pc_site *site)
{
    enum { BYTES_A_UNIT = 512 };
    return 1 + (site->function.end - site->function.entry) / BYTES_A_UNIT;
}

static inline uint64_t stack_step_cost(const struct stack_step *step)
{
    return stack_site_cost(step->site);
}

/**
 * The next frame, as long as the analysis can pay for it. Stacks that lie apart cost less than
 * their memory's worth.
 */
bool stack_step_paid(struct analysis *analysis, struct stack_walk *walk, struct stack_step *out);

/**
 * The hash of a stack and one frame more: a sum of the frames' own, each times a power of one
 * number, so that of many frames alike it is known without going through them.
 */
static inline uint64_t stack_hash_add(uint64_t hash, target_addr pc)
{
    return hash * STACK_HASH_FACTOR + table_hash(pc);
}
