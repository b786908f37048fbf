// SPDX-License-Identifier: MIT
#include "support/support.h"
#include "symbols/type_name_internal.h"

#include <string.h>

/** The packages of a program that has two of the name "db", and math/rand in both versions. */
static struct package_list sample_packages(void)
{
    static const char *const packages[][2] = {
        {"main", "main"},
        {"example.com/shop/db", "db"},
        {"example.com/other/db", "db"},
        {"example.com/go-thing", "thing"},
        {"encoding/json", "json"},
        {"encoding/json/v2", "json"},
        {"sync/atomic", "atomic"},
        {"internal/runtime/atomic", "atomic"},
        {"log", "log"},
        {"log/internal", "internal"},
        {"example.com/shop/internal", "internal"},
        {"vendor/golang.org/x/net/db", "db"},
    };
    struct package_list list = {0};
    for (size_t i = 0; i < COUNT_OF(packages); i++)
        package_list_add(&list, packages[i][0], packages[i][1]);
    package_list_finish(&list, "example.com/shop");
    return list;
}

static const struct shorten_case {
    const char *name, *full, *expected;
} shorten_cases[] = {
    {"predeclared", "int", "int"},
    {"of main", "main.User", "main.User"},
    {"a path", "example.com/a/b.T", "b.T"},
    {"a name that differs from its path", "example.com/go-thing.Thing", "thing.Thing"},
    {"a path that ends in a version", "example.com/jwt/v5.Token", "jwt.Token"},
    {"a path of nothing but a version", "v2.T", "v2.T"},
    {"a version behind a dot", "gopkg.in/yaml.v3.Node", "yaml.Node"},
    {"a name two packages share", "example.com/shop/db.Conn", "example.com/shop/db.Conn"},
    {"one that shares it with std's inside", "sync/atomic.Int64", "atomic.Int64"},
    {"std's inside itself", "internal/runtime/atomic.Uint32", "atomic.Uint32"},
    {"the program's inside", "example.com/shop/internal.T", "internal.T"},
    {"std's first version", "encoding/json.Decoder", "json.Decoder"},
    {"std's second version", "encoding/json/v2.Options", "encoding/json/v2.Options"},
    {"a pointer", "*example.com/a/b.T", "*b.T"},
    {"a map", "map[example.com/a/b.K][]*example.com/a/c.V", "map[b.K][]*c.V"},
    {"an array", "[3]example.com/a/b.T", "[3]b.T"},
    {"channels", "<-chan chan<- example.com/a/b.T", "<-chan chan<- b.T"},
    {"a function", "func(example.com/a/b.T, ...example.com/a/c.U) (int, error)",
     "func(b.T, ...c.U) (int, error)"},
    {"a struct: fields that are not exported lose their package",
     "struct { example.com/a/b.T; example.com/a/b.n int; X example.com/a/b.T }",
     "struct { b.T; n int; X b.T }"},
    {"a struct: an embedded type with a tag", "struct { example.com/a/b.T \"json:\\\"x\\\"\" }",
     "struct { b.T \"json:\\\"x\\\"\" }"},
    {"a tag is no path", "struct { A int \"example.com/a/b.T\" }",
     "struct { A int \"example.com/a/b.T\" }"},
    {"an interface: methods keep theirs", "interface { Foo(int) string; main.bar() }",
     "interface { Foo(int) string; main.bar() }"},
    {"a generic's arguments keep their paths", "example.com/a/b.Pair[example.com/a/b.T,int]",
     "b.Pair[example.com/a/b.T,int]"},
    {"arguments in arguments", "main.P[main.Q[example.com/a/b.T],[]int]",
     "main.P[main.Q[example.com/a/b.T],[]int]"},
    {"shapes, as in a traceback", "*main.List[go.shape.*uint8]", "*main.List[...]"},
    {"a shape itself", "[]go.shape.int", "[]go.shape.int"},
    {"a type of a function", "main.inner·2", "main.inner"},
    {"a type of a generic function", "main.loc[int]·1", "main.loc[int]"},
    {"digits behind no dot", "main.T2", "main.T2"},
    {"brackets that do not close", "main.T[int", "main.T[int"},
    {"a quote that does not close", "struct { A int \"x", "struct { A int \"x"},
    {"dots alone", "....", "...."},
    {"nothing", "", ""},
};

static void test_shorten(void **state)
{
    const struct shorten_case *row = *state;
    struct package_list packages = sample_packages();
    AUTO_TEXT text = {0};
    bool kept;
    type_name_shorten(&packages, row->full, &text, &kept);
    assert_string_equal(buffer_text(&text), row->expected);
    bool has_path = strncmp(row->expected, "example.com/shop/db.", 20) == 0 ||
                    strncmp(row->expected, "encoding/json/v2.", 17) == 0;
    assert_int_equal(kept, has_path);
    package_list_clear(&packages);
}

