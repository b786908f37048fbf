// SPDX-License-Identifier: MIT
#include "memory.h"

#include "base/limits.h"

static struct go_type type_int32 = TYPE("int32", GO_INT32, 4, );
static struct go_type type_int = TYPE("int", GO_INT, 8, );
static struct go_type type_int64 = TYPE("int64", GO_INT64, 8, );
static struct go_type type_uint64 = TYPE("uint64", GO_UINT64, 8, );
static struct go_type type_bool = TYPE("bool", GO_BOOL, 1, );
static struct go_type type_uint8 = TYPE("uint8", GO_UINT8, 1, );
static struct go_type type_string = TYPE("string", GO_STRING, 16, );
static struct go_type type_words = TYPE("[]uint", GO_SLICE, 24, .elem = &type_uint64);
static struct go_type type_bytes = TYPE("[]uint8", GO_SLICE, 24, .elem = &type_uint8);
static struct go_type type_pointer = TYPE("*int", GO_POINTER, 8, .elem = &type_int);

#define NAMED(text, number, bytes, ...) TYPE(text, number, bytes, .named = true, __VA_ARGS__)
#define STRUCT(text, bytes, list)                                                                  \
    NAMED(text, GO_STRUCT, bytes, .fields = (list), .field_count = COUNT_OF(list))

static struct go_type type_duration = NAMED("time.Duration", GO_INT64, 8, );
static struct go_type type_errno = NAMED("syscall.Errno", GO_UINTPTR, 8, );
static struct go_type type_month = NAMED("time.Month", GO_INT, 8, );
static struct go_type type_weekday = NAMED("time.Weekday", GO_INT, 8, );
static struct go_type type_kind = NAMED("reflect.Kind", GO_UINT, 8, );
static struct go_type type_signal = NAMED("syscall.Signal", GO_INT, 8, );
static struct go_type type_level = NAMED("slog.Level", GO_INT, 8, .full_name = "log/slog.Level");
static struct go_type type_mode = NAMED("fs.FileMode", GO_UINT32, 4, .full_name = "io/fs.FileMode");
static struct go_type type_uuid = NAMED("uuid.UUID", GO_ARRAY, 16, .elem = &type_uint8,
                                        .length = 16, .full_name = "github.com/google/uuid.UUID");
static struct go_type type_plain = NAMED("runtime.plainError", GO_STRING, 16, );
static struct go_type type_runtime_error = NAMED("runtime.errorString", GO_STRING, 16, );
static struct go_type type_ip = NAMED("net.IP", GO_SLICE, 24, .elem = &type_uint8);
static struct go_type type_foreign =
    NAMED("errno.Errno", GO_UINTPTR, 8, .full_name = "example.com/errno.Errno");

static struct go_field time_fields[] = {{"wall", &type_uint64, 0, false},
                                        {"ext", &type_int64, 8, false},
                                        {"loc", &type_pointer, 16, false}};
static struct go_type type_time = STRUCT("time.Time", 24, time_fields);

/* An error whose Err is a syscall.Errno itself, for lack of an itab. */
static struct go_field path_fields[] = {{"Op", &type_string, 0, false},
                                        {"Path", &type_string, 16, false},
                                        {"Err", &type_errno, 32, false}};
static struct go_type type_path =
    NAMED("fs.PathError", GO_STRUCT, 40, .full_name = "io/fs.PathError", .fields = path_fields,
          .field_count = 3);
static struct go_type type_to_path =
    TYPE("*fs.PathError", GO_POINTER, 8, .full_name = "*io/fs.PathError", .elem = &type_path);

static struct go_field dns_fields[] = {{"Err", &type_string, 0, false},
                                       {"Name", &type_string, 16, false},
                                       {"Server", &type_string, 32, false}};
static struct go_type type_dns = STRUCT("net.DNSError", 48, dns_fields);
static struct go_type type_to_dns = TYPE("*net.DNSError", GO_POINTER, 8, .elem = &type_dns);

