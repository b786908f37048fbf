// SPDX-License-Identifier: MIT
#include "goruntime/waits.h"
#include "base/limits.h"

#include <string.h>

enum {
    FRAMES_MAX = 24,      ///< of the runtime and of package sync below the one that blocked
    FRAME_WORDS_MAX = 64, ///< of semacquire1's frame, which has about twenty
    MUTEX_SEMAPHORE = 4,  ///< sync.Mutex: state int32, sema uint32
    RWMUTEX_WRITERS = 8,  ///< sync.RWMutex: w Mutex, writerSem, readerSem uint32
    RWMUTEX_READERS = 12,
    WAITGROUP_SEMAPHORE = 8, ///< a 64-bit state before it
    COND_NOTIFY = 16,
    COND_CHECKER = 48, ///< sync.Cond: L Locker, notify notifyList, checker
};

const char *wait_kind_name(enum wait_kind kind)
{
    static const char *const names[] = {
        [WAIT_NONE] = NULL,         [WAIT_CHANNEL] = "channel",     [WAIT_SELECT] = "select",
        [WAIT_MUTEX] = "mutex",     [WAIT_RWMUTEX] = "rwmutex",     [WAIT_WAITGROUP] = "waitgroup",
        [WAIT_COND] = "cond",       [WAIT_SEMAPHORE] = "semaphore", [WAIT_TIMER] = "timer",
        [WAIT_NETWORK] = "network", [WAIT_PROCESS] = "process",     [WAIT_SYSCALL] = "syscall",
    };
    return names[kind];
}

static uint64_t field(const struct program *program, target_addr address, enum go_field_id id)
{
    uint64_t value;
    go_field_read(program->release, program->space, address, id, &value);
    return value;
}

target_addr sudog_channel(const struct program *program, target_addr sudog)
{
    return field(program, sudog, FIELD_sudog_c);
}

/** What the functions between the runtime and the user's say. */
struct blocked_frames {
    const struct program *program;
    const struct goroutine *g;
    struct goroutine_wait *wait;
    target_addr semaphore; ///< sudog.elem that semacquire1 sleeps on
    bool in_mutex, in_rwmutex, in_rlock, in_waitgroup, in_socket, in_file, in_poll, in_process;
    target_addr descriptor; ///< receiver of the outermost method of poll.FD or net.netFD
    target_addr receiver;   ///< of Cond.Wait, Process.Wait
};

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool frame_receiver(const struct program *program, const struct stack_frame *frame,
                    target_addr *out)
{
    const struct pc_function *function = &frame->function;
    target_addr table = pc_function_funcdata(function, FUNCDATA_ARG_LIVE);
    uint8_t first, bits;
    // Arguments in registers have slots, which hold them where a bit says so.
    if (table && address_space_try_u8(program->space, table, &first) && first == 0) {
        int32_t index = pc_function_pcdata(function, PCDATA_ARG_LIVE, frame->lookup_pc);
        if (index > 0 &&
            (!address_space_try_u8(program->space, table + (uint32_t)index, &bits) || !(bits & 1)))
            return false;
    }
    return address_space_try_u64(program->space, frame->arguments, out) && *out;
}

/**
 * The semaphore that a goroutine sleeps on: semacquire1 keeps its sudog in its frame, for it gives
 * it back when it is woken. A sudog that is not in use has no elem.
 */
static void find_semaphore(struct blocked_frames *blocked, const struct stack_frame *frame)
{
    const struct program *program = blocked->program;
    size_t words = (size_t)(frame->fp - frame->sp) / 8;
    if (words > FRAME_WORDS_MAX)
        words = FRAME_WORDS_MAX;
    for (size_t i = 0; i < words; i++) {
        uint64_t sudog, g, semaphore;
        if (address_space_try_u64(program->space, frame->sp + 8 * i, &sudog) && sudog % 8 == 0 &&
            go_field_read(program->release, program->space, sudog, FIELD_sudog_g, &g) &&
            g == blocked->g->address &&
            go_field_read(program->release, program->space, sudog, FIELD_sudog_elem, &semaphore) &&
            semaphore && semaphore % 4 == 0 && !field(program, sudog, FIELD_sudog_c)) {
            blocked->semaphore = semaphore;
            blocked->wait->sudog = sudog;
            return;
        }
    }
}

/** A Cond keeps its own address to notice that it was copied. */
static bool is_cond(const struct program *program, target_addr cond)
{
    uint64_t self;
    return cond && cond % 8 == 0 &&
           address_space_try_u64(program->space, cond + COND_CHECKER, &self) &&
           self == cond + COND_CHECKER;
}

