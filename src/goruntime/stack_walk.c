// SPDX-License-Identifier: MIT
#include "goruntime/stack_walk.h"
#include "base/checked.h"
#include "base/limits.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

static const struct pc_site *site_of(struct stack_walk *walk, target_addr pc)
{
    struct pc_site *spare = &walk->spare[walk->site == &walk->spare[0]];
    return pc_memo_site(walk->program->memo, walk->program->modules, pc, spare);
}

void stack_walk_restore(struct stack_walk *walk, const struct stack_walk *copy)
{
    *walk = *copy;
    walk->site = NULL; // the copy's may lie in its own spare
    walk->site = site_of(walk, walk->pc);
}

void stack_walk_begin(struct stack_walk *walk, const struct program *program,
                      const struct goroutine *g, bool on_g0, const struct stack_start *start)
{
    *walk = (struct stack_walk){.program = program,
                                .g = g,
                                .pc = start->pc,
                                .sp = start->sp,
                                .link = start->link,
                                .exact = start->exact,
                                .call_pc = start->call_pc,
                                .call_sp = start->call_sp,
                                .root_asmcgocall = on_g0};
    if (walk->pc == 0) { // a call of a nil func: the caller's pc is where the call left it
        if (!address_space_try_u64(program->space, walk->sp, &walk->pc)) {
            walk->end = STACK_END_UNMAPPED;
            walk->end_address = walk->sp;
            return;
        }
        if (program->arch->uses_link_register)
            walk->link = 0;
        else
            walk->sp += 8;
    }
    walk->first_pc = walk->pc;
    walk->first_sp = walk->sp;
    walk->site = site_of(walk, walk->pc);
    if (!walk->site) {
        walk->end = STACK_END_UNKNOWN_PC;
        walk->end_address = walk->pc;
    }
}

/** Whether a stack starts in this function: nothing called it. */
static bool is_top(const struct stack_walk *walk)
{
    const struct pc_function *function = &walk->site->function;
    if (function->module->minor >= 17)
        return function->flags & PC_FUNCTION_TOP_FRAME;
    switch (function->id) {
    case FUNC_GOEXIT:
    case FUNC_MSTART:
    case FUNC_MCALL:
    case FUNC_MORESTACK:
    case FUNC_RT0_GO:
    case FUNC_EXTERNAL_THREAD_HANDLER:
        return true;
    default:
        return function->id == FUNC_ASMCGOCALL && walk->root_asmcgocall;
    }
}

/** Whether the function writes sp, so that its frame size says nothing of its caller's place. */
static bool switches_stack(const struct stack_walk *walk)
{
    const struct pc_function *function = &walk->site->function;
    if (function->module->minor <= 16)
        return walk->program->arch->uses_link_register && function->id == FUNC_JMPDEFER;
    if (!(function->flags & PC_FUNCTION_SP_WRITE) || function->id == FUNC_CGOCALLBACK)
        return false;
    // A system call's pc and sp were saved inside such a function, where sp is good.
    bool saved_by_syscall = walk->count == 0 && walk->g && walk->pc == walk->g->syscall_pc &&
                            walk->sp == walk->g->syscall_sp;
    return !saved_by_syscall && walk->sp != walk->call_sp;
}

/** A word of the stack. Frames lie one above the other: mostly in what is at hand. */
static inline bool read_word(struct stack_walk *walk, target_addr place, uint64_t *out)
{
    uint64_t offset = place - walk->window_address; // wraps where place lies below
    if (!range_fits(offset, sizeof *out, walk->window.size)) {
        struct bytes window = address_space_view(walk->program->space, place, SIZE_MAX);
        if (window.size < sizeof *out)
            return address_space_try_u64(walk->program->space, place, out);
        walk->window = window;
        walk->window_address = place;
        offset = 0;
    }
    *out = load_u64(walk->window.data + offset);
    return true;
}

