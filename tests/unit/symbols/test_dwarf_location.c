// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "support/dwarf_builder.h"
#include "support/elf_builder.h"
#include "support/support.h"
#include "symbols/dwarf_location.h"

#include <elf.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

// The program: one function at 0x1000-0x1100, loaded 0x400000 higher, whose frame ends at the CFA.
enum { BIAS = 0x400000, LOW = 0x1000, HIGH = 0x1100 };
static const target_addr cfa = 0xc000001000, stack = 0xc000000000;

static const char *const kind_names[] = {"absent", "memory", "register", "value"};

static const char *describe(const struct location *location, struct buffer *out)
{
    buffer_puts(out, location->count ? "" : "nowhere");
    for (size_t i = 0; i < location->count; i++) {
        const struct location_piece *piece = &location->pieces[i];
        buffer_printf(out, "%s%s", i ? ", " : "", kind_names[piece->kind]);
        if (piece->kind == PIECE_MEMORY)
            buffer_printf(out, " %#" PRIx64, piece->address);
        if (piece->kind == PIECE_REGISTER)
            buffer_printf(out, " %u", piece->reg);
        if (piece->kind == PIECE_VALUE)
            buffer_printf(out, " %" PRId64, (int64_t)piece->value);
        if (piece->size)
            buffer_printf(out, " (%" PRIu64 ")", piece->size);
    }
    return buffer_text(out);
}

/** arm64: nop; ldp x1, x0, [x2]; ldp x3, x4, [x5]; nop */
static const char code[] = "1f2003d5 418040a9 a31040a9 1f2003d5";

/** A core that holds 16 bytes of stack, a pointer to itself and a number, and the function's code.
 */
static struct core_file *open_core(void)
{
    struct buffer data = {0};
    put_u64(&data, stack);
    put_u64(&data, 0x1122334455667788);
    struct built_elf elf = {
        .type = ET_CORE,
        .segments =
            {{.type = PT_LOAD, .flags = PF_R, .address = stack, .data = buffer_bytes(&data)},
             {PT_LOAD, PF_R | PF_X, BIAS + LOW, bytes_from_hex(code), 0, 0}},
    };
    struct bytes bytes = elf_build(&elf);
    struct core_file *core;
    assert_error(core_file_open(write_file("core", bytes.data, bytes.size), &core), NULL);
    return core;
}

/** Begins a program whose only function is left open for its variable. */
static void begin_program(struct built_dwarf *dwarf, int version)
{
    built_dwarf_begin(dwarf, version);
    built_die(dwarf, DW_TAG_compile_unit, true);
    built_string(dwarf, DW_AT_name, "main");
    built_udata(dwarf, DW_AT_language, DW_LANG_Go);
    if (version >= 5)
        built_section_offset(dwarf, DW_AT_addr_base, 8);
    built_code(dwarf, LOW, HIGH);
    built_die(dwarf, DW_TAG_subprogram, true);
    built_string(dwarf, DW_AT_name, "main.f");
    built_code(dwarf, LOW, HIGH);
    built_die(dwarf, DW_TAG_variable, false);
    built_string(dwarf, DW_AT_name, "x");
}

static struct dwarf_index *open_program(struct built_dwarf *dwarf, bool arm64,
                                        struct elf_file **file)
{
    built_end(dwarf);
    built_end(dwarf);
    struct bytes bytes = built_dwarf_elf(dwarf);
    if (arm64)
        bytes = bytes_patch(bytes, offsetof(Elf64_Ehdr, e_machine), "b700");
    struct dwarf_index *index;
    assert_error(elf_file_open(write_file("program", bytes.data, bytes.size), file), NULL);
    assert_error(dwarf_index_open(*file, BIAS, &index), NULL);
    return index;
}

