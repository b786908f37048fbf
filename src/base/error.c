// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct error {
    enum error_kind kind;
    size_t offset;
    char *message;
};

PRINTF_LIKE(1, 0) static char *format_text(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    return text;
}

static struct error *make(enum error_kind kind, size_t offset, char *message)
{
    struct error *err = alloc_bytes(sizeof *err);
    *err = (struct error){.kind = kind, .offset = offset, .message = message};
    return err;
}

struct error *(error_new)(enum error_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = format_text(format, arguments);
    va_end(arguments);
    return make(kind, 0, message);
}

struct error *(error_new_at)(size_t offset, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = format_text(format, arguments);
    va_end(arguments);
    return make(ERROR_INPUT, offset, message);
}

struct error *(error_wrap)(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *context = format_text(format, arguments);
    va_end(arguments);
    size_t size = strlen(context) + 2 + strlen(err->message) + 1;
    char *message = alloc_bytes(size);
    snprintf(message, size, "%s: %s", context, err->message);
    free(context);
    free(err->message);
    err->message = message;
    return err;
}

enum error_kind error_kind(const struct error *err)
{
    return err->kind;
}

const char *error_message(const struct error *err)
{
    return err->message;
}

size_t error_offset(const struct error *err)
{
    return err->offset;
}

void error_free(struct error *err)
{
    if (!err)
        return;
    free(err->message);
    free(err);
}
