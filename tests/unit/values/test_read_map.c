// SPDX-License-Identifier: MIT
#include "memory.h"

static struct go_type type_int = TYPE("int", GO_INT, 8, );
static struct go_type type_int8 = TYPE("int8", GO_INT8, 1, );
static struct go_type type_float64 = TYPE("float64", GO_FLOAT64, 8, );
static struct go_type type_string = TYPE("string", GO_STRING, 16, );
static struct go_type type_bool = TYPE("bool", GO_BOOL, 1, );
static struct go_type type_unit = TYPE("struct {}", GO_STRUCT, 0, );
static struct go_type type_pair = TYPE("[2]int8", GO_ARRAY, 2, .elem = &type_int8, .length = 2);
static struct go_field point_fields[] = {{"X", &type_int8, 0, false}, {"Y", &type_int8, 1, false}};
static struct go_type type_point =
    TYPE("main.Point", GO_STRUCT, 2, .named = true, .fields = point_fields, .field_count = 2);

/** A classic map's type: buckets of 8 tophash bytes, 8 keys, 8 elements, a pointer. */
static struct go_type classic(struct go_type *key, struct go_type *elem)
{
    return (struct go_type)TYPE(
        "map", GO_MAP, 8, .key = key, .elem = elem,
        .map = {.known = true, .bucket_size = (uint32_t)(8 + 8 * (key->size + elem->size) + 8)});
}

/** A swiss map's type as in Go 1.24: groups of 8 control bytes and 8 slots of key and element. */
static struct go_type swiss(struct go_type *key, struct go_type *elem)
{
    uint32_t slot = (uint32_t)(key->size + elem->size);
    return (struct go_type)TYPE("map", GO_MAP, 8, .key = key, .elem = elem,
                                .map = {.known = true,
                                        .swiss = true,
                                        .keys_offset = 8,
                                        .key_stride = slot,
                                        .elems_offset = 8 + (uint32_t)key->size,
                                        .elem_stride = slot,
                                        .group_size = 8 + 8 * slot});
}

/** An hmap; hash0, nevacuate and extra are of no interest. */
static void put_hmap(struct buffer *out, uint64_t count, uint8_t flags, uint8_t b,
                     target_addr buckets, target_addr old)
{
    put_u64(out, count);
    put_u8(out, flags);
    put_u8(out, b);
    put_zeros(out, 6);
    put_u64(out, buckets);
    put_u64(out, old);
    put_zeros(out, 16);
}

/** A bucket of int8 keys and elements: slot i holds keys[i] where tops has a letter there. */
static void put_bucket(struct buffer *out, const char *tops, const char *keys, target_addr overflow)
{
    for (int i = 0; i < 8; i++)
        put_u8(out, tops[i] >= '0' && tops[i] <= '4' ? (uint8_t)(tops[i] - '0') : 200);
    put_bytes(out, bytes_from_hex(keys));
    for (int i = 0; i < 8; i++)
        put_u8(out, (uint8_t)(10 + i));
    put_u64(out, overflow);
}

enum { BUCKET = 32, HMAP = 48, FIRST = MEMORY + 8 + HMAP };

