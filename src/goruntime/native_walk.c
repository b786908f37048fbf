// SPDX-License-Identifier: MIT
#include "goruntime/native_walk.h"
#include "base/limits.h"
#include "symbols/cfi.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool native_walk_is_native(const struct program *program, target_addr pc)
{
    return pc && !module_of_pc(program->modules, pc) &&
           native_code_is_executable(program->native, pc);
}

void native_walk_begin(struct native_walk *walk, const struct program *program,
                       const struct registers *registers, bool exact)
{
    *walk = (struct native_walk){.program = program, .registers = *registers, .exact = exact};
}

static target_addr pc_of(const struct native_walk *walk)
{
    uint64_t pc = 0;
    register_get(&walk->registers, walk->program->arch->pc, &pc);
    return pc;
}

static enum native_end end_of(enum cfi_step step)
{
    switch (step) {
    case CFI_STEP_RULES:
    case CFI_STEP_INFERRED:
        return NATIVE_END_NONE;
    case CFI_STEP_OUTERMOST:
        return NATIVE_END_OUTERMOST;
    case CFI_STEP_NO_RULES:
        return NATIVE_END_LOST;
    case CFI_STEP_UNMAPPED:
        return NATIVE_END_UNMAPPED;
    case CFI_STEP_LOOP:
        return NATIVE_END_LOOP;
    }
    return NATIVE_END_LOST;
}

/** Whether Go code calls C there: nothing but these pieces of assembly does, on the system stack.
 */
static bool calls_native(const struct program *program, target_addr pc)
{
    static const char *const callers[] = {"runtime.asmcgocall", "racecall", "msancall", "asancall"};
    struct pc_function function;
    if (!pc_function_find(program->modules, pc - 1, &function))
        return false;
    const char *name = pc_function_name(&function);
    for (size_t i = 0; i < COUNT_OF(callers); i++)
        if (strncmp(name, callers[i], strlen(callers[i])) == 0)
            return true;
    return false;
}

/**
 * Whether unwind rules alone lead from a frame to the Go code that calls C, to a thread's start, or
 * over some frames back into code whose file is not at hand. A stack is full of return addresses
 * that calls of before have left: Go's code above all, where the system stack is C's too.
 */
static bool leads_out(const struct program *program, const struct registers *start)
{
    enum { STEPS_MAX = 64, STEPS_ENOUGH = 3 };
    struct registers registers = *start;
    struct cfi_caller caller;
    for (size_t i = 0; i < STEPS_MAX && native_code_step(program->native); i++) {
        uint64_t pc = 0;
        enum cfi_step step = cfi_find_caller(program->native, &registers, false, &caller);
        if (step == CFI_STEP_OUTERMOST)
            return i > 0;
        if (step != CFI_STEP_RULES)
            return false;
        registers = caller.registers;
        register_get(&registers, program->arch->pc, &pc);
        if (module_of_pc(program->modules, pc))
            return calls_native(program, pc);
        struct native_module *module = native_code_module(program->native, pc);
        if (!module || native_module_missing(module))
            return module && i + 1 >= STEPS_ENOUGH;
        if (!cfi_is_behind_call(program->native, pc))
            return false;
    }
    return false;
}

/**
 * Code whose file is not at hand: looks up the stack for the place where code with rules called it.
 * That must lie behind a call, and rules alone must lead from there to Go. What called what in
 * between stays unknown.
 */
static bool search_stack(const struct native_walk *walk, struct cfi_caller *out)
{
    enum { SEARCHED = 8192 };
    const struct program *program = walk->program;
    const struct arch *arch = program->arch;
    struct native_module *module = native_code_module(program->native, walk->end_pc);
    uint64_t sp, fp, return_pc;
    if (!module || !native_module_missing(module) ||
        !register_get(&walk->registers, arch->sp, &sp) || sp % 8)
        return false;
    target_addr end = native_code_stack_end(program->native, sp);
    if (end > sp + SEARCHED)
        end = sp + SEARCHED;
    for (target_addr at = sp; at < end; at += 8) {
        if (!address_space_try_u64(program->space, at, &return_pc) ||
            !native_walk_is_native(program, return_pc) ||
            !cfi_is_behind_call(program->native, return_pc))
            continue;
        *out = (struct cfi_caller){.cfa = at + 8};
        register_set(&out->registers, arch->pc, return_pc);
        register_set(&out->registers, arch->sp, at + 8);
        if (register_get(&walk->registers, arch->frame_pointer, &fp)) // if the library kept it
            register_set(&out->registers, arch->frame_pointer, fp);
        if (leads_out(program, &out->registers))
            return true;
    }
    return false;
}

