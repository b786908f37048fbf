// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "base/checked.h"

/** context.Background and TODO up to Go 1.20: pointers to two ints that only their address tells
 * apart. */
static bool describe_empty(struct description *description, struct go_type *type,
                           struct storage storage)
{
    const struct program *program = description_reader(description)->program;
    target_addr variable = 0, todo = 0;
    (void)type;
    if (!program_symbol(program, "context.todo", &variable) ||
        !address_space_try_u64(program->space, variable, &todo))
        return false;
    description_text(description, storage.address == todo ? "context.TODO" : "context.Background");
    return true;
}

/** What ended the context: an error, since Go 1.25 in an atomic.Value. */
static void add_end(struct description *description, struct go_type *type, struct storage storage,
                    const char *path)
{
    struct go_type *field_type = NULL;
    struct storage field = {0};
    uint64_t word = 0;
    if (!description_field(description, type, storage, path, &field_type, &field))
        return;
    if (field_type->kind == GO_STRUCT &&
        !description_field(description, field_type, field, "v", &field_type, &field))
        return;
    if (field_type->kind != GO_INTERFACE ||
        storage_word(description_reader(description), field, 0, &word) || word == 0)
        return;
    description_text(description, " (");
    description_brief(description, field_type, field);
    description_text(description, ")");
}

/** Its parent's words, and behind them what it adds. */
static bool add_parent(struct description *description, struct go_type *type,
                       struct storage storage, const char *path)
{
    struct go_type *parent = NULL;
    struct storage field = {0};
    if (!description_field(description, type, storage, path, &parent, &field))
        return false;
    description_brief(description, parent, field);
    return true;
}

static bool describe_cancel(struct description *description, struct go_type *type,
                            struct storage storage)
{
    if (!add_parent(description, type, storage, "Context"))
        return false;
    description_text(description, ".WithCancel");
    add_end(description, type, storage, "err");
    return true;
}

/**
 * ", passed 1.5s ago": where the deadline has a reading of the clock that does not jump. That
 * counts from time.startNano on the runtime's clock, of which the newest reading in the core is
 * known: the program may have lived a little longer.
 */
static void add_passed(struct description *description, struct go_type *type,
                       struct storage storage)
{
    enum { MILLISECOND = 1000000 };
    const struct value_reader *reader = description_reader(description);
    uint64_t wall = 0, since_start = 0, start = 0, due = 0;
    target_addr variable = 0;
    if (reader->now <= 0 ||
        !description_number(description, type, storage, "deadline.wall", &wall) ||
        !description_number(description, type, storage, "deadline.ext", &since_start) ||
        !(wall >> 63) || !program_symbol(reader->program, "time.startNano", &variable) ||
        !address_space_try_u64(reader->program->space, variable, &start) || start == 0 ||
        start > INT64_MAX || since_start > INT64_MAX || !checked_add(start, since_start, &due) ||
        due >= (uint64_t)reader->now)
        return;
    int64_t ago = reader->now - (int64_t)due;
    description_text(description, ", passed ");
    description_duration(description, ago < MILLISECOND ? ago : ago - ago % MILLISECOND);
    description_text(description, " ago");
}

static bool describe_timer(struct description *description, struct go_type *type,
                           struct storage storage)
{
    struct go_type *deadline = NULL;
    struct storage field = {0};
    if (!add_parent(description, type, storage, "cancelCtx.Context") ||
        !description_field(description, type, storage, "deadline", &deadline, &field))
        return false;
    description_text(description, ".WithDeadline(");
    description_value(description, deadline, field);
    add_passed(description, type, storage);
    description_text(description, ")");
    add_end(description, type, storage, "cancelCtx.err");
    return true;
}

static const struct well_known rows[] = {
    {"*context.emptyCtx", NULL, describe_empty, NULL},
    {"context.backgroundCtx", "context.Background", NULL, NULL},
    {"context.todoCtx", "context.TODO", NULL, NULL},
    {"*context.cancelCtx", NULL, describe_cancel, NULL},
    {"*context.timerCtx", NULL, describe_timer, NULL},
    {"*context.valueCtx", "{Context:b}.WithValue({key:b}: {val:b})", NULL, NULL},
    {"context.withoutCancelCtx", "{c:b}.WithoutCancel", NULL, NULL},
    {"context.stopCtx", "{Context:b}", NULL, NULL},
    {"*context.afterFuncCtx", "{cancelCtx.Context:b}.AfterFunc", NULL, NULL},
    {"*os/signal.signalCtx", "{Context:b}.NotifyContext", NULL, NULL},
};
const struct well_known_list well_known_contexts = {rows, COUNT_OF(rows)};
