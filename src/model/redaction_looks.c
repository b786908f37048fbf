// SPDX-License-Identifier: MIT
#include "redaction_internal.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST_USERINFO = 512, AWS_SECRET_SIZE = 40, AWS_ID_SIZE = 20 };

/** Characters that a key may have behind its first ones. */
enum alphabet { ALNUM, UPPER, HEX, WORD, DASHED, DOTTED };

/** Keys of services begin with words of their own, of two characters at least. */
static const struct key_look {
    const char *start;
    enum alphabet alphabet;
    size_t least, most; ///< characters behind start; most 0: any number
} key_looks[] = {
    {"AKIA", UPPER, 16, 16},
    {"ASIA", UPPER, 16, 16},
    {"AIza", DASHED, 30, 40},
    {"ghp_", ALNUM, 20, 0},
    {"gho_", ALNUM, 20, 0},
    {"ghu_", ALNUM, 20, 0},
    {"ghs_", ALNUM, 20, 0},
    {"ghr_", ALNUM, 20, 0},
    {"github_pat_", WORD, 20, 0},
    {"glpat-", DOTTED, 16, 0},
    {"gldt-", DASHED, 16, 0},
    {"glrt-", DASHED, 16, 0},
    {"glptt-", DASHED, 16, 0},
    {"glcbt-", DASHED, 16, 0},
    {"xoxa-", DASHED, 10, 0},
    {"xoxb-", DASHED, 10, 0},
    {"xoxp-", DASHED, 10, 0},
    {"xoxr-", DASHED, 10, 0},
    {"xoxs-", DASHED, 10, 0},
    {"xoxe-", DASHED, 10, 0},
    {"xoxe.", DOTTED, 10, 0},
    {"xapp-", DASHED, 10, 0},
    {"sk_live_", ALNUM, 10, 0},
    {"rk_live_", ALNUM, 10, 0},
    {"sk_test_", ALNUM, 10, 0},
    {"rk_test_", ALNUM, 10, 0},
    {"whsec_", WORD, 16, 0},
    {"npm_", ALNUM, 30, 0},
    {"SG.", DOTTED, 40, 0},
    {"SK", HEX, 32, 32},
    {"dop_v1_", HEX, 40, 0},
    {"hf_", ALNUM, 30, 0},
    {"sk-ant-", DASHED, 20, 0},
    {"sk-proj-", DASHED, 20, 0},
    {"sk-", ALNUM, 32, 0},
    {"shpat_", HEX, 32, 0},
    {"shpss_", HEX, 32, 0},
    {"ya29.", DASHED, 20, 0},
    {"pypi-", DASHED, 40, 0},
    {"hvs.", DASHED, 20, 0},
    {"hvb.", DASHED, 20, 0},
    {"GOCSPX-", DASHED, 20, 0},
    {"xkeysib-", DASHED, 40, 0},
    {"key-", HEX, 32, 32},
    {"dapi", HEX, 32, 32},
    {"glsa_", WORD, 30, 0},
    {"NRAK-", UPPER, 20, 0},
    {"rubygems_", HEX, 40, 0},
    {"sq0csp-", DASHED, 30, 0},
    {"sq0atp-", DASHED, 20, 0},
    {"EAAAE", DASHED, 50, 0},
    {"lin_api_", ALNUM, 30, 0},
    {"PMAK-", DASHED, 30, 0},
    {"dckr_pat_", DASHED, 20, 0},
    {"AGE-SECRET-KEY-1", UPPER, 50, 0},
};

static bool is_of(enum alphabet alphabet, char c)
{
    bool digit = c >= '0' && c <= '9';
    bool alnum = isalnum((unsigned char)c) && !((unsigned char)c & 0x80);
    switch (alphabet) {
    case ALNUM:
        return alnum;
    case UPPER:
        return digit || (c >= 'A' && c <= 'Z');
    case HEX:
        return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    case WORD:
        return alnum || c == '_';
    case DASHED:
        return alnum || c == '_' || c == '-';
    case DOTTED:
        return alnum || c == '_' || c == '-' || c == '.';
    }
    return false;
}

static bool begins(const struct scan *scan, size_t at, const char *word)
{
    size_t size = strlen(word);
    return scan->size - at >= size && memcmp(scan->text + at, word, size) == 0;
}

static bool begins_any_case(const struct scan *scan, size_t at, const char *word)
{
    size_t size = strlen(word);
    return scan->size - at >= size && strncasecmp(scan->text + at, word, size) == 0;
}

static size_t run_end(const struct scan *scan, size_t at, enum alphabet alphabet)
{
    while (at < scan->size && is_of(alphabet, scan->text[at]))
        at++;
    return at;
}

/** Whether a text was cut inside of what ends here. */
static bool is_cut_at(const struct scan *scan, size_t end)
{
    return scan->kind == REDACTION_CUT && end == scan->size;
}

