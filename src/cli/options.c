// SPDX-License-Identifier: MIT
#include "base/buffer.h"
#include "option_apply.h"
#include "report/sinks.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** Every option of every command: parsing, help and (through the help) the man page come from here.
 */
static const struct option_row option_rows[] = {
    {'f', "format", "FORMAT", "text (default), json, markdown or traceback"},
    {'j', "format", "FORMAT", "text (default) or json"},
    {'G', "goroutine", "ID", "goroutine (the crashed one)"},
    {'F', "frame", "N", "frame, 0 the innermost (the one to look at first)"},
    {'t', "thread", "TID", "thread (the crashed one, or the goroutine's)"},
    {'a', "all", NULL, "every goroutine"},
    {'T', "status", "STATUS", "only of this status: running, waiting ..."},
    {'W', "wait", "REGEXP", "only with such a wait reason"},
    {'u', "function", "REGEXP", "only with such a function on the stack"},
    {'k', "label", "LABEL", "only with this profiler label: KEY or KEY=VALUE"},
    {'c', "created-by", "REGEXP", "only created by such a function"},
    {'o', "longer-than", "TIME", "only waiting for longer, as 90s or 1h30m"},
    {'5', "with", "FILTER", "only such goroutines; repeatable"},
    {'6', "without", "FILTER", "no such goroutines; repeatable"},
    {'p', "group", "[=BY]", "a line for all that are alike, or alike in BY"},
    {'9', "loc", "LOC", "userloc (default), curloc, goloc or startloc"},
    {'x', "full", NULL, "all frames, with their variables"},
    {'X', "full", NULL, "all that is known of each"},
    {'v', "full", NULL, "values whole, however long"},
    {'0', "offsets", NULL, "pc, sp and fp of each frame"},
    {'Y', "all", NULL, "floating-point and vector registers too"},
    {'m', "max-goroutines", "N", "groups of goroutines shown in text (30)"},
    {'d', "max-depth", "N", "levels of a value shown (4)"},
    {'i', "max-items", "N", "elements of a slice, map or array shown (20)"},
    {'s', "max-string", "N", "bytes of a string shown (200)"},
    {'S', "strict", NULL, "exit 3 if the report has warnings"},
    {'e', "expect-signature", "HEX", "exit 4 if the crash has another signature"},
    {'E', "expect-class", "CLASS", "exit 4 if the crash is of another class"},
    {'l', "stable", NULL, "nothing of this host in the report"},
    {'V', "verb", "VERB", "as Go's fmt writes it: %x, %08b, %q, %.2f"},
    {'z', "size", "N", "bytes of a number: 1 (default), 2, 4 or 8"},
    {'b', "base", "BASE", "hex (default), dec, oct, bin or raw"},
    {'A', "lines", "N", "lines of source on each side (5)"},
    {'B', "flavor", "FLAVOR", "intel (default) or gnu: how x86 code is written"},
    {'C', "command", "COMMAND", "run this one instead of asking; repeatable"},
    {'y', "stack", NULL, "with their frames"},
    {'n', "max-frames", "N", "innermost frames shown (all)"},
    {'M', "max-size", "BYTES", "of a Markdown report (65536)"},
    {'w', "root", "DIR", "directory that stands for /"},
    {'q', "pid", "PID", "a running process, not one started from here"},
    {'L', "level", "LEVEL", "single, all or system (default)"},
    {'3', "source-map", "FROM=TO", "source below FROM lies below TO here"},
};

