// SPDX-License-Identifier: MIT
#include "listing_internal.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

void listing_fields(struct listing *listing, const char *const *fields)
{
    json_t *element = json_object();
    for (size_t i = 0; fields[i]; i += 2)
        json_put_text(element, fields[i], fields[i + 1]);
    listing_put(listing, element);
}

void listing_message(struct listing *listing, const struct report_crash *crash)
{
    AUTO_TEXT text = {0};
    text_message(&text, crash);
    buffer_truncate(&text, text.size - 1); // the empty line behind it
    listing_flush(listing, &text);
}

void listing_frame(struct listing *listing, uint64_t goroutine, const struct report_frame *frame,
                   uint64_t number)
{
    AUTO_TEXT text = {0};
    buffer_printf(&text, "Goroutine %" PRIu64 ", frame %" PRIu64 ": ", goroutine, number);
    text_place(&text, frame);
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

void listing_type_of(struct listing *listing, const char *expression, const struct value *value)
{
    const char *type = value->type ? value->type : "?";
    const char *holds = value->kind == VALUE_INTERFACE ? value->dynamic_type : NULL;
    if (listing->json) {
        json_t *element = json_object();
        json_put(element, "expression", json_text(expression));
        json_put(element, "type", json_text(type));
        json_put_text(element, "dynamic_type", holds);
        listing_put(listing, element);
        return;
    }
    AUTO_TEXT text = {0};
    text_put(&text, expression);
    buffer_puts(&text, "  ");
    text_put(&text, type);
    if (holds) {
        buffer_puts(&text, ", holds a ");
        text_put(&text, holds);
    } else if (value->kind == VALUE_INTERFACE && value->nil) {
        buffer_puts(&text, ", holds nothing: nil");
    }
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

void listing_name(struct listing *listing, const char *name)
{
    if (listing->json) {
        listing_put(listing, json_text(name));
        return;
    }
    AUTO_TEXT text = {0};
    text_put(&text, name);
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

void listing_function(struct listing *listing, const struct listed_function *function)
{
    if (listing->json) {
        json_t *element = json_object();
        json_put(element, "name", json_text(function->name));
        json_put(element, "entry", json_hex(function->entry));
        json_put(element, "size", json_count(function->end - function->entry));
        json_put_text(element, "file", function->file);
        if (function->file)
            json_put(element, "line", json_integer(function->line));
        listing_put(listing, element);
        return;
    }
    AUTO_TEXT text = {0};
    text_put(&text, function->name);
    if (listing->full) {
        buffer_printf(&text, "  0x%" PRIx64 "-0x%" PRIx64, function->entry, function->end);
        if (function->file) {
            buffer_puts(&text, "  ");
            text_put(&text, function->short_file ? function->short_file : function->file);
            buffer_printf(&text, ":%" PRId64, function->line);
        }
    }
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

void listing_library(struct listing *listing, const struct listed_library *library)
{
    if (listing->json) {
        json_t *element = json_object();
        json_put(element, "path", json_text(library->path));
        json_put(element, "start", json_hex(library->start));
        json_put(element, "end", json_hex(library->end));
        listing_put(listing, element);
        return;
    }
    AUTO_TEXT text = {0};
    buffer_printf(&text, "0x%" PRIx64 "-0x%" PRIx64 "  ", library->start, library->end);
    text_put(&text, library->path);
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

void listing_defer(struct listing *listing, size_t number, const struct report_defer *defer,
                   const struct report_frame *frame, uint64_t frame_number)
{
    if (listing->json) {
        json_t *element = json_object();
        json_put(element, "number", json_count(number));
        json_put_text(element, "function", defer->function);
        json_put_text(element, "file", defer->file);
        if (defer->file)
            json_put(element, "line", json_integer(defer->line));
        json_put(element, "frame", json_count(frame_number));
        listing_put(listing, element);
        return;
    }
    AUTO_TEXT text = {0};
    const char *file = defer->short_file ? defer->short_file : defer->file;
    buffer_printf(&text, "%zu  ", number);
    text_put(&text, defer->function ? defer->function : "?");
    if (file) {
        buffer_puts(&text, ", ");
        text_put(&text, file);
        buffer_printf(&text, ":%" PRId64, defer->line);
    }
    buffer_printf(&text, ", deferred by frame %" PRIu64 ", ", frame_number);
    text_put(&text, frame->function ? frame->function : "?");
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

static json_t *type_json(const struct listed_type *type)
{
    json_t *object = json_object();
    json_put_text(object, "name", type->name);
    json_put_text(object, "kind", type->kind);
    json_put(object, "size", json_count(type->size));
    json_put_text(object, "element", type->elem);
    json_put_text(object, "key", type->key);
    if (!type->field_count)
        return object;
    json_t *fields = json_array();
    for (size_t i = 0; i < type->field_count; i++) {
        json_t *field = json_object();
        json_put_text(field, "name", type->fields[i].name);
        json_put_text(field, "type", type->fields[i].type);
        json_put(field, "offset", json_count(type->fields[i].offset));
        json_array_append_new(fields, field);
    }
    json_put(object, "fields", fields);
    return object;
}

void listing_type(struct listing *listing, const struct listed_type *type)
{
    if (listing->json) {
        listing_put(listing, type_json(type));
        return;
    }
    AUTO_TEXT text = {0};
    text_put(&text, type->name);
    buffer_printf(&text, "  type, a %s of ", type->kind);
    text_plural(&text, type->size, "byte");
    if (type->key) {
        buffer_puts(&text, ", keys ");
        text_put(&text, type->key);
    }
    if (type->elem) {
        buffer_puts(&text, ", elements ");
        text_put(&text, type->elem);
    }
    buffer_putc(&text, '\n');
    size_t width = 0;
    for (size_t i = 0; i < type->field_count; i++) {
        size_t columns = utf8_columns(type->fields[i].name, strlen(type->fields[i].name));
        width = columns > width ? columns : width;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        const char *name = type->fields[i].name;
        buffer_puts(&text, "  ");
        text_put(&text, name);
        buffer_printf(&text, "%*s", (int)(width - utf8_columns(name, strlen(name)) + 2), "");
        text_put(&text, type->fields[i].type);
        buffer_printf(&text, "  at %" PRIu64 "\n", type->fields[i].offset);
    }
    listing_flush(listing, &text);
}
