// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "shell_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY_LINES = 1000 };

/** Line editing at a terminal; libedit hands it to the functions that a key is bound to. */
struct editor {
    struct shell *shell;
    EditLine *edit;
    History *history;
    char *history_path; ///< NULL: nowhere to keep it
    char *prompt;
    bool cancelled; ///< the line was given up with Ctrl-C
};

static struct editor *editor_of(EditLine *edit)
{
    struct editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    return editor;
}

static char *prompt(EditLine *edit)
{
    struct editor *editor = editor_of(edit);
    AUTO_TEXT text = {0};
    shell_prompt(editor->shell, &text);
    free(editor->prompt);
    editor->prompt = alloc_string(buffer_text(&text));
    return editor->prompt;
}

/** Gives up the line. The terminal sends no signal while a line is edited. */
static unsigned char cancel(EditLine *edit, int key)
{
    (void)key;
    editor_of(edit)->cancelled = true;
    fputs("^C\n", stdout); // as the terminal itself does; the next prompt stands below
    fflush(stdout);
    return CC_NEWLINE;
}

/** How much all candidates have in common. */
static size_t common_size(const struct completions *all)
{
    size_t size = strlen(all->items[0]);
    for (size_t i = 1; i < all->count; i++)
        while (strncmp(all->items[0], all->items[i], size) != 0)
            size--;
    return size;
}

static void list_candidates(const struct completions *all)
{
    enum { SHOWN = 100, WIDTH = 78 };
    size_t width = 0, shown = all->count < SHOWN ? all->count : SHOWN;
    for (size_t i = 0; i < shown; i++) {
        size_t size = strlen(all->items[i]);
        width = size > width ? size : width;
    }
    size_t columns = width + 2 < WIDTH ? WIDTH / (width + 2) : 1;
    putchar('\n');
    for (size_t i = 0; i < shown; i++) {
        bool last = i + 1 == shown || (i + 1) % columns == 0;
        printf("%-*s%s", last ? 0 : (int)width + 2, all->items[i], last ? "\n" : "");
    }
    if (shown < all->count)
        printf("… %zu more\n", all->count - shown);
    fflush(stdout);
}

static unsigned char complete(EditLine *edit, int key)
{
    (void)key;
    const LineInfo *info = el_line(edit);
    struct shell *shell = editor_of(edit)->shell;
    AUTO(arena) arena = arena_new();
    struct completions all = {.arena = arena};
    size_t cursor = (size_t)(info->cursor - info->buffer);
    const char *line = arena_copy(arena, info->buffer, (size_t)(info->lastchar - info->buffer));
    shell_complete(shell, line, cursor, &all);
    unsigned char result = CC_ERROR;
    if (all.count) {
        size_t typed = cursor - all.start, size = common_size(&all);
        AUTO_TEXT more = {0};
        if (size > typed)
            buffer_append(&more, all.items[0] + typed, size - typed);
        if (all.count == 1 && all.closed)
            buffer_putc(&more, ' ');
        if (more.size) {
            el_insertstr(edit, buffer_text(&more));
            result = CC_REFRESH;
        } else if (all.count > 1) {
            list_candidates(&all);
            result = CC_REDISPLAY;
        }
    }
    completions_clear(&all);
    return result;
}

/** Only what was typed goes into it, and only the user may read it. */
static void save_history(const struct editor *editor)
{
    if (!editor->history_path)
        return;
    AUTO_TEXT temporary = {0};
    buffer_printf(&temporary, "%s.%ld", editor->history_path, (long)getpid());
    shell_make_parents(editor->history_path);
    int file = open(buffer_text(&temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    S_IRUSR | S_IWUSR);
    FILE *stream = file < 0 ? NULL : fdopen(file, "w");
    if (!stream) {
        if (file >= 0)
            close(file);
        return; // a state directory that cannot be written costs the history alone
    }
    HistEvent event;
    bool saved = history(editor->history, &event, H_SAVE_FP, stream) >= 0;
    saved &= fclose(stream) == 0;
    if (!saved || rename(buffer_text(&temporary), editor->history_path) != 0)
        unlink(buffer_text(&temporary));
}

static bool editor_open(struct editor *editor)
{
    HistEvent event;
    editor->history = history_init();
    editor->edit = el_init("gocrash", stdin, stdout, stderr);
    if (!editor->edit || !editor->history)
        return false;
    editor->history_path = shell_user_file("XDG_STATE_HOME", ".local/state", "history");
    history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
    history(editor->history, &event, H_SETUNIQUE, 1);
    if (editor->history_path)
        history(editor->history, &event, H_LOAD, editor->history_path);
    el_set(editor->edit, EL_CLIENTDATA, editor);
    el_set(editor->edit, EL_PROMPT, prompt);
    el_set(editor->edit, EL_EDITOR, "emacs");
    el_set(editor->edit, EL_HIST, history, editor->history);
    el_set(editor->edit, EL_ADDFN, "gocrash-complete", "Completes the word", complete);
    el_set(editor->edit, EL_ADDFN, "gocrash-cancel", "Gives the line up", cancel);
    el_set(editor->edit, EL_BIND, "^I", "gocrash-complete", NULL);
    el_set(editor->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(editor->edit, NULL); // ~/.editrc
    el_set(editor->edit, EL_SETTY, "-d", "-isig", NULL);
    el_set(editor->edit, EL_BIND, "^C", "gocrash-cancel", NULL);
    return true;
}

static void editor_close(struct editor *editor)
{
    if (editor->history)
        save_history(editor);
    if (editor->edit)
        el_end(editor->edit);
    if (editor->history)
        history_end(editor->history);
    free(editor->history_path);
    free(editor->prompt);
}

static void remember(const struct editor *editor, const char *line)
{
    HistEvent event;
    if (line[strspn(line, " \t")] && line[0] != ' ') // as shells: a blank in front keeps it out
        history(editor->history, &event, H_ENTER, line);
}

void shell_edit(struct shell *shell)
{
    struct editor editor = {.shell = shell};
    bool ready = editor_open(&editor);
    puts("'help' lists the commands, Tab completes, Ctrl-C stops a listing, Ctrl-D leaves.");
    fflush(stdout);
    while (ready && !shell->done) {
        int size = 0;
        editor.cancelled = false;
        const char *line = el_gets(editor.edit, &size);
        if (editor.cancelled) // an empty one too, which looks like the end of input
            continue;
        if (!line || size <= 0) {
            if (!(line == NULL && size < 0 && errno == EINTR)) {
                putchar('\n');
                break;
            }
            continue;
        }
        char *typed = alloc_string(line);
        typed[strcspn(typed, "\r\n")] = '\0';
        remember(&editor, typed);
        shell_take_interrupt(); // one that came between two lines meant the first
        shell_run_line(shell, typed);
        if (shell_take_interrupt())
            puts("(interrupted)");
        fflush(stdout);
        free(typed);
    }
    editor_close(&editor);
}
