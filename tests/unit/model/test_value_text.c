// SPDX-License-Identifier: MIT
#include "model/value_text.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

// Values to build others from. V makes one that lies as long as the program.
#define V(...) (&(struct value){__VA_ARGS__})
#define INT(number) V(.kind = VALUE_INT, .bits = (uint64_t)(number))
#define STRING(text) V(.kind = VALUE_STRING, .bytes = (text), .bytes_size = sizeof(text) - 1)
#define FIELD(label, ...) V(.name = (label), __VA_ARGS__)
#define INT_FIELD(label, number) FIELD(label, .kind = VALUE_INT, .bits = (number))
#define STRING_FIELD(label, text)                                                                  \
    FIELD(label, .kind = VALUE_STRING, .bytes = (text), .bytes_size = sizeof(text) - 1)
#define CHILDREN(...)                                                                              \
    .children = (struct value *[]){__VA_ARGS__},                                                   \
    .child_count = sizeof((struct value *[]){__VA_ARGS__}) / sizeof(struct value *)
#define ENTRIES(...)                                                                               \
    .entries = (struct value_entry[]){__VA_ARGS__},                                                \
    .entry_count = sizeof((struct value_entry[]){__VA_ARGS__}) / sizeof(struct value_entry)

#define ALICE V(.kind = VALUE_STRUCT, CHILDREN(STRING_FIELD("Name", "Alice"), INT_FIELD("Age", 30)))
#define TO(target) V(.kind = VALUE_POINTER, .bits = 0xc000012345, CHILDREN(target))

