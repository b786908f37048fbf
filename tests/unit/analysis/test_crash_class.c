// SPDX-License-Identifier: MIT
#include "analysis/analysis_internal.h"
#include "support/support.h"

#include <signal.h>

static struct program no_program; // whose modules hold no pc
static struct module_list no_modules;

/** Frames up to panic's caller. */
#define RAISED_BY(function_, owner_)                                                               \
    {                                                                                              \
        {.function = "panic", .owner = OWNER_RUNTIME},                                             \
        {                                                                                          \
            .function = (function_), .owner = (owner_)                                             \
        }                                                                                          \
    }
#define USER RAISED_BY("main.main", OWNER_MAIN_MODULE)
#define RUNTIME RAISED_BY("runtime.panicmem", OWNER_RUNTIME)
#define NIL_TEXT "runtime error: invalid memory address or nil pointer dereference"

static const struct panic_case {
    const char *name;
    struct report_panic panics[3]; ///< oldest first, up to the first without text
    struct report_frame frames[2];
    uint64_t address;
    int64_t code;
    enum crash_class expected;
} panic_cases[] = {
    {"nil dereference", {{.text = NIL_TEXT}}, RUNTIME, 8, 1, CLASS_NIL_DEREFERENCE},
    {"far from nil", {{.text = NIL_TEXT}}, RUNTIME, 0xdeadbeef, 1, CLASS_INVALID_ADDRESS},
    {"address not told", {{.text = NIL_TEXT}}, RUNTIME, 0, 0x80, CLASS_INVALID_ADDRESS},
    {"the same text by the user", {{.text = NIL_TEXT}}, USER, 8, 1, CLASS_EXPLICIT_PANIC},
    {"index",
     {{.text = "runtime error: index out of range [5] with length 0"}},
     RUNTIME,
     0,
     0,
     CLASS_INDEX_OUT_OF_RANGE},
    {"slice",
     {{.text = "runtime error: slice bounds out of range [:5] with capacity 3"}},
     RUNTIME,
     0,
     0,
     CLASS_SLICE_BOUNDS},
    {"nil map", {{.text = "assignment to entry in nil map"}}, RUNTIME, 0, 0, CLASS_NIL_MAP_WRITE},
    {"divide",
     {{.text = "runtime error: integer divide by zero"}},
     RUNTIME,
     0,
     0,
     CLASS_DIVIDE_BY_ZERO},
    {"type assertion",
     {{.text = "interface conversion: interface {} is int, not string"}},
     RUNTIME,
     0,
     0,
     CLASS_TYPE_ASSERTION},
    {"closed channel",
     {{.text = "send on closed channel"}},
     RUNTIME,
     0,
     0,
     CLASS_SEND_CLOSED_CHANNEL},
    {"wait group",
     {{.text = "sync: negative WaitGroup counter"}},
     RAISED_BY("sync.(*WaitGroup).Add", OWNER_STANDARD_LIBRARY),
     0,
     0,
     CLASS_NEGATIVE_WAITGROUP},
    {"mutex",
     {{.text = "sync: RUnlock of unlocked RWMutex"}},
     RAISED_BY("internal/sync.(*Mutex).Unlock", OWNER_STANDARD_LIBRARY),
     0,
     0,
     CLASS_MUTEX_MISUSE},
    {"explicit", {{.text = "boom"}}, USER, 0, 0, CLASS_EXPLICIT_PANIC},
    {"explicit of the library",
     {{.text = "http: invalid pattern"}},
     RAISED_BY("net/http.(*ServeMux).Handle", OWNER_STANDARD_LIBRARY),
     0,
     0,
     CLASS_EXPLICIT_PANIC},
    {"nil, before 1.21", {{.text = "nil"}}, USER, 0, 0, CLASS_NIL_PANIC},
    {"nil, 1.21",
     {{.text = "panic called with nil argument (use GODEBUG=panicnil=1 to disable)"}},
     USER,
     0,
     0,
     CLASS_NIL_PANIC},
    {"raised again with the same value",
     {{.text = "runtime error: index out of range [5] with length 0", .recovered = true},
      {.text = "runtime error: index out of range [5] with length 0"}},
     USER,
     0,
     0,
     CLASS_INDEX_OUT_OF_RANGE},
    {"another one behind it",
     {{.text = "runtime error: index out of range [5] with length 0"}, {.text = "boom"}},
     USER,
     0,
     0,
     CLASS_EXPLICIT_PANIC},
    {"no panics", {{.text = NULL}}, USER, 0, 0, CLASS_UNKNOWN},
    {"none but recovered", {{.text = "boom", .recovered = true}}, USER, 0, 0, CLASS_UNKNOWN},
    {"a Goexit is no panic",
     {{.text = "boom"}, {.text = "nil", .goexit = true}},
     USER,
     0,
     0,
     CLASS_EXPLICIT_PANIC},
};

