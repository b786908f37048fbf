// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "image/arch.h"
#include "support/elf_builder.h"
#include "support/support.h"

#include <string.h>

/** Registers as they lie one behind the other, 8 bytes each. */
static const struct layout_case {
    const char *name;
    const struct arch *arch;
    bool signal_frame; // the ucontext, else NT_PRSTATUS
    size_t start;
    const char *order;
} layout_cases[] = {
    {"amd64: NT_PRSTATUS", &arch_amd64, false, 112,
     "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
     "fs_base gs_base ds es fs gs"},
    {"amd64: ucontext", &arch_amd64, true, 40,
     "r8 r9 r10 r11 r12 r13 r14 r15 rdi rsi rbp rbx rdx rax rcx rsp rip eflags"},
    {"arm64: NT_PRSTATUS", &arch_arm64, false, 112,
     "x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 x22 x23 x24 "
     "x25 x26 x27 x28 x29 x30 sp pc pstate"},
    {"arm64: ucontext", &arch_arm64, true, 184,
     "x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 x22 x23 x24 "
     "x25 x26 x27 x28 x29 x30 sp pc pstate"},
};

static uint64_t value_of(const struct arch *arch, const struct registers *registers,
                         const char *name)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        if (arch->register_names[i] && strcmp(arch->register_names[i], name) == 0)
            assert_true(register_get(registers, i, &value));
    return value;
}

static void test_layout(void **state)
{
    const struct layout_case *row = *state;
    AUTO_TEXT bytes = {0};
    put_zeros(&bytes, row->start);
    char order[256], *rest = NULL;
    assert_true(strlen(row->order) < sizeof order);
    memcpy(order, row->order, strlen(row->order) + 1);
    unsigned count = 0;
    for (char *name = strtok_r(order, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        put_u64(&bytes, 0x1000 + count++);
    struct registers registers = {0};
    const uint16_t *offsets =
        row->signal_frame ? row->arch->ucontext_registers : row->arch->prstatus_offsets;
    registers_load(offsets, buffer_bytes(&bytes), &registers);
    assert_int_equal(__builtin_popcountll(registers.known), count);
    memcpy(order, row->order, strlen(row->order) + 1);
    count = 0;
    for (char *name = strtok_r(order, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        assert_int_equal(value_of(row->arch, &registers, name), 0x1000 + count++);
}

/** What unwind rules and locations rely on. */
static void test_dwarf_numbers(void **state)
{
    (void)state;
    static const char *const amd64[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
                                        "rbp", "rsp", "r8",  "r9",  "r10", "r11",
                                        "r12", "r13", "r14", "r15", "rip"};
    for (unsigned i = 0; i < COUNT_OF(amd64); i++)
        assert_string_equal(arch_amd64.register_names[i], amd64[i]);
    assert_string_equal(arch_amd64.register_names[arch_amd64.pc], "rip");
    assert_string_equal(arch_amd64.register_names[arch_amd64.sp], "rsp");
    assert_string_equal(arch_amd64.register_names[arch_amd64.frame_pointer], "rbp");
    assert_string_equal(arch_amd64.register_names[arch_amd64.g], "r14");
    assert_string_equal(arch_arm64.register_names[0], "x0");
    assert_int_equal(arch_arm64.link, 30);
    assert_int_equal(arch_arm64.sp, 31);
    assert_string_equal(arch_arm64.register_names[arch_arm64.pc], "pc");
    assert_string_equal(arch_arm64.register_names[arch_arm64.frame_pointer], "x29");
    assert_string_equal(arch_arm64.register_names[arch_arm64.g], "x28");
}

static void test_cut(void **state)
{
    (void)state;
    AUTO_TEXT bytes = {0};
    put_zeros(&bytes, 112 + 16 * 8 + 7); // rip lacks one byte
    struct registers registers = {0};
    registers_load(arch_amd64.prstatus_offsets, buffer_bytes(&bytes), &registers);
    uint64_t value = 5;
    assert_true(register_get(&registers, 15, &value));
    assert_int_equal(value, 0);
    assert_false(register_get(&registers, arch_amd64.pc, &value));
    assert_false(register_get(&registers, REGISTER_COUNT, &value));
}

static void test_machines(void **state)
{
    (void)state;
    assert_ptr_equal(arch_by_machine(62), &arch_amd64);
    assert_ptr_equal(arch_by_machine(183), &arch_arm64);
    assert_null(arch_by_machine(3));
    assert_null(arch_by_machine(0));
}

RUN_TABLES_MAIN(TABLE(layout_cases, test_layout), SINGLE(test_dwarf_numbers), SINGLE(test_cut),
                SINGLE(test_machines))
