// SPDX-License-Identifier: MIT
#include "sample.h"

#include "base/buffer.h"
#include "report/json_internal.h"

#include <string.h>

static char *print(const struct sample *report)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    feed(json_sink_new(out), report);
    fclose(out);
    return printed;
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!json)
        fail_msg("%s at line %d of %s", error.text, error.line, text);
    return json;
}

/** Holds a JSON value, which is released, against one that is written out. */
static void assert_json(json_t *json, const char *expected)
{
    json_t *wanted = parse(expected);
    if (!json_equal(json, wanted)) {
        char *printed = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
        char *instead = json_dumps(wanted, JSON_INDENT(2) | JSON_SORT_KEYS);
        assert_string_equal(printed, instead);
    }
    json_decref(json);
    json_decref(wanted);
}

/** The layout: what a line-wise reader relies on. */
static void test_layout(void **state)
{
    (void)state;
    const struct report_goroutine two[] = {{.id = 1, .status = "running"},
                                           {.id = 2, .status = "waiting", .wait_reason = "sleep"}};
    const struct sample report = {
        .head = {.tool_version = "0.1.0",
                 .binary = {.path = "a", .arch = "amd64"},
                 .core = {.path = "c", .arch = "amd64", .size = 5},
                 .crash = {.kind = CRASH_NONE, .class = CLASS_LIVE}},
        .goroutines = two,
        .goroutine_count = 2,
        .tail = {.warnings = STRINGS("no DWARF")},
    };
    char *printed = print(&report);
    assert_string_equal(
        printed,
        "{\n"
        "  \"schema_version\": 1,\n"
        "  \"tool\": {\n"
        "    \"name\": \"gocrash\",\n"
        "    \"version\": \"0.1.0\"\n"
        "  },\n"
        "  \"binary\": {\n"
        "    \"path\": \"a\",\n"
        "    \"go_version\": \"unknown\",\n"
        "    \"arch\": \"amd64\",\n"
        "    \"has_dwarf\": false,\n"
        "    \"has_symtab\": false,\n"
        "    \"pie\": false,\n"
        "    \"matches_core\": \"unknown\"\n"
        "  },\n"
        "  \"core\": {\n"
        "    \"path\": \"c\",\n"
        "    \"size\": 5,\n"
        "    \"arch\": \"amd64\",\n"
        "    \"truncated\": false\n"
        "  },\n"
        "  \"crash\": {\n"
        "    \"kind\": \"none\",\n"
        "    \"class\": \"live\",\n"
        "    \"message\": []\n"
        "  },\n"
        "  \"threads\": [],\n"
        "  \"goroutines\": [\n"
        "    {\"id\": 1, \"status\": \"running\", \"system\": false, \"locked_to_thread\": false, "
        "\"frames\": []},\n"
        "    {\"id\": 2, \"status\": \"waiting\", \"wait_reason\": \"sleep\", \"system\": false, "
        "\"locked_to_thread\": false, \"frames\": []}\n"
        "  ],\n"
        "  \"groups\": [],\n"
        "  \"findings\": [],\n"
        "  \"warnings\": [\n"
        "    \"no DWARF\"\n"
        "  ]\n"
        "}\n");
    free(printed);
}

static json_t *member(json_t *json, const char *key)
{
    json_t *found = json_object_get(json, key);
    if (!found)
        fail_msg("no member %s", key);
    return found;
}

