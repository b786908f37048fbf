// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "shell_internal.h"

#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/** Takes one word from the start of text. @return where it ends, NULL: a quote is not closed */
static const char *take_word(const char *text, struct buffer *out)
{
    char quote = '\0';
    for (; *text && (quote || !is_blank(*text)); text++) {
        if (quote && *text == quote)
            quote = '\0';
        else if (!quote && (*text == '\'' || *text == '"'))
            quote = *text;
        else if (quote == '"' && *text == '\\' && text[1])
            buffer_putc(out, *++text);
        else
            buffer_putc(out, *text);
    }
    return quote ? NULL : text;
}

bool words_split(const char *line, struct words *out)
{
    size_t capacity = 0, offset_capacity = 0, count = 0, offset_count = 0;
    *out = (struct words){0};
    const char *at = line;
    for (;;) {
        while (is_blank(*at))
            at++;
        if (!*at)
            break;
        AUTO_TEXT word = {0};
        ARRAY_PUSH(out->offsets, offset_count, offset_capacity) = (size_t)(at - line);
        at = take_word(at, &word);
        if (!at) {
            out->count = (int)count;
            words_clear(out);
            return false;
        }
        ARRAY_PUSH(out->items, count, capacity) = alloc_string(buffer_text(&word));
        out->count = (int)count;
    }
    ARRAY_PUSH(out->items, count, capacity) = NULL;
    return true;
}

void words_clear(struct words *words)
{
    for (int i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
    free(words->offsets);
    *words = (struct words){0};
}
