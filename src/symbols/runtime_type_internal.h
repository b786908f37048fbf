// SPDX-License-Identifier: MIT
#pragma once

#include "type_internal.h"

// Format of a descriptor: Go's internal/abi/type.go, before 1.21 runtime/type.go.
enum {
    ELEM_OFFSET = 48, ///< of a pointer, slice, array, channel; a map's key
    MAP_ELEM_OFFSET = 56,
    CHAN_DIRECTION_OFFSET = 56,
    ARRAY_LENGTH_OFFSET = 64,
    LIST_OFFSET = 56, ///< a struct's fields, an interface's methods: a slice
    FIELD_SIZE = 24,
    UNCOMMON_SIZE = 16,
    METHOD_SIZE = 16,
};

enum { NAME_EXPORTED = 1, NAME_HAS_TAG = 2, NAME_HAS_PACKAGE = 4, NAME_EMBEDDED = 8 };

/** internal/abi.Name: flags, then a length and bytes, then perhaps a tag's. */
struct runtime_name {
    uint8_t flags; ///< NAME_*
    const char *text, *tag;
};

struct runtime_field {
    struct runtime_name name;
    target_addr type;
    uint64_t offset;
    bool embedded;
};

/** The name at an address, in the table's arena. @return ERROR_CORRUPT, ERROR_UNMAPPED */
MUST_USE struct error *runtime_name_read(struct type_table *table, target_addr address,
                                         struct runtime_name *out);

MUST_USE struct error *runtime_field_read(struct type_table *table, target_addr address,
                                          struct runtime_field *out);

/** A slice's address and length, held against what one type may have. */
MUST_USE struct error *runtime_list_read(struct type_table *table, target_addr address,
                                         target_addr *data, uint64_t *count);

/** Both names of a type; *full NULL where it is the same. */
MUST_USE struct error *descriptor_names(struct type_table *table,
                                        const struct descriptor *descriptor, const char **name,
                                        const char **full);
