// SPDX-License-Identifier: MIT
#include "well_known.h"

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
};

/** Errors still to be looked at, those that come first on top. */
struct chain {
    struct description *description;
    struct link stack[LIMIT_ERROR_CHAIN];
    size_t depth;
    const char *names[LIMIT_ERROR_CHAIN];
    size_t count;
};

static void push(struct chain *chain, struct go_type *interface_type, struct storage storage)
{
    struct link link;
    if (interface_type->kind == GO_INTERFACE && chain->depth < COUNT_OF(chain->stack) &&
        description_dynamic(chain->description, interface_type, storage, &link.type, &link.storage))
        chain->stack[chain->depth++] = link;
}

static void push_all(struct chain *chain, const struct go_type *list, struct storage storage)
{
    const struct value_reader *reader = description_reader(chain->description);
    uint64_t address = 0, count = 0;
    if (storage_word(reader, storage, 0, &address) || storage_word(reader, storage, 8, &count) ||
        count > LIMIT_ERROR_CHAIN)
        return;
    for (uint64_t i = count; i-- > 0;)
        push(chain, list->elem, storage_at(address + i * list->elem->size));
}

static void push_wrapped(struct chain *chain, const struct link *link)
{
    struct go_type *type = NULL;
    struct storage field = {0};
    for (size_t i = 0; i < COUNT_OF(holders); i++) {
        if (strcmp(type_full_name(link->type), holders[i].type) != 0)
            continue;
        if (description_field(chain->description, link->type, link->storage, holders[i].field,
                              &type, &field)) {
            if (type->kind == GO_SLICE)
                push_all(chain, type, field);
            else
                push(chain, type, field);
        }
        return;
    }
}

void error_chain_find(struct description *description, struct go_type *type, struct storage storage,
                      struct value *out)
{
    struct chain chain = {.description = description};
    struct arena *arena = description_reader(description)->arena;
    if (type->kind == GO_INTERFACE)
        push(&chain, type, storage);
    else
        chain.stack[chain.depth++] = (struct link){type, storage};
    for (bool wrapped = false; chain.depth > 0 && chain.count < COUNT_OF(chain.names);
         wrapped = true) {
        struct link link = chain.stack[--chain.depth];
        if (wrapped)
            chain.names[chain.count++] = link.type->name;
        push_wrapped(&chain, &link);
    }
    if (chain.count == 0)
        return;
    out->wraps = arena_array(arena, chain.count, sizeof *out->wraps);
    for (size_t i = 0; i < chain.count; i++)
        out->wraps[i] = arena_string(arena, chain.names[i]);
    out->wrap_count = chain.count;
}
