// SPDX-License-Identifier: MIT
#include "redaction_internal.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST_NAME = 128, MOST_WORDS = 16, LONGEST_WORD = 32 };

/** A name's words in lower case: "dbAPIKeys_v2" → db, api, key, v. */
struct words {
    char items[MOST_WORDS][LONGEST_WORD];
    size_t count;
};

static bool is_in(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (word[0] == list[i][0] && strcmp(word, list[i]) == 0)
            return true;
    return false;
}
#define IS_IN(word, list) is_in((word), (list), COUNT_OF(list))

static bool ends_in(const char *word, const char *const *list, size_t count)
{
    size_t size = strlen(word);
    for (size_t i = 0; i < count; i++) {
        size_t wanted = strlen(list[i]);
        if (size >= wanted && strcmp(word + size - wanted, list[i]) == 0)
            return true;
    }
    return false;
}

/** A new word begins at an upper-case letter behind a lower one, or in front of one: DBPassword. */
static bool begins_word(const char *name, size_t size, size_t i)
{
    if (i == 0 || !isupper((unsigned char)name[i]))
        return false;
    return !isupper((unsigned char)name[i - 1]) ||
           (i + 1 < size && islower((unsigned char)name[i + 1]) &&
            !(name[i + 1] == 's' && (i + 2 == size || !islower((unsigned char)name[i + 2]))));
}

static void end_word(struct words *words, size_t *length)
{
    if (*length && words->count < MOST_WORDS)
        words->items[words->count++][*length] = '\0';
    *length = 0;
}

static void split(const char *name, size_t size, struct words *words)
{
    size_t length = 0;
    for (size_t i = 0; i < size && i < LONGEST_NAME; i++) {
        if (begins_word(name, size, i))
            end_word(words, &length);
        if (!isalpha((unsigned char)name[i]))
            end_word(words, &length);
        else if (words->count < MOST_WORDS && length + 1 < LONGEST_WORD)
            words->items[words->count][length++] = (char)tolower((unsigned char)name[i]);
    }
    end_word(words, &length);
}

/** What a secret word becomes no secret by: "token count", "cookie jar", "password policy". */
static bool is_about(const char *word)
{
    static const char *const about[] = {
        "count",    "counts",    "counter",  "len",       "length",    "size",     "sizes",
        "num",      "number",    "type",     "kind",      "name",      "names",    "url",
        "uri",      "endpoint",  "path",     "paths",     "file",      "filename", "dir",
        "expiry",   "expires",   "expired",  "expire",    "ttl",       "timeout",  "age",
        "at",       "time",      "date",     "deadline",  "duration",  "index",    "idx",
        "pos",      "position",  "offset",   "limit",     "limits",    "limiter",  "max",
        "min",      "policy",    "policies", "enabled",   "disabled",  "required", "valid",
        "ok",       "err",       "error",    "errors",    "func",      "fn",       "handler",
        "store",    "manager",   "provider", "source",    "service",   "server",   "bucket",
        "buckets",  "jar",       "parser",   "reader",    "writer",    "scanner",  "stream",
        "gen",      "generator", "factory",  "validator", "verifier",  "checker",  "regexp",
        "regex",    "pattern",   "field",    "fields",    "column",    "label",    "mu",
        "mutex",    "lock",      "once",     "wg",        "ch",        "chan",     "domain",
        "scope",    "scopes",    "usage",    "used",      "version",   "status",   "state",
        "rate",     "per",       "id",       "ids",       "budget",    "hint",     "prompt",
        "strength", "changed",   "issuer",   "audience",  "algorithm", "alg",      "ref",
        "mode",     "reset",     "window",   "format",    "refreshed",
    };
    return IS_IN(word, about);
}

static enum secrecy word_secrecy(const char *word)
{
    static const char *const strong[] = {
        "passphrase", "authorization", "credential", "credentials", "creds",     "secrets",
        "passwords",  "privatekey",    "apikey",     "apikeys",     "secretkey", "accesskey",
        "authkey",    "signingkey",    "privkey",    "passphrases"};
    static const char *const strong_ends[] = {"password", "passwd", "secret"};
    static const char *const weak[] = {"cookie", "cookies", "jwt", "tokens"};
    static const char *const weak_ends[] = {"token"};
    if (IS_IN(word, strong) || ends_in(word, strong_ends, COUNT_OF(strong_ends)))
        return SECRET;
    return IS_IN(word, weak) || ends_in(word, weak_ends, COUNT_OF(weak_ends)) ? MAYBE_SECRET
                                                                              : NOT_SECRET;
}

/** "api key", "private keys": two words that make a secret. */
static bool is_key(const struct words *words, size_t i)
{
    static const char *const kinds[] = {"api",     "private",    "secret",  "access", "signing",
                                        "auth",    "encryption", "master",  "hmac",   "aes",
                                        "account", "deploy",     "license", "priv"};
    static const char *const keys[] = {"key", "keys"};
    return i > 0 && IS_IN(words->items[i], keys) && IS_IN(words->items[i - 1], kinds);
}

/** "db pass", "user pwd": as a word of its own either means something else. */
static bool is_short_for_password(const struct words *words, size_t i)
{
    static const char *const shorts[] = {"pass", "pwd", "pw"};
    static const char *const old[] = {"old",    "first",  "second", "last",    "one", "two",
                                      "by",     "single", "multi",  "current", "per", "each",
                                      "test",   "low",    "high",   "band",    "all", "sub",
                                      "render", "did",    "num"};
    return i > 0 && i + 1 == words->count && IS_IN(words->items[i], shorts) &&
           !IS_IN(words->items[i - 1], old);
}

bool name_is_beside_secret(const char *name)
{
    static const char *const beside[] = {"user",  "username", "login",   "email",
                                         "host",  "region",   "subject", "sub",
                                         "realm", "service",  "account"};
    struct words words = {0};
    split(name, strlen(name), &words);
    return words.count &&
           (IS_IN(words.items[words.count - 1], beside) || is_about(words.items[words.count - 1]));
}

enum secrecy name_secrecy(const char *name, size_t size)
{
    struct words words = {0};
    split(name, size, &words);
    enum secrecy result = NOT_SECRET;
    for (size_t i = 0; i < words.count; i++) {
        enum secrecy own = word_secrecy(words.items[i]);
        if (is_key(&words, i) || is_short_for_password(&words, i))
            own = SECRET;
        if (strcmp(words.items[i], "pgpass") == 0)
            own = SECRET;
        if (words.count == 1 && strcmp(words.items[0], "pass") == 0)
            own = MAYBE_SECRET;
        if (own > result)
            result = own;
        else if (result != NOT_SECRET && is_about(words.items[i]))
            result = NOT_SECRET; // what follows may name one anew: "token file password"
    }
    return result;
}

enum secrecy redaction_name(const struct redaction *redaction, const char *name, size_t size)
{
    enum secrecy secrecy = name_secrecy(name, size);
    regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)size};
    for (size_t i = 0; i < redaction->pattern_count && secrecy != SECRET; i++)
        if (regexec(&redaction->patterns[i], name, 1, &range, REG_STARTEND) == 0)
            secrecy = SECRET;
        else
            range = (regmatch_t){.rm_so = 0, .rm_eo = (regoff_t)size};
    return secrecy;
}
