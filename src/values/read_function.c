// SPDX-License-Identifier: MIT
#include "captured_internal.h"

#include <string.h>

/** The compiler's wrapper that a method value (x.M, not called) points to. */
static bool is_method_value(const char *symbol)
{
    size_t size = strlen(symbol);
    return size > 3 && strcmp(symbol + size - 3, "-fm") == 0;
}

/** "main.(*T).M-fm" in two: the receiver's type *main.T, and the method as Go writes it. */
struct method_value {
    const char *receiver, *name;
};

static struct method_value method_value_names(struct arena *arena, const char *symbol)
{
    // error's package: up to 1.26 or so go.builtin, then go:builtin.
    enum { BUILTIN = sizeof "go:builtin." - 1 };
    if (strncmp(symbol, "go.builtin.", BUILTIN) == 0 ||
        strncmp(symbol, "go:builtin.", BUILTIN) == 0)
        symbol += BUILTIN;
    struct method_value names = {.name = arena_copy(arena, symbol, strlen(symbol) - 3)};
    char *receiver = arena_string(arena, names.name);
    char *dot = strrchr(receiver, '.');
    char *pointer = strstr(receiver, ".(*");
    if (pointer) {
        char *end = strrchr(receiver, ')');
        *pointer = '\0';
        names.name = arena_printf(arena, "(*%s.%s", receiver, pointer + 3);
        size_t type_size = end > pointer + 3 ? (size_t)(end - (pointer + 3)) : 0;
        names.receiver = arena_printf(arena, "*%s.%.*s", receiver, (int)type_size, pointer + 3);
    } else if (dot) {
        *dot = '\0';
        names.receiver = receiver;
    }
    return names;
}

/** The type of what a method value is bound to: by name, of a generic's as its DWARF says. */
static struct go_type *receiver_type(struct value_reader *reader, const char *name)
{
    struct go_type *type = NULL;
    struct error *err = name ? type_by_name(reader->types, name, &type) : NULL;
    if (!err && type)
        err = type_resolve(reader->types, type);
    if (err) {
        error_ignore(err);
        return NULL;
    }
    return type;
}

/**
 * Adds what a method value is bound to: a struct's fields, of a pointer to a struct its target's,
 * any other value itself. It lies behind the code pointer.
 */
static void queue_receiver(struct value_reader *reader, const struct value_job *job,
                           struct go_type *type)
{
    struct value *out = job->out;
    struct storage storage = storage_at(out->bits + 8);
    target_addr target = 0;
    if (type->kind == GO_POINTER && type->elem && type->elem->kind == GO_STRUCT &&
        address_space_try_u64(reader->program->space, storage.address, &target) && target) {
        struct error *err = type_resolve(reader->types, type->elem);
        if (err)
            error_ignore(err);
        else
            type = type->elem;
        if (!err)
            storage = storage_at(target);
    }
    if (type->kind == GO_STRUCT) {
        struct value_job fields = *job;
        fields.type = type;
        fields.storage = storage;
        value_read_struct(reader, &fields);
        return;
    }
    value_children_reserve(reader, out, 1);
    out->children[out->child_count++] =
        value_queue(reader, value_node_new(reader, job), job->depth + 1, NULL, type, storage);
}

void value_read_func(struct value_reader *reader, const struct value_job *job)
{
    struct value *out = job->out;
    out->unreadable = storage_word(reader, job->storage, 0, &out->bits);
    out->nil = !out->unreadable && out->bits == 0;
    if (out->unreadable || out->nil)
        return;
    // Go's runtime.funcval: the address of the code, then what was captured.
    target_addr code = 0;
    struct pc_function function;
    if (!address_space_try_u64(reader->program->space, out->bits, &code)) {
        out->unreadable = not_in_core;
        return;
    }
    if (!pc_function_find(reader->program->modules, code, &function)) {
        out->unreadable =
            arena_printf(reader->arena, "no function at %#llx", (unsigned long long)code);
        return;
    }
    const char *symbol = pc_function_name(&function);
    out->cycle = value_holds_itself(job, out->bits, 0);
    bool follow = !out->cycle && value_follow(reader, job);
    out->not_followed = false; // its name says most of it
    if (!is_method_value(symbol)) {
        out->function = arena_string(reader->arena, symbol);
        if (follow)
            captured_queue(reader, job, &function);
        return;
    }
    struct method_value names = method_value_names(reader->arena, symbol);
    struct go_type *type = follow ? receiver_type(reader, names.receiver) : NULL;
    out->function = names.name;
    if (type)
        queue_receiver(reader, job, type);
}
