// SPDX-License-Identifier: MIT
#pragma once

#include "analysis/analyze.h"
#include "analysis/inspect.h"
#include "base/error.h"
#include "cli/cli.h"
#include "model/report_sink.h"
#include "report/listing.h"
#include "symbols/program.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct report_options;

/** The target that a command works on. */
struct session {
    struct program *program;
    struct redaction *redaction; ///< NULL with --no-redact
    struct inspector *inspector; ///< NULL until session_inspector() has opened it
    const char *binary_path; ///< program's; where it was left out, or is a library, as it was found
    char *core_path;         ///< as the user gave it
};

/**
 * Opens the files that a command's operands name: [BINARY] CORE.
 * @return what program_open() returns; ERROR_NOT_FOUND where BINARY was left out and the core's own
 * record of it does not lead to it
 */
MUST_USE struct error *session_open(char **operands, int count,
                                    const struct report_options *options, struct session *out);
void session_close(struct session *session);

/**
 * How many of a command's operands are files, 1 or 2: the first that is a core ends them. Behind
 * them come the command's own.
 */
int session_files(char **operands, int count);

/** What looks at the session's goroutines and frames; opened when first asked for. */
MUST_USE struct error *session_inspector(struct session *session, const struct value_limits *limits,
                                         struct inspector **out);

/**
 * The frame that -g and -f name, and what it is looked at with.
 *
 * @param arena  what the frame lies in
 * @return what session_inspector() and inspector_frame() return
 */
MUST_USE struct error *session_frame(struct session *session, const struct report_options *options,
                                     struct arena *arena, struct inspector **inspector,
                                     struct inspected_frame *out);

/** The address that a text means: a number, or an expression whose value is one or points to it. */
MUST_USE struct error *session_address(struct session *session,
                                       const struct report_options *options, const char *text,
                                       target_addr *out);

/** Ids of the goroutines that the options' filters leave, in the order of the list. */
struct id_list;
MUST_USE struct error *session_goroutines(struct session *session,
                                          const struct report_options *options, struct arena *arena,
                                          struct id_list *out);

/** Keeps the innermost frames of those that are shown. @return how many were cut */
uint64_t cut_frames(struct report_goroutine *goroutine, uint64_t max, bool full);

/** A command's list, in the form that the options ask for. */
struct listing session_listing(const struct session *session, const struct report_options *options,
                               FILE *out);

enum { DEBUG_DIRS_MAX = 64 }; ///< --debug-dir given so often

enum report_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN, FORMAT_TRACEBACK };

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum { OPTION_LIST_MAX = 32 };

/** The values of an option that may be given several times. */
struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

/** Which goroutines a list has; NULL, 0: any. */
struct goroutine_filter {
    const char *status, *wait, *function, *label, *created_by;
    uint64_t longer_than_ns;
    struct option_list with, without; ///< goroutine_filter.h
};

/** What a word about goroutines is for: userloc, running, label=KEY … */
enum goroutine_word { GOROUTINE_FILTER, GOROUTINE_GROUP, GOROUTINE_LOC };

/** Whether a word is one of them. */
bool goroutine_word_known(const char *text, enum goroutine_word use);

/** Whether an option takes a word; says on standard error why not. */
bool goroutine_word_check(const char *option, const char *text, enum goroutine_word use);

/** What the commands take; each uses what its table names. */
struct report_options {
    enum report_format format;
    int level; ///< enum traceback_level
    bool full, strict, stable;
    uint64_t max_goroutines;
    struct value_limits limits;
    const char *expect_signature, *expect_class;
    struct inspect_place place; ///< -g, -f
    struct goroutine_filter filter;
    bool group, all, stack;
    const char *group_by, *loc; ///< NULL: by all that there is; userloc
    struct value_verb verb;     ///< --verb; its letter 0: not given
    uint64_t lines;             ///< of source on each side of the one that is shown
    bool offsets;
    bool gnu_flavor;       ///< --flavor gnu
    uint64_t max_frames;   ///< 0: all
    const char **commands; ///< -c, one behind the other; the caller frees the list
    size_t command_count, command_capacity;
    uint64_t thread;       ///< -t, 0: not given
    unsigned unit_size;    ///< --size, 0: not given
    enum memory_base base; ///< --base
    const char *sysroot, *debug_file;
    const char *debug_dirs[DEBUG_DIRS_MAX];
    size_t debug_dir_count;
    uint64_t max_core_size; ///< bytes; 0: not given
    const char *output;     ///< --output; NULL: standard output
    enum color_when color;
    bool no_pager, last, force;
    uint64_t pid;                   ///< --pid; 0: not given
    uint64_t max_size;              ///< bytes of Markdown
    const char *root;               ///< --root of doctor; "" for /
    const struct text_style *style; ///< what the place can show that is printed to; NULL: nothing
    bool no_redact;
    struct option_list source_maps; ///< FROM=TO
    struct option_list redact;      ///< what else is secret: regular expressions
};

