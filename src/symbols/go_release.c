// SPDX-License-Identifier: MIT
#include "symbols/go_release.h"
#include "base/alloc.h"
#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "go_wait_reasons.inc"

enum {
    OLDEST = GO_RELEASE_OLDEST,
    NEWEST = GO_RELEASE_NEWEST,
    COLUMNS = NEWEST - OLDEST + 2,
    NOSPINBITMUTEX = COLUMNS - 1
};
enum { MINOR_MAX = 1000, UNNAMED }; ///< what a version may say; it says none
enum { PATCH_MAX = 1000 };

struct cell {
    uint32_t offset;
    uint16_t size; // 0: the release has no such field
};

#define ABSENT                                                                                     \
    {                                                                                              \
        0, 0                                                                                       \
    }
static const struct cell layouts[GO_FIELD_COUNT][COLUMNS] = {
#include "go_layouts.inc"
};
#undef ABSENT

// The numbers of funcIDs, read off binaries that hold every such function (go-runtime.md).
static const uint8_t func_ids_1_15[] = {
    FUNC_NORMAL,
    FUNC_RUNTIME_MAIN,
    FUNC_GOEXIT,
    FUNC_JMPDEFER,
    FUNC_MCALL,
    FUNC_MORESTACK,
    FUNC_MSTART,
    FUNC_RT0_GO,
    FUNC_ASMCGOCALL,
    FUNC_SIGPANIC,
    FUNC_RUN_FINALIZERS,
    FUNC_GC_BG_MARK_WORKER,
    FUNC_SYSTEMSTACK_SWITCH,
    FUNC_SYSTEMSTACK,
    FUNC_CGOCALLBACK,
    FUNC_GOGO,
    FUNC_EXTERNAL_THREAD_HANDLER,
    FUNC_DEBUG_CALL,
    FUNC_GOPANIC,
    FUNC_PANICWRAP,
    FUNC_HANDLE_ASYNC_EVENT,
    FUNC_ASYNC_PREEMPT,
    FUNC_WRAPPER,
};
static const uint8_t func_ids_1_17[] = {
    FUNC_NORMAL,
    FUNC_ABORT,
    FUNC_ASMCGOCALL,
    FUNC_ASYNC_PREEMPT,
    FUNC_CGOCALLBACK,
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
    FUNC_RUNTIME_MAIN,
    FUNC_SIGPANIC,
    FUNC_SYSTEMSTACK,
    FUNC_SYSTEMSTACK_SWITCH,
    FUNC_WRAPPER,
};
static const uint8_t func_ids_1_18[] = {
    FUNC_NORMAL,
    FUNC_ABORT,
    FUNC_ASMCGOCALL,
    FUNC_ASYNC_PREEMPT,
    FUNC_CGOCALLBACK,
    FUNC_DEBUG_CALL,
    FUNC_GC_BG_MARK_WORKER,
    FUNC_GOEXIT,
    FUNC_GOGO,
    FUNC_GOPANIC,
    FUNC_HANDLE_ASYNC_EVENT,
    FUNC_MCALL,
    FUNC_MORESTACK,
    FUNC_MSTART,
    FUNC_PANICWRAP,
    FUNC_RT0_GO,
    FUNC_RUN_FINALIZERS,
    FUNC_RUNTIME_MAIN,
    FUNC_SIGPANIC,
    FUNC_SYSTEMSTACK,
    FUNC_SYSTEMSTACK_SWITCH,
    FUNC_WRAPPER,
};
static const uint8_t func_ids_1_22[] = {
    FUNC_NORMAL,       FUNC_ABORT,
    FUNC_ASMCGOCALL,   FUNC_ASYNC_PREEMPT,
    FUNC_CGOCALLBACK,  FUNC_COROSTART,
    FUNC_DEBUG_CALL,   FUNC_GC_BG_MARK_WORKER,
    FUNC_GOEXIT,       FUNC_GOGO,
    FUNC_GOPANIC,      FUNC_HANDLE_ASYNC_EVENT,
    FUNC_MCALL,        FUNC_MORESTACK,
    FUNC_MSTART,       FUNC_PANICWRAP,
    FUNC_RT0_GO,       FUNC_RUN_FINALIZERS,
    FUNC_RUNTIME_MAIN, FUNC_SIGPANIC,
    FUNC_SYSTEMSTACK,  FUNC_SYSTEMSTACK_SWITCH,
    FUNC_WRAPPER,
};
static const uint8_t func_ids_1_25[] = {
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
    FUNC_MCALL,
    FUNC_MORESTACK,
    FUNC_MSTART,
    FUNC_PANICWRAP,
    FUNC_RT0_GO,
    FUNC_RUNTIME_MAIN,
    FUNC_RUN_FINALIZERS,
    FUNC_RUN_CLEANUPS,
    FUNC_SIGPANIC,
    FUNC_SYSTEMSTACK,
    FUNC_SYSTEMSTACK_SWITCH,
    FUNC_WRAPPER,
};

