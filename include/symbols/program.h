// SPDX-License-Identifier: MIT
#pragma once

#include "image/address_space.h"
#include "image/core_file.h"
#include "symbols/buildinfo.h"
#include "symbols/go_release.h"
#include "symbols/moduledata.h"

struct dwarf_index;
struct pc_memo;
struct native_code;

/**
 * The crashed program: both files, its memory, its release, its tables. Everything above the image
 * layer starts from here.
 */
struct program {
    struct elf_file *binary; ///< owned
    struct core_file *core;  ///< owned
    const struct arch *arch;
    target_addr bias; ///< what the loader added to the binary's addresses
    struct address_space *space;
    struct buildinfo *buildinfo;
    struct go_release *release;
    struct module_list *modules;
    struct pc_memo *memo; ///< of the thread that uses this program: see program_view_init()
    enum build_match { BUILD_UNKNOWN, BUILD_SAME, BUILD_OTHER } match; ///< by build id

    struct dwarf_index
        *dwarf; ///< opened by program_dwarf(); NULL until then, or where there is none
    bool dwarf_tried;
    struct native_code *native; ///< code that is not Go's; looks at nothing until asked
};

/**
 * Opens both files and reads what everything else needs.
 *
 * @return an error that names the file at fault and says what to do: not there, no ELF, no core,
 * swapped, no Go program, of another machine than the core, another program's binary
 */
MUST_USE struct error *program_open(const char *binary_path, const char *core_path,
                                    struct program **out);
void program_free(struct program *program);
DEFINE_AUTO(program);

/** The binary's DWARF, opened when first asked for; ERROR_NOT_FOUND where it has none. */
MUST_USE struct error *program_dwarf(struct program *program, struct dwarf_index **out);

/**
 * The same program for another thread: its tables are shared, what it looks up is kept apart. It
 * has no DWARF and no code that is not Go's. program is borrowed.
 */
void program_view_init(struct program *view, const struct program *program);
void program_view_clear(struct program *view);

/** The target's address of a symbol of the binary's symbol table. */
bool program_symbol(const struct program *program, const char *name, target_addr *out);
