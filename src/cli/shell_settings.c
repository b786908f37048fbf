// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "shell_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST = 32, LARGEST = 1 << 24, MOST_LINES = 1000 };

/** What `config` sets to a number; the first name is Delve's. */
struct setting {
    const char *name, *also;
    uint64_t most;
    const char *help;
};
static const struct setting settings[] = {
    {"max-string-len", "max-string", LARGEST, "bytes of a string that are shown"},
    {"max-array-values", "max-items", LARGEST, "elements of a slice, map or array shown"},
    {"max-variable-recurse", "max-depth", DEEPEST, "levels of a value shown"},
    {"source-list-line-count", "lines", MOST_LINES, "lines of source on each side"},
};

/** Those that are no numbers. */
static const struct {
    const char *name, *help;
} others[] = {
    {"disassemble-flavor", "intel or gnu: how x86 code is written"},
    {"substitute-path", "FROM TO: source below FROM lies below TO; FROM alone takes it back"},
    {"alias", "COMMAND NAME: another name for a command; NAME alone takes it back"},
};

static uint64_t read_setting(const struct shell *shell, size_t i)
{
    const struct report_options *options = &shell->options;
    const uint64_t values[] = {options->limits.string, options->limits.items, options->limits.depth,
                               options->lines};
    return values[i];
}

static void write_setting(struct shell *shell, size_t i, uint64_t number)
{
    struct report_options *options = &shell->options;
    if (i == 0)
        options->limits.string = number;
    else if (i == 1)
        options->limits.items = number;
    else if (i == 2)
        options->limits.depth = (unsigned)number;
    else
        options->lines = number;
}

/** A quoted word, as words_split() takes it apart. */
static void put_word(struct buffer *out, const char *word)
{
    buffer_putc(out, '"');
    for (; *word; word++) {
        if (*word == '"' || *word == '\\')
            buffer_putc(out, '\\');
        buffer_putc(out, *word);
    }
    buffer_putc(out, '"');
}

/** All settings, a line each. @param prefix  "config ": as they are typed */
static void list_settings(const struct shell *shell, const char *prefix, struct buffer *out)
{
    const struct option_list *maps = &shell->options.source_maps;
    int width = *prefix ? 0 : 23;
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        buffer_printf(out, "%s%-*s %" PRIu64 "\n", prefix, width, settings[i].name,
                      read_setting(shell, i));
    buffer_printf(out, "%s%-*s %s\n", prefix, width, "disassemble-flavor",
                  shell->options.gnu_flavor ? "gnu" : "intel");
    for (size_t i = 0; i < maps->count; i++) {
        size_t size = strcspn(maps->items[i], "=");
        AUTO_TEXT from = {0};
        buffer_append(&from, maps->items[i], size);
        buffer_printf(out, "%s%-*s ", prefix, width, "substitute-path");
        put_word(out, buffer_text(&from));
        buffer_putc(out, ' ');
        put_word(out, maps->items[i] + size + 1);
        buffer_putc(out, '\n');
    }
    for (size_t i = 0; i < shell->alias_count; i++)
        buffer_printf(out, "%s%-*s %s %s\n", prefix, width, "alias", shell->aliases[i].command,
                      shell->aliases[i].name);
}

const char *shell_alias_of(const struct shell *shell, const char *name)
{
    for (size_t i = 0; i < shell->alias_count; i++)
        if (strcmp(shell->aliases[i].name, name) == 0)
            return shell->aliases[i].command;
    return NULL;
}

static void forget_alias(struct shell *shell, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < shell->alias_count; i++)
        if (strcmp(shell->aliases[i].name, name) != 0)
            shell->aliases[kept++] = shell->aliases[i];
    shell->alias_count = kept;
}

static int set_alias(struct shell *shell, const struct words *words)
{
    if (words->count == 3) {
        if (!shell_alias_of(shell, words->items[2])) {
            complain("config alias: there is none '%s'", words->items[2]);
            return EXIT_USAGE;
        }
        forget_alias(shell, words->items[2]);
        return EXIT_OK;
    }
    const struct shell_command *command =
        words->count == 4 ? shell_command_find(words->items[2]) : NULL;
    if (!command) {
        complain("config alias takes COMMAND NAME%s%s%s",
                 words->count == 4 ? ": there is no command '" : "",
                 words->count == 4 ? words->items[2] : "", words->count == 4 ? "'" : "");
        return EXIT_USAGE;
    }
    forget_alias(shell, words->items[3]);
    ARRAY_PUSH(shell->aliases, shell->alias_count, shell->alias_capacity) =
        (struct shell_alias){arena_string(shell->arena, words->items[3]), command->name};
    return EXIT_OK;
}

