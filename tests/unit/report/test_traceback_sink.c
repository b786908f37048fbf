// SPDX-License-Identifier: MIT
#include "sample.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buffer.h"

#include <string.h>

static char *print(enum traceback_level level, const struct sample *report)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    feed(traceback_sink_new(out, level), report);
    fclose(out);
    return printed;
}

static void assert_traceback(enum traceback_level level, const struct sample *report,
                             const char *expected)
{
    char *printed = print(level, report);
    assert_string_equal(printed, expected);
    free(printed);
}

#define MESSAGE                                                                                    \
    "panic: runtime error: invalid memory address or nil pointer dereference\n"                    \
    "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4b67f0]\n"

static void test_system(void **state)
{
    (void)state;
    assert_traceback(
        TRACEBACK_SYSTEM, &sample,
        MESSAGE
        "\n"
        "goroutine 1 gp=0xc0000021c0 m=0 mp=0x57d3e0 [running]:\n"
        "panic({0x563ae8?, 0x5771d0?})\n"
        "\t/usr/lib/go-1.27/src/runtime/panic.go:878 +0x16f fp=0xc000098d18 sp=0xc000098c70 "
        "pc=0x4845ef\n"
        "runtime.panicmem(...)\n"
        "\t/usr/lib/go-1.27/src/runtime/panic.go:336\n"
        "runtime.sigpanic()\n"
        "\t/usr/lib/go-1.27/src/runtime/signal_unix.go:931 +0x245 fp=0xc000098d68 "
        "sp=0xc000098d38 pc=0x485f05\n"
        "main.main()\n"
        "\t/src/shop/main.go:25 +0x230 fp=0xc000098ee0 sp=0xc000098d68 pc=0x4b67f0\n"
        "runtime.main()\n"
        "\t/usr/lib/go-1.27/src/runtime/proc.go:302 +0x387 fp=0xc000098fe0 sp=0xc000098ee0 "
        "pc=0x450d27\n"
        "runtime.goexit({})\n"
        "\t/usr/lib/go-1.27/src/runtime/asm_amd64.s:1264 +0x1 fp=0xc000098fe8 sp=0xc000098fe0 "
        "pc=0x489b21\n"
        "\n"
        "goroutine 2 gp=0xc000002780 m=nil [force gc (idle)]:\n"
        "runtime.gopark(0x571898, 0x57c110, 0xb, 0xa, 0x1)\n"
        "\t/usr/lib/go-1.27/src/runtime/proc.go:474 +0xf1 fp=0xc000098f80 sp=0xc000098f50 "
        "pc=0x484a31\n"
        "created by runtime.init.7 in goroutine 1\n"
        "\t/usr/lib/go-1.27/src/runtime/proc.go:375 +0x1a\n"
        "\n"
        "goroutine 18 gp=0xc000003a40 m=nil [chan receive, 41 minutes]:\n"
        "runtime.gopark(0x571898)\n"
        "\t/usr/lib/go-1.27/src/runtime/proc.go:474 +0xf1 fp=0xc0000a8f80 sp=0xc0000a8f50 "
        "pc=0x484a31\n"
        "main.worker(0xc000022070)\n"
        "\t/src/shop/pool.go:31 +0x25 fp=0xc0000a8fe0 sp=0xc0000a8f80 pc=0x4b7000\n"
        "created by main.start in goroutine 1\n"
        "\t/src/shop/pool.go:20 +0x66\n");
}

#define CRASHED_BELOW_SYSTEM                                                                       \
    "\n"                                                                                           \
    "goroutine 1 [running]:\n"                                                                     \
    "panic({0x563ae8?, 0x5771d0?})\n"                                                              \
    "\t/usr/lib/go-1.27/src/runtime/panic.go:878 +0x16f\n"                                         \
    "main.main()\n"                                                                                \
    "\t/src/shop/main.go:25 +0x230\n"

