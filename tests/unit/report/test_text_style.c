// SPDX-License-Identifier: MIT
#include "report/text_style.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct text_style file = {0}, color = {.color = true},
                               links = {.color = true, .links = true, .host = "h"},
                               narrow = {.width = 40};

static struct style_case {
    const char *name, *text;
    const struct text_style *style;
    const char *written;
} style_cases[] = {
    {"marks are left out of a file", MARK_STRONG "a" MARK_END " " MARK_FAINT "b" MARK_END "\n",
     &file, "a b\n"},
    {"colours", MARK_STRONG "a" MARK_END MARK_ALARM "b" MARK_END, &color,
     "\033[1ma\033[0m\033[1;31mb\033[0m"},
    {"a link that cannot be shown", MARK_LINK "/x/a.go" MARK_LINK_TEXT "a.go:1" MARK_LINK_END "\n",
     &color, "a.go:1\n"},
    {"a link", MARK_LINK "/x/\xc3\xbc b.go" MARK_LINK_TEXT "b.go:1" MARK_LINK_END "\n", &links,
     "\033]8;;file://h/x/%C3%BC%20b.go\033\\b.go:1\033]8;;\033\\\n"},
    {"a long line is broken between words", "0123456789 0123456789 0123456789 01234567\n", &narrow,
     "0123456789 0123456789 0123456789\n    01234567\n"},
    {"one without a blank is broken all the same", "0123456789012345678901234567890123456789abc\n",
     &narrow, "0123456789012345678901234567890123456789\n    abc\n"},
    {"below the text of a label",
     MARK_STRONG "Cause     " MARK_END " 0123456789 0123456789 0123456789\n", &narrow,
     "Cause      0123456789 0123456789\n           0123456789\n"},
    {"wide characters take two columns", "世世世世世世世世世世世世世世世世世世世世世\n", &narrow,
     "世世世世世世世世世世世世世世世世世世世世\n    世\n"},
    {"combining marks take none", "0123456789012345678901234567890123456789\xcc\x88\n", &narrow,
     "0123456789012345678901234567890123456789\xcc\x88\n"},
    {"a mark without an end", MARK_LINK "abc\n", &links, "\n"},
};

static void test_style(void **state)
{
    const struct style_case *row = *state;
    AUTO_TEXT text = {0};
    char *written = NULL;
    size_t size = 0;
    buffer_puts(&text, row->text);
    FILE *out = open_memstream(&written, &size);
    text_style_write(out, &text, row->style);
    fclose(out);
    assert_string_equal(written, row->written);
    free(written);
}

RUN_TABLE_MAIN(style_cases, test_style)
