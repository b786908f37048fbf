// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "cli_internal.h"
#include "report/sinks.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** Every option of every command: parsing, help and (through the help) the man page come from here.
 */
static const struct option_row {
    char letter; // stands in command.options
    const char *name, *argument, *help;
} option_rows[] = {
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

static bool parse_number(const char *name, const char *text, uint64_t min, uint64_t max,
                         uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end || strchr(text, '-') || number < min || number > max) {
        if (max < INT64_MAX)
            complain("--%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", name, min,
                     max, text);
        else
            complain("--%s takes a number, not '%s'", name, text);
        return false;
    }
    *out = number;
    return true;
}

/** Bytes, or with a K, M, G or T behind it as many times 1,024, 1,024² … */
static bool parse_size(const char *name, const char *text, uint64_t *out)
{
    static const char units[] = "KMGT";
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    bool valid = !errno && end != text && !strchr(text, '-') && end[unit ? 1 : 0] == '\0';
    if (!valid || number == 0 || number > (uint64_t)INT64_MAX >> shift) {
        complain("--%s takes a number of bytes, as 500M or 8G, not '%s'", name, text);
        return false;
    }
    *out = (uint64_t)number << shift;
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
    AUTO_TEXT advice = {0};
    if (near) {
        buffer_printf(&advice, ": did you mean '%s'?", near);
    } else {
        buffer_puts(&advice, "; it takes ");
        list_words(&advice, words, count);
    }
    complain("--%s does not take '%s'%s", name, text, buffer_text(&advice));
    return false;
}