/** Buckets of 32 bytes follow the header, at FIRST, FIRST + 32 …; '0' to '4' are tophash marks. */
static struct classic_case {
    const char *name;
    uint64_t count;
    uint8_t flags, b;
    target_addr buckets, old;
    struct {
        const char *tops, *keys;
        target_addr overflow;
    } chain[4];
    const char *text;
} classic_cases[] = {
    {"one bucket",
     2,
     0,
     0,
     FIRST,
     0,
     {{"x0x11111", "05 00 03 00 00 00 00 00", 0}},
     "{3: 12, 5: 10}"},
    {"overflow",
     3,
     0,
     0,
     FIRST,
     0,
     {{"xx000000", "01 02 00 00 00 00 00 00", FIRST + BUCKET},
      {"0x000000", "00 03 00 00 00 00 00 00", 0}},
     "{1: 10, 2: 11, 3: 11}"},
    {"buckets not made yet", 0, 0, 0, 0, 0, {{NULL, NULL, 0}}, "{}"},
    {"growing: one old bucket moved, one not",
     2,
     0,
     2,
     0,
     FIRST,
     {{"2xxxxxxx", "09 09 09 09 09 09 09 09", 0}, {"xx000000", "01 02 00 00 00 00 00 00", 0}},
     "{1: 10, 2: 11}"},
    {"growing at the same size",
     1,
     8,
     0,
     FIRST + BUCKET,
     FIRST,
     {{"4xxxxxxx", "09 09 09 09 09 09 09 09", 0}, {"x0000000", "07 00 00 00 00 00 00 00", 0}},
     "{7: 10}"},
    {"an overflow chain that is a ring ends",
     1,
     0,
     0,
     FIRST,
     0,
     {{"x0000000", "01 00 00 00 00 00 00 00", FIRST}},
     NULL},
    {"fewer than it counts",
     5,
     0,
     0,
     FIRST,
     0,
     {{"x0000000", "01 00 00 00 00 00 00 00", 0}},
     "{1: 10, …4 more} (1 of the 5 entries that it counts were found)"},
    {"more than it counts",
     1,
     0,
     0,
     FIRST,
     0,
     {{"xx000000", "01 02 00 00 00 00 00 00", 0}},
     "{1: 10, 2: 11} (2 of the 1 entries that it counts were found)"},
    {"buckets not in the core", 5, 0, 0, 0x90000, 0, {{NULL, NULL, 0}}, "<not in the core>"},
    {"an impossible B", 5, 0, 200, FIRST, 0, {{NULL, NULL, 0}}, "<not in the core>"},
};

static void test_classic(void **state)
{
    const struct classic_case *row = *state;
    struct go_type type = classic(&type_int8, &type_int8);
    struct buffer memory = {0};
    put_u64(&memory, MEMORY + 8);
    put_hmap(&memory, row->count, row->flags, row->b, row->buckets, row->old);
    for (size_t i = 0; i < COUNT_OF(row->chain) && row->chain[i].tops; i++)
        put_bucket(&memory, row->chain[i].tops, row->chain[i].keys, row->chain[i].overflow);
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.22", usual_limits());
    if (row->text) {
        assert_value(target, &type, at(MEMORY), row->text);
        return;
    }
    struct value *value = value_read(target->reader, target->arena, &type, at(MEMORY));
    assert_int_equal(value->entry_count, 20); // the limit on items
}

/** A map of one swiss group: the slots in hex, key and element in turn. */
static struct group_case {
    const char *name;
    struct go_type *key, *elem;
    uint64_t used;
    const char *control, *slots, *text;
} group_cases[] = {
    {"deleted and empty slots", &type_int8, &type_bool, 2, "fe 01 80 7f 80 80 80 80",
     "0901 0500 0901 0301 0000 0000 0000 0000", "{3: true, 5: false}"},
    {"ints by sign", &type_int8, &type_unit, 3, "01 01 01 80 80 80 80 80",
     "05 ff 00 00 00 00 00 00", "{-1: {}, 0: {}, 5: {}}"},
    {"false before true", &type_bool, &type_int8, 2, "01 01 80 80 80 80 80 80",
     "0101 0002 0000 0000 0000 0000 0000 0000", "{false: 2, true: 1}"},
    {"NaN first", &type_float64, &type_unit, 3, "01 01 01 80 80 80 80 80",
     "000000000000f03f 000000000000f87f 000000000000f0ff 00000000000000000000000000000000"
     "00000000000000000000000000000000 0000000000000000",
     "{NaN: {}, -Inf: {}, 1: {}}"},
    {"structs field by field", &type_point, &type_unit, 3, "01 01 01 80 80 80 80 80",
     "0201 0109 0102 0000 0000 0000 0000 0000",
     "{{X: 1, Y: 2}: {}, {X: 1, Y: 9}: {}, {X: 2, Y: 1}: {}}"},
    {"arrays element by element", &type_pair, &type_unit, 2, "01 01 80 80 80 80 80 80",
     "0101 ff05 0000 0000 0000 0000 0000 0000", "{[-1, 5]: {}, [1, 1]: {}}"},
};

