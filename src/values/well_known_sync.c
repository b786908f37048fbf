// SPDX-License-Identifier: MIT
#include "well_known.h"

#include <inttypes.h>

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/** Go's internal/sync/mutex.go: three marks and a count of those who wait. */
static bool describe_mutex(struct description *description, struct go_type *type,
                           struct storage storage)
{
    enum { LOCKED = 1, STARVING = 4, WAITER_SHIFT = 3 };
    uint64_t state = 0;
    if (!description_number(description, type, storage, "mu.state", &state) && // Go 1.24
        !description_number(description, type, storage, "state", &state))
        return false;
    uint64_t waiting = (state & UINT32_MAX) >> WAITER_SHIFT;
    description_text(description, state & LOCKED ? "locked" : "unlocked");
    if (waiting)
        description_text(description, ", %" PRIu64 " waiting", waiting);
    if (state & STARVING)
        description_text(description, ", starving");
    return true;
}

/** Go's sync/rwmutex.go: a writer takes 1<<30 off the count of readers. */
static bool describe_rwmutex(struct description *description, struct go_type *type,
                             struct storage storage)
{
    enum { READERS_MAX = 1 << 30 };
    uint64_t count = 0, wait = 0;
    if (!description_number(description, type, storage, "readerCount", &count) ||
        !description_number(description, type, storage, "readerWait", &wait))
        return false;
    int64_t readers = (int32_t)count;
    int64_t holding = (int32_t)wait;
    if (readers == 0) {
        description_text(description, "unlocked");
    } else if (readers > 0) {
        description_text(description, "locked by %" PRId64 " reader%s", readers,
                         plural((uint64_t)readers));
    } else if (holding > 0) {
        description_text(description, "locked by %" PRId64 " reader%s, a writer waiting", holding,
                         plural((uint64_t)holding));
    } else {
        description_text(description, "locked by a writer");
        readers += READERS_MAX;
        if (readers > 0)
            description_text(description, ", %" PRId64 " reader%s waiting", readers,
                             plural((uint64_t)readers));
    }
    return true;
}

/** Up to Go 1.17 the state is those two of three words that are aligned to 8 bytes. */
static bool waitgroup_state(struct description *description, struct go_type *type,
                            struct storage storage, uint64_t *out)
{
    struct go_type *words = NULL;
    struct storage field = {0};
    if (description_number(description, type, storage, "state", out))
        return true;
    if (!description_field(description, type, storage, "state1", &words, &field))
        return false;
    if (words->kind != GO_ARRAY) // Go 1.18 and 1.19
        return description_number(description, type, storage, "state1", out);
    return field.in_memory && !storage_word(description_reader(description), field,
                                            field.address % 8 == 0 ? 0 : 4, out);
}

static bool describe_waitgroup(struct description *description, struct go_type *type,
                               struct storage storage)
{
    const uint32_t waiter_mask = 0x7fffffff; // Go 1.25: the bit above marks a synctest bubble
    uint64_t state = 0;
    if (!waitgroup_state(description, type, storage, &state))
        return false;
    description_text(description, "counter %" PRId32, (int32_t)(state >> 32));
    if (state & waiter_mask)
        description_text(description, ", %" PRIu64 " waiting", state & waiter_mask);
    return true;
}

static bool describe_once(struct description *description, struct go_type *type,
                          struct storage storage)
{
    uint64_t done = 0;
    if (!description_number(description, type, storage, "done", &done))
        return false;
    description_text(description, done ? "done" : "not done");
    return true;
}

/** Go's runtime/sema.go, notifyList: tickets given out and called. */
static bool describe_cond(struct description *description, struct go_type *type,
                          struct storage storage)
{
    uint64_t wait = 0, notify = 0;
    if (!description_number(description, type, storage, "notify.wait", &wait) ||
        !description_number(description, type, storage, "notify.notify", &notify))
        return false;
    description_text(description, "%" PRIu32 " waiting", (uint32_t)(wait - notify));
    return true;
}

static bool describe_atomic_bool(struct description *description, struct go_type *type,
                                 struct storage storage)
{
    uint64_t value = 0;
    if (!description_number(description, type, storage, "v", &value))
        return false;
    description_text(description, value ? "true" : "false");
    return true;
}

static const struct well_known rows[] = {
    {"sync.Mutex", NULL, describe_mutex, NULL},
    {"internal/sync.Mutex", NULL, describe_mutex, NULL},
    {"sync.RWMutex", NULL, describe_rwmutex, NULL},
    {"sync.WaitGroup", NULL, describe_waitgroup, NULL},
    {"sync.Once", NULL, describe_once, NULL},
    {"sync.Cond", NULL, describe_cond, NULL},
    {"sync/atomic.Bool", NULL, describe_atomic_bool, NULL},
    {"sync/atomic.Int32", "{v}", NULL, NULL},
    {"sync/atomic.Int64", "{v}", NULL, NULL},
    {"sync/atomic.Uint32", "{v}", NULL, NULL},
    {"sync/atomic.Uint64", "{v}", NULL, NULL},
};
const struct well_known_list well_known_sync = {rows, COUNT_OF(rows)};
