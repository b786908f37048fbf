// SPDX-License-Identifier: MIT
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** How many of the first size bytes are left without a character that the end cuts. */
size_t utf8_whole(const char *bytes, size_t size);

/** Whether it is UTF-8 for people: printable characters, with tabs and line ends among them. */
bool utf8_is_text(const char *bytes, size_t size);
