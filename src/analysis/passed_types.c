// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "symbols/dwarf_index.h"

#include <stdlib.h>
#include <string.h>

/**
 * Without DWARF the arguments of a frame are words. What some of them are the program's own tables
 * prove: an interface begins with an itab, which says what it holds; and an http.Request has
 * interfaces, a method and an address at known places, as nothing else has.
 */
enum { WORDS_MAX = 64, TYPED_MAX = 16, ARGUMENT_INFO_SINCE = 17 };

struct word {
    uint64_t value;
    bool live;    ///< not marked as one that may be stale
    bool follows; ///< the one in front belongs to the same argument
};

struct finder {
    struct analysis *analysis;
    struct arena *arena;
    struct go_type *request, *text; ///< NULL: the program has none, or does not list it
    uint64_t method_at, url_at, context_at, body_at; ///< offsets in a request
    bool tried;                                      ///< the types were looked for
    struct report_frame *frame;
};

/** The words between the brackets of a traceback's line: "0x1?, {0x2, 0x3}, _, ...". */
static size_t read_words(const char *text, struct word *out)
{
    size_t count = 0;
    while (count < WORDS_MAX) {
        size_t between = strspn(text, "{}, .");
        bool plain = strncmp(text, ", ", 2) == 0 && between == 2;
        text += between;
        if (!*text)
            break;
        char *end = (char *)text + 1;
        bool known = strncmp(text, "0x", 2) == 0;
        uint64_t value = known ? strtoull(text, &end, 16) : 0;
        out[count++] = (struct word){value, known && *end != '?', plain};
        text = end + (*end == '?');
    }
    return count;
}

/** The type of the interface that an itab is for; NULL: no itab lies there. */
static struct go_type *interface_of(const struct analysis *analysis, target_addr itab)
{
    enum { TYPE_AT = 8, HASH_AT = 16, HASH_IN_TYPE = 16 }; // the same in all releases
    const struct program *program = analysis->program;
    struct type_table *types = value_reader_types(analysis->reader);
    uint64_t interface, dynamic;
    uint32_t hash, hash_of_type;
    if (!address_space_try_u64(program->space, itab, &interface) ||
        !address_space_try_u64(program->space, itab + TYPE_AT, &dynamic) ||
        !module_of_type(program->modules, interface) ||
        !address_space_try_u32(program->space, itab + HASH_AT, &hash) ||
        !address_space_try_u32(program->space, dynamic + HASH_IN_TYPE, &hash_of_type) ||
        hash != hash_of_type)
        return NULL;
    struct go_type *type = NULL;
    struct error *err = type_from_runtime(types, interface, &type);
    bool is = !err && type->kind == GO_INTERFACE;
    if (!err)
        err = type_resolve(types, type);
    is &= !err && type->has_methods;
    error_ignore(err);
    return is ? type : NULL;
}

static bool is_interface(const struct analysis *analysis, target_addr itab, const char *full_name)
{
    struct go_type *type = interface_of(analysis, itab);
    return type &&
           type_runtime_is(value_reader_types(analysis->reader), type->runtime_type, full_name);
}

static bool field_offset(const struct go_type *type, const char *name, uint64_t *out)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0) {
            *out = type->fields[i].offset;
            return true;
        }
    return false;
}

static struct go_type *type_named(struct analysis *analysis, const char *name)
{
    struct type_table *types = value_reader_types(analysis->reader);
    struct go_type *type = NULL;
    struct error *err = type_by_name(types, name, &type);
    if (!err)
        err = type_resolve(types, type);
    bool found = !err;
    error_ignore(err);
    return found ? type : NULL;
}

/** GET, M-SEARCH …, or nothing, which is GET. */
static bool is_method(const struct address_space *space, target_addr string)
{
    enum { METHOD_MAX = 32 };
    uint64_t text, size;
    uint8_t bytes[METHOD_MAX];
    if (!address_space_try_u64(space, string, &text) ||
        !address_space_try_u64(space, string + 8, &size) || size > METHOD_MAX ||
        (size && !address_space_try_read(space, text, bytes, size)))
        return false;
    for (uint64_t i = 0; i < size; i++)
        if ((bytes[i] < 'A' || bytes[i] > 'Z') && bytes[i] != '-')
            return false;
    return true;
}

/** nil, or an interface of that type. */
static bool may_be_interface(const struct finder *finder, target_addr address, const char *name,
                             bool *found)
{
    uint64_t itab;
    if (!address_space_try_u64(finder->analysis->program->space, address, &itab))
        return false;
    bool is = itab && is_interface(finder->analysis, itab, name);
    *found |= is;
    return !itab || is;
}

