// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "model/value.h"
#include "symbols/program.h"
#include "symbols/type.h"

/** How much of a value is read; what is cut is counted in value.omitted. */
struct value_limits {
    unsigned depth;  ///< --max-depth 4
    uint64_t items;  ///< --max-items 20
    uint64_t string; ///< --max-string 200, bytes
};

/** Reads values out of a program's memory; keeps the types it met. One thread only. */
struct value_reader;

/** @param program  borrowed */
struct value_reader *value_reader_new(struct program *program, const struct value_limits *limits);
void value_reader_free(struct value_reader *reader);
DEFINE_AUTO(value_reader);

/** Other limits for what is read from now on; @return those that held until now. */
struct value_limits value_reader_set_limits(struct value_reader *reader,
                                            const struct value_limits *limits);

/**
 * Whether structures of package runtime are looked into: from now on not, or again. A g leads to
 * thousands of them, which hold nothing of the program's.
 */
void value_reader_skip_runtime(struct value_reader *reader, bool skip);

/** The runtime's clock (nanotime) near the crash, as scheduler_now() tells it; 0: not known. */
void value_reader_set_now(struct value_reader *reader, int64_t now);

struct type_table *value_reader_types(const struct value_reader *reader);

/** Where a value's own bytes are. */
struct storage {
    bool in_memory;
    target_addr address;  ///< in_memory
    const uint8_t *bytes; ///< else size of the type, put together from registers and pieces …
    const uint8_t *known; ///< … byte i is known if known[i]; NULL: all are
};

/**
 * Reads a value. Always gives one: what cannot be read is marked `unreadable` at the place where it
 * is, the rest is read.
 *
 * @param arena  all of the result lies in it
 */
struct value *value_read(struct value_reader *reader, struct arena *arena, struct go_type *type,
                         struct storage storage);

/** The value in an empty interface given by its two words: a panic's argument. */
struct value *value_read_interface(struct value_reader *reader, struct arena *arena,
                                   target_addr type_word, target_addr data_word);
