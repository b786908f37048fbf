// SPDX-License-Identifier: MIT
#pragma once

#include "analysis_internal.h"
#include "symbols/dwarf_location.h"
#include "symbols/function_code.h"

/**
 * What a register or a word of the stack held, as a Go expression: followed backwards through the
 * code from a fault or a call to the variables, loads, calls and arithmetic that made it. A word is
 * followed to the one instruction that wrote it on every way there; where there are several,
 * nothing is said but what DWARF says of that place.
 */
enum term_kind {
    TERM_UNKNOWN,
    TERM_NUMBER,  ///< text * scale + offset; text NULL: the constant offset
    TERM_PART,    ///< the word at offset of the value `text` (0: a pointer, a slice's array …)
    TERM_ADDRESS, ///< the address of the byte at offset of what `text` is, or points to
    TERM_ITAB,    ///< the address of the byte at offset of the itab of interface `text`
    TERM_METHOD,  ///< the code of the method in the word at offset of its itab
    TERM_STACK,   ///< the address of the nameless place at offset from the CFA
    TERM_CLOSURE, ///< the address of the byte at offset of the running closure's own object
    TERM_ELEMENT, ///< the address of the byte at index * scale + offset of what slice `text` holds
};

/** Where a term came from, where that is more than a variable. */
enum term_source { SOURCE_VARIABLE, SOURCE_CALL, SOURCE_MAP };

struct term {
    enum term_kind kind;
    enum term_source source;
    const char *text;
    unsigned level;           ///< of the operator in text: 5 of a product, 4 of a sum, 0 none
    uint64_t magic;           ///< TERM_NUMBER: the upper half of text times this; 0: text itself
    unsigned magic_shift;     ///< … shifted right so far
    bool through;             ///< TERM_ADDRESS: text is a pointer to what lies there
    bool uncertain;           ///< another name would fit as well, or the name is another function's
    bool of_several;          ///< SOURCE_CALL: the first of several results
    bool foreign;             ///< the name is of the function that this one is inlined into
    bool by_type;             ///< the name is that of the only lost variable of the type
    bool has_value;           ///< value is what memory holds now
    struct go_type *type;     ///< of text, TERM_ADDRESS: of what lies there; NULL: not known
    const struct term *index; ///< TERM_ELEMENT: a number; NULL: none
    const struct term *map, *key; ///< SOURCE_MAP
    int64_t scale, offset;
    uint64_t value;
    const struct dwarf_variable *variable; ///< TERM_PART: all of this variable; NULL: more
    const char *other; ///< what the name may be as well, for nothing tells the two apart; NULL
};

/** Something that is asked of a trace: a place, as it was before an instruction. */
struct trace_query {
    enum {
        QUERY_REGISTER, ///< what: its number
        QUERY_SLOT,     ///< what: offset of a word of the stack from the CFA
        QUERY_RESULT,   ///< what: the register in which the call at `at` left it
        QUERY_MEMORY,   ///< what the memory operand of `at` reads
        QUERY_MADE,     ///< as QUERY_REGISTER, whatever variable DWARF says that it is
    } kind;
    int64_t what;
    size_t at;    ///< number of the instruction
    uint8_t size; ///< QUERY_SLOT: of the part of the word that counts, 0: all of it
};

struct trace_answer {
    struct trace_query query;
    bool done;
    struct term term;
};

enum { TRACE_SCOPES = 8 };

/** One function's code and variables around a place in it. */
struct trace {
    struct analysis *analysis;
    struct arena *arena;
    struct pc_function function;
    target_addr pc, sp, cfa; ///< pc: the instruction that is looked at, or a place inside it
    struct dwarf_index *dwarf;
    struct dwarf_variables scopes[TRACE_SCOPES]; ///< innermost first
    size_t scope_count;
    const char *logical; ///< name of the function that the names are of, as the pclntab has it
    int32_t line;        ///< of that function's source at pc, 0: not known
    bool optimized;
    size_t foreign_scope; ///< scopes from here on are those of a function that this is inlined into

    const struct function_code *code; ///< of the whole function
    size_t at;                        ///< the instruction that pc is in
    uint64_t *changes; ///< of a call that leaves the other registers alone: those that it sets; 0
    struct code_walk walk;

    struct trace_answer *answers;
    size_t answer_count;
    size_t open[64]; ///< answers that are being made, the latest last
    size_t open_count;
    bool blocked;   ///< an answer is needed that has not been made yet
    bool used_slot; ///< a value was read from a word of the stack that DWARF gives no variable
};

/**
 * Reads a frame's code and variables.
 * @param inline_depth  of the logical frame whose names count: 0 the function itself
 * @return false where code, DWARF or a name is missing: then nothing can be said
 */
bool trace_begin(struct trace *trace, struct analysis *analysis, struct arena *arena,
                 const struct stack_frame *frame, unsigned inline_depth);