/** The frame's return address: 0 where the stack ends; false where it is not in the core. */
static bool find_return(struct stack_walk *walk, target_addr fp, target_addr *out)
{
    if (is_top(walk)) {
        walk->end = STACK_END_TOP;
        *out = 0;
        return true;
    }
    if (switches_stack(walk)) {
        walk->end = STACK_END_SWITCH;
        *out = 0;
        return true;
    }
    target_addr place = fp - 8;
    if (walk->program->arch->uses_link_register) {
        if (!(walk->count == 0 && walk->sp < fp) && walk->link != 0) {
            *out = walk->link;
            return true;
        }
        place = walk->sp;
    } else if (walk->link) {
        *out = walk->link;
        return true;
    }
    if (read_word(walk, place, out))
        return true;
    walk->end = STACK_END_UNMAPPED;
    walk->end_address = place;
    return false;
}

/**
 * A call that a signal handler injected on a machine with a link register: it saved the interrupted
 * function's link at sp, 16 bytes below that function's frame.
 */
static void undo_injection(struct stack_walk *walk)
{
    uint64_t saved;
    if (!address_space_try_u64(walk->program->space, walk->sp, &saved)) {
        walk->end = STACK_END_UNMAPPED;
        walk->end_address = walk->sp;
        return;
    }
    walk->sp += 16;
    if (!walk->site) {
        walk->pc = saved;
        walk->site = site_of(walk, walk->pc);
        if (!walk->site) {
            walk->end = STACK_END_BAD_RETURN;
            walk->end_address = saved;
        }
    } else if (walk->site->has_sp_delta && walk->site->sp_delta == 0) {
        walk->link = saved;
    }
}

/** Behind sigpanic: goes on at the call that led to the code at fault, where that is known. */
static bool advance_to_call(struct stack_walk *walk)
{
    const struct pc_site *caller = walk->call_pc ? site_of(walk, walk->call_pc) : NULL;
    if (!caller || walk->call_sp <= walk->sp || walk->site->function.id != FUNC_SIGPANIC)
        return false;
    walk->was_panic = walk->exact = false;
    walk->callee = FUNC_NORMAL;
    walk->site = caller;
    walk->pc = walk->call_pc;
    walk->sp = walk->call_sp;
    walk->link = walk->call_pc = 0;
    return true;
}

/** Moves on to the caller, or notes why there is none. */
static void advance(struct stack_walk *walk, target_addr fp, target_addr return_pc)
{
    const struct pc_function *function = &walk->site->function;
    enum go_func_id id = function->id;
    int minor = function->module->minor;
    bool injected =
        id == FUNC_SIGPANIC || id == FUNC_ASYNC_PREEMPT || (id == FUNC_DEBUG_CALL && minor >= 18);
    if (walk->end != STACK_END_NONE || advance_to_call(walk))
        return;
    if (return_pc == 0) {
        walk->end = STACK_END_BAD_RETURN;
        return;
    }
    const struct pc_site *caller = site_of(walk, return_pc);
    bool lr_injected = walk->program->arch->uses_link_register && injected;
    if (!caller && !lr_injected) {
        walk->end = STACK_END_BAD_RETURN;
        walk->end_address = return_pc;
        return;
    }
    // A caller's frame lies above its callee's: what does not go up is a loop.
    if (fp < walk->sp || (fp == walk->sp && return_pc == walk->pc) || walk->count >= LIMIT_FRAMES) {
        walk->end = walk->count >= LIMIT_FRAMES ? STACK_END_LIMIT : STACK_END_LOOP;
        walk->end_address = walk->sp;
        return;
    }
    walk->was_panic = id == FUNC_SIGPANIC;
    // From 1.21 the frame below any injected call is looked up at its exact pc, before only
    // sigpanic's.
    walk->exact = injected && (minor >= 21 || walk->was_panic);
    walk->callee = id;
    walk->site = caller;
    walk->pc = return_pc;
    walk->sp = fp;
    walk->link = 0;
    if (lr_injected)
        undo_injection(walk);
}

