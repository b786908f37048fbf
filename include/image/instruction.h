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

/** One decoded instruction; registers by DWARF number, -1: none. */
struct instruction {
    enum instruction_kind kind;
    uint8_t size;
    bool has_memory;
    int base, index, scale;
    int64_t displacement;
    bool pc_relative;
    bool conditional;                 ///< INSTRUCTION_JUMP: may also go on behind it
    uint8_t access_size;              ///< bytes of memory read or written; 0: not known
    bool reads_memory, writes_memory; ///< through the memory operand; an address alone does neither
    int destination, source;
    bool has_constant;
    int64_t constant;
    uint64_t writes; ///< bit n: register n is written, implicitly too
    uint64_t reads;  ///< bit n: register n is read, for an address too
};

/** Decodes instructions of one machine (capstone). Not for sharing between threads. */
struct disassembler;

/** NULL where capstone does not know the machine. */
struct disassembler *disassembler_new(const struct arch *arch);
void disassembler_free(struct disassembler *disassembler);
DEFINE_AUTO(disassembler);

/** Decodes the first instruction of code; false where it is none. */
bool instruction_decode(struct disassembler *disassembler, struct bytes code, target_addr address,
                        struct instruction *out);

/** Appends the text of the instruction that was decoded last, as Intel and Arm write it. */
void instruction_text(const struct disassembler *disassembler, struct buffer *out);
