// SPDX-License-Identifier: MIT
#include "base/cleanup.h"
#include "image/arch.h"

#include <elf.h>

enum { NONE = 0xffff };

/** The numbers of DWARF for the Arm 64-bit Architecture; 33 is ours for pstate. */
enum { X26 = 26, X28 = 28, X29, X30, SP, PC };

static const char *const names[REGISTER_COUNT] = {
    "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",     "x10", "x11",
    "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",    "x22", "x23",
    "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc",  "pstate",
};

/** x0 to x30, sp, pc and pstate lie one behind the other, in the order of their numbers. */
#define ROW(start, n) ((start) + (n)*8)
#define ROWS4(start, n) ROW(start, n), ROW(start, (n) + 1), ROW(start, (n) + 2), ROW(start, (n) + 3)
#define ROWS34(start)                                                                              \
    ROWS4(start, 0), ROWS4(start, 4), ROWS4(start, 8), ROWS4(start, 12), ROWS4(start, 16),         \
        ROWS4(start, 20), ROWS4(start, 24), ROWS4(start, 28), ROW(start, 32), ROW(start, 33)

// struct elf_prstatus: pr_reg lies at 112 and is struct user_pt_regs
// (Linux arch/arm64/include/uapi/asm/ptrace.h).
static const uint16_t prstatus[REGISTER_COUNT] = {ROWS34(112), [34 ... 63] = NONE};

// struct sigcontext lies at 176 in the ucontext, aligned to 16; fault_address comes first in it.
enum { FAULT_ADDRESS = 176 };
static const uint16_t ucontext[REGISTER_COUNT] = {ROWS34(FAULT_ADDRESS + 8), [34 ... 63] = NONE};

static const uint8_t arguments[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

const struct arch arch_arm64 = {
    .name = "arm64",
    .machine = EM_AARCH64,
    .quantum = 4,
    .uses_link_register = true,
    .frame_header = 8,
    .pc = PC,
    .sp = SP,
    .frame_pointer = X29,
    .link = X30,
    .g = X28,
    .closure = X26,
    .arguments = arguments,
    .argument_count = COUNT_OF(arguments),
    .arguments_since = 18,
    .register_names = names,
    .prstatus_offsets = prstatus,
    .ucontext_offset = 128, // struct rt_sigframe: siginfo, 128 bytes, then ucontext
    .siginfo_offset = 0,
    .ucontext_registers = ucontext,
    .fault_address_offset = FAULT_ADDRESS,
};
