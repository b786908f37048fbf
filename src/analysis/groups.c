// SPDX-License-Identifier: MIT
#include "analysis/inspect.h"
#include "analysis_internal.h"
#include "base/alloc.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

struct group {
    struct report_group report;
    size_t capacity; // of report.ids
};

struct group_table {
    struct table *by_hash; // → index + 1
    struct group *groups;
    size_t count, capacity;
    uint64_t goroutines, system;
};

struct group_table *group_table_new(void)
{
    struct group_table *table = alloc_zeroed(1, sizeof *table);
    table->by_hash = table_new();
    return table;
}

void group_table_free(struct group_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->groups[i].report.ids.items);
    free(table->groups);
    table_free(table->by_hash);
    free(table);
}

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_string(arena, text) : NULL;
}

/**
 * The frame to look at: the first of the user's. Where there is none, the outermost that Go itself
 * would show: net/http.(*persistConn).readLoop says more than internal/poll.runtime_pollWait.
 */
const struct report_frame *frames_telling(const struct report_frame_list *frames)
{
    size_t index;
    if (frames_user_frame(frames, &index))
        return &frames->items[index];
    for (size_t i = frames->count; i-- > 0;)
        if (!frames->items[i].runtime)
            return &frames->items[i];
    return frames->count ? &frames->items[0] : NULL;
}

static struct group new_group(struct arena *arena, const struct report_goroutine *goroutine)
{
    struct group group = {.report = {.status = keep(arena, goroutine->status),
                                     .wait_reason = keep(arena, goroutine->wait_reason),
                                     .system = goroutine->system,
                                     .in_focus = goroutine->focus,
                                     .created_by = goroutine->created_by}};
    const struct report_frame *frame = frames_telling(&goroutine->frames);
    if (frame) {
        group.report.where = *frame;
        group.report.where.function = keep(arena, frame->function);
        group.report.where.arguments_text = keep(arena, frame->arguments_text);
        group.report.where.variables_read = false;
        group.report.where.arguments = group.report.where.locals = (struct value_list){0};
        group.report.where.variables_note = NULL;
    }
    group.report.created_by.function = keep(arena, goroutine->created_by.function);
    return group;
}

static void add_member(struct group_table *table, struct group *group,
                       const struct group_member *member)
{
    struct report_group *report = &group->report;
    if (report->created_by.goroutine != member->parent)
        report->created_by.goroutine = 0; // by the same statement, in several goroutines
    ARRAY_PUSH(report->ids.items, report->ids.count, group->capacity) = member->id;
    if (member->has_wait) {
        if (!report->has_wait || member->wait_ns < report->shortest_wait_ns)
            report->shortest_wait_ns = member->wait_ns;
        report->has_wait = true;
        if (member->wait_ns > report->longest_wait_ns)
            report->longest_wait_ns = member->wait_ns;
    }
    table->goroutines++;
    table->system += member->system;
}

void group_table_add(struct group_table *table, struct arena *arena,
                     const struct report_goroutine *goroutine, uint64_t stack_hash)
{
    const struct group_member member = {.id = goroutine->id,
                                        .parent = goroutine->created_by.goroutine,
                                        .has_wait = goroutine->has_wait,
                                        .wait_ns = goroutine->wait_ns,
                                        .system = goroutine->system};
    uint64_t *slot = table_add(table->by_hash, stack_hash, NULL);
    if (!*slot) {
        ARRAY_PUSH(table->groups, table->count, table->capacity) = new_group(arena, goroutine);
        *slot = table->count;
    }
    struct group *group = &table->groups[*slot - 1];
    group->report.in_focus &= goroutine->focus;
    add_member(table, group, &member);
}

bool group_table_add_like(struct group_table *table, const struct group_member *member)
{
    const uint64_t *slot = table_find(table->by_hash, member->stack_hash);
    if (!slot)
        return false;
    struct group *group = &table->groups[*slot - 1];
    group->report.in_focus = false;
    add_member(table, group, member);
    return true;
}

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/** Whether user code stands on the stack: of a stack that is not in the core nothing is known. */
static bool is_users(const struct report_group *group)
{
    return group->where.function && group->where.owner <= OWNER_OTHER_MODULE;
}

/** They come in that order, mostly. */
static void sort_ids(struct id_list *ids)
{
    for (size_t i = 1; i < ids->count; i++)
        if (ids->items[i - 1] > ids->items[i]) {
            qsort(ids->items, ids->count, sizeof *ids->items, by_id);
            return;
        }
}

/** User code before the library's before the runtime's own; then the largest, then the oldest. */
static int by_interest(const void *a, const void *b)
{
    const struct report_group *x = a, *y = b;
    if (x->system != y->system)
        return x->system ? 1 : -1;
    bool x_user = is_users(x), y_user = is_users(y);
    if (x_user != y_user)
        return x_user ? -1 : 1;
    if (x->ids.count != y->ids.count)
        return x->ids.count > y->ids.count ? -1 : 1;
    return by_id(x->ids.items, y->ids.items);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/** Groups that would read alike but for the go statement that began them. */
static void tell_statements(struct report_group *groups, size_t count)
{
    enum { COMPARED = 1000 };
    for (size_t i = 0; i < count && i < COMPARED; i++)
        for (size_t k = 0; k < i; k++) {
            struct report_group *a = &groups[i], *b = &groups[k];
            if (a->created_by.line == b->created_by.line ||
                a->created_by.goroutine != b->created_by.goroutine ||
                a->where.line != b->where.line ||
                !same_text(a->created_by.function, b->created_by.function) ||
                !same_text(a->where.function, b->where.function) ||
                !same_text(a->wait_reason, b->wait_reason) || !same_text(a->status, b->status))
                continue;
            a->tell_statement = b->tell_statement = true;
        }
}

void group_table_list(struct group_table *table, struct arena *arena, struct report_tail *tail)
{
    tail->groups = arena_array(arena, table->count, sizeof *tail->groups);
    tail->group_count = table->count;
    tail->goroutine_count = table->goroutines;
    tail->system_count = table->system;
    for (size_t i = 0; i < table->count; i++) {
        struct report_group *report = &table->groups[i].report;
        sort_ids(&report->ids);
        tail->groups[i] = *report;
        uint64_t *ids = arena_array(arena, report->ids.count, sizeof *ids);
        memcpy(ids, report->ids.items, report->ids.count * sizeof *ids);
        tail->groups[i].ids.items = ids;
    }
    qsort(tail->groups, tail->group_count, sizeof *tail->groups, by_interest);
    tell_statements(tail->groups, tail->group_count);
}
