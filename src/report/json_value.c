// SPDX-License-Identifier: MIT
#include "report/json_internal.h"

#include "base/alloc.h"
#include "model/value_text.h"

#include <stdlib.h>

/** An object whose parts are still to be made. */
struct pending {
    const struct value *value;
    json_t *object; ///< borrowed from its parent, or the result
};

/** No recursion on input: what is still to be filled waits here. */
struct pending_stack {
    struct pending *items;
    size_t count, capacity;
};

static bool can_be_nil(enum value_kind kind)
{
    switch (kind) {
    case VALUE_POINTER:
    case VALUE_SLICE:
    case VALUE_MAP:
    case VALUE_CHAN:
    case VALUE_FUNC:
    case VALUE_INTERFACE:
    case VALUE_UNSAFE_POINTER:
        return true;
    default:
        return false;
    }
}

static void put_sizes(json_t *object, const struct value *value)
{
    switch (value->kind) {
    case VALUE_SLICE:
    case VALUE_CHAN:
        json_put(object, "len", json_count(value->length));
        json_put(object, "cap", json_count(value->capacity));
        break;
    case VALUE_STRING:
    case VALUE_ARRAY:
    case VALUE_MAP:
        json_put(object, "len", json_count(value->length));
        break;
    default:
        break;
    }
}

static void put_flag(json_t *object, const char *key, bool flag)
{
    if (flag)
        json_put(object, key, json_true());
}

static void put_wraps(json_t *object, const struct value *value)
{
    if (value->wrap_count == 0 || value->redacted)
        return;
    json_t *types = json_array(), *errors = json_array();
    for (size_t i = 0; i < value->wrap_count; i++) {
        const struct wrapped_error *wrapped = &value->wraps[i];
        json_t *one = json_object();
        json_put(one, "type", json_text(wrapped->type));
        json_put_text(one, "errno", wrapped->detail);
        put_flag(one, "inferred", wrapped->inferred);
        json_array_append_new(types, json_text(wrapped->type));
        json_array_append_new(errors, one);
    }
    json_put(object, "wraps", types);
    json_put(object, "wrapped", errors);
}

/** All members but the parts. */
static void put_own(json_t *object, const struct value *value)
{
    json_put_text(object, "name", value->name);
    json_put(object, "type", json_text(value->type ? value->type : "?"));
    json_put_text(object, "kind", value_kind_name(value->kind));
    if (value->unreadable) {
        json_put_text(object, "unreadable", value->unreadable);
    } else {
        AUTO_TEXT text = {0};
        struct value bare = *value;
        bare.provenance = NULL; // has its own member
        value_text(&text, &bare);
        json_put_text(object, "text", buffer_text(&text));
        json_put_text(object, "provenance", value->provenance);
    }
    if (value->has_address)
        json_put(object, "address", json_hex(value->address));
    if (!value->unreadable) {
        if (can_be_nil(value->kind))
            json_put(object, "nil", json_boolean(value->nil));
        put_sizes(object, value);
    }
    json_put_text(object, "dynamic_type", value->dynamic_type);
    put_wraps(object, value);
    if (value->omitted)
        json_put(object, "omitted", json_count(value->omitted));
    put_flag(object, "escaped", value->escaped);
    put_flag(object, "shadowed", value->shadowed);
    put_flag(object, "redacted", value->redacted || value->partly_redacted);
}

/** A part's object, its own parts still to be made. */
static json_t *new_part(struct pending_stack *stack, const struct value *value)
{
    json_t *object = json_object();
    ARRAY_PUSH(stack->items, stack->count, stack->capacity) =
        (struct pending){.value = value, .object = object};
    return object;
}

static void put_parts(struct pending_stack *stack, json_t *object, const struct value *value)
{
    bool fields = value->kind == VALUE_STRUCT || value->kind == VALUE_FUNC;
    if (value->child_count || (value->kind == VALUE_STRUCT && !value->unreadable)) {
        json_t *array = json_array();
        for (size_t i = 0; i < value->child_count; i++)
            json_array_append_new(array, new_part(stack, value->children[i]));
        json_put(object, fields ? "fields" : "elements", array);
    }
    if (value->entry_count) {
        json_t *array = json_array();
        for (size_t i = 0; i < value->entry_count; i++) {
            json_t *entry = json_object();
            json_put(entry, "key", new_part(stack, value->entries[i].key));
            json_put(entry, "value", new_part(stack, value->entries[i].value));
            json_array_append_new(array, entry);
        }
        json_put(object, "entries", array);
    }
}

json_t *json_value(const struct value *value)
{
    struct pending_stack stack = {0};
    json_t *result = new_part(&stack, value);
    while (stack.count) {
        struct pending next = stack.items[--stack.count];
        put_own(next.object, next.value);
        if (!next.value->redacted)
            put_parts(&stack, next.object, next.value);
    }
    free(stack.items);
    return result;
}