static void test_all(void **state)
{
    (void)state;
    assert_traceback(TRACEBACK_ALL, &sample,
                     MESSAGE CRASHED_BELOW_SYSTEM "\n"
                                                  "goroutine 18 [chan receive, 41 minutes]:\n"
                                                  "main.worker(0xc000022070)\n"
                                                  "\t/src/shop/pool.go:31 +0x25\n"
                                                  "created by main.start in goroutine 1\n"
                                                  "\t/src/shop/pool.go:20 +0x66\n");
}

static void test_single(void **state)
{
    (void)state;
    assert_traceback(TRACEBACK_SINGLE, &sample, MESSAGE CRASHED_BELOW_SYSTEM);
}

/** Where no goroutine crashed the runtime prints all, whatever was asked for. */
static void test_single_of_a_deadlock(void **state)
{
    (void)state;
    struct sample report = sample;
    report.head.crash = (struct report_crash){
        .kind = CRASH_FATAL_ERROR,
        .message = STRINGS("fatal error: all goroutines are asleep - deadlock!")};
    report.goroutines = &sample_goroutines[2];
    report.goroutine_count = 1;
    assert_traceback(TRACEBACK_SINGLE, &report,
                     "fatal error: all goroutines are asleep - deadlock!\n"
                     "\n"
                     "goroutine 18 [chan receive, 41 minutes]:\n"
                     "main.worker(0xc000022070)\n"
                     "\t/src/shop/pool.go:31 +0x25\n"
                     "created by main.start in goroutine 1\n"
                     "\t/src/shop/pool.go:20 +0x66\n");
}

static struct block_case {
    const char *name;
    int go_minor;
    enum traceback_level level;
    struct report_goroutine goroutine;
    const char *text;
} block_cases[] = {
    {"middle of the stack left out, since 1.21",
     21,
     TRACEBACK_SYSTEM,
     {.heading = "goroutine 7 [running]:",
      .frames = {.items =
                     (struct report_frame[]){
                         {.function = "main.f", .arguments_text = "...", PLACE("/src/", "a.go", 1)},
                         {.function = "main.g", .arguments_text = "", PLACE("/src/", "a.go", 2)}},
                 .count = 2,
                 .elided = 1234,
                 .elided_after = 1}},
     "goroutine 7 [running]:\n"
     "main.f(...)\n"
     "\t/src/a.go:1\n"
     "...1234 frames elided...\n"
     "main.g()\n"
     "\t/src/a.go:2\n"},
    {"end of the stack left out, up to 1.20",
     20,
     TRACEBACK_SYSTEM,
     {.heading = "goroutine 7 [running]:",
      .frames = {.items =
                     (struct report_frame[]){
                         {.function = "main.f", .arguments_text = "", PLACE("/src/", "a.go", 1)}},
                 .count = 1,
                 .elided = 1234,
                 .elided_after = 1},
      .created_by = {.function = "main.main", .goroutine = 1, PLACE("/src/", "a.go", 9)}},
     "goroutine 7 [running]:\n"
     "main.f()\n"
     "\t/src/a.go:1\n"
     "...additional frames elided...\n"
     "created by main.main\n"
     "\t/src/a.go:9\n"},
    {"on another thread",
     27,
     TRACEBACK_SYSTEM,
     {.heading = "goroutine 7 gp=0x1 m=2 mp=0x2 [running]:",
      .stack_unavailable = "goroutine running on other thread; stack unavailable",
      .created_by =
          {.function = "main.main", .goroutine = 1, PLACE("/src/", "a.go", 9), .offset = 0x1d}},
     "goroutine 7 gp=0x1 m=2 mp=0x2 [running]:\n"
     "\tgoroutine running on other thread; stack unavailable\n"
     "created by main.main in goroutine 1\n"
     "\t/src/a.go:9 +0x1d\n"},
    {"nothing but runtime frames",
     24,
     TRACEBACK_ALL,
     {.heading = "goroutine 7 gp=0x1 m=nil [GC worker (idle)]:",
      .frames = LIST(struct report_frame, {.function = "runtime.gopark",
                                           RUNTIME,
                                           .arguments_text = "",
                                           PLACE("/go/", "proc.go", 5)})},
     "goroutine 7 [GC worker (idle)]:\n"
     "runtime.gopark()\n"
     "\t/go/proc.go:5\n"},
    {"no heading", 24, TRACEBACK_ALL, {.id = 7, .status = "runnable"}, "goroutine 7 [runnable]:\n"},
    {"system goroutine", 24, TRACEBACK_ALL, {.id = 7, .status = "runnable", .system = true}, ""},
    {"labels that look like a heading",
     27,
     TRACEBACK_ALL,
     {.heading = "goroutine 7 [running] {\"a gp=\": \"b\"}:"},
     "goroutine 7 [running] {\"a gp=\": \"b\"}:\n"},
    {"escape sequences",
     27,
     TRACEBACK_SYSTEM,
     {.heading = "goroutine 7 [running] {\x1b[31m: x}:"},
     "goroutine 7 [running] {\\x1b[31m: x}:\n"},
};

