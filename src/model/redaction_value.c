// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "redaction_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/** A value that is still to be looked at, and what the names above it say. */
struct visit {
    struct value *value;
    enum secrecy above;
};

/** One walk over a value; no recursion on input. */
struct value_walk {
    struct redaction *redaction;
    struct arena *arena; ///< NULL: secrets are remembered, nothing is hidden
    struct visit *items;
    size_t count, capacity;
};

static enum secrecy more(enum secrecy a, enum secrecy b)
{
    return a > b ? a : b;
}

static void push(struct value_walk *walk, struct value *value, enum secrecy above)
{
    ARRAY_PUSH(walk->items, walk->count, walk->capacity) =
        (struct visit){.value = value, .above = above};
}

/** "*shop.Password" → "Password". */
static const char *type_name(const struct value *value)
{
    const char *type = value->type ? value->type : "";
    if (strpbrk(type, "[({")) // composite types are not named for what is in them
        return "";
    const char *dot = strrchr(type, '.');
    return dot ? dot + 1 : "";
}

static bool is_text(const struct value *value)
{
    return value->kind == VALUE_STRING ||
           ((value->kind == VALUE_SLICE || value->kind == VALUE_ARRAY) && value->is_byte_text);
}

/** Elements that are numbers: bytes, runes, the words of a big number. */
static bool is_number_list(const struct value *value)
{
    if (value->kind != VALUE_SLICE && value->kind != VALUE_ARRAY)
        return false;
    for (size_t i = 0; i < value->child_count; i++)
        if (value->children[i]->kind != VALUE_INT && value->children[i]->kind != VALUE_UINT)
            return false;
    return value->child_count > 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), wanted = strlen(end);
    return size >= wanted && strcmp(text + size - wanted, end) == 0;
}

/** Whether the elements' own type says that they are bytes. */
static bool is_byte_list(const struct value *value)
{
    const char *type = value->type ? value->type : "";
    const char *element = value->child_count ? value->children[0]->type : NULL;
    return ends_with(type, "]uint8") || ends_with(type, "]byte") ||
           (element && (strcmp(element, "uint8") == 0 || strcmp(element, "byte") == 0));
}

/** The numbers of a list as bytes, as far as they are; the caller frees. */
static size_t list_bytes(const struct value *value, char **out)
{
    char *bytes = alloc_zeroed(value->child_count + 1, 1);
    size_t count = 0;
    for (; count < value->child_count && value->children[count]->bits <= UINT8_MAX; count++)
        bytes[count] = (char)value->children[count]->bits;
    *out = bytes;
    return count;
}

/** Leaves nothing of a value but its length. */
static void hide(struct value_walk *walk, struct value *value)
{
    if (!walk->arena)
        return;
    bool bytes = is_text(value) || is_byte_list(value);
    value->redacted = true;
    value->redacted_bytes = bytes ? value->length : 0;
    value->summary = NULL;
    value->bytes = NULL;
    value->bytes_size = 0;
    value->is_byte_text = false;
    value->child_count = value->entry_count = 0;
    value->wrap_count = 0;
    value->omitted = 0;
}

static const char *filter(struct value_walk *walk, const char *text)
{
    if (!text)
        return NULL;
    if (walk->arena)
        return redaction_text(walk->redaction, walk->arena, text, REDACTION_WHOLE);
    redaction_learn_text(walk->redaction, text, strlen(text));
    return text;
}

static void visit_text(struct value_walk *walk, struct value *value, enum secrecy secrecy)
{
    if (!value->bytes_size && !value->length)
        return;
    if (secrecy != NOT_SECRET) {
        redaction_learn(walk->redaction, value->bytes, value->bytes_size, secrecy);
        hide(walk, value);
        return;
    }
    struct scan scan;
    redaction_scan(walk->redaction, value->bytes, value->bytes_size,
                   value->omitted ? REDACTION_CUT : REDACTION_WHOLE, &scan);
    if (!scan.mask)
        return;
    bool whole = !memchr(scan.mask, 0, scan.size);
    if (whole) {
        hide(walk, value);
    } else if (walk->arena) {
        AUTO_TEXT text = {0};
        redaction_write(&text, &scan);
        value->bytes = arena_copy(walk->arena, buffer_text(&text), text.size);
        value->bytes_size = text.size;
        value->partly_redacted = true;
    }
    free(scan.mask);
}

