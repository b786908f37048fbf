// SPDX-License-Identifier: MIT
#include "memory.h"

static struct go_type type_bool = TYPE("bool", GO_BOOL, 1, );
static struct go_type type_int = TYPE("int", GO_INT, 8, );
static struct go_type type_int8 = TYPE("int8", GO_INT8, 1, );
static struct go_type type_int16 = TYPE("int16", GO_INT16, 2, );
static struct go_type type_int32 = TYPE("int32", GO_INT32, 4, );
static struct go_type type_uint8 = TYPE("uint8", GO_UINT8, 1, );
static struct go_type type_uint64 = TYPE("uint64", GO_UINT64, 8, );
static struct go_type type_uintptr = TYPE("uintptr", GO_UINTPTR, 8, );
static struct go_type type_float32 = TYPE("float32", GO_FLOAT32, 4, );
static struct go_type type_float64 = TYPE("float64", GO_FLOAT64, 8, );
static struct go_type type_complex64 = TYPE("complex64", GO_COMPLEX64, 8, );
static struct go_type type_complex128 = TYPE("complex128", GO_COMPLEX128, 16, );
static struct go_type type_string = TYPE("string", GO_STRING, 16, );
static struct go_type type_unsafe = TYPE("unsafe.Pointer", GO_UNSAFE_POINTER, 8, );
static struct go_type type_slice = TYPE("[]int16", GO_SLICE, 24, .elem = &type_int16);
static struct go_type type_bytes = TYPE("[]uint8", GO_SLICE, 24, .elem = &type_uint8);
static struct go_type type_array = TYPE("[3]int8", GO_ARRAY, 3, .elem = &type_int8, .length = 3);
static struct go_type type_no_array = TYPE("[0]int", GO_ARRAY, 0, .elem = &type_int);
static struct go_type type_bad_array = TYPE("[9]int", GO_ARRAY, 8, .elem = &type_int, .length = 9);
static struct go_type type_pointer = TYPE("*int8", GO_POINTER, 8, .elem = &type_int8);
static struct go_type type_pointers = TYPE("**int8", GO_POINTER, 8, .elem = &type_pointer);
static struct go_type type_unit = TYPE("struct {}", GO_STRUCT, 0, );
static struct go_type type_to_unit = TYPE("*struct {}", GO_POINTER, 8, .elem = &type_unit);
static struct go_type type_odd = TYPE("int", GO_INT, 24, );
static struct go_type type_short_string = TYPE("string", GO_STRING, 8, );
static struct go_type type_any = TYPE("interface {}", GO_INTERFACE, 16, );
static struct go_type type_chan = TYPE("chan int8", GO_CHAN, 8, .elem = &type_int8);
static struct go_type type_func = TYPE("func()", GO_FUNC, 8, );

static struct go_type type_node,
    type_to_node = TYPE("*main.Node", GO_POINTER, 8, .elem = &type_node);
static struct go_field node_fields[] = {
    {"Next", &type_to_node, 0, false}, {"_", &type_int, 8, false}, {"Value", &type_int8, 8, false}};
static struct go_type type_node =
    TYPE("main.Node", GO_STRUCT, 16, .named = true, .fields = node_fields, .field_count = 3);
static struct go_type type_self =
    TYPE("main.Self", GO_POINTER, 8, .named = true, .elem = &type_self);

static struct go_type type_no_pointers =
    TYPE("[0]*int", GO_ARRAY, 0, .elem = &type_pointer, .length = 0);
static struct go_type type_raw = TYPE("unsafe.Pointer", GO_UNSAFE_POINTER, 8, );
static struct go_field atomic_fields[] = {{"_", &type_no_pointers, 0, false},
                                          {"v", &type_raw, 0, false}};
static struct go_type type_atomic =
    TYPE("atomic.Pointer[int]", GO_STRUCT, 8, .full_name = "sync/atomic.Pointer[int]",
         .named = true, .fields = atomic_fields, .field_count = 2);