/** The unit's one function's one variable. */
static Dwarf_Die find_variable(struct dwarf_index *index)
{
    Dwarf_Die unit, function, variable;
    Dwarf_CU *next;
    assert_int_equal(
        dwarf_get_units(dwarf_index_dwarf(index), NULL, &next, NULL, NULL, &unit, NULL), 0);
    assert_int_equal(dwarf_child(&unit, &function), 0);
    assert_int_equal(dwarf_child(&function, &variable), 0);
    return variable;
}

struct setting {
    target_addr pc; // of the file
    bool no_cfa, no_registers, arm64;
};

static void check(struct built_dwarf *dwarf, struct setting setting, const char *expected,
                  const char *error)
{
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = open_program(dwarf, setting.arm64, &file);
    AUTO(core_file) core = open_core();
    AUTO(address_space) space = address_space_new(core);
    struct registers registers = {0};
    register_set(&registers, 0, 7);
    register_set(&registers, 3, stack);
    struct location_context context = {
        .pc = setting.pc + BIAS,
        .cfa = cfa,
        .has_cfa = !setting.no_cfa,
        .registers = setting.no_registers ? NULL : &registers,
        .space = space,
    };
    struct location location = {.count = 99};
    Dwarf_Die variable = find_variable(index);
    assert_error(dwarf_location_find(index, &variable, &context, &location), error);
    AUTO_TEXT text = {0};
    if (error)
        assert_int_equal(location.count, 99);
    else
        assert_string_equal(describe(&location, &text), expected);
}