/** Cond.Wait keeps its receiver, to take the lock again: in its frame, or where it was passed. */
static void find_cond(struct blocked_frames *blocked, const struct stack_frame *frame)
{
    target_addr end = frame->arguments + 8, cond;
    size_t words = end > frame->sp ? (size_t)(end - frame->sp) / 8 : 0;
    for (size_t i = 0; i < words && i < FRAME_WORDS_MAX; i++)
        if (address_space_try_u64(blocked->program->space, frame->sp + 8 * i, &cond) &&
            is_cond(blocked->program, cond)) {
            blocked->receiver = cond;
            return;
        }
}

/** Notes what one function says. @return false for the first that is the user's */
static bool note_function(struct blocked_frames *blocked, const char *name,
                          const struct stack_frame *frame, bool physical)
{
    if (starts(name, "runtime.")) {
        if (physical && strcmp(name, "runtime.semacquire1") == 0)
            find_semaphore(blocked, frame);
        return true;
    }
    bool of_sync = starts(name, "sync.") || starts(name, "internal/sync.");
    const char *method = of_sync ? strchr(name, '.') + 1 : "";
    if (starts(method, "(*Mutex).")) {
        blocked->in_mutex = true;
    } else if (starts(method, "(*RWMutex).")) {
        blocked->in_rwmutex = true;
        blocked->in_rlock |= strcmp(method, "(*RWMutex).RLock") == 0;
    } else if (starts(method, "(*WaitGroup).")) {
        blocked->in_waitgroup = true;
    } else if (strcmp(method, "(*Cond).Wait") == 0) {
        if (physical)
            find_cond(blocked, frame);
    } else if (starts(name, "internal/poll.") || starts(name, "net.(*netFD).")) {
        bool socket = name[0] == 'n';
        blocked->in_poll = true;
        blocked->in_socket |= socket;
        target_addr receiver = 0;
        if ((socket || starts(name, "internal/poll.(*FD).")) && physical &&
            frame_receiver(blocked->program, frame, &receiver))
            blocked->descriptor = receiver;
        return true;
    } else if (starts(name, "os.(*File).") || starts(name, "os.(*Process).")) {
        blocked->in_file |= name[5] == 'F';
        blocked->in_process |= name[5] == 'P';
        if (blocked->in_process && physical)
            frame_receiver(blocked->program, frame, &blocked->receiver);
        return true;
    }
    return of_sync || starts(name, "syscall.") || starts(name, "internal/runtime/") ||
           starts(name, "internal/syscall/");
}

static void read_frames(struct blocked_frames *blocked)
{
    struct stack_start start = goroutine_saved_start(blocked->g);
    struct stack_walk walk;
    struct stack_frame frame;
    stack_walk_begin(&walk, blocked->program, blocked->g, false, &start);
    for (unsigned i = 0; i < FRAMES_MAX && stack_walk_next(&walk, &frame); i++) {
        struct pc_inline_walk inlined;
        struct pc_logical_frame logical;
        pc_inline_begin(&inlined, &frame.function, frame.lookup_pc);
        while (pc_inline_next(&inlined, &logical))
            if (!note_function(blocked, logical.name, &frame, !logical.inlined))
                return;
    }
}

/** Which of package sync's objects a semaphore is part of: the function that waits says so. */
static void name_semaphore(struct blocked_frames *blocked)
{
    struct goroutine_wait *wait = blocked->wait;
    target_addr semaphore = blocked->semaphore;
    wait->kind = blocked->in_rwmutex     ? WAIT_RWMUTEX
                 : blocked->in_mutex     ? WAIT_MUTEX
                 : blocked->in_waitgroup ? WAIT_WAITGROUP
                                         : WAIT_SEMAPHORE;
    wait->reads = blocked->in_rlock;
    wait->writers_turn = blocked->in_rwmutex && blocked->in_mutex;
    wait->semaphore = semaphore;
    if (!semaphore)
        return;
    wait->known = true;
    if (blocked->in_mutex) // an RWMutex begins with the Mutex that its writers take first
        wait->object = semaphore - MUTEX_SEMAPHORE;
    else if (blocked->in_rwmutex)
        wait->object = semaphore - (blocked->in_rlock ? RWMUTEX_READERS : RWMUTEX_WRITERS);
    else if (!blocked->in_waitgroup)
        wait->object = semaphore;
    // Up to 1.17 the state is those two of three words that are aligned to 8 bytes.
    else if (blocked->program->release->minor <= 17 && semaphore % 8 != 0)
        wait->object = semaphore;
    else
        wait->object = semaphore - WAITGROUP_SEMAPHORE;
}

