// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "type_name_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void package_list_clear(struct package_list *list)
{
    free(list->items);
    *list = (struct package_list){0};
}

/** "yaml" for "gopkg.in/yaml.v3", "jwt" for "example.com/jwt/v5": the usual name of a path. */
static const char *usual_name(const char *path, size_t size, size_t *name_size)
{
    size_t end = size, start;
    for (;;) {
        start = end;
        while (start && path[start - 1] != '/')
            start--;
        bool version = start && end - start >= 2 && path[start] == 'v';
        for (size_t i = start + 1; i < end && version; i++)
            version = isdigit((unsigned char)path[i]);
        if (!version)
            break;
        end = start - 1;
    }
    size_t dot = end;
    while (dot > start && isdigit((unsigned char)path[dot - 1]))
        dot--;
    if (dot < end && dot >= start + 3 && path[dot - 1] == 'v' && path[dot - 2] == '.')
        end = dot - 2;
    *name_size = end - start;
    return path + start;
}

void package_list_add(struct package_list *list, const char *path, const char *name)
{
    ARRAY_PUSH(list->items, list->count, list->capacity) =
        (struct package){path, name, false, false};
}

static int compare_packages(const void *a, const void *b)
{
    return strcmp(((const struct package *)a)->path, ((const struct package *)b)->path);
}

static void package_name(const struct package *package, const char **name, size_t *size)
{
    *name = package->name;
    if (*name)
        *size = strlen(*name);
    else
        *name = usual_name(package->path, strlen(package->path), size);
}

/**
 * The standard library's internal packages: internal/runtime/atomic is in every program, and would
 * make sync/atomic a name that two share. A standard path has no dot in its first element.
 */
static bool is_hidden(const char *path, const char *main_module)
{
    size_t module_size = main_module ? strlen(main_module) : 0;
    if (module_size && strncmp(path, main_module, module_size) == 0)
        return false;
    if (memchr(path, '.', strcspn(path, "/")))
        return false;
    size_t size = strlen(path);
    return strncmp(path, "internal/", 9) == 0 || strstr(path, "/internal/") ||
           (size > 9 && strcmp(path + size - 9, "/internal") == 0) ||
           strncmp(path, "vendor/", 7) == 0 || strncmp(path, "runtime/", 8) == 0;
}

/** math/rand/v2: it keeps its path, and leaves "rand" to math/rand. */
static bool is_standard_version(const char *path)
{
    const char *last = strrchr(path, '/');
    return last && last[1] == 'v' && isdigit((unsigned char)last[2]) &&
           !memchr(path, '.', strcspn(path, "/"));
}

static int compare_by_name(const void *a, const void *b)
{
    const char *x, *y;
    size_t x_size, y_size;
    package_name(*(struct package *const *)a, &x, &x_size);
    package_name(*(struct package *const *)b, &y, &y_size);
    int order = memcmp(x, y, x_size < y_size ? x_size : y_size);
    return order ? order : (x_size > y_size) - (x_size < y_size);
}

static void mark_shared(struct package_list *list)
{
    struct package **by_name = alloc_zeroed(list->count, sizeof(struct package *));
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].hidden)
            by_name[count++] = &list->items[i];
    qsort(by_name, count, sizeof(struct package *), compare_by_name);
    for (size_t first = 0, last; first < count; first = last) {
        size_t rivals = 0;
        for (last = first; last < count && !compare_by_name(&by_name[first], &by_name[last]);
             last++)
            rivals += !is_standard_version(by_name[last]->path);
        for (size_t i = first; i < last; i++)
            by_name[i]->shared =
                last - first > 1 && (rivals > 1 || is_standard_version(by_name[i]->path));
    }
    free(by_name);
}

void package_list_finish(struct package_list *list, const char *main_module)
{
    if (!list->count)
        return;
    qsort(list->items, list->count, sizeof *list->items, compare_packages);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++) {
        struct package *last = &list->items[kept - 1];
        if (strcmp(list->items[i].path, last->path) != 0)
            list->items[kept++] = list->items[i];
        else if (!last->name)
            last->name = list->items[i].name;
    }
    list->count = kept;
    for (size_t i = 0; i < list->count; i++)
        list->items[i].hidden = is_hidden(list->items[i].path, main_module);
    mark_shared(list);
}

