// SPDX-License-Identifier: MIT
#include "analysis/analysis_internal.h"
#include "support/support.h"

#include <string.h>

enum { CHILDREN_MAX = 8 };

/** Values are made by hand, as values/read_value gives them. */
static struct value *make(struct arena *arena, const char *name, const char *type,
                          enum value_kind kind)
{
    struct value *value = ARENA_NEW(arena, struct value);
    *value = (struct value){.name = name, .type = type, .kind = kind};
    value->children = arena_array(arena, CHILDREN_MAX, sizeof(void *));
    return value;
}

static struct value *put(struct value *parent, struct value *child)
{
    assert_true(parent->child_count < CHILDREN_MAX);
    parent->children[parent->child_count++] = child;
    return parent;
}

static struct value *text(struct arena *arena, const char *name, const char *bytes)
{
    struct value *value = make(arena, name, "string", VALUE_STRING);
    value->bytes = bytes;
    value->bytes_size = value->length = strlen(bytes);
    return value;
}

static struct value *pointer(struct arena *arena, const char *name, struct value *target)
{
    struct value *value =
        make(arena, name, arena_printf(arena, "*%s", target->type), VALUE_POINTER);
    target->name = NULL;
    return put(value, target);
}

static struct value *interface(struct arena *arena, const char *name, struct value *held)
{
    return put(make(arena, name, "interface {}", VALUE_INTERFACE), held);
}

/** A header of one name. */
static struct value *header(struct arena *arena, const char *name, const char *content)
{
    struct value *map = make(arena, "Header", "http.Header", VALUE_MAP);
    map->entries = ARENA_NEW(arena, struct value_entry);
    map->entry_count = 1;
    map->entries[0].key = text(arena, NULL, name);
    map->entries[0].value =
        put(make(arena, NULL, "[]string", VALUE_SLICE), text(arena, NULL, content));
    return map;
}

static struct value *request(struct arena *arena, const char *name)
{
    struct value *value = make(arena, name, "http.Request", VALUE_STRUCT);
    put(value, text(arena, "Method", "PUT"));
    put(value, text(arena, "RequestURI", "/orders/7?x=1"));
    put(value, text(arena, "RemoteAddr", "10.1.2.3:41022"));
    return put(value, header(arena, "Traceparent", "00-4bf9-00f0-01"));
}

static struct value *deadline(struct arena *arena, const char *name)
{
    struct value *when = make(arena, "deadline", "time.Time", VALUE_STRUCT);
    when->summary = "2026-11-23 10:00:00 UTC";
    return put(make(arena, name, "context.timerCtx", VALUE_STRUCT), when);
}

/** context.WithValue(parent, requestIDKey{}, "r-17") */
static struct value *with_id(struct arena *arena, const char *name, struct value *parent)
{
    struct value *value = make(arena, name, "context.valueCtx", VALUE_STRUCT);
    put(value, interface(arena, "Context", pointer(arena, NULL, parent)));
    put(value, interface(arena, "key", make(arena, NULL, "main.requestIDKey", VALUE_STRUCT)));
    return put(value, interface(arena, "val", text(arena, NULL, "r-17")));
}

static struct value *grpc(struct arena *arena)
{
    struct value *value = make(arena, "info", "grpc.UnaryServerInfo", VALUE_STRUCT);
    return pointer(arena, "info", put(value, text(arena, "FullMethod", "/shop.Orders/Get")));
}

/** "kind: text" of all that is found, a line each. */
static const char *found(struct arena *arena, const char *function, enum frame_owner owner,
                         struct value **arguments, size_t count,
                         const struct key_value_list *labels)
{
    struct report_frame frame = {.function = function, .owner = owner};
    frame.arguments.items = arguments;
    frame.arguments.count = count;
    const struct report_frame_list frames = {.items = &frame, .count = 1};
    const struct key_value_list none = {0};
    struct report_activity_list list = {0};
    activity_find(arena, &frames, labels ? labels : &none, &list);
    const char *out = "";
    for (size_t i = 0; i < list.count; i++)
        out = arena_printf(arena, "%s%s: %s\n", out, activity_kind_name(list.items[i].kind),
                           list.items[i].text);
    return out;
}

