// SPDX-License-Identifier: MIT
#include "values_internal.h"

#include "base/limits.h"

#include <inttypes.h>

enum { QUEUE_KEPT = 100, QUEUES_KEPT = 1 << 12 }; ///< longer ones are counted once

static uint64_t field(const struct value_reader *reader, target_addr address,
                      enum go_field_id member)
{
    uint64_t value = 0;
    go_field_read(reader->program->release, reader->program->space, address, member, &value);
    return value;
}

/**
 * Those that wait for a channel, a million perhaps, were made one after the other, mostly: memory
 * that lies a little above is asked for before a link leads there. asked: as far as that was done.
 */
static void ask_ahead(const struct program *program, target_addr at, target_addr *asked)
{
    enum { AHEAD = 4096, AT_ONCE = 512 };
    if (at > *asked || *asked - at > AHEAD)
        *asked = at;
    if (*asked - at > AHEAD - AT_ONCE)
        return;
    address_space_prefetch(program->space, *asked, AT_ONCE);
    *asked += AT_ONCE;
}

/**
 * How many goroutines stand in a channel's queue: runtime.waitq, linked by sudog.next.
 * @return false where the queue leads out of the core: more may stand in it than were counted
 */
static bool count_waiters(const struct value_reader *reader, target_addr channel,
                          enum go_field_id first, uint64_t *out)
{
    enum { IS_WHOLE = 1 };
    const struct program *program = reader->program;
    uint64_t head, sudog;
    bool whole = go_field_read(program->release, program->space, channel, first, &head);
    const uint64_t *known = whole ? table_find(reader->queues, head) : NULL;
    if (known) {
        *out = *known >> 1;
        return *known & IS_WHOLE;
    }
    sudog = head;
    target_addr asked = sudog;
    for (*out = 0; whole && sudog && *out < LIMIT_WAITERS; ++*out) {
        ask_ahead(program, sudog, &asked);
        whole = go_field_read(program->release, program->space, sudog, FIELD_sudog_next, &sudog);
    }
    // A million wait there, and it is shown, looked through for secrets and for what was going on.
    if (*out > QUEUE_KEPT && table_count(reader->queues) < QUEUES_KEPT)
        *table_add(reader->queues, head, NULL) = *out << 1 | whole;
    return whole;
}

/** Queues what lies in the buffer, oldest first: from recvx on, around its end. */
static void queue_buffer(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    struct go_type *elem = job->type->elem;
    target_addr buffer = field(reader, out->bits, FIELD_hchan_buf);
    uint64_t next = field(reader, out->bits, FIELD_hchan_recvx);
    uint64_t shown = out->length < reader->limits.items ? out->length : reader->limits.items;
    const struct value_node *node = value_node_new(reader, job);
    value_children_reserve(reader, out, shown);
    for (uint64_t i = 0; i < shown; i++) {
        uint64_t slot = (next + i) % out->capacity;
        out->children[out->child_count++] = value_queue(reader, node, job->depth + 1, NULL, elem,
                                                        storage_at(buffer + slot * elem->size));
    }
    out->omitted = out->length - shown;
}

void value_read_channel(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    const struct program *program = reader->program;
    out->unreadable = storage_word(reader, job->storage, 0, &out->bits);
    out->nil = !out->unreadable && out->bits == 0;
    if (out->unreadable || out->nil)
        return;
    if (!go_field_read(program->release, program->space, out->bits, FIELD_hchan_qcount,
                       &out->length) ||
        !go_field_read(program->release, program->space, out->bits, FIELD_hchan_dataqsiz,
                       &out->capacity)) {
        out->unreadable = not_in_core;
        return;
    }
    if (out->length > out->capacity || out->capacity >> 48) {
        out->unreadable =
            arena_printf(reader->arena, "corrupt: a channel that holds %" PRId64 " of %" PRId64,
                         (int64_t)out->length, (int64_t)out->capacity);
        return;
    }
    out->closed = field(reader, out->bits, FIELD_hchan_closed) != 0;
    bool senders = count_waiters(reader, out->bits, FIELD_hchan_sendq_first, &out->senders_waiting);
    bool receivers =
        count_waiters(reader, out->bits, FIELD_hchan_recvq_first, &out->receivers_waiting);
    if (!senders || !receivers)
        out->note =
            arena_printf(reader->arena, "more %s may wait: the queue is not whole in the core",
                         senders ? "receivers" : "senders");
    if (out->length > 0 && value_follow(reader, job))
        queue_buffer(reader, job);
}
