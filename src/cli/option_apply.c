// SPDX-License-Identifier: MIT
#include "option_apply.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "report/sinks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** What --format takes; commands that print no report take the first two. */
enum { LISTING_FORMATS = 2 };
static const char *const formats[] = {"text", "json", "markdown", "traceback"};

const char *const *option_formats(const struct command *command, size_t *count)
{
    *count = strchr(command->options, 'f')   ? COUNT_OF(formats)
             : strchr(command->options, 'j') ? LISTING_FORMATS
                                             : 0;
    return formats;
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

static bool is_signature(const char *name, const char *text)
{
    enum { DIGITS = 16 };
    bool valid = strlen(text) == DIGITS && strspn(text, "0123456789abcdef") == DIGITS;
    if (!valid)
        complain("--%s takes 16 hexadecimal digits, as the report has them, not '%s'", name, text);
    return valid;
}

bool option_apply(const struct option_row *row, const char *value, struct report_options *out)
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
