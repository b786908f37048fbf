// SPDX-License-Identifier: MIT
#include "support/support.h"
#include "base/alloc.h"
#include "base/buffer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void assert_error_at(struct error *err, const char *expected, const char *file, int line)
{
    if (!err && !expected)
        return;
    if (!err || !expected || strcmp(error_message(err), expected) != 0) {
        print_error("expected: %s\n     got: %s\n", expected ? expected : "no error",
                    err ? error_message(err) : "no error");
        error_free(err);
        _fail(file, line);
    }
    error_free(err);
}

void assert_error_kind_at(struct error *err, enum error_kind kind, const char *expected,
                          const char *file, int line)
{
    if (err && error_kind(err) != kind) {
        print_error("%s: kind %d instead of %d\n", error_message(err), error_kind(err), kind);
        error_free(err);
        _fail(file, line);
    }
    assert_error_at(err, expected, file, line);
}

void assert_file_error_at(struct error *err, const char *path, const char *expected,
                          const char *file, int line)
{
    AUTO_TEXT text = {0};
    if (expected)
        buffer_printf(&text, "%s: %s", path, expected);
    assert_error_at(err, text.data, file, line);
}

/** What lives until the program ends, held where LeakSanitizer finds it. */
static struct {
    void **items;
    size_t count, capacity;
} kept;

static struct {
    char directory[64];
    char **paths;
    size_t count, capacity;
} files;

static void clean_up(void)
{
    for (size_t i = 0; i < kept.count; i++)
        free(kept.items[i]);
    free(kept.items);
    for (size_t i = 0; i < files.count; i++) {
        unlink(files.paths[i]);
        free(files.paths[i]);
    }
    free(files.paths);
    if (*files.directory)
        rmdir(files.directory);
}

static void clean_up_at_exit(void)
{
    static bool registered;
    if (!registered && atexit(clean_up))
        abort();
    registered = true;
}

static uint8_t *keep(size_t size)
{
    clean_up_at_exit();
    // Not alloc_bytes(): it gives a byte where none is asked for, and a sanitizer sees no overrun.
    void *memory = malloc(size); // NOLINT(clang-analyzer-optin.portability.UnixAPI)
    if (!memory)
        abort(); // glibc and musl give a pointer for no bytes too
    ARRAY_PUSH(kept.items, kept.count, kept.capacity) = memory;
    return memory;
}

static int digit(char c)
{
    if (!isxdigit((unsigned char)c)) {
        print_error("%c is no hex digit\n", c);
        abort();
    }
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

struct bytes bytes_from_hex(const char *hex)
{
    size_t count = 0;
    for (const char *p = hex; *p; p++)
        count += !isspace((unsigned char)*p);
    uint8_t *data = keep(count / 2);
    size_t at = 0;
    for (const char *p = hex; *p; p++) {
        if (isspace((unsigned char)*p))
            continue;
        int nibble = digit(*p);
        if (at % 2 == 0 && at / 2 < count / 2)
            data[at / 2] = (uint8_t)(nibble << 4);
        else if (at / 2 < count / 2)
            data[at / 2] |= (uint8_t)nibble;
        at++;
    }
    return (struct bytes){data, count / 2};
}

struct bytes bytes_copy(const void *data, size_t size)
{
    uint8_t *copy = keep(size);
    if (size)
        memcpy(copy, data, size);
    return (struct bytes){copy, size};
}

static const char *file_path(const char *name)
{
    clean_up_at_exit();
    if (!*files.directory) {
        snprintf(files.directory, sizeof files.directory, "/tmp/gocrash-test-XXXXXX");
        if (!mkdtemp(files.directory))
            abort();
    }
    char *path = NULL;
    if (asprintf(&path, "%s/%s", files.directory, name) < 0)
        abort();
    for (size_t i = 0; i < files.count; i++) {
        if (strcmp(files.paths[i], path) == 0) {
            free(path);
            return files.paths[i];
        }
    }
    return ARRAY_PUSH(files.paths, files.count, files.capacity) = path;
}

const char *write_file(const char *name, const void *data, size_t size)
{
    const char *path = file_path(name);
    FILE *file = fopen(path, "wb");
    if (!file || (size && fwrite(data, 1, size, file) != size) || fclose(file))
        abort();
    return path;
}

int run_tables(const struct test_table *tables, size_t count)
{
    size_t test_count = 0, at = 0;
    for (size_t i = 0; i < count; i++)
        test_count += tables[i].row_count;
    struct CMUnitTest *tests = alloc_zeroed(test_count, sizeof *tests);
    for (size_t i = 0; i < count; i++) {
        for (size_t row = 0; row < tables[i].row_count; row++) {
            const char *data = (const char *)tables[i].rows + row * tables[i].row_size;
            tests[at++] = (struct CMUnitTest){
                .name = *(const char *const *)data,
                .test_func = tables[i].run,
                .initial_state = (void *)data,
            };
        }
    }
    int failed = _cmocka_run_group_tests("tests", tests, test_count, NULL, NULL);
    free(tests);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
