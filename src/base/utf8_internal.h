// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

struct utf8_range {
    uint32_t first, last;
};

/** Ascending, no two of them touching. */
extern const struct utf8_range utf8_printable[];
extern const size_t utf8_printable_count;
