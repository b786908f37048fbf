// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"

#include <stdbool.h>
#include <stdint.h>

enum { REGISTER_COUNT = 64 };

/** A set of registers by DWARF number; what is not a DWARF register follows at arch-chosen numbers.
 */
struct registers {
    uint64_t value[REGISTER_COUNT];
    uint64_t known; ///< bit n: value[n] is known
};

/** All that differs between machines. */
struct arch {
    const char *name; ///< Go's: "amd64", "arm64"
    uint16_t machine; ///< EM_*
    uint8_t quantum;  ///< size of the smallest instruction: pc deltas count in it
    bool uses_link_register;
    uint8_t frame_header; ///< bytes between fp and the arguments: 0; 8 with a link register
    uint8_t pc, sp, frame_pointer, link; ///< register numbers; link only with uses_link_register
    uint8_t g;                           ///< register that holds g in Go code (R14, x28)
    uint8_t call_pushes; ///< bytes between the CFA and sp at a function's entry: 8; 0 with a link
                         ///< register
    uint8_t closure;     ///< register in which a closure's object comes (RDX, x26)

    /** Go's internal ABI (cmd/compile/abi-internal.md): the registers of whole numbers and pointers
     * in the order in which arguments and results take them, and since which Go 1.x. */
    const uint8_t *arguments;
    uint8_t argument_count, arguments_since;

    /** Names by number, NULL where there is none; for reports. */
    const char *const *register_names;

    /** Where NT_PRSTATUS holds register n, as offset in its description; 0xffff: it does not. */
    const uint16_t *prstatus_offsets;

    /**
     * A signal frame, relative to the fp of runtime.sigtramp: the kernel's ucontext and siginfo.
     * Linux arch/x86/include/uapi/asm/sigcontext.h, arch/arm64/include/uapi/asm/sigcontext.h.
     */
    uint16_t ucontext_offset, siginfo_offset;
    const uint16_t *ucontext_registers; ///< by number, relative to the ucontext; 0xffff: none
    uint16_t fault_address_offset;      ///< in the ucontext; 0xffff: si_addr is the address (amd64)
};

extern const struct arch arch_amd64, arch_arm64;

/** The table of an ELF machine, NULL for one that is not read. */
const struct arch *arch_by_machine(uint16_t machine);

static inline bool register_get(const struct registers *registers, unsigned number, uint64_t *out)
{
    if (number >= REGISTER_COUNT || !(registers->known >> number & 1))
        return false;
    *out = registers->value[number];
    return true;
}

static inline void register_set(struct registers *registers, unsigned number, uint64_t value)
{
    if (number < REGISTER_COUNT) {
        registers->value[number] = value;
        registers->known |= (uint64_t)1 << number;
    }
}

/** The register in which the word-th word of the arguments or results comes in code of Go 1.minor;
 * -1: on the stack. */
static inline int arch_argument(const struct arch *arch, int minor, unsigned word)
{
    return minor >= arch->arguments_since && word < arch->argument_count ? arch->arguments[word]
                                                                         : -1;
}

/** Reads the registers whose offsets a table gives (0xffff: none) out of bytes. */
void registers_load(const uint16_t *offsets, struct bytes bytes, struct registers *out);
