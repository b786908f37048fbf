// SPDX-License-Identifier: MIT
#include "trace.h"

#include <inttypes.h>

enum { SELECT_MAX = 16, WORD = 8 };

static const struct term unknown = {0};

bool place_resolve(struct trace *trace, struct go_type *type)
{
    if (!type)
        return false;
    struct error *err = type_resolve(value_reader_types(trace->analysis->reader), type);
    bool resolved = !err;
    error_ignore(err); // what it is made of is not known: nothing can be named
    return resolved;
}

static const struct go_field *field_at(const struct go_type *type, uint64_t offset)
{
    for (size_t k = 0; k < type->field_count; k++) {
        const struct go_field *field = &type->fields[k];
        if (field->offset <= offset && offset - field->offset < field->type->size)
            return field;
    }
    return NULL;
}

/** Bytes of a leaf that one load may read: all of a number, a word of what has several. */
static bool fits(const struct go_type *type, uint64_t offset, unsigned size)
{
    switch (type->kind) {
    case GO_SLICE:
    case GO_STRING:
    case GO_INTERFACE:
        return offset % WORD == 0 && (size == 0 || size == WORD);
    default:
        return offset == 0 && (size == 0 || size == type->size);
    }
}

bool place_select(struct trace *trace, const char *text, struct go_type *type, uint64_t offset,
                  unsigned size, struct term *out)
{
    for (size_t i = 0; i < SELECT_MAX; i++) {
        if (!place_resolve(trace, type))
            return false;
        if (size == 0 && offset == 0 && (type->kind == GO_STRUCT || type->kind == GO_ARRAY))
            break; // the address of all of it, and of its first part: the whole is meant
        if (type->kind == GO_ARRAY && type->elem && type->elem->size &&
            offset / type->elem->size < type->length) {
            text = arena_printf(trace->arena, "%s[%" PRIu64 "]", text, offset / type->elem->size);
            offset %= type->elem->size;
            type = type->elem;
            continue;
        }
        const struct go_field *field = type->kind == GO_STRUCT ? field_at(type, offset) : NULL;
        if (!field)
            break;
        text = arena_printf(trace->arena, "%s.%s", text, field->name);
        offset -= field->offset;
        type = field->type;
    }
    if (size > 0 && (type->kind == GO_STRUCT || type->kind == GO_ARRAY))
        return false;
    if (!fits(type, offset, size))
        return false;
    *out = (struct term){.kind = TERM_PART, .text = text, .type = type, .offset = (int64_t)offset};
    return true;
}

/** Reads what a term's memory holds, widened as its type says. */
static void read_value(struct trace *trace, target_addr address, unsigned size, struct term *out)
{
    const struct address_space *space = trace->analysis->program->space;
    uint8_t bytes[WORD] = {0};
    if (size == 0 || size > WORD || !address_space_try_read(space, address, bytes, size))
        return;
    uint64_t value = load_u64(bytes);
    bool is_signed = out->type && out->type->kind >= GO_INT && out->type->kind <= GO_INT64;
    if (is_signed && size < WORD && value >> (8 * size - 1) & 1)
        value |= ~(uint64_t)0 << 8 * size;
    out->has_value = true;
    out->value = value;
}

/** A number that counts bytes, as one that counts what is unit bytes large. */
static bool divide(const struct term *index, int64_t scale, int64_t offset, int64_t unit,
                   struct term *out, int64_t *rest)
{
    int64_t factor;
    *out = *index;
    if (unit <= 0 || __builtin_mul_overflow(index->scale, scale, &factor) ||
        (index->text && factor % unit != 0) ||
        __builtin_mul_overflow(index->offset, scale, &out->offset) ||
        __builtin_add_overflow(out->offset, offset, &out->offset))
        return false;
    *rest = out->offset % unit;
    if (*rest < 0)
        *rest += unit;
    out->offset = (out->offset - *rest) / unit;
    out->scale = index->text ? factor / unit : 1;
    return true;
}

