// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "blocked_internal.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    // net.netFD: pfd poll.FD (56 bytes), family, sotype int, isConnected bool, net string, laddr,
    // raddr Addr; the same from 1.15 to 1.27 (net/fd_posix.go).
    NETFD_LOCAL = 96,
    NETFD_REMOTE = 112,
    ADDRESS_PORT = 24, ///< net.TCPAddr, net.UDPAddr: IP []byte, Port int, Zone string
    PATH_SIZE = 108,   ///< of a Unix socket
    PEERS_MAX = 1 << 16,
    WAITERS_TO_TELL = 5, ///< fewer than that are no finding
};

enum address_kind { ADDRESS_OTHER, ADDRESS_IP, ADDRESS_UNIX };

/** What kind of address a net.Addr with this table (of methods) holds. */
static enum address_kind address_kind(struct blocked *blocked, target_addr table)
{
    struct type_table *types = value_reader_types(blocked->analysis->reader);
    bool added;
    uint64_t type, *slot = table_add(blocked->known_types, table, &added);
    if (added && address_space_try_u64(blocked->analysis->program->space, table + 8, &type)) {
        if (type_runtime_is(types, type, "*net.TCPAddr") ||
            type_runtime_is(types, type, "*net.UDPAddr"))
            *slot = ADDRESS_IP;
        else if (type_runtime_is(types, type, "*net.UnixAddr"))
            *slot = ADDRESS_UNIX;
    }
    return (enum address_kind) * slot;
}

/** Appends an address that an interface net.Addr holds. @return false where it holds none */
static bool put_address(struct blocked *blocked, target_addr interface, struct buffer *out)
{
    const struct address_space *space = blocked->analysis->program->space;
    uint64_t table, data, bytes, size, port;
    uint8_t ip[16];
    char text[INET6_ADDRSTRLEN];
    if (!address_space_try_u64(space, interface, &table) || !table ||
        !address_space_try_u64(space, interface + 8, &data) || !data)
        return false;
    enum address_kind kind = address_kind(blocked, table);
    if (kind == ADDRESS_OTHER || !address_space_try_u64(space, data, &bytes) ||
        !address_space_try_u64(space, data + 8, &size))
        return false;
    if (kind == ADDRESS_UNIX) {
        uint8_t path[PATH_SIZE];
        if (!size || size > sizeof path ||
            !address_space_try_read(space, bytes, path, (size_t)size))
            return false;
        buffer_append(out, path, (size_t)size);
        return true;
    }
    if ((size != 4 && size != 16) || !address_space_try_read(space, bytes, ip, (size_t)size) ||
        !address_space_try_u64(space, data + ADDRESS_PORT, &port) || port > UINT16_MAX)
        return false;
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool four = size == 4 || memcmp(ip, mapped, sizeof mapped) == 0;
    inet_ntop(four ? AF_INET : AF_INET6, four && size == 16 ? ip + 12 : ip, text, sizeof text);
    buffer_printf(out, four ? "%s:%" PRIu64 : "[%s]:%" PRIu64, text, port);
    return true;
}

const char *blocked_peer_text(struct blocked *blocked, struct arena *arena,
                              const struct blocked_wait *wait)
{
    if (!wait->object || !wait->is_socket)
        return NULL;
    AUTO_TEXT remote = {0};
    AUTO_TEXT local = {0};
    bool has_remote = put_address(blocked, wait->object + NETFD_REMOTE, &remote),
         has_local = put_address(blocked, wait->object + NETFD_LOCAL, &local);
    if (has_remote && has_local)
        return arena_printf(arena, "waits for %s (local %s)", buffer_text(&remote),
                            buffer_text(&local));
    if (has_remote)
        return arena_printf(arena, "waits for %s", buffer_text(&remote));
    return has_local ? arena_printf(arena, "waits at %s", buffer_text(&local)) : NULL;
}

