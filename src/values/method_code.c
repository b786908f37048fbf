// SPDX-License-Identifier: MIT
#include "method_code.h"

#include "base/checked.h"
#include "base/limits.h"
#include "symbols/function_code.h"

#include <elf.h>
#include <string.h>

enum {
    RAX = 0,
    RCX = 2,
    RBX = 3,
    RSP = 7,
    R14 = 14,
    REGISTERS = 16,
    VECTORS = 16,
    VECTOR_SIZE = 16,
    STACK_SIZE = 1024, ///< such methods have small frames
    STEPS_MAX = 400,
};

/*
 * Neither is an address that a process can have. Of the g only two fields are known to such a
 * method: the stack is large enough, and no panic is being handled by the wrapper's caller.
 */
static const target_addr stack_base = UINT64_C(0x7ff0000000000000);
static const target_addr g_base = UINT64_C(0x7ff1000000000000);
enum { G_STACK_GUARD = 16, G_PANIC = 32 };

/** The machine that runs a method: what is not known stays so. */
struct machine {
    struct value_reader *reader;
    const struct function_code *code; ///< the function that pc lies in
    target_addr pc;
    uint64_t registers[REGISTERS];
    uint32_t known; ///< bit n: register n
    uint8_t vectors[VECTORS][VECTOR_SIZE];
    uint32_t vectors_known;
    uint8_t stack[STACK_SIZE];
    bool stack_known[STACK_SIZE];
    bool compared, is_test; ///< the flags are those of a comparison of
    uint64_t left, right;   ///< … these, extended by their sign …
    uint8_t width;          ///< … of so many bytes
    bool returned;
};

static uint64_t mask_of(unsigned size)
{
    return size >= 8 ? ~(uint64_t)0 : ((uint64_t)1 << 8 * size) - 1;
}

static uint64_t extend_sign(uint64_t value, unsigned size)
{
    unsigned shift = 64 - 8 * size;
    return size == 0 || size >= 8 ? value : (uint64_t)((int64_t)(value << shift) >> shift);
}

static bool get(const struct machine *m, int reg, uint64_t *out)
{
    if (reg < 0 || reg >= REGISTERS || !(m->known >> reg & 1))
        return false;
    *out = m->registers[reg];
    return true;
}

/** A write of four bytes clears the upper half; one of fewer leaves the rest, and is not needed. */
static bool set(struct machine *m, int reg, unsigned width, uint64_t value)
{
    if (reg < 0 || reg >= REGISTERS || (width != 8 && width != 4))
        return false;
    m->registers[reg] = value & mask_of(width);
    m->known |= (uint32_t)1 << reg;
    return true;
}

static bool in_stack(target_addr address, size_t size)
{
    return address >= stack_base && range_fits(address - stack_base, size, STACK_SIZE);
}

static bool load(const struct machine *m, target_addr address, void *out, size_t size)
{
    if (in_stack(address, size)) {
        size_t offset = (size_t)(address - stack_base);
        for (size_t i = 0; i < size; i++)
            if (!m->stack_known[offset + i])
                return false;
        memcpy(out, m->stack + offset, size);
        return true;
    }
    if (size == 8 && (address == g_base + G_STACK_GUARD || address == g_base + G_PANIC)) {
        memset(out, 0, size);
        return true;
    }
    return address < stack_base &&
           address_space_try_read(m->reader->program->space, address, out, size);
}

static bool load_value(const struct machine *m, target_addr address, unsigned size, uint64_t *out)
{
    uint8_t bytes[8];
    if (size == 0 || size > sizeof bytes || !load(m, address, bytes, size))
        return false;
    *out = load_uint(bytes, size);
    return true;
}

/** known: whether it is; what is not known may be stored, but not into other memory. */
static bool store(struct machine *m, target_addr address, const void *bytes, size_t size,
                  bool known)
{
    if (!in_stack(address, size))
        return false;
    size_t offset = (size_t)(address - stack_base);
    if (known)
        memcpy(m->stack + offset, bytes, size);
    memset(m->stack_known + offset, known, size);
    return true;
}

static bool store_value(struct machine *m, target_addr address, unsigned size, uint64_t value,
                        bool known)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    return size > 0 && size <= sizeof bytes && store(m, address, bytes, size, known);
}

