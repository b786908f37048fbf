// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "base/limits.h"
#include "support/dwarf_builder.h"
#include "support/support.h"
#include "symbols/dwarf_index.h"

#include <inttypes.h>
#include <string.h>

// Go's attributes, cmd/internal/dwarf/dwarf.go.
enum { GO_KIND = 0x2900, GO_CLOSURE_OFFSET = 0x2907 };
enum { BIAS = 0x400000 };

/** Offsets of the types at the end of the unit, known once they are written. */
enum { TYPE_INT, TYPE_POINTER, TYPE_COUNT };

struct unit {
    struct built_dwarf dwarf;
    size_t uses[TYPE_COUNT][64], use_count[TYPE_COUNT];
};

static void begin_unit(struct unit *unit, int version)
{
    *unit = (struct unit){0};
    built_dwarf_begin(&unit->dwarf, version);
    built_die(&unit->dwarf, DW_TAG_compile_unit, true);
    built_string(&unit->dwarf, DW_AT_name, "main");
    built_udata(&unit->dwarf, DW_AT_language, DW_LANG_Go);
    built_code(&unit->dwarf, 0x1000, 0x9000);
}

static void refer_type(struct unit *unit, int type)
{
    unit->uses[type][unit->use_count[type]++] = built_reference(&unit->dwarf, DW_AT_type, 0);
}

static void begin_function(struct unit *unit, const char *name, uint64_t low, uint64_t high)
{
    built_die(&unit->dwarf, DW_TAG_subprogram, true);
    built_string(&unit->dwarf, DW_AT_name, name);
    built_code(&unit->dwarf, low, high);
    built_block(&unit->dwarf, DW_AT_frame_base, bytes_from_hex("9c"));
}

static uint32_t put_variable(struct unit *unit, unsigned tag, const char *name, uint64_t line,
                             int type)
{
    uint32_t die = built_die(&unit->dwarf, tag, false);
    built_string(&unit->dwarf, DW_AT_name, name);
    built_udata(&unit->dwarf, DW_AT_decl_line, line);
    refer_type(unit, type);
    built_block(&unit->dwarf, DW_AT_location, bytes_from_hex("91 00"));
    return die;
}

static void put_parameter(struct unit *unit, const char *name, bool is_result)
{
    put_variable(unit, DW_TAG_formal_parameter, name, 1, TYPE_INT);
    built_flag(&unit->dwarf, DW_AT_variable_parameter, is_result);
}

static void put_local(struct unit *unit, const char *name, uint64_t line)
{
    put_variable(unit, DW_TAG_variable, name, line, TYPE_INT);
}

static void begin_block(struct unit *unit, uint64_t low, uint64_t high)
{
    built_die(&unit->dwarf, DW_TAG_lexical_block, true);
    built_code(&unit->dwarf, low, high);
}

static void begin_call(struct unit *unit, uint32_t function, uint64_t low, uint64_t high)
{
    built_die(&unit->dwarf, DW_TAG_inlined_subroutine, true);
    built_reference(&unit->dwarf, DW_AT_abstract_origin, function);
    built_code(&unit->dwarf, low, high);
}

static void put_inlined(struct unit *unit, unsigned tag, uint32_t origin)
{
    built_die(&unit->dwarf, tag, false);
    built_reference(&unit->dwarf, DW_AT_abstract_origin, origin);
    built_block(&unit->dwarf, DW_AT_location, bytes_from_hex("50"));
}

/** A function with parameters, blocks, and shadowed variables. */
static void put_plain_function(struct unit *unit)
{
    begin_function(unit, "main.plain", 0x1000, 0x1100);
    put_parameter(unit, "a", false);
    put_parameter(unit, "~p1", false); // a blank one
    put_parameter(unit, "b", false);
    put_parameter(unit, "~r0", true);
    put_parameter(unit, "~r1", true);
    put_variable(unit, DW_TAG_variable, "&heap", 4, TYPE_POINTER);
    put_local(unit, ".autotmp_3", 0);
    put_local(unit, "a.len", 0);
    put_local(unit, "x", 3);
    begin_block(unit, 0x1010, 0x1080);
    put_local(unit, "x", 6);
    begin_block(unit, 0x1020, 0x1030);
    put_local(unit, "x", 8);
    put_local(unit, "i", 7);
    built_end(&unit->dwarf);
    begin_block(unit, 0x1030, 0x1040);
    put_local(unit, "other", 9);
    built_end(&unit->dwarf);
    built_end(&unit->dwarf);
    put_local(unit, "late", 20);
    built_end(&unit->dwarf);
}

