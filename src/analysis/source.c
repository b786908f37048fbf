// SPDX-License-Identifier: MIT
#include "analysis_internal.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/** A source file of this host while it is looked for. */
struct source_search {
    const struct analysis *analysis;
    const struct source_places *places;
    const struct report_frame *frame;
    FILE *file;
    char *path; ///< the last that was tried; owned
};

/** Opens a regular file of a sane size. */
static bool try_path(struct source_search *search, const char *start, size_t start_size,
                     const char *rest)
{
    AUTO_TEXT path = {0};
    struct stat status;
    buffer_append(&path, start, start_size);
    buffer_puts(&path, rest);
    if (stat(buffer_text(&path), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > LIMIT_SOURCE_FILE)
        return false;
    search->file = fopen(buffer_text(&path), "re");
    if (!search->file)
        return false;
    search->path = alloc_string(buffer_text(&path));
    return true;
}

static bool try_under(struct source_search *search, const char *directory, const char *rest)
{
    return directory && *directory && try_path(search, directory, strlen(directory), rest);
}

/** FROM=TO: what lies below FROM in the program lies below TO here. The longest FROM counts. */
static bool try_maps(struct source_search *search)
{
    const char *file = search->frame->file, *best = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < search->places->map_count; i++) {
        const char *map = search->places->maps[i];
        size_t size = strcspn(map, "=");
        bool at_end = size && map[size - 1] == '/';
        if (map[size] && size >= longest && strncmp(file, map, size) == 0 &&
            (at_end || file[size] == '/' || !file[size])) {
            best = map;
            longest = size;
        }
    }
    return best && try_under(search, best + longest + 1, file + longest);
}

/** "/pkg/mod/" in a recorded path, or a module's path with its version in one of -trimpath. */
static bool try_module_cache(struct source_search *search)
{
    static const char mark[] = "/pkg/mod/";
    const char *file = search->frame->file, *rest = strstr(file, mark);
    const char *cache = getenv("GOMODCACHE"), *go_path = getenv("GOPATH"), *home = getenv("HOME");
    if (rest)
        rest += sizeof mark - 1;
    else if (file[0] != '/' && strchr(file, '@'))
        rest = file;
    else
        return false;
    AUTO_TEXT escaped = {0}; // an upper-case letter is "!" and the lower-case one there
    buffer_putc(&escaped, '/');
    for (const char *at = rest; *at; at++) {
        bool in_path = !strchr(file, '/') || at < rest + strcspn(rest, "@");
        if (in_path && rest == file && isupper((unsigned char)*at)) {
            buffer_putc(&escaped, '!');
            buffer_putc(&escaped, (char)tolower((unsigned char)*at));
        } else {
            buffer_putc(&escaped, *at);
        }
    }
    AUTO_TEXT below = {0};
    buffer_printf(&below, "/pkg/mod%s", buffer_text(&escaped));
    AUTO_TEXT at_home = {0};
    buffer_printf(&at_home, "/go%s", buffer_text(&below));
    return try_under(search, cache, buffer_text(&escaped)) ||
           try_under(search, go_path, buffer_text(&below)) ||
           try_under(search, home, buffer_text(&at_home));
}

/** Whether a Go tree is of the very release that built the program: its file VERSION says so. */
static bool is_release(const char *root, const char *version)
{
    AUTO_TEXT path = {0};
    char line[64] = "";
    buffer_printf(&path, "%s/VERSION", root);
    FILE *file = fopen(buffer_text(&path), "re");
    if (!file)
        return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    line[strcspn(line, "\r\n ")] = '\0';
    return read && version && strncmp(version, line, strlen(line)) == 0 &&
           (!version[strlen(line)] || version[strlen(line)] == ' ');
}

/** The standard library of a program that was built elsewhere, or with -trimpath. */
static bool try_goroot(struct source_search *search)
{
    const struct analysis *analysis = search->analysis;
    const struct source_roots *roots = &analysis->roots;
    const char *file = search->frame->file, *version = analysis->program->buildinfo->go_version;
    if (search->frame->owner != OWNER_STANDARD_LIBRARY && search->frame->owner != OWNER_RUNTIME)
        return false;
    if (strncmp(file, roots->goroot, roots->goroot_size) == 0)
        file += roots->goroot_size;
    if (file[0] == '/')
        return false;
    AUTO_TEXT debian = {0};
    AUTO_TEXT below = {0};
    buffer_printf(&debian, "/usr/lib/go-1.%d", analysis->program->release->minor);
    buffer_printf(&below, "/src/%s", file);
    const char *const roots_here[] = {getenv("GOROOT"), "/usr/local/go", buffer_text(&debian),
                                      "/usr/lib/go"};
    for (size_t i = 0; i < COUNT_OF(roots_here); i++)
        if (roots_here[i] && is_release(roots_here[i], version) &&
            try_under(search, roots_here[i], buffer_text(&below)))
            return true;
    return false;
}

static bool open_source(struct source_search *search)
{
    const char *file = search->frame->file;
    return try_maps(search) || (file[0] == '/' && try_path(search, file, strlen(file), "")) ||
           try_module_cache(search) || try_goroot(search);
}