static void visit_numbers(struct value_walk *walk, struct value *value, enum secrecy secrecy)
{
    AUTO_BUFFER char *bytes = NULL;
    size_t size = list_bytes(value, &bytes);
    if (secrecy == SECRET || (secrecy == MAYBE_SECRET && is_byte_list(value))) {
        redaction_learn(walk->redaction, bytes, size, secrecy);
        hide(walk, value);
        return;
    }
    struct scan scan;
    redaction_scan(walk->redaction, bytes, size, value->omitted ? REDACTION_CUT : REDACTION_WHOLE,
                   &scan);
    if (scan.mask)
        hide(walk, value);
    free(scan.mask);
}

/** Types whose words say something of their own, not what a program put into them. */
static bool says_no_content(const struct value *value)
{
    static const char *const packages[] = {"time.", "sync.", "context.", "net.", "netip.", "error"};
    const char *type = value->type ? value->type : "";
    type += type[0] == '*';
    for (size_t i = 0; i < COUNT_OF(packages); i++)
        if (strncmp(type, packages[i], strlen(packages[i])) == 0)
            return true;
    return value->wrap_count > 0 || ends_with(type, "Error") || ends_with(type, "errorString");
}

/** What a structure says of one of its fields by another: {Name: "API_KEY", Value: "x"}. */
static enum secrecy of_neighbours(const struct value_walk *walk, const struct value *value,
                                  bool *has_aws_id)
{
    enum secrecy secrecy = NOT_SECRET;
    for (size_t i = 0; i < value->child_count; i++) {
        const struct value *child = value->children[i];
        if (child->kind != VALUE_STRING || !child->bytes_size)
            continue;
        *has_aws_id |= is_aws_id(child->bytes, child->bytes_size);
        bool names = child->name &&
                     (strcasecmp(child->name, "name") == 0 || strcasecmp(child->name, "key") == 0 ||
                      strcasecmp(child->name, "header") == 0);
        if (names)
            secrecy =
                more(secrecy, redaction_name(walk->redaction, child->bytes, child->bytes_size));
    }
    return secrecy;
}

