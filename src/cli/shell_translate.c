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

/** Runs the command with what was made, and releases it. */
static int run_made(struct shell *shell, struct made_words *made)
{
    size_t count = made->count;
    ARRAY_PUSH(made->items, made->count, made->capacity) = NULL;
    int status = shell_run_words(shell, made->items[0], (int)count, made->items);
    for (size_t i = 0; i < count; i++)
        free(made->items[i]);
    free(made->items);
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
    if (first > 1)
        start = first < words->count ? words->offsets[first] : strlen(line);
    add(&made, "--");
    if (line[start])
        add(&made, line + start);
    return run_made(shell, &made);
}

int shell_run_stack(struct shell *shell, const struct shell_command *command, const char *line,
                    const struct words *words)
{
    (void)command;
    (void)line;
    struct made_words made = {0};
    uint64_t frames;
    add(&made, "stack");
    for (int i = 1; i < words->count; i++) {
        if (shell_parse_count(words->items[i], &frames) &&
            !(words->items[i - 1][0] == '-' && i > 1 && strcmp(words->items[i - 1], "-full") != 0))
            add(&made, "--max-frames");
        add(&made, words->items[i]);
    }
    return run_made(shell, &made);
}

/** A filter or grouping of Delve's `goroutines` by the place that it is about. */
static bool add_filter(struct made_words *made, const char *kind, const char *argument)
{
    static const struct {
        const char *delve, *option;
        bool argument;
    } filters[] = {
        {"curloc", "--function", true},  {"userloc", "--function", true},
        {"goloc", "--created-by", true}, {"startloc", "--function", true},
        {"label", "--label", true},      {"running", "--status=running", false},
    };
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        if (strcmp(filters[i].delve, kind) != 0)
            continue;
        if (filters[i].argument && !argument)
            return false;
        add(made, filters[i].option);
        if (filters[i].argument)
            add(made, argument);
        return true;
    }
    return false;
}

/** Delve's options and those of gocrash, one beside the other. */
int shell_run_goroutines(struct shell *shell, const struct shell_command *command, const char *line,
                         const struct words *words)
{
    (void)command;
    (void)line;
    struct made_words made = {0};
    const char *wrong = NULL;
    uint64_t number;
    add(&made, "goroutines");
    for (int i = 1; i < words->count && !wrong; i++) {
        const char *word = words->items[i];
        if (!word)
            break;
        const char *next = words->items[i + 1];
        const char *after = next ? words->items[i + 2] : NULL;
        bool place = strlen(word) == 2 && word[0] == '-' && strchr("urgsl", word[1]);
        if (place) // every line has the place, who created it, and its labels
            continue;
        if (strcmp(word, "-t") == 0) {
            add(&made, "--stack");
            i += next && shell_parse_count(next, &number);
        } else if (strcmp(word, "-with") == 0 || strcmp(word, "-w") == 0) {
            bool alone = next && strcmp(next, "running") == 0;
            wrong = next && add_filter(&made, next, after) ? NULL : word;
            i += alone ? 1 : 2;
        } else if (strcmp(word, "-group") == 0) {
            add(&made, "--group"); // by all of it: state, place and creator
            i += next && next[0] != '-';
        } else if (strcmp(word, "-without") == 0 || strcmp(word, "-exec") == 0 ||
                   strcmp(word, "-chan") == 0) {
            wrong = word;
        } else {
            add(&made, word);
        }
    }
    if (!wrong)
        return run_made(shell, &made);
    for (size_t i = 0; i < made.count; i++)
        free(made.items[i]);
    free(made.items);
    complain("goroutines: %s is not known here; 'help goroutines' has the filters", wrong);
    return EXIT_USAGE;
}

/** x -fmt hex -count 4 -size 8 ADDR, x -len 64 ADDR, x -x EXPR */
int shell_run_memory(struct shell *shell, const struct shell_command *command, const char *line,
                     const struct words *words)
{
    static const struct {
        const char *delve, *base;
    } bases[] = {{"hex", "hex"}, {"hexadecimal", "hex"}, {"dec", "dec"}, {"decimal", "dec"},
                 {"oct", "oct"}, {"octal", "oct"},       {"bin", "bin"}, {"binary", "bin"}};
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
