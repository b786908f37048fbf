// SPDX-License-Identifier: MIT
#include "model/redaction.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "model/value_text.h"
#include "redaction_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct redaction *redaction_new(void)
{
    struct redaction *redaction = alloc_zeroed(1, sizeof *redaction);
    redaction->seen = table_new();
    redaction->windows = table_new();
    redaction->heads = table_new();
    return redaction;
}

void redaction_free(struct redaction *redaction)
{
    if (!redaction)
        return;
    table_free(redaction->seen);
    table_free(redaction->windows);
    table_free(redaction->heads);
    for (size_t i = 0; i < redaction->pattern_count; i++)
        regfree(&redaction->patterns[i]);
    free(redaction->patterns);
    free(redaction->shorts);
    free(redaction);
}

struct error *redaction_add_pattern(struct redaction *redaction, const char *pattern)
{
    regex_t regex;
    int code = regcomp(&regex, pattern, REG_EXTENDED);
    if (code != 0) {
        char why[128];
        regerror(code, &regex, why, sizeof why);
        return error_new(ERROR_INPUT, "--redact '%s': %s", pattern, why);
    }
    ARRAY_PUSH(redaction->patterns, redaction->pattern_count, redaction->pattern_capacity) = regex;
    return NULL;
}

bool redaction_is_full(const struct redaction *redaction)
{
    return redaction && redaction->full;
}

/** Up to WINDOW bytes as a number. */
static uint64_t pack(const char *bytes, size_t size)
{
    uint64_t packed = 0;
    for (size_t i = 0; i < size; i++)
        packed |= (uint64_t)(uint8_t)bytes[i] << 8 * i;
    return packed;
}

/** "--------", "00000000", "ababab…": what stands in any text. */
static bool is_monotonous(const char *bytes, size_t size)
{
    char two[2] = {bytes[0], bytes[0]};
    for (size_t i = 1; i < size; i++) {
        if (bytes[i] == two[0] || bytes[i] == two[1])
            continue;
        if (two[0] != two[1])
            return false;
        two[1] = bytes[i];
    }
    return true;
}

static void add_windows(struct redaction *redaction, const char *bytes, size_t size)
{
    for (size_t i = 0; i + WINDOW <= size; i++) {
        if (is_monotonous(bytes + i, WINDOW))
            continue;
        if (table_count(redaction->windows) >= LIMIT_SECRET_WINDOWS) {
            redaction->full = true;
            return;
        }
        table_add(redaction->windows, pack(bytes + i, WINDOW), NULL);
    }
}

static void add_heads(struct redaction *redaction, const char *bytes, size_t size)
{
    for (size_t count = SHORTEST_CUT; count < WINDOW && count <= size; count++)
        if (!is_monotonous(bytes, count))
            table_add(redaction->heads, pack(bytes, count) | (uint64_t)count << 56, NULL);
}

static void add_hex(struct redaction *redaction, const char *bytes, size_t size)
{
    AUTO_TEXT lower = {0};
    AUTO_TEXT upper = {0};
    for (size_t i = 0; i < size; i++) {
        buffer_printf(&lower, "%02x", (uint8_t)bytes[i]);
        buffer_printf(&upper, "%02X", (uint8_t)bytes[i]);
    }
    add_windows(redaction, buffer_text(&lower), lower.size);
    add_windows(redaction, buffer_text(&upper), upper.size);
}

/** Base64 where lead bytes of something else stand in front: characters made of those are not its
 * own. */
static void add_base64(struct redaction *redaction, const char *bytes, size_t size, size_t lead,
                       bool url)
{
    const char *alphabet = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                               : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    AUTO_TEXT text = {0};
    size_t bits = 8 * size, skip = (6 - 8 * lead % 6) % 6; // bits of a shared first character
    for (size_t bit = skip; bit + 6 <= bits; bit += 6) {
        unsigned value = 0;
        for (size_t k = 0; k < 6; k++) {
            size_t at = bit + k;
            value = value << 1 | ((uint8_t)bytes[at / 8] >> (7 - at % 8) & 1);
        }
        buffer_putc(&text, alphabet[value]);
    }
    add_windows(redaction, buffer_text(&text), text.size);
}

static void add_escaped(struct redaction *redaction, const char *bytes, size_t size)
{
    AUTO_TEXT quoted = {0};
    AUTO_TEXT percent = {0};
    AUTO_TEXT json = {0};
    value_quote(&quoted, bytes, size);
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)bytes[i];
        if (isalnum(c) || (c && strchr("-_.~", c)))
            buffer_putc(&percent, (char)c);
        else
            buffer_printf(&percent, "%%%02X", c);
        if (c < 0x20 || strchr("<>&", c))
            buffer_printf(&json, "\\u%04x", c);
        else
            buffer_putc(&json, (char)c);
    }
    if (quoted.size > size + 2)
        add_windows(redaction, quoted.data + 1, quoted.size - 2);
    if (percent.size > size)
        add_windows(redaction, buffer_text(&percent), percent.size);
    if (json.size > size)
        add_windows(redaction, buffer_text(&json), json.size);
}