static struct go_field bounds_fields[] = {{"x", &type_int64, 0, false},
                                          {"y", &type_int, 8, false},
                                          {"signed", &type_bool, 16, false},
                                          {"code", &type_uint8, 17, false}};
static struct go_type type_bounds = STRUCT("runtime.boundsError", 24, bounds_fields);

static struct go_field mutex_fields[] = {{"state", &type_int32, 0, false},
                                         {"sema", &type_int32, 4, false}};
static struct go_field pool_fields[] = {{"local", &type_uint64, 0, false},
                                        {"localSize", &type_uint64, 8, false},
                                        {"victim", &type_uint64, 16, false},
                                        {"victimSize", &type_uint64, 24, false}};
static struct go_type type_pool = STRUCT("sync.Pool", 32, pool_fields);

static struct go_type type_mutex = STRUCT("sync.Mutex", 8, mutex_fields);
static struct go_field new_mutex_fields[] = {{"_", &type_int32, 0, false},
                                             {"mu", &type_mutex, 0, false}};
static struct go_type type_new_mutex = STRUCT("sync.Mutex", 8, new_mutex_fields);

static struct go_field int_fields[] = {{"neg", &type_bool, 0, false},
                                       {"abs", &type_words, 8, false}};
static struct go_type type_big = STRUCT("big.Int", 32, int_fields);

static struct go_field buffer_fields[] = {{"buf", &type_bytes, 0, false},
                                          {"off", &type_int, 24, false}};
static struct go_type type_buffer = STRUCT("bytes.Buffer", 32, buffer_fields);

