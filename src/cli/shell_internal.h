// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "cli_internal.h"

/** A prompt over one session: where it stands, and what it has been told. */
struct shell_alias {
    const char *name, *command;
};

struct shell {
    struct session *session;
    struct arena *arena;           ///< for what `config` and `display` keep; owned
    struct report_options options; ///< limits, as `config` sets them
    struct inspect_place place;    ///< current goroutine and frame; has_… false: there is none
    FILE *out;                     ///< stops writing once the user has interrupted
    bool interactive;
    bool done;                   ///< `exit` was typed
    unsigned depth;              ///< of files that source files
    struct shell_alias *aliases; ///< owned
    size_t alias_count, alias_capacity;
    const char **displays; ///< expressions, each with its verb; NULL: taken away; owned
    size_t display_count, display_capacity;
    unsigned show_depth; ///< of a place that is looked at in passing: nothing is displayed there
};

/** The words of a line: parted by blanks, quoted with ' or ", \ before a character inside ". */
struct words {
    char **items;    ///< ends with a NULL
    size_t *offsets; ///< where each begins in the line
    int count;
};

/** @return false where a quote is not closed; words are then empty */
bool words_split(const char *line, struct words *out);
void words_clear(struct words *words);
#define AUTO_WORDS __attribute__((cleanup(words_clear))) struct words

/** A command of the prompt. */
struct shell_command;

/** @param line  the whole of it. @return an exit status */
typedef int shell_handler(struct shell *shell, const struct shell_command *command,
                          const char *line, const struct words *words);

struct shell_command {
    const char *name, *short_names; ///< "print", "p"; NULL: none
    const char *usage;              ///< what follows the name
    const char *summary;
    const char *command; ///< the command of gocrash that it is; NULL: run does it all
    shell_handler *run;  ///< NULL: options and arguments are the command's, as they are
};

/** What Delve's users type, in the words of gocrash's commands. */
shell_handler shell_run_expression, shell_run_stack, shell_run_goroutines, shell_run_memory,
    shell_run_list, shell_run_disassemble, shell_run_variables, shell_run_registers;

/** What gdb's users type (p/x, x/16xg, info locals, bt full), in the words of this prompt.
 * @return false where the line is nothing of that */
bool shell_translate_gdb(const char *line, struct buffer *out);

/** What the prompt itself keeps: shell_settings.c. */
shell_handler shell_run_config, shell_run_display, shell_run_transcript;

/** The i-th name that `config` takes; NULL: there are no more. */
const char *shell_setting_name(size_t i);

/** What `config` knows, a line each. */
void shell_put_settings_help(FILE *out);

/** Prints the expressions of `display`, where the prompt now stands. */
void shell_show_displays(struct shell *shell);

/** The word that `config alias` has for a command; NULL: none. */
const char *shell_alias_of(const struct shell *shell, const char *name);

/** Reads what `config -save` wrote, where that is. */
void shell_load_settings(struct shell *shell);

/** A file of this program below a directory of the user's, as the XDG specification has them.
 * @return the caller's to free; NULL: there is no such directory */
char *shell_user_file(const char *variable, const char *below_home, const char *name);

/** Makes the directories above a file. */
void shell_make_parents(const char *path);

/** Where output goes as well; NULL: nowhere. @param only  not to standard output */
void shell_set_transcript(FILE *file, bool only);
bool shell_has_transcript(void);

/** Runs what follows a place there, and comes back. */
int shell_run_there(struct shell *shell, const struct inspect_place *place, const char *rest);

/** A number, decimal or with 0x. */
bool shell_parse_count(const char *text, uint64_t *out);

/** The line behind its first `count` words, as it was typed. */
const char *shell_rest(const char *line, const struct words *words, int count);

const struct shell_command *shell_commands(size_t *count);
/** The command of a name or short name; NULL: there is none. */
const struct shell_command *shell_command_find(const char *name);

/** Runs one line. @return an exit status */
int shell_run_line(struct shell *shell, const char *line);

/** Runs the lines of a file. @return the status of the first that failed */
int shell_run_file(struct shell *shell, FILE *file);

/** Puts the prompt's goroutine and frame where none were given. */
void shell_fill_place(const struct shell *shell, struct inspect_place *place);

/** Runs a command of gocrash in the session with the words behind words[0]. */
int shell_run_words(struct shell *shell, const char *command, int count, char **words);

/** "gocrash g1 #3> " */
void shell_prompt(const struct shell *shell, struct buffer *out);

/** Makes a frame the current one; on an error nothing changes. */
MUST_USE struct error *shell_go(struct shell *shell, const struct inspect_place *place,
                                struct arena *arena, struct inspected_frame *frame);

/** Moves to a goroutine or frame and says where that is. @return an exit status */
int shell_move(struct shell *shell, const struct inspect_place *place);

/** What could stand at the end of a line, in order, without repetition. */
struct completions {
    struct arena *arena;
    const char **items;
    size_t count, capacity;
    bool numeric; ///< in the order of numbers
    size_t start; ///< the byte of the line where each of them begins
    bool closed;  ///< a blank may follow the word
};
void shell_complete(struct shell *shell, const char *line, size_t cursor, struct completions *out);
void completions_clear(struct completions *completions);

/** Reads lines at a terminal, edited, with history, until the end of input or `exit`. */
void shell_edit(struct shell *shell);

/** Whether the user has interrupted. */
bool shell_is_interrupted(void);

/** The same; forgets it. */
bool shell_take_interrupt(void);

/** From now on an interrupt ends what writes to the result, and nothing else. */
FILE *shell_open_output(void);

/** Writes what is left; what an interrupt cut is gone. */
void shell_end_output(FILE *out);