/**
 * What nearly all frames are: of a plain function that was called, on a machine that pushes return
 * addresses. Goes on to the caller, or leaves the walk as it is for the whole procedure.
 */
static inline bool step_plainly(struct stack_walk *walk, target_addr fp)
{
    target_addr return_pc;
    if (!walk->site->plain || walk->program->arch->uses_link_register || walk->link ||
        fp <= walk->sp || walk->count >= LIMIT_FRAMES || !read_word(walk, fp - 8, &return_pc))
        return false;
    // A function that calls itself returns to the same place again.
    const struct pc_site *caller = return_pc == walk->pc ? walk->site : site_of(walk, return_pc);
    if (!caller || !return_pc)
        return false;
    walk->callee = walk->site->function.id;
    walk->exact = walk->was_panic = false;
    walk->site = caller;
    walk->pc = return_pc;
    walk->sp = fp;
    return true;
}

bool stack_walk_step(struct stack_walk *walk, struct stack_step *out)
{
    if (walk->end != STACK_END_NONE || !walk->site)
        return false;
    if (!walk->site->has_sp_delta) {
        walk->end = STACK_END_NO_TABLE;
        walk->end_address = walk->pc;
        return false;
    }
    target_addr fp =
        walk->sp + (target_addr)(int64_t)walk->site->sp_delta + walk->program->arch->call_pushes;
    *out = (struct stack_step){.site = walk->site,
                               .pc = walk->pc,
                               .sp = walk->sp,
                               .fp = fp,
                               .callee = walk->callee,
                               .exact = walk->exact};
    uint64_t count = walk->count++;
    if (step_plainly(walk, fp))
        return true;
    target_addr return_pc = 0;
    walk->count = count; // whose first frame is special
    bool readable = find_return(walk, fp, &return_pc);
    walk->count++;
    if (readable)
        advance(walk, fp, return_pc);
    return true;
}

size_t stack_walk_skim(struct stack_walk *walk, struct skimmed_frame *out, size_t capacity)
{
    const struct pc_site *site = walk->site;
    const struct pc_memo *memo = walk->program->memo;
    target_addr sp = walk->sp;
    size_t count = 0;
    if (walk->end != STACK_END_NONE || walk->link || walk->program->arch->uses_link_register ||
        site == &walk->spare[0] || site == &walk->spare[1] || walk->count > LIMIT_FRAMES - capacity)
        return 0;
    while (count < capacity && site && site->plain && site->has_sp_delta && site->sp_delta >= 0) {
        target_addr place = sp + (target_addr)site->sp_delta;
        uint64_t offset = place - walk->window_address; // wraps where place lies below
        if (!range_fits(offset, sizeof place, walk->window.size) || place < sp)
            break;
        target_addr return_pc = load_u64(walk->window.data + offset);
        const struct pc_site *caller =
            return_pc == site->pc ? site : pc_memo_known(memo, return_pc);
        if (!caller)
            break;
        out[count++] = (struct skimmed_frame){site, sp};
        site = caller;
        sp = place + sizeof place;
    }
    if (!count)
        return 0;
    walk->callee = out[count - 1].site->function.id;
    walk->exact = walk->was_panic = false;
    walk->site = site;
    walk->pc = site->pc;
    walk->sp = sp;
    walk->count += count;
    return count;
}

/** How many of the periods at hand are as expected: places lie at these offsets of each. */
static uint64_t count_equal(const uint8_t *at, uint64_t periods, uint64_t size, unsigned period,
                            const uint64_t *offsets, const target_addr *pcs)
{
    uint64_t equal = 0;
    if (period == 1) { // nearly all that overflow
        const uint8_t *place = at + offsets[0];
        target_addr pc = pcs[0];
        for (; equal + 4 <= periods; equal += 4, place += 4 * size) {
            uint64_t differ = (load_u64(place) ^ pc) | (load_u64(place + size) ^ pc) |
                              (load_u64(place + 2 * size) ^ pc) | (load_u64(place + 3 * size) ^ pc);
            if (differ)
                break;
        }
    }
    for (; equal < periods; equal++)
        for (unsigned i = 0; i < period; i++)
            if (load_u64(at + equal * size + offsets[i]) != pcs[i])
                return equal;
    return equal;
}

