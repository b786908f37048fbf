// SPDX-License-Identifier: MIT
#include "machine.h"

#include <string.h>

static uint64_t mask_of(unsigned size)
{
    return size >= 8 ? ~(uint64_t)0 : ((uint64_t)1 << 8 * size) - 1;
}

static uint64_t extend_sign(uint64_t value, unsigned size)
{
    unsigned shift = 64 - 8 * size;
    return size == 0 || size >= 8 ? value : (uint64_t)((int64_t)(value << shift) >> shift);
}

/** The address that a memory operand names, or a base and an index. */
static bool address_of(const struct machine *m, const struct instruction *one, target_addr *out)
{
    uint64_t base = 0, index = 0;
    if (one->pc_relative) {
        *out = m->pc + one->size + (uint64_t)one->displacement;
        return one->index < 0;
    }
    if ((one->base >= 0 && !machine_get(m, one->base, &base)) ||
        (one->index >= 0 && (one->narrow_index || !machine_get(m, one->index, &index))))
        return false;
    *out = base + index * one->scale + (uint64_t)one->displacement;
    return one->base >= 0 || one->index >= 0;
}

/** An access through the base register may move it on. */
static bool step_base(struct machine *m, const struct instruction *one)
{
    uint64_t base;
    return !one->base_step ||
           (machine_get(m, one->base, &base) &&
            machine_set(m, one->base, 8, base + (uint64_t)(int64_t)one->base_step));
}

/** Up to Go 1.16 the g of amd64 is found through a thread's own memory: fs:[-8]. */
static bool is_thread_word(const struct instruction *one)
{
    return one->has_memory && one->base < 0 && one->index < 0 && !one->pc_relative &&
           one->displacement == -8;
}

/** Puts what was loaded or moved, size bytes of it, into a register. */
static bool put(struct machine *m, const struct instruction *one, int reg, unsigned size,
                uint64_t value, bool known)
{
    value = one->keeps_sign ? extend_sign(value, size) : value & mask_of(size);
    if (size > one->width || !machine_set(m, reg, one->width, value))
        return false;
    if (!known) // nor is the copy
        machine_forget(m, reg);
    return known || reg != m->program->arch->sp;
}

static bool load_into(struct machine *m, const struct instruction *one, int reg,
                      target_addr address)
{
    unsigned size = instruction_word_size(one);
    uint64_t value = 0;
    bool known = machine_load_value(m, address, size, &value);
    return (known || machine_owns(address, size)) && put(m, one, reg, size, value, known);
}

static bool run_load(struct machine *m, const struct instruction *one)
{
    target_addr address;
    if (is_thread_word(one))
        return put(m, one, one->destination, one->access_size, machine_g, true);
    if (!address_of(m, one, &address) || !load_into(m, one, one->destination, address))
        return false;
    bool has_second = one->is_pair && one->second >= 0;
    return (!has_second || load_into(m, one, one->second, address + instruction_word_size(one))) &&
           step_base(m, one);
}

static bool run_move(struct machine *m, const struct instruction *one)
{
    uint64_t value = (uint64_t)one->constant;
    if (one->has_memory)
        return run_load(m, one);
    if (one->has_constant)
        return put(m, one, one->destination, one->width, value, true);
    bool known = machine_get(m, one->source, &value);
    return one->source >= 0 && put(m, one, one->destination, one->source_width, value, known);
}

static bool run_store(struct machine *m, const struct instruction *one)
{
    target_addr address;
    unsigned size = instruction_word_size(one);
    uint64_t value = (uint64_t)one->constant, second = 0;
    bool known = one->source >= 0 ? machine_get(m, one->source, &value) : one->has_constant;
    bool second_known = one->second < 0 || machine_get(m, one->second, &second);
    if ((one->source < 0 && !one->has_constant) || !address_of(m, one, &address) ||
        !machine_store_value(m, address, size, value, known))
        return false;
    return (!one->is_pair || machine_store_value(m, address + size, size, second, second_known)) &&
           step_base(m, one);
}

/** The second operand: a constant, a register, or memory where the first is none. */
static bool second_operand(const struct machine *m, const struct instruction *one, uint64_t *out)
{
    target_addr address;
    if (one->has_constant) {
        *out = (uint64_t)one->constant;
        return true;
    }
    if (one->source >= 0) {
        if (one->source_width != one->width || !machine_get(m, one->source, out))
            return false;
        *out <<= one->shift;
        return true;
    }
    return one->has_memory && !one->memory_first && address_of(m, one, &address) &&
           machine_load_value(m, address, one->access_size, out);
}

static bool combine(const struct instruction *one, uint64_t left, uint64_t right, uint64_t *out)
{
    switch (one->operation) {
    case OPERATION_ADD:
        *out = left + right;
        return true;
    case OPERATION_SUBTRACT:
        *out = left - right;
        return true;
    case OPERATION_AND:
        *out = left & right;
        return true;
    case OPERATION_OR:
        *out = left | right;
        return true;
    case OPERATION_XOR:
        *out = left ^ right;
        return true;
    case OPERATION_NEGATE:
        *out = -left;
        return true;
    case OPERATION_INCREMENT:
        *out = left + 1;
        return true;
    case OPERATION_DECREMENT:
        *out = left - 1;
        return true;
    case OPERATION_SHIFT_LEFT:
        *out = left << right;
        return true;
    case OPERATION_SHIFT_RIGHT:
        *out = one->keeps_sign ? (uint64_t)((int64_t)extend_sign(left, one->width) >> right)
                               : (left & mask_of(one->width)) >> right;
        return true;
    default:
        return false;
    }
}