void trace_end(struct trace *trace);

/** What a place held; TERM_UNKNOWN where that cannot be told. */
struct term trace_ask(struct trace *trace, struct trace_query query);

/** What register held before the at-th instruction. */
struct term trace_register(struct trace *trace, size_t at, int reg);

/** The word-th word of the arguments of the call at an instruction, results not counted. */
struct term trace_argument(struct trace *trace, size_t call, unsigned word);

/** What an instruction's memory operand reads, NULL-like TERM_UNKNOWN where it has none. */
struct term trace_memory(struct trace *trace, size_t at);

/** "i*a.stride+1"; NULL where the term has no text of its own. */
const char *term_text(struct trace *trace, const struct term *term);

/** The number that a term is, as text*scale+offset; TERM_UNKNOWN for what is no number. */
struct term term_number(struct trace *trace, const struct term *term);

/** Whether the term is a whole value that can be nil: a pointer, interface, func, map, chan. */
bool term_is_nilable(const struct term *term);

/* trace_result.c: what one instruction leaves behind, of what it had. All give false where another
 * answer has to be made first. */

/** What the memory operand of the at-th instruction gives to a register; -1: to what is compared.
 */
bool result_of_memory(struct trace *trace, size_t at, int reg, struct term *out);

/** What an instruction left in a register. */
bool result_in_register(struct trace *trace, const struct trace_query *query, size_t at,
                        struct term *out);

/** What an instruction left in a word of the stack. */
bool result_in_slot(struct trace *trace, size_t at, int64_t slot, struct term *out);

/* trace_flow.c */

bool flow_read(struct trace *trace);
void flow_clear(struct trace *trace);

enum flow_end { FLOW_LOST, FLOW_ENTRY, FLOW_WRITER };

enum { FLOW_WRITERS_MAX = 4 };

/**
 * The instructions that wrote a register or a stack word last, one for each way to the at-th.
 * @param entered  whether on some way none did: it is as it was when the function was called
 * @return how many; 0 where there are more
 */
size_t flow_writers(struct trace *trace, const struct trace_query *query,
                    size_t writers[FLOW_WRITERS_MAX], bool *entered);

/**
 * The one instruction that wrote a register or a stack word last, on every way to the at-th.
 * @return FLOW_ENTRY where it is as it was when the function was called
 */
enum flow_end flow_writer(struct trace *trace, const struct trace_query *query, size_t *writer);

/** The size for a QUERY_SLOT of what the at-th instruction reads there. */
uint8_t flow_part(const struct trace *trace, size_t at);

/** Whether a word of the stack holds now what it held before the at-th instruction: the same
 * instructions wrote it last. */
bool flow_slot_stays(struct trace *trace, int64_t slot, size_t at);

/** The instruction that made what another, which sets a register, only copies or reloads. */
size_t flow_origin(struct trace *trace, size_t writer, int reg);

/** Where a memory operand of sp's lies from the CFA; false for another operand. */
bool flow_slot(const struct trace *trace, size_t at, int64_t *slot);

/** The instruction that an unconditional jump leads to; 0: it is none, or leads out. */
size_t flow_target(const struct trace *trace, size_t at);

/* trace_names.c */

bool names_read(struct trace *trace, const struct stack_frame *frame, unsigned inline_depth);

/** The part of a variable that lies at an address of the stack before the at-th instruction. */
bool names_of_place(struct trace *trace, size_t at, target_addr place, unsigned size,
                    struct term *out);

/** Reads what a term's place holds, widened as its type says. @param size  0: as its type */
void names_load_value(struct trace *trace, target_addr place, unsigned size, struct term *out);

/** The variable that DWARF says is in a register at a pc. */
bool names_of_register(struct trace *trace, target_addr pc, int reg, struct term *out);

/** A package variable, or a place in it. */
struct global_place {
    const char *name; ///< "main.cache"
    struct go_type *type;
    uint64_t offset; ///< of the address in it
};

/** The package variable whose memory holds an address; false: none is known to. */
bool global_at(struct analysis *analysis, target_addr address, struct global_place *out);

/** The same as a term of a trace. */
bool names_of_global(struct trace *trace, target_addr address, struct term *out);

/**
 * The package variable whose address the dynamic linker put into a word of its table (GOT): code
 * that shares its runtime with other modules, as a plugin's, reaches its variables so.
 */
bool names_of_linked(struct trace *trace, target_addr slot, struct term *out);

/** Where a variable is at a pc, with each register that it may be in. */
bool names_locate(struct trace *trace, const struct dwarf_variable *variable, target_addr pc,
                  struct location *out);

/** The package variable that is a pointer to memory that holds an address; type and offset are of
 * that memory. */
bool global_leading_to(struct analysis *analysis, target_addr address, struct global_place *out);

