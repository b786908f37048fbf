// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_INVALID UINT32_MAX

/**
 * Takes one character from the start of bytes, by the rules of Go's utf8.DecodeRune: no surrogates,
 * no overlong forms, nothing above U+10FFFF.
 *
 * @param size  at least 1
 * @param rune  the character, or UTF8_INVALID for a byte that begins none
 * @return bytes taken: 1 for an invalid one
 */
size_t utf8_decode(const void *bytes, size_t size, uint32_t *rune);

/** What strconv.IsPrint of Go 1.27 says: letters, marks, numbers, symbols and the ASCII space. */
bool utf8_rune_is_printable(uint32_t rune);

/** Columns of a terminal that a character takes: 2 of East Asian wide ones and most emoji, 0 of
 * combining marks. */
size_t utf8_rune_columns(uint32_t rune);

/** The same of a text; an invalid byte takes one. */
size_t utf8_columns(const char *text, size_t size);

/** Appends what stands in a Go string literal for a character that is not printed as it is. */
void utf8_escape_rune(struct buffer *out, uint32_t rune, uint8_t invalid_byte);

/**
 * Appends text that came from the target so that it can neither steer a terminal nor break UTF-8:
 * control characters, invisible ones and invalid bytes are written as in a Go string literal
 * (\n, \x1b, \u202e, \xff); quotes, backslashes and spaces of all kinds stay.
 *
 * @param keep  ASCII control characters that stay as well: "\t", "\t\n", or ""
 */
void utf8_escape(struct buffer *out, const char *bytes, size_t size, const char *keep);
