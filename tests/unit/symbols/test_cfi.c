// SPDX-License-Identifier: MIT
#include "support/elf_builder.h"
#include "support/support.h"
#include "symbols/cfi.h"

#include <elf.h>

enum { CODE = 0x401000, CODE_SIZE = 0x100, STACK = 0x7fff0000, STACK_SIZE = 0x100 };
enum { RBP = 6, RSP = 7, RIP = 16 };

/** One CIE, and four functions: DWARF 5, 6.4, as .eh_frame has it; absolute addresses of 4 bytes.
 */
static const char eh_frame[] =
    // version 1, "zR", code 1, data -8, return address r16; DW_CFA_def_cfa rsp+8, r16 at cfa-8
    "14000000 00000000 01 7a5200 01 78 10 01 03 0c0708 9001 0000"
    // 0x401000-0x401020: from its second byte on cfa = rsp+16, rbp at cfa-16
    "14000000 1c000000 00104000 20000000 00 41 0e10 8602 0000"
    // 0x401020-0x401030: DW_CFA_undefined r16
    "10000000 34000000 20104000 10000000 00 0710 00"
    // 0x401030-0x401040: cfa = rsp: its caller would not lie above it
    "10000000 48000000 30104000 10000000 00 0e00 00"
    // 0x401040-0x401050: DW_CFA_def_cfa_expression: breg7+8, plus_uconst 8
    "14000000 5c000000 40104000 10000000 00 0f0477082308 00"
    "00000000";

/** A core with a stack, the program it is of, and what reads them. */
struct target {
    struct core_file *core;
    struct elf_file *binary;
    struct address_space *space;
    struct native_code *code;
};

static struct bytes stack_words(void)
{
    struct buffer words = {0};
    for (unsigned i = 0; i < STACK_SIZE / 8; i++)
        put_u64(&words, i == 8 ? 0xbeef : i == 9 ? CODE + 0x15 : i == 11 ? 0x7f0000000000 : 0);
    return buffer_bytes(&words);
}

/** All nops, but a call of 5 bytes at 0x10. */
static struct bytes code_bytes(void)
{
    struct buffer code = {0};
    for (unsigned i = 0; i < CODE_SIZE; i++)
        put_u8(&code, i == 0x10 ? 0xe8 : 0x90);
    return buffer_bytes(&code);
}

static void open_target(struct bytes rules, struct target *out)
{
    const struct built_elf core = {
        .type = ET_CORE,
        .segments = {{PT_LOAD, PF_R | PF_W, STACK, stack_words(), 0, 0},
                     {PT_LOAD, PF_R | PF_X, CODE, {0}, 0, CODE_SIZE}},
    };
    const struct built_elf binary = {
        .type = ET_EXEC,
        .entry = CODE,
        .segments = {{PT_LOAD, PF_R | PF_X, CODE, code_bytes(), 0, 0}},
        .sections = {{".eh_frame", SHT_PROGBITS, SHF_ALLOC, 0x402000, rules, 0}},
    };
    struct bytes bytes = elf_build(&core);
    assert_error(core_file_open(write_file("core", bytes.data, bytes.size), &out->core), NULL);
    bytes = elf_build(&binary);
    assert_error(elf_file_open(write_file("binary", bytes.data, bytes.size), &out->binary), NULL);
    out->space = address_space_new(out->core);
    address_space_add_file(out->space, out->binary, 0);
    out->code =
        native_code_new(out->core, out->space, out->binary, 0, &(struct file_places){.host = true});
}

static void close_target(struct target *target)
{
    native_code_free(target->code);
    address_space_free(target->space);
    elf_file_free(target->binary);
    core_file_free(target->core);
}

