// SPDX-License-Identifier: MIT
#include "analysis_internal.h"

#include "base/limits.h"

#include <elf.h>
#include <string.h>

/** Environment and arguments lie at the upper end of the first stack, in front of the name under
 * which the kernel loaded the program (Linux fs/exec.c, fs/binfmt_elf.c). */
enum { INITIAL_STACK = 256 << 10, STEP = 4096 };

/** Deeper than values are shown, so that a secret is known that a text holds and no value shows. */
static const struct value_limits DEEP = {.depth = 8, .items = 64, .string = 8192};

static void learn_process(struct analysis *analysis)
{
    uint64_t name;
    if (!core_file_auxv(analysis->program->core, AT_EXECFN, &name))
        return;
    // As far down as the core has it: the strings come one behind the other up to the name.
    struct bytes view = {0};
    for (size_t size = INITIAL_STACK; size > 0 && !view.size; size -= STEP) {
        view = address_space_view(analysis->program->space, name > size ? name - size : 0, size);
        if (view.size < size)
            view = (struct bytes){0};
    }
    struct redaction *redaction = analysis->options->redaction;
    AUTO_TEXT flags = {0};
    for (size_t i = 0; i < view.size;) {
        const char *text = (const char *)view.data + i;
        size_t size = strnlen(text, view.size - i);
        redaction_learn_text(redaction, text, size);
        // "--password" and its value are two strings.
        if (flags.size && text[0] != '-') {
            buffer_append(&flags, text, size);
            redaction_learn_text(redaction, flags.data, flags.size);
        }
        buffer_truncate(&flags, 0);
        if (size > 1 && text[0] == '-' && !memchr(text, '=', size)) {
            buffer_append(&flags, text, size);
            buffer_putc(&flags, ' ');
        }
        i += size + 1;
        while (size == 0 && i < view.size && !view.data[i]) // what the stack has not used
            i++;
    }
}

/** Appends text with what means something to a regular expression escaped. */
static void put_literal(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\.[]{}()*+?^$|", *text))
            buffer_putc(out, '\\');
        buffer_putc(out, *text);
    }
}

/** Package variables that are the program's: the library has no secrets of its own. */
static void learn_globals(struct analysis *analysis, struct arena *arena)
{
    AUTO_TEXT pattern = {0};
    buffer_puts(&pattern, "^(main\\.|[^/.]+\\.[^/]+/");
    if (analysis->roots.main_module) {
        buffer_putc(&pattern, '|');
        put_literal(&pattern, analysis->roots.main_module);
        buffer_puts(&pattern, "[./]");
    }
    buffer_putc(&pattern, ')');
    struct value_list values = {0};
    error_ignore(globals_read(analysis->reader, arena, buffer_text(&pattern), &values));
    redaction_learn_values(analysis->options->redaction, &values);
}

/** DWARF that is on this host: nothing is downloaded to find secrets in what needs none. */
static bool has_dwarf(const struct analysis *analysis)
{
    const struct program *program = analysis->program;
    return analysis->options->variables || program->dwarf || program->debug_file ||
           elf_file_section(program->binary, ".debug_info") ||
           elf_file_section(program->binary, ".zdebug_info");
}

static struct value_limits deep_limits(const struct analysis *analysis)
{
    struct value_limits deep = DEEP;
    const struct value_limits *shown = &analysis->options->limits;
    deep.depth = shown->depth > deep.depth ? shown->depth : deep.depth;
    deep.items = shown->items > deep.items ? shown->items : deep.items;
    deep.string = shown->string > deep.string ? shown->string : deep.string;
    return deep;
}

/** Reads deep from now on. @return what is to be given to end_deep() */
static struct value_limits begin_deep(struct analysis *analysis)
{
    const struct value_limits deep = deep_limits(analysis);
    // Else what it costs would hang on what the runtime was doing.
    value_reader_skip_runtime(analysis->reader, true);
    return value_reader_set_limits(analysis->reader, &deep);
}

static void end_deep(struct analysis *analysis, const struct value_limits *shown)
{
    value_reader_skip_runtime(analysis->reader, false);
    value_reader_set_limits(analysis->reader, shown);
}

void crashed_read_deep(struct analysis *analysis, struct arena *arena,
                       const struct crash_site *site, struct report_frame_list *out)
{
    *out = (struct report_frame_list){0};
    if (site->kind == CRASH_NONE || !site->has_goroutine || !has_dwarf(analysis))
        return;
    const struct value_limits shown = begin_deep(analysis);
    bool no_variables = analysis->no_variables;
    struct frames_request request;
    struct frames_result result;
    goroutine_request(analysis, site, &site->g, &request);
    request.variables = VARIABLES_ALL;
    request.with_defers = request.with_native = false;
    request.native = NULL;
    frames_read(analysis, arena, &request, &result);
    *out = result.frames;
    analysis->no_variables = no_variables; // whether they are missed is for the report to say
    end_deep(analysis, &shown);
}

static void learn_crashed(struct analysis *analysis, const struct report_frame_list *frames)
{
    for (size_t i = 0; i < frames->count; i++) {
        redaction_learn_values(analysis->options->redaction, &frames->items[i].arguments);
        redaction_learn_values(analysis->options->redaction, &frames->items[i].locals);
    }
}

/** Whether a line of a death is made of the runtime's own words, types and numbers. */
static bool is_of_runtime(const char *line)
{
    static const char *const starts[] = {"panic: runtime error: ", "fatal error: ", "[signal "};
    while (*line == '\t')
        line++;
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (strncmp(line, starts[i], strlen(starts[i])) == 0)
            return true;
    return !*line;
}

static bool has_labels(const struct analysis *analysis)
{
    uint64_t count = scheduler_goroutine_count(analysis->scheduler);
    for (uint64_t i = 0; i < count; i++) {
        struct goroutine g;
        target_addr address = scheduler_goroutine_address(analysis->scheduler, i);
        if (goroutine_read(analysis->scheduler, address, &g) && g.labels)
            return true;
    }
    return false;
}

bool secrets_can_show(const struct analysis *analysis, const struct report_crash *crash)
{
    if (!analysis->options->redaction || analysis->options->variables)
        return analysis->options->redaction != NULL;
    for (size_t i = 0; i < crash->message.count; i++)
        if (!is_of_runtime(crash->message.items[i]))
            return true;
    return has_labels(analysis);
}

void secrets_learn(struct analysis *analysis, const struct crash_site *site,
                   const struct report_frame_list *crashed)
{
    if (!analysis->options->redaction)
        return;
    AUTO(arena) arena = arena_new();
    const struct value_limits shown = begin_deep(analysis);
    bool no_variables = analysis->no_variables;
    learn_process(analysis);
    if (has_dwarf(analysis)) {
        learn_globals(analysis, arena);
        struct report_frame_list own;
        if (!crashed)
            crashed_read_deep(analysis, arena, site, &own);
        learn_crashed(analysis, crashed ? crashed : &own);
    }
    analysis->no_variables = no_variables; // whether they are missed is for the report to say
    end_deep(analysis, &shown);
    analysis_refill(analysis);
}

void secrets_learn_frame(struct analysis *analysis, const struct variable_frame *frame)
{
    if (!analysis->options->redaction || !has_dwarf(analysis))
        return;
    AUTO(arena) arena = arena_new();
    const struct value_limits shown = begin_deep(analysis);
    struct frame_variables variables = {0};
    error_ignore(variables_read(analysis->reader, arena, frame, &variables));
    redaction_learn_values(analysis->options->redaction, &variables.arguments);
    redaction_learn_values(analysis->options->redaction, &variables.locals);
    end_deep(analysis, &shown);
}
