// SPDX-License-Identifier: MIT
#include "support/support.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "model/value_text.h"
#include "values/expression.h"

#include <stdio.h>
#include <string.h>

/** Expressions that need no program: literals, operators, conversions, builtins. */
static const struct value_case {
    const char *name; ///< the expression
    const char *type, *text;
} value_cases[] = {
    {"1", "int", "1"},
    {"0x1F", "int", "31"},
    {"0b1010_0001", "int", "161"},
    {"0o17", "int", "15"},
    {"017", "int", "15"},
    {"1_000_000", "int", "1000000"},
    {"1.5", "float64", "1.5"},
    {".25", "float64", "0.25"},
    {"1e3", "float64", "1000"},
    {"0x1p-2", "float64", "0.25"},
    {"2i", "complex128", "(0+2i)"},
    {"010i", "complex128", "(0+10i)"},
    {"'a'", "int32", "97"},
    {"'\\n'", "int32", "10"},
    {"'\\x41'", "int32", "65"},
    {"'\\u00e9'", "int32", "233"},
    {"'\\''", "int32", "39"},
    {"'é'", "int32", "233"},
    {"\"a\\tb\\\"\"", "string", "\"a\\tb\\\"\""},
    {"\"\\xff\"", "string", "\"\\xff\""},
    {"\"\\u4e16\\U0001F600\"", "string", "\"世😀\""},
    {"`raw\\n`", "string", "\"raw\\\\n\""},
    {"true", "bool", "true"},
    {"nil", "untyped nil", "nil"},
    // precedence, and what comes first among equals
    {"1+2*3", "int", "7"},
    {"(1+2)*3", "int", "9"},
    {"7-2-1", "int", "4"},
    {"1<<3+1", "int", "9"},
    {"-2*3", "int", "-6"},
    {"- -2", "int", "2"},
    {"--2", "int", "2"},
    {"^0", "int", "-1"},
    {"!true || true", "bool", "true"},
    {"1 == 1 && 2 < 3", "bool", "true"},
    {"true || 1/0 == 1", "bool", "true"},
    {"false && 1/0 == 1 || true", "bool", "true"},
    {"7 &^ 5 | 8", "int", "10"},
    {"6 ^ 3", "int", "5"},
    {"-7 / 2", "int", "-3"},
    {"-7 % 3", "int", "-1"},
    {"7.0 / 2", "float64", "3.5"},
    {"7 / 2", "int", "3"},
    {"'a' + 1", "int32", "98"},
    {"1 + 2i*2i", "complex128", "(-3+0i)"},
    {"1 << 62 >> 60", "int", "4"},
    {"1 << 100 >> 98", "int", "4"},
    {"\"a\" + \"b\"", "string", "\"ab\""},
    {"\"a\" < \"b\"", "bool", "true"},
    {"\"ab\" < \"b\" && \"b\" > \"ab\"", "bool", "true"},
    // composite literals
    {"[2]int{1, 2}", "[2]int", "[1, 2]"},
    {"[2]int{1, 1 + 1,}", "[2]int", "[1, 2]"},
    {"[3]uint8{7}", "[3]uint8", "[7, 0, 0]"},
    {"[0]int{}", "[0]int", "[]"},
    {"[2]int{1, 2} == [2]int{1, 2}", "bool", "true"},
    {"[2]int{1, 2} == [2]int{1, 3}", "bool", "false"},
    {"[2][2]int{{1, 2}, {3}}", "[2][2]int", "[[1, 2], [3, 0]]"},
    {"[2][2]int{{1, 2}, {3, 4}}[1][0]", "int", "3"},
    {"[1][2][1]int{{{5}, {6}}}[0][1][0]", "int", "6"},
    {"[2][2]int{[2]int{1}, {2}} == [2][2]int{{1}, {2}}", "bool", "true"},
    {"[2]int{4, 5}[1]", "int", "5"},
    {"[2]string{\"a\", \"b\"} == [2]string{\"a\", \"b\"}", "bool", "true"},
    {"[2]string{\"a\", \"b\"} != [2]string{\"a\", \"c\"}", "bool", "true"},
    {"[2]string{\"a\"} == [2]string{\"a\", \"\"}", "bool", "true"},
    {"[2]string{\"a\", \"bc\"}[1] + \"d\"", "string", "\"bcd\""},
    {"len([2]string{\"a\", \"bc\"}[1])", "int", "2"},
    {"[1][2]string{[2]string{\"a\", \"b\"}}[0][1]", "string", "\"b\""},
    {"[1][2]string{[2]string{\"a\", \"b\"}} == [1][2]string{[2]string{\"a\", \"x\"}}", "bool",
     "false"},
    {"[1]interface {}{nil} == [1]interface {}{nil}", "bool", "true"},
    // types: arithmetic wraps, constants take the type of the other side
    {"uint8(200) + 100", "uint8", "44"},
    {"int8(-128) / -1", "int8", "-128"},
    {"int8(127) + 1", "int8", "-128"},
    {"-int8(-128)", "int8", "-128"},
    {"^uint8(1)", "uint8", "254"},
    {"uint64(1) << 63", "uint64", "9223372036854775808"},
    {"int64(-1) >> 70", "int64", "-1"},
    {"uint8(1) << 8", "uint8", "0"},
    {"1 << uint8(3)", "int", "8"},
    {"uint32(7) % 4", "uint32", "3"},
    {"int64(-9223372036854775808) % -1", "int64", "0"},
    {"float32(0.1)", "float32", "0.1"},
    {"float32(1) / 3", "float32", "0.33333334"},
    {"float64(1) / 0.0 > 1", "bool", "true"},
    {"int(2.0)", "int", "2"},
    {"int(float64(-2.9))", "int", "-2"},
    {"uint8(int16(300))", "uint8", "44"},
    {"uintptr(255)", "uintptr", "0xff"},
    {"float64(3) * 2", "float64", "6"},
    {"string(65)", "string", "\"A\""},
    {"string(rune(0x4e16))", "string", "\"世\""},
    {"string([]byte(\"ab\"))", "string", "\"ab\""},
    {"[]byte(\"hi\")", "[]uint8", "[]byte(\"hi\")"},
    {"[]byte(\"\\x00\\xff\")", "[]uint8", "[0, 255]"},
    {"[]rune(\"aé\")", "[]int32", "[97, 233]"},
    {"len([]rune(\"aé\"))", "int", "2"},
    {"string([]rune(\"aé\")[1:])", NULL, NULL},
    {"byte('a')", "uint8", "97"},
    {"complex64(complex(1, 2))", "complex64", "(1+2i)"},
    {"real(complex(1, 2)) + imag(3i)", "float64", "4"},
    {"complex(1.5, -2)", "complex128", "(1.5-2i)"},
    {"complex(float64(1), 2) == 1+2i", "bool", "true"},
    {"len(\"abc\")", "int", "3"},
    {"len(\"aé\"[1:])", "int", "2"},
    {"\"abc\"[1]", "uint8", "98"},
    {"\"abcdef\"[2:4]", "string", "\"cd\""},
    {"\"abc\"[:]", "string", "\"abc\""},
    {"\"abc\"[:2]", "string", "\"ab\""},
    {"min(3, 1, 2)", "int", "1"},
    {"max(1, 2.5)", "float64", "2.5"},
    {"min(\"b\", \"a\")", "string", "\"a\""},
    {"(*int)(0xc000010000) == nil", "bool", "false"},
    {"(*int)(nil) == nil", "bool", "true"},
    {"uintptr((*int)(0xc000010000)) + 8", "uintptr", "0xc000010008"},
    {"*\"int\"(nil) == nil", NULL, NULL},
    {"(*\"int\")(nil) == nil", "bool", "true"},
    {"any(5) == 5", "bool", "true"},
    {"1 == 1.0", "bool", "true"},
    {"float64(0)/float64(0) == float64(0)/float64(0)", "bool", "false"},
    {"float64(0)/float64(0) != 1", "bool", "true"},
    {"[0]int(nil)", NULL, NULL},
};

