// SPDX-License-Identifier: MIT
#include "values/pieces.h"

#include "memory.h"

static struct go_type type_int = TYPE("int", GO_INT, 8, );
static struct go_type type_uint8 = TYPE("uint8", GO_UINT8, 1, );
static struct go_type type_float32 = TYPE("float32", GO_FLOAT32, 4, );
static struct go_type type_string = TYPE("string", GO_STRING, 16, );
static struct go_type type_slice = TYPE("[]int", GO_SLICE, 24, .elem = &type_int);
static struct go_type type_any = TYPE("interface {}", GO_INTERFACE, 16, );
static struct go_type type_complex = TYPE("complex64", GO_COMPLEX64, 8, );
static struct go_type type_one = TYPE("[1]int", GO_ARRAY, 8, .elem = &type_int, .length = 1);
static struct go_type type_two = TYPE("[2]int", GO_ARRAY, 16, .elem = &type_int, .length = 2);
static struct go_field padded_fields[] = {
    {"A", &type_uint8, 0, false}, {"B", &type_uint8, 1, false}, {"C", &type_float32, 4, false}};
static struct go_type type_padded =
    TYPE("main.P", GO_STRUCT, 8, .named = true, .fields = padded_fields, .field_count = 3);
static struct go_field deep_fields[] = {{"S", &type_string, 0, false},
                                        {"P", &type_padded, 16, false}};
static struct go_type type_deep =
    TYPE("main.D", GO_STRUCT, 24, .named = true, .fields = deep_fields, .field_count = 2);
static struct go_field five_fields[] = {{"A", &type_uint8, 0, false},
                                        {"B", &type_uint8, 1, false},
                                        {"C", &type_uint8, 2, false},
                                        {"D", &type_uint8, 3, false},
                                        {"E", &type_uint8, 4, false}};
static struct go_type type_five =
    TYPE("main.F", GO_STRUCT, 5, .named = true, .fields = five_fields, .field_count = 5);

/** Pieces are sizes, of memory from 0x100 on in steps of 0x10; '=' repeats the one before. */
static struct place_case {
    const char *name;
    struct go_type *type;
    const char *pieces; ///< "8 8", "0" for a location without a size
    const char *offsets;
} place_cases[] = {
    {"one word", &type_int, "0", "0"},
    {"string", &type_string, "8 8", "0 8"},
    {"slice", &type_slice, "8 8 8", "0 8 16"},
    {"interface", &type_any, "8 8", "0 8"},
    {"complex", &type_complex, "4 4", "0 4"},
    {"array of one", &type_one, "0", "0"},
    {"padding left out", &type_padded, "1 1 4", "0 1 4"},
    {"padding as a piece", &type_padded, "1 1 2 4", "0 1 2 4"},
    {"struct of a string and a struct", &type_deep, "8 8 1 1 4", "0 8 16 17 20"},
    {"a slot named twice", &type_slice, "8 = 8 8", "0 8 16"},
    {"two slots that are one", &type_slice, "8 8 =", "0 8 16"},
    {"one part of a slice, which is not said", &type_slice, "0", NULL},
    {"two parts of a slice, which is not said", &type_slice, "8 8", NULL},
    {"one part of an interface", &type_any, "0", NULL},
    {"parts of other sizes", &type_padded, "4 1 4", NULL},
    {"more parts than there are", &type_string, "8 8 8", NULL},
    {"an array that stays whole", &type_two, "0", "0"},
    {"a struct that stays whole", &type_five, "0", "0"},
    {"an array in pieces", &type_two, "8 8", "0 8"},
};

static void test_place(void **state)
{
    const struct place_case *row = *state;
    AUTO(target) target = target_new(bytes_from_hex("00"), "go1.22", usual_limits());
    struct location location = {0};
    const char *p = row->pieces;
    while (*p) {
        struct location_piece *piece = &location.pieces[location.count];
        if (*p == '=') {
            *piece = piece[-1];
            p++;
        } else {
            char *end;
            *piece = (struct location_piece){.kind = PIECE_MEMORY,
                                             .size = strtoul(p, &end, 10),
                                             .address = 0x100 + 0x10 * location.count};
            p = end;
        }
        location.count++;
        p += *p == ' ';
    }
    uint64_t offsets[LOCATION_PIECES];
    bool placed = pieces_place(target->reader, row->type, &location, offsets);
    assert_int_equal(placed, row->offsets != NULL);
    AUTO_TEXT text = {0};
    for (size_t i = 0; placed && i < location.count; i++)
        buffer_printf(&text, "%s%u", i ? " " : "", (unsigned)offsets[i]);
    assert_string_equal(buffer_text(&text), placed ? row->offsets : "");
}

static struct go_type type_pointer = TYPE("*int", GO_POINTER, 8, .elem = &type_int);
static struct go_type type_map = TYPE("map[int]int", GO_MAP, 8, );

/** Which parts point to memory that may be freed: 'p'. */
static void test_pointers(void **state)
{
    static const struct {
        struct go_type *type;
        const char *parts;
    } cases[] = {{&type_int, "-"},     {&type_string, "p-"},  {&type_slice, "p--"},
                 {&type_any, "pp"},    {&type_complex, "--"}, {&type_deep, "p----"},
                 {&type_pointer, "p"}, {&type_map, "p"}};
    AUTO(target) target = target_new(bytes_from_hex("00"), "go1.22", usual_limits());
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct value_parts parts;
        AUTO_TEXT text = {0};
        assert_true(value_parts_of(target->reader, cases[i].type, &parts));
        for (size_t j = 0; j < parts.count; j++)
            buffer_putc(&text, parts.items[j].is_pointer ? 'p' : '-');
        assert_string_equal(buffer_text(&text), cases[i].parts);
    }
}

RUN_TABLES_MAIN(TABLE(place_cases, test_place), SINGLE(test_pointers))
