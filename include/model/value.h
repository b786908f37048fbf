// SPDX-License-Identifier: MIT
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The kinds of the JSON schema. */
enum value_kind {
    VALUE_UNKNOWN, ///< the type could not be read; only `unreadable` is set
    VALUE_BOOL,
    VALUE_INT,
    VALUE_UINT, ///< uintptr and byte too
    VALUE_FLOAT,
    VALUE_COMPLEX,
    VALUE_STRING,
    VALUE_POINTER,
    VALUE_STRUCT,
    VALUE_ARRAY,
    VALUE_SLICE,
    VALUE_MAP,
    VALUE_CHAN,
    VALUE_FUNC,
    VALUE_INTERFACE,
    VALUE_UNSAFE_POINTER,
};

/** The schema's word; NULL for VALUE_UNKNOWN. */
const char *value_kind_name(enum value_kind kind);

struct value;

struct value_entry {
    struct value *key, *value;
};

/** An error that another one wraps. */
struct wrapped_error {
    const char *type;
    const char *detail; ///< an error number with its name, "2 (ENOENT)"; NULL: none
    bool inferred;      ///< the only error that the one around it holds, whose Unwrap is not known
};

/**
 * A Go value, read out of the target as far as the limits allow. Plain data: all of it lies in the
 * arena that it was read into; no pointer into the target's files.
 */
struct value {
    const char *name; ///< of the variable or field, NULL where there is none
    const char *type; ///< as %T prints it; NULL where unknown
    enum value_kind kind;

    const char *unreadable; ///< why it could not be read, NULL where it could: "optimized out here"
    /** Says it in one word or line for a well-known type (time.Time, error …), NULL: none. Text as
     * printed. */
    const char *summary;
    /** How it was found where not at its own place: "from the caller's copy"; NULL: its own place.
     */
    const char *provenance;
    /** What is odd about what was found: "3 of the 5 entries that it counts were found"; NULL:
     * nothing. */
    const char *note;

    uint64_t address; ///< where the value lies, if has_address; of a pointer, map, chan or func
                      ///< what it points to is `bits`
    uint64_t bits; ///< bool, int (sign-extended), uint; pointer, map, chan, func: the address held
    double real, imaginary; ///< float (real), complex
    const char *bytes;      ///< string: the first bytes_size bytes of length
    size_t bytes_size;
    uint64_t length, capacity; ///< string (length), array, slice, map (length), chan
    uint64_t omitted;          ///< elements, entries or bytes that the limits cut
    uint64_t redacted_bytes;   ///< redacted: how many bytes there were, 0: not bytes

    /** Interface: type of the value in it, NULL while nil. */
    const char *dynamic_type;
    /** The errors that an error wraps, outermost first; of an interface those of the error in it.
     */
    struct wrapped_error *wraps;
    size_t wrap_count;
    /** Func: its name as Go prints it. */
    const char *function;

    /**
     * Struct: fields (name set). Func: captured variables; of a method value what it is bound to.
     * Array, slice, chan: elements. Pointer, interface: the one target.
     */
    struct value **children;
    size_t child_count;
    struct value_entry *entries; ///< map
    size_t entry_count;
    uint64_t senders_waiting, receivers_waiting; ///< chan

    bool has_address;
    bool nil; ///< pointer, map, slice, func, chan, interface, unsafe.Pointer
    bool escaped, shadowed;
    bool redacted;        ///< a secret: nothing but its length is here
    bool partly_redacted; ///< string: parts of bytes are replaced by "<redacted 8 bytes>"
    bool is_hex;          ///< uintptr: printed in hex
    bool single;       ///< VALUE_FLOAT, VALUE_COMPLEX: of 32-bit floats, printed shortest for that
    bool cycle;        ///< pointer, map, slice, func: what it leads to is being printed already
    bool not_followed; ///< pointer, interface …: depth limit reached, the target was not read
    bool content_unknown; ///< string, slice: length known, bytes not (the pointer is optimised out)
    bool is_byte_text;    ///< []byte that is printable UTF-8: bytes and bytes_size are set
    /** Map: more entries than were looked at, so the order is that in which they were found. */
    bool unordered;
    bool closed; ///< chan
};

struct value_list {
    struct value **items;
    size_t count;
};
