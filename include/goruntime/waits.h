// SPDX-License-Identifier: MIT
#pragma once

#include "base/table.h"
#include "goruntime/stack_shapes.h"

/** What a goroutine waits for. */
enum wait_kind {
    WAIT_NONE, ///< it does not wait, or nothing tells for what
    WAIT_CHANNEL,
    WAIT_SELECT,
    WAIT_MUTEX,
    WAIT_RWMUTEX,
    WAIT_WAITGROUP,
    WAIT_COND,
    WAIT_SEMAPHORE, ///< of the runtime or of internal/poll: none of package sync's
    WAIT_TIMER,
    WAIT_NETWORK, ///< the netpoller: sockets, pipes
    WAIT_PROCESS, ///< a child process
    WAIT_SYSCALL,
};

/** One goroutine's wait. No allocation. */
struct goroutine_wait {
    enum wait_kind kind;
    /**
     * The channel, Mutex, RWMutex, WaitGroup, Cond, poll.FD or Process; of a select its first
     * case's channel; 0: nil, or not known.
     */
    target_addr object;
    target_addr semaphore; ///< the word that a Mutex, RWMutex or WaitGroup sleeps on
    target_addr sudog;     ///< of a channel or select: the first of the list g.waiting; 0: none
    bool known;            ///< object is what it waits for, even if that is nil
    bool sends;            ///< WAIT_CHANNEL
    bool reads;            ///< WAIT_RWMUTEX: wants to read; WAIT_NETWORK: waits for input
    bool writers_turn;     ///< WAIT_RWMUTEX: waits for another writer, not yet for readers
    bool is_socket;        ///< WAIT_NETWORK: object is a net.netFD, which begins with its poll.FD
    unsigned case_count;   ///< WAIT_SELECT, cases with a nil channel not counted
    target_addr second;    ///< WAIT_SELECT of two cases, as most are: the second's channel
};

/** Remembers what the places in the code say at which goroutines wait. Each thread has its own. */
struct wait_reader;

/** @param program  borrowed; one thread's view */
struct wait_reader *wait_reader_new(const struct program *program);
void wait_reader_free(struct wait_reader *reader);
DEFINE_AUTO(wait_reader);

/**
 * What a goroutine that does not run waits for, out of g.waiting, or where the release does not
 * keep it there, out of the frames of the function that blocked (runtime/sema.go, chan.go,
 * select.go, netpoll.go).
 *
 * @param shape  of its stack, the same thread's; NULL: not known, the stack is walked
 */
void goroutine_wait_read(struct wait_reader *reader, const struct goroutine *g,
                         struct stack_shape *shape, struct goroutine_wait *out);

/** The kind in the words of the JSON schema; NULL for WAIT_NONE. */
const char *wait_kind_name(enum wait_kind kind);

/** One case of a select that blocks. */
struct select_case {
    target_addr channel, sudog;
};

/** The cases of a select, in the runtime's order; at most capacity, the true number is returned. */
size_t select_cases_read(const struct scheduler *scheduler, const struct goroutine_wait *wait,
                         struct select_case *out, size_t capacity);

/** The address of a channel that a sudog stands in a queue of; 0: none. */
target_addr sudog_channel(const struct program *program, target_addr sudog);

/** Notes in which of a channel's queues sudogs stand: sudog → enum queue_side; looks at up to
 * *budget of them. */
enum queue_side { QUEUE_NONE, QUEUE_SENDERS, QUEUE_RECEIVERS };
void channel_queues_read(const struct program *program, target_addr channel, struct table *sides,
                         size_t *budget);

/** The first word of a frame's arguments, a method's receiver; false where its slot is dead. */
bool frame_receiver(const struct program *program, const struct stack_frame *frame,
                    target_addr *out);