static const struct numbering {
    int from; // the first release that uses it
    const uint8_t *func_ids;
    size_t func_id_count;
} numberings[] = {
    {25, func_ids_1_25, COUNT_OF(func_ids_1_25)}, {22, func_ids_1_22, COUNT_OF(func_ids_1_22)},
    {18, func_ids_1_18, COUNT_OF(func_ids_1_18)}, {17, func_ids_1_17, COUNT_OF(func_ids_1_17)},
    {15, func_ids_1_15, COUNT_OF(func_ids_1_15)},
};

static const struct wording {
    int from;
    const char *const *texts;
    size_t count;
} wordings[] = {
    {26, wait_reasons_1_26, COUNT_OF(wait_reasons_1_26)},
    {25, wait_reasons_1_25, COUNT_OF(wait_reasons_1_25)},
    {24, wait_reasons_1_24, COUNT_OF(wait_reasons_1_24)},
    {23, wait_reasons_1_23, COUNT_OF(wait_reasons_1_23)},
    {22, wait_reasons_1_22, COUNT_OF(wait_reasons_1_22)},
    {20, wait_reasons_1_20, COUNT_OF(wait_reasons_1_20)},
    {15, wait_reasons_1_15, COUNT_OF(wait_reasons_1_15)},
};

static void fill_fields(struct go_release *release, unsigned column)
{
    for (size_t i = 0; i < GO_FIELD_COUNT; i++) {
        struct cell cell = layouts[i][column];
        release->fields[i] = (struct go_member){cell.offset, cell.size, cell.size != 0};
    }
}

static const char development[] = "devel ";

bool go_release_is_development(const char *version)
{
    return strncmp(version, development, sizeof development - 1) == 0;
}

/**
 * The 27 of "go1.27.3", "go1.27rc1", "devel go1.27-0123456789 Mon …", of a vendor's
 * "vendor-go1.27.3" and of "1.27.3".
 */
static bool parse_release(const char *version, int *out_minor, int *out_patch)
{
    const char *start = strstr(version, "go1.");
    bool apart = start && (start == version || strchr(" -_/+", start[-1]));
    if (!apart && strncmp(version, "1.", 2) != 0)
        return false;
    const char *digits = apart ? start + 4 : version + 2;
    char *end;
    long minor = strtol(digits, &end, 10);
    if (end == digits || labs(minor) > MINOR_MAX)
        return false;
    *out_minor = (int)minor;
    long patch = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    *out_patch = labs(patch) > PATCH_MAX ? PATCH_MAX : (int)patch;
    return true;
}

/** Experiments that leave alone what is read, or whose tables there are; without "no". */
static const char *const known_experiments[] = {
    "aliastypeparams",  "arenas",         "boringcrypto", "cgocheck2",
    "coverageredesign", "dwarf5",         "greenteagc",   "heapminimum512kib",
    "jsonv2",           "loopvar",        "rangefunc",    "randomizedheapbase64",
    "regabiargs",       "regabiwrappers", "spinbitmutex", "swissmap",
    "synchashtriemap",  "unified",
};

static bool is_known_experiment(const char *name, size_t size)
{
    bool negated = size > 2 && strncmp(name, "no", 2) == 0;
    const char *bare = negated ? name + 2 : name;
    size_t bare_size = negated ? size - 2 : size;
    for (size_t i = 0; i < COUNT_OF(known_experiments); i++)
        if (strlen(known_experiments[i]) == bare_size &&
            memcmp(known_experiments[i], bare, bare_size) == 0)
            return true;
    return false;
}

/** The first of "X:nodwarf5,staticlockranking" that the tables know nothing of; NULL if none. */
static const char *unknown_experiment(const char *version, size_t *size)
{
    const char *at = strstr(version, "X:");
    at = at ? at + 2 : "";
    while (*at) {
        *size = strcspn(at, ", ");
        if (*size && !is_known_experiment(at, *size))
            return at;
        at += *size + (at[*size] != '\0');
    }
    return NULL;
}