/** The address that a memory operand names. */
static bool address_of(const struct machine *m, const struct instruction *one, target_addr *out)
{
    uint64_t base = 0, index = 0;
    if (one->pc_relative) {
        *out = m->pc + one->size + (uint64_t)one->displacement;
        return one->index < 0;
    }
    if ((one->base >= 0 && !get(m, one->base, &base)) ||
        (one->index >= 0 && !get(m, one->index, &index)))
        return false;
    *out = base + index * (uint64_t)one->scale + (uint64_t)one->displacement;
    return one->base >= 0 || one->index >= 0;
}

/** Up to Go 1.16 the g is found through a thread's own memory: fs:[-8]. */
static bool is_thread_word(const struct instruction *one)
{
    return one->has_memory && one->base < 0 && one->index < 0 && !one->pc_relative &&
           one->displacement == -8;
}

/** The second operand: a constant, a register, or memory where the first is none. */
static bool second_operand(const struct machine *m, const struct instruction *one, uint64_t *out)
{
    target_addr address;
    if (one->has_constant)
        *out = (uint64_t)one->constant;
    else if (one->source >= 0)
        return get(m, one->source, out);
    else
        return one->has_memory && !one->memory_first && address_of(m, one, &address) &&
               load_value(m, address, one->access_size, out);
    return true;
}

/** What a load or a move takes, size bytes of it. @return false: it fails, or nobody can say */
static bool moved_value(const struct machine *m, const struct instruction *one, uint64_t *value,
                        unsigned *size, bool *known)
{
    target_addr address;
    *known = true;
    *size = one->has_memory ? one->access_size : one->width;
    if (is_thread_word(one)) {
        *value = g_base;
    } else if (one->has_memory) {
        if (!address_of(m, one, &address))
            return false;
        *known = load_value(m, address, *size, value);
        return *known || in_stack(address, *size);
    } else if (one->has_constant) {
        *value = (uint64_t)one->constant;
    } else {
        *size = one->source_width;
        *known = get(m, one->source, value);
    }
    return *size <= one->width;
}

static bool run_move(struct machine *m, const struct instruction *one)
{
    uint64_t value = 0;
    unsigned size = 0;
    bool known;
    if (!moved_value(m, one, &value, &size, &known))
        return false;
    value = one->keeps_sign ? extend_sign(value, size) : value & mask_of(size);
    if (!set(m, one->destination, one->width, value))
        return false;
    if (!known) // nor is the copy
        m->known &= ~((uint32_t)1 << one->destination);
    return one->destination != RSP || known;
}

static bool run_store(struct machine *m, const struct instruction *one)
{
    target_addr address;
    uint64_t value = (uint64_t)one->constant;
    bool known = one->has_constant || get(m, one->source, &value);
    return (one->has_constant || one->source >= 0) && address_of(m, one, &address) &&
           store_value(m, address, one->access_size, value, known);
}

/** Arithmetic on a register. The flags are no longer a comparison's. */
static bool run_operation(struct machine *m, const struct instruction *one)
{
    uint64_t left = 0, right = 0, result;
    unsigned bits = 8 * (unsigned)one->width;
    m->compared = false;
    if (one->memory_first || (one->width != 4 && one->width != 8))
        return false;
    if (one->operation == OPERATION_XOR && one->source >= 0 && one->source == one->destination)
        return set(m, one->destination, one->width, 0);
    bool is_unary = one->operation == OPERATION_NEGATE || one->operation == OPERATION_INCREMENT ||
                    one->operation == OPERATION_DECREMENT;
    bool is_shift =
        one->operation == OPERATION_SHIFT_LEFT || one->operation == OPERATION_SHIFT_RIGHT;
    if (one->left >= 0 || !get(m, one->destination, &left) ||
        (!is_unary && !second_operand(m, one, &right)) ||
        (is_shift && (!one->has_constant || right >= bits)))
        return false;
    switch (one->operation) {
    case OPERATION_ADD:
        result = left + right;
        break;
    case OPERATION_SUBTRACT:
        result = left - right;
        break;
    case OPERATION_AND:
        result = left & right;
        break;
    case OPERATION_OR:
        result = left | right;
        break;
    case OPERATION_XOR:
        result = left ^ right;
        break;
    case OPERATION_NEGATE:
        result = -left;
        break;
    case OPERATION_INCREMENT:
        result = left + 1;
        break;
    case OPERATION_DECREMENT:
        result = left - 1;
        break;
    case OPERATION_SHIFT_LEFT:
        result = left << right;
        break;
    case OPERATION_SHIFT_RIGHT:
        result = one->keeps_sign ? (uint64_t)((int64_t)extend_sign(left, one->width) >> right)
                                 : (left & mask_of(one->width)) >> right;
        break;
    default:
        return false;
    }
    return set(m, one->destination, one->width, result);
}