static const struct ambiguous_case {
    const char *name, *type;
    bool expected;
} ambiguous_cases[] = {
    {"shared", "*db.Conn", true},
    {"shared, variadic", "func(...db.Conn)", true},
    {"in a generic's arguments, where %T writes the path", "main.P[db.Conn]", false},
    {"not shared", "thing.Thing", false},
    {"shared with std's inside", "atomic.Int64", false},
    {"no package", "map[string]int", false},
};

static void test_ambiguous(void **state)
{
    const struct ambiguous_case *row = *state;
    struct package_list packages = sample_packages();
    assert_int_equal(package_list_ambiguous(&packages, row->type), row->expected);
    package_list_clear(&packages);
}

static const struct text_case {
    const char *name, *text, *expected;
} canonical_cases[] = {
    {"byte", "[]byte", "[]uint8"},
    {"rune in a map", "map[rune]any", "map[int32]interface {}"},
    {"a name that begins so", "bytes.Buffer", "bytes.Buffer"},
    {"interface{}", "[]interface{}", "[]interface {}"},
    {"struct{}", "chan struct{}", "chan struct {}"},
    {"already so", "interface {}", "interface {}"},
    {"arguments", "main.Pair[string, []byte]", "main.Pair[string,[]uint8]"},
    {"a function among them", "main.P[func(int, string), int]", "main.P[func(int, string),int]"},
    {"a function's parameters", "func(int, string)", "func(int, string)"},
    {"brackets that do not match", "]a, b[, c)(", "]a, b[,c)("},
    {"blanks around", "  *main.T \t", "*main.T"},
    {"nothing", "", ""},
};

static const struct text_case unescape_cases[] = {
    {"a dot", "gopkg.in/yaml%2ev3.Node", "gopkg.in/yaml.v3.Node"},
    {"a percent sign", "a%25b", "a%b"},
    {"no escape", "a%zzb%2", "a%zzb%2"},
    {"a NUL is none", "a%00b", "a%00b"},
};

static const struct text_case shape_cases[] = {
    {"a shape", "main.Map[go.shape.int,go.shape.string]", "main.Map[...]"},
    {"no shape", "main.Map[int,string]", "main.Map[int,string]"},
    {"an array of one", "[2]main.L[go.shape.int]", "[2]main.L[...]"},
};

static void check_text(const struct text_case *row,
                       void (*function)(const char *name, struct buffer *out))
{
    AUTO_TEXT text = {0};
    function(row->text, &text);
    assert_string_equal(buffer_text(&text), row->expected);
}

static void test_canonical(void **state)
{
    check_text(*state, type_name_canonical);
}

static void test_unescape(void **state)
{
    check_text(*state, type_name_unescape);
}

static void test_shapes(void **state)
{
    check_text(*state, type_name_hide_shapes);
}

static const struct declared_case {
    const char *name;
    bool expected;
} declared_cases[] = {
    {"main.User", true},
    {"example.com/shop/db.Conn", true},
    {"main.Pair[int,example.com/a/b.T]", true},
    {"main.inner·2", true},
    {"int", false},
    {"error", false},
    {"*main.User", false},
    {"[]main.User", false},
    {"map[main.K]main.V", false},
    {"func(main.T)", false},
    {"struct { main.T }", false},
    {"chan main.T", false},
    {"", false},
};

static void test_declared(void **state)
{
    const struct declared_case *row = *state;
    assert_int_equal(type_name_is_declared(row->name), row->expected);
}

static const struct agree_case {
    const char *name, *a, *b;
    bool expected;
} agree_cases[] = {
    {"equal", "main.main", "main.main", true},
    {"different", "main.main", "main.init", false},
    {"1.18 to 1.20 shorten in the table", "main.Map[go.shape.int_0]", "main.Map[...]", true},
    {"1.27's generic methods", "main.T[go.shape.int].M[go.shape.string]", "main.T[...].M[...]",
     true},
    {"a closure of a generic", "main.Map[go.shape.int].func1", "main.Map[...].func1", true},
    {"another closure", "main.Map[go.shape.int].func2", "main.Map[...].func1", false},
    {"assembly, linked externally", "runtime.asmcgocall", "runtime.asmcgocall.abi0", true},
    {"an escaped path", "gopkg.in/yaml%2ev3.f", "gopkg.in/yaml.v3.f", true},
    {"no name", NULL, "main.main", false},
};

static void test_agree(void **state)
{
    const struct agree_case *row = *state;
    assert_int_equal(function_names_agree(row->a, row->b), row->expected);
}

RUN_TABLES_MAIN(TABLE(shorten_cases, test_shorten), TABLE(ambiguous_cases, test_ambiguous),
                TABLE(canonical_cases, test_canonical), TABLE(unescape_cases, test_unescape),
                TABLE(shape_cases, test_shapes), TABLE(declared_cases, test_declared),
                TABLE(agree_cases, test_agree))