static void put_closure(struct unit *unit)
{
    begin_function(unit, "main.plain.func1", 0x1100, 0x1200);
    put_parameter(unit, "~r0", true);
    put_variable(unit, DW_TAG_variable, "&total", 2, TYPE_POINTER);
    built_udata(&unit->dwarf, GO_CLOSURE_OFFSET, 8);
    put_local(unit, "copied", 3);
    built_udata(&unit->dwarf, GO_CLOSURE_OFFSET, 16);
    put_local(unit, ".this", 1);
    built_udata(&unit->dwarf, GO_CLOSURE_OFFSET, 24);
    put_local(unit, "own", 5);
    built_end(&unit->dwarf);
}

/** The closure's second variable is a struct: a copy of it, which the closure moved to the heap. */
static void put_moved(struct unit *unit)
{
    begin_function(unit, "main.moved", 0x1400, 0x1500);
    put_parameter(unit, "a", false);
    put_parameter(unit, "err", true);
    put_variable(unit, DW_TAG_variable, "&err", 1, TYPE_POINTER);
    put_variable(unit, DW_TAG_variable, "&a", 1, TYPE_POINTER);
    begin_block(unit, 0x1410, 0x1420);
    put_variable(unit, DW_TAG_variable, "&a", 1, TYPE_POINTER); // another one
    built_end(&unit->dwarf);
    built_end(&unit->dwarf);
    begin_function(unit, "main.moved.func1", 0x1500, 0x1600);
    put_variable(unit, DW_TAG_variable, "&last", 2, TYPE_POINTER);
    built_udata(&unit->dwarf, GO_CLOSURE_OFFSET, 40);
    put_variable(unit, DW_TAG_variable, "&copy", 2, TYPE_POINTER);
    built_udata(&unit->dwarf, GO_CLOSURE_OFFSET, 8);
    put_variable(unit, DW_TAG_variable, ".dict", 2, TYPE_INT);
    built_udata(&unit->dwarf, GO_CLOSURE_OFFSET, 32);
    built_end(&unit->dwarf);
}

static void put_generic(struct unit *unit)
{
    begin_function(unit, "main.Map[go.shape.int,go.shape.string]", 0x1200, 0x1300);
    put_parameter(unit, ".dict", false);
    put_parameter(unit, "in", false);
    built_end(&unit->dwarf);
    begin_function(unit, "gopkg.in/yaml%2ev3.Decode", 0x1300, 0x1400);
    put_parameter(unit, "named", true);
    built_end(&unit->dwarf);
}

/** main.outer with main.middle inlined, and main.inner inlined into that. */
static void put_inlining(struct unit *unit)
{
    uint32_t inner = built_die(&unit->dwarf, DW_TAG_subprogram, true);
    built_string(&unit->dwarf, DW_AT_name, "main.inner");
    put_parameter(unit, "lost", false); // the call's DIE leaves it out
    uint32_t kept = put_variable(unit, DW_TAG_formal_parameter, "kept", 40, TYPE_INT);
    uint32_t local = put_variable(unit, DW_TAG_variable, "local", 41, TYPE_INT);
    built_end(&unit->dwarf);
    uint32_t middle = built_die(&unit->dwarf, DW_TAG_subprogram, true);
    built_string(&unit->dwarf, DW_AT_name, "main.middle");
    uint32_t m = put_variable(unit, DW_TAG_formal_parameter, "m", 30, TYPE_INT);
    built_end(&unit->dwarf);

    begin_function(unit, "main.outer", 0x2000, 0x2100);
    put_local(unit, "o", 50);
    begin_call(unit, middle, 0x2010, 0x2020);
    put_inlined(unit, DW_TAG_formal_parameter, m);
    // Go 1.15: its pcs are not among those of the call that it is inlined into.
    begin_call(unit, inner, 0x2030, 0x2040);
    put_inlined(unit, DW_TAG_variable, local);
    put_inlined(unit, DW_TAG_formal_parameter, kept);
    built_end(&unit->dwarf);
    built_end(&unit->dwarf);
    built_end(&unit->dwarf);

    // The copy that is called through a pointer.
    built_die(&unit->dwarf, DW_TAG_subprogram, true);
    built_reference(&unit->dwarf, DW_AT_abstract_origin, middle);
    built_code(&unit->dwarf, 0x2100, 0x2200);
    put_inlined(unit, DW_TAG_formal_parameter, m);
    built_end(&unit->dwarf);
}