static struct value_reader *empty_reader(void)
{
    const struct value_limits limits = {.depth = 4, .items = 20, .string = 200};
    return value_reader_new(NULL, &limits);
}

static void test_value(void **state)
{
    const struct value_case *row = *state;
    AUTO(arena) arena = arena_new();
    AUTO(value_reader) reader = empty_reader();
    const struct expression_scope scope = {.reader = reader};
    struct expression_result result;
    AUTO_TEXT text = {0};
    struct error *err = expression_evaluate(&scope, arena, row->name, &result);
    if (!row->text) { // it must fail, and not crash
        assert_non_null(err);
        error_free(err);
        return;
    }
    assert_error(err, NULL);
    value_text(&text, result.value);
    assert_string_equal(buffer_text(&text), row->text);
    assert_string_equal(result.value->type, row->type);
}

/** What is wrong, and where: the offset is that of the ^ in the second line. */
static const struct error_case {
    const char *name, *place, *error;
} error_cases[] = {
    {"", "^", "the expression ends where an operand is expected"},
    {"1 +", "   ^", "the expression ends where an operand is expected"},
    {"1 2", "  ^", "an operator is expected here"},
    {"(1", "^", "this bracket is not closed"},
    {"1)", " ^", "')' closes nothing"},
    {"(1]", "  ^", "']' closes nothing"},
    {"a[1", " ^", "this bracket is not closed"},
    {"a[]", "  ^", "']' where an operand is expected"},
    {"a[1:2:]", "      ^", "']' where the third bound is expected"},
    {"a[::3]", "   ^", "':' where an operand is expected"},
    {"a[1:2:3:4]", "       ^", "a slice has three bounds at most"},
    {"a.", "  ^", "the expression ends where a field or a type in brackets is expected"},
    {"a.(type)", "  ^", "x.(type) belongs into a switch: name the type"},
    {"a.()", "   ^", "')' where a type is expected"},
    {"a = 1", "  ^", "'=' does not belong into an expression: a core is only read"},
    {"a := 1", "  ^", "':=' does not belong into an expression: a core is only read"},
    {"1{1}", " ^", "a type is expected in front of this brace"},
    {"[2]int{1, 2", "      ^", "this bracket is not closed"},
    {"[2]int{1, 2)", "           ^", "')' closes nothing"},
    {"[2]int{,}", "       ^", "',' where an operand is expected"},
    {"[2]int{1, 2, 3}", "             ^", "[2]int has 2 elements"},
    {"[100000]int{}", "           ^", "a literal of type [100000]int would have 800000 bytes"},
    {"[2]int{a: 1}", "       ^", "an array's elements have no names"},
    {"[2]int8{1, 300}", "           ^", "300 does not fit into int8"},
    {"[2]int{\"a\"}", "       ^", "a string is no int"},
    {"[1]int{{1}}", "       ^",
     "literals of type int cannot be made here: only structs and arrays"},
    {"{1}", "^", "'{' where an operand is expected"},
    {"[]int{1}", "     ^", "literals of type []int cannot be made here: only structs and arrays"},
    {"[2]string{\"a\"}", "^", "a literal with strings in it can only be compared, or be a key"},
    {"[2]interface {}{1}", "                ^", "a int cannot be put into an interface here"},
    {"<-c", "^", "nothing can be received: a core is only read"},
    {"&&x", "^", "an address has no address"},
    {"1 # 2", "  ^", "'#' does not belong into an expression"},
    {"\"abc", "^", "this literal has no closing \""},
    {"`abc", "^", "this literal has no closing `"},
    {"'ab'", "^", "a rune literal holds one character, not 2"},
    {"\"\\q\"", " ^", "no such escape in a literal"},
    {"\"\\x4\"", "    ^", "this escape wants 2 digits"},
    {"'\\ud800'", "   ^", "this escape is no character"},
    {"0x", "^", "a number without digits"},
    {"019", "^", "'9' is no digit of a number in base 8"},
    {"12ab", "^", "'a' is no digit of a number in base 10"},
    {"1.2.3", "^", "'1.2.3' is not a number"},
    {"1/0", " ^", "division by zero"},
    {"1.0/0", "   ^", "division by zero"},
    {"5 % 0", "  ^", "division by zero"},
    {"int8(1)/0", "       ^", "division by zero"},
    {"1 << -1", "  ^", "a shift by a negative number"},
    {"int(1) << -1", "          ^", "a shift by a negative number"},
    {"1 << 200", "  ^", "the constant becomes too large"},
    {"uint8(300)", "      ^", "300 does not fit into uint8"},
    {"uint8(200) + 300", "             ^", "300 does not fit into uint8"},
    {"uint(-1)", "     ^", "-1 does not fit into uint"},
    {"int(1.5)", "    ^", "1.5 does not fit into int"},
    {"1 << 63", "^", "the constant does not fit into int"},
    {"int8(1) + int16(1)", "        ^", "'+' between values of types int8 and int16"},
    {"1 + \"a\"", "  ^", "'+' between a whole number and a string"},
    {"int(1) + \"a\"", "         ^", "a string is no int"},
    {"!1", "^", "unary '!' does not take a whole number"},
    {"-true", "^", "unary '-' does not take a truth value"},
    {"1 && true", "  ^", "'&&' does not take values of type int"},
    {"true < false", "     ^", "a truth value has no order"},
    {"\"a\" - \"b\"", "    ^", "'-' does not take a string"},
    {"1.5 % 2", "    ^", "'%' does not take a float"},
    {"nil == nil", "    ^", "nil is compared with nil"},
    {"1 == nil", "^", "a value of type int is never nil"},
    {"nil + 1", "    ^", "'+' does not take nil"},
    {"int", "^", "int is a type, not a value"},
    {"len", "^", "len wants its arguments in brackets"},
    {"len()", "^", "len takes one argument"},
    {"len(1)", "    ^", "a value of type int has no length"},
    {"cap(\"a\")", "    ^", "a value of type string has no capacity"},
    {"append(1, 2)", "^", "append cannot be called: nothing runs in a core"},
    {"1(2)", " ^", "functions cannot be called: nothing runs in a core"},
    {"int(1, 2)", "   ^", "a conversion takes one value"},
    {"\"abc\"[3]", "      ^", "index 3 is out of range: the length is 3"},
    {"\"abc\"[-1]", "      ^", "index -1 is out of range: the length is 3"},
    {"\"abc\"[2:1]", "     ^", "slice bounds out of order: 2 > 1"},
    {"\"abc\"[1:9]", "        ^", "index 9 is out of range: the length is 3"},
    {"\"abc\"[0:1:2]", "     ^", "a string has no capacity: two bounds at most"},
    {"\"abc\"[1.5]", "      ^", "1.5 does not fit into int"},
    {"1[0]", " ^", "a value of type int has no elements"},
    {"1 .x", "   ^", "a value of type int has no field x"},
    {"*1", "^", "a value of type int is no pointer"},
    {"*(*int)(nil)", "^", "nil (*int) points to nothing"},
    {"&1", "^", "this has no address: it lies in no memory of its own"},
    {"1 .(int)", "^", "a value of type int is no interface"},
    {"int(float64(1e300))", "   ^",
     "1e+300 does not fit into int: what Go makes of it depends on the machine"},
    {"string(1.5)", "       ^", "a float is no string"},
    {"bool(1)", "     ^", "a whole number is no bool"},
    {"user", "^", "there is no variable user"},
    {"user.Name", "     ^",
     "there is no package variable, function, type or constant user.Name; constants other than "
     "whole numbers leave no trace in a program"},
    {"complex64(1i).x", "              ^", "a value of type complex64 has no field x"},
    {"1 + user", "    ^", "there is no variable user"},
    {"[]nosuch(nil)", "^", "no type is called nosuch"},
};