static void test_panic(void **state)
{
    const struct panic_case *row = *state;
    size_t count = 0;
    while (count < COUNT_OF(row->panics) && row->panics[count].text)
        count++;
    struct report_crash crash = {.panics = {(struct report_panic *)row->panics, count},
                                 .signal = {.present = row->code != 0,
                                            .address = row->address,
                                            .code = row->code,
                                            .number = SIGSEGV}};
    struct report_frame_list frames = {.items = (struct report_frame *)row->frames, .count = 2};
    struct analysis analysis = {.program = &no_program};
    struct crash_site site = {.kind = CRASH_PANIC};
    assert_int_equal(crash_class_of(&analysis, &site, &crash, &frames), row->expected);
    frames.count = 0; // whose frames are not in the core: nobody knows who raised it
    crash_class_of(&analysis, &site, &crash, &frames);
}

static const struct fatal_case {
    const char *name, *message;
    enum crash_class expected;
} fatal_cases[] = {
    {"deadlock", "fatal error: all goroutines are asleep - deadlock!", CLASS_DEADLOCK},
    {"Goexit", "fatal error: no goroutines (main called runtime.Goexit) - deadlock!",
     CLASS_GOEXIT_DEADLOCK},
    {"map", "fatal error: concurrent map read and map write", CLASS_CONCURRENT_MAP},
    {"maps", "fatal error: concurrent map writes", CLASS_CONCURRENT_MAP},
    {"stack", "fatal error: stack overflow", CLASS_STACK_OVERFLOW},
    {"memory", "fatal error: runtime: out of memory", CLASS_OUT_OF_MEMORY},
    {"arena memory", "fatal error: runtime: cannot allocate memory", CLASS_OUT_OF_MEMORY},
    {"threads", "fatal error: thread exhaustion", CLASS_THREAD_LIMIT},
    {"fault", "fatal error: fault", CLASS_INVALID_ADDRESS},
    {"mutex", "fatal error: sync: unlock of unlocked mutex", CLASS_MUTEX_MISUSE},
    {"behind a panic", "\tpanic: fatal error: stack overflow", CLASS_STACK_OVERFLOW},
    {"another", "fatal error: sweep increased allocation count", CLASS_RUNTIME_FAULT},
    {"an empty one", "fatal error: ", CLASS_RUNTIME_FAULT},
    {"no text", "", CLASS_UNKNOWN},
};

static void test_fatal(void **state)
{
    const struct fatal_case *row = *state;
    const char *lines[] = {"runtime: something", row->message};
    struct report_crash crash = {.message = {lines, 2}};
    struct analysis analysis = {.program = &no_program};
    struct crash_site site = {.kind = CRASH_FATAL_ERROR};
    struct report_frame_list frames = {0};
    assert_int_equal(crash_class_of(&analysis, &site, &crash, &frames), row->expected);
}

static const struct signal_case {
    const char *name;
    struct signal_info signal;
    bool has_signal;
    enum crash_class expected;
} signal_cases[] = {
    {"sent by another", {.number = SIGQUIT, .has_sender = true}, true, CLASS_EXTERNAL_SIGNAL},
    {"in C code", {.number = SIGSEGV, .pc = 0x7f0000000000}, true, CLASS_CGO_CRASH},
    {"not known", {0}, false, CLASS_UNKNOWN},
};

static void test_signal(void **state)
{
    const struct signal_case *row = *state;
    no_program.modules = &no_modules;
    struct analysis analysis = {.program = &no_program};
    struct crash_site site = {
        .kind = CRASH_SIGNAL, .has_signal = row->has_signal, .signal = row->signal};
    struct report_frame_list frames = {0};
    struct report_crash crash = {0};
    assert_int_equal(crash_class_of(&analysis, &site, &crash, &frames), row->expected);
    site.kind = CRASH_NONE;
    assert_int_equal(crash_class_of(&analysis, &site, &crash, &frames), CLASS_LIVE);
}

RUN_TABLES_MAIN(TABLE(panic_cases, test_panic), TABLE(fatal_cases, test_fatal),
                TABLE(signal_cases, test_signal))
