// SPDX-License-Identifier: MIT
#pragma once

#include "base/error.h"
#include "image/address_space.h"

/** Kinds with the numbers of Go's reflect.Kind and internal/abi.Kind (the same in all releases). */
enum go_kind {
    GO_INVALID,
    GO_BOOL,
    GO_INT,
    GO_INT8,
    GO_INT16,
    GO_INT32,
    GO_INT64,
    GO_UINT,
    GO_UINT8,
    GO_UINT16,
    GO_UINT32,
    GO_UINT64,
    GO_UINTPTR,
    GO_FLOAT32,
    GO_FLOAT64,
    GO_COMPLEX64,
    GO_COMPLEX128,
    GO_ARRAY,
    GO_CHAN,
    GO_FUNC,
    GO_INTERFACE,
    GO_MAP,
    GO_POINTER,
    GO_SLICE,
    GO_STRING,
    GO_STRUCT,
    GO_UNSAFE_POINTER,
};

struct go_type;

struct go_field {
    const char *name; ///< "_" for a blank one; an embedded one goes under its type's name
    struct go_type *type;
    uint64_t offset;
    bool embedded;
};

/** How a map's memory is laid out; from the map type's descriptor (versions.md 4). */
struct go_map_layout {
    bool known;
    bool swiss; ///< from Go 1.24
    bool indirect_key, indirect_elem;
    uint32_t bucket_size;            ///< classic
    uint32_t slot_size, elem_offset; ///< swiss up to 1.26: key at 0, elem at elem_offset in a slot
    uint32_t keys_offset,
        key_stride; ///< swiss: key i at keys_offset + i * key_stride of its group …
    uint32_t elems_offset, elem_stride;
    uint32_t group_size;
};

/**
 * A Go type, filled by DWARF or by the runtime's own descriptor: one model whatever its source.
 * Plain data owned by its type_table. Until type_resolve() has succeeded only
 * names, kind, size, named, direct_interface and what says where it came from are set.
 */
struct go_type {
    const char *name;      ///< as %T prints it: "*main.User", "map[string][]int"
    const char *full_name; ///< with full package paths; NULL where the same
    enum go_kind kind;
    uint64_t size;
    bool resolved;
    bool named; ///< declared in a package (type T …): neither a literal nor predeclared
    bool direct_interface; ///< an interface's data word is the value itself, not its address
    bool has_methods;      ///< GO_INTERFACE: iface (first word is an itab), not eface

    struct go_type *elem;    ///< pointer, array, slice, chan, map; NULL for the pointer that a
                             ///< generic's code knows no more of (go.shape.*uint8)
    struct go_type *key;     ///< map
    uint64_t length;         ///< array
    struct go_field *fields; ///< struct
    size_t field_count;
    struct go_map_layout map;

    /** Address of its descriptor, 0 where there is none. Two go_types with the same one, or the
     * same die_offset, are one type: DWARF and the runtime each give their own object. */
    target_addr runtime_type;
    uint64_t die_offset;  ///< in .debug_info, 0 where it did not come from there
    int dictionary_index; ///< of a generic's type parameter (.paramN), -1: none
};

struct program;
struct dwarf_index;

/** All types met so far. Not for sharing between threads. */
struct type_table;

/** @param program  borrowed; its DWARF (if any) and its modules' descriptors are read when asked */
struct type_table *type_table_new(struct program *program);
void type_table_free(struct type_table *table);
DEFINE_AUTO(type_table);

/**
 * The type at an offset of .debug_info (of its DW_TAG_typedef, base_type, structure_type …).
 * @return ERROR_CORRUPT for an offset that holds no type, ERROR_NOT_FOUND without DWARF
 */
MUST_USE struct error *type_from_dwarf(struct type_table *table, uint64_t die_offset,
                                       struct go_type **out);

/**
 * The type whose descriptor (internal/abi.Type) lies at an address.
 * @return ERROR_CORRUPT where what lies there is no descriptor, ERROR_UNMAPPED where nothing does
 */
MUST_USE struct error *type_from_runtime(struct type_table *table, target_addr address,
                                         struct go_type **out);

/**
 * Whether a type of the runtime's has this name, with full package paths. Asks the descriptor
 * alone: which packages there are, which a shorter name depends on, costs a look at all of DWARF.
 */
bool type_runtime_is(struct type_table *table, target_addr address, const char *full_name);

/**
 * The type of the value in an interface: of the itab (interface with methods) or of the descriptor.
 * @param word  the interface's first word; not 0
 */
MUST_USE struct error *type_of_interface_word(struct type_table *table, target_addr word,
                                              bool has_methods, struct go_type **out);

/** Fills elem, key, fields, length, map of one type; the types it names stay unresolved. Cheap the
 * second time. */
MUST_USE struct error *type_resolve(struct type_table *table, struct go_type *type);

/** A method as a type's descriptor lists it. */
struct type_method {
    target_addr entry;     ///< code that a call through an interface runs, which gets the
                           ///< interface's data word; 0: the linker dropped it, nobody calls it
    const char *signature; ///< without the receiver: "func() error"; NULL: dropped with the code
};

/**
 * The exported method of that name, out of the runtime's descriptor, which lists promoted ones too.
 * @return false where there is none, and where the type has no descriptor
 */
bool type_method_find(struct type_table *table, const struct go_type *type, const char *name,
                      struct type_method *out);

/**
 * Whether a type has all methods of an interface, names and signatures, out of the runtime's
 * descriptors of both.
 * @return false where that cannot be told: one has no descriptor, or the linker dropped a method
 */
bool type_implements(struct type_table *table, const struct go_type *type,
                     const struct go_type *interface, bool *out);

/** A method that an interface asks for. */
struct type_interface_method {
    const char *name;
    struct go_type *argument; ///< the only one; NULL: none, or several
    struct go_type *result;   ///< the first; NULL: none
    unsigned argument_count, result_count;
};

/**
 * The method whose code lies in the index-th word of an interface's itab.
 * @return false where there is none, and where the type has no descriptor
 */
bool type_interface_method(struct type_table *table, const struct go_type *type, unsigned index,
                           struct type_interface_method *out);

/** The type *type; made where no descriptor and no DIE says it. */
struct go_type *type_pointer_to(struct type_table *table, struct go_type *type);

/**
 * The type that an entry of a generic function's dictionary stands for.
 * @param dictionary  the value of dwarf_variables.dictionary
 * @param index       go_type.dictionary_index of a type of that function's variables
 */
MUST_USE struct error *type_from_dictionary(struct type_table *table, target_addr dictionary,
                                            int index, struct go_type **out);

/**
 * A type by its name as a programmer writes it ("int", "*main.User", "example.com/shop/db.Conn").
 * Packages go by name or by path. Without DWARF only types that the runtime lists are found.
 * @return ERROR_NOT_FOUND, also where a short name stands for types of several packages
 */
MUST_USE struct error *type_by_name(struct type_table *table, const char *name,
                                    struct go_type **out);
