// SPDX-License-Identifier: MIT
#include "report/text_internal.h"

#include "base/utf8.h"
#include "model/value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t SECOND = 1000000000;

enum { TAB_WIDTH = 4, REVISION_LENGTH = 7 };

static void put_label(struct buffer *out, const char *label)
{
    buffer_printf(out, MARK_STRONG "%-10s" MARK_END " ", label);
}

/** Where the runtime's own text could not be read: what the signal says. */
static void put_signal(struct buffer *out, const struct report_signal *signal)
{
    text_put(out, signal->name);
    if (signal->code_name) {
        buffer_puts(out, " (");
        text_put(out, signal->code_name);
        buffer_putc(out, ')');
    }
    if (signal->has_address)
        buffer_printf(out, ", address 0x%" PRIx64, signal->address);
    if (signal->has_pc)
        buffer_printf(out, ", pc 0x%" PRIx64, signal->pc);
    if (signal->has_sender)
        buffer_printf(out, ", sent by process %" PRId64, signal->sender_pid);
}

static void put_missing_message(struct buffer *out, const struct report_crash *crash)
{
    if (crash->kind == CRASH_NONE) {
        buffer_puts(out, "no crash: the process was alive when the core was taken");
        return;
    }
    if (crash->kind == CRASH_SIGNAL && crash->signal.present && crash->signal.name) {
        put_signal(out, &crash->signal);
        if (crash->class == CLASS_UNKNOWN && crash->signal.has_sender)
            buffer_puts(out, ": the last step of Go's runtime after a panic, a fatal error or a "
                             "signal, which is not in the core");
        return;
    }
    static const char *const kinds[] = {[CRASH_PANIC] = "panic",
                                        [CRASH_FATAL_ERROR] = "fatal error",
                                        [CRASH_SIGNAL] = "killed by a signal",
                                        [CRASH_NONE] = ""};
    buffer_printf(out, "%s (its text could not be read)", kinds[crash->kind]);
}

void text_message(struct buffer *out, const struct report_crash *crash)
{
    for (size_t i = 0; i < crash->message.count; i++) {
        const char *line = crash->message.items[i];
        buffer_puts(out, MARK_ALARM);
        utf8_escape(out, line, strlen(line), "\t");
        buffer_puts(out, MARK_END "\n");
    }
    if (!crash->message.count) {
        put_missing_message(out, crash);
        buffer_putc(out, '\n');
    }
    buffer_putc(out, '\n');
}

void text_cause(struct buffer *out, const struct report_cause *cause)
{
    if (!cause->present)
        return;
    put_label(out, "Cause");
    text_put(out, cause->summary);
    buffer_printf(out, " [%s]\n", confidence_name(cause->confidence));
    if (cause->origin) {
        put_label(out, "Origin");
        text_put(out, cause->origin);
        buffer_putc(out, '\n');
    }
}

void text_where(struct buffer *out, const struct report_crash *crash,
                const struct report_goroutine *goroutine)
{
    size_t index = 0;
    const struct report_frame *frame = text_frame_to_look_at(crash, goroutine, &index);
    put_label(out, "Where");
    if (crash->system_frame) {
        text_place(out, crash->system_frame);
        buffer_printf(out, ", on the system stack of goroutine %" PRIu64 "\n", goroutine->id);
        return;
    }
    if (frame) {
        text_place(out, frame);
        buffer_puts(out, ", ");
    }
    buffer_printf(out, "goroutine %" PRIu64, goroutine->id);
    if (frame)
        buffer_printf(out, ", frame %" PRIu64, text_frame_number(&goroutine->frames, index));
    buffer_putc(out, '\n');
}

static void put_lines(struct buffer *out, const char *label, const struct string_list *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        put_label(out, i ? "" : label);
        text_put(out, lines->items[i]);
        buffer_putc(out, '\n');
    }
}

static const char *setting(const struct report_binary *binary, const char *key)
{
    for (size_t i = 0; i < binary->settings.count; i++)
        if (strcmp(binary->settings.items[i].key, key) == 0)
            return binary->settings.items[i].value;
    return NULL;
}

static const char *program_name(const struct report_binary *binary)
{
    const char *package = binary->main_package;
    if (package && strcmp(package, "command-line-arguments") != 0 && strcmp(package, "main") != 0)
        return package;
    if (binary->module && binary->module[0])
        return binary->module;
    const char *slash = binary->path ? strrchr(binary->path, '/') : NULL;
    return slash ? slash + 1 : binary->path ? binary->path : "?";
}

static void put_version(struct buffer *out, const struct report_binary *binary)
{
    const char *version = binary->module_version;
    if (version && version[0] && strcmp(version, "(devel)") != 0) {
        buffer_putc(out, ' ');
        text_put(out, version);
    }
    const char *revision = setting(binary, "vcs.revision");
    const char *modified = setting(binary, "vcs.modified");
    if (!revision)
        return;
    char commit[REVISION_LENGTH + 1];
    snprintf(commit, sizeof commit, "%s", revision);
    buffer_puts(out, " (");
    text_put(out, commit);
    buffer_puts(out, modified && strcmp(modified, "true") == 0 ? ", modified)" : ")");
}

