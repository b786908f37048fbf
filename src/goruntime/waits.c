// SPDX-License-Identifier: MIT
#include "goruntime/waits.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "base/table.h"

#include <stdlib.h>

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

/** What the functions at a place in the code say of what a goroutine there waits for. */
enum place_bits {
    IN_MUTEX = 1 << 0,
    IN_RWMUTEX = 1 << 1,
    IN_RLOCK = 1 << 2,
    IN_WAITGROUP = 1 << 3,
    IN_SOCKET = 1 << 4,
    IN_PROCESS = 1 << 5,
    PLACE_IS_USERS = 1 << 6, ///< nothing further out says anything
    // What to look for in the frame there.
    FRAME_SEMAPHORE = 1 << 7,
    FRAME_COND = 1 << 8,
    FRAME_DESCRIPTOR = 1 << 9,
    FRAME_PROCESS = 1 << 10,
    PLACE_KNOWN = 1 << 11,
};

/** What a wait reason's text says; texts of the runtime, by release. */
enum reason_class {
    REASON_UNKNOWN, ///< not looked at yet
    REASON_NONE,
    REASON_RECEIVE,
    REASON_SEND,
    REASON_SELECT,
    REASON_COND,
    REASON_SEMAPHORE,
    REASON_NETWORK,
    REASON_TIMER,
};

struct wait_reader {
    const struct program *program;
    struct table *places;           ///< lookup pc → place_bits
    uint8_t reasons[UINT8_MAX + 1]; ///< enum reason_class of each
};

struct wait_reader *wait_reader_new(const struct program *program)
{
    struct wait_reader *reader = alloc_zeroed(1, sizeof *reader);
    reader->program = program;
    reader->places = table_new();
    return reader;
}

void wait_reader_free(struct wait_reader *reader)
{
    if (!reader)
        return;
    table_free(reader->places);
    free(reader);
}

