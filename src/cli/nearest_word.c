// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "cli_internal.h"

#include <string.h>

/** Edits between two words, bounded: enough to tell a slip from another word. */
static size_t distance(const char *a, const char *b)
{
    enum { WORD = 24 };
    size_t row[WORD + 1], a_size = strlen(a), b_size = strlen(b);
    if (a_size > WORD || b_size > WORD)
        return WORD;
    for (size_t k = 0; k <= b_size; k++)
        row[k] = k;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b_size; k++) {
            size_t change = diagonal + (a[i - 1] != b[k - 1]);
            diagonal = row[k];
            size_t insert = row[k - 1] + 1, drop = row[k] + 1;
            row[k] = change < insert ? change : insert;
            row[k] = row[k] < drop ? row[k] : drop;
        }
    }
    return row[b_size];
}

/** The first of some words that begins with one, or has it as a part of its own: nil is
 * nil_dereference, dereference is too. */
static const char *longer_word(const char *word, const char *const *words, size_t count)
{
    enum { LEAST = 3 }; // shorter ones begin anything
    size_t size = strlen(word);
    if (size < LEAST)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(words[i], word, size) == 0)
            return words[i];
    for (size_t i = 0; i < count; i++) {
        const char *part = strstr(words[i], word);
        if (part && part > words[i] && strchr("-_", part[-1]))
            return words[i];
    }
    return NULL;
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    size_t best = count, least = 4; // three slips and more make another word
    for (size_t i = 0; i < count; i++) {
        size_t edits = distance(word, words[i]);
        // More than every second letter wrong: another word too.
        if (edits < least && 2 * edits <= strlen(word)) {
            best = i;
            least = edits;
        }
    }
    return best < count ? words[best] : longer_word(word, words, count);
}

void list_words(struct buffer *out, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", words[i]);
}
