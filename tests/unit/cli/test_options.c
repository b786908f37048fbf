// SPDX-License-Identifier: MIT
#include "cli/cli_internal.h"
#include "report/sinks.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int run_nothing(const struct command *command, const struct report_options *options,
                       char **operands, int operand_count)
{
    (void)command, (void)options, (void)operands, (void)operand_count;
    return 0;
}

static const struct command analyze_command = {
    .name = "analyze", .usage = "[BINARY] CORE", .options = "fxmdisSeEl", .run = run_nothing};

/** Runs parse_options() on words; what it says to standard error goes to text. */
static int parse(const char *const *words, struct report_options *out, bool *help, char *text,
                 size_t size)
{
    char *argv[10] = {(char *)"analyze"};
    int argc = 1;
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    assert_non_null(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    *out = default_options;
    int first = parse_options(&analyze_command, argc, argv, out, help);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = 0;
    fclose(file);
    return first;
}

static const struct good_case {
    const char *name;
    const char *words[8];
    int first; ///< index of the first operand
    struct report_options expected;
} good_cases[] = {
#define DEFAULTS                                                                                   \
    .level = TRACEBACK_SYSTEM, .max_goroutines = 30,                                               \
    .limits = {.depth = 4, .items = 20, .string = 200}
    {"nothing", {NULL}, 1, {DEFAULTS}},
    {"operands", {"a", "b"}, 1, {DEFAULTS}},
    {"a format", {"--format", "json", "a"}, 3, {DEFAULTS, .format = FORMAT_JSON}},
    {"with =", {"--format=traceback"}, 2, {DEFAULTS, .format = FORMAT_TRACEBACK}},
    {"behind the operands", {"a", "--full", "b"}, 2, {DEFAULTS, .full = true}},
    {"flags", {"--strict", "--stable"}, 3, {DEFAULTS, .strict = true, .stable = true}},
    {"a limit",
     {"--max-goroutines", "0"},
     3,
     {.level = TRACEBACK_SYSTEM, .limits = {.depth = 4, .items = 20, .string = 200}}},
    {"the last of several", {"--format=json", "--format=text"}, 3, {DEFAULTS}},
    {"operands behind --", {"--", "--full"}, 2, {DEFAULTS}},
    {"a unique start", {"--form", "json"}, 3, {DEFAULTS, .format = FORMAT_JSON}},
};

static void test_good(void **state)
{
    const struct good_case *row = *state;
    struct report_options got;
    bool help = false;
    char text[400];
    assert_int_equal(parse(row->words, &got, &help, text, sizeof text), row->first);
    assert_string_equal(text, "");
    assert_false(help);
    assert_int_equal(got.format, row->expected.format);
    assert_int_equal(got.level, row->expected.level);
    assert_int_equal(got.full, row->expected.full);
    assert_int_equal(got.strict, row->expected.strict);
    assert_int_equal(got.stable, row->expected.stable);
    assert_int_equal(got.max_goroutines, row->expected.max_goroutines);
    assert_int_equal(got.limits.items, row->expected.limits.items);
}

static const struct bad_case {
    const char *name;
    const char *words[4];
    const char *error;
} bad_cases[] = {
    {"a slip",
     {"--formt", "json"},
     "gocrash: analyze: unknown option '--formt': did you mean '--format'?; see 'gocrash analyze "
     "--help'\n"},
    {"far from all",
     {"--quantum"},
     "gocrash: analyze: unknown option '--quantum'; see 'gocrash analyze --help'\n"},
    {"another command's",
     {"--level=all"},
     "gocrash: analyze: unknown option '--level=all'; see 'gocrash analyze --help'\n"},
    {"a letter", {"-v"}, "gocrash: analyze: unknown option '-v'; see 'gocrash analyze --help'\n"},
    {"no argument", {"--format"}, "gocrash: analyze: option '--format' wants an argument\n"},
    {"another format",
     {"--format=jsn"},
     "gocrash: --format does not take 'jsn': did you mean 'json'?\n"},
    {"a format that is far from all",
     {"--format=xml"},
     "gocrash: --format does not take 'xml'; it takes text, json, markdown or traceback\n"},
    {"a format for an option",
     {"--json"},
     "gocrash: analyze: unknown option '--json': did you mean '--format json'?; see 'gocrash "
     "analyze --help'\n"},
    {"the start of a class",
     {"--expect-class=nil"},
     "gocrash: --expect-class does not take 'nil': did you mean 'nil_dereference'?\n"},
    {"no signature",
     {"--expect-signature=06A6"},
     "gocrash: --expect-signature takes 16 hexadecimal digits, as the report has them, not "
     "'06A6'\n"},
    {"the process 0", // else it would be as if none had been named
     {"--pid=0"},
     "gocrash: --pid takes a number from 1 to 2147483647, not '0'\n"},
    {"no number",
     {"--max-depth=ten"},
     "gocrash: --max-depth takes a number from 0 to 32, not 'ten'\n"},
    {"an empty number",
     {"--max-depth="},
     "gocrash: --max-depth takes a number from 0 to 32, not ''\n"},
    {"too large",
     {"--max-depth=33"},
     "gocrash: --max-depth takes a number from 0 to 32, not '33'\n"},
    {"beyond 64 bits",
     {"--max-items=99999999999999999999"},
     "gocrash: --max-items takes a number from 0 to 1000000, not '99999999999999999999'\n"},
    {"negative",
     {"--max-items=-1"},
     "gocrash: --max-items takes a number from 0 to 1000000, not '-1'\n"},
    {"no size",
     {"--max-core-size=G"},
     "gocrash: --max-core-size takes a number of bytes, as 500M or 8G, not 'G'\n"},
    {"a size of nothing",
     {"--max-core-size=0"},
     "gocrash: --max-core-size takes a number of bytes, as 500M or 8G, not '0'\n"},
    {"text behind a size",
     {"--max-core-size=1GB"},
     "gocrash: --max-core-size takes a number of bytes, as 500M or 8G, not '1GB'\n"},
    {"a size beyond 64 bits",
     {"--max-core-size=17179869184G"},
     "gocrash: --max-core-size takes a number of bytes, as 500M or 8G, not '17179869184G'\n"},
    {"text behind a number",
     {"--max-items=5k"},
     "gocrash: --max-items takes a number from 0 to 1000000, not '5k'\n"},
};

static void test_bad(void **state)
{
    const struct bad_case *row = *state;
    struct report_options got;
    bool help = false;
    char text[400];
    assert_int_equal(parse(row->words, &got, &help, text, sizeof text), -1);
    assert_string_equal(text, row->error);
    assert_false(help);
}

static void test_help(void **state)
{
    (void)state;
    struct report_options got;
    char text[400];
    for (int i = 0; i < 2; i++) {
        bool help = false;
        const char *words[] = {i ? "-h" : "--help", "--nonsense", NULL};
        parse(words, &got, &help, text, sizeof text);
        assert_true(help);
        assert_string_equal(text, "");
    }
}

static const struct near_case {
    const char *name, *word, *near;
} near_cases[] = {
    {"equal", "analyze", "analyze"},
    {"a letter too few", "analye", "analyze"},
    {"two swapped", "anaylze", "analyze"},
    {"British", "analyse", "analyze"},
    {"cut", "trace", "traceback"},
    {"cut short", "tr", NULL},
    {"every second letter another", "tracks", NULL},
    {"another word", "backtrace", NULL},
    {"empty", "", NULL},
    {"very long", "analyzeanalyzeanalyzeanalyzeanalyze", NULL},
    {"one letter", "x", NULL},
};

static void test_near(void **state)
{
    const struct near_case *row = *state;
    static const char *const words[] = {"analyze", "traceback"};
    const char *near = nearest_word(row->word, words, COUNT_OF(words));
    if (row->near)
        assert_string_equal(near ? near : "NULL", row->near);
    else
        assert_null(near);
}

RUN_TABLES_MAIN(TABLE(good_cases, test_good), TABLE(bad_cases, test_bad), SINGLE(test_help),
                TABLE(near_cases, test_near))