static void test_sample(void **state)
{
    (void)state;
    char *printed = print(&sample);
    json_t *json = parse(printed);
    assert_json(
        json_incref(member(json, "crash")),
        "{\"kind\": \"panic\", \"class\": \"nil_dereference\", \"message\": [\"panic: runtime "
        "error: invalid memory address or nil pointer dereference\", \"[signal SIGSEGV: "
        "segmentation violation code=0x1 addr=0x0 pc=0x4b67f0]\"], \"signal\": {\"number\": 11, "
        "\"name\": \"SIGSEGV\", \"code\": 1, \"code_name\": \"SEGV_MAPERR\", \"address\": "
        "\"0x0\", \"pc\": \"0x4b67f0\"}, \"goroutine\": 1, \"frame\": 3, \"cause\": {\"summary\": "
        "\"user is nil (*main.User): main.main read its field Name\", \"expression\": \"user\", "
        "\"origin\": \"user := users[999], shop/main.go:24: users has no key 999 (1 entry)\", "
        "\"confidence\": \"certain\", \"evidence\": [\"the instruction at pc read address 0x0 "
        "through user\"]}, \"advice\": [\"a map lookup gives nil for a missing key: take `user, "
        "ok := users[999]`, handle !ok\"], \"signature\": \"5f2c1e7a90b3d4c8\"}");
    assert_json(json_incref(member(json, "runtime")), "{\"uptime_ns\": 2470000000000}");
    assert_json(json_incref(member(json, "groups")),
                "[{\"count\": 1, \"ids\": [1], \"status\": \"running\"}, {\"count\": 1, \"ids\": "
                "[2], \"status\": \"waiting\", \"wait_reason\": \"force gc (idle)\"}, {\"count\": "
                "1, \"ids\": [18], \"status\": \"waiting\", \"wait_reason\": \"chan receive\", "
                "\"longest_wait_ns\": 2460000000000, \"shortest_wait_ns\": 2460000000000}]");
    json_t *goroutines = member(json, "goroutines");
    assert_int_equal(json_array_size(goroutines), 3);
    json_t *crashed = json_array_get(goroutines, 0);
    assert_string_equal(json_string_value(member(crashed, "g")), "0xc0000021c0");
    assert_json(json_incref(json_array_get(member(crashed, "frames"), 3)),
                "{\"stack\": \"goroutine\", \"function\": \"main.main\", \"file\": "
                "\"/src/shop/main.go\", \"line\": 25, \"pc\": \"0x4b67f0\", \"offset\": 560, "
                "\"sp\": \"0xc000098d68\", \"fp\": \"0xc000098ee0\", \"inlined\": false, "
                "\"native\": false, \"runtime\": false, \"args_text\": \"\", \"args\": [], "
                "\"locals\": [{\"name\": \"user\", \"type\": \"*main.User\", \"kind\": "
                "\"pointer\", \"text\": \"nil\", \"address\": \"0xc000098e10\", \"nil\": true}, "
                "{\"name\": \"users\", \"type\": \"map[int]*main.User\", \"kind\": \"map\", "
                "\"text\": \"{1: &{Name: \\\"Alice\\\", Age: 30}}\", \"nil\": false, \"len\": 1, "
                "\"entries\": [{\"key\": {\"type\": \"int\", \"kind\": \"int\", \"text\": \"1\"}, "
                "\"value\": {\"type\": \"*main.User\", \"kind\": \"pointer\", \"text\": "
                "\"&{Name: \\\"Alice\\\", Age: 30}\", \"nil\": false, \"elements\": [{\"type\": "
                "\"main.User\", \"kind\": \"struct\", \"text\": \"{Name: \\\"Alice\\\", Age: "
                "30}\", \"fields\": [{\"name\": \"Name\", \"type\": \"string\", \"kind\": "
                "\"string\", \"text\": \"\\\"Alice\\\"\", \"len\": 5}, {\"name\": \"Age\", "
                "\"type\": \"int\", \"kind\": \"int\", \"text\": \"30\"}]}]}}]}], \"source\": "
                "[{\"line\": 24, \"text\": \"\\tuser := users[999]\"}, {\"line\": 25, \"text\": "
                "\"\\tfmt.Println(user.Name)\"}, {\"line\": 26, \"text\": \"}\"}]}");
    json_decref(json);
    free(printed);
}