static const struct expression_case {
    const char *name, *expression, *expected, *error;
    struct setting setting;
} expression_cases[] = {
    {"an empty block, optimised out", "", "nowhere", NULL, {0}},
    {"fbreg", "91 70", "memory 0xc000000ff0", NULL, {0}},
    {"fbreg forwards", "91 98 01", "memory 0xc000001098", NULL, {0}},
    {"fbreg without a CFA", "91 70", "absent", NULL, {.no_cfa = true}},
    {"call_frame_cfa", "9c", "memory 0xc000001000", NULL, {0}},
    {"call_frame_cfa and an offset", "9c 23 08", "memory 0xc000001008", NULL, {0}},
    {"addr", "03 00 20 00 00 00 00 00 00", "memory 0x402000", NULL, {0}},
    {"addrx", "a1 01", "memory 0x402008", NULL, {0}},
    {"a register", "53", "register 3", NULL, {0}},
    {"regx", "90 03", "register 3", NULL, {0}},
    {"a register that is not known", "54", "absent", NULL, {0}},
    {"a register where none is known", "53", "absent", NULL, {.no_registers = true}},
    {"a register of a number too high", "90 ff 01", "absent", NULL, {0}},
    {"breg", "73 08", "memory 0xc000000008", NULL, {0}},
    {"breg backwards", "73 78", "memory 0xbffffffff8", NULL, {0}},
    {"bregx", "92 03 08", "memory 0xc000000008", NULL, {0}},
    {"breg that is not known", "74 08", "absent", NULL, {0}},
    {"a string in two registers", "50 93 08 53 93 08", "register 0 (8), register 3 (8)", NULL, {0}},
    {"its length optimised out", "50 93 08 93 08", "register 0 (8), absent (8)", NULL, {0}},
    {"its pointer optimised out",
     "93 08 91 70 93 08",
     "absent (8), memory 0xc000000ff0 (8)",
     NULL,
     {0}},
    {"pieces in memory",
     "91 00 93 08 91 10 93 08",
     "memory 0xc000001000 (8), memory 0xc000001010 (8)",
     NULL,
     {0}},
    {"a constant", "11 7b 9f", "value -5", NULL, {0}},
    {"an unsigned constant", "10 80 01 9f", "value 128", NULL, {0}},
    {"a small constant", "35 9f", "value 5", NULL, {0}},
    {"const1s", "09 ff 9f", "value -1", NULL, {0}},
    {"const4u", "0c ff ff ff ff 9f", "value 4294967295", NULL, {0}},
    {"a computed value", "70 01 32 1e 9f", "value 16", NULL, {0}},
    {"an unknown computed value", "74 01 32 1e 9f", "absent", NULL, {0}},
    {"implicit_value", "9e 02 34 12 93 02", "value 4660 (2)", NULL, {0}},
    {"implicit_value of a whole variable", "9e 01 2a", "value 42", NULL, {0}},
    {"implicit_value of more than a word", "9e 09 01 02 03 04 05 06 07 08 09", "absent", NULL, {0}},
    {"deref", "73 00 06", "memory 0xc000000000", NULL, {0}},
    {"deref_size", "73 08 94 02 9f", "value 30600", NULL, {0}},
    {"deref of what is not in the core", "91 00 06", "absent", NULL, {0}},
    {"deref at the core's edge", "73 0c 06", "absent", NULL, {0}},
    {"minus, and, or, xor", "3f 33 1c 36 1a 31 21 32 27 9f", "value 7", NULL, {0}},
    {"shifts", "38 32 24 31 25 9f", "value 16", NULL, {0}},
    {"shift by more than a word", "38 08 40 24 9f", "value 0", NULL, {0}},
    {"shra keeps the sign", "09 f8 31 26 9f", "value -4", NULL, {0}},
    {"shra by more than a word", "09 f8 08 40 26 9f", "value -1", NULL, {0}},
    {"dup, swap, over, drop", "31 32 12 1e 16 14 22 13 9f", "value 4", NULL, {0}},
    {"pick", "31 32 33 15 02 9f", "value 1", NULL, {0}},
    {"neg, not", "35 1f 20 9f", "value 4", NULL, {0}},
    {"nop", "96 91 00", "memory 0xc000001000", NULL, {0}},
    {"entry_value, which nobody saved", "a3 01 50 9f", "absent", NULL, {0}},
    {"an empty stack", "22", NULL, "DWARF: a location's operation 0 does not fit its stack", {0}},
    {"drop too much",
     "31 13 13",
     NULL,
     "DWARF: a location's operation 2 does not fit its stack",
     {0}},
    {"pick too deep",
     "31 15 05",
     NULL,
     "DWARF: a location's operation 1 does not fit its stack",
     {0}},
    {"bra", "31 28 00 00", NULL, "DWARF operation 0x28 in a location", {0}},
    {"bit_piece", "91 00 9d 08 00", NULL, "DWARF operation 0x9d in a location", {0}},
    {"cut short", "03 00", NULL, "DWARF: location: invalid DWARF", {0}},
    {"no operation", "01", NULL, "DWARF: location: invalid DWARF", {0}},
};

static void test_expression(void **state)
{
    const struct expression_case *row = *state;
    struct built_dwarf dwarf;
    begin_program(&dwarf, 5);
    built_block(&dwarf, DW_AT_location, bytes_from_hex(row->expression));
    // A header, then two addresses.
    dwarf.addr = bytes_from_hex("14000000 0500 08 00 0010000000000000 0820000000000000");
    struct setting setting = row->setting;
    setting.pc = LOW;
    check(&dwarf, setting, row->expected, row->error);
}

/** Go 1.15 to 1.24: pairs relative to a base, which the list itself gives. */
static const char list_4[] = "ffffffffffffffff 0010000000000000"
                             "0000000000000000 1000000000000000 0100 50"
                             "1000000000000000 2000000000000000 0200 91 70"
                             "3000000000000000 4000000000000000 0000"
                             "0000000000000000 0000000000000000";

/** From Go 1.25: base_addressx, offset_pair; no header that counts. */
static const char list_5[] = "00000000 0500 08 00 00000000"
                             "01 00  04 00 10 01 50  04 10 20 02 91 70  04 30 40 00  00";

