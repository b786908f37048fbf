// SPDX-License-Identifier: MIT
#include "redaction_internal.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST_NAME = 96, LONG_VALUE = 16 };

bool looks_random(const char *text, size_t size)
{
    bool digit = false, letter = false, blank = false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        digit |= isdigit(c) != 0;
        letter |= isalpha(c) != 0;
        blank |= isspace(c) != 0;
    }
    return size >= WINDOW && !blank && ((digit && letter) || (size >= LONG_VALUE && letter));
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_-.", c));
}

/** A name and where its value begins. */
struct pair {
    size_t name, name_end, value;
    bool quoted_name, blank; ///< "token": x · a blank stands in front of the value
    char separator;
};

/** The name in front of a separator, out of its quotes. */
static bool find_name(const struct scan *scan, size_t separator, struct pair *out)
{
    size_t end = separator;
    if (end > 0 && scan->text[end - 1] == ':') // "password := x"
        end--;
    while (end > 0 && separator - end < 3 && scan->text[end - 1] == ' ')
        end--;
    if (end > 1 && scan->text[end - 1] == ']') { // m["token"] = "x"
        if (scan->text[end - 2] != '"')
            return false;
        end--;
    }
    if (end > 0 && strchr("\"'`", scan->text[end - 1]) && scan->text[end - 1]) {
        out->quoted_name = true;
        end--;
        if (end > 0 && scan->text[end - 1] == '\\')
            end--;
    }
    size_t start = end;
    while (start > 0 && end - start < LONGEST_NAME && is_name_byte(scan->text[start - 1]))
        start--;
    out->name = start;
    out->name_end = end;
    return end > start;
}

/** Whether a name stands for a secret among the parameters of a URL alone. */
static bool is_parameter(const struct scan *scan, const struct pair *pair)
{
    static const char *const names[] = {"key",
                                        "sig",
                                        "signature",
                                        "x-amz-signature",
                                        "auth",
                                        "x-amz-credential",
                                        "x-goog-signature",
                                        "code",
                                        "x-goog-credential",
                                        "apikey",
                                        "pw",
                                        "pass",
                                        "pwd"};
    if (pair->separator != '=' || pair->name == 0 || !strchr("?&;", scan->text[pair->name - 1]))
        return false;
    if (scan->text[pair->name - 1] == ';' || !scan->text[pair->name - 1])
        return false;
    size_t size = pair->name_end - pair->name;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strlen(names[i]) == size && strncasecmp(scan->text + pair->name, names[i], size) == 0)
            return true;
    return false;
}

/** "Pwd=x;": of a connection string; as an environment variable it is a directory. */
static bool is_connection_password(const struct scan *scan, const struct pair *pair)
{
    return pair->separator == '=' && pair->name_end - pair->name == 3 &&
           (memcmp(scan->text + pair->name, "Pwd", 3) == 0 ||
            memcmp(scan->text + pair->name, "pwd", 3) == 0);
}

/** A header whose value goes on to the end of the line. */
static bool is_header(const struct scan *scan, const struct pair *pair)
{
    static const char *const names[] = {"authorization", "proxy-authorization", "cookie",
                                        "set-cookie"};
    size_t size = pair->name_end - pair->name;
    if (pair->separator != ':' || pair->quoted_name)
        return false;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strlen(names[i]) == size && strncasecmp(scan->text + pair->name, names[i], size) == 0)
            return true;
    return false;
}

static enum secrecy secrecy_of(const struct scan *scan, const struct pair *pair)
{
    const char *name = scan->text + pair->name;
    size_t size = pair->name_end - pair->name;
    // "main.apiKey" is a key, "token.count" a count: what counts is the last word.
    const char *dot = memrchr(name, '.', size);
    if (dot) {
        size -= (size_t)(dot + 1 - name);
        name = dot + 1;
    }
    if (is_parameter(scan, pair) || is_connection_password(scan, pair))
        return SECRET;
    return redaction_name(scan->redaction, name, size);
}

/** "<redacted 24 bytes>": what a text says that has been through here before. */
static bool is_redacted(const char *value, size_t size)
{
    static const char start[] = "<redacted ", end[] = " bytes>";
    const size_t fixed = sizeof start - 1 + sizeof end - 1;
    if (size <= fixed || memcmp(value, start, sizeof start - 1) != 0 ||
        memcmp(value + size - (sizeof end - 1), end, sizeof end - 1) != 0)
        return false;
    for (size_t i = sizeof start - 1; i < size - (sizeof end - 1); i++)
        if (!isdigit((unsigned char)value[i]))
            return false;
    return true;
}

/** What programs print where there is no value, and what is none. */
static bool is_nothing(const char *value, size_t size, enum secrecy secrecy)
{
    static const char *const words[] = {"nil", "<nil>", "true", "false", "null", "none", "None"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i]) == size && memcmp(words[i], value, size) == 0)
            return true;
    if (size >= 9 && memcmp(value, "<redacted", 9) == 0)
        return true;
    if (size > 2 && memcmp(value, "0xc0", 4 < size ? 4 : size) == 0)
        return true;
    size_t digits = 0, stars = 0;
    for (size_t i = 0; i < size; i++) {
        digits += isdigit((unsigned char)value[i]) != 0;
        stars += value[i] == '*' || value[i] == 'x' || value[i] == '.';
    }
    return size == 0 || stars == size || (digits == size && secrecy != SECRET) || value[0] == '%';
}