static void test_block(void **state)
{
    const struct block_case *row = *state;
    struct sample report = {.head = {.go_minor = row->go_minor, .crash = {.kind = CRASH_NONE}},
                            .goroutines = &row->goroutine,
                            .goroutine_count = 1};
    assert_traceback(row->level, &report, row->text);
}

static void test_message(void **state)
{
    (void)state;
    const struct sample report = {
        .head = {.go_minor = 27,
                 .crash = {.kind = CRASH_FATAL_ERROR,
                           .message = STRINGS("panic: first \x1b[31mred", "\tpanic: second")},
                 .runtime_stack =
                     LIST(struct report_frame, {.function = "runtime.throw",
                                                .arguments_text = "{0x4c1a2b?, 0x0?}",
                                                PLACE("/go/", "panic.go", 1101),
                                                CODE(0x43a5c8, 0x48),
                                                STACK(0x7ffd00000078, 0x7ffd00000048)})}};
    assert_traceback(TRACEBACK_SYSTEM, &report,
                     "panic: first \\x1b[31mred\n"
                     "\tpanic: second\n"
                     "\n"
                     "runtime stack:\n"
                     "runtime.throw({0x4c1a2b?, 0x0?})\n"
                     "\t/go/panic.go:1101 +0x48 fp=0x7ffd00000078 sp=0x7ffd00000048 "
                     "pc=0x43a5c8\n");
}

// Tracebacks that the runtime printed, read into a report, must come out as they were.

static struct recorded_case {
    const char *name;
    int go_minor;
} recorded_cases[] = {
    {"nilmap/go1.15-default/crash", 15}, {"nilmap/go1.19-noopt/crash", 19},
    {"nilmap/go1.21-default/crash", 21}, {"nilmap/go1.22-noopt/crash", 22},
    {"nilmap/go1.27-noopt/crash", 27},   {"service/go1.19-noopt/die", 19},
    {"service/go1.27-default/die", 27},
};

struct parser {
    struct arena *arena;
    char **lines;
    size_t count, capacity, next;
};

static struct parser read_recorded(const char *name)
{
    struct parser parser = {.arena = arena_new()};
    FILE *in = fopen(arena_printf(parser.arena, "%s/%s.stderr.txt", TESTDATA, name), "r");
    assert_non_null(in);
    char line[4096];
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = 0;
        ARRAY_PUSH(parser.lines, parser.count, parser.capacity) = arena_string(parser.arena, line);
    }
    fclose(in);
    return parser;
}

/** The hexadecimal number behind a mark; false where the mark is not there. */
static bool number_behind(const char *line, const char *mark, uint64_t *out)
{
    const char *found = strstr(line, mark);
    if (found)
        *out = strtoull(found + strlen(mark), NULL, 16);
    return found;
}

