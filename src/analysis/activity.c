// SPDX-License-Identifier: MIT
#include "analysis_internal.h"

#include <ctype.h>
#include <string.h>

/**
 * What a goroutine was doing is told by the variables of its own frames: a request or a context
 * that is one of them, or a field of one. What lies further away may be somebody else's.
 */
enum { CHAIN_MAX = 64, ACTIVITIES_MAX = 12, TEXT_MAX = 160 };

struct activity_search {
    struct arena *arena;
    const struct value *request, *context;
    const struct value *nested; ///< a request in a field; NULL where there are several
    bool several;
    struct report_activity_list *out;
};

static const char *cut(struct arena *arena, const char *text)
{
    size_t size = strlen(text);
    if (size <= TEXT_MAX)
        return arena_string(arena, text);
    size = TEXT_MAX;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return arena_printf(arena, "%.*s…", (int)size, text);
}

static void add(struct activity_search *search, enum activity_kind kind, const char *text)
{
    for (size_t i = 0; i < search->out->count; i++)
        if (search->out->items[i].kind == kind && strcmp(search->out->items[i].text, text) == 0)
            return;
    if (search->out->count < ACTIVITIES_MAX)
        search->out->items[search->out->count++] =
            (struct report_activity){kind, cut(search->arena, text)};
}

/** What a pointer or an interface leads to, else the value itself. */
static const struct value *target_of(const struct value *value)
{
    for (unsigned i = 0; i < 4; i++) {
        bool leads_on = value->kind == VALUE_POINTER || value->kind == VALUE_INTERFACE;
        if (!leads_on || !value->child_count)
            break;
        value = value->children[0];
    }
    return value;
}

static bool is_struct(const struct value *value, const char *type)
{
    return value->kind == VALUE_STRUCT && value->type && !value->unreadable &&
           strcmp(value->type, type) == 0;
}

static const struct value *field(const struct value *value, const char *name)
{
    for (size_t i = 0; i < value->child_count; i++)
        if (value->children[i]->name && strcmp(value->children[i]->name, name) == 0)
            return value->children[i];
    return NULL;
}

/** A string's bytes, NULL for what is none. */
static const char *text_of(struct arena *arena, const struct value *value)
{
    return value && value->kind == VALUE_STRING && value->bytes_size
               ? arena_copy(arena, value->bytes, value->bytes_size)
               : NULL;
}

static bool is_context(const struct value *value)
{
    return value->kind == VALUE_STRUCT && value->type && strncmp(value->type, "context.", 8) == 0;
}

/** Looks at a variable, and at the fields of what it leads to. */
static void look_at(struct activity_search *search, const struct value *variable)
{
    const struct value *value = target_of(variable);
    if (is_struct(value, "http.Request")) {
        if (!search->request)
            search->request = value;
        return;
    }
    if (is_context(value)) {
        if (!search->context)
            search->context = value;
        return;
    }
    if (value->kind != VALUE_STRUCT && value->kind != VALUE_FUNC)
        return;
    for (size_t i = 0; i < value->child_count; i++) {
        const struct value *inner = target_of(value->children[i]);
        if (!is_struct(inner, "http.Request"))
            continue;
        search->several |= search->nested && search->nested->address != inner->address;
        search->nested = inner;
    }
}

/** The statement that database/sql was given. */
static void look_at_sql(struct activity_search *search, const struct report_frame *frame)
{
    if (!frame->function || strncmp(frame->function, "database/sql.(", 14) != 0)
        return;
    for (size_t i = 0; i < frame->arguments.count; i++) {
        const struct value *argument = frame->arguments.items[i];
        const char *text = text_of(search->arena, argument);
        if (text && argument->name && strcmp(argument->name, "query") == 0)
            add(search, ACTIVITY_SQL, text);
    }
}

/** The method of a call that a gRPC server handles: of its interceptors' argument. */
static void look_at_grpc(struct activity_search *search, const struct value *variable)
{
    const struct value *value = target_of(variable);
    const char *text = NULL;
    if (is_struct(value, "grpc.UnaryServerInfo") || is_struct(value, "grpc.StreamServerInfo"))
        text = text_of(search->arena, field(value, "FullMethod"));
    if (text)
        add(search, ACTIVITY_GRPC, text);
}