/** The element of slice, string or array `text` that an address lies in, and how far. */
static bool element_of(struct trace *trace, const struct term *address, struct go_type **elem,
                       const char **text, int64_t *rest)
{
    static const struct term zero = {.kind = TERM_NUMBER, .scale = 1};
    struct go_type *type = address->type;
    struct term index = zero;
    if (!place_resolve(trace, type))
        return false;
    int64_t size = type->kind == GO_STRING ? 1 : type->elem ? (int64_t)type->elem->size : 0;
    if (!divide(address->index ? address->index : &zero, address->index ? address->scale : 1,
                address->offset, size, &index, rest))
        return false;
    *elem = type->kind == GO_STRING ? NULL : type->elem;
    *text = arena_printf(trace->arena, "%s[%s]", address->text, term_text(trace, &index));
    return true;
}

/** What a pointer leads to. */
static struct term follow(struct trace *trace, const struct term *pointer, int64_t displacement)
{
    struct term out = unknown;
    struct go_type *type = pointer->type;
    out.source = pointer->source;
    out.uncertain = pointer->uncertain;
    out.foreign = pointer->foreign;
    out.by_type = pointer->by_type;
    out.map = pointer->map;
    out.key = pointer->key;
    bool starred = pointer->text && (pointer->text[0] == '*' || pointer->text[0] == '<');
    out.text = starred ? arena_printf(trace->arena, "(%s)", pointer->text) : pointer->text;
    out.offset = displacement;
    out.has_value = pointer->has_value;
    out.value = pointer->value + (uint64_t)displacement;
    if (!place_resolve(trace, type))
        return unknown;
    if (type->kind == GO_POINTER && type->elem && pointer->offset == 0) {
        out.kind = TERM_ADDRESS;
        out.through = true;
        out.type = type->elem;
    } else if ((type->kind == GO_SLICE || type->kind == GO_STRING) && pointer->offset == 0) {
        out.kind = TERM_ELEMENT;
        out.type = type;
    } else {
        return unknown;
    }
    return out;
}

/** Whether a term is an address, or a value that begins with one. */
static bool is_pointer(const struct term *term)
{
    bool holds = term->kind == TERM_PART && term->offset == 0 && term->type &&
                 (term->type->kind == GO_POINTER || term->type->kind == GO_SLICE ||
                  term->type->kind == GO_STRING);
    return holds || term->kind == TERM_ADDRESS || term->kind == TERM_ELEMENT;
}

/** An element of a slice or array at an index that has no name: its type is known all the same. */
static struct term nameless_element(struct trace *trace, const struct term *address)
{
    struct go_type *type = address->type;
    if (!trace->optimized || !place_resolve(trace, type) || !type->elem || !type->elem->size ||
        (type->kind != GO_SLICE && type->kind != GO_ARRAY) || address->offset < 0 ||
        (uint64_t)address->offset >= type->elem->size)
        return unknown;
    return (struct term){.kind = TERM_ADDRESS,
                         .type = type->elem,
                         .offset = address->offset,
                         .through = true,
                         .uncertain = true};
}

/**
 * What lies in an object that has no name here: the part of the one variable that may be it, or
 * that may point to it; of a pointer what it leads to, still without a name.
 */
static struct term nameless_load(struct trace *trace, struct go_type *type, int64_t rest,
                                 unsigned size)
{
    struct term out = unknown, leaf;
    if (rest < 0 || !place_resolve(trace, type))
        return unknown;
    bool is_object = type->kind == GO_STRUCT || type->kind == GO_ARRAY;
    if (is_object ? types_find_part(trace, type->size, type, (uint64_t)rest, size, &out)
                  : rest == 0 && types_find_variable(trace, type, &out))
        return out;
    if (trace->optimized && place_select(trace, "", type, (uint64_t)rest, size, &leaf) &&
        leaf.type && leaf.type->kind == GO_POINTER && leaf.type->elem)
        return (struct term){
            .kind = TERM_ADDRESS, .type = leaf.type->elem, .through = true, .uncertain = true};
    return unknown;
}

