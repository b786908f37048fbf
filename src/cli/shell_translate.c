// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/limits.h"
#include "shell_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** A list of words made for a command of gocrash. */
struct made_words {
    char **items;
    size_t count, capacity;
};

static void add(struct made_words *made, const char *word)
{
    ARRAY_PUSH(made->items, made->count, made->capacity) = alloc_string(word);
}

static void drop_made(struct made_words *made)
{
    for (size_t i = 0; i < made->count; i++)
        free(made->items[i]);
    free(made->items);
    *made = (struct made_words){0};
}

/** Runs the command with what was made, and releases it. */
static int run_made(struct shell *shell, struct made_words *made)
{
    size_t count = made->count;
    ARRAY_PUSH(made->items, made->count, made->capacity) = NULL;
    made->count = count;
    int status = shell_run_words(shell, made->items[0], (int)count, made->items);
    drop_made(made);
    return status;
}

bool shell_parse_count(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9')
        return false;
    *out = strtoull(text, &end, 0);
    return !*end && errno == 0;
}

/** The line behind its first `count` words, as it was typed. */
const char *shell_rest(const char *line, const struct words *words, int count)
{
    return count < words->count ? line + words->offsets[count] : "";
}

/** print, whatis: the rest of the line is one expression, blanks and quotes in it too. */
int shell_run_expression(struct shell *shell, const struct shell_command *command, const char *line,
                         const struct words *words)
{
    struct made_words made = {0};
    add(&made, command->command);
    size_t start = strcspn(line, " \t");
    start += strspn(line + start, " \t");
    int first = 1; // options in front, each with its argument
    while (first + 1 < words->count &&
           (strncmp(words->items[first], "--", 2) == 0 || strcmp(words->items[first], "-g") == 0 ||
            strcmp(words->items[first], "-f") == 0) &&
           words->items[first][2 * (words->items[first][1] == '-')]) {
        bool joined = strchr(words->items[first], '=');
        add(&made, words->items[first++]);
        if (!joined)
            add(&made, words->items[first++]);
    }
    if (first < words->count && words->items[first][0] == '%' && strlen(words->items[first]) > 1 &&
        strcmp(command->name, "print") == 0) { // no operand begins with a percent sign
        add(&made, "--verb");
        add(&made, words->items[first++]);
    }
    if (first > 1)
        start = first < words->count ? words->offsets[first] : strlen(line);
    add(&made, "--");
    if (line[start])
        add(&made, line + start);
    return run_made(shell, &made);
}

/** Words that follow, each as it is, where a minus sign in front of a number is no option. */
static void add_rest(struct made_words *made, const struct words *words, int first)
{
    bool ended = false;
    for (int i = first; i < words->count; i++) {
        const char *word = words->items[i];
        if (!ended && word[0] == '-' && word[1] >= '0' && word[1] <= '9') {
            add(made, "--");
            ended = true;
        }
        add(made, word);
    }
}

int shell_run_list(struct shell *shell, const struct shell_command *command, const char *line,
                   const struct words *words)
{
    (void)line;
    struct made_words made = {0};
    add(&made, command->command);
    add_rest(&made, words, 1);
    return run_made(shell, &made);
}

/** disassemble -l PLACE, -a START END */
int shell_run_disassemble(struct shell *shell, const struct shell_command *command,
                          const char *line, const struct words *words)
{
    (void)line;
    struct made_words made = {0};
    add(&made, command->command);
    for (int i = 1; i < words->count; i++) {
        bool is_range = strcmp(words->items[i], "-a") == 0;
        if (!is_range && strcmp(words->items[i], "-l") != 0) {
            add(&made, words->items[i]);
            continue;
        }
        if (i + (is_range ? 2 : 1) >= words->count) {
            drop_made(&made);
            complain("%s: %s takes %s", command->name, words->items[i],
                     is_range ? "START and END" : "a place");
            return EXIT_USAGE;
        }
    }
    return run_made(shell, &made);
}

/** -v: values whole. */
int shell_run_variables(struct shell *shell, const struct shell_command *command, const char *line,
                        const struct words *words)
{
    (void)line;
    struct made_words made = {0};
    add(&made, command->command);
    for (int i = 1; i < words->count; i++)
        add(&made, strcmp(words->items[i], "-v") == 0 ? "--full" : words->items[i]);
    return run_made(shell, &made);
}

int shell_run_registers(struct shell *shell, const struct shell_command *command, const char *line,
                        const struct words *words)
{
    (void)line;
    struct made_words made = {0};
    add(&made, command->command);
    for (int i = 1; i < words->count; i++)
        add(&made, strcmp(words->items[i], "-a") == 0 ? "--all" : words->items[i]);
    return run_made(shell, &made);
}