static bool is_value_end(char c)
{
    return c == '\0' || strchr(" \t\r\n,;&)]}\"'`<>|\\", c) != NULL;
}

static size_t quoted_end(const struct scan *scan, size_t at, char quote, bool escaped)
{
    for (; at < scan->size; at++) {
        if (scan->text[at] == '\\' && !escaped && quote != '`')
            at++;
        else if (scan->text[at] == quote)
            return escaped && scan->text[at - 1] == '\\' ? at - 1 : at;
    }
    return scan->size;
}

static size_t bracket_end(const struct scan *scan, size_t at)
{
    enum { LONGEST = 1 << 16 };
    int depth = 0;
    for (size_t i = at; i < scan->size && i - at < LONGEST; i++) {
        char c = scan->text[i];
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        if (depth == 0)
            return i;
    }
    return scan->size;
}

static size_t line_end(const struct scan *scan, size_t at)
{
    while (at < scan->size && !strchr("\r\n\"", scan->text[at]) && scan->text[at] != '\\')
        at++;
    return at;
}

/** The extent of the value behind a name; false for what is none. */
static bool find_value(const struct scan *scan, const struct pair *pair, enum secrecy secrecy,
                       size_t *start, size_t *end)
{
    size_t at = pair->value;
    if (at >= scan->size)
        return false;
    char c = scan->text[at];
    bool escaped = c == '\\' && at + 1 < scan->size && scan->text[at + 1] == '"';
    if (escaped)
        c = scan->text[++at];
    bool quoted = c && strchr("\"'`", c);
    if (quoted) {
        *start = at + 1;
        *end = quoted_end(scan, at + 1, c, escaped);
        return *end > *start && !is_redacted(scan->text + *start, *end - *start);
    }
    if (scan->kind == REDACTION_SOURCE)
        return false;
    *start = at;
    if (is_header(scan, pair)) {
        *end = c == '[' ? bracket_end(scan, at) : line_end(scan, at);
        *start += c == '[';
        return *end > *start;
    }
    if (c == '[' || c == '{') {
        *start = at + 1;
        *end = bracket_end(scan, at);
        return *end > *start;
    }
    *end = at;
    while (*end < scan->size && !is_value_end(scan->text[*end]))
        ++*end;
    if (is_nothing(scan->text + at, *end - at, secrecy))
        return false;
    // "invalid token: unexpected end": prose.
    bool prose = pair->separator == ':' && pair->blank && !pair->quoted_name;
    return !prose || looks_random(scan->text + at, *end - at);
}

static void scan_separator(struct scan *scan, size_t at)
{
    struct pair pair = {.separator = scan->text[at], .value = at + 1};
    // "==", "!=", "<=", "::", "://", ":="
    if (at + 1 < scan->size && strchr("=:", scan->text[at + 1]) && scan->text[at + 1])
        return;
    if (at > 0 && strchr("=!<>", scan->text[at - 1]) && scan->text[at - 1])
        return;
    if (pair.separator == ':' && at + 2 < scan->size && scan->text[at + 1] == '/' &&
        scan->text[at + 2] == '/')
        return;
    if (!find_name(scan, at, &pair))
        return;
    enum secrecy secrecy = secrecy_of(scan, &pair);
    if (secrecy == NOT_SECRET)
        return;
    while (pair.value < scan->size && pair.value - at < 3 && scan->text[pair.value] == ' ') {
        pair.value++;
        pair.blank = true;
    }
    size_t start = 0, end = 0;
    if (find_value(scan, &pair, secrecy, &start, &end))
        scan_mark(scan, start, end, secrecy);
}

/** "--password x": a flag whose value stands behind a blank. */
static void scan_flag(struct scan *scan, size_t at)
{
    size_t start = at;
    while (start < scan->size && scan->text[start] == '-' && start - at < 2)
        start++;
    size_t end = start;
    while (end < scan->size && is_name_byte(scan->text[end]))
        end++;
    if (end == start || end + 1 >= scan->size || scan->text[end] != ' ' ||
        scan->text[end + 1] == '-')
        return;
    enum secrecy secrecy = redaction_name(scan->redaction, scan->text + start, end - start);
    size_t value = end + 1, value_end = value;
    while (value_end < scan->size && !isspace((unsigned char)scan->text[value_end]))
        value_end++;
    if (secrecy != NOT_SECRET && !is_nothing(scan->text + value, value_end - value, secrecy))
        scan_mark(scan, value, value_end, SECRET);
}

void scan_pairs(struct scan *scan)
{
    for (size_t i = 0; i < scan->size; i++) {
        char c = scan->text[i];
        if (c == '=' || c == ':')
            scan_separator(scan, i);
        else if (c == '-' && scan->kind != REDACTION_SOURCE &&
                 (i == 0 || isspace((unsigned char)scan->text[i - 1])))
            scan_flag(scan, i);
    }
}
