// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "blocked_internal.h"
#include "goruntime/traceback_text.h"

#include <inttypes.h>
#include <string.h>

/** "chan int 0/5", the words of a channel's own descriptor. */
static const char *channel_text(struct blocked *blocked, target_addr channel)
{
    const struct program *program = blocked->analysis->program;
    uint64_t elem = 0, length = 0, capacity = 0;
    struct go_type *type = NULL;
    go_field_read(program->release, program->space, channel, FIELD_hchan_elemtype, &elem);
    go_field_read(program->release, program->space, channel, FIELD_hchan_qcount, &length);
    go_field_read(program->release, program->space, channel, FIELD_hchan_dataqsiz, &capacity);
    struct error *err =
        elem ? type_from_runtime(value_reader_types(blocked->analysis->reader), elem, &type) : NULL;
    error_ignore(err);
    return arena_printf(blocked->arena, "chan %s %" PRIu64 "/%" PRIu64, type ? type->name : "?",
                        length, capacity);
}

const char *blocked_object_text(struct blocked *blocked, const struct blocked_wait *wait,
                                target_addr object)
{
    const char *name = blocked_object_name(blocked, wait, object);
    const char *type = blocked_object_type((enum wait_kind)wait->kind);
    if (wait->kind == WAIT_CHANNEL || wait->kind == WAIT_SELECT)
        type = channel_text(blocked, object);
    if (!type)
        type = wait_kind_name((enum wait_kind)wait->kind);
    if (name)
        return arena_printf(blocked->arena, "%s (%s at 0x%" PRIx64 ")", name, type, object);
    return arena_printf(blocked->arena, "the %s at 0x%" PRIx64, type, object);
}

const char *blocked_place_text(struct blocked *blocked, target_addr pc)
{
    const struct analysis *analysis = blocked->analysis;
    struct pc_function function;
    if (!pc || !pc_function_find(analysis->program->modules, pc, &function))
        return NULL;
    struct pc_inline_walk walk;
    struct pc_logical_frame logical;
    pc_inline_begin(&walk, &function, pc);
    if (!pc_inline_next(&walk, &logical))
        return NULL;
    AUTO_TEXT name = {0};
    traceback_function_name(&name, analysis->program->release->minor, logical.name, false);
    const char *file = short_file_of(analysis, logical.file);
    return arena_printf(blocked->arena, "%s, %s:%" PRId32, buffer_text(&name), file ? file : "?",
                        logical.line);
}

/** What a goroutine does that waits: "wants the lock", "receives from". */
static const char *verb(const struct blocked_wait *wait, bool named)
{
    switch ((enum wait_kind)wait->kind) {
    case WAIT_CHANNEL:
        return wait->sends ? "sends to" : "receives from";
    case WAIT_SELECT:
        return "selects on";
    case WAIT_MUTEX:
        return named ? "wants the lock" : "wants";
    case WAIT_RWMUTEX:
        return wait->reads ? "wants to read-lock" : "wants to write-lock";
    case WAIT_WAITGROUP:
        return named ? "waits for the group" : "waits for";
    case WAIT_COND:
        return named ? "waits for the condition" : "waits for";
    case WAIT_NETWORK:
        return wait->reads ? "reads from" : "waits for";
    default:
        return "waits for";
    }
}

static const char *function_text(const struct blocked *blocked, const char *function)
{
    AUTO_TEXT name = {0};
    traceback_function_name(&name, blocked->analysis->program->release->minor, function, false);
    return arena_string(blocked->arena, buffer_text(&name));
}

