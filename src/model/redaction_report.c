// SPDX-License-Identifier: MIT
#include "redaction_internal.h"

#include "base/alloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/**
 * One pass over a report's texts and values: with an arena what is secret is hidden, without it is
 * remembered. Functions, files and types are the program's own words, not its data, and stay.
 */
struct pass {
    struct redaction *redaction;
    struct arena *arena;
};

static const char *text(const struct pass *pass, const char *text, enum redaction_text kind)
{
    if (pass->arena)
        return redaction_text(pass->redaction, pass->arena, text, kind);
    if (text && *text) {
        struct scan scan;
        redaction_scan(pass->redaction, text, strlen(text), kind, &scan);
        free(scan.mask);
    }
    return text;
}

static void value(const struct pass *pass, const struct value *value)
{
    if (pass->arena)
        redaction_value(pass->redaction, pass->arena, (struct value *)value); // in the arena
    else
        redaction_learn_value(pass->redaction, value);
}

static void values(const struct pass *pass, const struct value_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        value(pass, list->items[i]);
}

static void strings(const struct pass *pass, struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        list->items[i] = text(pass, list->items[i], REDACTION_WHOLE);
}

/** Lines that belong together: a private key has many. */
static void lines(const struct pass *pass, struct string_list *list)
{
    AUTO_TEXT joined = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            buffer_putc(&joined, '\n');
        buffer_puts(&joined, list->items[i]);
    }
    const char *filtered = text(pass, buffer_text(&joined), REDACTION_WHOLE);
    if (!pass->arena || filtered == buffer_text(&joined))
        return;
    size_t count = 0;
    for (const char *line = filtered; line; count++) {
        size_t size = strcspn(line, "\n");
        if (count < list->count) // hiding makes lines fewer, never more
            list->items[count] = arena_copy(pass->arena, line, size);
        line = line[size] ? line + size + 1 : NULL;
    }
    list->count = count < list->count ? count : list->count;
}

/** NAME=VALUE pairs: labels, build settings. */
static void pairs(const struct pass *pass, struct key_value_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct key_value *item = &list->items[i];
        size_t size = item->value ? strlen(item->value) : 0;
        if (!size)
            continue;
        enum secrecy secrecy = redaction_name(pass->redaction, item->key, strlen(item->key));
        if (secrecy != NOT_SECRET) {
            redaction_learn(pass->redaction, item->value, size, secrecy);
            if (pass->arena)
                item->value = arena_printf(pass->arena, "<redacted %zu bytes>", size);
            continue;
        }
        item->value = text(pass, item->value, REDACTION_WHOLE);
        item->key = text(pass, item->key, REDACTION_WHOLE);
    }
}

/**
 * Labels in a traceback's heading, "{session_token: x, tenant: y}", by their names. Without labels
 * all of it is the runtime's own words.
 */
static const char *heading(const struct pass *pass, const char *line,
                           const struct key_value_list *labels)
{
    if (!labels->count)
        return line;
    for (size_t i = 0; pass->arena && line && i < labels->count; i++) {
        const struct key_value *label = &labels->items[i];
        if (!*label->value ||
            redaction_name(pass->redaction, label->key, strlen(label->key)) == NOT_SECRET)
            continue;
        const char *key = strstr(line, label->key);
        const char *value = key ? strstr(key + strlen(label->key), label->value) : NULL;
        if (value)
            line = arena_printf(pass->arena, "%.*s<redacted %zu bytes>%s", (int)(value - line),
                                line, strlen(label->value), value + strlen(label->value));
    }
    return text(pass, line, REDACTION_WHOLE);
}

/** The words between a call's brackets; one that is part of a secret becomes "_", as the runtime
 * prints what it does not know. */
static const char *arguments(const struct pass *pass, const char *words)
{
    if (!pass->arena || !words || !table_count(pass->redaction->windows))
        return words;
    AUTO_TEXT out = {0};
    bool hidden = false;
    for (const char *at = words; *at;) {
        char *end = NULL;
        unsigned long long word = at[0] == '0' && at[1] == 'x' ? strtoull(at, &end, 16) : 0;
        if (end && redaction_hides_word(pass->redaction, word)) {
            buffer_putc(&out, '_');
            hidden = true;
            at = end + (*end == '?');
            continue;
        }
        size_t size = end ? (size_t)(end - at) : 1;
        buffer_append(&out, at, size);
        at += size;
    }
    return hidden ? arena_string(pass->arena, buffer_text(&out)) : words;
}