static int substitute_path(struct shell *shell, const struct words *words)
{
    struct option_list *maps = &shell->options.source_maps;
    const char *from = words->count > 2 ? words->items[2] : "";
    size_t size = strlen(from), kept = 0;
    bool clear = strcmp(from, "-clear") == 0;
    if (!size || words->count > 4 || strchr(from, '=')) {
        complain("config substitute-path takes FROM TO, FROM or -clear");
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < maps->count; i++) {
        const char *map = maps->items[i];
        bool same = strncmp(map, from, size) == 0 && map[size] == '=';
        if (!clear && !same)
            maps->items[kept++] = map;
    }
    bool taken = kept < maps->count;
    maps->count = kept;
    if (words->count == 3) {
        if (!taken && !clear)
            complain("config substitute-path: there is none for '%s'", from);
        return taken || clear ? EXIT_OK : EXIT_USAGE;
    }
    if (maps->count == COUNT_OF(maps->items)) {
        complain("config substitute-path: more than %zu of them", COUNT_OF(maps->items));
        return EXIT_USAGE;
    }
    maps->items[maps->count++] = arena_printf(shell->arena, "%s=%s", from, words->items[3]);
    return EXIT_OK;
}

static int set_flavor(struct shell *shell, const struct words *words)
{
    const char *value = words->count > 2 ? words->items[2] : "";
    if (strcmp(value, "gnu") != 0 && strcmp(value, "intel") != 0) {
        complain("config disassemble-flavor takes intel or gnu, not '%s'", value);
        return EXIT_USAGE;
    }
    shell->options.gnu_flavor = *value == 'g';
    return EXIT_OK;
}

static int unknown_setting(const char *name)
{
    const char *names[COUNT_OF(settings) + COUNT_OF(others)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        names[count++] = settings[i].name;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        names[count++] = others[i].name;
    AUTO_TEXT known = {0};
    const char *near = nearest_word(name, names, count);
    if (near)
        buffer_printf(&known, "did you mean '%s'?", near);
    else
        list_words(&known, names, count);
    complain("config: '%s' is not known%s%s", name, near ? ": " : "; there are ",
             buffer_text(&known));
    return EXIT_USAGE;
}

static int set_number(struct shell *shell, size_t i, const struct words *words)
{
    const char *value = words->count > 2 ? words->items[2] : "";
    uint64_t number;
    if (!shell_parse_count(value, &number) || number > settings[i].most) {
        complain("config %s takes a number from 0 to %" PRIu64 ", not '%s'", words->items[1],
                 settings[i].most, value);
        return EXIT_USAGE;
    }
    write_setting(shell, i, number);
    return EXIT_OK;
}

char *shell_user_file(const char *variable, const char *below_home, const char *name)
{
    const char *directory = getenv(variable), *home = getenv("HOME");
    AUTO_TEXT path = {0};
    if (directory && *directory == '/')
        buffer_printf(&path, "%s/gocrash/%s", directory, name);
    else if (home && *home == '/')
        buffer_printf(&path, "%s/%s/gocrash/%s", home, below_home, name);
    else
        return NULL;
    return alloc_string(buffer_text(&path));
}

void shell_make_parents(const char *path)
{
    char *copy = alloc_string(path);
    for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(copy, S_IRWXU);
        *at = '/';
    }
    free(copy);
}

static char *settings_path(void)
{
    return shell_user_file("XDG_CONFIG_HOME", ".config", "shell");
}

/** As commands, which the next prompt runs; all of it or nothing. */
static int save_settings(const struct shell *shell)
{
    AUTO_BUFFER char *path = settings_path();
    if (!path) {
        complain("config -save: there is no home directory");
        return EXIT_INPUT;
    }
    AUTO_TEXT text = {0};
    AUTO_TEXT temporary = {0};
    list_settings(shell, "config ", &text);
    buffer_printf(&temporary, "%s.%ld", path, (long)getpid());
    shell_make_parents(path);
    int file = open(buffer_text(&temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    S_IRUSR | S_IWUSR);
    FILE *stream = file < 0 ? NULL : fdopen(file, "w");
    if (!stream) {
        complain("config -save: %s: %s", buffer_text(&temporary), strerror(errno));
        if (file >= 0)
            close(file);
        return EXIT_INPUT;
    }
    bool saved = fputs(buffer_text(&text), stream) >= 0;
    saved &= fclose(stream) == 0;
    if (!saved || rename(buffer_text(&temporary), path) != 0) {
        complain("config -save: %s: %s", path, strerror(errno));
        unlink(buffer_text(&temporary));
        return EXIT_INPUT;
    }
    fprintf(shell->out, "%s\n", path);
    return EXIT_OK;
}

void shell_load_settings(struct shell *shell)
{
    AUTO_BUFFER char *path = settings_path();
    FILE *file = path ? fopen(path, "re") : NULL;
    AUTO_BUFFER char *line = NULL;
    size_t capacity = 0;
    if (!file)
        return;
    while (getline(&line, &capacity, file) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strncmp(line, "config ", 7) == 0) // nothing else is done unasked
            shell_run_line(shell, line);
    }
    fclose(file);
}