static void test_error(void **state)
{
    const struct error_case *row = *state;
    AUTO(arena) arena = arena_new();
    AUTO(value_reader) reader = empty_reader();
    const struct expression_scope scope = {.reader = reader};
    struct expression_result result;
    struct error *err = expression_evaluate(&scope, arena, row->name, &result);
    assert_non_null(err);
    size_t offset = error_offset(err);
    assert_error_kind(err, ERROR_INPUT, row->error);
    assert_int_equal(offset, strlen(row->place) - 1);
}

/** No input makes the program recurse, and none is too deep. */
static void test_deep(void **state)
{
    (void)state;
    static const struct {
        const char *open, *close;
    } shapes[] = {{"(", ")"}, {"-", ""}, {"1+(", ")"}, {"\"a\"[", "]"}, {"&", ""}, {"*", ""}};
    AUTO(arena) arena = arena_new();
    AUTO(value_reader) reader = empty_reader();
    const struct expression_scope scope = {.reader = reader};
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        AUTO_TEXT text = {0};
        for (int depth = 0; depth < 1000; depth++)
            buffer_puts(&text, shapes[i].open);
        buffer_puts(&text, "1");
        for (int depth = 0; depth < 1000; depth++)
            buffer_puts(&text, shapes[i].close);
        struct expression_result result;
        struct error *err = expression_evaluate(&scope, arena, buffer_text(&text), &result);
        error_free(err);
    }
}

static void test_limits(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(value_reader) reader = empty_reader();
    const struct expression_scope scope = {.reader = reader};
    struct expression_result result;
    AUTO_TEXT text = {0};
    for (int i = 0; i < 2500; i++)
        buffer_puts(&text, "1+");
    struct error *err = expression_evaluate(&scope, arena, buffer_text(&text), &result);
    assert_error(err, "an expression of more than 4096 words");
    for (int i = 0; i < 70000; i++)
        buffer_putc(&text, ' ');
    err = expression_evaluate(&scope, arena, buffer_text(&text), &result);
    assert_error(err, "an expression of 75000 bytes; the limit is 65536");
}

RUN_TABLES_MAIN(TABLE(value_cases, test_value), TABLE(error_cases, test_error), SINGLE(test_deep),
                SINGLE(test_limits))