/** Memory is the hex; the value lies at its start, 0x10000. */
static struct value_case {
    const char *name;
    struct go_type *type;
    const char *memory, *text;
} value_cases[] = {
    {"true", &type_bool, "01", "true"},
    {"a bool that is 2", &type_bool, "02", "true"},
    {"sign of an int8", &type_int8, "80", "-128"},
    {"sign of an int16", &type_int16, "ffff", "-1"},
    {"sign of an int32", &type_int32, "00000080", "-2147483648"},
    {"an int", &type_int, "ffffffffffffffff", "-1"},
    {"a byte", &type_uint8, "ff", "255"},
    {"a uint64", &type_uint64, "ffffffffffffffff", "18446744073709551615"},
    {"uintptr in hex", &type_uintptr, "efbeadde00000000", "0xdeadbeef"},
    {"unsafe.Pointer", &type_unsafe, "1000000000000000", "0x10"},
    {"unsafe.Pointer nil", &type_unsafe, "0000000000000000", "nil"},
    {"float32, shortest for it", &type_float32, "cdcccc3d", "0.1"},
    {"float64", &type_float64, "9a9999999999b93f", "0.1"},
    {"NaN", &type_float64, "000000000000f87f", "NaN"},
    {"complex64", &type_complex64, "0000803f 00000040", "(1+2i)"},
    {"complex128", &type_complex128, "000000000000e0bf 000000000000f0ff", "(-0.5-Infi)"},
    {"cut memory", &type_int, "01020304050607", "<not in the core>"},
    {"a size that no int has", &type_odd, "00",
     "<corrupt: a type of a size that its kind cannot "
     "have>"},
    {"a string of 8 bytes", &type_short_string, "0000000000000000",
     "<corrupt: a type of a size that its kind cannot have>"},

    {"string", &type_string, "1000010000000000 0300000000000000 616263", "\"abc\""},
    {"empty string", &type_string, "0000000000000000 0000000000000000", "\"\""},
    {"string into nowhere", &type_string, "0000020000000000 0300000000000000", "<not in the core>"},
    {"string of a negative length", &type_string, "1000010000000000 ffffffffffffffff",
     "<corrupt: length -1>"},
    {"string of a huge length", &type_string, "1000010000000000 0000000000000100",
     "<corrupt: length 281474976710656>"},
    {"string whose end is cut", &type_string, "1000010000000000 0500000000000000 616263",
     "\"abc\"…+2 bytes"},
    {"string whose header is cut", &type_string, "1000010000000000 0300", "<not in the core>"},

    {"nil slice", &type_slice, "0000000000000000 0000000000000000 0000000000000000", "nil"},
    {"empty slice", &type_slice, "1800010000000000 0000000000000000 0000000000000000", "[]"},
    {"slice", &type_slice, "1800010000000000 0200000000000000 0300000000000000 0100 feff 0300",
     "[1, -2]"},
    {"slice longer than its capacity", &type_slice,
     "1800010000000000 0400000000000000 0300000000000000", "<corrupt: length 4 of capacity 3>"},
    {"slice into nowhere", &type_slice, "0000020000000000 0200000000000000 0300000000000000",
     "<not in the core>"},
    {"slice whose end is cut", &type_slice,
     "1800010000000000 0300000000000000 0300000000000000 0100 feff 03",
     "[1, -2, <not in the core>]"},
    {"bytes that a cut rune ends", &type_bytes,
     "1800010000000000 0300000000000000 0300000000000000 61 0a c3", "[97, 10, 195]"},
    {"bytes that are text", &type_bytes,
     "1800010000000000 0400000000000000 0400000000000000 61 0a c3a4", "[]byte(\"a\\nä\")"},
    {"bytes of white space", &type_bytes,
     "1800010000000000 0200000000000000 0200000000000000 09 0a", "[9, 10]"},
    {"array", &type_array, "01 ff 02", "[1, -1, 2]"},
    {"array without elements", &type_no_array, "00", "[]"},
    {"array larger than its type", &type_bad_array, "0000000000000000",
     "<corrupt: an array type with more elements than fit>"},

    {"nil pointer", &type_pointer, "0000000000000000", "nil"},
    {"pointer", &type_pointer, "0800010000000000 07", "&7"},
    {"pointer into nowhere", &type_pointer, "0000020000000000", "&<not in the core>"},
    {"pointer to a pointer", &type_pointers, "0800010000000000 1000010000000000 07", "&&7"},
    {"pointer to nothing's size", &type_to_unit, "0000020000000000", "&{}"},
    {"pointer to itself", &type_self, "0000010000000000", "<cycle>"},
    {"pointer that is read and written whole", &type_atomic, "0800010000000000 07", "&7"},
    {"blank field", &type_node, "0000000000000000 05", "{Next: nil, Value: 5}"},
    {"struct that points to itself", &type_node, "0000010000000000 05",
     "{Next: <cycle>, Value: 5}"},
    {"two that point to each other", &type_node,
     "1000010000000000 0100000000000000 0000010000000000 02",
     "{Next: &{Next: <cycle>, Value: 2}, Value: 1}"},
    {"struct whose middle is cut", &type_node, "0000000000000000",
     "{Next: nil, Value: <not in "
     "the core>}"},

    {"nil interface", &type_any, "0000000000000000 0000000000000000", "nil"},
    {"nil channel", &type_chan, "0000000000000000", "nil"},
    {"channel into nowhere", &type_chan, "0000020000000000", "<not in the core>"},
    {"channel that holds more than it can", &type_chan,
     "0800010000000000 0500000000000000 0400000000000000",
     "<corrupt: a channel that holds 5 of 4>"},
    {"nil func", &type_func, "0000000000000000", "nil"},
    {"func into nowhere", &type_func, "0000020000000000", "<not in the core>"},
};

