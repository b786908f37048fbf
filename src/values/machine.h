// SPDX-License-Identifier: MIT
#pragma once

#include "values_internal.h"

#include "symbols/function_code.h"

enum { MACHINE_REGISTERS = 32, MACHINE_VECTORS = 16, VECTOR_SIZE = 16, MACHINE_STACK = 1024 };

/**
 * A machine that runs Go code over the core's memory, as far as all is known: it has a small stack
 * of its own, at an address that no process can have, and writes nowhere else. What is not known
 * stays so, and may be moved about; what depends on it is not run.
 */
struct machine {
    const struct program *program;
    struct arena *arena;              ///< for code that is not kept
    const struct function_code *code; ///< the function that pc lies in
    target_addr pc;
    uint64_t registers[MACHINE_REGISTERS];
    uint32_t known; ///< bit n: register n
    uint8_t vectors[MACHINE_VECTORS][VECTOR_SIZE];
    uint32_t vectors_known;
    uint8_t stack[MACHINE_STACK];
    bool stack_known[MACHINE_STACK];
    bool compared, is_test; ///< the flags are those of a comparison of
    uint64_t left, right;   ///< … these, extended by their sign …
    uint8_t width;          ///< … of so many bytes
    bool returned;          ///< to machine_caller
};

/** The first byte of the stack, and where a call that the machine begins with returns to. */
extern const target_addr machine_stack, machine_caller;

/** Where g lies: its stack is large enough, and no panic is being handled by the wrapper's caller;
 * more is not known of it. */
extern const target_addr machine_g;

/** @return false: it is not known */
bool machine_get(const struct machine *m, int reg, uint64_t *out);

/** A write of four bytes clears the upper half; one of fewer leaves the rest, and is not needed.
 * @return false: it is none of four or eight bytes to a general register */
bool machine_set(struct machine *m, int reg, unsigned width, uint64_t value);

/** From now on a register is not known. */
void machine_forget(struct machine *m, int reg);

/** Whether memory belongs to the machine's own stack. */
bool machine_owns(target_addr address, size_t size);

/** @return false where it is not known */
bool machine_load(const struct machine *m, target_addr address, void *out, size_t size);
bool machine_load_value(const struct machine *m, target_addr address, unsigned size, uint64_t *out);

/** @param known  whether bytes are. @return false for memory that is not the machine's own */
bool machine_store(struct machine *m, target_addr address, const void *bytes, size_t size,
                   bool known);
bool machine_store_value(struct machine *m, target_addr address, unsigned size, uint64_t value,
                         bool known);

/** Makes the stack larger by a word. */
bool machine_push(struct machine *m, uint64_t value, bool known);

/** Takes the top word. @return false: there is none; *known: whether it is */
bool machine_pop(struct machine *m, uint64_t *out, bool *known);

/** Goes on at another place: of this function, or of one that is called. */
bool machine_go_to(struct machine *m, target_addr target);

/** Runs an instruction, which lies at pc. @return false where it is not understood in full, or what
 * it does depends on what is not known */
bool machine_run(struct machine *m, const struct instruction *one);
