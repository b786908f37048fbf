// SPDX-License-Identifier: MIT
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** How many of the first size bytes are left without a rune that the end cuts. */
size_t utf8_whole(const char *bytes, size_t size);

/** Whether it is UTF-8 that people read: no control characters but tab and line ends. */
bool utf8_is_printable(const char *bytes, size_t size);
