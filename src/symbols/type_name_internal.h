// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A package of the program: its import path, and the name that its own files give it. */
struct package {
    const char *path, *name;
    bool hidden; ///< of the runtime's inside: no program writes its name
    bool shared; ///< another package that is not hidden has the same name
};

/** All packages of the program, ordered by path. */
struct package_list {
    struct package *items;
    size_t count, capacity;
    bool shorten_shared; ///< leaves no path, not those of shared names either
};

void package_list_clear(struct package_list *list);

/** @param path, name  borrowed; name NULL: to be told from the path */
void package_list_add(struct package_list *list, const char *path, const char *name);

/**
 * Orders the list and finds the names that two packages have.
 * @param main_module  its packages are never hidden; NULL: not known
 */
void package_list_finish(struct package_list *list, const char *main_module);

/** Whether the text names a type of a package whose name another has too. */
bool package_list_ambiguous(const struct package_list *list, const char *type_name);

/**
 * A type's name as %T prints it, from one with full paths: packages go by their names; between the
 * brackets of an instantiated generic the paths stay, as %T leaves them. Where two packages share
 * the name the path stays too. Arguments that the compiler made up (go.shape.int) become "...", as
 * in Go's tracebacks.
 *
 * @param kept  set where a path stayed, NULL allowed
 */
void type_name_shorten(const struct package_list *list, const char *full, struct buffer *out,
                       bool *kept);

/** Replaces the arguments of generics that name shapes in a name that is short already. */
void type_name_hide_shapes(const char *name, struct buffer *out);

/** Undoes the linker's escapes in a symbol's name: "gopkg.in/yaml%2ev3"
 * (cmd/internal/objabi/path.go). */
void type_name_unescape(const char *name, struct buffer *out);

/**
 * A type's name as a programmer may write it, as Go's tables have it: byte, rune and any by what
 * they stand for, "interface{}" with its space, a generic's arguments without any.
 */
void type_name_canonical(const char *name, struct buffer *out);

uint64_t type_name_hash(const char *text);

/** A type that was declared, in a package: "main.User", "db.Set[int]", but not "[]main.User",
 * "int". */
bool type_name_is_declared(const char *name);

/**
 * Whether two names mean one function: DWARF's and the pclntab's, which has "[...]" for a generic's
 * arguments from 1.18 to 1.20, ".abi0" behind assembly in externally linked programs.
 */
bool function_names_agree(const char *a, const char *b);