static struct text_case {
    const char *name;
    const struct value *value;
    const char *text;
} text_cases[] = {
    {"true", V(.kind = VALUE_BOOL, .bits = 1), "true"},
    {"false", V(.kind = VALUE_BOOL), "false"},
    {"negative int", INT(-42), "-42"},
    {"smallest int64", INT(INT64_MIN), "-9223372036854775808"},
    {"largest uint64", V(.kind = VALUE_UINT, .bits = UINT64_MAX), "18446744073709551615"},
    {"uintptr", V(.kind = VALUE_UINT, .is_hex = true, .bits = 0xdeadbeef), "0xdeadbeef"},
    {"unsafe.Pointer", V(.kind = VALUE_UNSAFE_POINTER, .bits = 0xc000012345), "0xc000012345"},
    {"nil unsafe.Pointer", V(.kind = VALUE_UNSAFE_POINTER, .nil = true), "nil"},
    {"float64", V(.kind = VALUE_FLOAT, .real = 0.1), "0.1"},
    {"float32", V(.kind = VALUE_FLOAT, .real = 0.1f, .single = true), "0.1"},
    {"complex", V(.kind = VALUE_COMPLEX, .real = 1, .imaginary = 2), "(1+2i)"},
    {"complex, negative part", V(.kind = VALUE_COMPLEX, .real = 1.5, .imaginary = -2), "(1.5-2i)"},
    {"complex, negative zero", V(.kind = VALUE_COMPLEX, .real = 1, .imaginary = -0.0), "(1-0i)"},
    {"complex, NaN and +Inf", V(.kind = VALUE_COMPLEX, .real = NAN, .imaginary = INFINITY),
     "(NaN+Infi)"},
    {"complex, -Inf", V(.kind = VALUE_COMPLEX, .imaginary = -INFINITY), "(0-Infi)"},
    {"complex, NaN part", V(.kind = VALUE_COMPLEX, .real = 1, .imaginary = NAN), "(1+NaNi)"},

    {"string", STRING("trigger_panic"), "\"trigger_panic\""},
    {"empty string", V(.kind = VALUE_STRING), "\"\""},
    {"string that is cut",
     V(.kind = VALUE_STRING, .bytes = "text", .bytes_size = 4, .length = 1028, .omitted = 1024),
     "\"text\"…+1,024 bytes"},
    {"string, one byte cut",
     V(.kind = VALUE_STRING, .bytes = "text", .bytes_size = 4, .length = 5, .omitted = 1),
     "\"text\"…+1 byte"},
    {"string of which the length is known",
     V(.kind = VALUE_STRING, .length = 11, .content_unknown = true),
     "string of 11 bytes, <optimized out here>"},
    {"string of unknown content, empty", V(.kind = VALUE_STRING, .content_unknown = true), "\"\""},

    {"nil pointer", V(.kind = VALUE_POINTER, .nil = true), "nil"},
    {"pointer to struct", TO(ALICE), "&{Name: \"Alice\", Age: 30}"},
    {"pointer to int", TO(INT(5)), "&5"},
    {"pointer to pointer", TO(TO(INT(5))), "&&5"},
    {"pointer to nil pointer", TO(V(.kind = VALUE_POINTER, .nil = true)), "&nil"},
    {"pointer to slice", TO(V(.kind = VALUE_SLICE, CHILDREN(INT(1)))), "&[1]"},
    {"pointer to unreadable memory", TO(V(.unreadable = "not in the core")), "&<not in the core>"},
    {"pointer at the depth limit",
     V(.kind = VALUE_POINTER, .bits = 0xc000012345, .not_followed = true), "0xc000012345"},
    {"pointer that leads back", V(.kind = VALUE_POINTER, .bits = 0xc000012345, .cycle = true),
     "<cycle>"},

    {"empty struct", V(.kind = VALUE_STRUCT), "{}"},
    {"nested struct",
     V(.kind = VALUE_STRUCT,
       CHILDREN(FIELD("In", .kind = VALUE_STRUCT, CHILDREN(INT_FIELD("N", 1))),
                INT_FIELD("Out", 2))),
     "{In: {N: 1}, Out: 2}"},
    {"struct at the depth limit", V(.kind = VALUE_STRUCT, .not_followed = true), "{…}"},

    {"array", V(.kind = VALUE_ARRAY, .length = 3, CHILDREN(INT(1), INT(2), INT(3))), "[1, 2, 3]"},
    {"array of none", V(.kind = VALUE_ARRAY), "[]"},
    {"array at the depth limit", V(.kind = VALUE_ARRAY, .length = 4, .not_followed = true),
     "[…4 elements]"},
    {"nil slice", V(.kind = VALUE_SLICE, .nil = true), "nil"},
    {"empty slice", V(.kind = VALUE_SLICE), "[]"},
    {"slice of strings", V(.kind = VALUE_SLICE, .length = 2, CHILDREN(STRING("a"), STRING("b"))),
     "[\"a\", \"b\"]"},
    {"slice that is cut",
     V(.kind = VALUE_SLICE, .length = 1203, .omitted = 1200, CHILDREN(INT(1), INT(2), INT(3))),
     "[1, 2, 3, …1,200 more]"},
    {"slice at the depth limit", V(.kind = VALUE_SLICE, .length = 1, .not_followed = true),
     "[…1 element]"},
    {"slice of which the length is known",
     V(.kind = VALUE_SLICE, .length = 3, .content_unknown = true),
     "slice of 3 elements, <optimized out here>"},
    {"printable bytes",
     V(.kind = VALUE_SLICE, .is_byte_text = true, .bytes = "GET /\n", .bytes_size = 6),
     "[]byte(\"GET /\\n\")"},
    {"printable bytes, cut",
     V(.kind = VALUE_SLICE, .is_byte_text = true, .bytes = "GET", .bytes_size = 3, .omitted = 4096),
     "[]byte(\"GET\"…+4,096 bytes)"},

    {"nil map", V(.kind = VALUE_MAP, .nil = true), "nil"},
    {"empty map", V(.kind = VALUE_MAP), "{}"},
    {"map", V(.kind = VALUE_MAP, .length = 1, ENTRIES({STRING("k"), INT(1)})), "{\"k\": 1}"},
    {"map of the demo", V(.kind = VALUE_MAP, .length = 1, ENTRIES({INT(1), TO(ALICE)})),
     "{1: &{Name: \"Alice\", Age: 30}}"},
    {"map that is cut",
     V(.kind = VALUE_MAP, .length = 99, .omitted = 97, ENTRIES({INT(1), INT(2)}, {INT(3), INT(4)})),
     "{1: 2, 3: 4, …97 more}"},
    {"huge map",
     V(.kind = VALUE_MAP, .length = 100001, .omitted = 100000, .unordered = true,
       ENTRIES({INT(7), INT(8)})),
     "{7: 8, …100,000 more, not sorted}"},
    {"map at the depth limit", V(.kind = VALUE_MAP, .length = 12345, .not_followed = true),
     "{…12,345 entries}"},
    {"map with a note",
     V(.kind = VALUE_MAP, .length = 5, .note = "1 of the 5 entries that it counts were found",
       ENTRIES({INT(7), INT(8)})),
     "{7: 8} (1 of the 5 entries that it counts were found)"},

    {"nil interface", V(.kind = VALUE_INTERFACE, .nil = true), "nil"},
    {"interface with a pointer",
     V(.kind = VALUE_INTERFACE, .dynamic_type = "*os.PathError",
       CHILDREN(TO(V(.kind = VALUE_STRUCT, CHILDREN(STRING_FIELD("Op", "open")))))),
     "(*os.PathError) &{Op: \"open\"}"},
    {"interface with an int", V(.kind = VALUE_INTERFACE, .dynamic_type = "int", CHILDREN(INT(5))),
     "(int) 5"},
    {"interface with a string",
     V(.kind = VALUE_INTERFACE, .dynamic_type = "string", CHILDREN(STRING("x"))), "(string) \"x\""},
    {"interface with a typed nil",
     V(.kind = VALUE_INTERFACE, .dynamic_type = "*main.T",
       CHILDREN(V(.kind = VALUE_POINTER, .nil = true))),
     "(*main.T) nil"},
    {"error with its text",
     V(.kind = VALUE_INTERFACE, .dynamic_type = "*errors.errorString", .summary = "\"no luck\"",
       CHILDREN(TO(V(.kind = VALUE_STRUCT, CHILDREN(STRING_FIELD("s", "no luck")))))),
     "(*errors.errorString) \"no luck\""},
    {"interface of which the data is gone",
     V(.kind = VALUE_INTERFACE, .dynamic_type = "*main.T", .unreadable = "not in the core"),
     "(*main.T) <not in the core>"},
    {"interface at the depth limit",
     V(.kind = VALUE_INTERFACE, .dynamic_type = "main.T",
       CHILDREN(V(.kind = VALUE_STRUCT, .not_followed = true))),
     "(main.T) {…}"},

    {"nil func", V(.kind = VALUE_FUNC, .nil = true), "nil"},
    {"func", V(.kind = VALUE_FUNC, .function = "main.handle", .bits = 0x4b0000), "main.handle"},
    {"closure", V(.kind = VALUE_FUNC, .function = "main.f.func1", CHILDREN(INT_FIELD("n", 3))),
     "main.f.func1 {n: 3}"},
    {"method value", V(.kind = VALUE_FUNC, .function = "(*main.T).M", CHILDREN(INT_FIELD("n", 3))),
     "(*main.T).M {n: 3}"},

    {"nil channel", V(.kind = VALUE_CHAN, .type = "chan int", .nil = true), "nil"},
    {"channel",
     V(.kind = VALUE_CHAN, .type = "chan int", .length = 2, .capacity = 5, .receivers_waiting = 3,
       CHILDREN(INT(7), INT(8))),
     "chan int 2/5 [7, 8], 3 receivers waiting"},
    {"unbuffered channel", V(.kind = VALUE_CHAN, .type = "<-chan struct {}", .senders_waiting = 1),
     "<-chan struct {} 0/0, 1 sender waiting"},
    {"closed channel", V(.kind = VALUE_CHAN, .type = "chan int", .closed = true),
     "chan int 0/0, closed"},
    {"channel that is cut",
     V(.kind = VALUE_CHAN, .type = "chan int", .length = 2000, .capacity = 4096, .omitted = 1999,
       CHILDREN(INT(7))),
     "chan int 2,000/4,096 [7, …1,999 more]"},
    {"channel at the depth limit",
     V(.kind = VALUE_CHAN, .type = "chan int", .length = 2, .capacity = 4, .not_followed = true),
     "chan int 2/4"},

    {"optimised out", V(.unreadable = "optimized out here"), "<optimized out here>"},
    {"field optimised out",
     V(.kind = VALUE_STRUCT,
       CHILDREN(INT_FIELD("N", 1), FIELD("S", .unreadable = "not in the core"))),
     "{N: 1, S: <not in the core>}"},
    {"from elsewhere", V(.kind = VALUE_INT, .bits = 5, .provenance = "from the caller's copy"),
     "5 (from the caller's copy)"},
    {"struct from elsewhere",
     V(.kind = VALUE_STRUCT, .provenance = "from the caller's copy", CHILDREN(INT_FIELD("N", 1))),
     "{N: 1} (from the caller's copy)"},
    {"well-known type",
     V(.kind = VALUE_STRUCT, .summary = "1.5s", CHILDREN(INT_FIELD("d", 1500000000))), "1.5s"},
    {"redacted", V(.kind = VALUE_STRING, .length = 24, .redacted = true), "<redacted 24 bytes>"},
    {"names and reasons are data",
     V(.kind = VALUE_STRUCT, CHILDREN(FIELD("A\x1b[2J", .unreadable = "bad\n\xff"))),
     "{A\\x1b[2J: <bad\\n\\xff>}"},
};