static void test_group(void **state)
{
    const struct group_case *row = *state;
    struct go_type type = swiss(row->key, row->elem);
    struct buffer memory = {0};
    put_u64(&memory, MEMORY + 8);
    put_u64(&memory, row->used); // Map: used, seed, dirPtr, dirLen, depth and marks
    put_u64(&memory, 0);
    put_u64(&memory, MEMORY + 8 + 48);
    put_zeros(&memory, 24);
    put_bytes(&memory, bytes_from_hex(row->control));
    put_bytes(&memory, bytes_from_hex(row->slots));
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.24", usual_limits());
    assert_value(target, &type, at(MEMORY), row->text);
}

static void put_group(struct buffer *out, int8_t key)
{
    put_bytes(out, bytes_from_hex("01 80 80 80 80 80 80 80"));
    put_u8(out, (uint8_t)key);
    put_zeros(out, 7);
}

static void put_table(struct buffer *out, target_addr groups, uint64_t mask)
{
    put_zeros(out, 16); // used, capacity, growthLeft, localDepth, index
    put_u64(out, groups);
    put_u64(out, mask);
}

/** A directory of four slots for two tables: one of two groups, one of one. */
static void test_directory(void **state)
{
    (void)state;
    enum { TABLES = MEMORY + 8 + 48 + 32, GROUPS = TABLES + 64 };
    struct go_type type = swiss(&type_int8, &type_unit);
    struct buffer memory = {0};
    put_u64(&memory, MEMORY + 8);
    put_u64(&memory, 3);
    put_u64(&memory, 0);
    put_u64(&memory, MEMORY + 8 + 48);
    put_u64(&memory, 4);
    put_zeros(&memory, 16);
    put_u64(&memory, TABLES); // the first table has split once less: it stands twice
    put_u64(&memory, TABLES);
    put_u64(&memory, TABLES + 32);
    put_u64(&memory, 0xdead0000); // and one that is not in the core
    put_table(&memory, GROUPS, 1);
    put_table(&memory, GROUPS + 32, 0);
    put_group(&memory, 30);
    put_group(&memory, 10);
    put_group(&memory, 20);
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.24", usual_limits());
    assert_value(target, &type, at(MEMORY), "{10: {}, 20: {}, 30: {}}");
}

static void test_strings_and_indirect(void **state)
{
    (void)state;
    struct go_type type = swiss(&type_string, &type_int);
    type.map.indirect_elem = true;
    struct buffer memory = {0};
    enum { GROUP = MEMORY + 8 + 48, TEXT = GROUP + 8 + 8 * 24 };
    put_u64(&memory, MEMORY + 8);
    put_u64(&memory, 3);
    put_u64(&memory, 0);
    put_u64(&memory, GROUP);
    put_zeros(&memory, 24);
    put_bytes(&memory, bytes_from_hex("01 01 01 80 80 80 80 80"));
    const struct {
        uint64_t start, size, elem;
    } slots[8] = {{TEXT, 2, TEXT + 8}, {TEXT, 1, TEXT + 16}, {TEXT + 1, 1, 0x90000}};
    for (size_t i = 0; i < 8; i++) {
        put_u64(&memory, slots[i].start);
        put_u64(&memory, slots[i].size);
        put_u64(&memory, slots[i].elem);
    }
    put_bytes(&memory, bytes_from_hex("6162000000000000 0700000000000000 0800000000000000"));
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.24", usual_limits());
    assert_value(target, &type, at(MEMORY), "{\"a\": 8, \"ab\": 7, \"b\": <not in the core>}");
}

/** Beyond 10,000 entries the first found, and no more of the map is looked at. */
static void test_huge(void **state)
{
    (void)state;
    enum { GROUPS = 4096, BASE = MEMORY + 8 + 48 + 8 + 32 };
    struct go_type type = swiss(&type_int8, &type_unit);
    struct buffer memory = {0};
    put_u64(&memory, MEMORY + 8);
    put_u64(&memory, 20000);
    put_u64(&memory, 0);
    put_u64(&memory, MEMORY + 8 + 48);
    put_u64(&memory, 1);
    put_zeros(&memory, 16);
    put_u64(&memory, MEMORY + 8 + 48 + 8);
    put_table(&memory, BASE, GROUPS - 1);
    for (int i = 0; i < GROUPS; i++)
        put_group(&memory, (int8_t)(100 - i));
    struct value_limits limits = usual_limits();
    limits.items = 3;
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.24", limits);
    assert_value(target, &type, at(MEMORY), "{100: {}, 99: {}, 98: {}, …19,997 more, not sorted}");
}

