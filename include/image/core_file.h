// SPDX-License-Identifier: MIT
#pragma once

#include "image/arch.h"
#include "image/core_stream.h"
#include "image/elf_file.h"

#include <sys/types.h>

/** A thread as NT_PRSTATUS and the notes that follow it give it. */
struct core_thread {
    uint32_t tid;
    int32_t signal; ///< pr_cursig
    struct registers registers;
    bool has_tls;    ///< tls is known
    target_addr tls; ///< thread pointer: fs_base (amd64), NT_ARM_TLS (arm64)
    bool has_siginfo;
    uint8_t siginfo[128];
    struct bytes floating, extended; ///< NT_FPREGSET, NT_X86_XSTATE; borrowed, empty: not there
};

/** One entry of NT_FILE. */
struct core_mapping {
    target_addr start, end;
    uint64_t file_offset; ///< bytes
    const char *path;     ///< borrowed
};

/** A core file: what its program headers and notes say. */
struct core_file;

/**
 * Opens a core. Format: gABI's ET_CORE, the notes of Linux fs/binfmt_elf.c.
 *
 * @return as elf_file_open(); ERROR_UNSUPPORTED where it is an ELF file but no core. Broken notes
 * and segments beyond the end of the file are no errors: see core_file_warnings().
 */
MUST_USE struct error *core_file_open(const char *path, struct core_file **out);

/** The same with the bound of core_stream_open_limited(). */
MUST_USE struct error *core_file_open_limited(const char *path, uint64_t limit,
                                              struct core_file **out);
void core_file_free(struct core_file *core);
DEFINE_AUTO(core_file);

const struct elf_file *core_file_elf(const struct core_file *core);
const struct arch *core_file_arch(const struct core_file *core);

/** In the order of the notes: the thread that dumped comes first. */
const struct core_thread *core_file_threads(const struct core_file *core, size_t *count);
const struct core_mapping *core_file_mappings(const struct core_file *core, size_t *count);

/** A value of NT_AUXV (AT_ENTRY, AT_PHDR …); false if it is not there. */
bool core_file_auxv(const struct core_file *core, uint64_t type, uint64_t *out);

/** NT_PRPSINFO; 0 and "" where there is none. */
pid_t core_file_pid(const struct core_file *core);
const char *core_file_command_line(const struct core_file *core);
const char *core_file_program_name(const struct core_file *core);

/** Path of the executable: that of the mapping that holds AT_ENTRY or AT_PHDR, else the text of
 * AT_EXECFN; NULL if none says. */
const char *core_file_executable(const struct core_file *core);

/** Bytes that the program headers promise and the file does not hold. */
uint64_t core_file_missing_bytes(const struct core_file *core);

/** What is broken or missing in headers and notes, one text each; borrowed. */
const char *const *core_file_warnings(const struct core_file *core, size_t *count);
