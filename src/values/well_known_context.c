// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "base/checked.h"
#include "symbols/known_variables.h"

/** context.Background and TODO up to Go 1.20: pointers to two ints that only their address tells
 * apart. */
static bool describe_empty(struct description *description, struct go_type *type,
                           struct storage storage)
{
    const struct program *program = description_reader(description)->program;
    target_addr variable = 0, todo = 0;
    (void)type;
    if (!program_variable(program, "context.todo", &variable) ||
        !address_space_try_u64(program->space, variable, &todo))
        return false;
    description_text(description, storage.address == todo ? "context.TODO" : "context.Background");
    return true;
}

/** An error in a field that is not nil: since Go 1.25 what ended a context is in an atomic.Value.
 */
static bool find_error(struct description *description, struct go_type *type,
                       struct storage storage, const char *path, struct go_type **out,
                       struct storage *field)
{
    uint64_t word = 0;
    if (!description_field(description, type, storage, path, out, field))
        return false;
    if ((*out)->kind == GO_STRUCT && !description_field(description, *out, *field, "v", out, field))
        return false;
    return (*out)->kind == GO_INTERFACE &&
           !storage_word(description_reader(description), *field, 0, &word) && word != 0;
}

/** Whether two interfaces hold the very same: their first words may be a type's and an itab's. */
static bool hold_same(struct description *description, struct go_type *a_type, struct storage a,
                      struct go_type *b_type, struct storage b)
{
    const struct value_reader *reader = description_reader(description);
    struct go_type *a_held = NULL, *b_held = NULL;
    struct storage ignored;
    uint64_t a_word = 0, b_word = 0;
    return description_dynamic(description, a_type, a, &a_held, &ignored) &&
           description_dynamic(description, b_type, b, &b_held, &ignored) && a_held == b_held &&
           !storage_word(reader, a, 8, &a_word) && !storage_word(reader, b, 8, &b_word) &&
           a_word == b_word;
}

/** What ended the context, and from Go 1.20 why, where whoever ended it said so. */
static void add_end(struct description *description, struct go_type *type, struct storage storage,
                    const char *err_path, const char *cause_path)
{
    struct go_type *err_type = NULL, *cause_type = NULL;
    struct storage err = {0}, cause = {0};
    if (!find_error(description, type, storage, err_path, &err_type, &err))
        return;
    description_text(description, " (");
    description_brief(description, err_type, err);
    if (find_error(description, type, storage, cause_path, &cause_type, &cause) &&
        !hold_same(description, err_type, err, cause_type, cause)) {
        description_text(description, ", cause: ");
        description_brief(description, cause_type, cause);
    }
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
    add_end(description, type, storage, "err", "cause");
    return true;
}

/**
 * ", passed at least 1.5s ago": where the deadline has a reading of the clock that does not jump.
 * That counts from time.startNano on the runtime's clock, of which the newest reading in the core
 * is known: the program may have lived a little longer.
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
        !(wall >> 63) || !program_variable(reader->program, "time.startNano", &variable) ||
        !address_space_try_u64(reader->program->space, variable, &start) || start == 0 ||
        start > INT64_MAX || since_start > INT64_MAX || !checked_add(start, since_start, &due) ||
        due >= (uint64_t)reader->now)
        return;
    int64_t ago = reader->now - (int64_t)due;
    description_text(description, ", passed at least ");
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
    add_end(description, type, storage, "cancelCtx.err", "cancelCtx.cause");
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
