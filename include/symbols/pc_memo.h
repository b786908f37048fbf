// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/pclntab.h"

/**
 * What Go's tables say of a pc, looked up once: a million goroutines stand at some hundred places.
 * Not for sharing between threads: each has its own, over the same tables.
 */
struct pc_memo;

/** A pc in Go code. */
struct pc_site {
    target_addr pc;
    struct pc_function function;
    bool has_sp_delta;
    bool plain;       ///< called as functions are: starts no stack, switches none, was not injected
                      ///< by a signal nor called from C
    bool may_defer;   ///< its function can have deferred calls that stand in its frame alone
    int32_t sp_delta; ///< see pc_function_sp_delta()
};

/** The logical frames of one pc, innermost first; at least one. */
struct pc_lines {
    const struct pc_logical_frame *items;
    size_t count;
};

/** @param modules  borrowed, must outlive the result */
struct pc_memo *pc_memo_new(const struct module_list *modules);
void pc_memo_free(struct pc_memo *memo);
DEFINE_AUTO(pc_memo);

/**
 * @param memo   NULL: none is kept
 * @param spare  where the answer lies once the memo is full
 * @return NULL where pc is in no Go function
 */
const struct pc_site *pc_memo_site(struct pc_memo *memo, const struct module_list *modules,
                                   target_addr pc, struct pc_site *spare);

/** The same, where it has been asked for before: it lives as long as memo. NULL: see above. */
const struct pc_site *pc_memo_known(const struct pc_memo *memo, target_addr pc);

/** The logical frames at pc of a function; good until the next call. memo is not NULL. */
const struct pc_lines *pc_memo_lines(struct pc_memo *memo, const struct pc_function *function,
                                     target_addr pc);
