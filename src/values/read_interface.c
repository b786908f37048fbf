// SPDX-License-Identifier: MIT
#include "values_internal.h"

void value_read_any_interface(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    uint64_t type_word = 0, data_word = 0;
    out->unreadable = storage_word(reader, job->storage, 0, &type_word);
    if (out->unreadable)
        return;
    out->nil = type_word == 0;
    if (out->nil)
        return;
    struct go_type *dynamic = NULL;
    struct error *err =
        type_of_interface_word(reader->types, type_word, job->type->has_methods, &dynamic);
    if (err) {
        value_set_error(reader, out, err);
        return;
    }
    out->dynamic_type = arena_string(reader->arena, dynamic->name);
    const char *missing = storage_word(reader, job->storage, 8, &data_word);
    struct storage data =
        dynamic->direct_interface ? storage_part(job->storage, 8) : storage_at(data_word);
    if (dynamic->direct_interface && dynamic->size > 8)
        missing = "corrupt: a type that does not fit into an interface's word";
    if (missing) {
        out->unreadable = missing;
        return;
    }
    const struct value_node *node = value_node_new(reader, job);
    value_children_reserve(reader, out, 1);
    out->children[0] = value_queue(reader, node, job->depth, NULL, dynamic, data);
    out->child_count = 1;
}