static struct value_case {
    const char *name;
    const struct value value;
    const char *json;
} value_cases[] = {
    {"unreadable",
     {.name = "n", .type = "int", .kind = VALUE_INT, .unreadable = "optimized out here"},
     "{\"name\": \"n\", \"type\": \"int\", \"kind\": \"int\", \"unreadable\": \"optimized out "
     "here\"}"},
    {"nothing known of it",
     {.unreadable = "a type that is not known"},
     "{\"type\": \"?\", \"unreadable\": \"a type that is not known\"}"},
    {"slice that is cut",
     {.type = "[]int",
      .kind = VALUE_SLICE,
      .length = 100,
      .capacity = 128,
      .omitted = 99,
      .has_address = true,
      .address = 0xc000012345,
      .escaped = true,
      .shadowed = true,
      .children = (struct value *[]){INT_VALUE(NULL, 7)},
      .child_count = 1},
     "{\"type\": \"[]int\", \"kind\": \"slice\", \"text\": \"[7, …99 more]\", \"address\": "
     "\"0xc000012345\", \"nil\": false, \"len\": 100, \"cap\": 128, \"omitted\": 99, \"escaped\": "
     "true, \"shadowed\": true, \"elements\": [{\"type\": \"int\", \"kind\": \"int\", \"text\": "
     "\"7\"}]}"},
    {"interface",
     {.type = "error",
      .kind = VALUE_INTERFACE,
      .dynamic_type = "*main.E",
      .children = (struct value *[]){VALUE(.type = "*main.E", .kind = VALUE_POINTER, .nil = true)},
      .child_count = 1},
     "{\"type\": \"error\", \"kind\": \"interface\", \"text\": \"(*main.E) nil\", \"nil\": false, "
     "\"dynamic_type\": \"*main.E\", \"elements\": [{\"type\": \"*main.E\", \"kind\": "
     "\"pointer\", \"text\": \"nil\", \"nil\": true}]}"},
    {"error that wraps others",
     {.type = "error",
      .kind = VALUE_INTERFACE,
      .dynamic_type = "*fmt.wrapError",
      .summary = "load: no such file",
      .wraps = (struct wrapped_error[]){{"*fs.PathError", NULL, true},
                                        {"syscall.Errno", "2 (ENOENT)", false}},
      .wrap_count = 2},
     "{\"type\": \"error\", \"kind\": \"interface\", \"text\": \"(*fmt.wrapError) load: no such "
     "file\", \"nil\": false, \"dynamic_type\": \"*fmt.wrapError\", \"wraps\": "
     "[\"*fs.PathError\", \"syscall.Errno\"], \"wrapped\": [{\"type\": \"*fs.PathError\", "
     "\"inferred\": true}, {\"type\": \"syscall.Errno\", \"errno\": \"2 (ENOENT)\"}]}"},
    {"closure",
     {.type = "func()",
      .kind = VALUE_FUNC,
      .function = "main.f.func1",
      .children = (struct value *[]){INT_VALUE("n", 3)},
      .child_count = 1},
     "{\"type\": \"func()\", \"kind\": \"func\", \"text\": \"main.f.func1 {n: 3}\", \"nil\": "
     "false, \"fields\": [{\"name\": \"n\", \"type\": \"int\", \"kind\": \"int\", \"text\": "
     "\"3\"}]}"},
    {"empty struct",
     {.type = "struct {}", .kind = VALUE_STRUCT},
     "{\"type\": \"struct {}\", \"kind\": \"struct\", \"text\": \"{}\", \"fields\": []}"},
    {"a secret's parts are not shown",
     {.type = "[]string",
      .kind = VALUE_SLICE,
      .length = 1,
      .capacity = 1,
      .redacted = true,
      .children = (struct value *[]){STRING_VALUE(NULL, "hunter2")},
      .child_count = 1},
     "{\"type\": \"[]string\", \"kind\": \"slice\", \"text\": \"<redacted>\", \"nil\": false, "
     "\"len\": 1, \"cap\": 1, \"redacted\": true}"},
};

static void test_value(void **state)
{
    const struct value_case *row = *state;
    assert_json(json_value(&row->value), row->json);
}

static void test_activity(void **state)
{
    (void)state;
    const struct report_goroutine one = {
        .id = 7,
        .status = "running",
        .activity = LIST(struct report_activity, {ACTIVITY_HTTP_REQUEST, "GET /x from 10.0.0.1:1"},
                         {ACTIVITY_LABEL, "tenant=\xff"}),
    };
    AUTO_TEXT text = {0};
    json_put_goroutine(&text, &one);
    assert_json(
        parse(buffer_text(&text)),
        "{\"id\": 7, \"status\": \"running\", \"system\": false, \"locked_to_thread\": "
        "false, \"activity\": [{\"kind\": \"http_request\", \"text\": \"GET /x from "
        "10.0.0.1:1\"}, {\"kind\": \"label\", \"text\": \"tenant=\\\\xff\"}], \"frames\": []}");
}

static void test_goroutine_members(void **state)
{
    (void)state;
    const struct report_goroutine one = {
        .id = 7,
        .status = "waiting",
        .wait_reason = "select",
        .has_wait = true,
        .locked_to_thread = true,
        .m = 0x10,
        .panics = LIST(struct report_panic, {.text = "boom", .recovered = true}),
        .labels = LIST(struct key_value, {"k\xff", "v"}),
        .waiting_on = {.kind = "select", .has_address = true, .address = 0x20, .summary = "s"},
        .frames = {.items = (struct report_frame[]){{.function = "main.f", .inlined = true}},
                   .count = 1,
                   .elided = 5,
                   .elided_after = 1},
        .truncated = "cut",
        .defers = (struct report_defer[]){{.function = "main.d", .file = "a.go", .line = 3}},
        .defer_count = 1,
        .created_by =
            {.function = "main.main", .file = "a.go", .line = 9, .offset = 0x1d, .goroutine = 1},
    };
    AUTO_TEXT text = {0};
    json_put_goroutine(&text, &one);
    assert_json(parse(buffer_text(&text)),
                "{\"id\": 7, \"status\": \"waiting\", \"wait_reason\": \"select\", \"wait_ns\": 0, "
                "\"system\": false, \"locked_to_thread\": true, \"panics\": [{\"value\": "
                "{\"type\": \"?\", \"text\": \"<unknown>\"}, \"text\": \"boom\", \"recovered\": "
                "true, \"repanicked\": false, \"goexit\": false}], \"labels\": {\"k\\\\xff\": "
                "\"v\"}, \"m\": \"0x10\", \"waiting_on\": {\"kind\": \"select\", \"address\": "
                "\"0x20\", \"summary\": \"s\"}, \"frames\": [{\"stack\": \"goroutine\", "
                "\"function\": \"main.f\", \"inlined\": true, \"native\": false, \"runtime\": "
                "false}], \"frames_elided\": 5, \"frames_elided_after\": 1, \"truncated\": "
                "\"cut\", \"defers\": [{\"function\": \"main.d\", \"file\": \"a.go\", \"line\": "
                "3}], \"created_by\": {\"function\": \"main.main\", \"file\": \"a.go\", \"line\": "
                "9, \"offset\": 29, \"goroutine\": 1}}");
}