/** 90s, 1h30m, 250ms: as Go writes a duration. */
static bool parse_duration(const char *name, const char *text, uint64_t *out)
{
    static const struct {
        const char *name;
        uint64_t nanoseconds;
    } units[] = {{"ns", 1},         {"us", 1000},       {"ms", 1000000},
                 {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
    uint64_t total = 0;
    const char *at = text;
    bool valid = *at != '\0';
    while (*at && valid) {
        char *end;
        unsigned long long number = *at >= '0' && *at <= '9' ? strtoull(at, &end, 10) : 0;
        size_t size = *at >= '0' && *at <= '9' ? strcspn(end, "0123456789") : 0, i = 0;
        while (i < COUNT_OF(units) && (size == 0 || strlen(units[i].name) != size ||
                                       memcmp(units[i].name, end, size) != 0))
            i++;
        valid = i < COUNT_OF(units) && number < (1ULL << 62) / units[i].nanoseconds;
        if (valid) {
            total += number * units[i].nanoseconds;
            at = end + size;
        }
    }
    if (!valid)
        complain("--%s takes a time as 90s or 1h30m, not '%s'", name, text);
    *out = total;
    return valid;
}

static bool add_to_list(const char *name, const char *text, struct option_list *list)
{
    if (list->count == COUNT_OF(list->items)) {
        complain("--%s: more than %zu of them", name, COUNT_OF(list->items));
        return false;
    }
    list->items[list->count++] = text;
    return true;
}

/** Options that choose goroutines. @return false where it is none of them */
static bool apply_filter(const struct option_row *row, const char *value,
                         struct report_options *out, bool *valid)
{
    static const char *const statuses[] = {"idle", "runnable",  "running",   "syscall", "waiting",
                                           "dead", "copystack", "preempted", "leaked"};
    struct goroutine_filter *filter = &out->filter;
    int word;
    *valid = true;
    switch (row->letter) {
    case 'T':
        *valid = parse_word(row->name, value, statuses, COUNT_OF(statuses), &word);
        filter->status = value;
        return true;
    case 'W':
        filter->wait = value;
        return true;
    case 'u':
        filter->function = value;
        return true;
    case 'k':
        filter->label = value;
        return true;
    case 'c':
        filter->created_by = value;
        return true;
    case 'o':
        *valid = parse_duration(row->name, value, &filter->longer_than_ns);
        return true;
    case '5':
        *valid = goroutine_word_check(row->name, value, GOROUTINE_FILTER) &&
                 add_to_list(row->name, value, &filter->with);
        return true;
    case '6':
        *valid = goroutine_word_check(row->name, value, GOROUTINE_FILTER) &&
                 add_to_list(row->name, value, &filter->without);
        return true;
    case '9':
        *valid = goroutine_word_check(row->name, value, GOROUTINE_LOC);
        out->loc = value;
        return true;
    case 'p':
        *valid = !*value || goroutine_word_check(row->name, value, GOROUTINE_GROUP);
        out->group = true;
        out->group_by = *value ? value : NULL;
        return true;
    case 'y':
        out->stack = true;
        return true;
    case 'a':
    case 'Y':
        out->all = true;
        return true;
    case 'G':
        out->place.has_goroutine = true;
        *valid = parse_number(row->name, value, 0, INT64_MAX, &out->place.goroutine);
        return true;
    case 'F':
        out->place.has_frame = true;
        *valid = parse_number(row->name, value, 0, LIMIT_FRAMES, &out->place.frame);
        return true;
    default:
        return false;
    }
}

/** Options that choose what of the machine is shown, and how. @return false: none of them */
static bool apply_machine(const struct option_row *row, const char *value,
                          struct report_options *out, bool *valid)
{
    static const char *const bases[MEMORY_BASES] = {"hex", "dec", "oct", "bin", "raw"};
    static const char *const sizes[] = {"1", "2", "4", "8"};
    static const char *const flavors[] = {"intel", "gnu"};
    static const char *const whens[] = {"auto", "always", "never"};
    int word = 0;
    switch (row->letter) {
    case 'Q':
        out->last = true;
        return true;
    case 'P':
    case 'q':
        *valid = parse_number(row->name, value, 1, INT32_MAX, &out->pid);
        return true;
    case 'Z':
    case 'w':
        out->root = value;
        return true;
    case 'O':
        out->output = value;
        return true;
    case 'K':
        *valid = parse_word(row->name, value, whens, COUNT_OF(whens), &word);
        out->color = (enum color_when)word;
        return true;
    case 'H':
        out->force = true;
        return true;
    case 'N':
        out->no_pager = true;
        return true;
    case 'M':
        *valid = parse_number(row->name, value, 0, 1 << 30, &out->max_size);
        return true;
    case 'A':
        *valid = parse_number(row->name, value, 0, 1000, &out->lines);
        return true;
    case 'B':
        *valid = parse_word(row->name, value, flavors, COUNT_OF(flavors), &word);
        out->gnu_flavor = word == 1;
        return true;
    case 'C':
        ARRAY_PUSH(out->commands, out->command_count, out->command_capacity) = value;
        return true;
    case '0':
        out->offsets = true;
        return true;
    case 'n':
        *valid = parse_number(row->name, value, 0, LIMIT_FRAMES, &out->max_frames);
        return true;
    case 't':
        *valid = parse_number(row->name, value, 0, UINT32_MAX, &out->thread);
        return true;
    case 'b':
        *valid = parse_word(row->name, value, bases, COUNT_OF(bases), &word);
        out->base = (enum memory_base)word;
        return true;
    case 'V':
        *valid = value_verb_parse(value, &out->verb);
        if (!*valid)
            complain("--%s takes a verb of Go's fmt, as %%x or %%08b, not '%s'", row->name, value);
        return true;
    case 'z':
        *valid = parse_word(row->name, value, sizes, COUNT_OF(sizes), &word);
        out->unit_size = 1U << word;
        return true;
    default:
        return false;
    }
}

/** Options that say where files lie. @return false where it is none of them */
static bool apply_place(const struct option_row *row, const char *value, struct report_options *out,
                        bool *valid)
{
    *valid = true;
    switch (row->letter) {
    case 'R':
        out->sysroot = value;
        return true;
    case 'I':
        out->debug_file = value;
        return true;
    case '4':
        *valid = parse_size(row->name, value, &out->max_core_size);
        return true;
    case 'D':
        *valid = out->debug_dir_count < DEBUG_DIRS_MAX;
        if (*valid)
            out->debug_dirs[out->debug_dir_count++] = value;
        else
            complain("--%s may be given %d times", row->name, DEBUG_DIRS_MAX);
        return true;
    default:
        return false;
    }
}

static bool is_pattern(const char *text)
{
    AUTO(redaction) redaction = redaction_new();
    struct error *err = redaction_add_pattern(redaction, text);
    if (err)
        complain_error(err);
    return !err;
}

static bool parse_class(const char *name, const char *text)
{
    const char *words[CLASS_UNKNOWN + 1];
    int word;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = crash_class_name((enum crash_class)i);
    return parse_word(name, text, words, COUNT_OF(words), &word);
}

/** What --format takes; commands that print no report take the first two. */
enum { LISTING_FORMATS = 2 };
static const char *const formats[] = {"text", "json", "markdown", "traceback"};

static bool is_signature(const char *name, const char *text)
{
    enum { DIGITS = 16 };
    bool valid = strlen(text) == DIGITS && strspn(text, "0123456789abcdef") == DIGITS;
    if (!valid)
        complain("--%s takes 16 hexadecimal digits, as the report has them, not '%s'", name, text);
    return valid;
}

static bool apply(const struct option_row *row, const char *value, struct report_options *out)
{
    static const char *const levels[] = {"single", "all", "system"};
    uint64_t number = 0;
    int word = 0;
    bool valid;
    if (apply_filter(row, value, out, &valid) || apply_machine(row, value, out, &valid) ||
        apply_place(row, value, out, &valid))
        return valid;
    switch (row->letter) {
    case 'j':
    case 'f':
        if (!parse_word(row->name, value, formats,
                        row->letter == 'j' ? LISTING_FORMATS : COUNT_OF(formats), &word))
            return false;
        out->format = (enum report_format)word;
        return true;
    case 'L':
        return parse_word(row->name, value, levels, COUNT_OF(levels), &out->level);
    case 'x':
    case 'X':
    case 'v':
        out->full = true;
        return true;
    case '3':
        if (!strchr(value, '=') || value[0] == '=') {
            complain("--%s takes FROM=TO, not '%s'", row->name, value);
            return false;
        }
        return add_to_list(row->name, value, &out->source_maps);
    case '1':
        return is_pattern(value) && add_to_list(row->name, value, &out->redact);
    case '2':
        out->no_redact = true;
        return true;
    case 'S':
        out->strict = true;
        return true;
    case 'l':
        out->stable = true;
        return true;
    case 'e':
        out->expect_signature = value;
        return is_signature(row->name, value);
    case 'E':
        out->expect_class = value;
        return parse_class(row->name, value);
    case 'm':
        return parse_number(row->name, value, 0, 1000000, &out->max_goroutines);
    case 'd':
        if (!parse_number(row->name, value, 0, 32, &number))
            return false;
        out->limits.depth = (unsigned)number;
        return true;
    case 'i':
        return parse_number(row->name, value, 0, 1000000, &out->limits.items);
    default:
        return parse_number(row->name, value, 0, 1 << 24, &out->limits.string);
    }
}

/** What may have been meant with an option that there is not: another of its command, or a word of
 * --format, for `--json`. @return false where nothing is near */
static bool suggest_option(const struct command *command, const char *typed, struct buffer *out)
{
    const char *names[ROWS_MAX + 1];
    size_t count = 0, format_count = strchr(command->options, 'f')   ? COUNT_OF(formats)
                                     : strchr(command->options, 'j') ? LISTING_FORMATS
                                                                     : 0;
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
        if (!apply(got < FIRST_LONG ? row_of_short(command, got) : rows[got - FIRST_LONG],
                   optarg ? optarg : "", out))
            return -1;
    }
    return optind;
}