/** What the other one has to do with the object, and how that is known. */
static const char *claim_text(struct blocked *blocked, const struct blocked_claim *claim,
                              uint64_t goid, bool self)
{
    static const char *const future[] = {
        [SYNC_SEND] = "would send to it", [SYNC_RECEIVE] = "would receive from it",
        [SYNC_CLOSE] = "would close it",  [SYNC_DONE] = "would be done with it",
        [SYNC_WAKE] = "would wake it",
    };
    bool holds = claim->op == SYNC_LOCK || claim->op == SYNC_READ_LOCK;
    const char *place = blocked_place_text(blocked, claim->pc);
    const char *who = self ? "itself" : arena_printf(blocked->arena, "goroutine %" PRIu64, goid);
    const char *function = function_text(blocked, claim->function);
    if (holds) {
        const char *how = claim->op == SYNC_LOCK ? "held (likely)" : "read (likely)";
        if (claim->why == CLAIM_DEFERRED || !place)
            return arena_printf(blocked->arena, "%s by %s: its deferred Unlock is pending in %s",
                                how, who, function);
        return arena_printf(blocked->arena, "%s by %s, which locked it in %s", how, who, place);
    }
    if (self)
        who = "it";
    if (claim->why == CLAIM_DEFERRED || !place)
        return arena_printf(blocked->arena, "%s %s by a call that %s has deferred", who,
                            future[claim->op], function);
    return arena_printf(blocked->arena, "%s %s in %s", who, future[claim->op], place);
}

const char *blocked_step_text(struct blocked *blocked, const struct blocked_edge *edge)
{
    const struct blocked_node *from = &blocked->nodes[edge->from], *to = &blocked->nodes[edge->to];
    bool self = edge->from == edge->to;
    const char *object = blocked_object_text(blocked, &from->wait, edge->object);
    bool named = blocked_object_name(blocked, &from->wait, edge->object) != NULL;
    if (edge->claim == CLAIM_NONE)
        return arena_printf(blocked->arena,
                            "goroutine %" PRIu64 " %s %s, for which goroutine %" PRIu64
                            " waits to write",
                            from->wait.goid, verb(&from->wait, named), object, to->wait.goid);
    const struct blocked_claim *claim = &blocked->claims[edge->claim];
    bool holds = claim->op == SYNC_LOCK || claim->op == SYNC_READ_LOCK;
    return arena_printf(blocked->arena, "goroutine %" PRIu64 " %s %s%s %s", from->wait.goid,
                        verb(&from->wait, named), object, holds ? "," : ";",
                        claim_text(blocked, claim, to->wait.goid, self));
}

const char *blocked_wait_text(struct blocked *blocked, const struct blocked_wait *wait)
{
    bool named = wait->object && blocked_object_name(blocked, wait, wait->object);
    if (!wait->known && (wait->kind == WAIT_CHANNEL || wait->kind == WAIT_SELECT))
        return wait->kind == WAIT_SELECT ? "selects: its cases cannot be read"
               : wait->sends             ? "sends to a channel that cannot be read"
                                         : "receives from a channel that cannot be read";
    if (!wait->object && wait->kind == WAIT_CHANNEL)
        return wait->sends ? "sends to a nil channel" : "receives from a nil channel";
    if (!wait->object && wait->kind == WAIT_SELECT)
        return "selects without a case that could ever be ready";
    if (!wait->object)
        return arena_printf(blocked->arena, "waits for a %s",
                            wait_kind_name((enum wait_kind)wait->kind));
    return arena_printf(blocked->arena, "%s %s", verb(wait, named),
                        blocked_object_text(blocked, wait, wait->object));
}

/** What can be said without any name of the program's, and at no cost. */
static const char *plain_summary(struct blocked *blocked, struct arena *arena,
                                 const struct blocked_wait *wait, const char *name)
{
    const uint64_t *slot = wait->object ? table_find(blocked->object_numbers, wait->object) : NULL;
    uint32_t others = slot ? blocked->objects[*slot - 1].count - 1 : 0;
    bool locks = wait->kind == WAIT_MUTEX || wait->kind == WAIT_RWMUTEX;
    const struct blocked_claim *holder =
        locks && wait->object ? blocked_holder(blocked, wait->object) : NULL;
    AUTO_TEXT text = {0};
    buffer_puts(&text, verb(wait, name != NULL));
    if (name)
        buffer_printf(&text, " %s", name);
    else
        buffer_printf(
            &text, " the %s at 0x%" PRIx64,
            wait_kind_name(wait->kind == WAIT_SELECT ? WAIT_CHANNEL : (enum wait_kind)wait->kind),
            wait->object);
    if (holder)
        buffer_printf(&text, ", held (likely) by goroutine %" PRIu64,
                      blocked->nodes[holder->node].wait.goid);
    if (others)
        buffer_printf(&text, ", as %" PRIu32 " other%s", others, others == 1 ? " does" : "s do");
    return arena_string(arena, buffer_text(&text));
}