static void put_global(struct unit *unit, const char *name, const char *location)
{
    built_die(&unit->dwarf, DW_TAG_variable, false);
    built_string(&unit->dwarf, DW_AT_name, name);
    built_block(&unit->dwarf, DW_AT_location, bytes_from_hex(location));
    refer_type(unit, TYPE_INT);
}

static void end_unit(struct unit *unit)
{
    uint32_t types[TYPE_COUNT];
    types[TYPE_INT] = built_die(&unit->dwarf, DW_TAG_base_type, false);
    built_string(&unit->dwarf, DW_AT_name, "int");
    built_udata(&unit->dwarf, DW_AT_byte_size, 8);
    built_udata(&unit->dwarf, GO_KIND, 2);
    types[TYPE_POINTER] = built_die(&unit->dwarf, DW_TAG_pointer_type, false);
    built_string(&unit->dwarf, DW_AT_name, "*int");
    built_reference(&unit->dwarf, DW_AT_type, types[TYPE_INT]);
    for (int type = 0; type < TYPE_COUNT; type++)
        for (size_t i = 0; i < unit->use_count[type]; i++)
            built_refer(&unit->dwarf, unit->uses[type][i], types[type]);
    built_end(&unit->dwarf);
}

static struct dwarf_index *open_bytes(struct bytes bytes, struct elf_file **file)
{
    struct dwarf_index *index;
    assert_error(elf_file_open(write_file("program", bytes.data, bytes.size), file), NULL);
    assert_error(dwarf_index_open(*file, BIAS, &index), NULL);
    return index;
}

static struct bytes sample_program(void)
{
    struct unit unit;
    begin_unit(&unit, 4);
    put_plain_function(&unit);
    put_closure(&unit);
    put_generic(&unit);
    put_moved(&unit);
    put_inlining(&unit);
    put_global(&unit, "main.counter", "03 00 70 00 00 00 00 00 00");
    put_global(&unit, "gopkg.in/yaml%2ev3.Strict", "03 08 70 00 00 00 00 00 00");
    put_global(&unit, "main..inittask", "03 10 70 00 00 00 00 00 00");
    put_global(&unit, "go:buildid", "03 18 70 00 00 00 00 00 00");
    put_global(&unit, "main.local", "e0");
    end_unit(&unit);
    return built_dwarf_elf(&unit.dwarf);
}

static const char *const roles[] = {"argument", "result", "local", "captured"};

static void describe(const struct dwarf_variables *variables, struct buffer *out)
{
    for (size_t i = 0; i < variables->count; i++) {
        const struct dwarf_variable *variable = &variables->items[i];
        buffer_printf(out, "%s%s %s", i ? ", " : "", roles[variable->role], variable->name);
        if (variable->has_closure_offset)
            buffer_printf(out, " +%" PRIu64, variable->closure_offset);
        buffer_puts(out, variable->escaped ? " escaped" : "");
        buffer_puts(out, variable->captured_by_reference ? " by reference" : "");
        buffer_puts(out, variable->shadowed ? " shadowed" : "");
    }
}

