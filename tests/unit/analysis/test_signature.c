// SPDX-License-Identifier: MIT
#include "analysis/analysis_internal.h"
#include "support/support.h"

#include <string.h>

enum { FRAMES_MAX = 8 };

/**
 * Functions, innermost first, with blanks between them. "=" in front: the standard library's, "!":
 * a wrapper, else the user's.
 */
static const char *signature_of(struct arena *arena, enum crash_class class, const char *functions)
{
    struct report_frame frames[FRAMES_MAX] = {0};
    struct report_frame_list list = {.items = frames};
    char *rest = arena_string(arena, functions);
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        struct report_frame *frame = &frames[list.count++];
        assert_true(list.count <= FRAMES_MAX);
        frame->owner = word[0] == '=' ? OWNER_STANDARD_LIBRARY : OWNER_MAIN_MODULE;
        frame->runtime = word[0] == '!';
        frame->function = word + (word[0] == '=' || word[0] == '!');
    }
    struct analysis analysis = {.arena = arena};
    struct report_crash crash = {.class = class};
    crash_signature(&analysis, &list, &crash);
    return crash.signature;
}

static const struct signature_case {
    const char *name, *one, *other;
    bool same;
} signature_cases[] = {
    {"the same functions", "main.f main.main", "main.f main.main", true},
    {"another function", "main.f main.main", "main.g main.main", false},
    {"another caller", "main.f main.main", "main.f main.start", false},
    {"another order", "main.f main.g", "main.g main.f", false},
    {"no function is part of another", "main.f main.main", "main.fmain.main", false},
    {"deeper recursion", "main.f main.f main.main", "main.f main.f main.f main.f main.main", true},
    {"recursion of two", "main.f main.g main.f", "main.f main.g main.f main.g", true},
    {"a name that begins another", "main.f main.foo", "main.f", false},
    {"two closures of one function", "main.f.func1.2", "main.f.func3.1", false},
    {"a closure is not its function", "main.f.func1", "main.f", false},
    {"the body of a loop over a function", "main.f-range1", "main.f", true},
    {"nested bodies, numbered otherwise", "main.f-range2", "main.f-range1-range1", true},
    {"a closure in a body", "main.f-range1.func1", "main.f.func1", true},
    {"a closure of an inlined method", "main.run.(*T).do.func1", "main.(*T).do.func1", true},
    {"inlined twice", "a.b/c.run.(*A).do.(*B).go.func1", "a.b/c.(*B).go.func1", true},
    {"a closure of another's method", "main.run.(*T).do.func1", "main.(*U).do.func1", false},
    {"a method that is no closure", "main.(*T).do", "main.(*T).run", false},
    {"type arguments", "main.Map[int,string].Get", "main.Map[go.shape.int,...].Get", true},
    {"wrappers do not count", "main.f !main.f-fm main.main", "main.f main.main", true},
    {"the library below the user's", "=fmt.Println main.main", "=fmt.Printf main.main", true},
    {"the library alone", "=net/http.(*conn).serve", "=net/http.(*Server).Serve", false},
    {"nothing at all", "", "", true},
};

static void test_signature(void **state)
{
    const struct signature_case *row = *state;
    AUTO(arena) arena = arena_new();
    const char *one = signature_of(arena, CLASS_NIL_DEREFERENCE, row->one);
    const char *other = signature_of(arena, CLASS_NIL_DEREFERENCE, row->other);
    assert_int_equal(strlen(one), 16);
    assert_int_equal(strspn(one, "0123456789abcdef"), 16);
    assert_int_equal(strcmp(one, other) == 0, row->same);
}

static void test_class(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    assert_string_not_equal(signature_of(arena, CLASS_NIL_DEREFERENCE, "main.main"),
                            signature_of(arena, CLASS_INDEX_OUT_OF_RANGE, "main.main"));
}

/** Kept in tickets and CI files: a change of the recipe must be one on purpose. */
static void test_kept(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    assert_string_equal(signature_of(arena, CLASS_NIL_DEREFERENCE, "main.main"),
                        "06a6444f9a219dde");
}

/** Of a deadlock: the stacks in any order, equal ones once. */
static const char *deadlock_of(struct arena *arena, const char *one, const char *two,
                               const char *three)
{
    const char *stacks[] = {one, two, three};
    struct analysis analysis = {.arena = arena};
    struct report_crash crash = {.class = CLASS_DEADLOCK};
    deadlock_signature_of(&analysis, stacks, three ? 3 : 2, &crash);
    return crash.signature;
}

static void test_deadlock(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const char *both = deadlock_of(arena, "\nmain.main", "\nmain.worker", NULL);
    assert_string_equal(both, deadlock_of(arena, "\nmain.worker", "\nmain.main", NULL));
    assert_string_equal(both, deadlock_of(arena, "\nmain.worker", "\nmain.main", "\nmain.worker"));
    assert_string_not_equal(both, deadlock_of(arena, "\nmain.main", "\nmain.other", NULL));
    assert_string_not_equal(both, signature_of(arena, CLASS_DEADLOCK, "main.main"));
}

RUN_TABLES_MAIN(TABLE(signature_cases, test_signature), SINGLE(test_class), SINGLE(test_kept),
                SINGLE(test_deadlock))
