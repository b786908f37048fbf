// SPDX-License-Identifier: MIT
#include "values/name_address.h"
#include "values_internal.h"

#include "symbols/dwarf_index.h"

#include <inttypes.h>
#include <string.h>

enum {
    PLACES_MAX = 4096,   ///< looked at for one name
    ELEMENTS_MAX = 1024, ///< of one slice or array
    DEPTH_MAX = 5,       ///< pointers, fields and elements between a variable and what it leads to
};

/** A value on the way from a variable. */
struct place {
    const char *expression;
    struct go_type *type;
    target_addr address; ///< where it lies
    unsigned depth;
};

struct name_search {
    struct value_reader *reader;
    struct arena *arena;
    target_addr address;
    const char *wanted;
    struct place *places;
    size_t count, next;
};

static void queue(struct name_search *search, const char *expression, struct go_type *type,
                  target_addr address, unsigned depth)
{
    if (!type || search->count == PLACES_MAX || depth > DEPTH_MAX)
        return;
    search->places[search->count++] = (struct place){expression, type, address, depth};
}

static bool word_at(const struct name_search *search, target_addr address, uint64_t *out)
{
    return address_space_try_u64(search->reader->program->space, address, out);
}

static bool resolve(struct name_search *search, struct go_type *type)
{
    struct error *err = type_resolve(search->reader->types, type);
    error_ignore(err);
    return !err;
}

static bool is_wanted(const struct name_search *search, const struct go_type *type)
{
    const char *name = type->name;
    return search->wanted && name && strcmp(name, search->wanted) == 0;
}

/** Whether a place is the object, or holds its address. */
static bool is_it(const struct name_search *search, const struct place *place)
{
    uint64_t word;
    if (!search->wanted)
        return place->type->kind == GO_CHAN && word_at(search, place->address, &word) &&
               word == search->address;
    return place->address == search->address && is_wanted(search, place->type);
}

static void queue_fields(struct name_search *search, const struct place *place)
{
    for (size_t i = 0; i < place->type->field_count; i++) {
        const struct go_field *field = &place->type->fields[i];
        // The memory of what is wanted lies in one field; a channel may hang on any of them.
        bool holds = search->address >= place->address + field->offset &&
                     search->address < place->address + field->offset + field->type->size;
        enum go_kind kind = field->type->kind;
        bool leads = kind == GO_POINTER || kind == GO_CHAN || kind == GO_STRUCT ||
                     kind == GO_SLICE || kind == GO_ARRAY;
        if (holds || leads)
            queue(search, arena_printf(search->arena, "%s.%s", place->expression, field->name),
                  field->type, place->address + field->offset, place->depth + 1);
    }
}

static void queue_elements(struct name_search *search, const struct place *place, target_addr first,
                           uint64_t count)
{
    struct go_type *elem = place->type->elem;
    if (!elem || !elem->size)
        return;
    uint64_t bytes;
    bool inside = search->wanted && search->address >= first &&
                  !__builtin_mul_overflow(count, elem->size, &bytes) &&
                  search->address - first < bytes;
    if (inside) {
        uint64_t index = (search->address - first) / elem->size;
        queue(search, arena_printf(search->arena, "%s[%" PRIu64 "]", place->expression, index),
              elem, first + index * elem->size, place->depth + 1);
        return;
    }
    if (elem->kind != GO_POINTER && elem->kind != GO_CHAN && elem->kind != GO_STRUCT)
        return;
    for (uint64_t i = 0; i < count && i < ELEMENTS_MAX && search->count < PLACES_MAX; i++)
        queue(search, arena_printf(search->arena, "%s[%" PRIu64 "]", place->expression, i), elem,
              first + i * elem->size, place->depth + 1);
}

