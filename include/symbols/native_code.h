// SPDX-License-Identifier: MIT
#pragma once

#include "image/address_space.h"
#include "symbols/file_places.h"

/**
 * Code in the target that is not Go's: C in the executable, shared libraries, the vdso. What it is
 * called and how its frames are unwound; see also cfi.h.
 *
 * A library is read from the file that the core names (NT_FILE), if that file is here and its build
 * id is the one the core has of it; else from the core, where that holds all of it. Where the core
 * names no files the dynamic linker's own list says which libraries there are. The vdso is always
 * in the core. Files are opened when an address in them is first asked for. One thread only.
 */
struct native_code;

/**
 * @param core, space, binary  borrowed, must outlive the result
 * @param binary  the executable, NULL where it is not at hand; bias is its own
 * @param places  where the files of libraries are looked for; copied, its strings borrowed
 */
struct native_code *native_code_new(const struct core_file *core, const struct address_space *space,
                                    struct elf_file *binary, target_addr bias,
                                    const struct file_places *places);
void native_code_free(struct native_code *code);
DEFINE_AUTO(native_code);

/** The executable's separate debug information, once it is found; borrowed. */
void native_code_set_debug_file(struct native_code *code, struct elf_file *debug_file);

/** An ELF file that is mapped into the target. */
struct native_module;

/** The module whose code holds pc; NULL where nothing says what is there. */
struct native_module *native_code_module(struct native_code *code, target_addr pc);

/** As NT_FILE or the dynamic linker has it; "[vdso]". */
const char *native_module_path(const struct native_module *module);

/** Why nothing more than the path is known, in words; NULL where its contents are at hand. */
const char *native_module_missing(const struct native_module *module);

/** The address of a variable that a module's file names; false where it names none. */
bool native_module_variable(struct native_module *module, const char *name, target_addr *out);

/** What an address means. */
struct native_place {
    const char *module;   ///< native_module_path()
    target_addr bias;     ///< what the loader added to the module's addresses
    const char *function; ///< NULL: no symbol covers it
    target_addr entry;    ///< of function
    const char *file;     ///< NULL: no line table says
    int64_t line;
    bool in_executable;
};

/**
 * Names an instruction: by the symbol that covers it (.symtab, else .dynsym), file and line by
 * DWARF; both also of separate debug information (debug_file.h). Strings live as long as code.
 * @return false where no module is known to be there
 */
bool native_code_place(struct native_code *code, target_addr pc, struct native_place *out);

/** Reads code: from memory, else from the module's file. */
bool native_code_read(struct native_code *code, target_addr address, void *out, size_t size);

/** Whether an address can hold code: it lies in a mapping that is executable. */
bool native_code_is_executable(struct native_code *code, target_addr address);

/** The end of the writable memory that holds address, as far as one mapping goes; 0: none does. */
target_addr native_code_stack_end(struct native_code *code, target_addr address);

/** Takes one step of all that one session may take in C code: false once there are no more. */
bool native_code_step(struct native_code *code);

const struct address_space *native_code_space(const struct native_code *code);
const struct arch *native_code_arch(const struct native_code *code);
