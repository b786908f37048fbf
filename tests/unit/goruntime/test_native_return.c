// SPDX-License-Identifier: MIT
#include "goruntime/native_walk.h"
#include "support/elf_builder.h"
#include "support/support.h"

#include <elf.h>
#include <string.h>

/*
 * crosscall2 of arm64 as three releases have it (objdump of recorded binaries, shortened), at CODE,
 * and a stack each of whose words is its own offset: a register's value says where it was read.
 */
enum { CODE = 0x401000, STACK = 0x7fff0000, STACK_SIZE = 0x400, FRAME_SIZE = 192 };
enum { X19 = 19, X28 = 28, X29, X30, SP, PC };

// sub sp, #192; stp x0, x1, [sp, #8]; str x3, [sp, #24]; stp x19, x20, [sp, #32] … x27, x28;
// stp d8, d9, [sp, #112]; stp x29, x30, [sp, #176]; bl; bl
static const char go_1_27[] = "ff0303d1 e08700a9 e30f00f9 f35302a9 f55b03a9 f76304a9 f96b05a9 "
                              "fb7306a9 e827076d fd7b0ba9 a7ebff97 c2e6ff97";
// sub sp, #192; str x1 … x3; str x19, [sp, #32]; str x28, [sp, #104]; str x29, [sp, #112];
// str x30, [sp, #120]; mov x19, x0; bl; blr x19
static const char go_1_15[] = "ff0303d1 e10700f9 f31300f9 fc3700f9 fd3b00f9 fe3f00f9 f30300aa "
                              "a7ebff97 60023fd6";
static const char saves_nothing[] = "ff0303d1 1f2003d5 a7ebff97 c2e6ff97";

/** A program of arm64 with nothing but code, a stack and the name of one function. */
struct target {
    struct program program;
    struct module module;
    struct stack_frame frame;
};

static void open_target(const char *code, const char *name, struct target *out)
{
    struct buffer words = {0};
    for (unsigned i = 0; i < STACK_SIZE; i += 8)
        put_u64(&words, STACK + i);
    const struct built_elf core = {
        .type = ET_CORE,
        .machine = EM_AARCH64,
        .segments = {{PT_LOAD, PF_R | PF_W, STACK, buffer_bytes(&words), 0, 0},
                     {PT_LOAD, PF_R | PF_X, CODE, bytes_from_hex(code), 0, 0}},
    };
    struct bytes bytes = elf_build(&core);
    *out = (struct target){.program.arch = &arch_arm64};
    assert_error(core_file_open(write_file("core", bytes.data, bytes.size), &out->program.core),
                 NULL);
    out->program.space = address_space_new(out->program.core);
    out->module.funcnametab = (struct bytes){(const uint8_t *)name, strlen(name) + 1};
    out->frame = (struct stack_frame){
        .function = {.module = &out->module, .entry = CODE},
        .pc = CODE + 0x100,
        .sp = STACK + 0x40,
        .fp = STACK + 0x40 + FRAME_SIZE,
    };
}

static void close_target(struct target *target)
{
    address_space_free(target->program.space);
    core_file_free(target->program.core);
}

static void assert_register(const struct registers *registers, unsigned number, uint64_t wanted)
{
    uint64_t value = 0;
    assert_int_equal(register_get(registers, number, &value), wanted != 0);
    assert_int_equal(value, wanted);
}

static const struct crosscall_case {
    const char *name, *code, *function;
    unsigned link, x19, x28, x29; ///< offsets from sp; 0: not known
} crosscall_cases[] = {
    {"pairs", go_1_27, "crosscall2", 184, 32, 104, 176},
    {"linked by the C linker", go_1_27, "crosscall2.abi0", 184, 32, 104, 176},
    {"one by one", go_1_15, "crosscall2", 120, 32, 104, 112},
    {"nothing is saved", saves_nothing, "crosscall2", 0, 0, 0, 0},
    {"another function", go_1_27, "crosscall", 0, 0, 0, 0},
};

static void test_crosscall(void **state)
{
    const struct crosscall_case *row = *state;
    struct target target;
    target_addr return_pc = 0;
    struct registers registers;
    open_target(row->code, row->function, &target);
    target_addr sp = target.frame.sp;
    assert_int_equal(native_calls_go(&target.program, &target.frame, &return_pc), row->link != 0);
    assert_int_equal(return_pc, row->link ? sp + row->link : 0);
    if (row->link) {
        native_return_registers(&target.program, &target.frame, return_pc, &registers);
        assert_register(&registers, X19, sp + row->x19);
        assert_register(&registers, X28, sp + row->x28);
        assert_register(&registers, X29, sp + row->x29);
        assert_register(&registers, SP, target.frame.fp);
        assert_register(&registers, PC, return_pc);
        assert_register(&registers, 0, 0);
    }
    close_target(&target);
}

/** Any Go function keeps its caller's frame pointer below its frame. */
static void test_plain_function(void **state)
{
    (void)state;
    struct target target;
    struct registers registers;
    open_target(go_1_27, "runtime.mstart", &target);
    native_return_registers(&target.program, &target.frame, 0x1234, &registers);
    assert_register(&registers, X29, target.frame.sp - 8);
    assert_register(&registers, SP, target.frame.fp);
    assert_register(&registers, PC, 0x1234);
    assert_register(&registers, X19, 0);
    close_target(&target);
}

static void test_sigpanic(void **state)
{
    (void)state;
    struct target target;
    struct registers registers;
    bool exact = false;
    open_target(go_1_27, "runtime.sigpanic", &target);
    assert_true(native_before_sigpanic(&target.program, &target.frame, &registers, &exact));
    assert_true(exact);
    assert_register(&registers, PC, target.frame.sp);
    assert_register(&registers, X30, target.frame.fp);
    assert_register(&registers, SP, target.frame.fp + 16);
    assert_register(&registers, X29, target.frame.sp - 8);
    target.frame.fp = STACK + STACK_SIZE; // not in the core
    assert_false(native_before_sigpanic(&target.program, &target.frame, &registers, &exact));
    close_target(&target);
}

RUN_TABLES_MAIN(TABLE(crosscall_cases, test_crosscall), SINGLE(test_plain_function),
                SINGLE(test_sigpanic))
