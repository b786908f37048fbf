// SPDX-License-Identifier: MIT
#include "expression_internal.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/*
 * What a name means: a variable of the frame, of its package, a predeclared name, a type, at last a
 * package, of which then something is selected.
 */

/** "example.com/shop/db.(*Conn).Ping" → "example.com/shop/db", as DWARF writes it. */
static const char *package_of(struct arena *arena, const char *function)
{
    const char *end = function + strcspn(function, "[("), *slash = function;
    for (const char *at = function; at < end; at++)
        if (*at == '/')
            slash = at;
    const char *dot = strchr(slash, '.');
    if (!dot || dot > end)
        return NULL;
    AUTO_TEXT text = {0};
    for (const char *at = function; at < dot; at++) {
        if (strncmp(at, "%2e", 3) == 0) { // the linker's escape of a dot in the last element
            buffer_putc(&text, '.');
            at += 2;
        } else {
            buffer_putc(&text, *at);
        }
    }
    return arena_string(arena, buffer_text(&text));
}

void evaluation_init(struct evaluation *eval, const struct expression_scope *scope,
                     struct arena *arena, const char *text)
{
    *eval = (struct evaluation){
        .reader = scope->reader, .arena = arena, .frame = scope->frame, .text = text};
    if (scope->frame && scope->frame->function)
        eval->package = package_of(arena, scope->frame->function);
}

/** Names of types that are another package's: aliases leave no trace in the program. */
static const struct {
    const char *alias, *name;
} type_aliases[] = {
    {"os.PathError", "io/fs.PathError"}, // Go 1.16
    {"os.FileInfo", "io/fs.FileInfo"},
    {"os.FileMode", "io/fs.FileMode"},
    {"os.DirEntry", "io/fs.DirEntry"},
};

static struct error *find_named_type(struct evaluation *eval, const char *name,
                                     struct go_type **out)
{
    struct go_type *basic = basic_type_named(name);
    if (basic) {
        *out = basic;
        return NULL;
    }
    if (!eval->reader->program)
        return error_new(ERROR_NOT_FOUND, "no type is called %s", name);
    struct error *err = type_by_name(eval->reader->types, name, out);
    for (size_t i = 0; err && i < COUNT_OF(type_aliases); i++) {
        if (strcmp(type_aliases[i].alias, name) != 0)
            continue;
        error_free(err);
        err = type_by_name(eval->reader->types, type_aliases[i].name, out);
    }
    return err;
}

static bool is_type_word(const char *word, size_t size)
{
    static const char *const words[] = {"chan", "func", "struct", "interface",
                                        "map",  "any",  "error",  "comparable"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i]) == size && memcmp(words[i], word, size) == 0)
            return true;
    char name[16];
    if (size >= sizeof name)
        return false;
    memcpy(name, word, size);
    name[size] = '\0';
    return basic_type_named(name) != NULL;
}

/** A type's text with the frame's package in front of names that have none, or without. */
static void qualify(const struct evaluation *eval, const char *text, bool own, struct buffer *out)
{
    for (; *text; text++) {
        if (*text != TYPE_OWN_MARK) {
            buffer_putc(out, *text);
            continue;
        }
        size_t size = strcspn(text + 1, " .*[](){},\1");
        if (own && eval->package && !is_type_word(text + 1, size))
            buffer_printf(out, "%s.", eval->package);
    }
}

/** How a type's text begins that can be put together from another type. */
struct type_prefix {
    enum go_kind kind;
    uint64_t length;
};

/** Takes *, [] or [N] off the start of a type's text. @return its size, 0: there is none */
static size_t take_prefix(const char *text, struct type_prefix *out)
{
    if (text[0] == '*') {
        out->kind = GO_POINTER;
        return 1;
    }
    if (text[0] != '[')
        return 0;
    char *end;
    out->kind = text[1] == ']' ? GO_SLICE : GO_ARRAY;
    out->length = strtoull(text + 1, &end, 10);
    return *end == ']' && out->length >> 32 == 0 ? (size_t)(end + 1 - text) : 0;
}

/** A type that the program may not describe itself: pointers, slices and arrays of one that it
 * does. */
static struct error *build_type(struct evaluation *eval, const char *text, struct go_type **out)
{
    struct type_prefix prefixes[LIMIT_TYPE_DEPTH];
    size_t count = 0;
    struct error *err = find_named_type(eval, text, out);
    while (err && count < LIMIT_TYPE_DEPTH) {
        size_t size = take_prefix(text, &prefixes[count]);
        if (size == 0)
            return err;
        error_free(err);
        count++;
        text += size;
        err = find_named_type(eval, text, out);
    }
    if (err)
        return err;
    while (count-- > 0) {
        err = type_resolve(eval->reader->types, *out);
        if (err)
            return err;
        if (prefixes[count].kind == GO_POINTER)
            *out = pointer_type(eval, *out);
        else if (prefixes[count].kind == GO_SLICE)
            *out = slice_type(eval, *out);
        else if ((*out)->size && prefixes[count].length > LIMIT_TYPE_SIZE / (*out)->size)
            return error_new(ERROR_LIMIT, "an array type of that size");
        else
            *out = array_type(eval, *out, prefixes[count].length);
    }
    return NULL;
}

