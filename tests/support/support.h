// SPDX-License-Identifier: MIT
#pragma once

// cmocka.h wants these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"

/**
 * Holds an error against its whole text, or against success, and frees it.
 * @param expected  NULL: no error
 */
#define assert_error(err, expected) assert_error_at((err), (expected), __FILE__, __LINE__)
void assert_error_at(struct error *err, const char *expected, const char *file, int line);

/** The same, and holds its kind against kind. */
#define assert_error_kind(err, kind, expected)                                                     \
    assert_error_kind_at((err), (kind), (expected), __FILE__, __LINE__)
void assert_error_kind_at(struct error *err, enum error_kind kind, const char *expected,
                          const char *file, int line);

/** The same for a text that begins with "path: ". */
#define assert_file_error(err, path, expected)                                                     \
    assert_file_error_at((err), (path), (expected), __FILE__, __LINE__)
void assert_file_error_at(struct error *err, const char *path, const char *expected,
                          const char *file, int line);

/**
 * Bytes written as hex digits, blanks between them as one likes. Each call gives memory of its own
 * and of that very size, so that a sanitizer sees a read beyond it; it lives as long as the test
 * program.
 */
struct bytes bytes_from_hex(const char *hex);

/** A copy of bytes on the same terms. */
struct bytes bytes_copy(const void *data, size_t size);

/** Writes a file into a directory of this program's own, emptied at its end; path likewise. */
const char *write_file(const char *name, const void *data, size_t size);

/** Rows of a table, or one test alone. */
struct test_table {
    const void *rows; ///< the first member of each is its name, a const char *
    size_t row_size, row_count;
    void (*run)(void **state); ///< *state is the row
};

#define TABLE(rows, function)                                                                      \
    {                                                                                              \
        (rows), sizeof(rows)[0], COUNT_OF(rows), (function)                                        \
    }
#define SINGLE(function)                                                                           \
    {                                                                                              \
        (const char *[]){#function}, sizeof(char *), 1, (function)                                 \
    }

/** Runs every row as a test of its name. @return an exit status */
int run_tables(const struct test_table *tables, size_t count);

/** A test program: RUN_TABLES_MAIN(TABLE(open_cases, test_open), SINGLE(test_free)) */
#define RUN_TABLES_MAIN(...)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct test_table tables[] = {__VA_ARGS__};                                          \
        return run_tables(tables, COUNT_OF(tables));                                               \
    }
#define RUN_TABLE_MAIN(rows, function) RUN_TABLES_MAIN(TABLE(rows, function))
