// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <string.h>

/* Numbers that people know by a name: what String() gives, where the type has one. */

const char *const reflect_kind_names[] = {
    "invalid", "bool",      "int",        "int8",   "int16",  "int32",          "int64",
    "uint",    "uint8",     "uint16",     "uint32", "uint64", "uintptr",        "float32",
    "float64", "complex64", "complex128", "array",  "chan",   "func",           "interface",
    "map",     "ptr",       "slice",      "string", "struct", "unsafe.Pointer",
};
const size_t reflect_kind_count = COUNT_OF(reflect_kind_names);

/** Linux' numbers, and Go's words for those that it has (syscall/zerrors_linux_amd64.go). */
static const struct {
    const char *name, *text;
} signals[] = {
    [1] = {"SIGHUP", "hangup"},
    [2] = {"SIGINT", "interrupt"},
    [3] = {"SIGQUIT", "quit"},
    [4] = {"SIGILL", "illegal instruction"},
    [5] = {"SIGTRAP", "trace/breakpoint trap"},
    [6] = {"SIGABRT", "aborted"},
    [7] = {"SIGBUS", "bus error"},
    [8] = {"SIGFPE", "floating point exception"},
    [9] = {"SIGKILL", "killed"},
    [10] = {"SIGUSR1", "user defined signal 1"},
    [11] = {"SIGSEGV", "segmentation fault"},
    [12] = {"SIGUSR2", "user defined signal 2"},
    [13] = {"SIGPIPE", "broken pipe"},
    [14] = {"SIGALRM", "alarm clock"},
    [15] = {"SIGTERM", "terminated"},
    [16] = {"SIGSTKFLT", NULL},
    [17] = {"SIGCHLD", NULL},
    [18] = {"SIGCONT", NULL},
    [19] = {"SIGSTOP", NULL},
    [20] = {"SIGTSTP", NULL},
    [21] = {"SIGTTIN", NULL},
    [22] = {"SIGTTOU", NULL},
    [23] = {"SIGURG", NULL},
    [24] = {"SIGXCPU", NULL},
    [25] = {"SIGXFSZ", NULL},
    [26] = {"SIGVTALRM", NULL},
    [27] = {"SIGPROF", NULL},
    [28] = {"SIGWINCH", NULL},
    [29] = {"SIGIO", NULL},
    [30] = {"SIGPWR", NULL},
    [31] = {"SIGSYS", NULL},
};

void describe_signal_number(struct description *description, unsigned number)
{
    if (number < COUNT_OF(signals) && signals[number].text)
        description_text(description, "%s", signals[number].text);
    else
        description_text(description, "signal %u", number);
}

static bool describe_signal(struct description *description, struct go_type *type,
                            struct storage storage)
{
    uint64_t number = 0;
    if (!description_integer(description, type, storage, &number) || number > INT32_MAX)
        return false;
    describe_signal_number(description, (unsigned)number);
    return true;
}

static bool describe_signal_with_name(struct description *description, struct go_type *type,
                                      struct storage storage)
{
    uint64_t number = 0;
    if (!describe_signal(description, type, storage) ||
        !description_integer(description, type, storage, &number))
        return false;
    if (number < COUNT_OF(signals) && signals[number].name)
        description_text(description, " (%s)", signals[number].name);
    return true;
}

/** The name of a number in a table, of which the first stands for `first`. */
static bool describe_in(struct description *description, struct go_type *type,
                        struct storage storage, const char *const *names, size_t count,
                        uint64_t first)
{
    uint64_t number = 0;
    if (!description_integer(description, type, storage, &number) || number - first >= count)
        return false;
    description_text(description, "%s", names[number - first]);
    return true;
}

static bool describe_month(struct description *description, struct go_type *type,
                           struct storage storage)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    return describe_in(description, type, storage, names, COUNT_OF(names), 1);
}

static bool describe_weekday(struct description *description, struct go_type *type,
                             struct storage storage)
{
    static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    return describe_in(description, type, storage, names, COUNT_OF(names), 0);
}

static bool describe_reflect_kind(struct description *description, struct go_type *type,
                                  struct storage storage)
{
    return describe_in(description, type, storage, reflect_kind_names, reflect_kind_count, 0);
}

