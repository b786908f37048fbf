// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "text_bytes.h"

#include "base/alloc.h"
#include "base/checked.h"
#include "base/limits.h"
#include "model/value_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Text, or a value whose words stand there. */
struct part {
    const char *text; ///< NULL: a value
    size_t size;
    bool brief; ///< a value without a row is shown in brief
    struct go_type *type;
    struct storage storage;
};

/**
 * Errors wrap errors, so that the words are put together with a stack of what is still to come; a
 * row adds its parts to `fresh`, from where they go onto the stack in reverse.
 */
struct description {
    struct value_reader *reader;
    struct buffer text;
    struct part *stack, *fresh;
    size_t stack_count, stack_capacity, fresh_count, fresh_capacity;
};

struct value_reader *description_reader(const struct description *description)
{
    return description->reader;
}

void description_bytes(struct description *description, const char *bytes, size_t size)
{
    struct part part = {.text = arena_copy(description->reader->scratch, bytes, size),
                        .size = size};
    ARRAY_PUSH(description->fresh, description->fresh_count, description->fresh_capacity) = part;
}

void description_text(struct description *description, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(description->reader->scratch, format, arguments);
    va_end(arguments);
    struct part part = {.text = text, .size = strlen(text)};
    ARRAY_PUSH(description->fresh, description->fresh_count, description->fresh_capacity) = part;
}

void description_value(struct description *description, struct go_type *type,
                       struct storage storage)
{
    struct part part = {.type = type, .storage = storage};
    ARRAY_PUSH(description->fresh, description->fresh_count, description->fresh_capacity) = part;
}

void description_brief(struct description *description, struct go_type *type,
                       struct storage storage)
{
    struct part part = {.type = type, .storage = storage, .brief = true};
    ARRAY_PUSH(description->fresh, description->fresh_count, description->fresh_capacity) = part;
}

static bool resolve(struct description *description, struct go_type *type)
{
    struct error *err = type_resolve(description->reader->types, type);
    if (err)
        error_ignore(err);
    return !err;
}

/** Goes through a pointer to what it points to. */
static bool follow(struct description *description, struct go_type **type, struct storage *storage)
{
    target_addr address = 0;
    if ((*type)->kind != GO_POINTER)
        return true;
    if (!(*type)->elem || storage_word(description->reader, *storage, 0, &address) || !address)
        return false;
    *type = (*type)->elem;
    *storage = storage_at(address);
    return resolve(description, *type);
}

bool description_field(struct description *description, struct go_type *type,
                       struct storage storage, const char *path, struct go_type **field_type,
                       struct storage *field_storage)
{
    char name[64];
    for (const char *p = path;;) {
        size_t size = strcspn(p, ".");
        if (size >= sizeof name || !resolve(description, type) ||
            !follow(description, &type, &storage))
            return false;
        memcpy(name, p, size);
        name[size] = '\0';
        const struct go_field *field = type_field(type, name);
        if (!field || !range_fits(field->offset, field->type->size, type->size) ||
            !resolve(description, field->type))
            return false;
        type = field->type;
        storage = storage_part(storage, field->offset);
        if (!p[size])
            break;
        p += size + 1;
    }
    *field_type = type;
    *field_storage = storage;
    return true;
}

static bool load_number(const struct value_reader *reader, const struct go_type *type,
                        struct storage storage, uint64_t *out)
{
    uint8_t bytes[8];
    size_t size = (size_t)type->size;
    if (size == 0 || size > sizeof bytes || storage_load(reader, storage, 0, bytes, size))
        return false;
    *out = load_uint(bytes, size);
    unsigned shift = 64 - 8 * (unsigned)size;
    if (type->kind >= GO_INT && type->kind <= GO_INT64)
        *out = (uint64_t)((int64_t)(*out << shift) >> shift);
    return true;
}

bool description_integer(struct description *description, const struct go_type *type,
                         struct storage storage, uint64_t *out)
{
    return type->kind >= GO_INT && type->kind <= GO_UINTPTR &&
           load_number(description->reader, type, storage, out);
}

bool description_number(struct description *description, struct go_type *type,
                        struct storage storage, const char *name, uint64_t *out)
{
    enum { ATOMIC_LEVELS = 3 };
    struct go_type *field_type = NULL;
    struct storage field = {0};
    if (!description_field(description, type, storage, name, &field_type, &field))
        return false;
    for (int i = 0; i < ATOMIC_LEVELS && field_type->kind == GO_STRUCT; i++) {
        if (!description_field(description, field_type, field, "v", &field_type, &field))
            return false;
    }
    return load_number(description->reader, field_type, field, out);
}