uint64_t stack_walk_pass(struct stack_walk *walk, const struct stack_pass *pass)
{
    const struct pc_site *const *sites = pass->sites;
    unsigned period = pass->period;
    uint64_t offsets[STACK_PERIOD_MAX], size = 0, word;
    target_addr pcs[STACK_PERIOD_MAX];
    assert(period >= 1 && period <= STACK_PERIOD_MAX);
    if (walk->end != STACK_END_NONE || !walk->site || walk->link || walk->exact || !period ||
        walk->was_panic || walk->pc != sites[0]->pc || walk->program->arch->uses_link_register)
        return 0;
    for (unsigned i = 0; i < period; i++) {
        if (!sites[i]->plain || !sites[i]->has_sp_delta || sites[i]->sp_delta < 0)
            return 0;
        size += (uint64_t)sites[i]->sp_delta + 8;
        offsets[i] = size - 8;
        pcs[i] = sites[(i + 1) % period]->pc;
    }
    uint64_t most = (LIMIT_FRAMES - walk->count) / period;
    if (most > pass->most)
        most = pass->most;
    if (!most || !read_word(walk, walk->sp, &word)) // what lies there is at hand now
        return 0;
    uint64_t skip = walk->sp - walk->window_address;
    if (skip > walk->window.size)
        return 0;
    uint64_t there = (walk->window.size - skip) / size;
    uint64_t passed = count_equal(walk->window.data + skip, there < most ? there : most, size,
                                  period, offsets, pcs);
    if (passed <= pass->left)
        return 0;
    passed = (passed - pass->left) / pass->multiple * pass->multiple;
    if (!passed)
        return 0;
    walk->sp += passed * size;
    walk->count += passed * period;
    walk->callee = sites[period - 1]->function.id;
    return passed;
}

void stack_step_frame(const struct program *program, const struct stack_step *step,
                      struct stack_frame *out)
{
    *out = (struct stack_frame){.function = step->site->function,
                                .pc = step->pc,
                                .lookup_pc = stack_step_lookup_pc(step),
                                .sp = step->sp,
                                .fp = step->fp,
                                .arguments = step->fp + program->arch->frame_header,
                                .callee = step->callee,
                                .exact = step->exact};
}

bool stack_walk_next(struct stack_walk *walk, struct stack_frame *out)
{
    struct stack_step step;
    if (!stack_walk_step(walk, &step))
        return false;
    stack_step_frame(walk->program, &step, out);
    return true;
}

const char *stack_walk_end_text(const struct stack_walk *walk, char *text, size_t size)
{
    static const char *const formats[] = {
        [STACK_END_UNKNOWN_PC] = "pc %#" PRIx64 " is in no Go function",
        [STACK_END_BAD_RETURN] = "return address %#" PRIx64 " is in no Go function",
        [STACK_END_UNMAPPED] = "the stack at %#" PRIx64 " is not in the core",
        [STACK_END_LOOP] = "the frame at %#" PRIx64 " does not lie above the one it called",
        [STACK_END_NO_TABLE] = "no frame size is known at pc %#" PRIx64,
        [STACK_END_LIMIT] = "more frames than can be followed, at %#" PRIx64,
    };
    if (walk->end < STACK_END_UNKNOWN_PC)
        return NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, size, formats[walk->end], walk->end_address);
#pragma GCC diagnostic pop
    return text;
}

struct stack_start goroutine_saved_start(const struct goroutine *g)
{
    if (g->syscall_sp)
        return (struct stack_start){.pc = g->syscall_pc, .sp = g->syscall_sp};
    return (struct stack_start){.pc = g->sched_pc, .sp = g->sched_sp, .link = g->sched_lr};
}