/** Arithmetic on a register. The flags are no longer a comparison's. */
static bool run_operation(struct machine *m, const struct instruction *one)
{
    uint64_t left = 0, right = 0, result;
    bool three_operands = m->program->arch->uses_link_register;
    int first = three_operands ? one->left : one->destination;
    m->compared = false;
    if (one->memory_first || (one->width != 4 && one->width != 8) ||
        (!three_operands && one->left >= 0))
        return false;
    if (one->operation == OPERATION_XOR && !one->has_constant && one->shift == 0 && first >= 0 &&
        one->source == first)
        return machine_set(m, one->destination, one->width, 0);
    bool is_unary = one->operation == OPERATION_NEGATE || one->operation == OPERATION_INCREMENT ||
                    one->operation == OPERATION_DECREMENT;
    bool is_shift =
        one->operation == OPERATION_SHIFT_LEFT || one->operation == OPERATION_SHIFT_RIGHT;
    if (!machine_get(m, first, &left) || (is_unary && one->shift) ||
        (!is_unary && !second_operand(m, one, &right)) ||
        (is_shift && (!one->has_constant || right >= 8U * one->width)))
        return false;
    return combine(one, left, right, &result) &&
           machine_set(m, one->destination, one->width, result);
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
            !machine_load_value(m, address, one->width, &left))
            return false;
        m->compared = one->has_constant || machine_get(m, one->source, &right);
    } else if (!machine_get(m, one->destination, &left) || !second_operand(m, one, &right)) {
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
static bool is_taken(const struct machine *m, const struct instruction *jump, bool *out)
{
    uint64_t left = m->is_test ? m->left & m->right : m->left, right = m->is_test ? 0 : m->right;
    unsigned width = m->width;
    if (jump->compares_zero) {
        width = jump->width;
        right = 0;
        if (!machine_get(m, jump->destination, &left))
            return false;
        left = extend_sign(left & mask_of(width), width);
    } else if (!m->compared) {
        return false;
    }
    uint64_t a = left & mask_of(width), b = right & mask_of(width);
    int64_t x = (int64_t)left, y = (int64_t)right;
    switch (jump->condition) {
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
               machine_store(m, address, m->vectors[from], VECTOR_SIZE,
                             m->vectors_known >> from & 1);
    if (to < 0)
        return false;
    bool known = false;
    if (from >= 0) {
        known = m->vectors_known >> from & 1;
        memmove(m->vectors[to], m->vectors[from], VECTOR_SIZE);
    } else if (one->has_memory && one->access_size == VECTOR_SIZE) {
        known =
            address_of(m, one, &address) && machine_load(m, address, m->vectors[to], VECTOR_SIZE);
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
        known = one->has_constant || machine_get(m, one->destination, &value);
        return (one->has_constant || one->destination >= 0) && !one->has_memory &&
               machine_push(m, value, known);
    case MOVEMENT_POP:
        if (one->destination == m->program->arch->sp || !machine_pop(m, &value, &known) ||
            !machine_set(m, one->destination, 8, value))
            return false;
        if (!known)
            machine_forget(m, one->destination);
        return true;
    default:
        return run_vector(m, one);
    }
}

static bool run_return(struct machine *m, const struct instruction *one)
{
    const struct arch *arch = m->program->arch;
    uint64_t target = 0;
    bool known = true;
    if (one->has_constant) // takes arguments off the stack
        return false;
    if (!arch->uses_link_register)
        known = machine_pop(m, &target, &known) && known;
    else
        known = machine_get(m, one->destination >= 0 ? one->destination : arch->link, &target);
    m->returned = known && target == machine_caller;
    return known && (m->returned || machine_go_to(m, target));
}

/** Calls, jumps and the return; next is the instruction behind. */
static bool run_transfer(struct machine *m, const struct instruction *one, target_addr next)
{
    const struct arch *arch = m->program->arch;
    uint64_t target = (uint64_t)one->constant;
    bool taken = true;
    if (one->is_return)
        return run_return(m, one);
    if (one->conditional && !is_taken(m, one, &taken))
        return false;
    if (!taken)
        return machine_go_to(m, next);
    if (!one->has_constant && (one->has_memory || !machine_get(m, one->destination, &target)))
        return false;
    if (one->kind == INSTRUCTION_CALL &&
        !(arch->uses_link_register ? machine_set(m, arch->link, 8, next)
                                   : machine_push(m, next, true)))
        return false;
    return machine_go_to(m, target);
}

bool machine_run(struct machine *m, const struct instruction *one)
{
    target_addr next = m->pc + one->size, address;
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
        done =
            address_of(m, one, &address) && machine_set(m, one->destination, one->width, address);
    else if (one->kind == INSTRUCTION_COMPARE)
        done = run_compare(m, one);
    else if (one->operation == OPERATION_NOTHING)
        done = true;
    else
        done = run_operation(m, one);
    return done && machine_go_to(m, next);
}
