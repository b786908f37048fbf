// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "goruntime/stack_walk.h"

/**
 * What a function's own code does to locks, channels and groups, and to which ones: the calls of
 * package sync and of the runtime, inlined ones too, with the object that the frame's memory gives
 * for the receiver now. No DWARF is needed, so that it works on stripped programs.
 */
enum sync_op {
    SYNC_NONE,
    SYNC_LOCK,
    SYNC_UNLOCK,
    SYNC_READ_LOCK,
    SYNC_READ_UNLOCK,
    SYNC_SEND,
    SYNC_RECEIVE,
    SYNC_CLOSE,
    SYNC_DONE, ///< of a WaitGroup
    SYNC_WAKE, ///< Signal or Broadcast of a Cond
};

struct sync_site {
    enum sync_op op;
    target_addr object; ///< the Mutex, channel …; 0: not known
    target_addr pc;     ///< of the call, or of the place in the function where it was inlined
};

struct sync_site_list {
    struct sync_site *items;
    size_t count, capacity;
};

/** What one frame has done and may do yet. */
struct sync_frame {
    struct sync_site_list held;     ///< locked on a way to where the frame stands, and not unlocked
    struct sync_site_list released; ///< unlocked on a way to there, and not locked again
    struct sync_site_list future;   ///< on the ways that lead on from there
    bool unlocks_by_hand;           ///< the function holds an Unlock that is not deferred
};

/** Decodes functions and remembers which do nothing of the kind. */
struct sync_reader;

/** @param program  borrowed */
struct sync_reader *sync_reader_new(const struct program *program);
void sync_reader_free(struct sync_reader *reader);
DEFINE_AUTO(sync_reader);
const struct program *sync_reader_program(const struct sync_reader *reader);

/** Whether a function does anything to locks, channels and groups; false too where its code cannot
 * be read. */
bool sync_function_acts(struct sync_reader *reader, const struct pc_function *function);

/**
 * Reads what the function of a frame does; arena for the lists.
 * @return false where it does nothing to locks, channels and groups, or its code cannot be read
 */
bool sync_frame_read(struct sync_reader *reader, const struct stack_frame *frame,
                     struct arena *arena, struct sync_frame *out);

/**
 * Appends what a deferred call will do.
 * @param closure   its function value
 * @param argument  of a call that was deferred without a closure (up to 1.16), its receiver; 0:
 * none
 */
void sync_closure_read(struct sync_reader *reader, target_addr closure, target_addr argument,
                       struct arena *arena, struct sync_site_list *out);
