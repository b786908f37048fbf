// SPDX-License-Identifier: MIT
#include "listing_internal.h"

#include "model/value_text.h"

#include <inttypes.h>
#include <string.h>

void listing_flush(struct listing *listing, const struct buffer *text)
{
    text_style_write(listing->out, text, listing->style);
    listing->count++;
}

void listing_put(struct listing *listing, json_t *element)
{
    fputs(listing->count++ ? ",\n    " : "\n    ", listing->out);
    json_write(listing->out, element, 0);
}

void listing_put_text(struct listing *listing, const struct buffer *element)
{
    fputs(listing->count++ ? ",\n    " : "\n    ", listing->out);
    fwrite(buffer_text(element), 1, element->size, listing->out);
}

void listing_begin(struct listing *listing, const char *member)
{
    if (listing->json)
        fprintf(listing->out, "{\n  \"%s\": [", member);
}

void listing_end(struct listing *listing, const char *note)
{
    if (!listing->json) {
        AUTO_TEXT text = {0};
        if (note) {
            text_put(&text, note);
            fprintf(listing->out, "%s\n", buffer_text(&text));
        }
        return;
    }
    fputs(listing->count ? "\n  ]" : "]", listing->out);
    if (note) {
        fputs(",\n  \"note\": ", listing->out);
        json_write(listing->out, json_text(note), 0);
    }
    fputs("\n}\n", listing->out);
}

void listing_variables(struct listing *listing, struct value_list *variables)
{
    AUTO(arena) arena = arena_new();
    redaction_values(listing->redaction, arena, variables);
    if (listing->json) {
        for (size_t i = 0; i < variables->count; i++)
            listing_put(listing, json_value(variables->items[i]));
        return;
    }
    const struct text_options options = {.long_values = true, .whole_values = listing->full};
    AUTO_TEXT text = {0};
    text_variables(&text, variables, 1, "", &options);
    listing_flush(listing, &text);
}

void listing_result(struct listing *listing, const char *expression, struct value *value,
                    bool missing_key)
{
    AUTO(arena) arena = arena_new();
    redaction_result(listing->redaction, arena, expression, value);
    if (listing->verb.verb)
        value_verb_apply(&listing->verb, arena, value);
    if (listing->json) {
        json_t *element = json_object();
        json_put(element, "expression", json_text(expression));
        json_put(element, "value", json_value(value));
        if (missing_key)
            json_put(element, "missing_key", json_true());
        listing_put(listing, element);
        return;
    }
    AUTO_TEXT text = {0};
    text_put(&text, expression);
    buffer_puts(&text, " = ");
    value_text(&text, value);
    buffer_puts(&text, missing_key ? " (no such key)\n" : "\n");
    listing_flush(listing, &text);
}

void listing_source(struct listing *listing, struct report_frame *frame)
{
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < frame->source_count; i++)
        frame->source[i].text =
            redaction_text(listing->redaction, arena, frame->source[i].text, REDACTION_SOURCE);
    if (listing->json) {
        AUTO_TEXT object = {0};
        json_frame(&object, frame);
        listing_put_text(listing, &object);
        return;
    }
    AUTO_TEXT text = {0};
    if (frame->function)
        text_place(&text, frame);
    else
        text_link(&text, frame->file, frame->short_file ? frame->short_file : frame->file,
                  frame->line);
    buffer_putc(&text, '\n');
    text_source(&text, frame);
    listing_flush(listing, &text);
}

void listing_failure(struct listing *listing, const char *expression, const char *message,
                     size_t offset)
{
    if (!listing->json)
        return;
    json_t *element = json_object();
    json_put(element, "expression", json_text(expression));
    json_put(element, "error", json_text(message));
    json_put(element, "offset", json_count(offset));
    listing_put(listing, element);
}

static void put_marks(struct buffer *out, const struct report_goroutine *goroutine)
{
    if (goroutine->crashed)
        buffer_puts(out, goroutine->interrupted ? ", interrupted by the signal" : ", crashed");
    if (goroutine->system)
        buffer_puts(out, ", the runtime's own");
    if (goroutine->locked_to_thread)
        buffer_puts(out, ", locked to its thread");
}

static void put_labels(struct buffer *out, const struct key_value_list *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        buffer_puts(out, i ? ", " : ", labels {");
        value_quote(out, labels->items[i].key, strlen(labels->items[i].key));
        buffer_puts(out, ": ");
        value_quote(out, labels->items[i].value, strlen(labels->items[i].value));
    }
    if (labels->count)
        buffer_putc(out, '}');
}

void listing_goroutine(struct listing *listing, const struct report_goroutine *goroutine,
                       const struct report_frame *where)
{
    if (listing->json) {
        AUTO_TEXT element = {0};
        json_put_goroutine(&element, goroutine);
        listing_put_text(listing, &element);
        return;
    }
    AUTO_TEXT text = {0};
    buffer_printf(&text, "%" PRIu64 "  [", goroutine->id);
    text_state(&text, goroutine->status, goroutine->wait_reason, goroutine->has_wait,
               goroutine->wait_ns);
    buffer_puts(&text, "]  ");
    if (where)
        text_place(&text, where);
    else
        text_put(&text, goroutine->start_function ? goroutine->start_function : "?");
    if (goroutine->created_by.function) {
        buffer_puts(&text, ", created by ");
        text_put(&text, goroutine->created_by.function);
        if (goroutine->created_by.goroutine)
            buffer_printf(&text, " in goroutine %" PRIu64, goroutine->created_by.goroutine);
    }
    put_marks(&text, goroutine);
    put_labels(&text, &goroutine->labels);
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

void listing_group(struct listing *listing, const struct report_group *group, uint64_t most)
{
    if (listing->json) {
        listing_put(listing, json_group(group));
        return;
    }
    AUTO_TEXT number = {0};
    AUTO_TEXT text = {0};
    value_count_text(&number, most);
    text_group(&text, group, &group->ids, (int)number.size);
    listing_flush(listing, &text);
}

void listing_keyed_group(struct listing *listing, const char *key, const struct id_list *ids,
                         uint64_t most)
{
    if (listing->json) {
        json_t *group = json_object(), *list = json_array();
        for (size_t i = 0; i < ids->count; i++)
            json_array_append_new(list, json_count(ids->items[i]));
        json_put(group, "key", json_text(key));
        json_put(group, "count", json_count(ids->count));
        json_put(group, "goroutines", list);
        listing_put(listing, group);
        return;
    }
    AUTO_TEXT widest = {0};
    AUTO_TEXT number = {0};
    AUTO_TEXT text = {0};
    value_count_text(&widest, most);
    value_count_text(&number, ids->count);
    int width = (int)widest.size;
    buffer_printf(&text, "  %*s x ", width, buffer_text(&number));
    text_put(&text, key);
    buffer_printf(&text, "\n  %*s   %s ", width, "", ids->count == 1 ? "id" : "ids");
    text_ids(&text, ids);
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

void listing_stack(struct listing *listing, const struct report_goroutine *goroutine)
{
    if (listing->json) {
        AUTO_TEXT element = {0};
        json_put_goroutine(&element, goroutine);
        listing_put_text(listing, &element);
        return;
    }
    const struct text_options options = {.full = listing->full, .offsets = listing->offsets};
    AUTO_TEXT text = {0};
    text_goroutine(&text, goroutine, &options);
    // A report's goroutines stand behind an empty line each; here the first does not.
    bool first = listing->count == 0 && text.size && text.data[0] == '\n';
    const struct buffer shown = {.data = text.data + first, .size = text.size - first};
    listing_flush(listing, &shown);
}