/** One remote address. */
struct peer {
    char *address;
    uint32_t *waits; ///< indices
    size_t count, capacity;
    int64_t oldest; ///< 0: not recorded
};

struct peers {
    struct peer *items;
    size_t count, capacity;
    struct table *by_hash; ///< → index + 1
};

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0;
    for (; *text; text++)
        hash = table_hash(hash ^ (unsigned char)*text) + 1;
    return hash;
}

static void add_peer(struct peers *peers, const char *address, uint32_t index, int64_t since)
{
    bool added;
    if (peers->count == PEERS_MAX && !table_find(peers->by_hash, hash_text(address)))
        return;
    uint64_t *slot = table_add(peers->by_hash, hash_text(address), &added);
    if (added) {
        ARRAY_PUSH(peers->items, peers->count, peers->capacity) =
            (struct peer){.address = alloc_string(address)};
        *slot = peers->count;
    }
    if (!peers->items || *slot > peers->count)
        return;
    struct peer *peer = &peers->items[*slot - 1];
    ARRAY_PUSH(peer->waits, peer->count, peer->capacity) = index;
    if (since > 0 && (!peer->oldest || since < peer->oldest))
        peer->oldest = since;
}

static void peers_clear(struct peers *peers)
{
    for (size_t i = 0; i < peers->count; i++) {
        free(peers->items[i].address);
        free(peers->items[i].waits);
    }
    free(peers->items);
    table_free(peers->by_hash);
}

/** Whether code of the program's own, or of a module it uses, stands behind a wait. */
static bool is_users(struct blocked *blocked, const struct blocked_wait *wait)
{
    enum { FRAMES_MAX = 64 };
    struct analysis *analysis = blocked->analysis;
    struct goroutine g;
    if (!goroutine_read(analysis->scheduler, wait->g, &g))
        return false;
    struct stack_start start = goroutine_saved_start(&g);
    struct stack_walk walk;
    struct stack_frame frame;
    stack_walk_begin(&walk, analysis->program, &g, false, &start);
    for (int i = 0; i < FRAMES_MAX && stack_walk_next(&walk, &frame); i++) {
        const char *file;
        int32_t line;
        pc_function_line(&frame.function, frame.function.entry, &file, &line);
        enum frame_owner owner = frame_owner_of(analysis, pc_function_name(&frame.function), file);
        if (owner == OWNER_MAIN_MODULE || owner == OWNER_OTHER_MODULE)
            return true;
    }
    return false;
}

static int64_t since(const struct blocked *blocked, const struct blocked_wait *wait)
{
    return blocked->roster->entries[wait->entry].wait_since;
}

