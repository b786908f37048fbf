// SPDX-License-Identifier: MIT
#include "sample.h"

#include "report/sinks.h"

#include <string.h>

enum { USUAL = 1 << 16 };

static const struct text_options options = {.max_groups = 30};

static char *print(const struct sample *report, size_t max_size)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    feed(markdown_sink_new(out, &options, max_size), report);
    fclose(out);
    return printed;
}

/** Whether every line outside of fences is one that gocrash writes on its own. */
static void assert_closed(const char *text)
{
    char fence[64] = "";
    char *copy = strdup(text), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        size_t row = strspn(line, "`");
        if (!*fence && row >= 3) {
            snprintf(fence, sizeof fence, "%.*s", (int)row, line);
        } else if (*fence) {
            if (strcmp(line, fence) == 0)
                *fence = '\0';
        } else {
            bool own = !*line || strncmp(line, "## `", 4) == 0 || strncmp(line, "### ", 4) == 0 ||
                       strncmp(line, "<details>", 9) == 0 || strncmp(line, "<summary>", 9) == 0 ||
                       strcmp(line, "</details>") == 0;
            if (!own)
                fail_msg("outside of a fence: %s", line);
        }
    }
    assert_string_equal(fence, "");
    free(copy);
}

/** The report of the contract: what was cut is nothing, and no mark for a terminal is left. */
static void test_crash(void **state)
{
    (void)state;
    char *text = print(&sample, USUAL);
    assert_closed(text);
    assert_non_null(strstr(text, "## `nil_dereference in main.main, shop/main.go:25`\n"));
    assert_non_null(strstr(text, "```text\npanic: runtime error: "));
    assert_non_null(strstr(text, "\n### Stack\n\n```text\nGoroutine 1 [running], crashed"));
    assert_non_null(strstr(text, "\n<details>\n<summary>Other goroutines</summary>\n"));
    assert_null(strstr(text, "cut to keep"));
    for (const char *at = text; *at; at++)
        assert_true((unsigned char)*at >= ' ' || *at == '\n' || *at == '\t');
    free(text);
}

/** What the target holds stays in its fence, whatever it holds. */
static void test_hostile(void **state)
{
    (void)state;
    const char *lines[] = {"panic: ```\n</details><script>@everyone", "`````"};
    struct sample hostile = sample;
    hostile.head.crash.message.items = lines;
    hostile.head.crash.message.count = COUNT_OF(lines);
    char *text = print(&hostile, USUAL);
    assert_closed(text);
    assert_non_null(strstr(text, "\n``````text\n")); // longer than the longest row
    free(text);
}

/** It keeps to its size, and says what is gone. */
static void test_cut(void **state)
{
    (void)state;
    enum { SMALL = 1800 };
    char *text = print(&sample, SMALL);
    assert_closed(text);
    assert_true(strlen(text) <= SMALL);
    assert_non_null(strstr(text, "more, cut to keep this short"));
    free(text);
}

RUN_TABLES_MAIN(SINGLE(test_crash), SINGLE(test_hostile), SINGLE(test_cut))