bool description_string(struct description *description, struct storage storage, struct bytes *out)
{
    struct value_reader *reader = description->reader;
    uint64_t address = 0, length = 0;
    if (storage_word(reader, storage, 0, &address) || storage_word(reader, storage, 8, &length) ||
        length > LIMIT_MESSAGE)
        return false;
    uint8_t *bytes = arena_alloc(reader->scratch, (size_t)length + 1);
    if (length > 0 && !address_space_try_read(reader->program->space, address, bytes, length))
        return false;
    *out = (struct bytes){bytes, (size_t)length};
    return true;
}

bool description_dynamic(struct description *description, struct go_type *interface_type,
                         struct storage storage, struct go_type **type, struct storage *value)
{
    struct value_reader *reader = description->reader;
    uint64_t type_word = 0, data_word = 0;
    if (storage_word(reader, storage, 0, &type_word) || type_word == 0 ||
        storage_word(reader, storage, 8, &data_word))
        return false;
    struct error *err =
        type_of_interface_word(reader->types, type_word, interface_type->has_methods, type);
    if (err) {
        error_ignore(err);
        return false;
    }
    bool direct = (*type)->direct_interface;
    *value = direct ? storage_part(storage, 8) : storage_at(data_word);
    return resolve(description, *type) && !(direct && (*type)->size > 8);
}

static const struct well_known *find_row(const struct go_type *type)
{
    static const struct well_known_list *const lists[] = {
        &well_known_errors,   &well_known_times, &well_known_sync,
        &well_known_net,      &well_known_urls,  &well_known_texts,
        &well_known_contexts, &well_known_names, &well_known_objects,
    };
    const char *name = type_full_name(type);
    if (!name || (!type->named && type->kind != GO_POINTER))
        return NULL;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        for (size_t j = 0; j < lists[i]->count; j++) {
            const struct well_known *row = &lists[i]->rows[j];
            if (row->type[0] == name[0] && strcmp(row->type, name) == 0)
                return row;
        }
    }
    return NULL;
}

/** Adds an integer in decimal. @return false for another kind */
static bool add_number(struct description *description, const struct go_type *type,
                       struct storage storage)
{
    uint64_t number = 0;
    if (type->kind < GO_INT || type->kind > GO_UINTPTR ||
        !load_number(description->reader, type, storage, &number))
        return false;
    if (type->kind <= GO_INT64)
        description_text(description, "%" PRId64, (int64_t)number);
    else
        description_text(description, "%" PRIu64, number);
    return true;
}

/** Go's time/format.go, quote: every byte that is not ASCII in hex. */
static void quote_ascii(struct buffer *out, struct bytes text)
{
    buffer_putc(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c < ' ' || c >= 0x80)
            buffer_printf(out, "\\x%02x", c);
        else
            buffer_printf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    buffer_putc(out, '"');
}

/** Adds a template's field, of which text follows the brace. @return what follows it, or NULL */
static const char *add_field(struct description *description, struct go_type *type,
                             struct storage storage, const char *text, bool *empty)
{
    const char *end = strchr(text, '}');
    char name[64];
    size_t size = end ? (size_t)(end - text) : sizeof name;
    if (size >= sizeof name)
        return NULL;
    memcpy(name, text, size);
    name[size] = '\0';
    char *format = strchr(name, ':');
    if (format)
        *format = '\0';
    if (name[0] && !description_field(description, type, storage, name, &type, &storage))
        return NULL;
    if (format && format[1] == 'b') {
        description_brief(description, type, storage);
        return end + 1;
    }
    if (type->kind != GO_STRING) {
        if (name[0]) // the value itself would ask for its row, which is this one
            description_value(description, type, storage);
        else if (!add_number(description, type, storage))
            return NULL;
        return end + 1;
    }
    struct bytes bytes = {0};
    if (!description_string(description, storage, &bytes))
        return NULL;
    *empty = bytes.size == 0;
    AUTO_TEXT quoted = {0};
    if (format && format[1] == 'x')
        quote_ascii(&quoted, bytes);
    else if (format)
        value_quote(&quoted, (const char *)bytes.data, bytes.size);
    else
        buffer_append(&quoted, bytes.data, bytes.size);
    description_bytes(description, buffer_text(&quoted), quoted.size);
    return end + 1;
}

bool description_template(struct description *description, const char *template,
                          struct go_type *type, struct storage storage)
{
    size_t group = 0;
    bool empty = false;
    for (const char *p = template; *p;) {
        if (*p == '{') {
            p = add_field(description, type, storage, p + 1, &empty);
            if (!p)
                return false;
        } else if (*p == '[' || *p == ']') {
            if (*p == '[')
                group = description->fresh_count;
            else if (empty)
                description->fresh_count = group;
            empty = false;
            p++;
        } else {
            size_t size = strcspn(p, "{[]");
            description_bytes(description, p, size);
            p += size;
        }
    }
    return true;
}

