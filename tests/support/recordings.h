// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

/** A recorded core of testdata and its binary. */
struct recording {
    const char *name; ///< "nilmap/go1.27-noopt/crash"; first, so that recordings are rows of tests
    const char *binary, *core;
};

/**
 * All recordings below a directory, sorted by name; they live as long as the test program.
 * @param one_per_binary  leave out further cores of the same binary
 */
const struct recording *recordings_find(const char *testdata, int one_per_binary, size_t *count);

/** Runs tests with every recording of TESTDATA as a row of each. @return an exit status */
int run_with_recordings(const char *testdata, int one_per_binary, void (*const *tests)(void **),
                        size_t test_count);
