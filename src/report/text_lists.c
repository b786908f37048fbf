// SPDX-License-Identifier: MIT
#include "report/text_internal.h"

#include "base/alloc.h"
#include "model/value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool holds(const struct id_list *ids, uint64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->items[i] == id)
            return true;
    return false;
}

void text_shown_add(struct text_shown *shown, uint64_t id)
{
    if (shown->count < sizeof shown->ids / sizeof *shown->ids)
        shown->ids[shown->count++] = id;
}

bool text_findings_first(const struct report_crash *crash)
{
    return crash->kind == CRASH_NONE || crash->class == CLASS_DEADLOCK;
}

/** How many goroutines of a group are listed: not the runtime's own, nor those shown above. */
static size_t listed_count(const struct report_group *group, const struct text_shown *shown)
{
    if (group->system || group->in_focus)
        return 0;
    size_t count = group->ids.count;
    for (size_t i = 0; i < shown->count; i++)
        count -= holds(&group->ids, shown->ids[i]);
    return count;
}

static void put_listed(struct buffer *out, const struct report_group *group,
                       const struct text_shown *shown, int width)
{
    const struct id_list all = {(uint64_t *)shown->ids, shown->count};
    struct id_list ids = {alloc_zeroed(group->ids.count + 1, sizeof *ids.items), 0};
    for (size_t i = 0; i < group->ids.count; i++)
        if (!holds(&all, group->ids.items[i]))
            ids.items[ids.count++] = group->ids.items[i];
    text_group(out, group, &ids, width);
    free(ids.items);
}

static void put_heading(struct buffer *out, const struct report_tail *tail, size_t listed,
                        bool others)
{
    buffer_puts(out, others ? "\n" MARK_STRONG "Other goroutines" MARK_END " ("
                            : "\n" MARK_STRONG "Goroutines" MARK_END " (");
    value_count_text(out, listed);
    if (tail->system_count) {
        buffer_puts(out, "; ");
        value_count_text(out, tail->system_count);
        buffer_puts(out, " of the runtime's own not shown");
    }
    buffer_puts(out, ")\n");
}

static int count_width(size_t count)
{
    AUTO_TEXT text = {0};
    value_count_text(&text, count);
    return (int)text.size;
}

/** The state, and how long they wait: "chan receive, 2 minutes to 41 minutes". */
static void put_waits(struct buffer *out, const struct report_group *group)
{
    const uint64_t minute = UINT64_C(60000000000);
    bool differ = group->has_wait && group->shortest_wait_ns >= minute &&
                  group->shortest_wait_ns / minute != group->longest_wait_ns / minute;
    if (!differ) {
        text_state(out, group->status, group->wait_reason, group->has_wait, group->longest_wait_ns);
        return;
    }
    AUTO_TEXT longest = {0};
    text_state(out, group->status, group->wait_reason, true, group->shortest_wait_ns);
    text_state(&longest, NULL, "", true, group->longest_wait_ns);
    buffer_printf(out, " to %s", buffer_text(&longest) + strlen(", "));
}

void text_group(struct buffer *out, const struct report_group *group, const struct id_list *ids,
                int width)
{
    AUTO_TEXT number = {0};
    value_count_text(&number, ids->count);
    buffer_printf(out, "  %*s x [", width, buffer_text(&number));
    put_waits(out, group);
    buffer_putc(out, ']');
    if (group->where.function) {
        buffer_puts(out, "  ");
        text_place(out, &group->where);
    }
    if (group->created_by.function) {
        buffer_puts(out, group->where.function ? ", created by " : "  created by ");
        text_put(out, group->created_by.function);
        if (group->tell_statement && group->created_by.short_file)
            buffer_printf(out, ", line %" PRId64, group->created_by.line);
        if (group->created_by.goroutine)
            buffer_printf(out, " in goroutine %" PRIu64, group->created_by.goroutine);
    }
    buffer_printf(out, "\n%*s%s ", width + 5, "", ids->count == 1 ? "id" : "ids");
    text_ids(out, ids);
    buffer_putc(out, '\n');
}

/** The line for the groups that --max-goroutines leaves out. */
static void put_groups_left(struct buffer *out, size_t groups, size_t goroutines)
{
    if (!groups)
        return;
    buffer_puts(out, "  …");
    value_count_text(out, groups);
    buffer_puts(out, groups == 1 ? " more group (" : " more groups (");
    text_plural(out, goroutines, "goroutine");
    buffer_puts(out, ")\n");
}

void text_groups(struct buffer *out, const struct report_tail *tail, const struct text_shown *shown,
                 size_t max_groups)
{
    size_t listed = 0, most = 0;
    for (size_t i = 0; i < tail->group_count; i++) {
        size_t count = listed_count(&tail->groups[i], shown);
        listed += count;
        most = count > most ? count : most;
    }
    if (!listed)
        return;
    put_heading(out, tail, listed, shown->count > 0);
    size_t groups = 0, groups_left = 0, goroutines_left = 0;
    for (size_t i = 0; i < tail->group_count; i++) {
        size_t count = listed_count(&tail->groups[i], shown);
        if (!count)
            continue;
        if (groups++ < max_groups) {
            put_listed(out, &tail->groups[i], shown, count_width(most));
        } else {
            groups_left++;
            goroutines_left += count;
        }
    }
    put_groups_left(out, groups_left, goroutines_left);
}