static bool run_compare(struct machine *m, const struct instruction *one)
{
    target_addr address;
    uint64_t left = 0, right = 0;
    if (one->width == 0 || one->width > 8)
        return false;
    if (one->memory_first) {
        // test [rax], al: only whether the address can be read
        bool has_right = one->has_constant || one->source >= 0;
        right = (uint64_t)one->constant;
        if (!has_right || !address_of(m, one, &address) ||
            !load_value(m, address, one->width, &left))
            return false;
        m->compared = one->has_constant || get(m, one->source, &right);
    } else if (!get(m, one->destination, &left) || !second_operand(m, one, &right)) {
        return false;
    } else {
        m->compared = true;
    }
    m->left = extend_sign(left & mask_of(one->width), one->width);
    m->right = extend_sign(right & mask_of(one->width), one->width);
    m->width = one->width;
    m->is_test = one->is_test;
    return true;
}

/** Whether a conditional jump is taken. */
static bool is_taken(const struct machine *m, enum instruction_condition condition, bool *out)
{
    uint64_t mask = mask_of(m->width);
    uint64_t left = m->is_test ? m->left & m->right : m->left, right = m->is_test ? 0 : m->right;
    uint64_t a = left & mask, b = right & mask;
    int64_t x = (int64_t)left, y = (int64_t)right;
    if (!m->compared)
        return false;
    switch (condition) {
    case CONDITION_EQUAL:
        *out = a == b;
        return true;
    case CONDITION_NOT_EQUAL:
        *out = a != b;
        return true;
    case CONDITION_ABOVE:
        *out = a > b;
        return true;
    case CONDITION_ABOVE_EQUAL:
        *out = a >= b;
        return true;
    case CONDITION_BELOW:
        *out = a < b;
        return true;
    case CONDITION_BELOW_EQUAL:
        *out = a <= b;
        return true;
    case CONDITION_LESS: // of a jump on the sign alone too: the same where nothing overflows
        *out = x < y;
        return y == 0 || (x >= 0) == (y >= 0);
    case CONDITION_GREATER_EQUAL:
        *out = x >= y;
        return y == 0 || (x >= 0) == (y >= 0);
    case CONDITION_GREATER:
        *out = x > y;
        return true;
    case CONDITION_LESS_EQUAL:
        *out = x <= y;
        return true;
    default:
        return false;
    }
}

static bool run_push(struct machine *m, uint64_t value, bool known)
{
    m->registers[RSP] -= 8;
    return store_value(m, m->registers[RSP], 8, value, known);
}

static bool run_pop(struct machine *m, uint64_t *out, bool *known)
{
    *known = load_value(m, m->registers[RSP], 8, out);
    bool there = in_stack(m->registers[RSP], 8);
    m->registers[RSP] += 8;
    return there;
}

static bool run_vector(struct machine *m, const struct instruction *one)
{
    target_addr address;
    int to = one->vector_destination, from = one->vector_source;
    if (one->movement == MOVEMENT_VECTOR_CLEAR) {
        memset(m->vectors[to], 0, VECTOR_SIZE);
        m->vectors_known |= (uint32_t)1 << to;
        return true;
    }
    if (one->has_memory && one->memory_first)
        return from >= 0 && one->access_size == VECTOR_SIZE && address_of(m, one, &address) &&
               store(m, address, m->vectors[from], VECTOR_SIZE, m->vectors_known >> from & 1);
    if (to < 0)
        return false;
    bool known = false;
    if (from >= 0) {
        known = m->vectors_known >> from & 1;
        memmove(m->vectors[to], m->vectors[from], VECTOR_SIZE);
    } else if (one->has_memory && one->access_size == VECTOR_SIZE) {
        known = address_of(m, one, &address) && load(m, address, m->vectors[to], VECTOR_SIZE);
        if (!known)
            return false;
    }
    m->vectors_known = (m->vectors_known & ~((uint32_t)1 << to)) | (uint32_t)known << to;
    return true;
}

