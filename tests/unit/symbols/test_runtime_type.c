// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "support/elf_builder.h"
#include "support/support.h"
#include "symbols/type_internal.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * Descriptors written by hand, in the formats of several releases. A module's types lie from TYPES
 * on, in slots of SLOT bytes; its names behind them; the heap, where reflect makes types,
 * elsewhere.
 */
enum { TYPES = 0x10000, SLOT = 0x100, NAMES = 0x8000, TYPES_SIZE = 0xa000, HEAP = 0x90000 };

static target_addr at(unsigned slot)
{
    return TYPES + slot * SLOT;
}

static target_addr on_heap(unsigned slot)
{
    return HEAP + slot * SLOT;
}

struct world {
    int minor;
    uint8_t types[TYPES_SIZE], heap[0x1000];
    uint32_t names_size;
    struct program program;
    struct go_release release;
    struct module module;
    struct module_list modules;
};

static void write_uint(struct world *world, target_addr address, uint64_t value, size_t size)
{
    uint8_t *to =
        address >= HEAP ? world->heap + (address - HEAP) : world->types + (address - TYPES);
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

/** A name with an optional tag. @return its offset from the module's types */
static uint32_t put_name(struct world *world, uint8_t flags, const char *text, const char *tag)
{
    uint32_t offset = NAMES + world->names_size;
    uint8_t *to = world->types + offset;
    *to++ = (uint8_t)(flags | (tag ? 2 : 0));
    for (int i = 0; i < (tag ? 2 : 1); i++) {
        const char *part = i ? tag : text;
        size_t size = strlen(part);
        if (world->minor <= 16)
            *to++ = (uint8_t)(size >> 8);
        else if (size > 127)
            *to++ = (uint8_t)(size | 0x80);
        *to++ = (uint8_t)(world->minor > 16 && size > 127 ? size >> 7 : size);
        for (; *part; part++)
            *to++ = (uint8_t)*part;
    }
    world->names_size = (uint32_t)(to - world->types) - NAMES;
    return offset;
}

struct type_head {
    enum go_kind kind;
    uint64_t size;
    uint8_t flags; ///< 1 uncommon, 2 extra star, 4 named
    const char *name;
    bool direct;
};

static void put_type(struct world *world, target_addr address, struct type_head head)
{
    bool in_flags = world->minor >= 26;
    uint32_t name = put_name(world, 1, head.name, NULL);
    write_uint(world, address, head.size, 8);
    write_uint(world, address + 20, head.flags | (head.direct && in_flags ? 0x20 : 0), 1);
    write_uint(world, address + 21, 8, 1);
    write_uint(world, address + 23, head.kind | (head.direct && !in_flags ? 0x20 : 0), 1);
    write_uint(world, address + 40, address >= HEAP ? (uint32_t)-3 : name, 4);
}

/** The uncommonType behind a struct of size bytes. */
static void put_package(struct world *world, target_addr address, size_t size, const char *path)
{
    write_uint(world, address + size, put_name(world, 0, path, NULL), 4);
}

static void put_field(struct world *world, target_addr address, const char *name, const char *tag,
                      target_addr type, uint64_t offset, bool embedded)
{
    bool in_offset = world->minor <= 18;
    uint32_t text = put_name(world, embedded && !in_offset ? 8 : 0, name, tag);
    write_uint(world, address, TYPES + text, 8);
    write_uint(world, address + 8, type, 8);
    write_uint(world, address + 16, in_offset ? offset << 1 | embedded : offset, 8);
}

enum {
    T_INT,
    T_STRING,
    T_USER,
    T_POINTER,
    T_SLICE,
    T_ARRAY,
    T_CHAN,
    T_FUNC,
    T_IFACE,
    T_EFACE,
    T_MAP
};

static void put_composites(struct world *world)
{
    put_type(world, at(T_POINTER), (struct type_head){GO_POINTER, 8, 0, "*db.User", true});
    write_uint(world, at(T_POINTER) + 48, at(T_USER), 8);
    put_type(world, at(T_SLICE), (struct type_head){GO_SLICE, 24, 2, "*[]*db.User", false});
    write_uint(world, at(T_SLICE) + 48, at(T_POINTER), 8);
    put_type(world, at(T_ARRAY), (struct type_head){GO_ARRAY, 24, 0, "[3]int", false});
    write_uint(world, at(T_ARRAY) + 48, at(T_INT), 8);
    write_uint(world, at(T_ARRAY) + 64, 3, 8);
    put_type(world, at(T_CHAN), (struct type_head){GO_CHAN, 8, 0, "<-chan int", true});
    write_uint(world, at(T_CHAN) + 48, at(T_INT), 8);
    write_uint(world, at(T_CHAN) + 56, 1, 8);
    put_type(world, at(T_FUNC), (struct type_head){GO_FUNC, 8, 0, "func(int, ...string)", true});
    write_uint(world, at(T_FUNC) + 48, 2 | 0x8000u << 16, 4);
    write_uint(world, at(T_FUNC) + 56, at(T_INT), 8);
    write_uint(world, at(T_FUNC) + 64, at(T_SLICE), 8);
    put_type(world, at(T_IFACE), (struct type_head){GO_INTERFACE, 16, 4, "error", false});
    write_uint(world, at(T_IFACE) + 64, 1, 8);
    put_type(world, at(T_EFACE), (struct type_head){GO_INTERFACE, 16, 0, "interface {}", false});
}

static void put_map(struct world *world)
{
    target_addr map = at(T_MAP);
    put_type(world, map, (struct type_head){GO_MAP, 8, 0, "map[string]int", true});
    write_uint(world, map + 48, at(T_STRING), 8);
    write_uint(world, map + 56, at(T_INT), 8);
    if (!world->release.swiss_maps) {
        write_uint(world, map + 82, 208, 2);
        write_uint(world, map + 84, 1, 4); // keys behind pointers
        return;
    }
    bool strides = world->minor >= 27;
    write_uint(world, map + 80, 200, 8);
    write_uint(world, map + 88, strides ? 8 : 24, 8);
    write_uint(world, map + 96, strides ? 24 : 16, 8);
    if (strides) {
        write_uint(world, map + 104, 24, 8);
        write_uint(world, map + 112, 24, 8);
    }
    write_uint(world, map + (strides ? 128 : 104), 8, 4); // elems behind pointers
}

static void put_user(struct world *world)
{
    put_type(world, at(T_USER), (struct type_head){GO_STRUCT, 32, 7, "*db.User", false});
    put_package(world, at(T_USER), 80, "example.com/shop/db");
    write_uint(world, at(T_USER) + 56, at(T_USER) + 0x60, 8);
    write_uint(world, at(T_USER) + 64, 3, 8);
    put_field(world, at(T_USER) + 0x60, "Name", "json:\"n\"", at(T_STRING), 0, false);
    put_field(world, at(T_USER) + 0x78, "_", NULL, at(T_INT), 16, false);
    put_field(world, at(T_USER) + 0x90, "int", NULL, at(T_INT), 24, true);
}

static void fill(struct world *world, int minor, bool swiss)
{
    *world = (struct world){.minor = minor};
    world->release = (struct go_release){
        .minor = minor, .real_minor = minor, .swiss_maps = swiss, .classic_maps = !swiss};
    put_type(world, at(T_INT), (struct type_head){GO_INT, 8, 4, "int", false});
    put_type(world, at(T_STRING), (struct type_head){GO_STRING, 16, 4, "string", false});
    put_user(world);
    put_composites(world);
    put_map(world);
}

static void close_world(struct world *world)
{
    address_space_free(world->program.space);
    elf_file_free(world->program.binary);
    core_file_free(world->program.core);
    free(world);
}

/** Puts the bytes into a core; close_world() releases all. */
static void open_world(struct world *world)
{
    struct built_elf elf = {.type = ET_CORE,
                            .segments = {{.type = PT_LOAD,
                                          .flags = PF_R,
                                          .address = TYPES,
                                          .data = bytes_copy(world->types, sizeof world->types)},
                                         {.type = PT_LOAD,
                                          .flags = PF_R | PF_W,
                                          .address = HEAP,
                                          .data = bytes_copy(world->heap, sizeof world->heap)}}};
    struct bytes bytes = elf_build(&elf);
    const char *path = write_file("core", bytes.data, bytes.size);
    struct core_file *core;
    struct elf_file *binary; // only its path is asked for
    assert_error(core_file_open(path, &core), NULL);
    assert_error(elf_file_open(path, &binary), NULL);
    world->module =
        (struct module){.types = TYPES, .etypes = TYPES + TYPES_SIZE, .minor = world->minor};
    world->modules = (struct module_list){.items = &world->module, .count = 1};
    world->program = (struct program){.binary = binary,
                                      .core = core,
                                      .space = address_space_new(core),
                                      .release = &world->release,
                                      .modules = &world->modules,
                                      .dwarf_tried = true};
}

static void describe(const struct go_type *type, struct buffer *out)
{
    buffer_printf(out, "%s %" PRIu64 "%s%s%s", type->name, type->size, type->named ? " named" : "",
                  type->direct_interface ? " direct" : "", type->has_methods ? " methods" : "");
    if (type->full_name)
        buffer_printf(out, " (%s)", type->full_name);
    if (type->key)
        buffer_printf(out, " key %s", type->key->name);
    if (type->elem)
        buffer_printf(out, " elem %s", type->elem->name);
    if (type->length)
        buffer_printf(out, " x %" PRIu64, type->length);
    for (size_t i = 0; i < type->field_count; i++)
        buffer_printf(out, ", %s%s %s @%" PRIu64, type->fields[i].embedded ? "embedded " : "",
                      type->fields[i].name, type->fields[i].type->name, type->fields[i].offset);
    const struct go_map_layout *map = &type->map;
    if (map->known && map->swiss)
        buffer_printf(out, " group %u, keys %u+%u, elems %u+%u", map->group_size, map->keys_offset,
                      map->key_stride, map->elems_offset, map->elem_stride);
    else if (map->known)
        buffer_printf(out, " bucket %u", map->bucket_size);
    buffer_printf(out, "%s%s", map->indirect_key ? " *key" : "",
                  map->indirect_elem ? " *elem" : "");
}

/** Resolves the type at an address; a type or an error comes out. */
static void check(struct world *world, target_addr address, const char *expected, const char *error)
{
    AUTO(type_table) table = type_table_new(&world->program);
    struct go_type *type = NULL, *again;
    struct error *err = type_from_runtime(table, address, &type);
    if (!err)
        err = type_resolve(table, type);
    assert_error(err, error);
    if (error)
        return;
    AUTO_TEXT text = {0};
    describe(type, &text);
    assert_string_equal(buffer_text(&text), expected);
    assert_error(type_from_runtime(table, address, &again), NULL);
    assert_ptr_equal(type, again);
}

static const struct format_case {
    const char *name;
    int minor;
    bool swiss;
    const char *map; ///< what differs; all else must not
} format_cases[] = {
    {"Go 1.15: lengths of two bytes, embedded in the offset", 15, false,
     "map[string]int 8 direct key string elem int bucket 208 *key"},
    {"Go 1.16", 16, false, "map[string]int 8 direct key string elem int bucket 208 *key"},
    {"Go 1.17: lengths as varints", 17, false,
     "map[string]int 8 direct key string elem int bucket 208 *key"},
    {"Go 1.18", 18, false, "map[string]int 8 direct key string elem int bucket 208 *key"},
    {"Go 1.19: embedded in the name", 19, false,
     "map[string]int 8 direct key string elem int bucket 208 *key"},
    {"Go 1.23", 23, false, "map[string]int 8 direct key string elem int bucket 208 *key"},
    {"Go 1.24: swiss maps", 24, true,
     "map[string]int 8 direct key string elem int group 200, keys 8+24, elems 24+24 *elem"},
    {"Go 1.24 noswissmap", 24, false,
     "map[string]int 8 direct key string elem int bucket 208 *key"},
    {"Go 1.26: direct in the flags", 26, true,
     "map[string]int 8 direct key string elem int group 200, keys 8+24, elems 24+24 *elem"},
    {"Go 1.27: strides", 27, true,
     "map[string]int 8 direct key string elem int group 200, keys 8+24, elems 24+24 *elem"},
};

static void test_formats(void **state)
{
    static const struct {
        unsigned slot;
        const char *expected;
    } same[] = {
        {T_INT, "int 8"},
        {T_USER, "db.User 32 named (example.com/shop/db.User), Name string @0, _ int @16, "
                 "embedded int int @24"},
        {T_POINTER, "*db.User 8 direct (*example.com/shop/db.User) elem db.User"},
        {T_SLICE, "[]*db.User 24 ([]*example.com/shop/db.User) elem *db.User"},
        {T_ARRAY, "[3]int 24 elem int x 3"},
        {T_CHAN, "<-chan int 8 direct elem int"},
        {T_IFACE, "error 16 methods"},
        {T_EFACE, "interface {} 16"},
    };
    const struct format_case *row = *state;
    struct world *world = alloc_zeroed(1, sizeof *world);
    fill(world, row->minor, row->swiss);
    open_world(world);
    for (size_t i = 0; i < COUNT_OF(same); i++)
        check(world, at(same[i].slot), same[i].expected, NULL);
    check(world, at(T_MAP), row->map, NULL);
    close_world(world);
}

/** reflect's types have no names in a module: they are put together. */
static const struct reflect_case {
    const char *name;
    enum go_kind kind;
    uint64_t size;
    struct {
        uint16_t offset;
        uint64_t value;
    } words[5];
    const char *expected, *error;
} reflect_cases[] = {
    {"PtrTo",
     GO_POINTER,
     8,
     {{48, TYPES + T_SLICE *SLOT}},
     "*[]*db.User 8 (*[]*example.com/shop/db.User) elem []*db.User",
     NULL},
    {"SliceOf",
     GO_SLICE,
     24,
     {{48, TYPES + T_USER *SLOT}},
     "[]db.User 24 ([]example.com/shop/db.User) elem db.User",
     NULL},
    {"ArrayOf", GO_ARRAY, 136, {{48, TYPES}, {64, 17}}, "[17]int 136 elem int x 17", NULL},
    {"ChanOf", GO_CHAN, 8, {{48, TYPES}, {56, 2}}, "chan<- int 8 elem int", NULL},
    {"MapOf",
     GO_MAP,
     8,
     {{48, TYPES}, {56, TYPES + T_STRING *SLOT}, {80, (uint64_t)80 << 16}},
     "map[int]string 8 key int elem string bucket 80",
     NULL},
    {"StructOf",
     GO_STRUCT,
     32,
     {{56, TYPES + T_USER *SLOT + 0x60}, {64, 3}},
     "struct { Name string \"json:\\\"n\\\"\"; _ int; int } 32, Name string @0, _ int @16, "
     "embedded int int @24",
     NULL},
    {"StructOf nothing", GO_STRUCT, 0, {{0, 0}}, "struct {} 0", NULL},
    {"FuncOf",
     GO_FUNC,
     8,
     {{48, 2 | 0x8002u << 16},
      {56, TYPES},
      {64, TYPES + T_SLICE *SLOT},
      {72, TYPES + T_IFACE *SLOT},
      {80, TYPES}},
     "func(int, ...*db.User) (error, int) 8 (func(int, ...*example.com/shop/db.User) (error, int))",
     NULL},
    {"FuncOf one result", GO_FUNC, 8, {{48, 1 << 16}, {56, TYPES}}, "func() int 8", NULL},
    {"a pointer to itself",
     GO_POINTER,
     8,
     {{48, HEAP}},
     NULL,
     "a type's name of more than 65536 bytes"},
    {"a pointer to nowhere",
     GO_POINTER,
     8,
     {{48, 0x10}},
     NULL,
     "type descriptor at 0x10: address 0x10 is not in the core file"},
    {"an array that does not fit",
     GO_ARRAY,
     8,
     {{48, TYPES}, {64, 17}},
     NULL,
     "type [17]int: 17 elements of 8 bytes in 8"},
    {"an array whose size wraps",
     GO_ARRAY,
     0,
     {{48, TYPES}, {64, (uint64_t)1 << 61}},
     NULL,
     "type [2305843009213693952]int: 2305843009213693952 elements of 8 bytes in 0"},
    {"a struct of too many fields",
     GO_STRUCT,
     32,
     {{56, TYPES}, {64, 65537}},
     NULL,
     "65537 fields or methods"},
    {"a field beyond its struct",
     GO_STRUCT,
     8,
     {{56, TYPES + T_USER *SLOT + 0x60}, {64, 1}},
     NULL,
     "type struct { Name string \"json:\\\"n\\\"\" }: field 0: field Name lies outside"},
    {"a kind that reflect does not make",
     GO_INT,
     8,
     {{0, 8}},
     NULL,
     "type descriptor at 0x90000, made by reflect: no name at offset -3"},
};

static void test_reflect(void **state)
{
    const struct reflect_case *row = *state;
    struct world *world = alloc_zeroed(1, sizeof *world);
    fill(world, 22, false);
    put_type(world, on_heap(0), (struct type_head){row->kind, row->size, 0, "", false});
    for (size_t i = 0; i < COUNT_OF(row->words) && (!i || row->words[i].offset); i++)
        if (row->words[i].offset)
            write_uint(world, on_heap(0) + row->words[i].offset, row->words[i].value, 8);
    open_world(world);
    check(world, on_heap(0), row->expected, row->error);
    close_world(world);
}

static const struct damage_case {
    const char *name;
    unsigned slot, offset, size;
    uint64_t value;
    const char *error;
} damage_cases[] = {
    {"kind 0", T_INT, 23, 1, 0, "no type descriptor at 0x10000: kind 0, alignment 8, size 8"},
    {"kind 27", T_INT, 23, 1, 27, "no type descriptor at 0x10000: kind 27, alignment 8, size 8"},
    {"no alignment", T_INT, 21, 1, 0, "no type descriptor at 0x10000: kind 2, alignment 0, size 8"},
    {"an odd alignment", T_INT, 21, 1, 3,
     "no type descriptor at 0x10000: kind 2, alignment 3, size 8"},
    {"a size beyond all memory", T_INT, 0, 8, (uint64_t)1 << 51,
     "no type descriptor at 0x10000: kind 2, alignment 8, size 2251799813685248"},
    {"a name behind the types", T_INT, 40, 4, TYPES_SIZE,
     "type descriptor at 0x10000: no name at offset 40960"},
    {"no name", T_INT, 40, 4, 0, "type descriptor at 0x10000: no name at offset 0"},
    {"a name without end", T_INT, 40, 4, TYPES_SIZE - 1,
     "type descriptor at 0x10000: no name at 0x1a000"},
    {"an empty name", T_INT, 40, 4, TYPES_SIZE - 8, "type descriptor at 0x10000 has an empty name"},
    {"an element that is none", T_POINTER, 48, 8, TYPES + NAMES,
     NULL /* below: only that it is refused */},
};

static void test_damage(void **state)
{
    const struct damage_case *row = *state;
    struct world *world = alloc_zeroed(1, sizeof *world);
    fill(world, 22, false);
    write_uint(world, at(row->slot) + row->offset, row->value, row->size);
    open_world(world);
    if (row->error) {
        check(world, at(row->slot), NULL, row->error);
    } else {
        AUTO(type_table) table = type_table_new(&world->program);
        struct go_type *type;
        assert_error(type_from_runtime(table, at(row->slot), &type), NULL); // its name is there
        struct error *err = type_resolve(table, type);
        assert_non_null(err);
        error_free(err);
    }
    close_world(world);
}

static void test_not_in_memory(void **state)
{
    (void)state;
    struct world *world = alloc_zeroed(1, sizeof *world);
    fill(world, 22, false);
    open_world(world);
    check(world, 0x4000, NULL, "type descriptor at 0x4000: address 0x4000 is not in the core file");
    check(world, at(T_INT) + 4, NULL, "no type descriptor at 0x10004: kind 0, alignment 0, size 0");
    close_world(world);
}

/** The first word of an interface: an itab, whose second word is the type, or the type. */
static void test_interface_words(void **state)
{
    (void)state;
    struct world *world = alloc_zeroed(1, sizeof *world);
    fill(world, 22, false);
    write_uint(world, on_heap(1) + 8, at(T_USER), 8);
    open_world(world);
    AUTO(type_table) table = type_table_new(&world->program);
    struct go_type *type, *same;
    assert_error(type_of_interface_word(table, on_heap(1), true, &type), NULL);
    assert_string_equal(type->name, "db.User");
    assert_error(type_of_interface_word(table, at(T_USER), false, &same), NULL);
    assert_ptr_equal(type, same);
    assert_error(type_of_interface_word(table, 0x4000, true, &type),
                 "itab at 0x4000: address 0x4008 is not in the core file");
    struct go_type *pointer = type_pointer_to(table, type);
    assert_string_equal(pointer->name, "*db.User");
    assert_ptr_equal(pointer->elem, type);
    assert_ptr_equal(pointer, type_pointer_to(table, type));
    // A dictionary is an array of descriptors.
    assert_error(type_from_dictionary(table, on_heap(1), 1, &same), NULL);
    assert_string_equal(same->name, "db.User");
    close_world(world);
}

RUN_TABLES_MAIN(TABLE(format_cases, test_formats), TABLE(reflect_cases, test_reflect),
                TABLE(damage_cases, test_damage), SINGLE(test_not_in_memory),
                SINGLE(test_interface_words))