static bool is_content(const char *name)
{
    static const char *const names[] = {"value", "values", "raw", "data", "val"};
    for (size_t i = 0; name && i < COUNT_OF(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static void push_fields(struct value_walk *walk, struct value *value, enum secrecy secrecy)
{
    bool has_aws_id = false;
    const char *own = type_name(value);
    enum secrecy content =
        more(of_neighbours(walk, value, &has_aws_id), name_secrecy(own, strlen(own)));
    for (size_t i = 0; i < value->child_count; i++) {
        struct value *child = value->children[i];
        enum secrecy above = secrecy;
        if (above != NOT_SECRET && child->name && name_is_beside_secret(child->name))
            above = NOT_SECRET;
        if (is_content(child->name))
            above = more(above, content);
        if (has_aws_id && child->kind == VALUE_STRING &&
            is_aws_secret(child->bytes, child->bytes_size))
            above = SECRET;
        push(walk, child, above);
    }
}

/** Elements of a command line: the value of "--password" is the next one. */
static void push_elements(struct value_walk *walk, struct value *value, enum secrecy secrecy)
{
    enum secrecy of_flag = NOT_SECRET;
    for (size_t i = 0; i < value->child_count; i++) {
        struct value *child = value->children[i];
        push(walk, child, more(secrecy, of_flag));
        of_flag = NOT_SECRET;
        if (child->kind != VALUE_STRING || child->bytes_size < 2 || child->bytes[0] != '-' ||
            memchr(child->bytes, '=', child->bytes_size))
            continue;
        size_t dashes = child->bytes[1] == '-' ? 2 : 1;
        of_flag =
            redaction_name(walk->redaction, child->bytes + dashes, child->bytes_size - dashes);
    }
}

static void push_entries(struct value_walk *walk, struct value *value, enum secrecy secrecy)
{
    for (size_t i = 0; i < value->entry_count; i++) {
        const struct value_entry *entry = &value->entries[i];
        const struct value *key = entry->key;
        enum secrecy of_key = NOT_SECRET;
        bool text = key->kind == VALUE_STRING && key->bytes_size;
        if (key->kind == VALUE_INTERFACE && key->child_count &&
            key->children[0]->kind == VALUE_STRING && key->children[0]->bytes_size) {
            key = key->children[0];
            text = true;
        }
        if (text)
            of_key = redaction_name(walk->redaction, key->bytes, key->bytes_size);
        push(walk, entry->value, more(secrecy, of_key));
        // tokens[token]: what looks up a session is as good as the session.
        bool key_is_one = text && secrecy != NOT_SECRET && key->bytes_size >= 2 * (size_t)WINDOW &&
                          looks_random(key->bytes, key->bytes_size) &&
                          !memchr(key->bytes, '/', key->bytes_size);
        push(walk, entry->key, key_is_one ? secrecy : NOT_SECRET);
    }
}

static void visit(struct value_walk *walk, struct value *value, enum secrecy above)
{
    enum secrecy secrecy = above;
    if (value->name)
        secrecy = more(secrecy, redaction_name(walk->redaction, value->name, strlen(value->name)));
    if (walk->arena) {
        value->note = redaction_text(walk->redaction, walk->arena, value->note, REDACTION_WHOLE);
        value->unreadable =
            redaction_text(walk->redaction, walk->arena, value->unreadable, REDACTION_WHOLE);
    }
    if (value->redacted)
        return;
    if (value->summary && secrecy != NOT_SECRET && !says_no_content(value)) {
        redaction_learn(walk->redaction, value->summary, strlen(value->summary), secrecy);
        hide(walk, value);
        return;
    }
    value->summary = filter(walk, value->summary);
    const char *own = type_name(value);
    bool scalar = is_text(value) || is_number_list(value);
    if (scalar && *own)
        secrecy = more(secrecy, name_secrecy(own, strlen(own)));
    if (is_text(value))
        visit_text(walk, value, secrecy);
    else if (is_number_list(value))
        visit_numbers(walk, value, secrecy);
    else if (value->kind == VALUE_STRUCT)
        push_fields(walk, value, secrecy);
    else if (value->kind == VALUE_FUNC) // what it captured has names of its own
        for (size_t i = 0; i < value->child_count; i++)
            push(walk, value->children[i], NOT_SECRET);
    else
        push_elements(walk, value, secrecy);
    push_entries(walk, value, secrecy);
}

static void walk_value(struct redaction *redaction, struct arena *arena, struct value *value,
                       enum secrecy above)
{
    struct value_walk walk = {.redaction = redaction, .arena = arena};
    push(&walk, value, above);
    while (walk.count) {
        struct visit next = walk.items[--walk.count];
        if (next.value)
            visit(&walk, next.value, next.above);
    }
    free(walk.items);
}

void redaction_value(struct redaction *redaction, struct arena *arena, struct value *value)
{
    if (redaction && value)
        walk_value(redaction, arena, value, NOT_SECRET);
}

void redaction_values(struct redaction *redaction, struct arena *arena,
                      const struct value_list *values)
{
    // A secret may stand in front of the variable that tells that it is one.
    redaction_learn_values(redaction, values);
    for (size_t i = 0; redaction && i < values->count; i++)
        redaction_value(redaction, arena, values->items[i]);
}

void redaction_learn_value(struct redaction *redaction, const struct value *value)
{
    if (redaction && value)
        walk_value(redaction, NULL, (struct value *)value, NOT_SECRET); // nor changed
}

void redaction_learn_values(struct redaction *redaction, const struct value_list *values)
{
    for (size_t i = 0; redaction && i < values->count; i++)
        redaction_learn_value(redaction, values->items[i]);
}

/** The most that a name in an expression says: a piece of a password is one. */
static enum secrecy expression_secrecy(const struct redaction *redaction, const char *expression)
{
    enum secrecy secrecy = NOT_SECRET;
    for (const char *at = expression; *at;) {
        size_t size = 0;
        while (isalnum((unsigned char)at[size]) || at[size] == '_' || at[size] == '-')
            size++;
        if (size)
            secrecy = more(secrecy, redaction_name(redaction, at, size));
        at += size ? size : 1;
    }
    return secrecy;
}

/** A byte or character of a string. */
static bool is_piece(const struct value *value, const char *expression)
{
    const char *type = value->type ? value->type : "";
    static const char *const types[] = {"uint8", "byte", "int32", "rune"};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(type, types[i]) == 0)
            return strchr(expression, '[') != NULL;
    return false;
}

void redaction_result(struct redaction *redaction, struct arena *arena, const char *expression,
                      struct value *value)
{
    if (!redaction || !value)
        return;
    enum secrecy secrecy = expression_secrecy(redaction, expression);
    redaction_learn_value(redaction, value);
    walk_value(redaction, arena, value, secrecy);
    if (secrecy != NOT_SECRET && is_piece(value, expression)) {
        value->redacted = true;
        value->redacted_bytes = 1;
    }
}