static void test_request(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct value *argument = pointer(arena, "r", request(arena, NULL));
    assert_string_equal(found(arena, "main.serve", OWNER_MAIN_MODULE, &argument, 1, NULL),
                        "http_request: PUT /orders/7?x=1 from 10.1.2.3:41022\n"
                        "trace_id: 00-4bf9-00f0-01\n");
    // Of the runtime's frames nothing is believed, and a header of another name is no id.
    assert_string_equal(found(arena, "runtime.park", OWNER_RUNTIME, &argument, 1, NULL), "");
    argument->children[0]->children[3] = header(arena, "Accept", "text/html");
    assert_string_equal(found(arena, "main.serve", OWNER_MAIN_MODULE, &argument, 1, NULL),
                        "http_request: PUT /orders/7?x=1 from 10.1.2.3:41022\n");
}

/** A request in a field is this goroutine's, unless there are two of them. */
static void test_nested(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct value *one = request(arena, "request"), *two = request(arena, "other");
    one->address = 0x1000;
    two->address = 0x2000;
    struct value *job = make(arena, "job", "main.Job", VALUE_STRUCT);
    put(job, pointer(arena, "request", one));
    assert_string_equal(found(arena, "main.work", OWNER_MAIN_MODULE, &job, 1, NULL),
                        "http_request: PUT /orders/7?x=1 from 10.1.2.3:41022\n"
                        "trace_id: 00-4bf9-00f0-01\n");
    put(job, pointer(arena, "other", two));
    assert_string_equal(found(arena, "main.work", OWNER_MAIN_MODULE, &job, 1, NULL), "");
}

static void test_context(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct value *argument =
        interface(arena, "ctx", pointer(arena, NULL, with_id(arena, NULL, deadline(arena, NULL))));
    assert_string_equal(found(arena, "main.load", OWNER_MAIN_MODULE, &argument, 1, NULL),
                        "trace_id: r-17\ndeadline: 2026-11-23 10:00:00 UTC\n");
}

/** A circle of contexts, as broken memory may have one, ends. */
static void test_circle(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct value *context = with_id(arena, NULL, deadline(arena, NULL));
    context->children[0]->children[0]->children[0] = context;
    struct value *argument = interface(arena, "ctx", pointer(arena, NULL, context));
    assert_string_equal(found(arena, "main.load", OWNER_MAIN_MODULE, &argument, 1, NULL),
                        "trace_id: r-17\n");
}

static void test_statement(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct value *query = text(arena, "query", "select name from users where id = $1");
    assert_string_equal(
        found(arena, "database/sql.(*DB).QueryContext", OWNER_STANDARD_LIBRARY, &query, 1, NULL),
        "sql: select name from users where id = $1\n");
    assert_string_equal(found(arena, "main.query", OWNER_MAIN_MODULE, &query, 1, NULL), "");
}

static void test_grpc(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct value *info = grpc(arena);
    struct key_value labels[] = {{"tenant", "acme"}};
    const struct key_value_list list = {labels, 1};
    assert_string_equal(found(arena, "main.intercept", OWNER_MAIN_MODULE, &info, 1, &list),
                        "grpc: /shop.Orders/Get\nlabel: tenant=acme\n");
}

/** What is long is cut between two characters. */
static void test_long(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    char statement[400];
    memset(statement, 'x', 159);
    memcpy(statement + 159, "\xc3\xa9 and more", 12);
    struct value *query = text(arena, "query", statement);
    const char *out =
        found(arena, "database/sql.(*DB).Exec", OWNER_STANDARD_LIBRARY, &query, 1, NULL);
    assert_int_equal(strlen(out), strlen("sql: ") + 159 + strlen("…\n"));
}

RUN_TABLES_MAIN(SINGLE(test_request), SINGLE(test_nested), SINGLE(test_context),
                SINGLE(test_circle), SINGLE(test_statement), SINGLE(test_grpc), SINGLE(test_long))
