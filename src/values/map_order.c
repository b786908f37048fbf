// SPDX-License-Identifier: MIT
#include "read_map_internal.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The order in which fmt prints a map: Go's internal/fmtsort. Keys are compared where they lie in
 * the target, so that no limit on what is shown changes the order. What cannot be read compares
 * equal.
 */

enum {
    PARTS_MAX = 1 << 12, ///< parts of one pair of keys that are compared
    TEXT_CHUNK = 256,
};

/** Two values of one type still to be compared: count of them, stride bytes apart. */
struct pair {
    struct go_type *type;
    target_addr a, b;
    uint64_t count, stride;
};

struct comparison {
    struct value_reader *reader;
    struct pair *pairs;
    size_t pair_count, pair_capacity;
};

static void push(struct comparison *c, struct go_type *type, target_addr a, target_addr b,
                 uint64_t count)
{
    struct pair pair = {.type = type, .a = a, .b = b, .count = count, .stride = type->size};
    ARRAY_PUSH(c->pairs, c->pair_count, c->pair_capacity) = pair;
}

static int order_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int order_i64(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/** NaN before all others. */
static int order_double(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b) ? 0 : isnan(a) ? -1 : 1;
    return a < b ? -1 : a > b;
}

static int compare_scalar(const struct comparison *c, const struct pair *pair)
{
    enum go_kind kind = pair->type->kind;
    const struct address_space *space = c->reader->program->space;
    size_t size = (size_t)pair->type->size;
    uint8_t a[16], b[16];
    if (size == 0 || size > sizeof a || !address_space_try_read(space, pair->a, a, size) ||
        !address_space_try_read(space, pair->b, b, size))
        return 0;
    bool single = kind == GO_FLOAT32 || kind == GO_COMPLEX64;
    if (kind == GO_FLOAT32 || kind == GO_FLOAT64)
        return order_double(load_float(a, single), load_float(b, single));
    if (kind == GO_COMPLEX64 || kind == GO_COMPLEX128) {
        size_t half = size / 2;
        int order = order_double(load_float(a, single), load_float(b, single));
        return order ? order
                     : order_double(load_float(a + half, single), load_float(b + half, single));
    }
    uint64_t x = load_uint(a, size), y = load_uint(b, size);
    if (kind < GO_INT || kind > GO_INT64)
        return order_u64(x, y);
    unsigned shift = 64 - 8 * (unsigned)size;
    return order_i64((int64_t)(x << shift), (int64_t)(y << shift));
}

static int compare_strings(const struct comparison *c, const struct pair *pair)
{
    const struct address_space *space = c->reader->program->space;
    uint64_t a, b, a_size, b_size;
    if (!address_space_try_u64(space, pair->a, &a) || !address_space_try_u64(space, pair->b, &b) ||
        !address_space_try_u64(space, pair->a + 8, &a_size) ||
        !address_space_try_u64(space, pair->b + 8, &b_size))
        return 0;
    uint64_t common = a_size < b_size ? a_size : b_size;
    for (uint64_t done = 0; done < common && a != b;) {
        uint8_t x[TEXT_CHUNK], y[TEXT_CHUNK];
        size_t size = common - done < TEXT_CHUNK ? (size_t)(common - done) : TEXT_CHUNK;
        if (!address_space_try_read(space, a + done, x, size) ||
            !address_space_try_read(space, b + done, y, size))
            return 0;
        int order = memcmp(x, y, size);
        if (order)
            return order;
        done += size;
    }
    return order_u64(a_size, b_size);
}

/** nil first, then by the address of the type, then by value. */
static int compare_interfaces(struct comparison *c, const struct pair *pair)
{
    const struct address_space *space = c->reader->program->space;
    uint64_t a_word, b_word, a_data, b_data;
    if (!address_space_try_u64(space, pair->a, &a_word) ||
        !address_space_try_u64(space, pair->b, &b_word) ||
        !address_space_try_u64(space, pair->a + 8, &a_data) ||
        !address_space_try_u64(space, pair->b + 8, &b_data))
        return 0;
    if (a_word == 0 || b_word == 0)
        return order_u64(a_word != 0, b_word != 0);
    struct go_type *a = NULL, *b = NULL;
    bool methods = pair->type->has_methods;
    struct error *err = type_of_interface_word(c->reader->types, a_word, methods, &a);
    if (!err)
        err = type_of_interface_word(c->reader->types, b_word, methods, &b);
    if (err) {
        error_ignore(err);
        return 0;
    }
    if (a->runtime_type != b->runtime_type)
        return order_u64(a->runtime_type, b->runtime_type);
    if (a->direct_interface) { // the data words are the values: pointers, maps, channels
        return order_u64(a_data, b_data);
    }
    push(c, a, a_data, b_data, 1);
    return 0;
}

static void push_fields(struct comparison *c, const struct pair *pair)
{
    for (size_t i = pair->type->field_count; i-- > 0;) {
        const struct go_field *field = &pair->type->fields[i];
        push(c, field->type, pair->a + field->offset, pair->b + field->offset, 1);
    }
}

static int compare_one(struct comparison *c, const struct pair *pair)
{
    struct error *err = type_resolve(c->reader->types, pair->type);
    if (err) {
        error_ignore(err);
        return 0;
    }
    switch (pair->type->kind) {
    case GO_STRING:
        return compare_strings(c, pair);
    case GO_INTERFACE:
        return compare_interfaces(c, pair);
    case GO_STRUCT:
        push_fields(c, pair);
        return 0;
    case GO_ARRAY:
        push(c, pair->type->elem, pair->a, pair->b, pair->type->length);
        return 0;
    default:
        return compare_scalar(c, pair);
    }
}

static int compare_keys(struct comparison *c, struct go_type *key, target_addr a, target_addr b)
{
    c->pair_count = 0;
    push(c, key, a, b, 1);
    for (unsigned parts = 0; c->pair_count > 0 && parts < PARTS_MAX; parts++) {
        struct pair *top = &c->pairs[c->pair_count - 1];
        if (top->count == 0) {
            c->pair_count--;
            continue;
        }
        struct pair now = *top; // the array may move while its parts are pushed
        top->count--;
        top->a += top->stride;
        top->b += top->stride;
        int order = compare_one(c, &now);
        if (order)
            return order;
    }
    return 0;
}

static void merge(struct comparison *c, struct go_type *key, const struct map_slot *from,
                  struct map_slot *to, size_t left, size_t middle, size_t right)
{
    size_t i = left, j = middle;
    for (size_t k = left; k < right; k++) {
        bool take_left =
            i < middle && (j >= right || compare_keys(c, key, from[i].key, from[j].key) <= 0);
        to[k] = from[take_left ? i++ : j++];
    }
}

void map_slots_sort(struct value_reader *reader, struct go_type *key, struct map_slot *slots,
                    size_t count)
{
    // Keys that cannot be read make the order inconsistent, which qsort need not survive: a merge
    // sort does, and it is stable.
    struct comparison c = {.reader = reader};
    struct map_slot *buffer = alloc_zeroed(count + 1, sizeof *buffer);
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t left = 0; left < count; left += 2 * width) {
            size_t middle = left + width < count ? left + width : count;
            size_t right = left + 2 * width < count ? left + 2 * width : count;
            merge(&c, key, slots, buffer, left, middle, right);
        }
        memcpy(slots, buffer, count * sizeof *slots);
    }
    free(buffer);
    free(c.pairs);
}
