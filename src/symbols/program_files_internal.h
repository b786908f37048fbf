// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/program.h"

/** Finds the executable where BINARY was left out: by the core's records, below places' sysroot. */
MUST_USE struct error *program_find_executable(struct program *program, const char *core_path,
                                               const struct file_places *places);

/**
 * Holds the executable found by program_find_executable() against the core, once it is placed: what
 * lies at a path today may be another build.
 * @return ERROR_UNSUPPORTED where it is, or nothing tells it from one
 */
MUST_USE struct error *program_check_found(const struct program *program, const char *core_path);

/**
 * Says where the file that stands for the program was loaded, and whether it is the one: sets bias,
 * match and, for a library, is_library. Called while the program's space holds the core alone: the
 * pages with the notes are in it, for the kernel dumps the ELF headers of every mapped file.
 */
MUST_USE struct error *program_place(struct program *program);

/** Holds a file's build ids against those that the core has of it, if it was loaded at bias. */
enum build_match program_compare_build_ids(const struct address_space *space,
                                           const struct elf_file *file, target_addr bias);

/** What the loader adds to a file's addresses if its first byte is mapped at start. */
bool program_bias_at(const struct elf_file *file, target_addr start, target_addr *out);

/**
 * For an executable that is no Go program: the library with the Go code takes its place.
 * @return ERROR_NOT_FOUND that says where the Go code is, or that there is none
 */
MUST_USE struct error *program_adopt_library(struct program *program,
                                             const struct file_places *places);

/**
 * Makes the read-only pages of the file that is mapped at address known, if it is here and is the
 * one: those of a plugin.
 */
bool program_map_file_at(struct program *program, target_addr address);
