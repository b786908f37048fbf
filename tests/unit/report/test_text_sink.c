// SPDX-License-Identifier: MIT
#include "sample.h"

#include "report/text_internal.h"

#include <string.h>

static const struct text_options usual = {.max_groups = 2};
static const struct text_options all_of_it = {.full = true, .max_groups = 2};

/** The caller frees. */
static char *print_sample(const struct sample *report, bool full)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    feed(text_sink_new(out, full ? &all_of_it : &usual), report);
    fclose(out);
    return printed;
}

static void assert_report(const struct sample *report, bool full, const char *expected)
{
    char *printed = print_sample(report, full);
    assert_string_equal(printed, expected);
    free(printed);
}

/** Leaves the marks for terminals out: what a file gets. */
static void make_plain(struct buffer *text)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    text_style_write(out, text, NULL);
    fclose(out);
    buffer_truncate(text, 0);
    buffer_append(text, printed, size);
    free(printed);
}

static void assert_plain(struct buffer *text, const char *expected)
{
    make_plain(text);
    assert_string_equal(buffer_text(text), expected);
}

/** The report of the contract. */
static void test_crash(void **state)
{
    (void)state;
    assert_report(
        &sample, false,
        "panic: runtime error: invalid memory address or nil pointer dereference\n"
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4b67f0]\n"
        "\n"
        "Cause      user is nil (*main.User): main.main read its field Name [certain]\n"
        "Origin     user := users[999], shop/main.go:24: users has no key 999 (1 entry)\n"
        "Where      main.main, shop/main.go:25, goroutine 1, frame 3\n"
        "Evidence   the instruction at pc read address 0x0 through user\n"
        "Advice     a map lookup gives nil for a missing key: take `user, ok := users[999]`, "
        "handle !ok\n"
        "Program    example.com/shop v1.4.2 (9f3c1d2, modified), go1.27.3 linux/amd64, up about 41 "
        "minutes\n"
        "Signature  5f2c1e7a90b3d4c8\n"
        "\n"
        "    24      user := users[999]\n"
        " >  25      fmt.Println(user.Name)\n"
        "    26  }\n"
        "\n"
        "Goroutine 1 [running], crashed (3 frames of the panic itself not shown)\n"
        "  #3 main.main()\n"
        "        shop/main.go:25 +0x230\n"
        "          user   *main.User = nil\n"
        "          users  map[int]*main.User = {1: &{Name: \"Alice\", Age: 30}}\n"
        "  #4 runtime.main()\n"
        "        runtime/proc.go:302 +0x387\n"
        "\n"
        "Other goroutines (1; 1 of the runtime's own not shown)\n"
        "  1 x [chan receive, 41 minutes]  main.worker, shop/pool.go:31, created by main.start in "
        "goroutine 1\n"
        "      id 18\n"
        "\n"
        "Files\n"
        "  binary     ./shop, build id 7d01\n"
        "  core       core.10303, pid 10303, 5 threads, 46 MB, complete (dumped by the SIGABRT "
        "that GOTRACEBACK=crash sends)\n");
}