static void test_text(void **state)
{
    const struct text_case *row = *state;
    AUTO_TEXT text = {0};
    value_text(&text, row->value);
    assert_string_equal(buffer_text(&text), row->text);
}

#define WRAPPED(inner) V(.kind = VALUE_STRUCT, CHILDREN(inner))

// Cut below a number of composites.
static struct depth_case {
    const char *name;
    const struct value *value;
    size_t depth;
    const char *text;
} depth_cases[] = {
    {"deep enough", WRAPPED(FIELD("U", .kind = VALUE_POINTER, CHILDREN(ALICE))), 2,
     "{U: &{Name: \"Alice\", Age: 30}}"},
    {"pointer to a struct",
     WRAPPED(FIELD("U", .kind = VALUE_POINTER, .bits = 0xc000012345, CHILDREN(ALICE))), 1,
     "{U: 0xc000012345}"},
    {"pointer to a scalar", WRAPPED(FIELD("N", .kind = VALUE_POINTER, CHILDREN(INT(5)))), 1,
     "{N: &5}"},
    {"pointer to nothing inside",
     WRAPPED(FIELD("E", .kind = VALUE_POINTER, CHILDREN(V(.kind = VALUE_STRUCT)))), 1, "{E: &{}}"},
    {"struct", WRAPPED(FIELD("S", .kind = VALUE_STRUCT, CHILDREN(INT_FIELD("N", 1)))), 1,
     "{S: {…}}"},
    {"slice",
     WRAPPED(
         FIELD("L", .kind = VALUE_SLICE, .length = 100, .omitted = 98, CHILDREN(INT(1), INT(2)))),
     1, "{L: […100 elements]}"},
    {"bytes",
     WRAPPED(FIELD("B", .kind = VALUE_SLICE, .is_byte_text = true, .bytes = "x", .bytes_size = 1)),
     1, "{B: []byte(\"x\")}"},
    {"map", WRAPPED(FIELD("M", .kind = VALUE_MAP, .length = 1, ENTRIES({INT(1), INT(2)}))), 1,
     "{M: {…1 entry}}"},
    {"channel",
     WRAPPED(FIELD("C", .kind = VALUE_CHAN, .type = "chan int", .length = 1, .capacity = 2,
                   .closed = true, CHILDREN(INT(1)))),
     1, "{C: chan int 1/2, closed}"},
    {"closure",
     WRAPPED(
         FIELD("F", .kind = VALUE_FUNC, .function = "main.f.func1", CHILDREN(INT_FIELD("n", 3)))),
     1, "{F: main.f.func1}"},
    {"interface",
     WRAPPED(FIELD("I", .kind = VALUE_INTERFACE, .dynamic_type = "main.User", CHILDREN(ALICE))), 1,
     "{I: (main.User) {…}}"},
    {"well-known type",
     WRAPPED(
         FIELD("T", .kind = VALUE_POINTER,
               CHILDREN(V(.kind = VALUE_STRUCT, .summary = "1.5s", CHILDREN(INT_FIELD("d", 1)))))),
     1, "{T: &1.5s}"},
    {"the outermost itself", ALICE, 0, "{…}"},
    {"beside what was cut", V(.kind = VALUE_ARRAY, .length = 2, CHILDREN(WRAPPED(ALICE), ALICE)), 2,
     "[{{…}}, {Name: \"Alice\", Age: 30}]"},
};

