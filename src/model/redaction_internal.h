// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "base/table.h"
#include "model/redaction.h"

#include <regex.h>

/** How much a name says about what goes under it. */
enum secrecy {
    NOT_SECRET,
    MAYBE_SECRET, ///< a token, a cookie: parsers and pagers have tokens too
    SECRET,       ///< a password, a private key …
};

enum {
    WINDOW = 8,       ///< bytes in a row that tell one secret from any other text
    SHORTEST = 6,     ///< bytes of a secret that is looked for elsewhere
    SHORTEST_CUT = 4, ///< of its beginning, where a text was cut
};

/** A secret too short for a window: found as a whole word. */
struct short_secret {
    char bytes[WINDOW];
    size_t size;
};

struct redaction {
    struct table *seen;    ///< hashes of what was learnt
    struct table *windows; ///< every WINDOW bytes in a row of every secret, as a number
    struct table *heads;   ///< the first SHORTEST_CUT to WINDOW - 1 bytes of each, with their count
    struct short_secret *shorts;
    size_t short_count, short_capacity;
    regex_t *patterns;
    size_t pattern_count, pattern_capacity;
    bool full;
};

/** A text that is looked through. */
struct scan {
    struct redaction *redaction;
    const char *text;
    size_t size;
    enum redaction_text kind;
    unsigned char *mask; ///< size; 1: to be hidden
    bool found;
};

/* redaction.c */

/** Hides [start, end) and remembers it as a secret of its own. */
void scan_mark(struct scan *scan, size_t start, size_t end, enum secrecy secrecy);
/** Hides it here alone. */
void scan_hide(struct scan *scan, size_t start, size_t end);

/** Remembers a secret, with the forms in which it may turn up. */
void redaction_learn(struct redaction *redaction, const char *bytes, size_t size,
                     enum secrecy secrecy);

/** Looks through a text; out->mask is the caller's to free, NULL where nothing was found. */
void redaction_scan(struct redaction *redaction, const char *bytes, size_t size,
                    enum redaction_text kind, struct scan *out);

/** Appends a text with what is masked in it written as "<redacted 24 bytes>". */
void redaction_write(struct buffer *out, const struct scan *scan);

/* redaction_names.c */

/** What a name, of any case and with any separators, says. */
enum secrecy name_secrecy(const char *name, size_t size);
/** The same, and what the user added. */
enum secrecy redaction_name(const struct redaction *redaction, const char *name, size_t size);
/** Whether a field of something secret is none itself: the user name of credentials. */
bool name_is_beside_secret(const char *name);

/* redaction_looks.c */

/** Marks what looks like a key, a token, a private key in PEM, a password in a URL or DSN. */
void scan_looks(struct scan *scan);

/** Whether a text is one AWS access key id, and whether it has the form of its secret. */
bool is_aws_id(const char *text, size_t size);
bool is_aws_secret(const char *text, size_t size);

/* redaction_pairs.c */

/** Marks the values of secret names: DB_PASSWORD=x, "token": "x", --password x, ?sig=x. */
void scan_pairs(struct scan *scan);

/** Whether a text of so many bytes may be a secret although its name promises little. */
bool looks_random(const char *text, size_t size);
