// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "values_internal.h"

/** A value of a well-known type while its words are put together. */
struct description;

/**
 * Describes one value: appends text, and parts whose own words stand there.
 * @return false where they cannot be known
 */
typedef bool describe_function(struct description *description, struct go_type *type,
                               struct storage storage);

/**
 * A type that people read in another form than its fields. A row is found by the type's name with
 * its full package path; "*T" describes a pointer that is not nil.
 *
 * A template is text with fields in braces: {Op} a string as it is, a number in decimal, any other
 * value in its own words; {a.b} a field of a field; {Name:q} a string as strconv.Quote has it,
 * {Name:x} as package time quotes; {key:b} a value in brief; {} the value itself. A part in
 * brackets is left out where the field in it is an empty string: "lookup {Name}[ on {Server}]".
 */
struct well_known {
    const char *type;
    const char *template;
    describe_function *describe; ///< where a template does not do
    /** What stands for the value where it is printed by itself; NULL: the same. */
    describe_function *by_itself;
};

struct well_known_list {
    const struct well_known *rows;
    size_t count;
};
extern const struct well_known_list well_known_errors, well_known_times, well_known_sync,
    well_known_net, well_known_urls, well_known_texts, well_known_contexts, well_known_names,
    well_known_objects;

/** reflect.Kind's names. */
extern const char *const reflect_kind_names[];
extern const size_t reflect_kind_count;

/** Sets out->summary where type is well known and its words can be known without running code. */
void well_known_describe(struct value_reader *reader, struct go_type *type, struct storage storage,
                         struct value *out);

/** Sets out->wraps: the errors that an error wraps, itself or in an interface. */
void well_known_wraps(struct value_reader *reader, struct go_type *type, struct storage storage,
                      struct value *out);
/** Puts it together for well_known_wraps(); type is resolved. */
void error_chain_find(struct description *description, struct go_type *type, struct storage storage,
                      struct value *out);

/** "2 (ENOENT)" for a syscall.Errno, in the reader's arena; NULL for another type. */
const char *errno_detail(struct description *description, struct go_type *type,
                         struct storage storage);

/** Adds Go's words for a signal: "terminated", "signal 34". */
void describe_signal_number(struct description *description, unsigned number);

struct value_reader *description_reader(const struct description *description);

/** Parts stand in the order in which they are added. */
void description_text(struct description *description, const char *format, ...) PRINTF_LIKE(2, 3);
void description_bytes(struct description *description, const char *bytes, size_t size);

/** Adds a value in its own words: a string as it is, an integer in decimal, any other as its row
 * says. */
void description_value(struct description *description, struct go_type *type,
                       struct storage storage);

/** Adds the parts of a template, as a row's. */
bool description_template(struct description *description, const char *template,
                          struct go_type *type, struct storage storage);

/** The same where a value of any type may stand: one that has no words of its own is shown in
 * brief, by its type where it is no string or number. */
void description_brief(struct description *description, struct go_type *type,
                       struct storage storage);

/** The field at a path through structs and pointers ("mu.state"); its type is resolved. */
bool description_field(struct description *description, struct go_type *type,
                       struct storage storage, const char *name, struct go_type **field_type,
                       struct storage *field_storage);

/** An integer field, sign- or zero-extended as its type says; a bool; a pointer; one of those in an
 * atomic type. */
bool description_number(struct description *description, struct go_type *type,
                        struct storage storage, const char *name, uint64_t *out);

/** The value itself, an integer; extended as its type says. */
bool description_integer(struct description *description, const struct go_type *type,
                         struct storage storage, uint64_t *out);

/** Adds nanoseconds as time.Duration prints them: "1m30.5s". */
void description_duration(struct description *description, int64_t nanoseconds);

/** Adds the start of a text in quotes, and what the limit cuts. */
bool description_quoted(struct description *description, target_addr address, uint64_t length);

/** Adds a big.Int in decimal. */
describe_function describe_big_int;

/** A whole string, in the description's memory; LIMIT_MESSAGE bytes at most. */
bool description_string(struct description *description, struct storage storage, struct bytes *out);

/** The value that an interface holds; false for nil and where it cannot be read. */
bool description_dynamic(struct description *description, struct go_type *interface_type,
                         struct storage storage, struct go_type **type, struct storage *value);