static const struct package *find_package(const struct package_list *list, const char *path,
                                          size_t size)
{
    size_t first = 0, last = list->count;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        const char *other = list->items[middle].path;
        int order = strncmp(other, path, size);
        if (order == 0 && other[size])
            order = 1;
        if (order == 0)
            return &list->items[middle];
        if (order < 0)
            first = middle + 1;
        else
            last = middle;
    }
    return NULL;
}

static bool in_word(char c)
{
    return c && !strchr(" \t(){}[],;*<>\"`:", c);
}

/** A word of a type's name: "example.com/shop/db.Conn", "...string", "map", "chan", "User". */
struct word {
    const char *text;
    size_t size;
    size_t package_size; // of the path in front of the last dot; 0: none
};

static struct word next_word(const char *text)
{
    struct word word = {.text = text};
    while (in_word(text[word.size]))
        word.size++;
    for (size_t i = word.size; i > 1 && text[i - 1] != '/' && !word.package_size; i--)
        if (text[i - 1] == '.')
            word.package_size = i - 1;
    return word;
}

/** Bytes up to and with the bracket or quote that closes the one at text; all where none does. */
static size_t closed_size(const char *text)
{
    if (*text == '"' || *text == '`') {
        char quote = *text;
        size_t i = 1;
        while (text[i] && text[i] != quote)
            i += text[i] == '\\' && text[i + 1] ? 2 : 1;
        return i + (text[i] != 0);
    }
    size_t depth = 0, i = 0;
    do {
        depth += text[i] == '[';
        depth -= text[i] == ']';
        i++;
    } while (depth && text[i]);
    return i;
}

static bool names_shapes(const char *text, size_t size)
{
    return memmem(text, size, "go.shape.", 9) != NULL;
}

/** A generic's arguments at text, or nothing: those of "map" and of an array are types like others.
 */
static size_t arguments_size(const struct word *word, const char *text)
{
    if (*text != '[' || !word->size || (word->size == 3 && memcmp(word->text, "map", 3) == 0))
        return 0;
    return closed_size(text);
}

static void put_arguments(const char *text, size_t size, struct buffer *out)
{
    if (names_shapes(text, size))
        buffer_puts(out, "[...]");
    else
        buffer_append(out, text, size);
}

/** "conn·2", a type declared inside a function, by the name that it was given. */
static void put_identifier(const char *text, size_t size, struct buffer *out)
{
    size_t end = size;
    while (end && isdigit((unsigned char)text[end - 1]))
        end--;
    if (end < size && end >= 2 && memcmp(text + end - 2, "\u00b7", 2) == 0)
        size = end - 2;
    buffer_append(out, text, size);
}

static void put_word(const struct package_list *list, const struct word *word, struct buffer *out,
                     bool *kept)
{
    size_t skip = 0;
    while (skip < word->package_size && word->text[skip] == '.')
        skip++; // "...string" of a variadic function
    buffer_append(out, word->text, skip);
    const char *path = word->text + skip;
    size_t path_size = word->package_size > skip ? word->package_size - skip : 0;
    if (path_size) {
        const struct package *package = find_package(list, path, path_size);
        const char *name;
        size_t name_size;
        if (package && package->shared && !list->shorten_shared) {
            *kept = true;
            name = path;
            name_size = path_size;
        } else if (package) {
            package_name(package, &name, &name_size);
        } else if (path_size == 8 && memcmp(path, "go.shape", 8) == 0) {
            name = path;
            name_size = path_size;
        } else {
            name = usual_name(path, path_size, &name_size);
        }
        buffer_append(out, name, name_size);
    }
    put_identifier(path + path_size, word->size - skip - path_size, out);
}

/** The linker qualifies a field of a literal struct type that is not exported, %T does not. */
static bool is_field_name(const struct word *word, const char *start)
{
    const char *after = word->text + word->size;
    bool first = word->text - start >= 2 && word->text[-1] == ' ' &&
                 (word->text[-2] == '{' || word->text[-2] == ';');
    return first && word->package_size && after[0] == ' ' && after[1] != '}' && after[1] != '"' &&
           after[1] != '`';
}

void type_name_shorten(const struct package_list *list, const char *full, struct buffer *out,
                       bool *kept)
{
    bool unused = false;
    kept = kept ? kept : &unused;
    *kept = false;
    for (const char *at = full; *at;) {
        struct word word = next_word(at);
        if (is_field_name(&word, full))
            buffer_append(out, at + word.package_size + 1, word.size - word.package_size - 1);
        else if (word.size)
            put_word(list, &word, out, kept);
        at += word.size;
        size_t size = arguments_size(&word, at);
        if (size) {
            put_arguments(at, size, out);
        } else if (*at) {
            size = *at == '"' || *at == '`' ? closed_size(at) : 1;
            buffer_append(out, at, size);
        }
        at += size;
    }
}