struct term place_address(struct trace *trace, const struct term *base, const struct term *index,
                          int64_t scale, int64_t displacement)
{
    if (base->kind == TERM_NUMBER && base->text && index && scale == 1 && is_pointer(index)) {
        const struct term *number = base; // the scaled index came first
        base = index;
        index = number;
    }
    struct term out = *base;
    bool is_interface = base->kind == TERM_PART && base->offset == 0 && base->type &&
                        base->type->kind == GO_INTERFACE;
    if (is_interface && !index) {
        out.kind = TERM_ITAB;
        out.offset = displacement;
        return out;
    }
    if ((base->kind == TERM_CLOSURE || base->kind == TERM_STACK || base->kind == TERM_ITAB) &&
        !index) {
        out.offset += displacement;
        return out;
    }
    if (base->kind == TERM_NUMBER && !index) { // a page's address and the rest of it (arm64)
        if (!base->text)
            names_of_global(trace, (target_addr)(base->offset + displacement), &out);
        if (out.kind == TERM_NUMBER) {
            struct term constant = number_constant(displacement);
            return number_combine(trace, OPERATION_ADD, base, &constant);
        }
        return out;
    }
    if (base->kind == TERM_NUMBER || (index && index->kind == TERM_NUMBER && !index->text)) {
        // A sum that no pointer is part of: lea computes numbers too.
        struct term by = number_constant(scale), constant = number_constant(displacement);
        struct term product = number_combine(trace, OPERATION_MULTIPLY, index, &by);
        struct term sum = number_combine(trace, OPERATION_ADD, base, &product);
        return number_combine(trace, OPERATION_ADD, &sum, &constant);
    }
    bool counts = base->kind == TERM_PART && base->offset == 0 && base->type &&
                  (base->type->kind == GO_MAP || base->type->kind == GO_CHAN);
    if (counts && !index && displacement == 0)
        return out; // the number of entries lies there: see counted()
    if (base->kind == TERM_PART) {
        struct term number = term_number(trace, base);
        if (number.kind == TERM_NUMBER) {
            struct term constant = number_constant(displacement), by = number_constant(scale);
            struct term sum = number;
            if (index) {
                struct term product = number_combine(trace, OPERATION_MULTIPLY, index, &by);
                sum = number_combine(trace, OPERATION_ADD, &number, &product);
            }
            return number_combine(trace, OPERATION_ADD, &sum, &constant);
        }
        out = follow(trace, base, displacement);
    } else if (base->kind == TERM_ADDRESS || base->kind == TERM_ELEMENT) {
        out.offset += displacement;
        out.value += (uint64_t)displacement;
    } else {
        return unknown;
    }
    if (!index || out.kind == TERM_UNKNOWN)
        return out;
    struct term number = term_number(trace, index), found;
    if (index->kind == TERM_UNKNOWN && types_find_number(trace, &found))
        number = term_number(trace, &found);
    if (out.index)
        return unknown;
    if (number.kind != TERM_NUMBER)
        return nameless_element(trace, &out);
    if (out.kind == TERM_ADDRESS) { // an array: a variable's, a field's, or behind a pointer
        struct term array;
        if (!out.text || !place_resolve(trace, out.type))
            return unknown;
        if (out.type->kind == GO_STRUCT) {
            if (out.offset < 0 ||
                !place_select(trace, out.text, out.type, (uint64_t)out.offset, 0, &array) ||
                !array.type || array.type->kind != GO_ARRAY)
                return unknown;
            out.text = array.text;
            out.type = array.type;
            out.offset = array.offset;
        }
        if (out.type->kind != GO_ARRAY)
            return unknown;
        out.kind = TERM_ELEMENT;
    }
    struct term *kept = ARENA_NEW(trace->arena, struct term);
    *kept = number;
    out.index = kept;
    out.scale = scale;
    out.uncertain = out.uncertain || number.uncertain;
    out.by_type = out.by_type || number.by_type;
    out.has_value = out.has_value && number.has_value;
    out.value += number.value * (uint64_t)scale;
    return out;
}

/** The number of entries of a map, of values in a channel: the first word of either. */
static bool counted(struct trace *trace, const struct term *value, unsigned size, struct term *out)
{
    bool counts = value->offset == 0 && value->text && value->type && size == WORD &&
                  (value->type->kind == GO_MAP || value->type->kind == GO_CHAN);
    if (!counts)
        return false;
    *out = (struct term){.kind = TERM_NUMBER,
                         .text = arena_printf(trace->arena, "len(%s)", value->text),
                         .scale = 1,
                         .uncertain = value->uncertain,
                         .by_type = value->by_type};
    return true;
}

