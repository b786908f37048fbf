// SPDX-License-Identifier: MIT
#include "stack_survey.h"

enum { CHECKPOINT_EVERY = 4096 };

bool stack_step_paid(struct analysis *analysis, struct stack_walk *walk, struct stack_step *out)
{
    if (!stack_walk_step(walk, out))
        return false;
    uint64_t cost = stack_step_cost(out);
    if (cost <= analysis->walk_budget) {
        analysis->walk_budget -= cost;
        return true;
    }
    analysis->walk_budget = 0;
    walk->end = STACK_END_LIMIT;
    walk->end_address = out->sp;
    return false;
}

/** Looks for a cycle among the frames that are left out: one that each of them keeps to. */
static void note_elided(struct stack_survey *survey, target_addr pc)
{
    uint64_t count = survey->elided_count++;
    target_addr last = survey->elided[(count - 1) % ELIDED_CYCLE_MAX];
    survey->run = count && pc == last ? survey->run + 1 : 1;
    if (survey->run > ELIDED_CYCLE_MAX) // all that are kept are this one
        return;
    for (unsigned period = 1; period <= ELIDED_CYCLE_MAX; period++)
        if (count >= period && survey->elided[(count - period) % ELIDED_CYCLE_MAX] != pc)
            survey->no_cycle |= 1u << period;
    survey->elided[count % ELIDED_CYCLE_MAX] = pc;
}

uint64_t stack_survey_cycle(const struct stack_survey *survey)
{
    for (unsigned period = 1; period <= ELIDED_CYCLE_MAX; period++)
        if (!(survey->no_cycle >> period & 1) && survey->elided_count >= 3 * (uint64_t)period)
            return period;
    return 0;
}

/** The frames that came so long ago that they do not belong to the outermost are left out. */
static void note_logical(struct stack_survey *survey, target_addr pc)
{
    uint64_t index = survey->logical++;
    if (index >= 2 * SHOWN_AT_EACH_END)
        note_elided(survey, survey->recent[(index - SHOWN_AT_EACH_END) % RECENT_KEPT]);
    survey->recent[index % RECENT_KEPT] = pc;
}

static void note_lines(struct stack_survey *survey, const struct pc_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        note_logical(survey, lines->items[i].pc);
}

/** Keeps the two latest places that lie far enough apart. */
static void keep_place(struct stack_survey *survey)
{
    struct stack_checkpoint *latest = &survey->checkpoints[1];
    if (survey->logical < latest->index + CHECKPOINT_EVERY)
        return;
    survey->checkpoints[0] = *latest;
    latest->walk = survey->walk;
    latest->index = survey->logical;
    latest->defer_count = survey->defer_count;
}

/** Whether a step's site outlives it. */
static bool is_kept(const struct stack_walk *walk, const struct stack_step *step)
{
    return step->site != &walk->spare[0] && step->site != &walk->spare[1];
}

/** Frames after which the latest ones repeat themselves; 0: they do not. */
static unsigned period_of(const struct stack_survey *survey)
{
    for (unsigned period = 1; period <= STACK_PERIOD_MAX; period++) {
        unsigned i = period;
        while (i < STEPS_COMPARED && survey->sites[i] == survey->sites[i - period])
            i++;
        if (i == STEPS_COMPARED && survey->sites[0])
            return period;
    }
    return 0;
}

/** The hash after so many frames more of a period, each turn adding the same. */
static uint64_t hash_repeated(uint64_t hash, const struct pc_site *const *sites, unsigned period,
                              uint64_t turns)
{
    uint64_t factor = 1, sum = 0; // of 2^n turns: hash * factor + sum
    for (unsigned i = 0; i < period; i++) {
        factor *= STACK_HASH_FACTOR;
        sum = stack_hash_add(sum, sites[i]->pc);
    }
    for (; turns; turns >>= 1) {
        if (turns & 1)
            hash = hash * factor + sum;
        sum = sum * factor + sum;
        factor *= factor;
    }
    return hash;
}

