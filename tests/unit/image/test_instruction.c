// SPDX-License-Identifier: MIT
#include "image/instruction.h"
#include "support/support.h"

#include <string.h>

enum { X27 = 27, X30 = 30, STACK = 31 };

#define BIT(n) ((uint64_t)1 << (n))
#define ANY (BIT(31) - 1)

/** What the assembler of binutils makes of the text, and what must be read out of it. */
static const struct arm64_case {
    const char *text;
    uint32_t word;
    struct instruction expected;
} arm64_cases[] = {
    {"ldr x1, [sp, #56]",
     0xf9401fe1,
     {.kind = INSTRUCTION_LOAD,
      .base = STACK,
      .displacement = 56,
      .access_size = 8,
      .reads_memory = true,
      .destination = 1,
      .source = -1,
      .second = -1,
      .writes = BIT(1),
      .reads = BIT(STACK)}},
    {"str x0, [sp, #56]",
     0xf9001fe0,
     {.kind = INSTRUCTION_STORE,
      .base = STACK,
      .displacement = 56,
      .access_size = 8,
      .writes_memory = true,
      .memory_first = true,
      .destination = -1,
      .source = 0,
      .second = -1,
      .reads = BIT(0) | BIT(STACK)}},
    {"str xzr, [sp, #8]",
     0xf90007ff,
     {.kind = INSTRUCTION_STORE,
      .base = STACK,
      .displacement = 8,
      .access_size = 8,
      .writes_memory = true,
      .memory_first = true,
      .destination = -1,
      .source = -1,
      .second = -1,
      .has_constant = true,
      .reads = BIT(STACK)}},
    {"str q0, [sp, #16]",
     0x3d8007e0,
     {.kind = INSTRUCTION_OTHER,
      .base = STACK,
      .displacement = 16,
      .access_size = 16,
      .writes_memory = true,
      .memory_first = true,
      .destination = -1,
      .source = -1,
      .second = -1,
      .has_constant = true,
      .reads = BIT(STACK)}},
    {"ldp x0, x1, [x3]",
     0xa9400460,
     {.kind = INSTRUCTION_LOAD,
      .base = 3,
      .access_size = 16,
      .is_pair = true,
      .reads_memory = true,
      .destination = 0,
      .source = -1,
      .second = 1,
      .writes = BIT(0) | BIT(1),
      .reads = BIT(3)}},
    {"stp x3, x0, [sp, #64]",
     0xa90403e3,
     {.kind = INSTRUCTION_STORE,
      .base = STACK,
      .displacement = 64,
      .access_size = 16,
      .is_pair = true,
      .writes_memory = true,
      .memory_first = true,
      .destination = -1,
      .source = 3,
      .second = 0,
      .reads = BIT(0) | BIT(3) | BIT(STACK)}},
    {"str x30, [sp, #-48]!",
     0xf81d0ffe,
     {.kind = INSTRUCTION_STORE,
      .base = STACK,
      .displacement = -48,
      .access_size = 8,
      .writes_memory = true,
      .memory_first = true,
      .destination = -1,
      .source = X30,
      .second = -1,
      .writes = BIT(STACK),
      .reads = BIT(X30) | BIT(STACK)}},
    {"ldrsb x27, [x3]: Go's check for nil",
     0x3980007b,
     {.kind = INSTRUCTION_LOAD,
      .base = 3,
      .access_size = 1,
      .reads_memory = true,
      .is_nil_check = true,
      .destination = X27,
      .source = -1,
      .second = -1,
      .writes = BIT(X27),
      .reads = BIT(3)}},
    {"cmp x1, #1",
     0xf100043f,
     {.kind = INSTRUCTION_COMPARE,
      .base = -1,
      .destination = 1,
      .source = -1,
      .second = -1,
      .has_constant = true,
      .constant = 1,
      .reads = BIT(1)}},
    {"cmp x0, x1",
     0xeb01001f,
     {.kind = INSTRUCTION_COMPARE,
      .base = -1,
      .destination = 0,
      .source = 1,
      .second = -1,
      .reads = BIT(0) | BIT(1)}},
    {"cmp x0, x1, lsl #3",
     0xeb010c1f,
     {.kind = INSTRUCTION_OTHER,
      .base = -1,
      .destination = 0,
      .source = 1,
      .second = -1,
      .reads = BIT(0) | BIT(1)}},
    {"mov x2, #999",
     0xd2807ce2,
     {.kind = INSTRUCTION_MOVE,
      .base = -1,
      .destination = 2,
      .source = -1,
      .second = -1,
      .has_constant = true,
      .constant = 999,
      .writes = BIT(2)}},
    {"mov x2, #-1",
     0x92800002,
     {.kind = INSTRUCTION_MOVE,
      .base = -1,
      .destination = 2,
      .source = -1,
      .second = -1,
      .has_constant = true,
      .constant = -1,
      .writes = BIT(2)}},
    {"orr x4, xzr, #30",
     0xb27f0fe4,
     {.kind = INSTRUCTION_MOVE,
      .base = -1,
      .destination = 4,
      .source = -1,
      .second = -1,
      .has_constant = true,
      .constant = 30,
      .writes = BIT(4)}},
    {"sub x0, x1, #1",
     0xd1000420,
     {.kind = INSTRUCTION_ADD,
      .base = -1,
      .destination = 0,
      .source = 1,
      .second = -1,
      .has_constant = true,
      .constant = -1,
      .writes = BIT(0),
      .reads = BIT(1)}},
    {"lsl x0, x1, #3",
     0xd37df020,
     {.kind = INSTRUCTION_OTHER,
      .base = -1,
      .destination = 0,
      .source = 1,
      .second = -1,
      .has_constant = true,
      .constant = 3,
      .writes = BIT(0),
      .reads = BIT(1)}},
    {"bl .",
     0x94000000,
     {.kind = INSTRUCTION_CALL,
      .base = -1,
      .destination = -1,
      .source = -1,
      .second = -1,
      .has_constant = true,
      .constant = 0x1000,
      .writes = BIT(X30)}},
    {"cbz x0, .",
     0xb4000000,
     {.kind = INSTRUCTION_JUMP,
      .condition = CONDITION_EQUAL,
      .base = -1,
      .destination = 0,
      .source = -1,
      .second = -1,
      .conditional = true,
      .compares_zero = true,
      .has_constant = true,
      .constant = 0x1000,
      .reads = BIT(0)}},
    {"b.hi .",
     0x54000008,
     {.kind = INSTRUCTION_JUMP,
      .condition = CONDITION_ABOVE,
      .base = -1,
      .destination = -1,
      .source = -1,
      .second = -1,
      .conditional = true,
      .has_constant = true,
      .constant = 0x1000}},
    {"ret",
     0xd65f03c0,
     {.kind = INSTRUCTION_JUMP,
      .base = -1,
      .destination = -1,
      .source = -1,
      .second = -1,
      .is_return = true}},
    {"casal x0, x1, [x2]: of version 8.1",
     0xc8e0fc41,
     {.kind = INSTRUCTION_OTHER,
      .base = 2,
      .access_size = 8,
      .reads_memory = true,
      .writes_memory = true,
      .memory_first = true,
      .destination = -1,
      .source = -1,
      .second = -1,
      .writes = BIT(0),
      .reads = BIT(0) | BIT(1) | BIT(2)}},
    {"ldaddal w0, w1, [x2]: of version 8.1",
     0xb8e00041,
     {.kind = INSTRUCTION_OTHER,
      .base = 2,
      .access_size = 4,
      .reads_memory = true,
      .writes_memory = true,
      .memory_first = true,
      .destination = -1,
      .source = -1,
      .second = -1,
      .writes = BIT(1),
      .reads = BIT(0) | BIT(2)}},
    {"nothing that is known",
     0x00ffffff,
     {.kind = INSTRUCTION_OTHER,
      .base = -1,
      .destination = -1,
      .source = -1,
      .second = -1,
      .writes = ANY}},
};