/**
 * The path of the newest core that this host keeps, or of that of --pid's process.
 *
 * @param binary  the executable that left it, unless --force was given; NULL: whichever
 * @param out  the caller's to free
 * @return ERROR_NOT_FOUND, ERROR_OS, which say where was looked and what may not be read
 */
MUST_USE struct error *find_core(const struct report_options *options, const char *binary,
                                 char **out);

struct command {
    const char *name;
    const char *summary;  ///< one line for the list of commands
    const char *usage;    ///< operands behind the options
    const char *options;  ///< letters of report_option_table that it takes, "f": --format …
    const char *operands; ///< lines on what they are, NULL: the usage says it
    const char *example;
    int (*run)(const struct command *command, const struct report_options *options, char **operands,
               int operand_count);
    /** Commands that work on a session, for run_in_session() and the shell. */
    int (*in_session)(struct session *session, const struct report_options *options,
                      char **arguments, int count, FILE *out);
    int least, most;    ///< arguments behind the files
    const char *wants;  ///< what the first of them is, where least is not 0
    bool no_core;       ///< it takes no files
    bool options_first; ///< options stand in front of the files alone
};

int run_doctor(const struct command *command, const struct report_options *options, char **operands,
               int operand_count);

/** Opens the files, then runs command->in_session with what follows them. */
int run_in_session(const struct command *command, const struct report_options *options,
                   char **operands, int operand_count);

/** Where a file lies is this host's business: --stable names the file alone. */
const char *path_shown(const char *path, const struct report_options *options);

/** Each works on a session and prints to out. @return an exit status */
typedef int session_command(struct session *session, const struct report_options *options,
                            char **arguments, int count, FILE *out);
session_command command_list, command_analyze, command_traceback, command_shell, command_print,
    command_whatis, command_locals, command_args, command_globals, command_stack,
    command_goroutines, command_threads, command_regs, command_mem, command_disasm, command_types,
    command_funcs, command_sources, command_packages, command_libraries, command_deferred,
    command_info;

/** A goroutine's deferred call, numbered from 1 in the order in which they would run; NULL: it has
 * not so many. @param frame  the number of the one that deferred it */
const struct report_defer *goroutine_defer(const struct report_goroutine *goroutine,
                                           uint64_t number, uint64_t *frame);
const struct report_frame *frame_numbered(const struct report_frame_list *frames, uint64_t number);

/** Says an error on standard error and releases it. @return EXIT_INPUT; EXIT_USAGE for ERROR_INPUT:
 * what was typed is at fault, not a file */
int complain_error(struct error *err);

/** Prints one line "gocrash: …" on standard error. */
void complain(const char *format, ...) PRINTF_LIKE(1, 2);

/** What holds where no option says otherwise. */
extern const struct report_options default_options;

const struct command *cli_command(const char *name);

/** The command that the prompt has under another name; NULL: none, or it has no command of its own.
 */
const char *shell_name_of(const char *name);

/** Parses options that follow the command's name, over what is in out; returns the index of the
 * first operand, -1: wrong usage. */
int parse_options(const struct command *command, int argc, char **argv, struct report_options *out,
                  bool *help);

void print_command_help(const struct command *command, FILE *out);

/** Only its options, a line each. */
void print_command_options(const struct command *command, FILE *out);

/** The i-th option that a command takes, by its long name; NULL: there are no more. */
const char *option_name(const struct command *command, size_t i);
void print_program_help(const struct command *commands, size_t count);

/** The nearest of some words to one that is not among them, NULL where none is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

/** Appends "a, b or c". */
void list_words(struct buffer *out, const char *const *words, size_t count);
