// SPDX-License-Identifier: MIT
#include "model/redaction.h"
#include "model/value_text.h"
#include "support/support.h"

#include <string.h>

/** What a text becomes by itself; NULL: it stays. */
static struct text_case {
    const char *name, *text, *shown;
    enum redaction_text kind;
} text_cases[] = {
    {"environment", "DB_PASSWORD=hunter2-xyz", "DB_PASSWORD=<redacted 11 bytes>", REDACTION_WHOLE},
    {"environment, word at the end", "PGPASSWORD=hunter2", "PGPASSWORD=<redacted 7 bytes>", 0},
    {"flag", "--token=abc123def", "--token=<redacted 9 bytes>", 0},
    {"flag with a blank", "psql -password s3cr3t-x -h db",
     "psql -password <redacted 8 bytes> -h db", 0},
    {"flag in quotes", "x --api-key=\"a b c\" y", "x --api-key=\"<redacted 5 bytes>\" y", 0},
    {"linker flag", "-X main.apiKey=k3y4711", "-X main.apiKey=<redacted 7 bytes>", 0},
    {"json", "{\"client_secret\": \"abc\\\"def\", \"n\": 1}",
     "{\"client_secret\": \"<redacted 8 bytes>\", \"n\": 1}", 0},
    {"json in json", "\"{\\\"password\\\":\\\"hunter2\\\"}\"",
     "\"{\\\"password\\\":\\\"<redacted 7 bytes>\\\"}\"", 0},
    {"fields as fmt prints them", "{Host:db Password:hunter2 Port:5}",
     "{Host:db Password:<redacted 7 bytes> Port:5}", 0},
    {"map as fmt prints it", "map[Cookie:[a=b c=d] X:[1]]",
     "map[Cookie:[<redacted 7 bytes>] X:[1]]", 0},
    {"header line", "Authorization: Digest a b c\r\nHost: x",
     "Authorization: <redacted 12 bytes>\r\nHost: x", 0},
    {"bearer", "got Bearer abc.def-123 for x", "got Bearer <redacted 11 bytes> for x", 0},
    {"basic", "Basic YXBwOmh1bnRlcjI=", "Basic <redacted 16 bytes>", 0},
    {"userinfo", "postgres://app:p4ss@db:5432/x", "postgres://app:<redacted 4 bytes>@db:5432/x", 0},
    {"userinfo without a name", "redis://:p4ss@db/0", "redis://:<redacted 4 bytes>@db/0", 0},
    {"userinfo of a key", "https://abc123def456@host/", "https://<redacted 12 bytes>@host/", 0},
    {"parameter", "https://h/p?a=1&sig=aBc%2F1&b=2", "https://h/p?a=1&sig=<redacted 7 bytes>&b=2",
     0},
    {"parameter of AWS", "/x?X-Amz-Signature=00ff&y", "/x?X-Amz-Signature=<redacted 4 bytes>&y", 0},
    {"MySQL", "u:p@ss@tcp(h:3306)/d", "u:<redacted 4 bytes>@tcp(h:3306)/d", 0},
    {"libpq", "host=h password='a b' user=u", "host=h password='<redacted 3 bytes>' user=u", 0},
    {"SQL Server", "Server=h;Pwd=x1y2;Database=d", "Server=h;Pwd=<redacted 4 bytes>;Database=d", 0},
    {"Azure", "AccountName=a;AccountKey=QUJD+/==;X=y",
     "AccountName=a;AccountKey=<redacted 8 bytes>;X=y", 0},
    {"AWS, both", "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
     "<redacted 20 bytes> <redacted 40 bytes>", 0},
    {"PEM", "a -----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY----- b",
     "a <redacted 64 bytes> b", 0},
    {"PEM that is cut", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "<redacted 40 bytes>",
     REDACTION_CUT},
    {"GitHub, cut", "see ghp_abcd", "see <redacted 8 bytes>", REDACTION_CUT},
    {"URL, cut in the password", "postgres://app:hunt", "postgres://app:<redacted 4 bytes>",
     REDACTION_CUT},
    {"source", "const apiKey = \"k3y\"", "const apiKey = \"<redacted 3 bytes>\"", REDACTION_SOURCE},
    {"source of a map", "m[\"password\"] = `abc`", "m[\"password\"] = `<redacted 3 bytes>`",
     REDACTION_SOURCE},

    {"redacted before", "x{password: \"<redacted 24 bytes>\"}", NULL, REDACTION_SOURCE},
    {"looks as if redacted", "x{password: \"<redacted abc bytes>\"}",
     "x{password: \"<redacted 20 bytes>\"}", REDACTION_SOURCE},
    {"code is no secret", "password := os.Getenv(\"DB_PASSWORD\")", NULL, REDACTION_SOURCE},
    {"prose", "invalid token: unexpected end of input", NULL, 0},
    {"prose of a bearer", "Bearer authentication failed", NULL, 0},
    {"words that only begin alike", "tokenizer=bpe secretary=Moneypenny passenger=Bob", NULL, 0},
    {"words about one", "token_count=123 password_length=12 cookieName=sid tokenType=bearer", NULL,
     0},
    {"keys that open nothing", "primaryKey=orders_pkey sort_key=a/b publicKey=AAAA1234", NULL, 0},
    {"numbers of tokens", "max_tokens=4096 tokens: 17", NULL, 0},
    {"nothing", "token=nil password=<nil> secret=", NULL, 0},
    {"hash", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", NULL, 0},
    {"UUID", "7d3c1b0a-52de-4f1c-9a64-0c3f5a1be8d2", NULL, 0},
    {"trace", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", NULL, 0},
    {"working directory", "PWD=/srv/shop OLDPWD=/", NULL, 0},
    {"URL with a port", "http://10.0.0.1:8080/x?key_size=2", NULL, 0},
    {"URL with a user alone", "ssh://git@github.com/a/b.git", NULL, 0},
    {"certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", NULL, 0},
    {"comparison", "if password == \"\" {", NULL, 0},
};

static void test_text(void **state)
{
    const struct text_case *row = *state;
    AUTO(redaction) redaction = redaction_new();
    AUTO(arena) arena = arena_new();
    const char *shown = redaction_text(redaction, arena, row->text, row->kind);
    assert_string_equal(shown, row->shown ? row->shown : row->text);
    if (!row->shown)
        assert_ptr_equal(shown, row->text);
}

/** What becomes of a text once "correct-horse-7" is known for a secret. */
static struct elsewhere_case {
    const char *name, *text, *shown;
    enum redaction_text kind;
} elsewhere_cases[] = {
    {"whole", "login with correct-horse-7 failed", "login with <redacted 15 bytes> failed", 0},
    {"a part of it", "ends in ct-horse-7", "ends in <redacted 10 bytes>", 0},
    {"hex", "636f72726563742d686f7273652d37", "<redacted 30 bytes>", 0},
    {"HEX", "x=636F72726563742D686F7273652D37", "x=<redacted 30 bytes>", 0},
    {"base64", "Y29ycmVjdC1ob3JzZS03", "<redacted 20 bytes>", 0},
    {"base64 behind a byte", "YTpjb3JyZWN0LWhvcnNlLTc=", "<redacted 23 bytes>=", 0},
    {"numbers", "[99 111 114 114 101 99 116 45 104 111 114 115 101 45 55]", "[<redacted 54 bytes>]",
     0},
    {"numbers in hex", "{0x63, 0x6f, 0x72, 0x72, 0x65, 0x63, 0x74, 0x2d}", "{<redacted 46 bytes>}",
     0},
    {"the beginning, where a text was cut", "pw correct", "pw <redacted 7 bytes>", REDACTION_CUT},
    {"the beginning elsewhere", "that is correct", NULL, 0},
    {"other words", "a horse is a horse", NULL, 0},
    {"other numbers", "[1 2 3 4 5 6 7 8 9 10 11 12 13]", NULL, 0},
};

static void test_elsewhere(void **state)
{
    const struct elsewhere_case *row = *state;
    AUTO(redaction) redaction = redaction_new();
    AUTO(arena) arena = arena_new();
    static const char learnt[] = "password=correct-horse-7";
    redaction_learn_text(redaction, learnt, strlen(learnt));
    assert_string_equal(redaction_text(redaction, arena, row->text, row->kind),
                        row->shown ? row->shown : row->text);
}

#define V(...) (&(struct value){__VA_ARGS__})
#define TEXT(text)                                                                                 \
    .kind = VALUE_STRING, .bytes = (text), .bytes_size = sizeof(text) - 1,                         \
    .length = sizeof(text) - 1
#define CHILDREN(...)                                                                              \
    .children = (struct value *[]){__VA_ARGS__},                                                   \
    .child_count = sizeof((struct value *[]){__VA_ARGS__}) / sizeof(struct value *)
#define BYTE(number) V(.kind = VALUE_UINT, .type = "uint8", .bits = (number))

/** A value is changed where it lies, so each stands in a function that makes it. */
static void expect_text(struct value *value, const char *shown)
{
    AUTO(redaction) redaction = redaction_new();
    AUTO(arena) arena = arena_new();
    AUTO_TEXT text = {0};
    redaction_learn_value(redaction, value);
    redaction_value(redaction, arena, value);
    value_text(&text, value);
    assert_string_equal(buffer_text(&text), shown);
}

static void test_values(void **state)
{
    (void)state;
    expect_text(V(.name = "dbPassword", TEXT("hunter2")), "<redacted 7 bytes>");
    expect_text(V(.name = "dbPassword", TEXT("")), "\"\"");
    expect_text(V(.name = "token", .kind = VALUE_INT, .bits = 42), "42");
    expect_text(V(.name = "tokenizer", TEXT("bpe")), "\"bpe\"");
    expect_text(V(.name = "hash", .type = "main.Password", TEXT("hunter2")), "<redacted 7 bytes>");
    expect_text(V(.name = "apiKey", .kind = VALUE_SLICE, .type = "[]uint8", .length = 2,
                  CHILDREN(BYTE(1), BYTE(2))),
                "<redacted 2 bytes>");
    expect_text(V(.kind = VALUE_STRUCT,
                  CHILDREN(V(.name = "User", TEXT("alice")), V(.name = "Secret", TEXT("s3cr3t")),
                           V(.name = "Note", TEXT("with s3cr3t inside")))),
                "{User: \"alice\", Secret: <redacted 6 bytes>, Note: \"with <redacted 6 bytes> "
                "inside\"}");
    expect_text(V(.name = "credentials", .kind = VALUE_POINTER,
                  CHILDREN(V(.kind = VALUE_STRUCT, CHILDREN(V(.name = "User", TEXT("app")),
                                                            V(.name = "P", TEXT("xy")))))),
                "&{User: \"app\", P: <redacted 2 bytes>}");
    expect_text(V(.kind = VALUE_STRUCT, CHILDREN(V(.name = "Name", TEXT("API_TOKEN")),
                                                 V(.name = "Value", TEXT("v4lue")))),
                "{Name: \"API_TOKEN\", Value: <redacted 5 bytes>}");
    expect_text(V(.kind = VALUE_SLICE, .length = 3,
                  CHILDREN(V(TEXT("--password")), V(TEXT("x1")), V(TEXT("db")))),
                "[\"--password\", <redacted 2 bytes>, \"db\"]");
    struct value_entry entries[] = {{V(TEXT("auth_token")), V(TEXT("t0ken"))},
                                    {V(TEXT("page")), V(TEXT("3"))}};
    expect_text(V(.kind = VALUE_MAP, .length = 2, .entries = entries, .entry_count = 2),
                "{\"auth_token\": <redacted 5 bytes>, \"page\": \"3\"}");
}

static void test_result(void **state)
{
    (void)state;
    AUTO(redaction) redaction = redaction_new();
    AUTO(arena) arena = arena_new();
    struct value piece = {TEXT("unt")}, byte = {.kind = VALUE_UINT, .type = "uint8", .bits = 104},
                 size = {.kind = VALUE_INT, .type = "int", .bits = 7};
    redaction_result(redaction, arena, "s.password[1:4]", &piece);
    redaction_result(redaction, arena, "s.password[0]", &byte);
    redaction_result(redaction, arena, "len(s.password)", &size);
    assert_true(piece.redacted && byte.redacted && !size.redacted);
}

static void test_pattern(void **state)
{
    (void)state;
    AUTO(redaction) redaction = redaction_new();
    AUTO(arena) arena = arena_new();
    assert_error(redaction_add_pattern(redaction, "iban|DE[0-9]{4}"), NULL);
    assert_error_kind(redaction_add_pattern(redaction, "["), ERROR_INPUT,
                      "--redact '[': Invalid regular expression");
    assert_string_equal(redaction_text(redaction, arena, "to DE1234 and DE99", 0),
                        "to <redacted 6 bytes> and DE99");
    struct value value = {.name = "iban", TEXT("x")};
    redaction_value(redaction, arena, &value);
    assert_true(value.redacted);
}

static void test_words(void **state)
{
    (void)state;
    AUTO(redaction) redaction = redaction_new();
    static const char learnt[] = "secret=abcdefgh";
    redaction_learn_text(redaction, learnt, strlen(learnt));
    assert_true(redaction_hides_word(redaction, 0x6867666564636261));
    assert_false(redaction_hides_word(redaction, 0x6867666564636260));
    assert_false(redaction_hides_word(NULL, 0x6867666564636261));
}

RUN_TABLES_MAIN(TABLE(text_cases, test_text), TABLE(elsewhere_cases, test_elsewhere),
                SINGLE(test_values), SINGLE(test_result), SINGLE(test_pattern), SINGLE(test_words))
