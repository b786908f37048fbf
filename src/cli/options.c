// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "cli_internal.h"
#include "report/sinks.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Every option of every command: parsing, help and (through the help) the man page come from here.
 */
static const struct option_row {
    char letter; // stands in command.options; not a short option
    const char *name, *argument, *help;
} option_rows[] = {
    {'f', "format", "FORMAT", "text (default), json or traceback"},
    {'x', "full", NULL, "all frames, with their variables"},
    {'m', "max-goroutines", "N", "groups of goroutines shown in text (30)"},
    {'d', "max-depth", "N", "levels of a value shown (4)"},
    {'i', "max-items", "N", "elements of a slice, map or array shown (20)"},
    {'s', "max-string", "N", "bytes of a string shown (200)"},
    {'S', "strict", NULL, "exit 3 if the report has warnings"},
    {'e', "expect-signature", "HEX", "exit 4 if the crash has another signature"},
    {'E', "expect-class", "CLASS", "exit 4 if the crash is of another class"},
    {'l', "stable", NULL, "nothing of this host in the report"},
    {'L', "level", "LEVEL", "single, all or system (default)"},
};

static const struct option_row help_row = {'h', "help", NULL, "print this and exit"};

void print_command_help(const struct command *command)
{
    printf("Usage: gocrash %s [OPTIONS] %s\n\n%c%s.\n\nOptions:\n", command->name, command->usage,
           command->summary[0] - 'a' + 'A', command->summary + 1);
    for (size_t i = 0; i <= COUNT_OF(option_rows); i++) {
        const struct option_row *row = i < COUNT_OF(option_rows) ? &option_rows[i] : &help_row;
        if (row != &help_row && !strchr(command->options, row->letter))
            continue;
        char name[40];
        snprintf(name, sizeof name, "%s--%s%s%s", row == &help_row ? "-h, " : "    ", row->name,
                 row->argument ? " " : "", row->argument ? row->argument : "");
        printf("  %-28s %s\n", name, row->help);
    }
    printf("\nExample:\n  %s\n", command->example);
}

void print_program_help(const struct command *commands, size_t count)
{
    puts("Usage: gocrash COMMAND [OPTIONS] [BINARY] CORE\n\n"
         "Says what happened, where and why, from the core of a crashed Go program.\n\n"
         "Commands:");
    for (size_t i = 0; i < count; i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].summary);
    puts("\nOptions:\n"
         "  -h, --help    print this and exit\n"
         "      --version print the version and exit\n\n"
         "BINARY may be left out: the core records where the executable was.\n"
         "'gocrash COMMAND --help' tells a command's options.\n\n"
         "Exit status: 0 a report was printed, 1 the input cannot be analysed,\n"
         "2 wrong usage, 3 --strict and warnings, 4 --expect-... and another crash.");
}

/** Edits between two words, bounded: enough to tell a slip from another word. */
static size_t distance(const char *a, const char *b)
{
    enum { WORD = 24 };
    size_t row[WORD + 1], a_size = strlen(a), b_size = strlen(b);
    if (a_size > WORD || b_size > WORD)
        return WORD;
    for (size_t k = 0; k <= b_size; k++)
        row[k] = k;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b_size; k++) {
            size_t change = diagonal + (a[i - 1] != b[k - 1]);
            diagonal = row[k];
            size_t insert = row[k - 1] + 1, drop = row[k] + 1;
            row[k] = change < insert ? change : insert;
            row[k] = row[k] < drop ? row[k] : drop;
        }
    }
    return row[b_size];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t least = 4; // three slips and more make another word
    for (size_t i = 0; i < count; i++) {
        size_t edits = distance(word, words[i]);
        if (edits < least && edits < strlen(words[i])) {
            best = words[i];
            least = edits;
        }
    }
    return best;
}

static bool parse_number(const char *name, const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end || strchr(text, '-') || number > max) {
        complain("--%s takes a number from 0 to %" PRIu64 ", not '%s'", name, max, text);
        return false;
    }
    *out = number;
    return true;
}

static bool parse_word(const char *name, const char *text, const char *const *words, size_t count,
                       int *out)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0) {
            *out = (int)i;
            return true;
        }
    const char *near = nearest_word(text, words, count);
    complain("--%s does not take '%s'%s%s%s", name, text, near ? ": did you mean '" : "",
             near ? near : "", near ? "'?" : "");
    return false;
}

static bool apply(const struct option_row *row, const char *value, struct report_options *out)
{
    static const char *const formats[] = {"text", "json", "traceback"};
    static const char *const levels[] = {"single", "all", "system"};
    uint64_t number = 0;
    int word = 0;
    switch (row->letter) {
    case 'f':
        if (!parse_word(row->name, value, formats, COUNT_OF(formats), &word))
            return false;
        out->format = (enum report_format)word;
        return true;
    case 'L':
        return parse_word(row->name, value, levels, COUNT_OF(levels), &out->level);
    case 'x':
        out->full = true;
        return true;
    case 'S':
        out->strict = true;
        return true;
    case 'l':
        out->stable = true;
        return true;
    case 'e':
        out->expect_signature = value;
        return true;
    case 'E':
        out->expect_class = value;
        return true;
    case 'm':
        return parse_number(row->name, value, 1000000, &out->max_goroutines);
    case 'd':
        if (!parse_number(row->name, value, 32, &number))
            return false;
        out->limits.depth = (unsigned)number;
        return true;
    case 'i':
        return parse_number(row->name, value, 1000000, &out->limits.items);
    default:
        return parse_number(row->name, value, 1 << 24, &out->limits.string);
    }
}

/** An option that getopt does not know: the line that names the nearest one. */
static void complain_option(const struct command *command, const char *typed)
{
    const char *names[COUNT_OF(option_rows)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(option_rows); i++)
        if (strchr(command->options, option_rows[i].letter))
            names[count++] = option_rows[i].name;
    const char *near = strncmp(typed, "--", 2) == 0 ? nearest_word(typed + 2, names, count) : NULL;
    complain("%s: unknown option '%s'%s%s%s; see 'gocrash %s --help'", command->name, typed,
             near ? ": did you mean '--" : "", near ? near : "", near ? "'?" : "", command->name);
}

int parse_options(const struct command *command, int argc, char **argv, struct report_options *out,
                  bool *help)
{
    struct option longs[COUNT_OF(option_rows) + 2] = {0};
    const struct option_row *rows[COUNT_OF(option_rows) + 1];
    size_t count = 0;
    *out = (struct report_options){.level = TRACEBACK_SYSTEM,
                                   .max_goroutines = 30,
                                   .limits = {.depth = 4, .items = 20, .string = 200}};
    for (size_t i = 0; i < COUNT_OF(option_rows); i++)
        if (strchr(command->options, option_rows[i].letter)) {
            rows[count] = &option_rows[i];
            longs[count] = (struct option){
                option_rows[i].name, option_rows[i].argument ? required_argument : no_argument,
                NULL, 256 + (int)count};
            count++;
        }
    longs[count] = (struct option){"help", no_argument, NULL, 'h'};
    opterr = 0;
    optind = 1;
    for (int got; (got = getopt_long(argc, argv, ":h", longs, NULL)) != -1;) {
        if (got == 'h') {
            *help = true;
            return argc;
        }
        if (got == ':') {
            complain("%s: option '%s' wants an argument", command->name, argv[optind - 1]);
            return -1;
        }
        if (got == '?') {
            complain_option(command, argv[optind - 1]);
            return -1;
        }
        if (!apply(rows[got - 256], optarg, out))
            return -1;
    }
    return optind;
}