struct error *type_of_text(struct evaluation *eval, size_t offset, const char *text,
                           struct go_type **out)
{
    AUTO_TEXT own = {0};
    AUTO_TEXT plain = {0};
    qualify(eval, text, true, &own);
    qualify(eval, text, false, &plain);
    struct error *err = build_type(eval, buffer_text(&own), out);
    if (err && strcmp(buffer_text(&own), buffer_text(&plain)) != 0) {
        struct error *again = build_type(eval, buffer_text(&plain), out);
        if (again) {
            error_free(again);
        } else {
            error_free(err);
            err = NULL;
        }
    }
    if (!err)
        return resolve_at(eval, offset, *out);
    struct error *placed = error_new_at(offset, "%s", error_message(err));
    error_free(err);
    return placed;
}

/** Whether a name without a package is a variable's, of the frame or of its package. */
static bool is_variable(struct evaluation *eval, const char *name)
{
    const struct step step = {.name = name};
    struct operand ignored;
    bool found = false;
    struct error *err = frame_names_find(eval, &step, &found, &ignored);
    if (!err && !found && eval->package)
        err = package_global(eval, 0, eval->package, name, &found, &ignored);
    bool is_one = err || found; // one that cannot be read is one
    error_ignore(err);          // it is asked again when its turn comes
    return is_one;
}

bool names_a_generic(void *context, const char *base, const char *text)
{
    struct evaluation *eval = context;
    AUTO_TEXT first = {0};
    base += *base == TYPE_OWN_MARK;
    buffer_append(&first, base, strcspn(base, "."));
    // A variable hides a package of its name; a package's path is no name.
    if (!strchr(base, '/') && is_variable(eval, buffer_text(&first)))
        return false;
    struct go_type *type;
    struct error *err = type_of_text(eval, 0, text, &type);
    bool is_type = !err;
    error_ignore(err); // then it is an index
    return is_type;
}

static struct operand operand_of_type(size_t offset, struct go_type *type)
{
    return (struct operand){.kind = OPERAND_TYPE, .offset = offset, .type = type};
}

static bool find_predeclared(const struct step *step, struct operand *out)
{
    struct go_type *basic = basic_type_named(step->name);
    bool is_true = strcmp(step->name, "true") == 0;
    if (is_true || strcmp(step->name, "false") == 0) {
        struct constant constant = constant_bool(is_true);
        *out = operand_constant(step->offset, &constant);
    } else if (strcmp(step->name, "nil") == 0) {
        *out = (struct operand){.kind = OPERAND_NIL, .offset = step->offset};
    } else if (is_builtin(step->name)) {
        *out =
            (struct operand){.kind = OPERAND_BUILTIN, .offset = step->offset, .name = step->name};
    } else if (basic) {
        *out = operand_of_type(step->offset, basic);
    } else {
        return false;
    }
    return true;
}

struct error *name_lookup(struct evaluation *eval, const struct step *step, struct operand *out)
{
    bool found = false;
    if (step->kind == STEP_NAME) {
        struct error *err = frame_names_find(eval, step, &found, out);
        if (!err && !found && eval->package)
            err = package_value(eval, step->offset, eval->package, step->name, &found, out);
        if (err || found || find_predeclared(step, out))
            return err;
        const char *text = arena_printf(eval->arena, "%c%s", TYPE_OWN_MARK, step->name);
        struct go_type *type = NULL;
        err = type_of_text(eval, step->offset, text, &type);
        if (!err) {
            *out = operand_of_type(step->offset, type);
            return NULL;
        }
        error_ignore(err); // then it is a package, or nothing
    }
    *out = (struct operand){.kind = OPERAND_PACKAGE, .offset = step->offset, .name = step->name};
    return NULL;
}

struct error *name_unknown(struct evaluation *eval, const struct operand *operand)
{
    if (operand->kind != OPERAND_PACKAGE)
        return error_new_at(operand->offset, "a value is wanted here");
    if (!eval->frame || !eval->frame->function)
        return error_new_at(operand->offset, "there is no variable %s", operand->name);
    return error_new_at(operand->offset, "there is no variable %s in %s (%s)", operand->name,
                        eval->frame->function, frame_names_list(eval));
}
