// SPDX-License-Identifier: MIT
#pragma once

#include "image/core_file.h"

/** A floating-point, vector or control register, as the core holds it. */
struct vector_register {
    char name[8];
    uint8_t bytes[32]; ///< the least significant first
    uint8_t size;
};

enum { VECTOR_REGISTERS_MAX = 48 };

/**
 * Those of a thread: out of NT_FPREGSET, and the upper halves of ymm0 to ymm15 out of
 * NT_X86_XSTATE. Formats: Linux arch/x86/include/asm/fpu/types.h (FXSAVE, the XSAVE area, which
 * cores have uncompacted), arch/arm64/include/uapi/asm/ptrace.h (user_fpsimd_state).
 *
 * @return how many; 0 where the core has no such note, or it is too short
 */
size_t vector_registers_read(const struct arch *arch, const struct core_thread *thread,
                             struct vector_register *out);