static void test_depth(void **state)
{
    const struct depth_case *row = *state;
    AUTO_TEXT text = {0};
    value_text_to_depth(&text, row->value, row->depth);
    assert_string_equal(buffer_text(&text), row->text);
}

/** A depth that recursion would not survive. */
static void test_deep_value(void **state)
{
    (void)state;
    enum { DEPTH = 1000000 };
    struct value *values = test_calloc(DEPTH, sizeof *values);
    struct value **children = test_calloc(DEPTH, sizeof(void *));
    for (size_t i = 0; i + 1 < DEPTH; i++) {
        children[i] = &values[i + 1];
        values[i] = (struct value){.kind = VALUE_SLICE, .children = &children[i], .child_count = 1};
    }
    values[DEPTH - 1] = (struct value){.kind = VALUE_INT, .bits = 7};
    AUTO_TEXT text = {0};
    value_text(&text, values);
    assert_int_equal(text.size, 2 * (DEPTH - 1) + 1);
    assert_int_equal(text.data[DEPTH - 1], '7');
    test_free(values);
    test_free(children);
}

// What strconv.Quote gives.
static struct quote_case {
    const char *name;
    struct bytes bytes;
    const char *quoted;
} quote_cases[] = {
#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
    {"nothing", BYTES(""), "\"\""},
    {"escapes", BYTES("a\tb\n\x1b[31m\"\\\0\x7f"), "\"a\\tb\\n\\x1b[31m\\\"\\\\\\x00\\x7f\""},
    {"letters and invisible ones", BYTES("hé \u200b\u202e\u202c\ufeff😀\U000e0001"),
     "\"hé \\u200b\\u202e\\u202c\\ufeff😀\\U000e0001\""},
    {"invalid bytes", BYTES("\xff\xc3(\xed\xa0\x80"), "\"\\xff\\xc3(\\xed\\xa0\\x80\""},
    {"spaces", BYTES("\u00a0\u3000"), "\"\\u00a0\\u3000\""},
    {"cut inside a character", BYTES("\xe2\x80"), "\"\\xe2\\x80\""},
};