static const struct step_case {
    const char *name;
    target_addr pc;
    unsigned sp, fp; ///< from STACK; fp 0: not known
    bool exact;
    enum cfi_step expected;
    unsigned cfa;      ///< from STACK, of a caller that is found
    uint64_t saved_fp; ///< its frame pointer, 0: not looked at
} step_cases[] = {
    {"rules", CODE + 0x10, 0x40, 0, true, CFI_STEP_RULES, 0x50, 0xbeef},
    {"at the entry", CODE, 0x48, 0, true, CFI_STEP_RULES, 0x50, 0},
    {"a return address at the end", CODE + 0x20, 0x40, 0, false, CFI_STEP_RULES, 0x50, 0xbeef},
    {"an expression", CODE + 0x44, 0x40, 0, true, CFI_STEP_RULES, 0x50, 0},
    {"where a thread starts", CODE + 0x24, 0x40, 0, true, CFI_STEP_OUTERMOST, 0, 0},
    {"no higher than itself", CODE + 0x34, 0x50, 0, true, CFI_STEP_LOOP, 0, 0},
    {"beyond the stack", CODE + 0x10, 0x200, 0, true, CFI_STEP_UNMAPPED, 0, 0},
    {"a return address of 0", CODE + 0x10, 0x60, 0, true, CFI_STEP_OUTERMOST, 0, 0},
    {"no rules, a frame pointer", CODE + 0x80, 0x20, 0x40, false, CFI_STEP_INFERRED, 0x50, 0xbeef},
    {"no rules, a leaf", CODE + 0x80, 0x48, 0, true, CFI_STEP_INFERRED, 0x50, 0},
    {"no rules, the pointer below", CODE + 0x80, 0x48, 0x40, false, CFI_STEP_NO_RULES, 0, 0},
    {"no rules, the pointer beyond", CODE + 0x80, 0x20, 0xf8, false, CFI_STEP_NO_RULES, 0, 0},
    {"no rules, the pointer askew", CODE + 0x80, 0x20, 0x41, false, CFI_STEP_NO_RULES, 0, 0},
    {"no rules, no code there", CODE + 0x80, 0x20, 0x50, false, CFI_STEP_NO_RULES, 0, 0},
    {"nobody's code", 0x10, 0x20, 0x40, false, CFI_STEP_INFERRED, 0x50, 0xbeef},
};

static void test_step(void **state)
{
    const struct step_case *row = *state;
    struct target target;
    struct registers registers = {0};
    struct cfi_caller caller;
    uint64_t value;
    open_target(bytes_from_hex(eh_frame), &target);
    register_set(&registers, RIP, row->pc);
    register_set(&registers, RSP, STACK + row->sp);
    if (row->fp)
        register_set(&registers, RBP, STACK + row->fp);
    assert_int_equal(cfi_find_caller(target.code, &registers, row->exact, &caller), row->expected);
    if (row->cfa) {
        assert_int_equal(caller.cfa, STACK + row->cfa);
        assert_true(register_get(&caller.registers, RSP, &value) && value == caller.cfa);
        assert_true(register_get(&caller.registers, RIP, &value) && value == CODE + 0x15);
        assert_false(caller.exact);
    }
    if (row->saved_fp)
        assert_true(register_get(&caller.registers, RBP, &value) && value == row->saved_fp);
    close_target(&target);
}

/** Every byte of the rules spoilt in turn: whatever comes of it is an end, or a frame above. */
static void test_broken_rules(void **state)
{
    (void)state;
    struct bytes good = bytes_from_hex(eh_frame);
    struct target target;
    static const char *const hex[] = {"00", "7f", "ff"};
    for (size_t i = 0; i < good.size * COUNT_OF(hex); i++) {
        struct registers registers = {0};
        struct cfi_caller caller;
        open_target(bytes_patch(good, i / COUNT_OF(hex), hex[i % COUNT_OF(hex)]), &target);
        register_set(&registers, RIP, CODE + 0x10);
        register_set(&registers, RSP, STACK + 0x40);
        if (cfi_find_caller(target.code, &registers, true, &caller) == CFI_STEP_RULES &&
            !caller.exact)
            assert_true(caller.registers.value[RSP] > STACK + 0x40);
        close_target(&target);
    }
}

RUN_TABLES_MAIN(TABLE(step_cases, test_step), SINGLE(test_broken_rules))