/** Why the tables may not fit; NULL: they do. The caller frees. */
static char *unknown_layouts(const char *version, int minor)
{
    struct buffer text = {0};
    size_t size = 0;
    const char *experiment = unknown_experiment(version, &size);
    if (minor == UNNAMED)
        buffer_printf(&text, "\"%s\" does not say which release of Go it is", version);
    else if (minor > NEWEST)
        buffer_printf(&text, "%s is newer than go1.%d, the newest release known", version, NEWEST);
    else if (go_release_is_development(version))
        buffer_printf(&text, "\"%s\" is a development version of go1.%d", version, minor);
    else if (experiment)
        buffer_printf(&text, "%s was built with the experiment %.*s", version, (int)size,
                      experiment);
    return text.data;
}

/** @param version  for the experiments that it names */
static struct go_release *new_release(int minor, const char *version, char *unknown)
{
    struct go_release *release = alloc_zeroed(1, sizeof *release);
    release->real_minor = minor;
    release->minor = minor > NEWEST ? NEWEST : minor;
    release->unknown = unknown;
    bool classic = minor < 24 || strstr(version, "noswissmap");
    release->classic_maps = classic;
    release->swiss_maps = !classic;
    bool other_m = minor == 24 && strstr(version, "nospinbitmutex");
    fill_fields(release, other_m ? NOSPINBITMUTEX : (unsigned)(release->minor - OLDEST));
    for (size_t i = 0; i < COUNT_OF(numberings); i++)
        if (release->minor >= numberings[i].from) {
            release->func_ids = numberings[i].func_ids;
            release->func_id_count = numberings[i].func_id_count;
            break;
        }
    return release;
}

void go_release_add_allp_snapshot(struct go_release *release)
{
    enum { PLACE = 296, SIZE = 24 }; // a slice in front of ncgocall
    static const char *const structs[GO_FIELD_COUNT] = {
#define FIELD(name, go_struct, path, need) [FIELD_##name] = go_struct,
#include "symbols/go_fields.def"
#undef FIELD
    };
    for (size_t i = 0; i < GO_FIELD_COUNT; i++)
        if (strcmp(structs[i], "runtime.m") == 0 && release->fields[i].offset >= PLACE)
            release->fields[i].offset += SIZE;
}

struct error *go_release_new(const char *version, struct go_release **out)
{
    int minor = UNNAMED, patch = 0;
    // "devel +0123456789 …", "devel gomote.…": most likely the tip of its time.
    if (!parse_release(version, &minor, &patch) && !go_release_is_development(version))
        return error_new(ERROR_UNSUPPORTED, "Go version \"%s\" is not one that can be read",
                         version);
    if (minor < OLDEST)
        return error_new(ERROR_UNSUPPORTED, "%s is older than go1.15, the oldest release read",
                         version);
    *out = new_release(minor, version, unknown_layouts(version, minor));
    // golang/go issue 64934: came with a mended bug, and went with the next.
    (*out)->tells_switches = minor == 21 && patch >= 2 && patch <= 6;
    return NULL;
}

struct go_release *go_release_of_minor(int minor, char *unknown)
{
    return new_release(minor, "", unknown);
}

void go_release_free(struct go_release *release)
{
    if (!release)
        return;
    free(release->unknown);
    free(release);
}

enum go_func_id go_release_func_id(const struct go_release *release, uint8_t number)
{
    return number < release->func_id_count ? release->func_ids[number] : FUNC_UNKNOWN;
}

const char *go_release_wait_reason(const struct go_release *release, uint8_t number)
{
    for (size_t i = 0; i < COUNT_OF(wordings); i++)
        if (release->minor >= wordings[i].from)
            return number < wordings[i].count ? wordings[i].texts[number] : NULL;
    return NULL;
}

bool go_field_read(const struct go_release *release, const struct address_space *space,
                   target_addr address, enum go_field_id field, uint64_t *out)
{
    struct go_member member = release->fields[field];
    uint8_t raw[8];
    *out = 0;
    if (member.present && member.size == sizeof raw && address &&
        address <= UINT64_MAX - member.offset) // nearly all are
        return address_space_try_u64(space, address + member.offset, out);
    size_t size = member.size < sizeof raw ? member.size : sizeof raw;
    if (!member.present || !address || address > UINT64_MAX - member.offset ||
        !address_space_try_read(space, address + member.offset, raw, size))
        return false;
    *out = load_uint(raw, size);
    return true;
}
