// SPDX-License-Identifier: MIT
#pragma once

#include "goruntime/native_walk.h"

/** The stacks that one thread can be on. */
enum thread_stack_kind {
    THREAD_STACK_SIGNAL,    ///< gsignal: a signal handler
    THREAD_STACK_SYSTEM,    ///< g0: scheduler, system stack
    THREAD_STACK_GOROUTINE, ///< curg
    THREAD_STACK_FOREIGN,   ///< C code and the vdso, on whatever stack; memory of no g
};

/** A stretch of one thread's stack that lies on one stack. */
struct thread_segment {
    enum thread_stack_kind kind;
    target_addr g; ///< whose stack it lies on; 0: none is known
    bool native;   ///< C code: its frames are those of a native_walk, kind is THREAD_STACK_FOREIGN
    struct stack_start start;
    bool has_registers; ///< registers as they were at start: of the thread, or saved by a signal
    struct registers registers;
    /** Where the signal handler's frame keeps what was interrupted; 0: this one is not a handler's.
     */
    target_addr ucontext, siginfo;
    /** Frames that were walked to find the next segment: the names that matter are noted. */
    bool has_fatalpanic, has_fatalthrow, has_throw, has_sighandler;
};

enum { THREAD_SEGMENTS = 8 };

struct thread_stack {
    const struct core_thread *thread;
    const struct machine *machine;                   ///< NULL: no m of the runtime belongs to it
    struct thread_segment segments[THREAD_SEGMENTS]; ///< from the registers outwards
    size_t count;
};

/** Finds the stacks that a thread is on: signal handlers, system stack, goroutine (recipes in
 * docs/go-runtime.md). */
void thread_stack_read(const struct scheduler *scheduler, const struct core_thread *thread,
                       struct thread_stack *out);

/** Begins a walk over one segment of Go code. g is storage for the goroutine whose stack it is. */
void thread_segment_walk(const struct scheduler *scheduler, const struct thread_segment *segment,
                         struct goroutine *g, struct stack_walk *walk);

/**
 * The C code that called back into Go while it was itself called from Go, or by a thread of C's
 * own: it stands on the thread's system stack, below runtime.cgocallback, and the goroutine goes on
 * above (runtime/cgocall.go). Innermost callback first.
 */
struct callback_walk {
    const struct scheduler *scheduler;
    target_addr saved_sp; ///< of cgocallback's frame on the system stack; 0: no more
    unsigned count;
};

void callback_walk_begin(struct callback_walk *walk, const struct scheduler *scheduler,
                         const struct goroutine *g);

/** Whether a frame of a goroutine is one where it was called from C. */
bool callback_is_frame(const struct stack_frame *frame);
bool callback_is_function(const struct pc_function *function);

/**
 * The next callback.
 * @param pc   of cgocallback's frame on the goroutine's stack: the same on the system stack
 * @param out  cgocallback's frame on the system stack
 * @return false where the system stack does not say
 */
bool callback_walk_next(struct callback_walk *walk, target_addr pc, struct stack_start *out);

/**
 * Finds the C code below Go frames on a system stack that a C function called: from start outwards
 * to the first return address in C.
 * @param go_frames  how many frames of Go lie before it
 */
bool callback_find_native(const struct program *program, const struct stack_start *start,
                          struct registers *out, size_t *go_frames);

/** A signal as the kernel handed it to a handler. */
struct signal_info {
    int32_t number, code;
    uint64_t address; ///< si_addr, or the ucontext's fault address where the machine has one
    int64_t sender_pid;
    bool has_sender;
    bool bare;      ///< neither code nor address is known: a core without NT_SIGINFO
    target_addr pc; ///< the interrupted instruction
};

/** Reads the signal that interrupted what follows a handler's segment. */
bool thread_segment_signal(const struct scheduler *scheduler, const struct thread_segment *segment,
                           struct signal_info *out);