static void check_cond(struct blocked_frames *blocked)
{
    target_addr cond = blocked->receiver;
    blocked->wait->kind = WAIT_COND;
    blocked->wait->sudog = blocked->g->waiting;
    if (blocked->g->waiting) // 1.26+: its elem is the Cond's list
        cond = field(blocked->program, blocked->g->waiting, FIELD_sudog_elem) - COND_NOTIFY;
    if (is_cond(blocked->program, cond)) {
        blocked->wait->object = cond;
        blocked->wait->known = true;
    }
}

static void read_network(struct blocked_frames *blocked)
{
    struct goroutine_wait *wait = blocked->wait;
    wait->kind = blocked->in_process ? WAIT_PROCESS : WAIT_NETWORK;
    wait->is_socket = blocked->in_socket;
    wait->object = blocked->in_process ? blocked->receiver : blocked->descriptor;
    wait->known = wait->object != 0;
}

static void read_channels(const struct program *program, const struct goroutine *g,
                          struct goroutine_wait *wait)
{
    wait->known = true;
    wait->sudog = g->waiting;
    target_addr sudog = g->waiting;
    while (sudog && wait->case_count < LIMIT_WAITERS) {
        uint64_t owner = field(program, sudog, FIELD_sudog_g);
        if (owner != g->address) { // broken, or already given away
            wait->known = false;
            return;
        }
        wait->case_count++;
        sudog = field(program, sudog, FIELD_sudog_waitlink);
    }
    if (g->waiting)
        wait->object = sudog_channel(program, g->waiting);
    if (g->waiting && !wait->object)
        wait->known = false;
}

void goroutine_wait_read(const struct scheduler *scheduler, const struct goroutine *g,
                         struct goroutine_wait *out)
{
    const struct program *program = scheduler_program(scheduler);
    *out = (struct goroutine_wait){0};
    struct blocked_frames blocked = {.program = program, .g = g, .wait = out};
    const char *state = NULL;
    if (g->status == G_WAITING || g->status == G_LEAKED)
        state = go_release_wait_reason(program->release, g->wait_reason);
    if (g->status == G_SYSCALL) {
        read_frames(&blocked);
        out->kind = blocked.in_process ? WAIT_PROCESS : WAIT_SYSCALL;
        out->object = blocked.in_process ? blocked.receiver : 0;
        out->known = out->object != 0;
        return;
    }
    if (!state)
        return;
    if (starts(state, "chan ")) {
        out->kind = WAIT_CHANNEL;
        out->sends = starts(state, "chan send");
        read_channels(program, g, out);
    } else if (starts(state, "select")) {
        out->kind = WAIT_SELECT;
        read_channels(program, g, out);
    } else if (starts(state, "sync.Cond.Wait")) {
        read_frames(&blocked);
        check_cond(&blocked);
    } else if (starts(state, "sync.") || strcmp(state, "semacquire") == 0) {
        read_frames(&blocked);
        name_semaphore(&blocked);
    } else if (strcmp(state, "IO wait") == 0) {
        read_frames(&blocked);
        read_network(&blocked);
    } else if (strcmp(state, "sleep") == 0) {
        out->kind = WAIT_TIMER;
    }
}

size_t select_cases_read(const struct scheduler *scheduler, const struct goroutine_wait *wait,
                         struct select_case *out, size_t capacity)
{
    const struct program *program = scheduler_program(scheduler);
    target_addr sudog = wait->sudog;
    for (size_t i = 0; i < wait->case_count && i < capacity; i++) {
        out[i] = (struct select_case){sudog_channel(program, sudog), sudog};
        sudog = field(program, sudog, FIELD_sudog_waitlink);
    }
    return wait->case_count;
}

static bool queue_holds(const struct program *program, target_addr channel, enum go_field_id first,
                        target_addr sudog, size_t *budget)
{
    target_addr at = field(program, channel, first);
    while (at && at != sudog && *budget) {
        --*budget;
        at = field(program, at, FIELD_sudog_next);
    }
    return at && at == sudog;
}

enum queue_side channel_queue_side(const struct program *program, target_addr channel,
                                   target_addr sudog, size_t *budget)
{
    if (queue_holds(program, channel, FIELD_hchan_recvq_first, sudog, budget))
        return QUEUE_RECEIVERS;
    if (queue_holds(program, channel, FIELD_hchan_sendq_first, sudog, budget))
        return QUEUE_SENDERS;
    return QUEUE_NONE;
}