static const struct scope_case {
    const char *name;
    target_addr pc; // of the file
    unsigned inline_depth;
    const char *function;
    int64_t line; // 0: do not ask what is declared there
    const char *expected, *error;
} scope_cases[] = {
    {"the function's own", 0x1000, 0, "main.plain", 0,
     "argument a, argument b, result result 1, result result 2, local x, local heap escaped, "
     "local late",
     NULL},
    {"what is not declared yet", 0x1000, 0, NULL, 4,
     "argument a, argument b, result result 1, result result 2, local x", NULL},
    {"a block", 0x1010, 0, NULL, 10,
     "argument a, argument b, result result 1, result result 2, local x shadowed, "
     "local heap escaped, local x",
     NULL},
    {"a block in a block", 0x1020, 0, NULL, 10,
     "argument a, argument b, result result 1, result result 2, local x shadowed, "
     "local heap escaped, local x shadowed, local i, local x",
     NULL},
    {"its x not declared yet", 0x1020, 0, NULL, 8,
     "argument a, argument b, result result 1, result result 2, local x shadowed, "
     "local heap escaped, local x, local i",
     NULL},
    {"the block beside", 0x1030, 0, NULL, 10,
     "argument a, argument b, result result 1, result result 2, local x shadowed, "
     "local heap escaped, local x, local other",
     NULL},
    {"behind the blocks", 0x1080, 0, NULL, 21,
     "argument a, argument b, result result 1, result result 2, local x, local heap escaped, "
     "local late",
     NULL},
    {"a closure", 0x1100, 0, "main.plain.func1", 6,
     "result result, captured total +8 escaped by reference, captured copied +16, local own", NULL},
    {"a copy captured, then moved to the heap", 0x1500, 0, NULL, 0,
     "captured last +40 escaped by reference, captured copy +8 escaped", NULL},
    {"parameters moved to the heap", 0x1400, 0, NULL, 2, "argument a escaped, result err escaped",
     NULL},
    {"not yet, on the way in", 0x1400, 0, NULL, 1, "argument a, result err", NULL},
    {"beside another of the name", 0x1410, 0, NULL, 2,
     "argument a escaped shadowed, result err escaped, local a escaped", NULL},
    {"a generic function", 0x1200, 0, "main.Map[go.shape.int,go.shape.string]", 0, "argument in",
     NULL},
    {"a generic function by the name of 1.18 to 1.20", 0x1200, 0, "main.Map[...]", 0, "argument in",
     NULL},
    {"an escaped package path", 0x1300, 0, "gopkg.in/yaml.v3.Decode", 0, "result named", NULL},
    {"assembly of an external link", 0x1100, 0, "main.plain.func1.abi0", 0,
     "result result, captured total +8 escaped by reference, captured copied +16, local own", NULL},
    {"around an inlined call", 0x2010, 0, "main.outer", 0, "local o", NULL},
    {"an inlined call", 0x2010, 1, "main.middle", 0, "argument m", NULL},
    {"a call inlined into one", 0x2030, 2, "main.inner", 0,
     "argument lost, argument kept, local local", NULL},
    {"between the two", 0x2030, 1, "main.middle", 0, "argument m", NULL},
    {"the copy that is called", 0x2100, 0, "main.middle", 0, "argument m", NULL},
    {"no such inlined call", 0x2010, 2, NULL, 0, NULL, "DWARF knows 1 calls inlined there, not 2"},
    {"another function than the table's", 0x1000, 0, "main.other", 0, NULL,
     "DWARF has main.plain where the program's tables have main.other"},
    {"between functions", 0x3000, 0, NULL, 0, NULL, "no DWARF function covers pc 0x403000"},
    {"behind the unit", 0x9000, 0, NULL, 0, NULL, "no DWARF unit covers pc 0x409000"},
    {"before the unit", 0xfff, 0, NULL, 0, NULL, "no DWARF unit covers pc 0x400fff"},
};

static void test_scope(void **state)
{
    const struct scope_case *row = *state;
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = open_bytes(sample_program(), &file);
    AUTO(arena) arena = arena_new();
    for (int again = 0; again < 2; again++) { // the second time out of what was kept
        struct dwarf_variables variables;
        AUTO_TEXT text = {0};
        assert_error(dwarf_index_variables(index, row->pc + BIAS, row->inline_depth, row->function,
                                           arena, &variables),
                     row->error);
        if (row->error)
            continue;
        if (row->line)
            dwarf_variables_declared_at(&variables, row->line);
        describe(&variables, &text);
        assert_string_equal(buffer_text(&text), row->expected);
    }
}

static void test_generic_dictionary(void **state)
{
    (void)state;
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = open_bytes(sample_program(), &file);
    AUTO(arena) arena = arena_new();
    struct dwarf_variables variables;
    assert_error(dwarf_index_variables(index, 0x1200 + BIAS, 0, NULL, arena, &variables), NULL);
    assert_true(variables.has_dictionary);
    assert_string_equal(dwarf_diename(&variables.dictionary), ".dict");
    assert_int_equal(variables.function_low_pc, 0x1200 + BIAS);
    assert_error(dwarf_index_variables(index, 0x1000 + BIAS, 0, NULL, arena, &variables), NULL);
    assert_false(variables.has_dictionary);
}