static bool is_trace_name(const char *name)
{
    static const char *const names[] = {"traceparent", "xrequestid",        "xcorrelationid",
                                        "xtraceid",    "xb3traceid",        "xamzntraceid",
                                        "requestid",   "correlationid",     "traceid",
                                        "reqid",       "xcloudtracecontext"};
    char plain[40];
    size_t size = 0;
    for (; *name && size + 1 < sizeof plain; name++)
        if (isalnum((unsigned char)*name))
            plain[size++] = (char)tolower((unsigned char)*name);
    plain[size] = '\0';
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(plain, names[i]) == 0 ||
            (size > 3 && strncmp(plain, names[i], strlen(names[i])) == 0 &&
             strcmp(plain + strlen(names[i]), "key") == 0))
            return true;
    return false;
}

static void add_headers(struct activity_search *search, const struct value *header)
{
    for (size_t i = 0; header && i < header->entry_count; i++) {
        const struct value *values = header->entries[i].value;
        const char *name = text_of(search->arena, header->entries[i].key);
        const char *text = values->child_count ? text_of(search->arena, values->children[0]) : NULL;
        if (name && text && is_trace_name(name))
            add(search, ACTIVITY_TRACE_ID, text);
    }
}

static void add_request(struct activity_search *search, const struct value *request)
{
    AUTO_TEXT line = {0};
    const char *method = text_of(search->arena, field(request, "Method"));
    const char *target = text_of(search->arena, field(request, "RequestURI"));
    const char *remote = text_of(search->arena, field(request, "RemoteAddr"));
    const struct value *url = field(request, "URL");
    if (!target && url && target_of(url)->summary) // of a client: the whole URL
        target = target_of(url)->summary;
    if (!target)
        return;
    buffer_printf(&line, "%s %s", method ? method : "GET", target);
    if (remote)
        buffer_printf(&line, " from %s", remote);
    add(search, ACTIVITY_HTTP_REQUEST, buffer_text(&line));
    add_headers(search, field(request, "Header"));
    const struct value *context = field(request, "ctx");
    if (!search->context && context && is_context(target_of(context)))
        search->context = target_of(context);
}

/** A key's own text, or the name of its type: `type requestIDKey struct{}`. */
static const char *key_name(struct arena *arena, const struct value *key)
{
    const struct value *target = target_of(key);
    const char *text = text_of(arena, target);
    if (text || !target->type)
        return text;
    const char *dot = strrchr(target->type, '.');
    return dot ? dot + 1 : target->type;
}

/** From a context to what it was made from: its deadline, and values that are ids. */
static void add_context(struct activity_search *search)
{
    const struct value *context = search->context;
    for (unsigned i = 0; context && i < CHAIN_MAX; i++) {
        const struct value *deadline = field(context, "deadline"), *key = field(context, "key");
        const struct value *value = field(context, "val");
        if (deadline && deadline->summary)
            add(search, ACTIVITY_DEADLINE, deadline->summary);
        const char *name = key ? key_name(search->arena, key) : NULL;
        const char *text = value ? text_of(search->arena, target_of(value)) : NULL;
        if (name && text && is_trace_name(name))
            add(search, ACTIVITY_TRACE_ID, text);
        const struct value *parent = field(context, "Context");
        if (!parent)
            parent = field(context, "cancelCtx");
        parent = parent ? target_of(parent) : NULL;
        context = parent && is_context(parent) ? parent : NULL;
    }
}

void activity_find(struct arena *arena, const struct report_frame_list *frames,
                   const struct key_value_list *labels, struct report_activity_list *out)
{
    out->items = arena_array(arena, ACTIVITIES_MAX, sizeof *out->items);
    struct activity_search search = {.arena = arena, .out = out};
    for (size_t i = 0; i < frames->count; i++) {
        const struct report_frame *frame = &frames->items[i];
        const struct value_list *lists[] = {&frame->arguments, &frame->locals};
        if (frame->owner == OWNER_RUNTIME) // what the runtime holds may be another goroutine's
            continue;
        for (size_t k = 0; k < COUNT_OF(lists); k++)
            for (size_t n = 0; n < lists[k]->count; n++) {
                look_at(&search, lists[k]->items[n]);
                look_at_grpc(&search, lists[k]->items[n]);
            }
        look_at_sql(&search, frame);
    }
    const struct value *request = search.request;
    if (!request && !search.several)
        request = search.nested;
    if (request)
        add_request(&search, request);
    add_context(&search);
    for (size_t i = 0; i < labels->count; i++)
        add(&search, ACTIVITY_LABEL,
            arena_printf(arena, "%s=%s", labels->items[i].key, labels->items[i].value));
}
