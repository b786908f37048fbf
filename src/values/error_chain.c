// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "method_code.h"

#include "base/checked.h"
#include "base/limits.h"

#include <string.h>

/* What Unwrap() gives: the field that holds an error, or a slice of them. */
static const struct {
    const char *type, *field;
} holders[] = {
    {"*fmt.wrapError", "err"},
    {"*fmt.wrapErrors", "errs"},
    {"*errors.joinError", "errs"},
    {"*io/fs.PathError", "Err"},
    {"*os.PathError", "Err"}, // Go 1.15
    {"*os.LinkError", "Err"},
    {"*os.SyscallError", "Err"},
    {"*os/exec.Error", "Err"},
    {"os/exec.wrappedError", "err"},
    {"*net.OpError", "Err"},
    {"*net.DNSError", "UnwrapErr"}, // from Go 1.23
    {"*net/url.Error", "Err"},
    {"*strconv.NumError", "Err"},
    {"*github.com/pkg/errors.withMessage", "cause"},
    {"*github.com/pkg/errors.withStack", "error"},
};

struct link {
    struct go_type *type;
    struct storage storage;
    uint64_t word; ///< the interface's data word; 0: not known
    bool inferred;
};

/** Errors still to be looked at, those that come first on top. */
struct chain {
    struct description *description;
    struct link stack[LIMIT_ERROR_CHAIN];
    size_t depth;
    struct wrapped_error found[LIMIT_ERROR_CHAIN];
    struct link links[LIMIT_ERROR_CHAIN]; ///< those that were looked at
    size_t count;
    bool inferring; ///< what is pushed now is
};

static void push(struct chain *chain, struct go_type *interface_type, struct storage storage)
{
    struct link link = {.inferred = chain->inferring};
    struct error *err = type_resolve(description_reader(chain->description)->types, interface_type);
    bool known = !err; // whether its first word is an itab
    error_ignore(err);
    if (known && interface_type->kind == GO_INTERFACE && chain->depth < COUNT_OF(chain->stack) &&
        description_dynamic(chain->description, interface_type, storage, &link.type, &link.storage))
        chain->stack[chain->depth++] = link;
}

static void push_each(struct chain *chain, struct go_type *elem, target_addr address,
                      uint64_t count)
{
    if (count <= LIMIT_ERROR_CHAIN)
        for (uint64_t i = count; i-- > 0;)
            push(chain, elem, storage_at(address + i * elem->size));
}

/** A field that is an error, or a slice of them. */
static void push_field(struct chain *chain, struct go_type *type, struct storage storage)
{
    const struct value_reader *reader = description_reader(chain->description);
    uint64_t address = 0, count = 0;
    if (type->kind != GO_SLICE)
        push(chain, type, storage);
    else if (!storage_word(reader, storage, 0, &address) &&
             !storage_word(reader, storage, 8, &count))
        push_each(chain, type->elem, address, count);
}

/** What a type of the table holds. @return false for another type */
static bool push_listed(struct chain *chain, const struct link *link)
{
    struct go_type *type = NULL;
    struct storage field = {0};
    for (size_t i = 0; i < COUNT_OF(holders); i++) {
        if (strcmp(type_full_name(link->type), holders[i].type) != 0)
            continue;
        if (description_field(chain->description, link->type, link->storage, holders[i].field,
                              &type, &field))
            push_field(chain, type, field);
        return true;
    }
    return false;
}

/** The word that an interface with the value in it would have; 0 where that is not known. */
static uint64_t data_word(const struct chain *chain, const struct link *link)
{
    uint64_t word = 0;
    if (!link->type->direct_interface)
        return link->storage.in_memory ? link->storage.address : 0;
    const char *missing =
        storage_word(description_reader(chain->description), link->storage, 0, &word);
    return missing ? 0 : word;
}

/** Whether an error wraps itself. */
static bool is_looked_at(const struct chain *chain, size_t count, const struct link *link)
{
    for (size_t i = 0; i < count; i++)
        if (link->word && chain->links[i].word == link->word && chain->links[i].type == link->type)
            return true;
    return false;
}