/** Options of every command that works on a core, behind its own. */
static const struct option_row common_rows[] = {
    {'R', "sysroot", "DIR", "directory that stands for the target's /"},
    {'D', "debug-dir", "DIR", "look for debug information there first"},
    {'I', "debug-file", "FILE", "debug information of the executable"},
    {'4', "max-core-size", "SIZE", "a compressed CORE unpacks to at most that: 8G"},
    {'H', "force", NULL, "go on with another build; lines are marked ?"},
    {'Q', "last", NULL, "instead of CORE: the newest that this host keeps"},
    {'Z', "root", "DIR", "directory that stands for / where --last looks"},
    {'P', "pid", "PID", "instead of CORE: that process's"},
    {'O', "output", "FILE", "write there, all of it or nothing; for you alone"},
    {'K', "color", "WHEN", "auto (default), always or never"},
    {'N', "no-pager", NULL, "straight to the terminal"},
    {'1', "redact", "REGEXP", "hide what matches, and values of names that do"},
    {'2', "no-redact", NULL, "show passwords, keys and tokens too"},
};

static const struct option_row help_row = {'h', "help", NULL, "print this and exit"};

/** The i-th option that a command takes, NULL: there are no more. */
static const struct option_row *row_of(const struct command *command, size_t i)
{
    for (size_t k = 0; k < COUNT_OF(option_rows); k++)
        if (strchr(command->options, option_rows[k].letter) && i-- == 0)
            return &option_rows[k];
    bool common = !command->no_core && i < COUNT_OF(common_rows);
    return common ? &common_rows[i] : NULL;
}

enum { ROWS_MAX = COUNT_OF(option_rows) + COUNT_OF(common_rows) };

/** The few that have a short name too, by the letter of their row. */
static char short_name_of(const struct option_row *row)
{
    switch (row->letter) {
    case 'G':
        return 'g';
    case 'F':
        return 'f';
    case 't':
        return 't';
    case 'C':
        return 'c';
    case 'h':
        return 'h';
    default:
        return '\0';
    }
}

void print_command_options(const struct command *command, FILE *out)
{
    bool last = false;
    for (size_t i = 0; !last; i++) {
        const struct option_row *row = row_of(command, i);
        last = !row;
        row = row ? row : &help_row;
        char name[40], short_name[5] = "    ";
        if (short_name_of(row))
            snprintf(short_name, sizeof short_name, "-%c, ", short_name_of(row));
        bool joined = row->argument && row->argument[0] == '['; // "--group[=BY]"
        snprintf(name, sizeof name, "%s--%s%s%s", short_name, row->name,
                 row->argument && !joined ? " " : "", row->argument ? row->argument : "");
        fprintf(out, "  %-28s %s\n", name, row->help);
    }
}

void print_command_help(const struct command *command, FILE *out)
{
    fprintf(out, "Usage: gocrash %s [OPTIONS]%s%s\n\n%c%s.\n\nOptions:\n", command->name,
            *command->usage ? " " : "", command->usage, command->summary[0] - 'a' + 'A',
            command->summary + 1);
    print_command_options(command, out);
    fprintf(out, "\n%s%sExample:\n  %s\n", command->operands ? command->operands : "",
            command->operands ? "\n" : "", command->example);
}

const char *option_name(const struct command *command, size_t i)
{
    const struct option_row *row = row_of(command, i);
    return row ? row->name : NULL;
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
         "2 wrong usage, 3 --strict and warnings, 4 --expect-... and another crash,\n"
         "5 doctor: no usable core would be left.");
}

/** What may have been meant with an option that there is not: another of its command, or a word of
 * --format, for `--json`. @return false where nothing is near */
static bool suggest_option(const struct command *command, const char *typed, struct buffer *out)
{
    const char *names[ROWS_MAX + 1];
    size_t count = 0, format_count;
    const char *const *formats = option_formats(command, &format_count);
    if (strncmp(typed, "--", 2) != 0)
        return false;
    AUTO_TEXT word = {0};
    buffer_append(&word, typed + 2, strcspn(typed + 2, "="));
    for (const struct option_row *row; (row = row_of(command, count)); count++)
        names[count] = row->name;
    names[count++] = help_row.name;
    const char *near = nearest_word(buffer_text(&word), names, count);
    const char *format = near ? NULL : nearest_word(buffer_text(&word), formats, format_count);
    if (near)
        buffer_printf(out, "--%s", near);
    else if (format)
        buffer_printf(out, "--format %s", format);
    return near || format;
}