/** A name of a secret is none: `secretName: "db-password"`, the value "token". */
static bool is_banal(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (isdigit((unsigned char)bytes[i]))
            return false;
    return name_secrecy(bytes, size) != NOT_SECRET && size < 24;
}

static void learn_piece(struct redaction *redaction, const char *bytes, size_t size,
                        enum secrecy secrecy)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * 0x100000001b3;
    bool added, weak = secrecy != SECRET;
    if (size < SHORTEST || is_banal(bytes, size) || is_monotonous(bytes, size) ||
        (weak && (size < WINDOW || !looks_random(bytes, size))))
        return;
    table_add(redaction->seen, hash, &added);
    if (!added)
        return;
    add_heads(redaction, bytes, size);
    if (size < WINDOW) {
        if (redaction->short_count >= LIMIT_SHORT_SECRETS) {
            redaction->full = true;
            return;
        }
        struct short_secret secret = {.size = size};
        memcpy(secret.bytes, bytes, size);
        ARRAY_PUSH(redaction->shorts, redaction->short_count, redaction->short_capacity) = secret;
    }
    add_windows(redaction, bytes, size);
    add_escaped(redaction, bytes, size);
    add_hex(redaction, bytes, size);
    for (size_t lead = 0; lead < 3; lead++) {
        add_base64(redaction, bytes, size, lead, false);
        add_base64(redaction, bytes, size, lead, true);
    }
}

/** "Bearer x", "session=x; Path=/; HttpOnly": words of which some are no secret. */
static bool is_header(const char *bytes, size_t size)
{
    return memchr(bytes, ' ', size) && (memchr(bytes, ';', size) || memchr(bytes, '=', size) ||
                                        isupper((unsigned char)bytes[0]));
}

void redaction_learn(struct redaction *redaction, const char *bytes, size_t size,
                     enum secrecy secrecy)
{
    if (secrecy != MAYBE_SECRET && !is_header(bytes, size)) {
        learn_piece(redaction, bytes, size, secrecy);
        return;
    }
    static const char separators[] = " ;,=&\"'\r\n\t";
    for (size_t start = 0, i = 0; i <= size; i++) {
        bool ends = i == size || (bytes[i] && strchr(separators, bytes[i]));
        if (!ends)
            continue;
        if (i > start)
            learn_piece(redaction, bytes + start, i - start, MAYBE_SECRET);
        start = i + 1;
    }
}

void scan_hide(struct scan *scan, size_t start, size_t end)
{
    if (start >= end)
        return;
    if (!scan->mask)
        scan->mask = alloc_zeroed(scan->size, 1);
    memset(scan->mask + start, 1, end - start);
    scan->found = true;
}

void scan_mark(struct scan *scan, size_t start, size_t end, enum secrecy secrecy)
{
    if (start >= end)
        return;
    scan_hide(scan, start, end);
    redaction_learn(scan->redaction, scan->text + start, end - start, secrecy);
}

static void scan_patterns(struct scan *scan)
{
    for (size_t i = 0; i < scan->redaction->pattern_count; i++) {
        size_t at = 0;
        while (at < scan->size) {
            regmatch_t match = {.rm_so = (regoff_t)at, .rm_eo = (regoff_t)scan->size};
            int flags = REG_STARTEND | (at ? REG_NOTBOL : 0);
            if (regexec(&scan->redaction->patterns[i], scan->text, 1, &match, flags) != 0)
                break;
            scan_mark(scan, (size_t)match.rm_so, (size_t)match.rm_eo, SECRET);
            at = (size_t)match.rm_eo + (match.rm_eo == match.rm_so);
        }
    }
}

static void scan_windows(struct scan *scan)
{
    const struct redaction *redaction = scan->redaction;
    if (!table_count(redaction->windows))
        return;
    for (size_t i = 0; i + WINDOW <= scan->size; i++)
        if (table_find(redaction->windows, pack(scan->text + i, WINDOW)))
            scan_hide(scan, i, i + WINDOW);
}

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void scan_shorts(struct scan *scan)
{
    for (size_t k = 0; k < scan->redaction->short_count; k++) {
        const struct short_secret *secret = &scan->redaction->shorts[k];
        for (size_t i = 0; i + secret->size <= scan->size; i++) {
            size_t end = i + secret->size;
            if (memcmp(scan->text + i, secret->bytes, secret->size) == 0 &&
                (i == 0 || !is_word_byte(scan->text[i - 1])) &&
                (end == scan->size || !is_word_byte(scan->text[end])))
                scan_hide(scan, i, end);
        }
    }
}

/** The last bytes of a text that was cut may be the first of a secret. */
static void scan_end(struct scan *scan)
{
    for (size_t count = SHORTEST_CUT; count < WINDOW && count <= scan->size; count++) {
        uint64_t key = pack(scan->text + scan->size - count, count) | (uint64_t)count << 56;
        if (table_find(scan->redaction->heads, key))
            scan_hide(scan, scan->size - count, scan->size);
    }
}