/** What the functions between the runtime and the user's say. */
struct blocked_frames {
    const struct program *program;
    const struct goroutine *g;
    struct goroutine_wait *wait;
    target_addr semaphore;  ///< sudog.elem that semacquire1 sleeps on
    unsigned bits;          ///< place_bits of all of them
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
    struct bytes at_hand = address_space_view(program->space, frame->sp, 8 * words);
    target_addr own = blocked->g->stack_lo,
                own_size = blocked->g->stack_hi - own; // none lies there
    for (size_t i = 0; i < words; i++) {
        uint64_t sudog, g, semaphore;
        if (8 * i + 8 <= at_hand.size)
            sudog = load_u64(at_hand.data + 8 * i);
        else if (!address_space_try_u64(program->space, frame->sp + 8 * i, &sudog))
            continue;
        bool may_be = sudog && sudog % 8 == 0 && !range_fits(sudog - own, 1, own_size);
        if (may_be && go_field_read(program->release, program->space, sudog, FIELD_sudog_g, &g) &&
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

/** What one function says. */
static unsigned function_bits(const char *name, bool physical)
{
    if (starts(name, "runtime."))
        return physical && strcmp(name, "runtime.semacquire1") == 0 ? FRAME_SEMAPHORE : 0;
    bool of_sync = starts(name, "sync.") || starts(name, "internal/sync.");
    const char *method = of_sync ? strchr(name, '.') + 1 : "";
    if (starts(method, "(*Mutex)."))
        return IN_MUTEX;
    if (starts(method, "(*RWMutex)."))
        return IN_RWMUTEX | (strcmp(method, "(*RWMutex).RLock") == 0 ? IN_RLOCK : 0u);
    if (starts(method, "(*WaitGroup)."))
        return IN_WAITGROUP;
    if (strcmp(method, "(*Cond).Wait") == 0)
        return physical ? FRAME_COND : 0;
    bool socket = starts(name, "net.(*netFD).");
    if (socket || starts(name, "internal/poll.")) {
        bool has = physical && (socket || starts(name, "internal/poll.(*FD)."));
        return (socket ? IN_SOCKET : 0u) | (has ? FRAME_DESCRIPTOR : 0u);
    }
    bool process = starts(name, "os.(*Process).");
    if (process || starts(name, "os.(*File)."))
        return (process ? IN_PROCESS : 0u) | (physical ? FRAME_PROCESS : 0u);
    bool passed_by = of_sync || starts(name, "syscall.") || starts(name, "internal/runtime/") ||
                     starts(name, "internal/syscall/");
    return passed_by ? 0 : PLACE_IS_USERS;
}

static unsigned place_bits(struct wait_reader *reader, const struct pc_site *site,
                           target_addr lookup_pc)
{
    const uint64_t *known = table_find(reader->places, lookup_pc);
    if (known)
        return (unsigned)*known;
    struct pc_inline_walk inlined;
    struct pc_logical_frame logical;
    unsigned bits = PLACE_KNOWN;
    pc_inline_begin(&inlined, &site->function, lookup_pc);
    while (!(bits & PLACE_IS_USERS) && pc_inline_next(&inlined, &logical))
        bits |= function_bits(logical.name, !logical.inlined);
    if (table_count(reader->places) < LIMIT_PC_MEMO)
        *table_add(reader->places, lookup_pc, NULL) = bits;
    return bits;
}

static void look_into_frame(struct blocked_frames *blocked, unsigned bits,
                            const struct stack_frame *frame)
{
    target_addr receiver = 0;
    if (bits & FRAME_SEMAPHORE)
        find_semaphore(blocked, frame);
    if (bits & FRAME_COND && !blocked->g->waiting) // see check_cond()
        find_cond(blocked, frame);
    if (bits & FRAME_DESCRIPTOR && frame_receiver(blocked->program, frame, &receiver))
        blocked->descriptor = receiver;
    if (bits & FRAME_PROCESS && blocked->bits & IN_PROCESS)
        frame_receiver(blocked->program, frame, &blocked->receiver);
}

/** Notes what a frame says. @return whether those further out may say more */
static bool read_frame(struct blocked_frames *blocked, unsigned bits, const struct stack_step *step)
{
    blocked->bits |= bits;
    if (bits & (FRAME_SEMAPHORE | FRAME_COND | FRAME_DESCRIPTOR | FRAME_PROCESS)) {
        struct stack_frame frame;
        stack_step_frame(blocked->program, step, &frame);
        look_into_frame(blocked, bits, &frame);
    }
    return !(bits & PLACE_IS_USERS);
}

/** The same of a stack that is known to be like another. */
static void read_shape(struct wait_reader *reader, struct blocked_frames *blocked,
                       struct stack_shape *shape, target_addr sp)
{
    bool more = true;
    for (uint32_t i = 0; more && i < FRAMES_MAX && i < shape->count; i++) {
        struct shape_frame *frame = &shape->frames[i];
        struct stack_step step = stack_shape_step(reader->program, shape, i, sp);
        if (!frame->place_bits)
            frame->place_bits = place_bits(reader, step.site, stack_step_lookup_pc(&step));
        more = read_frame(blocked, frame->place_bits, &step);
    }
}

static void read_frames(struct wait_reader *reader, struct blocked_frames *blocked,
                        struct stack_shape *shape)
{
    struct stack_start start = goroutine_saved_start(blocked->g);
    struct stack_walk walk;
    struct stack_step step;
    if (shape) {
        read_shape(reader, blocked, shape, start.sp);
        return;
    }
    stack_walk_begin(&walk, blocked->program, blocked->g, false, &start);
    for (unsigned i = 0; i < FRAMES_MAX && stack_walk_step(&walk, &step); i++)
        if (!read_frame(blocked, place_bits(reader, step.site, stack_step_lookup_pc(&step)), &step))
            return;
}

/** Which of package sync's objects a semaphore is part of: the function that waits says so. */
static void name_semaphore(struct blocked_frames *blocked)
{
    struct goroutine_wait *wait = blocked->wait;
    target_addr semaphore = blocked->semaphore;
    wait->kind = blocked->bits & IN_RWMUTEX     ? WAIT_RWMUTEX
                 : blocked->bits & IN_MUTEX     ? WAIT_MUTEX
                 : blocked->bits & IN_WAITGROUP ? WAIT_WAITGROUP
                                                : WAIT_SEMAPHORE;
    wait->reads = blocked->bits & IN_RLOCK;
    wait->writers_turn = (blocked->bits & IN_RWMUTEX) && (blocked->bits & IN_MUTEX);
    wait->semaphore = semaphore;
    if (!semaphore)
        return;
    wait->known = true;
    if (blocked->bits & IN_MUTEX) // an RWMutex begins with the Mutex that its writers take first
        wait->object = semaphore - MUTEX_SEMAPHORE;
    else if (blocked->bits & IN_RWMUTEX)
        wait->object = semaphore - (blocked->bits & IN_RLOCK ? RWMUTEX_READERS : RWMUTEX_WRITERS);
    else if (!(blocked->bits & IN_WAITGROUP))
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
    wait->kind = blocked->bits & IN_PROCESS ? WAIT_PROCESS : WAIT_NETWORK;
    wait->is_socket = blocked->bits & IN_SOCKET;
    wait->object = blocked->bits & IN_PROCESS ? blocked->receiver : blocked->descriptor;
    wait->known = wait->object != 0;
}

static void read_channels(const struct program *program, const struct goroutine *g,
                          struct goroutine_wait *wait)
{
    wait->known = true;
    wait->sudog = g->waiting;
    target_addr sudog = g->waiting, first = 0;
    while (sudog && wait->case_count < LIMIT_WAITERS) {
        const struct go_struct raw = go_struct_at(program->release, program->space, sudog);
        if (go_struct_field(&raw, FIELD_sudog_g) != g->address) { // broken, or already given away
            wait->known = false;
            return;
        }
        if (++wait->case_count == 1)
            first = go_struct_field(&raw, FIELD_sudog_c);
        else if (wait->case_count == 2)
            wait->second = go_struct_field(&raw, FIELD_sudog_c);
        sudog = go_struct_field(&raw, FIELD_sudog_waitlink);
    }
    wait->object = first;
    if (g->waiting && !wait->object)
        wait->known = false;
}

static enum reason_class class_of(const char *reason)
{
    if (!reason)
        return REASON_NONE;
    if (starts(reason, "chan "))
        return starts(reason, "chan send") ? REASON_SEND : REASON_RECEIVE;
    if (starts(reason, "select"))
        return REASON_SELECT;
    if (starts(reason, "sync.Cond.Wait"))
        return REASON_COND;
    if (starts(reason, "sync.") || strcmp(reason, "semacquire") == 0)
        return REASON_SEMAPHORE;
    if (strcmp(reason, "IO wait") == 0)
        return REASON_NETWORK;
    return strcmp(reason, "sleep") == 0 ? REASON_TIMER : REASON_NONE;
}

static enum reason_class reason_of(struct wait_reader *reader, const struct goroutine *g)
{
    if (g->status != G_WAITING && g->status != G_LEAKED)
        return REASON_NONE;
    uint8_t *known = &reader->reasons[g->wait_reason];
    if (*known == REASON_UNKNOWN)
        *known =
            (uint8_t)class_of(go_release_wait_reason(reader->program->release, g->wait_reason));
    return (enum reason_class) * known;
}

void goroutine_wait_read(struct wait_reader *reader, const struct goroutine *g,
                         struct stack_shape *shape, struct goroutine_wait *out)
{
    const struct program *program = reader->program;
    *out = (struct goroutine_wait){0};
    struct blocked_frames blocked = {.program = program, .g = g, .wait = out};
    if (g->status == G_SYSCALL) {
        read_frames(reader, &blocked, shape);
        out->kind = blocked.bits & IN_PROCESS ? WAIT_PROCESS : WAIT_SYSCALL;
        out->object = blocked.bits & IN_PROCESS ? blocked.receiver : 0;
        out->known = out->object != 0;
        return;
    }
    enum reason_class reason = reason_of(reader, g);
    switch (reason) {
    case REASON_RECEIVE:
    case REASON_SEND:
        out->kind = WAIT_CHANNEL;
        out->sends = reason == REASON_SEND;
        read_channels(program, g, out);
        break;
    case REASON_SELECT:
        out->kind = WAIT_SELECT;
        read_channels(program, g, out);
        break;
    case REASON_COND:
        read_frames(reader, &blocked, shape);
        check_cond(&blocked);
        break;
    case REASON_SEMAPHORE:
        read_frames(reader, &blocked, shape);
        name_semaphore(&blocked);
        break;
    case REASON_NETWORK:
        read_frames(reader, &blocked, shape);
        read_network(&blocked);
        break;
    case REASON_TIMER:
        out->kind = WAIT_TIMER;
        break;
    case REASON_UNKNOWN:
    case REASON_NONE:
        break;
    }
}

size_t select_cases_read(const struct scheduler *scheduler, const struct goroutine_wait *wait,
                         struct select_case *out, size_t capacity)
{
    const struct program *program = scheduler_program(scheduler);
    target_addr sudog = wait->sudog;
    for (size_t i = 0; i < wait->case_count && i < capacity; i++) {
        out[i] = (struct select_case){.sudog = sudog};
        if (!sudog) // who does not know how many there are asks for more
            continue;
        const struct go_struct raw = go_struct_at(program->release, program->space, sudog);
        out[i].channel = go_struct_field(&raw, FIELD_sudog_c);
        sudog = go_struct_field(&raw, FIELD_sudog_waitlink);
    }
    return wait->case_count;
}

static void read_queue(const struct program *program, target_addr first, enum queue_side side,
                       struct table *sides, size_t *budget)
{
    bool added = true;
    for (target_addr at = first; at && added && *budget;
         at = field(program, at, FIELD_sudog_next)) {
        --*budget;
        uint64_t *slot = table_add(sides, at, &added);
        if (added)
            *slot = side;
    }
}

void channel_queues_read(const struct program *program, target_addr channel, struct table *sides,
                         size_t *budget)
{
    read_queue(program, field(program, channel, FIELD_hchan_recvq_first), QUEUE_RECEIVERS, sides,
               budget);
    read_queue(program, field(program, channel, FIELD_hchan_sendq_first), QUEUE_SENDERS, sides,
               budget);
}