static void test_value(void **state)
{
    const struct value_case *row = *state;
    AUTO(target) target = target_new(bytes_from_hex(row->memory), "go1.27", usual_limits());
    assert_value(target, row->type, at(MEMORY), row->text);
}

/** Bytes out of registers: what is not known is shown by '.' in known. */
static struct piece_case {
    const char *name;
    struct go_type *type;
    const char *bytes, *known, *text;
} piece_cases[] = {
    {"all known", &type_int, "0700000000000000", "xxxxxxxx", "7"},
    {"one byte unknown", &type_int, "0700000000000000", "xxxxxxx.", "<optimized out here>"},
    {"a string's length alone", &type_string, "0000000000000000 0300000000000000",
     "........xxxxxxxx", "string of 3 bytes, <optimized out here>"},
    {"an empty string's length alone", &type_string, "0000000000000000 0000000000000000",
     "........xxxxxxxx", "\"\""},
    {"a string's pointer alone", &type_string, "0000010000000000 0000000000000000",
     "xxxxxxxx........", "<optimized out here>"},
    {"a slice without its capacity", &type_slice,
     "0000010000000000 0200000000000000 0000000000000000", "xxxxxxxxxxxxxxxx........", "[1, 2]"},
    {"a slice's length alone", &type_slice, "0000010000000000 0200000000000000 0000000000000000",
     "........xxxxxxxx........", "slice of 2 elements, <optimized out here>"},
    {"an array in part", &type_array, "01 02 03", "x.x", "[1, <optimized out here>, 3]"},
    {"a struct in part", &type_node, "0000000000000000 0500000000000000", "........xxxxxxxx",
     "{Next: <optimized out here>, Value: 5}"},
    {"nothing", &type_node, "0000000000000000 0500000000000000", "................",
     "<optimized out here>"},
};