/** What a closure captured at an offset of its object. */
bool names_of_captured(struct trace *trace, int64_t offset, struct term *out);

/** The argument whose word came in a register. */
bool names_of_argument(struct trace *trace, int reg, struct term *out);

/** A variable's type: of an escaped one that of what it is, not of the pointer to it. */
bool names_type(struct trace *trace, const struct dwarf_variable *variable, struct go_type **out);

/* trace_abi.c */

enum { ARGUMENT_REGISTERS = 16 };

/** Which words of which parameters, or results, come in which of the argument registers. */
struct abi_layout {
    struct {
        const struct dwarf_variable *variable; ///< NULL: hidden (a generic's dictionary)
        uint64_t offset;
    } words[ARGUMENT_REGISTERS];
    size_t count;
};

/**
 * Go's internal ABI (cmd/compile/abi-internal.md), integer registers: from 1.17 on amd64.
 * @param variables  of the function called name, at its entry; only those of the wanted role count
 * @return false where arguments lie on the stack, or a type is not known
 */
bool abi_layout(struct trace *trace, const struct dwarf_variables *variables, const char *name,
                enum variable_role role, struct abi_layout *out);

/** The register of the word-th word, -1: none; and the reverse. */
int abi_register(const struct trace *trace, unsigned word);
int abi_word(const struct trace *trace, int reg);

/** A name as the function's package writes it. */
const char *names_local(struct trace *trace, const char *name);

/** The name behind its package: "(*Cache[...]).Lookup". */
const char *names_behind_package(const char *name);

/* trace_place.c */

bool place_resolve(struct trace *trace, struct go_type *type);

/** The part of a value at an offset: ".Name", ".cfg.DB", "[3]" appended to text. */
bool place_select(struct trace *trace, const char *text, struct go_type *type, uint64_t offset,
                  unsigned size, struct term *out);

/** The address base + index * scale + displacement; index NULL: none. */
struct term place_address(struct trace *trace, const struct term *base, const struct term *index,
                          int64_t scale, int64_t displacement);

/** What a load of size bytes from an address gives. */
struct term place_load(struct trace *trace, const struct term *address, unsigned size);

/* trace_types.c: optimised code often leaves a value without the variable that it belongs to. Where
 * just one variable in scope is of its type and has no place of its own, that is likely the one. */

bool types_same(const struct go_type *a, const struct go_type *b);

/** Whether a variable is one that the line of source may name; its type. */
bool types_is_in_scope(struct trace *trace, const struct dwarf_variable *variable,
                       struct go_type **type);

/** The only lost variable of a type; where none is lost, the only one that there is. */
bool types_find_variable(struct trace *trace, const struct go_type *type, struct term *out);

/**
 * The only variable or field of a type that can be named from here, up to two fields down; false
 * where an element of a slice or map may be meant as well.
 */
bool types_find_path(struct trace *trace, const struct go_type *type, struct term *out);

/**
 * The only lost variable that is declared on a line of source, and may hold what an instruction of
 * that line has made.
 */
bool types_find_declared(struct trace *trace, int32_t line, const struct term *made,
                         struct term *out);

/**
 * The lost variable that a line of source gives a new value, "off += 4": the only one in the words
 * for what was made there, and declared before.
 */
bool types_find_changed(struct trace *trace, int32_t line, const struct term *made,
                        struct term *out);

/** Whether a text has a word in it that stands for a variable, not for a field. */
bool types_has_word(const char *text, const char *word);

/** The only lost slice or string whose elements have a size. */
bool types_find_indexed(struct trace *trace, uint64_t size, struct term *out);

/** The only lost variable of a kind; where none is lost, the only one that there is. */
bool types_find_kind(struct trace *trace, enum go_kind kind, struct term *out);

/** The only argument of a type, or the only lost one; type NULL: that is a whole number. */
bool types_find_argument(struct trace *trace, const struct go_type *type, struct term *out);

/** The only lost variable that is a whole number. */
bool types_find_number(struct trace *trace, struct term *out);

/** The only lost argument that is a whole number, of a size (0: any), and not in a text already. */
bool types_find_number_argument(struct trace *trace, const char *text, uint64_t size,
                                struct term *out);

/**
 * A part of the only lost variable that is, or points to, something of a size.
 * @param whole  its type, NULL: not known
 */
bool types_find_part(struct trace *trace, uint64_t whole_size, const struct go_type *whole,
                     uint64_t offset, unsigned size, struct term *out);

/** The same for what lies at an offset from the CFA: part of an object whose address is taken. */
bool types_of_slot(struct trace *trace, int64_t slot, unsigned size, struct term *out);

/** The same, with what it holds. */
bool types_of_slot_now(struct trace *trace, int64_t slot, unsigned size, struct term *out);