static const struct list_case {
    const char *name;
    target_addr pc;
    const char *expected;
} list_cases[] = {
    {"the first instruction", LOW, "register 0"},
    {"the last in the register", LOW + 0xf, "register 0"},
    {"the first on the stack", LOW + 0x10, "memory 0xc000000ff0"},
    {"behind both", LOW + 0x20, "nowhere"},
    {"an entry that says nothing", LOW + 0x30, "nowhere"},
    {"before the function", LOW - 1, "nowhere"},
};

static void test_list_4(void **state)
{
    const struct list_case *row = *state;
    struct built_dwarf dwarf;
    begin_program(&dwarf, 4);
    built_section_offset(&dwarf, DW_AT_location, 0);
    dwarf.loc = bytes_from_hex(list_4);
    check(&dwarf, (struct setting){.pc = row->pc}, row->expected, NULL);
}

static void test_list_5(void **state)
{
    const struct list_case *row = *state;
    struct built_dwarf dwarf;
    begin_program(&dwarf, 5);
    built_section_offset(&dwarf, DW_AT_location, 12);
    dwarf.loc = bytes_from_hex(list_5);
    dwarf.addr = bytes_from_hex("0c000000 0500 08 00 0010000000000000");
    check(&dwarf, (struct setting){.pc = row->pc}, row->expected, NULL);
}

static const struct pair_case {
    const char *name;
    target_addr pc;
    bool arm64;
    const char *expected;
} pair_cases[] = {
    {"nothing has run", LOW, true, "register 0"},
    {"the pair is still to be loaded", LOW + 4, true, "register 0"},
    {"overwritten", LOW + 8, true, "absent"},
    {"overwritten before another pair", LOW + 0xc, true, "absent"},
    {"another machine's code", LOW + 8, false, "register 0"},
};

/** Go's compiler does not see that a pair of loads overwrites two registers. */
static void test_pair(void **state)
{
    const struct pair_case *row = *state;
    struct built_dwarf dwarf;
    begin_program(&dwarf, 5);
    built_section_offset(&dwarf, DW_AT_location, 12);
    dwarf.loc = bytes_from_hex(list_5);
    dwarf.addr = bytes_from_hex("0c000000 0500 08 00 0010000000000000");
    check(&dwarf, (struct setting){.pc = row->pc, .arm64 = row->arm64}, row->expected, NULL);
}

/** No piece may be lost in silence. */
static void test_too_many_pieces(void **state)
{
    (void)state;
    struct built_dwarf dwarf;
    struct buffer expression = {0};
    for (int i = 0; i <= LOCATION_PIECES; i++)
        buffer_append(&expression, "\x50\x93\x08", 3);
    begin_program(&dwarf, 4);
    built_block(&dwarf, DW_AT_location, buffer_bytes(&expression));
    check(&dwarf, (struct setting){.pc = LOW}, NULL, "a variable in more than 32 pieces");
}

/** Behind 127 bytes the length of a block1 reads as another number in an exprloc. */
static void test_long_block(void **state)
{
    (void)state;
    struct built_dwarf dwarf;
    struct buffer expression = {0};
    for (int i = 0; i < 128; i++)
        put_u8(&expression, DW_OP_nop);
    begin_program(&dwarf, 4);
    built_block(&dwarf, DW_AT_location, buffer_bytes(&expression));
    check(&dwarf, (struct setting){.pc = LOW}, NULL, "DWARF: a location of 128 bytes");
}

static void test_no_location(void **state)
{
    (void)state;
    struct built_dwarf dwarf;
    begin_program(&dwarf, 4);
    check(&dwarf, (struct setting){.pc = LOW}, "nowhere", NULL);
}

RUN_TABLES_MAIN(TABLE(expression_cases, test_expression), TABLE(list_cases, test_list_4),
                TABLE(list_cases, test_list_5), TABLE(pair_cases, test_pair),
                SINGLE(test_too_many_pieces), SINGLE(test_long_block), SINGLE(test_no_location))