/** What one turn of a period costs, and its logical frames; false where it holds more to see. */
static bool measure_period(const struct analysis *analysis, const struct pc_site *const *sites,
                           unsigned period, uint64_t *cost, uint64_t *logical)
{
    *cost = *logical = 0;
    for (unsigned i = 0; i < period; i++) {
        const struct stack_step step = {.site = sites[i], .pc = sites[i]->pc};
        if (!step.site->plain || step.site->may_defer)
            return false;
        *cost += stack_step_cost(&step);
        *logical += pc_memo_lines(analysis->program->memo, &step.site->function,
                                  stack_step_lookup_pc(&step))
                        ->count;
    }
    return 3 * *logical <= STEPS_COMPARED - SHOWN_AT_EACH_END;
}

/**
 * Passes over the middle of a recursion. All that is kept of the latest frames repeats itself by
 * now: after a multiple of its sizes it is what it was. The last few thousand are left, for the
 * checkpoints.
 */
static void pass_recursion(struct analysis *analysis, struct stack_survey *survey)
{
    enum { TURNS = RECENT_KEPT, FRAMES_LEFT = 4 * CHECKPOINT_EVERY };
    uint64_t cost, logical;
    unsigned period = period_of(survey);
    const struct pc_site *const *sites = &survey->sites[STEPS_COMPARED - period];
    if (!period || !measure_period(analysis, sites, period, &cost, &logical))
        return;
    const struct stack_pass pass = {.sites = sites,
                                    .period = period,
                                    .most = analysis->walk_budget / cost,
                                    .multiple = TURNS,
                                    .left = FRAMES_LEFT / period};
    uint64_t turns = stack_walk_pass(&survey->walk, &pass);
    analysis->walk_budget -= turns * cost;
    survey->hash = hash_repeated(survey->hash, sites, period, turns);
    survey->physical += turns * period;
    survey->logical += turns * logical;
    survey->elided_count += turns * logical;
    if (logical == 1)
        survey->run += turns;
}

void stack_survey_read(struct analysis *analysis, const struct frames_request *request,
                       struct stack_survey *out)
{
    struct stack_step step;
    const struct pc_lines *lines = NULL;
    target_addr lines_pc = 0;
    out->hash = out->physical = out->logical = out->callback_count = 0;
    out->elided_count = out->run = 0;
    out->checkpoints[0].index = out->checkpoints[1].index = 0;
    out->defer_count = 0;
    out->no_cycle = 0;
    stack_walk_begin(&out->walk, analysis->program, request->g, request->on_g0, &request->start);
    while (stack_step_paid(analysis, &out->walk, &step)) {
        target_addr lookup_pc = stack_step_lookup_pc(&step);
        if (lookup_pc != lines_pc || !lines) // recursion asks for the same again
            lines = pc_memo_lines(analysis->program->memo, &step.site->function, lookup_pc);
        lines_pc = lookup_pc;
        out->hash = stack_hash_add(out->hash, step.pc);
        note_lines(out, lines);
        out->callback_count += !step.site->plain && callback_is_function(&step.site->function);
        out->defer_count += step.site->may_defer;
        if (out->physical < STEPS_KEPT)
            out->steps[out->physical] = step;
        else
            keep_place(out);
        out->sites[out->physical % STEPS_COMPARED] = is_kept(&out->walk, &step) ? step.site : NULL;
        out->physical++;
        if (out->physical % (4 * STEPS_COMPARED) == 0)
            pass_recursion(analysis, out);
    }
}

const struct stack_checkpoint *stack_survey_end(const struct stack_survey *survey)
{
    for (size_t i = COUNT_OF(survey->checkpoints); i-- > 0;) {
        const struct stack_checkpoint *place = &survey->checkpoints[i];
        if (place->index && place->index + SHOWN_AT_EACH_END <= survey->logical)
            return place;
    }
    return NULL;
}