static void test_thread(void **state)
{
    (void)state;
    const struct report_thread thread = {
        .tid = 10303,
        .pc = 0x4b67f0,
        .has_goroutine = true,
        .goroutine = 1,
        .signal =
            {.present = true, .number = 6, .name = "SIGABRT", .has_sender = true, .sender_pid = 1},
        .register_names = (const char *[]){"rip", "rsp"},
        .register_values = (uint64_t[]){0x4b67f0, UINT64_MAX},
        .register_count = 2,
    };
    AUTO_TEXT text = {0};
    json_put_thread(&text, &thread);
    assert_json(parse(buffer_text(&text)),
                "{\"tid\": 10303, \"pc\": \"0x4b67f0\", \"goroutine\": 1, \"signal\": {\"number\": "
                "6, \"name\": \"SIGABRT\", \"sender_pid\": 1}, \"registers\": {\"rip\": "
                "\"0x4b67f0\", \"rsp\": \"0xffffffffffffffff\"}}");
}

static void test_finding(void **state)
{
    (void)state;
    const struct report_finding finding = {.kind = FINDING_RECOVERED_PANIC,
                                           .summary = "s",
                                           .confidence = CONFIDENCE_LIKELY,
                                           .goroutines = IDS(3, 5),
                                           .evidence = STRINGS("e")};
    assert_json(json_finding(&finding),
                "{\"kind\": \"recovered_panic\", \"summary\": \"s\", \"confidence\": \"likely\", "
                "\"goroutines\": [3, 5], \"evidence\": [\"e\"]}");
}

// What may not reach a terminal as it is, though JSON allows it.
static struct escape_case {
    const char *name, *text, *printed;
} escape_cases[] = {
    {"colour", "\x1b[31m", "\\u001B[31m"},
    {"line end", "a\nb", "a\\nb"},
    {"DEL", "\x7f", "\\u007F"},
    {"C1 control",
     "\xc2\x9b"
     "31m",
     "\\u009B31m"},
    {"text from right to left", "\u202e\u202c", "\\u202E\\u202C"},
    {"invisible above U+FFFF", "\U000e0001", "\\uDB40\\uDC01"},
    {"letters", "世界 😀", "世界 😀"},
    {"invalid byte", "a\xff", "a\\\\xff"},
    {"invalid bytes at the end", "\xe4\xb8", "\\\\xe4\\\\xb8"},
    {"what JSON escapes", "\"\\/\b\f\n\r\t\v\x01", "\\\"\\\\/\\b\\f\\n\\r\\t\\u000B\\u0001"},
    {"nothing", "", ""},
};

static void test_escape(void **state)
{
    const struct escape_case *row = *state;
    struct sample report = {.tail = {.warnings = STRINGS(row->text)}};
    char *printed = print(&report);
    AUTO_TEXT written = {0}; // what comes by the million is written without jansson
    json_put_string(&written, row->text);
    AUTO_TEXT expected_string = {0};
    buffer_printf(&expected_string, "\"%s\"", row->printed);
    assert_string_equal(buffer_text(&written), buffer_text(&expected_string));
    AUTO_TEXT expected = {0};
    buffer_printf(&expected, "\"warnings\": [\n    \"%s\"\n  ]\n}\n", row->printed);
    assert_non_null(strstr(printed, buffer_text(&expected)));
    json_decref(parse(printed));
    free(printed);
}

RUN_TABLES_MAIN(SINGLE(test_layout), SINGLE(test_sample), TABLE(value_cases, test_value),
                SINGLE(test_activity), SINGLE(test_goroutine_members), SINGLE(test_thread),
                SINGLE(test_finding), TABLE(escape_cases, test_escape))
