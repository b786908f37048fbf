// SPDX-License-Identifier: MIT
#pragma once

#include "base/table.h"
#include "values/read_value.h"

/** Why bytes could not be read: the very words that the reports print between < and >. */
extern const char not_in_core[], optimized_out[];

/** A value that is being read and those it lies in: what a pointer must not lead back to. */
struct value_node {
    const struct value_node *parent;
    const struct go_type *type;
    target_addr address;
    bool has_address;
    target_addr content; ///< a map's own, a closure's, a slice's first element; 0: it is none
    uint64_t length;     ///< a slice's
};

/** A value still to be filled. */
struct value_job {
    struct value *out;
    struct go_type *type;
    struct storage storage;
    const struct value_node *parent; ///< the value it lies in, NULL for the one asked for
    unsigned depth;                  ///< composites that it lies in
};

/** What a value that was asked for was read from. */
struct value_origin {
    const struct value *value;
    struct go_type *type;
    struct storage storage;
};

/**
 * Values are read from a queue, the outer ones first, so that no input makes the program recurse
 * and what the bound on their number cuts is the innermost.
 */
struct value_reader {
    struct program *program;
    struct value_limits limits;
    bool skip_runtime; ///< see value_reader_skip_runtime()
    struct type_table *types;

    struct arena *arena;           ///< of the result that is being read
    struct arena *scratch;         ///< value_nodes; empty between two results
    struct frame_uses *frame_uses; ///< NULL until asked for
    struct code_flows *code_flows; ///< the same
    struct table *dictionaries;    ///< the same: of a pc, see dictionary.c
    target_addr dictionary;        ///< whose symbol these are, see variable_type.c
    const char *dictionary_name;   ///< NULL: not known
    uint64_t dictionary_size;
    struct value_job *jobs;
    size_t job_count, job_capacity, next_job;

    struct table *queues; ///< first of a channel's waiters → see read_channel.c

    int64_t now; ///< of the runtime's clock, 0: not known

    bool keeps_origins; ///< whoever reads a frame's variables wants to know where each lies
    struct value_origin *origins;
    size_t origin_count, origin_capacity;
};

/** Bytes that storage holds, from offset. @return NULL, or why they cannot be read */
MUST_USE const char *storage_load(const struct value_reader *reader, struct storage storage,
                                  uint64_t offset, void *out, size_t size);
MUST_USE const char *storage_word(const struct value_reader *reader, struct storage storage,
                                  uint64_t offset, uint64_t *out);
struct storage storage_part(struct storage storage, uint64_t offset);
struct storage storage_at(target_addr address);

/** The two words of an interface, in arena. */
struct storage storage_of_words(struct arena *arena, uint64_t type_word, uint64_t data_word);

/** @return NULL where a value of that size can be read at least in part, else why not */
const char *storage_missing(const struct value_reader *reader, struct storage storage,
                            uint64_t size);

/** Sets out->unreadable to the message of err, which it takes over. */
void value_set_error(struct value_reader *reader, struct value *out, struct error *err);

/** Whether the contents of a composite at job's depth are wanted; marks it not_followed if not. */
bool value_follow(struct value_reader *reader, const struct value_job *job);

/** The node under which job's children are queued. */
const struct value_node *value_node_new(struct value_reader *reader, const struct value_job *job);

/** Queues a child. @return it, still empty but for its name */
struct value *value_queue(struct value_reader *reader, const struct value_node *parent,
                          unsigned depth, const char *name, struct go_type *type,
                          struct storage storage);

/** Whether what a map, closure or slice holds is that of one of those that it lies in. */
bool value_holds_itself(const struct value_job *job, target_addr content, uint64_t length);

/** Makes room for count children of job's value. */
void value_children_reserve(struct value_reader *reader, struct value *out, uint64_t count);

/** One reader a kind; job->type is resolved. */
typedef void value_read_function(struct value_reader *reader, const struct value_job *job);
value_read_function value_read_string, value_read_array, value_read_slice, value_read_struct,
    value_read_pointer, value_read_map, value_read_channel, value_read_func,
    value_read_any_interface;

/** Reads a sync.Map as a map. @return false for another type, and where its form is not known */
bool value_read_sync_map(struct value_reader *reader, const struct value_job *job);

/**
 * *T of an atomic.Pointer[T], which a blank field of no size, [0]*T, names; NULL for another type,
 * which must be resolved.
 */
struct go_type *atomic_pointer_type(struct value_reader *reader, const struct go_type *type);

struct dwarf_variable;

/** Whether the compiler made the name: ~r0, .dict, .this, autotmp_3, #state1. */
bool variable_is_hidden(const char *name);

/**
 * A variable's own type, resolved: behind the pointer where it was moved to the heap, and the type
 * that a dictionary (0: none) gives for a generic's type parameter.
 */
MUST_USE struct error *variable_type_find(struct value_reader *reader,
                                          const struct dwarf_variable *variable,
                                          target_addr dictionary, struct go_type **out);

/** Whether a variable's type may be what a dictionary gives for it. */
bool variable_fits_dictionary(struct value_reader *reader, const struct dwarf_variable *variable,
                              target_addr dictionary);

/** The field of that name, NULL if there is none; type is resolved. */
const struct go_field *type_field(const struct go_type *type, const char *name);

/** The name that identifies a type: with full package paths. */
static inline const char *type_full_name(const struct go_type *type)
{
    return type->full_name ? type->full_name : type->name;
}