static struct words_case {
    const char *name, *release;
    struct go_type *type;
    const char *memory, *text;
} words_cases[] = {
    {"0s", "go1.27", &type_duration, "0000000000000000", "0s"},
    {"nanoseconds", "go1.27", &type_duration, "e703000000000000", "999ns"},
    {"microseconds", "go1.27", &type_duration, "60e3160000000000", "1.5ms"},
    {"minus a second and a half", "go1.27", &type_duration, "00d197a6ffffffff", "-1.5s"},
    {"hours", "go1.27", &type_duration, "40bb4dca4b550000", "26h3m4.005s"},
    {"the least", "go1.27", &type_duration, "0000000000000080", "-2562047h47m16.854775808s"},
    {"the most", "go1.27", &type_duration, "ffffffffffffff7f", "2562047h47m16.854775807s"},
    {"the zero time", "go1.27", &type_time, "0000000000000000 0000000000000000 0000000000000000",
     "0001-01-01 00:00:00 +0000 UTC"},
    {"nanoseconds without zeros", "go1.27", &type_time,
     "000e270700000000 7e1173dd0e000000 0000000000000000", "2024-02-29 23:59:58.12 +0000 UTC"},
    {"with the monotonic clock", "go1.27", &type_time,
     "0100000000000080 15cd5b0700000000 0000000000000000",
     "1885-01-01 00:00:00.000000001 +0000 UTC m=+0.123456789"},

    {"a month", "go1.27", &type_month, "0c00000000000000", "December"},
    {"a month that is none", "go1.27", &type_month, "0d00000000000000", "13"},
    {"month 0", "go1.27", &type_month, "0000000000000000", "0"},
    {"a weekday", "go1.27", &type_weekday, "0000000000000000", "Sunday"},
    {"a weekday that is none", "go1.27", &type_weekday, "ffffffffffffffff", "-1"},
    {"a kind", "go1.27", &type_kind, "1500000000000000", "map"},
    {"a signal", "go1.27", &type_signal, "0f00000000000000", "terminated (SIGTERM)"},
    {"a signal that Go has no words for", "go1.27", &type_signal, "1700000000000000",
     "signal 23 (SIGURG)"},
    {"a real-time signal", "go1.27", &type_signal, "2200000000000000", "signal 34"},
    {"a negative signal", "go1.27", &type_signal, "ffffffffffffffff", "-1"},
    {"a level", "go1.27", &type_level, "0800000000000000", "ERROR"},
    {"a level between", "go1.27", &type_level, "0600000000000000", "WARN+2"},
    {"a level below", "go1.27", &type_level, "f8ffffffffffffff", "DEBUG-4"},
    {"a level above debug", "go1.27", &type_level, "ffffffffffffffff", "DEBUG+3"},
    {"a mode", "go1.27", &type_mode, "a4010000", "-rw-r--r--"},
    {"a directory's mode", "go1.27", &type_mode, "ff011080", "dtrwxrwxrwx"},
    {"a UUID", "go1.27", &type_uuid, "6ba7b8109dad11d180b400c04fd430c8",
     "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},

    {"errno by its name", "go1.27", &type_errno, "0200000000000000",
     "no such file or directory (ENOENT)"},
    {"errno without", "go1.27", &type_errno, "e703000000000000", "errno 999"},
    {"errno 0", "go1.27", &type_errno, "0000000000000000", "errno 0"},
    {"another's Errno", "go1.27", &type_foreign, "0200000000000000", "0x2"},
    {"plainError", "go1.27", &type_plain, "1000010000000000 0300000000000000 616263", "abc"},
    {"errorString", "go1.27", &type_runtime_error, "1000010000000000 0300000000000000 616263",
     "runtime error: abc"},
    {"an error that wraps one", "go1.27", &type_to_path,
     "0800010000000000 3000010000000000 0400000000000000 3400010000000000 0200000000000000"
     "0d00000000000000 6f70656e 2f78",
     "open /x: permission denied"},
    {"an error whose string is not there", "go1.27", &type_to_path,
     "0800010000000000 0000020000000000 0400000000000000 3000010000000000 0200000000000000"
     "0d00000000000000 2f78",
     "&{Op: <not in the core>, Path: \"/x\", Err: permission denied (EACCES)}"},
    {"a nil pointer", "go1.27", &type_to_path, "0000000000000000", "nil"},
    {"a part in brackets", "go1.27", &type_to_dns,
     "0800010000000000 3800010000000000 0100000000000000 3900010000000000 0100000000000000"
     "3a00010000000000 0100000000000000 656e73",
     "lookup n on s: e"},
    {"a part in brackets that is empty", "go1.27", &type_to_dns,
     "0800010000000000 3800010000000000 0100000000000000 3900010000000000 0100000000000000"
     "0000000000000000 0000000000000000 656e",
     "lookup n: e"},
    {"index", "go1.27", &type_bounds, "0500000000000000 0000000000000000 0100",
     "runtime error: index out of range [5] with length 0"},
    {"negative index", "go1.27", &type_bounds, "ffffffffffffffff 0300000000000000 0100",
     "runtime error: index out of range [-1]"},
    {"unsigned index", "go1.27", &type_bounds, "ffffffffffffffff 0300000000000000 0000",
     "runtime error: index out of range [18446744073709551615] with length 3"},
    {"slice bounds", "go1.27", &type_bounds, "0500000000000000 0300000000000000 0103",
     "runtime error: slice bounds out of range [5:3]"},
    {"conversion", "go1.27", &type_bounds, "0400000000000000 0200000000000000 0108",
     "runtime error: cannot convert slice with length 2 to array or pointer to array with length "
     "4"},
    {"conversion of Go 1.19", "go1.19", &type_bounds, "0400000000000000 0200000000000000 0108",
     "runtime error: cannot convert slice with length 2 to pointer to array with length 4"},
    {"a code that none has", "go1.27", &type_bounds, "0400000000000000 0200000000000000 0109",
     "{x: 4, y: 2, signed: true, code: 9}"},

    {"empty pool", "go1.27", &type_pool,
     "0000000000000000 0000000000000000 0000000000000000 0000000000000000", "0 items"},
    {"pool", "go1.27", &type_pool,
     "2000010000000000 0100000000000000 0000000000000000 0000000000000000 "
     "0100000000000000 0000000000000000 4000010000000000 4000010000000000 "
     "0200000005000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000",
     "4 items"},
    {"pool whose items are old", "go1.27", &type_pool,
     "0000000000000000 0000000000000000 2000010000000000 0100000000000000 "
     "0100000000000000 0000000000000000 0000000000000000 0000000000000000",
     "1 item, 1 from before the last collection"},
    {"pool that is cut", "go1.27", &type_pool,
     "0000020000000000 0100000000000000 0000000000000000 0000000000000000",
     "{local: 131072, localSize: 1, victim: 0, victimSize: 0}"},
    {"mutex", "go1.22", &type_mutex, "0000000000000000", "unlocked"},
    {"mutex with those who wait", "go1.22", &type_mutex, "1500000000000000",
     "locked, 2 waiting, starving"},
    {"mutex of Go 1.24", "go1.27", &type_new_mutex, "0100000000000000", "locked"},
    {"IPv4", "go1.27", &type_ip, "1800010000000000 0400000000000000 0400000000000000 0a010203",
     "10.1.2.3"},
    {"IPv4 in 16 bytes", "go1.27", &type_ip,
     "1800010000000000 1000000000000000 1000000000000000 00000000000000000000ffff0a010203",
     "10.1.2.3"},
    {"IPv6, the first of the longest runs", "go1.27", &type_ip,
     "1800010000000000 1000000000000000 1000000000000000 20010db8000000000001000000000001",
     "2001:db8::1:0:0:1"},
    {"IPv6, one zero stays", "go1.27", &type_ip,
     "1800010000000000 1000000000000000 1000000000000000 00010000000100010001000100010001",
     "1:0:1:1:1:1:1:1"},
    {"IPv6, all zero", "go1.27", &type_ip,
     "1800010000000000 1000000000000000 1000000000000000 00000000000000000000000000000000", "::"},
    {"IPv6, zeros at the end", "go1.27", &type_ip,
     "1800010000000000 1000000000000000 1000000000000000 fe800000000000000000000000000000",
     "fe80::"},
    {"no IP", "go1.27", &type_ip, "1800010000000000 0300000000000000 0300000000000000 0a0102",
     "[10, 1, 2]"},
    {"big.Int 0", "go1.27", &type_big,
     "0000000000000000 0000000000000000 0000000000000000 0000000000000000", "0"},
    {"big.Int of two words", "go1.27", &type_big,
     "0100000000000000 2000010000000000 0200000000000000 0200000000000000"
     "0000000000000000 0100000000000000",
     "-18446744073709551616"},
    {"a buffer's unread part", "go1.27", &type_buffer,
     "2000010000000000 0500000000000000 0500000000000000 0200000000000000 68656c6c6f", "\"llo\""},
};

static void test_words(void **state)
{
    const struct words_case *row = *state;
    // big.Int's package is math/big, as its full name says
    type_big.full_name = "math/big.Int";
    AUTO(target) target = target_new(bytes_from_hex(row->memory), row->release, usual_limits());
    assert_value(target, row->type, at(MEMORY), row->text);
}

/** Errors that wrap one another without end: a ring of joinErrors. */
static void test_ring(void **state)
{
    (void)state;
    static struct go_type type_join,
        type_to_join = TYPE("*errors.joinError", GO_POINTER, 8, .elem = &type_join);
    static struct go_type type_list = TYPE("[]error", GO_SLICE, 24, .elem = &type_to_join);
    static struct go_field join_fields[] = {{"errs", &type_list, 0, false}};
    type_join = (struct go_type)STRUCT("errors.joinError", 24, join_fields);
    struct buffer memory = {0};
    put_u64(&memory, MEMORY + 8);
    put_u64(&memory, MEMORY); // errs: one element, the pointer at MEMORY
    put_u64(&memory, 1);
    put_u64(&memory, 1);
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.27", usual_limits());
    assert_value(target, &type_to_join, at(MEMORY), "&{errs: [<cycle>]}");
}

RUN_TABLES_MAIN(TABLE(words_cases, test_words), SINGLE(test_ring))