/** Whether a request of net/http lies there; a response has its body at the same place. */
static bool is_request(const struct finder *finder, target_addr address)
{
    const struct address_space *space = finder->analysis->program->space;
    uint64_t url, word;
    bool found = false;
    return finder->request && address &&
           may_be_interface(finder, address + finder->context_at, "context.Context", &found) &&
           may_be_interface(finder, address + finder->body_at, "io.ReadCloser", &found) && found &&
           is_method(space, address + finder->method_at) &&
           address_space_try_u64(space, address + finder->url_at, &url) &&
           address_space_try_u64(space, url, &word);
}

static void put_u64(uint64_t word, uint8_t *out)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(word >> 8 * i);
}

static void add(const struct finder *finder, struct go_type *type, const char *name,
                const struct word *words)
{
    struct value_list *list = &finder->frame->arguments;
    if (list->count == TYPED_MAX)
        return;
    if (!list->items)
        // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
        list->items = arena_array(finder->arena, TYPED_MAX, sizeof *list->items);
    uint8_t *bytes = arena_alloc(finder->arena, 16);
    put_u64(words[0].value, bytes);
    put_u64(type->size > 8 ? words[1].value : 0, bytes + 8);
    struct value *value =
        value_read(finder->analysis->reader, finder->arena, type, (struct storage){.bytes = bytes});
    value->name = name;
    list->items[list->count++] = value;
}

/** The methods of database/sql that take a context and behind it the statement. */
static bool takes_statement(const char *function)
{
    static const char *const methods[] = {"QueryContext",   "QueryRowContext", "ExecContext",
                                          "PrepareContext", "query",           "exec",
                                          "prepare"};
    const char *method = strrchr(function, '.');
    if (strncmp(function, "database/sql.(*", 15) != 0 || strncmp(function + 15, "Stmt)", 5) == 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (strcmp(method + 1, methods[i]) == 0)
            return true;
    return false;
}

static void type_frame(struct finder *finder, struct report_frame *frame)
{
    struct word words[WORDS_MAX + 1] = {0}; // one more: that nothing follows the last
    size_t count = read_words(frame->arguments_text, words);
    finder->frame = frame;
    for (size_t i = 0; i < count; i++) {
        const struct word *word = &words[i];
        struct go_type *type = NULL;
        if (!word->live)
            continue;
        if (word[1].live && word[1].follows)
            type = interface_of(finder->analysis, word->value);
        if (type) {
            add(finder, type, NULL, word);
            bool is_context = type_runtime_is(value_reader_types(finder->analysis->reader),
                                              type->runtime_type, "context.Context");
            i++;
            if (is_context && finder->text && takes_statement(frame->function) && i + 2 < count &&
                words[i + 1].live && words[i + 2].live && words[i + 2].follows)
                add(finder, finder->text, "query", &words[i + 1]);
        } else if (is_request(finder, word->value)) {
            add(finder,
                type_pointer_to(value_reader_types(finder->analysis->reader), finder->request),
                NULL, word);
        }
    }
}

/** Looked for when first needed: most stacks have DWARF, or nothing but the runtime's frames. */
static void find_types(struct finder *finder)
{
    if (finder->tried)
        return;
    finder->tried = true;
    finder->text = type_named(finder->analysis, "string");
    finder->request = type_named(finder->analysis, "net/http.Request");
    if (finder->request && (!field_offset(finder->request, "Method", &finder->method_at) ||
                            !field_offset(finder->request, "URL", &finder->url_at) ||
                            !field_offset(finder->request, "ctx", &finder->context_at) ||
                            !field_offset(finder->request, "Body", &finder->body_at)))
        finder->request = NULL;
}

void frames_type_arguments(struct analysis *analysis, struct arena *arena,
                           struct report_frame_list *frames)
{
    struct finder finder = {.analysis = analysis, .arena = arena};
    struct dwarf_index *dwarf;
    struct error *missing = program_dwarf(analysis->program, &dwarf);
    error_ignore(missing); // that it is missing is said where variables are read
    // Up to 1.16 the words are those of results too, which may be of an earlier call.
    if (!missing || analysis->program->release->minor < ARGUMENT_INFO_SINCE)
        return;
    for (size_t i = 0; i < frames->count; i++) {
        struct report_frame *frame = &frames->items[i];
        if (frame->variables_read || frame->native || !frame->function || !frame->arguments_text ||
            frame->owner == OWNER_RUNTIME)
            continue;
        find_types(&finder);
        type_frame(&finder, frame);
    }
}
