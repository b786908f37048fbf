// SPDX-License-Identifier: MIT
#include "json_writer.h"

json_t *json_panics(const struct report_panic_list *panics)
{
    json_t *array = json_array();
    for (size_t i = 0; i < panics->count; i++) {
        const struct report_panic *panic = &panics->items[i];
        static const struct value unknown;
        json_t *object = json_object();
        json_put(object, "value", json_value(panic->value ? panic->value : &unknown));
        json_put(object, "text", json_text(panic->text ? panic->text : ""));
        json_put(object, "recovered", json_boolean(panic->recovered));
        json_put(object, "repanicked", json_boolean(panic->repanicked));
        json_put(object, "goexit", json_boolean(panic->goexit));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *activity(const struct report_activity_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        json_t *object = json_object();
        json_put(object, "kind", json_text(activity_kind_name(list->items[i].kind)));
        json_put(object, "text", json_text(list->items[i].text));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *values(const struct value_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_value(list->items[i]));
    return array;
}

/** File and line; a line number alone says nothing. */
static void put_place(struct json_writer *out, const char *file, int64_t line)
{
    json_add_text(out, "file", file);
    if (file && line > 0)
        json_add_integer(out, "line", line);
}

static void put_addresses(struct json_writer *out, const struct report_frame *frame)
{
    if (frame->has_pc)
        json_add_hex(out, "pc", frame->pc);
    if (frame->has_offset)
        json_add_count(out, "offset", frame->offset);
    if (frame->has_stack) {
        json_add_hex(out, "sp", frame->sp);
        json_add_hex(out, "fp", frame->fp);
    }
}

static json_t *source(const struct report_frame *frame)
{
    json_t *array = json_array();
    for (size_t i = 0; i < frame->source_count; i++) {
        json_t *line = json_object();
        json_put(line, "line", json_integer(frame->source[i].line));
        json_put(line, "text", json_text(frame->source[i].text));
        json_array_append_new(array, line);
    }
    return array;
}

static void put_frame(struct json_writer *out, const struct report_frame *frame)
{
    json_begin(out, NULL);
    json_open(out, '{');
    json_add_text(out, "stack", frame_stack_name(frame->stack));
    json_add_text(out, "function", frame->function ? frame->function : "?");
    put_place(out, frame->file, frame->line);
    json_add_text(out, "module", frame->module);
    put_addresses(out, frame);
    json_add_boolean(out, "inlined", frame->inlined);
    json_add_boolean(out, "native", frame->native);
    json_add_boolean(out, "runtime", frame->runtime);
    json_add_text(out, "args_text", frame->arguments_text);
    if (frame->variables_read) {
        json_add(out, "args", values(&frame->arguments));
        json_add(out, "locals", values(&frame->locals));
    }
    if (frame->source_count)
        json_add(out, "source", source(frame));
    json_add_text(out, "source_note", frame->source_note);
    json_add_text(out, "missing", frame->missing);
    json_close(out, '}');
}

void json_frame(struct buffer *out, const struct report_frame *frame)
{
    struct json_writer writer = {.out = out};
    put_frame(&writer, frame);
}

static void put_frames(struct json_writer *out, const struct report_frame_list *frames)
{
    json_begin(out, "frames");
    json_open(out, '[');
    for (size_t i = 0; i < frames->count; i++)
        put_frame(out, &frames->items[i]);
    json_close(out, ']');
}

static void put_created_by(struct json_writer *out, const struct report_created_by *by)
{
    json_begin(out, "created_by");
    json_open(out, '{');
    json_add_text(out, "function", by->function);
    put_place(out, by->file, by->line);
    if (by->file)
        json_add_count(out, "offset", by->offset);
    if (by->goroutine)
        json_add_count(out, "goroutine", by->goroutine);
    json_close(out, '}');
}

static void put_ancestors(struct json_writer *out, const struct report_goroutine *goroutine)
{
    json_begin(out, "ancestors");
    json_open(out, '[');
    for (size_t i = 0; i < goroutine->ancestor_count; i++) {
        const struct report_ancestor *ancestor = &goroutine->ancestors[i];
        json_begin(out, NULL);
        json_open(out, '{');
        json_add_count(out, "id", ancestor->id);
        json_begin(out, "frames");
        json_open(out, '[');
        for (size_t k = 0; k < ancestor->frames.count; k++) {
            json_begin(out, NULL);
            json_open(out, '{');
            json_add_text(out, "function", ancestor->frames.items[k].function);
            put_place(out, ancestor->frames.items[k].file, ancestor->frames.items[k].line);
            json_close(out, '}');
        }
        json_close(out, ']');
        if (ancestor->created_by.function)
            put_created_by(out, &ancestor->created_by);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_select_cases(struct json_writer *out, const struct report_waiting_on *on)
{
    json_begin(out, "cases");
    json_open(out, '[');
    for (size_t i = 0; i < on->case_count; i++) {
        json_begin(out, NULL);
        json_open(out, '{');
        json_add_hex(out, "channel", on->cases[i].channel);
        json_add_text(out, "direction", on->cases[i].direction);
        json_add_text(out, "expression", on->cases[i].expression);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_waiting_on(struct json_writer *out, const struct report_waiting_on *on)
{
    json_begin(out, "waiting_on");
    json_open(out, '{');
    json_add_text(out, "kind", on->kind);
    if (on->has_address)
        json_add_hex(out, "address", on->address);
    json_add_text(out, "expression", on->expression);
    json_add_text(out, "summary", on->summary);
    if (on->case_count)
        put_select_cases(out, on);
    json_close(out, '}');
}

static void put_defers(struct json_writer *out, const struct report_goroutine *goroutine)
{
    json_begin(out, "defers");
    json_open(out, '[');
    for (size_t i = 0; i < goroutine->defer_count; i++) {
        const struct report_defer *defer = &goroutine->defers[i];
        json_begin(out, NULL);
        json_open(out, '{');
        json_add_text(out, "function", defer->function);
        put_place(out, defer->file, defer->line);
        json_close(out, '}');
    }
    json_close(out, ']');
}

/** Which one the process died on, and whether by its own doing. */
static void put_blame(struct json_writer *out, bool crashed, bool interrupted)
{
    if (interrupted)
        json_add_boolean(out, "interrupted", true);
    else if (crashed)
        json_add_boolean(out, "crashed", true);
}

void json_put_goroutine(struct buffer *text, const struct report_goroutine *goroutine)
{
    struct json_writer writer = {.out = text}, *out = &writer;
    json_open(out, '{');
    json_add_count(out, "id", goroutine->id);
    json_add_text(out, "status", goroutine->status);
    json_add_text(out, "wait_reason", goroutine->wait_reason);
    if (goroutine->has_wait)
        json_add_count(out, "wait_ns", goroutine->wait_ns);
    json_add_boolean(out, "system", goroutine->system);
    json_add_boolean(out, "locked_to_thread", goroutine->locked_to_thread);
    if (goroutine->has_thread)
        json_add_count(out, "thread", goroutine->thread);
    put_blame(out, goroutine->crashed, goroutine->interrupted);
    if (goroutine->activity.count)
        json_add(out, "activity", activity(&goroutine->activity));
    if (goroutine->panics.count)
        json_add(out, "panics", json_panics(&goroutine->panics));
    if (goroutine->labels.count)
        json_add(out, "labels", json_pairs(&goroutine->labels));
    if (goroutine->g)
        json_add_hex(out, "g", goroutine->g);
    if (goroutine->m)
        json_add_hex(out, "m", goroutine->m);
    json_add_text(out, "start_function", goroutine->start_function);
    if (goroutine->created_by.function)
        put_created_by(out, &goroutine->created_by);
    if (goroutine->ancestor_count)
        put_ancestors(out, goroutine);
    if (goroutine->waiting_on.kind)
        put_waiting_on(out, &goroutine->waiting_on);
    put_frames(out, &goroutine->frames);
    if (goroutine->frames.elided) {
        json_add_count(out, "frames_elided", goroutine->frames.elided);
        json_add_count(out, "frames_elided_after", goroutine->frames.elided_after);
    }
    json_add_text(out, "truncated", goroutine->truncated);
    if (goroutine->defer_count)
        put_defers(out, goroutine);
    json_close(out, '}');
}

void json_put_thread(struct buffer *text, const struct report_thread *thread)
{
    struct json_writer writer = {.out = text}, *out = &writer;
    json_open(out, '{');
    json_add_count(out, "tid", thread->tid);
    json_add_hex(out, "pc", thread->pc);
    json_add_text(out, "function", thread->function);
    if (thread->has_goroutine)
        json_add_count(out, "goroutine", thread->goroutine);
    if (thread->signal.present)
        json_add(out, "signal", json_signal(&thread->signal));
    if (thread->register_count) {
        json_begin(out, "registers");
        json_open(out, '{');
        for (size_t i = 0; i < thread->register_count; i++)
            json_add_hex(out, thread->register_names[i], thread->register_values[i]);
        json_close(out, '}');
    }
    if (thread->frames.count)
        put_frames(out, &thread->frames);
    put_blame(out, thread->crashed, thread->interrupted);
    json_close(out, '}');
}