/** A stack's frames are walked one way, by what the core holds. @return false: said why not */
static bool is_stack_mode(const char *mode)
{
    if (mode && strcmp(mode, "normal") == 0)
        return true;
    complain("stack: -mode takes normal, as a core's stacks are read%s%s", mode ? ", not " : "",
             mode ? mode : "");
    return false;
}

/** -full, -offsets, -defer (which are shown in any case), -a N, -adepth N, -mode normal, N */
int shell_run_stack(struct shell *shell, const struct shell_command *command, const char *line,
                    const struct words *words)
{
    (void)command;
    (void)line;
    struct made_words made = {0};
    uint64_t frames;
    add(&made, "stack");
    for (int i = 1; i < words->count; i++) {
        const char *word = words->items[i];
        bool is_plain = words->items[i - 1][0] != '-' || i == 1 ||
                        strcmp(words->items[i - 1], "-full") == 0 ||
                        strcmp(words->items[i - 1], "-offsets") == 0 ||
                        strcmp(words->items[i - 1], "-defer") == 0;
        if (strcmp(word, "-defer") == 0)
            continue;
        if (strcmp(word, "-mode") == 0) {
            if (!is_stack_mode(words->items[i + 1])) {
                drop_made(&made);
                return EXIT_USAGE;
            }
            i++;
            continue;
        }
        // Ancestors, and all of their frames, are shown where the program kept them.
        if (strcmp(word, "-a") == 0 || strcmp(word, "-adepth") == 0) {
            if (!words->items[i + 1] || !shell_parse_count(words->items[i + 1], &frames)) {
                drop_made(&made);
                complain("stack: %s takes a number", word);
                return EXIT_USAGE;
            }
            i++;
            continue;
        }
        if (shell_parse_count(word, &frames) && is_plain)
            add(&made, "--max-frames");
        add(&made, word);
    }
    return run_made(shell, &made);
}

/** A filter or grouping of Delve's `goroutines`: label k=v becomes label=k=v. @return how many
 * words it takes behind its option, 0: it is none */
static int add_word(struct made_words *made, const char *option, const char *kind,
                    const char *argument)
{
    static const char *const alone[] = {"user", "running", "waiting"};
    AUTO_TEXT text = {0};
    buffer_printf(&text, "--%s=%s", option, kind);
    bool is_alone =
        strchr(kind, '=') || (strcmp(option, "group") == 0 && strcmp(kind, "label") != 0);
    for (size_t i = 0; i < COUNT_OF(alone); i++)
        is_alone |= strcmp(alone[i], kind) == 0;
    if (!is_alone && (!argument || argument[0] == '-'))
        return 0;
    if (!is_alone)
        buffer_printf(&text, "=%s", argument);
    add(made, buffer_text(&text));
    return is_alone ? 1 : 2;
}

/** One option of Delve's. @return words that it took; 0: it is none of Delve's; -1: wrong */
static int add_goroutine_option(struct made_words *made, const struct words *words, int at)
{
    static const struct {
        const char *letter, *loc;
    } locs[] = {{"-u", "userloc"}, {"-r", "curloc"}, {"-g", "goloc"}, {"-s", "startloc"}};
    static const struct {
        const char *delve, *option;
    } filters[] = {{"-with", "with"},
                   {"-w", "with"},
                   {"-without", "without"},
                   {"-wo", "without"},
                   {"-group", "group"}};
    const char *word = words->items[at], *next = words->items[at + 1];
    const char *after = next ? words->items[at + 2] : NULL;
    uint64_t number;
    for (size_t i = 0; i < COUNT_OF(locs); i++)
        if (strcmp(word, locs[i].letter) == 0) {
            if (strcmp(word, "-g") == 0 && next && shell_parse_count(next, &number))
                return 0; // a goroutine, as everywhere
            add(made, "--loc");
            add(made, locs[i].loc);
            return 1;
        }
    if (strcmp(word, "-l") == 0) // labels are shown in any case
        return 1;
    if (strcmp(word, "-t") == 0) {
        bool counted = next && shell_parse_count(next, &number);
        add(made, "--stack");
        if (counted) {
            add(made, "--max-frames");
            add(made, next);
        }
        return counted ? 2 : 1;
    }
    if (strcmp(word, "-chan") == 0)
        return next && add_word(made, "with", "chan", next) ? 2 : -1;
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        if (strcmp(word, filters[i].delve) != 0)
            continue;
        if (strcmp(word, "-group") == 0 && (!next || next[0] == '-')) {
            add(made, "--group");
            return 1;
        }
        int taken = next ? add_word(made, filters[i].option, next, after) : 0;
        return taken ? 1 + taken : -1;
    }
    return 0;
}

