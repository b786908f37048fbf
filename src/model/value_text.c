// SPDX-License-Identifier: MIT
#include "model/value_text.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** A value whose parts are being printed. */
struct level {
    const struct value *value;
    size_t part, parts; ///< of a map, key and value are a part each
};

/** The way from the value asked for down to the part being printed: no recursion on input. */
struct level_stack {
    struct level *items;
    size_t count, capacity;
    size_t composites, depth; ///< how many of them are composites, and how many may be
};

static void put_text(struct buffer *out, const char *text)
{
    utf8_escape(out, text, strlen(text), "");
}

static size_t part_count(const struct value *value)
{
    return value->kind == VALUE_MAP ? 2 * value->entry_count : value->child_count;
}

static void put_omitted_bytes(struct buffer *out, uint64_t omitted)
{
    if (!omitted)
        return;
    buffer_puts(out, "…+");
    value_count_text(out, omitted);
    buffer_puts(out, omitted == 1 ? " byte" : " bytes");
}

static void put_reason(struct buffer *out, const char *reason)
{
    buffer_putc(out, '<');
    put_text(out, reason);
    buffer_putc(out, '>');
}

/** Of a string or slice whose length is known and whose bytes are not. */
static void put_length_only(struct buffer *out, const struct value *value)
{
    bool string = value->kind == VALUE_STRING;
    buffer_puts(out, string ? "string of " : "slice of ");
    value_count_text(out, value->length);
    buffer_puts(out, string ? " byte" : " element");
    buffer_puts(out, value->length == 1 ? ", " : "s, ");
    put_reason(out, value->unreadable ? value->unreadable : "optimized out here");
}

static void put_redacted(struct buffer *out, const struct value *value)
{
    buffer_puts(out, "<redacted");
    uint64_t size = value->kind == VALUE_STRING ? value->length : value->redacted_bytes;
    if (size) {
        buffer_putc(out, ' ');
        value_count_text(out, size);
        buffer_puts(out, size == 1 ? " byte" : " bytes");
    }
    buffer_putc(out, '>');
}

static void put_complex(struct buffer *out, const struct value *value)
{
    buffer_putc(out, '(');
    value_float_text(out, value->real, value->single);
    AUTO_TEXT imaginary = {0};
    value_float_text(&imaginary, value->imaginary, value->single);
    if (!strchr("+-", imaginary.data[0]))
        buffer_putc(out, '+');
    buffer_puts(out, buffer_text(&imaginary));
    buffer_puts(out, "i)");
}

static void put_address(struct buffer *out, uint64_t address)
{
    buffer_printf(out, "0x%" PRIx64, address);
}

/** An interface's type, and what stands in place of a value's parts; false if they follow. */
static bool put_instead(struct buffer *out, const struct value *value)
{
    if (value->kind == VALUE_INTERFACE && value->dynamic_type && !value->nil) {
        buffer_putc(out, '(');
        put_text(out, value->dynamic_type);
        buffer_puts(out, ") ");
    }
    if (value->summary)
        put_text(out, value->summary);
    else if (value->redacted)
        put_redacted(out, value);
    else if (value->content_unknown && value->length)
        put_length_only(out, value);
    else if (value->unreadable)
        put_reason(out, value->unreadable);
    else if (value->nil)
        buffer_puts(out, "nil");
    else if (value->cycle)
        buffer_puts(out, "<cycle>");
    else
        return false;
    return true;
}

/** A value without parts; false for one that has them. */
static bool put_scalar(struct buffer *out, const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOL:
        buffer_puts(out, value->bits ? "true" : "false");
        return true;
    case VALUE_INT:
        buffer_printf(out, "%" PRId64, (int64_t)value->bits);
        return true;
    case VALUE_UINT:
        buffer_printf(out, value->is_hex ? "0x%" PRIx64 : "%" PRIu64, value->bits);
        return true;
    case VALUE_FLOAT:
        value_float_text(out, value->real, value->single);
        return true;
    case VALUE_COMPLEX:
        put_complex(out, value);
        return true;
    case VALUE_STRING:
        value_quote(out, value->bytes, value->bytes_size);
        put_omitted_bytes(out, value->omitted);
        return true;
    case VALUE_UNSAFE_POINTER:
        put_address(out, value->bits);
        return true;
    case VALUE_UNKNOWN:
        buffer_puts(out, "<unknown>");
        return true;
    default:
        return false;
    }
}

static void put_channel(struct buffer *out, const struct value *value)
{
    put_text(out, value->type ? value->type : "chan");
    buffer_putc(out, ' ');
    value_count_text(out, value->length);
    buffer_putc(out, '/');
    value_count_text(out, value->capacity);
    if (value->child_count)
        buffer_puts(out, " [");
}

/** What stands before a value's parts; true if nothing follows. */
static bool open_value(struct buffer *out, const struct value *value)
{
    if (put_instead(out, value) || put_scalar(out, value))
        return true;
    switch (value->kind) {
    case VALUE_POINTER:
        if (value->child_count)
            buffer_putc(out, '&');
        else
            put_address(out, value->bits);
        return !value->child_count;
    case VALUE_INTERFACE:
        if (!value->child_count)
            put_address(out, value->bits);
        return !value->child_count;
    case VALUE_FUNC:
        if (value->function)
            put_text(out, value->function);
        else
            put_address(out, value->bits);
        if (value->child_count)
            buffer_puts(out, " {");
        return !value->child_count;
    case VALUE_CHAN:
        put_channel(out, value);
        return false;
    case VALUE_SLICE:
        if (value->is_byte_text) {
            buffer_puts(out, "[]byte(");
            value_quote(out, value->bytes, value->bytes_size);
            put_omitted_bytes(out, value->omitted);
            buffer_putc(out, ')');
            return true;
        }
        buffer_putc(out, '[');
        return false;
    case VALUE_ARRAY:
        buffer_putc(out, '[');
        return false;
    default:
        buffer_putc(out, '{');
        return false;
    }
}