/** Keeps of a peer's waiters those behind which the user's code stands. */
static void keep_users(struct blocked *blocked, struct peer *peer)
{
    size_t kept = 0;
    peer->oldest = 0;
    for (size_t i = 0; i < peer->count && i < LIMIT_BLOCKED_STUDIED; i++) {
        const struct blocked_wait *wait = &blocked->waits[peer->waits[i]];
        if (!is_users(blocked, wait))
            continue;
        peer->waits[kept++] = peer->waits[i];
        if (since(blocked, wait) > 0 && (!peer->oldest || since(blocked, wait) < peer->oldest))
            peer->oldest = since(blocked, wait);
    }
    peer->count = kept;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void tell(struct blocked *blocked, const struct peer *peer, struct report_tail *tail)
{
    struct report_finding *finding = blocked_new_finding(tail, FINDING_WAITING_ON_PEER);
    if (!finding)
        return;
    AUTO_TEXT text = {0};
    buffer_printf(&text, "%zu goroutines wait for an answer of %s", peer->count, peer->address);
    int64_t waited = scheduler_now(blocked->analysis->scheduler) - peer->oldest;
    if (peer->oldest && waited > 0)
        buffer_printf(&text, ", the oldest for %" PRId64 " seconds", waited / 1000000000);
    buffer_puts(&text, ": the culprit may be there");
    finding->summary = arena_string(blocked->arena, buffer_text(&text));
    uint64_t *ids = arena_array(blocked->arena, peer->count, sizeof *ids);
    for (size_t i = 0; i < peer->count; i++)
        ids[i] = blocked->waits[peer->waits[i]].goid;
    qsort(ids, peer->count, sizeof *ids, by_number);
    finding->goroutines = (struct id_list){ids, peer->count};
}

void blocked_note_death(struct blocked *blocked, const struct report_crash *crash)
{
    for (size_t i = 0; i < crash->message.count; i++)
        if (strstr(crash->message.items[i], "too many open files"))
            blocked->lacks_files = true;
}

static int by_count(const void *a, const void *b)
{
    const struct peer *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
                                : strcmp(x->address, y->address);
}

/** The descriptors at which goroutines wait, by what they wait for: most of those that are open. */
static void tell_files(struct blocked *blocked, struct report_tail *tail)
{
    enum { PEERS_SHOWN = 12 };
    struct peers peers = {.by_hash = table_new()};
    size_t total = 0, capacity = 0;
    for (uint32_t i = 0; i < blocked->wait_count; i++) {
        const struct blocked_wait *wait = &blocked->waits[i];
        AUTO_TEXT text = {0};
        if (wait->kind != WAIT_NETWORK || !wait->object)
            continue;
        bool connected =
            wait->is_socket && put_address(blocked, wait->object + NETFD_REMOTE, &text);
        if (connected)
            buffer_puts(&text, ", connected");
        else if (wait->is_socket && put_address(blocked, wait->object + NETFD_LOCAL, &text))
            buffer_puts(&text, ", listening");
        else
            buffer_puts(&text, wait->is_socket ? "sockets without an address" : "files and pipes");
        add_peer(&peers, buffer_text(&text), i, since(blocked, wait));
        total++;
    }
    if (peers.count)
        qsort(peers.items, peers.count, sizeof *peers.items, by_count);
    struct report_finding *finding = total ? blocked_new_finding(tail, FINDING_OTHER) : NULL;
    if (finding) {
        finding->confidence = CONFIDENCE_CERTAIN;
        finding->summary = arena_printf(blocked->arena,
                                        "too many open files: %zu goroutines wait at descriptors "
                                        "of the netpoller, for %zu addresses",
                                        total, peers.count);
        for (size_t i = 0; i < peers.count && i < PEERS_SHOWN; i++)
            string_list_add(blocked->arena, &finding->evidence, &capacity,
                            arena_printf(blocked->arena, "%zu x %s", peers.items[i].count,
                                         peers.items[i].address));
        if (peers.count > PEERS_SHOWN)
            string_list_add(
                blocked->arena, &finding->evidence, &capacity,
                arena_printf(blocked->arena, "… %zu more addresses", peers.count - PEERS_SHOWN));
    }
    peers_clear(&peers);
}

void blocked_find_peers(struct blocked *blocked, struct report_tail *tail)
{
    struct peers peers = {.by_hash = table_new()};
    if (blocked->lacks_files)
        tell_files(blocked, tail);
    for (uint32_t i = 0; i < blocked->wait_count; i++) {
        const struct blocked_wait *wait = &blocked->waits[i];
        AUTO_TEXT remote = {0};
        if (wait->kind == WAIT_NETWORK && wait->is_socket && wait->object &&
            put_address(blocked, wait->object + NETFD_REMOTE, &remote))
            add_peer(&peers, buffer_text(&remote), i, since(blocked, wait));
    }
    for (size_t i = 0; i < peers.count; i++) {
        if (peers.items[i].count >= WAITERS_TO_TELL)
            keep_users(blocked, &peers.items[i]);
        if (peers.items[i].count >= WAITERS_TO_TELL)
            tell(blocked, &peers.items[i], tail);
    }
    peers_clear(&peers);
}