/**
 * A part of what lies behind a name of the function that this one is inlined into: by the argument
 * that points to it, or to a struct around it.
 */
static bool load_here(struct trace *trace, struct go_type *type, int64_t rest, unsigned size,
                      struct term *out)
{
    enum { DESCEND_MAX = 6 };
    struct term argument;
    for (int i = 0; i < DESCEND_MAX && rest >= 0 && place_resolve(trace, type); i++) {
        if (type->kind != GO_STRUCT)
            return false;
        struct go_type *pointer =
            type_pointer_to(value_reader_types(trace->analysis->reader), type);
        if (pointer && types_find_argument(trace, pointer, &argument))
            return place_select(trace, argument.text, type, (uint64_t)rest, size, out);
        const struct go_field *field = field_at(type, (uint64_t)rest);
        if (!field)
            return false;
        rest -= (int64_t)field->offset;
        type = field->type;
    }
    return false;
}

struct term place_load(struct trace *trace, const struct term *address, unsigned size)
{
    struct term out = unknown, place = *address;
    struct go_type *type = place.type;
    const char *text = place.text;
    int64_t rest = place.offset;
    if (place.kind == TERM_ITAB) {
        out = place;
        out.variable = NULL;
        out.kind = place.offset == WORD ? TERM_PART : TERM_METHOD; // its type's word, or its code
        if (out.kind == TERM_PART) {
            out.offset = 0;
            out.has_value = false;
        }
        return out;
    }
    if (place.kind == TERM_CLOSURE)
        return names_of_captured(trace, place.offset, &out) ? out : unknown;
    if (place.kind == TERM_PART && counted(trace, address, size, &out))
        return out;
    if (place.kind == TERM_PART) {
        place = follow(trace, address, 0);
        type = place.type;
        rest = 0;
    }
    if (place.kind == TERM_ELEMENT) {
        if (!element_of(trace, &place, &type, &text, &rest))
            return unknown;
    } else if (place.kind != TERM_ADDRESS || !place_resolve(trace, type)) {
        return unknown;
    } else if (!text) {
        return nameless_load(trace, type, rest, size);
    } else if (place.through && type->kind != GO_STRUCT && type->kind != GO_ARRAY) {
        text = arena_printf(trace->arena, place.source == SOURCE_MAP ? "%s" : "*%s", text);
    }
    bool here = place.foreign && place.through && trace->optimized && type &&
                type->kind == GO_STRUCT && load_here(trace, type, rest, size, &out);
    if (here) {
        place.foreign = false;
        place.uncertain = place.by_type = true;
    } else if (!type && size == 1) { // a byte of a string
        out = (struct term){.kind = TERM_PART, .text = text};
    } else if (rest < 0 || !type || !place_select(trace, text, type, (uint64_t)rest, size, &out)) {
        return unknown;
    }
    out.source = place.source;
    out.map = place.map;
    out.key = place.key;
    struct term argument;
    if (place.foreign && trace->optimized && out.kind == TERM_PART && out.offset == 0 && out.type &&
        out.type->kind == GO_POINTER && types_find_argument(trace, out.type, &argument)) {
        out = argument; // what the caller gave
        place.foreign = false;
        place.uncertain = place.by_type = true;
    }
    out.uncertain = place.uncertain;
    out.foreign = place.foreign;
    out.by_type = place.by_type;
    if (place.has_value)
        read_value(trace, place.value, size, &out);
    return out;
}

bool term_is_nilable(const struct term *term)
{
    if (term->kind != TERM_PART || term->offset != 0)
        return false;
    if (!term->type)
        return term->source == SOURCE_CALL;
    switch (term->type->kind) {
    case GO_CHAN:
    case GO_FUNC:
    case GO_INTERFACE:
    case GO_MAP:
    case GO_POINTER:
    case GO_UNSAFE_POINTER:
        return true;
    default:
        return false;
    }
}
