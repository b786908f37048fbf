// SPDX-License-Identifier: MIT
#pragma once

#include "base/checked.h"
#include "base/error.h"
#include "image/address_space.h"

struct dwarf_index;

/** One field of a structure of the runtime. */
struct go_member {
    uint32_t offset, size; ///< bytes
    bool present;
};

enum go_field_id {
#define FIELD(name, go_struct, path, need) FIELD_##name,
#include "symbols/go_fields.def"
#undef FIELD
    GO_FIELD_COUNT
};

/** Functions that the runtime treats as special; the file's numbers differ by release (versions.md
 * 2). */
enum go_func_id {
    FUNC_NORMAL,
    FUNC_ABORT,
    FUNC_ASMCGOCALL,
    FUNC_ASYNC_PREEMPT,
    FUNC_CGOCALLBACK,
    FUNC_COROSTART,
    FUNC_DEBUG_CALL,
    FUNC_GC_BG_MARK_WORKER,
    FUNC_GOEXIT,
    FUNC_GOGO,
    FUNC_GOPANIC,
    FUNC_HANDLE_ASYNC_EVENT,
    FUNC_JMPDEFER,
    FUNC_MCALL,
    FUNC_MORESTACK,
    FUNC_MSTART,
    FUNC_PANICWRAP,
    FUNC_RT0_GO,
    FUNC_RUN_FINALIZERS,
    FUNC_RUN_CLEANUPS,
    FUNC_RUNTIME_MAIN,
    FUNC_SIGPANIC,
    FUNC_SYSTEMSTACK,
    FUNC_SYSTEMSTACK_SWITCH,
    FUNC_WRAPPER,
    FUNC_EXTERNAL_THREAD_HANDLER,
    FUNC_UNKNOWN, ///< a number that this release's table does not have
};

/** Everything that differs between Go releases and is not told by the files themselves. */
struct go_release {
    int minor;      ///< 27 for go1.27.3; of a newer one than is known, the newest that is
    int real_minor; ///< what the version says; beyond all there are: it names no release
    bool swiss_maps, classic_maps;
    bool tells_switches; ///< go1.21.2 to 1.21.6: see report_frame.told_before
    struct go_member fields[GO_FIELD_COUNT];
    const uint8_t *func_ids; ///< enum go_func_id by the file's number
    size_t func_id_count;
    bool from_dwarf; ///< the fields come from the program's own DWARF, not from our tables
    /**
     * NULL where the tables are those of this very release; else what makes it another, "is newer
     * than go1.27 …": its DWARF is then better than they are. Owned.
     */
    char *unknown;
};

enum { GO_RELEASE_OLDEST = 15, GO_RELEASE_NEWEST = 27 }; ///< minors of which there are tables

/**
 * @param version  "go1.24.4", "go1.24.4 X:noswissmap", "go1.26.10-X:nogreenteagc", "devel …"
 * @return ERROR_UNSUPPORTED for a release before 1.15 or a text that is no Go version
 */
MUST_USE struct error *go_release_new(const char *version, struct go_release **out);

/** Whether a version is of a state between two releases: "devel go1.27-0123456789 …". */
bool go_release_is_development(const char *version);

/** The release with a minor's tables, for a program that does not say which it is. unknown is taken
 * over. */
struct go_release *go_release_of_minor(int minor, char *unknown);

/**
 * For programs of go1.23 and go1.24 whose runtime keeps allp's snapshot in m, as those of their
 * last patch releases do (golang/go issue 74414): the fields of m behind it lie further on.
 */
void go_release_add_allp_snapshot(struct go_release *release);

/**
 * Takes the places of all fields from DWARF instead of the built-in tables.
 * @return ERROR_NOT_FOUND that names the first field that every release has and DWARF does not;
 *         release is then as it was
 */
MUST_USE struct error *go_release_read_layouts(struct go_release *release,
                                               struct dwarf_index *index);
void go_release_free(struct go_release *release);
DEFINE_AUTO(go_release);

enum go_func_id go_release_func_id(const struct go_release *release, uint8_t number);

/** Text of a wait reason as that release words it; NULL for 0 and for numbers beyond its table. */
const char *go_release_wait_reason(const struct go_release *release, uint8_t number);

static inline struct go_member go_release_member(const struct go_release *release,
                                                 enum go_field_id field)
{
    return release->fields[field];
}

/**
 * Reads a field of a structure of the runtime at address: up to 8 bytes, zero-extended.
 * @return false where it is absent from this release or from memory; *out is then 0
 */
bool go_field_read(const struct go_release *release, const struct address_space *space,
                   target_addr address, enum go_field_id field, uint64_t *out);

/** A structure of the runtime of which many fields are read: its bytes are looked up once. */
struct go_struct {
    const struct go_release *release;
    const struct address_space *space;
    target_addr address;
    struct bytes bytes; ///< from address on, as far as they lie together
};

static inline struct go_struct go_struct_at(const struct go_release *release,
                                            const struct address_space *space, target_addr address)
{
    enum { LARGEST = 4096 }; // what lies beyond is read on its own
    return (struct go_struct){release, space, address, address_space_view(space, address, LARGEST)};
}

/** A field, as go_field_read() reads it. */
static inline bool go_struct_read(const struct go_struct *from, enum go_field_id field,
                                  uint64_t *out)
{
    const struct go_member *member = &from->release->fields[field];
    if (!member->present) {
        *out = 0;
        return false;
    }
    if (!from->address || !range_fits(member->offset, member->size, from->bytes.size))
        return go_field_read(from->release, from->space, from->address, field, out);
    const uint8_t *at = from->bytes.data + member->offset;
    if (member->size >= 8)
        *out = load_u64(at);
    else if (member->size == 4)
        *out = load_u32(at);
    else
        *out = load_uint(at, member->size);
    return true;
}

/** 0 where it cannot be read. */
static inline uint64_t go_struct_field(const struct go_struct *from, enum go_field_id field)
{
    uint64_t value;
    go_struct_read(from, field, &value);
    return value;
}
