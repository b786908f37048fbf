// SPDX-License-Identifier: MIT
#include "base/cleanup.h"
#include "image/arch.h"
#include "image/arch_internal.h"

#include <elf.h>

enum { NONE = 0xffff };

/**
 * The numbers of the System V ABI for AMD64, figure 3.36; 17 to 48 are vector and x87 registers,
 * which no note that is read holds. 60 is ours.
 */
enum {
    RAX,
    RDX,
    RCX,
    RBX,
    RSI,
    RDI,
    RBP,
    RSP,
    R14 = 14,
    RIP = 16,
};

static const char *const names[REGISTER_COUNT] = {
    [0] = "rax",      [1] = "rdx",       [2] = "rcx",     [3] = "rbx",  [4] = "rsi",
    [5] = "rdi",      [6] = "rbp",       [7] = "rsp",     [8] = "r8",   [9] = "r9",
    [10] = "r10",     [11] = "r11",      [12] = "r12",    [13] = "r13", [14] = "r14",
    [15] = "r15",     [16] = "rip",      [49] = "eflags", [50] = "es",  [51] = "cs",
    [52] = "ss",      [53] = "ds",       [54] = "fs",     [55] = "gs",  [DWARF_FS_BASE] = "fs_base",
    [59] = "gs_base", [60] = "orig_rax",
};

// struct elf_prstatus: pr_reg lies at 112, in the order of struct user_regs_struct
// (Linux arch/x86/include/asm/user_64.h).
enum { REG = 112 };
static const uint16_t prstatus[REGISTER_COUNT] = {
    [0] = REG + 10 * 8,  // rax
    [1] = REG + 12 * 8,  // rdx
    [2] = REG + 11 * 8,  // rcx
    [3] = REG + 5 * 8,   // rbx
    [4] = REG + 13 * 8,  // rsi
    [5] = REG + 14 * 8,  // rdi
    [6] = REG + 4 * 8,   // rbp
    [7] = REG + 19 * 8,  // rsp
    [8] = REG + 9 * 8,   // r8
    [9] = REG + 8 * 8,   // r9
    [10] = REG + 7 * 8,  // r10
    [11] = REG + 6 * 8,  // r11
    [12] = REG + 3 * 8,  // r12
    [13] = REG + 2 * 8,  // r13
    [14] = REG + 1 * 8,  // r14
    [15] = REG + 0 * 8,  // r15
    [16] = REG + 16 * 8, // rip
    [17 ... 48] = NONE,
    [49] = REG + 18 * 8, // eflags
    [50] = REG + 24 * 8, // es
    [51] = REG + 17 * 8, // cs
    [52] = REG + 20 * 8, // ss
    [53] = REG + 23 * 8, // ds
    [54] = REG + 25 * 8, // fs
    [55] = REG + 26 * 8, // gs
    [56 ... 57] = NONE,
    [DWARF_FS_BASE] = REG + 21 * 8, // fs_base
    [59] = REG + 22 * 8,            // gs_base
    [60] = REG + 15 * 8,            // orig_rax
    [61 ... 63] = NONE,
};

// struct sigcontext_64 behind uc_flags, uc_link and uc_stack. cs, gs, fs, ss are 16 bits wide there
// and tell nothing.
enum { GREGS = 40 };
static const uint16_t ucontext[REGISTER_COUNT] = {
    [0] = GREGS + 13 * 8,  // rax
    [1] = GREGS + 12 * 8,  // rdx
    [2] = GREGS + 14 * 8,  // rcx
    [3] = GREGS + 11 * 8,  // rbx
    [4] = GREGS + 9 * 8,   // rsi
    [5] = GREGS + 8 * 8,   // rdi
    [6] = GREGS + 10 * 8,  // rbp
    [7] = GREGS + 15 * 8,  // rsp
    [8] = GREGS + 0 * 8,   // r8
    [9] = GREGS + 1 * 8,   // r9
    [10] = GREGS + 2 * 8,  // r10
    [11] = GREGS + 3 * 8,  // r11
    [12] = GREGS + 4 * 8,  // r12
    [13] = GREGS + 5 * 8,  // r13
    [14] = GREGS + 6 * 8,  // r14
    [15] = GREGS + 7 * 8,  // r15
    [16] = GREGS + 16 * 8, // rip
    [17 ... 48] = NONE,
    [49] = GREGS + 17 * 8, // eflags
    [50 ... 63] = NONE,
};

static const uint8_t arguments[] = {0, 3, 2, 5, 4, 8, 9, 10, 11}; // ax bx cx di si r8 to r11

const struct arch arch_amd64 = {
    .name = "amd64",
    .machine = EM_X86_64,
    .quantum = 1,
    .pc = RIP,
    .sp = RSP,
    .frame_pointer = RBP,
    .g = R14,
    .call_pushes = 8,
    .closure = RDX,
    .arguments = arguments,
    .argument_count = COUNT_OF(arguments),
    .arguments_since = 17,
    .register_names = names,
    .prstatus_offsets = prstatus,
    .ucontext_offset = 0,
    // The kernel's ucontext: 40 bytes of header, 256 of sigcontext, 8 of signal mask. The runtime
    // declares a larger one.
    .siginfo_offset = 304,
    .ucontext_registers = ucontext,
    .fault_address_offset = NONE,
};