void type_name_hide_shapes(const char *name, struct buffer *out)
{
    for (const char *at = name; *at;) {
        struct word word = next_word(at);
        buffer_append(out, at, word.size);
        at += word.size;
        size_t size = arguments_size(&word, at);
        if (size)
            put_arguments(at, size, out);
        else if (*at)
            buffer_append(out, at, size = *at == '"' || *at == '`' ? closed_size(at) : 1);
        at += size;
    }
}

bool package_list_ambiguous(const struct package_list *list, const char *type_name)
{
    for (const char *at = type_name; *at;) {
        struct word word = next_word(at);
        size_t skip = strspn(word.text, ".");
        for (size_t i = 0; i < list->count && word.package_size > skip; i++) {
            const char *name;
            size_t size;
            if (!list->items[i].shared)
                continue;
            package_name(&list->items[i], &name, &size);
            if (size == word.package_size - skip && memcmp(name, word.text + skip, size) == 0)
                return true;
        }
        at += word.size;
        size_t size = arguments_size(&word, at);
        at += size ? size : *at ? 1 : 0;
    }
    return false;
}

static void put_canonical_word(const struct word *word, struct buffer *out)
{
    static const struct {
        const char *alias, *name;
    } aliases[] = {{"byte", "uint8"}, {"rune", "int32"}, {"any", "interface {}"}};
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (word->size == strlen(aliases[i].alias) &&
            memcmp(word->text, aliases[i].alias, word->size) == 0) {
            buffer_puts(out, aliases[i].name);
            return;
        }
    buffer_append(out, word->text, word->size);
}

void type_name_canonical(const char *name, struct buffer *out)
{
    const char *at = name + strspn(name, " \t");
    size_t brackets = 0, parentheses = 0;
    while (*at) {
        struct word word = next_word(at);
        put_canonical_word(&word, out);
        at += word.size;
        if (*at == '{' && at[1] == '}' && word.size)
            buffer_putc(out, ' '); // "struct{}"
        brackets += *at == '[';
        brackets -= *at == ']' && brackets;
        parentheses += *at == '(';
        parentheses -= *at == ')' && parentheses;
        bool between = *at == ',' && brackets && !parentheses; // "Pair[string, int]"
        if (*at)
            buffer_putc(out, *at++);
        if (between)
            at += strspn(at, " \t");
    }
    while (out->size && strchr(" \t", out->data[out->size - 1]))
        buffer_truncate(out, out->size - 1);
}

/** FNV-1a. */
uint64_t type_name_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
    return hash;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void type_name_unescape(const char *name, struct buffer *out)
{
    while (*name) {
        int high = *name == '%' ? hex_digit(name[1]) : -1;
        int low = high >= 0 ? hex_digit(name[2]) : -1;
        int byte = high * 16 + low;
        if (low >= 0 && byte) {
            buffer_putc(out, (char)byte);
            name += 3;
        } else {
            buffer_putc(out, *name++);
        }
    }
}

bool type_name_is_declared(const char *name)
{
    struct word word = next_word(name);
    const char *after = name + word.size;
    if (!word.package_size || name[0] == '.')
        return false;
    after += arguments_size(&word, after);
    return !*after || strncmp(after, "\u00b7", 2) == 0;
}

static void normalise_function(const char *name, struct buffer *out)
{
    AUTO_TEXT text = {0};
    type_name_unescape(name, &text);
    if (text.size > 5 && strcmp(text.data + text.size - 5, ".abi0") == 0)
        buffer_truncate(&text, text.size - 5);
    const char *plain = buffer_text(&text);
    const char *open = strchr(plain, '['), *close = strrchr(plain, ']');
    if (!open || !close || close < open) {
        buffer_puts(out, plain);
        return;
    }
    buffer_append(out, plain, (size_t)(open - plain));
    buffer_puts(out, "[...]");
    buffer_puts(out, close + 1);
}

bool function_names_agree(const char *a, const char *b)
{
    if (!a || !b)
        return false;
    if (strcmp(a, b) == 0)
        return true;
    AUTO_TEXT x = {0};
    AUTO_TEXT y = {0};
    normalise_function(a, &x);
    normalise_function(b, &y);
    return strcmp(buffer_text(&x), buffer_text(&y)) == 0;
}