static void test_piece(void **state)
{
    const struct piece_case *row = *state;
    AUTO(target) target = target_new(bytes_from_hex("0100 0200"), "go1.27", usual_limits());
    uint8_t known[32] = {0};
    for (size_t i = 0; row->known[i]; i++)
        known[i] = row->known[i] == 'x';
    struct bytes mask = bytes_copy(known, strlen(row->known));
    assert_value(target, row->type,
                 (struct storage){.bytes = bytes_from_hex(row->bytes).data, .known = mask.data},
                 row->text);
}

/** One structure, three limits. The memory: a slice of five ints, a node of two. */
static struct limit_case {
    const char *name;
    struct value_limits limits;
    struct go_type *type;
    target_addr address;
    const char *text;
} limit_cases[] = {
    {"items", {4, 2, 200}, &type_slice, MEMORY, "[1, 2, …3 more]"},
    {"no depth at all", {0, 20, 200}, &type_slice, MEMORY, "[…5 elements]"},
    {"an address at the depth limit",
     {1, 20, 200},
     &type_node,
     MEMORY + 0x28,
     "{Next: 0x10038, Value: 1}"},
    {"a pointer costs no level",
     {2, 20, 200},
     &type_node,
     MEMORY + 0x28,
     "{Next: &{Next: nil, Value: 2}, Value: 1}"},
    {"a string between runes", {4, 20, 4}, &type_string, MEMORY + 0x48, "\"aä\"…+5 bytes"},
    {"a string of none", {4, 20, 0}, &type_string, MEMORY + 0x48, "\"\"…+8 bytes"},
};

static void test_limit(void **state)
{
    const struct limit_case *row = *state;
    struct bytes memory = bytes_from_hex(
        "1800010000000000 0500000000000000 0500000000000000 0100 0200 0300 0400 0500 000000000000"
        "3800010000000000 0100000000000000 0000000000000000 0200000000000000"
        "5800010000000000 0800000000000000 61 c3a4 e282ac 6263");
    AUTO(target) target = target_new(memory, "go1.27", row->limits);
    assert_value(target, row->type, at(row->address), row->text);
}

/** A value of a million elements costs what is shown. */
static void test_million(void **state)
{
    (void)state;
    struct bytes memory = bytes_from_hex("1800010000000000 40420f0000000000 40420f0000000000 0100"
                                         "0200");
    AUTO(target)
    target =
        target_new(memory, "go1.27", (struct value_limits){.depth = 4, .items = 2, .string = 9});
    assert_value(target, &type_slice, at(MEMORY), "[1, 2, …999,998 more]");
}

/** A buffer that goes round its end, and those who wait: sudogs linked by their second word. */
static void test_channel(void **state)
{
    (void)state;
    struct buffer memory = {0};
    put_u64(&memory, MEMORY + 8);
    put_u64(&memory, 2); // hchan of Go 1.22: qcount, dataqsiz, buf, elemsize, closed …
    put_u64(&memory, 3);
    put_u64(&memory, MEMORY + 8 + 96);
    put_u32(&memory, 1);
    put_u32(&memory, 1);
    put_u64(&memory, 0);            // elemtype
    put_u64(&memory, 1);            // sendx
    put_u64(&memory, 2);            // recvx
    put_u64(&memory, MEMORY + 112); // recvq: first, last
    put_u64(&memory, 0);
    put_zeros(&memory, 16); // sendq
    put_u64(&memory, 0);    // lock
    put_bytes(&memory, bytes_from_hex("0a 0b 0c 0000000000"));
    put_u64(&memory, 0); // a sudog: g, next
    put_u64(&memory, MEMORY + 128);
    put_u64(&memory, 0);
    put_u64(&memory, 0);
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.22", usual_limits());
    assert_value(target, &type_chan, at(MEMORY),
                 "chan int8 2/3 [12, 10], closed, 2 receivers waiting");
}

RUN_TABLES_MAIN(TABLE(value_cases, test_value), TABLE(piece_cases, test_piece),
                TABLE(limit_cases, test_limit), SINGLE(test_million), SINGLE(test_channel))
