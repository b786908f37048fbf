// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/limits.h"
#include "model/value_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Up to Go 1.25 the runtime prints floats as +1.234560e+003. */
static void old_float(struct buffer *out, double number)
{
    if (isnan(number)) {
        buffer_puts(out, "NaN");
        return;
    }
    if (isinf(number)) {
        buffer_puts(out, number > 0 ? "+Inf" : "-Inf");
        return;
    }
    char text[40];
    snprintf(text, sizeof text, "%+.6e", number);
    char *exponent = strchr(text, 'e');
    buffer_append(out, text, (size_t)(exponent - text));
    buffer_printf(out, "e%c%03ld", exponent[1], labs(strtol(exponent + 2, NULL, 10)));
}

static void float_text(struct buffer *out, int minor, double number, bool single, bool with_sign)
{
    if (minor < 26) {
        old_float(out, number);
        return;
    }
    if (with_sign && !(number < 0) && !signbit(number) && !isinf(number) && !isnan(number))
        buffer_putc(out, '+');
    value_float_text(out, number, single);
}

/** A number as print() prints it; false for a kind that is none. */
static bool number_text(struct buffer *out, int minor, const struct go_type *type,
                        const uint8_t *raw)
{
    size_t size = type->size;
    uint64_t bits = load_uint(raw, size);
    switch (type->kind) {
    case GO_BOOL:
        buffer_puts(out, raw[0] ? "true" : "false");
        return true;
    case GO_INT:
    case GO_INT8:
    case GO_INT16:
    case GO_INT32:
    case GO_INT64: {
        unsigned unused = 64 - 8 * (unsigned)size;
        buffer_printf(out, "%" PRId64, (int64_t)(bits << unused) >> unused);
        return true;
    }
    case GO_UINT:
    case GO_UINT8:
    case GO_UINT16:
    case GO_UINT32:
    case GO_UINT64:
    case GO_UINTPTR:
        buffer_printf(out, "%" PRIu64, bits);
        return true;
    case GO_FLOAT32:
    case GO_FLOAT64:
        float_text(out, minor, load_float(raw, size == 4), size == 4, false);
        return true;
    case GO_COMPLEX64:
    case GO_COMPLEX128:
        buffer_putc(out, '(');
        float_text(out, minor, load_float(raw, size == 8), size == 8, false);
        float_text(out, minor, load_float(raw + size / 2, size == 8), size == 8, true);
        buffer_puts(out, "i)");
        return true;
    default:
        return false;
    }
}

/**
 * From 1.23 a line feed in the text is followed by a tab, so that no text looks like a heading. A
 * zero byte, which would end the text here, is shown as `\x00`.
 */
static void string_text(struct buffer *out, int minor, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i])
            buffer_putc(out, text[i]);
        else
            buffer_puts(out, "\\x00");
        if (text[i] == '\n' && minor >= 23)
            buffer_putc(out, '\t');
    }
}

/** A string at its header's address: false where it cannot be read. */
static bool read_string(const struct address_space *space, target_addr header, struct buffer *out)
{
    uint64_t data, size;
    if (!address_space_try_u64(space, header, &data) ||
        !address_space_try_u64(space, header + 8, &size))
        return false;
    uint64_t wanted = size < LIMIT_MESSAGE ? size : LIMIT_MESSAGE;
    while (wanted) {
        struct bytes view = address_space_view(space, data, wanted);
        if (!view.size)
            return false;
        buffer_append(out, view.data, view.size);
        data += view.size;
        wanted -= view.size;
    }
    return true;
}

const char *panic_known_text(const struct value *value)
{
    while (value && !value->summary && value->child_count == 1 &&
           (value->kind == VALUE_INTERFACE || value->kind == VALUE_POINTER))
        value = value->children[0];
    return value && value->summary ? value->summary : "";
}

/** The text of an error that the runtime has not turned into a string yet, "" where it is not
 * known; it lies in arena. */
static const char *error_text(struct analysis *analysis, struct arena *arena, target_addr type_word,
                              target_addr data_word)
{
    return panic_known_text(value_read_interface(analysis->reader, arena, type_word, data_word));
}

void panic_value_text(struct analysis *analysis, target_addr type_word, target_addr data_word,
                      struct buffer *out)
{
    const struct address_space *space = analysis->program->space;
    int minor = analysis->program->release->minor;
    struct go_type *type;
    if (!type_word) {
        buffer_puts(out, "nil");
        return;
    }
    struct error *err = type_from_runtime(value_reader_types(analysis->reader), type_word, &type);
    if (err) {
        analysis_warn_error(analysis, error_wrap(err, "the panic's value"));
        buffer_printf(out, "(%#" PRIx64 ") %#" PRIx64, type_word, data_word);
        return;
    }
    bool named = type->named && strchr(type->name, '.');
    uint8_t raw[16] = {0};
    AUTO_TEXT text = {0};
    // Of a dying program every error is a string by now. One that is not was raised again, or
    // deferred functions still ran when the core was taken.
    AUTO(arena) arena = arena_new();
    const char *known = type->named ? error_text(analysis, arena, type_word, data_word) : "";
    if (*known) {
        string_text(out, minor, known, strlen(known));
        return;
    }
    if (type->kind == GO_STRING && read_string(space, data_word, &text)) {
        if (named)
            buffer_printf(out, "%s(\"", type->name);
        string_text(out, minor, buffer_text(&text), text.size);
        if (named)
            buffer_puts(out, "\")");
        return;
    }
    bool scalar = type->size && type->size <= sizeof raw && !type->direct_interface &&
                  address_space_try_read(space, data_word, raw, type->size) &&
                  number_text(&text, minor, type, raw);
    if (scalar) {
        bool complex = type->kind == GO_COMPLEX64 || type->kind == GO_COMPLEX128;
        const char *open = named && !complex ? "(" : "", *close = named && !complex ? ")" : "";
        buffer_printf(out, "%s%s%s%s", named ? type->name : "", open, buffer_text(&text), close);
        return;
    }
    known = type->named ? "" : error_text(analysis, arena, type_word, data_word);
    if (*known)
        string_text(out, minor, known, strlen(known));
    else
        buffer_printf(out, "(%s) 0x%" PRIx64, type->name, data_word);
    if (!*known && type->kind == GO_STRING)
        analysis_warn(analysis,
                      "the text of the panic's value cannot be read: where it says to lie "
                      "there is no memory");
}