/**
 * Up to the newest time stamp that the core holds. Code that dies has just run; a program that was
 * stopped from outside may have been idle since, for longer than it had run until then.
 */
static void put_uptime(struct buffer *out, const struct report_head *head)
{
    uint64_t uptime = head->runtime.uptime_ns;
    bool stopped = head->crash.kind == CRASH_NONE || head->crash.class == CLASS_EXTERNAL_SIGNAL;
    if (!head->runtime.has_uptime || (stopped && uptime < SECOND))
        return;
    buffer_puts(out, stopped ? ", up at least " : uptime < SECOND ? ", up " : ", up about ");
    text_duration(out, uptime);
}

static void put_program(struct buffer *out, const struct report_head *head)
{
    const struct report_binary *binary = &head->binary;
    const char *os = setting(binary, "GOOS");
    put_label(out, "Program");
    text_put(out, program_name(binary));
    put_version(out, binary);
    if (binary->go_version) {
        buffer_puts(out, ", ");
        text_put(out, binary->go_version);
    }
    if (binary->arch) {
        buffer_puts(out, binary->go_version ? " " : ", ");
        text_put(out, os ? os : "linux");
        buffer_putc(out, '/');
        text_put(out, binary->arch);
    }
    put_uptime(out, head);
    buffer_putc(out, '\n');
}

static void put_activity(struct buffer *out, const struct report_activity_list *list)
{
    static const char *const words[] = {
        [ACTIVITY_HTTP_REQUEST] = "",   [ACTIVITY_GRPC] = "gRPC ",
        [ACTIVITY_SQL] = "SQL ",        [ACTIVITY_DEADLINE] = "deadline ",
        [ACTIVITY_TRACE_ID] = "trace ", [ACTIVITY_LABEL] = "label ",
        [ACTIVITY_PEER] = "peer "};
    if (!list->count)
        return;
    put_label(out, "Doing");
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            buffer_puts(out, ", ");
        buffer_puts(out, words[list->items[i].kind]);
        text_put(out, list->items[i].text);
    }
    buffer_putc(out, '\n');
}

/** What panic was called with, where the runtime's message does not tell its type and fields. */
static void put_panic_value(struct buffer *out, const struct report_crash *crash)
{
    const struct value *value = crash->class == CLASS_EXPLICIT_PANIC && crash->panics.count
                                    ? crash->panics.items[crash->panics.count - 1].value
                                    : NULL;
    if (!value || value->kind != VALUE_INTERFACE || !value->dynamic_type || !value->child_count)
        return;
    const struct value *held = value->children[0];
    const char *message = crash->panics.items[crash->panics.count - 1].text;
    bool tells_type = strncmp(message, value->dynamic_type, strlen(value->dynamic_type)) == 0;
    bool simple = held->kind < VALUE_POINTER && !held->summary;
    if (simple && (tells_type || !strchr(value->dynamic_type, '.')))
        return; // main.Code(7), "text", 3
    put_label(out, "Value");
    text_value(out, value);
    buffer_putc(out, '\n');
    text_wraps(out, value, "       ");
}

void text_rest_of_summary(struct buffer *out, const struct report_head *head)
{
    const struct report_crash *crash = &head->crash;
    put_panic_value(out, crash);
    if (crash->cause.present)
        put_lines(out, "Evidence", &crash->cause.evidence);
    put_lines(out, "Advice", &crash->advice);
    put_activity(out, &crash->activity);
    put_program(out, head);
    if (crash->signature) {
        put_label(out, "Signature");
        text_put(out, crash->signature);
        buffer_putc(out, '\n');
    }
}

/** A tab is so many blanks, counted from the line's start: code stands as in an editor. */
static void put_code(struct buffer *out, const char *code)
{
    AUTO_TEXT blanks = {0};
    for (const char *c = code; *c; c++) {
        if (*c != '\t') {
            buffer_putc(&blanks, *c);
            continue;
        }
        do
            buffer_putc(&blanks, ' ');
        while (blanks.size % TAB_WIDTH);
    }
    text_put(out, buffer_text(&blanks));
}

void text_source(struct buffer *out, const struct report_frame *frame)
{
    if (frame->source_note) {
        buffer_puts(out, "\n    (");
        text_put(out, frame->source_note);
        buffer_puts(out, ")\n");
    }
    if (!frame->source_count)
        return;
    char last[24];
    int width =
        snprintf(last, sizeof last, "%" PRId64, frame->source[frame->source_count - 1].line);
    if (!frame->source_note)
        buffer_putc(out, '\n');
    for (size_t i = 0; i < frame->source_count; i++) {
        const struct source_line *line = &frame->source[i];
        bool current = frame->source_is_current && line->line == frame->line;
        buffer_printf(out, "%s%*" PRId64 "  ", current ? " >  " : "    ", width, line->line);
        put_code(out, line->text);
        buffer_putc(out, '\n');
    }
}