/** What the code of the type's own Unwrap would return. @return false where that is not known */
static bool push_returned(struct chain *chain, const struct link *link,
                          const struct type_method *method)
{
    static struct go_type error_type = {
        .name = "error", .kind = GO_INTERFACE, .size = 16, .resolved = true, .has_methods = true};
    struct value_reader *reader = description_reader(chain->description);
    bool is_list = method->signature && strcmp(method->signature, "func() []error") == 0;
    uint64_t results[METHOD_RESULTS];
    size_t count = is_list ? 3 : 2;
    if (!method->signature || !link->word ||
        !method_results(reader, method->entry, link->word, results, count))
        return false;
    if (is_list) {
        push_each(chain, &error_type, results[0], results[1]);
        return true;
    }
    push(chain, &error_type, storage_of_words(reader->scratch, results[0], results[1]));
    return true;
}

static bool is_error(const struct go_type *type)
{
    return type->kind == GO_INTERFACE && strcmp(type->name, "error") == 0;
}

/** The only error, or list of errors, among the fields of a type whose Unwrap is not understood. */
static void push_only_field(struct chain *chain, const struct link *link)
{
    struct type_table *types = description_reader(chain->description)->types;
    struct go_type *type = link->type->kind == GO_POINTER ? link->type->elem : link->type;
    const struct go_field *only = NULL;
    struct go_type *field_type = NULL;
    struct storage field = {0};
    struct error *err = type ? type_resolve(types, type) : NULL;
    error_ignore(err);
    if (!type || err || type->kind != GO_STRUCT)
        return;
    for (size_t i = 0; i < type->field_count; i++) {
        struct go_type *of = type->fields[i].type;
        err = type_resolve(types, of);
        error_ignore(err);
        bool is_list = !err && of->kind == GO_SLICE && of->elem && is_error(of->elem);
        if (err || (!is_error(of) && !is_list))
            continue;
        if (only)
            return;
        only = &type->fields[i];
    }
    chain->inferring = true;
    if (only && description_field(chain->description, link->type, link->storage, only->name,
                                  &field_type, &field))
        push_field(chain, field_type, field);
    chain->inferring = false;
}

static void push_wrapped(struct chain *chain, const struct link *link)
{
    struct type_method method;
    if (push_listed(chain, link) ||
        !type_method_find(description_reader(chain->description)->types, link->type, "Unwrap",
                          &method) ||
        push_returned(chain, link, &method))
        return;
    bool unwraps = !method.signature || strcmp(method.signature, "func() error") == 0 ||
                   strcmp(method.signature, "func() []error") == 0;
    if (unwraps)
        push_only_field(chain, link);
}

void error_chain_find(struct description *description, struct go_type *type, struct storage storage,
                      struct value *out)
{
    struct chain chain; // not set whole: it is large, and asked for of each value of an interface
    chain.description = description;
    chain.depth = chain.count = 0;
    chain.inferring = false;
    struct arena *arena = description_reader(description)->arena;
    if (type->kind == GO_INTERFACE)
        push(&chain, type, storage);
    else
        chain.stack[chain.depth++] = (struct link){.type = type, .storage = storage};
    for (size_t looked_at = 0; chain.depth > 0 && looked_at < COUNT_OF(chain.links); looked_at++) {
        struct link *link = &chain.links[looked_at];
        *link = chain.stack[--chain.depth];
        link->word = data_word(&chain, link);
        if (looked_at > 0)
            chain.found[chain.count++] = (struct wrapped_error){
                .type = arena_string(arena, link->type->name),
                .detail = errno_detail(description, link->type, link->storage),
                .inferred = link->inferred};
        if (!is_looked_at(&chain, looked_at, link))
            push_wrapped(&chain, link);
    }
    if (chain.count == 0)
        return;
    out->wraps = arena_array(arena, chain.count, sizeof *out->wraps);
    memcpy(out->wraps, chain.found, chain.count * sizeof *out->wraps);
    out->wrap_count = chain.count;
}