/** Runs a command in each goroutine that passes, behind a line that says which it is. */
static int run_on_each(struct shell *shell, struct made_words *made, const char *rest)
{
    struct report_options options = shell->options;
    AUTO(arena) arena = arena_new();
    bool help = false;
    struct id_list ids = {0};
    const struct command *command = cli_command("goroutines");
    size_t count = made->count;
    ARRAY_PUSH(made->items, made->count, made->capacity) = NULL;
    made->count = count;
    int first = parse_options(command, (int)count, made->items, &options, &help);
    int status = first < 0 ? EXIT_USAGE : EXIT_OK;
    if (status == EXIT_OK && !*rest) {
        complain("goroutines: -exec takes a command");
        status = EXIT_USAGE;
    }
    if (status == EXIT_OK) {
        shell_fill_place(shell, &options.place);
        struct error *err = session_goroutines(shell->session, &options, arena, &ids);
        status = err ? complain_error(err) : EXIT_OK;
    }
    for (size_t i = 0; i < ids.count && !shell_is_interrupted() && !shell->done; i++) {
        const struct inspect_place place = {.has_goroutine = true, .goroutine = ids.items[i]};
        fprintf(shell->out, "Goroutine %" PRIu64 ":\n", ids.items[i]);
        fflush(shell->out); // errors of the command stand behind it
        int one = shell_run_there(shell, &place, rest);
        status = status ? status : one;
    }
    return status;
}

/** Delve's options and those of gocrash, one beside the other. */
int shell_run_goroutines(struct shell *shell, const struct shell_command *command, const char *line,
                         const struct words *words)
{
    (void)command;
    struct made_words made = {0};
    int status = EXIT_OK;
    add(&made, "goroutines");
    for (int i = 1; i < words->count;) {
        const char *word = words->items[i];
        if (strcmp(word, "-exec") == 0) {
            status = run_on_each(shell, &made, shell_rest(line, words, i + 1));
            drop_made(&made);
            return status;
        }
        int taken = add_goroutine_option(&made, words, i);
        if (taken < 0) {
            complain("goroutines: %s takes a filter, as 'userloc main.run' or 'running'; 'help "
                     "goroutines' has them",
                     word);
            drop_made(&made);
            return EXIT_USAGE;
        }
        if (taken == 0)
            add(&made, word);
        i += taken ? taken : 1;
    }
    return run_made(shell, &made);
}

/** x -fmt hex -count 4 -size 8 ADDR, x -len 64 ADDR, x -x EXPR */
int shell_run_memory(struct shell *shell, const struct shell_command *command, const char *line,
                     const struct words *words)
{
    static const struct {
        const char *delve, *base;
    } bases[] = {{"hex", "hex"},     {"hexadecimal", "hex"}, {"dec", "dec"},
                 {"decimal", "dec"}, {"oct", "oct"},         {"octal", "oct"},
                 {"bin", "bin"},     {"binary", "bin"},      {"raw", "raw"}};
    (void)command;
    struct made_words made = {0};
    uint64_t count = 0, size = 1;
    int first = 1;
    add(&made, "mem");
    for (; first + 1 < words->count && words->items[first][0] == '-'; first += 2) {
        const char *word = words->items[first], *value = words->items[first + 1];
        if (strcmp(word, "-fmt") == 0 || strcmp(word, "--base") == 0) {
            const char *base = value;
            for (size_t i = 0; i < COUNT_OF(bases); i++)
                base = strcmp(bases[i].delve, value) == 0 ? bases[i].base : base;
            add(&made, "--base");
            add(&made, base);
        } else if (strcmp(word, "-size") == 0 || strcmp(word, "--size") == 0) {
            add(&made, "--size");
            add(&made, value);
            if (!shell_parse_count(value, &size) || size > 8)
                size = 1;
        } else if (strcmp(word, "-count") == 0 || strcmp(word, "-len") == 0) {
            if (!shell_parse_count(value, &count) || count > LIMIT_MEMORY_SHOWN)
                count = 0;
        } else if (strcmp(word, "-x") == 0) {
            break;
        } else {
            add(&made, word);
            add(&made, value);
        }
    }
    if (first < words->count && strcmp(words->items[first], "-x") == 0)
        first++;
    add(&made, "--");
    bool has_length = false;
    uint64_t length;
    // ADDR LEN as `mem` has it; else all that is left is one expression
    if (words->count - first == 2 && shell_parse_count(words->items[first + 1], &length)) {
        add(&made, words->items[first]);
        add(&made, words->items[first + 1]);
        has_length = true;
    } else if (first < words->count) {
        add(&made, shell_rest(line, words, first));
    }
    if (count && !has_length && first < words->count) {
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, count * size);
        add(&made, text);
    }
    return run_made(shell, &made);
}
