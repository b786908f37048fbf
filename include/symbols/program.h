// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "image/address_space.h"
#include "image/core_file.h"
#include "symbols/buildinfo.h"
#include "symbols/file_places.h"
#include "symbols/go_release.h"
#include "symbols/moduledata.h"

struct dwarf_index;
struct pc_memo;
struct function_codes;
struct native_code;
struct known_variables;

/** A file with Go code that the program has loaded: `plugin`. */
struct plugin {
    struct elf_file *file; ///< owned
    target_addr bias;
    struct elf_file *debug_file; ///< owned; NULL: none was needed, or none is there
    struct dwarf_index *dwarf;   ///< opened by program_dwarf_at()
    bool dwarf_tried;
};

/**
 * The crashed program: both files, its memory, its release, its tables. Everything above the image
 * layer starts from here.
 */
struct program {
    /** The file with the Go code, owned: the executable, or the library of a C program. */
    struct elf_file *binary;
    bool is_library;
    struct elf_file *executable; ///< owned; of a library's process, NULL where it is not at hand
    target_addr executable_bias;
    struct elf_file *debug_file; ///< binary's separate debug information, owned; NULL: none
    struct plugin *plugins;      ///< owned; files whose pages space has as well
    size_t plugin_count, plugin_capacity;
    struct file_places places; ///< where all other files are looked for
    struct core_file *core;    ///< owned
    const struct arch *arch;
    target_addr bias; ///< what the loader added to the binary's addresses
    struct address_space *space;
    struct address_space *initial; ///< where the core lost moduledata: what modules borrow from
    struct buildinfo *buildinfo;
    struct go_release *release;
    struct module_list *modules;
    struct known_variables *variables; ///< what code tells; owned, shared by views
    struct pc_memo *memo;         ///< of the thread that uses this program: see program_view_init()
    struct function_codes *codes; ///< the same
    enum build_match { BUILD_UNKNOWN, BUILD_SAME, BUILD_OTHER } match; ///< by build id

    struct dwarf_index
        *dwarf; ///< opened by program_dwarf(); NULL until then, or where there is none
    bool dwarf_tried;
    bool download_tried;
    struct error *download_error; ///< why debuginfod gave nothing; owned
    struct native_code *native;   ///< code that is not Go's; looks at nothing until asked
};

/**
 * Opens both files and reads what everything else needs.
 *
 * @return an error that names the file at fault and says what to do: not there, no ELF, no core,
 * swapped, no Go program, of another machine than the core, another program's binary
 */
MUST_USE struct error *program_open(const char *binary_path, const char *core_path,
                                    struct program **out);

/**
 * The same with all that a user can say of where files lie.
 *
 * @param binary_path  NULL: the executable that the core names, below places->sysroot
 * @param places       copied, its strings borrowed
 */
MUST_USE struct error *program_open_with(const char *binary_path, const char *core_path,
                                         const struct file_places *places, struct program **out);
void program_free(struct program *program);
DEFINE_AUTO(program);

/** Whether a core can be of an executable, as program_open() decides it; false too where either
 * cannot be read. */
bool program_left_core(const char *binary_path, const char *core_path);

/**
 * The DWARF of the binary or of its separate debug information, opened when first asked for; where
 * neither is at hand debuginfod is asked (debug_file.h). ERROR_NOT_FOUND where there is none.
 */
MUST_USE struct error *program_dwarf(struct program *program, struct dwarf_index **out);

/** The DWARF of the file whose code holds pc: a plugin's, else the program's. */
MUST_USE struct error *program_dwarf_at(struct program *program, target_addr pc,
                                        struct dwarf_index **out);

/** The plugin whose code holds pc; NULL: none, it is the program's own. */
const struct plugin *program_plugin_at(const struct program *program, target_addr pc);

/** The DWARF of plugin number i, as program_dwarf_at() gives it for a pc of its code. */
MUST_USE struct error *program_plugin_dwarf(struct program *program, size_t number,
                                            struct dwarf_index **out);

/** The same where it has been opened already: a variable out of it is at hand. */
struct dwarf_index *program_opened_dwarf(const struct program *program, target_addr pc);

/**
 * All package variables whose name satisfies keep (NULL: all), the program's and its plugins'; of a
 * package that both have the program's, for the dynamic linker lets a plugin use those. arena for
 * *out. ERROR_NOT_FOUND where no file has DWARF.
 */
struct dwarf_global;
MUST_USE struct error *program_globals(struct program *program,
                                       bool (*keep)(void *context, const char *name), void *context,
                                       struct arena *arena, struct dwarf_global **out,
                                       size_t *count);

/** The DWARF that a DIE's offset is of, as an index has given it out (dwarf_index.h). */
MUST_USE struct error *program_dwarf_of_die(struct program *program, uint64_t die,
                                            struct dwarf_index **out);

/**
 * The same program for another thread: its tables are shared, what it looks up is kept apart. It
 * has no DWARF and no code that is not Go's. program is borrowed.
 */
void program_view_init(struct program *view, const struct program *program);
void program_view_clear(struct program *view);

/** What a reader must know of where the layouts come from; NULL: nothing, they are known. */
char *program_layout_warning(const struct program *program, struct arena *arena);

/**
 * Says that DWARF will be asked for: debuginfod is asked now where that is needed, so that symbols
 * are the same before and after.
 */
void program_want_dwarf(struct program *program);

/** The target's address of a symbol of the binary, or of its separate debug information. */
bool program_symbol(const struct program *program, const char *name, target_addr *out);

/** The symbol that begins at an address of the target: elf_file_symbol_at(). */
bool program_symbol_at(const struct program *program, target_addr address, const char **name,
                       uint64_t *size);

/** The same of all symbols whose name begins with a prefix: elf_file_next_symbol(). */
bool program_next_symbol(const struct program *program, const char *prefix, size_t *position,
                         const char **name, target_addr *out);