/** A number of a list as fmt prints bytes, "112" or "0x70"; false: none stands at *at. */
static bool list_byte(const struct scan *scan, size_t *at, uint8_t *out)
{
    size_t i = *at, digits = 0;
    unsigned value = 0;
    bool hex = i + 2 < scan->size && scan->text[i] == '0' && scan->text[i + 1] == 'x';
    for (i += hex ? 2 : 0; i < scan->size && digits < 4; i++, digits++) {
        char c = scan->text[i];
        if (isdigit((unsigned char)c))
            value = value * (hex ? 16 : 10) + (unsigned)(c - '0');
        else if (hex && isxdigit((unsigned char)c))
            value = value * 16 + (unsigned)(tolower((unsigned char)c) - 'a' + 10);
        else
            break;
    }
    if (!digits || value > 255)
        return false;
    *at = i;
    *out = (uint8_t)value;
    return true;
}

/** Bytes that stand as a list of numbers: "[112 97 115 …]", "{0x70, 0x61, …}". */
static void scan_lists(struct scan *scan)
{
    enum { LONGEST = 4096 };
    if (!table_count(scan->redaction->windows))
        return;
    for (size_t i = 0; i < scan->size; i++) {
        if (!isdigit((unsigned char)scan->text[i]) || (i && is_word_byte(scan->text[i - 1])))
            continue;
        char bytes[LONGEST];
        size_t starts[LONGEST], ends[LONGEST], count = 0, at = i;
        while (count < LONGEST) {
            size_t start = at;
            uint8_t byte;
            if (!list_byte(scan, &at, &byte))
                break;
            bytes[count] = (char)byte;
            starts[count] = start;
            ends[count++] = at;
            size_t gap = at;
            while (gap < scan->size && gap < at + 2 && strchr(", ", scan->text[gap]) &&
                   scan->text[gap])
                gap++;
            if (gap == at)
                break;
            at = gap;
        }
        for (size_t k = 0; k + WINDOW <= count; k++)
            if (table_find(scan->redaction->windows, pack(bytes + k, WINDOW)))
                scan_hide(scan, starts[k], ends[k + WINDOW - 1]);
        if (count)
            i = ends[count - 1] - 1;
    }
}

/** What lies between two parts of a secret, such as a character written in another form, is it
 * too. */
static void fill_gaps(struct scan *scan)
{
    size_t last = 0; // behind the last hidden byte; 0: none yet
    for (size_t i = 0; i < scan->size; i++) {
        if (!scan->mask[i])
            continue;
        bool blank = memchr(scan->text + last, ' ', i - last) != NULL;
        if (last && i > last && i - last < WINDOW && !blank)
            memset(scan->mask + last, 1, i - last);
        last = i + 1;
    }
}

void redaction_scan(struct redaction *redaction, const char *bytes, size_t size,
                    enum redaction_text kind, struct scan *out)
{
    *out = (struct scan){.redaction = redaction, .text = bytes, .size = size, .kind = kind};
    if (!size)
        return;
    scan_patterns(out);
    scan_looks(out);
    scan_pairs(out);
    if (out->mask) { // between parts that were found by themselves there is no secret
        AUTO_BUFFER unsigned char *own = TAKE(out->mask);
        scan_windows(out);
        if (out->mask)
            fill_gaps(out);
        else
            out->mask = alloc_zeroed(size, 1);
        for (size_t i = 0; i < size; i++)
            out->mask[i] |= own[i];
    } else {
        scan_windows(out);
        if (out->mask)
            fill_gaps(out);
    }
    scan_shorts(out);
    scan_lists(out);
    if (kind == REDACTION_CUT)
        scan_end(out);
}

void redaction_write(struct buffer *out, const struct scan *scan)
{
    for (size_t i = 0; i < scan->size;) {
        size_t end = i;
        while (end < scan->size && scan->mask[end] == scan->mask[i])
            end++;
        if (!scan->mask[i]) {
            buffer_append(out, scan->text + i, end - i);
        } else {
            buffer_puts(out, "<redacted ");
            value_count_text(out, end - i);
            buffer_puts(out, end - i == 1 ? " byte>" : " bytes>");
        }
        i = end;
    }
}

void redaction_learn_text(struct redaction *redaction, const char *text, size_t size)
{
    struct scan scan;
    redaction_scan(redaction, text, size, REDACTION_WHOLE, &scan);
    free(scan.mask);
}

const char *redaction_text(struct redaction *redaction, struct arena *arena, const char *text,
                           enum redaction_text kind)
{
    struct scan scan;
    if (!redaction || !text || !*text)
        return text;
    redaction_scan(redaction, text, strlen(text), kind, &scan);
    if (!scan.mask)
        return text;
    AUTO_TEXT filtered = {0};
    redaction_write(&filtered, &scan);
    free(scan.mask);
    return arena_string(arena, buffer_text(&filtered));
}

bool redaction_hides_word(const struct redaction *redaction, uint64_t word)
{
    return redaction && table_find(redaction->windows, word) != NULL;
}