/** An option that getopt does not know: the line that names the nearest one. */
static void complain_option(const struct command *command, const char *typed)
{
    AUTO_TEXT near = {0};
    bool any = suggest_option(command, typed, &near);
    complain("%s: unknown option '%s'%s%s%s; see 'gocrash %s --help'", command->name, typed,
             any ? ": did you mean '" : "", buffer_text(&near), any ? "'?" : "", command->name);
}

const struct report_options default_options = {
    .level = TRACEBACK_SYSTEM,
    .max_goroutines = 30,
    .max_size = 1 << 16,
    .lines = 5,
    .root = "",
    .limits = {.depth = 4, .items = 20, .string = 200},
};

enum { FIRST_LONG = 256 }; ///< getopt's values of long options; below it are characters

/** Appends the short options to those that all commands have. */
static void put_short_options(const struct command *command, char *shorts)
{
    char *end = shorts + strlen(shorts);
    const struct option_row *row;
    for (size_t i = 0; (row = row_of(command, i)); i++)
        if (short_name_of(row)) {
            *end++ = short_name_of(row);
            *end++ = ':'; // those there are take an argument
        }
    *end = '\0';
}

static const struct option_row *row_of_short(const struct command *command, int name)
{
    const struct option_row *row;
    for (size_t i = 0; (row = row_of(command, i)); i++)
        if (short_name_of(row) == name)
            return row;
    return NULL; // getopt gives only those that it was told
}

int parse_options(const struct command *command, int argc, char **argv, struct report_options *out,
                  bool *help)
{
    struct option longs[ROWS_MAX + 2] = {0};
    const struct option_row *rows[ROWS_MAX + 1];
    // "+": the options end at the first operand, for an expression may begin with a minus sign.
    char shorts[2 * ROWS_MAX + 4] = "+:h";
    char *all_shorts = command->options_first ? shorts : shorts + 1;
    size_t count = 0;
    for (; (rows[count] = row_of(command, count)); count++)
        longs[count] = (struct option){rows[count]->name,
                                       !rows[count]->argument            ? no_argument
                                       : rows[count]->argument[0] == '[' ? optional_argument
                                                                         : required_argument,
                                       NULL, FIRST_LONG + (int)count};
    put_short_options(command, shorts);
    longs[count] = (struct option){"help", no_argument, NULL, 'h'};
    opterr = 0;
    optind = 0; // glibc: forget where another list of words was left
    for (int got; (got = getopt_long(argc, argv, all_shorts, longs, NULL)) != -1;) {
        if (got == 'h') {
            *help = true;
            return argc;
        }
        if (got == ':') {
            complain("%s: option '%s' wants an argument", command->name, argv[optind - 1]);
            return -1;
        }
        if (got == '?') {
            // A short one may stand in a cluster, or have been moved behind the operands.
            const char letter[] = {'-', (char)optopt, '\0'};
            bool is_short = optopt > 0 && optopt < FIRST_LONG;
            complain_option(command, is_short ? letter : argv[optind - 1]);
            return -1;
        }
        // "--group userloc": what may be left out is written with "=", but it is plain what is
        // meant.
        const struct option_row *row = got < FIRST_LONG ? NULL : rows[got - FIRST_LONG];
        if (row && row->argument && row->argument[0] == '[' && !optarg && optind < argc &&
            goroutine_word_known(argv[optind], GOROUTINE_GROUP) && access(argv[optind], F_OK) != 0)
            optarg = argv[optind++];
        if (!option_apply(got < FIRST_LONG ? row_of_short(command, got) : rows[got - FIRST_LONG],
                          optarg ? optarg : "", out))
            return -1;
    }
    return optind;
}
