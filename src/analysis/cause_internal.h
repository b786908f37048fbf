// SPDX-License-Identifier: MIT
#pragma once

#include "trace.h"
#include "values/expression.h"

/** What all explanations of one crash share. */
struct cause_finder {
    struct analysis *analysis;
    struct arena *arena;
    const struct crash_site *site;
    const struct goroutine *g; ///< whose stack it is
    const struct report_goroutine *crashed;
    struct report_crash *crash;
    size_t index;                     ///< of `frame` among crashed's
    const struct report_frame *frame; ///< the frame to look at first
    struct stack_frame *frames;       ///< physical, from the innermost to that of `frame`
    size_t count;
    unsigned inline_depth; ///< of `frame` in the last of them
    bool by_type;          ///< the cause's name has its type for a witness, and no place
    bool other;            ///< a concurrent map fault: g is the goroutine that did not die of it
    const char *whole;     ///< what the bounds check compared the length of; NULL: not known
    struct term map;       ///< of such a fault: what g calls the map; TERM_UNKNOWN: not known
};

/** A way on which a place is reached: by a jump that a comparison decides. */
struct guard {
    size_t compare;                       ///< the comparison's instruction
    enum instruction_condition condition; ///< under which the place is reached
};

enum { GUARDS_MAX = 8 };

/** The code of the frame to look at; false: nothing can be said of it. */
bool cause_trace_begin(struct cause_finder *finder, struct trace *trace);

/** Sets the cause; a name that is not sure makes it likely. */
void cause_set(struct cause_finder *finder, const struct term *term, const char *expression,
               const char *format, ...) PRINTF_LIKE(4, 5);
void cause_evidence(struct cause_finder *finder, const char *format, ...) PRINTF_LIKE(2, 3);

/** The value that an expression has in the frame to look at. @return false where it has none */
bool cause_evaluate(const struct cause_finder *finder, const char *text,
                    struct expression_result *out);

/** Says where a nil variable came from, as far as the function that holds it shows it. */
void cause_origin(struct cause_finder *finder, struct trace *trace, size_t at,
                  const struct term *term);

/** The comparisons that lead to an instruction. @return how many; 0 where one is not understood */
size_t guards_find(const struct trace *trace, size_t at, struct guard guards[GUARDS_MAX]);

/** The two sides of a comparison. */
struct term guard_left(struct trace *trace, const struct guard *guard);
struct term guard_right(struct trace *trace, const struct guard *guard);

/**
 * Whether the source may well say it otherwise: a constant that has a name there, a number of
 * optimised code that memory does not confirm.
 */
bool number_is_guess(const struct trace *trace, const struct term *number);

/**
 * The only variable or field in scope that can be the nil pointer that the fault went through, by
 * its type, by the offset that it was read from, and by what was read through it.
 */
bool cause_nil_path(struct cause_finder *finder, struct trace *trace, struct term *out);

/** Whether the code calls what it read when it faulted: a func, or an interface's method. */
bool cause_fault_calls(const struct trace *trace);

/** Whether the fault is the compiler's own test of a pointer, whatever is read of it then. */
bool cause_fault_tests(const struct trace *trace);

/** The frame that the signal stopped, as an index of finder's; false: not known. */
bool cause_faulting_frame(const struct cause_finder *finder, size_t *out);

/** The same of an interface whose first word is in a register; wanted NULL: of any type. */
bool cause_interface_path(struct trace *trace, size_t at, int reg, const struct go_type *wanted,
                          struct term *out);

/**
 * The same of a number that one side of a comparison has read from behind a pointer.
 * @param value  what it was, NULL: not known
 */
bool cause_number_path(const struct cause_finder *finder, struct trace *trace,
                       const struct guard *guard, bool left, const int64_t *value,
                       struct term *out);

/**
 * The only slice, string or array that can be named here and has a length.
 * @param exact  whether the core says that it has; else that of all others is another
 */
bool cause_length_path(const struct cause_finder *finder, struct trace *trace, int64_t length,
                       struct term *out, bool *exact);

void cause_of_nil(struct cause_finder *finder);
/** Of an address that is not near nil: the pointer, or what was done and why it could not be. */
void cause_of_address(struct cause_finder *finder);
/** What code did with an address that is none. */
struct access {
    const char *did; ///< "read", "wrote to", "called", "used": the compiler's check of a pointer
    bool wrote;
    bool known;       ///< the kernel said which address it was
    uint64_t address; ///< of the fault
};

/** Why that could not be: "where no memory is mapped"; may lie in arena. */
const char *access_refusal(const struct analysis *analysis, struct arena *arena,
                           const struct report_signal *signal, const struct access *access);
void cause_of_bounds(struct cause_finder *finder);
void cause_of_assertion(struct cause_finder *finder);
void cause_of_number(struct cause_finder *finder);
void cause_of_call(struct cause_finder *finder);
/** Takes what the source line alone says, where the code has not said it for certain. */
void cause_from_source(struct cause_finder *finder);

/** Finds the stack from its innermost frame to the physical one of the frame to look at. */
bool cause_find_frames(struct cause_finder *finder);

/** What each of the two goroutines of a concurrent map fault calls the map, and both stacks. */
void cause_map_pair(struct cause_finder *finder);

void cause_of_overflow(struct cause_finder *finder);
void cause_of_panic(struct cause_finder *finder);