static bool describe_same_site(struct description *description, struct go_type *type,
                               struct storage storage)
{
    static const char *const names[] = {"SameSiteDefaultMode", "SameSiteLaxMode",
                                        "SameSiteStrictMode", "SameSiteNoneMode"};
    return describe_in(description, type, storage, names, COUNT_OF(names), 1);
}

static bool describe_connection(struct description *description, struct go_type *type,
                                struct storage storage)
{
    static const char *const names[] = {"new", "active", "idle", "hijacked", "closed"};
    return describe_in(description, type, storage, names, COUNT_OF(names), 0);
}

/** Go's log/slog/level.go: the level below and what it lies above it. */
static bool describe_level(struct description *description, struct go_type *type,
                           struct storage storage)
{
    static const struct {
        const char *name;
        int64_t level;
    } levels[] = {{"ERROR", 8}, {"WARN", 4}, {"INFO", 0}, {"DEBUG", INT64_MIN}};
    uint64_t number = 0;
    if (!description_integer(description, type, storage, &number))
        return false;
    int64_t level = (int64_t)number;
    size_t i = 0;
    while (level < levels[i].level)
        i++;
    int64_t distance = levels[i].level == INT64_MIN ? level + 4 : level - levels[i].level;
    if (level < INT32_MIN || level > INT32_MAX)
        return false;
    description_text(description, distance ? "%s%+" PRId64 : "%s", levels[i].name, distance);
    return true;
}

/** Go's io/fs/fs.go, FileMode.String: a letter for each bit from the top, then the permissions. */
static bool describe_mode(struct description *description, struct go_type *type,
                          struct storage storage)
{
    static const char letters[] = "dalTLDpSugct?", permissions[] = "rwxrwxrwx";
    uint64_t mode = 0;
    char text[32];
    size_t size = 0;
    if (!description_integer(description, type, storage, &mode))
        return false;
    for (unsigned i = 0; letters[i]; i++)
        if (mode >> (31 - i) & 1)
            text[size++] = letters[i];
    if (size == 0)
        text[size++] = '-';
    for (unsigned i = 0; permissions[i]; i++)
        text[size++] = mode >> (8 - i) & 1 ? permissions[i] : '-';
    description_bytes(description, text, size);
    return true;
}

/** An array of bytes in hex, with a minus in front of the bytes that mark says. */
static bool describe_hex(struct description *description, const struct go_type *type,
                         struct storage storage, size_t size, uint32_t dashes)
{
    uint8_t bytes[16];
    AUTO_TEXT text = {0};
    if (type->size != size || size > sizeof bytes ||
        storage_load(description_reader(description), storage, 0, bytes, size))
        return false;
    for (size_t i = 0; i < size; i++)
        buffer_printf(&text, dashes >> i & 1 ? "-%02x" : "%02x", bytes[i]);
    description_bytes(description, buffer_text(&text), text.size);
    return true;
}

static bool describe_uuid(struct description *description, struct go_type *type,
                          struct storage storage)
{
    return describe_hex(description, type, storage, 16, 1U << 4 | 1U << 6 | 1U << 8 | 1U << 10);
}

static bool describe_object_id(struct description *description, struct go_type *type,
                               struct storage storage)
{
    return describe_hex(description, type, storage, 12, 0);
}

static const struct well_known rows[] = {
    {"time.Month", NULL, describe_month, NULL},
    {"time.Weekday", NULL, describe_weekday, NULL},
    {"reflect.Kind", NULL, describe_reflect_kind, NULL},
    {"syscall.Signal", NULL, describe_signal, describe_signal_with_name},
    {"io/fs.FileMode", NULL, describe_mode, NULL},
    {"os.FileMode", NULL, describe_mode, NULL}, // Go 1.15
    {"net/http.SameSite", NULL, describe_same_site, NULL},
    {"net/http.ConnState", NULL, describe_connection, NULL},
    {"log/slog.Level", NULL, describe_level, NULL},
    {"github.com/google/uuid.UUID", NULL, describe_uuid, NULL},
    {"github.com/gofrs/uuid.UUID", NULL, describe_uuid, NULL},
    {"github.com/satori/go.uuid.UUID", NULL, describe_uuid, NULL},
    {"go.mongodb.org/mongo-driver/bson/primitive.ObjectID", NULL, describe_object_id, NULL},
    {"go.mongodb.org/mongo-driver/v2/bson.ObjectID", NULL, describe_object_id, NULL},
};
const struct well_known_list well_known_names = {rows, COUNT_OF(rows)};
