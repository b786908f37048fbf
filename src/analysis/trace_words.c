// SPDX-License-Identifier: MIT
#include "trace.h"

#include <ctype.h>
#include <string.h>

enum { WORD = 8, LITERAL_MAX = 40 };

static const struct term *need_word(const struct words *words, unsigned i)
{
    if (!words->on_stack)
        return trace_need_argument(words->trace, words->call, words->first + i);
    int64_t slot = words->slot + (int64_t)i * WORD;
    struct term named;
    struct trace *trace = words->trace;
    if (names_of_place(trace, words->call, trace->cfa + (uint64_t)slot, WORD, &named)) {
        struct term *kept = ARENA_NEW(trace->arena, struct term);
        *kept = named;
        return kept;
    }
    return trace_need(trace,
                      (struct trace_query){.kind = QUERY_SLOT, .what = slot, .at = words->call});
}

static bool is_constant(const struct term *term)
{
    return term->kind == TERM_NUMBER && !term->text;
}

/** A string constant as the source would have it; NULL: too long, or not in reach. */
static const char *literal(struct trace *trace, const struct term *pointer,
                           const struct term *length)
{
    char bytes[LITERAL_MAX];
    if (!is_constant(length) || length->offset < 0 || length->offset > LITERAL_MAX)
        return NULL;
    size_t size = (size_t)length->offset;
    if (size > 0 && (!is_constant(pointer) ||
                     !address_space_try_read(trace->analysis->program->space,
                                             (target_addr)pointer->offset, bytes, size)))
        return NULL;
    for (size_t i = 0; i < size; i++)
        if (!isprint((unsigned char)bytes[i]) || bytes[i] == '"' || bytes[i] == '\\')
            return NULL;
    return arena_printf(trace->arena, "\"%.*s\"", (int)size, bytes);
}

const char *words_object(struct trace *trace, const struct term *term, const struct go_type *wanted)
{
    enum { DESCEND_MAX = 8 };
    struct term part;
    struct go_type *type = term->type;
    const char *text = term->text, *whole;
    if (!text || !type || term->offset < 0 || !place_resolve(trace, type))
        return NULL;
    if (term->kind == TERM_PART) {
        if (term->offset != 0 || type->kind != GO_POINTER || !type->elem)
            return NULL;
        type = type->elem;
    } else if (term->kind != TERM_ADDRESS ||
               !place_select(trace, text, type, (uint64_t)term->offset, 0, &part)) {
        return NULL;
    } else {
        text = part.text;
        type = part.type;
    }
    whole = text;
    for (int i = 0; wanted && i < DESCEND_MAX; i++) {
        if (!place_resolve(trace, type) || types_same(type, wanted))
            return text;
        if (type->kind != GO_STRUCT || !type->field_count || type->fields[0].offset != 0)
            break;
        text = arena_printf(trace->arena, "%s.%s", text, type->fields[0].name);
        type = type->fields[0].type;
    }
    return whole;
}

/** "&s.mu" of an address, "s.mu" of a pointer's value. */
static const char *pointer_text(struct trace *trace, const struct term *term,
                                const struct go_type *wanted)
{
    const char *object = words_object(trace, term, wanted);
    bool is_pointer = term->kind == TERM_PART || (term->kind == TERM_ADDRESS && term->through);
    if (!object || (is_pointer && term->text && strcmp(object, term->text) == 0))
        return object;
    return arena_printf(trace->arena, "&%s", object);
}

/** Takes ".hits" off "c.hits": of a struct's first word, to have the struct. */
static const char *whole_of(struct trace *trace, const struct term *word, struct go_type *type)
{
    struct term part;
    if (!word->text || !place_select(trace, "", type, 0, WORD, &part))
        return NULL;
    size_t size = strlen(word->text), suffix = strlen(part.text);
    if (size <= suffix || strcmp(word->text + size - suffix, part.text) != 0)
        return NULL;
    return arena_printf(trace->arena, "%.*s", (int)(size - suffix), word->text);
}

/** A constant that was put into an interface: a text, or a package's constant by its name. */
static const char *boxed_text(struct trace *trace, const struct term *descriptor,
                              const struct term *data)
{
    const struct address_space *space = trace->analysis->program->space;
    struct go_type *type = types_described(trace, descriptor);
    uint8_t bytes[2 * WORD] = {0};
    if (!type || type->size > sizeof bytes ||
        !address_space_try_read(space, (target_addr)data->offset, bytes, type->size))
        return NULL;
    if (type->kind == GO_STRING) {
        struct term pointer = number_constant((int64_t)load_u64(bytes));
        struct term length = number_constant((int64_t)load_u64(bytes + WORD));
        return literal(trace, &pointer, &length);
    }
    if (type->kind == GO_STRUCT && type->size == 0)
        return arena_printf(trace->arena, "%s{}", names_local(trace, type->name));
    bool is_number = type->kind >= GO_INT && type->kind <= GO_UINTPTR && type->named;
    return is_number ? number_constant_name(trace, (int64_t)load_u64(bytes), type) : NULL;
}

/** What a value that a call gets is, in the words of the caller; false: blocked. */
bool words_text(const struct words *words, struct go_type *type, const char **out)
{
    struct trace *trace = words->trace;
    const struct term *first = need_word(words, 0), *second = NULL;
    *out = NULL;
    if (!first)
        return false;
    if (!type || !place_resolve(trace, type))
        return true;
    bool two = type->kind == GO_STRING || type->kind == GO_INTERFACE;
    if (two && !(second = need_word(words, 1)))
        return false;
    bool is_first = first->kind == TERM_PART && first->offset == 0;
    switch (type->kind) {
    case GO_STRING:
        *out = is_first ? first->text : literal(trace, first, second);
        break;
    case GO_INTERFACE:
        if (is_constant(first) && first->offset == 0)
            *out = "nil";
        else if (is_first && first->type && first->type->kind == GO_INTERFACE)
            *out = first->text;
        else if (is_constant(first) && is_constant(second))
            *out = boxed_text(trace, first, second);
        else if (is_constant(first) && second->kind == TERM_PART && second->offset == 0)
            *out = second->text;
        else if (second->kind == TERM_PART && second->offset == WORD && second->type &&
                 second->type->kind == GO_INTERFACE)
            *out = second->text; // the first word has gone through a conversion
        break;
    case GO_STRUCT:
        *out = whole_of(trace, first, type);
        break;
    case GO_BOOL:
        *out = is_constant(first) ? (first->offset & 1 ? "true" : "false") : first->text;
        break;
    case GO_CHAN:
    case GO_FUNC:
    case GO_MAP:
    case GO_POINTER:
    case GO_SLICE:
    case GO_UNSAFE_POINTER:
        if (is_constant(first))
            *out = first->offset == 0 ? "nil" : NULL;
        else if (type->kind == GO_POINTER && (first->kind == TERM_ADDRESS || first->type))
            *out = pointer_text(trace, first, type->elem);
        else
            *out = is_first ? first->text : NULL;
        break;
    default: {
        struct term number = term_number(trace, first);
        if (number.kind == TERM_NUMBER)
            *out = term_text(trace, &number);
    }
    }
    return true;
}