/** The circle of a deadlock is its cause: nobody wants to read it twice. */
static bool is_said(const struct report_finding *finding, const struct buffer *said)
{
    for (size_t i = 0; i < finding->evidence.count; i++) {
        AUTO_TEXT line = {0};
        text_put(&line, finding->evidence.items[i]);
        if (!strstr(buffer_text(said), buffer_text(&line)))
            return false;
    }
    return finding->evidence.count > 0;
}

void text_findings(struct buffer *out, const struct report_tail *tail, const struct buffer *said)
{
    bool any = false;
    for (size_t i = 0; i < tail->finding_count; i++) {
        const struct report_finding *finding = &tail->findings[i];
        if (is_said(finding, said))
            continue;
        if (!any)
            buffer_puts(out, "\n" MARK_STRONG "Findings" MARK_END "\n");
        any = true;
        buffer_puts(out, "  ");
        text_put(out, finding->summary);
        buffer_printf(out, " [%s]\n", confidence_name(finding->confidence));
        for (size_t j = 0; j < finding->evidence.count; j++) {
            buffer_puts(out, "          ");
            text_put(out, finding->evidence.items[j]);
            buffer_putc(out, '\n');
        }
        if (finding->goroutines.count > 1) {
            buffer_puts(out, "          goroutines ");
            text_ids(out, &finding->goroutines);
            buffer_putc(out, '\n');
        }
    }
}

void text_threads(struct buffer *out, const struct report_head *head, size_t max_threads)
{
    enum { FRAMES = 3 };
    buffer_printf(out, "\nThreads (%zu)\n", head->thread_count);
    for (size_t i = 0; i < head->thread_count && i < max_threads; i++) {
        const struct report_thread *thread = &head->threads[i];
        buffer_printf(out, "  %-8" PRIu32, thread->tid);
        if (!thread->frames.count)
            buffer_printf(out, "  pc 0x%" PRIx64, thread->pc);
        for (size_t k = 0; k < thread->frames.count && k < FRAMES; k++) {
            buffer_puts(out, k ? " ← " : "  ");
            text_place(out, &thread->frames.items[k]);
        }
        buffer_putc(out, '\n');
    }
    if (head->thread_count > max_threads) {
        buffer_puts(out, "  … ");
        text_plural(out, head->thread_count - max_threads, "more thread");
        buffer_putc(out, '\n');
    }
}

static void put_binary(struct buffer *out, const struct report_binary *binary)
{
    buffer_puts(out, "  binary     ");
    text_put(out, binary->path ? binary->path : "?");
    const char *id = binary->build_id ? binary->build_id : binary->go_build_id;
    if (id) {
        buffer_puts(out, binary->build_id ? ", build id " : ", Go build id ");
        text_put(out, id);
    }
    if (binary->matches_core == MATCHES_NO)
        buffer_puts(out, ", NOT the program that the core is of");
    else if (binary->matches_core == MATCHES_UNKNOWN)
        buffer_puts(out, ", not known whether it is the core's");
    if (!binary->has_dwarf && !binary->debug_file)
        buffer_puts(out, binary->has_symtab ? ", no DWARF" : ", no DWARF and no symbol table");
    buffer_putc(out, '\n');
    if (binary->debug_file) {
        buffer_puts(out, "  debug      ");
        text_put(out, binary->debug_file);
        buffer_putc(out, '\n');
    }
}

static void put_signal(struct buffer *out, const struct report_head *head)
{
    enum { ABORT_SIGNAL = 6, SENT_TO_THREAD = -6 }; // SIGABRT, SI_TKILL, as Linux numbers them
    const struct report_signal *signal = &head->core.signal;
    if (head->crash.kind == CRASH_NONE || !signal->present || !signal->name)
        return;
    bool by_runtime = signal->number == ABORT_SIGNAL && signal->has_code &&
                      signal->code == SENT_TO_THREAD && head->crash.class != CLASS_EXTERNAL_SIGNAL;
    buffer_puts(out, by_runtime ? " (dumped by the SIGABRT that GOTRACEBACK=crash sends)"
                                : " (dumped by ");
    if (!by_runtime) {
        text_put(out, signal->name);
        buffer_putc(out, ')');
    }
}

static void put_core(struct buffer *out, const struct report_head *head)
{
    const struct report_core *core = &head->core;
    buffer_puts(out, "  core       ");
    text_put(out, core->path ? core->path : "?");
    if (core->pid)
        buffer_printf(out, ", pid %" PRId64, core->pid);
    if (core->thread_count) {
        buffer_puts(out, ", ");
        text_plural(out, core->thread_count, "thread");
    }
    if (core->size) {
        buffer_puts(out, ", ");
        text_size(out, core->size);
    }
    if (core->compression && core->compression[0] && core->compression[0] != 'n') { // "none"
        buffer_puts(out, " of ");
        text_put(out, core->compression);
    }
    buffer_puts(out, core->truncated ? ", cut short" : ", complete");
    if (core->missing_bytes) {
        buffer_puts(out, ": ");
        text_size(out, core->missing_bytes);
        buffer_puts(out, " missing");
    }
    put_signal(out, head);
    buffer_putc(out, '\n');
}

void text_files(struct buffer *out, const struct report_head *head)
{
    buffer_puts(out, "\n" MARK_STRONG "Files" MARK_END "\n");
    put_binary(out, &head->binary);
    put_core(out, head);
}

void text_warnings(struct buffer *out, const struct string_list *warnings)
{
    if (!warnings->count)
        return;
    buffer_puts(out, "\n" MARK_STRONG "Warnings" MARK_END "\n");
    for (size_t i = 0; i < warnings->count; i++) {
        buffer_puts(out, "  ");
        text_put(out, warnings->items[i]);
        buffer_putc(out, '\n');
    }
}