/** "\tfile:line +0x1 fp=0x2 sp=0x3 pc=0x4", of which only file and line must be there. */
static void parse_place(struct parser *parser, struct report_frame *frame)
{
    char *line = parser->lines[parser->next++];
    assert_int_equal(line[0], '\t');
    char *colon = strrchr(line, ':');
    frame->file = line + 1;
    frame->line = strtol(colon + 1, NULL, 10);
    frame->has_offset = number_behind(colon, " +0x", &frame->offset);
    frame->has_stack = number_behind(colon, " fp=0x", &frame->fp) &&
                       number_behind(colon, " sp=0x", &frame->sp) &&
                       number_behind(colon, " pc=0x", &frame->pc);
    frame->inlined = !frame->has_stack;
    *colon = 0;
}

static void parse_frame(struct parser *parser, struct report_frame *frame)
{
    // The arguments are behind the last bracket that is not in the name: "f.(*T).g(0x1)".
    char *line = parser->lines[parser->next++];
    char *bracket = strrchr(line, '(');
    line[strlen(line) - 1] = 0;
    *bracket = 0;
    *frame = (struct report_frame){.function = line, .arguments_text = bracket + 1};
    parse_place(parser, frame);
}

static void parse_created_by(struct parser *parser, struct report_created_by *by)
{
    struct report_frame place = {0};
    char *line = parser->lines[parser->next++];
    char *parent = strstr(line, " in goroutine ");
    by->function = line + strlen("created by ");
    if (parent) {
        by->goroutine = strtoull(parent + strlen(" in goroutine "), NULL, 10);
        *parent = 0;
    }
    parse_place(parser, &place);
    by->file = place.file;
    by->line = place.line;
    by->offset = place.offset;
}

static void parse_goroutine(struct parser *parser, struct report_goroutine *out)
{
    struct report_frame_list *frames = &out->frames;
    *out = (struct report_goroutine){.heading = parser->lines[parser->next++]};
    frames->items = arena_array(parser->arena, parser->count, sizeof *frames->items);
    while (parser->next < parser->count && parser->lines[parser->next][0]) {
        const char *line = parser->lines[parser->next];
        if (strncmp(line, "\tgoroutine running", 18) == 0)
            out->stack_unavailable = parser->lines[parser->next++] + 1;
        else if (strncmp(line, "created by ", 11) == 0)
            parse_created_by(parser, &out->created_by);
        else
            parse_frame(parser, &frames->items[frames->count++]);
    }
}

static void test_recorded(void **state)
{
    const struct recorded_case *row = *state;
    struct parser parser = read_recorded(row->name);
    struct report_goroutine *goroutines =
        arena_array(parser.arena, parser.count, sizeof *goroutines);
    struct sample report = {.head = {.go_minor = row->go_minor}, .goroutines = goroutines};
    AUTO_TEXT expected = {0};
    for (size_t i = 0; i < parser.count; i++)
        buffer_printf(&expected, "%s\n", parser.lines[i]);
    while (parser.next < parser.count && parser.lines[parser.next][0])
        parser.next++;
    report.head.crash.message = (struct string_list){(const char **)parser.lines, parser.next};
    while (++parser.next < parser.count)
        parse_goroutine(&parser, &goroutines[report.goroutine_count++]);
    assert_true(report.goroutine_count > 4);
    assert_traceback(TRACEBACK_SYSTEM, &report, buffer_text(&expected));
    free(parser.lines);
    arena_free(parser.arena);
}

RUN_TABLES_MAIN(SINGLE(test_system), SINGLE(test_all), SINGLE(test_single),
                SINGLE(test_single_of_a_deadlock), TABLE(block_cases, test_block),
                SINGLE(test_message), TABLE(recorded_cases, test_recorded))
