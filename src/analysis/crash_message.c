// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/limits.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/** The words of the runtime's signal table (runtime/sigtab_linux_generic.go) for signals that end a
 * program. */
static const char *signal_description(uint64_t number)
{
    switch (number) {
    case SIGQUIT:
        return "SIGQUIT: quit";
    case SIGILL:
        return "SIGILL: illegal instruction";
    case SIGTRAP:
        return "SIGTRAP: trace trap";
    case SIGABRT:
        return "SIGABRT: abort";
    case SIGBUS:
        return "SIGBUS: bus error";
    case SIGFPE:
        return "SIGFPE: floating-point exception";
    case SIGSEGV:
        return "SIGSEGV: segmentation violation";
    case SIGSYS:
        return "SIGSYS: bad system call";
    default:
        return NULL;
    }
}

/** "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4b67f0]" from the goroutine's
 * record. */
static void signal_line(struct buffer *out, const struct goroutine *g)
{
    if (!g->sig)
        return;
    const char *words = signal_description(g->sig);
    buffer_puts(out, "[signal ");
    if (words)
        buffer_puts(out, words);
    else
        buffer_printf(out, "%#" PRIx64, g->sig);
    buffer_printf(out, " code=0x%" PRIx64 " addr=0x%" PRIx64 " pc=0x%" PRIx64 "]\n", g->sigcode0,
                  g->sigcode1, g->sigpc);
}

/** The value of a panic, as it was when panic was called. */
static const struct value *value_of(struct analysis *analysis, struct arena *arena,
                                    const struct crash_site *site, const struct goroutine *g,
                                    const struct panic_record *record)
{
    const struct value *value =
        value_read_interface(analysis->reader, arena, record->type_word, record->data_word);
    const struct value *text = value && value->child_count == 1 ? value->children[0] : NULL;
    if (!text || !value->dynamic_type || strcmp(value->dynamic_type, "string") != 0 ||
        text->kind != VALUE_STRING || text->omitted || text->unreadable)
        return value;
    const char *printed = arena_copy(arena, text->bytes, text->bytes_size);
    const struct value *original = panic_original_value(analysis, arena, site, g, record, printed);
    return original ? original : value;
}

struct report_panic_list panic_list(struct analysis *analysis, struct arena *arena,
                                    const struct crash_site *site, const struct goroutine *g)
{
    struct panic_record *records;
    size_t count = panics_read(analysis->scheduler, g, arena, &records);
    struct report_panic_list list = {arena_array(arena, count, sizeof *list.items), count};
    size_t text_size = 0;
    for (size_t i = 0; i < count; i++) {
        if (!analysis->panic_budget || text_size > LIMIT_PANIC_TEXT) {
            analysis_warn(analysis, "there are more panics than are shown");
            list.count = i;
            break;
        }
        AUTO_TEXT text = {0};
        bool near_an_end = i < LIMIT_PANIC_VALUES || count - i <= LIMIT_PANIC_VALUES;
        panic_value_text(analysis, records[i].type_word, records[i].data_word, &text);
        text_size += text.size;
        analysis->panic_budget--;
        list.items[i] = (struct report_panic){
            .value = near_an_end ? value_of(analysis, arena, site, g, &records[i]) : NULL,
            .text = arena_copy(arena, buffer_text(&text), text.size),
            .recovered = records[i].recovered,
            .repanicked = records[i].repanicked,
            .goexit = records[i].goexit,
        };
    }
    return list;
}

/**
 * The chain as the runtime prints it (runtime/panic.go, printpanics): oldest first, each newer one
 * behind a tab, unless the older is a Goexit; what is raised again is printed once, from 1.25 on
 * marked so.
 */