/** The type of a variable on the heap is that of the variable, not of the pointer to it. */
static void test_escaped_type(void **state)
{
    (void)state;
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = open_bytes(sample_program(), &file);
    AUTO(arena) arena = arena_new();
    struct dwarf_variables variables;
    assert_error(dwarf_index_variables(index, 0x1000 + BIAS, 0, NULL, arena, &variables), NULL);
    uint64_t int_die;
    assert_error(dwarf_index_type(index, "int", &int_die), NULL);
    for (size_t i = 0; i < variables.count; i++) {
        assert_int_equal(variables.items[i].type_die, int_die);
        assert_false(variables.items[i].type_is_pointer);
    }
}

static bool in_yaml(void *context, const char *name)
{
    (void)context;
    return strncmp(name, "gopkg.in/yaml.v3.", 17) == 0;
}

static void test_globals(void **state)
{
    (void)state;
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = open_bytes(sample_program(), &file);
    AUTO(arena) arena = arena_new();
    struct dwarf_global *globals;
    size_t count;
    assert_error(dwarf_index_globals(index, NULL, NULL, arena, &globals, &count), NULL);
    assert_int_equal(count, 2);
    assert_string_equal(globals[0].name, "main.counter");
    assert_int_equal(globals[0].address, 0x7000 + BIAS);
    assert_error(dwarf_index_globals(index, in_yaml, NULL, arena, &globals, &count), NULL);
    assert_int_equal(count, 1);
    assert_string_equal(globals[0].name, "gopkg.in/yaml.v3.Strict");
}

static void test_type_names(void **state)
{
    (void)state;
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = open_bytes(sample_program(), &file);
    uint64_t die = 1;
    assert_error(dwarf_index_type(index, "*int", &die), NULL);
    assert_error_kind(dwarf_index_type(index, "main.counter", &die), ERROR_NOT_FOUND,
                      "no type is called main.counter");
}

/** An image of nothing but headers, as after strip. */
static void test_no_dwarf(void **state)
{
    (void)state;
    struct bytes bytes = sample_program();
    struct dwarf_index *index = NULL;
    AUTO(elf_file) file = NULL;
    uint8_t *copy = (uint8_t *)bytes_copy(bytes.data, bytes.size).data;
    uint8_t *name = memmem(copy, bytes.size, ".debug_info", 11);
    assert_non_null(name);
    memset(name, 'x', 6);
    const char *path = write_file("stripped", copy, bytes.size);
    assert_error(elf_file_open(path, &file), NULL);
    assert_file_error(dwarf_index_open(file, 0, &index), path, "has no DWARF");
}

/** Everything that can be asked; what comes out does not matter, that it comes out does. */
static void ask_everything(struct bytes bytes)
{
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = NULL;
    AUTO(arena) arena = arena_new();
    assert_error(elf_file_open(write_file("hostile", bytes.data, bytes.size), &file), NULL);
    struct error *err = dwarf_index_open(file, BIAS, &index);
    error_ignore(err);
    if (err)
        return;
    static const target_addr pcs[] = {0x1020, 0x1100, 0x1200, 0x2030, 0x2100};
    for (size_t i = 0; i < COUNT_OF(pcs); i++)
        for (unsigned depth = 0; depth < 3; depth += 2) {
            struct dwarf_variables variables;
            error_ignore(
                dwarf_index_variables(index, pcs[i] + BIAS, depth, NULL, arena, &variables));
        }
    struct dwarf_global *globals;
    size_t count;
    uint64_t die;
    error_ignore(dwarf_index_globals(index, NULL, NULL, arena, &globals, &count));
    error_ignore(dwarf_index_type(index, "int", &die));
}

/** Where a section's bytes stand in the file. */
static uint8_t *section_place(struct bytes file, const char *name, size_t *size)
{
    AUTO(elf_file) elf = NULL;
    assert_error(elf_file_open(write_file("whole", file.data, file.size), &elf), NULL);
    const struct elf_section *section = elf_file_section(elf, name);
    assert_non_null(section);
    *size = section->size;
    return (uint8_t *)file.data + section->offset;
}

static void test_every_byte_changed(void **state)
{
    const char *const *row = *state;
    struct bytes whole = sample_program();
    size_t size;
    uint8_t *start = section_place(whole, *row, &size);
    for (size_t i = 0; i < size; i++) {
        uint8_t original = start[i];
        const uint8_t changed[] = {original ^ 1, 0xff, 0};
        for (size_t k = 0; k < COUNT_OF(changed); k++) {
            start[i] = changed[k];
            ask_everything(whole);
        }
        start[i] = original;
    }
}

