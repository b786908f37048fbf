// SPDX-License-Identifier: MIT
#pragma once

#include "values/expression.h"
#include "values_internal.h"

#include "base/buffer.h"
#include "symbols/dwarf_index.h"

#include <complex.h>

#ifndef CMPLX // glibc defines it for gcc alone; x + y * I would make a NaN of an infinite part
#define CMPLX(x, y) __builtin_complex((double)(x), (double)(y))
#endif

enum {
    EXPRESSION_SIZE_MAX = 1 << 16, ///< bytes of an expression that somebody types
    EXPRESSION_TOKENS_MAX = 4096,
    EXPRESSION_TEXT_MAX = 1 << 24, ///< bytes of a string that is copied out of the core
};

/** Wide enough for what people write in constants; Go's own have no bound. */
__extension__ typedef __int128 wide_int;

/* expression_lexer.c */

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_IMAGINARY,
    TOKEN_RUNE,
    TOKEN_STRING,
    TOKEN_OPERATOR,
};

enum operator_kind {
    OP_NONE,
    OP_OR,
    OP_AND,
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_ADD,
    OP_SUBTRACT,
    OP_BIT_OR,
    OP_BIT_XOR, ///< also unary
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_REMAINDER,
    OP_SHIFT_LEFT,
    OP_SHIFT_RIGHT,
    OP_BIT_AND,
    OP_BIT_CLEAR,
    OP_NOT,
    OP_OPEN, ///< (
    OP_CLOSE,
    OP_OPEN_INDEX, ///< [
    OP_CLOSE_INDEX,
    OP_OPEN_BRACE,
    OP_CLOSE_BRACE,
    OP_COMMA,
    OP_DOT,
    OP_COLON,
    OP_ARROW, ///< <-
    OP_OTHER, ///< Go's, but of statements
};

struct token {
    enum token_kind kind;
    enum operator_kind op;
    size_t offset, size; ///< in the text, bytes
    const char *text;    ///< NAME, STRING: the name or the bytes that the literal stands for …
    size_t text_size;    ///< … of this size, with a NUL behind
    wide_int integer;    ///< INT, RUNE
    double number;       ///< FLOAT, IMAGINARY
};

struct token_list {
    struct token *items; ///< the last is TOKEN_END
    size_t count;
};

MUST_USE struct error *expression_lex(struct arena *arena, const char *text,
                                      struct token_list *out);

/** Appends a character; what is no Unicode character as U+FFFD. */
void rune_append(struct buffer *out, wide_int rune);

/* expression_parser.c */

enum constant_kind {
    CONSTANT_BOOL,
    CONSTANT_STRING,
    CONSTANT_INT, // the next in the order in which one gives way to the other
    CONSTANT_RUNE,
    CONSTANT_FLOAT,
    CONSTANT_COMPLEX,
};

/** An untyped constant. */
struct constant {
    enum constant_kind kind;
    wide_int integer;         ///< BOOL, INT, RUNE
    double number, imaginary; ///< FLOAT (number), COMPLEX
    const char *text;         ///< STRING
    size_t text_size;
};

/** One step of an expression in postfix order: it takes its operands from a stack. */
enum step_kind {
    STEP_CONSTANT,
    STEP_NAME,    ///< name
    STEP_PACKAGE, ///< name: an import path in quotes
    STEP_TYPE,    ///< name
    STEP_ELEMENT, ///< the type of a literal's elements; count: operands above that literal's type
    STEP_ABSENT,  ///< a bound of a slice that is left out; no label in a composite literal
    STEP_LABEL,   ///< name: of the field that follows, in a composite literal
    STEP_SELECT,  ///< name
    STEP_ASSERT,  ///< name: a type
    STEP_INDEX,
    STEP_SLICE,   ///< count: bounds, 2 or 3
    STEP_CALL,    ///< count: arguments
    STEP_LITERAL, ///< count: elements, each behind its label or STEP_ABSENT
    STEP_UNARY,
    STEP_BINARY,
    STEP_SHORTCUT, ///< && or ||: jumps to step `count` if the left operand decides
};

struct step {
    enum step_kind kind;
    enum operator_kind op;
    size_t offset; ///< where an error is shown: of the name, the operator, the bracket
    size_t count;
    const char *name;
    struct constant constant;
};

struct step_list {
    struct step *items;
    size_t count, capacity;
};

/** In a type's text, in front of a name that has no package: it may be one of the frame's. */
#define TYPE_OWN_MARK '\1'

/** Asks whether base[…] with that whole text is a generic type, not an indexed variable. */
struct type_question {
    bool (*is_type)(void *context, const char *base, const char *text);
    void *context;
};

/**
 * Turns an expression into steps, heeding Go's precedence.
 * @param question  NULL: nothing is a generic type
 * @param out       items are the caller's to free, also after an error
 */
MUST_USE struct error *expression_parse(struct arena *arena, const char *text,
                                        const struct type_question *question,
                                        struct step_list *out);

/* expression_operand.c */