static void panic_chain(struct buffer *out, const struct report_panic_list *list, int minor)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct report_panic *panic = &list->items[i];
        const struct report_panic *older = i ? &list->items[i - 1] : NULL;
        if (older && older->repanicked)
            continue;
        if (older && !older->goexit)
            buffer_putc(out, '\t');
        if (panic->goexit)
            continue;
        buffer_printf(out, "panic: %s", panic->text);
        bool again = minor >= 26 ? panic->recovered && panic->repanicked : panic->repanicked;
        if (again)
            buffer_puts(out, " [recovered, repanicked]");
        else if (panic->recovered)
            buffer_puts(out, " [recovered]");
        buffer_putc(out, '\n');
    }
}

/**
 * Whether a line in front of "fatal error: " belongs to this death: the runtime's own explanation,
 * the object that holds a bad pointer, or the same death on another thread.
 */
static bool explains(const char *line, size_t size)
{
    static const char *const starts[] = {"runtime: ", "unexpected fault address ",
                                         "\tpanic: ", "panic: ",
                                         "object=0x", " *(object+",
                                         " ...",      "fatal error: "};
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (size >= strlen(starts[i]) && memcmp(line, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

/** The end of the print ring: the last "fatal error: " line, what explains it, what follows it. */
static void fatal_text(struct buffer *out, struct bytes ring)
{
    static const char mark[] = "fatal error: ";
    const char *text = (const char *)ring.data, *start = NULL;
    for (size_t i = 0; i + sizeof mark - 1 <= ring.size; i++)
        if ((i == 0 || text[i - 1] == '\n' || text[i - 1] == '\t') &&
            memcmp(text + i, mark, sizeof mark - 1) == 0)
            start = text + i;
    if (!start)
        return;
    const char *fatal = start;
    if (start > text && start[-1] == '\t')
        start--;
    while (start > text) {
        const char *line = start - 1; // the line feed that ends the line before
        while (line > text && line[-1] != '\n')
            line--;
        if (!explains(line, (size_t)(start - line)))
            break;
        start = line;
    }
    size_t size = (size_t)(text + ring.size - start);
    const char *last = memrchr(fatal, '\n', (size_t)(text + ring.size - fatal));
    // What another thread had begun to say when this one began to die is no line yet.
    buffer_append(out, start, last ? (size_t)(last + 1 - start) : size);
    if (!last)
        buffer_putc(out, '\n');
}

/** "instruction bytes: 0xf 0xb": the code at the pc, as far as its page goes. */
static void instruction_line(struct buffer *out, const struct address_space *space, target_addr pc)
{
    enum { SHOWN = 16, PAGE = 4096 };
    uint8_t code[SHOWN];
    size_t size = PAGE - pc % PAGE < SHOWN ? PAGE - pc % PAGE : SHOWN;
    if (!address_space_try_read(space, pc, code, size))
        return;
    buffer_puts(out, "instruction bytes:");
    for (size_t i = 0; i < size; i++)
        buffer_printf(out, " 0x%x", code[i]);
    buffer_putc(out, '\n');
}

/** What the runtime prints for a signal that it cannot turn into a panic (runtime/signal_unix.go).
 */
static void fatal_signal_text(struct buffer *out, const struct analysis *analysis,
                              const struct crash_site *site)
{
    const struct signal_info *signal = &site->signal;
    int minor = analysis->program->release->minor;
    const char *words = signal_description((uint64_t)signal->number);
    if (words)
        buffer_puts(out, words);
    else
        buffer_printf(out, "Signal %d", signal->number);
    buffer_putc(out, '\n');
    const struct machine *machine = site->thread->machine;
    // The runtime prints the code as a word without a sign.
    buffer_printf(out, "PC=0x%" PRIx64 " m=%" PRIu64 " sigcode=%" PRIu64, signal->pc,
                  machine ? machine->id : 0, (uint64_t)(int64_t)signal->code);
    if (minor >= 22 && (signal->number == SIGSEGV || signal->number == SIGBUS))
        buffer_printf(out, " addr=0x%" PRIx64, signal->address);
    buffer_putc(out, '\n');
    if (crash_is_in_cgo(analysis, site))
        buffer_puts(out, "signal arrived during cgo execution\n");
    if (signal->number == SIGILL || (signal->number == SIGFPE && minor >= 18))
        instruction_line(out, analysis->program->space, signal->pc);
}

/**
 * Cuts text into lines. What follows the first empty one is a panic's own text, which can have any;
 * elsewhere it is what the runtime goes on to print.
 */
static void split_message(struct arena *arena, const struct buffer *text, bool whole,
                          struct string_list *out)
{
    size_t capacity = 0;
    const char *at = buffer_text(text);
    while (*at && (whole || *at != '\n')) {
        size_t size = strcspn(at, "\n");
        string_list_add(arena, out, &capacity, arena_copy(arena, at, size));
        at += size + (at[size] == '\n');
    }
}

/** The g that died: that of the system stack where the fatal error was thrown there. */
static struct goroutine dying_g(const struct analysis *analysis, const struct crash_site *site)
{
    struct goroutine g0, none = {0};
    if (site->kind == CRASH_FATAL_ERROR && site->on_g0 && site->segment &&
        goroutine_read(analysis->scheduler, site->segment->g, &g0))
        return g0;
    return site->has_goroutine ? site->g : none;
}

static void name_signal(struct report_signal *signal)
{
    signal->name = signal_name(signal->number);
    signal->code_name = signal->has_code ? signal_code_name(signal->number, signal->code) : NULL;
    if (!signal->name)
        signal->name = "signal";
}

void describe_signal(const struct signal_info *signal, struct report_signal *out)
{
    *out = (struct report_signal){
        .present = true,
        .number = signal->number,
        .code = signal->code,
        .address = signal->address,
        .pc = signal->pc,
        .has_code = !signal->bare,
        .has_pc = true,
        .has_address = !signal->has_sender && !signal->bare,
        .has_sender = signal->has_sender,
        .sender_pid = signal->sender_pid,
    };
    name_signal(out);
}

static void fill_signal(const struct crash_site *site, const struct goroutine *g,
                        struct report_signal *out)
{
    if (site->kind == CRASH_SIGNAL && site->has_signal) {
        describe_signal(&site->signal, out);
    } else if (g->sig) {
        *out = (struct report_signal){.present = true,
                                      .number = (int)g->sig,
                                      .code = (int64_t)g->sigcode0,
                                      .address = g->sigcode1,
                                      .pc = g->sigpc,
                                      .has_code = true,
                                      .has_address = true,
                                      .has_pc = true};
        name_signal(out);
    }
}

void crash_message(struct analysis *analysis, const struct crash_site *site,
                   struct report_crash *out)
{
    AUTO_TEXT text = {0};
    int minor = analysis->program->release->minor;
    const struct goroutine g = dying_g(analysis, site);
    out->kind = site->kind;
    out->has_goroutine = site->has_goroutine;
    out->goroutine = site->has_goroutine ? site->g.goid : 0;
    if (site->has_goroutine && site->kind != CRASH_NONE)
        out->panics = panic_list(analysis, analysis->arena, site, &site->g);
    if (site->kind == CRASH_PANIC) {
        panic_chain(&text, &out->panics, minor);
        signal_line(&text, &site->g);
    } else if (site->kind == CRASH_FATAL_ERROR) {
        fatal_text(&text, print_backlog_read(analysis->program, analysis->arena));
        if (!text.size)
            analysis_warn(analysis, "the text of the fatal error is not in the core");
        signal_line(&text, &g);
    } else if (site->kind == CRASH_SIGNAL && site->thread->machine &&
               site->thread->machine->dying && !site->raised_by_runtime) {
        fatal_signal_text(&text, analysis, site);
    }
    split_message(analysis->arena, &text, site->kind == CRASH_PANIC, &out->message);
    fill_signal(site, &g, &out->signal);
}
