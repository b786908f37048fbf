// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/pc_memo.h"
#include "symbols/program.h"

#include <string.h>

/** What is kept is what the tables say: at once, when asked again, and when no more is kept. */
static void check_site(const struct program *program, target_addr pc)
{
    struct pc_function function;
    struct pc_site spare;
    bool known = pc_function_find(program->modules, pc, &function);
    for (int again = 0; again < 2; again++) {
        const struct pc_site *site = pc_memo_site(program->memo, program->modules, pc, &spare);
        assert_int_equal(site != NULL, known);
        if (!site)
            continue;
        int32_t delta = 0;
        bool has_delta = function.pcsp && pc_function_sp_delta(&function, pc, &delta);
        assert_int_equal(site->pc, pc);
        assert_int_equal(site->function.entry, function.entry);
        assert_int_equal(site->function.record, function.record);
        assert_int_equal(site->has_sp_delta, has_delta);
        assert_int_equal(site->sp_delta, delta);
    }
}

static void check_lines(const struct program *program, target_addr pc)
{
    struct pc_function function;
    if (!pc_function_find(program->modules, pc, &function))
        return;
    for (int again = 0; again < 2; again++) {
        const struct pc_lines *lines = pc_memo_lines(program->memo, &function, pc);
        struct pc_inline_walk walk;
        struct pc_logical_frame frame;
        size_t count = 0;
        pc_inline_begin(&walk, &function, pc);
        for (; pc_inline_next(&walk, &frame); count++) {
            assert_true(count < lines->count);
            assert_string_equal(lines->items[count].name, frame.name);
            assert_string_equal(lines->items[count].file, frame.file);
            assert_int_equal(lines->items[count].line, frame.line);
            assert_int_equal(lines->items[count].inlined, frame.inlined);
            assert_int_equal(lines->items[count].pc, frame.pc);
        }
        assert_int_equal(count, lines->count);
    }
}

/** More pcs than are kept: each byte of the text, some of which lie between functions. */
static void test_every_pc(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    const struct module *module = &program->modules->items[0];
    assert_true(module->max_pc - module->min_pc > LIMIT_PC_MEMO);
    for (target_addr pc = module->min_pc - 1; pc <= module->max_pc + 1; pc++)
        check_site(program, pc);
    for (target_addr pc = module->min_pc; pc < module->max_pc; pc += 5)
        check_lines(program, pc);
}

/** A thread's own view looks up the same. */
static void test_view(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    struct program view;
    program_view_init(&view, program);
    assert_ptr_not_equal(view.memo, program->memo);
    const struct module *module = &program->modules->items[0];
    for (target_addr pc = module->min_pc; pc < module->max_pc; pc += 1001) {
        check_site(&view, pc);
        check_lines(&view, pc);
    }
    program_view_clear(&view);
}

int main(void)
{
    size_t count = 0;
    const struct recording *recordings = recordings_find(TESTDATA, 1, &count);
    const struct recording *two[] = {&recordings[0], &recordings[count - 1]};
    struct CMUnitTest tests[4];
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tests[i] = (struct CMUnitTest){.name = two[i % 2]->name,
                                       .test_func = i < 2 ? test_every_pc : test_view,
                                       .initial_state = (void *)two[i % 2]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