/** A program that was stopped from outside may have been idle since its newest time stamp. */
static void test_uptime(void **state)
{
    (void)state;
    static const struct {
        enum crash_kind kind;
        enum crash_class class;
        uint64_t uptime_ns;
        const char *said;
    } rows[] = {
        {CRASH_PANIC, CLASS_NIL_DEREFERENCE, 2470000000000, "/amd64, up about 41 minutes\n"},
        {CRASH_PANIC, CLASS_NIL_DEREFERENCE, 400000000, "/amd64, up less than a second\n"},
        {CRASH_SIGNAL, CLASS_EXTERNAL_SIGNAL, 2470000000000, "/amd64, up at least 41 minutes\n"},
        {CRASH_SIGNAL, CLASS_EXTERNAL_SIGNAL, 400000000, "/amd64\n"},
        {CRASH_NONE, CLASS_LIVE, 2470000000000, "/amd64, up at least 41 minutes\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sample report = sample;
        report.head.crash.kind = rows[i].kind;
        report.head.crash.class = rows[i].class;
        report.head.runtime.uptime_ns = rows[i].uptime_ns;
        char *printed = print_sample(&report, false);
        assert_non_null(strstr(printed, rows[i].said));
        free(printed);
    }
}

static void test_full(void **state)
{
    (void)state;
    struct sample report = sample;
    report.goroutine_count = 1;
    report.head.crash.message.count = 1;
    report.head.crash.cause.present = false;
    report.head.crash.advice.count = 0;
    report.tail = (struct report_tail){0};
    assert_report(&report, true,
                  "panic: runtime error: invalid memory address or nil pointer dereference\n"
                  "\n"
                  "Where      main.main, shop/main.go:25, goroutine 1, frame 3\n"
                  "Program    example.com/shop v1.4.2 (9f3c1d2, modified), go1.27.3 linux/amd64, "
                  "up about 41 minutes\n"
                  "Signature  5f2c1e7a90b3d4c8\n"
                  "\n"
                  "    24      user := users[999]\n"
                  " >  25      fmt.Println(user.Name)\n"
                  "    26  }\n"
                  "\n"
                  "Goroutine 1 [running], crashed\n"
                  "  #0 panic({0x563ae8?, 0x5771d0?})\n"
                  "        runtime/panic.go:878 +0x16f\n"
                  "  #1 runtime.panicmem(...)\n"
                  "        runtime/panic.go:336\n"
                  "  #2 runtime.sigpanic()\n"
                  "        runtime/signal_unix.go:931 +0x245\n"
                  "  #3 main.main()\n"
                  "        shop/main.go:25 +0x230\n"
                  "          user   *main.User = nil\n"
                  "          users  map[int]*main.User = {1: &{Name: \"Alice\", Age: 30}}\n"
                  "  #4 runtime.main()\n"
                  "        runtime/proc.go:302 +0x387\n"
                  "  #5 runtime.goexit({})\n"
                  "        runtime/asm_amd64.s:1264 +0x1\n"
                  "\n"
                  "Files\n"
                  "  binary     ./shop, build id 7d01\n"
                  "  core       core.10303, pid 10303, 5 threads, 46 MB, complete (dumped by the "
                  "SIGABRT that GOTRACEBACK=crash sends)\n");
}

/** A service that recovered a panic and hangs: what was noticed comes first. */
static void test_live(void **state)
{
    (void)state;
    const struct report_goroutine one = {
        .id = 29,
        .focus = true,
        .status = "waiting",
        .wait_reason = "sleep",
        .panics = LIST(
            struct report_panic,
            {.text = "runtime error: index out of range [5] with length 0", .recovered = true}),
        .frames = LIST(struct report_frame,
                       {.function = "time.Sleep",
                        .owner = OWNER_RUNTIME,
                        .runtime = true,
                        .short_file = "runtime/time.go",
                        .line = 364,
                        .arguments_text = "0x1"},
                       {.function = "main.criticalOperation",
                        .owner = OWNER_MAIN_MODULE,
                        .short_file = "service/main.go",
                        .line = 36,
                        .has_offset = true,
                        .offset = 0x28d,
                        .arguments_text = "{0x8c1876, 0xd}",
                        .variables_read = true,
                        .arguments = VALUES(STRING_VALUE("input", "trigger_panic")),
                        .locals = VALUES(VALUE(.name = "data", .type = "[]int", .kind = VALUE_SLICE,
                                               .nil = true)),
                        .variables_note = "1 variable optimized out here: n"}),
        .created_by = {.function = "net/http.(*Server).Serve",
                       .goroutine = 8,
                       .file = "net/http/server.go",
                       .line = 3604,
                       .offset = 0xaa9},
    };
    const struct sample report = {
        .head = {.binary = {.path = "./service", .arch = "amd64", .go_version = "go1.27"},
                 .core = {.path = "core.1",
                          .truncated = true,
                          .missing_bytes = 1234567,
                          .compression = "zstd",
                          .size = 5200},
                 .crash = {.kind = CRASH_NONE, .class = CLASS_LIVE}},
        .goroutines = &one,
        .goroutine_count = 1,
        .tail = {.groups =
                     (struct report_group[]){
                         {.ids = IDS(29), .status = "waiting", .wait_reason = "sleep"}},
                 .group_count = 1,
                 .findings = (struct report_finding[]){{
                     .kind = FINDING_RECOVERED_PANIC,
                     .summary = "goroutine 29 recovered a panic",
                     .confidence = CONFIDENCE_CERTAIN,
                     .evidence = STRINGS("main.reportPanic is still running"),
                 }},
                 .finding_count = 1,
                 .warnings = STRINGS("the core is cut: 1,234,567 bytes are missing")},
    };
    assert_report(&report, false,
                  "no crash: the process was alive when the core was taken\n"
                  "\n"
                  "Program    service, go1.27 linux/amd64\n"
                  "\n"
                  "Findings\n"
                  "  goroutine 29 recovered a panic [certain]\n"
                  "          main.reportPanic is still running\n"
                  "\n"
                  "Goroutine 29 [sleep], recovered panic: runtime error: index out of range [5] "
                  "with length 0 (1 frame of the runtime not shown)\n"
                  "  #1 main.criticalOperation(…)\n"
                  "        service/main.go:36 +0x28d\n"
                  "          input  string = \"trigger_panic\"\n"
                  "          data   []int = nil\n"
                  "          1 variable optimized out here: n\n"
                  "  created by net/http.(*Server).Serve in goroutine 8\n"
                  "        net/http/server.go:3604 +0xaa9\n"
                  "\n"
                  "Files\n"
                  "  binary     ./service, not known whether it is the core's, no DWARF and no "
                  "symbol table\n"
                  "  core       core.1, 5.2 kB of zstd, cut short: 1.2 MB missing\n"
                  "\n"
                  "Warnings\n"
                  "  the core is cut: 1,234,567 bytes are missing\n");
}

/** A deadlock: no goroutine crashed, those that the cause names are shown. */
static void test_deadlock(void **state)
{
    (void)state;
    struct sample report = {
        .head = {.binary = {.path = "/usr/bin/app", .has_dwarf = true, .matches_core = MATCHES_YES},
                 .core = {.path = "core",
                          .signal = {.present = true, .number = 11, .name = "SIGSEGV"}},
                 .crash = {.kind = CRASH_FATAL_ERROR,
                           .class = CLASS_DEADLOCK,
                           .message = STRINGS("fatal error: all goroutines are asleep - deadlock!"),
                           .cause = {.present = true,
                                     .summary = "goroutine 18 waits for a channel that nobody "
                                                "else holds",
                                     .confidence = CONFIDENCE_LIKELY,
                                     .goroutines = IDS(18)}}},
        .goroutines = sample_goroutines,
        .goroutine_count = 3,
    };
    struct report_goroutine goroutines[3];
    memcpy(goroutines, sample_goroutines, sizeof goroutines);
    goroutines[0].crashed = false;
    goroutines[0].panics.count = 0;
    report.goroutines = goroutines;
    assert_report(&report, false,
                  "fatal error: all goroutines are asleep - deadlock!\n"
                  "\n"
                  "Cause      goroutine 18 waits for a channel that nobody else holds [likely]\n"
                  "Where      main.worker, shop/pool.go:31, goroutine 18, frame 1\n"
                  "Program    app\n"
                  "\n"
                  "Goroutine 18 [chan receive, 41 minutes] (1 frame of the runtime not shown)\n"
                  "  #1 main.worker(0xc000022070)\n"
                  "        shop/pool.go:31 +0x25\n"
                  "  created by main.start in goroutine 1\n"
                  "        shop/pool.go:20 +0x66\n"
                  "\n"
                  "Files\n"
                  "  binary     /usr/bin/app\n"
                  "  core       core, complete (dumped by SIGSEGV)\n");
}

// One goroutine as it is printed.
static struct goroutine_case {
    const char *name;
    struct report_goroutine goroutine;
    const char *text;
} goroutine_cases[] = {
    {"shadowed, names padded",
     {.id = 5,
      .status = "running",
      .frames = LIST(
          struct report_frame,
          {.function = "main.f",
           .owner = OWNER_MAIN_MODULE,
           .arguments_text = "",
           .variables_read = true,
           .locals = VALUES(
               INT_VALUE("x", 1),
               VALUE(.name = "x", .type = "int", .kind = VALUE_INT, .bits = 2, .shadowed = true),
               VALUE(.name = "größe", .type = "int", .unreadable = "optimized out here"))})},
     "\nGoroutine 5 [running]\n"
     "  #0 main.f()\n"
     "          x             int = 1\n"
     "          x (shadowed)  int = 2\n"
     "          größe         int = <optimized out here>\n"},
    {"errors with what they wrap, but not of one that is redacted",
     {.id = 5,
      .status = "running",
      .frames = LIST(
          struct report_frame,
          {.function = "main.f",
           .owner = OWNER_MAIN_MODULE,
           .arguments_text = "",
           .variables_read = true,
           .locals = VALUES(
               VALUE(.name = "err", .type = "*fmt.wrapError", .kind = VALUE_POINTER,
                     .summary = "load: no such file",
                     .wraps = (struct wrapped_error[]){{"*fs.PathError", NULL, true},
                                                       {"syscall.Errno", "2 (ENOENT)", false}},
                     .wrap_count = 2),
               VALUE(.name = "key", .type = "*fmt.wrapError", .kind = VALUE_POINTER,
                     .redacted = true, .wraps = (struct wrapped_error[]){{.type = "main.secret"}},
                     .wrap_count = 1))})},
     "\nGoroutine 5 [running]\n"
     "  #0 main.f()\n"
     "          err  *fmt.wrapError = load: no such file\n"
     "              wraps *fs.PathError [likely], syscall.Errno 2 (ENOENT)\n"
     "          key  *fmt.wrapError = <redacted>\n"},
    {"other modules show their arguments, the standard library nothing",
     {.id = 5,
      .status = "running",
      .frames = LIST(struct report_frame,
                     {.function = "net/http.serve",
                      .owner = OWNER_STANDARD_LIBRARY,
                      .arguments_text = "0x5",
                      .variables_read = true,
                      .arguments = VALUES(INT_VALUE("n", 5)),
                      .locals = VALUES(INT_VALUE("m", 6)),
                      .variables_note = "1 variable optimized out here: n"},
                     {.function = "example.com/lib.F",
                      .owner = OWNER_OTHER_MODULE,
                      .arguments_text = "0x5",
                      .variables_read = true,
                      .arguments = VALUES(INT_VALUE("n", 5)),
                      .locals = VALUES(INT_VALUE("m", 6))})},
     "\nGoroutine 5 [running]\n"
     "  #0 net/http.serve(0x5)\n"
     "  #1 example.com/lib.F(…)\n"
     "          n  int = 5\n"},
    {"C function, pc without a file",
     {.id = 5,
      .status = "syscall",
      .locked_to_thread = true,
      .frames = LIST(struct report_frame, {.function = "abort",
                                           .owner = OWNER_C,
                                           .native = true,
                                           .has_pc = true,
                                           .pc = 0x7f0000001000})},
     "\nGoroutine 5 [syscall], locked to its thread\n"
     "  #0 abort\n"
     "        pc 0x7f0000001000\n"},
    {"frames that were not kept count",
     {.id = 5,
      .status = "running",
      .frames = {.items = (struct report_frame[]){{.function = "main.f", .arguments_text = ""},
                                                  {.function = "main.main", .arguments_text = ""}},
                 .count = 2,
                 .elided = 1234,
                 .elided_after = 1}},
     "\nGoroutine 5 [running]\n"
     "  #0 main.f()\n"
     "  … 1,234 frames not shown\n"
     "  #1235 main.main()\n"},
    {"stack that cannot be read to its end",
     {.id = 5,
      .status = "waiting",
      .wait_reason = "select",
      .has_wait = true,
      .wait_ns = 61000000000,
      .truncated = "address 0xc000012fe0 is not in the core",
      .waiting_on = {.kind = "select", .summary = "receives from done (chan struct {} 0/0)"},
      .frames = LIST(struct report_frame, {.function = "main.f", .arguments_text = ""})},
     "\nGoroutine 5 [select, 1 minute]\n"
     "  receives from done (chan struct {} 0/0)\n"
     "  #0 main.f()\n"
     "  the stack could not be read further: address 0xc000012fe0 is not in the core\n"},
    {"no stack",
     {.id = 5,
      .status = "running",
      .stack_unavailable = "goroutine running on other thread; stack unavailable"},
     "\nGoroutine 5 [running]\n"
     "  goroutine running on other thread; stack unavailable\n"},
    {"all that it has are runtime frames",
     {.id = 5,
      .status = "runnable",
      .frames =
          LIST(struct report_frame,
               {.function = "runtime.goexit", .owner = OWNER_RUNTIME, .arguments_text = "{}"})},
     "\nGoroutine 5 [runnable]\n"
     "  #0 runtime.goexit({})\n"},
    {"wrappers, and the way from a fault to its panic",
     {.id = 5,
      .status = "running",
      .frames =
          LIST(struct report_frame,
               {.function = "main.recoverer", .owner = OWNER_MAIN_MODULE, .arguments_text = ""},
               {.function = "main.f.deferwrap1",
                .owner = OWNER_MAIN_MODULE,
                .runtime = true,
                .arguments_text = ""},
               {.function = "panic", .owner = OWNER_RUNTIME, .arguments_text = "{0x1, 0x2}"},
               {.function = "runtime.panicmem", RUNTIME, .inlined = true},
               {.function = "runtime.sigpanic", RUNTIME, .arguments_text = ""},
               {.function = "main.f", .owner = OWNER_MAIN_MODULE, .arguments_text = ""},
               {.function = "runtime.main", RUNTIME, .arguments_text = ""})},
     "\nGoroutine 5 [running]\n"
     "  #0 main.recoverer()\n"
     "  #2 panic({0x1, 0x2})\n"
     "  #5 main.f()\n"
     "  #6 runtime.main()\n"},
    {"labels",
     {.id = 5,
      .status = "runnable",
      .labels = LIST(struct key_value, {"trace", "4b\x1b"}, {"job", "7"})},
     "\nGoroutine 5 [runnable], labels {\"trace\": \"4b\\x1b\", \"job\": \"7\"}\n"},
    {"everything is data",
     {.id = 5,
      .status = "running",
      .frames = LIST(struct report_frame, {.function = "main.\x1b[31mf",
                                           .short_file = "a\nb.go",
                                           .line = 1,
                                           .arguments_text = "\t"})},
     "\nGoroutine 5 [running]\n"
     "  #0 main.\\x1b[31mf(\\t)\n"
     "        a\\nb.go:1\n"},
};

static void test_goroutine(void **state)
{
    const struct goroutine_case *row = *state;
    AUTO_TEXT text = {0};
    text_goroutine(&text, &row->goroutine, &usual);
    assert_plain(&text, row->text);
}

/** A value that would fill the screen is cut in depth, unless all was asked for. */
static void test_long_value(void **state)
{
    (void)state;
    static char text[600];
    memset(text, 'x', sizeof text);
    struct value inner = {
        .name = "Long", .kind = VALUE_STRING, .bytes = text, .bytes_size = sizeof text};
    struct value outer = {.name = "In",
                          .kind = VALUE_STRUCT,
                          .children = (struct value *[]){&inner},
                          .child_count = 1};
    struct value variable = {.name = "v",
                             .kind = VALUE_STRUCT,
                             .type = "main.T",
                             .children = (struct value *[]){&outer},
                             .child_count = 1};
    struct report_frame frame = {.function = "main.f",
                                 .owner = OWNER_MAIN_MODULE,
                                 .variables_read = true,
                                 .locals = VALUES(&variable)};
    const struct report_goroutine one = {
        .id = 1, .status = "running", .frames = {.items = &frame, .count = 1}};
    AUTO_TEXT printed = {0};
    text_goroutine(&printed, &one, &usual);
    assert_non_null(strstr(buffer_text(&printed), "          v  main.T = {In: {…}}\n"));
    buffer_truncate(&printed, 0);
    text_goroutine(&printed, &one, &all_of_it);
    assert_non_null(strstr(buffer_text(&printed), "          v  main.T = {In: {Long: \"xxx"));
    buffer_truncate(&printed, 0);
    text_goroutine(&printed, &one, &(struct text_options){.whole_values = true});
    assert_non_null(strstr(buffer_text(&printed), "          v  main.T = {In: {Long: \"xxx"));
}

/** The middle of a deep stack is left out. */
static void test_deep_stack(void **state)
{
    (void)state;
    enum { DEPTH = 1101 };
    static struct report_frame frames[DEPTH];
    for (size_t i = 0; i < DEPTH; i++)
        frames[i] = (struct report_frame){
            .function = "main.f", .arguments_text = "", .offset = i}; // no two are the same
    struct report_goroutine deep = {.id = 1,
                                    .status = "running",
                                    .crashed = true,
                                    .hidden_frames = 1,
                                    .frames = {.items = frames, .count = DEPTH}};
    AUTO_TEXT text = {0};
    text_goroutine(&text, &deep, &usual);
    make_plain(&text);
    assert_non_null(strstr(buffer_text(&text), "not shown)\n"
                                               "  #1 main.f()\n"));
    assert_non_null(strstr(buffer_text(&text),
                           "  #50 main.f()\n  … 1,000 frames not shown\n  #1051 main.f()\n"));
    assert_null(strstr(buffer_text(&text), "#51 "));
    buffer_truncate(&text, 0);
    text_goroutine(&text, &deep, &all_of_it);
    make_plain(&text);
    assert_non_null(strstr(buffer_text(&text), "  #51 main.f()\n"));
}

/** Recursion is shown once, on both sides of what was not kept, unless all was asked for. */
static void test_recursion(void **state)
{
    (void)state;
    const struct report_frame f = {.function = "main.f", .arguments_text = "0x1"},
                              g = {.function = "main.g", .arguments_text = "0x2"};
    struct report_frame frames[] = {{.function = "main.f", .arguments_text = "0x0", .offset = 9},
                                    f,
                                    f,
                                    f,
                                    f,
                                    f,
                                    g,
                                    f,
                                    g,
                                    f,
                                    g,
                                    f,
                                    g,
                                    {.function = "main.main", .arguments_text = ""}};
    const struct report_goroutine one = {
        .id = 1,
        .status = "running",
        .crashed = true,
        .frames = {.items = frames, .count = COUNT_OF(frames), .elided = 1000, .elided_after = 5}};
    AUTO_TEXT text = {0};
    text_goroutine(&text, &one, &usual);
    assert_plain(&text, "\nGoroutine 1 [running], crashed\n"
                        "  #0 main.f(0x0)\n"
                        "  #1 main.f(0x1)\n"
                        "  … this frame 3 times more (#2 to #4)\n"
                        "  … 1,000 frames not shown\n"
                        "  #1005 main.f(0x1)\n"
                        "  #1006 main.g(0x2)\n"
                        "  … these 2 frames 3 times more (#1007 to #1012)\n"
                        "  #1013 main.main()\n");
    buffer_truncate(&text, 0);
    text_goroutine(&text, &one, &all_of_it);
    assert_null(strstr(buffer_text(&text), "times more"));
}

static struct ids_case {
    const char *text; ///< the test's name too
    struct id_list ids;
} ids_cases[] = {
    {"7", IDS(7)},
    {"18, 19", IDS(18, 19)},
    {"18-20", IDS(18, 19, 20)},
    {"18, 20, 34-40", IDS(18, 20, 34, 35, 36, 37, 38, 39, 40)},
    {"1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, …2 more",
     IDS(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27)},
};

static void test_ids(void **state)
{
    const struct ids_case *row = *state;
    AUTO_TEXT text = {0};
    text_ids(&text, &row->ids);
    assert_plain(&text, row->text);
}

static struct unit_case {
    const char *text; ///< the test's name too
    void (*print)(struct buffer *, uint64_t);
    uint64_t number;
} unit_cases[] = {
    {"0 bytes", text_size, 0},
    {"999 bytes", text_size, 999},
    {"1.0 kB", text_size, 1000},
    {"9.9 kB", text_size, 9949},
    {"46 MB", text_size, 46100000},
    {"1.0 GB", text_size, 999999999},
    {"512 GB", text_size, 512000000000},
    {"less than a second", text_duration, 999999999},
    {"1 second", text_duration, 1000000000},
    {"119 seconds", text_duration, 119 * UINT64_C(1000000000)},
    {"2 minutes", text_duration, 120 * UINT64_C(1000000000)},
    {"119 minutes", text_duration, 7199 * UINT64_C(1000000000)},
    {"2 hours", text_duration, 7200 * UINT64_C(1000000000)},
    {"2 days", text_duration, 48 * 3600 * UINT64_C(1000000000)},
};

static void test_unit(void **state)
{
    const struct unit_case *row = *state;
    AUTO_TEXT text = {0};
    row->print(&text, row->number);
    assert_plain(&text, row->text);
}

/** More groups than are shown, counts with separators, columns in line. */
static void test_groups(void **state)
{
    (void)state;
    static uint64_t many[1200];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = 18 + i;
    const struct report_tail tail = {
        .groups =
            (struct report_group[]){
                {.ids = {many, COUNT_OF(many)},
                 .status = "waiting",
                 .wait_reason = "chan receive",
                 .where = {.function = "main.worker", .line = 31, .file = "pool.go"}},
                {.ids = IDS(1, 2000), .status = "running"},
                {.ids = IDS(3), .status = "runnable"},
                {.ids = IDS(4, 5), .status = "syscall"}},
        .group_count = 4,
        .system_count = 1234,
    };
    AUTO_TEXT text = {0};
    struct text_shown shown = {0};
    text_shown_add(&shown, 1);
    text_groups(&text, &tail, &shown, 2);
    assert_plain(&text, "\nOther goroutines (1,204; 1,234 of the runtime's own not shown)\n"
                        "  1,200 x [chan receive]  main.worker, pool.go:31\n"
                        "          ids 18-1217\n"
                        "      1 x [running]\n"
                        "          id 2000\n"
                        "  …2 more groups (3 goroutines)\n");
}

RUN_TABLES_MAIN(SINGLE(test_crash), SINGLE(test_full), SINGLE(test_uptime), SINGLE(test_live),
                SINGLE(test_deadlock), TABLE(goroutine_cases, test_goroutine),
                SINGLE(test_long_value), SINGLE(test_deep_stack), SINGLE(test_recursion),
                TABLE(ids_cases, test_ids), TABLE(unit_cases, test_unit), SINGLE(test_groups))