static void test_quote(void **state)
{
    const struct quote_case *row = *state;
    struct bytes bytes = bytes_copy(row->bytes.data, row->bytes.size);
    AUTO_TEXT text = {0};
    value_quote(&text, (const char *)bytes.data, bytes.size);
    assert_string_equal(buffer_text(&text), row->quoted);
}

/** Go's hash/fnv.New64a over everything that is printed. */
static uint64_t fnv1a(uint64_t hash, struct buffer *text)
{
    for (size_t i = 0; i < text->size; i++)
        hash = (hash ^ (uint8_t)text->data[i]) * 0x100000001b3;
    buffer_truncate(text, 0);
    return hash;
}
static const uint64_t FNV_START = 0xcbf29ce484222325;

static size_t encode(uint32_t rune, char out[4])
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    size_t size = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = size; i-- > 1; rune >>= 6)
        out[i] = (char)(0x80 | (rune & 0x3f));
    out[0] = (char)(0xf00 >> size | rune);
    return size;
}

/** Go 1.27: h := fnv.New64a(), h.Write([]byte(strconv.Quote(string(r)))) for all r, h.Sum64(). */
static void test_quote_every_rune(void **state)
{
    (void)state;
    uint64_t hash = FNV_START;
    AUTO_TEXT text = {0};
    for (uint32_t rune = 0; rune <= 0x10ffff; rune++) {
        char bytes[4];
        if (rune >= 0xd800 && rune <= 0xdfff)
            continue;
        value_quote(&text, bytes, encode(rune, bytes));
        hash = fnv1a(hash, &text);
    }
    assert_true(hash == 0xf128b4efb2ad4ee8);
}

/** The same of []byte{a, b, 0x80, b, a, a} for all a, for all b: what is not UTF-8. */
static void test_quote_invalid_bytes(void **state)
{
    (void)state;
    uint64_t hash = FNV_START;
    AUTO_TEXT text = {0};
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char bytes[] = {(char)a, (char)b, (char)0x80, (char)b, (char)a, (char)a};
            value_quote(&text, bytes, sizeof bytes);
            hash = fnv1a(hash, &text);
        }
    }
    assert_true(hash == 0x5744bdbbf25e2bf6);
}