static void scan_key(struct scan *scan, size_t at)
{
    for (size_t i = 0; i < COUNT_OF(key_looks); i++) {
        const struct key_look *look = &key_looks[i];
        // before a call: a text of megabytes is asked at each of its words
        bool same = at + 1 < scan->size && scan->text[at] == look->start[0] &&
                    scan->text[at + 1] == look->start[1];
        if (!same || !begins(scan, at, look->start))
            continue;
        size_t start = at + strlen(look->start), end = run_end(scan, start, look->alphabet);
        size_t size = end - start;
        bool enough = size >= look->least && (!look->most || size <= look->most);
        if (enough || (is_cut_at(scan, end) && strlen(look->start) >= 4))
            scan_mark(scan, at, end, SECRET);
    }
}

/** A JSON web token: three parts in base64, of which the first is an object: {" is eyJ. */
static void scan_jwt(struct scan *scan, size_t at)
{
    enum { SHORTEST_HEADER = 10, SHORTEST_BODY = 4 };
    if (!begins(scan, at, "eyJ"))
        return;
    size_t header = run_end(scan, at, DASHED);
    bool cut = is_cut_at(scan, header);
    if (header - at < SHORTEST_HEADER && !cut)
        return;
    if (!cut && (header >= scan->size || scan->text[header] != '.'))
        return;
    size_t end = cut ? header : run_end(scan, header + 1, DOTTED);
    if (end - header > SHORTEST_BODY || is_cut_at(scan, end))
        scan_mark(scan, at, end, SECRET);
}

static bool is_token_byte(char c)
{
    return is_of(DOTTED, c) || (c && strchr("~+/=", c));
}

static int base64_digit(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    const char *place = c ? strchr(alphabet, c) : NULL;
    if (!place)
        return -1;
    int digit = (int)(place - alphabet);
    return digit < 64 ? digit : digit - 2;
}

/** user:password in base64, as it stands in a header and in configurations: text with a colon. */
static bool is_basic(const char *text, size_t size)
{
    unsigned bits = 0, value = 0;
    bool colon = false;
    for (size_t i = 0; i < size && text[i] != '='; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0)
            return false;
        value = value << 6 | (unsigned)digit;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        unsigned byte = value >> bits & 0xff;
        if (byte <= 0x20 || byte >= 0x7f)
            return false;
        colon |= byte == ':';
    }
    return colon;
}

/** The same where nothing in front of it says what it is. */
static void scan_basic(struct scan *scan, size_t at)
{
    enum { SHORTEST_BASIC = 16 };
    size_t end = at;
    while (end < scan->size && base64_digit(scan->text[end]) >= 0)
        end++;
    if (end - at >= SHORTEST_BASIC && is_basic(scan->text + at, end - at))
        scan_mark(scan, at, end, SECRET);
}

/** "Bearer x", "Basic x". */
static void scan_scheme(struct scan *scan, size_t at)
{
    enum { SHORTEST_TOKEN = 8, LONG = 20 };
    bool bearer = begins_any_case(scan, at, "bearer "), basic = begins(scan, at, "Basic ");
    if (!bearer && !basic)
        return;
    size_t start = at + (bearer ? strlen("bearer ") : strlen("Basic ")), end = start;
    bool digit = false;
    for (; end < scan->size && is_token_byte(scan->text[end]); end++)
        digit |= isdigit((unsigned char)scan->text[end]) != 0;
    size_t size = end - start;
    if (bearer && size >= SHORTEST_TOKEN && (digit || size >= LONG || is_cut_at(scan, end)))
        scan_mark(scan, start, end, SECRET);
    if (basic && size >= SHORTEST_TOKEN && is_basic(scan->text + start, size))
        scan_mark(scan, start, end, SECRET);
}

/** A private key from its first line to its last, or to where the text ends. */
static void scan_pem(struct scan *scan, size_t at)
{
    static const char begin[] = "-----BEGIN ", end_mark[] = "-----END ", dashes[] = "-----";
    enum { LONGEST_LABEL = 40 };
    if (!begins(scan, at, begin))
        return;
    size_t label = at + sizeof begin - 1, size = 0;
    while (label + size < scan->size && size < LONGEST_LABEL && scan->text[label + size] != '-')
        size++;
    bool cut = label + size == scan->size;
    const char *key = memmem(scan->text + label, size, "PRIVATE KEY", strlen("PRIVATE KEY"));
    if (!key && !cut)
        return;
    const char *from = scan->text + label + size;
    const char *end =
        memmem(from, (size_t)(scan->text + scan->size - from), end_mark, sizeof end_mark - 1);
    if (end) {
        const char *behind = end + sizeof end_mark - 1;
        const char *last =
            memmem(behind, (size_t)(scan->text + scan->size - behind), dashes, sizeof dashes - 1);
        end = last ? last + sizeof dashes - 1 : scan->text + scan->size;
    } else {
        end = scan->text + scan->size;
    }
    scan_hide(scan, at, (size_t)(end - scan->text));
    // Its first and last line are no secrets: other keys have the same.
    const char *body = memmem(from, (size_t)(end - from), dashes, sizeof dashes - 1);
    size_t start = body ? (size_t)(body - scan->text) + sizeof dashes - 1 : label + size;
    const char *tail = memmem(scan->text + start, (size_t)(end - scan->text) - start, end_mark,
                              sizeof end_mark - 1);
    size_t stop = (size_t)((tail ? tail : end) - scan->text);
    if (stop > start)
        redaction_learn(scan->redaction, scan->text + start, stop - start, SECRET);
}