static const char *const sections[] = {".debug_info", ".debug_abbrev"};

/** A function whose origin is its own: libdw follows such links only so far. */
static void test_origin_of_itself(void **state)
{
    (void)state;
    struct unit unit;
    begin_unit(&unit, 4);
    uint32_t function = built_die(&unit.dwarf, DW_TAG_subprogram, true);
    size_t place = built_reference(&unit.dwarf, DW_AT_abstract_origin, 0);
    built_refer(&unit.dwarf, place, function);
    built_code(&unit.dwarf, 0x1000, 0x1100);
    uint32_t variable = built_die(&unit.dwarf, DW_TAG_variable, false);
    built_refer(&unit.dwarf, built_reference(&unit.dwarf, DW_AT_abstract_origin, 0), variable);
    built_end(&unit.dwarf);
    end_unit(&unit);
    ask_everything(built_dwarf_elf(&unit.dwarf));
}

/** Lists that do not inflate cost the places of variables, not the variables. */
static void test_broken_lists(void **state)
{
    (void)state;
    struct unit unit;
    begin_unit(&unit, 4);
    put_plain_function(&unit);
    end_unit(&unit);
    unit.dwarf.loc = bytes_from_hex("0100000000000000 0001000000000000 0100000000000000 00");
    struct bytes bytes = built_dwarf_elf(&unit.dwarf);
    AUTO(elf_file) whole = NULL;
    assert_error(elf_file_open(write_file("program", bytes.data, bytes.size), &whole), NULL);
    uint32_t section = elf_file_section(whole, ".debug_loc")->index;
    uint8_t *header = (uint8_t *)bytes.data + load_u64(bytes.data + 0x28) + (size_t)section * 64;
    header[9] = 8; // SHF_COMPRESSED
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = open_bytes(bytes, &file);
    AUTO(arena) arena = arena_new();
    struct dwarf_variables variables;
    assert_error(dwarf_index_variables(index, 0x1000 + BIAS, 0, NULL, arena, &variables), NULL);
    assert_int_equal(variables.count, 7);
}

/** Blocks in blocks, more than any program has. */
static void test_too_deep(void **state)
{
    (void)state;
    struct unit unit;
    begin_unit(&unit, 4);
    begin_function(&unit, "main.deep", 0x1000, 0x1100);
    for (int i = 0; i < LIMIT_DIE_DEPTH; i++)
        begin_block(&unit, 0x1000, 0x1100);
    for (int i = 0; i < LIMIT_DIE_DEPTH; i++)
        built_end(&unit.dwarf);
    built_end(&unit.dwarf);
    end_unit(&unit);
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = open_bytes(built_dwarf_elf(&unit.dwarf), &file);
    AUTO(arena) arena = arena_new();
    struct dwarf_variables variables;
    assert_error_kind(dwarf_index_variables(index, 0x1000 + BIAS, 0, NULL, arena, &variables),
                      ERROR_LIMIT, "DWARF: more than 512 blocks around one pc");
}

/** A sibling that lies before: a walk that believed it would never end. */
static void test_sibling_before(void **state)
{
    (void)state;
    struct unit unit;
    begin_unit(&unit, 4);
    begin_function(&unit, "main.f", 0x1000, 0x1100);
    uint32_t first = put_variable(&unit, DW_TAG_variable, "a", 1, TYPE_INT);
    put_variable(&unit, DW_TAG_variable, "b", 1, TYPE_INT);
    built_refer(&unit.dwarf, built_reference(&unit.dwarf, DW_AT_sibling, 0), first);
    built_end(&unit.dwarf);
    end_unit(&unit);
    ask_everything(built_dwarf_elf(&unit.dwarf));
}

RUN_TABLES_MAIN(TABLE(scope_cases, test_scope), SINGLE(test_generic_dictionary),
                SINGLE(test_escaped_type), SINGLE(test_globals), SINGLE(test_type_names),
                SINGLE(test_no_dwarf), TABLE(sections, test_every_byte_changed),
                SINGLE(test_origin_of_itself), SINGLE(test_broken_lists), SINGLE(test_too_deep),
                SINGLE(test_sibling_before))