static bool run_movement(struct machine *m, const struct instruction *one)
{
    uint64_t value = (uint64_t)one->constant;
    bool known;
    switch (one->movement) {
    case MOVEMENT_PUSH:
        known = one->has_constant || get(m, one->destination, &value);
        return (one->has_constant || one->destination >= 0) && !one->has_memory &&
               run_push(m, value, known);
    case MOVEMENT_POP:
        if (one->destination < 0 || one->destination >= REGISTERS || one->destination == RSP ||
            !run_pop(m, &value, &known))
            return false;
        m->registers[one->destination] = value;
        m->known = (m->known & ~((uint32_t)1 << one->destination)) | (uint32_t)known
                                                                         << one->destination;
        return true;
    default:
        return run_vector(m, one);
    }
}

/** Goes on at another place: of this function, or at the start of one that is called. */
static bool go_to(struct machine *m, target_addr target)
{
    const struct program *program = m->reader->program;
    struct pc_function function;
    m->pc = target;
    if (m->code && target >= m->code->function.entry && target < m->code->function.end)
        return true;
    m->code = pc_function_find(program->modules, target, &function)
                  ? function_code_read(program, &function, m->reader->scratch)
                  : NULL;
    return m->code != NULL;
}

/** Calls, jumps and the return; next is the instruction behind. */
static bool run_transfer(struct machine *m, const struct instruction *one, target_addr next)
{
    uint64_t target = (uint64_t)one->constant;
    bool known = true, taken = true;
    if (one->is_return) {
        if (one->has_constant || !run_pop(m, &target, &known) || !known)
            return false;
        m->returned = target == stack_base; // what the caller put there
        return m->returned || go_to(m, target);
    }
    if (one->conditional && !is_taken(m, one->condition, &taken))
        return false;
    if (!taken)
        return go_to(m, next);
    if (!one->has_constant && (one->has_memory || !get(m, one->destination, &target)))
        return false;
    if (one->kind == INSTRUCTION_CALL && !run_push(m, next, true))
        return false;
    return go_to(m, target);
}

static bool run_one(struct machine *m, const struct instruction *one)
{
    target_addr next = m->pc + one->size;
    target_addr address;
    bool done;
    if (one->kind == INSTRUCTION_CALL || one->kind == INSTRUCTION_JUMP)
        return run_transfer(m, one, next);
    if (one->movement != MOVEMENT_NONE)
        done = run_movement(m, one);
    else if (one->kind == INSTRUCTION_LOAD || one->kind == INSTRUCTION_MOVE)
        done = run_move(m, one);
    else if (one->kind == INSTRUCTION_STORE)
        done = run_store(m, one);
    else if (one->kind == INSTRUCTION_ADDRESS)
        done = address_of(m, one, &address) && set(m, one->destination, one->width, address);
    else if (one->kind == INSTRUCTION_COMPARE)
        done = run_compare(m, one);
    else if (one->operation == OPERATION_NOTHING)
        done = true;
    else
        done = run_operation(m, one);
    return done && go_to(m, next);
}

/** Runs until the method returns. @return false where something is not known */
static bool run(struct machine *m)
{
    for (unsigned steps = 0; steps < STEPS_MAX && !m->returned; steps++) {
        size_t at = function_code_beginning(m->code, m->pc);
        if (at == CODE_NONE || !run_one(m, &m->code->instructions[at]))
            return false;
    }
    return m->returned;
}

bool method_results(struct value_reader *reader, target_addr entry, uint64_t receiver,
                    uint64_t *results, size_t count)
{
    static const int registers[METHOD_RESULTS] = {RAX, RBX, RCX};
    const struct program *program = reader->program;
    bool in_registers = arch_argument(program->arch, program->release->minor, 0) >= 0;
    if (program->arch->machine != EM_X86_64 || !entry || count > METHOD_RESULTS)
        return false;
    struct machine *m = arena_alloc(reader->scratch, sizeof *m);
    *m = (struct machine){.reader = reader, .known = (uint32_t)1 << RSP};
    target_addr arguments = stack_base + STACK_SIZE - (1 + METHOD_RESULTS) * 8;
    m->registers[RSP] = arguments;
    bool ready = go_to(m, entry);
    if (in_registers) {
        m->vectors_known = (uint32_t)1 << (VECTORS - 1); // X15 is zero in Go code
        ready = ready && set(m, RAX, 8, receiver) && set(m, R14, 8, g_base);
    } else {
        ready = ready && store_value(m, arguments, 8, receiver, true);
    }
    if (!ready || !run_push(m, stack_base, true) || !run(m))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool known = in_registers ? get(m, registers[i], &results[i])
                                  : load_value(m, arguments + 8 + 8 * i, 8, &results[i]);
        if (!known)
            return false;
    }
    return true;
}
