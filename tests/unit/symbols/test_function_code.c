// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/function_code.h"

#include <string.h>

/** Every instruction begins where the one before it ends, and is found by each of its bytes. */
static void check_places(const struct function_code *code)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < code->count; i++) {
        target_addr pc = function_code_pc(code, i);
        assert_int_equal(code->offsets[i], offset);
        assert_int_equal(function_code_beginning(code, pc), i);
        for (unsigned byte = 0; byte < code->instructions[i].size; byte++)
            assert_int_equal(function_code_at(code, pc + byte), i);
        if (code->instructions[i].size > 1)
            assert_int_equal(function_code_beginning(code, pc + 1), CODE_NONE);
        int32_t delta = INT32_MIN;
        pc_function_sp_delta(&code->function, pc, &delta);
        assert_int_equal(code->deltas[i], delta);
        offset += code->instructions[i].size;
    }
    assert_int_equal(code->whole, offset == code->function.end - code->function.entry);
    assert_int_equal(function_code_at(code, code->function.entry - 1), CODE_NONE);
    assert_int_equal(function_code_at(code, code->function.entry + offset), CODE_NONE);
}

/** Each jump to another instruction is among those that lead there, and nothing else is. */
static void check_jumps(const struct function_code *code)
{
    size_t jumps = 0, next[2];
    for (size_t i = 0; i < code->count; i++) {
        const struct instruction *one = &code->instructions[i];
        size_t target = function_code_target(code, i), listed = 0;
        bool runs_on = !code->stops[i] && i + 1 < code->count;
        assert_int_equal(function_code_next(code, i, next),
                         (size_t)runs_on + (target != CODE_NONE));
        if (runs_on)
            assert_int_equal(next[0], i + 1);
        for (uint32_t k = code->source_begin[i]; k < code->source_begin[i + 1]; k++)
            assert_int_equal(function_code_target(code, code->sources[k]), i);
        if (target == CODE_NONE)
            continue;
        assert_int_equal(one->kind, INSTRUCTION_JUMP);
        assert_int_equal(function_code_pc(code, target), one->constant);
        assert_int_equal(next[runs_on], target);
        for (uint32_t k = code->source_begin[target]; k < code->source_begin[target + 1]; k++)
            listed += code->sources[k] == i;
        assert_int_equal(listed, 1);
        jumps++;
    }
    assert_int_equal(code->source_begin[0], 0);
    assert_int_equal(code->source_begin[code->count], jumps);
}

static void check_same(const struct function_code *a, const struct function_code *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->instructions, b->instructions, a->count * sizeof *a->instructions);
    assert_memory_equal(a->offsets, b->offsets, a->count * sizeof *a->offsets);
    assert_memory_equal(a->deltas, b->deltas, a->count * sizeof *a->deltas);
    assert_memory_equal(a->stops, b->stops, a->count);
    assert_memory_equal(a->targets, b->targets, a->count * sizeof *a->targets);
    assert_memory_equal(a->source_begin, b->source_begin, (a->count + 1) * sizeof *a->source_begin);
    assert_memory_equal(a->sources, b->sources, a->source_begin[a->count] * sizeof *a->sources);
    assert_true(a->complete == b->complete && a->whole == b->whole &&
                a->jumps_anywhere == b->jumps_anywhere);
}

/** All functions: more than are kept. */
static void test_all_functions(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    AUTO(arena) arena = arena_new();
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    const struct module *module = &program->modules->items[0];
    size_t kept = 0, not_kept = 0;
    for (uint64_t i = 0; i < module->function_count; i++) {
        struct pc_function function;
        arena_reset(arena);
        if (!pc_function_at(module, i, &function))
            continue;
        const struct function_code *peeked = function_code_peek(program, &function, arena);
        if (!peeked)
            continue;
        assert_false(peeked->kept);
        check_places(peeked);
        check_jumps(peeked);
        const struct function_code *code =
            i % 2 ? function_code_keep(peeked) : function_code_read(program, &function, arena);
        check_same(code, peeked);
        if (code->kept) {
            assert_ptr_equal(function_code_read(program, &function, arena), code);
            assert_ptr_equal(function_code_peek(program, &function, arena), code);
            kept += code->count;
        } else {
            not_kept++;
        }
    }
    assert_true(kept <= LIMIT_KEPT_CODE && kept > LIMIT_KEPT_CODE / 2 && not_kept > 0);
}

static const struct function_code *main_of(struct program *program, struct arena *arena)
{
    const struct module *module = &program->modules->items[0];
    struct pc_function function;
    for (uint64_t i = 0; i < module->function_count; i++)
        if (pc_function_at(module, i, &function) &&
            strcmp(pc_function_name(&function), "main.main") == 0)
            return function_code_read(program, &function, arena);
    return NULL;
}

/** What stands behind main.main's end of a goroutine that dies is not reached; all else is. */
static void test_walk(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    AUTO(arena) arena = arena_new();
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    const struct function_code *code = main_of(program, arena);
    assert_non_null(code);
    struct code_walk walk;
    struct pc_function callee;
    size_t at, returns = 0, grows = 0;
    code_walk_init(&walk, code);
    for (int again = 0; again < 2; again++, code_walk_restart(&walk)) {
        size_t reached = 0;
        code_walk_push(&walk, 0);
        while (code_walk_pop(&walk, &at)) {
            const char *name = function_code_callee(code, at, &callee);
            returns += code->instructions[at].is_return;
            grows += name && strncmp(name, "runtime.morestack", 17) == 0;
            reached++;
            code_walk_on(&walk, at);
        }
        assert_true(reached > code->count / 2 && reached <= code->count);
    }
    assert_true(returns >= 2 && grows == 2);
    // From the call that makes the stack larger a way leads to the entry and from there anywhere.
    code_walk_push(&walk, code->count - 1);
    walk.seen[0] = 1;
    assert_false(code_walk_reaches(&walk, 1));
    code_walk_clear(&walk);
}

/** A thread's own view decodes the same on its own; a program without any has no code. */
static void test_view(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    AUTO(arena) arena = arena_new();
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    struct program view;
    program_view_init(&view, program);
    const struct function_code *code = main_of(program, arena), *other = main_of(&view, arena);
    assert_ptr_not_equal(code, other);
    check_same(code, other);
    program_view_clear(&view);
    view.codes = NULL;
    assert_null(main_of(&view, arena));
}

int main(void)
{
    static void (*const tests[])(void **) = {test_all_functions, test_walk, test_view};
    size_t count = 0, used = 0;
    const struct recording *recordings = recordings_find(TESTDATA, 1, &count);
    struct CMUnitTest rows[6];
    for (size_t i = 0; i < count; i++) { // one of each machine
        bool arm64 = strcmp(recordings[i].name, "nilmap/go1.27-arm64-noopt/crash") == 0;
        if (!arm64 && strcmp(recordings[i].name, "nilmap/go1.27-default/crash") != 0)
            continue;
        for (size_t k = 0; k < COUNT_OF(tests); k++)
            rows[used++] = (struct CMUnitTest){.name = recordings[i].name,
                                               .test_func = tests[k],
                                               .initial_state = (void *)&recordings[i]};
    }
    return used == COUNT_OF(rows) ? cmocka_run_group_tests(rows, NULL, NULL) : 1;
}