static void check_instruction(const struct instruction *got, const struct instruction *expected)
{
    assert_int_equal(got->size, 4);
    assert_int_equal(got->kind, expected->kind);
    assert_int_equal(got->condition, expected->condition);
    assert_int_equal(got->base, expected->base);
    assert_int_equal(got->displacement, expected->displacement);
    assert_int_equal(got->access_size, expected->access_size);
    assert_int_equal(got->is_pair, expected->is_pair);
    assert_int_equal(got->reads_memory, expected->reads_memory);
    assert_int_equal(got->writes_memory, expected->writes_memory);
    assert_int_equal(got->memory_first, expected->memory_first);
    assert_int_equal(got->is_nil_check, expected->is_nil_check);
    assert_int_equal(got->compares_zero, expected->compares_zero);
    assert_int_equal(got->conditional, expected->conditional);
    assert_int_equal(got->is_return, expected->is_return);
    assert_int_equal(got->destination, expected->destination);
    assert_int_equal(got->source, expected->source);
    assert_int_equal(got->second, expected->second);
    assert_int_equal(got->has_constant, expected->has_constant);
    assert_int_equal(got->constant, expected->constant);
    assert_int_equal(got->writes, expected->writes);
    assert_int_equal(got->reads, expected->reads);
}

static void test_arm64(void **state)
{
    (void)state;
    AUTO(disassembler) disassembler = disassembler_new(&arch_arm64);
    assert_non_null(disassembler);
    for (size_t i = 0; i < COUNT_OF(arm64_cases); i++) {
        const struct arm64_case *one = &arm64_cases[i];
        uint8_t code[4];
        struct instruction got;
        for (int k = 0; k < 4; k++)
            code[k] = (uint8_t)(one->word >> (8 * k));
        print_message("%s\n", one->text);
        assert_true(
            instruction_decode(disassembler, (struct bytes){code, sizeof code}, 0x1000, &got));
        check_instruction(&got, &one->expected);
        assert_false(instruction_decode(disassembler, (struct bytes){code, 3}, 0x1000, &got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arm64)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
