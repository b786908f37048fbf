// SPDX-License-Identifier: MIT
#pragma once

#include "model/crash_report.h"
#include "model/redaction.h"
#include "model/value_verb.h"

#include "report/text_style.h"

#include <stdbool.h>
#include <stdio.h>

/**
 * What the commands print that are no reports: variables, values of expressions, goroutines. As
 * text a line each; as JSON one object with one list, an element a line (docs/expressions.md).
 */
struct listing {
    FILE *out; ///< borrowed; the caller asks ferror() once it is done
    bool json;
    struct redaction *redaction; ///< takes secrets out of values; NULL: all is shown
    bool full;    ///< no value is cut because it is long; all frames and variables of a stack
    bool offsets; ///< of a stack: pc, sp and fp of each frame
    struct value_verb verb;         ///< of listing_result(); its letter 0: values as everywhere
    size_t count;                   ///< elements so far
    const struct text_style *style; ///< borrowed; NULL: as to a file
};

/** @param member  the list's name in the JSON object */
void listing_begin(struct listing *listing, const char *member);
/** @param note  a last line about what could not be listed, NULL: none */
void listing_end(struct listing *listing, const char *note);

/** name  type = value */
void listing_variables(struct listing *listing, struct value_list *variables);

/** EXPR = VALUE */
void listing_result(struct listing *listing, const char *expression, struct value *value,
                    bool missing_key);
/** JSON alone: an expression that has no value, and the byte of it that is at fault. */
void listing_failure(struct listing *listing, const char *expression, const char *message,
                     size_t offset);

/** The source around a frame, with the place in front of it. */
void listing_source(struct listing *listing, struct report_frame *frame);

/** 18  [chan receive, 41 minutes]  main.worker, shop/pool.go:31, created by main.start */
/** What comes from a sink has been filtered there. */
void listing_goroutine(struct listing *listing, const struct report_goroutine *goroutine,
                       const struct report_frame *where);
void listing_group(struct listing *listing, const struct report_group *group, uint64_t most);

/** How many frames at a stack's start listing_stack() leaves out without `full`: they only say how
 * the goroutine came to panic or to wait. */
size_t listing_hidden_frames(const struct report_goroutine *goroutine);

/** Goroutines that have something in common, which the key says. */
void listing_keyed_group(struct listing *listing, const char *key, const struct id_list *ids,
                         uint64_t most);
void listing_stack(struct listing *listing, const struct report_goroutine *goroutine);

/** JSON alone: an object of texts, name and value by turns up to a NULL name; a NULL value is left
 * out. */
void listing_fields(struct listing *listing, const char *const *fields);

/** The runtime's own lines of a death. */
void listing_message(struct listing *listing, const struct report_crash *crash);

/** Goroutine 1, frame 3: main.main, shop/main.go:17 */
void listing_frame(struct listing *listing, uint64_t goroutine, const struct report_frame *frame,
                   uint64_t number);

/** users  map[int]*main.User, and of an interface what is in it. */
void listing_type_of(struct listing *listing, const char *expression, const struct value *value);

/** What a type is: its kind and size, its fields, its elements. */
struct listed_field {
    const char *name, *type;
    uint64_t offset;
};
struct listed_type {
    const char *name, *kind;
    const char *elem, *key; ///< NULL: it has none
    uint64_t size, length;  ///< length: of an array
    const struct listed_field *fields;
    size_t field_count;
};
void listing_type(struct listing *listing, const struct listed_type *type);

/** A name: of a type, a function, a file. */
void listing_name(struct listing *listing, const char *name);

/** A function; with `full` its code's address and where it is written, too. */
struct listed_function {
    const char *name, *file, *short_file; ///< file NULL: not known
    int64_t line;
    uint64_t entry, end;
};
void listing_function(struct listing *listing, const struct listed_function *function);

/** A file that is mapped into the process. */
struct listed_library {
    const char *path;
    uint64_t start, end;
};
void listing_library(struct listing *listing, const struct listed_library *library);

/** A deferred call of a goroutine that has not run. */
void listing_defer(struct listing *listing, size_t number, const struct report_defer *defer,
                   const struct report_frame *frame, uint64_t frame_number);

/** 10303  runtime.raise, goroutine 1 at main.main, shop/main.go:25, crashed; frames with `full` */
void listing_thread(struct listing *listing, const struct report_thread *thread,
                    const struct report_frame *where);

/** A register of more than 8 bytes, or of another number of them. */
struct wide_register {
    const char *name;
    const uint8_t *bytes; ///< as in memory: the least significant first
    size_t size;
};

/** Registers at one moment, a line each below a heading. */
struct listed_registers {
    uint32_t thread;           ///< 0: none
    uint64_t goroutine;        ///< 0: none
    const char *moment;        ///< "when the core was written"
    struct report_frame where; ///< function, file, line of the pc
    const char *const *names;
    const uint64_t *values;
    size_t count;
    const struct wide_register *wide; ///< floating-point and vector registers
    size_t wide_count;
};
void listing_registers(struct listing *listing, const struct listed_registers *registers);

/** MEMORY_RAW is no list: the bytes themselves. */
enum memory_base {
    MEMORY_HEX,
    MEMORY_DECIMAL,
    MEMORY_OCTAL,
    MEMORY_BINARY,
    MEMORY_RAW,
    MEMORY_BASES
};

/** One line of memory. */
struct listed_memory {
    uint64_t address;
    const uint8_t *bytes;
    const bool *known; ///< byte i is in the core
    size_t count;
    unsigned size; ///< bytes of one number: 1, 2, 4 or 8
    enum memory_base base;
};
void listing_memory(struct listing *listing, const struct listed_memory *memory);

/** One instruction: its place in the source, its bytes, its text. */
struct listed_instruction {
    uint64_t address;
    const uint8_t *bytes;
    size_t size;
    const char *text;   ///< "call 0x4b6500"
    const char *target; ///< what it calls or jumps to, NULL: not known
    const char *file;   ///< NULL: not known
    int64_t line;
    bool current; ///< the frame stands here
};
void listing_instruction(struct listing *listing, const struct listed_instruction *instruction);
