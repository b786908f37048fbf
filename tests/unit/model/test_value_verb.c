// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "model/value_text.h"
#include "model/value_verb.h"
#include "support/support.h"

#include <string.h>

#define INT(number, verb, text)                                                                    \
    {                                                                                              \
        {.kind = VALUE_INT, .bits = (uint64_t)(int64_t)(number)}, verb, text                       \
    }
#define FLOAT(number, verb, text)                                                                  \
    {                                                                                              \
        {.kind = VALUE_FLOAT, .real = (number)}, verb, text                                        \
    }
#define TEXT(string, verb, text)                                                                   \
    {                                                                                              \
        {.kind = VALUE_STRING, .bytes = (string), .bytes_size = sizeof(string) - 1}, verb, text    \
    }

static const struct verb_case {
    struct value value;
    const char *verb, *text;
} cases[] = {
#include "value_verb_cases.inc"
};

static void go_writes_it_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena) arena = arena_new();
        AUTO_TEXT text = {0};
        struct value value = cases[i].value;
        struct value_verb verb;
        assert_true(value_verb_parse(cases[i].verb, &verb));
        value_verb_apply(&verb, arena, &value);
        value_text(&text, &value);
        if (strcmp(buffer_text(&text), cases[i].text) != 0)
            fail_msg("case %zu, %s: '%s', not '%s'", i, cases[i].verb, buffer_text(&text),
                     cases[i].text);
    }
}

static void what_is_no_verb(void **state)
{
    static const char *const wrong[] = {"",   "x",       "%",       "%T", "%w",    "%xx",
                                        "%y", "%99999x", "%.9999f", "%5", "%[1]d", "%*d"};
    struct value_verb verb;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (value_verb_parse(wrong[i], &verb))
            fail_msg("'%s' was taken", wrong[i]);
}

/** Elements and fields are written so too; secrets, and what the verb is not for, are not. */
static void parts(void **state)
{
    struct value number = {.name = "n", .kind = VALUE_INT, .bits = 255};
    struct value secret = {.name = "key", .kind = VALUE_STRING, .redacted = true};
    struct value yes = {.name = "yes", .kind = VALUE_BOOL, .bits = 1};
    struct value nothing = {.name = "p", .kind = VALUE_POINTER, .nil = true};
    struct value *fields[] = {&number, &secret, &yes, &nothing};
    struct value whole = {
        .kind = VALUE_STRUCT, .children = fields, .child_count = COUNT_OF(fields)};
    struct value_verb verb;
    AUTO(arena) arena = arena_new();
    AUTO_TEXT text = {0};
    (void)state;
    assert_true(value_verb_parse("%#x", &verb));
    value_verb_apply(&verb, arena, &whole);
    value_text(&text, &whole);
    assert_string_equal(buffer_text(&text), "{n: 0xff, key: <redacted>, yes: true, p: nil}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(go_writes_it_so),
        cmocka_unit_test(what_is_no_verb),
        cmocka_unit_test(parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