/**
 * A caller that was found by the frame pointer of code without rules, on a machine with a link
 * register: its pc and frame pointer are known, its sp is not, for the pair that the frame pointer
 * leads to lies below words of which only that code knows how many. The sp is right from which
 * rules alone lead to Go.
 */
static void correct_sp(const struct native_walk *walk, struct cfi_caller *caller)
{
    enum { SEARCHED = 8192, ALIGNMENT = 16, PAIR = 16 };
    const struct program *program = walk->program;
    const struct arch *arch = program->arch;
    struct registers registers = caller->registers;
    uint64_t pair;
    if (!register_get(&walk->registers, arch->frame_pointer, &pair) ||
        leads_out(program, &registers))
        return;
    for (target_addr sp = pair + PAIR; sp < pair + SEARCHED; sp += ALIGNMENT) {
        register_set(&registers, arch->sp, sp);
        if (leads_out(program, &registers)) {
            caller->registers = registers;
            caller->cfa = sp;
            return;
        }
    }
}

/** Finds a caller; by rules, or else as well as can be. */
static enum cfi_step find_caller(const struct native_walk *walk, struct cfi_caller *out)
{
    // Libraries of arm64 keep frame pointers, as its procedure call standard asks: these tell more.
    bool frame_pointers = walk->program->arch->uses_link_register;
    if (!frame_pointers && search_stack(walk, out))
        return CFI_STEP_INFERRED;
    enum cfi_step step = cfi_find_caller(walk->program->native, &walk->registers, walk->exact, out);
    if (step == CFI_STEP_NO_RULES && frame_pointers && search_stack(walk, out))
        return CFI_STEP_INFERRED;
    struct native_module *module;
    uint64_t pc;
    if (step == CFI_STEP_INFERRED && frame_pointers &&
        register_get(&out->registers, walk->program->arch->pc, &pc) &&
        (module = native_code_module(walk->program->native, pc)) && !native_module_missing(module))
        correct_sp(walk, out);
    return step;
}

bool native_walk_next(struct native_walk *walk, struct native_frame *out)
{
    if (walk->end != NATIVE_END_NONE)
        return false;
    const struct arch *arch = walk->program->arch;
    target_addr pc = pc_of(walk);
    if (module_of_pc(walk->program->modules, pc)) {
        walk->end = NATIVE_END_GO;
        return false;
    }
    walk->end_pc = pc;
    if (walk->count++ >= LIMIT_NATIVE_FRAMES || !native_code_step(walk->program->native)) {
        walk->end = NATIVE_END_LIMIT;
        return false;
    }
    struct cfi_caller caller;
    enum cfi_step step = find_caller(walk, &caller);
    *out = (struct native_frame){
        .pc = pc, .lookup_pc = walk->exact || !pc ? pc : pc - 1, .inferred = walk->inferred};
    register_get(&walk->registers, arch->sp, &out->sp);
    walk->end = end_of(step);
    if (walk->end == NATIVE_END_NONE) {
        out->fp = caller.cfa;
        walk->registers = caller.registers;
        walk->exact = caller.exact;
        walk->inferred = step == CFI_STEP_INFERRED;
        walk->any_inferred |= walk->inferred;
    }
    return true;
}

const char *native_walk_end_text(const struct native_walk *walk, char *text, size_t size)
{
    struct native_module *module;
    const char *missing;
    switch (walk->end) {
    case NATIVE_END_NONE:
    case NATIVE_END_GO:
    case NATIVE_END_OUTERMOST:
        return NULL;
    case NATIVE_END_LOST:
        module = native_code_module(walk->program->native, walk->end_pc);
        missing = module ? native_module_missing(module) : "nothing says whose code it is";
        snprintf(text, size, "the C code at %#" PRIx64 " cannot be unwound: %s%s%s", walk->end_pc,
                 module ? native_module_path(module) : "", module ? ": " : "",
                 missing ? missing : "it has no unwind rules there");
        return text;
    case NATIVE_END_UNMAPPED:
        snprintf(text, size, "the caller of the C code at %#" PRIx64 " is not in the core",
                 walk->end_pc);
        return text;
    case NATIVE_END_LOOP:
        snprintf(text, size, "the caller of the C code at %#" PRIx64 " does not lie above it",
                 walk->end_pc);
        return text;
    case NATIVE_END_LIMIT:
        snprintf(text, size, "there are more frames of C code than are shown");
        return text;
    }
    return NULL;
}