/** Reads lines [first, last]; @return how many lines of the file were seen. */
static int64_t read_lines(FILE *file, struct arena *arena, int64_t first, int64_t last,
                          struct report_frame *frame)
{
    enum { LONGEST_LINE = 400 };
    char *line = NULL;
    size_t capacity = 0;
    int64_t number = 0;
    for (ssize_t size; number < last && (size = getline(&line, &capacity, file)) >= 0;) {
        number++;
        if (number < first)
            continue;
        while (size > 0 && strchr("\r\n", line[size - 1]))
            size--;
        size = size < LONGEST_LINE ? size : LONGEST_LINE;
        frame->source[frame->source_count++] = (struct source_line){
            .line = number, .text = arena_copy(arena, line, strnlen(line, (size_t)size))};
    }
    free(line);
    return number;
}

/** The text of the frame's line; NULL: it is not there. */
static const char *text_of_line(const struct report_frame *frame)
{
    for (size_t i = 0; i < frame->source_count; i++)
        if (frame->source[i].line == frame->line)
            return frame->source[i].text + strspn(frame->source[i].text, " \t");
    return NULL;
}

/** A line without code cannot be where anything was called. */
static bool holds_no_code(const struct report_frame *frame)
{
    const char *text = text_of_line(frame);
    return !text || !*text || strncmp(text, "//", 2) == 0 || strncmp(text, "package ", 8) == 0;
}

/** Whether a function is called by what the language does, without any word for it on the line. */
static bool is_called_unseen(const char *function)
{
    static const char *const starts[] = {"runtime.", "internal/", "sync/atomic."};
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (strncmp(function, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

/**
 * Whether a line can not be where the frame called the next. Calls without brackets: those of a
 * deferred function, at a return or the end of a block, and of a function that is ranged over.
 */
static bool cannot_call(const struct report_frame *frame)
{
    static const char *const may[] = {"(", "}", "return", "range", "panic"};
    const char *text = text_of_line(frame), *callee = frame->callee;
    if (!text || !callee)
        return false;
    if (strcmp(callee, "runtime.gopanic") == 0)
        return !strstr(text, "panic");
    if (is_called_unseen(callee))
        return false;
    for (size_t i = 0; i < COUNT_OF(may); i++)
        if (strstr(text, may[i]))
            return false;
    return true;
}

static int64_t modified(const char *path)
{
    struct stat status;
    return path && stat(path, &status) == 0 ? (int64_t)status.st_mtime : 0;
}

static const char *newer_than_program(const struct source_search *search, struct arena *arena)
{
    const char *binary = elf_file_path(search->analysis->program->binary);
    if (modified(search->path) > modified(binary) && modified(binary))
        return arena_printf(arena, "%s is newer than the executable: its lines may be others",
                            search->path);
    return NULL;
}

/** What speaks against the file being the one that the program was built from. */
static const char *doubt(const struct source_search *search, struct arena *arena, int64_t lines)
{
    const struct report_frame *frame = search->frame;
    if (lines < frame->line && search->places->any_line)
        return arena_printf(arena, "%s has only %" PRId64 " lines", search->path, lines);
    if (lines < frame->line)
        return arena_printf(arena,
                            "%s has only %" PRId64 " lines: it is not the file that was built",
                            search->path, lines);
    if (search->places->any_line)
        return newer_than_program(search, arena);
    if (holds_no_code(frame))
        return arena_printf(arena,
                            "line %" PRId64 " of %s has no code: it is not the file that was built",
                            frame->line, search->path);
    if (cannot_call(frame))
        return arena_printf(
            arena,
            "line %" PRId64
            " of %s has no call, and %s was called there: it is not the file that was built",
            frame->line, search->path, frame->callee);
    return newer_than_program(search, arena);
}

bool source_read(const struct analysis *analysis, struct arena *arena,
                 const struct source_places *places, int64_t around, struct report_frame *frame)
{
    struct source_search search = {.analysis = analysis, .places = places, .frame = frame};
    if (!frame->file || frame->line <= 0 || frame->native || !open_source(&search))
        return false;
    int64_t first = frame->line > around ? frame->line - around : 1, last = frame->line + around;
    frame->source = arena_array(arena, (size_t)(last - first + 1), sizeof *frame->source);
    frame->source_count = 0;
    int64_t lines = read_lines(search.file, arena, first, last, frame);
    frame->source_note = doubt(&search, arena, lines);
    bool other =
        lines < frame->line || (!places->any_line && (holds_no_code(frame) || cannot_call(frame)));
    if (other)
        frame->source_count = 0;
    frame->source_is_current = !other;
    fclose(search.file);
    free(search.path);
    return true;
}

void source_of_crash(struct analysis *analysis, struct report_goroutine *crashed,
                     const struct report_crash *crash)
{
    enum { AROUND = 2 };
    if (analysis->options->stable || !analysis->options->variables || !crash->has_frame)
        return;
    source_read(analysis, analysis->arena, &analysis->options->source, AROUND,
                &crashed->frames.items[crash->frame]);
}