/** Adds the words of a value whose type has a row. */
static bool add_known(struct description *description, const struct well_known *row,
                      describe_function *describe, struct go_type *type, struct storage storage)
{
    if (!resolve(description, type))
        return false;
    if (row->type[0] == '*') {
        uint64_t address = 0;
        if (storage_word(description->reader, storage, 0, &address) || address == 0 ||
            !type->elem || !resolve(description, type->elem))
            return false;
        type = type->elem;
        storage = storage_at(address);
    }
    return describe ? describe(description, type, storage)
                    : description_template(description, row->template, type, storage);
}

/** Adds a value that has no row: a string quoted, a number, of all else the type. */
static bool add_brief(struct description *description, struct go_type *type, struct storage storage)
{
    struct bytes bytes = {0};
    if (type->named || type->kind > GO_UINTPTR || type->kind < GO_BOOL)
        description_text(description, "%s", type->name);
    if (type->kind == GO_STRING && description_string(description, storage, &bytes)) {
        AUTO_TEXT quoted = {0};
        value_quote(&quoted, (const char *)bytes.data, bytes.size);
        description->fresh_count -= !type->named;
        description_text(description, type->named ? "(%s)" : "%s", buffer_text(&quoted));
    } else if (type->kind >= GO_INT && type->kind <= GO_UINTPTR) {
        if (type->named)
            description_text(description, "(");
        if (!add_number(description, type, storage))
            return false;
        if (type->named)
            description_text(description, ")");
    }
    return true;
}

/** Adds the words of any value. */
static bool add_value(struct description *description, const struct part *part)
{
    struct go_type *type = part->type;
    struct storage storage = part->storage;
    uint64_t word = 0;
    if (!resolve(description, type))
        return false;
    if (type->kind == GO_INTERFACE) {
        if (part->brief && !storage_word(description->reader, storage, 0, &word) && word == 0) {
            description_text(description, "nil");
            return true;
        }
        if (!description_dynamic(description, type, storage, &type, &storage))
            return false;
    }
    const struct well_known *row = find_row(type);
    if (!row && type->kind == GO_POINTER && type->elem) { // of the target, if not of the pointer
        row = find_row(type->elem);
        if (row && !follow(description, &type, &storage))
            return false;
    }
    if (row) {
        size_t before = description->fresh_count;
        if (add_known(description, row, row->describe, type, storage))
            return true;
        if (!part->brief)
            return false;
        description->fresh_count = before;
    }
    if (part->brief)
        return add_brief(description, type, storage);
    return !type->named && add_number(description, type, storage);
}

static void take_fresh(struct description *description)
{
    while (description->fresh_count > 0)
        ARRAY_PUSH(description->stack, description->stack_count, description->stack_capacity) =
            description->fresh[--description->fresh_count];
}

/** Works off the stack. @return false where the words of some part cannot be known */
static bool finish(struct description *description)
{
    unsigned values = 0;
    take_fresh(description);
    while (description->stack_count > 0) {
        struct part part = description->stack[--description->stack_count];
        if (part.text) {
            buffer_append(&description->text, part.text, part.size);
            if (description->text.size > LIMIT_MESSAGE)
                return false;
            continue;
        }
        if (++values > LIMIT_ERROR_CHAIN || !add_value(description, &part))
            return false;
        take_fresh(description);
    }
    return true;
}

/** The text as a report shows it: cut as strings are, but never a sentence of usual length. */
static const char *shown_text(struct value_reader *reader, const struct buffer *text)
{
    enum { ALWAYS_SHOWN = 1000 };
    const char *bytes = buffer_text(text);
    size_t limit = ALWAYS_SHOWN;
    if (reader->limits.string > limit)
        limit =
            (size_t)(reader->limits.string < LIMIT_MESSAGE ? reader->limits.string : LIMIT_MESSAGE);
    if (text->size <= limit)
        return arena_copy(reader->arena, bytes, text->size);
    size_t shown = utf8_whole(bytes, limit);
    AUTO_TEXT cut = {0};
    buffer_append(&cut, bytes, shown);
    buffer_puts(&cut, "…+");
    value_count_text(&cut, text->size - shown);
    buffer_puts(&cut, " bytes");
    return arena_copy(reader->arena, buffer_text(&cut), cut.size);
}

void well_known_describe(struct value_reader *reader, struct go_type *type, struct storage storage,
                         struct value *out)
{
    const struct well_known *row = find_row(type);
    if (!row)
        return;
    struct description description = {.reader = reader};
    describe_function *describe = row->by_itself ? row->by_itself : row->describe;
    if (add_known(&description, row, describe, type, storage) && finish(&description))
        out->summary = shown_text(reader, &description.text);
    buffer_clear(&description.text);
    free(description.stack);
    free(description.fresh);
}

void well_known_wraps(struct value_reader *reader, struct go_type *type, struct storage storage,
                      struct value *out)
{
    struct description description = {.reader = reader};
    error_chain_find(&description, type, storage, out);
    buffer_clear(&description.text);
    free(description.stack);
    free(description.fresh);
}
