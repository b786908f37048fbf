// SPDX-License-Identifier: MIT
#pragma once

#include "base/limits.h"
#include "base/table.h"
#include "symbols/dwarf_index.h"
#include "symbols/program.h"
#include "symbols/type.h"
#include "type_name_internal.h"

enum type_source { TYPE_MADE, TYPE_FROM_DWARF, TYPE_FROM_RUNTIME };

/** A type with what is needed to resolve it. */
struct type_entry {
    struct go_type type; ///< first: a go_type's address is its entry's
    enum type_source source;
    uint64_t die; ///< TYPE_FROM_DWARF: the one that says what it is, behind typedefs
};

/** A type descriptor, internal/abi.Type (runtime._type): the same 48 bytes in all releases. */
struct descriptor {
    target_addr address;
    const struct module *module; ///< NULL: made by reflect while the program ran
    uint64_t size;
    uint8_t flags; ///< DESCRIPTOR_*
    enum go_kind kind;
    bool direct_interface;
    int32_t name_offset, pointer_offset;
};

enum { DESCRIPTOR_SIZE = 48 };
enum {
    DESCRIPTOR_UNCOMMON = 1,
    DESCRIPTOR_EXTRA_STAR = 2, ///< the name has a '*' in front that does not belong to it
    DESCRIPTOR_NAMED = 4,
    DESCRIPTOR_DIRECT_INTERFACE = 32, ///< from Go 1.26
};

struct named_type {
    uint64_t next; ///< index + 1 of the same hash, 0: none
    const char *key, *full;
    uint64_t place;       ///< DIE offset with DWARF, else the descriptor's address
    struct go_type *made; ///< not NULL: this one, from neither
};

struct type_table {
    struct program *program;
    struct arena *arena;
    struct table *by_die, *by_address; ///< → struct type_entry
    struct table *pointers;            ///< address of a struct go_type → its pointer's

    bool packages_read;
    struct package_list packages;
    struct table *package_places; ///< addresses of paths met in descriptors

    bool names_read; ///< types by short name; without DWARF by full name too
    struct named_type *names;
    size_t name_count, name_capacity;
    struct table *name_heads;
    struct table *listed; ///< addresses of the descriptors among them
};

struct type_entry *type_entry_new(struct type_table *table, enum type_source source);

/** Whether it is the shape that stands for every pointer: that its target is a uint8 is not meant.
 */
bool type_is_any_pointer(const struct go_type *type);

/** The program's packages: DWARF's units, and those of the types that the runtime lists. */
const struct package_list *type_table_packages(struct type_table *table);

/** The DWARF, NULL where there is none. */
struct dwarf_index *type_table_dwarf(struct type_table *table);

/** Lists types by name, as `names` says; cheap the second time. */
MUST_USE struct error *type_table_read_names(struct type_table *table);

MUST_USE struct error *dwarf_type_resolve(struct type_table *table, struct type_entry *entry);
MUST_USE struct error *runtime_type_resolve(struct type_table *table, struct type_entry *entry);

/** Reads and checks the 48 bytes. @return ERROR_CORRUPT, ERROR_UNMAPPED */
MUST_USE struct error *descriptor_read(struct type_table *table, target_addr address,
                                       struct descriptor *out);

/** The name as %T prints it, in the table's arena. */
MUST_USE struct error *descriptor_name(struct type_table *table,
                                       const struct descriptor *descriptor, const char **out);

/** Where the import path of a declared type's package stands; 0: it has none. */
target_addr descriptor_package_address(struct type_table *table,
                                       const struct descriptor *descriptor);

/** Import path and name of a declared type's package; false where there is none or it cannot be
 * read. */
bool descriptor_package(struct type_table *table, const struct descriptor *descriptor,
                        const char **path, const char **name);

/** Descriptor of the pointer to it, 0 where the program has none. */
target_addr descriptor_pointer(const struct type_table *table, const struct descriptor *descriptor);

/** Size of the struct of a kind's descriptor: where its uncommonType lies. */
uint64_t descriptor_kind_size(const struct type_table *table, enum go_kind kind);

/** The layout of the maps of a map type's descriptor. */
MUST_USE struct error *descriptor_map_layout(struct type_table *table, target_addr address,
                                             struct go_map_layout *out);

/** Calls visit with each descriptor that the program lists (runtime's typelinks). */
void runtime_types_visit(struct type_table *table,
                         void (*visit)(struct type_table *table, target_addr address));