/** The cases of a select; their names only where they are known or wanted. */
static void describe_cases(struct blocked *blocked, struct arena *arena,
                           const struct blocked_wait *wait, bool with_name,
                           struct report_waiting_on *out)
{
    struct goroutine_wait all = {.sudog = wait->sudog, .case_count = SELECT_CASES_KEPT};
    struct select_case cases[SELECT_CASES_KEPT];
    AUTO_TEXT text = {0};
    select_cases_read(blocked->analysis->scheduler, &all, cases, SELECT_CASES_KEPT);
    out->cases = arena_array(arena, SELECT_CASES_KEPT, sizeof *out->cases);
    for (size_t i = 0; i < SELECT_CASES_KEPT && cases[i].sudog; i++) {
        struct report_select_case *one = &out->cases[out->case_count++];
        one->channel = cases[i].channel;
        enum queue_side side = blocked_queue_side(blocked, one->channel, cases[i].sudog);
        one->direction = side == QUEUE_SENDERS     ? "send"
                         : side == QUEUE_RECEIVERS ? "receive"
                                                   : NULL;
        if (with_name || table_find(blocked->names, one->channel))
            one->expression = blocked_object_name(blocked, wait, one->channel);
        buffer_printf(&text, "%s%s ", i ? ", " : "selects: ",
                      side == QUEUE_SENDERS     ? "send to"
                      : side == QUEUE_RECEIVERS ? "receive from"
                                                : "a case on");
        if (one->expression)
            buffer_puts(&text, one->expression);
        else
            buffer_printf(&text, "0x%" PRIx64, one->channel);
    }
    out->summary = arena_string(arena, buffer_text(&text));
}

/** os.Process begins with its Pid. */
static const char *process_text(const struct blocked *blocked, struct arena *arena,
                                const struct blocked_wait *wait)
{
    uint64_t pid;
    if (!wait->object ||
        !address_space_try_u64(blocked->analysis->program->space, wait->object, &pid) || !pid ||
        pid >> 31)
        return "waits for a child process";
    return arena_printf(arena, "waits for the child process %" PRIu64, pid);
}

static void describe(struct blocked *blocked, struct arena *arena, const struct blocked_wait *wait,
                     bool with_name, struct report_waiting_on *out)
{
    *out = (struct report_waiting_on){0};
    if (!wait)
        return;
    out->kind = wait_kind_name((enum wait_kind)wait->kind);
    out->has_address = wait->object != 0;
    out->address = wait->object;
    if (wait->kind == WAIT_NETWORK) {
        out->summary = blocked_peer_text(blocked, arena, wait);
        return;
    }
    if (wait->kind == WAIT_PROCESS) {
        out->summary = process_text(blocked, arena, wait);
        return;
    }
    if (wait->kind == WAIT_TIMER || wait->kind == WAIT_SYSCALL || wait->kind == WAIT_SEMAPHORE)
        return;
    if (!wait->object || (!wait->known && wait->kind == WAIT_SELECT)) {
        out->summary = blocked_wait_text(blocked, wait);
        return;
    }
    if (wait->kind == WAIT_SELECT) {
        describe_cases(blocked, arena, wait, with_name, out);
        return;
    }
    const uint64_t *known = table_find(blocked->names, wait->object);
    if (with_name || known) // a name costs DWARF once
        out->expression = blocked_object_name(blocked, wait, wait->object);
    out->summary = plain_summary(blocked, arena, wait, out->expression);
}

void blocked_describe_wait(struct blocked *blocked, struct arena *arena, uint32_t wait,
                           bool with_name, struct report_waiting_on *out)
{
    describe(blocked, arena, wait ? &blocked->waits[wait - 1] : NULL, with_name, out);
}

void blocked_describe(struct blocked *blocked, struct arena *arena, const struct goroutine *g,
                      bool with_name, struct report_waiting_on *out)
{
    describe(blocked, arena, blocked_wait_of(blocked, g->address), with_name, out);
}