int shell_run_config(struct shell *shell, const struct shell_command *command, const char *line,
                     const struct words *words)
{
    (void)command;
    (void)line;
    if (words->count < 2 || strcmp(words->items[1], "-list") == 0) {
        AUTO_TEXT text = {0};
        list_settings(shell, "", &text);
        fputs(buffer_text(&text), shell->out);
        return EXIT_OK;
    }
    const char *name = words->items[1];
    if (strcmp(name, "-save") == 0)
        return save_settings(shell);
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        if (strcmp(settings[i].name, name) == 0 || strcmp(settings[i].also, name) == 0)
            return set_number(shell, i, words);
    if (strcmp(name, "disassemble-flavor") == 0)
        return set_flavor(shell, words);
    if (strcmp(name, "substitute-path") == 0)
        return substitute_path(shell, words);
    if (strcmp(name, "alias") == 0)
        return set_alias(shell, words);
    return unknown_setting(name);
}

const char *shell_setting_name(size_t i)
{
    if (i < COUNT_OF(settings))
        return settings[i].name;
    return i - COUNT_OF(settings) < COUNT_OF(others) ? others[i - COUNT_OF(settings)].name : NULL;
}

void shell_put_settings_help(FILE *out)
{
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        fprintf(out, "  %-23s %s\n", settings[i].name, settings[i].help);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        fprintf(out, "  %-23s %s\n", others[i].name, others[i].help);
}

static int show_display(struct shell *shell, size_t i)
{
    AUTO_TEXT line = {0};
    fprintf(shell->out, "%zu: ", i);
    buffer_printf(&line, "print %s", shell->displays[i]);
    return shell_run_line(shell, buffer_text(&line));
}

void shell_show_displays(struct shell *shell)
{
    for (size_t i = 0; i < shell->display_count; i++)
        if (shell->displays[i])
            show_display(shell, i);
}

/** display -a [%VERB] EXPR, -d N, nothing: all of them */
int shell_run_display(struct shell *shell, const struct shell_command *command, const char *line,
                      const struct words *words)
{
    uint64_t number;
    if (words->count < 2) {
        shell_show_displays(shell);
        return EXIT_OK;
    }
    if (strcmp(words->items[1], "-a") == 0 && words->count > 2) {
        ARRAY_PUSH(shell->displays, shell->display_count, shell->display_capacity) =
            arena_string(shell->arena, shell_rest(line, words, 2));
        return show_display(shell, shell->display_count - 1);
    }
    if (strcmp(words->items[1], "-d") == 0 && words->count == 3 &&
        shell_parse_count(words->items[2], &number) && number < shell->display_count &&
        shell->displays[number]) {
        shell->displays[number] = NULL;
        return EXIT_OK;
    }
    complain("%s takes -a EXPR or -d NUMBER", command->name);
    return EXIT_USAGE;
}

/** transcript [-t] [-x] FILE, transcript -off */
int shell_run_transcript(struct shell *shell, const struct shell_command *command, const char *line,
                         const struct words *words)
{
    bool anew = false, only = false;
    int first = 1;
    (void)line;
    fflush(shell->out); // what was printed before is not in it
    if (words->count == 2 && strcmp(words->items[1], "-off") == 0) {
        shell_set_transcript(NULL, false);
        return EXIT_OK;
    }
    for (; first < words->count && words->items[first][0] == '-'; first++) {
        anew |= strcmp(words->items[first], "-t") == 0;
        only |= strcmp(words->items[first], "-x") == 0;
        if (strcmp(words->items[first], "-t") != 0 && strcmp(words->items[first], "-x") != 0)
            break;
    }
    if (first + 1 != words->count || words->items[first][0] == '-') {
        complain("%s takes [-t] [-x] FILE, or -off", command->name);
        return EXIT_USAGE;
    }
    int file =
        open(words->items[first], O_WRONLY | O_CREAT | O_CLOEXEC | (anew ? O_TRUNC : O_APPEND),
             S_IRUSR | S_IWUSR); // what a core holds is for its user alone
    FILE *stream = file < 0 ? NULL : fdopen(file, anew ? "w" : "a");
    if (!stream) {
        complain("transcript: %s: %s", words->items[first], strerror(errno));
        if (file >= 0)
            close(file);
        return EXIT_INPUT;
    }
    shell_set_transcript(stream, only);
    return EXIT_OK;
}