static bool is_url_end(char c)
{
    return c == '\0' || strchr("/?#\"'`<>\\ \t\r\n", c) != NULL;
}

/** Userinfo: the password of user:password@, or a key that stands alone in front of the @. */
static void scan_userinfo(struct scan *scan, size_t at)
{
    if (!begins(scan, at, "://"))
        return;
    size_t start = at + 3, end = start, host = 0, colon = 0;
    for (; end < scan->size && end - start < LONGEST_USERINFO && !is_url_end(scan->text[end]);
         end++) {
        if (scan->text[end] == '@')
            host = end;
        if (scan->text[end] == ':' && !colon && !host)
            colon = end + 1;
    }
    if (host && colon && colon <= host)
        scan_mark(scan, colon, host, SECRET);
    else if (host && looks_random(scan->text + start, host - start))
        scan_mark(scan, start, host, SECRET);
    else if (!host && colon && is_cut_at(scan, end) && !isdigit((unsigned char)scan->text[colon]))
        scan_hide(scan, colon, end); // "postgres://app:hunt": cut before the @
}

/** user:password@tcp(host)/db: what Go's MySQL driver reads. */
static void scan_dsn(struct scan *scan, size_t at)
{
    if (scan->text[at] != '@')
        return;
    size_t net = at + 1;
    while (net < scan->size && isalnum((unsigned char)scan->text[net]))
        net++;
    if (net >= scan->size || scan->text[net] != '(')
        return;
    size_t start = at, colon = 0;
    while (start > 0 && at - start < LONGEST_USERINFO &&
           !strchr("\"'` \t\n=", scan->text[start - 1])) {
        start--;
        if (scan->text[start] == ':')
            colon = start + 1;
    }
    if (colon && colon < at)
        scan_mark(scan, colon, at, SECRET);
}

bool is_aws_id(const char *text, size_t size)
{
    if (size != AWS_ID_SIZE || (memcmp(text, "AKIA", 4) != 0 && memcmp(text, "ASIA", 4) != 0))
        return false;
    for (size_t i = 4; i < size; i++)
        if (!is_of(UPPER, text[i]))
            return false;
    return true;
}

bool is_aws_secret(const char *text, size_t size)
{
    bool upper = false, lower = false, digit = false;
    for (size_t i = 0; i < size; i++) {
        if (!is_of(ALNUM, text[i]) && text[i] != '/' && text[i] != '+')
            return false;
        upper |= isupper((unsigned char)text[i]) != 0;
        lower |= islower((unsigned char)text[i]) != 0;
        digit |= isdigit((unsigned char)text[i]) != 0;
    }
    return size == AWS_SECRET_SIZE && upper && lower && digit;
}

/** Beside an access key id stands its secret, which has no look of its own. */
static void scan_aws_secrets(struct scan *scan)
{
    for (size_t i = 0; i < scan->size; i++) {
        size_t end = i;
        while (end < scan->size &&
               (is_of(ALNUM, scan->text[end]) || scan->text[end] == '/' || scan->text[end] == '+'))
            end++;
        if (is_aws_secret(scan->text + i, end - i))
            scan_mark(scan, i, end, SECRET);
        i = end;
    }
}

void scan_looks(struct scan *scan)
{
    bool aws = false;
    for (size_t i = 0; i < scan->size; i++) {
        bool word = i == 0 || !is_of(WORD, scan->text[i - 1]);
        if (scan->text[i] == ':')
            scan_userinfo(scan, i);
        else if (scan->text[i] == '@')
            scan_dsn(scan, i);
        else if (scan->text[i] == '-')
            scan_pem(scan, i);
        if (!word || !isalpha((unsigned char)scan->text[i]))
            continue;
        scan_key(scan, i);
        scan_jwt(scan, i);
        scan_scheme(scan, i);
        scan_basic(scan, i);
        aws |= scan->size - i >= AWS_ID_SIZE && is_aws_id(scan->text + i, AWS_ID_SIZE);
    }
    if (aws)
        scan_aws_secrets(scan);
}
