// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "symbols/program.h"

/** A place in the source, and the code that was made of it. */
struct code_place {
    const char *file; ///< as recorded; NULL: not known
    int64_t line;
    const char *function; ///< whose code pc is in; NULL: none was found
    target_addr pc;       ///< the first instruction of the line, 0: it has none of its own
};

/**
 * Finds the place that a user names, in the forms that Delve has:
 *
 *     40  +3  -2         a line of the file of `here`, or so many behind or before its line
 *     shop/main.go:40    a line of a file, whose path may be cut at a slash
 *     main.run           a function, whose package and receiver may be cut: run, T.Close, shop.run
 *     main.run:3         so many lines behind that on which it begins
 *     /regexp/           the function whose name matches
 *     *0x4b6500          an address; the asterisk may be left out in front of 0x
 *
 * @param here   file NULL: the forms that need it are refused
 * @param arena  what file and function lie in
 * @return ERROR_INPUT with the byte at fault for what is none of these, ERROR_NOT_FOUND for what
 * the program has not, or more than once: the text then names some
 */
MUST_USE struct error *code_place_find(const struct program *program, const char *text,
                                       const struct code_place *here, struct arena *arena,
                                       struct code_place *out);