/** The type whose descriptor a constant is the address of; NULL: it is none. */
struct go_type *types_described(struct trace *trace, const struct term *term);

/** What a call of the allocator gives; out is left alone for another call. False: blocked. */
bool types_of_allocation(struct trace *trace, size_t call, const char *name, struct term *out);

/* trace_number.c */

struct term number_constant(int64_t value);
/** The upper half of the product of a number and a constant, whatever of them comes first. */
struct term number_upper_half(struct trace *trace, const struct term *a, const struct term *b);
struct term number_combine(struct trace *trace, enum instruction_operation operation,
                           const struct term *left, const struct term *right);

/* trace_words.c */

/** Where the words of a value are that is passed to a call: its arguments, or the stack. */
struct words {
    struct trace *trace;
    size_t call;
    bool on_stack;
    unsigned first; ///< argument's number
    int64_t slot;
};

/** Text of a value of a type that lies in words; false: blocked, ask again. *out NULL: it has none.
 */
bool words_text(const struct words *words, struct go_type *type, const char **out);

/**
 * Text of the object of a type whose address a call is given, "s.mu" of &s.mu: a struct and its
 * first field lie at one place, the type says which is meant. wanted NULL: the outermost.
 */
const char *words_object(struct trace *trace, const struct term *term,
                         const struct go_type *wanted);

/* trace_call.c */

/** What a call left in a result register; false: blocked, ask again. */
bool call_result(struct trace *trace, size_t call, int reg, struct term *out);

/** The type that a call's receiver, its first argument, points to; NULL: not known. */
struct go_type *call_receiver(struct trace *trace, size_t call);

/** What a receive from a channel has put on the stack; false: blocked, ask again. */
bool call_received(struct trace *trace, size_t call, int64_t slot, struct term *out);

/** A call as the source has it, "need.total()"; NULL where an argument has no text. */
const char *call_whole_text(struct trace *trace, size_t call);

/** A call's argument of a type, in the words of the caller; NULL where it has none. */
const char *call_argument_text(struct trace *trace, size_t call, unsigned word,
                               struct go_type *type);

/* trace_stored.c: what a register was put into. Code goes on with the register. */

/**
 * The variable that it was put into, straight ahead from the instruction that set it, so that
 * nothing leads around.
 */
bool stored_behind(struct trace *trace, size_t writer, size_t at, int reg, struct term *out);

/** The same, straight back from where it is used: of a register that was set on several ways. */
bool stored_before(struct trace *trace, size_t at, int reg, struct term *out);

/**
 * What one line of source has made and another uses was put into a variable between the two: into
 * the lost one that the first line declares.
 */
bool stored_by_line(struct trace *trace, size_t maker, size_t at, const struct term *made,
                    struct term *out);

/**
 * Whether what one instruction has made went through a variable before another used it: they are of
 * two lines. Its name may be that variable's then.
 */
bool stored_between(struct trace *trace, size_t maker, size_t at);

/** stored_by_line() of a word that was put aside on the stack; made becomes uncertain where it may
 * have another name. */
bool stored_aside(struct trace *trace, size_t at, int64_t slot, struct term *made,
                  struct term *out);

/** The field that it was put into, straight ahead; TERM_UNKNOWN: none. False: blocked. */
bool stored_in_field(struct trace *trace, size_t writer, size_t at, int reg, struct term *out);

/* trace_inlined.c */

/**
 * What a call inlined into the function has left, where the instruction at writer is of such a
 * call's code.
 *
 * @param at    the instruction that uses it
 * @param made  what the instruction at writer has made, in whatever words
 * @return false where it is no such instruction, or nothing is known of the call
 */
bool call_inlined_result(struct trace *trace, size_t writer, size_t at, const struct term *made,
                         struct term *out);

/**
 * The same of what several instructions have set a register to: all of them, but for the constant
 * nil, with what one inlined call has made.
 */
bool call_merged_result(struct trace *trace, const size_t *writers, size_t count, size_t at,
                        int reg, struct term *out);

/** The line of the function whose names count that an instruction is of; 0: another function's. */
int32_t call_own_line(struct trace *trace, size_t at);

/** Whether an instruction is of the function that the one whose names count is inlined into. */
bool call_is_outside(struct trace *trace, size_t at);

/* trace_settle.c */

/** Takes out of a sum what a variable or field was given on the way to the at-th instruction, and
 * puts in a constant's name. */
void number_settle(struct trace *trace, struct term *number, size_t at);

/** The only integer constant of the function's package that has a value; type NULL: of any. NULL:
 * none, or several. */
const char *number_constant_name(struct trace *trace, int64_t value, const struct go_type *type);

/* Inside the trace: the answer, NULL where it has still to be made. */
const struct term *trace_need(struct trace *trace, struct trace_query query);
const struct term *trace_need_argument(struct trace *trace, size_t call, unsigned word);
