// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "image/arch.h"
#include "image/elf_file.h"

enum instruction_kind {
    INSTRUCTION_OTHER,
    INSTRUCTION_LOAD,    ///< destination register ← memory
    INSTRUCTION_STORE,   ///< memory ← source register or constant
    INSTRUCTION_MOVE,    ///< destination register ← source register
    INSTRUCTION_ADDRESS, ///< destination register ← address of the memory operand (lea), or a base
                         ///< register plus a scaled index
    INSTRUCTION_ADD,        ///< destination register ← itself, or source, plus what else is named
    INSTRUCTION_MULTIPLY,   ///< destination register ← source times a constant
    INSTRUCTION_SHIFT_LEFT, ///< destination register ← itself shifted by a constant
    INSTRUCTION_COMPARE,
    INSTRUCTION_CALL,
    INSTRUCTION_JUMP, ///< conditional or not; return
};

/** What is computed: destination ← destination or left, operation, constant, source or memory. */
enum instruction_operation {
    OPERATION_NONE, ///< nothing that is understood
    OPERATION_ADD,
    OPERATION_SUBTRACT,
    OPERATION_MULTIPLY,
    OPERATION_DIVIDE,    ///< the machine's own registers: quotient and remainder (amd64)
    OPERATION_REMAINDER, ///< of such a division: no instruction of its own
    OPERATION_NEGATE,
    OPERATION_SHIFT_LEFT,
    OPERATION_SHIFT_RIGHT,
    OPERATION_AND,
    OPERATION_OR,
    OPERATION_XOR,
    OPERATION_INCREMENT,
    OPERATION_DECREMENT,
    OPERATION_CONSTANT, ///< destination ← constant (arm64; amd64 has INSTRUCTION_MOVE)
    OPERATION_NOTHING,  ///< padding
    OPERATION_STOP,     ///< raises a trap: what follows is not reached from here
};

/** What is moved besides what enum instruction_kind says (amd64). */
enum instruction_movement {
    MOVEMENT_NONE,
    MOVEMENT_PUSH, ///< onto the stack: the destination's or a constant's eight bytes
    MOVEMENT_POP,
    MOVEMENT_VECTOR, ///< 16 bytes between memory and a vector register, or two of them
    MOVEMENT_VECTOR_CLEAR,
};

/** When a conditional jump is taken, by the two sides of the comparison before it. */
enum instruction_condition {
    CONDITION_NONE, ///< none that is understood
    CONDITION_EQUAL,
    CONDITION_NOT_EQUAL,
    CONDITION_ABOVE, ///< unsigned
    CONDITION_ABOVE_EQUAL,
    CONDITION_BELOW,
    CONDITION_BELOW_EQUAL,
    CONDITION_LESS, ///< signed
    CONDITION_GREATER_EQUAL,
    CONDITION_GREATER,
    CONDITION_LESS_EQUAL,
};

/** One decoded instruction; registers by DWARF number, -1: none. Narrow: whole functions are kept.
 */
struct instruction {
    enum instruction_kind kind : 8;
    enum instruction_operation operation : 8;
    enum instruction_condition condition : 8; ///< INSTRUCTION_JUMP, conditional
    enum instruction_movement movement : 8;
    uint8_t size;
    bool has_memory : 1;
    bool pc_relative : 1;
    bool conditional : 1;                     ///< INSTRUCTION_JUMP: may also go on behind it
    bool reads_memory : 1, writes_memory : 1; ///< through the memory operand; an address alone does
                                              ///< neither
    bool memory_first : 1;  ///< the memory operand is the first: compared with, or written
    bool narrow_index : 1;  ///< of the index only the lower half counts (arm64)
    bool is_return : 1;     ///< INSTRUCTION_JUMP: leaves the function
    bool is_test : 1;       ///< INSTRUCTION_COMPARE of the operands' common bits with zero
    bool compares_zero : 1; ///< INSTRUCTION_JUMP: taken by what the destination register holds
                            ///< (arm64)
    bool is_nil_check : 1;  ///< a load whose result nobody wants: Go's check of a pointer (arm64)
    bool
        is_mask : 1; ///< all bits or none, as the carry says: sbb of a register with itself (amd64)
    bool is_pair : 1; ///< moves two registers, each with half of access_size (arm64)
    bool has_constant : 1;
    bool keeps_sign : 1; ///< what is narrower is extended by its sign; a shift to the right brings
                         ///< the sign in from the left
    int8_t base, index;
    int16_t base_step; ///< comes to the base register behind the access (arm64)
    uint32_t scale;
    uint8_t access_size; ///< bytes of memory read or written; 0: not known
    uint8_t shift;       ///< bits by which the source of an addition is shifted left (arm64)
    int8_t destination, source;
    int8_t left;   ///< first operand of an operation, where it is not the destination
    int8_t second; ///< of a pair: the register behind it in memory; -1 of a store: zero
    int8_t vector_destination, vector_source; ///< XMM registers (amd64)
    uint8_t width; ///< bytes of the register or memory that is written or first compared; 0: not
                   ///< known
    uint8_t source_width; ///< of the source register so many bytes count
    int64_t displacement;
    int64_t constant;
    uint64_t writes; ///< bit n: register n is written, implicitly too
    uint64_t reads;  ///< bit n: register n is read, for an address too
};

/** Bytes of each register that a load or store moves. */
static inline unsigned instruction_word_size(const struct instruction *instruction)
{
    return instruction->access_size / (instruction->is_pair ? 2U : 1U);
}

/** Decodes instructions of one machine (capstone). Not for sharing between threads. */
struct disassembler;

/** NULL where capstone does not know the machine. */
struct disassembler *disassembler_new(const struct arch *arch);
void disassembler_free(struct disassembler *disassembler);
DEFINE_AUTO(disassembler);

/** Decodes the first instruction of code; false where it is none. */
bool instruction_decode(struct disassembler *disassembler, struct bytes code, target_addr address,
                        struct instruction *out);

/** From now on instruction_text() writes as GNU tools do. For texts alone: operands are then
 * decoded in another order. */
void disassembler_write_gnu(struct disassembler *disassembler);

/** Appends the text of the instruction that was decoded last, as Intel and Arm write it. */
void instruction_text(const struct disassembler *disassembler, struct buffer *out);
