// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "base/limits.h"

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

/** Go's sync/pool.go and poolqueue.go: the same in all releases. */
enum {
    POOL_LOCAL_SIZE = 128, ///< poolLocal: private, shared.head, shared.tail, padding
    POOL_SHARED_TAIL = 24,
    POOL_QUEUE_VALUES = 8, ///< poolChainElt: headTail, vals, next, prev
    POOL_QUEUE_NEXT = 32,
    POOL_ITEM_SIZE = 16,  ///< an interface
    POOL_QUEUES_MAX = 64, ///< each twice as large as the one before
    POOL_ITEMS_SHOWN = 8,
};

/** What a pool holds: how much, and where the first of it is. */
struct pool_items {
    uint64_t count;
    target_addr shown[POOL_ITEMS_SHOWN];
    size_t shown_count;
};

static void add_item(struct pool_items *items, target_addr address)
{
    if (items->shown_count < POOL_ITEMS_SHOWN)
        items->shown[items->shown_count++] = address;
}

/** A ring of items: those from tail up to head, two numbers of 32 bits in one word. */
static bool add_queue(const struct address_space *space, target_addr queue,
                      struct pool_items *items)
{
    uint64_t ends = 0, values = 0, size = 0;
    if (!address_space_try_u64(space, queue, &ends))
        return false;
    uint32_t tail = (uint32_t)ends, count = (uint32_t)(ends >> 32) - tail;
    items->count += count;
    if (!address_space_try_u64(space, queue + POOL_QUEUE_VALUES, &values) ||
        !address_space_try_u64(space, queue + POOL_QUEUE_VALUES + 8, &size) || size == 0)
        return true;
    for (uint32_t i = 0; i < count && i < POOL_ITEMS_SHOWN; i++)
        add_item(items, values + (tail + i) % size * POOL_ITEM_SIZE);
    return true;
}

/** Adds what one P keeps. @return false where it cannot be read */
static bool add_local(const struct address_space *space, target_addr local,
                      struct pool_items *items)
{
    uint64_t private = 0, queue = 0;
    if (!address_space_try_u64(space, local, &private) ||
        !address_space_try_u64(space, local + POOL_SHARED_TAIL, &queue))
        return false;
    if (private) {
        items->count++;
        add_item(items, local);
    }
    for (int i = 0; queue != 0 && i < POOL_QUEUES_MAX; i++)
        if (!add_queue(space, queue, items) ||
            !address_space_try_u64(space, queue + POOL_QUEUE_NEXT, &queue))
            return false;
    return true;
}

static bool add_locals(struct description *description, struct go_type *type,
                       struct storage storage, const char *list, const char *size,
                       struct pool_items *items)
{
    const struct address_space *space = description_reader(description)->program->space;
    uint64_t address = 0, locals = 0;
    if (!description_number(description, type, storage, list, &address) ||
        !description_number(description, type, storage, size, &locals) || locals > LIMIT_MS)
        return false;
    for (uint64_t i = 0; i < locals; i++) {
        if (!add_local(space, address + i * POOL_LOCAL_SIZE, items))
            return false;
    }
    return true;
}

/** The items, each as an interface shows it. */
static void list_items(struct description *description, const struct pool_items *items)
{
    static struct go_type item = {.name = "interface {}",
                                  .kind = GO_INTERFACE,
                                  .size = POOL_ITEM_SIZE,
                                  .resolved = true,
                                  .dictionary_index = -1};
    size_t listed = 0;
    for (size_t i = 0; i < items->shown_count; i++) {
        struct go_type *type;
        struct storage value;
        if (!description_dynamic(description, &item, storage_at(items->shown[i]), &type, &value))
            continue; // what cannot be read is counted
        description_text(description, "%s", listed++ ? ", " : " [");
        description_brief(description, &item, storage_at(items->shown[i]));
    }
    if (listed == 0)
        return;
    if (items->count > listed)
        description_text(description, ", …%" PRIu64 " more", items->count - listed);
    description_text(description, "]");
}

static bool describe_pool(struct description *description, struct go_type *type,
                          struct storage storage)
{
    struct pool_items items = {0};
    if (!add_locals(description, type, storage, "local", "localSize", &items))
        return false;
    uint64_t kept = items.count;
    if (!add_locals(description, type, storage, "victim", "victimSize", &items))
        return false;
    description_text(description, "%" PRIu64 " item%s", items.count, plural(items.count));
    if (items.count > kept)
        description_text(description, ", %" PRIu64 " from before the last collection",
                         items.count - kept);
    list_items(description, &items);
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
    {"sync.Pool", NULL, describe_pool, NULL},
    {"sync/atomic.Bool", NULL, describe_atomic_bool, NULL},
    {"sync/atomic.Int32", "{v}", NULL, NULL},
    {"sync/atomic.Int64", "{v}", NULL, NULL},
    {"sync/atomic.Uint32", "{v}", NULL, NULL},
    {"sync/atomic.Uint64", "{v}", NULL, NULL},
};
const struct well_known_list well_known_sync = {rows, COUNT_OF(rows)};