enum operand_kind {
    OPERAND_VALUE,
    OPERAND_CONSTANT,
    OPERAND_NIL,
    OPERAND_TYPE,
    OPERAND_PACKAGE, ///< or a name that is nothing
    OPERAND_BUILTIN,
    OPERAND_FUNCTION, ///< or a method
    OPERAND_ABSENT,
    OPERAND_LABEL,
};

/** A string in a composite literal: its bytes have no address in the target. */
struct literal_text {
    const uint8_t *place; ///< of the string in the literal's bytes
    const char *text;
    uint64_t size;
};

struct literal {
    struct literal_text *texts;
    size_t count;
};

struct operand {
    enum operand_kind kind;
    size_t offset;        ///< where it begins in the text
    struct go_type *type; ///< VALUE, TYPE; resolved
    struct storage storage;
    /** VALUE of kind string or []byte whose bytes are here, made by the expression. */
    bool has_text;
    const char *text;
    uint64_t text_size;
    const struct literal *literal; ///< VALUE: a composite literal or part of one that has strings
    bool missing_key;
    struct constant constant;
    const char *name; ///< PACKAGE, BUILTIN, LABEL; FUNCTION: as Go prints it
};

/** A variable's place: what the frame says of a name. */
struct evaluation {
    struct value_reader *reader;
    struct arena *arena;
    const struct variable_frame *frame;
    const char *package; ///< import path of the frame's function, NULL: none
    const char *text;
    bool variables_tried;
    struct frame_names *names; ///< expression_names.c
    const char *provenance;    ///< of a variable that was used, where it is not its own
};

/** The predeclared type of a kind, string and unsafe.Pointer among them. */
struct go_type *basic_type(enum go_kind kind);
struct go_type *basic_type_named(const char *name);
struct go_type *pointer_type(struct evaluation *eval, struct go_type *elem);
struct go_type *slice_type(struct evaluation *eval, struct go_type *elem);
struct go_type *array_type(struct evaluation *eval, struct go_type *elem, uint64_t length);
bool type_identical(const struct go_type *a, const struct go_type *b);
bool kind_is_integer(enum go_kind kind);
bool kind_is_signed(enum go_kind kind);
bool kind_is_float(enum go_kind kind);
bool kind_is_complex(enum go_kind kind);
bool kind_can_be_nil(enum go_kind kind);

MUST_USE struct error *resolve_at(struct evaluation *eval, size_t offset, struct go_type *type);

/** A value that lies in the target. */
struct operand operand_at(size_t offset, struct go_type *type, target_addr address);
/** A value of up to 8 bytes; bits beyond the type's size are dropped. */
struct operand operand_bits(struct evaluation *eval, size_t offset, struct go_type *type,
                            uint64_t bits);
struct operand operand_bool(struct evaluation *eval, size_t offset, bool value);
/** A copy of bytes as a value. */
struct operand operand_bytes(struct evaluation *eval, size_t offset, struct go_type *type,
                             const void *bytes, size_t size);
struct operand operand_text(size_t offset, struct go_type *type, const char *text, uint64_t size);
MUST_USE struct error *operand_zero(struct evaluation *eval, size_t offset, struct go_type *type,
                                    struct operand *out);

/** Fails unless it is a value; what it is instead is said. Constants are values of their type. */
MUST_USE struct error *operand_need_value(struct evaluation *eval, struct operand *operand);
MUST_USE struct error *operand_load(struct evaluation *eval, const struct operand *operand,
                                    uint64_t offset, void *out, size_t size);
/** Up to 8 bytes of a scalar, an integer extended by its sign. */
MUST_USE struct error *operand_scalar(struct evaluation *eval, const struct operand *operand,
                                      uint64_t *out);
/** Any number: the integer kinds give *number too. */
MUST_USE struct error *operand_float(struct evaluation *eval, const struct operand *operand,
                                     double *number, double *imaginary);
/** Address and length of a string's or slice's contents in the target; not with has_text. */
MUST_USE struct error *operand_header(struct evaluation *eval, const struct operand *operand,
                                      uint64_t *data, uint64_t *length, uint64_t *capacity);
/** All the bytes of a string or []byte. */
MUST_USE struct error *operand_contents(struct evaluation *eval, const struct operand *operand,
                                        const char **text, uint64_t *size);
/** A whole number, constant or not, as an index or a shift count takes it. */
MUST_USE struct error *operand_integer(struct evaluation *eval, const struct operand *operand,
                                       wide_int *out);

/* expression_constant.c */

struct operand operand_constant(size_t offset, const struct constant *constant);
struct constant constant_bool(bool value);
MUST_USE struct error *constant_unary(const struct step *step, struct operand *operand);
MUST_USE struct error *constant_binary(struct evaluation *eval, const struct step *step,
                                       const struct operand *left, const struct operand *right,
                                       struct operand *out);
/** Gives a constant a type, as an assignment would; explicit: as a conversion would. */
MUST_USE struct error *constant_convert(struct evaluation *eval, const struct operand *operand,
                                        struct go_type *type, bool explicit_conversion,
                                        struct operand *out);
/** The type it has where nothing else says. */
struct go_type *constant_type(const struct constant *constant);

/* expression_literal.c */