/** Of a composite of which nothing was read: how much there is. */
static void put_all_omitted(struct buffer *out, const struct value *value)
{
    buffer_puts(out, "…");
    if (value->kind == VALUE_STRUCT)
        return;
    bool one = value->length == 1;
    value_count_text(out, value->length);
    if (value->kind == VALUE_MAP)
        buffer_puts(out, one ? " entry" : " entries");
    else
        buffer_puts(out, one ? " element" : " elements");
}

static void put_omitted(struct buffer *out, const struct value *value)
{
    if (part_count(value) == 0 && (value->omitted || value->not_followed)) {
        put_all_omitted(out, value);
        return;
    }
    if (!value->omitted)
        return;
    buffer_puts(out, ", …");
    value_count_text(out, value->omitted);
    buffer_puts(out, " more");
    if (value->unordered)
        buffer_puts(out, ", not sorted");
}

static void put_waiting(struct buffer *out, uint64_t count, const char *who)
{
    if (!count)
        return;
    buffer_puts(out, ", ");
    value_count_text(out, count);
    buffer_printf(out, " %s%s waiting", who, count == 1 ? "" : "s");
}

/** What stands behind a value's last part. */
static void close_value(struct buffer *out, const struct value *value)
{
    switch (value->kind) {
    case VALUE_SLICE:
    case VALUE_ARRAY:
        put_omitted(out, value);
        buffer_putc(out, ']');
        break;
    case VALUE_STRUCT:
    case VALUE_MAP:
        put_omitted(out, value);
        buffer_putc(out, '}');
        break;
    case VALUE_FUNC:
        buffer_putc(out, '}');
        break;
    case VALUE_CHAN:
        if (value->child_count) {
            put_omitted(out, value);
            buffer_putc(out, ']');
        }
        if (value->closed)
            buffer_puts(out, ", closed");
        put_waiting(out, value->receivers_waiting, "receiver");
        put_waiting(out, value->senders_waiting, "sender");
        break;
    default:
        break;
    }
}

static void put_remark(struct buffer *out, const char *remark)
{
    if (!remark)
        return;
    buffer_puts(out, " (");
    put_text(out, remark);
    buffer_putc(out, ')');
}

/** What is to be said of a value that stands complete. */
static void put_remarks(struct buffer *out, const struct value *value)
{
    put_remark(out, value->note);
    put_remark(out, value->provenance);
}

/** The part that comes next, what separates it from the one before written. */
static const struct value *next_part(struct buffer *out, struct level *level)
{
    const struct value *value = level->value;
    size_t part = level->part++;
    if (value->kind == VALUE_MAP) {
        const struct value_entry *entry = &value->entries[part / 2];
        if (part)
            buffer_puts(out, part % 2 ? ": " : ", ");
        return part % 2 ? entry->value : entry->key;
    }
    if (part)
        buffer_puts(out, ", ");
    const struct value *child = value->children[part];
    if (child->name && (value->kind == VALUE_STRUCT || value->kind == VALUE_FUNC)) {
        put_text(out, child->name);
        buffer_puts(out, ": ");
    }
    return child;
}

static bool is_composite(const struct value *value)
{
    return value->kind >= VALUE_STRUCT && value->kind <= VALUE_FUNC;
}

/** Whether a value at the depth limit has parts that are left out. */
static bool has_parts_to_cut(const struct value *value)
{
    bool has_parts = value->child_count || value->entry_count;
    bool says_itself = value->summary || value->redacted || value->unreadable || value->nil;
    return is_composite(value) && has_parts && !says_itself;
}

/** A value at the depth limit: as if its parts had not been read. */
static void put_shell(struct buffer *out, const struct value *value)
{
    struct value shell = *value;
    shell.child_count = shell.entry_count = 0;
    shell.omitted = 0;
    shell.not_followed = true;
    if (!open_value(out, &shell))
        close_value(out, &shell);
    put_remarks(out, &shell);
}

static void visit(struct buffer *out, struct level_stack *stack, const struct value *value)
{
    bool at_limit = stack->composites >= stack->depth;
    bool leads_on = value->kind == VALUE_POINTER && value->child_count;
    if (at_limit && has_parts_to_cut(leads_on ? value->children[0] : value)) {
        put_shell(out, value);
    } else if (open_value(out, value)) {
        put_remarks(out, value);
    } else {
        ARRAY_PUSH(stack->items, stack->count, stack->capacity) =
            (struct level){.value = value, .parts = part_count(value)};
        stack->composites += is_composite(value);
    }
}

void value_text_to_depth(struct buffer *out, const struct value *value, size_t depth)
{
    struct level_stack stack = {.depth = depth};
    visit(out, &stack, value);
    while (stack.count) {
        struct level *top = &stack.items[stack.count - 1];
        if (top->part < top->parts) {
            visit(out, &stack, next_part(out, top));
            continue;
        }
        close_value(out, top->value);
        put_remarks(out, top->value);
        stack.composites -= is_composite(top->value);
        stack.count--;
    }
    free(stack.items);
}

void value_text(struct buffer *out, const struct value *value)
{
    value_text_to_depth(out, value, SIZE_MAX);
}