static void follow(struct name_search *search, const struct place *place)
{
    uint64_t word = 0, length = 0;
    struct go_type *type = place->type;
    switch (type->kind) {
    case GO_POINTER:
        if (type->elem && word_at(search, place->address, &word) && word)
            queue(search, place->expression, type->elem, word, place->depth + 1);
        return;
    case GO_STRUCT:
        queue_fields(search, place);
        return;
    case GO_ARRAY:
        queue_elements(search, place, place->address, type->length);
        return;
    case GO_SLICE:
        if (word_at(search, place->address, &word) && word &&
            word_at(search, place->address + 8, &length))
            queue_elements(search, place, word, length);
        return;
    default:
        return;
    }
}

static bool search_places(struct name_search *search, struct address_name *out)
{
    while (search->next < search->count) {
        struct place place = search->places[search->next++];
        if (!resolve(search, place.type))
            continue;
        if (is_it(search, &place)) {
            *out = (struct address_name){place.expression, place.type};
            return true;
        }
        // What is wanted has no use for its own fields, and a mutex no name inside a mutex.
        if (place.type->kind != GO_STRUCT || !is_wanted(search, place.type))
            follow(search, &place);
    }
    return false;
}

static void begin(struct name_search *search, struct value_reader *reader, struct arena *arena,
                  target_addr address, const char *wanted)
{
    *search = (struct name_search){.reader = reader,
                                   .arena = arena,
                                   .address = address,
                                   .wanted = wanted,
                                   .places = arena_array(arena, PLACES_MAX, sizeof(struct place))};
}

/** A variable that lies in registers or pieces: what its first word points to. */
static void queue_held(struct name_search *search, const char *name,
                       const struct value_origin *origin)
{
    uint64_t word = 0;
    bool is_pointer = origin->type->kind == GO_POINTER, is_channel = origin->type->kind == GO_CHAN;
    if ((!is_pointer && !is_channel) || storage_word(search->reader, origin->storage, 0, &word))
        return;
    if (is_pointer && resolve(search, origin->type))
        queue(search, name, origin->type->elem, word, 1);
}

bool address_name_find(struct value_reader *reader, struct arena *arena,
                       const struct variable_frame *frame, target_addr address, const char *wanted,
                       struct address_name *out)
{
    struct frame_variables variables = {0};
    struct value_limits limits = reader->limits;
    reader->limits = (struct value_limits){0};
    reader->keeps_origins = true;
    reader->origin_count = 0;
    struct error *err = variables_read(reader, arena, frame, &variables);
    reader->keeps_origins = false;
    reader->limits = limits;
    if (err) {
        error_ignore(err); // without DWARF there are no names
        return false;
    }
    struct name_search search;
    begin(&search, reader, arena, address, wanted);
    for (size_t i = 0; i < reader->origin_count; i++) {
        const struct value_origin *origin = &reader->origins[i];
        const char *name = origin->value->name;
        if (!name || origin->value->shadowed || !origin->type)
            continue;
        if (origin->storage.in_memory)
            queue(&search, name, origin->type, origin->storage.address, 0);
        else
            queue_held(&search, name, origin);
    }
    return search_places(&search, out);
}

bool address_name_find_global(struct value_reader *reader, struct arena *arena, target_addr address,
                              const char *wanted, struct address_name *out)
{
    struct dwarf_global *globals = NULL;
    size_t count = 0;
    struct error *err = program_globals(reader->program, NULL, NULL, arena, &globals, &count);
    if (err) {
        error_ignore(err);
        return false;
    }
    // The nearest that begins at the address or before it holds it, if any does.
    const struct dwarf_global *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        bool before =
            globals[i].address <= address && (!nearest || globals[i].address > nearest->address);
        bool holds_channel =
            !wanted && address_space_try_u64(reader->program->space, globals[i].address, &word) &&
            word == address;
        if (holds_channel || (wanted && before))
            nearest = &globals[i];
        if (holds_channel)
            break;
    }
    struct go_type *type = NULL;
    if (!nearest)
        return false;
    err = type_from_dwarf(reader->types, nearest->type_die, &type);
    if (err) {
        error_ignore(err);
        return false;
    }
    struct name_search search;
    begin(&search, reader, arena, address, wanted);
    if (wanted && address >= nearest->address + type->size)
        return false;
    queue(&search, nearest->name, type, nearest->address, 0);
    return search_places(&search, out);
}