/** A map that is one of its own elements. */
static void test_cycle(void **state)
{
    (void)state;
    struct go_type type = swiss(&type_int, &type_int);
    type.elem = &type;
    struct buffer memory = {0};
    put_u64(&memory, MEMORY + 8);
    put_u64(&memory, 2);
    put_u64(&memory, 0);
    put_u64(&memory, MEMORY + 8 + 48);
    put_zeros(&memory, 24);
    put_bytes(&memory, bytes_from_hex("01 01 80 80 80 80 80 80"));
    put_u64(&memory, 1);
    put_u64(&memory, MEMORY + 8);
    put_u64(&memory, 2);
    put_zeros(&memory, 8 * 13);
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.24", usual_limits());
    assert_value(target, &type, at(MEMORY), "{1: <cycle>, 2: nil}");
}

#define POINTER_TO(target)                                                                         \
    TYPE("atomic.Pointer[" target "]", GO_STRUCT, 8,                                               \
         .full_name = "sync/atomic.Pointer[" target "]", .fields = pointer_fields,                 \
         .field_count = 2)
static struct go_type type_raw = TYPE("unsafe.Pointer", GO_UNSAFE_POINTER, 8, );
static struct go_type type_children =
    TYPE("[16]atomic.Pointer[node]", GO_ARRAY, 128, .elem = &type_raw);
static struct go_field node_fields[] = {{"children", &type_children, 8, false}};
static struct go_type type_node =
    TYPE("indirect", GO_STRUCT, 136, .fields = node_fields, .field_count = 1);
static struct go_type type_to_node = TYPE("*indirect", GO_POINTER, 8, .elem = &type_node);
static struct go_type type_to_nodes = TYPE("[0]*indirect", GO_ARRAY, 0, .elem = &type_to_node);
static struct go_field pointer_fields[] = {{"_", &type_to_nodes, 0, false},
                                           {"v", &type_raw, 0, false}};
static struct go_type type_root = POINTER_TO("indirect");
static struct go_field tree_fields[] = {{"root", &type_root, 0, false}};
static struct go_type type_tree =
    TYPE("sync.HashTrieMap", GO_STRUCT, 8, .fields = tree_fields, .field_count = 1);
static struct go_field sync_fields[] = {{"m", &type_tree, 0, false}};
static struct go_type type_sync_map =
    TYPE("sync.Map", GO_STRUCT, 8, .named = true, .fields = sync_fields, .field_count = 1);

/** sync.Map from Go 1.24: an inner node, two entries with the same hash, a child that is cut. */
static void test_sync_map(void **state)
{
    static const struct {
        target_addr root, child, overflow;
        const char *text;
    } cases[] = {
        {0, 0, 0, "{}"},
        {MEMORY + 8, 0, 0, "{}"},
        {MEMORY + 8, MEMORY + 144, 0, "{nil: nil}"},
        {MEMORY + 8, MEMORY + 144, MEMORY + 192, "{nil: nil, nil: nil}"},
        {MEMORY + 8, MEMORY + 8, 0, "{m: {root: &{children: []}}}"},
        {MEMORY + 8, 0x90000, 0, "{} (part of it is not in the core)"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buffer memory = {0};
        put_u64(&memory, cases[i].root);
        put_zeros(&memory, 8 + 8 * 3);
        put_u64(&memory, cases[i].child);
        put_zeros(&memory, 8 * 12);
        for (int entry = 0; entry < 2; entry++) {
            put_u64(&memory, 1);
            put_u64(&memory, entry == 0 ? cases[i].overflow : 0);
            put_zeros(&memory, 32);
        }
        AUTO(target) target = target_new(buffer_bytes(&memory), "go1.27", usual_limits());
        assert_value(target, &type_sync_map, at(MEMORY), cases[i].text);
    }
}

RUN_TABLES_MAIN(TABLE(classic_cases, test_classic), TABLE(group_cases, test_group),
                SINGLE(test_directory), SINGLE(test_strings_and_indirect), SINGLE(test_huge),
                SINGLE(test_cycle), SINGLE(test_sync_map))