// What fmt.Print of Go 1.27 prints.
static struct float_case {
    const char *name;
    double number;
    bool single;
    const char *text;
} float_cases[] = {
    {"zero", 0, false, "0"},
    {"negative zero", -0.0, false, "-0"},
    {"whole", 100, false, "100"},
    {"below the threshold", 123456, false, "123456"},
    {"at the threshold", 1000000, false, "1e+06"},
    {"above the threshold", 1234567, false, "1.234567e+06"},
    {"small", 0.0001, false, "0.0001"},
    {"smaller", 0.00001, false, "1e-05"},
    {"pi", 3.141592653589793, false, "3.141592653589793"},
    {"three digits of exponent", 1e300, false, "1e+300"},
    {"largest", 1.7976931348623157e308, false, "1.7976931348623157e+308"},
    {"smallest", 5e-324, false, "5e-324"},
    {"nearest of 16 digits misses", 0x1p-1017, false, "7.120236347223045e-307"},
    {"single", 16777216, true, "1.6777216e+07"},
    {"single, shorter than as a double", 0.3f, true, "0.3"},
    {"the same as a double", 0.3f, false, "0.30000001192092896"},
    {"NaN", NAN, false, "NaN"},
    {"infinity", INFINITY, false, "+Inf"},
    {"minus infinity", -INFINITY, true, "-Inf"},
};

static void test_float(void **state)
{
    const struct float_case *row = *state;
    AUTO_TEXT text = {0};
    value_float_text(&text, row->number, row->single);
    assert_string_equal(buffer_text(&text), row->text);
}

static void put_double(struct buffer *out, uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    value_float_text(out, number, false);
}

static void put_single(struct buffer *out, uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    value_float_text(out, (double)number, true);
}

/**
 * Go 1.27, with h := fnv.New64a(): fmt.Fprint(h, math.Float64frombits(e<<52+d)) for e < 0x7ff,
 * d < 3; fmt.Fprint(h, math.Float32frombits(e<<23+d)) for e < 0xff, d < 3; then 20,000 times, x
 * being 1 at first, x = x*6364136223846793005 + 1442695040888963407 and fmt.Fprint(h,
 * math.Float64frombits(x), math.Float32frombits(uint32(x>>32)), float64(int64(x>>44))/1000).
 */
static void test_many_floats(void **state)
{
    (void)state;
    uint64_t hash = FNV_START, x = 1;
    AUTO_TEXT text = {0};
    for (uint64_t i = 0; i < 3 * 0x7ff; i++, hash = fnv1a(hash, &text))
        put_double(&text, (i / 3 << 52) + i % 3);
    for (uint32_t i = 0; i < 3 * 0xff; i++, hash = fnv1a(hash, &text))
        put_single(&text, (i / 3 << 23) + i % 3);
    for (int i = 0; i < 20000; i++, hash = fnv1a(hash, &text)) {
        x = x * 6364136223846793005 + 1442695040888963407;
        put_double(&text, x);
        buffer_putc(&text, ' ');
        put_single(&text, (uint32_t)(x >> 32));
        buffer_putc(&text, ' ');
        value_float_text(&text, (double)(int64_t)(x >> 44) / 1000, false);
    }
    assert_true(hash == 0xb452bfb1b461a2e8);
}

static struct count_case {
    const char *text; ///< the name of the test too
    uint64_t number;
} count_cases[] = {
    {"0", 0},          {"999", 999},           {"1,000", 1000},
    {"12,345", 12345}, {"1,234,567", 1234567}, {"18,446,744,073,709,551,615", UINT64_MAX},
};

static void test_count(void **state)
{
    const struct count_case *row = *state;
    AUTO_TEXT text = {0};
    value_count_text(&text, row->number);
    assert_string_equal(buffer_text(&text), row->text);
}

static void test_kind_names(void **state)
{
    (void)state;
    assert_null(value_kind_name(VALUE_UNKNOWN));
    assert_string_equal(value_kind_name(VALUE_BOOL), "bool");
    assert_string_equal(value_kind_name(VALUE_UNSAFE_POINTER), "unsafe_pointer");
}

RUN_TABLES_MAIN(TABLE(text_cases, test_text), TABLE(depth_cases, test_depth),
                SINGLE(test_deep_value), TABLE(quote_cases, test_quote),
                SINGLE(test_quote_every_rune), SINGLE(test_quote_invalid_bytes),
                TABLE(float_cases, test_float), SINGLE(test_many_floats),
                TABLE(count_cases, test_count), SINGLE(test_kind_names))