/** The value that a composite literal's or a map's part of a type gets from an operand. */
MUST_USE struct error *operand_assign(struct evaluation *eval, const struct operand *operand,
                                      struct go_type *type, const char *what, struct operand *out);
/** @param elements  step->count pairs: a label, or OPERAND_ABSENT, and a value */
MUST_USE struct error *composite_literal(struct evaluation *eval, const struct step *step,
                                         const struct operand *type, const struct operand *elements,
                                         struct operand *out);
/** Gives a string that is part of a composite literal its bytes. */
void literal_settle(struct operand *operand);
/** Fails for a part of a composite literal with strings in it: they are not in the target. */
MUST_USE struct error *literal_need_none(const struct operand *operand);

/* expression_names.c */

void evaluation_init(struct evaluation *eval, const struct expression_scope *scope,
                     struct arena *arena, const char *text);
MUST_USE struct error *name_lookup(struct evaluation *eval, const struct step *step,
                                   struct operand *out);
/** The error that a name gives which is neither a variable nor a package. */
MUST_USE struct error *name_unknown(struct evaluation *eval, const struct operand *operand);
MUST_USE struct error *type_of_text(struct evaluation *eval, size_t offset, const char *text,
                                    struct go_type **out);
/** struct type_question.is_type; the context is the evaluation. */
bool names_a_generic(void *context, const char *base, const char *text);

/* expression_package.c */

/** A variable of a package, by its path or name. */
MUST_USE struct error *package_global(struct evaluation *eval, size_t offset, const char *package,
                                      const char *name, bool *found, struct operand *out);
/** The same, or else a constant. */
MUST_USE struct error *package_value(struct evaluation *eval, size_t offset, const char *package,
                                     const char *name, bool *found, struct operand *out);
/** A function by what stands behind its package: "f", "(*T).M". */
bool function_find(struct evaluation *eval, size_t offset, const char *package, const char *member,
                   struct operand *out);
/** A declared type's own method, or that of what it points to. */
bool method_find(struct evaluation *eval, size_t offset, const struct go_type *type,
                 const char *name, struct operand *out);
/** A variable, constant, function or type of a package; the operand becomes it. */
MUST_USE struct error *package_member(struct evaluation *eval, const struct step *step,
                                      struct operand *operand);

/* expression_variable.c */

/** The variables of a frame, with what is needed to find them. */
struct frame_names;
struct frame_names *frame_names_read(struct evaluation *eval, const char **why);
/** @param found  false where the frame has no variable of that name */
MUST_USE struct error *frame_names_find(struct evaluation *eval, const struct step *step,
                                        bool *found, struct operand *out);
/** "there are a, b and c", for an error; NULL where there are none. */
const char *frame_names_list(struct evaluation *eval);

/* expression_select.c */

MUST_USE struct error *select_field(struct evaluation *eval, const struct step *step,
                                    struct operand *operand);
MUST_USE struct error *dereference(struct evaluation *eval, size_t offset, struct operand *operand);
MUST_USE struct error *take_address(struct evaluation *eval, const struct step *step,
                                    struct operand *operand);
MUST_USE struct error *index_operand(struct evaluation *eval, const struct step *step,
                                     struct operand *operand, const struct operand *index);
MUST_USE struct error *slice_operand(struct evaluation *eval, const struct step *step,
                                     struct operand *operand, const struct operand *bounds);

/* expression_map.c */

MUST_USE struct error *index_map(struct evaluation *eval, const struct step *step,
                                 struct operand *operand, const struct operand *key);
MUST_USE struct error *map_length(struct evaluation *eval, const struct operand *map,
                                  uint64_t *out);

/* expression_compare.c */

/** Whether two values of one type are equal. @return NULL, or why that cannot be told */
MUST_USE const char *values_equal(struct evaluation *eval, const struct operand *a,
                                  const struct operand *b, bool *out);
MUST_USE struct error *compare_operands(struct evaluation *eval, const struct step *step,
                                        const struct operand *left, const struct operand *right,
                                        struct operand *out);
/** The value in an interface; kind OPERAND_NIL where it is nil. */
MUST_USE struct error *interface_value(struct evaluation *eval, const struct operand *operand,
                                       struct operand *out);

/* expression_arithmetic.c */

MUST_USE struct error *unary_operand(struct evaluation *eval, const struct step *step,
                                     struct operand *operand);
MUST_USE struct error *binary_operands(struct evaluation *eval, const struct step *step,
                                       const struct operand *left, const struct operand *right,
                                       struct operand *out);
const char *operator_text(enum operator_kind op);

/* expression_convert.c */

MUST_USE struct error *convert_operand(struct evaluation *eval, const struct step *step,
                                       struct go_type *type, const struct operand *operand,
                                       struct operand *out);
MUST_USE struct error *assert_type(struct evaluation *eval, const struct step *step,
                                   struct operand *operand);

/* expression_builtin.c */

bool is_builtin(const char *name);
MUST_USE struct error *call_builtin(struct evaluation *eval, const struct step *step,
                                    const struct operand *function, const struct operand *arguments,
                                    struct operand *out);