static void frames(const struct pass *pass, struct report_frame_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct report_frame *frame = &list->items[i];
        frame->arguments_text = arguments(pass, frame->arguments_text);
        values(pass, &frame->arguments);
        values(pass, &frame->locals);
        frame->variables_note = text(pass, frame->variables_note, REDACTION_WHOLE);
        for (size_t k = 0; k < frame->source_count; k++)
            frame->source[k].text = text(pass, frame->source[k].text, REDACTION_SOURCE);
    }
}

static void panics(const struct pass *pass, struct report_panic_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        value(pass, list->items[i].value);
        list->items[i].text = text(pass, list->items[i].text, REDACTION_WHOLE);
    }
}

static void activities(const struct pass *pass, struct report_activity_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        list->items[i].text = text(pass, list->items[i].text, REDACTION_WHOLE);
}

static void goroutine(const struct pass *pass, struct report_goroutine *one)
{
    frames(pass, &one->frames);
    panics(pass, &one->panics);
    one->heading = heading(pass, one->heading, &one->labels);
    pairs(pass, &one->labels);
    activities(pass, &one->activity);
    one->waiting_on.expression = text(pass, one->waiting_on.expression, REDACTION_WHOLE);
    one->waiting_on.summary = text(pass, one->waiting_on.summary, REDACTION_WHOLE);
}

static void thread(const struct pass *pass, struct report_thread *one)
{
    frames(pass, &one->frames);
    size_t kept = 0;
    for (size_t i = 0; pass->arena && i < one->register_count; i++) {
        if (redaction_hides_word(pass->redaction, one->register_values[i]))
            continue;
        one->register_names[kept] = one->register_names[i];
        one->register_values[kept++] = one->register_values[i];
    }
    if (pass->arena)
        one->register_count = kept;
}

static void head(const struct pass *pass, struct report_head *head)
{
    struct report_crash *crash = &head->crash;
    head->core.command_line = text(pass, head->core.command_line, REDACTION_CUT);
    pairs(pass, &head->binary.settings);
    panics(pass, &crash->panics);
    value(pass, crash->cause.value);
    lines(pass, &crash->message);
    crash->cause.summary = text(pass, crash->cause.summary, REDACTION_WHOLE);
    crash->cause.expression = text(pass, crash->cause.expression, REDACTION_WHOLE);
    crash->cause.origin = text(pass, crash->cause.origin, REDACTION_WHOLE);
    strings(pass, &crash->cause.evidence);
    strings(pass, &crash->advice);
    activities(pass, &crash->activity);
    frames(pass, &head->runtime_stack);
    for (size_t i = 0; i < head->thread_count; i++)
        thread(pass, &head->threads[i]);
}

void redaction_goroutine(struct redaction *redaction, struct arena *arena,
                         struct report_goroutine *one)
{
    const struct pass pass = {.redaction = redaction, .arena = arena};
    if (redaction)
        goroutine(&pass, one);
}

void redaction_learn_goroutine(struct redaction *redaction, const struct report_goroutine *one)
{
    struct report_goroutine copy = *one; // not changed without an arena
    const struct pass pass = {.redaction = redaction};
    if (redaction)
        goroutine(&pass, &copy);
}

void redaction_head(struct redaction *redaction, struct arena *arena, struct report_head *report)
{
    const struct pass pass = {.redaction = redaction, .arena = arena};
    if (redaction)
        head(&pass, report);
}

void redaction_learn_head(struct redaction *redaction, const struct report_head *report)
{
    struct report_head copy = *report;
    const struct pass pass = {.redaction = redaction};
    if (redaction)
        head(&pass, &copy);
}

void redaction_tail(struct redaction *redaction, struct arena *arena, struct report_tail *tail)
{
    const struct pass pass = {.redaction = redaction, .arena = arena};
    if (!redaction)
        return;
    for (size_t i = 0; i < tail->finding_count; i++) {
        tail->findings[i].summary = text(&pass, tail->findings[i].summary, REDACTION_WHOLE);
        strings(&pass, &tail->findings[i].evidence);
    }
    strings(&pass, &tail->warnings);
}
